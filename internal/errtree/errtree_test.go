package errtree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"

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

func TestBounds(t *testing.T) {
	c := &cycle{}
	c.next = c
	assert.Len(t, slices.Collect(All(c)), maxErrors)
	assert.False(t, Is(c, io.EOF))
	wide := make(branches, 5000)
	for i := range wide {
		wide[i] = branches{c}
	}
	assert.Len(t, slices.Collect(All(wide)), maxErrors)
}

func TestIsNil(t *testing.T) {
	for _, value := range []any{nil, (*cycle)(nil), branches(nil), map[string]int(nil), (func())(nil), (chan int)(nil)} {
		assert.True(t, IsNil(value), "%T", value)
	}
	for _, value := range []any{&cycle{}, branches{}, own{}, 0, ""} {
		assert.False(t, IsNil(value), "%T", value)
	}
}
