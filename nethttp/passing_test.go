package faulthttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// placesOfAllKinds are places in a request, those among them whose names read like other places.
var placesOfAllKinds = []fault.Location{
	fault.InBody(""), fault.InBody("/"), fault.InBody("qty"), fault.InBody("/items/0/qty"), fault.InBody("a.b"), fault.InBody("/a/b"),
	fault.InBody("/a.b/c"), fault.InBody("/a//b"),
	fault.InBody("/~1home"), fault.InBody("/m~0n/~01"), fault.InBody("ü/日本"), fault.InBody("a b"), fault.InBody("page (query)"),
	fault.InBody("a: b"), fault.InBody("__proto__"),
	fault.InBody("/a/__proto__/constructor"), fault.InBody("#"), fault.InBody("#/a"), fault.InBody("[0]"), fault.InBody("x[0].y"),
	fault.InBody("query.page"), fault.InBody("$"),
	fault.InBody("page"), fault.InQuery("page"), fault.InQuery("filter.a"), fault.InQuery("page[size]"), fault.InQuery("query.page"),
	fault.InQuery("a b"), fault.InQuery("#/a"),
	fault.InPath("id"), fault.InPath("page"), fault.InHeader("X-Tenant"), fault.InCookie("sid"), fault.InQuery("__proto__"),
	fault.InQuery("constructor"), fault.InQuery(""),
}

// upstream has texts of its own, which the service in between has not.
var upstream = fstest.MapFS{
	"active.en.toml": {Data: []byte("[sold_out]\nother = \"Item {{.Item}} is sold out.\"\n[rule.odd]\nother = \"{{.Field}} is odd.\"\n")},
	"active.fr.toml": {Data: []byte("[sold_out]\nother = \"L’article {{.Item}} est épuisé.\"\n" +
		"[rule.odd]\nother = \"{{.Field}} est impair.\"\n")},
}

// coded is an error of a service further away.
type coded string

func (coded) Error() string         { return "far away" }
func (c coded) ForeignCode() string { return string(c) }

// through answers with the error by r, and decodes that.
func through(t *testing.T, r *fault.Responder, err error) (*faulthttp.RemoteError, error) {
	t.Helper()
	resp := recorded(faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return err }))
	failure := faulthttp.Decode(resp)
	var remote *faulthttp.RemoteError
	require.ErrorAs(t, failure, &remote)
	require.Empty(t, remote.Problem)
	return remote, failure
}

// responders answer in one format each.
func responders(t *testing.T, opts ...fault.Option) map[string]*fault.Responder {
	t.Helper()
	byName := map[string]*fault.Responder{}
	for name, format := range allFormats {
		byName[name] = quietly(t, append(opts, fault.WithFormats(format))...)
	}
	return byName
}

// A service passes on what it has received, from any format to any format.
func TestPassingOnLosesNothing(t *testing.T) {
	names := slices.Sorted(maps.Keys(allFormats))
	theirs, ours := responders(t, fault.WithLocales(upstream), fault.WithLanguages("en", "fr")), responders(t)
	for _, code := range []string{"sold_out", "sold-out", "x.42", "4xx", "ip"} {
		for _, at := range placesOfAllKinds {
			if code != "sold_out" && at != fault.InBody("/items/0/qty") {
				continue // the rest does not depend on the code
			}
			err := fault.Conflict.Wrap(coded(code), fault.Text("sold_out"), fault.Arg("Item", "A-7"), fault.RetryAfter(90*time.Second),
				fault.Field(at, "odd"))
			for _, from := range names {
				first, received := through(t, theirs[from], err)
				assert.Equal(t, []fault.Location{at}, locations(first), from)
				assert.Equal(t, code, first.Code, from)
				assert.Equal(t, 90*time.Second, first.RetryAfter, from)
				assert.Equal(t, "Item A-7 is sold out.", first.Text("en"), from)
				for _, to := range names {
					second, _ := through(t, ours[to], received)
					assert.Equal(t, []fault.Location{at}, locations(second), "%s, %s", from, to)
					assert.Equal(t, first.Code, second.Code, "%s, %s", from, to)
					assert.Equal(t, first.Text("en"), second.Text("en"), "%s, %s", from, to)
					assert.Equal(t, first.Fields[0].Text("en"), second.Fields[0].Text("en"), "%s, %s: %+v", from, to, at)
					assert.Equal(t, first.RetryAfter, second.RetryAfter, "%s, %s", from, to)
				}
			}
		}
	}
}

func locations(e *faulthttp.RemoteError) (list []fault.Location) {
	for _, f := range e.Fields {
		list = append(list, f.At)
	}
	return list
}

func recorded(handler http.Handler) *http.Response {
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	req, _ := http.NewRequest(http.MethodGet, "http://service.example/", nil)
	req.Header.Set("Accept-Language", "en")
	handler.ServeHTTP(w, req)
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body)}
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }

// All places at once: none of them is taken for another one.
func TestAllPlacesTogether(t *testing.T) {
	var attrs []fault.Attr
	for _, at := range placesOfAllKinds {
		attrs = append(attrs, fault.Field(at, "odd"))
	}
	ours := responders(t)
	for name, r := range responders(t, fault.WithLocales(upstream)) {
		first, received := through(t, r, fault.Conflict.New(attrs...))
		assert.ElementsMatch(t, placesOfAllKinds, locations(first), name)
		second, _ := through(t, ours[name], received)
		assert.ElementsMatch(t, placesOfAllKinds, locations(second), name)
	}
}

// Words that the service has itself are said in all its languages; others in those that they came in.
func TestOwnWordsAreSaidInAllLanguages(t *testing.T) {
	field := fault.Field(fault.InBody("qty"), "required")
	ours, problems := quietly(t), quietly(t, fault.WithFormats(fault.Problem{}))
	for name, r := range responders(t, fault.WithLocales(upstream), fault.WithLanguages("en", "fr")) {
		_, received := through(t, r, fault.TaskLocked.New(field))
		body := string(ours.Respond(nil, received).Body)
		for _, key := range []string{`"DE":`, `"EN":`, `"FR":`, `"PT":`} {
			assert.Contains(t, body, key, "%s: %s", name, body)
		}
		_, received = through(t, r, fault.TaskLocked.New(fault.Text("sold_out"), fault.Arg("Item", 7)))
		body = string(ours.Respond(nil, received).Body)
		assert.Contains(t, body, `"EN":"Item 7 is sold out."`, name)
		assert.NotContains(t, body, `"DE":`, name)
		resp := problems.Respond(asking("de, en;q=0.5"), received)
		assert.Contains(t, string(resp.Body), `"lang":"en"`, name)
		assert.Equal(t, "en", resp.Header().Get("Content-Language"), name)
	}
}

type asking string

func (asking) Context() context.Context { return context.Background() }
func (asking) Method() string           { return http.MethodGet }
func (asking) Path() string             { return "/" }
func (a asking) Header(name string) string {
	if name == "Accept-Language" {
		return string(a)
	}
	return ""
}

// Hostile texts are on one line, bounded, and change nothing around them.
func TestHostileTextsArePassedOnTamed(t *testing.T) {
	ours := responders(t)
	for _, text := range []string{"a\nb", "\u202eevil", "\u2067evil", "x\u2069", "{{.Field}}", "{{", "}}", strings.Repeat("é", 5000),
		"\x00", "<script>", `"},"x":1`} {
		body := `{"title":"t","detail":` + quoted(text) + `,"lang":"en","errors":[{"pointer":"#/a","detail":` + quoted(text) + `}]}`
		err := faulthttp.Decode(reply(409, asProblem, body))
		for name, r := range ours {
			resp := r.Respond(nil, err)
			assert.NotContains(t, string(resp.Body), "\u202e", name)
			assert.NotContains(t, string(resp.Body), "\u2067evil", name)
			assert.Less(t, len(resp.Body), 40_000, name)
			var again *faulthttp.RemoteError
			require.ErrorAs(t, faulthttp.Decode(&http.Response{StatusCode: resp.Status, Header: resp.Header(),
				Body: io.NopCloser(bytes.NewReader(resp.Body))}), &again)
			assert.Empty(t, again.Problem, name)
			require.Len(t, again.Fields, 1, name)
			assert.Equal(t, again.Text("en"), again.Fields[0].Text("en"), "%s: %q", name, text)
		}
	}
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}
