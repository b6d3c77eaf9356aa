package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	fault "github.com/polyfault/polyfault/core"
)

// The arguments come from variables, as they would from a request: constants are boxed for free.
var (
	orderID  = 4711
	user     = "Zoë Smith"
	hours    = 1234
	date     = "2026-11-21"
	maxHours = 1024
	count    = 1003 // few in Polish and Russian, for example
)

func argumentScenarios() []*scenario {
	return []*scenario{oneArgument("1 argument, 4 languages", four), threeArguments(), oneArgument("1 argument, 20 languages", twenty)}
}

func oneArgument(name string, languages []language) *scenario {
	f := multilingual(http.StatusNotFound, languages)
	text := body(languages, func(l language) string { return l.missing })
	format, pieces := verbs(text, "ID"), strings.Split(text, "{{.ID}}")
	contestants := []contestant{
		f.handWritten("by hand, fmt", func() []byte { return fmt.Appendf(nil, format, orderID) }),
		f.prebuilt("by hand, append, prebuilt header", func() ([]byte, []string) {
			b := append(make([]byte, 0, len(text)), pieces[0]...)
			for _, piece := range pieces[1:] {
				b = append(strconv.AppendInt(b, int64(orderID), 10), piece...)
			}
			return b, []string{strconv.Itoa(len(b))}
		}),
		polyfault("polyfault", responder(languages), func() error {
			return fault.NotFound.New(fault.Text("order_missing"), fault.Arg("ID", orderID))
		}),
	}
	return &scenario{name: name, request: browse("application/json"), contestants: append(contestants,
		usualWays(newGoI18n(f, languages), func(g *goI18n) any {
			return g.texts(&i18n.LocalizeConfig{MessageID: "order_missing", TemplateData: map[string]any{"ID": orderID}})
		})...)}
}

func threeArguments() *scenario {
	f := multilingual(http.StatusConflict, four)
	text := body(four, func(l language) string { return l.hours })
	format := verbs(text, "User", "Hours", "Date")
	contestants := []contestant{
		f.handWritten("by hand, fmt", func() []byte {
			return fmt.Appendf(nil, format, escape(user), hours, escape(date))
		}),
		f.prebuilt("by hand, append, prebuilt, unescaped", func() ([]byte, []string) {
			b := append(make([]byte, 0, len(text)), `{"DE":"`...)
			b = append(append(append(b, user...), " hat am "...), date...)
			b = append(strconv.AppendInt(append(b, " bereits "...), int64(hours), 10), ` Stunden gebucht.","EN":"`...)
			b = append(append(b, user...), " has already booked "...)
			b = append(strconv.AppendInt(b, int64(hours), 10), " hours on "...)
			b = append(append(append(b, date...), `.","FR":"`...), user...)
			b = append(strconv.AppendInt(append(b, " a déjà saisi "...), int64(hours), 10), " heures le "...)
			b = append(append(append(b, date...), `.","PT":"`...), user...)
			b = append(strconv.AppendInt(append(b, " já registrou "...), int64(hours), 10), " horas em "...)
			b = append(append(b, date...), `."}`...)
			return b, []string{strconv.Itoa(len(b))}
		}),
		polyfault("polyfault", responder(four), func() error {
			return fault.Conflict.New(fault.Text("hours_booked"),
				fault.Arg("User", user), fault.Arg("Hours", hours), fault.Arg("Date", date))
		}),
	}
	return &scenario{name: "3 arguments, 4 languages", request: browse("application/json"), contestants: append(contestants,
		usualWays(newGoI18n(f, four), func(g *goI18n) any {
			return g.texts(&i18n.LocalizeConfig{MessageID: "hours_booked",
				TemplateData: map[string]any{"User": user, "Hours": hours, "Date": date}})
		})...)}
}
