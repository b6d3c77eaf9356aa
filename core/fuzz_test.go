package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	fault "github.com/polyfault/polyfault/core"
)

func twentyLanguages() fs.FS {
	fsys := fstest.MapFS{}
	for _, tag := range []string{"ar", "bg", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "ja", "nl",
		"pl", "pt", "ro", "ru", "sv", "tr"} {
		fsys["active."+tag+".toml"] = &fstest.MapFile{Data: []byte("x = \"" + tag + " {{.A}} {{.B}}.\"")}
	}
	return fsys
}

// Any error, any request: a valid status, valid JSON, no panic, no line break in a header.
func FuzzRespond(f *testing.F) {
	r, err := fault.NewResponder(
		fault.WithLocales(twentyLanguages()), fault.WithLogger(slog.New(slog.DiscardHandler)),
		fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("application/json", "de", "00-x", "x", "value", 404, 1)
	f.Add(problemJSON, "ar,*;q=0", "", "\xff", "a\r\nb", 0, -1)
	f.Add("*/*;q=\"", "zh-TW", "id", "", "\u202e<", 600, 1_000_000)
	f.Fuzz(func(t *testing.T, accept, language, trace, name, value string, status, count int) {
		req := with("Accept", accept, "Accept-Language", language, "Traceparent", trace, "X-Request-ID", value)
		attrs := []fault.Attr{fault.Text(name), fault.Arg("A", value), fault.Arg(name, value), fault.Count(count), fault.Detail(name, value),
			fault.Detail(value, fault.Gone.New(fault.Text("x"), fault.Arg("A", name))), fault.Header(name, value),
			fault.AddHeader("X-A", value), fault.TraceID(name)}
		for _, err := range []error{
			fault.TaskLocked, fault.Gone.New(attrs...), fault.Database.Wrap(errors.New(value), attrs...), errors.New(value),
			fmt.Errorf("%s: %w", name, statusError(status)), errors.Join(errors.New(name), fault.NotFound.New(attrs...)),
		} {
			resp := r.Respond(req, err)
			if resp.Status < 400 || resp.Status > 599 {
				t.Fatalf("status %d", resp.Status)
			}
			if !json.Valid(resp.Body) || !utf8.Valid(resp.Body) {
				t.Fatalf("body %q", resp.Body)
			}
			for _, values := range resp.Header() {
				for _, v := range values {
					for _, c := range []byte(v) {
						if c == '\r' || c == '\n' || c == 0 {
							t.Fatalf("header %q", v)
						}
					}
				}
			}
		}
	})
}

// A locale file from anybody: an error that names the file, or texts that render as valid JSON.
func FuzzLocaleFile(f *testing.F) {
	for _, seed := range []string{`x = "A {{.A}}"`, "[x]\none = \"1\"\nother = \"{{.Count}}\"", "x = \"{{range .}}\"",
		"\xef\xbb\xbf", "[a.b]\nother=\"c\"", "a = 1", `"" = "x"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)),
			fault.WithLocales(fstest.MapFS{"active.en.toml": {Data: content}}))
		if err != nil {
			var bad *fault.LocaleError
			if !errors.As(err, &bad) || bad.File != "active.en.toml" || bad.Rule == "" {
				t.Fatalf("error without file and rule: %v", err)
			}
			return
		}
		resp := r.Respond(with(), fault.Gone.New(fault.Text("x"), fault.Arg("A", "a\"b"), fault.Count(1)))
		if !json.Valid(resp.Body) {
			t.Fatalf("body %q of file %q", resp.Body, content)
		}
	})
}
