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

// Find returns the innermost exchange from w outwards, w included, or nil. It looks through foreign writers by their Unwrap,
// or by an embedded ResponseWriter, which most of them have.
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

// Wrapped returns the writer that w wraps, or nil if it finds none.
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

// Bottom returns the last writer below w, usually net/http's own, or w itself if it wraps none.
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

// ClaimAround claims the answer from the exchanges from w outwards, so that they add nothing. It skips pooled ones.
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

// Responder returns r. If r is nil, it returns the responder of the innermost exchange from w outwards that was given one. If
// there is none, it returns [fault.Default] and logs a line at level Debug, because that is rarely intended.
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
