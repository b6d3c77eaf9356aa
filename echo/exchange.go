package faultecho

import (
	"bufio"
	"context"
	"errors"
	"iter"
	"net"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	fault "github.com/polyfault/polyfault/core"
)

// An exchange follows one request and its response. Below Recover it is also the writer under
// echo.Response, because that one does not know of a hijack, nor of a flush before the first byte.
//
// After a success exchanges go back to the pool, so that success costs no allocation. After anything
// else they stay in the echo.Context, as the mark of what was done; echo empties that with the next
// request.
type exchange struct {
	http.ResponseWriter // the writer underneath; nil without Recover

	response *echo.Response // on whose Writer it sits
	request  *http.Request  // as it came
	context  echo.Context   // of the failure

	committed  bool // a final status or a byte went through the writer, or the connection was hijacked
	hijacked   bool
	compressed bool // Content-Encoding was there before the handler: a compressor's
	present    bool // when the failure came, the request as it came was not cancelled
	failed     bool // answered, or logged when it was too late for an answer
}

// key is the place of the exchange in an echo.Context.
const key = "github.com/polyfault/polyfault/echo"

var pool = sync.Pool{New: func() any { return &exchange{} }}

// begin puts an exchange under the response.
func begin(c echo.Context) *exchange {
	resp := c.Response()
	x := pool.Get().(*exchange)
	x.ResponseWriter, x.response, x.request = resp.Writer, resp, c.Request()
	x.compressed = len(resp.Header()["Content-Encoding"]) > 0
	resp.Writer = x
	return x
}

// of finds the exchange of a failing request, or makes one, and leaves it in c. Of several it is the
// innermost.
func of(c echo.Context) *exchange {
	x, _ := c.Get(key).(*exchange)
	if x == nil {
		if x = tracked(c.Response()); x == nil {
			x = &exchange{}
		}
		x.keep(c)
	}
	x.context = c
	return x
}

func (x *exchange) keep(c echo.Context) {
	x.present = x.request != nil && x.request.Context().Err() == nil
	c.Set(key, x)
}

// finish gives the exchange back. It stays in place where the error handler will ask for it, and
// where other middleware has left a writer that leads to it.
func (x *exchange) finish(c echo.Context, err error) {
	switch {
	case err != nil || x.hijacked:
		if c.Get(key) == nil {
			x.keep(c)
		}
	case !x.failed && c.Response() == x.response && x.response.Writer == http.ResponseWriter(x):
		x.response.Writer = x.ResponseWriter
		*x = exchange{}
		pool.Put(x)
	}
}

// recovered makes an error of a panic, or aborts.
func (x *exchange) recovered(r *fault.Responder, c echo.Context, v any) error {
	if v == http.ErrAbortHandler { // by identity, as net/http compares
		panic(v)
	}
	err := fault.Panicked(v)
	x.context = c
	if x.begun() && !x.hijacked {
		x.keep(c)
		x.respond(r, err)
		panic(http.ErrAbortHandler)
	}
	return err
}

func (x *exchange) respond(r *fault.Responder, err error) *fault.Response {
	x.failed = true
	return r.Respond((*request)(x), translate(x.context, err))
}

func (x *exchange) send(resp *fault.Response) {
	w := x.context.Response()
	for r := range responses(w) {
		r.Committed = false // by an informational status, which echo takes for the final one
	}
	resp.SetHeader(w.Header(), x.compressed)
	w.WriteHeader(resp.Status)
	if x.context.Request().Method != http.MethodHead && len(resp.Body) > 0 {
		_, _ = w.Write(resp.Body) // the client may be gone: nobody is left to tell
	}
}

// begun reports whether it is too late for an answer. Response.Status says nothing by itself: it is
// 200 before anything is sent, and stays 103 when bytes follow without a status.
func (x *exchange) begun() bool {
	if x.committed {
		return true
	}
	for r := range responses(x.context.Response()) {
		if r.Committed && (r.Status >= 200 || r.Status == http.StatusSwitchingProtocols || r.Size > 0) {
			return true
		}
	}
	return false
}

// below yields w and the writers that it wraps.
func below(w http.ResponseWriter) iter.Seq[http.ResponseWriter] {
	return func(yield func(http.ResponseWriter) bool) {
		for range 16 { // deeper than any middleware stack; a wrapper that unwraps to itself ends here
			if !yield(w) {
				return
			}
			u, ok := w.(interface{ Unwrap() http.ResponseWriter })
			if !ok {
				return
			}
			w = u.Unwrap()
		}
	}
}

// responses yields the echo.Responses from w down: echo.WrapMiddleware stacks them.
func responses(w http.ResponseWriter) iter.Seq[*echo.Response] {
	return func(yield func(*echo.Response) bool) {
		for w := range below(w) {
			if r, ok := w.(*echo.Response); ok && !yield(r) {
				return
			}
		}
	}
}

func tracked(w http.ResponseWriter) *exchange {
	for w := range below(w) {
		if x, ok := w.(*exchange); ok {
			return x
		}
	}
	return nil
}

// WriteHeader sends the status. Informational ones (1xx but 101) do not begin the response.
func (x *exchange) WriteHeader(status int) {
	x.ResponseWriter.WriteHeader(status) // panics, with nothing sent, at a status that does not exist
	if status >= 200 || status == http.StatusSwitchingProtocols {
		x.committed = true
	}
}

func (x *exchange) Write(p []byte) (int, error) {
	x.committed = true
	return x.ResponseWriter.Write(p)
}

// Unwrap serves [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// The optional methods are there whatever the writer underneath can do, as those of echo's own
// writers are, and say [http.ErrNotSupported] when it cannot: handlers also reach past echo.Response
// for them, by c.Response().Writer.(http.Flusher).

// FlushError serves [http.ResponseController], which echo.Response flushes with.
func (x *exchange) FlushError() error {
	err := http.NewResponseController(x.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) { // the header is out, even if what follows it fails
		x.committed = true
	}
	return err
}

// Flush is FlushError for those who do not ask.
func (x *exchange) Flush() { _ = x.FlushError() }

// Hijack learns what echo.Response does not keep.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(x.ResponseWriter).Hijack()
	if err == nil {
		x.committed, x.hijacked = true, true
	}
	return conn, buffer, err
}

// Push serves HTTP/2.
func (x *exchange) Push(target string, opts *http.PushOptions) error {
	if p, ok := x.ResponseWriter.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}

// request is the exchange as the core sees it.
type request exchange

var _ fault.Request = (*request)(nil)

func (r *request) Method() string  { return r.context.Request().Method }
func (r *request) Path() string    { return r.context.Request().URL.Path }
func (r *request) Route() string   { return r.context.Path() }
func (r *request) Committed() bool { return (*exchange)(r).begun() }

// Context is that of the request as middleware has left it. Middleware that sets a context and ends it
// on its way out (echo's ContextTimeout) must not look like a client that left.
func (r *request) Context() context.Context {
	ctx := r.context.Request().Context()
	if r.present && errors.Is(ctx.Err(), context.Canceled) {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (r *request) Header(name string) string {
	return fault.JoinedHeader(r.context.Request().Header, name)
}
