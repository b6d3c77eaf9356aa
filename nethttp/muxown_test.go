package faulthttp_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// A matched handler's 404 or 405 is its own, even if the handler has changed the request.
func TestMuxLeavesAnswersOfHandlersAlone(t *testing.T) {
	own := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "mine", status) }
	}
	plain := http.NewServeMux()
	plain.HandleFunc("GET /plain/known", own(200))
	mux := http.NewServeMux()
	mux.HandleFunc("/users/", func(w http.ResponseWriter, req *http.Request) { // consumes its part of the path
		req.URL.Path = strings.TrimPrefix(req.URL.Path, "/users")
		own(404)(w, req)
	})
	mux.HandleFunc("POST /override", func(w http.ResponseWriter, req *http.Request) {
		req.Method = http.MethodDelete
		own(405)(w, req)
	})
	mux.HandleFunc("/rewritten", func(w http.ResponseWriter, req *http.Request) {
		req.URL.Path = "/nowhere"
		faulthttp.Error(nil, w, req, fault.NotFound)
	})
	mux.Handle("/stripped/", http.StripPrefix("/stripped", own(404)))
	mux.Handle("/plain/", plain) // an inner mux that is not ours, given the same request
	mux.HandleFunc("/flushed", func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "mine\n")
	})
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/users/7", 404, "mine\n"}, {"POST", "/override", 405, "mine\n"}, {"GET", "/stripped/x", 404, "mine\n"},
		{"GET", "/plain/unknown", 404, "404 page not found\n"}, {"GET", "/flushed", 200, "mine\n"},
		{"GET", "/rewritten", 404, ""},
	} {
		r, log := logging(t)
		url, client := serve(t, faulthttp.Middleware(r)(faulthttp.Mux(r, mux)))
		req, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, nil)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, c.status, resp.StatusCode, c.path)
		if c.body == "" {
			assert.True(t, strings.HasPrefix(string(body), `{"DE":"`), "%s: %s", c.path, body)
			log.Only(t) // nil means the responder around
			continue
		}
		assert.Equal(t, c.body, string(body), c.path)
		assert.Empty(t, log.All(), c.path)
	}
}

func TestMuxPatterns(t *testing.T) {
	reached := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			_, _ = io.WriteString(w, name+" "+req.PathValue("rest"))
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /files/{rest...}", reached("files"))
	mux.HandleFunc("GET /exact/{$}", reached("exact"))
	mux.HandleFunc("GET other.example/host", reached("host"))
	mux.HandleFunc("/any", reached("any"))
	for _, c := range []struct {
		method, host, path string
		status             int
		begins             string
	}{
		{"GET", "x", "/files/a/b%2Fc", 200, "files a/b/c"},
		{"HEAD", "x", "/files/a", 200, ""},
		{"POST", "x", "/files/a", 405, `{"DE":`},
		{"GET", "x", "/files", 307, "<a href="},
		{"GET", "x", "/exact/", 200, "exact"},
		{"GET", "x", "/exact/more", 404, `{"DE":`},
		{"GET", "other.example", "/host", 200, "host"},
		{"GET", "x", "/host", 404, `{"DE":`},
		{"BREW", "x", "/any", 200, "any"},
		{"GET", "x", "//any", 307, "<a href="},
		{"GET", "x", "/a/../any", 307, "<a href="},
		{"CONNECT", "x", "/any", 200, "any"},
		{"CONNECT", "x", "/nowhere", 404, `{"DE":`},
	} {
		w := httptest.NewRecorder()
		req := httptest.NewRequest(http.MethodGet, "http://"+c.host+c.path, nil)
		req.Method = c.method
		faulthttp.Mux(nil, mux).ServeHTTP(w, req)
		assert.Equal(t, c.status, w.Code, c)
		assert.True(t, strings.HasPrefix(w.Body.String(), c.begins), "%v: %s", c, w.Body)
	}
}

// "OPTIONS *" and malformed requests are answered by net/http before any handler.
func TestWhatNetHTTPKeepsForItself(t *testing.T) {
	called := false
	h := faulthttp.Middleware(nil)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	for request, want := range map[string]string{
		"OPTIONS * HTTP/1.1\nHost: x\nConnection: close\n\n": "HTTP/1.1 200 OK",
		"GET / HTTP/1.1\n\n": "HTTP/1.1 400 Bad Request",
		"nonsense\n\n":       "HTTP/1.1 400 Bad Request",
	} {
		assert.True(t, strings.HasPrefix(answerTo(t, h, request), want), request)
	}
	assert.False(t, called)
}

// Below a mux of Go 1.21's rules the request does not tell what pattern matched.
func TestMuxWithTheRulesOfGo121(t *testing.T) {
	const variable = "POLYFAULT_TEST_MUX121"
	if os.Getenv(variable) == "" {
		executable, err := os.Executable()
		require.NoError(t, err)
		child := exec.CommandContext(t.Context(), executable, "-test.run=^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), variable+"=1", "GODEBUG=httpmuxgo121=1")
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: "+t.Name())
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/own", func(w http.ResponseWriter, req *http.Request) {
		assert.Empty(t, req.Pattern, "the rules are those of today")
		http.Error(w, "mine", http.StatusNotFound)
	})
	url, client := serve(t, faulthttp.Mux(nil, mux))
	_, body := get(t, client, url+"/own")
	assert.Equal(t, "mine\n", body)
	resp, body := get(t, client, url+"/nowhere")
	assert.Equal(t, 404, resp.StatusCode)
	assert.Contains(t, body, `{"DE":"`)
}

// A response of a mux on a connection with further requests is framed: the next one is read whole.
func TestMuxOnAKeptConnection(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /known", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "known") })
	conn, in, _ := dial(t, faulthttp.Mux(nil, mux))
	steps := []struct {
		method, path string
		status       int
	}{{"GET", "/a", 404}, {"HEAD", "/b", 404}, {"POST", "/known", 405}, {"GET", "/known", 200}, {"DELETE", "/known", 405}, {"GET", "/a", 404}}
	out := bufio.NewWriter(conn)
	for _, s := range steps {
		_, _ = out.WriteString(s.method + " " + s.path + " HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	require.NoError(t, out.Flush())
	for _, s := range steps {
		resp, body := read(t, in, s.method)
		assert.Equal(t, s.status, resp.StatusCode, s)
		assert.Equal(t, s.method == http.MethodHead, body == "", s)
	}
}
