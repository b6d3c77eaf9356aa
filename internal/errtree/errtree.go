// Package errtree walks trees of errors as package errors does, within bounds: a foreign tree can be cyclic,
// and [errors.Is] would never return from it.
//
// The methods of foreign errors may panic. The package does not guard against that.
package errtree

import (
	"iter"
	"reflect"
)

// maxErrors is how many errors of a tree are looked at.
const maxErrors = 1000

// All yields the errors in the tree of err in the order of [errors.As]: the error itself, then what it unwraps
// to, depth first. Nil errors, and typed nils, are left out.
func All(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		Find(err, func(e error) (struct{}, bool) { return struct{}{}, !yield(e) })
	}
}

// Find returns what match makes of the first error of the tree for which it says yes.
func Find[T any](err error, match func(error) (T, bool)) (found T, ok bool) {
	budget := maxErrors
	return findWithin(err, match, &budget)
}

func findWithin[T any](err error, match func(error) (T, bool), budget *int) (found T, ok bool) {
	for !IsNil(err) && *budget > 0 {
		*budget--
		if found, ok = match(err); ok {
			return found, true
		}
		switch x := err.(type) {
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		case interface{ Unwrap() []error }:
			for _, branch := range x.Unwrap() {
				if found, ok = findWithin(branch, match, budget); ok {
					return found, true
				}
			}
			return found, false
		default:
			return found, false
		}
	}
	return found, false
}

// Is is [errors.Is] on a bounded walk.
func Is(err, target error) bool {
	if target == nil {
		return err == nil
	}
	byIdentity := reflect.TypeOf(target).Comparable()
	_, ok := Find(err, func(e error) (struct{}, bool) {
		if byIdentity && e == target {
			return struct{}{}, true
		}
		x, ok := e.(interface{ Is(error) bool })
		return struct{}{}, ok && x.Is(target)
	})
	return ok
}

// As is [errors.AsType] on a bounded walk.
func As[T error](err error) (T, bool) {
	return Find(err, func(e error) (T, bool) {
		if t, ok := e.(T); ok {
			return t, true
		}
		var t T
		x, ok := e.(interface{ As(any) bool })
		return t, ok && x.As(&t)
	})
}

// IsNil reports whether value is nil or a typed nil: a nil pointer, map, slice, function or channel in an
// interface.
func IsNil(value any) bool {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// Quiet is err with an Error that does not panic: middleware of others asks for texts where nobody would catch that.
func Quiet(err error) error { return quiet{err} }

type quiet struct{ error }

func (q quiet) Error() (text string) {
	defer func() {
		if recover() != nil {
			text = "(an error whose Error method panics)"
		}
	}()
	return q.error.Error()
}

func (q quiet) Unwrap() error { return q.error }
