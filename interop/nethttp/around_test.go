package nethttp_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/interop/compose"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// HTTP/2, with TLS and without.
func TestHTTP2(t *testing.T) {
	for name, secure := range map[string]bool{"TLS": true, "h2c": false} {
		t.Run(name, func(t *testing.T) {
			s := compose.New(t)
			server := httptest.NewUnstartedServer(composition{}.handler(s, nil))
			client := start(t, server, secure)
			for _, path := range paths() {
				a := ask(t, client, server.URL+path)
				require.NoError(t, a.Broken)
				s.Failed(t, a, ways[path].want)
			}
			assert.ErrorContains(t, ask(t, client, server.URL+"/half").Broken, "INTERNAL_ERROR")
			s.Log.Take(t)
			s.Passed(t, ask(t, client, server.URL+"/fine"), 200, page)
		})
	}
}

// start starts a server for HTTP/2 and returns a client that speaks nothing else.
func start(t *testing.T, server *httptest.Server, secure bool) *http.Client {
	t.Helper()
	t.Cleanup(server.Close)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	protocols := &http.Protocols{}
	if secure {
		server.EnableHTTP2 = true
		server.StartTLS()
		protocols.SetHTTP2(true)
	} else {
		protocols.SetUnencryptedHTTP2(true)
		server.Config.Protocols = protocols
		server.Start()
	}
	client := server.Client()
	client.Transport.(*http.Transport).Protocols = protocols
	return client
}

func ask(t *testing.T, client *http.Client, url string) compose.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Traceparent", "00-"+compose.TraceID+"-00f067aa0ba902b7-01")
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 2, resp.ProtoMajor)
	body, broken := io.ReadAll(resp.Body)
	return compose.Answer{Status: resp.StatusCode, Header: resp.Header, Trailer: resp.Trailer, Body: string(body), Broken: broken}
}

// doing makes a middleware that does something around the handler.
func doing(f func(w http.ResponseWriter, req *http.Request, next http.Handler)) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { f(w, req, next) })
	}
}

// What middleware does wrong, inside of ours.
func TestBadMiddleware(t *testing.T) {
	type key struct{}
	for name, c := range map[string]struct {
		middleware middleware
		path       string
		want       compose.Failure
	}{
		"panics before": {doing(func(http.ResponseWriter, *http.Request, http.Handler) { panic(locked) }), "/fine", ways["/returned"].want},
		"panics with nothing of ours before": {doing(func(http.ResponseWriter, *http.Request, http.Handler) { panic(compose.Canary) }),
			"/fine", ways["/unknown"].want},
		"replaces the context": {doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			next.ServeHTTP(w, req.WithContext(context.WithValue(context.Background(), key{}, 1)))
		}), "/reported", ways["/reported"].want},
		"replaces the request": {doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			other := httptest.NewRequest(http.MethodGet, req.URL.Path, http.NoBody)
			other.Header = req.Header
			next.ServeHTTP(w, other)
		}), "/returned", ways["/returned"].want},
		"replaces the writer": {doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, req)
		}), "/returned", ways["/returned"].want},
		"replaces the writer with one that hides ours, before a panic": {doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			next.ServeHTTP(hiding{w}, req)
		}), "/panicked", ways["/panicked"].want},
		"answers again": {doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			next.ServeHTTP(w, req)
			http.Error(w, compose.Canary, http.StatusTeapot)
			faulthttp.Error(nil, w, req, errCanary)
			_ = http.NewResponseController(w).Flush()
		}), "/returned", ways["/returned"].want},
		"answers again, with a header": {doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			next.ServeHTTP(w, req)
			w.Header().Set(http.TrailerPrefix+"X-Cause", compose.Canary)
			w.Header().Set("X-Cause", compose.Canary)
		}), "/panicked", compose.Failure{}},
	} {
		t.Run(name, func(t *testing.T) {
			want := c.want
			if want.Err == nil {
				want = ways[c.path].want
			}
			s := composition{inside: []middleware{c.middleware}}.serve(t, nil)
			s.Failed(t, s.Ask(t, "GET", c.path, ""), want)
		})
	}
}

// A panic after our answer is a failure of its own: a line more, and no bytes.
func TestPanicAfterTheAnswer(t *testing.T) {
	s := composition{inside: []middleware{doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		next.ServeHTTP(w, req)
		panic(compose.Canary)
	})}}.serve(t, nil)
	a := s.Ask(t, "GET", "/returned", "")
	assert.Equal(t, 423, a.Status)
	assert.NoError(t, a.Broken)
	assert.NotContains(t, a.Raw, compose.Canary)
	lines := s.Log.All()
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], "code=task_locked")
	assert.Contains(t, lines[1], "committed=true")
}

// hiding has none of the ways by which writers are seen through.
type hiding struct{ w http.ResponseWriter }

func (h hiding) Header() http.Header         { return h.w.Header() }
func (h hiding) Write(p []byte) (int, error) { return h.w.Write(p) }
func (h hiding) WriteHeader(status int)      { h.w.WriteHeader(status) }

// A middleware that swallows what was panicked leaves what net/http makes of silence; nobody else can know.
func TestSwallowed(t *testing.T) {
	s := composition{inside: []middleware{doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		defer func() { _ = recover() }()
		next.ServeHTTP(w, req)
	})}}.serve(t, nil)
	s.Passed(t, s.Ask(t, "GET", "/panicked", ""), 200, "")
	s.Failed(t, s.Ask(t, "GET", "/returned", ""), ways["/returned"].want)
}

// Outside of ours a writer may hide what it likes.
func TestHidingWriterOutside(t *testing.T) {
	composition{outside: []middleware{doing(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		next.ServeHTTP(unflushed{hiding{w}}, req)
	})}}.check(t)
}

// unflushed hides all but the way to the connection.
type unflushed struct{ hiding }

func (u unflushed) Flush() { u.w.(http.Flusher).Flush() }
