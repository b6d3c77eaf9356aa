package faultecho

import (
	"bufio"
	"context"
	"errors"
	"iter"
	"net"
	"net/http"
	"reflect"

	"github.com/labstack/echo/v4"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
	life "github.com/polyfault/polyfault/internal/exchange"
)

// An exchange follows one request and its response. Below Recover it is also the writer under echo.Response, since
// echo.Response does not notice a hijack, or a flush before the first byte. Each request has a new exchange, never
// pooled: code that keeps one cannot reach another client.
type exchange struct {
	life.Writer

	response  *echo.Response // the response whose Writer it is; nil without Recover
	context   echo.Context   // of the failure
	cancelled bool           // the request's first context was cancelled when the failure came
}

const (
	key  = "github.com/polyfault/polyfault/echo" // the key of a failed request's exchange in its echo.Context
	kept = key + "/kept"                         // the key of an answer that a TimeoutHandler buffers
)

// begin puts an exchange under the response.
func begin(c echo.Context, r *fault.Responder) *exchange {
	x := &exchange{response: c.Response()}
	x.Start(x.response.Writer, c.Request(), r)
	x.Live = true // functions of Response.Before set headers when the status passes
	x.response.Writer = x
	return x
}

// of returns the exchange of a failed request: the innermost one under its response, or the one that was made at the
// first failure.
func of(c echo.Context) *exchange {
	x, _ := life.Find(c.Response()).(*exchange)
	if x == nil {
		x, _ = c.Get(key).(*exchange)
	}
	if x == nil {
		x = &exchange{cancelled: true} // without Recover nobody knows who ended the context
		x.Start(c.Response(), c.Request(), nil)
	}
	x.fails(c)
	return x
}

// fails records the state of the request at the failure: middleware changes it on its way out.
func (x *exchange) fails(c echo.Context) {
	first := x.context == nil
	x.context = c
	if !first {
		return
	}
	if other, _ := c.Get(key).(*exchange); other != nil && other.Claimed() && x.lost() == nil { // behind a writer that hides it
		x.Claim()
	} else if x.wraps() || life.Find(c.Response()) != life.Exchange(x) {
		c.Set(key, x) // middleware that wrapped the writer may put it back before echo calls the error handler, or may hide it
	}
	x.cancelled = x.cancelled || x.Arrival.Err() != nil
}

// wraps reports whether x lies on the writer of another middleware.
func (x *exchange) wraps() bool { return life.Wrapped(x.ResponseWriter) != nil }

// finish removes the exchange from under the response after a success, and ends it. The exchange stays if other
// middleware has left a writer that leads to it, because middleware outside may still write.
func (x *exchange) finish(c echo.Context) {
	switch {
	case x.Claimed() || x.Hijacked():
		x.End()
	case c.Response() == x.response && x.response.Writer == http.ResponseWriter(x):
		x.response.Writer = x.ResponseWriter
		x.End()
	}
}

// recovered answers a panic and returns it as an error, or aborts the connection.
func (x *exchange) recovered(c echo.Context, v any) error {
	if v == http.ErrAbortHandler && !x.Hijacked() { // by identity, as net/http compares
		life.Abort(x.ResponseWriter)
	} else if v == http.ErrAbortHandler {
		panic(v)
	}
	err := fault.Panicked(v)
	if x.buffered() {
		return err
	}
	x.fails(c)
	late := x.tooLate() && !x.Hijacked() && !x.Closed()
	if x.Claimed() { // middleware inside has called the error handler and panicked afterwards: a second failure
		life.Responder(life.Request(x.context.Request()).Context(), x.Responder, x).Respond((*request)(x), err)
	}
	answered := x.answer(err)
	if late {
		life.Abort(x.ResponseWriter)
	}
	return answered
}

// buffered reports whether a TimeoutHandler buffers the response. If the handler returns an error, echo's Timeout drops
// the buffer and returns the error, and the error handler answers it outside.
func (x *exchange) buffered() bool {
	return reflect.TypeOf(life.Bottom(x.ResponseWriter)).String() == "*http.timeoutWriter"
}

// answer answers the error, and returns one from which echo and middleware outside read the status that the client gets.
func (x *exchange) answer(err error) error {
	if x.Responder == nil && life.ResponderAround(x.ResponseWriter) == nil {
		x.context.Error(err) // the application's error handler
		return known(err, false, x.context.Response().Status)
	}
	if lost := x.lost(); lost != nil && x.Claim() {
		x.send(lost)
		return known(err, x.wraps(), lost.Status)
	}
	if x.Claimed() || !x.Claim() { // middleware inside has called the error handler, and returns the error as well
		return known(err, x.wraps(), x.context.Response().Status)
	}
	return known(err, x.wraps(), x.respond(x.Responder, err))
}

// handed is an error that Recover has answered.
type handed struct{ error }

func (h handed) Unwrap() error { return h.error }

// knows reports whether an error handler that finds no exchange has nothing to add to the response.
func (x *exchange) knows(err error) bool {
	if x.response != nil || !x.tooLate() {
		return false
	}
	_, answered := errtree.As[handed](err)
	return answered
}

// respond answers an error that x has claimed, and returns the status.
func (x *exchange) respond(r *fault.Responder, err error) (status int) {
	responder := life.Responder(life.Request(x.context.Request()).Context(), r, x)
	resp := responder.Respond((*request)(x), translate(x.context, err))
	if x.tooLate() {
		return x.context.Response().Status
	}
	if x.buffered() {
		x.context.Set(kept, resp)
	}
	x.send(resp)
	return resp.Status
}

// lost returns an answer that echo's Timeout has dropped: middleware inside of it had the error answered and returned it
// as well. It returns nil if there is none.
func (x *exchange) lost() *fault.Response {
	if x.TooLate() {
		return nil // it was sent
	}
	resp, _ := x.context.Get(kept).(*fault.Response)
	return resp
}

func (x *exchange) send(resp *fault.Response) {
	through := x.context.Response()
	for r := range responses(through) {
		r.Committed = false // an informational status was sent; echo takes it for the final one
	}
	if life.Find(through) != life.Exchange(x) { // no Recover, or echo already uses the context for another request
		x.Send(resp, nil)
		return
	}
	x.Send(resp, through)
}

// known returns the error as one of echo's type with the status, for middleware that reads the status off errors. With
// mark, the error is also marked as answered: middleware may have put a context in place that leads to no exchange.
func known(err error, mark bool, status int) error {
	message := any(http.StatusText(status))
	switch err.(type) {
	case *fault.Fault, *fault.Kind:
	default:
		he, ok := findHTTPError(err)
		if ok = ok && he.Code == status; ok && !mark {
			return err
		}
		if ok {
			message = he.Message
		}
		err = errtree.Quiet(err) // loggers call Error, and nothing would catch its panic there
	}
	if mark {
		err = handed{err}
	}
	return &echo.HTTPError{Code: status, Message: message, Internal: err}
}

func findHTTPError(err error) (he *echo.HTTPError, ok bool) {
	defer func() {
		if recover() != nil { // a foreign Unwrap or As
			ok = false
		}
	}()
	return he, errors.As(err, &he) && he != nil
}

// tooLate reports whether it is too late for an answer. Response.Status says nothing by itself: it is
// 200 before anything is sent, and stays 103 when bytes follow without a status.
func (x *exchange) tooLate() bool {
	if x.TooLate() {
		return true
	}
	for r := range responses(x.context.Response()) {
		if r.Committed && (r.Status >= 200 || r.Status == http.StatusSwitchingProtocols || r.Size > 0) {
			return true
		}
	}
	return false
}

// responses yields the echo.Responses from w down. There may be several: echo.WrapMiddleware stacks them.
func responses(w http.ResponseWriter) iter.Seq[*echo.Response] {
	return func(yield func(*echo.Response) bool) {
		for range 64 { // a writer that unwraps to itself ends here
			if w == nil {
				return
			}
			if r, ok := w.(*echo.Response); ok && !yield(r) {
				return
			}
			w = life.Wrapped(w)
		}
	}
}

// The optional methods always exist, like those of echo's own writers, and return [http.ErrNotSupported] if the writer
// below lacks them. Handlers also reach past echo.Response for them, by c.Response().Writer.(http.Flusher).

// Flush is FlushError without the error.
func (x *exchange) Flush() { _ = x.FlushError() }

// Hijack takes over the connection and remembers it, which echo.Response does not.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) { return x.TakeOver() }

// Push serves HTTP/2.
func (x *exchange) Push(target string, opts *http.PushOptions) error {
	return x.Promise(target, opts)
}

// request is the exchange as the core sees it.
type request exchange

var _ fault.Request = (*request)(nil)

func (r *request) now() *http.Request { return life.Request(r.context.Request()) }
func (r *request) Method() string     { return r.now().Method }
func (r *request) Route() string      { return r.context.Path() }
func (r *request) Committed() bool    { return (*exchange)(r).tooLate() }

func (r *request) Path() string {
	if u := r.now().URL; u != nil {
		return u.Path
	}
	return ""
}

// Context returns the context of the request as middleware has left it.
func (r *request) Context() context.Context { return r.now().Context() }

// ArrivalContext returns the context that the request came with, as it was at the failure. Without Recover it is not known.
func (r *request) ArrivalContext() context.Context {
	if r.response == nil {
		return nil
	}
	if ctx := r.Arrival; r.cancelled {
		return ctx
	}
	return context.Background()
}

func (r *request) Header(name string) string {
	return fault.JoinedHeader(r.now().Header, name)
}

func (r *request) ResponseHeader(name string) string {
	return r.context.Response().Header().Get(name)
}
