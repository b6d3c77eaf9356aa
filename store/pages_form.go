package store

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/page"
)

// A form narrows a list. It keeps the input, and shows the mistake beside each field.
type form struct {
	Words    page.Words
	Language string // the tag that the URL names
	Zone     string // that the URL names
	Inputs   []*input
	Set      int // how many fields narrow the list
	Reset    string
}

// An input is one field of a form.
type input struct {
	Name, Label string
	Type        string // of an input element; "" with Choices is a select
	Value       string
	exact       string // what links name, if the field cannot show it; "" for Value
	Default     string // the value that the URL does not name
	Wrong       string // what is wrong with the value
	Choices     []choice
	Suggestions []string
	Wide        bool
	Narrow      bool // only for narrow screens, and no filter: wide ones show it elsewhere
}

// typeTime is the type of fields with date and time.
const typeTime = "datetime-local"

type choice struct {
	Value, Text string
	Chosen      bool
}

func (v *visit) form(inputs ...*input) *form {
	f := &form{Words: v.Words, Language: v.Chosen(), Zone: v.ChosenZone(), Inputs: inputs, Reset: v.URL("./")}
	for _, i := range inputs {
		i.Value = cmp.Or(v.Query(i.Name), i.Default)
		if i.Value != i.Default && !i.Narrow {
			f.Set++
		}
		for n := range i.Choices {
			i.Choices[n].Chosen = i.Choices[n].Value == i.Value
		}
	}
	return f
}

// parameters returns the fields that were filled in, as names and values in turn.
func (f *form) parameters() []string { return f.with("", "") }

// with is parameters, with another value of a field.
func (f *form) with(name, value string) (parameters []string) {
	for _, i := range f.Inputs {
		other := cmp.Or(i.exact, i.Value)
		if i.Name == name {
			other = value
		}
		if other != i.Default {
			parameters = append(parameters, i.Name, other)
		}
	}
	return parameters
}

// HasWrong reports whether a field is wrong. Then the page shows no list.
func (f *form) HasWrong() bool {
	return slices.ContainsFunc(f.Inputs, func(i *input) bool { return i.Wrong != "" })
}

// refuse records the mistake of a field, and returns all other errors, such as those about fields that the form lacks.
func (v *visit) refuse(f *form, err error) error {
	wrong, ok := errors.AsType[*FilterError](err)
	if !ok {
		return err
	}
	i := slices.IndexFunc(f.Inputs, func(i *input) bool { return i.Name == wrong.Field })
	if i < 0 {
		return err
	}
	attrs := wrong.Attrs
	if wrong.Rule == ruleLater {
		attrs = append(slices.Clone(attrs), fault.Arg("Other", v.T("since")))
	}
	f.Inputs[i].Wrong = v.rule(wrong.Rule, f.Inputs[i].Label, attrs...)
	v.status = http.StatusBadRequest
	return nil
}

// rule returns the text of a field error, in English if the language lacks it.
func (v *visit) rule(code, label string, attrs ...fault.Attr) string {
	attrs = append(slices.Clone(attrs), fault.Arg("Field", label))
	for _, id := range []string{"rule." + code, "rule." + ruleInvalid} {
		for _, tag := range []string{v.Words.Language.Tag, "en"} {
			if text, ok := v.Catalogue.Text(id, tag, attrs...); ok {
				return clean.Sentence(text)
			}
		}
	}
	return label
}

// pageTimes are the ways in which browsers and people write a time. One without a zone is in the reader's.
var pageTimes = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly,
}

// fieldTime is what a field of the type datetime-local has.
const fieldTime = "2006-01-02T15:04:05.999"

// time reads a field. What it shows from then on is the one way that browsers understand.
func (f *form) time(name string, location *time.Location) (time.Time, error) {
	i := f.input(name)
	if i.Value == "" {
		return time.Time{}, nil
	}
	for _, layout := range pageTimes {
		if t, err := time.ParseInLocation(layout, i.Value, location); err == nil {
			i.Value = t.In(location).Format(fieldTime)
			if again, err := time.ParseInLocation(fieldTime, i.Value, location); err != nil || !again.Equal(t) {
				i.exact = t.UTC().Format(time.RFC3339Nano) // more digits, or an hour that the clocks show twice
			}
			return t, nil
		}
	}
	example := fault.Arg("Example", "2025-12-31T23:59")
	return time.Time{}, &FilterError{Field: name, Rule: ruleDateTime, Attrs: []fault.Attr{example}, Problem: "it is no time"}
}

// chosen returns the value of a select, "" for all.
func (f *form) chosen(name string) (string, error) {
	i := f.input(name)
	var values []string
	for _, c := range i.Choices {
		if c.Chosen {
			return i.Value, nil
		}
		if c.Value != "" {
			values = append(values, c.Value)
		}
	}
	allowed := fault.Arg("Values", strings.Join(values, ", "))
	return "", &FilterError{Field: name, Rule: ruleOneOf, Attrs: []fault.Attr{allowed}, Problem: "it is none of the choices"}
}

func (f *form) value(name string) string { return f.input(name).Value }

// input returns the field with the name: there is one.
func (f *form) input(name string) *input {
	return f.Inputs[slices.IndexFunc(f.Inputs, func(i *input) bool { return i.Name == name })]
}

// number returns a parameter that no field has: links have it.
func (v *visit) number(name string, least int64) (int64, error) {
	value := v.Query(name)
	if value == "" {
		return least, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < least {
		limit := fault.Arg("Limit", least)
		return 0, &FilterError{Field: name, Rule: ruleMin, Attrs: []fault.Attr{limit}, Problem: "it is no number, or too small a one"}
	}
	return n, nil
}
