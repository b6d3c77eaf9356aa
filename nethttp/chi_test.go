package faulthttp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// router has the methods that InstallChi needs, and nothing else of chi's; the real one is in interop/chi.
type router struct {
	use              []func(http.Handler) http.Handler
	notFound, method http.HandlerFunc
	routes           map[string]string // path → methods
}

type routerContext struct{ asked bool }

func (m *router) Use(use ...func(http.Handler) http.Handler) { m.use = append(m.use, use...) }
func (m *router) NotFound(h http.HandlerFunc)                { m.notFound = h }
func (m *router) MethodNotAllowed(h http.HandlerFunc)        { m.method = h }

func (m *router) Match(ctx *routerContext, method, path string) bool {
	used := ctx.asked
	ctx.asked = true
	return !used && strings.Contains(" "+m.routes[path]+" ", " "+method+" ")
}

func (m *router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	h := http.Handler(m.notFound)
	switch allowed, ok := m.routes[req.URL.Path]; {
	case ok && strings.Contains(allowed, req.Method):
		h = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the text of the panic stays inside") })
	case ok:
		h = m.method
	}
	for _, use := range m.use {
		h = use(h)
	}
	h.ServeHTTP(w, req)
}

func TestInstallChiOnWhatLooksLikeIt(t *testing.T) {
	m := &router{routes: map[string]string{"/orders": "PUT GET", "/all": "GET HEAD POST PUT PATCH DELETE CONNECT OPTIONS", "": "GET"}}
	r, log := logging(t)
	faulthttp.InstallChi(m, r)
	for _, c := range []struct {
		request string
		status  int
		allow   string
	}{
		{"GET /orders", 500, ""},
		{"DELETE /orders", 405, "GET, PUT"},
		{"TRACE /all", 405, "GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS"},
		{"BREW /orders", 405, "GET, PUT"},
		{"GET /nowhere", 404, ""},
	} {
		log.Clear()
		method, path, _ := strings.Cut(c.request, " ")
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		assert.Equal(t, c.status, w.Code, c.request)
		assert.Equal(t, c.allow, w.Header().Get("Allow"), c.request)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"), c.request)
		log.Only(t)
	}
	assert.PanicsWithValue(t, "faulthttp: InstallChi: the router is nil", func() { faulthttp.InstallChi((*router)(nil), r) })
}
