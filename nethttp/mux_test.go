package faulthttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func TestMux(t *testing.T) {
	own := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "my own words", http.StatusNotFound) }
	inner := http.NewServeMux()
	inner.HandleFunc("GET /known", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "known") })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, req *http.Request) { _, _ = io.WriteString(w, req.PathValue("id")) })
	mux.HandleFunc("PUT /orders/{id}", own)
	mux.HandleFunc("/own", own)
	mux.HandleFunc("/own-405", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "mine", http.StatusMethodNotAllowed) })
	mux.HandleFunc("/tree/", func(w http.ResponseWriter, req *http.Request) { _, _ = io.WriteString(w, req.URL.Path) })
	mux.HandleFunc("POST example.org/host", own)
	mux.Handle("/inner/", http.StripPrefix("/inner", faulthttp.Mux(nil, inner)))
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic(fault.TaskLocked) })
	for _, setup := range []http.Handler{faulthttp.Mux(nil, mux), faulthttp.Middleware(nil)(faulthttp.Mux(nil, mux)),
		faulthttp.Middleware(nil)(unwrapping(faulthttp.Mux(nil, mux)))} {
		url, client := serve(t, setup)
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, c := range []struct {
			method, path string
			status       int
			body         string // "" for ours
			allow        []string
		}{
			{"GET", "/orders/7", 200, "7", nil},
			{"GET", "/nowhere", 404, "", nil},
			{"GET", "/", 404, "", nil},
			{"DELETE", "/orders/7", 405, "", []string{"GET, HEAD, PUT"}},
			{"POST", "/orders/7", 405, "", []string{"GET, HEAD, PUT"}},
			{"OPTIONS", "/orders/7", 405, "", []string{"GET, HEAD, PUT"}},
			{"GET", "/own", 404, "my own words\n", nil},
			{"GET", "/own-405", 405, "mine\n", nil},
			{"GET", "/tree", 307, "<a href=\"/tree/\">Temporary Redirect</a>.\n\n", nil},
			{"GET", "/orders//7", 307, "<a href=\"/orders/7\">Temporary Redirect</a>.\n\n", nil},
			{"GET", "/tree/deep/path", 200, "/tree/deep/path", nil},
			{"GET", "/inner/known", 200, "known", nil},
			{"GET", "/inner/unknown", 404, "", nil},
			{"POST", "/inner/known", 405, "", []string{"GET, HEAD"}},
			{"GET", "/panic", 423, "", nil},
			{"GET", "/host", 404, "", nil},
		} {
			req, err := http.NewRequest(c.method, url+c.path, nil)
			require.NoError(t, err)
			resp, err := client.Do(req)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			_ = resp.Body.Close()
			assert.Equal(t, c.status, resp.StatusCode, c.method+" "+c.path)
			assert.Equal(t, c.allow, resp.Header.Values("Allow"), c.method+" "+c.path)
			if c.body != "" {
				assert.Equal(t, c.body, string(body), c.method+" "+c.path)
				continue
			}
			assert.Equal(t, "application/json", resp.Header.Get("Content-Type"), c.method+" "+c.path)
			assert.Contains(t, string(body), `{"DE":"`, c.method+" "+c.path)
		}
		req, err := http.NewRequest(http.MethodHead, url+"/nowhere", nil)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, 404, resp.StatusCode)
		assert.Positive(t, resp.ContentLength)
	}
}

func unwrapping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { next.ServeHTTP(unwrapper{w}, req) })
}

func TestNotFoundAndMethodNotAllowed(t *testing.T) {
	for _, c := range []struct {
		name   string
		h      http.HandlerFunc
		before string
		status int
		allow  []string
	}{
		{"not found", faulthttp.NotFound(nil), "", 404, nil},
		{"methods given", faulthttp.MethodNotAllowed(nil, "GET", "HEAD"), "POST", 405, []string{"GET, HEAD"}},
		{"the router's own", faulthttp.MethodNotAllowed(nil), "POST", 405, []string{"POST"}},
		{"unknown", faulthttp.MethodNotAllowed(nil), "", 405, []string{""}},
	} {
		w := httptest.NewRecorder()
		if c.before != "" {
			w.Header().Set("Allow", c.before)
		}
		c.h(w, httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Equal(t, c.status, w.Code, c.name)
		assert.Equal(t, c.allow, w.Header().Values("Allow"), c.name)
	}
}

// Set-up refuses nil.
func TestNilHandlers(t *testing.T) {
	assert.PanicsWithValue(t, "faulthttp: Handler: the function is nil", func() { faulthttp.Handler(nil, nil) })
	assert.PanicsWithValue(t, "faulthttp: Mux: the mux is nil", func() { faulthttp.Mux(nil, nil) })
}
