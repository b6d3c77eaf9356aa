package faulthttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	fault "github.com/polyfault/polyfault/core"
)

// An exchange follows one request and its response: it is the writer that handlers get, and knows
// whether the response has begun. Exchanges are pooled, so that success costs no allocation; as
// everywhere in net/http, a handler must not use its writer after it has returned.
type exchange struct {
	http.ResponseWriter                     // the writer underneath
	writer              http.ResponseWriter // this exchange, with exactly the capabilities of the one underneath
	capabilities        int
	request             *http.Request
	unmatched           unmatched // set while a mux routes

	committed  bool // a final status or a byte was sent, or the connection was hijacked
	hijacked   bool
	answered   bool // by us
	compressed bool // Content-Encoding was there before the handler: a compressor's
}

// begin returns the exchange behind w, or begins one; began tells which.
func begin(w http.ResponseWriter, req *http.Request) (x *exchange, began bool) {
	if t, ok := w.(tracker); ok {
		x = t.track()
		x.request = req
		return x, false
	}
	c := capabilitiesOf(w)
	x, _ = pools[c].Get().(*exchange)
	if x == nil {
		x = &exchange{capabilities: c}
		x.writer = expose[c](x)
	}
	x.ResponseWriter = w
	x.request = req
	x.compressed = len(w.Header()["Content-Encoding"]) > 0
	return x, true
}

// finish is deferred around a handler. It answers a panic; without one it gives back the exchange.
func (x *exchange) finish(r *fault.Responder, began bool) {
	switch v := recover(); {
	case v == nil:
		if began && !x.hijacked {
			x.release()
		}
	case v == http.ErrAbortHandler: // by identity, as net/http compares
		panic(v)
	default:
		x.recovered(r, v)
	}
}

func (x *exchange) release() {
	*x = exchange{writer: x.writer, capabilities: x.capabilities}
	pools[x.capabilities].Put(x)
}

// fail answers an error that was returned.
func (x *exchange) fail(r *fault.Responder, err error) {
	if err == http.ErrAbortHandler {
		panic(err)
	}
	if fault.IsNil(err) || x.answered {
		return
	}
	x.send(r.Respond((*request)(x), err))
}

func (x *exchange) recovered(r *fault.Responder, v any) {
	resp := r.Recovered((*request)(x), v)
	if x.committed && !x.hijacked {
		panic(http.ErrAbortHandler)
	}
	x.send(resp)
}

func (x *exchange) send(resp *fault.Response) {
	if x.committed {
		return
	}
	x.answered, x.committed = true, true
	send(x.ResponseWriter, x.request, resp, x.compressed)
}

func send(w http.ResponseWriter, req *http.Request, resp *fault.Response, compressed bool) {
	resp.SetHeader(w.Header(), compressed)
	w.WriteHeader(resp.Status)
	if req.Method != http.MethodHead && len(resp.Body) > 0 {
		_, _ = w.Write(resp.Body) // the client may be gone: nobody is left to tell
	}
}

// A tracker is an exchange or one of its exposed forms.
type tracker interface{ track() *exchange }

func (x *exchange) track() *exchange { return x }

// tracked finds the exchange below w, through the writers of other middleware.
func tracked(w http.ResponseWriter) *exchange {
	for range 16 { // deeper than any middleware stack; a wrapper that unwraps to itself ends here
		if t, ok := w.(tracker); ok {
			return t.track()
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return nil
		}
		w = u.Unwrap()
	}
	return nil
}

// WriteHeader sends the status. Informational ones (1xx but 101) do not begin the response.
func (x *exchange) WriteHeader(status int) {
	if x.unmatched.answers(x, status) {
		return
	}
	x.ResponseWriter.WriteHeader(status) // panics, with nothing sent, at a status that does not exist
	if status >= 200 || status == http.StatusSwitchingProtocols {
		x.committed = true
	}
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.unmatched.answered {
		return len(p), nil
	}
	x.committed = true
	return x.ResponseWriter.Write(p)
}

// WriteString is Write without a copy where the writer underneath can do that.
func (x *exchange) WriteString(s string) (int, error) {
	if x.unmatched.answered {
		return len(s), nil
	}
	x.committed = true
	return io.WriteString(x.ResponseWriter, s)
}

// Unwrap serves [http.ResponseController]. A writer that is no hijacker may unwrap to one: the exchange
// has to learn when that is hijacked.
func (x *exchange) Unwrap() http.ResponseWriter {
	if x.capabilities&canHijack != 0 {
		return x.ResponseWriter
	}
	return below{x.ResponseWriter, hijacker{x}}
}

// below is the writer underneath, on the way to a hijacker further down.
type below struct {
	http.ResponseWriter
	hijacker
}

func (b below) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// FlushError serves [http.ResponseController], which would otherwise flush past the exchange.
func (x *exchange) FlushError() error {
	err := http.NewResponseController(x.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) { // the header is out, even if what follows it fails
		x.committed = true
	}
	return err
}

// The optional capabilities of a writer. Each type adds one method to an exchange.
type (
	flusher    struct{ x *exchange }
	hijacker   struct{ x *exchange }
	readerFrom struct{ x *exchange }
	pusher     struct{ x *exchange }
)

func (f flusher) Flush() {
	f.x.committed = true
	f.x.ResponseWriter.(http.Flusher).Flush()
}

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(h.x.ResponseWriter).Hijack()
	if err == nil {
		h.x.committed, h.x.hijacked = true, true
	}
	return conn, buffer, err
}

// ReadFrom lets the writer underneath copy. The first bytes take the way of Write: a source that fails
// before them has not begun the response, and its error is still answered.
func (r readerFrom) ReadFrom(src io.Reader) (int64, error) {
	var first int64
	if !r.x.committed {
		var err error
		if first, err = io.CopyN(r.x, src, 512); err == io.EOF {
			return first, nil
		} else if err != nil {
			return first, err
		}
	}
	rest, err := r.x.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
	return first + rest, err
}

func (p pusher) Push(target string, opts *http.PushOptions) error {
	return p.x.ResponseWriter.(http.Pusher).Push(target, opts)
}

const (
	canFlush = 1 << iota
	canHijack
	canReadFrom
	canPush
	combinations
)

func capabilitiesOf(w http.ResponseWriter) (c int) {
	if _, ok := w.(http.Flusher); ok {
		c |= canFlush
	}
	if _, ok := w.(http.Hijacker); ok {
		c |= canHijack
	}
	if _, ok := w.(io.ReaderFrom); ok {
		c |= canReadFrom
	}
	if _, ok := w.(http.Pusher); ok {
		c |= canPush
	}
	return c
}

// pools keeps exchanges by capabilities: their exposed form stays with them.
var pools [combinations]sync.Pool

// expose gives an exchange exactly the capabilities of its index. A writer that claims more than the
// one underneath breaks code that asks, one that claims less breaks streaming and websockets.
var expose = [combinations]func(*exchange) http.ResponseWriter{
	func(x *exchange) http.ResponseWriter { return x },
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Flusher
		}{x, flusher{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Hijacker
		}{x, hijacker{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Flusher
			http.Hijacker
		}{x, flusher{x}, hijacker{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			io.ReaderFrom
		}{x, readerFrom{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Flusher
			io.ReaderFrom
		}{x, flusher{x}, readerFrom{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Hijacker
			io.ReaderFrom
		}{x, hijacker{x}, readerFrom{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Flusher
			http.Hijacker
			io.ReaderFrom
		}{x, flusher{x}, hijacker{x}, readerFrom{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Pusher
		}{x, pusher{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Flusher
			http.Pusher
		}{x, flusher{x}, pusher{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Hijacker
			http.Pusher
		}{x, hijacker{x}, pusher{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Flusher
			http.Hijacker
			http.Pusher
		}{x, flusher{x}, hijacker{x}, pusher{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			io.ReaderFrom
			http.Pusher
		}{x, readerFrom{x}, pusher{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Flusher
			io.ReaderFrom
			http.Pusher
		}{x, flusher{x}, readerFrom{x}, pusher{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Hijacker
			io.ReaderFrom
			http.Pusher
		}{x, hijacker{x}, readerFrom{x}, pusher{x}}
	},
	func(x *exchange) http.ResponseWriter {
		return struct {
			*exchange
			http.Flusher
			http.Hijacker
			io.ReaderFrom
			http.Pusher
		}{x, flusher{x}, hijacker{x}, readerFrom{x}, pusher{x}}
	},
}

// request is the exchange as the core sees it.
type request exchange

var _ fault.Request = (*request)(nil)

func (r *request) Context() context.Context { return r.request.Context() }
func (r *request) Method() string           { return r.request.Method }
func (r *request) Committed() bool          { return r.committed }

func (r *request) Path() string {
	if r.request.URL == nil {
		return ""
	}
	return r.request.URL.Path
}

// Route is the pattern of the ServeMux without its method.
func (r *request) Route() string {
	if method, path, ok := strings.Cut(r.request.Pattern, " "); ok && !strings.Contains(method, "/") {
		return strings.TrimLeft(path, " \t")
	}
	return r.request.Pattern
}

func (r *request) Header(name string) string {
	return fault.JoinedHeader(r.request.Header, name)
}
