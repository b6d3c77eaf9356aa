package fault

import (
	"iter"
	"runtime"
	"strconv"
	"strings"
)

// A Stack is a recorded call stack: program counters, resolved only when somebody reads them. The
// zero Stack is empty.
type Stack []uintptr

const maxFrames = 64

// callers records the stack above its caller's caller; skip leaves out more.
func callers(skip int) Stack {
	var pcs [maxFrames]uintptr
	n := runtime.Callers(skip+2, pcs[:])
	return append(Stack(nil), pcs[:n]...)
}

// Frames yields the frames, the innermost first. In the stack of a panic the machinery of
// recovering and panicking is left out: the first frame is the one that panicked.
func (s Stack) Frames() iter.Seq[runtime.Frame] {
	return func(yield func(runtime.Frame) bool) {
		frames := make([]runtime.Frame, 0, 2*len(s)) // inlined calls have frames of their own
		for more, iterator := len(s) > 0, runtime.CallersFrames(s); more; {
			var frame runtime.Frame
			frame, more = iterator.Next()
			frames = append(frames, frame)
		}
		for _, frame := range frames[afterPanic(frames):] {
			if !yield(frame) {
				return
			}
		}
	}
}

func afterPanic(frames []runtime.Frame) int {
	for i, frame := range frames {
		if frame.Function != "runtime.gopanic" {
			continue
		}
		for i++; i < len(frames) && strings.HasPrefix(frames[i].Function, "runtime."); {
			i++
		}
		return i
	}
	return 0
}

// String formats the stack as the runtime does: a line with the function, a line with file and
// line number.
func (s Stack) String() string {
	var b strings.Builder
	b.Grow(128 * len(s))
	for frame := range s.Frames() {
		b.WriteString(frame.Function)
		b.WriteString("\n\t")
		b.WriteString(frame.File)
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(frame.Line))
		b.WriteByte('\n')
	}
	return b.String()
}

// recordStack keeps the panic's stack; else the fault's; else that of the responder's caller, which
// at least names the adapter and the route's function.
func (o *Occurrence) recordStack() {
	switch {
	case o.panicked:
	case o.fault != nil && len(o.fault.stack) > 0:
		o.stack = o.fault.stack
	default:
		o.stack = callers(5) // past prepare, respond, and the three of Respond
	}
}
