package nethttp_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/getsentry/sentry-go"
	sentryhttp "github.com/getsentry/sentry-go/http"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// events is a transport that keeps what it is given.
type events struct {
	mu   sync.Mutex
	list []*sentry.Event
}

func (e *events) SendEvent(event *sentry.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, event)
}

func (e *events) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.list)
}

func (e *events) Configure(sentry.ClientOptions)        {}
func (e *events) FlushWithContext(context.Context) bool { return true }
func (e *events) Close()                                {}
func (e *events) Flush(time.Duration) bool              { return true }

// reporting is sentry's middleware with a client of its own.
func reporting(t *testing.T, options sentryhttp.Options) (middleware, *events) {
	t.Helper()
	kept := &events{}
	client, err := sentry.NewClient(sentry.ClientOptions{Transport: kept, Dsn: "http://key@127.0.0.1/1"})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return func(h http.Handler) http.Handler {
		h = sentryhttp.New(options).Handle(h)
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			h.ServeHTTP(w, req.WithContext(sentry.SetHubOnContext(req.Context(), sentry.NewHub(client, sentry.NewScope()))))
		})
	}, kept
}

// sentry inside has to panic again; else it swallows panics. Outside there is no panic left for it but the one that breaks
// a response off, and what is broken off stays so even where it does not panic again.
func TestSentry(t *testing.T) {
	outside, kept := reporting(t, sentryhttp.Options{})
	composition{outside: []middleware{outside}}.check(t)
	assert.Equal(t, 1, kept.count())

	inside, kept := reporting(t, sentryhttp.Options{Repanic: true})
	composition{inside: []middleware{inside}}.check(t)
	assert.Equal(t, 3, kept.count(), "all panics are reported")

	between, kept := reporting(t, sentryhttp.Options{})
	composition{between: []middleware{between}}.check(t)
	assert.Equal(t, 1, kept.count(), "Mux and Handler recover, too")

	inside, kept = reporting(t, sentryhttp.Options{})
	s := composition{inside: []middleware{inside}}.serve(t, nil)
	s.Passed(t, s.Ask(t, "GET", "/panicked", ""), 200, "")
	assert.Equal(t, 1, kept.count(), "reported, and swallowed: nobody else can know")
}

// otelhttp outside reads the status that the client gets; the trace id is its span's.
func TestOtelhttp(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracing := otelhttp.NewMiddleware("service", otelhttp.WithTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans))),
		otelhttp.WithPropagators(propagation.TraceContext{}))
	s := composition{outside: []middleware{tracing}}.serve(t, nil)
	for _, path := range paths() {
		s.Failed(t, s.Ask(t, "GET", path, ""), ways[path].want)
		ended := spans.GetSpans()
		require.Len(t, ended, 1, path)
		spans.Reset()
		assert.Equal(t, compose.TraceID, ended[0].SpanContext.TraceID().String())
		assert.Contains(t, ended[0].Attributes, attribute.Int("http.response.status_code", ways[path].want.Status), path)
		assert.Equal(t, ways[path].want.Status >= 500, ended[0].Status.Code == codes.Error, path)
	}
	composition{outside: []middleware{tracing}}.check(t)
	composition{inside: []middleware{tracing}}.check(t)
	spans.Reset()
	s = composition{inside: []middleware{tracing}}.serve(t, nil)
	s.Failed(t, s.Ask(t, "GET", "/panicked", ""), ways["/panicked"].want)
	for _, a := range spans.GetSpans()[0].Attributes {
		assert.NotEqual(t, attribute.Key("http.response.status_code"), a.Key, "inside, a panic ends the span without a status")
	}
}

// net/http's own timeout keeps what is written: what fails in time passes. What does not has the timeout's answer, and is
// logged. A deadline inside gives our answer.
func TestTimeoutHandler(t *testing.T) {
	released := make(chan struct{}, 2)
	slow := func(r *fault.Responder) func(mux *http.ServeMux) {
		return func(mux *http.ServeMux) {
			mux.Handle("GET /slow", faulthttp.Handler(r, func(_ http.ResponseWriter, req *http.Request) error {
				<-req.Context().Done()
				defer func() { released <- struct{}{} }()
				return req.Context().Err()
			}))
		}
	}
	limit := func(d time.Duration) middleware {
		return func(h http.Handler) http.Handler { return http.TimeoutHandler(h, d, "too late") }
	}
	s := compose.New(t)
	s.Serve(t, composition{outside: []middleware{limit(100 * time.Millisecond)}}.handler(s, slow(s.Responder)))
	for _, path := range paths() {
		s.Failed(t, s.Ask(t, "GET", path, ""), ways[path].want)
	}
	a := s.Ask(t, "GET", "/slow", "")
	assert.Equal(t, []any{503, "too late", ""}, []any{a.Status, a.Body, a.Rest})
	<-released
	assert.Contains(t, s.Log.Take(t), "code=service_unavailable status=503")

	s = compose.New(t)
	inside := composition{inside: []middleware{limit(10 * time.Second)}}
	s.Serve(t, inside.handler(s, nil))
	for _, path := range []string{"/panicked", "/panicked-with-text"} {
		s.Failed(t, s.Ask(t, "GET", path, ""), ways[path].want)
	}
	a = s.Ask(t, "GET", "/returned", "") // its writer hides ours: a nil responder is fault.Default
	assert.Equal(t, 423, a.Status)
	s.Log.None(t)

	s = compose.New(t)
	deadline := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			ctx, cancel := context.WithTimeout(req.Context(), 10*time.Millisecond)
			defer cancel()
			h.ServeHTTP(w, req.WithContext(ctx))
		})
	}
	s.Serve(t, composition{between: []middleware{deadline}}.handler(s, slow(nil)))
	s.Failed(t, s.Ask(t, "GET", "/slow", ""), compose.Failure{Err: fault.ServiceUnavailable, Status: 503, Code: "service_unavailable"})
}

// A websocket that cannot be opened fails like anything else; when it is open, it is not ours.
func TestWebsocket(t *testing.T) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	s := compose.New(t)
	s.Serve(t, composition{}.handler(s, func(mux *http.ServeMux) {
		mux.Handle("GET /socket", faulthttp.Handler(nil, func(w http.ResponseWriter, req *http.Request) error {
			conn, err := upgrader.Upgrade(w, req, nil)
			if err != nil {
				return err // it has answered
			}
			defer conn.Close()
			_ = conn.WriteMessage(websocket.TextMessage, []byte("hello"))
			if req.URL.Query().Has("panic") {
				panic(locked)
			}
			return locked
		}))
	}))
	_, resp, err := websocket.DefaultDialer.Dial("ws://"+s.Addr+"/returned", nil)
	require.ErrorIs(t, err, websocket.ErrBadHandshake)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 423, resp.StatusCode)
	assert.Contains(t, s.Log.Take(t), "status=423")
	a := s.Ask(t, "GET", "/socket", "")
	assert.Equal(t, []any{400, "Bad Request\n", ""}, []any{a.Status, a.Body, a.Rest}, "the upgrader's own answer")
	assert.Contains(t, s.Log.Take(t), "committed=true")
	for _, query := range []string{"", "?panic"} {
		conn, resp, err := websocket.DefaultDialer.Dial("ws://"+s.Addr+"/socket"+query, nil)
		require.NoError(t, err)
		_ = resp.Body.Close()
		_, message, err := conn.ReadMessage()
		require.NoError(t, err)
		assert.Equal(t, "hello", string(message))
		_, message, err = conn.ReadMessage()
		assert.Error(t, err)
		assert.Empty(t, message, "nothing of ours is on the connection")
		assert.Contains(t, s.Log.Take(t), "committed=true")
		_ = conn.Close()
	}
}

// Events that were sent stay as they are; an error before the first is answered.
func TestServerSentEvents(t *testing.T) {
	s := composition{}.serve(t, func(mux *http.ServeMux) {
		mux.Handle("GET /events", faulthttp.Handler(nil, func(w http.ResponseWriter, req *http.Request) error {
			w.Header().Set("Content-Type", "text/event-stream")
			if req.URL.Query().Has("early") {
				return locked
			}
			_, _ = w.Write([]byte("data: 1\n\n"))
			_ = http.NewResponseController(w).Flush()
			return locked
		}))
	})
	s.Failed(t, s.Ask(t, "GET", "/events?early", ""), ways["/returned"].want)
	a := s.Ask(t, "GET", "/events", "")
	assert.NoError(t, a.Broken)
	assert.Equal(t, []any{200, "data: 1\n\n"}, []any{a.Status, a.Body})
	assert.Contains(t, s.Log.Take(t), "committed=true")
}
