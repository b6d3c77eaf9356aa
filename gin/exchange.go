package faultgin

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
	life "github.com/polyfault/polyfault/internal/exchange"
)

// An exchange follows one request and its response: it is the c.Writer that handlers get. Each Middleware has a pool of
// exchanges, so that success costs no allocation. Like gin's own writer and contexts, an exchange must not be used
// after the handlers have returned. A call with another context than that of the request, such as a copy in a
// goroutine, gets an exchange of its own: see at.
type exchange struct {
	gin.ResponseWriter // c.Writer as it was at entry
	life.State

	owner      atomic.Pointer[gin.Context] // the context of the request; nil in the pool
	arrival    context.Context             // the request's context when it came
	chosen     int                         // the status that a handler set last; 0 for one that gin has preset
	foreign    bool                        // the writer at entry is neither gin's nor ours
	held       bool                        // the foreign writer has not been told the status yet
	compressed bool                        // Content-Encoding was set before the handlers, by a compressor
	vary       []string                    // Vary when a handler chose the status of a failure
	before     http.Header                 // the header before a middleware began one of its own
	noted      bool                        // the handlers have answered; the error is only logged
}

// newPool makes the exchanges of one Middleware.
func newPool(r *fault.Responder) *sync.Pool {
	return &sync.Pool{New: func() any {
		x := &exchange{}
		x.Responder, x.Pooled = r, true
		return x
	}}
}

func (x *exchange) begin(c *gin.Context) {
	x.ResponseWriter, x.arrival = c.Writer, life.Request(c.Request).Context()
	x.compressed = len(c.Writer.Header()["Content-Encoding"]) > 0
	if x.foreign = isForeign(c.Writer); x.foreign && !isCopy(c) {
		x.before = before(c.Writer)
	}
	x.Reset()
	x.owner.Store(c)
	c.Writer = x
}

// isForeign reports whether w is a writer that a middleware has put over gin's own, or over one of ours.
func isForeign(w gin.ResponseWriter) bool {
	if _, ours := w.(*exchange); ours {
		return false
	}
	_, wraps := life.Wrapped(w).(gin.ResponseWriter)
	return wraps
}

// isCopy reports whether c may be a copy: gin makes copies aborted. The writer of a copy may lead to an exchange that
// serves another client by now, and must not be looked at.
func isCopy(c *gin.Context) bool { return c.IsAborted() }

// before returns those headers of the response that the writer's own header will replace. They are taken at entry:
// later, gin's writer may serve another request.
func before(w gin.ResponseWriter) http.Header {
	header, below := w.Header(), life.Bottom(w).Header()
	if reflect.ValueOf(header).UnsafePointer() == reflect.ValueOf(below).UnsafePointer() {
		return nil
	}
	kept := http.Header{}
	for _, name := range [...]string{"Vary", "Allow", "Www-Authenticate", "X-Request-Id"} {
		if values := below[name]; values != nil {
			kept[name] = slices.Clone(values)
		}
	}
	return kept
}

// at returns the exchange of c, and reports whether it had to begin one. If c is a copy, the exchange that its writer
// leads to may serve another client by now: at uses only its responder, which never changes, and the answer goes to
// the writer of c.
func at(c *gin.Context) (x *exchange, began bool) {
	found, _ := life.Find(c.Writer).(*exchange)
	if found != nil && found.owner.Load() == c {
		return found, false
	}
	x = &exchange{}
	x.ResponseWriter, x.arrival = c.Writer, life.Request(c.Request).Context()
	if found != nil {
		x.Responder = found.Responder
	}
	if found != nil && x.Responder == nil && isCopy(c) {
		x.Responder = fault.Default() // the one around stands below the other exchange
	}
	x.owner.Store(c)
	if !usable(c.Writer) {
		x.End()
	}
	return x, true
}

// usable reports whether the writer has one below it: that of a copied context has none.
func usable(w gin.ResponseWriter) (yes bool) {
	defer func() { yes = recover() == nil }()
	w.Header()
	return true
}

// finish is deferred around the handlers. It answers a panic; without one it gives back the exchange.
func (x *exchange) finish(pool *sync.Pool) {
	v := recover()
	c := x.owner.Load()
	c.Writer = x.ResponseWriter
	defer x.end(pool, v == nil && !x.Hijacked())
	switch {
	case v == nil:
		x.pass()
	case v == http.ErrAbortHandler: // by identity, as net/http compares
		x.abort()
	default:
		x.recovered(c, v)
	}
}

func (x *exchange) end(pool *sync.Pool, clean bool) {
	x.End()
	x.DropTrailers(x.ResponseWriter)
	x.owner.Store(nil)
	x.ResponseWriter, x.arrival = gone{}, nil
	x.chosen, x.compressed, x.noted = 0, false, false
	x.foreign, x.held, x.vary, x.before = false, false, nil, nil
	if clean {
		pool.Put(x)
	}
}

func (x *exchange) recovered(c *gin.Context, v any) {
	c.Abort() // gin would go on with the handler after the one that panicked
	err := fault.Panicked(v)
	resp := x.responder(c).Respond((*request)(x), err)
	tell(c, err)
	if x.tooLate() && !x.Hijacked() && !x.Closed() {
		x.abort()
	}
	x.send(c, resp)
}

// abort breaks the transfer off.
func (x *exchange) abort() {
	if x.Hijacked() { // then the connection is not ours
		panic(http.ErrAbortHandler)
	}
	life.Abort(x.ResponseWriter)
}

// settle answers what the handlers have left in c.Errors, or in the status.
func (x *exchange) settle(c *gin.Context) {
	if x.Claimed() {
		return
	}
	err := reported(c, nil)
	if err == nil && x.unanswered(c) {
		err = &statusError{status: x.Status()}
	}
	if err == nil || x.reentered(c) {
		return
	}
	x.noted = x.Written() || x.chosen >= 200 && x.chosen < 400 && !c.IsAborted()
	x.respond(c, err)
}

// unanswered reports whether the response has only a status, set by gin for a path without a route or by an abort. The
// bare status of a handler is a legal answer without a body.
func (x *exchange) unanswered(c *gin.Context) bool {
	if x.Status() < 400 || x.Written() {
		return false
	}
	return c.IsAborted() || c.FullPath() == "" || len(c.HandlerNames()) == 0 // gin's static files hand over to NoRoute, and there is none
}

// reentered reports whether Engine.HandleContext has run all handlers again, this Middleware among them,
// with a writer that does not pass through x.
func (x *exchange) reentered(c *gin.Context) bool {
	return x.Written() && life.Find(c.Writer) != life.Exchange(x)
}

// fail answers an error that was returned.
func (x *exchange) fail(c *gin.Context, err error) {
	if !x.Claimed() || x.Over() {
		x.respond(c, reported(c, err))
	}
}

func (x *exchange) respond(c *gin.Context, err error) {
	c.Abort()
	if err == http.ErrAbortHandler { // gin.Recovery inside reports it so
		x.abort()
	}
	if !x.Claim() {
		return
	}
	answered := err
	if x.chosen >= 400 {
		answered = &statusError{err, x.chosen}
	}
	resp := x.responder(c).Respond((*request)(x), answered)
	tell(c, err)
	x.send(c, resp)
}

func (x *exchange) responder(c *gin.Context) *fault.Responder {
	return life.Responder(life.Request(c.Request).Context(), x.Responder, x.ResponseWriter)
}

// tooLate reports whether the response has begun, or the handlers' own answer stands.
func (x *exchange) tooLate() bool { return x.noted || x.Written() }

// send writes the response to the writer found at entry: a writer installed in between may be a compressor that is
// already closed.
func (x *exchange) send(c *gin.Context, resp *fault.Response) {
	for outer := range life.All(x.ResponseWriter) {
		g, ok := outer.(*exchange)
		if ok && g.owner.Load() != c {
			break // that of another engine, or of another client by now: what is below it must not be looked at
		}
		if ok {
			g.Claim() // the outer exchange has nothing to add
		}
	}
	if x.tooLate() || !x.Answer() {
		return
	}
	defer x.Answered()
	w := x.ResponseWriter
	x.held = false
	x.setHeader(w.Header(), resp)
	w.WriteHeader(resp.Status)
	if life.Request(c.Request).Method == http.MethodHead || len(resp.Body) == 0 {
		w.WriteHeaderNow()
		return
	}
	_, _ = w.Write(resp.Body) // an error means that the client has gone
}

// setHeader sets the header of the response. It keeps Vary safe from compressors: gin-contrib/gzip deletes it from
// failures, with the values that CORS needs. A compressor inside has deleted it by now, so it is set again. One outside
// will delete it later, but does not find it in another letter case, which clients do not mind.
func (x *exchange) setHeader(header http.Header, resp *fault.Response) {
	if header["Vary"] == nil && x.vary != nil {
		header["Vary"] = x.vary
	}
	for name, values := range x.before {
		if header[name] == nil {
			header[name] = values
		}
	}
	resp.SetHeader(header, x.compressed)
	if vary := header["Vary"]; x.compressed && vary != nil {
		delete(header, "Vary")
		header["vary"] = vary
	}
}

// ExchangeState returns the state.
func (x *exchange) ExchangeState() *life.State { return &x.State }

// WriteHeader sets the status. Informational ones are sent, and do not begin the response.
func (x *exchange) WriteHeader(status int) {
	if !x.Enter() {
		return
	}
	defer x.Leave()
	x.Inform(status >= 100 && status < 200 && status != http.StatusSwitchingProtocols)
	if x.Informed() {
		x.inform(status)
		return
	}
	if status > 0 { // others leave gin's status as it is
		x.chosen = status
	}
	if status >= 400 {
		x.vary = x.ResponseWriter.Header()["Vary"]
	}
	if x.held = x.foreign && status > 0 && !x.Written(); !x.held {
		x.ResponseWriter.WriteHeader(status)
	}
}

// pass tells a foreign writer below the status once it is final: some such writers keep the first one.
func (x *exchange) pass() {
	if x.held {
		x.held = false
		x.ResponseWriter.WriteHeader(x.chosen)
	}
}

// commit notes that the response begins: some foreign writers buffer it and report nothing.
func (x *exchange) commit() {
	x.pass()
	x.Begin()
}

// Status returns the status so far.
func (x *exchange) Status() int {
	if x.held {
		return x.chosen
	}
	return x.ResponseWriter.Status()
}

// Written reports whether the response has begun.
func (x *exchange) Written() bool { return x.Begun() || x.ResponseWriter.Written() }

// inform goes past gin, which takes an informational status for the final one.
func (x *exchange) inform(status int) {
	w := life.Bottom(x.ResponseWriter)
	if _, gins := w.(gin.ResponseWriter); !gins && !x.Written() {
		w.WriteHeader(status)
	}
}

// WriteHeaderNow sends the status. It holds back the status of a failure: gin calls it when it aborts, before the
// error is known and a body can be made. If nobody answers, gin sends the status after the handlers.
func (x *exchange) WriteHeaderNow() {
	if !x.Enter() {
		return
	}
	defer x.Leave()
	if x.Informed() { // the status meant was sent
		x.Inform(false)
		return
	}
	if x.Status() < 400 || x.Claimed() {
		x.commit()
		x.ResponseWriter.WriteHeaderNow()
	}
}

func (x *exchange) Write(p []byte) (int, error) {
	if !x.Enter() {
		return len(p), nil
	}
	defer x.Leave()
	x.commit()
	return x.ResponseWriter.Write(p)
}

// WriteString is Write without a copy.
func (x *exchange) WriteString(s string) (int, error) {
	if !x.Enter() {
		return len(s), nil
	}
	defer x.Leave()
	x.commit()
	return x.ResponseWriter.WriteString(s)
}

// Flush sends what was written so far.
func (x *exchange) Flush() {
	if !x.Enter() {
		return
	}
	defer x.Leave()
	x.commit()
	x.ResponseWriter.Flush()
}

// Hijack takes over the connection. Where there is none to take, as with HTTP/2, gin panics and
// counts the response as begun; here it is an error.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if _, ok := life.Bottom(x.ResponseWriter).(http.Hijacker); !ok {
		return nil, nil, http.ErrNotSupported
	}
	conn, buffer, err := x.ResponseWriter.Hijack()
	if err == nil {
		x.Take()
	}
	return conn, buffer, err
}

// Unwrap serves [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter {
	x.Lend()
	return x.ResponseWriter
}

// Header returns the header of the response.
func (x *exchange) Header() http.Header {
	x.Lend()
	return x.ResponseWriter.Header()
}

// request is the exchange as the core sees it.
type request exchange

var _ fault.Request = (*request)(nil)

func (r *request) now() *http.Request              { return life.Request(r.owner.Load().Request) }
func (r *request) Context() context.Context        { return r.now().Context() }
func (r *request) ArrivalContext() context.Context { return r.arrival }
func (r *request) Method() string                  { return r.now().Method }
func (r *request) Route() string                   { return r.owner.Load().FullPath() }
func (r *request) Committed() bool                 { return (*exchange)(r).tooLate() }

// SentStatus returns the status of the handlers' own answer when the error is only logged, else 0.
func (r *request) SentStatus() int {
	if !r.noted {
		return 0
	}
	return r.Status()
}

func (r *request) Path() string {
	if u := r.now().URL; u != nil {
		return u.Path
	}
	return ""
}

func (r *request) Header(name string) string {
	return fault.JoinedHeader(r.now().Header, name)
}

func (r *request) ResponseHeader(name string) string {
	if r.Over() {
		return ""
	}
	if value := r.ResponseWriter.Header().Get(name); value != "" {
		return value
	}
	return r.before.Get(name)
}
