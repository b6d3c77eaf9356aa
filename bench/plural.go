package main

import (
	"fmt"
	"net/http"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	fault "github.com/polyfault/polyfault/core"
)

func pluralScenarios() []*scenario {
	return []*scenario{plural("plural, 4 languages", four), plural("plural, 20 languages", twenty)}
}

func plural(name string, languages []language) *scenario {
	f := multilingual(http.StatusNotFound, languages)
	g := newGoI18n(f, languages)
	// By hand only the two ways to say one number are told apart: the true rules would cost more.
	one := verbs(body(languages, func(l language) string { return g.plural(l, 1) }), "Count")
	many := verbs(body(languages, func(l language) string { return g.plural(l, count) }), "Count")
	contestants := []contestant{
		f.handWritten("by hand, fmt, without rules", func() []byte {
			if count == 1 {
				return fmt.Appendf(nil, one, count)
			}
			return fmt.Appendf(nil, many, count)
		}),
		polyfault("polyfault", responder(languages), func() error {
			return fault.NotFound.New(fault.Text("files_missing"), fault.Count(count))
		}),
	}
	return &scenario{name: name, request: browse("application/json"), contestants: append(contestants,
		usualWays(g, func(g *goI18n) any {
			return g.texts(&i18n.LocalizeConfig{MessageID: "files_missing", PluralCount: count,
				TemplateData: map[string]any{"Count": count}})
		})...)}
}

// plural is the text for n with its placeholder left in.
func (g *goI18n) plural(l language, n int) string {
	return i18n.NewLocalizer(g.bundle, l.tag).MustLocalize(&i18n.LocalizeConfig{MessageID: "files_missing", PluralCount: n,
		TemplateData: map[string]any{"Count": "{{.Count}}"}})
}
