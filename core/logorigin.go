package fault

import (
	"log/slog"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/polyfault/polyfault/internal/errtree"
)

// A loggedCause is the cause in the log line of an unknown error. Handlers resolve it, as [slog.LogValuer] asks them to,
// and print the text; a handler that groups failures may ask for FaultOrigin before.
type loggedCause struct {
	text  string
	err   error
	place string
}

var _ slog.LogValuer = (*loggedCause)(nil)

func (c *loggedCause) LogValue() slog.Value         { return slog.StringValue(c.text) }
func (c *loggedCause) String() string               { return c.text }
func (c *loggedCause) MarshalText() ([]byte, error) { return []byte(c.text), nil }

// FaultOrigin returns the types of the errors in the tree, the outermost first, and the innermost function of the
// application in the stack of the failure, with the line counted from where the function begins. Either is "" where
// nothing is known.
func (c *loggedCause) FaultOrigin() (types, place string) { return typeChain(c.err), c.place }

// FaultOrigin is that of a [loggedCause].
func (e *loggedError) FaultOrigin() (types, place string) { return typeChain(e.origin), e.place }

// maxTypes bounds a chain of types.
const maxTypes = 16

// typeChain names the types in the tree of err, those of packages fault, fmt and errors that only wrap left out unless
// they are all there is. Types that follow themselves are named once.
func typeChain(err error) string {
	var list []string
	add := func(name string) {
		if len(list) < maxTypes && (len(list) == 0 || list[len(list)-1] != name) {
			list = append(list, name)
		}
	}
	var only error
	for e := range errtree.All(err) {
		if only == nil {
			only = e
		}
		switch e := e.(type) {
		case *Fault, *Kind, *bindingError:
			continue
		case *panicError:
			if _, wraps := e.value.(error); !wraps {
				add("panic " + reflect.TypeOf(e.value).String())
			}
			continue
		}
		if t := reflect.TypeOf(e); t != wrapped && t != wrappedSeveral && t != joined {
			add(typeName(e))
		}
		if len(list) == maxTypes {
			break
		}
	}
	if len(list) == 0 && only != nil {
		add(typeName(only))
	}
	return strings.Join(list, " ")
}

// placeOf is the innermost frame of the application: else the innermost that is not of the standard library, else the
// innermost; "" for an empty stack.
func placeOf(s Stack) string {
	var best runtime.Frame
	rank := 0
	for frame := range s.Frames() {
		if r := rankOf(frame.Function); r > rank {
			best, rank = frame, r
		}
		if rank == rankApplication {
			break
		}
	}
	if rank == 0 {
		return ""
	}
	place := best.Function
	if best.Func != nil { // not compiled into its caller
		if _, begin := best.Func.FileLine(best.Func.Entry()); best.Line >= begin {
			place += "+" + strconv.Itoa(best.Line-begin)
		}
	}
	return place
}

// How much a frame says about who is to blame.
const (
	rankStandard = iota + 1
	rankDependency
	rankApplication
)

func rankOf(function string) int {
	first, _, _ := strings.Cut(function, "/")
	switch path, modules := packageOf(function), builtOf(); {
	case path == "main" || within(path, modules.own):
		return rankApplication
	case within(path, modules.others):
		return rankDependency
	case !strings.Contains(first, ".") || !strings.Contains(function, "/"):
		return rankStandard
	}
	return rankApplication
}

// packageOf is the import path in a function's name: "github.com/a/b.(*T).M" is of "github.com/a/b".
func packageOf(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	if dot := strings.IndexByte(function[slash:], '.'); dot >= 0 {
		return function[:slash+dot]
	}
	return function
}

func within(path string, modules []string) bool {
	for _, m := range modules {
		if rest, ok := strings.CutPrefix(path, m); ok && (rest == "" || rest[0] == '/' || strings.HasPrefix(rest, "_test")) {
			return true
		}
	}
	return false
}

// A built is the modules that the program was built of: own are those that lie beside it.
type built struct{ own, others []string }

var builtOf = sync.OnceValue(func() (b built) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Path != "" {
		b.own = append(b.own, info.Main.Path)
	}
	for _, m := range info.Deps {
		switch {
		case m.Version == "(devel)" || m.Replace != nil && m.Replace.Version == "":
			b.own = append(b.own, m.Path)
		default:
			b.others = append(b.others, m.Path)
		}
	}
	return b
})
