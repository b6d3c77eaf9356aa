package main

import (
	"net/http"
	"strconv"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	xlanguage "golang.org/x/text/language"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func oneLanguageScenarios() []*scenario {
	return []*scenario{
		problem("problem+json, one of 4 languages", four),
		problem("problem+json, one of 20 languages", twenty),
		negotiated("negotiation, one of 4 languages", four),
		negotiated("negotiation, one of 20 languages", twenty),
	}
}

// A problemBody has the members of polyfault's Problem format in their order.
type problemBody struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
	Code     string `json:"code"`
	Lang     string `json:"lang"`
	Dir      string `json:"dir"`
	Retry    bool   `json:"retryable"`
	TraceID  string `json:"trace_id"`
}

func problem(name string, languages []language) *scenario {
	f := form{http.StatusLocked, "application/problem+json", "de", "Accept, Accept-Language"}
	g := newGoI18n(f, languages)
	german := func(req *http.Request) problemBody {
		localizer := i18n.NewLocalizer(g.bundle, req.Header.Get("Accept-Language"))
		text, tag, err := localizer.LocalizeWithTag(&i18n.LocalizeConfig{MessageID: "task_locked"})
		check(err)
		id := req.Header.Get("Traceparent")[3:35]
		return problemBody{"about:blank", localizer.MustLocalize(&i18n.LocalizeConfig{MessageID: "locked.title"}),
			f.status, text, "urn:uuid:" + uuid(id), "task_locked", tag.String(), "ltr", false, id}
	}
	matcher := newMatcher(languages)
	request := browse("application/problem+json")
	b := german(request)
	bodies := make([]string, len(languages)) // up to the instance; from it on every language has the same
	for i, l := range languages {
		bodies[i] = `{"type":"about:blank","title":"` + b.Title + `","status":423,"detail":"` + l.locked + `","instance":"urn:uuid:`
	}
	return &scenario{name: name, request: request, contestants: []contestant{
		{name: "by hand, x/text matcher", role: hand, handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			i := matcher.match(req)
			id := req.Header.Get("Traceparent")[3:35]
			body := append(make([]byte, 0, 512), bodies[i]...)
			body = append(append(body, uuid(id)...), `","code":"task_locked","lang":"`...)
			body = append(append(body, languages[i].tag...), `","dir":"ltr","retryable":false,"trace_id":"`...)
			body = append(append(body, id...), `"}`...)
			f.send(w, body, strconv.Itoa(len(body)))
		})},
		polyfault("polyfault", responder(languages), func() error { return fault.TaskLocked.New() }),
		{name: "go-i18n, struct, encoding/json", role: usual, handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			g.answer(w, german(req))
		})},
	}}
}

func uuid(id string) string {
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// negotiated is the smallest body in one language: little more than the negotiation.
func negotiated(name string, languages []language) *scenario {
	f := form{http.StatusLocked, "application/json", "de", "Accept, Accept-Language"}
	g := newGoI18n(f, languages)
	matcher := newMatcher(languages)
	bodies := make([][]byte, len(languages))
	for i, l := range languages {
		bodies[i] = []byte(body(languages[i:i+1], func(language) string { return l.locked }))
	}
	r := responder(languages, fault.WithNegotiatedLanguage())
	anywhere := browse("application/json")
	anywhere.Header.Del("Accept-Language")
	locked := faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return fault.TaskLocked.New() })
	return &scenario{name: name, request: browse("application/json"), contestants: []contestant{
		{name: "by hand, x/text matcher", role: hand, handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body := bodies[matcher.match(req)]
			f.send(w, body, strconv.Itoa(len(body)))
		})},
		polyfault("polyfault", r, func() error { return fault.TaskLocked.New() }),
		{name: "polyfault, no Accept-Language", differs: "no language to negotiate: English",
			handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { locked.ServeHTTP(w, anywhere) })},
		{name: "go-i18n, map, encoding/json", role: usual, handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			localizer := i18n.NewLocalizer(g.bundle, req.Header.Get("Accept-Language"))
			text := localizer.MustLocalize(&i18n.LocalizeConfig{MessageID: "task_locked"})
			g.answer(w, map[string]string{"DE": text})
		})},
	}}
}

// A matcher is how one negotiates by hand in Go.
type matcher struct{ xlanguage.Matcher }

func newMatcher(languages []language) matcher {
	var tags []xlanguage.Tag
	for _, l := range languages {
		tags = append(tags, xlanguage.MustParse(l.tag))
	}
	return matcher{xlanguage.NewMatcher(tags)}
}

func (m matcher) match(req *http.Request) int {
	tags, _, err := xlanguage.ParseAcceptLanguage(req.Header.Get("Accept-Language"))
	check(err)
	_, i, _ := m.Match(tags...)
	return i
}
