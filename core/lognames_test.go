package fault_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// routed is a request with a route.
type routed struct{ *request }

func (routed) Route() string { return "/orders/{id}" }

// attributes keeps the attributes of the last line as they are.
type attributes struct {
	slog.Handler
	last map[string]slog.Value
}

func newAttributes() *attributes { return &attributes{Handler: slog.DiscardHandler} }

func (a *attributes) Enabled(context.Context, slog.Level) bool { return true }

func (a *attributes) Handle(_ context.Context, r slog.Record) error {
	a.last = map[string]slog.Value{}
	r.Attrs(func(attr slog.Attr) bool {
		a.last[attr.Key] = attr.Value
		return true
	})
	return nil
}

// exceptionOf is the error value of the line of a failure, with OpenTelemetry's names.
func exceptionOf(t *testing.T, err error) error {
	t.Helper()
	kept := newAttributes()
	r, invalid := fault.NewResponder(fault.WithLogNames(fault.OTelNames), fault.WithLogger(slog.New(kept)))
	require.NoError(t, invalid)
	r.Respond(with(), err)
	logged, ok := kept.last["exception.message"].Any().(error)
	require.True(t, ok, "%v", kept.last)
	return logged
}

type sealed struct{ *fault.Fault }

func TestOTelNames(t *testing.T) {
	r, log := logged(t, fault.WithLogNames(fault.OTelNames))
	broken := &fs.PathError{Op: "open", Path: "orders", Err: fs.ErrPermission}
	r.Respond(routed{with()}, fault.IOFailure.Wrap(fmt.Errorf("reading: %w", broken), fault.TraceID("abc")))
	line := log.only(t)
	assert.Contains(t, line["exception.stacktrace"], "TestOTelNames")
	for name, want := range map[string]any{
		"error.type": "io_failure", "http.response.status_code": 500.0, "http.request.method": "GET", "http.route": "/orders/{id}",
		"url.path": with().Path(), "trace_id": "abc", "exception.type": "*fs.PathError", "level": "ERROR", "msg": "request failed",
	} {
		assert.Equal(t, want, line[name], name)
	}
	assert.Regexp(t, "^io_failure: .*: reading: open orders: permission denied$", line["exception.message"])
	for _, name := range []string{"code", "status", "method", "path", "cause", "stack"} {
		assert.NotContains(t, line, name)
	}

	log.reset()
	r.Respond(with(), fault.NotFound.Wrap(sql.ErrNoRows))
	line = log.only(t)
	assert.Equal(t, "not_found", line["error.type"])
	assert.Contains(t, line["cause"], sql.ErrNoRows.Error(), "a client's error is no exception")
	for _, name := range []string{"exception.message", "exception.type", "exception.stacktrace", "http.route"} {
		assert.NotContains(t, line, name)
	}
}

// The zero LogNames are today's names; some names may be one's own.
func TestLogNames(t *testing.T) {
	plain, log := logged(t)
	plain.Respond(routed{with()}, fault.Database.New(fault.TraceID("abc")))
	today := log.only(t)
	for _, names := range []fault.LogNames{{}, {Code: "code", Path: "path"}} {
		r, log := logged(t, fault.WithLogNames(fault.OTelNames), fault.WithLogNames(names)) // the last one counts
		r.Respond(routed{with()}, fault.Database.New(fault.TraceID("abc")))
		line := log.only(t)
		for _, own := range []string{"time", "stack"} {
			assert.Contains(t, line, own)
			line[own] = today[own]
		}
		assert.Equal(t, today, line)
	}
	assert.Equal(t, "/orders/{id}", today["path"])

	r, log := logged(t, fault.WithLogNames(fault.LogNames{Code: "error_code", Exception: "err"}))
	r.Recovered(routed{with()}, "boom")
	line := log.only(t)
	assert.Equal(t, "unhandled", line["error_code"])
	assert.Equal(t, "panic: boom", line["err"])
	assert.Equal(t, true, line["panic"])
	assert.NotContains(t, line, "cause")
	assert.NotContains(t, line, "exception.type")
}

func TestWrongLogNames(t *testing.T) {
	for want, names := range map[string]fault.LogNames{
		`Path is "x", which is a name of Code already`:                        {Code: "x", Path: "x"},
		`Status is "code", which is a name of Code already`:                   {Status: "code"},
		`ExceptionType is "stack", which is a name of Stack already`:          {ExceptionType: "stack"},
		`Code is "msg", which is a name of slog already`:                      {Code: slog.MessageKey},
		`Route is "details", which is a name of the line already`:             {Route: "details"},
		`Cause is " ", which is no name`:                                      {Cause: " "},
		`Method is "a\nb", which is no name`:                                  {Method: "a\nb"},
		`TraceID is "\xff", which is no name`:                                 {TraceID: "\xff"},
		`Notes is "` + strings.Repeat("n", 65) + `", which is no name`:        {Notes: strings.Repeat("n", 65)},
		`Exception is "a=b", which is no name`:                                {Exception: "a=b"},
		`Committed is "trace_id", which is a name of TraceID already`:         {Committed: "trace_id"},
		`Panic is "attributes_left_out", which is a name of the line already`: {Panic: "attributes_left_out"},
		`Exception is "error.type", which is a name of Code already`:          {Code: "error.type", Exception: "error.type"},
		`ExceptionType is "exception", which is a name of Exception already`:  {Exception: "exception", ExceptionType: "exception"},
		`Stack is "stack\u2028trace", which is no name`:                       {Stack: "stack\u2028trace"},
	} {
		r, err := fault.NewResponder(fault.WithLogNames(names))
		require.ErrorContains(t, err, "fault: WithLogNames: ")
		require.ErrorContains(t, err, want)
		assert.Nil(t, r)
	}
}

// What handlers see of the error is safe, and errors.Is and errors.As find the original in it.
func TestExceptionsAreErrors(t *testing.T) {
	broken := &fs.PathError{Op: "open", Path: "orders", Err: fs.ErrPermission}
	e := exceptionOf(t, fault.IOFailure.Wrap(broken))
	require.ErrorIs(t, e, fault.IOFailure)
	require.ErrorIs(t, e, fault.ServerError)
	require.ErrorIs(t, e, fs.ErrPermission)
	var found *fs.PathError
	require.ErrorAs(t, e, &found)
	assert.Same(t, broken, found)
	var f *fault.Fault
	assert.ErrorAs(t, e, &f)

	assert.Equal(t, []string{"*fault.loggedError", "*fault.Fault", "*fs.PathError", "*errors.errorString"}, unwrapped(e))

	const canary = "98765432"
	_, number := strconv.ParseInt(canary+"x", 10, 64)
	for name, err := range map[string]error{
		"input":  fault.Database.Wrap(fmt.Errorf("id: %w", number)),
		"inside": keeping{canary},
		"secret": fault.Database.New(fault.Arg("Key", fault.Secret(canary)), fault.Detail("key", fault.Secret(canary))),
	} {
		e := exceptionOf(t, err)
		for inside := e; inside != nil; inside = errors.Unwrap(inside) {
			assert.NotContains(t, inside.Error(), canary, name)
		}
		require.ErrorIs(t, e, err, name)
		asJSON, marshalErr := json.Marshal(map[string]any{"e": e})
		require.NoError(t, marshalErr)
		for _, shown := range []string{e.Error(), fmt.Sprint(e), fmt.Sprintf("%+v|%#v|%q|%s", e, e, e, e), string(asJSON)} {
			assert.NotContains(t, shown, canary, name)
		}
		assert.Contains(t, string(asJSON), "database")
		r, log := logged(t, fault.WithLogNames(fault.OTelNames))
		r.Respond(with(), err)
		assert.NotContains(t, log.text(), canary, name)
	}
}

func unwrapped(err error) (types []string) {
	for ; err != nil; err = errors.Unwrap(err) {
		types = append(types, fmt.Sprintf("%T", err))
	}
	return types
}

// keeping is an error that holds what it does not say.
type keeping struct{ inside string }

func (keeping) Error() string { return "a database" }

// asking finds itself, and panics.
type asking struct{}

func (asking) Error() string { return "asking" }
func (asking) As(any) bool   { panic("As") }
func (asking) Is(error) bool { panic("Is") }

func TestExceptionsThatPanicWhenAsked(t *testing.T) {
	e := exceptionOf(t, errors.Join(asking{}, &fs.PathError{Op: "open", Path: "x", Err: fs.ErrClosed}))
	require.ErrorIs(t, e, fs.ErrClosed)
	var found *fs.PathError
	assert.ErrorAs(t, e, &found)
}

type panickingAnywhere struct{}

func (panickingAnywhere) Error() string   { panic("Error") }
func (panickingAnywhere) Unwrap() []error { panic("Unwrap") }

type endless struct{ next error }

func (e *endless) Error() string { return "endless" }
func (e *endless) Unwrap() error { return e.next }

// Errors that are hostile to whoever unwraps them have a text, and nothing inside.
func TestHostileExceptions(t *testing.T) {
	circle := &endless{}
	circle.next = fmt.Errorf("around: %w", circle)
	deep := errors.New("bottom")
	for range 5000 {
		deep = &endless{deep}
	}
	for name, c := range map[string]struct {
		err  error
		text string
	}{
		"panics":          {panickingAnywhere{}, "(fault_test.panickingAnywhere: Error() panicked)"},
		"a circle":        {circle, "endless"},
		"deep":            {deep, "endless"},
		"beside others":   {errors.Join(errors.New("first"), circle), "first\nendless"},
		"panicking below": {fault.Database.Wrap(fmt.Errorf("x: %w", panickingAnywhere{})), "database: "},
		"long":            {errors.New(strings.Repeat("x", 1<<20)), strings.Repeat("x", 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			e := exceptionOf(t, c.err)
			assert.Contains(t, e.Error(), c.text)
			assert.Less(t, len(e.Error()), 17<<10)
			assert.NotErrorIs(t, e, fault.NotFound) // and it returns
			var missing *fs.PathError
			assert.NotErrorAs(t, e, &missing)
			assert.Equal(t, []string{"*fault.loggedError"}, unwrapped(e), "it shows nothing inside")
			r, log := logged(t, fault.WithLogNames(fault.OTelNames))
			r.Respond(with(), c.err)
			assert.Less(t, len(log.text()), 64<<10)
		})
	}
}

func TestExceptionTypes(t *testing.T) {
	r, log := logged(t, fault.WithLogNames(fault.OTelNames))
	for want, err := range map[string]error{
		"*fs.PathError":       errors.Join(fmt.Errorf("a: %w", fmt.Errorf("%w, %w", &fs.PathError{Err: fs.ErrClosed}, sql.ErrNoRows))),
		"*errors.errorString": fault.Database.Wrap(sql.ErrConnDone),
		"*fault.Fault":        fault.Database.New(),
		"*fault.Kind":         fault.Database,
		"github.com/polyfault/polyfault/core_test.said":   said("x"),
		"github.com/polyfault/polyfault/core_test.sealed": sealed{fault.Database.New()},
		"string":     fault.Panicked("boom"),
		"int":        fault.Panicked(7),
		"*url.Error": fault.Panicked(&url.Error{Op: "GET", URL: "/", Err: fs.ErrClosed}),
	} {
		log.reset()
		r.Respond(with(), err)
		assert.Equal(t, want, log.only(t)["exception.type"])
	}
}

// An incident is what operators have to do with.
func TestIncident(t *testing.T) {
	gone, leave := context.WithCancel(context.WithValue(context.Background(), http.ServerContextKey, &http.Server{}))
	leave()
	ended, end := context.WithCancel(context.Background())
	end()
	for name, c := range map[string]struct {
		req  fault.Request
		err  error
		want bool
	}{
		"5xx":                    {with(), fault.Database.New(), true},
		"unknown":                {with(), errors.New("x"), true},
		"4xx":                    {with(), fault.NotFound.Wrap(errors.New("x")), false},
		"a panic":                {with(), fault.Panicked("x"), true},
		"a panic of a 4xx":       {with(), fault.Panicked(fault.Gone.New()), false},
		"the client went away":   {&request{ctx: gone}, context.Canceled, false},
		"a request that ended":   {&request{ctx: ended}, context.Canceled, false},
		"a downstream that ends": {with(), context.Canceled, true},
		"answered 200, noted":    {sent{with(), 200}, errors.New("x"), false},
		"answered 200, panicked": {sent{with(), 200}, fault.Panicked("x"), true},
		"answered 502, noted":    {sent{with(), 502}, fault.NotFound.New(), true},
	} {
		var got []bool
		r := responder(t, fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { got = append(got, o.Incident()) }))
		r.Respond(c.req, c.err)
		assert.Equal(t, []bool{c.want}, got, name)
	}
}

// sent is a request that the handlers have answered themselves.
type sent struct {
	*request
	status int
}

func (s sent) Committed() bool { return true }
func (s sent) SentStatus() int { return s.status }

func TestRouteOfOccurrence(t *testing.T) {
	for want, req := range map[string]fault.Request{"/orders/{id}": routed{with()}, "": with()} {
		var got string
		r := responder(t, fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { got = o.Route() }))
		r.Respond(req, fault.NotFound)
		assert.Equal(t, want, got)
	}
	r := responder(t, fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { assert.Empty(t, o.Route()) }))
	r.Respond(nil, fault.NotFound)
}

// What a tracker of errors is told is what the log says.
func TestCauseOfOccurrence(t *testing.T) {
	_, number := strconv.ParseInt("98765432x", 10, 64)
	for err, want := range map[error]string{
		fault.Database.Wrap(number):             "database: An error occurred in the database.: strconv.ParseInt: invalid syntax",
		fault.Panicked("boom"):                  "panic: boom",
		panickingError{}:                        "(fault_test.panickingError: Error() panicked)",
		errors.New(strings.Repeat("x", 20<<10)): strings.Repeat("x", 16<<10-len("…")) + "…",
	} {
		var got string
		r := responder(t, fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { got = o.Cause() }))
		r.Respond(with(), err)
		assert.Equal(t, want, got)
	}
}

// The functions of WithTraceID are asked in order; what says nothing, or nonsense, leaves it to the next.
func TestTraceIDsInOrder(t *testing.T) {
	saying := func(id string) fault.Option { return fault.WithTraceID(func(fault.Request) string { return id }) }
	for want, opts := range map[string][]fault.Option{
		"first":      {saying("first"), saying("second")},
		"second":     {saying(""), saying("second")},
		"third":      {saying(""), saying("no id"), saying("third"), saying("fourth")},
		"of-request": {saying("")},
	} {
		var got string
		r := responder(t, append(opts, fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { got = o.TraceID() }))...)
		r.Respond(with("X-Request-ID", "of-request"), fault.NotFound)
		assert.Equal(t, want, got)
	}
}
