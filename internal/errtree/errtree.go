// Package errtree walks trees of errors like package errors, and also follows Cause() of an error that unwraps to nothing.
// Foreign trees are not to be trusted. They can be cyclic, so that [errors.Is] would never return; they can be deep and wide;
// their methods can panic. A walk looks at each error of a cycle once or twice, and at a bounded number of errors in all. It
// continues after a method that panics.
package errtree

import (
	"iter"
	"reflect"
	"slices"
	"time"
)

const (
	maxErrors = 1 << 17                // that a walk looks at
	maxDepth  = 1 << 15                // of branches inside of branches, each of which costs stack
	maxTime   = 500 * time.Millisecond // that the methods of a tree may take
	maxCall   = 20 * time.Microsecond  // on average, for as long as the numbers alone are the bound: a busy machine is no slow method
)

// All yields the errors in the tree of err in the order of [errors.As]: the error itself, then the errors that it unwraps to,
// depth first. It leaves out nil errors and typed nils.
func All(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		Find(err, func(e error) (struct{}, bool) { return struct{}{}, !yield(e) })
	}
}

// A List is a tree that was walked once, for several searches.
type List struct {
	Errors   []error // in the order of [All]
	panicked func(value any)
	time     *stopwatch // of the walk and of all searches
}

// Flatten walks the tree of err. panicked, unless it is nil, gets the value of each panic of a foreign method, now and
// in the searches to come.
func Flatten(err error, panicked func(value any)) List {
	return flatten(err, panicked, &stopwatch{})
}

func flatten(err error, panicked func(value any), time *stopwatch) List {
	list := List{panicked: panicked, time: time}
	w := walk{maxErrors, panicked, time}
	find(&w, err, func(e error) (struct{}, bool) {
		list.Errors = append(list.Errors, e)
		return struct{}{}, false
	}, 0)
	return list
}

// Find returns the first result of match with true, over the errors of the tree. A panic of match passes through.
func Find[T any](err error, match func(error) (T, bool)) (found T, ok bool) {
	w := walk{maxErrors, nil, &stopwatch{}}
	return find(&w, err, match, 0)
}

type walk struct {
	left     int // errors to look at
	panicked func(value any)
	time     *stopwatch
}

// A stopwatch looks at the clock each few calls of foreign methods, which may block: those of most trees are done
// before.
type stopwatch struct {
	calls int
	begin time.Time
	over  bool
}

// Over reports whether the methods have taken too long, and counts one more. It is short enough to be compiled into the
// walk.
func (s *stopwatch) Over() bool {
	s.calls++
	return s.over || s.calls&15 == 0 && s.look()
}

func (s *stopwatch) look() bool {
	if s.begin.IsZero() {
		s.begin = time.Now()
	}
	took := time.Since(s.begin)
	s.over = took > maxTime && took > time.Duration(s.calls)*maxCall
	return s.over
}

// Calls counts the methods of one more search in the tree.
func (l List) Calls() Calls { return Calls{l.panicked, l.time} }

// Over reports whether the methods of the tree have taken too long to be asked more, and counts one more.
func (l List) Over() bool { return l.time != nil && l.time.Over() }

func find[T any](w *walk, err error, match func(error) (T, bool), depth int) (found T, ok bool) {
	var circle circle
	asking := false // a method of err
	defer func() {
		if asking { // and it panicked: there is nothing below err
			tell(w.panicked, recover())
		}
	}()
	for w.left > 0 && !w.time.Over() {
		v := reflect.ValueOf(err)
		if isNil(v) || v.Kind() == reflect.Pointer && circle.closes(err) {
			break
		}
		w.left--
		if found, ok = match(err); ok {
			return found, true
		}
		asking = true
		branches, next := below(err)
		asking = false
		for _, branch := range branches {
			if depth == maxDepth {
				break
			}
			if found, ok = find(w, branch, match, depth+1); ok {
				return found, true
			}
		}
		err = next
	}
	return found, false
}

// below is what is right below the error: one or several.
func below(err error) (branches []error, next error) {
	switch x := err.(type) {
	case interface{ Unwrap() error }:
		if inside := x.Unwrap(); inside != nil {
			return nil, inside
		}
	case interface{ Unwrap() []error }:
		return x.Unwrap(), nil
	}
	if x, ok := err.(interface{ Cause() error }); ok {
		next = x.Cause()
	}
	return nil, next
}

func tell(panicked func(value any), value any) {
	if panicked != nil {
		panicked(value)
	}
}

// A circle notices that a chain comes back to where it was (Brent's algorithm: the anchor moves on after 1, 2, 4 …
// steps).
type circle struct {
	anchor      error
	steps, next int
}

// closes is for pointers: every circle goes through one, and == never panics for them.
func (c *circle) closes(err error) bool {
	if err == c.anchor {
		return true
	}
	if c.steps++; c.steps > c.next {
		c.anchor, c.steps, c.next = err, 0, 2*c.next+1
	}
	return false
}

// Is is [errors.Is] on a bounded walk.
func Is(err, target error) bool {
	if target == nil {
		return err == nil
	}
	s := search{target: target, byIdentity: reflect.TypeOf(target).Comparable()}
	_, ok := Find(err, func(e error) (struct{}, bool) { return struct{}{}, s.is(e) })
	return ok
}

// Is reports whether one of the errors is the target, by itself or by its method Is.
func (l List) Is(target error) bool {
	s := search{target: target, byIdentity: reflect.TypeOf(target).Comparable(), calls: l.Calls()}
	return slices.ContainsFunc(l.Errors, s.is)
}

// A search is for one target.
type search struct {
	target     error
	byIdentity bool
	calls      Calls
}

func (s *search) is(err error) (yes bool) {
	if s.byIdentity && err == s.target {
		return true
	}
	x, ok := err.(interface{ Is(error) bool })
	if !ok || !s.calls.more() {
		return false
	}
	defer func() {
		if v := recover(); v != nil {
			tell(s.calls.panicked, v)
			yes = false
		}
	}()
	return x.Is(s.target)
}

// As is [errors.AsType] on a bounded walk. T may be any type, an interface above all.
func As[T any](err error) (T, bool) {
	var calls Calls
	return Find(err, func(e error) (T, bool) { return One[T](e, &calls) })
}

// First returns the first of the errors that is a T by itself, without asking its methods.
func First[T any](list List) (found T, ok bool) {
	for _, e := range list.Errors {
		if found, ok = e.(T); ok {
			return found, true
		}
	}
	return found, false
}

// FirstAs is [As] for a list.
func FirstAs[T any](list List) (found T, ok bool) {
	calls := list.Calls()
	for _, e := range list.Errors {
		if found, ok = One[T](e, &calls); ok {
			return found, true
		}
	}
	return found, false
}

// Calls are the methods of foreign errors that a search calls. The zero value is ready.
type Calls struct {
	panicked func(value any)
	time     *stopwatch
}

func (c *Calls) more() bool {
	if c.time == nil {
		c.time = &stopwatch{}
	}
	return !c.time.Over()
}

// One returns the error as a T, if it is one or its method As makes one.
func One[T any](err error, calls *Calls) (found T, ok bool) {
	if found, ok = err.(T); ok {
		return found, true
	}
	x, can := err.(interface{ As(any) bool })
	if !can || !calls.more() {
		return found, false
	}
	return askAs[T](x, calls)
}

func askAs[T any](x interface{ As(any) bool }, calls *Calls) (found T, ok bool) {
	var t T
	defer func() {
		if v := recover(); v != nil {
			tell(calls.panicked, v)
			found, ok = *new(T), false
		}
	}()
	if !x.As(&t) || IsNil(t) {
		return found, false
	}
	return t, true
}

// IsNil reports whether value is nil or a typed nil: a nil pointer, map, slice, function or channel in an
// interface.
func IsNil(value any) bool { return isNil(reflect.ValueOf(value)) }

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// Quiet returns err with an Error that does not panic: foreign middleware calls it where nothing would catch the panic.
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
