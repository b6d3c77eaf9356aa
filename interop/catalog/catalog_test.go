// Package catalog_test tests package catalog. It is a package of its own as its kinds, which have texts in
// few languages, would be met by the tests of faulthttp that go through all kinds of the process.
package catalog_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	"github.com/polyfault/polyfault/internal/logtest"
	"github.com/polyfault/polyfault/interop/pagetest"
	faulthttp "github.com/polyfault/polyfault/nethttp"
	"github.com/polyfault/polyfault/nethttp/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Kinds of an application: with placeholders and all numbers, with hostile texts, with a plural form and a
// wait, and without a text of its own.
var (
	orderMissing = fault.NotFound.Derive(fault.Spec{Code: "catalog_order_missing", Number: 900, Type: "missing-order"})
	_            = fault.Conflict.Derive(fault.Spec{Code: "catalog_hostile"})
	_            = fault.Locked.Derive(fault.Spec{
		Code: "catalog_waiting", Retry: fault.RetryLater, RetryAfter: 1500 * time.Millisecond, ExitCode: 77,
	})
	_ = fault.Gone.Derive(fault.Spec{Code: "catalog_list"})
	_ = orderMissing.Derive(fault.Spec{Code: "catalog_textless"})
)

const hostileText = "</td><script>alert(1)</script> & \"a\" 'b' | `c` *d* _e_ [f](javascript:1) \u202eevil\u202c {{.Name}}"

func catalogLocales() fstest.MapFS {
	return fstest.MapFS{
		"active.en.toml": {Data: []byte(`
catalog_order_missing = "There is no order {{.ID}} of {{.Customer}}."
"catalog_order_missing.title" = "Order missing"
"catalog_hostile.title" = "</title><b onclick=1>"
catalog_hostile = ` + strconv.Quote(hostileText) + `
catalog_list = "1. first ` + "````" + `"
"catalog_list.title" = "- dash"
[catalog_waiting]
one = "{{.Count}} thing is locked."
other = "{{.Count}} things are locked."
`)},
		"active.de.toml": {Data: []byte(`catalog_order_missing = "Die Bestellung {{.ID}} gibt es nicht."`)},
		"active.ur.toml": {Data: []byte(`
"page.own_name" = "اردو"
"page.errors" = "غلطیاں"
catalog_order_missing = "آرڈر {{.ID}} موجود نہیں۔"
"catalog_order_missing.title" = "آرڈر نہیں ملا"
`)},
	}
}

func catalogResponder(t testing.TB, opts ...fault.Option) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(append([]fault.Option{fault.WithLocales(catalogLocales()),
		fault.WithLogger(slog.New(slog.DiscardHandler))}, opts...)...)
	require.NoError(t, err)
	return r
}

// serve starts a server on a listener and returns a client for it.
func serve(t *testing.T, h http.Handler) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, server.Client()
}

// fetch sends a GET with headers given as name, value, …
func fetch(t testing.TB, client *http.Client, url string, header ...string) (*http.Response, string) {
	t.Helper()
	return fetchBy(t, client, http.MethodGet, url, header...)
}

func fetchBy(t testing.TB, client *http.Client, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

// A catalogued kind as clients read its JSON.
type catalogued struct {
	Code, Title, Text, Lang, Dir, Type, Category, Parent, Href string
	Status, Number                                             int
	Retryable                                                  bool
	RetryAfter                                                 int    `json:"retry_after"`
	ExitCode                                                   int    `json:"exit_code"`
	TextID                                                     string `json:"text_id"`
	Placeholders                                               []string
	Texts                                                      map[string]struct{ Lang, Dir, Title, Text string }
}

type cataloguedList struct {
	Lang, Dir string
	Count     int
	Results   []catalogued
}

func decoded[T any](t testing.TB, body string) (v T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(body), &v), body)
	return v
}

// The list leads to every page, below any path.
func TestCatalogStandsBelowAnyPath(t *testing.T) {
	list := catalog.Handler(catalogResponder(t))
	router := chi.NewRouter()
	router.Handle("/api/v1/errors/*", list)
	mux := http.NewServeMux()
	mux.Handle("/errors/", list)
	mux.Handle("/t/{tenant}/errors/", list)
	mux.Handle("/stripped/errors/", http.StripPrefix("/stripped/errors/", list))
	mux.Handle("/half/errors/", http.StripPrefix("/half", list))
	mux.Handle("/api/", router)
	url, client := serve(t, mux)
	for _, prefix := range []string{"/errors/", "/t/acme/errors/", "/stripped/errors/", "/half/errors/", "/api/v1/errors/"} {
		resp, body := fetch(t, client, url+prefix, "Accept", "text/html")
		require.Equal(t, 200, resp.StatusCode, prefix)
		p := pagetest.Check(t, resp.Header, body)
		links := 0
		for _, a := range p.All("a") {
			target, err := resp.Request.URL.Parse(pagetest.Attr(a, "href"))
			require.NoError(t, err)
			if target.Fragment != "" || links > 20 && !strings.Contains(target.Path, "catalog_") {
				continue
			}
			links++
			resp, _ := fetch(t, client, target.String())
			assert.Equal(t, 200, resp.StatusCode, target)
		}
		assert.Greater(t, links, 20)
	}
}

// Every response's type leads to the page of the kind.
func TestTheTypeOfAProblemLeadsToItsPage(t *testing.T) {
	mux := http.NewServeMux()
	url, client := serve(t, mux)
	r := catalogResponder(t, fault.WithFormats(fault.Problem{TypeBase: url + "/docs/errors/"}))
	mux.Handle("/docs/errors/", catalog.Handler(r))
	mux.Handle("/fail/{code}", faulthttp.Handler(r, func(_ http.ResponseWriter, req *http.Request) error {
		k, _ := fault.KindByCode(req.PathValue("code"))
		return k
	}))
	count := 0
	for k := range fault.Kinds() {
		if k == fault.ClientClosedRequest {
			continue // nobody reads it
		}
		count++
		_, body := fetch(t, client, url+"/fail/"+k.Code())
		problem := decoded[struct{ Type, Code string }](t, body)
		resp, body := fetch(t, client, problem.Type, "Accept", "application/json")
		require.Equal(t, 200, resp.StatusCode, problem.Type)
		assert.Equal(t, k.Code(), decoded[catalogued](t, body).Code)
	}
	assert.Greater(t, count, 90)
	resp, body := fetch(t, client, url+"/docs/errors/missing-order")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Contains(t, body, `<link rel="canonical" href="catalog_order_missing">`)
}

func TestCatalogJSON(t *testing.T) {
	url, client := serve(t, catalog.Handler(catalogResponder(t)))
	resp, body := fetch(t, client, url+"/", "Accept", "application/json", "Accept-Language", "de")
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.Equal(t, "de", resp.Header.Get("Content-Language"))
	list := decoded[cataloguedList](t, body)
	assert.Equal(t, []any{"de", "ltr", len(list.Results)}, []any{list.Lang, list.Dir, list.Count})
	var codes []string
	for _, e := range list.Results {
		codes = append(codes, e.Code)
		assert.NotEmpty(t, e.Title, e.Code)
		assert.NotEmpty(t, e.Text, e.Code)
	}
	assert.True(t, slices.IsSortedFunc(list.Results, func(a, b catalogued) int { return a.Status - b.Status }))
	for k := range fault.Kinds() {
		assert.Contains(t, codes, k.Code())
	}
	i := slices.Index(codes, "catalog_order_missing")
	assert.Equal(t, catalogued{
		Code: "catalog_order_missing", Status: 404, Title: "Die Bestellung {ID} gibt es nicht.",
		Text: "Die Bestellung {ID} gibt es nicht.", Lang: "de", Dir: "ltr",
		Type: "missing-order", Number: 900, Category: "DATA", Href: "catalog_order_missing",
	}, list.Results[i], "without a title in the language the text stands in")
	waiting := list.Results[slices.Index(codes, "catalog_waiting")]
	assert.Equal(t, []any{"Locked", "2 things are locked.", "en", true},
		[]any{waiting.Title, waiting.Text, waiting.Lang, waiting.Retryable}, "no German text, no title of its own")

	_, body = fetch(t, client, url+"/catalog_order_missing", "Accept", "application/json")
	one := decoded[catalogued](t, body)
	assert.Equal(t, "There is no order {ID} of {Customer}.", one.Texts["EN"].Text)
	assert.Equal(t, "آرڈر نہیں ملا", one.Texts["UR"].Title)
	assert.Equal(t, "rtl", one.Texts["UR"].Dir)
	assert.Equal(t, "de", one.Texts["DE"].Lang)
	assert.Len(t, one.Texts, 3, "languages that have the text")
	one.Texts = nil
	assert.Equal(t, catalogued{
		Code: "catalog_order_missing", Status: 404, Title: "Order missing", Text: "There is no order {ID} of {Customer}.", Lang: "en", Dir: "ltr",
		Type: "missing-order", Number: 900, Category: "DATA", Href: "catalog_order_missing", Parent: "not_found", ExitCode: 1,
		TextID: "catalog_order_missing", Placeholders: []string{"Customer", "ID"},
	}, one)

	_, body = fetch(t, client, url+"/catalog_waiting", "Accept", "application/json")
	one = decoded[catalogued](t, body)
	assert.Equal(t, []any{2, true, 77, []string{"Count"}}, []any{one.RetryAfter, one.Retryable, one.ExitCode, one.Placeholders})
	_, body = fetch(t, client, url+"/catalog_textless", "Accept", "application/json")
	one = decoded[catalogued](t, body)
	assert.Equal(t, []string{"catalog_order_missing", "Order missing", "catalog_order_missing"}, []string{one.TextID, one.Title, one.Parent})
	_, body = fetch(t, client, url+"/unknown_error", "Accept", "application/json")
	assert.NotContains(t, body, `"parent"`)
	assert.NotContains(t, body, `"number"`)
	assert.Contains(t, body, `"placeholders":[]`)
}

func TestCatalogForms(t *testing.T) {
	url, client := serve(t, catalog.Handler(catalogResponder(t)))
	for accept, contentType := range map[string]string{
		"": "text/html; charset=utf-8", "*/*": "text/html; charset=utf-8", "image/png": "text/html; charset=utf-8",
		"text/html;q=0.4, application/json;q=0.5": "application/json", "text/markdown": "text/markdown; charset=utf-8",
		"text/html;q=0, */*;q=0.1": "application/json",
	} {
		for _, path := range []string{"/", "/task_locked"} {
			resp, body := fetch(t, client, url+path, "Accept", accept)
			assert.Equal(t, 200, resp.StatusCode)
			assert.Equal(t, contentType, resp.Header.Get("Content-Type"), accept)
			assert.Equal(t, "Accept, Accept-Language", resp.Header.Get("Vary"))
			assert.NotEmpty(t, body)
		}
	}
}

func TestCatalogMarkdown(t *testing.T) {
	url, client := serve(t, catalog.Handler(catalogResponder(t)))
	_, body := fetch(t, client, url+"/?language=de", "Accept", "text/markdown")
	assert.True(t, strings.HasPrefix(body,
		"# Fehler\n\nDieser Dienst kann folgende Fehler zurückgeben.\n\n| Status | Code | Titel | Text |\n|---|---|---|---|\n| 400 | "), body)
	assert.Contains(t, body,
		"\n| 404 | [`catalog_order_missing`](catalog_order_missing?language=de) | Die Bestellung {ID} gibt es nicht. | Die Bestellung {ID} gibt es nicht. |\n")
	assert.Contains(t, body,
		"| \\</title\\>\\<b onclick=1\\> | \\</td\\>\\<script\\>alert(1)\\</script\\> \\& \"a\" 'b' \\| \\`c\\` \\*d\\* \\_e\\_ \\[f\\](javascript:1) \ufffdevil\ufffd {Name} |\n")
	_, body = fetch(t, client, url+"/catalog_order_missing", "Accept", "text/markdown")
	assert.True(t, strings.HasPrefix(body, `# Order missing

There is no order {ID} of {Customer}.

- Code: `+"`catalog_order_missing`"+`
- Status: 404
- Category: Data
- Can be retried: No
- More general error: [`+"`not_found`](not_found)"+`
- Placeholders: `+"`Customer`, `ID`"+`
- `+"`type`: `missing-order`"+`
- `+"`number`: 900"+`
- `+"`exit_code`: 1"+`

## Texts in all languages

| Language | Title | Text |
|---|---|---|
| Deutsch (de) | Die Bestellung {ID} gibt es nicht. | Die Bestellung {ID} gibt es nicht. |
| English (en) | Order missing | There is no order {ID} of {Customer}. |
`), body)
	assert.True(t, strings.HasSuffix(body, "\n[Back to the list of errors](./)\n"))
	_, body = fetch(t, client, url+"/catalog_waiting", "Accept", "text/markdown")
	assert.Contains(t, body, "- Can be retried: Yes – Retry after 2 seconds\n")
	assert.NotContains(t, body, "`number`")
	_, body = fetch(t, client, url+"/catalog_list", "Accept", "text/markdown")
	assert.True(t, strings.HasPrefix(body, "# \\- dash\n\n1\\. first \\`\\`\\`\\`\n\n"), body)
}

func TestCatalogPages(t *testing.T) {
	url, client := serve(t, catalog.Handler(catalogResponder(t)))
	for _, tag := range []string{"en", "de", "ur"} {
		for _, path := range []string{"/", "/task_locked", "/catalog_order_missing", "/catalog_hostile",
			"/catalog_waiting", "/catalog_textless", "/unknown_error"} {
			resp, body := fetch(t, client, url+path+"?language="+tag, "Accept-Language", "fr")
			p := pagetest.Check(t, resp.Header, body)
			assert.Equal(t, tag, pagetest.Attr(p.All("html")[0], "lang"))
			assert.Equal(t, tag == "ur", pagetest.Attr(p.All("html")[0], "dir") == "rtl")
			assert.Equal(t, tag, resp.Header.Get("Content-Language"))
			for _, a := range p.All("a") {
				if href := pagetest.Attr(a, "href"); href != "#main" && pagetest.Attr(a, "hreflang") == "" {
					assert.Contains(t, href, "language="+tag, "the choice is kept")
				}
			}
		}
	}
	_, body := fetch(t, client, url+"/catalog_hostile")
	assert.NotContains(t, body, "<script")
	assert.NotContains(t, body, "<b onclick")
	assert.Contains(t, body, "<title>&lt;/title&gt;&lt;b onclick=1&gt; · catalog_hostile</title>")
	resp, body := fetch(t, client, url+"/catalog_hostile?language=ur&a=%22%3E%3Cscript%3E")
	p := pagetest.Check(t, resp.Header, body)
	h1 := p.All("h1")[0]
	assert.Equal(t, []string{"en", "ltr"}, []string{pagetest.Attr(h1, "lang"), pagetest.Attr(h1, "dir")},
		"the only language that has the text")
	resp, body = fetch(t, client, url+"/?language=ur")
	languages := map[string]bool{}
	for _, cell := range pagetest.Check(t, resp.Header, body).All("td") {
		if text := cell.FirstChild; text.Data == "span" {
			languages[pagetest.Attr(text, "lang")+" "+pagetest.Attr(text, "dir")] = true
		}
	}
	assert.Equal(t, map[string]bool{"en ltr": true, "ur rtl": true}, languages, "texts say which language they are in")
	resp, body = fetch(t, client, url+"/catalog_waiting")
	waiting := pagetest.Check(t, resp.Header, body)
	assert.Contains(t, pagetest.Text(waiting.Root), "Yes – Retry after 2 seconds")
	assert.Equal(t, "Count", pagetest.Text(waiting.Class("chip")[1]), "a placeholder")
	names := p.Names()
	for _, name := range []string{"Deutsch", "English", "français", "português (Brasil)", "اردو"} {
		assert.Contains(t, names, name)
	}
	assert.Equal(t, "اردو", pagetest.Text(p.All("summary")[0].LastChild))
}

func TestCatalogFollowsAReload(t *testing.T) {
	locales := catalogLocales()
	r, err := fault.NewResponder(fault.WithLocales(locales))
	require.NoError(t, err)
	url, client := serve(t, catalog.Handler(r))
	first, body := fetch(t, client, url+"/catalog_order_missing")
	assert.NotContains(t, body, "Changed.")
	locales["active.en.toml"] = &fstest.MapFile{Data: []byte(`catalog_order_missing = "Changed."`)}
	require.NoError(t, r.Reload())
	second, body := fetch(t, client, url+"/catalog_order_missing", "If-None-Match", first.Header.Get("ETag"))
	assert.Equal(t, 200, second.StatusCode)
	assert.Contains(t, body, "Changed.")
	assert.NotEqual(t, first.Header.Get("ETag"), second.Header.Get("ETag"))
}

func TestCatalogAndCaches(t *testing.T) {
	url, client := serve(t, catalog.Handler(catalogResponder(t)))
	tags := map[string]bool{}
	for _, path := range []string{"/", "/task_locked"} {
		for _, header := range [][]string{{"Accept", "text/html"}, {"Accept", "application/json"},
			{"Accept", "text/markdown"}, {"Accept-Language", "de"}} {
			resp, _ := fetch(t, client, url+path, header...)
			tag := resp.Header.Get("ETag")
			assert.False(t, tags[tag], "one ETag for two bodies")
			tags[tag] = true
			assert.Equal(t, "no-cache", resp.Header.Get("Cache-Control"))
			same, body := fetch(t, client, url+path, append(header, "If-None-Match", `"x", `+tag)...)
			assert.Equal(t, http.StatusNotModified, same.StatusCode)
			assert.Empty(t, body)
			for _, name := range []string{"ETag", "Vary", "Cache-Control", "Content-Security-Policy"} {
				assert.Equal(t, resp.Header.Values(name), same.Header.Values(name), name)
			}
			head, body := fetchBy(t, client, http.MethodHead, url+path, header...)
			assert.Empty(t, body)
			resp.Header.Del("Date")
			head.Header.Del("Date")
			assert.Equal(t, resp.Header, head.Header)
			assert.Equal(t, resp.ContentLength, head.ContentLength)
		}
	}
}

func TestCatalogRefuses(t *testing.T) {
	r := catalogResponder(t, fault.WithMembers(fault.MemberCode), fault.WithFormats(fault.Multilingual{}, formats.HTML{}))
	url, client := serve(t, catalog.Handler(r))
	for _, c := range []struct {
		method, path, accept, contentType, code string
		status                                  int
	}{
		{"GET", "/no_such_error", "", "application/json", "not_found", 404},
		{"GET", "/no_such_error", "text/markdown", "application/json", "not_found", 404},
		{"GET", "/no_such_error", "text/html", "text/html; charset=utf-8", "not_found", 404},
		{"GET", "/TASK_LOCKED", "", "application/json", "not_found", 404},
		{"GET", "/task_locked%00", "", "application/json", "not_found", 404},
		{"GET", "/..%2f..%2fetc%2fpasswd", "", "application/json", "not_found", 404},
		{"GET", "/" + strings.Repeat("x", 10_000), "", "application/json", "not_found", 404},
		{"GET", "/%ff%fe", "", "application/json", "not_found", 404},
		{"POST", "/", "", "application/json", "method_not_allowed", 405},
		{"OPTIONS", "/task_locked", "", "application/json", "method_not_allowed", 405},
		{"DELETE", "/no_such_error", "", "application/json", "method_not_allowed", 405},
	} {
		resp, body := fetchBy(t, client, c.method, url+c.path, "Accept", c.accept)
		assert.Equal(t, c.status, resp.StatusCode, c.path)
		assert.Equal(t, c.contentType, resp.Header.Get("Content-Type"), c.path)
		assert.Contains(t, body, c.code)
		assert.Equal(t, c.status == 405, resp.Header.Get("Allow") == "GET, HEAD")
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		assert.Empty(t, resp.Header.Get("ETag"))
	}
}

func TestKinds(t *testing.T) {
	url, client := serve(t, catalog.Handler(catalogResponder(t), catalog.Kinds(func(k *fault.Kind) bool { return k.Is(orderMissing) })))
	_, body := fetch(t, client, url+"/", "Accept", "application/json")
	assert.Equal(t, 2, decoded[cataloguedList](t, body).Count)
	for path, status := range map[string]int{"/catalog_textless": 200, "/missing-order": 200, "/task_locked": 404, "/task-locked": 404} {
		resp, _ := fetch(t, client, url+path)
		assert.Equal(t, status, resp.StatusCode, path)
	}
	url, client = serve(t, catalog.Handler(nil, catalog.Kinds(func(*fault.Kind) bool { return false })))
	_, body = fetch(t, client, url+"/", "Accept", "application/json")
	assert.JSONEq(t, `{"lang":"en","dir":"ltr","count":0,"results":[]}`, body)
	resp, body := fetch(t, client, url+"/")
	assert.Contains(t, body, "There are no entries.")
	pagetest.Check(t, resp.Header, body)
	assert.PanicsWithValue(t, "catalog: Kinds: the function is nil", func() { catalog.Kinds(nil) })
	assert.PanicsWithValue(t, "catalog: option 2 of Handler is nil",
		func() { catalog.Handler(nil, catalog.Kinds(func(*fault.Kind) bool { return true }), nil) })
}

// A panic of the application's function is answered as any other.
func TestCatalogRecovers(t *testing.T) {
	url, client := serve(t, catalog.Handler(catalogResponder(t), catalog.Kinds(func(*fault.Kind) bool { panic("canary") })))
	resp, body := fetch(t, client, url+"/")
	assert.Equal(t, 500, resp.StatusCode)
	assert.NotContains(t, body, "canary")
}

// Nothing has failed when somebody reads about errors.
func TestReadingTheCatalogueIsNoFailure(t *testing.T) {
	log := &logtest.Lines{}
	r, err := fault.NewResponder(fault.WithLogger(slog.New(log)))
	require.NoError(t, err)
	url, client := serve(t, catalog.Handler(r))
	for _, accept := range []string{"text/html", "application/json", "text/markdown"} {
		for _, path := range []string{"/", "/unhandled", "/task_locked", "/bad_gateway"} {
			resp, _ := fetch(t, client, url+path, "Accept", accept)
			assert.Equal(t, 200, resp.StatusCode)
		}
	}
	log.None(t)
}
