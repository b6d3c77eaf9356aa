// Package otel_test lets the SDK of OpenTelemetry, with exporters in memory, see the failures of services on every adapter,
// inside of the instrumentation that there is for their frameworks.
package otel_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/contrib/otelfiber/v2"
	"github.com/gofiber/fiber/v2"
	fiberv3 "github.com/gofiber/fiber/v3"
	"github.com/labstack/echo/v4"
	echov5 "github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/labstack/echo/otelecho"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultfiber "github.com/polyfault/polyfault/fiber"
	faultfiberv3 "github.com/polyfault/polyfault/fiberv3"
	faultgin "github.com/polyfault/polyfault/gin"
	"github.com/polyfault/polyfault/interop/adapters"
	faulthttp "github.com/polyfault/polyfault/nethttp"
	faultotel "github.com/polyfault/polyfault/otel"
)

// Telemetry is an SDK with exporters in memory.
type telemetry struct {
	spans   *tracetest.InMemoryExporter
	tracers *sdktrace.TracerProvider
	reader  *metric.ManualReader
	meters  *metric.MeterProvider
	records *records
	loggers *sdklog.LoggerProvider
}

func newTelemetry() *telemetry {
	o := &telemetry{spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader(), records: &records{}}
	o.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(o.spans))
	o.meters = metric.NewMeterProvider(metric.WithReader(o.reader))
	o.loggers = sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(o.records)))
	return o
}

// Records is an exporter that keeps what it gets.
type records struct {
	mu   sync.Mutex
	list []sdklog.Record
}

func (r *records) Export(_ context.Context, list []sdklog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range list {
		r.list = append(r.list, list[i].Clone())
	}
	return nil
}

func (r *records) Shutdown(context.Context) error   { return nil }
func (r *records) ForceFlush(context.Context) error { return nil }

// take returns the records about failures, and forgets them.
func (r *records) take() (list []sdklog.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.list {
		if r.list[i].Body().AsString() == "request failed" {
			list = append(list, r.list[i])
		}
	}
	r.list = nil
	return list
}

// options are those of the responder.
func (o *telemetry) options(opts ...fault.Option) []fault.Option {
	all := append(faultotel.Options(faultotel.WithMeterProvider(o.meters), faultotel.WithLabeler(otelhttp.LabelerFromContext)),
		fault.WithLogger(slog.New(slog.DiscardHandler)), fault.WithMembers(fault.MemberCode, fault.MemberTraceID))
	return append(all, opts...)
}

// one waits for the span that ended: the client may have its answer before.
func (o *telemetry) one(t *testing.T) (span sdktrace.ReadOnlySpan) {
	t.Helper()
	require.Eventually(t, func() bool { return len(o.spans.GetSpans()) > 0 }, 5*time.Second, time.Millisecond)
	list := o.spans.GetSpans().Snapshots()
	require.Len(t, list, 1)
	o.spans.Reset()
	return list[0]
}

// points are the counts of a metric, by what its labels say, "a=b,c=d". Of a histogram, how often it was recorded.
func (o *telemetry) points(t *testing.T, name string) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, o.reader.Collect(t.Context(), &all))
	found := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			switch points := m.Data.(type) {
			case metricdata.Sum[int64]:
				assert.True(t, points.IsMonotonic)
				for _, p := range points.DataPoints {
					found[p.Attributes.Encoded(attribute.DefaultEncoder())] += p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range points.DataPoints {
					found[p.Attributes.Encoded(attribute.DefaultEncoder())] += int64(p.Count)
				}
			}
		}
	}
	return found
}

// foreign is an error as faulthttp.Decode reads it: of another service, with a code that this process has no kind for.
func foreign(code string) error {
	body := `{"EN":"No quota.","code":"` + code + `"}`
	return faulthttp.Decode(&http.Response{
		StatusCode: http.StatusTooManyRequests, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)),
	})
}

// handled is what the handler of a test does with the order.
func handled(ctx context.Context, order string) error {
	switch kind, rest, _ := strings.Cut(order, "~"); kind {
	case "locked":
		return fault.TaskLocked.New()
	case "broken":
		return fault.Database.Wrap(errors.New("no connection"))
	case "unknown":
		return errors.New("nobody knows")
	case "panic":
		panic("boom")
	case "foreign":
		return foreign(rest)
	case "told": // what the handler itself has told stays
		trace.SpanFromContext(ctx).SetAttributes(attribute.String("error.type", "own"))
		if l, ok := otelhttp.LabelerFromContext(ctx); ok {
			l.Add(attribute.String("error.type", "own"))
		}
		return fault.Gone
	case "slow":
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// A case is what is to be seen of a failure.
type seen struct {
	order, code string
	status      int
	body        string // the code in the body, if it is another
	incident    bool
}

var failures = []seen{
	{order: "locked", code: "task_locked", status: 423},
	{order: "broken", code: "database", status: 500, incident: true},
	{order: "unknown", code: "unhandled", status: 500, incident: true},
	{order: "panic", code: "unhandled", status: 500, incident: true},
	{order: "foreign~acme.quota", code: "too_many_requests", status: 429, body: "acme.quota"},
}

// A stack is an adapter inside of an instrumentation.
type stack struct {
	name     string
	route    string // as the framework writes it
	duration string // the instrumentation's metric that takes labels; "" for none
	// The instrumentation's own rules: any error that it hears of is an error of the span, or an event.
	allErrors, events bool
	fast              bool // fasthttp has no sign of a client that left

	serve func(o *telemetry, r *fault.Responder, l net.Listener) (stop func())
}

// start serves until the test is over, and returns the URL.
func (s stack) start(t *testing.T, o *telemetry, opts ...fault.Option) (url string) {
	t.Helper()
	r, err := fault.NewResponder(o.options(opts...)...)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(s.serve(o, r, listener))
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return "http://" + listener.Addr().String()
}

const duration = "http.server.request.duration"

func stacks() []stack {
	gin.SetMode(gin.TestMode)
	return []stack{
		{name: "net/http, otelhttp", route: "/orders/{id}", duration: duration, serve: around(onNetHTTP)},
		{name: "chi, otelhttp", route: "/orders/{id}", duration: duration, serve: around(onChi)},
		{name: "gin, otelhttp", route: "/orders/:id", duration: duration, serve: around(onGin)},
		{name: "gin, otelgin", route: "/orders/:id", duration: duration, allErrors: true, events: true, serve: inside(onOtelgin)},
		{name: "echo, otelhttp", route: "/orders/:id", duration: duration, serve: around(onEcho)},
		{name: "echo, otelecho", route: "/orders/:id", serve: inside(onOtelecho)},
		{name: "echo v5, otelhttp", route: "/orders/:id", duration: duration, serve: around(onEchoV5)},
		{name: "fiber, otelfiber", route: "/orders/:id", events: true, fast: true, serve: onFiber},
		{name: "fiber v3, by hand", route: "/orders/:id", fast: true, serve: onFiberV3},
	}
}

// around puts otelhttp around a handler.
func around(build func(*fault.Responder) http.Handler) func(*telemetry, *fault.Responder, net.Listener) func() {
	return inside(func(o *telemetry, r *fault.Responder) http.Handler {
		return otelhttp.NewHandler(build(r), "service", otelhttp.WithTracerProvider(o.tracers), otelhttp.WithMeterProvider(o.meters),
			otelhttp.WithPropagators(propagation.TraceContext{}))
	})
}

func inside(build func(*telemetry, *fault.Responder) http.Handler) func(*telemetry, *fault.Responder, net.Listener) func() {
	return func(o *telemetry, r *fault.Responder, l net.Listener) func() { return adapters.ServeOn(build(o, r), l) }
}

func onNetHTTP(r *fault.Responder) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", faulthttp.Handler(nil, func(_ http.ResponseWriter, req *http.Request) error {
		return handled(req.Context(), req.PathValue("id"))
	}))
	mux.Handle("GET /orders", faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return fault.Gone }))
	return faulthttp.Middleware(r)(faulthttp.Mux(nil, mux))
}

func onChi(r *fault.Responder) http.Handler {
	m := chi.NewRouter()
	faulthttp.InstallChi(m, r)
	m.Get("/orders/{id}", faulthttp.Handler(nil, func(_ http.ResponseWriter, req *http.Request) error {
		return handled(req.Context(), chi.URLParam(req, "id"))
	}))
	m.Get("/orders", faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return fault.Gone }))
	return m
}

func onGin(r *fault.Responder) http.Handler { return ginEngine(r) }

func ginEngine(r *fault.Responder, outside ...gin.HandlerFunc) *gin.Engine {
	e := gin.New()
	e.Use(outside...)
	faultgin.Install(e, r)
	e.GET("/orders", faultgin.Handler(func(*gin.Context) error { return fault.Gone }))
	e.GET("/orders/:id", faultgin.Handler(func(c *gin.Context) error { return handled(c.Request.Context(), c.Param("id")) }))
	return e
}

// onOtelgin gives otelgin, which has no labeler, that of otelhttp.
func onOtelgin(o *telemetry, r *fault.Responder) http.Handler {
	labeled := func(c *gin.Context) {
		c.Request = c.Request.WithContext(otelhttp.ContextWithLabeler(c.Request.Context(), &otelhttp.Labeler{}))
	}
	labels := func(req *http.Request) []attribute.KeyValue {
		l, _ := otelhttp.LabelerFromContext(req.Context())
		return l.Get()
	}
	return ginEngine(r, labeled, otelgin.Middleware("service", otelgin.WithTracerProvider(o.tracers), otelgin.WithMeterProvider(o.meters),
		otelgin.WithPropagators(propagation.TraceContext{}), otelgin.WithMetricAttributeFn(labels)))
}

func onEcho(r *fault.Responder) http.Handler { return echoEngine(r) }

func echoEngine(r *fault.Responder, outside ...echo.MiddlewareFunc) *echo.Echo {
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.Use(outside...)
	faultecho.Install(e, r)
	e.GET("/orders", func(echo.Context) error { return fault.Gone })
	e.GET("/orders/:id", func(c echo.Context) error { return handled(c.Request().Context(), c.Param("id")) })
	return e
}

func onOtelecho(o *telemetry, r *fault.Responder) http.Handler {
	return echoEngine(r, otelecho.Middleware("service", otelecho.WithTracerProvider(o.tracers),
		otelecho.WithPropagators(propagation.TraceContext{})))
}

func onEchoV5(r *fault.Responder) http.Handler {
	e := echov5.New()
	e.Logger = slog.New(slog.DiscardHandler)
	faultechov5.Install(e, r)
	e.GET("/orders", func(*echov5.Context) error { return fault.Gone })
	e.GET("/orders/:id", func(c *echov5.Context) error { return handled(c.Request().Context(), c.Param("id")) })
	return e
}

func onFiber(o *telemetry, r *fault.Responder, l net.Listener) (stop func()) {
	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r), DisableStartupMessage: true})
	app.Use(otelfiber.Middleware(otelfiber.WithTracerProvider(o.tracers), otelfiber.WithMeterProvider(o.meters),
		otelfiber.WithPropagators(propagation.TraceContext{})), faultfiber.Recover(r))
	app.Get("/orders", func(*fiber.Ctx) error { return fault.Gone })
	app.Get("/orders/:id", func(c *fiber.Ctx) error { return handled(c.UserContext(), strings.Clone(c.Params("id"))) })
	return running(func() error { return app.Listener(l) }, app.Shutdown, l)
}

func onFiberV3(o *telemetry, r *fault.Responder, l net.Listener) (stop func()) {
	app := fiberv3.New(fiberv3.Config{ErrorHandler: faultfiberv3.ErrorHandler(r)})
	app.Use(tracing(o.tracers.Tracer("by hand")), faultfiberv3.Recover(r))
	app.Get("/orders", func(fiberv3.Ctx) error { return fault.Gone })
	app.Get("/orders/:id", func(c fiberv3.Ctx) error { return handled(c.Context(), strings.Clone(c.Params("id"))) })
	quiet := fiberv3.ListenConfig{DisableStartupMessage: true}
	return running(func() error { return app.Listener(l, quiet) }, app.Shutdown, l)
}

// tracing is an instrumentation of fiber v3, for which the registries serve none: it says of a span what the conventions
// want, and hears of the status by the response.
func tracing(tracer trace.Tracer) fiberv3.Handler {
	return func(c fiberv3.Ctx) error {
		from := propagation.TraceContext{}.Extract(c.Context(), propagation.MapCarrier{"traceparent": c.Get("traceparent")})
		ctx, span := tracer.Start(from, c.Method(), trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		c.SetContext(ctx)
		err := c.Next()
		span.SetAttributes(attribute.Int("http.response.status_code", c.Response().StatusCode()))
		if c.Response().StatusCode() >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		return err
	}
}

func running(serve, shutdown func() error, l net.Listener) (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve()
	}()
	return func() {
		_ = shutdown()
		_ = l.Close() // when serve had not begun yet
		<-done
	}
}

// answered is a body.
type answered struct {
	status  int
	code    string
	traceID string
	all     string
}

func get(t *testing.T, url string, headers ...string) answered {
	t.Helper()
	a, err := fetch(t.Context(), url, headers...)
	require.NoError(t, err)
	return a
}

func fetch(ctx context.Context, url string, headers ...string) (a answered, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return a, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	a = answered{status: resp.StatusCode, all: string(body)}
	if err != nil || resp.StatusCode < http.StatusBadRequest {
		return a, err
	}
	var members struct {
		Code    string `json:"code"`
		TraceID string `json:"trace_id"`
	}
	err = json.Unmarshal(body, &members)
	a.code, a.traceID = members.Code, members.TraceID
	return a, err
}

// values are those that an attribute has, once for each time that it is there.
func values(list []attribute.KeyValue, key attribute.Key) (found []string) {
	for _, a := range list {
		if a.Key == key {
			found = append(found, a.Value.String())
		}
	}
	return found
}
