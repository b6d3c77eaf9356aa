package fault

import (
	"log/slog"
	"slices"
	"sync/atomic"
)

// A stackCache keeps the texts of the stacks that were logged last: a service fails in few places, and to resolve and write the
// frames costs more than all else that a failure does. A stack is found by its counters, in the one slot that it can have.
type stackCache [128]atomic.Pointer[stackText]

// A stackText is a stack as log lines have it.
type stackText struct {
	stack Stack
	text  string // within maxStack
	cost  int    // of the text, in its escaped form
	place string // see placeOf
}

// of returns the text of the stack.
func (c *stackCache) of(s Stack) *stackText {
	slot := &c[s.hash()%uint64(len(c))]
	if kept := slot.Load(); kept != nil && slices.Equal(kept.stack, s) {
		return kept
	}
	l := line{left: maxLine}
	made := &stackText{stack: slices.Clone(s), text: l.cut(s.String(), maxStack), place: placeOf(s)}
	made.cost = maxLine - l.left
	slot.Store(made)
	return made
}

// hash is FNV-1a over the counters.
func (s Stack) hash() uint64 {
	h := uint64(14695981039346656037)
	for _, pc := range s {
		h = (h ^ uint64(pc)) * 1099511628211
	}
	return h ^ h>>32
}

// stack adds the text of a stack.
func (l *line) stack(name string, s *stackText) {
	if s.cost > l.left {
		l.text(name, s.text, maxStack)
		return
	}
	l.left -= s.cost
	l.add(slog.String(name, s.text))
}
