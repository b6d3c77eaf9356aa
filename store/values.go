package store

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	fault "github.com/polyfault/polyfault/core"
)

// The most characters of a text.
const (
	maxName        = 50
	maxTitle       = 50
	maxDescription = 250
	maxScope       = 250
)

// The rules, codes of field errors.
const (
	ruleRequired  = "required"
	ruleInvalid   = "invalid"
	ruleMaxString = "max.string"
	ruleOneOf     = "oneof"
	ruleMin       = "min"
	ruleMax       = "max"
	ruleDuplicate = "duplicate"
	ruleUnique    = "unique"
	ruleReadOnly  = "readonly"
	ruleNotFound  = "not_found"

	ruleNotAllowed = "not_allowed"
	ruleLater      = "gtfield.time"
)

var categories = []string{string(fault.CategorySystem), string(fault.CategoryAlgorithm), string(fault.CategoryData)}

// A problem is a mistake in a value, from any source.
type problem struct {
	rule  string
	attrs []fault.Attr
	text  string // in English
}

func (p *problem) inField(field string) error {
	if p == nil {
		return nil
	}
	return &FieldError{Field: field, Rule: p.rule, Attrs: p.attrs, Problem: p.text}
}

func (p *problem) inFilter(field string) error {
	if p == nil {
		return nil
	}
	return &FilterError{Field: field, Rule: p.rule, Attrs: p.attrs, Problem: p.text}
}

// checkText finds characters that a database or a page cannot take.
func checkText(s string, limit int, allowed string) *problem {
	if !utf8.ValidString(s) {
		return &problem{rule: ruleInvalid, text: "it is not valid UTF-8"}
	}
	for _, c := range s {
		if unicode.IsControl(c) && !strings.ContainsRune(allowed, c) {
			return &problem{rule: ruleInvalid, text: fmt.Sprintf("it has the control character %U", c)}
		}
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return &problem{ruleMaxString, []fault.Attr{fault.Count(limit)}, fmt.Sprintf("it has %d characters, more than %d", n, limit)}
	}
	return nil
}

func checkName(name string) *problem {
	trimmed := strings.TrimSpace(name)
	switch {
	case trimmed == "":
		return &problem{rule: ruleRequired, text: "it is empty"}
	case trimmed != name:
		return &problem{rule: ruleInvalid, text: "it has a space at its beginning or end"}
	}
	return checkText(name, maxName, "")
}

func checkCategory(c fault.Category) *problem {
	if slices.Contains(categories, string(c)) {
		return nil
	}
	return oneOf(string(c), categories)
}

func oneOf(value string, allowed []string) *problem {
	return &problem{ruleOneOf, []fault.Attr{fault.Arg("Values", strings.Join(allowed, ", "))},
		fmt.Sprintf("%q is none of %s", value, strings.Join(allowed, ", "))}
}

func between(n, least, most int) *problem {
	switch {
	case n < least:
		return &problem{ruleMin, []fault.Attr{fault.Arg("Limit", least)}, fmt.Sprintf("%d is less than %d", n, least)}
	case n > most:
		return &problem{ruleMax, []fault.Attr{fault.Arg("Limit", most)}, fmt.Sprintf("%d is more than %d", n, most)}
	}
	return nil
}

// check returns the first field that a record cannot have, as a [*FieldError].
func (e *Entry) check() error {
	for _, c := range []struct {
		field string
		named bool
		rule  func() *problem
	}{
		{"language", e.Language != "", func() *problem { return checkLanguage(e.Language) }},
		{"title", e.Title != nil, func() *problem { return checkText(*e.Title, maxTitle, "") }},
		{"description", e.Description != nil, func() *problem { return checkText(*e.Description, maxDescription, "\t\r\n") }},
		{"category", e.Category != nil, func() *problem { return checkCategory(*e.Category) }},
		{"status", e.Status != nil && *e.Status != 0, func() *problem { return between(*e.Status, 400, 599) }},
		{"exit_code", e.ExitCode != nil, func() *problem { return between(*e.ExitCode, 0, 255) }},
	} {
		if !c.named {
			continue
		}
		if err := c.rule().inField(c.field); err != nil {
			return err
		}
	}
	return nil
}

// naturalKey returns the key by which a scope and a name are compared, or a [*FieldError] if they are invalid.
func naturalKey(scope, name string) (recordKey, error) {
	scope, name = norm.NFC.String(scope), norm.NFC.String(name)
	if err := checkText(scope, maxScope, "").inField("scope"); err != nil {
		return recordKey{}, err
	}
	if err := checkName(name).inField("name"); err != nil {
		return recordKey{}, err
	}
	return recordKey{scope, folded(name)}, nil
}

// folded returns the same text for names that differ only in letter case or normalisation (Unicode, section 3.13, D145:
// canonical caseless matching).
func folded(name string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(name)))
}
