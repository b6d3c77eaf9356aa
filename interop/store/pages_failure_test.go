package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	"github.com/polyfault/polyfault/interop/pagetest"
	faulthttp "github.com/polyfault/polyfault/nethttp"
	"github.com/polyfault/polyfault/store"
)

// A failureServer has pages whose responder writes lines and is observed.
type failureServer struct {
	pageServer
	lines    *failureLines
	observed *atomic.Int32
}

// failureLines are the lines of a logger.
type failureLines struct {
	sync.Mutex
	buffer bytes.Buffer
}

func (l *failureLines) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.buffer.Write(p)
}

// take returns what was written since the last call.
func (l *failureLines) take() string {
	l.Lock()
	defer l.Unlock()
	defer l.buffer.Reset()
	return strings.TrimSpace(l.buffer.String())
}

// newFailureServer mounts the pages as mount says, with the responder that it gets.
func newFailureServer(t *testing.T, mount func(s *store.Store, r *fault.Responder) http.Handler) *failureServer {
	t.Helper()
	f := &failureServer{*newPageServer(t, newSQLite(t)), &failureLines{}, &atomic.Int32{}}
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewJSONHandler(f.lines, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
	r, err := fault.NewResponder(fault.WithLogger(logger), fault.WithFormats(fault.Problem{}, formats.HTML{}), fault.WithLanguages("de", "en"),
		fault.WithTraceID(func(fault.Request) string { return "trace-1" }),
		fault.WithObserver(func(context.Context, *fault.Occurrence) { f.observed.Add(1) }))
	require.NoError(t, err)
	f.lines.take() // of the start
	server := httptest.NewServer(mount(f.store, r))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// line is the only one that the last request has written.
func (f *failureServer) line(t *testing.T) map[string]any {
	t.Helper()
	lines := strings.Split(f.lines.take(), "\n")
	require.Len(t, lines, 1, lines)
	assert.EqualValues(t, 1, f.observed.Swap(0), "observers are called once")
	var attributes map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &attributes))
	return attributes
}

// A page takes the place of the responder's body, and of nothing else.
func TestPagesFailWithAPage(t *testing.T) {
	t.Parallel()
	f := newFailureServer(t, func(s *store.Store, r *fault.Responder) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/admin/", store.Pages(s, r, everybody))
		return mux
	})
	for _, accept := range []string{"text/html", "*/*", "", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/*", "application/json, text/html"} {
		resp, body := f.ask("GET", "/admin/errors/999999", "Accept", accept, "Accept-Language", "de")
		assert.Equal(t, 404, resp.StatusCode, accept)
		p := editFailure(t, &f.pageServer, resp, body, "de")
		assert.Contains(t, pagetest.Text(p.Root), "entity_not_found", accept)
		asPage := f.line(t)
		assert.Equal(t, "trace-1", asPage["trace_id"])

		head, none := f.ask("HEAD", "/admin/errors/999999", "Accept", accept, "Accept-Language", "de")
		assert.Empty(t, none)
		head.Header.Del("Date")
		resp.Header.Del("Date")
		assert.Equal(t, resp.Header, head.Header)
		f.line(t)

		resp, _ = f.ask("GET", "/admin/errors/999999", "Accept", "application/json", "Accept-Language", "de")
		assert.Equal(t, 404, resp.StatusCode)
		assert.Equal(t, asPage, f.line(t), "the line is the same as that of the responder's own answer")
	}
	for _, accept := range []string{"application/json", "application/problem+json", "application/vnd.api+json", "text/html;q=0.2, application/problem+json", "application/problem+json, application/json;q=0.9, text/html;q=0.8"} {
		resp, body := f.ask("GET", "/admin/errors/999999", "Accept", accept)
		assert.Equal(t, 404, resp.StatusCode)
		assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"), accept)
		assert.True(t, json.Valid([]byte(body)))
		f.line(t)
	}
}

// What readers cannot mend is the responder's to tell.
func TestPagesFailWithoutADatabase(t *testing.T) {
	t.Parallel()
	f := newFailureServer(t, func(s *store.Store, r *fault.Responder) http.Handler { return store.Pages(s, r, everybody) })
	forms := f.editAll()
	require.NoError(t, f.DB.Close())
	f.lines.take()
	f.observed.Store(0)
	for _, form := range forms {
		for _, method := range []string{"GET", "POST"} {
			resp, body := f.ask(method, form.page, "Accept", "text/html")
			if method == "POST" {
				f.lines.take()
				f.observed.Store(0)
				resp, body = f.post(form.target(t), editMedia, form.fields.Encode(), "Accept", "text/html")
			}
			assert.GreaterOrEqual(t, resp.StatusCode, 500)
			assert.NotContains(t, body, "<nav", "it is the responder's page")
			assert.NotContains(t, strings.ToLower(body), "sql")
			f.line(t)
		}
	}
}

// All links of a page about a failure lead on, wherever the pages are mounted.
func TestPagesFailBelowAnyPath(t *testing.T) {
	t.Parallel()
	f := newFailureServer(t, func(s *store.Store, r *fault.Responder) http.Handler {
		pages := store.Pages(s, r, everybody)
		mux := http.NewServeMux()
		mux.Handle("/admin/", pages)
		mux.Handle("/deep/{tenant}/down/", pages)
		mux.Handle("/stripped/", http.StripPrefix("/stripped", pages))
		mux.Handle("/errors/x/", http.StripPrefix("/errors/x/", pages))
		return mux
	})
	for _, mount := range []string{"/admin/", "/deep/acme/down/", "/stripped/", "/errors/x/"} {
		for _, path := range []string{
			"errors/999", "errors/abc", "logs/999", "nowhere", "nowhere/1", "errors/5/6", "errors/5/6/", "errors//",
			"logs/0", "favicon.ico", "a%2Fb", "errors/%2e%2e%2f",
		} {
			address := mount + path + "?language=de&zone=%2B02:00"
			resp, body := f.ask("GET", address, "Accept", "text/html")
			for range 3 {
				if resp.StatusCode != http.StatusSeeOther {
					break
				}
				to, err := resp.Request.URL.Parse(resp.Header.Get("Location"))
				require.NoError(t, err)
				assert.True(t, strings.HasPrefix(to.Path, strings.TrimSuffix(mount, "/")), "%s leads to %s", address, to)
				resp, body = f.ask("GET", to.RequestURI(), "Accept", "text/html")
			}
			if resp.StatusCode == 200 || resp.StatusCode == 307 { // a mux's redirect
				continue
			}
			require.Equal(t, 404, resp.StatusCode, address)
			p := editFailure(t, &f.pageServer, resp, body, "de")
			for _, a := range p.All("a") {
				to, err := resp.Request.URL.Parse(pagetest.Attr(a, "href"))
				require.NoError(t, err)
				if to.Path == resp.Request.URL.Path { // this page, in another language
					continue
				}
				assert.True(t, strings.HasPrefix(to.Path, mount), "%s links to %s", address, to)
				assert.Equal(t, "+02:00", to.Query().Get("zone"))
				next, _ := f.ask("GET", to.RequestURI())
				assert.Equal(t, 200, next.StatusCode, "%s links to %s", address, to)
			}
		}
	}
}

// Without a responder of their own, pages have that of the Middleware around them.
func TestPagesFailAsTheMiddlewareAround(t *testing.T) {
	t.Parallel()
	f := newFailureServer(t, func(s *store.Store, r *fault.Responder) http.Handler {
		return faulthttp.Middleware(r)(store.Pages(s, nil, everybody))
	})
	for _, accept := range []string{"text/html", "application/problem+json"} {
		resp, _ := f.ask("GET", "/logs/999", "Accept", accept)
		assert.Equal(t, 404, resp.StatusCode)
		assert.Equal(t, accept, strings.SplitN(resp.Header.Get("Content-Type"), ";", 2)[0])
		assert.EqualValues(t, 404, f.line(t)["status"])
	}
}

// A refusal of the application is answered as the application says it.
func TestPagesFailWithTheApplicationsWords(t *testing.T) {
	t.Parallel()
	f := newFailureServer(t, func(s *store.Store, r *fault.Responder) http.Handler {
		return store.Pages(s, r, everybody, store.PagesAuthorizeEdit(func(req *http.Request, _ store.Action) error {
			if req.Method != http.MethodPost {
				return nil
			}
			return fault.PermissionDenied.New(fault.Texts(map[string]string{"en": "Ask Ann first.", "de": "Frag erst Ann."}),
				fault.Header("X-Reason", "shift"))
		}))
	})
	for _, form := range f.editAll() {
		f.lines.take()
		f.observed.Store(0)
		resp, body := f.post(form.target(t), editMedia, form.fields.Encode(), "Accept", "text/html", "Accept-Language", "de")
		assert.Equal(t, 403, resp.StatusCode)
		assert.Equal(t, "shift", resp.Header.Get("X-Reason"))
		assert.Contains(t, body, "Frag erst Ann.")
		f.line(t)
	}
}

// Addresses that people type lead to the pages.
func TestPagesRedirect(t *testing.T) {
	t.Parallel()
	f := newFailureServer(t, func(s *store.Store, r *fault.Responder) http.Handler {
		pages := store.Pages(s, r, everybody)
		mux := http.NewServeMux()
		mux.Handle("/admin/", pages)
		mux.Handle("/stripped/", http.StripPrefix("/stripped", pages))
		return mux
	})
	for _, mount := range []string{"/admin/", "/stripped/"} {
		for from, to := range map[string]string{
			"":                                  "errors/",
			"?language=de":                      "errors/?language=de",
			"?language=de&zone=Europe/Berlin":   "errors/?language=de&zone=Europe%2FBerlin",
			"errors":                            "errors/",
			"errors?name=a%26b&page=2":          "errors/?name=a%26b&page=2",
			"logs":                              "logs/",
			"logs?search=a+b&search=c&zone=x":   "logs/?search=a+b&search=c&zone=x",
			"errors/5/":                         "errors/5",
			"errors/5/?language=de&edit=de":     "errors/5?edit=de&language=de",
			"logs/5/":                           "logs/5",
			"logs/4bf92f3577b34da6":             "logs/?trace_id=4bf92f3577b34da6",
			"logs/a%20b&c=%3Cx%3E?language=de":  "logs/?language=de&trace_id=a+b%26c%3D%3Cx%3E",
			"logs/http:%2F%2Fevil.example%2F..": "",
		} {
			for _, method := range []string{"GET", "HEAD"} {
				resp, body := f.ask(method, mount+from)
				if to == "" {
					assert.NotContains(t, resp.Header.Get("Location"), "//")
					continue
				}
				require.Equal(t, http.StatusSeeOther, resp.StatusCode, from)
				assert.Empty(t, body)
				assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
				target, err := resp.Request.URL.Parse(resp.Header.Get("Location"))
				require.NoError(t, err)
				assert.Equal(t, mount+to, target.RequestURI(), from)
			}
		}
	}
}

// The links to another program have the trace id in its place, whatever it holds.
func TestPagesTraceURL(t *testing.T) {
	t.Parallel()
	for _, template := range []string{
		"", "{trace_id}", "/trace/{trace_id}", "./{trace_id}", "//host/{trace_id}", "javascript:alert('{trace_id}')",
		"data:text/html,{trace_id}", "ftp://host/{trace_id}",
		"https://tracing.example.com/trace/", "https://tracing.example.com/{traceid}", "https:///{trace_id}",
		"https:{trace_id}", "https://host/%zz{trace_id}", "\x00https://host/{trace_id}",
		"https://{trace_id}.example.com/", "https://{trace_id}/", "https://host{trace_id}/", "https://host:{trace_id}/",
		"https://{trace_id}@host/", "https://user:{trace_id}@host/", "{trace_id}://host/",
	} {
		assert.Panics(t, func() { store.PagesTraceURL(template) }, template)
	}
	const hostile = "a/b?c=d&e#f%20g \"<script>\u202e'+{trace_id};"
	for template, want := range map[string]func(u *url.URL) string{
		"https://tracing.example.com/trace/{trace_id}":         func(u *url.URL) string { return strings.TrimPrefix(u.Path, "/trace/") },
		"https://tracing.example.com/trace/{trace_id}?x=1&y=2": func(u *url.URL) string { return strings.TrimPrefix(u.Path, "/trace/") },
		"https://tracing.example.com/?x=1&id={trace_id}&y=2":   func(u *url.URL) string { return u.Query().Get("id") },
		"http://tracing.example.com:8080/#/trace/{trace_id}":   func(u *url.URL) string { return strings.TrimPrefix(u.Fragment, "/trace/") },
	} {
		s := newPageServer(t, newSQLite(t), store.PagesTraceURL(template))
		entry := s.entry(store.LogRecord{Message: "m", Code: "task_locked", TraceID: hostile})
		for _, path := range []string{entry, "/errors/" + pageID(t, s.store, "", "task_locked")} {
			var found int
			for _, a := range s.page(path).All("a") {
				if pagetest.Attr(a, "class") != "external" {
					continue
				}
				found++
				assert.Equal(t, "external noreferrer", pagetest.Attr(a, "rel"))
				assert.Empty(t, pagetest.Attr(a, "target"))
				u, err := url.Parse(pagetest.Attr(a, "href"))
				require.NoError(t, err)
				assert.Equal(t, "tracing.example.com", u.Hostname())
				assert.Equal(t, hostile, want(u), template)
				assert.Equal(t, strings.Contains(template, "y=2"), u.Query().Get("y") == "2")
			}
			assert.Equal(t, 1, found, path)
		}
		s.entry(store.LogRecord{Message: "without a trace", Code: "gone"})
		assert.NotContains(t, pagetest.Text(s.page("/errors/"+pageID(t, s.store, "", "gone")).Root), "Open trace")
	}
	s := newPageServer(t, newSQLite(t))
	assert.Empty(t, s.page(s.entry(store.LogRecord{Message: "m", TraceID: "t"})).Class("external"), "without the option")
}

// What is no time zone is told beside the field; times without a zone are in the chosen one.
func TestPagesZones(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	entry := s.entry(store.LogRecord{Message: "m", Code: "task_locked"})
	for _, zone := range []string{
		"Europe/Nowhere", "Local", "local", "../../etc/passwd", "/etc/localtime", "+15", "-14:01", "+1:60", "99", "CEST+1+1",
		strings.Repeat("x", 65), "<script>", "\u202e", "Europe",
	} {
		for _, path := range []string{"/errors/", "/errors/1", "/logs/", entry} {
			resp, body := s.ask("GET", path+"?language=de&zone="+url.QueryEscape(zone))
			require.Equal(t, 400, resp.StatusCode, "%s %q", path, zone)
			p := s.checked(resp, body)
			field, wrong := editField(t, p, "zone")
			assert.Equal(t, "Das Feld „Zeitzone“ muss eine Zeitzone wie Europe/Berlin enthalten.", wrong)
			assert.Equal(t, strings.ReplaceAll(zone, "\u202e", "\ufffd"), pagetest.Attr(field, "value"))
			assert.Contains(t, pagetest.Text(p.Root), "UTC")
			for _, a := range p.All("a") {
				if u, _ := url.Parse(pagetest.Attr(a, "href")); pagetest.Attr(a, "hreflang") == "" {
					assert.False(t, u.Query().Has("zone"), "links leave it away: %s", u)
				}
			}
		}
	}
	for zone, shown := range map[string]string{
		"Europe/Berlin": "2026-11-21 11:30:00 +01:00", "+05:30": "2026-11-21 16:00:00 +05:30",
		"0530": "2026-11-21 16:00:00 +05:30", "-3": "2026-11-21 07:30:00 -03:00",
		"UTC+14": "2026-11-22 00:30:00 +14:00", "utc": "2026-11-21 10:30:00 UTC", "GMT-0": "2026-11-21 10:30:00 UTC",
		"": "2026-11-21 10:30:00 UTC", "America/New_York": "2026-11-21 05:30:00 -05:00",
	} {
		assert.Equal(t, shown, pageFacts(s.page(entry + "?zone=" + url.QueryEscape(zone)))["Last seen"], zone)
	}
}

// In Europe/Berlin, 29 March 2026 has no 02:30, and 25 October 2026 has two.
func TestPagesReadTimesInTheZone(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	for _, at := range []string{
		"2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00.1234567Z",
	} {
		s.logged(store.LogRecord{Message: at, Created: failureTime(t, at)})
	}
	for query, want := range map[string][]string{
		"started=2026-03-29T01:59:59&ended=2026-03-29T03:00:00":   {"2026-03-29T01:00:00Z", "2026-03-29T00:59:59Z"},
		"started=2026-03-29T03:00&ended=2026-03-29T03:00:01":      {"2026-03-29T01:00:00Z"},
		"started=2026-03-29+01:59:59&ended=2026-03-29+01:59:59.5": {"2026-03-29T00:59:59Z"},
		"started=2026-10-25T03:30&ended=2026-10-25T03:31":         {"2026-10-25T02:30:00.1234567Z"},
		"started=2026-10-25&ended=2026-10-26": {
			"2026-10-25T02:30:00.1234567Z", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z",
		},
		"started=2026-10-25T01:30:00Z&ended=2026-10-25T01:30:01Z":                                     {"2026-10-25T01:30:00Z"},
		"started=" + url.QueryEscape("2026-10-25T02:30:00+01:00") + "&ended=2026-10-25T01:30:01Z":     {"2026-10-25T01:30:00Z"},
		"started=2026-10-25T02:30:00.123456Z&ended=" + url.QueryEscape("2026-10-25T02:30:00.123457Z"): {"2026-10-25T02:30:00.1234567Z"},
	} {
		p := s.page("/logs/?zone=Europe/Berlin&" + query)
		assert.Equal(t, want, zoneCauses(p), query)
		// The links that sort the list keep its bounds to the microsecond.
		sorted := "/logs/" + strings.TrimPrefix(pageLinkWith(t, p, "Level"), "./")
		assert.ElementsMatch(t, want, zoneCauses(s.page(sorted)), sorted)
	}
}

func failureTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
	return at
}

// zoneCauses are the messages of the list.
func zoneCauses(p *pagetest.Page) (list []string) {
	for _, cell := range p.Class("cause") {
		list = append(list, pagetest.Text(cell))
	}
	return list
}

// A body that nobody reads does not break the answer.
func TestPagesAnswerAfterLargeForms(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	f := s.editAll()[1]
	for range 5 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+f.target(t), io.LimitReader(failureSpaces{}, 8<<20))
		require.NoError(t, err)
		req.Header.Set("Content-Type", editMedia)
		resp, err := s.client.Do(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, 413, resp.StatusCode)
	}
}

type failureSpaces struct{}

func (failureSpaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
