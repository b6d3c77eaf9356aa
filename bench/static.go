package main

import (
	"net/http"
	"strconv"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	fault "github.com/polyfault/polyfault/core"
)

func staticScenarios() []*scenario {
	direct, twenty := static("static, 4 languages", four), static("static, 20 languages", twenty)
	loopback := *direct
	loopback.name, loopback.loopback = "static, 4 languages, loopback", true
	return []*scenario{direct, &loopback, twenty}
}

func static(name string, languages []language) *scenario {
	f := multilingual(http.StatusLocked, languages)
	text := []byte(body(languages, func(l language) string { return l.locked }))
	length := strconv.Itoa(len(text))
	lengths := []string{length}
	r := responder(languages)
	policy := responder(languages, fault.WithRetryable(operatorsPolicy()))
	contestants := []contestant{
		{name: "by hand, Header.Set", role: hand, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			f.send(w, text, length)
		})},
		f.prebuilt("by hand, prebuilt header", func() ([]byte, []string) { return text, lengths }),
		polyfault("polyfault, kind", r, func() error { return fault.TaskLocked }),
		polyfault("polyfault, New()", r, func() error { return fault.TaskLocked.New() }),
		polyfault("polyfault, New(Text)", r, func() error { return fault.TaskLocked.New(fault.Text("order_locked")) }),
		polyfault("polyfault, kind, WithRetryable", policy, func() error { return fault.TaskLocked }),
		polyfault(withPolicy, policy, func() error { return fault.TaskLocked.New() }),
	}
	return &scenario{name: name, request: browse("application/json"), contestants: append(contestants,
		usualWays(newGoI18n(f, languages), func(g *goI18n) any {
			return g.texts(&i18n.LocalizeConfig{MessageID: "task_locked"})
		})...)}
}
