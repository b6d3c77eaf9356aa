package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// Open says which option is nil, and does not ask the database.
func TestOpenRefusesNil(t *testing.T) {
	t.Parallel()
	d, db := openFake(t)
	for want, options := range map[string][]Option{
		"store: option 1 of Open is nil":              {nil},
		"store: option 2 of Open is nil":              {WithLogger(nil), nil, WithResponder(nil)},
		"store: WithClock: the function is nil":       {WithClock(nil)},
		"store: WithListener: the function is nil":    {WithListener(nil)},
		"store: option 3 of Open is nil":              {WithLogger(nil), WithResponder(nil), nil, WithClock(nil)},
		"store: WithPollInterval: 0s is not positive": {WithPollInterval(0), nil},
	} {
		_, err := Open(t.Context(), db, SQLite, options...)
		assert.EqualError(t, err, want)
	}
	_, err := Open(t.Context(), nil, SQLite)
	require.EqualError(t, err, "store: the *sql.DB is nil")
	assert.Empty(t, d.take())
}

// Two nils mean something: no responder is the default one, no logger discards, also after another one.
func TestOpenTakesTheNilsThatMeanSomething(t *testing.T) {
	t.Parallel()
	_, db := openFake(t)
	var lines bytes.Buffer
	s, err := Open(t.Context(), db, SQLite, WithLogger(slog.New(slog.NewTextHandler(&lines, nil))), WithLogger(nil), WithResponder(nil))
	require.NoError(t, err)
	require.NoError(t, s.Close(t.Context()))
	s.log.Error("trouble")
	assert.Empty(t, lines.String())
	assert.Equal(t, "unknown_error", s.Unknown().Name)
	assert.NotEmpty(t, s.Unknown().Title)
}

// A nil kind is read as fault.Any, as core reads it.
func TestRetryableOfNilKind(t *testing.T) {
	t.Parallel()
	_, db := openFake(t)
	s, err := Open(t.Context(), db, SQLite)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close(t.Context())) }()
	assert.False(t, s.Retryable(nil))
	s.cache.put(0, Record{ID: 1, key: fault.Any.Code(), Builtin: true, Retryable: true})
	assert.True(t, s.Retryable(fault.Any))
	assert.True(t, s.Retryable(nil))
}

// What returns no error panics, an option when it is built: not in a request.
func TestHandlersRefuseNil(t *testing.T) {
	t.Parallel()
	s := &Store{}
	allow := func(*http.Request) error { return nil }
	for want, build := range map[string]func(){
		"store: Handler: the store is nil; Open makes one": func() { Handler(nil, nil) },
		"store: Pages: the store is nil; Open makes one":   func() { Pages(nil, nil) },
		"store: option 1 of Handler is nil":                func() { Handler(s, nil, nil) },
		"store: option 2 of Handler is nil":                func() { Handler(s, nil, ReadOnly(), nil, WithIfMatchRequired()) },
		"store: option 1 of Pages is nil":                  func() { Pages(s, nil, nil) },
		"store: option 2 of Pages is nil":                  func() { Pages(s, nil, PagesAuthorize(allow), nil) },
		"store: WithAuthorize: the function is nil":        func() { WithAuthorize(nil) },
		"store: PagesAuthorize: the function is nil":       func() { PagesAuthorize(nil) },
	} {
		assert.PanicsWithValue(t, want, build)
	}
}

// A handler of the log has its defaults for nil, and takes no nil pointer for one.
func TestNewLogHandlerRefusesNil(t *testing.T) {
	t.Parallel()
	_, err := NewLogHandler(nil, LogOptions{})
	require.EqualError(t, err, "store: NewLogHandler: the store is nil; Open makes one")
	d, db := openFake(t)
	s := &Store{db: db, dialect: SQLite}
	for want, o := range map[string]LogOptions{
		"store: NewLogHandler: Level is a nil *slog.LevelVar":       {Level: (*slog.LevelVar)(nil)},
		"store: NewLogHandler: Fallback is a nil *store.LogHandler": {Fallback: (*LogHandler)(nil)},
		"store: NewLogHandler: Fallback is a nil *slog.JSONHandler": {Fallback: (*slog.JSONHandler)(nil)},
	} {
		_, err := NewLogHandler(s, o)
		assert.EqualError(t, err, want)
	}
	assert.Empty(t, d.take())
}

// refusals is an error type of an application. Its nil is no error to whoever knows the type, and one to
// whoever compares the interface with nil.
type refusals []string

func (r refusals) Error() string { return fmt.Sprint(len(r), " refusals") }

// An authorize function that returns a typed nil lets nothing pass: nobody knows what it meant to say. The
// log tells why.
func TestTypedNilDenies(t *testing.T) {
	t.Parallel()
	_, db := openFake(t)
	s, err := Open(t.Context(), db, SQLite)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close(t.Context())) }()
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"nil": {nil, http.StatusOK}, "an error": {fault.NotLoggedIn, http.StatusUnauthorized},
		"a foreign error": {errors.New("down"), http.StatusInternalServerError},
		"*fault.Fault":    {(*fault.Fault)(nil), http.StatusForbidden}, "*fault.Kind": {(*fault.Kind)(nil), http.StatusForbidden},
		"*store.FieldError": {(*FieldError)(nil), http.StatusForbidden}, "store.refusals": {refusals(nil), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines bytes.Buffer
			r, broken := fault.NewResponder(fault.WithLogger(slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			require.NoError(t, broken)
			for _, h := range []http.Handler{
				Handler(s, r, WithAuthorize(func(*http.Request, Action) error { return c.err })),
				Pages(s, r, PagesAuthorize(func(*http.Request) error { return c.err })),
			} {
				for _, path := range []string{"/errors/", "/logs/"} {
					lines.Reset()
					w := httptest.NewRecorder()
					req := httptest.NewRequest(http.MethodGet, path, nil)
					req.Header.Set("Accept", "application/problem+json")
					h.ServeHTTP(w, req)
					assert.Equal(t, c.status, w.Code, "%s: %s", path, w.Body)
					if c.status != http.StatusForbidden {
						continue
					}
					assert.Contains(t, w.Body.String(), `"code":"permission_denied"`)
					assert.NotContains(t, w.Body.String(), name)
					assert.Contains(t, lines.String(), "a nil "+name+", which is an error", path)
				}
			}
		})
	}
}
