package chi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func init() { chi.RegisterMethod("PURGE"); chi.RegisterMethod("LINK") }

func fine(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }

// routes are of all kinds that chi has.
func routes(m chi.Router) {
	m.Get("/", fine)
	m.Get("/orders/{id:[0-9]+}", fine)
	m.Put("/orders/{id:[0-9]+}", fine)
	m.Method("PURGE", "/orders/{id:[0-9]+}", http.HandlerFunc(fine))
	m.Options("/orders/{id:[0-9]+}", fine)
	m.Post("/slash/", fine)
	m.Get("/files/*", fine)
	m.Handle("/anything", http.HandlerFunc(fine))
	m.Group(func(g chi.Router) {
		g.Use(unwrapping)
		g.Patch("/grouped", fine)
	})
	m.With(unwrapping).Delete("/with", fine)
	m.Route("/articles", func(a chi.Router) {
		a.Get("/", fine)
		a.Post("/", fine)
		a.Route("/{id}", func(one chi.Router) {
			one.Get("/", fine)
			one.Put("/", fine)
			one.Method("LINK", "/tags", http.HandlerFunc(fine))
		})
	})
	m.Mount("/static", http.HandlerFunc(fine))
	m.Route("/own", func(own chi.Router) {
		own.NotFound(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
		own.MethodNotAllowed(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
		own.Get("/x", fine)
	})
}

func TestInstallChi(t *testing.T) {
	all := "GET, HEAD, POST, PUT, PATCH, DELETE, QUERY, CONNECT, OPTIONS, TRACE, LINK, PURGE"
	anything := chi.NewRouter()
	anything.HandleFunc("/", fine)
	if !anything.Match(chi.NewRouteContext(), "QUERY", "/") { // older ones do not know it
		all = strings.Replace(all, "QUERY, ", "", 1)
	}
	cases := []struct {
		request string
		status  int
		allow   string // "-": no such header
	}{
		{"GET /", 200, "-"},
		{"POST /", 405, "GET"},
		{"GET /nowhere", 404, "-"},
		{"PURGE /nowhere", 404, "-"},
		{"PURGE /orders/7", 200, "-"},
		{"OPTIONS /orders/7", 200, "-"},
		{"DELETE /orders/7", 405, "GET, PUT, OPTIONS, PURGE"},
		{"HEAD /orders/7", 405, "GET, PUT, OPTIONS, PURGE"},
		{"BREW /orders/7", 405, "GET, PUT, OPTIONS, PURGE"},
		{"LINK /orders/7", 405, "GET, PUT, OPTIONS, PURGE"},
		{"GET /orders/x", 404, "-"},
		{"BREW /nowhere", 405, ""},
		{"BREW /nowhere/articles", 405, ""},
		{"GET /slash/", 405, "POST"},
		{"GET /slash", 404, "-"},
		{"DELETE /files/a/b.txt", 405, "GET"},
		{"DELETE /files/articles", 405, "GET"},
		{"BREW /anything", 405, all},
		{"GET /grouped", 405, "PATCH"},
		{"GET /with", 405, "DELETE"},
		{"DELETE /articles", 405, "GET, POST"},
		{"DELETE /articles/", 405, "GET, POST"},
		{"BREW /articles", 405, "GET, POST"},
		{"DELETE /articles/7", 405, "GET, PUT"},
		{"DELETE /articles/7/", 405, "GET, PUT"},
		{"GET /articles/7/tags", 405, "LINK"},
		{"LINK /articles/7/tags", 200, "-"},
		{"GET /articles/7/nothing", 404, "-"},
		{"DELETE /static/x", 200, "-"},
		{"GET /own/y", 418, "-"},
		{"POST /own/x", 418, "-"},
		{"DELETE /articles/a%2Fb", 405, "GET, PUT"},
	}
	for name, under := range map[string]struct {
		prefix  string
		handle  func(*fault.Responder) http.Handler
		foreign bool // the router around answers for methods that chi does not know
	}{
		"root": {"", func(r *fault.Responder) http.Handler {
			m := chi.NewRouter()
			faulthttp.InstallChi(m, r)
			routes(m)
			return m
		}, false},
		"as chi.Router, routes in a group": {"", func(r *fault.Responder) http.Handler {
			m := chi.NewRouter()
			faulthttp.InstallChi(chi.Router(m), r)
			m.Group(routes)
			return m
		}, false},
		"behind StripPrefix": {"/v1", func(r *fault.Responder) http.Handler {
			m := chi.NewRouter()
			faulthttp.InstallChi(m, r)
			routes(m)
			return http.StripPrefix("/v1", m)
		}, false},
		"in a ServeMux": {"/v1", func(r *fault.Responder) http.Handler {
			m := chi.NewRouter()
			faulthttp.InstallChi(m, r)
			m.Route("/v1", routes)
			mux := http.NewServeMux()
			mux.Handle("/v1/", m)
			return mux
		}, false},
		"mounted": {"/t/{tenant}", func(r *fault.Responder) http.Handler {
			m := chi.NewRouter()
			faulthttp.InstallChi(m, r)
			sub := chi.NewRouter()
			routes(sub)
			m.Mount("/t/{tenant}", sub)
			return m
		}, false},
		"mounted, with its own": {"/t/{tenant}", func(r *fault.Responder) http.Handler {
			m, sub := chi.NewRouter(), chi.NewRouter()
			faulthttp.InstallChi(m, r)
			faulthttp.InstallChi(sub, r)
			routes(sub)
			m.Mount("/t/{tenant}", sub)
			return m
		}, false},
		"mounted under a foreign one": {"/t/{tenant}", func(r *fault.Responder) http.Handler {
			m, sub := chi.NewRouter(), chi.NewRouter()
			faulthttp.InstallChi(sub, r)
			routes(sub)
			m.Mount("/t/{tenant}", sub)
			return m
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range cases {
				method, path, _ := strings.Cut(c.request, " ")
				if method == "BREW" && under.foreign {
					continue
				}
				r, log := logging(t)
				url, client := serve(t, under.handle(r))
				req, err := http.NewRequest(method, url+strings.Replace(under.prefix, "{tenant}", "7", 1)+path, nil)
				require.NoError(t, err)
				resp, err := client.Do(req)
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				_ = resp.Body.Close()
				assert.Equal(t, c.status, resp.StatusCode, c.request)
				want := []string{c.allow}
				if c.allow == "-" {
					want = nil
				}
				assert.Equal(t, want, resp.Header.Values("Allow"), c.request)
				if c.status == 404 || c.status == 405 {
					assert.Equal(t, "application/json", resp.Header.Get("Content-Type"), c.request)
					log.Only(t)
					continue
				}
				assert.Equal(t, map[bool]string{true: "fine"}[c.status == 200], string(body), c.request)
				log.None(t)
			}
		})
	}
}

// chi's own middleware changes the path that is routed, and not the request's.
func TestInstallChiAndRewrittenPaths(t *testing.T) {
	for name, c := range map[string]struct {
		m       func(http.Handler) http.Handler
		request string
		allow   string
	}{
		"StripSlashes":            {middleware.StripSlashes, "DELETE /orders/7/", "GET, PUT, OPTIONS, PURGE"},
		"StripSlashes of a mount": {middleware.StripSlashes, "DELETE /articles/", "GET, POST"},
		"CleanPath":               {middleware.CleanPath, "DELETE /x/..//orders/7", "GET, PUT, OPTIONS, PURGE"},
		"URLFormat":               {middleware.URLFormat, "DELETE /orders/7.json", "GET, PUT, OPTIONS, PURGE"},
		"GetHead":                 {middleware.GetHead, "HEAD /with", "DELETE"},
		"GetHead, for another":    {middleware.GetHead, "DELETE /orders/7", "GET, PUT, OPTIONS, PURGE"},
		"StripPrefix as middleware": {func(next http.Handler) http.Handler { return http.StripPrefix("/v1", next) },
			"DELETE /v1/orders/7", "GET, PUT, OPTIONS, PURGE"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := logging(t)
			m := chi.NewRouter()
			m.Use(c.m)
			faulthttp.InstallChi(m, r)
			routes(m)
			url, client := serve(t, m)
			method, path, _ := strings.Cut(c.request, " ")
			req, err := http.NewRequest(method, url+path, nil)
			require.NoError(t, err)
			resp, err := client.Do(req)
			require.NoError(t, err)
			_ = resp.Body.Close()
			assert.Equal(t, 405, resp.StatusCode)
			assert.Equal(t, c.allow, resp.Header.Get("Allow"))
		})
	}
}

// A nil responder is that around.
func TestInstallChiWithNil(t *testing.T) {
	r, log := logging(t)
	m := chi.NewRouter()
	faulthttp.InstallChi(m, nil)
	m.Get("/", func(http.ResponseWriter, *http.Request) { panic(fault.TaskLocked) })
	url, client := serve(t, faulthttp.Middleware(r)(m))
	for _, c := range []struct {
		method, path string
		status       int
	}{{"GET", "/", 423}, {"POST", "/", 405}, {"GET", "/nowhere", 404}} {
		log.Clear()
		req, err := http.NewRequest(c.method, url+c.path, nil)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, c.status, resp.StatusCode)
		log.Only(t)
	}
	assert.PanicsWithValue(t, "faulthttp: InstallChi: the router is nil", func() { faulthttp.InstallChi[chi.Context]((*chi.Mux)(nil), r) })
	assert.Panics(t, func() { faulthttp.InstallChi(m, r) }, "after the routes, as chi's Use does")
}

// A path of many steps is asked about a bounded number of times.
func TestInstallChiIsBounded(t *testing.T) {
	r, _ := logging(t)
	m := chi.NewRouter()
	m.Use(func(next http.Handler) http.Handler { // routes what nobody finds again
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			chi.RouteContext(req.Context()).RoutePath = "/orders/7"
			next.ServeHTTP(w, req)
		})
	})
	faulthttp.InstallChi(m, r)
	routes(m)
	url, client := serve(t, m)
	req, err := http.NewRequest(http.MethodDelete, url+strings.Repeat("/x", 200_000), nil)
	require.NoError(t, err)
	resp, err := client.Do(req)
	require.NoError(t, err)
	_ = resp.Body.Close()
	assert.Equal(t, 405, resp.StatusCode)
	assert.Empty(t, resp.Header.Get("Allow"))
}

// A router that is mounted knows the end of the path only; what takes the whole, and with the very method, is not meant.
func TestInstallChiOnAMountedRouter(t *testing.T) {
	r, _ := logging(t)
	m, sub := chi.NewRouter(), chi.NewRouter()
	faulthttp.InstallChi(sub, r)
	sub.Delete("/{a}/{b}", fine)
	sub.Get("/orders", fine)
	m.Mount("/api", sub)
	assert.Equal(t, "GET", allowOf(t, m, http.MethodDelete, "/api/orders"))
	assert.Equal(t, "DELETE", allowOf(t, m, http.MethodGet, "/api/orders/7"))

	m, sub = chi.NewRouter(), chi.NewRouter()
	faulthttp.InstallChi(m, r)
	sub.Get("/*", fine)
	sub.Post("/orders", fine)
	m.Mount("/api", sub)
	assert.Equal(t, "GET, POST", allowOf(t, m, http.MethodDelete, "/api/orders"), "it inherits, and the whole path is known")
}

func allowOf(t *testing.T, h http.Handler, method, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
	assert.Equal(t, 405, w.Code)
	return w.Header().Get("Allow")
}
