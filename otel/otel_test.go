package faultotel_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
	faultotel "github.com/polyfault/polyfault/otel"
)

// The tests here stand on the API alone, in the lowest version as in the newest: interop/otel has the SDK, exporters and
// instrumentation.

// A span keeps what it is told. It is not the SDK's: nobody can ask it for its attributes.
type span struct {
	trace.Span
	id         trace.SpanContext
	attributes []attribute.KeyValue
	status     []codes.Code
	panics     bool
}

func newSpan(id trace.SpanContextConfig) *span {
	return &span{Span: trace.SpanFromContext(context.Background()), id: trace.NewSpanContext(id)}
}

func (s *span) IsRecording() bool              { return true }
func (s *span) SpanContext() trace.SpanContext { return s.id }

func (s *span) SetAttributes(a ...attribute.KeyValue) {
	if s.panics {
		panic("SetAttributes")
	}
	s.attributes = append(s.attributes, a...)
}

func (s *span) SetStatus(c codes.Code, description string) {
	if description != "" {
		panic("a description")
	}
	s.status = append(s.status, c)
}

// A provider of a counter that keeps what was added.
type provider struct {
	metric.Int64Counter
	err    error
	panics bool

	mu    sync.Mutex
	made  int
	added []attribute.Set
}

func (p *provider) Add(_ context.Context, n int64, options ...metric.AddOption) {
	if p.panics {
		panic("Add")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for range n {
		p.added = append(p.added, metric.NewAddConfig(options).Attributes())
	}
}

// meters is the MeterProvider of a provider, and its Meter.
type (
	meters struct {
		metric.MeterProvider
		p *provider
	}
	meter struct {
		metric.Meter
		p *provider
	}
)

func (m meters) Meter(string, ...metric.MeterOption) metric.Meter { return meter{nil, m.p} }

func (m meter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	m.p.made++
	if name != "polyfault.errors" {
		return nil, errors.New("another name")
	}
	return m.p, m.p.err
}

var valid = trace.SpanContextConfig{TraceID: trace.TraceID{1, 2}, SpanID: trace.SpanID{3}}

const validID = "01020000000000000000000000000000"

// answer is what a service says of an error within a span; id is the trace id of log line and body.
func answer(t *testing.T, s *span, err error, opts ...faultotel.Option) (id string) {
	t.Helper()
	r, invalid := fault.NewResponder(append(faultotel.Options(opts...), fault.WithLogger(slog.New(slog.DiscardHandler)),
		fault.WithMembers(fault.MemberTraceID), fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { id = o.TraceID() }))...)
	require.NoError(t, invalid)
	h := faulthttp.Middleware(r)(faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return err }))
	w := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(trace.ContextWithSpan(t.Context(), s), http.MethodGet, "/", http.NoBody)
	h.ServeHTTP(w, req)
	body, _ := io.ReadAll(w.Body)
	assert.Contains(t, string(body), `"trace_id":"`+id+`"`)
	return id
}

func TestSpans(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		code   string
		status []codes.Code
	}{
		"4xx":     {fault.TaskLocked.New(), "task_locked", nil},
		"5xx":     {fault.BadGateway, "bad_gateway", []codes.Code{codes.Error}},
		"unknown": {errors.New("x"), "unhandled", []codes.Code{codes.Error}},
		"panic":   {fault.Panicked("x"), "unhandled", []codes.Code{codes.Error}},
	} {
		s := newSpan(valid)
		assert.Equal(t, validID, answer(t, s, c.err), name)
		assert.Equal(t, []attribute.KeyValue{attribute.String("error.type", c.code)}, s.attributes, name)
		assert.Equal(t, c.status, s.status, name)
	}
}

// A span context that is not valid gives no trace id: the next source does.
func TestInvalidSpanContexts(t *testing.T) {
	for name, config := range map[string]trace.SpanContextConfig{
		"nothing": {}, "no span id": {TraceID: valid.TraceID}, "no trace id": {SpanID: valid.SpanID},
	} {
		id := answer(t, newSpan(config), fault.NotFound)
		assert.Len(t, id, 32, name)
		assert.NotEqual(t, validID, id, name)
		assert.NotEqual(t, trace.TraceID{}.String(), id, name)
	}
}

type labels struct{ list []attribute.KeyValue }

func (l *labels) Add(a ...attribute.KeyValue) { l.list = append(l.list, a...) }
func (l *labels) Get() []attribute.KeyValue   { return l.list }

func TestLabeler(t *testing.T) {
	l := &labels{list: []attribute.KeyValue{attribute.Int("x", 1)}}
	found := true
	with := faultotel.WithLabeler(func(context.Context) (*labels, bool) { return l, found })
	for range 2 {
		answer(t, newSpan(valid), fault.TaskLocked, with)
	}
	assert.Equal(t, []attribute.KeyValue{attribute.Int("x", 1), attribute.String("error.type", "task_locked")}, l.list, "once")
	l, found = nil, false
	answer(t, newSpan(valid), fault.TaskLocked, with)
}

func TestCounter(t *testing.T) {
	p := &provider{}
	with := faultotel.WithMeterProvider(meters{nil, p})
	answer(t, newSpan(valid), fault.TaskLocked, with)
	require.Len(t, p.added, 1)
	labels := attribute.NewSet(attribute.String("error.type", "task_locked"), attribute.Int("http.response.status_code", 423))
	assert.Equal(t, labels, p.added[0])
	assert.Equal(t, 1, p.made)
}

// The global provider may be set, and replaced, at run time; each has its own counter.
func TestGlobalProvider(t *testing.T) {
	before := otel.GetMeterProvider()
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	first, second := &provider{}, &provider{}
	r, err := fault.NewResponder(append(faultotel.Options(), fault.WithLogger(slog.New(slog.DiscardHandler)))...)
	require.NoError(t, err)
	h := faulthttp.Middleware(r)(faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return fault.NotFound }))
	fail := func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	}
	for i, p := range []*provider{first, second, first} {
		otel.SetMeterProvider(meters{nil, p})
		fail()
		fail()
		assert.Len(t, p.added, []int{2, 2, 4}[i])
	}
	assert.Len(t, second.added, 2)
	assert.Equal(t, 1, second.made)
}

func TestWrongOptions(t *testing.T) {
	broken := &provider{err: errors.New("no counter")}
	for want, opts := range map[string][]fault.Option{
		"faultotel: option 1 of Options is nil":                           faultotel.Options(nil),
		"faultotel: WithLabeler: the function is nil":                     faultotel.Options(faultotel.WithLabeler[*labels](nil)),
		"WithMeterProvider: the provider is a nil *faultotel_test.meters": faultotel.Options(faultotel.WithMeterProvider((*meters)(nil))),
		"faultotel: counter polyfault.errors: no counter":                 faultotel.Options(faultotel.WithMeterProvider(meters{nil, broken})),
	} {
		r, err := fault.NewResponder(opts...)
		require.ErrorContains(t, err, want)
		assert.Nil(t, r)
	}
	_, err := fault.NewResponder(faultotel.Options(faultotel.WithMeterProvider(nil))...)
	assert.NoError(t, err)
}

// A span, a labeler and a counter that panic cost their own contribution only.
func TestPanickingTelemetry(t *testing.T) {
	s, p := newSpan(valid), &provider{}
	s.panics = true
	id := answer(t, s, fault.BadGateway.New(), faultotel.WithMeterProvider(meters{nil, p}),
		faultotel.WithLabeler(func(context.Context) (*labels, bool) { panic("labeler") }))
	assert.Equal(t, validID, id)
	assert.Len(t, p.added, 1)

	s = newSpan(valid)
	answer(t, s, fault.BadGateway.New(), faultotel.WithMeterProvider(meters{nil, &provider{panics: true}}))
	assert.Len(t, s.attributes, 1)
}
