package fault

import (
	"iter"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/polyfault/polyfault/internal/errtree"
)

// A Stack is a recorded call stack: program counters, which are resolved when somebody reads them. The zero Stack is
// empty.
type Stack []uintptr

const maxFrames = 64

// callers records the stack above its caller's caller; skip leaves out more.
func callers(skip int) Stack {
	var pcs [maxFrames]uintptr
	n := runtime.Callers(skip+2, pcs[:])
	return append(Stack(nil), pcs[:n]...)
}

// Frames yields the frames, the innermost first, without those of polyfault. In the stack of a panic it also leaves
// out the machinery of panicking and recovering, so the first frame is the one that panicked.
func (s Stack) Frames() iter.Seq[runtime.Frame] {
	return func(yield func(runtime.Frame) bool) {
		frames := make([]runtime.Frame, 0, 2*len(s)) // inlined calls have frames of their own
		for more, iterator := len(s) > 0, runtime.CallersFrames(s); more; {
			var frame runtime.Frame
			frame, more = iterator.Next()
			frames = append(frames, frame)
		}
		for _, frame := range frames[afterPanic(frames):] {
			if !isPolyfaults(frame.Function) && !isOurFile(frame.File) && !yield(frame) {
				return
			}
		}
	}
}

const module = "github.com/polyfault/polyfault/"

// isPolyfaults reports whether the function is of the machinery that leads an error to its answer, or an answer to the
// log.
func isPolyfaults(function string) bool {
	rest, ours := strings.CutPrefix(function, module)
	if !ours {
		return false
	}
	room, _, _ := strings.Cut(rest, ".")
	return isRoom(room)
}

func isRoom(folder string) bool {
	return slices.Contains(machinery, folder) || strings.HasPrefix(folder, "internal/")
}

var machinery = []string{"core", "core/formats", "nethttp", "nethttp/catalog", "gin", "echo", "echov5", "fiber", "fiberv3", "otel", "store"}

// home is where stacks say that our modules are: the folder of the root, without a slash and a version.
var home = func() string {
	_, file, _, _ := runtime.Caller(0)
	folder, _, _ := strings.Cut(strings.TrimSuffix(file, "/core/stack.go"), "@")
	return folder
}()

// isOurFile tells what isPolyfaults does by the file: a function literal of ours that the compiler has put into a caller has
// a name of the caller's. Files are "/core/log.go", "@v1.2.3/core/log.go" and "/gin@v1.2.3/gin.go" below home.
func isOurFile(file string) bool {
	rest, below := strings.CutPrefix(file, home)
	if !below || strings.HasSuffix(file, "_test.go") {
		return false
	}
	if strings.HasPrefix(rest, "@") {
		_, rest, _ = strings.Cut(rest, "/")
	}
	folder, version, versioned := strings.Cut(path.Dir(strings.TrimPrefix(rest, "/")), "@")
	if versioned {
		_, inside, _ := strings.Cut(version, "/")
		folder = path.Join(folder, inside)
	}
	return isRoom(folder)
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

// recordStack keeps the panic's stack; else the one that an error of the tree brings itself, the innermost of several;
// else that of the fault; else that of the responder's caller, which at least names the route's function.
func (o *Occurrence) recordStack() {
	if o.panicked {
		return
	}
	besides := o.besides()
	o.noted("the stack of an error", func() { besides.stack = stackIn(o.tree()) })
	switch {
	case besides.stack != nil:
	case o.fault != nil && len(o.fault.stack) > 0:
		besides.stack = o.fault.stack
	default:
		besides.stack = callers(0)
	}
}

func (o *Occurrence) dropStack() {
	if a := o.aside.Load(); a != nil {
		a.stack = nil
	}
}

// stackIn returns the stack that an error brings, as several libraries record one; nil without any.
func stackIn(errs errtree.List) (found Stack) {
	for _, e := range errs.Errors {
		if errs.Over() {
			break
		}
		switch e := e.(type) {
		case *Fault, *Kind:
		case interface{ Callers() []uintptr }:
			found = e.Callers()
		case interface{ StackFrames() []uintptr }: // eris
			found = e.StackFrames()
		case interface{ StackFrames() []runtime.Frame }: // oops
			if own := stackOf(e.StackFrames()); own != nil {
				found = own
			}
		default:
			if own := stackTrace(e); own != nil {
				found = own
			}
		}
	}
	return found[:min(len(found), maxFrames)]
}

// stackTrace calls a method StackTrace() whose result is a list of program counters of any type.
func stackTrace(err error) Stack {
	m := reflect.ValueOf(err).MethodByName("StackTrace")
	if !m.IsValid() {
		return errorxStack(err)
	}
	t := m.Type()
	if t.NumIn() != 0 || t.NumOut() != 1 || t.Out(0).Kind() != reflect.Slice || t.Out(0).Elem().Kind() != reflect.Uintptr {
		return nil
	}
	return countersIn(m.Call(nil)[0])
}

// countersIn returns a list of program counters of any type.
func countersIn(list reflect.Value) (s Stack) {
	for i := range min(list.Len(), maxFrames) {
		s = append(s, uintptr(list.Index(i).Uint()))
	}
	return s
}

// stackOf returns the stack whose frames these are. Calls that were inlined have the counter of the one that they are in.
func stackOf(frames []runtime.Frame) (s Stack) {
	for _, frame := range frames {
		if pc := frame.PC + 1; frame.PC != 0 && (len(s) == 0 || s[len(s)-1] != pc) { // a stack has the counters of returns
			s = append(s, pc)
		}
	}
	return s
}

// errorxStack reads the field of an *errorx.Error, which shows its stack in a text only.
func errorxStack(err error) Stack {
	v := structOf(err)
	if v.Kind() != reflect.Struct || v.Type().String() != "errorx.Error" {
		return nil
	}
	trace := v.FieldByName("stackTrace")
	if trace.Kind() != reflect.Pointer || trace.IsNil() || trace.Elem().Kind() != reflect.Struct {
		return nil
	}
	counters := trace.Elem().FieldByName("pc")
	if counters.Kind() != reflect.Slice || counters.Type().Elem().Kind() != reflect.Uintptr {
		return nil
	}
	return countersIn(counters)
}
