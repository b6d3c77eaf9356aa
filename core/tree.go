package fault

import "reflect"

// maxErrors bounds the walk over an error tree: trees can be cyclic, and errors.Is would never
// return from one.
const maxErrors = 1000

// find walks the tree of err in the order of errors.As (the error itself, then what it unwraps to,
// depth first) until match says yes. The methods of foreign errors may panic: find does not guard
// against that.
func find[T any](err error, match func(error) (T, bool)) (found T, ok bool) {
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

// isError is errors.Is on a bounded walk.
func isError(err, target error) bool {
	comparable := target != nil && reflect.TypeOf(target).Comparable()
	_, ok := find(err, func(e error) (struct{}, bool) {
		if comparable && e == target {
			return struct{}{}, true
		}
		x, ok := e.(interface{ Is(error) bool })
		return struct{}{}, ok && x.Is(target)
	})
	return ok
}

// asError is errors.AsType on a bounded walk.
func asError[T error](err error) (T, bool) {
	return find(err, func(e error) (T, bool) {
		if t, ok := e.(T); ok {
			return t, true
		}
		var t T
		x, ok := e.(interface{ As(any) bool })
		return t, ok && x.As(&t)
	})
}

// IsNil reports whether err is nil or a typed nil: a nil pointer, map, slice, function or channel
// in an error interface. Such a value is no error; adapters leave the handler's own response alone.
func IsNil(err error) bool {
	switch err := err.(type) {
	case nil:
		return true
	case *Fault:
		return err == nil
	case *Kind:
		return err == nil
	}
	return isNilValue(err)
}

func isNilValue(value any) bool {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}
