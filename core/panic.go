package fault

import (
	"fmt"

	"github.com/polyfault/polyfault/internal/errtree"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// Panicked makes an error of a recovered panic value, for frameworks whose recovering middleware returns an error.
// [Responder.Respond] treats that error as [Responder.Recovered] treats the value. Call Panicked in the deferred
// function that recovered, because it records the stack. Nil stays nil.
func Panicked(value any) error {
	if value == nil {
		return nil
	}
	return &panicError{value, callers(1)}
}

type panicError struct {
	value any
	stack Stack
}

// Error is for logs, like that of any error.
func (e *panicError) Error() string {
	switch v := e.value.(type) {
	case string:
		return "panic: " + v
	case error:
		if !IsNil(v) {
			return errorText(v)
		}
	case fmt.Stringer:
		return "panic: " + v.String()
	}
	text, _ := jsontext.AppendValue(nil, e.value) // fmt would never return from a cycle
	return fmt.Sprintf("panic: %T %s", e.value, text)
}

// Unwrap returns the panic value when that is an error.
func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// unwrapped returns the error that was panicked, or e itself.
func (e *panicError) unwrapped() error {
	if err := e.Unwrap(); !IsNil(err) {
		return err
	}
	return e
}

// findPanic finds a recovered panic that middleware has wrapped on its way.
func (o *Occurrence) findPanic() {
	var p *panicError
	switch f, ours := o.err.(*Fault); {
	case !ours:
		p, _ = errtree.First[*panicError](o.tree())
	case f.Unwrap() != nil: // a list of the tree is not needed
		p, _ = errtree.Find(o.err, func(e error) (*panicError, bool) {
			p, ok := e.(*panicError)
			return p, ok
		})
	}
	if p != nil {
		o.panicked, o.besides().stack = true, p.stack
	}
}

func describePanic(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case error:
		return errorText(v)
	}
	return fmt.Sprintf("%T", value)
}

// Recovered makes the response to a recovered panic value, like [Responder.Respond] for an error. Call it in the
// deferred function that recovered, so that the stack in the log is that of the panic. An error of ours keeps its
// status; any other value is [Unhandled]. It returns nil for a nil value, which means no panic.
//
// Do not give it [http.ErrAbortHandler]: adapters abort the connection.
func (r *Responder) Recovered(req Request, value any) *Response {
	return r.Respond(req, Panicked(value))
}
