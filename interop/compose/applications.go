package compose

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A Visit is one request to an application.
type Visit struct {
	Name               string
	Method, Path, Body string
	Headers            []string
}

// Shed are the visits to the tool shed, an application that is written for each framework as its guide has it: own bodies for
// validation, a fallback for a page that routes by itself, a catch-all for OPTIONS, redirects, empty answers, files, CORS.
var Shed = []Visit{
	{Name: "home redirects", Method: "GET", Path: "/"},
	{Name: "an old address redirects", Method: "GET", Path: "/shed.php"},
	{Name: "list", Method: "GET", Path: "/tools"},
	{Name: "list, a number that is none", Method: "GET", Path: "/tools?limit=many"},
	{Name: "one", Method: "GET", Path: "/tools/7"},
	{Name: "one that is not there, in the application's words", Method: "GET", Path: "/tools/9"},
	{Name: "one whose number is none", Method: "GET", Path: "/tools/spade"},
	{Name: "one that cannot be read", Method: "GET", Path: "/tools/13"},
	{Name: "new", Method: "POST", Path: "/tools", Body: `{"name":"rake"}`},
	{Name: "new, refused in the application's words", Method: "POST", Path: "/tools", Body: `{"name":""}`},
	{Name: "new, broken JSON", Method: "POST", Path: "/tools", Body: `{"name":`},
	{Name: "new, of no known media type", Method: "POST", Path: "/tools", Body: `rake`, Headers: []string{"Content-Type", "text/rake"}},
	{Name: "change", Method: "PUT", Path: "/tools/7", Body: `{"name":"fork"}`},
	{Name: "lend", Method: "DELETE", Path: "/tools/7"},
	{Name: "lend what is lent", Method: "DELETE", Path: "/tools/1"},
	{Name: "no such method", Method: "PATCH", Path: "/health"},
	{Name: "preflight", Method: "OPTIONS", Path: "/tools", Headers: []string{"Access-Control-Request-Method", "POST"}},
	{Name: "any other OPTIONS", Method: "OPTIONS", Path: "/tools/7", Headers: []string{"Origin", ""}},
	{Name: "a page of the browser's", Method: "GET", Path: "/shed/corner/2"},
	{Name: "a page that is posted to", Method: "POST", Path: "/shed/corner/2"},
	{Name: "a file", Method: "GET", Path: "/assets/index.html"},
	{Name: "part of a file", Method: "GET", Path: "/assets/index.html", Headers: []string{"Range", "bytes=0-8"}},
	{Name: "a file that is not there", Method: "GET", Path: "/assets/logo.svg"},
	{Name: "a download", Method: "GET", Path: "/export.csv"},
	{Name: "a stream", Method: "GET", Path: "/events"},
	{Name: "compressed", Method: "GET", Path: "/tools", Headers: []string{"Accept-Encoding", "gzip"}},
	{Name: "a crash", Method: "GET", Path: "/crash"},
	{Name: "health", Method: "GET", Path: "/health"},
}

// Visited are the answers to all visits, by name.
func (s *Service) Visited(t testing.TB, visits []Visit) map[string]Answer {
	t.Helper()
	answers := map[string]Answer{}
	for _, v := range visits {
		answers[v.Name] = s.Ask(t, v.Method, v.Path, v.Body, v.Headers...)
	}
	return answers
}

// Differences are the names of the visits that are answered otherwise, in alphabetical order.
func Differences(before, after map[string]Answer) (names []string) {
	for name, a := range before {
		b := after[name]
		same := a.Status == b.Status && a.Body == b.Body && (a.Broken == nil) == (b.Broken == nil) && a.Rest == b.Rest
		if !same || !maps.EqualFunc(undated(a.Header), undated(b.Header), slices.Equal) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func undated(h http.Header) http.Header {
	h = h.Clone()
	h.Del("Date")
	return h
}

// Adopted checks what has become of an application by one line: the failures, and nothing else, have answers of ours, with the
// statuses given, and headers of others as before.
func Adopted(t testing.TB, before, after map[string]Answer, failures map[string]int) {
	t.Helper()
	assert.Equal(t, slices.Sorted(maps.Keys(failures)), Differences(before, after), "only failures are answered otherwise")
	for name, status := range failures {
		a := after[name]
		assert.NoError(t, a.Broken, name)
		assert.Equal(t, status, a.Status, name)
		assert.True(t, strings.HasPrefix(a.Body, `{"DE":`), "%s: %s", name, a.Body)
		assert.NotContains(t, a.Raw, Canary, name)
		assert.Equal(t, "no-store", a.Header.Get("Cache-Control"), name)
		for _, header := range []string{"Access-Control-Allow-Origin", "X-Request-Id", "Allow"} {
			assert.Equal(t, before[name].Header.Values(header), a.Header.Values(header), "%s: %s", name, header)
		}
	}
}

// Foreign checks the shed with WithForeignMessages: what the application wrote for its clients is shown in place of our text,
// and nothing else has changed, texts of frameworks and of causes least of all.
func Foreign(t testing.TB, foreign, adopted map[string]Answer) {
	t.Helper()
	assert.Equal(t, []string{"lend what is lent", "one whose number is none"}, Differences(adopted, foreign))
	assert.Contains(t, foreign["lend what is lent"].Body, "it is lent")
	assert.Contains(t, foreign["one whose number is none"].Body, "a number, please")
}
