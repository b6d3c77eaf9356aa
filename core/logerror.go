package fault

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"

	"github.com/polyfault/polyfault/internal/errtree"
)

// logCause says what the error is: a text, or, for incidents and where LogNames has a name for it, an error value.
func (o *Occurrence) logCause(l *line) {
	name, text := &o.responder.logNames, textOfTree(o.err, o.tree())
	if name.Exception == "" && name.ExceptionType == "" || !o.Incident() {
		o.logText(l, text)
		return
	}
	if name.ExceptionType != "" {
		l.text(name.ExceptionType, typeOf(o.err, o.tree().Errors), maxPath)
	}
	if name.Exception == "" {
		o.logText(l, text)
		return
	}
	logged := &loggedError{l.cut(text, maxCause), o.err, isHarmless(o.err, o.tree().Errors), nil, ""}
	if o.unknown {
		logged.origin, logged.place = o.err, o.place()
	}
	l.add(slog.Any(name.Exception, logged))
}

// logText adds the cause as a text. The cause of an unknown error can tell its origin.
func (o *Occurrence) logText(l *line, text string) {
	name := o.responder.logNames.Cause
	if !o.unknown {
		l.text(name, text, maxCause)
		return
	}
	l.add(slog.Any(name, &loggedCause{l.cut(text, maxCause), o.err, o.place()}))
}

func (o *Occurrence) place() string {
	if stack := o.stack(); len(stack) > 0 {
		return o.responder.stacks.of(stack).place
	}
	return ""
}

// A loggedError is an error in a log line. Handlers print its text, which is made once, bounded, and without refused input and
// secrets; no method of the error runs. [errors.Is] and [errors.As] look into the error. Unwrap returns it only if its parts
// can be printed without harm.
type loggedError struct {
	text     string
	original error
	open     bool
	origin   error // of an unknown error; nil for others
	place    string
}

func (e *loggedError) Error() string                { return e.text }
func (e *loggedError) GoString() string             { return e.text } // nor does %#v show what is inside
func (e *loggedError) MarshalText() ([]byte, error) { return []byte(e.text), nil }

func (e *loggedError) Unwrap() error {
	if e.open {
		return e.original
	}
	return nil
}

func (e *loggedError) Is(target error) bool { return errtree.Is(e.original, target) }

func (e *loggedError) As(target any) bool {
	to := reflect.ValueOf(target).Elem() // errors.As has made sure that it is a pointer
	_, found := errtree.Find(e.original, func(inside error) (struct{}, bool) {
		if v := reflect.ValueOf(inside); v.Type().AssignableTo(to.Type()) {
			to.Set(v)
			return struct{}{}, true
		}
		return struct{}{}, saysAs(inside, target)
	})
	return found
}

func saysAs(err error, target any) (yes bool) {
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	x, ok := err.(interface{ As(any) bool })
	return ok && x.As(target)
}

const maxUnwrapped = 32

// isHarmless reports whether others may unwrap the error and print each part of it: it comes to an end soon, nothing
// panics, and no text is long or quotes refused input.
func isHarmless(err error, tree []error) bool {
	left := maxUnwrapped
	return ends(err, &left) && !slices.ContainsFunc(tree, func(e error) bool { return !saysWhatWeSay(e) })
}

func saysWhatWeSay(err error) (yes bool) {
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	text := err.Error()
	return len(text) <= maxCause && text == errorText(err)
}

// ends reports whether unwrapping the error ends within so many errors and without a panic: [errors.Is] never returns from a
// cycle.
func ends(err error, left *int) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	for err != nil {
		if *left--; *left < 0 { // before the branches: a tree can be below itself
			return false
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, branch := range e.Unwrap() {
				if !ends(branch, left) {
					return false
				}
			}
			return true
		default:
			return true
		}
	}
	return true
}

// typeOf returns the type, as package path and name, of the first error of the tree that does more than wrap others, or of a
// panic value that is not an error.
func typeOf(err error, tree []error) string {
	for _, e := range tree {
		switch e := e.(type) {
		case *Fault, *Kind, *bindingError:
			continue
		case *panicError:
			if _, wraps := e.value.(error); !wraps {
				return typeName(e.value)
			}
			continue
		}
		if t := reflect.TypeOf(e); t != wrapped && t != wrappedSeveral && t != joined {
			return typeName(e)
		}
	}
	return typeName(err)
}

// The types of package fmt and errors that only wrap.
var (
	wrapped        = reflect.TypeOf(fmt.Errorf("%w", errors.ErrUnsupported))
	wrappedSeveral = reflect.TypeOf(fmt.Errorf("%w%w", errors.ErrUnsupported, errors.ErrUnsupported))
	joined         = reflect.TypeOf(errors.Join(errors.ErrUnsupported))
)

func typeName(value any) string {
	t := reflect.TypeOf(value)
	if t.PkgPath() == "" || t.Name() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}
