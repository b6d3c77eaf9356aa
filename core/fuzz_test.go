package fault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
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

// A locale file from anybody: an error that names the file, or texts that render as valid JSON within the bounds.
func FuzzLocaleFile(f *testing.F) {
	for _, seed := range []string{`x = "A {{.A}}"`, "[x]\none = \"1\"\nother = \"{{.Count}}\"", "x = \"{{range .}}\"",
		"\xef\xbb\xbf", "[a.b]\nother=\"c\"", "a = 1", `"" = "x"`} {
		f.Add([]byte(seed), false)
	}
	for _, seed := range []string{`{"x":"A {{.A}}"}`, `{"x":{"one":"1","other":"{{.Count}}"}}`,
		`[{"id":"x","translation":"{{.A}}"}]`, `{"x":null}`,
		`{"x":"a","x":"b"}`, `{"\u0000":"\ud800"}`, `[[[[`} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, isJSON bool) {
		name := "active.en.toml"
		if isJSON {
			name = "active.en.json"
		}
		r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)),
			fault.WithLocales(fstest.MapFS{name: {Data: content}}))
		if err != nil {
			var bad *fault.LocaleError
			if !errors.As(err, &bad) || bad.File != name || bad.Rule == "" {
				t.Fatalf("error without file and rule: %v", err)
			}
			return
		}
		checkBody(t, r.Respond(with(), fault.Gone.New(fault.Text("x"), fault.Arg("A", "a\"b"), fault.Count(1))))
	})
}

// fuzzCanary is what clients never see.
const fuzzCanary = "canary5b1e"

// checkBody holds a response to the bounds of all.
func checkBody(t *testing.T, resp *fault.Response) {
	t.Helper()
	if resp.Status < 400 || resp.Status > 599 {
		t.Fatalf("status %d", resp.Status)
	}
	if !json.Valid(resp.Body) || !utf8.Valid(resp.Body) || len(resp.Body) > 64<<10 {
		t.Fatalf("%d bytes of body: %.2000q", len(resp.Body), resp.Body)
	}
	if strings.Contains(string(resp.Body), fuzzCanary) || strings.Contains(fmt.Sprint(resp.Header()), fuzzCanary) {
		t.Fatalf("the canary is there: %.2000q %v", resp.Body, resp.Header())
	}
	for _, turn := range "\u202a\u202b\u202d\u202e" { // embeddings and overrides; isolates are ours
		if bytes.ContainsRune(resp.Body, turn) {
			t.Fatalf("%U is there: %.2000q", turn, resp.Body)
		}
	}
}

// A seed is read byte by byte; what is missing is 0.
type seed struct{ left []byte }

func (s *seed) byte() byte {
	if len(s.left) == 0 {
		return 0
	}
	b := s.left[0]
	s.left = s.left[1:]
	return b
}

func (s *seed) text() string {
	n := min(int(s.byte()), len(s.left))
	text := string(s.left[:n])
	s.left = s.left[n:]
	return strings.Repeat(strings.ReplaceAll(text, fuzzCanary, ""), 1+int(s.byte())%64)
}

type fuzzNode struct {
	Name  string `json:"name"`
	Next  *fuzzNode
	Items []any
	Key   string `json:"password"`
}

type fuzzMarshaler struct{ text string }

func (m fuzzMarshaler) MarshalJSON() ([]byte, error) { return []byte(m.text), nil }

// value is of any shape: wide, deep, in circles, or nothing that JSON has.
func (s *seed) value(depth int) any {
	if depth > 40 {
		return "deep"
	}
	switch s.byte() % 16 {
	case 0:
		return s.text()
	case 1:
		return int(s.byte()) - 128
	case 2:
		return math.Float64frombits(uint64(s.byte())<<56 | uint64(s.byte()))
	case 3:
		return fault.Secret(fuzzCanary)
	case 4:
		return errors.New(fuzzCanary)
	case 5:
		return fault.Gone.New(fault.Arg(s.text(), s.value(depth+1)))
	case 6:
		return make(chan int)
	case 7:
		return fuzzMarshaler{s.text()}
	case 8:
		circle := &fuzzNode{Name: s.text()}
		circle.Next = circle
		return circle
	case 9:
		return &fuzzNode{Name: s.text(), Items: []any{s.value(depth + 1)}}
	case 10, 11:
		m := map[string]any{}
		for range int(s.byte()) {
			m[s.text()+strconv.Itoa(len(m))] = s.value(depth + 1)
		}
		return m
	case 12, 13:
		var list []any
		for range int(s.byte()) {
			list = append(list, s.value(depth+1))
		}
		return list
	case 14:
		return new(fault.Details).Add(s.text(), s.value(depth+1)).AddError(s.text(), errors.New(fuzzCanary))
	}
	return nil
}

// fuzzResponders are those of both built-in formats, with a log that is looked through.
func fuzzResponders(f *testing.F) []*fault.Responder {
	f.Helper()
	var all []*fault.Responder
	for _, format := range []fault.Format{fault.Multilingual{}, fault.Problem{}} {
		r, err := fault.NewResponder(fault.WithFormats(format), fault.WithLogger(slog.New(slog.DiscardHandler)),
			fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams))
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// Details of any shape: the status stays, the body is valid and bounded, what is private is not in it.
func FuzzDetails(f *testing.F) {
	responders := fuzzResponders(f)
	f.Add([]byte("\xff" + strings.Repeat("\x00\x00\x00\xf0"+strings.Repeat("x", 240)+"\x3f", 30))) // more than a body may have
	f.Add([]byte("\x01\x00\x00\x0a\xff\x02a\x01"))
	f.Add([]byte("\x02\x00\x00\x0c\xff\x0c\xff\x0c\xff\x00\xffxxxxxxxxxx"))
	f.Add([]byte("\x03\x00\x00\x03\x00\x00\x04\x00\x00\x05\x01a\x00\x03\x01a\x00\x03"))
	f.Add([]byte("\x02\x00\x00\x08\x04\xe2\x80\xae\"\x07\x05{\"a\":"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &seed{b}
		details := new(fault.Details)
		for i := range int(s.byte()) {
			details.Add(s.text()+strconv.Itoa(i), s.value(0))
		}
		err := fault.TaskLocked.New(fault.DetailsOf(details), fault.Arg(s.text(), s.value(0)))
		for _, r := range responders {
			resp := r.Respond(with(), err)
			if resp.Status != 423 {
				t.Fatalf("status %d", resp.Status)
			}
			checkBody(t, resp)
		}
	})
}

type fuzzCircle struct{ next error }

func (c *fuzzCircle) Error() string { return fuzzCanary }
func (c *fuzzCircle) Unwrap() error { return c.next }

// err is a tree of any shape.
func (s *seed) err(depth int) error {
	if depth > 60 {
		return errors.New(fuzzCanary)
	}
	switch s.byte() % 12 {
	case 0:
		return fmt.Errorf(fuzzCanary+": %w", s.err(depth+1))
	case 1:
		var all []error
		for range int(s.byte()) {
			all = append(all, s.err(depth+1))
		}
		return errors.Join(append(all, errors.New(fuzzCanary))...)
	case 2:
		return fault.Conflict.Wrap(s.err(depth+1), fault.Detail("a", s.text()))
	case 3:
		return fault.ValidationFailed.New(fault.Field(fault.InQuery(s.text()), "invalid", fault.Arg("A", s.text())))
	case 4:
		return statusError(int(s.byte()) * 3)
	case 5:
		circle := &fuzzCircle{}
		circle.next = fmt.Errorf("a: %w", circle)
		return circle
	case 6:
		return new(fault.Details).AddError(s.text(), s.err(depth+1)).Err(fault.ValidationFailed)
	case 7:
		return fault.Binding(s.err(depth + 1))
	case 8:
		return &fuzzCircle{s.err(depth + 1)}
	case 9:
		return fault.Panicked(fuzzCanary)
	case 10:
		var v struct{ A int }
		return fault.BindJSON(strings.NewReader(`{"A":"`+fuzzCanary+`"`), &v)
	}
	return errors.New(fuzzCanary)
}

// Chains and trees of any errors: one status, one bounded body, nothing of their texts.
func FuzzErrors(f *testing.F) {
	responders := fuzzResponders(f)
	f.Add([]byte("\x00\x00\x01\xff\x02\x03"))
	f.Add([]byte("\x01\xff\x06\x01a\x01\x01\xff"))
	f.Add([]byte("\x05\x08\x05\x04\x21"))
	f.Add([]byte("\x07\x0a\x07\x04\x85"))
	f.Fuzz(func(t *testing.T, b []byte) {
		err := (&seed{b}).err(0)
		for _, r := range responders {
			resp := r.Respond(with(), err)
			checkBody(t, resp)
			again := r.Respond(with(), err)
			if again.Status != resp.Status || len(again.Body) != len(resp.Body) {
				t.Fatalf("two answers: %d %.500q, %d %.500q", resp.Status, resp.Body, again.Status, again.Body)
			}
		}
	})
}

// Headers of any handler and any error, on either port: nothing that acts stays, nothing splits, both ports agree.
func FuzzHeaders(f *testing.F) {
	r := fuzzResponders(f)[0]
	f.Add("X-Accel-Redirect", "/secret", "X-Own", "a\r\nX-B: c", "Trailer", "X-Own")
	f.Add("hx-redirect", "/", "Vary", "*", "TRAILER", "vary, X-Accel-Redirect")
	f.Add("Content-Length", "5", "Retry-After", "-1", "Transfer-Encoding", "chunked")
	f.Fuzz(func(t *testing.T, had, hadValue, own, ownValue, other, otherValue string) {
		resp := r.Respond(with(), fault.TaskLocked.New(fault.Header(own, ownValue), fault.AddHeader(own, ownValue)))
		set := http.Header{had: {hadValue}, other: {otherValue}}
		edited := editor{set.Clone()}
		resp.SetHeader(set, false)
		resp.EditHeader(edited, false)
		if set.Get("Content-Type") != "application/json" || set.Get("X-Content-Type-Options") != "nosniff" {
			t.Fatalf("%q", set)
		}
		for name := range set {
			if !utf8.ValidString(name) {
				continue // no framework sends it
			}
			owned := http.CanonicalHeaderKey(own) == http.CanonicalHeaderKey(name)
			switch lower := strings.ToLower(name); {
			case owned:
			case strings.HasPrefix(lower, "x-accel-"), lower == "location", lower == "refresh", lower == "trailer",
				strings.HasPrefix(lower, "trailer:"), lower == "x-sendfile", lower == "hx-redirect":
				t.Fatalf("%q stays: %q", name, set)
			}
		}
		for _, values := range resp.Header() {
			for _, v := range values {
				if strings.ContainsAny(v, "\r\n\x00") {
					t.Fatalf("header %q", v)
				}
			}
		}
	})
}
