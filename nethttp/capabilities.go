package faulthttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// The optional capabilities of a writer. Each type adds one method to a tracker.
type (
	flusher    struct{ x *tracker }
	hijacker   struct{ x *tracker }
	readerFrom struct{ x *tracker }
	pusher     struct{ x *tracker }
)

func (f flusher) Flush() { _ = f.x.FlushError() }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.x.TakeOver() }

func (r readerFrom) ReadFrom(src io.Reader) (int64, error) { return r.x.Copy(src) }

func (p pusher) Push(target string, opts *http.PushOptions) error {
	return p.x.Promise(target, opts)
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

// Unwrap serves [http.ResponseController]. The writer below may lack Hijack and unwrap to one that has it: then the
// tracker stays in between, to notice the hijack.
func (x *tracker) Unwrap() http.ResponseWriter {
	if _, ok := x.ResponseWriter.(http.Hijacker); ok {
		return x.ResponseWriter
	}
	return below{x.ResponseWriter, hijacker{x}}
}

// below is the writer under the tracker, on the way to a hijacker further down.
type below struct {
	http.ResponseWriter
	hijacker
}

func (b below) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// expose makes a tracker with exactly the capabilities of its index, in one allocation. A writer that claims more than the
// one below it breaks code that asks; one that claims less breaks streaming and websockets.
var expose = [combinations]func() *tracker{
	func() *tracker {
		x := &tracker{}
		x.exposed = x
		return x
	},
	func() *tracker {
		w := &struct {
			tracker
			flusher
		}{}
		w.flusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			hijacker
		}{}
		w.hijacker.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			flusher
			hijacker
		}{}
		w.flusher.x = &w.tracker
		w.hijacker.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			readerFrom
		}{}
		w.readerFrom.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			flusher
			readerFrom
		}{}
		w.flusher.x = &w.tracker
		w.readerFrom.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			hijacker
			readerFrom
		}{}
		w.hijacker.x = &w.tracker
		w.readerFrom.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			flusher
			hijacker
			readerFrom
		}{}
		w.flusher.x = &w.tracker
		w.hijacker.x = &w.tracker
		w.readerFrom.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			pusher
		}{}
		w.pusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			flusher
			pusher
		}{}
		w.flusher.x = &w.tracker
		w.pusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			hijacker
			pusher
		}{}
		w.hijacker.x = &w.tracker
		w.pusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			flusher
			hijacker
			pusher
		}{}
		w.flusher.x = &w.tracker
		w.hijacker.x = &w.tracker
		w.pusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			readerFrom
			pusher
		}{}
		w.readerFrom.x = &w.tracker
		w.pusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			flusher
			readerFrom
			pusher
		}{}
		w.flusher.x = &w.tracker
		w.readerFrom.x = &w.tracker
		w.pusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			hijacker
			readerFrom
			pusher
		}{}
		w.hijacker.x = &w.tracker
		w.readerFrom.x = &w.tracker
		w.pusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
	func() *tracker {
		w := &struct {
			tracker
			flusher
			hijacker
			readerFrom
			pusher
		}{}
		w.flusher.x = &w.tracker
		w.hijacker.x = &w.tracker
		w.readerFrom.x = &w.tracker
		w.pusher.x = &w.tracker
		w.exposed = w
		return &w.tracker
	},
}
