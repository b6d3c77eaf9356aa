package po

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// million is the only number above the hundreds in CLDR's rules for whole numbers, except Cornish's.
const million = 1_000_000

// Samples returns numbers that cover every case of languages' plural rules.
func Samples() []int {
	numbers := []int{million, 2 * million, 3 * million, 10 * million, million + 1, 21 * million, million / 10}
	for n := range 1201 {
		numbers = append(numbers, n)
	}
	return numbers
}

// Expression returns a Plural-Forms header for a language with that many forms; formOf returns the index of a number's form.
// The expression is derived from the rules themselves: single numbers below a hundred, remainders of a hundred, and multiples
// of a million. It returns an error if no such expression is right for all numbers.
func Expression(forms int, formOf func(n int) int) (string, error) {
	last := formOf(100 + 50)
	var parts []string
	for form := range forms {
		if condition := conditionOf(form, formOf); form != last && condition != "" {
			parts = append(parts, fmt.Sprintf("%s ? %d : ", condition, form))
		}
	}
	header := fmt.Sprintf("nplurals=%d; plural=(%s%d);", forms, strings.Join(parts, ""), last)
	if len(parts) == 0 {
		header = fmt.Sprintf("nplurals=%d; plural=%d;", forms, last)
	}
	plural, err := ParsePlural(header)
	if err != nil {
		return "", err
	}
	for _, n := range Samples() {
		if got, err := plural.Form(n); err != nil || got != formOf(n) {
			return "", errors.New("the plural rules of the language are no expression of gettext")
		}
	}
	return header, nil
}

// conditionOf returns the condition for a number to have the form; "" means never.
func conditionOf(form int, formOf func(n int) int) string {
	var exact, without, hundred []int
	for r := range 100 {
		if formOf(100+r) == form {
			hundred = append(hundred, r)
		}
		switch small, large := formOf(r) == form, formOf(100+r) == form; {
		case small && !large:
			exact = append(exact, r)
		case large && !small:
			without = append(without, r)
		}
	}
	atMillion, atHundred := formOf(million) == form, formOf(200) == form
	var conditions []string
	if len(exact) > 0 {
		conditions = append(conditions, oneOf("n", exact))
	}
	if base := remainders(hundred); base != "" {
		if len(without) > 0 {
			base = "(" + base + ") && !(" + oneOf("n", without) + ")"
		}
		if atHundred && !atMillion {
			base = "(" + base + ") && !(n != 0 && n%1000000 == 0)"
		}
		conditions = append(conditions, "("+base+")")
	}
	if atMillion && !atHundred {
		conditions = append(conditions, "(n != 0 && n%1000000 == 0)")
	}
	if len(conditions) == 1 {
		return conditions[0]
	}
	return strings.TrimSuffix("("+strings.Join(conditions, " || ")+")", "()")
}

// remainders returns a condition on the last two digits, or on the last one if most of its tens agree.
func remainders(hundred []int) string {
	var units, except, extra []int
	for unit := range 10 {
		in, out := []int{}, []int{}
		for r := unit; r < 100; r += 10 {
			if slices.Contains(hundred, r) {
				in = append(in, r)
			} else {
				out = append(out, r)
			}
		}
		if len(in) > 5 {
			units, except = append(units, unit), append(except, out...)
		} else {
			extra = append(extra, in...)
		}
	}
	slices.Sort(except)
	slices.Sort(extra)
	condition := ""
	switch {
	case len(units) == 10 && len(except) == 0:
		condition = "1"
	case len(units) > 0:
		condition = oneOf("n%10", units)
		if len(except) > 0 {
			condition = "(" + condition + ") && !(" + oneOf("n%100", except) + ")"
		}
	}
	if len(extra) == 0 {
		return condition
	}
	if condition == "" {
		return oneOf("n%100", extra)
	}
	return "(" + condition + ") || " + oneOf("n%100", extra)
}

// oneOf returns the condition that a value is one of the sorted numbers.
func oneOf(value string, numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		switch {
		case i == j:
			parts = append(parts, fmt.Sprintf("%s == %d", value, numbers[i]))
		case numbers[i] == 0:
			parts = append(parts, fmt.Sprintf("%s <= %d", value, numbers[j]))
		default:
			parts = append(parts, fmt.Sprintf("(%s >= %d && %s <= %d)", value, numbers[i], value, numbers[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, " || ")
}
