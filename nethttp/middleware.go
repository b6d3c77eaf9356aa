package faulthttp

import (
	"net/http"

	fault "github.com/polyfault/polyfault/core"
)

// Middleware recovers panics of the handlers inside and answers them with r. It works around any
// handler and may be installed more than once: the inner one answers.
func Middleware(r *fault.Responder) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			x, began := begin(w, req)
			defer x.finish(r, began)
			next.ServeHTTP(x.writer, req)
		})
	}
}

// Handler makes an [http.Handler] of a function that returns its error. Errors and panics are
// answered with r; nil, and a typed nil, leave the response to h. It needs no Middleware around it. It panics
// when h is nil.
func Handler(r *fault.Responder, h func(http.ResponseWriter, *http.Request) error) http.Handler {
	if h == nil {
		panic("faulthttp: Handler: the function is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		x, began := begin(w, req)
		defer x.finish(r, began)
		if err := h(x.writer, req); err != nil {
			x.fail(r, err)
		}
	})
}

// Error answers err from inside a handler that returns nothing. Below Middleware or Handler it sends
// nothing when the response has begun, and answers only the first error of a request; anywhere else
// it cannot know and has to be called before anything is written, once. A nil err does nothing;
// http.ErrAbortHandler aborts the connection.
func Error(r *fault.Responder, w http.ResponseWriter, req *http.Request, err error) {
	outer := tracked(w)
	if outer == nil {
		x, _ := begin(w, req)
		x.fail(r, err)
		return
	}
	if err == http.ErrAbortHandler {
		panic(err)
	}
	if fault.IsNil(err) || outer.answered {
		return
	}
	resp := r.Respond((*request)(outer), err)
	if outer.committed {
		return
	}
	send(w, req, resp, outer.compressed) // w, not outer: a writer between them may compress
	outer.answered = true
}
