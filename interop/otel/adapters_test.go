package otel_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
)

// On every adapter a failure is in the trace of its span, and span and metrics say once what it was.
func TestFailures(t *testing.T) {
	for _, s := range stacks() {
		t.Run(s.name, func(t *testing.T) {
			for _, f := range failures {
				t.Run(f.order, func(t *testing.T) {
					o := newTelemetry()
					a := get(t, s.start(t, o)+"/orders/"+f.order)
					assert.Equal(t, f.status, a.status)
					body := f.body
					if body == "" {
						body = f.code
					}
					assert.Equal(t, body, a.code)

					span := o.one(t)
					assert.Equal(t, span.SpanContext().TraceID().String(), a.traceID, "the body's trace id")
					assert.Equal(t, []string{f.code}, values(span.Attributes(), "error.type"))
					want := codes.Unset
					if f.incident || s.allErrors {
						want = codes.Error
					}
					assert.Equal(t, want, span.Status().Code)
					if !s.allErrors {
						assert.Empty(t, span.Status().Description)
					}
					if s.events {
						assert.LessOrEqual(t, len(span.Events()), 1, "of the instrumentation's own")
					} else {
						assert.Empty(t, span.Events(), "exceptions are log records")
					}

					status := strconv.Itoa(f.status)
					labels := "error.type=" + f.code + ",http.response.status_code=" + status + ",http.route=" + s.route
					assert.Equal(t, map[string]int64{labels: 1}, o.points(t, "polyfault.errors"))
					if s.duration == "" {
						return
					}
					points := o.points(t, s.duration)
					require.Len(t, points, 1)
					for labels := range points {
						assert.Contains(t, labels, "error.type="+f.code+",")
						assert.Contains(t, labels, "http.response.status_code="+status)
					}
				})
			}
		})
	}
}

// A success is no error, and a path that there is no route for is no label.
func TestNoLabels(t *testing.T) {
	for _, s := range stacks() {
		t.Run(s.name, func(t *testing.T) {
			o := newTelemetry()
			url := s.start(t, o)
			assert.Equal(t, 200, get(t, url+"/orders/fine").status)
			span := o.one(t)
			assert.Empty(t, values(span.Attributes(), "error.type"))
			assert.Equal(t, codes.Unset, span.Status().Code)
			assert.Empty(t, o.points(t, "polyfault.errors"))

			for i := range 20 {
				assert.Equal(t, 404, get(t, url+"/nowhere/"+strconv.Itoa(i)).status)
			}
			assert.Equal(t, map[string]int64{"error.type=not_found,http.response.status_code=404": 20}, o.points(t, "polyfault.errors"))

			assert.Equal(t, 410, get(t, url+"/orders").status)
			labels := "error.type=gone,http.response.status_code=410,http.route=/orders"
			assert.Contains(t, o.points(t, "polyfault.errors"), labels, "a route without parameters")
		})
	}
}

// An error.type that is there is not replaced.
func TestErrorTypesStay(t *testing.T) {
	for _, s := range stacks() {
		t.Run(s.name, func(t *testing.T) {
			o := newTelemetry()
			assert.Equal(t, 410, get(t, s.start(t, o)+"/orders/told").status)
			assert.Equal(t, []string{"own"}, values(o.one(t).Attributes(), "error.type"))
			assert.Len(t, o.points(t, "polyfault.errors"), 1)
			for labels := range o.points(t, s.duration) {
				assert.Contains(t, labels, "error.type=own,")
			}
		})
	}
}

// A client that went away is no error.
func TestClientsThatWentAway(t *testing.T) {
	for _, s := range stacks() {
		if s.fast {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			o := newTelemetry()
			url := s.start(t, o) + "/orders/slow"
			ctx, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer leave()
			_, err := fetch(ctx, url)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			span := o.one(t)
			assert.Empty(t, values(span.Attributes(), "error.type"))
			if !s.allErrors {
				assert.Equal(t, codes.Unset, span.Status().Code)
			}
			assert.Empty(t, o.points(t, "polyfault.errors"))
			for labels := range o.points(t, s.duration) {
				assert.NotContains(t, labels, "error.type")
			}
		})
	}
}

// The trace that a request came in is that of the span and of the body; a traceparent that is not valid begins another.
func TestTraces(t *testing.T) {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, s := range stacks() {
		t.Run(s.name, func(t *testing.T) {
			o := newTelemetry()
			url := s.start(t, o) + "/orders/locked"
			a := get(t, url, "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
			assert.Equal(t, trace, a.traceID)
			assert.Equal(t, trace, o.one(t).SpanContext().TraceID().String())
			noSpan, noTrace := "00-"+trace+"-0000000000000000-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"
			for _, invalid := range []string{noSpan, noTrace, "x"} {
				a = get(t, url, "traceparent", invalid)
				assert.NotEqual(t, trace, a.traceID)
				assert.Equal(t, o.one(t).SpanContext().TraceID().String(), a.traceID)
			}
		})
	}
}

// However many codes other services have, the kinds of this process are the labels.
func TestForeignCodesAreNoLabels(t *testing.T) {
	for _, s := range stacks() {
		t.Run(s.name, func(t *testing.T) {
			o := newTelemetry()
			url := s.start(t, o) + "/orders/foreign~"
			for i := range 200 {
				code := "acme." + strconv.Itoa(i)
				a := get(t, url+code)
				assert.Equal(t, code, a.code, "the body's")
				assert.Equal(t, []string{"too_many_requests"}, values(o.one(t).Attributes(), "error.type"))
			}
			labels := "error.type=too_many_requests,http.response.status_code=429,http.route=" + s.route
			assert.Equal(t, map[string]int64{labels: 200}, o.points(t, "polyfault.errors"))
			if s.duration != "" {
				assert.Len(t, o.points(t, s.duration), 1)
			}
		})
	}
}
