// Package plural tells which CLDR plural form a count takes in a language.
//
// go-i18n owns the rules but does not export them, so the package asks: a probe message whose forms
// are their own names is localized once per number, and the answers are kept in a table.
// golang.org/x/text/feature/plural is no alternative: its CLDR 32 of 2017 differs for 33 languages
// (golang/go#80753).
package plural

import (
	"fmt"
	"slices"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// A Form is a CLDR plural category.
type Form uint8

// The categories in CLDR's order.
const (
	Zero Form = iota
	One
	Two
	Few
	Many
	Other
	Forms = 6
)

var names = [Forms]string{"zero", "one", "two", "few", "many", "other"}

// String returns the name that CLDR and the locale files use.
func (f Form) String() string { return names[f] }

// tableSize covers every residue that CLDR's integer rules look at: for n >= 200 the form depends
// on n modulo 100 alone, multiples of a million and Cornish excepted.
const tableSize = 200

// Rules are the plural rules of one language. They are safe for concurrent use.
type Rules struct {
	localizer *i18n.Localizer
	table     [tableSize]Form
	has       [Forms]bool
	whole     [Forms]bool
	askAlways bool
}

var probe = &i18n.Message{ID: "probe", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}

// decimals reach the categories that only fractions have, in every language go-i18n knows.
var decimals = []string{"0.0", "0.1", "0.2", "0.5", "1.0", "1.1", "1.2", "1.5", "1.6", "2.0", "2.1", "2.5", "3.0",
	"5.0", "5.3", "10.0", "10.1", "11.0", "20.1", "21.1", "100.0", "100.1", "1000000.0", "1000000.1"}

// For returns the rules of tag. It fails when go-i18n has none for it.
func For(tag language.Tag) (*Rules, error) {
	bundle := i18n.NewBundle(tag) // one language a bundle: its matcher cannot pick another one
	if err := bundle.AddMessages(tag, probe); err != nil {
		return nil, fmt.Errorf("language %s has no plural rules in go-i18n", tag)
	}
	base, _ := tag.Base()
	r := &Rules{localizer: i18n.NewLocalizer(bundle, tag.String()), askAlways: base.String() == "kw"}
	for n := range r.table {
		r.table[n] = r.ask(n)
		r.whole[r.table[n]] = true
	}
	r.whole[r.ask(1_000_000)] = true
	r.has = r.whole
	for _, d := range decimals {
		r.has[r.ask(d)] = true
	}
	r.has[Other] = true
	return r, nil
}

// Has reports whether the language has the form at all, for integers or for fractions.
func (r *Rules) Has(f Form) bool { return r.has[f] }

// Whole reports whether a whole number has the form.
func (r *Rules) Whole(f Form) bool { return r.whole[f] }

// Form returns the form of count; the sign does not matter.
func (r *Rules) Form(count int) Form {
	n := uint64(count)
	if count < 0 {
		n = -n // also right for the smallest int
	}
	switch {
	case n > 0 && (n%1_000_000 == 0 || r.askAlways):
		return r.ask(fmt.Sprint(n))
	case n < tableSize:
		return r.table[n]
	default:
		return r.table[100+n%100]
	}
}

func (r *Rules) ask(number any) Form {
	answer, err := r.localizer.Localize(&i18n.LocalizeConfig{MessageID: probe.ID, PluralCount: number})
	if err != nil {
		return Other
	}
	return Form(slices.Index(names[:], answer))
}

// Unknown returns the first of tags for which go-i18n has no plural rules.
func Unknown(tags []language.Tag) (language.Tag, bool) {
	bundle := i18n.NewBundle(language.English)
	for _, tag := range tags {
		if bundle.AddMessages(tag) != nil {
			return tag, true
		}
	}
	return language.Und, false
}
