package fault

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
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
	logged := &loggedError{text: l.cut(text, maxCause)}
	if o.unknown {
		logged.origin, logged.place = o.err, o.place()
	}
	if left := maxUnwrapped; ends(o.err, &left) {
		logged.err = o.err
	}
	l.add(slog.Any(name.Exception, logged))
}

// logText adds the cause as a text; that of an unknown error can tell its origin.
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

// A loggedError is an error as log lines have it. What handlers print of it is the text of the line: bounded, without
// refused input and secrets, made once, so that no method of the error runs.
type loggedError struct {
	text   string
	err    error
	origin error // of an unknown error; nil for others
	place  string
}

func (e *loggedError) Error() string                { return e.text }
func (e *loggedError) Unwrap() error                { return e.err }
func (e *loggedError) GoString() string             { return e.text } // nor does %#v show what is inside
func (e *loggedError) MarshalText() ([]byte, error) { return []byte(e.text), nil }

const maxUnwrapped = 1000

// ends reports whether whoever unwraps the error comes to an end, within so many errors and without a panic: [errors.Is]
// never returns from a cycle.
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

// typeOf names the type of the first error of the tree that says something itself, as package path and name; that of a
// panic value which is no error.
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
