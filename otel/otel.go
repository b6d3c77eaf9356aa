package faultotel

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
)

// Names of the semantic conventions, and ours.
const (
	errorType  = attribute.Key("error.type")
	statusCode = attribute.Key("http.response.status_code")
	httpRoute  = attribute.Key("http.route")

	scope   = "github.com/polyfault/polyfault/otel"
	counter = "polyfault.errors"
)

// An Option changes the result of [Options]. [fault.NewResponder] returns an error for a nil Option.
type Option func(*config) error

type config struct {
	provider metric.MeterProvider
	label    func(context.Context, attribute.KeyValue)
}

// WithMeterProvider sets the provider of the counter. The default, also for nil, is the global one at the time of the failure,
// so it may be set and replaced while the service runs. [fault.NewResponder] returns an error for a nil pointer in the
// interface.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(c *config) error {
		if p != nil && errtree.IsNil(p) {
			return fmt.Errorf("WithMeterProvider: the provider is a nil %T", p)
		}
		c.provider = p
		return nil
	}
}

// A Labeler collects the attributes of one request's metrics, like that of otelhttp.
type Labeler interface {
	Add(attributes ...attribute.KeyValue)
	Get() []attribute.KeyValue
}

// WithLabeler gives error.type to the metrics of the framework's instrumentation, whose labeler is in the context of the
// request. With otelhttp, http.server.request.duration then counts success and failure, as the semantic conventions
// recommend:
//
//	faultotel.Options(faultotel.WithLabeler(otelhttp.LabelerFromContext))
//
// For a request without a labeler fromContext returns false, and its metrics do not change. fromContext must be safe for
// concurrent use. [fault.NewResponder] returns an error if it is nil.
func WithLabeler[L Labeler](fromContext func(context.Context) (L, bool)) Option {
	return func(c *config) error {
		if fromContext == nil {
			return errors.New("WithLabeler: the function is nil")
		}
		c.label = func(ctx context.Context, a attribute.KeyValue) {
			if l, ok := fromContext(ctx); ok && !has(l.Get(), a.Key) {
				l.Add(a)
			}
		}
		return nil
	}
}

// Options returns the options of a responder with OpenTelemetry; the package comment describes them. [fault.NewResponder]
// returns an error for an invalid option. The application's own options may stand before or after them.
func Options(opts ...Option) []fault.Option {
	o, err := newObserver(opts)
	if err != nil {
		return []fault.Option{func(*fault.Responder) error { return err }}
	}
	return []fault.Option{ // each observer for itself: what panics costs its own contribution
		fault.WithTraceID(traceID), fault.WithObserver(markSpan), fault.WithObserver(o.labelMetrics), fault.WithObserver(o.count),
	}
}

// traceID returns the id of the active span, or "" if there is no valid one.
func traceID(r fault.Request) string {
	span := trace.SpanContextFromContext(r.Context())
	if !span.IsValid() {
		return ""
	}
	return span.TraceID().String()
}

// An observer tells span and metrics of failures.
type observer struct {
	config
	made atomic.Pointer[instrument] // of the global provider
}

// An instrument is the counter of a provider.
type instrument struct {
	provider metric.MeterProvider
	metric.Int64Counter
}

func newObserver(opts []Option) (*observer, error) {
	o := &observer{}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("faultotel: option %d of Options is nil", i+1)
		}
		if err := opt(&o.config); err != nil {
			return nil, fmt.Errorf("faultotel: %w", err)
		}
	}
	if o.provider == nil {
		return o, nil
	}
	i, err := newInstrument(o.provider)
	if err != nil {
		return nil, fmt.Errorf("faultotel: counter %s: %w", counter, err)
	}
	o.made.Store(i)
	return o, nil
}

func newInstrument(p metric.MeterProvider) (*instrument, error) {
	c, err := p.Meter(scope).Int64Counter(counter, metric.WithUnit("{error}"),
		metric.WithDescription("Failures that were answered, by the code of their kind."))
	if err != nil {
		return nil, err
	}
	return &instrument{p, c}, nil
}

// counter returns the counter of the given provider, or else of the global one, or nil if that makes none.
func (o *observer) counter() metric.Int64Counter {
	made := o.made.Load()
	if o.provider != nil {
		return made
	}
	global := otel.GetMeterProvider()
	if made != nil && same(made.provider, global) {
		return made
	}
	made, err := newInstrument(global)
	if err != nil {
		otel.Handle(err)
		return nil
	}
	o.made.Store(made)
	return made
}

func same(a, b metric.MeterProvider) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

func markSpan(ctx context.Context, failure *fault.Occurrence) {
	span := trace.SpanFromContext(ctx)
	if !isError(failure) || !span.IsRecording() {
		return
	}
	code := codeOf(failure)
	if s, ok := span.(interface{ Attributes() []attribute.KeyValue }); !ok || !has(s.Attributes(), code.Key) { // the SDK's spans tell
		span.SetAttributes(code)
	}
	if failure.Incident() {
		span.SetStatus(codes.Error, "")
	}
}

func (o *observer) labelMetrics(ctx context.Context, failure *fault.Occurrence) {
	if o.label != nil && isError(failure) {
		o.label(ctx, codeOf(failure))
	}
}

func (o *observer) count(ctx context.Context, failure *fault.Occurrence) {
	if isClientGone(failure) {
		return
	}
	if c := o.counter(); c != nil {
		c.Add(ctx, 1, metric.WithAttributeSet(labels(failure)))
	}
}

func isClientGone(failure *fault.Occurrence) bool {
	return failure.Kind().Is(fault.ClientClosedRequest)
}

// isError reports whether the request ended with an error: a handler that only notes an error may have answered with a
// success.
func isError(failure *fault.Occurrence) bool {
	return !isClientGone(failure) && (failure.Status() >= 400 || failure.Incident())
}

// codeOf returns the code of the kind, and not that of another service.
func codeOf(failure *fault.Occurrence) attribute.KeyValue {
	return errorType.String(failure.Kind().Code())
}

func labels(failure *fault.Occurrence) attribute.Set {
	all := []attribute.KeyValue{codeOf(failure), statusCode.Int(failure.Status())}
	if route := failure.Route(); route != "" {
		all = append(all, httpRoute.String(route))
	}
	return attribute.NewSet(all...)
}

func has(list []attribute.KeyValue, key attribute.Key) bool {
	for _, a := range list {
		if a.Key == key {
			return true
		}
	}
	return false
}
