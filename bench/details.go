package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	fault "github.com/polyfault/polyfault/core"
)

var errTooLong = errors.New("longer than 80 characters")

// detailScenarios are three attributes that fail at once: one localized, one with an argument, one
// with the plain text of an error.
func detailScenarios() []*scenario {
	f := multilingual(http.StatusBadRequest, four)
	g := newGoI18n(f, four)
	format := verbs(handDetails(g.prebuilt()), "Max", "Note")
	contestants := []contestant{
		f.handWritten("by hand, fmt", func() []byte {
			return fmt.Appendf(nil, format, maxHours, escape(errTooLong.Error()))
		}),
		polyfault("polyfault", responder(four), func() error {
			var d fault.Details
			d.AddError("email", fault.MissingAttribute)
			d.AddError("hours", fault.BadFieldValue.New(fault.Text("hours_limit"), fault.Arg("Max", maxHours)))
			d.AddText("note", errTooLong.Error())
			return d.Err(fault.ValidationFailed)
		}),
	}
	return []*scenario{{name: "3 details, 4 languages", request: browse("application/json"), contestants: append(contestants,
		usualWays(g, func(g *goI18n) any {
			body := map[string]any{"details": map[string]any{
				"email": map[string]any{"error": g.texts(&i18n.LocalizeConfig{MessageID: "missing_attribute"})},
				"hours": map[string]any{"error": g.texts(&i18n.LocalizeConfig{MessageID: "hours_limit",
					TemplateData: map[string]any{"Max": maxHours}})},
				"note": map[string]any{"error": errTooLong.Error()},
			}}
			for key, text := range g.texts(&i18n.LocalizeConfig{MessageID: "validation_failed"}) {
				body[key] = text
			}
			return body
		})...)}}
}

// handDetails is the body with placeholders.
func handDetails(g *goI18n) string {
	localized := func(id string) string {
		texts := g.texts(&i18n.LocalizeConfig{MessageID: id})
		return body(four, func(l language) string { return texts[l.key()] })
	}
	head := localized("validation_failed")
	return head[:len(head)-1] + `,"details":{"email":{"error":` + localized("missing_attribute") +
		`},"hours":{"error":` + body(four, func(l language) string { return l.limit }) +
		`},"note":{"error":"{{.Note}}"}}}`
}
