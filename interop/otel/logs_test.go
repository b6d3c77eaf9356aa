package otel_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	fault "github.com/polyfault/polyfault/core"
)

func bridge(o *telemetry) fault.Option {
	return fault.WithLogger(slog.New(otelslog.NewHandler("service", otelslog.WithLoggerProvider(o.loggers))))
}

func attributesOf(r sdklog.Record) map[string]string {
	all := map[string]string{}
	r.WalkAttributes(func(a attribute.KeyValue) bool {
		if _, twice := all[string(a.Key)]; twice {
			panic("twice: " + a.Key)
		}
		all[string(a.Key)] = a.Value.String()
		return true
	})
	return all
}

// An incident is an exception in the log, in the trace of its span; what clients do wrong is a record and no exception.
func TestExceptionsAreLogRecords(t *testing.T) {
	for _, s := range stacks() {
		t.Run(s.name, func(t *testing.T) {
			o := newTelemetry()
			url := s.start(t, o, bridge(o), fault.WithLogNames(fault.OTelNames)) + "/orders/"
			for _, f := range failures {
				a := get(t, url+f.order)
				span := o.one(t)
				list := o.records.take()
				require.Len(t, list, 1, f.order)
				r, attrs := list[0], attributesOf(list[0])
				assert.Equal(t, a.traceID, r.TraceID().String())
				assert.Equal(t, span.SpanContext().SpanID(), r.SpanID())
				assert.Equal(t, a.traceID, attrs["trace_id"])
				assert.Equal(t, f.code, attrs["error.type"])
				assert.Equal(t, s.route, attrs["http.route"])
				assert.Equal(t, "/orders/"+f.order, attrs["url.path"])
				assert.Equal(t, "GET", attrs["http.request.method"])
				if !f.incident {
					assert.Equal(t, log.SeverityDebug, r.Severity())
					for name := range attrs {
						assert.False(t, strings.HasPrefix(name, "exception."), name)
					}
					continue
				}
				assert.Equal(t, log.SeverityError, r.Severity())
				assert.NotEmpty(t, attrs["exception.message"])
				if f.order == "unknown" { // it brings no stack: that of whoever answers
					assert.NotEmpty(t, attrs["exception.stacktrace"])
				} else {
					assert.Contains(t, attrs["exception.stacktrace"], "otel_test.handled", "the error's own frames")
				}
				assert.NotContains(t, attrs["exception.stacktrace"], "polyfault/core.")
				want := map[string]string{"broken": "*errors.errorString", "unknown": "*errors.errorString", "panic": "string"}
				assert.Equal(t, want[f.order], attrs["exception.type"])
				assert.NotContains(t, attrs, "cause")
			}
		})
	}
}

// A name of one's own for the error makes an exception of it as well: the bridge recognises the value.
func TestExceptionsUnderAnotherName(t *testing.T) {
	o := newTelemetry()
	r, err := fault.NewResponder(bridge(o), fault.WithLogNames(fault.LogNames{Exception: "err"}))
	require.NoError(t, err)
	r.Respond(nil, fault.Database.Wrap(fmt.Errorf("x: %w", sql.ErrConnDone)))
	attrs := attributesOf(o.records.take()[0])
	assert.Contains(t, attrs["exception.message"], "sql: connection is already closed")
	assert.NotContains(t, attrs, "cause")
}

// Without names for it, there is a text and no exception.
func TestTextsAreNoExceptions(t *testing.T) {
	o := newTelemetry()
	r, err := fault.NewResponder(bridge(o))
	require.NoError(t, err)
	r.Respond(nil, fault.Database.Wrap(&fs.PathError{Op: "open", Path: "x", Err: fs.ErrClosed}))
	attrs := attributesOf(o.records.take()[0])
	assert.Contains(t, attrs["cause"], "open x")
	assert.NotContains(t, attrs, "exception.message")
}

type unspeakable struct{}

func (unspeakable) Error() string { panic("Error") }

// Errors whose methods panic, never end or are long cost their own text only, in the bridge as well.
func TestHostileErrorsAsRecords(t *testing.T) {
	long := errors.New(strings.Repeat("x", 1<<20))
	for _, hostile := range []error{unspeakable{}, fault.Database.Wrap(unspeakable{}), errors.Join(long, unspeakable{}), long} {
		o := newTelemetry()
		r, err := fault.NewResponder(bridge(o), fault.WithLogNames(fault.OTelNames))
		require.NoError(t, err)
		assert.Equal(t, 500, r.Respond(nil, hostile).Status)
		list := o.records.take()
		require.Len(t, list, 1)
		attrs, size := attributesOf(list[0]), 0
		for name, value := range attrs {
			size += len(name) + len(value)
		}
		assert.NotEmpty(t, attrs["exception.message"])
		assert.Less(t, size, 64<<10)
	}
}
