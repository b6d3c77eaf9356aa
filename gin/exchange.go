package faultgin

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
)

// An exchange follows one request and its response: it is the c.Writer that handlers get. Exchanges
// are pooled, so that success costs no allocation; like gin's own writer, it must not be used after
// the handlers have returned.
type exchange struct {
	gin.ResponseWriter // c.Writer as it was at entry
	context            *gin.Context
	request            *http.Request // as it came
	responder          *fault.Responder

	chosen     int  // the status that a handler set last; 0 for one that gin has preset
	informed   bool // the last status was informational, and is sent
	hijacked   bool
	answered   bool // by us, or by the Middleware inside
	closed     bool // by our answer: what handlers still write is dropped
	compressed bool // Content-Encoding was there before the handlers: a compressor's
}

var exchanges = sync.Pool{New: func() any { return &exchange{} }}

func begin(c *gin.Context, r *fault.Responder) *exchange {
	x := exchanges.Get().(*exchange)
	x.ResponseWriter, x.context, x.request, x.responder = c.Writer, c, c.Request, r
	x.compressed = len(c.Writer.Header()["Content-Encoding"]) > 0
	c.Writer = x
	return x
}

func (x *exchange) restore() { x.context.Writer = x.ResponseWriter }

// finish is deferred around the handlers. It answers a panic; without one it gives back the exchange.
func (x *exchange) finish() {
	v := recover()
	x.restore()
	switch {
	case v == nil:
		if !x.hijacked {
			*x = exchange{}
			exchanges.Put(x)
		}
	case v == http.ErrAbortHandler: // by identity, as net/http compares
		x.abort()
	default:
		x.recovered(v)
	}
}

func (x *exchange) recovered(v any) {
	x.context.Abort() // gin would go on with the handler after the one that panicked
	resp := x.responder.Recovered((*request)(x), v)
	if x.Written() && !x.hijacked {
		x.abort()
	}
	x.send(resp)
}

// abort breaks the transfer off. gin.Recovery around would swallow the panic, and gin then end the
// response as if it were whole; past the deadline nothing reaches the client any more.
func (x *exchange) abort() {
	if !x.hijacked { // then the connection is not ours
		_ = http.NewResponseController(bottom(x.ResponseWriter)).SetWriteDeadline(time.Unix(1, 0))
	}
	panic(http.ErrAbortHandler)
}

// settle answers what the handlers have left in c.Errors, or in the status.
func (x *exchange) settle() {
	if x.answered {
		return
	}
	err := reported(x.context, nil)
	if err == nil && x.unanswered() {
		err = &statusError{status: x.Status()}
	}
	if err == nil || x.reentered() {
		return
	}
	x.respond(err)
}

// unanswered reports a status that gin has set for want of a route, or somebody by aborting. The
// mere status of a handler is a legal answer without a body.
func (x *exchange) unanswered() bool {
	c := x.context
	return x.Status() >= 400 && !x.Written() && (c.IsAborted() || c.FullPath() == "")
}

// reentered reports that Engine.HandleContext has run all handlers anew, this Middleware among them,
// on a writer that does not pass through x.
func (x *exchange) reentered() bool {
	return x.Written() && tracked(x.context.Writer) != x
}

// fail answers an error that was returned.
func (x *exchange) fail(err error) {
	if x.answered {
		return
	}
	x.respond(reported(x.context, err))
}

func (x *exchange) respond(err error) {
	x.context.Abort()
	if err == http.ErrAbortHandler { // gin.Recovery inside reports it so
		x.abort()
	}
	if x.chosen >= 400 {
		err = &statusError{err, x.chosen}
	}
	x.send(x.responder.Respond((*request)(x), err))
}

// send writes the response to the writer of the entry: one that came in between may be a compressor,
// and at its end already.
func (x *exchange) send(resp *fault.Response) {
	x.answered = true
	for outer := tracked(x.ResponseWriter); outer != nil; outer = tracked(outer.ResponseWriter) {
		outer.answered = true
	}
	if x.Written() {
		return
	}
	x.closed = true
	w := x.ResponseWriter
	resp.SetHeader(w.Header(), x.compressed)
	w.WriteHeader(resp.Status)
	if x.context.Request.Method == http.MethodHead || len(resp.Body) == 0 {
		w.WriteHeaderNow()
		return
	}
	_, _ = w.Write(resp.Body) // the client may be gone: nobody is left to tell
}

// WriteHeader sets the status. Informational ones are sent, and do not begin the response.
func (x *exchange) WriteHeader(status int) {
	if x.closed {
		return
	}
	x.informed = status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	if x.informed {
		x.inform(status)
		return
	}
	if status > 0 { // others leave gin's status as it is
		x.chosen = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// inform goes past gin, which takes an informational status for the final one.
func (x *exchange) inform(status int) {
	w := bottom(x.ResponseWriter)
	if _, gins := w.(gin.ResponseWriter); !gins && !x.Written() {
		w.WriteHeader(status)
	}
}

// WriteHeaderNow sends the status. It holds that of a failure back: gin aborts by it, before the
// error is known and a body can be made. What nobody answers gin sends at the end.
func (x *exchange) WriteHeaderNow() {
	if x.informed { // the status meant was sent
		x.informed = false
		return
	}
	if x.Status() < 400 || x.answered {
		x.ResponseWriter.WriteHeaderNow()
	}
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.closed {
		return len(p), nil
	}
	return x.ResponseWriter.Write(p)
}

// WriteString is Write without a copy.
func (x *exchange) WriteString(s string) (int, error) {
	if x.closed {
		return len(s), nil
	}
	return x.ResponseWriter.WriteString(s)
}

// Hijack takes over the connection. Where there is none to take, as with HTTP/2, gin panics and
// counts the response as begun; here it is an error.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if _, ok := bottom(x.ResponseWriter).(http.Hijacker); !ok {
		return nil, nil, http.ErrNotSupported
	}
	conn, buffer, err := x.ResponseWriter.Hijack()
	x.hijacked = x.hijacked || err == nil
	return conn, buffer, err
}

// Unwrap serves [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// maxWriters is more than any stack of middleware; a writer that unwraps to itself ends here.
const maxWriters = 32

// tracked finds the exchange at or below w, through the writers of other middleware.
func tracked(w http.ResponseWriter) *exchange {
	for range maxWriters {
		if x, ok := w.(*exchange); ok {
			return x
		}
		if w = below(w); w == nil {
			return nil
		}
	}
	return nil
}

// bottom is the last writer below w, as a rule net/http's own.
func bottom(w http.ResponseWriter) http.ResponseWriter {
	for range maxWriters {
		next := below(w)
		if next == nil {
			return w
		}
		w = next
	}
	return w
}

// below is the writer that w wraps, nil when there is none to be found. Middleware for gin embeds
// the writer and hardly ever has Unwrap, which gin's interface does not ask for.
func below(w http.ResponseWriter) http.ResponseWriter {
	if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return u.Unwrap()
	}
	v := reflect.Indirect(reflect.ValueOf(w))
	if v.Kind() != reflect.Struct {
		return nil
	}
	field, ok := v.Type().FieldByName("ResponseWriter")
	if !ok || !field.Anonymous || len(field.Index) > 1 {
		return nil
	}
	next, _ := v.Field(field.Index[0]).Interface().(http.ResponseWriter)
	return next
}

// request is the exchange as the core sees it.
type request exchange

var _ fault.Request = (*request)(nil)

func (r *request) Method() string  { return r.context.Request.Method }
func (r *request) Route() string   { return r.context.FullPath() }
func (r *request) Committed() bool { return r.Written() }

// Context is that of the request as the handlers have it. Middleware that gave it a deadline cancels it
// on its way out, which must not look like a client that left.
func (r *request) Context() context.Context {
	ctx := r.context.Request.Context()
	if errors.Is(ctx.Err(), context.Canceled) && r.request.Context().Err() == nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (r *request) Path() string {
	if r.context.Request.URL == nil {
		return ""
	}
	return r.context.Request.URL.Path
}

func (r *request) Header(name string) string {
	return fault.JoinedHeader(r.context.Request.Header, name)
}
