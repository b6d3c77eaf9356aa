package exchange

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// A Writer is the exchange of a request to net/http, as the writer that handlers get. Each request has a new one, which
// handlers may keep.
type Writer struct {
	http.ResponseWriter // the writer underneath
	State

	Request    *http.Request   // as it came, unless somebody writes over it
	Arrival    context.Context // of the request as it came
	compressed bool            // Content-Encoding was set before the handlers, by a compressor

	// Live leaves the header open while the status passes through the writers around: some set it then.
	Live bool

	answer atomic.Pointer[byte] // the first byte of our answer while it passes through the writers around x
}

// Start begins the exchange.
func (x *Writer) Start(w http.ResponseWriter, req *http.Request, r *fault.Responder) {
	req = Request(req)
	x.ResponseWriter, x.Request, x.Responder = w, req, r
	x.Arrival = req.Context()
	x.compressed = len(w.Header()["Content-Encoding"]) > 0
}

// Request returns req, or an empty one for nil: tests call handlers without.
func Request(req *http.Request) *http.Request {
	if req == nil {
		return &http.Request{}
	}
	return req
}

// Abort breaks off the response that is written through w, by a panic with [http.ErrAbortHandler]. Recovering middleware
// outside would swallow the panic, and the server would end half a body like a whole one. So Abort first sets a write deadline
// in the past, after which nothing reaches the client.
func Abort(w http.ResponseWriter) {
	_ = http.NewResponseController(Bottom(w)).SetWriteDeadline(time.Unix(1, 0)) // writers of tests have none
	panic(http.ErrAbortHandler)
}

// ExchangeState returns the state.
func (x *Writer) ExchangeState() *State { return &x.State }

// Unwrap serves [http.ResponseController].
func (x *Writer) Unwrap() http.ResponseWriter {
	x.Lend()
	return x.ResponseWriter
}

// Claim is that of the state, and takes the right from the exchanges around, unless the request is over.
func (x *Writer) Claim() bool {
	if !x.State.Claim() {
		return false
	}
	if !x.Over() && x.isAround() {
		ClaimAround(x.ResponseWriter)
	}
	return true
}

// End notes that the handlers have returned, and takes back what they have meant for trailers since our answer: whoever
// kept the header can still do that, and HTTP/2 would send them.
func (x *Writer) End() {
	x.State.End()
	x.DropTrailers(x.ResponseWriter)
}

// isAround reports whether an exchange of ours is around. Most often there is none, and one search is enough.
func (x *Writer) isAround() bool {
	if x.has(alone) {
		return false
	}
	if Find(x.ResponseWriter) != nil {
		return true
	}
	x.set(alone)
	return false
}

// TooLate reports whether the response has begun, here or further out.
func (x *Writer) TooLate() bool { return x.Begun() || x.isAround() && Begun(x.ResponseWriter) }

// Send sends the answer, unless it is too late, and closes the exchange to what handlers still write.
//
// through is the writer that the answer was asked for at: x itself, or one that wraps it. What stands in between
// and counts, a logger say, sees status and body pass. What changes or keeps the body, a compressor or a buffer,
// is left out: handlers may go on writing to it, and it passes that on, together with the answer, as one.
func (x *Writer) Send(resp *fault.Response, through http.ResponseWriter) (sent bool) {
	if x.TooLate() || !x.Answer() {
		return false
	}
	defer x.Answered()
	w := x.ResponseWriter
	resp.SetHeader(w.Header(), x.compressed)
	wrapped := through != nil && Find(through) != through
	if wrapped {
		through.WriteHeader(resp.Status) // it ends at x, which is closed
	}
	w.WriteHeader(resp.Status)
	if x.Request.Method == http.MethodHead || len(resp.Body) == 0 {
		return true
	}
	if wrapped {
		x.answer.Store(&resp.Body[0])
		_, _ = through.Write(resp.Body)
		if x.answer.Swap(nil) == nil {
			return true
		}
	}
	_, _ = w.Write(resp.Body) // an error means that the client has gone
	return true
}

// passes reports whether p is our answer, on its way through other writers, and writes it then.
func (x *Writer) passes(p []byte) bool {
	if len(p) == 0 || !x.answer.CompareAndSwap(&p[0], nil) {
		return false
	}
	_, _ = x.ResponseWriter.Write(p)
	return true
}

// Header returns the header of the response. When that is sent, or the request is over, it is a copy: late changes would
// become trailers, or race with the server.
func (x *Writer) Header() http.Header {
	shut := closed | over
	if x.Live {
		shut = sent | over
	}
	if x.has(shut) {
		x.writing.Lock() // see DropTrailers
		defer x.writing.Unlock()
		return x.ResponseWriter.Header().Clone()
	}
	x.Lend()
	return x.ResponseWriter.Header()
}

// WriteHeader sends the status. Informational ones (1xx but 101) do not begin the response.
func (x *Writer) WriteHeader(status int) {
	if !x.Enter() {
		return
	}
	defer x.Leave()
	x.ResponseWriter.WriteHeader(status) // panics, with nothing sent, at a status that does not exist
	if status >= 200 || status == http.StatusSwitchingProtocols {
		x.Begin()
	}
}

// Write writes to the writer underneath. After our answer it drops p.
func (x *Writer) Write(p []byte) (int, error) {
	if !x.Enter() {
		x.passes(p)
		return len(p), nil
	}
	defer x.Leave()
	x.Begin()
	return x.ResponseWriter.Write(p)
}

// WriteString is Write without a copy where the writer underneath can do that.
func (x *Writer) WriteString(s string) (int, error) {
	if !x.Enter() {
		return len(s), nil
	}
	defer x.Leave()
	x.Begin()
	return io.WriteString(x.ResponseWriter, s)
}

// Copy copies src to the writer underneath, by its ReadFrom where it has one. The first bytes take the way of Write:
// a source that fails before them has not begun the response, and its error is still answered. Nobody is kept
// from writing meanwhile: a source may be long about it, and may write itself.
func (x *Writer) Copy(src io.Reader) (int64, error) {
	var first int64
	if !x.has(begun) {
		var err error
		if first, err = io.CopyN(writerOnly{x}, src, 512); err == io.EOF {
			return first, nil
		} else if err != nil {
			return first, err
		}
	}
	rest, err := x.copyRest(src)
	return first + rest, err
}

func (x *Writer) copyRest(src io.Reader) (int64, error) {
	if x.has(closed | over) {
		return io.Copy(io.Discard, src)
	}
	if to, ok := x.ResponseWriter.(io.ReaderFrom); ok {
		return to.ReadFrom(src)
	}
	return io.Copy(writerOnly{x}, src)
}

// writerOnly hides ReadFrom from io.Copy.
type writerOnly struct{ io.Writer }

// FlushError serves [http.ResponseController], which would otherwise flush past the exchange.
func (x *Writer) FlushError() error {
	if !x.Enter() {
		return nil
	}
	defer x.Leave()
	err := http.NewResponseController(x.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) { // the header is out, even if what follows it fails
		x.Begin()
	}
	return err
}

// TakeOver hijacks the connection, for the method Hijack of writers that have it.
func (x *Writer) TakeOver() (net.Conn, *bufio.ReadWriter, error) {
	if !x.Enter() {
		return nil, nil, http.ErrHijacked
	}
	defer x.Leave()
	conn, buffer, err := http.NewResponseController(x.ResponseWriter).Hijack()
	if err == nil {
		x.Take()
	}
	return conn, buffer, err
}

// The methods that [http.ResponseController] looks for. After the end of the request they would affect the next request of
// the connection. They wait for no running write, because a deadline is there to end one.

// SetReadDeadline is that of the writer underneath.
func (x *Writer) SetReadDeadline(deadline time.Time) error {
	if x.Over() {
		return http.ErrNotSupported
	}
	return http.NewResponseController(x.ResponseWriter).SetReadDeadline(deadline)
}

// SetWriteDeadline is that of the writer underneath.
func (x *Writer) SetWriteDeadline(deadline time.Time) error {
	if x.Over() {
		return http.ErrNotSupported
	}
	return http.NewResponseController(x.ResponseWriter).SetWriteDeadline(deadline)
}

// EnableFullDuplex is that of the writer underneath.
func (x *Writer) EnableFullDuplex() error {
	if x.Over() {
		return http.ErrNotSupported
	}
	return http.NewResponseController(x.ResponseWriter).EnableFullDuplex()
}

// Promise pushes what the client will ask for next, for the method Push of writers that have it. Writers underneath
// that have none are passed by, as [http.ResponseController] does.
func (x *Writer) Promise(target string, opts *http.PushOptions) error {
	if !x.Enter() {
		return http.ErrNotSupported
	}
	defer x.Leave()
	w := x.ResponseWriter
	for range maxWriters {
		if p, ok := w.(http.Pusher); ok {
			return p.Push(target, opts)
		}
		if w = Wrapped(w); w == nil {
			break
		}
	}
	return http.ErrNotSupported
}
