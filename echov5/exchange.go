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

// An exchange follows one request and its response. Below Recover it has an echo.Response of its own, which handlers get
// in place of echo's: echo's is pooled, and code that keeps it would reach another client. Each request has a new
// exchange, never pooled.
type exchange struct {
	life.Writer

	front     echo.Response // what handlers get; it leads to the exchange
	header    http.Header   // of the writer underneath, with Recover
	context   *echo.Context // of the failure
	cancelled bool          // the request's first context was cancelled when the failure came
}

// key is the key of a failed request's exchange in its echo.Context.
const key = "github.com/polyfault/polyfault/echov5"

// begin gives c a response of its own that leads through a new exchange to the response that c had.
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

// of returns the exchange of a failed request: the innermost one under its response, or the one that was made at the
// first failure.
func of(c *echo.Context) *exchange {
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

// finish restores the response that c had and ends the exchange, after a success. After an answer or a hijack the
// exchange stays, because nothing outside may write any more.
func (x *exchange) finish(c *echo.Context) {
	if !x.Claimed() && !x.Hijacked() {
		c.SetResponse(x.ResponseWriter)
		x.suggest()
	}
	x.End()
}

// suggest passes on a status that was set and not sent, since echo's loggers read it.
func (x *exchange) suggest() {
	if around := nearest(x.ResponseWriter); around != nil && !around.Committed {
		around.Status = x.front.Status
	}
}

// recovered answers a panic and returns it as an error, or aborts the connection.
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

// answer answers the error, and returns one from which echo and middleware outside read the status that the client gets.
func (x *exchange) answer(err error) error {
	if e := x.context.Echo(); e != nil && x.Responder == nil && life.ResponderAround(x.ResponseWriter) == nil {
		e.HTTPErrorHandler(x.context, err) // the application's
		return known(err, false, x.status())
	}
	if x.Claimed() || !x.Claim() { // middleware inside has called the error handler, and returns the error as well
		return known(err, x.wraps(), x.status())
	}
	return known(err, x.wraps(), x.respond(x.Responder, err))
}

// wraps reports whether x lies on the writer of another middleware, and not directly on echo's response over net/http's
// writer.
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
		r.Committed = false // an informational status was sent; echo takes it for the final one
	}
	if through == x.ResponseWriter {
		through = nil
	}
	x.Send(resp, through)
	return resp.Status
}

// top returns the writer of the context if that leads to the exchange. Otherwise, without Recover or when echo already
// uses the context for another request, it returns the writer below the exchange.
func (x *exchange) top() http.ResponseWriter {
	if w := x.context.Response(); life.Find(w) == life.Exchange(x) {
		return w
	}
	return x.ResponseWriter
}

// status returns the status that was sent.
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

// responses yields the echo.Responses from w down. There may be several: echo.WrapMiddleware and Recover stack them.
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

// nearest returns the first of the echo.Responses from w down, or nil.
func nearest(w http.ResponseWriter) (first *echo.Response) {
	responses(w)(func(r *echo.Response) bool {
		first = r
		return false
	})
	return first
}

// known returns the error as one that has the status in echo's way, for middleware that reads the status off errors. With
// mark, the error is also marked as answered: middleware may have put a context in place that leads to no exchange.
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

// says reports whether err has the status, and whether its methods can be called: loggers call them, and nothing would
// catch a panic there.
func says(err error, coder echo.HTTPStatusCoder, status int) (yes bool) {
	defer func() { _ = recover() }()
	_ = err.Error()
	return coder.StatusCode() == status
}

// When the request is over, the response below belongs to another request.

// Unwrap serves [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter {
	if x.Over() {
		return nil
	}
	return x.ResponseWriter
}

// Header returns the header of the response, or a copy once the request is over: loggers outside look for request ids.
func (x *exchange) Header() http.Header {
	if x.Over() {
		return x.header.Clone()
	}
	return x.Writer.Header()
}

// Hijack and Push always exist, like those of echo's own writers, and return [http.ErrNotSupported] if the writer below
// lacks them.

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
