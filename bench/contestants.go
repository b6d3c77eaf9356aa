package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	xlanguage "golang.org/x/text/language"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/locales"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// logger is every contestant's: it formats, at the level of production, into nothing.
var logger = slog.New(slog.NewTextHandler(io.Discard, nil))

// Ours.

// responder has the texts alone in its bodies, as the others write them: "code", which is there by default, is a few
// more bytes of the same copy.
func responder(languages []language, opts ...fault.Option) *fault.Responder {
	opts = append(opts, fault.WithLocales(files(languages)), fault.WithLanguages(tags(languages)...), fault.WithMembers(),
		fault.WithLogger(logger))
	return must(fault.NewResponder(opts...))
}

// polyfault answers with the error that fail makes for each request.
func polyfault(name string, r *fault.Responder, fail func() error) contestant {
	return contestant{name: name, handler: faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return fail() })}
}

// By hand.

// A form is the status and the headers that the answers of one scenario share.
type form struct {
	status                       int
	contentType, languages, vary string
}

func multilingual(status int, languages []language) form {
	return form{status, "application/json", list(languages), "Accept"}
}

// send sets the six headers as most handlers do, and writes body.
func (f form) send(w http.ResponseWriter, body []byte, length string) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", f.languages)
	h.Set("Vary", f.vary)
	h.Set("Content-Length", length)
	w.WriteHeader(f.status)
	_, _ = w.Write(body)
}

// handWritten sends what build builds.
func (f form) handWritten(name string, build func() []byte) contestant {
	return contestant{name: name, role: hand, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body := build()
		f.send(w, body, strconv.Itoa(len(body)))
	})}
}

// prebuilt assigns header values made once: nothing that sets six headers is faster. build returns
// the body and the value of Content-Length.
func (f form) prebuilt(name string, build func() ([]byte, []string)) contestant {
	return f.prebuiltFor(name, func(*http.Request) ([]byte, []string) { return build() })
}

func (f form) prebuiltFor(name string, build func(*http.Request) ([]byte, []string)) contestant {
	contentType, languages, vary := []string{f.contentType}, []string{f.languages}, []string{f.vary}
	noSniff, noStore := []string{"nosniff"}, []string{"no-store"}
	return contestant{name: name, handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, length := build(req)
		h := w.Header()
		h["Content-Type"] = contentType
		h["X-Content-Type-Options"] = noSniff
		h["Cache-Control"] = noStore
		h["Content-Language"] = languages
		h["Vary"] = vary
		h["Content-Length"] = length
		w.WriteHeader(f.status)
		_, _ = w.Write(body)
	})}
}

// verbs turns placeholders into fmt's: {{.A}} of names A, B into %[1]v.
func verbs(text string, names ...string) string {
	for i, name := range names {
		text = strings.ReplaceAll(text, "{{."+name+"}}", fmt.Sprintf("%%[%d]v", i+1))
	}
	return text
}

// escape is what keeps a hand-written body valid JSON whatever the argument.
func escape(s string) string {
	quoted := must(json.Marshal(s))
	return string(quoted[1 : len(quoted)-1])
}

// The usual way: go-i18n for each language, a map, encoding/json.

type goI18n struct {
	form
	bundle     *i18n.Bundle
	languages  []language
	localizers []*i18n.Localizer // nil: made for each request
}

func bundle(own fs.FS) *i18n.Bundle {
	b := i18n.NewBundle(xlanguage.English)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, fsys := range []fs.FS{locales.FS, own} {
		for _, name := range must(fs.Glob(fsys, "*.toml")) {
			must(b.LoadMessageFileFS(fsys, name))
		}
	}
	return b
}

func newGoI18n(f form, languages []language) *goI18n {
	return &goI18n{form: f, bundle: bundle(files(languages)), languages: languages}
}

func (g *goI18n) prebuilt() *goI18n {
	p := *g
	for _, l := range g.languages {
		p.localizers = append(p.localizers, i18n.NewLocalizer(g.bundle, l.tag))
	}
	return &p
}

// texts localizes one text into every language.
func (g *goI18n) texts(config *i18n.LocalizeConfig) map[string]string {
	texts := make(map[string]string, len(g.languages))
	for i, l := range g.languages {
		var localizer *i18n.Localizer
		if g.localizers != nil {
			localizer = g.localizers[i]
		} else {
			localizer = i18n.NewLocalizer(g.bundle, l.tag)
		}
		texts[l.key()] = localizer.MustLocalize(config)
	}
	return texts
}

func (g *goI18n) answer(w http.ResponseWriter, body any) {
	encoded := must(json.Marshal(body))
	g.send(w, encoded, strconv.Itoa(len(encoded)))
}

// usualWays are the usual way with localizers made once, and with localizers made per request.
func usualWays(g *goI18n, body func(*goI18n) any) []contestant {
	ways := []contestant{{name: "go-i18n, map, encoding/json", role: usual}, {name: "… with localizers per request"}}
	for i, g := range []*goI18n{g.prebuilt(), g} {
		ways[i].handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { g.answer(w, body(g)) })
	}
	return ways
}
