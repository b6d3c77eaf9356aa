package exchange

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"reflect"

	fault "github.com/polyfault/polyfault/core"
)

// An Exchange is a writer with a state: what adapters put under handlers.
type Exchange interface {
	http.ResponseWriter
	ExchangeState() *State
}

// maxWriters is more than any stack of middleware; a writer that unwraps to itself ends here.
const maxWriters = 64

// Find returns the innermost exchange from w outwards, w itself included; nil without any. Writers of others are seen
// through by Unwrap, or by an embedded ResponseWriter, which most of them have.
func Find(w http.ResponseWriter) Exchange {
	for range maxWriters {
		if w == nil {
			return nil
		}
		if x, ok := w.(Exchange); ok {
			return x
		}
		w = Wrapped(w)
	}
	return nil
}

// All yields the exchanges from w outwards, the innermost first.
func All(w http.ResponseWriter) iter.Seq[Exchange] {
	return func(yield func(Exchange) bool) {
		for range maxWriters {
			x := Find(w)
			if x == nil || !yield(x) {
				return
			}
			w = Wrapped(x)
		}
	}
}

// Wrapped returns the writer that w wraps, nil when there is none to be found.
func Wrapped(w http.ResponseWriter) http.ResponseWriter {
	if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return u.Unwrap()
	}
	v := reflect.ValueOf(w)
	if v.Kind() == reflect.Pointer {
		v = v.Elem() // of a nil pointer: invalid
	}
	if v.Kind() != reflect.Struct || v.Type().PkgPath() == "net/http" { // those wrap nothing
		return nil
	}
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() != reflect.Interface || !f.CanInterface() || !v.Type().Field(i).Anonymous {
			continue
		}
		if next, ok := reflect.TypeAssert[http.ResponseWriter](f); ok {
			return next
		}
	}
	return nil
}

// Bottom returns the last writer below w, as a rule net/http's own; w itself when it wraps none.
func Bottom(w http.ResponseWriter) http.ResponseWriter {
	for range maxWriters {
		next := Wrapped(w)
		if next == nil {
			break
		}
		w = next
	}
	return w
}

// Begun reports whether the response to be written through w has begun, as far as an exchange from w outwards
// knows.
func Begun(w http.ResponseWriter) bool {
	for x := range All(w) {
		if x.ExchangeState().Begun() {
			return true
		}
	}
	return false
}

// ClaimAround tells the exchanges from w outwards that a failure is answered: they have nothing to add. Those that are
// pooled are left alone.
func ClaimAround(w http.ResponseWriter) {
	for x := range All(w) {
		if s := x.ExchangeState(); !s.Pooled {
			s.set(claimed)
		}
	}
}

// ResponderAround is that of the innermost exchange from w outwards that was given one; nil without any.
func ResponderAround(w http.ResponseWriter) *fault.Responder {
	for x := range All(w) {
		if r := x.ExchangeState().Responder; r != nil {
			return r
		}
	}
	return nil
}

// Responder returns r; for nil the responder of the innermost exchange from w outwards that was given one; without any
// it is [fault.Default], and a line at level Debug says so, as that is seldom meant.
func Responder(ctx context.Context, r *fault.Responder, w http.ResponseWriter) *fault.Responder {
	if r != nil {
		return r
	}
	if r := ResponderAround(w); r != nil {
		return r
	}
	slog.DebugContext(ctx, "polyfault: no responder was given, here or around: fault.Default answers")
	return fault.Default()
}
