package gin_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getsentry/sentry-go"
	sentrygin "github.com/getsentry/sentry-go/gin"
	"github.com/gin-contrib/cors"
	"github.com/gin-contrib/requestid"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
)

// CORS outside refuses by itself; inside its refusal gets a body. A preflight is answered by it on either side.
func TestCORSRefuses(t *testing.T) {
	crossOrigin := cors.New(cors.Config{AllowOrigins: []string{compose.Origin}, AllowMethods: []string{"PUT"}})
	for name, c := range map[string]composition{
		"outside": {outside: []gin.HandlerFunc{crossOrigin}}, "inside": {inside: []gin.HandlerFunc{crossOrigin}},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.serve(t, nil)
			a := s.Ask(t, "GET", "/fine", "", "Origin", "https://evil.example")
			if name == "outside" {
				s.Passed(t, a, 403, "")
			} else {
				s.Failed(t, a, compose.Failure{Err: fault.Forbidden, Status: 403, Code: "forbidden"})
			}
			assert.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))
			a = s.Ask(t, "OPTIONS", "/fine", "", "Access-Control-Request-Method", "PUT")
			s.Passed(t, a, 204, "")
			assert.Equal(t, "PUT", a.Header.Get("Access-Control-Allow-Methods"))
			assert.Equal(t, compose.Origin, a.Header.Get("Access-Control-Allow-Origin"))
		})
	}
}

// The id that requestid makes is the trace id of body, log and header, where the client brings no trace of its own.
func TestRequestIDIsTheTraceID(t *testing.T) {
	for name, c := range map[string]composition{
		"outside": {outside: []gin.HandlerFunc{requestid.New()}}, "inside": {inside: []gin.HandlerFunc{requestid.New()}},
	} {
		s := c.serve(t, nil)
		for _, path := range []string{"/collected", "/panicked-with-text", "/returned"} {
			a := s.Ask(t, "GET", path, "", "Traceparent", "")
			id := a.Header.Get("X-Request-Id")
			require.NotEmpty(t, id, name)
			assert.Contains(t, s.Log.Take(t), "trace_id="+id, name+path)
			assert.Equal(t, path != "/returned", strings.Contains(a.Body, id), name+path)
		}
	}
}

// gin.Recovery outside has nothing to do, and a response that has begun is still broken off; inside it answers first,
// and what was panicked is lost.
func TestRecovery(t *testing.T) {
	half := func(e *gin.Engine) {
		e.GET("/half", func(c *gin.Context) { c.String(200, "half"); c.Writer.Flush(); panic(locked) })
	}
	recovery := []gin.HandlerFunc{gin.RecoveryWithWriter(nowhere{})}
	composition{outside: recovery}.check(t)
	s := composition{outside: recovery}.serve(t, half)
	a := s.Ask(t, "GET", "/half", "")
	assert.Error(t, a.Broken)
	assert.Equal(t, []any{200, "half"}, []any{a.Status, a.Body})
	assert.Contains(t, s.Log.Take(t), "committed=true")

	s = composition{inside: recovery}.serve(t, half)
	s.Failed(t, s.Ask(t, "GET", "/panicked", ""), compose.Failure{Err: fault.InternalServerError, Status: 500, Code: "internal_server_error"})
	a = s.Ask(t, "GET", "/half", "")
	assert.NoError(t, a.Broken, "it ends as if it were whole: not inside")
}

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
func reporting(t *testing.T, options sentrygin.Options) (gin.HandlerFunc, *events) {
	t.Helper()
	kept := &events{}
	client, err := sentry.NewClient(sentry.ClientOptions{Transport: kept, Dsn: "http://key@127.0.0.1/1"})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	middleware := sentrygin.New(options)
	return func(c *gin.Context) {
		ctx := sentry.SetHubOnContext(c.Request.Context(), sentry.NewHub(client, sentry.NewScope()))
		c.Request = c.Request.WithContext(ctx)
		middleware(c)
	}, kept
}

// sentry inside has to panic again; else it swallows panics. Outside there is none left for it.
func TestSentry(t *testing.T) {
	for name, options := range map[string]sentrygin.Options{"that panics again": {Repanic: true}, "that does not": {}} {
		outside, kept := reporting(t, options)
		t.Run("outside, one "+name, func(t *testing.T) { composition{outside: []gin.HandlerFunc{outside}}.check(t) })
		assert.Zero(t, kept.count(), "all panics are answered inside of it")
	}
	inside, kept := reporting(t, sentrygin.Options{Repanic: true})
	composition{inside: []gin.HandlerFunc{inside}}.check(t)
	assert.Equal(t, 2, kept.count(), "both panics are reported")

	inside, kept = reporting(t, sentrygin.Options{})
	s := composition{inside: []gin.HandlerFunc{inside}}.serve(t, nil)
	s.Passed(t, s.Ask(t, "GET", "/panicked", ""), 200, "")
	assert.Equal(t, 1, kept.count(), "reported, and swallowed: nobody else can know")
}

// otelgin outside reads the status that the client gets, and the error, once; the trace id is its span's.
func TestOtelgin(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracing := otelgin.Middleware("service", otelgin.WithTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans))),
		otelgin.WithPropagators(propagation.TraceContext{}))
	composition{inside: []gin.HandlerFunc{tracing}}.check(t)
	composition{outside: []gin.HandlerFunc{tracing}}.check(t)
	spans.Reset()
	s := composition{outside: []gin.HandlerFunc{tracing}}.serve(t, nil)
	for _, path := range paths() {
		s.Failed(t, s.Ask(t, "GET", path, ""), ways[path].want)
		ended := spans.GetSpans()
		require.Len(t, ended, 1, path)
		spans.Reset()
		span := ended[0]
		assert.Equal(t, compose.TraceID, span.SpanContext.TraceID().String())
		assert.Contains(t, span.Attributes, attribute.Int("http.response.status_code", ways[path].want.Status), path)
		assert.Len(t, span.Events, 1, "%s: the error, once", path)
		assert.Equal(t, codes.Error, span.Status.Code, "otelgin's rule for whatever stands in c.Errors")
	}
	s = composition{inside: []gin.HandlerFunc{tracing}}.serve(t, nil)
	s.Failed(t, s.Ask(t, "GET", "/collected", ""), ways["/collected"].want)
	assert.Contains(t, spans.GetSpans()[0].Attributes, attribute.Int("http.response.status_code", 200), "inside it is not answered yet")
}
