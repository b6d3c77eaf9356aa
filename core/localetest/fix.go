package localetest

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/polyfault/polyfault/internal/plural"
)

// fix repairs mistakes that need no translator.
func (l *linter) fix(e *entry) {
	source := l.sourceOf(e.id)
	space, _ := rules().Code(ruleSpace)
	allowed := len(l.set.lock.allowing(l.file.tag, allowance{space.String(), e.id})) > 0
	for form, text := range e.forms {
		if text == "" {
			continue
		}
		if text = norm.NFC.String(plainText(text)); !allowed {
			text = l.fixSpace(e, source, text)
		}
		e.forms[form] = text
	}
	if source != nil && !e.empty() {
		l.fixForms(e, source.plural())
	}
}

// fixSpace removes the spaces that the profile does not leave to the source.
func (l *linter) fixSpace(e, source *entry, text string) string {
	c := textCase{linter: l, entry: e, source: source, text: text}
	if source == nil {
		c.source = &entry{}
	}
	if !c.anyHas(hasOuterSpace) {
		text = strings.TrimSpace(text)
	}
	for hasDoubleSpace(text) && !c.anyHas(hasDoubleSpace) {
		text = strings.ReplaceAll(text, "  ", " ")
	}
	return text
}

// fixForms restores forms that follow from others, and removes forms that are never used.
func (l *linter) fixForms(e *entry, counted bool) {
	rules := l.file.rules
	if e.forms[plural.Other] == "" {
		e.setForm(plural.Other, otherFrom(e, rules, counted))
	}
	if e.forms[plural.Other] == "" {
		return // "other" may still be made of any form
	}
	for form := range plural.Other {
		switch {
		case !counted || !rules.Has(form):
			e.forms[form], e.present[form] = "", false
		case e.forms[form] == "" && rules.Whole(form) && (millionsOnly(rules, form) || isUninflected(l.file.tag)):
			e.setForm(form, e.forms[plural.Other])
		}
	}
}

func (e *entry) setForm(form plural.Form, text string) {
	if text != "" {
		e.forms[form], e.present[form] = text, true
	}
}

// otherFrom returns the text of "other" that follows from the other forms, or "". If no whole number has the form "other",
// it is the form of most whole numbers; if one form is enough, it is the only text.
func otherFrom(e *entry, rules *plural.Rules, counted bool) string {
	var texts []string
	whole := true
	for form := range plural.Other {
		if e.forms[form] != "" {
			texts = append(texts, e.forms[form])
		}
		whole = whole && (e.forms[form] != "" || !rules.Whole(form))
	}
	single := !counted || !slices.ContainsFunc([]plural.Form{plural.Zero, plural.One, plural.Two, plural.Few, plural.Many}, rules.Has)
	switch {
	case single && len(texts) == 1:
		return texts[0]
	case !single && whole && !rules.Whole(plural.Other):
		return e.forms[rules.Form(0)]
	}
	return ""
}

// uninflected are languages whose words do not change after a number, even if CLDR has forms for texts without it.
var uninflected = []string{"az", "fa", "hu", "ka", "kk", "ky", "tr", "uz", "vi"}

func isUninflected(tag language.Tag) bool {
	base, _ := tag.Base()
	return slices.Contains(uninflected, base.String())
}
