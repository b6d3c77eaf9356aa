package faulthttp

import (
	"net/http"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/exchange"
)

// Middleware recovers panics of the handlers inside and answers them with r. It works around any
// handler and may be installed more than once: the inner one answers.
func Middleware(r *fault.Responder) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			x, began := begin(w, req, r)
			defer x.finish(r, began)
			next.ServeHTTP(x.exposed, req)
		})
	}
}

// Handler makes an [http.HandlerFunc] of a function that returns its error. Errors and panics are
// answered with r; nil, and a typed nil, leave the response to h. It needs no Middleware around it. It panics
// when h is nil.
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

// Error answers err from inside a handler that returns nothing. It answers the first error of a request, unless the
// response has begun; then, and when the request is over, err is logged only. Below Middleware, Handler or Mux
// it knows that by itself, through the writers of other middleware, too; anywhere else it has to be called
// before anything is written, once. A nil err does nothing; http.ErrAbortHandler aborts the connection.
func Error(r *fault.Responder, w http.ResponseWriter, req *http.Request, err error) {
	t, ok := exchange.Find(w).(tracked)
	if !ok { // nothing of ours is around, or another adapter, whose writer w is
		x, _ := begin(w, req, r)
		x.fail(r, err, nil)
		return
	}
	x := t.track()
	x.request.Store(exchange.Request(req))
	x.fail(r, err, w)
}
