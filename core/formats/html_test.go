package formats_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func init() { // the tests of the other formats share the flag
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "rewrite the golden files")
	}
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

const (
	browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	parentTrace   = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	pageTrace     = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// A visit is the request of a browser, unless its headers say otherwise.
type visit struct {
	method, path string
	header       map[string]string
}

func (v *visit) Context() context.Context { return context.Background() }
func (v *visit) Method() string           { return v.method }
func (v *visit) Path() string             { return v.path }
func (v *visit) Header(name string) string {
	return v.header[http.CanonicalHeaderKey(name)]
}

// visiting makes a visit with headers given as name, value, …
func visiting(header ...string) *visit {
	v := &visit{"GET", "/orders/7", map[string]string{"Accept": browserAccept, "Traceparent": parentTrace}}
	for i := 0; i+1 < len(header); i += 2 {
		v.header[http.CanonicalHeaderKey(header[i])] = header[i+1]
	}
	return v
}

func pageResponder(t testing.TB, opts ...fault.Option) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(append([]fault.Option{
		fault.WithFormats(fault.Multilingual{}, formats.HTML{}, formats.Text{}), fault.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	require.NoError(t, err)
	return r
}

// ownTexts are those of an application with a language that is read from right to left, so that the
// built-in ones may change their wording.
var ownTexts = fault.WithLocales(fstest.MapFS{
	"active.ar.toml": {Data: []byte(`
validation_failed = "يحتوي الطلب على قيم غير صالحة."
"validation_failed.title" = "قيم غير صالحة"
order_missing = "الطلب {{.ID}} غير موجود."
not_found = "العنصر غير موجود."
"not_found.title" = "غير موجود"
unhandled = "حدث خطأ غير متوقع."
"unhandled.title" = "خطأ في الخادم"
"rule.required" = "هذا الحقل مطلوب."
"rule.min" = "يجب أن تكون القيمة {{.Limit}} على الأقل."
"rule.invalid" = "هذه القيمة غير صالحة."
`)},
	"active.en.toml": {Data: []byte(`
validation_failed = "Some values cannot be accepted."
"validation_failed.title" = "Invalid values"
order_missing = "There is no order {{.ID}}."
not_found = "This does not exist."
"not_found.title" = "Not found"
unhandled = "Something went wrong on our side."
"unhandled.title" = "Server error"
task_locked = "Somebody else works on the task."
"task_locked.title" = "Task locked"
"rule.required" = "This is required."
"rule.min" = "At least {{.Limit}}."
"rule.invalid" = "This is not valid."
`)},
	"active.de.toml": {Data: []byte(`
order_missing = "Die Bestellung {{.ID}} gibt es nicht."
not_found = "Das gibt es nicht."
"not_found.title" = "Nicht gefunden"
unhandled = "Bei uns ist etwas schiefgegangen."
"unhandled.title" = "Serverfehler"
task_locked = "Die Aufgabe ist in Arbeit."
"task_locked.title" = "Aufgabe gesperrt"
`)},
})

var (
	missing = fault.NotFound.New(fault.Text("order_missing"), fault.Arg("ID", "A-7 & <Söhne>"), fault.Detail("order", "A-7"))
	invalid = fault.ValidationFailed.New(
		fault.Field(fault.InBody("/items/0/qty"), "min", fault.Arg("Limit", 1)),
		fault.Field(fault.InBody("/items/0/qty"), "required"),
		fault.Field(fault.InQuery("page"), "required"),
		fault.Field(fault.InBody(""), "required"))
)

// mustParse checks the page and finds its elements.
func mustParse(t testing.TB, resp *fault.Response) *element {
	t.Helper()
	require.Equal(t, "text/html; charset=utf-8", resp.Header().Get("Content-Type"))
	root, err := parsePage(string(resp.Body))
	require.NoError(t, err, "%s", resp.Body)
	return root
}

func TestGoldenHTML(t *testing.T) {
	for _, c := range []struct {
		name, language string
		exposure       fault.Exposure
		err            error
	}{
		{"static-de", "de", fault.ExposeNone, fault.TaskLocked},
		{"argument-en", "en", fault.ExposeNone, missing},
		{"argument-ar", "ar", fault.ExposeNone, missing},
		{"fields-en", "en", fault.ExposeNone, invalid},
		{"fields-ar", "ar", fault.ExposeNone, invalid},
		{"unknown-de", "de", fault.ExposeNone, errors.New("hidden")},
		{"exception-ar", "ar", fault.ExposeException, errors.New("dial tcp 10.0.0.1:5432: connection refused")},
		{"developer-en", "en", fault.ExposeTraceback, chained()},
		{"developer-ar", "ar", fault.ExposeTraceback, chained()},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := pageResponder(t, ownTexts, fault.WithExposure(c.exposure))
			req := visiting("Accept-Language", c.language, "User-Agent", "Browser/1.0", "Referer", "https://example.org/cart?coupon=X1")
			resp := r.Respond(req, c.err)
			assert.Equal(t, c.language, attr(mustParse(t, resp), "html", "lang"))
			got := withoutFrames(string(resp.Body))
			golden := filepath.Join("testdata", "html", c.name+".html")
			if updating() {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
				t.Skip("rewritten")
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

// chained is an unknown error with all that the part for developers shows.
func chained() error {
	root := &lookupError{host: "db.internal"}
	return fault.Unhandled.Wrap(
		fmt.Errorf("loading the cart: %w", errors.Join(fmt.Errorf("primary: %w", root),
			errors.New("replica: postgres://app:hunter2@db/cart?sslkey=abc refused"))),
		fault.Detail("cart", map[string]any{"id": 7, "access_token": "hunter2"}),
		fault.Log(slog.String("shard", "eu-1"), slog.Group("db", slog.String("password", "hunter2"), slog.Duration("waited", time.Second))))
}

type lookupError struct{ host string }

func (e *lookupError) Error() string { return "no such host " + e.host }

var (
	frameList   = regexp.MustCompile(`(?s)<ol class="frames">.*?</ol>`)
	builtInText = regexp.MustCompile(`<pre>unhandled: .*?: loading`)
)

// withoutFrames leaves away what depends on the machine, and a built-in text.
func withoutFrames(body string) string {
	return builtInText.ReplaceAllString(frameList.ReplaceAllString(body, `<ol class="frames">…</ol>`), `<pre>unhandled: …: loading`)
}

func TestHTMLNegotiation(t *testing.T) {
	const page, text, json = "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json"
	htmlFirst := fault.WithFormats(formats.HTML{}, fault.Multilingual{}, fault.Problem{}, formats.Text{})
	for _, c := range []struct {
		accept      string
		jsonFirst   string
		htmlDefault string
	}{
		{browserAccept, page, page},
		{"*/*", json, page}, // curl
		{"", json, page},
		{"text/html", page, page},
		{"text/plain", text, text},
		{"text/*", page, page},
		{"TEXT/HTML;level=1", page, page},
		{"application/json", json, json},
		{"text/html;q=0.2, text/plain;q=0.9, application/json;q=0.3", text, text},
		{"text/html;q=0, */*", json, json},
		{"text/html;q=0.5, application/json", json, json},
		{"image/png", json, page},
		{"nonsense;;;q=", json, page},
		{strings.Repeat("text/html,", 10_000), json, page},
	} {
		for want, opts := range map[string][]fault.Option{"json: " + c.jsonFirst: nil, "html: " + c.htmlDefault: {htmlFirst}} {
			resp := pageResponder(t, opts...).Respond(visiting("Accept", c.accept), fault.TaskLocked)
			_, contentType, _ := strings.Cut(want, ": ")
			if len(c.accept) < 1000 { // beyond that, negotiation may give up
				assert.Equal(t, contentType, resp.Header().Get("Content-Type"), "%q %s", c.accept, want)
			}
			assert.Equal(t, 423, resp.Status)
			assert.Contains(t, resp.Header().Get("Vary"), "Accept")
		}
	}
	resp := pageResponder(t).Respond(visiting(), fault.TaskLocked)
	assert.Equal(t, "Accept, Accept-Language", resp.Header().Get("Vary"))
	assert.Equal(t, "nosniff", resp.Header().Get("X-Content-Type-Options"))
	assert.Equal(t, "no-store", resp.Header().Get("Cache-Control"))
}

// A server and a client: what arrives, whatever the handler had set before it failed.
func TestHTMLOnARealServer(t *testing.T) {
	r := pageResponder(t, ownTexts)
	mux := http.NewServeMux()
	mux.Handle("/missing", faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Security-Policy", "script-src *")
		w.Header().Set("Content-Type", "application/pdf")
		return missing
	}))
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("canary") })
	server := httptest.NewServer(faulthttp.Middleware(r)(mux))
	defer server.Close()
	get := func(path, accept, language string) (*http.Response, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		require.NoError(t, err)
		req.Header.Set("Accept", accept)
		req.Header.Set("Accept-Language", language)
		resp, err := server.Client().Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp, string(body)
	}

	resp, body := get("/missing", browserAccept, "de-AT, en;q=0.5")
	assert.Equal(t, 404, resp.StatusCode)
	assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
	assert.Equal(t, "de", resp.Header.Get("Content-Language"))
	assert.Equal(t, []string{policyOf(t, body)}, resp.Header.Values("Content-Security-Policy"))
	root, err := parsePage(body)
	require.NoError(t, err)
	assert.Equal(t, "Die Bestellung A-7 & <Söhne> gibt es nicht.", root.first("p").content())

	resp, body = get("/panic", browserAccept, "ar")
	assert.Equal(t, 500, resp.StatusCode)
	assert.Equal(t, "ar", resp.Header.Get("Content-Language"))
	assert.NotContains(t, body, "canary")
	root, err = parsePage(body)
	require.NoError(t, err)
	assert.Equal(t, "rtl", attr(root, "html", "dir"))

	resp, body = get("/missing", "*/*", "")
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.Equal(t, "script-src *", resp.Header.Get("Content-Security-Policy"), "the policy belongs to the page")
	assert.Contains(t, body, `"EN":`)
	resp, body = get("/missing", "text/plain", "en")
	assert.Equal(t, "text/plain; charset=utf-8", resp.Header.Get("Content-Type"))
	assert.True(t, strings.HasPrefix(body, "There is no order A-7 & <Söhne>.\n"), body)
}

// policyOf is the policy that fits the page's style sheet, by the bytes of the page.
func policyOf(t testing.TB, body string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(body, "<style>"))
	_, style, _ := strings.Cut(body, "<style>")
	style, _, found := strings.Cut(style, "</style>")
	require.True(t, found)
	require.NotEmpty(t, strings.TrimSpace(style))
	hash := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}

func TestHTMLContentSecurityPolicy(t *testing.T) {
	for exposure := fault.ExposeNone; exposure <= fault.ExposeTraceback; exposure++ {
		r := pageResponder(t, ownTexts, fault.WithExposure(exposure))
		for _, err := range []error{fault.TaskLocked, invalid, errors.New("x"), chained()} {
			resp := r.Respond(visiting("Accept-Language", "ar"), err)
			body := string(resp.Body)
			assert.Equal(t, []string{policyOf(t, body)}, resp.Header().Values("Content-Security-Policy"))
			mustParse(t, resp).walk(func(e *element) {
				for name := range e.attrs {
					assert.NotRegexp(t, `^(on|style$|src|href|action|http-equiv)`, name, "what the policy forbids does not work")
				}
			})
			assert.NotRegexp(t, `(?i)url\(|@import|https?://www|<script|<link|<base|<form`, body)
		}
	}
	r := pageResponder(t)
	assert.Empty(t, r.Respond(visiting("Accept", "application/json"), fault.TaskLocked).Header().Values("Content-Security-Policy"))
	own := fault.TaskLocked.New(fault.Header("Content-Security-Policy", "sandbox"))
	assert.Equal(t, []string{"sandbox"}, r.Respond(visiting(), own).Header().Values("Content-Security-Policy"), "the error's own decides")
	assert.NotEqual(t, "sandbox", r.Respond(visiting(), fault.TaskLocked).Header().Get("Content-Security-Policy"), "and is its own alone")
}

func TestHTMLSpeaksTheReadersLanguage(t *testing.T) {
	r := pageResponder(t, ownTexts)
	for _, c := range []struct{ accept, lang, dir, title string }{
		{"de", "de", "ltr", "Nicht gefunden"},
		{"en-GB", "en", "ltr", "Not found"},
		{"fr;q=0.1, pt", "pt", "ltr", ""},
		{"fr", "fr", "ltr", ""},
		{"ar-EG, de;q=0.9", "ar", "rtl", "غير موجود"},
		{"xx, !!", "en", "ltr", "Not found"},
	} {
		resp := r.Respond(visiting("Accept-Language", c.accept), fault.NotFound)
		root := mustParse(t, resp)
		assert.Equal(t, c.lang, attr(root, "html", "lang"), c.accept)
		assert.Equal(t, c.dir, attr(root, "html", "dir"), c.accept)
		assert.Equal(t, c.lang, resp.Header().Get("Content-Language"), c.accept)
		assert.Len(t, root.all("h1"), 1)
		assert.Equal(t, root.first("title").content(), root.first("h1").content())
		if c.title != "" {
			assert.Equal(t, c.title, root.first("h1").content())
		}
		assert.NotContains(t, resp.Body, "lang=\"en\" dir=\"ltr\"", "no words of another language")
	}
	root := mustParse(t, r.Respond(visiting("Accept-Language", "ar"), missing))
	assert.Equal(t, "الطلب \u2068A-7 & <Söhne>\u2069 غير موجود.", root.first("p").content(), "the Latin value is isolated")
}

// What programs look for: package nethttp decodes it.
func TestHTMLNamesCodeAndTraceID(t *testing.T) {
	const id = "aZ0._~:+/=@-"
	root := mustParse(t, pageResponder(t).Respond(visiting(), fault.TaskLocked.New(fault.TraceID(id))))
	metas := map[string]string{}
	for _, meta := range root.all("meta") {
		metas[meta.attrs["name"]] = meta.attrs["content"]
	}
	assert.Equal(t, "task_locked", metas["error-code"])
	assert.Equal(t, id, metas["trace-id"])
	assert.Equal(t, "noindex", metas["robots"])
	assert.Contains(t, metas["viewport"], "width=device-width")
	assert.Equal(t, "423 · task_locked · "+id, root.all("p")[1].content())
}

// A text that is the title, too, is not said twice.
func TestHTMLDoesNotRepeatTheTitle(t *testing.T) {
	same := fault.WithLocales(fstest.MapFS{"active.en.toml": {Data: []byte(
		"not_found = \"Nothing here.\"\n\"not_found.title\" = \"Nothing here.\"")}})
	root := mustParse(t, pageResponder(t, same).Respond(visiting("Accept-Language", "en"), fault.NotFound))
	assert.Equal(t, "Nothing here.", root.first("h1").content())
	assert.Len(t, root.all("p"), 1, "the small print alone")
}

func TestHTMLFieldErrors(t *testing.T) {
	root := mustParse(t, pageResponder(t, ownTexts).Respond(visiting("Accept-Language", "en"), invalid))
	var got []string
	for _, li := range root.all("li") {
		got = append(got, li.content())
		for _, code := range li.all("code") {
			assert.Equal(t, "auto", code.attrs["dir"], "a name has its own direction")
		}
	}
	assert.Equal(t, []string{"At least 1. items.0.qty", "This is required. items.0.qty", "This is required. page",
		"This is required."}, got, "the body as a whole has no name")

	var many []fault.Attr
	for i := range 5000 {
		many = append(many, fault.Field(fault.InBody(fmt.Sprintf("/items/%d/qty", i)), "required"))
	}
	resp := pageResponder(t).Respond(visiting(), fault.ValidationFailed.New(many...))
	root = mustParse(t, resp)
	assert.Len(t, root.all("li"), 100)
	assert.Contains(t, root.first("main").content(), "100 / 5000")
	assert.Less(t, len(resp.Body), 32<<10)

	// Errors of other kinds among the details.
	var failing fault.Details
	failing.AddError("order", missing).AddText("note", "too\r\nlong\u202e"+strings.Repeat("x", 10_000))
	root = mustParse(t, pageResponder(t, ownTexts).Respond(visiting("Accept-Language", "de"), failing.Err(fault.Conflict)))
	assert.Equal(t, "Die Bestellung A-7 & <Söhne> gibt es nicht. order", root.all("li")[0].content())
	note := root.all("li")[1].content()
	assert.True(t, strings.HasPrefix(note, "too long\ufffdxxx"), note)
	assert.Less(t, len(note), 4200)
	assert.True(t, strings.HasSuffix(note, "x… note"), note)
}

// hostile values, each around a canary.
var hostile = []string{
	`<script>canary()</script>`, `</title></style></pre><script src=//canary>`, `"><img src=x onerror=canary()>`, `' onmouseover='canary`,
	`<!-- canary`, `]]>canary<![CDATA[`, `&lt;canary&#60;`, `{{.Canary}}{{template "x"}}`, `javascript:canary`,
	"canary\u2028\u2029", "canary\x00\x01\x1b[31m\x7f\u0085\u009b",
	"\u202ecanary\u202c\u2066\u2067\u2068\u2069", "canary\xff\xfe\xc0\xaf", "canary\r\nSet-Cookie: a=b",
	"\ufeffcanary\U000e0041", strings.Repeat("<canary>", 600),
}

// hostileErrors puts the value into every place that an error has.
func hostileErrors(value string) map[string]error {
	var details fault.Details
	details.AddText(value, value).AddError("x"+value, fault.NotFound.New(fault.Text(value)))
	return map[string]error{
		"argument":       fault.NotFound.New(fault.Text("order_missing"), fault.Arg("ID", value)),
		"text id":        fault.NotFound.New(fault.Text(value)),
		"field of body":  fault.ValidationFailed.New(fault.Field(fault.InBody(value), "required")),
		"field of query": fault.ValidationFailed.New(fault.Field(fault.InQuery(value), "min", fault.Arg("Limit", value))),
		"rule":           fault.ValidationFailed.New(fault.Field(fault.InHeader("h"), value)),
		"errors":         details.Err(fault.Conflict),
		"detail":         fault.Conflict.New(fault.Detail(value, value), fault.Detail("nested", map[string]any{value: []any{value}})),
		"trace id":       fault.Conflict.New(fault.TraceID(value), fault.Subtype(value)),
		"unknown":        errors.New(value),
		"wrapped":        fmt.Errorf("%s: %w", value, errors.Join(errors.New(value), fmt.Errorf("%s", value))),
		"unhandled": fault.Unhandled.Wrap(errors.New(value), fault.Text(value), fault.Arg(value, value), fault.Detail(value, value),
			fault.Detail("nested", map[string]any{value: value}), fault.Log(slog.Any(value, value), slog.Group("g", slog.String(value, value)))),
		"panic":          fault.Panicked(value),
		"panicked value": fault.Panicked(struct{ A string }{value}),
	}
}

func hostileVisit(value, language string) *visit {
	v := visiting("Accept-Language", language, "User-Agent", value, "Referer", value, "X-Request-ID", value,
		"Content-Type", value, "Origin", value)
	v.header["Accept-Language"] += ", " + value
	v.method, v.path = value, value
	delete(v.header, "Traceparent")
	return v
}

func TestHTMLHoldsHostileValues(t *testing.T) {
	for exposure := fault.ExposeNone; exposure <= fault.ExposeTraceback; exposure++ {
		t.Run(fmt.Sprint("exposure ", exposure), func(t *testing.T) {
			t.Parallel()
			r := pageResponder(t, ownTexts, fault.WithExposure(exposure))
			for _, value := range hostile {
				for place, err := range hostileErrors(value) {
					for _, language := range []string{"en", "ar"} {
						assertHolds(t, r.Respond(hostileVisit(value, language), err), fmt.Sprintf("%.40q in %s", value, place))
					}
				}
			}
		})
	}
}

// assertHolds refuses a page that is more than its own elements, attributes and letters.
func assertHolds(t *testing.T, resp *fault.Response, place string) {
	t.Helper()
	root, err := parsePage(string(resp.Body))
	if !assert.NoError(t, err, place) {
		return
	}
	require.True(t, utf8.Valid(resp.Body), place)
	root.walk(func(e *element) {
		if e.attrs["name"] == "trace-id" { // one from the request
			assert.Regexp(t, `^[\w.~:+/=@-]{1,128}$`, e.attrs["content"])
			return
		}
		for name, content := range e.attrs {
			assert.NotContains(t, name+content, "canary", place)
		}
	})
	assert.Equal(t, 1, strings.Count(string(resp.Body), "</style>"), place)
	assertVisible(t, root.first("body").content(), place)
	assertVisible(t, root.first("title").content(), place)
	for name, values := range resp.Header() {
		assert.NotContains(t, name+strings.Join(values, ""), "canary", place)
	}
	assert.Less(t, len(resp.Body), 256<<10, place)
}

// assertVisible refuses what drives terminals or turns directions; isolates have to be in pairs.
func assertVisible(t *testing.T, s, place string) {
	t.Helper()
	isolates := 0
	for _, r := range s {
		switch {
		case r == '\u2068':
			isolates++
		case r == '\u2069':
			isolates--
		case r < ' ' && r != '\n', r >= 0x7f && r < 0xa0, r >= '\u202a' && r <= '\u202e', r == '\u2066', r == '\u2067',
			r == '\u2028', r == '\u2029':
			assert.Fail(t, "not neutralised", "%U in %s", r, place)
		}
		if isolates < 0 || isolates > 1 {
			assert.Fail(t, "isolates do not match", "%s", place)
			return
		}
	}
	assert.Zero(t, isolates, place)
}

// canaryError has canaries in its type and in all that it says.
type canaryTypeError struct{ cause error }

func (e *canaryTypeError) Error() string { return "canaryText 10.0.0.1: " + e.cause.Error() }
func (e *canaryTypeError) Unwrap() error { return e.cause }

func canaryFunction() (err error) {
	defer func() { err = fault.Panicked(recover()) }()
	panic(&canaryTypeError{errors.New("canaryCause password=canarySecret")})
}

// Nothing of an unknown error shows without being asked for, and then no more than asked for.
func TestHTMLLeaksNothing(t *testing.T) {
	r := map[fault.Exposure]*fault.Responder{}
	for exposure := fault.ExposeNone; exposure <= fault.ExposeTraceback; exposure++ {
		r[exposure] = pageResponder(t, fault.WithExposure(exposure))
	}
	log := fault.Log(slog.String("canaryAttribute", "canaryValue"))
	for name, err := range map[string]error{
		"returned": &canaryTypeError{errors.New("canaryCause")}, "panicked": canaryFunction(),
		"wrapped":    fmt.Errorf("w: %w", &canaryTypeError{errors.New("canaryCause")}),
		"classified": fault.Unhandled.Wrap(&canaryTypeError{errors.New("canaryCause")}, log),
		"known":      fault.DatabaseOperation.Wrap(&canaryTypeError{errors.New("canaryCause")}, log),
	} {
		for _, accept := range []string{"text/html", "text/plain"} {
			req := visiting("Accept", accept, "Authorization", "Bearer canaryToken", "Cookie", "canaryCookie=1",
				"User-Agent", "canaryAgent", "Referer", "https://x/canaryPage?canaryQuery")
			req.path = "/canaryPath"
			resp := r[fault.ExposeNone].Respond(req, err)
			assert.NotContains(t, string(resp.Body), "canary", "%s, %s", name, accept)
			assert.NotContains(t, string(resp.Body), "_test", "%s, %s", name, accept)
			assert.NotContains(t, fmt.Sprint(resp.Header()), "canary", "%s, %s", name, accept)

			some := string(r[fault.ExposeException].Respond(req, err).Body)
			all := string(r[fault.ExposeTraceback].Respond(req, err).Body)
			if name == "known" {
				assert.NotContains(t, some+all, "canary", "a kind of ours has its text, and that is all")
				continue
			}
			assert.Contains(t, some, "canaryText 10.0.0.1: canaryCause", name)
			for _, secret := range []string{"canaryTypeError", "canaryFunction", "canaryPath", "canaryAgent",
				"canaryToken", "canaryCookie", "canaryAttribute", "canarySecret", ".go:"} {
				assert.NotContains(t, some, secret, "%s, %s", name, accept)
			}
			assert.Contains(t, all, "canaryText 10.0.0.1: canaryCause", name)
			assert.Contains(t, all, ".go:", name)
			for _, secret := range []string{"canaryToken", "canaryCookie", "canarySecret", "canaryQuery"} {
				assert.NotContains(t, all, secret, "%s, %s", name, accept)
			}
		}
	}
}

// Details that are called as core calls those of unknown errors stay details.
func TestHTMLTellsItsOwnDetails(t *testing.T) {
	own := fault.Conflict.New(fault.Detail("trace_id", pageTrace), fault.Detail("exception", "canary"))
	assert.NotContains(t, string(pageResponder(t).Respond(visiting(), own).Body), "canary")
	own = fault.Conflict.New(fault.Detail("trace_id", "other"), fault.Detail("exception", "canary"))
	for exposure := fault.ExposeNone; exposure <= fault.ExposeTraceback; exposure++ {
		assert.NotContains(t, string(pageResponder(t, fault.WithExposure(exposure)).Respond(visiting(), own).Body), "canary")
	}
}

func TestHTMLForDevelopers(t *testing.T) {
	r := pageResponder(t, ownTexts, fault.WithExposure(fault.ExposeTraceback))
	req := visiting("Accept-Language", "ar", "User-Agent", "Browser/1.0", "Referer", "https://example.org/cart?coupon=X1",
		"Authorization", "Bearer abc", "X-Request-ID", "r-1")
	root := mustParse(t, r.Respond(req, chained()))
	assert.Equal(t, "ar", attr(root, "html", "lang"))
	assert.Equal(t, "rtl", attr(root, "html", "dir"))
	assert.Equal(t, "خطأ في الخادم", root.first("h1").content(), "the reader's part keeps its language")
	section := root.first("section")
	assert.Equal(t, "en", section.attrs["lang"])
	assert.Equal(t, "ltr", section.attrs["dir"])
	assert.Equal(t, "Unhandled error", section.first("h2").content())
	assert.Empty(t, root.first("main").all("pre"))

	var causes []string
	for _, code := range section.all("code") {
		if code.attrs["class"] == "type" {
			causes = append(causes, code.content()+" "+code.next().content())
		}
	}
	require.NotEmpty(t, causes)
	assert.Regexp(t, `^\*fault\.Fault unhandled: .+: loading the cart: primary: `, causes[0])
	assert.Equal(t, []string{
		"*fmt.wrapError loading the cart: primary: no such host db.internal\nreplica: postgres://app:***@db/cart?sslkey=*** refused",
		"*errors.joinError primary: no such host db.internal\nreplica: postgres://app:***@db/cart?sslkey=*** refused",
		"*fmt.wrapError primary: no such host db.internal",
		"*formats_test.lookupError no such host db.internal",
		"*errors.errorString replica: postgres://app:***@db/cart?sslkey=*** refused",
	}, causes[1:])

	facts := map[string]string{}
	for _, tr := range section.all("tr") {
		facts[tr.first("th").content()] = tr.first("td").content()
	}
	assert.Equal(t, map[string]string{
		"method": "GET", "path": "/orders/7", "Accept": browserAccept, "Accept-Language": "ar",
		"User-Agent": "Browser/1.0", "X-Request-ID": "r-1",
		"Traceparent": parentTrace, "Referer": "https://example.org/cart?***",
		"cart": "{\n  \"access_token\": \"***\",\n  \"id\": 7\n}", "shard": "eu-1", "db.password": "***", "db.waited": "1s",
		"kind": "unhandled ← internal_server_error ← server_error ← unknown_error", "text": "unhandled", "language": "ar",
	}, facts)
}

func TestHTMLFrames(t *testing.T) {
	r := pageResponder(t, fault.WithExposure(fault.ExposeTraceback))
	var resp *fault.Response
	func() {
		defer func() { resp = r.Recovered(visiting(), recover()) }()
		var m map[string]int
		_ = strings.Map(func(rune) rune { m["x"]++; return 0 }, "x") // through a function of the library
	}()
	root := mustParse(t, resp)
	assert.Equal(t, "Panic", root.first("section").first("h2").content())
	var own, others []string
	for _, li := range root.first("ol").all("li") {
		name := li.first("code").content()
		assert.Regexp(t, `\.(go|s):\d+$`, li.all("code")[1].content())
		if li.attrs["class"] == "own" {
			own = append(own, name)
			assert.NotEmpty(t, li.all("strong"), "not by colour alone")
		} else {
			others = append(others, name)
		}
	}
	assert.Contains(t, own, "github.com/polyfault/polyfault/core/formats_test.TestHTMLFrames.func1")
	assert.Contains(t, others, "strings.Map")
	assert.Contains(t, others, "testing.tRunner")
	for _, name := range own {
		assert.Contains(t, name, "formats_test.")
	}

	w := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	req.Header.Set("Accept", "text/html")
	failing := faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { panic("x") })
	faulthttp.Middleware(r)(failing).ServeHTTP(w, req)
	root, err := parsePage(w.Body.String())
	require.NoError(t, err)
	ours := 0
	for _, li := range root.first("ol").all("li") {
		at := li.all("code")[1].content()
		if strings.Contains(at, "nethttp/") || strings.Contains(at, "net/http/") {
			assert.Empty(t, li.attrs["class"], at)
			ours++
		}
	}
	assert.GreaterOrEqual(t, ours, 2, "polyfault and the standard library are not the application")

	resp = r.Respond(visiting(), errors.New("x")) // the stack of the caller of the responder
	assert.Contains(t, string(resp.Body), "TestHTMLFrames")
}

// panicking fails wherever it is asked.
type panicking struct{ error, unwrap bool }

func (p panicking) Error() string {
	if p.error {
		panic("no")
	}
	return "fine"
}

func (p panicking) Unwrap() error {
	if p.unwrap {
		panic("no")
	}
	return nil
}

func (p panicking) MarshalJSON() ([]byte, error) { panic("no") }
func (p panicking) LogValue() slog.Value         { panic("no") }

type circle struct{ next error }

func (c *circle) Error() string { return "circle" }
func (c *circle) Unwrap() error { return c.next }

// many cannot be compared.
type many struct{ list []error }

func (m many) Error() string   { return "many" }
func (m many) Unwrap() []error { return m.list }

type brokenVisit struct{ visit }

func (brokenVisit) Path() string { panic("no") }

func TestHTMLForDevelopersIsBounded(t *testing.T) {
	self, other := &circle{}, &circle{}
	self.next, other.next = other, self
	selfMany := many{make([]error, 1)}
	selfMany.list[0] = selfMany
	broad := many{make([]error, 5000)}
	for i := range broad.list {
		broad.list[i] = fmt.Errorf("branch %d", i)
	}
	bushy := errors.New("leaf")
	for range 30 {
		bushy = many{[]error{bushy, bushy}}
	}
	deep := errors.New("bottom")
	for i := range 1000 {
		deep = fmt.Errorf("%d %w", i%10, deep)
	}
	cycle := map[string]any{}
	cycle["again"] = cycle
	var values []fault.Attr
	for i := range 1000 {
		values = append(values, fault.Log(slog.Int(fmt.Sprint("log", i), i)), fault.Detail(fmt.Sprint("detail", i), i))
	}
	r := pageResponder(t, fault.WithExposure(fault.ExposeTraceback))
	for name, err := range map[string]error{
		"cycle": self, "cycle of lists": selfMany, "broad": broad, "bushy": bushy, "deep": deep, "huge": errors.New(strings.Repeat("&", 1<<20)),
		"Error panics": panicking{error: true}, "Unwrap panics": panicking{unwrap: true},
		"nil in a list": many{[]error{nil, (*circle)(nil), errors.New("x")}},
		"values": fault.Unhandled.Wrap(panicking{}, append(values, fault.Detail("p", panicking{}),
			fault.Detail("c", cycle), fault.Log(slog.Any("p", panicking{error: true}), slog.Any("c", cycle)))...),
	} {
		for _, req := range []fault.Request{visiting(), nil, &brokenVisit{*visiting()}} {
			resp := pageOf(r, req, err)
			root, problem := parsePage(string(resp.Body))
			require.NoError(t, problem, "%s: %s", name, resp.Body)
			assert.Less(t, len(resp.Body), 256<<10, name)
			assert.LessOrEqual(t, len(root.all("pre")), 400, name)
			assert.Equal(t, 500, resp.Status)
		}
	}
	body := string(r.Respond(visiting(), self).Body)
	assert.Equal(t, 2, strings.Count(body, "<pre>circle</pre>"), "each once")
	assert.Contains(t, body, "<li>…</li>")
	depth := 0
	for _, li := range mustParse(t, r.Respond(visiting(), bushy)).all("li") {
		above := 0
		for e := li.parent; e != nil; e = e.parent {
			if e.tag == "ul" {
				above++
			}
		}
		depth = max(depth, above)
	}
	assert.Equal(t, 10, depth, "8 branches on top of each other, and what stands for the rest")
	body = string(r.Respond(visiting(), broad).Body)
	assert.Contains(t, body, "branch 38")
	assert.NotContains(t, body, "branch 39")
	body = string(r.Respond(visiting(), panicking{error: true}).Body)
	assert.Contains(t, body, "(Error panicked)")
	assert.Contains(t, body, "formats_test.panicking")
}

// pageOf responds with the page even when there is no request to ask for it.
func pageOf(r *fault.Responder, req fault.Request, err error) *fault.Response {
	if req != nil {
		return r.Respond(req, err)
	}
	r, _ = fault.NewResponder(fault.WithFormats(formats.HTML{}), fault.WithExposure(fault.ExposeTraceback),
		fault.WithLogger(slog.New(slog.DiscardHandler)))
	return r.Respond(nil, err)
}

func TestHTMLRedacts(t *testing.T) {
	r := pageResponder(t, fault.WithExposure(fault.ExposeTraceback))
	for _, text := range []string{
		"GET https://api.example.org/v1?api_key=canary&x=1: refused", "Authorization: Bearer canary", "bearer canary.canary-canary",
		`{"password":"canary canary"}`, "password=canary", "PGPASSWORD=canary", "client_secret: 'canary canary'",
		"postgres://user:canary@db/x", "redis://:canary@cache",
		"X-Amz-Signature=canary", "Cookie: canary=1", "token = canary",
	} {
		for name, err := range map[string]error{
			"text": errors.New(text), "cause": fmt.Errorf("x: %w", errors.New(text)),
			"log":    fault.Unhandled.New(fault.Log(slog.String("a", text), slog.Any("e", errors.New(text)))),
			"detail": fault.Unhandled.New(fault.Detail("a", []any{map[string]any{"b": text}})),
		} {
			body := string(r.Respond(visiting("User-Agent", text), err).Body)
			assert.NotContains(t, body, "canary", "%s: %s", name, text)
			assert.Contains(t, body, "***")
		}
	}
	for _, name := range []string{"token", "Access-Token", "apiKey", "secret", "password", "passwd", "pwd", "signature",
		"sessionId", "credentials", "authorization", "cookie"} {
		err := fault.Unhandled.New(fault.Detail(name, "canary"),
			fault.Detail("deep", map[string]any{"x": []any{map[string]any{name: []any{"canary"}}}}),
			fault.Arg(name, "canary"), fault.Log(slog.String(name, "canary"), slog.Group(name, slog.String("value", "canary"))))
		assert.NotContains(t, string(r.Respond(visiting(), err).Body), "canary", name)
	}
	err := fault.Unhandled.New(fault.Detail("a", fault.Secret("canary")), fault.Log(slog.Any("b", fault.Secret("canary"))))
	assert.NotContains(t, string(r.Respond(visiting(), err).Body), "canary")
	harmless := "duplicate value in column monkey, unexpected end of input at 12:30"
	assert.Contains(t, string(r.Respond(visiting(), errors.New(harmless)).Body), harmless)
}

func TestHTMLIsSafeForConcurrentUse(t *testing.T) {
	r := pageResponder(t, ownTexts, fault.WithExposure(fault.ExposeTraceback))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			language := []string{"ar", "de", "en", "fr"}[i%4]
			for range 15 {
				root, err := parsePage(string(r.Respond(visiting("Accept-Language", language), []error{missing, chained(), invalid}[i%3]).Body))
				if !assert.NoError(t, err) || !assert.NotEmpty(t, attr(root, "html", "lang")) {
					return
				}
			}
		})
	}
	group.Wait()
}

// Colours: text has a contrast of 4.5 at least to all that it can stand on (WCAG 2.2, 1.4.3), in light,
// dark and print; and no rule uses a colour besides those.
func TestHTMLContrast(t *testing.T) {
	_, style, _ := strings.Cut(string(pageResponder(t).Respond(visiting(), fault.NotFound).Body), "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	schemes := regexp.MustCompile(`:root \{([^}]*)\}`).FindAllStringSubmatch(style, -1)
	require.Len(t, schemes, 3, "light, dark, print")
	rules := regexp.MustCompile(`:root \{[^}]*\}`).ReplaceAllString(style, "")
	assert.NotRegexp(t, `#[0-9a-fA-F]{3,8}\b|rgb|hsl|opacity`, rules, "colours by name only")
	assert.Contains(t, style, "prefers-color-scheme: dark")
	texts, grounds := colours(rules, `[^-]color`), colours(rules, `background`)
	require.Equal(t, map[string]bool{"text": true, "muted": true}, texts)
	require.Equal(t, map[string]bool{"page": true, "card": true, "chip": true}, grounds)
	for i, scheme := range schemes {
		value := map[string]float64{}
		for _, m := range regexp.MustCompile(`--(\w+): #([0-9a-f]{6})`).FindAllStringSubmatch(scheme[1], -1) {
			value[m[1]] = luminance(t, m[2])
		}
		require.Len(t, value, 7)
		for text := range texts {
			for ground := range grounds {
				assert.GreaterOrEqual(t, contrast(value[text], value[ground]), 4.5, "scheme %d: %s on %s", i, text, ground)
			}
		}
		for ground := range grounds { // what marks, but is no text (1.4.11)
			assert.GreaterOrEqual(t, contrast(value["accent"], value[ground]), 3.0, "scheme %d: accent on %s", i, ground)
		}
	}
}

func colours(rules, property string) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(property+`: var\(--(\w+)\)`).FindAllStringSubmatch(rules, -1) {
		if property != `[^-]color` || m[1] != "accent" {
			found[m[1]] = true
		}
	}
	return found
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

func luminance(t *testing.T, hex string) (l float64) {
	t.Helper()
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}

func ExampleHTML() {
	r, _ := fault.NewResponder(fault.WithFormats(fault.Multilingual{}, formats.HTML{}))
	http.Handle("/", faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return fault.TaskLocked }))

	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("Accept", "text/html") // a browser
	req.Header.Set("Accept-Language", "fr")
	w := httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(w, req)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(regexp.MustCompile(`<html.*|<h1>.*`).FindAllString(w.Body.String(), -1))
	// Output:
	// 423 text/html; charset=utf-8
	// [<html lang="fr" dir="ltr"> <h1>Tâche verrouillée</h1>]
}

// An element of a page.
type element struct {
	tag      string
	attrs    map[string]string
	parent   *element
	children []*element // of text: elements without a tag
	text     string
}

var (
	pageToken = regexp.MustCompile(`^<(/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<]*")?)*)\s*>`)
	pageAttr  = regexp.MustCompile(`([a-z-]+)(?:="([^"<]*)")?`)
	reference = regexp.MustCompile(`&(?:amp|lt|gt|#34|#39|#43);`)
)

// parsePage is stricter than any browser: every element is closed by its own end tag, in order; markup
// characters in texts are escaped.
func parsePage(page string) (*element, error) {
	rest, ok := strings.CutPrefix(page, "<!doctype html>\n")
	if !ok {
		return nil, errors.New("no doctype")
	}
	root := &element{}
	at := root
	for rest != "" {
		if rest[0] != '<' {
			end := strings.IndexByte(rest, '<')
			if end < 0 {
				end = len(rest)
			}
			text, err := unescape(rest[:end])
			if err != nil {
				return nil, err
			}
			at.children, rest = append(at.children, &element{text: text, parent: at}), rest[end:]
			continue
		}
		m := pageToken.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("no tag: %.60q", rest)
		}
		rest = rest[len(m[0]):]
		if m[1] != "" {
			if at.tag != m[2] {
				return nil, fmt.Errorf("</%s> closes <%s>", m[2], at.tag)
			}
			at = at.parent
			continue
		}
		e := &element{tag: m[2], attrs: map[string]string{}, parent: at}
		for _, a := range pageAttr.FindAllStringSubmatch(m[3], -1) {
			value, err := unescape(a[2])
			if _, twice := e.attrs[a[1]]; twice || err != nil {
				return nil, fmt.Errorf("attribute %s: %w", a[1], err)
			}
			e.attrs[a[1]] = value
		}
		if err := e.fits(); err != nil {
			return nil, err
		}
		at.children = append(at.children, e)
		if e.tag == "style" {
			end := strings.Index(rest, "</style>")
			e.children, rest = []*element{{text: rest[:end], parent: e}}, rest[end+len("</style>"):]
		} else if e.tag != "meta" {
			at = e
		}
	}
	if at != root {
		return nil, fmt.Errorf("<%s> is not closed", at.tag)
	}
	return root, nil
}

func unescape(s string) (string, error) {
	if strings.Contains(reference.ReplaceAllString(s, ""), "&") || strings.ContainsAny(s, ">") {
		return "", fmt.Errorf("not escaped: %.60q", s)
	}
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+").Replace(s), nil
}

// fits checks the content model where a browser would build another tree.
func (e *element) fits() error {
	parents := map[string]string{
		"html": "", "head": "html", "body": "html", "meta": "head", "title": "head", "style": "head", "main": "body",
		"section": "body", "h1": "main", "h2": "section", "h3": "section",
		"p": "main section", "ul": "main section li", "ol": "section", "li": "ul ol", "code": "li p", "span": "li",
		"strong": "code", "pre": "main li td", "table": "section", "tr": "table", "th": "tr", "td": "tr",
	}
	allowed, known := parents[e.tag]
	if !known {
		return fmt.Errorf("<%s> is none of the page's elements", e.tag)
	}
	if !strings.Contains(" "+allowed+" ", " "+e.parent.tag+" ") {
		return fmt.Errorf("<%s> in <%s>", e.tag, e.parent.tag)
	}
	return nil
}

func (e *element) walk(f func(*element)) {
	for _, child := range e.children {
		if child.tag != "" {
			f(child)
			child.walk(f)
		}
	}
}

func (e *element) all(tag string) (found []*element) {
	e.walk(func(child *element) {
		if child.tag == tag {
			found = append(found, child)
		}
	})
	return found
}

// first is an empty element when there is none.
func (e *element) first(tag string) *element {
	if found := e.all(tag); len(found) > 0 {
		return found[0]
	}
	return &element{}
}

// next is the element behind e.
func (e *element) next() *element {
	behind := false
	for _, child := range e.parent.children {
		if behind && child.tag != "" {
			return child
		}
		behind = behind || child == e
	}
	return &element{}
}

func (e *element) content() string {
	if e.tag == "" && len(e.children) == 0 {
		return e.text
	}
	var b strings.Builder
	for _, child := range e.children {
		_, _ = b.WriteString(child.content())
	}
	return b.String()
}

func attr(root *element, tag, name string) string { return root.first(tag).attrs[name] }
