package faulthttp

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/exchange"
)

// A tracker is the exchange of one request as its handlers see it. Each request has a new one, never pooled: code that
// keeps it cannot reach another client.
type tracker struct {
	exchange.Writer
	exposed   http.ResponseWriter          // the tracker, with exactly the capabilities of the writer below
	request   atomic.Pointer[http.Request] // the request of our innermost handler
	unmatched unmatched                    // set while a mux routes
}

// tracked is a tracker in any of its exposed forms.
type tracked interface{ track() *tracker }

func (x *tracker) track() *tracker { return x }

// begin returns the tracker that w is, if it has the responder r, or begins another; began tells which.
func begin(w http.ResponseWriter, req *http.Request, r *fault.Responder) (x *tracker, began bool) {
	if t, ok := w.(tracked); ok {
		if x := t.track(); r == nil || r == x.Responder {
			x.request.Store(exchange.Request(req))
			return x, false
		}
	}
	x = expose[capabilitiesOf(w)]()
	x.Start(w, req, r)
	x.request.Store(exchange.Request(req))
	return x, true
}

// finish is deferred around a handler. It answers a panic, and ends what the handler began.
func (x *tracker) finish(r *fault.Responder, began bool) {
	v := recover()
	switch {
	case v == nil:
	case v == http.ErrAbortHandler: // by identity, as net/http compares
		x.abort()
	default:
		x.recovered(r, v)
	}
	if began {
		x.End()
	}
}

// fail answers an error through the given writer.
func (x *tracker) fail(r *fault.Responder, err error, through http.ResponseWriter) {
	if err == http.ErrAbortHandler {
		x.abort()
	}
	if fault.IsNil(err) || !x.Claim() {
		return
	}
	x.Send(x.responder(r).Respond((*request)(x), err), through)
}

// recovered answers a panic. A response that has begun is broken off, so that no client takes half a body for a
// whole one.
func (x *tracker) recovered(r *fault.Responder, v any) {
	resp := x.responder(r).Recovered((*request)(x), v)
	if x.TooLate() && !x.Hijacked() && !x.Closed() {
		x.abort()
	}
	x.Claim()
	x.Send(resp, nil)
}

// abort breaks the transfer off, unless the connection was hijacked or the request is over.
func (x *tracker) abort() {
	if x.Hijacked() || x.Over() {
		panic(http.ErrAbortHandler)
	}
	exchange.Abort(x.ResponseWriter)
}

// Reporting returns the responder that answers failures of the request, and the request as it sees it, for handlers of ours that
// have a body of their own.
func (x *tracker) Reporting(r *fault.Responder) (*fault.Responder, fault.Request) {
	return x.responder(r), (*request)(x)
}

func (x *tracker) responder(r *fault.Responder) *fault.Responder {
	if r == nil {
		r = x.Responder
	}
	return exchange.Responder(x.Request.Context(), r, x.ResponseWriter)
}

// WriteHeader sends the status, unless it is a mux's own 404 or 405.
func (x *tracker) WriteHeader(status int) {
	if !x.unmatched.answers(x, status) {
		x.Writer.WriteHeader(status)
	}
}

// request is the tracker as the core sees it.
type request tracker

var _ fault.Request = (*request)(nil)

func (r *request) Context() context.Context        { return r.request.Load().Context() }
func (r *request) ArrivalContext() context.Context { return r.Arrival }
func (r *request) Method() string                  { return r.request.Load().Method }
func (r *request) Committed() bool                 { return (*tracker)(r).TooLate() }

func (r *request) Path() string {
	if u := r.request.Load().URL; u != nil {
		return u.Path
	}
	return ""
}

// Route returns the pattern of the ServeMux without its method.
func (r *request) Route() string {
	pattern := r.request.Load().Pattern
	if method, path, ok := strings.Cut(pattern, " "); ok && !strings.Contains(method, "/") {
		return strings.TrimLeft(path, " \t")
	}
	return pattern
}

func (r *request) Header(name string) string {
	return fault.JoinedHeader(r.request.Load().Header, name)
}

func (r *request) ResponseHeader(name string) string {
	return (*tracker)(r).Header().Get(name)
}
