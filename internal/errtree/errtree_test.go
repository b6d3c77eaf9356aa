package errtree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// own is an error with methods as the package errors asks for them.
type own struct{ target error }

func (own) Error() string          { return "own" }
func (e own) Is(target error) bool { return target == e.target }
func (e own) As(target any) bool {
	p, ok := target.(**fs.PathError)
	if ok {
		*p = &fs.PathError{Op: "as"}
	}
	return ok
}

type cycle struct{ next *cycle }

func (*cycle) Error() string   { return "cycle" }
func (c *cycle) Unwrap() error { return c.next }

type branches []error

func (branches) Error() string     { return "branches" }
func (b branches) Unwrap() []error { return b }

func TestOrder(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	inner := errors.Join(a, nil, (*cycle)(nil), b)
	tree := errors.Join(inner, c)
	assert.Equal(t, []error{tree, inner, a, b, c}, slices.Collect(All(tree)))
	for e := range All(tree) {
		assert.Equal(t, tree, e)
		break
	}
	assert.Empty(t, slices.Collect(All(nil)))
	assert.Empty(t, slices.Collect(All((*cycle)(nil))))
}

// The answers are those of package errors.
func TestAsPackageErrors(t *testing.T) {
	for _, err := range []error{
		nil, io.EOF, fmt.Errorf("w: %w", io.EOF), errors.Join(io.ErrClosedPipe, fmt.Errorf("w: %w %w", fs.ErrExist, io.EOF)),
		own{io.EOF}, fmt.Errorf("w: %w", own{fs.ErrExist}), &fs.PathError{Op: "open", Err: fs.ErrExist}, branches{own{}, io.EOF},
	} {
		for _, target := range []error{nil, io.EOF, fs.ErrExist, fs.ErrClosed, branches{io.EOF}} {
			if err == nil && target == nil {
				continue // there is nothing to be found in nothing
			}
			assert.Equal(t, errors.Is(err, target), Is(err, target), "%v is %v", err, target)
		}
		want, ok := errors.AsType[*fs.PathError](err)
		got, found := As[*fs.PathError](err)
		assert.Equal(t, ok, found, err)
		assert.Equal(t, want, got, err)
	}
}

// A chain that comes back to itself is walked once or twice.
func TestCircles(t *testing.T) {
	for length := 1; length < 20; length++ {
		for tail := range 20 {
			last := &cycle{}
			first := last
			for range length - 1 {
				first = &cycle{first}
			}
			last.next = first
			for range tail {
				first = &cycle{first}
			}
			walked := slices.Collect(All(first))
			seen := map[error]bool{}
			for _, e := range walked {
				seen[e] = true
			}
			assert.Len(t, seen, length+tail)
			assert.Less(t, len(walked), 4*(length+tail)+4)
			assert.False(t, Is(first, io.EOF))
		}
	}
}

// layer is what fmt.Errorf makes, without a text that grows.
type layer struct{ error }

func (l layer) Unwrap() error { return l.error }

// patient is a stopwatch that never runs out: the bounds of numbers hold on slow machines, too.
func patient() *stopwatch { return &stopwatch{begin: time.Now().Add(time.Hour)} }

// What is deep or wide is found; what has no end, ends.
func TestBounds(t *testing.T) {
	deep, nested := io.EOF, io.EOF
	for range 16_000 {
		deep, nested = layer{deep}, branches{nested}
	}
	wide := slices.Repeat(branches{fs.ErrExist}, 100_000)
	for _, err := range []error{deep, nested, append(wide, io.EOF)} {
		assert.True(t, flatten(err, nil, patient()).Is(io.EOF))
	}
	endless := make(branches, 2)
	endless[0], endless[1] = endless, endless
	assert.Len(t, flatten(endless, nil, patient()).Errors, maxErrors)
	growing := branches{nil}
	growing[0] = growing
	assert.Len(t, flatten(growing, nil, patient()).Errors, maxDepth+1)
}

// counted counts how often its methods are asked, and takes its time.
type counted struct{ asked *int }

func (counted) Error() string     { return "counted" }
func (e counted) Is(error) bool   { return e.wait() }
func (e counted) As(any) bool     { return e.wait() }
func (e counted) Unwrap() []error { return nil }
func (e counted) wait() bool      { *e.asked++; time.Sleep(time.Millisecond); return false }

func TestMethodsAreAskedForAWhile(t *testing.T) {
	asked := 0
	many := slices.Repeat(branches{counted{&asked}}, 20_000)
	begin := time.Now()
	assert.False(t, Is(many, io.EOF))
	list := Flatten(append(slices.Clip(many), io.EOF, &fs.PathError{}), nil)
	assert.Len(t, list.Errors, 20_003)
	assert.True(t, list.Is(io.EOF), "what needs no method is found behind them")
	_, ok := FirstAs[*fs.PathError](list)
	assert.True(t, ok)
	assert.Less(t, asked, 5000)
	assert.Less(t, time.Since(begin), 5*time.Second)
}

// bad panics in every method.
type bad struct{}

func (bad) Error() string { panic("Error") }
func (bad) Is(error) bool { panic("Is") }
func (bad) As(any) bool   { panic("As") }
func (bad) Unwrap() error { panic("Unwrap") }
func (bad) Cause() error  { panic("Cause") }

type badBranches struct{ bad }

func (badBranches) Unwrap() []error { panic("Unwrap") }

func TestPanickingMethodsCostTheirOwnContribution(t *testing.T) {
	for _, first := range []error{bad{}, badBranches{}} {
		err := errors.Join(first, fmt.Errorf("w: %w", &fs.PathError{Err: io.EOF}))
		assert.True(t, Is(err, io.EOF))
		_, ok := As[*fs.PathError](err)
		assert.True(t, ok)
		var told []any
		list := Flatten(err, func(value any) { told = append(told, value) })
		assert.True(t, list.Is(io.EOF))
		_, ok = FirstAs[*fs.PathError](list)
		assert.True(t, ok)
		assert.Equal(t, []any{"Unwrap", "Is", "As"}, told)
	}
}

// caused has what lies below in the manner of libraries older than Unwrap; opaque has both methods.
type caused struct{ cause error }

func (caused) Error() string  { return "caused" }
func (e caused) Cause() error { return e.cause }

type opaque struct{ caused }

func (opaque) Unwrap() error { return nil }

type both struct{ caused }

func (both) Unwrap() error { return fs.ErrExist }

type ownCause struct{}

func (*ownCause) Error() string  { return "its own cause" }
func (e *ownCause) Cause() error { return e }

func TestCauses(t *testing.T) {
	assert.True(t, Is(fmt.Errorf("w: %w", caused{io.EOF}), io.EOF))
	assert.True(t, Is(opaque{caused{caused{io.EOF}}}, io.EOF))
	assert.True(t, Is(both{caused{io.EOF}}, fs.ErrExist))
	assert.False(t, Is(both{caused{io.EOF}}, io.EOF), "what unwraps to something says nothing else by its cause")
	assert.Len(t, Flatten(&ownCause{}, nil).Errors, 1)
}

// speaker is found through As alone, as an interface.
type speaker struct{}

func (speaker) Error() string { return "speaker" }
func (speaker) As(target any) bool {
	s, ok := target.(*interface{ Speak() string })
	if ok {
		*s = voice{}
	}
	return ok
}

type voice struct{}

func (voice) Speak() string { return "hello" }

func TestAsFindsInterfaces(t *testing.T) {
	s, ok := As[interface{ Speak() string }](fmt.Errorf("w: %w", speaker{}))
	assert.True(t, ok)
	assert.Equal(t, "hello", s.Speak())
}

func TestAWalkDoesNotAllocate(t *testing.T) {
	err := wrapped(100)
	assert.Zero(t, testing.AllocsPerRun(100, func() { Is(err, fs.ErrExist) }))
}

func wrapped(times int) error {
	err := io.EOF
	for range times {
		err = fmt.Errorf("w: %w", err)
	}
	return err
}

func BenchmarkWalk100(b *testing.B) {
	err := wrapped(100)
	b.ReportAllocs()
	for b.Loop() {
		Is(err, fs.ErrExist)
	}
}

func TestIsNil(t *testing.T) {
	for _, value := range []any{nil, (*cycle)(nil), branches(nil), map[string]int(nil), (func())(nil), (chan int)(nil)} {
		assert.True(t, IsNil(value), "%T", value)
	}
	for _, value := range []any{&cycle{}, branches{}, own{}, 0, ""} {
		assert.False(t, IsNil(value), "%T", value)
	}
}
