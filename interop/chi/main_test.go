// Package chi_test runs package faulthttp under the real chi.
package chi_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/coretest"
	"github.com/polyfault/polyfault/internal/logtest"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func logging(t testing.TB) (*fault.Responder, *logtest.Lines) {
	t.Helper()
	l := &logtest.Lines{}
	r, err := fault.NewResponder(fault.WithLogger(slog.New(l)))
	require.NoError(t, err)
	return r, l
}

// serve starts a server on a listener and returns a client for it.
func serve(t *testing.T, h http.Handler) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, server.Client()
}

func failing(http.ResponseWriter, *http.Request) error { return fault.TaskLocked }

// unwrapping is a middleware with a writer of its own.
func unwrapping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { next.ServeHTTP(unwrapper{w}, req) })
}

type unwrapper struct{ http.ResponseWriter }

func (u unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// loggers puts around what chi's loggers do: a writer whose ReadFrom sends the status before it reads.
func loggers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		next.ServeHTTP(middleware.NewWrapResponseWriter(w, req.ProtoMajor), req)
	})
}

// exchange is the suite's view of a request.
type exchange struct {
	http.ResponseWriter
	*http.Request
}

func (x exchange) Body() io.Reader              { return x.Request.Body }
func (x exchange) SetHeader(name, value string) { x.ResponseWriter.Header().Set(name, value) }
func (x exchange) Status(status int)            { x.WriteHeader(status) }
func (x exchange) Flush()                       { _ = http.NewResponseController(x.ResponseWriter).Flush() }

func (x exchange) Write(p []byte) (int, error) { return x.ResponseWriter.Write(p) }

func (x exchange) Hijack() (net.Conn, error) {
	conn, _, err := http.NewResponseController(x.ResponseWriter).Hijack()
	return conn, err
}

func TestConformance(t *testing.T) {
	for name, register := range map[string]func(*fault.Responder, coretest.Route) http.Handler{
		"Handler": func(r *fault.Responder, route coretest.Route) http.Handler {
			return faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error { return route.Handle(exchange{w, req}) })
		},
		"Error": func(r *fault.Responder, route coretest.Route) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				faulthttp.Error(r, w, req, route.Handle(exchange{w, req}))
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			coretest.Run(t, coretest.Adapter{
				Start: func(r *fault.Responder, routes []coretest.Route) (string, func(), error) {
					router := chi.NewRouter()
					faulthttp.InstallChi(router, r)
					for _, route := range routes {
						router.Method(route.Method, route.Path, register(r, route))
					}
					server := httptest.NewServer(http.MaxBytesHandler(router, coretest.BodyLimit))
					return server.Listener.Addr().String(), server.Close, nil
				},
				Features: coretest.Features{Streaming: true, Informational: true, Hijack: true, ClientCancel: true, AllMethods: true},
			})
		})
	}
}

func TestRecovererOutside(t *testing.T) {
	r, log := logging(t)
	url, client := serve(t, middleware.Recoverer(faulthttp.Handler(r, failing)))
	resp, err := client.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusLocked, resp.StatusCode)
	assert.Contains(t, string(body), `"EN":"This is not possible because the task is locked."`)
	log.Only(t)
}

func TestTimeoutInside(t *testing.T) {
	r, log := logging(t)
	router := chi.NewRouter()
	router.Use(faulthttp.Middleware(r), middleware.Timeout(time.Millisecond))
	router.Method(http.MethodGet, "/", faulthttp.Handler(r, func(_ http.ResponseWriter, req *http.Request) error {
		<-req.Context().Done()
		return req.Context().Err()
	}))
	url, client := serve(t, router)
	resp, err := client.Get(url)
	require.NoError(t, err)
	_ = resp.Body.Close()
	assert.Equal(t, 503, resp.StatusCode, "ours: it answers before chi's empty 504")
	log.Only(t)
}

// A copy whose source fails before its first byte has sent nothing: the client must not take the
// empty 200 for the answer. Afterwards the response has begun.
func TestCopyFromASourceThatFails(t *testing.T) {
	upstream := errors.New("upstream: connection reset")
	for begun, source := range map[bool]io.Reader{
		false: iotest.ErrReader(upstream),
		true:  io.MultiReader(strings.NewReader("half"), iotest.ErrReader(upstream)),
	} {
		t.Run(fmt.Sprintf("begun %t", begun), func(t *testing.T) {
			r, log := logging(t)
			server := httptest.NewServer(loggers(faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
				_, err := io.Copy(w, source)
				return fault.BadGateway.Wrap(err)
			})))
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
			answer, err := io.ReadAll(conn)
			require.NoError(t, err)
			assert.Equal(t, begun, strings.HasPrefix(string(answer), "HTTP/1.1 200"), string(answer))
			assert.Equal(t, begun, strings.HasSuffix(string(answer), "half"), string(answer))
			assert.Equal(t, begun, strings.Contains(log.Only(t), "committed=true"))
		})
	}
}
