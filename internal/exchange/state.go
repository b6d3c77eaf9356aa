// Package exchange is the life of a response, for adapters whose framework writes through an
// [http.ResponseWriter]:
//
//	begun     a final status or a byte was sent, or the connection was hijacked: it is too late for an answer
//	informed  an informational status was sent; nothing has begun
//	hijacked  the connection is somebody else's
//	claimed   a failure of the request is being answered, or was: there is one answer
//	closed    our answer is on its way, or sent: what handlers still write is dropped
//	over      the handlers have returned: a late call does nothing, and is logged
//
// [State] is that machine. [Writer] is the writer that net/http's handlers get, and that lies under the responses
// of both echos; gin's writer embeds State itself. An exchange that foreign code can keep is never used for another
// request, or checks whose request it is asked for.
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
	alone // nothing of ours is around: looked for once
	lent  // the header: somebody may have kept it
)

// A State is how far one response has come. The zero State is that of a request that nobody has answered. It
// is safe for concurrent use: handlers go on in goroutines after their middleware has given up on them.
type State struct {
	// Responder is the one that was given for the request; nil leaves the choice to what is around.
	Responder *fault.Responder
	// Pooled says that the writer is used for other requests, too: others must not change its state.
	Pooled bool

	bits    atomic.Uint32
	writing sync.Mutex // held while somebody writes
	sending sync.Mutex // held while our answer is sent
}

func (s *State) has(bits uint32) bool { return s.bits.Load()&bits != 0 }

// Begun reports that nothing can be answered any more.
func (s *State) Begun() bool { return s.has(begun | over) }

// Hijacked reports that the connection was taken over.
func (s *State) Hijacked() bool { return s.has(hijacked) }

// Closed reports that our answer is sent.
func (s *State) Closed() bool { return s.has(closed) }

// Over reports that the handlers have returned.
func (s *State) Over() bool { return s.has(over) }

// Claimed reports that a failure of the request is being answered, or was.
func (s *State) Claimed() bool { return s.has(claimed) }

// Begin notes that the response has begun.
func (s *State) Begin() { s.set(begun) }

// Take notes that the connection was hijacked.
func (s *State) Take() { s.set(begun | hijacked) }

// Claim gives the right to answer to the first who asks. A failure after the end of the request is everybody's: it
// is logged, and nothing is sent.
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

// Enter admits somebody who writes, until [State.Leave]; false when nothing is to be written any more.
func (s *State) Enter() bool {
	s.writing.Lock()
	if s.has(closed | over) {
		s.writing.Unlock()
		return false
	}
	return true
}

// Leave ends what Enter began.
func (s *State) Leave() { s.writing.Unlock() }

// Answer admits the one who sends our answer, until [State.Answered], and nobody else: from now on writes are
// dropped. It is false when it is too late.
func (s *State) Answer() bool {
	if s.Begun() { // whoever writes may be long about it: there is nothing to wait for
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

// Answered ends what Answer began.
func (s *State) Answered() {
	s.set(sent)
	s.sending.Unlock()
}

// End notes that the handlers have returned. It waits for somebody who is writing: after it, nobody does.
func (s *State) End() {
	s.sending.Lock()
	s.writing.Lock()
	s.set(over)
	s.writing.Unlock()
	s.sending.Unlock()
}

// Lend notes that somebody is given the header, or the writer that it is of.
func (s *State) Lend() { s.set(lent) }

// DropTrailers deletes the trailers that were set by their prefix, if the response is our answer. Where nobody has been
// given the header, there is nothing to look for.
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

// Reset makes the state that of another request. Nobody else may have it.
func (s *State) Reset() { s.bits.Store(0) }

func (s *State) set(bits uint32) {
	if s.bits.Load()&bits != bits { // the common case is that they are set
		s.bits.Or(bits)
	}
}
