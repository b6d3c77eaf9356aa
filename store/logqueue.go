package store

import (
	"context"
	"sync"
	"time"
)

// maxQueued is the greatest number of waiting bytes.
const maxQueued = 64 << 20

// A logQueue is a ring of entries. Many put, one takes.
type logQueue struct {
	mu       sync.Mutex
	ring     []*entry
	first, n int
	bytes    int
	closed   bool
	batch    int // wakes the writer
	in, out  uint64
	wanted   uint64        // what in was when somebody asked to flush
	moved    chan struct{} // closed when out grows or there is room; nil while nobody waits
	wake     chan struct{} // tells the writer to look again
}

func newLogQueue(size, batch int) *logQueue {
	return &logQueue{ring: make([]*entry, size), batch: min(batch, size), wake: make(chan struct{}, 1)}
}

// An outcome is the fate of an entry.
type outcome int

const (
	accepted outcome = iota
	full
	closed
)

// put never waits.
func (q *logQueue) put(e *entry) outcome {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.putLocked(e)
}

func (q *logQueue) putLocked(e *entry) outcome {
	if q.closed {
		return closed
	}
	size := e.size()
	if q.n == len(q.ring) || q.n > 0 && q.bytes+size > maxQueued {
		return full
	}
	q.ring[(q.first+q.n)%len(q.ring)] = e
	q.n++
	q.in++
	q.bytes += size
	if q.n == 1 || q.n == q.batch {
		q.wakeWriter()
	}
	return accepted
}

// putWaiting waits for room until ctx ends, and no longer than patience.
func (q *logQueue) putWaiting(ctx context.Context, e *entry, patience time.Duration) outcome {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		q.mu.Lock()
		got := q.putLocked(e)
		if got != full {
			q.mu.Unlock()
			return got
		}
		moved := q.watchLocked()
		q.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return full
		case <-timer.C:
			return full
		}
	}
}

func (q *logQueue) wakeWriter() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *logQueue) watchLocked() <-chan struct{} {
	if q.moved == nil {
		q.moved = make(chan struct{})
	}
	return q.moved
}

func (q *logQueue) announceLocked() {
	if q.moved != nil {
		close(q.moved)
		q.moved = nil
	}
}

// take moves up to limit entries into batch.
func (q *logQueue) take(batch []*entry, limit int) []*entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n > 0 && len(batch) < limit {
		e := q.ring[q.first]
		q.ring[q.first] = nil
		q.first = (q.first + 1) % len(q.ring)
		q.n--
		q.bytes -= e.size()
		batch = append(batch, e)
	}
	q.announceLocked()
	return batch
}

// finish removes the oldest n entries: they are written, or with the fallback.
func (q *logQueue) finish(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.out += uint64(n)
	q.announceLocked()
}

// A queueState is the state of the queue for the writer.
type queueState struct {
	waiting int
	hurry   bool // somebody flushes or closes
	closed  bool
}

func (q *logQueue) state() queueState {
	q.mu.Lock()
	defer q.mu.Unlock()
	return queueState{q.n, q.closed || q.out < q.wanted, q.closed}
}

// flush waits until the entries accepted so far have left the queue, or ctx ends.
func (q *logQueue) flush(ctx context.Context) error {
	q.mu.Lock()
	target := q.in
	q.wanted = max(q.wanted, target)
	for q.out < target {
		moved := q.watchLocked()
		q.mu.Unlock()
		q.wakeWriter()
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		q.mu.Lock()
	}
	q.mu.Unlock()
	return nil
}

func (q *logQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.announceLocked()
	q.mu.Unlock()
	q.wakeWriter()
}

// counts returns the number of accepted entries, and of those still in the queue.
func (q *logQueue) counts() (in uint64, queued int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.in, int(q.in - q.out)
}
