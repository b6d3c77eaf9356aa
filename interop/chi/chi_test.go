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

// chiRouter has routes on the root, in a group, in a sub-router and in a mounted router of its own.
func chiRouter(r *fault.Responder, outside ...func(http.Handler) http.Handler) chi.Router {
	router := chi.NewRouter()
	router.Use(outside...)
	faulthttp.InstallChi(router, r)
	fine := func(w http.ResponseWriter, req *http.Request) { _, _ = io.WriteString(w, chi.URLParam(req, "id")) }
	panics := func(http.ResponseWriter, *http.Request) { panic(fault.TaskLocked) }
	locked := faulthttp.Handler(r, failing)
	router.Get("/orders/{id}", fine)
	router.Put("/orders/{id}", fine)
	router.Get("/panic", panics)
	router.Get("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	router.Group(func(g chi.Router) {
		g.Use(middleware.NoCache, middleware.GetHead)
		g.Method(http.MethodGet, "/group/{id}", locked)
	})
	router.Route("/sub", func(sub chi.Router) {
		sub.Use(unwrapping)
		sub.Get("/{id}", fine)
		sub.Post("/panic", panics)
		sub.Method(http.MethodGet, "/locked/{id}", locked)
	})
	own := chi.NewRouter()
	own.Delete("/things/{id}", fine)
	own.Method(http.MethodGet, "/things/{id}", locked)
	router.Mount("/mounted", own)
	return router
}

func TestChi(t *testing.T) {
	for setup, outside := range map[string][]func(http.Handler) http.Handler{
		"alone": nil, "Recoverer outside": {middleware.Recoverer}, "logger's writer outside": {loggers},
		"compressor outside": {middleware.Compress(5)},
		"installed twice":    {faulthttp.Middleware(nil)},
	} {
		t.Run(setup, func(t *testing.T) {
			for _, c := range []struct {
				method, path string
				status       int
				body         string // "" for ours
				allow        []string
				logged       string
			}{
				{"GET", "/orders/7", 200, "7", nil, ""},
				{"GET", "/sub/7", 200, "7", nil, ""},
				{"GET", "/nowhere", 404, "", nil, "code=not_found status=404 path=/nowhere"},
				{"GET", "/sub/no/where", 404, "", nil, "code=not_found status=404 path="},
				{"GET", "/mounted/nowhere", 404, "", nil, "code=not_found status=404 path="},
				{"DELETE", "/orders/7", 405, "", []string{"GET, PUT"}, "code=method_not_allowed status=405 path="},
				{"HEAD", "/orders/7", 405, "", []string{"GET, PUT"}, "code=method_not_allowed status=405 path="},
				{"GET", "/sub/panic", 200, "panic", nil, ""},
				{"PUT", "/sub/panic", 405, "", []string{"GET, POST"}, "code=method_not_allowed status=405 path="},
				{"POST", "/mounted/things/7", 405, "", []string{"GET, DELETE"}, "code=method_not_allowed status=405 path="},
				{"BREW", "/orders/7", 405, "", []string{"GET, PUT"}, "code=method_not_allowed status=405 path="},
				{"GET", "/panic", 423, "", nil, "code=task_locked status=423 path=/panic"},
				{"POST", "/sub/panic", 423, "", nil, "code=task_locked status=423 path=/sub/panic"},
				{"GET", "/group/7", 423, "", nil, "code=task_locked status=423 path=/group/{id}"},
				{"GET", "/sub/locked/7", 423, "", nil, "code=task_locked status=423 path=/sub/locked/{id}"},
				{"GET", "/mounted/things/7", 423, "", nil, "code=task_locked status=423 path=/mounted/things/{id}"},
			} {
				what := c.method + " " + c.path
				r, log := logging(t)
				url, client := serve(t, chiRouter(r, outside...))
				req, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, nil)
				require.NoError(t, err)
				resp, err := client.Do(req)
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				_ = resp.Body.Close()
				assert.Equal(t, c.status, resp.StatusCode, what)
				assert.Equal(t, c.allow, resp.Header.Values("Allow"), what)
				if c.body != "" {
					assert.Equal(t, c.body, string(body), what)
					assert.Empty(t, log.All(), what)
					continue
				}
				assert.Equal(t, "application/json", resp.Header.Get("Content-Type"), what)
				assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"), what)
				if c.method != http.MethodHead {
					assert.Contains(t, string(body), `{"DE":"`, what)
				}
				if !setsPattern() {
					c.logged, _, _ = strings.Cut(c.logged, "path=")
				}
				for part := range strings.FieldsSeq(c.logged) {
					assert.Contains(t, log.Only(t), part, what)
				}
			}
			r, log := logging(t)
			url, client := serve(t, chiRouter(r, outside...))
			_, err := client.Get(url + "/abort")
			assert.ErrorIs(t, err, io.EOF)
			log.None(t)
		})
	}
}

// setsPattern reports whether this version of chi notes the pattern of the route in the request.
func setsPattern() (yes bool) {
	m := chi.NewRouter()
	m.Get("/{x}", func(_ http.ResponseWriter, req *http.Request) { yes = req.Pattern != "" })
	m.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", nil))
	return yes
}
