package fault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// asksOrigin is a handler that asks values where they come from, and hands the record on.
type asksOrigin struct {
	slog.Handler
	types, place string
	asked        int
}

func (a *asksOrigin) Handle(ctx context.Context, r slog.Record) error {
	r.Attrs(func(attr slog.Attr) bool {
		if o, ok := attr.Value.Any().(interface{ FaultOrigin() (types, place string) }); ok {
			a.types, a.place = o.FaultOrigin()
			a.asked++
		}
		return true
	})
	return a.Handler.Handle(ctx, r)
}

type ledgerError struct{ cause error }

func (e *ledgerError) Error() string { return "ledger: " + e.cause.Error() }
func (e *ledgerError) Unwrap() error { return e.cause }

// loopError is a tree without an end.
type loopError struct{}

func (loopError) Error() string     { return "loop" }
func (e loopError) Unwrap() []error { return []error{e, e} }

// angryError panics when it is asked.
type angryError struct{}

func (*angryError) Error() string { return "angry" }
func (*angryError) Unwrap() error { panic("no") }

//go:noinline
func fail(err error) { panic(err) }

// Who groups failures learns the types of an unknown error and where it came from; lines are as they were.
func TestFaultOrigin(t *testing.T) {
	const here = "github.com/polyfault/polyfault/core_test."
	wrapped := fmt.Errorf("reading 7: %w", &ledgerError{&fs.PathError{Op: "open", Path: "/x", Err: fs.ErrNotExist}})
	for name, c := range map[string]struct {
		err      error
		panicked bool
		types    string
		place    string // "": not asked; "*": any
	}{
		"an unknown error": {wrapped, false, "*fault_test.ledgerError *fs.PathError *errors.errorString", "*"},
		"wrapped by ours":  {fault.Unhandled.Wrap(wrapped), false, "", "*"},
		"joined":           {errors.Join(errors.New("a"), errors.New("b"), wrapped), false, "*errors.errorString", "*"},
		"a panic":          {wrapped, true, "", here + "fail+0"},
		"a known error":    {fault.NotFound.Wrap(wrapped), false, "", ""},
		"without an end":   {loopError{}, false, here + "loopError", "*"},
		"a bad method":     {&angryError{}, false, "*fault_test.angryError", "*"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, names := range []fault.LogNames{{}, fault.OTelNames} {
				var lines bytes.Buffer
				h := &asksOrigin{Handler: slog.NewJSONHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug})}
				r, err := fault.NewResponder(fault.WithLogger(slog.New(h)), fault.WithLogNames(names))
				require.NoError(t, err)
				lines.Reset()
				h.asked = 0
				if c.panicked {
					func() {
						defer func() { r.Recovered(nil, recover()) }()
						fail(c.err)
					}()
				} else {
					r.Respond(nil, c.err)
				}
				line := lines.String()
				key := `"cause":"`
				if strings.Contains(line, "exception.message") {
					key = `"exception.message":"`
				}
				assert.Contains(t, line, key, "a text, as ever")
				if c.place == "" {
					assert.Empty(t, h.types+h.place)
					continue
				}
				require.Equal(t, 1, h.asked)
				if c.place != "*" {
					assert.Equal(t, c.place, h.place)
				}
				for want := range strings.FieldsSeq(c.types) {
					assert.Contains(t, h.types, want)
				}
				assert.LessOrEqual(t, len(strings.Fields(h.types)), 16)
			}
		})
	}
}

// The cause prints its text in whatever way a handler that does not resolve values prints it.
func TestCauseOfUnknownErrorsPrintsItsText(t *testing.T) {
	var values []slog.Value
	r, err := fault.NewResponder(fault.WithLogger(slog.New(catching(func(a slog.Attr) {
		if a.Key == "cause" {
			values = append(values, a.Value)
		}
	}))))
	require.NoError(t, err)
	r.Respond(nil, errors.New("disk full"))
	require.Len(t, values, 1)
	assert.Equal(t, slog.KindLogValuer, values[0].Kind())
	assert.Equal(t, "disk full", values[0].Resolve().String())
	assert.Equal(t, "disk full", values[0].String())
	assert.Equal(t, "disk full", fmt.Sprint(values[0].Any()))
	text, err := values[0].Any().(interface{ MarshalText() ([]byte, error) }).MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "disk full", string(text))
}

// catching is a handler that sees attributes unresolved.
type catching func(slog.Attr)

func (c catching) Enabled(context.Context, slog.Level) bool { return true }
func (c catching) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c catching) WithGroup(string) slog.Handler            { return c }
func (c catching) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool { c(a); return true })
	return nil
}
