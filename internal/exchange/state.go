// Package exchange is the life of a response, for adapters whose framework writes through an
// [http.ResponseWriter]:
//
//	begun     a final status or a byte was sent, or the connection was hijacked: it is too late for an answer
//	informed  an informational status was sent; nothing has begun
//	hijacked  a handler has taken over the connection
//	claimed   a failure of the request is being answered, or was answered: there is one answer
//	closed    our answer is being sent, or was sent: later writes of handlers are dropped
//	over      the handlers have returned: a late call does nothing, and is logged
//
// [State] is that machine. [Writer] is the writer that net/http's handlers get, and that lies under the responses of both
// echos; gin's writer embeds State itself. An exchange that foreign code can keep is never used for another request, or
// checks for which request it is called.
package exchange

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	fault "github.com/polyfault/polyfault/core"
)

const (
	begun uint32 = 1 << iota
	informed
	hijacked
	claimed
	closed
	sent
	over
	alone // there is no enclosing exchange of ours; searched once
	lent  // the header was given out, and may have been kept
)

// A State is the progress of one response. The zero State is that of a request without an answer. It is safe for concurrent
// use: handlers may run in goroutines after their middleware has abandoned them.
type State struct {
	// Responder is the responder given for the request; nil means that of an enclosing exchange.
	Responder *fault.Responder
	// Pooled means that the writer is reused for other requests, so other exchanges must not change its state.
	Pooled bool

	bits    atomic.Uint32
	writing sync.Mutex // held during a write
	sending sync.Mutex // held while our answer is sent
}

func (s *State) has(bits uint32) bool { return s.bits.Load()&bits != 0 }

// Begun reports whether it is too late for an answer.
func (s *State) Begun() bool { return s.has(begun | over) }

// Hijacked reports whether the connection was taken over.
func (s *State) Hijacked() bool { return s.has(hijacked) }

// Closed reports whether our answer was sent.
func (s *State) Closed() bool { return s.has(closed) }

// Over reports whether the handlers have returned.
func (s *State) Over() bool { return s.has(over) }

// Claimed reports whether a failure of the request is being answered, or was answered.
func (s *State) Claimed() bool { return s.has(claimed) }

// Begin notes that the response has begun.
func (s *State) Begin() { s.set(begun) }

// Take notes that the connection was hijacked.
func (s *State) Take() { s.set(begun | hijacked) }

// Claim gives the right to answer to its first caller. After the end of the request every caller gets it: the failure is
// logged, and nothing is sent.
func (s *State) Claim() bool {
	for {
		old := s.bits.Load()
		if old&over != 0 {
			return true
		}
		if old&claimed != 0 {
			return false
		}
		if s.bits.CompareAndSwap(old, old|claimed) {
			return true
		}
	}
}

// Inform notes whether the last status was informational, and sent.
func (s *State) Inform(yes bool) {
	if yes {
		s.set(informed)
	} else if s.has(informed) {
		s.bits.And(^informed)
	}
}

// Informed reports whether the last status was informational.
func (s *State) Informed() bool { return s.has(informed) }

// Enter admits a write, until [State.Leave]. It returns false if nothing may be written any more.
func (s *State) Enter() bool {
	s.writing.Lock()
	if s.has(closed | over) {
		s.writing.Unlock()
		return false
	}
	return true
}

// Leave ends the write that Enter admitted.
func (s *State) Leave() { s.writing.Unlock() }

// Answer admits only the sending of our answer, until [State.Answered]; other writes are dropped from now on. It returns false
// if it is too late.
func (s *State) Answer() bool {
	if s.Begun() { // a running write may take long, and it need not be waited for
		return false
	}
	s.sending.Lock()
	s.writing.Lock()
	late := s.has(begun | closed | over)
	if !late {
		s.set(begun | claimed | closed)
	}
	s.writing.Unlock()
	if late {
		s.sending.Unlock()
	}
	return !late
}

// Answered ends the sending that Answer admitted.
func (s *State) Answered() {
	s.set(sent)
	s.sending.Unlock()
}

// End notes that the handlers have returned. It waits for a running write: afterwards there are none.
func (s *State) End() {
	s.sending.Lock()
	s.writing.Lock()
	s.set(over)
	s.writing.Unlock()
	s.sending.Unlock()
}

// Lend notes that the header was given out, or the writer that has it.
func (s *State) Lend() { s.set(lent) }

// DropTrailers deletes the trailers that were set by their prefix, if the response is our answer. If the header was not given
// out, there is nothing to look for.
func (s *State) DropTrailers(w http.ResponseWriter) {
	if !s.Closed() || !s.has(lent) {
		return
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	header := w.Header()
	for name := range header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			delete(header, name)
		}
	}
}

// Reset makes the state that of another request. No other goroutine may use it.
func (s *State) Reset() { s.bits.Store(0) }

func (s *State) set(bits uint32) {
	if s.bits.Load()&bits != bits { // the common case is that they are set
		s.bits.Or(bits)
	}
}
