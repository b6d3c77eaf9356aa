package fault

import "fmt"

// Exposure returns the value of [WithExposure].
func (r *Responder) Exposure() Exposure {
	if r == nil {
		return ExposeNone
	}
	return r.exposure
}

// Exposure returns the part of an unknown error that clients see.
func (o *Occurrence) Exposure() Exposure { return o.responder.exposure }

// unhandledEntries returns the details of an unknown error.
func (o *Occurrence) unhandledEntries() []detail {
	entries := []detail{{name: "trace_id", value: o.TraceID()}}
	if o.Exposure() >= ExposeException {
		entries = append(entries, detail{name: "exception", value: errorText(o.exposed())})
	}
	if o.Exposure() >= ExposeTraceback {
		entries = append(entries, detail{name: "traceback", value: o.stack().String()})
	}
	return entries
}

// exposed returns the error whose text shows if the exposure allows it: the one that the unhandled fault wraps,
// or the unknown error itself.
func (o *Occurrence) exposed() error {
	if f, ok := o.err.(*Fault); ok && f.Unwrap() != nil {
		return f.Unwrap()
	}
	return o.err
}

// An Exposure is the part of an unknown error that clients see: [ExposeNone], the zero value, [ExposeException] or
// [ExposeTraceback]. Request data never changes it.
type Exposure uint8

// The exposures. Anything above ExposeNone is for development.
const (
	ExposeNone      Exposure = iota // the generic text and the trace id
	ExposeException                 // also the error's own text, as details.exception
	ExposeTraceback                 // also the call stack, as details.traceback
)

// WithExposure sets the part of unknown errors that clients see: [ExposeNone] by default. More is for development.
func WithExposure(e Exposure) Option {
	return func(r *Responder) error {
		if e > ExposeTraceback {
			return fmt.Errorf("WithExposure: exposure %d is unknown", e)
		}
		r.exposure = e
		return nil
	}
}
