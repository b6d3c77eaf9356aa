package faultecho

import (
	"bufio"
	"context"
	"iter"
	"net"
	"net/http"

	"github.com/labstack/echo/v5"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
	life "github.com/polyfault/polyfault/internal/exchange"
)

// An exchange follows one request and its response. Below Recover it lies under a response of its own, which handlers
// get in place of echo's: that one is pooled, and would lead whoever keeps it to another client. It is made anew
// for each request and never pooled.
type exchange struct {
	life.Writer

	front     echo.Response // what handlers get; it leads to the exchange
	header    http.Header   // of the writer underneath, with Recover
	context   *echo.Context // of the failure
	cancelled bool          // when the failure came, the request as it came was cancelled
}

// key is the place of the exchange of a failure in an echo.Context.
const key = "github.com/polyfault/polyfault/echov5"

// begin puts an exchange, and a response on it, before the response that c has.
func begin(c *echo.Context, r *fault.Responder) *exchange {
	x := &exchange{header: c.Response().Header()}
	x.Start(c.Response(), c.Request(), r)
	x.Live = true // functions of Response.Before set headers when the status passes
	x.front = *echo.NewResponse(x, c.Logger())
	if around := nearest(x.ResponseWriter); around != nil {
		x.front.Status, x.front.Size, x.front.Committed = around.Status, around.Size, around.Committed
	}
	c.SetResponse(&x.front)
	return x
}

// of finds the exchange of a failing request: the innermost under its response, or the one that was made when it
// failed for the first time.
func of(c *echo.Context) *exchange {
	x, _ := life.Find(c.Response()).(*exchange)
	if x == nil {
		x, _ = c.Get(key).(*exchange)
	}
	if x == nil {
		x = &exchange{cancelled: true} // who ended the context is not known without Recover
		x.Start(c.Response(), c.Request(), nil)
	}
	x.fails(c)
	return x
}

// fails notes what is known of the request when the failure comes: middleware changes it on its way out.
func (x *exchange) fails(c *echo.Context) {
	if x.context == nil {
		x.cancelled = x.cancelled || x.Arrival.Err() != nil
		if other, _ := c.Get(key).(*exchange); other != nil && other.Claimed() { // behind a writer that hides it
			x.Claim()
		} else {
			c.Set(key, x) // middleware around may put its own response back before echo calls the error handler
		}
	}
	x.context = c
}

// finish gives c the response back that it had, after a success, whatever was put on it since, and ends the exchange.
// After an answer, and on a connection that was taken over, it stays: what is around may not write any more.
func (x *exchange) finish(c *echo.Context) {
	if !x.Claimed() && !x.Hijacked() {
		c.SetResponse(x.ResponseWriter)
		x.suggest()
	}
	x.End()
}

// suggest hands on a status that was set and not sent, as echo's loggers read it.
func (x *exchange) suggest() {
	if around := nearest(x.ResponseWriter); around != nil && !around.Committed {
		around.Status = x.front.Status
	}
}

// recovered answers a panic and makes an error of it, or aborts.
func (x *exchange) recovered(c *echo.Context, v any) error {
	if v == http.ErrAbortHandler && !x.Hijacked() { // by identity, as net/http compares
		life.Abort(x.ResponseWriter)
	} else if v == http.ErrAbortHandler {
		panic(v)
	}
	err := fault.Panicked(v)
	x.fails(c)
	late := x.tooLate() && !x.Hijacked() && !x.Closed()
	answered := x.answer(err)
	if late {
		life.Abort(x.ResponseWriter)
	}
	return answered
}

// answer answers the error, and returns it as one that echo and what is around understand: with the status that the
// client gets.
func (x *exchange) answer(err error) error {
	if e := x.context.Echo(); e != nil && x.Responder == nil && life.ResponderAround(x.ResponseWriter) == nil {
		e.HTTPErrorHandler(x.context, err) // the application's
		return known(err, false, x.status())
	}
	if x.Claimed() || !x.Claim() { // middleware inside has called the error handler, and hands the error on
		return known(err, x.wraps(), x.status())
	}
	return known(err, x.wraps(), x.respond(x.Responder, err))
}

// wraps reports whether x lies on a writer of somebody else, not on echo's response, and that on net/http's.
func (x *exchange) wraps() bool { return life.Wrapped(life.Wrapped(x.ResponseWriter)) != nil }

// handed is an error that Recover has answered.
type handed struct{ error }

func (h handed) Unwrap() error { return h.error }

// knows reports whether an error handler that finds no exchange has nothing to add to the response.
func (x *exchange) knows(err error) bool {
	if x.header != nil || !x.tooLate() {
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
		return x.status()
	}
	through := x.top()
	for r := range responses(through) {
		r.Committed = false // by an informational status, which echo takes for the final one
	}
	if through == x.ResponseWriter {
		through = nil
	}
	x.Send(resp, through)
	return resp.Status
}

// top is the writer that the context has, if that leads to the exchange, else the one that the exchange lies on: without
// Recover, or when echo uses the context for another request already.
func (x *exchange) top() http.ResponseWriter {
	if w := x.context.Response(); life.Find(w) == life.Exchange(x) {
		return w
	}
	return x.ResponseWriter
}

// status is the one that was sent.
func (x *exchange) status() int {
	if r := nearest(x.top()); r != nil {
		return r.Status
	}
	return http.StatusOK
}

// tooLate reports whether it is too late for an answer. Response.Status says nothing by itself: it is
// 200 before anything is sent, and stays 103 when bytes follow without a status.
func (x *exchange) tooLate() bool {
	if x.TooLate() {
		return true
	}
	for r := range responses(x.top()) {
		if r.Committed && (r.Status >= 200 || r.Status == http.StatusSwitchingProtocols || r.Size > 0) {
			return true
		}
	}
	return false
}

// responses yields the echo.Responses from w down: echo.WrapMiddleware and Recover stack them.
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

// nearest is the first of the echo.Responses from w down, nil without any.
func nearest(w http.ResponseWriter) (first *echo.Response) {
	responses(w)(func(r *echo.Response) bool {
		first = r
		return false
	})
	return first
}

// known is the error as one that says the status as echo's do, for middleware that reads it off errors. Where that may have put
// another context in place, which leads to no exchange, the error is marked as handed.
func known(err error, mark bool, status int) error {
	message := http.StatusText(status)
	switch e := err.(type) {
	case *fault.Fault, *fault.Kind:
	case echo.HTTPStatusCoder:
		right := says(err, e, status)
		if right && !mark {
			return err
		}
		if he, ok := err.(*echo.HTTPError); ok && right {
			message = he.Message
		}
		err = errtree.Quiet(err)
	default:
		if he, ok := errtree.As[*echo.HTTPError](err); ok && he.Code == status {
			message = he.Message
		}
		err = errtree.Quiet(err)
	}
	if mark {
		err = handed{err}
	}
	return echo.HTTPError{Code: status, Message: message}.Wrap(err)
}

// says reports whether an error says the status, and its text: loggers ask for both, and nobody would catch a panic there.
func says(err error, coder echo.HTTPStatusCoder, status int) (yes bool) {
	defer func() { _ = recover() }()
	_ = err.Error()
	return coder.StatusCode() == status
}

// When the request is over, the response underneath is another one's.

// Unwrap serves [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter {
	if x.Over() {
		return nil
	}
	return x.ResponseWriter
}

// Header is that of the response, a copy in the end: loggers around look for request ids.
func (x *exchange) Header() http.Header {
	if x.Over() {
		return x.header.Clone()
	}
	return x.Writer.Header()
}

// Hijack and Push are there whatever the writer underneath can do, as on echo's own writers, and say
// [http.ErrNotSupported] when it cannot.

// Hijack learns what echo.Response does not keep.
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

// Context is that of the request as middleware has left it.
func (r *request) Context() context.Context { return r.now().Context() }

// ArrivalContext is that of the request as it came, when the failure came. Without Recover nobody knows it.
func (r *request) ArrivalContext() context.Context {
	if r.header == nil {
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
