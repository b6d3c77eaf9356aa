// Package mounts_test has the REST handler of package store in the frameworks, on real listeners. It stands
// by itself as fasthttp leaves a goroutine running for good, and package store's tests look for such.
package mounts_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/polyfault/polyfault/store"
)

// mounts put the handler below /admin/v1 in every framework.
var mounts = map[string]func(t *testing.T, h http.Handler) (url string){
	"net/http": func(t *testing.T, h http.Handler) string {
		mux := http.NewServeMux()
		mux.Handle("/admin/v1/", h)
		return serveHTTP(t, mux)
	},
	"net/http, stripped": func(t *testing.T, h http.Handler) string {
		mux := http.NewServeMux()
		mux.Handle("/admin/", http.StripPrefix("/admin", http.StripPrefix("/v1", h)))
		return serveHTTP(t, mux)
	},
	"net/http, two paths": func(t *testing.T, h http.Handler) string {
		mux := http.NewServeMux()
		mux.Handle("/admin/v1/errors/", h)
		mux.Handle("/admin/v1/logs/", h)
		mux.Handle("/admin/v1/errors", h)
		mux.Handle("/admin/v1/logs", h)
		return serveHTTP(t, mux)
	},
	"gin": func(t *testing.T, h http.Handler) string {
		e := gin.New()
		e.Any("/admin/v1/*path", gin.WrapH(h))
		return serveHTTP(t, e)
	},
	"gin, stripped": func(t *testing.T, h http.Handler) string {
		e := gin.New()
		e.Group("/admin").Any("/v1/*path", gin.WrapH(http.StripPrefix("/admin/v1", h)))
		return serveHTTP(t, e)
	},
	"echo": func(t *testing.T, h http.Handler) string {
		e := echo.New()
		e.Any("/admin/v1/*", echo.WrapHandler(h))
		return serveHTTP(t, e)
	},
	"echo, stripped": func(t *testing.T, h http.Handler) string {
		e := echo.New()
		e.Group("/admin").Any("/v1/*", echo.WrapHandler(http.StripPrefix("/admin/v1", h)))
		return serveHTTP(t, e)
	},
	"fiber": func(t *testing.T, h http.Handler) string {
		app := fiber.New(fiber.Config{DisableStartupMessage: true, BodyLimit: 32 << 20})
		app.Use("/admin/v1", adaptor.HTTPHandler(h))
		return serveFiber(t, app)
	},
	"fiber, stripped": func(t *testing.T, h http.Handler) string {
		app := fiber.New(fiber.Config{DisableStartupMessage: true, BodyLimit: 32 << 20})
		app.Group("/admin").All("/v1/*", adaptor.HTTPHandler(http.StripPrefix("/admin/v1", h)))
		return serveFiber(t, app)
	},
}

func serveHTTP(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func serveFiber(t *testing.T, app *fiber.App) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- app.Listener(listener) }()
	t.Cleanup(func() { // no Shutdown: fasthttp's races with what database/sql knows of a request's context
		_ = listener.Close()
		assert.NoError(t, <-done)
	})
	return "http://" + listener.Addr().String()
}

// newStore is a store with one log entry.
func newStore(t *testing.T) *store.Store {
	t.Helper()
	db, err := sql.Open("sqlite",
		"file:"+filepath.ToSlash(filepath.Join(t.TempDir(), "polyfault.db"))+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	s, err := store.Open(t.Context(), db, store.SQLite)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	h, err := store.NewLogHandler(s, store.LogOptions{})
	require.NoError(t, err)
	slog.New(h).Info("failed", "code", "fresh", "trace_id", "t1")
	require.NoError(t, h.Close(t.Context()))
	return s
}

// A reply is an answer that was read whole.
type reply struct {
	Status int
	Length int64
	Header http.Header
	Body   string
}

func send(t *testing.T, method, url, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Close = true // fasthttp waits for idle connections
	req.Header.Set("Accept", "application/problem+json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return reply{resp.StatusCode, resp.ContentLength, resp.Header, string(content)}
}

const fresh = `{"name":"fresh","title":"Fresh","description":"It is new.","category":"DATA"}`

// steps are a round through the API. {tag} stands for the ETag of the answer before.
var steps = []struct {
	method, path, body string
	header, value      string
	status             int
	contains           []string // the body, or a header as "Name: value"
}{
	{"GET", "/errors/", "", "", "", 200, []string{`{"count":0,"next":null,"previous":null,"results":[]}`, "Cache-Control: private, no-cache", "Content-Type: application/json"}},
	{"POST", "/errors/", fresh, "", "", 201, []string{"Location: /admin/v1/errors/1/", `"links":{"self":"/admin/v1/errors/1/","logs":"/admin/v1/logs/?code=fresh"}`}},
	{"POST", "/errors", strings.ToUpper(fresh[:16]) + fresh[16:], "", "", 400, []string{`"pointer":"#/NAME"`}},
	{"POST", "/errors", strings.Replace(fresh, "fresh", "FRESH", 1), "", "", 409, []string{`"pointer":"#/name"`}},
	{"GET", "/errors/1/", "", "", "", 200, []string{`"title":"Fresh"`}},
	{"GET", "/errors/1/", "", "If-None-Match", "{tag}", 304, nil},
	{"PATCH", "/errors/1/", `{"title":"First"}`, "If-Match", "{tag}", 200, []string{`"title":"First"`}},
	{"PATCH", "/errors/1/", `{"title":"Second"}`, "If-Match", `"old"`, 412, []string{`"code":"precondition_failed"`}},
	{"PATCH", "/errors/1", `{"category":"SYSTEM","exit_code":256}`, "", "", 400,
		[]string{`"pointer":"#/category"`, `"pointer":"#/exit_code"`}},
	{"PATCH", "/errors/1/", strings.Repeat(" ", 10<<20), "", "", 413, []string{`"code":"content_too_large"`}},
	{"PATCH", "/errors/1/", "{}", "Content-Type", "text/xml", 415, []string{"Accept-Patch: application/json, application/merge-patch+json"}},
	{"POST", "/errors", strings.Replace(fresh, "fresh", "two words", 1), "", "", 201, []string{"/admin/v1/logs/?code=two+words"}},
	{"GET", "/errors?page_size=1&started=2020-01-01T00:00:00+02:00", "", "", "", 200,
		[]string{`"next":"/admin/v1/errors/?page=2\u0026page_size=1\u0026started=2019-12-31T22%3A00%3A00.000000Z"`, `"count":2`}},
	{"GET", "/errors/?scope=&order=-id&name=Two%20Words&is_builtin=f", "", "", "", 200, []string{`"count":1`, `"id":2`}},
	{"GET", "/errors/?page_size=0&order=%00&name=%ff&x=1", "", "", "", 400,
		[]string{`"in":"query","name":"page_size"`, `"in":"query","name":"order"`, `"in":"query","name":"name"`, `"in":"query","name":"x"`}},
	{"GET", "/logs?trace_id=t1&code=fresh", "", "", "", 200,
		[]string{`"error":"/admin/v1/errors/1/"`, `"trace":"/admin/v1/logs/?trace_id=t1"`, "Cache-Control: no-store"}},
	{"GET", "/logs/1/", "", "", "", 200, []string{`"self":"/admin/v1/logs/1/"`}},
	{"HEAD", "/errors/1/", "", "", "", 200, []string{"Content-Type: application/json"}},
	{"OPTIONS", "/errors/1/", "", "", "", 204, []string{"Allow: GET, HEAD, OPTIONS, PATCH"}},
	{"DELETE", "/errors/1/", "", "", "", 405, []string{"Allow: GET, HEAD, OPTIONS, PATCH", `"code":"method_not_allowed"`}},
	{"GET", "/errors/99/", "", "", "", 404, []string{`"code":"entity_not_found"`}},
	{"GET", "/errors/x/", "", "", "", 404, []string{`"code":"not_found"`}},
	{"GET", "/errors/1/2/", "", "", "", 404, []string{`"code":"not_found"`}},
}

// One round through the API below a prefix is the same in all frameworks.
func TestMounts(t *testing.T) {
	gin.SetMode(gin.TestMode) // global: no t.Parallel
	for name, mount := range mounts {
		t.Run(name, func(t *testing.T) {
			h := store.Handler(newStore(t), nil, store.WithAuthorize(func(*http.Request, store.Action) error { return nil }))
			url, tag := mount(t, h)+"/admin/v1", ""
			for _, s := range steps {
				what := s.method + " " + s.path
				var headers []string
				if s.header != "" {
					headers = []string{s.header, strings.ReplaceAll(s.value, "{tag}", tag)}
				}
				r := send(t, s.method, url+s.path, s.body, headers...)
				assert.Equal(t, s.status, r.Status, "%s: %s", what, r.Body)
				if s.status != 304 {
					tag = r.Header.Get("ETag")
				}
				assertContains(t, what, r, s.contains)
				if r.Body == "" {
					continue
				}
				assert.True(t, json.Valid([]byte(r.Body)), what)
				assert.Equal(t, int64(len(r.Body)), r.Length, what)
			}
			assert.Equal(t, send(t, "GET", url+"/errors/", "").Length, send(t, "HEAD", url+"/errors/", "").Length)
		})
	}
}

func assertContains(t *testing.T, what string, r reply, parts []string) {
	t.Helper()
	for _, part := range parts {
		if name, value, ok := strings.Cut(part, ": "); ok {
			assert.Equal(t, value, r.Header.Get(name), what)
			continue
		}
		assert.Contains(t, r.Body, part, what)
	}
}
