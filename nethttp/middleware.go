package faulthttp

import (
	"net/http"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/exchange"
)

// Middleware recovers panics of the handlers inside and answers them with r; the package comment tells what a nil r means.
// It can wrap any handler, and may be installed more than once: the innermost one answers.
func Middleware(r *fault.Responder) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			x, began := begin(w, req, r)
			defer x.finish(r, began)
			next.ServeHTTP(x.exposed, req)
		})
	}
}

// Handler makes an [http.HandlerFunc] of a function that returns an error. Errors and panics are answered with r. If h
// returns nil, or a typed nil, the response is h's own. Handler needs no enclosing Middleware. It panics if h is nil.
func Handler(r *fault.Responder, h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	if h == nil {
		panic("faulthttp: Handler: the function is nil")
	}
	return func(w http.ResponseWriter, req *http.Request) {
		x, began := begin(w, req, r)
		defer x.finish(r, began)
		if err := h(x.exposed, req); err != nil {
			x.fail(r, err, nil)
		}
	}
}

// Error answers err from inside a handler that returns nothing. It answers the first error of a request. If the response
// has begun, or the request is over, it only logs err. Below Middleware, Handler or Mux, Error knows this, also through the
// writers of other middleware. Anywhere else, call it once and before anything is written. A nil err does nothing;
// http.ErrAbortHandler aborts the connection.
func Error(r *fault.Responder, w http.ResponseWriter, req *http.Request, err error) {
	t, ok := exchange.Find(w).(tracked)
	if !ok { // no Middleware, Handler or Mux of ours, or w is the writer of another adapter
		x, _ := begin(w, req, r)
		x.fail(r, err, nil)
		return
	}
	x := t.track()
	x.request.Store(exchange.Request(req))
	x.fail(r, err, w)
}
