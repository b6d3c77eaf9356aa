package faultotel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel/trace"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
	faultotel "github.com/polyfault/polyfault/otel"
)

func ExampleOptions() {
	r, err := fault.NewResponder(append(faultotel.Options(),
		fault.WithFormats(fault.Problem{}), fault.WithLogger(slog.New(slog.DiscardHandler)))...)
	if err != nil {
		panic(err)
	}
	h := faulthttp.Middleware(r)(faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return fault.TaskLocked }))

	// The instrumentation of the framework starts a span and puts it into the context of the request.
	traceID, _ := trace.TraceIDFromHex("4bf92f3577b34da6a3ce929d0e0e4736")
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{7}})
	ctx := trace.ContextWithSpanContext(context.Background(), span)

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/tasks/7", http.NoBody))
	if remote, ok := errors.AsType[*faulthttp.RemoteError](faulthttp.Decode(w.Result())); ok {
		fmt.Println(remote.Code, remote.TraceID)
	}
	// Output: task_locked 4bf92f3577b34da6a3ce929d0e0e4736
}
