package main

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/go-chi/chi/v5/middleware"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// panicScenarios are panics below eight plain middlewares: what a stack costs depends on its depth.
func panicScenarios() []*scenario {
	return []*scenario{
		panicking("panic(fault.TaskLocked)", fault.TaskLocked),
		panicking(`panic("boom")`, "boom"),
	}
}

func panicking(name string, value any) *scenario {
	var inner http.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) })
	for range 8 {
		inner = passing(inner)
	}
	req := browse("application/json")
	req = middleware.WithLogEntry(req, chiEntry{}) // chi's default prints to stderr
	return &scenario{name: name, request: req, contestants: []contestant{
		{name: "plain recover, no stack", role: hand, handler: recovering(inner, false), differs: "500 without translations"},
		{name: "plain recover, debug.Stack", role: usual, handler: recovering(inner, true), differs: "500 without translations"},
		{name: "chi Recoverer", handler: middleware.Recoverer(inner), differs: "500 without a body"},
		{name: "polyfault Middleware", handler: faulthttp.Middleware(responder(four))(inner)},
	}}
}

func passing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		next.ServeHTTP(w, req)
		_ = req.Method // not a tail call
	})
}

// recovering is the middleware that most services have.
func recovering(next http.Handler, stack bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			attrs := []slog.Attr{slog.String("method", req.Method), slog.String("path", req.URL.Path), slog.Any("panic", v)}
			if stack {
				attrs = append(attrs, slog.String("stack", string(debug.Stack())))
			}
			logger.LogAttrs(req.Context(), slog.LevelError, "panic recovered", attrs...)
			body := []byte(`{"error":"internal server error"}`)
			h := w.Header()
			h.Set("Content-Type", "application/json")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Content-Length", strconv.Itoa(len(body)))
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write(body)
		}()
		next.ServeHTTP(w, req)
	})
}

// chiEntry logs as the others do.
type chiEntry struct{ middleware.LogEntry }

func (chiEntry) Panic(v any, stack []byte) {
	logger.LogAttrs(context.Background(), slog.LevelError, "panic recovered", slog.Any("panic", v), slog.String("stack", string(stack)))
}
