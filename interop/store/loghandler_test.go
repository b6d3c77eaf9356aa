package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// newLog is a handler that is closed with the test, whose fallback is out unless the options have one.
func newLog(t testing.TB, s *store.Store, o store.LogOptions) *store.LogHandler {
	t.Helper()
	if o.Fallback == nil {
		o.Fallback = &failing{t: t}
	}
	h, err := store.NewLogHandler(s, o)
	require.NoError(t, err)
	t.Cleanup(func() { closeLog(t, h) })
	return h
}

func closeLog(t testing.TB, h *store.LogHandler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	require.NoError(t, h.Close(ctx))
}

func flush(t testing.TB, h *store.LogHandler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	require.NoError(t, h.Flush(ctx))
}

// failing is a fallback that must not be needed.
type failing struct{ t testing.TB }

func (f *failing) Enabled(context.Context, slog.Level) bool { return true }
func (f *failing) WithAttrs([]slog.Attr) slog.Handler       { return f }
func (f *failing) WithGroup(string) slog.Handler            { return f }
func (f *failing) Handle(_ context.Context, r slog.Record) error {
	f.t.Errorf("the fallback got %q", r.Message)
	return nil
}

// A shelf is a fallback that keeps what it gets, as JSON.
type shelf struct {
	slog.Handler
	mu  sync.Mutex
	out strings.Builder
}

func newShelf() *shelf {
	s := &shelf{}
	s.Handler = slog.NewJSONHandler(writer(func(p []byte) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.out.Write(p)
	}), &slog.HandlerOptions{Level: slog.LevelDebug})
	return s
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func (s *shelf) lines(t testing.TB) (lines []map[string]any) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(s.out.String()) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m))
		lines = append(lines, m)
	}
	return lines
}

// logged are the newest records, and all of them.
func logged(t testing.TB, s *store.Store, f store.LogFilter) []store.LogRecord {
	t.Helper()
	records, _, err := s.Logs(t.Context(), f)
	require.NoError(t, err)
	require.NotNil(t, records)
	return records
}

// one logs one record and reads it back.
func one(t testing.TB, s *store.Store, h *store.LogHandler, log func(l *slog.Logger)) store.LogRecord {
	t.Helper()
	before := len(logged(t, s, store.LogFilter{PageSize: 1000}))
	log(slog.New(h))
	flush(t, h)
	records := logged(t, s, store.LogFilter{PageSize: 1000})
	require.Len(t, records, before+1)
	newest := records[0]
	for _, r := range records {
		if r.ID > newest.ID {
			newest = r
		}
	}
	return newest
}

func attributes(t testing.TB, r store.LogRecord) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(r.Attributes, &m), "%s", r.Attributes)
	return m
}

// The time of records without a time of their own is the store's: here it is one that no record has.
func TestSlogtest(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		timeless := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		s := d.open(t, store.WithClock(func() time.Time { return timeless }))
		h := newLog(t, s, store.LogOptions{FlushInterval: time.Millisecond})
		var last int64
		slogtest.Run(t, func(*testing.T) slog.Handler { return h }, func(t *testing.T) map[string]any {
			flush(t, h)
			var found *store.LogRecord
			for _, r := range logged(t, s, store.LogFilter{PageSize: 1000}) {
				if r.ID > last {
					found, last = &r, r.ID
				}
			}
			require.NotNil(t, found)
			m := attributes(t, *found)
			m[slog.LevelKey], m[slog.MessageKey] = found.Level, found.Message
			if !found.Created.Equal(timeless) {
				m[slog.TimeKey] = found.Created
			}
			return m
		})
	})
}

func TestColumns(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{Host: "host-1", Scope: "billing", Level: slog.LevelDebug})
		begun := time.Now().Truncate(time.Microsecond)
		r := one(t, s, h, func(l *slog.Logger) {
			l.Error("request failed", "code", "not_found", "status", 404, "trace_id", "t1", "stack", "main.main\n\tmain.go:1\n", "cause", "boom")
		})
		assert.WithinRange(t, r.Created, begun, time.Now())
		assert.Equal(t, time.UTC, r.Created.Location())
		assert.Equal(t, r.Created, r.LastSeen)
		id := r.ID
		assert.Len(t, r.Fingerprint, 32)
		r.ID, r.Created, r.LastSeen, r.Fingerprint = 0, time.Time{}, time.Time{}, ""
		assert.Equal(t, []string{"404", "", "", "boom"}, requestOf(t, d, id))
		assert.Equal(t, store.LogRecord{
			Host: "host-1", Level: slog.LevelError, Message: "request failed", Code: "not_found", Scope: "billing", TraceID: "t1",
			Attributes: json.RawMessage(`{"status":404,"cause":"boom"}`), Stacktrace: "main.main\n\tmain.go:1\n", Repeats: 1,
			State: store.LogNew, Version: 1,
		}, r)
		got, err := s.Log(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, "t1", got.TraceID)
		_, err = s.Log(t.Context(), id+1)
		require.ErrorIs(t, err, store.ErrNotFound)

		for _, c := range []struct {
			name       string
			log        func(l *slog.Logger)
			want       [4]string // code, scope, trace id, stack
			attributes string
		}{
			{"nothing", func(l *slog.Logger) { l.Info("") }, [4]string{"", "billing"}, `{}`},
			{"with", func(l *slog.Logger) { l.With("code", "a", "scope", "s", "x", 1).With("trace_id", "t").Info("") },
				[4]string{"a", "s", "t"}, `{"x":1}`},
			{"the last one counts", func(l *slog.Logger) { l.With("code", "a", "code", "b").Info("", "code", "c", "code", "d") },
				[4]string{"d", "billing"}, `{}`},
			{"in a group", func(l *slog.Logger) { l.WithGroup("g").Info("", "code", "a") }, [4]string{"", "billing"}, `{"g":{"code":"a"}}`},
			{"in a group after with", func(l *slog.Logger) { l.With("code", "b").WithGroup("g").With("code", "c").Info("", "code", "a") },
				[4]string{"b", "billing"}, `{"g":{"code":"c","code":"a"}}`},
			{"in a group's value", func(l *slog.Logger) { l.Info("", slog.Group("g", "scope", "a")) },
				[4]string{"", "billing"}, `{"g":{"scope":"a"}}`},
			{"in a group without a name", func(l *slog.Logger) { l.Info("", slog.Group("", "code", "a")) }, [4]string{"a", "billing"}, `{}`},
			{"no text", func(l *slog.Logger) { l.Info("", "code", 7, "stack", 8) }, [4]string{"", "billing"}, `{"code":7,"stack":8}`},
			{"resolved", func(l *slog.Logger) { l.Info("", "code", valuer("v")) }, [4]string{"v", "billing"}, `{}`},
			{"empty", func(l *slog.Logger) { l.With("code", "a").Info("", "code", "", "scope", "") }, [4]string{"", "billing"}, `{}`},
			{"scope as records have it", func(l *slog.Logger) { l.Info("", "scope", "e\u0301") }, [4]string{"", "é"}, `{}`},
			{"groups", func(l *slog.Logger) { l.WithGroup("a").With("b", 1).WithGroup("c").WithGroup("d").Info("") },
				[4]string{"", "billing"}, `{"a":{"b":1}}`},
			{"groups with something", func(l *slog.Logger) { l.WithGroup("a").With("b", 1).WithGroup("c").WithGroup("d").Info("", "e", 2) },
				[4]string{"", "billing"}, `{"a":{"b":1,"c":{"d":{"e":2}}}}`},
			{"an empty With", func(l *slog.Logger) { l.WithGroup("a").With(slog.Group("x")).Info("", "e", 2) },
				[4]string{"", "billing"}, `{"a":{"e":2}}`},
		} {
			r := one(t, s, h, c.log)
			assert.Equal(t, c.want, [4]string{r.Code, r.Scope, r.TraceID, r.Stacktrace}, c.name)
			assert.Equal(t, c.attributes, string(r.Attributes), c.name)
		}
		r = one(t, s, h, func(l *slog.Logger) { l.Info("", "stack", panicStack()) })
		assert.Contains(t, r.Stacktrace, "panicStack")
	})
}

// panicStack is a stack as occurrences have it.
func panicStack() fault.Stack {
	pcs := make(fault.Stack, 8)
	return pcs[:runtime.Callers(1, pcs)]
}

type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue(string(v)) }

type (
	angryValuer  struct{}
	angryError   struct{}
	angryJSON    struct{}
	mutable      struct{ N int }
	endless      struct{}
	nested       struct{ n int }
	plainError   struct{}
	pointerError struct{ text string }
	rawJSON      string
)

func (angryValuer) LogValue() slog.Value       { panic("no value") }
func (angryError) Error() string               { panic(errors.New("no text")) }
func (angryJSON) MarshalJSON() ([]byte, error) { panic("no JSON") }
func (e endless) LogValue() slog.Value         { return slog.AnyValue(e) }
func (n nested) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("n", nested{n.n + 1}), slog.Int("depth", n.n))
}
func (plainError) Error() string               { return "plain" }
func (e *pointerError) Error() string          { return e.text }
func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// What is encoded as slog.JSONHandler does is; the rest is what can be said of it.
func TestValues(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	h := newLog(t, s, store.LogOptions{})
	var cycle struct{ Self any }
	cycle.Self = &cycle
	for _, c := range []struct {
		value any
		want  string
	}{
		{"a\"b\\c\n\r\t\x01<&>é\u2028😀", ""},
		{42, ""}, {uint64(math.MaxUint64), ""}, {1.5, ""}, {1e300, ""}, {-0.000001, ""}, {true, ""}, {nil, ""},
		{time.Second, ""}, {time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), ""},
		{errors.New("<boom>"), ""}, {plainError{}, ""}, {[]string{"a", "b<"}, ""}, {[]string(nil), ""}, {[]string{}, ""},
		{map[string]int{"a": 1}, ""},
		{mutable{7}, ""}, {json.RawMessage(`{"a": [1, 2]}`), ""}, {[]byte("abc"), ""}, {slog.GroupValue(slog.Int("a", 1), slog.Group("b", "c", 2)), ""},
		{(*pointerError)(nil), `"<nil>"`},
		{math.NaN(), `"NaN"`}, {math.Inf(-1), `"-Inf"`},
		{angryError{}, `"!PANIC: *errors.errorString"`},
		{angryJSON{}, `"!PANIC: no JSON"`},
		{func() {}, `"!ERROR: json: unsupported type: func()"`},
		{rawJSON(`{`), `"!ERROR: json: error calling MarshalJSON for type store_test.rawJSON: unexpected end of JSON input"`},
		{"a\x00b\xffc", `"a` + "\uFFFDb\uFFFD" + `c"`},
		{[]string{"\x00"}, `["` + "\uFFFD" + `"]`},
		{rawJSON("\"a\xffb\""), `"a` + "\uFFFD" + `b"`},
		{rawJSON(`["\u0000\\u0000\\\u0000"]`), `["\ufffd\\u0000\\\ufffd"]`},
	} {
		r := one(t, s, h, func(l *slog.Logger) { l.Info("", "v", c.value) })
		if c.want == "" {
			var b strings.Builder
			slog.New(slog.NewJSONHandler(&b, nil)).Info("", "v", c.value)
			var m map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(b.String()), &m))
			c.want = string(m["v"])
		}
		var m map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(r.Attributes, &m), "%s", r.Attributes)
		assert.JSONEq(t, c.want, string(m["v"]), "%#v", c.value)
		assert.NotContains(t, string(r.Attributes), `\u003c`)
		assert.True(t, utf8.Valid(r.Attributes), "%q", r.Attributes)
	}
	for name, value := range map[string]any{"panics": angryValuer{}, "endless": endless{}, "cycle": cycle} {
		r := one(t, s, h, func(l *slog.Logger) { l.Info("still there", "v", value, "w", 1) })
		assert.Equal(t, "still there", r.Message, name)
		assert.Contains(t, string(r.Attributes), `,"w":1}`, name)
	}
	r := one(t, s, h, func(l *slog.Logger) { l.Info("", "v", nested{}) })
	assert.Contains(t, string(r.Attributes), `"depth":15}`)
	assert.NotContains(t, string(r.Attributes), `"depth":16`)
	assert.InDelta(t, 1, attributes(t, r)["!OMITTED"], 0)
	var groups []any
	for i := range 20 {
		groups = append(groups, slog.Group(fmt.Sprint("g", i), "a", 1))
	}
	r = one(t, s, h, func(l *slog.Logger) { l.Info("", groups...) })
	assert.Len(t, attributes(t, r), 20, "groups beside each other")
}

// What a request owns may change as soon as Handle has returned.
func TestRecordsAreCopies(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	h := newLog(t, s, store.LogOptions{FlushInterval: time.Hour})
	value, list, message := &mutable{1}, []string{"a"}, []byte("hello")
	r := one(t, s, h, func(l *slog.Logger) {
		l.With("w", value).Info(string(message), "v", value, "list", list)
		value.N, list[0] = 2, "b"
	})
	assert.Equal(t, `{"w":{"N":1},"v":{"N":1},"list":["a"]}`, string(r.Attributes))
}

func TestLimits(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{Host: strings.Repeat("h", 300), Level: slog.Level(math.MinInt)})
		long := strings.Repeat("é", 100_000)
		r := one(t, s, h, func(l *slog.Logger) {
			l.Info(long, "code", long, "scope", long, "trace_id", long, "stack", long, "a", long, strings.Repeat("k", 1000), 1)
		})
		assert.LessOrEqual(t, len(r.Message), 8<<10)
		assert.Greater(t, len(r.Message), 8<<10-8)
		assert.LessOrEqual(t, len(r.Stacktrace), 32<<10)
		assert.Greater(t, len(r.Stacktrace), 32<<10-8)
		for _, text := range []string{r.Message, r.Stacktrace, r.Code, attributes(t, r)["a"].(string)} {
			assert.Equal(t, "…", strings.TrimLeft(text, "é"))
		}
		for _, text := range []string{r.Code, r.Scope, r.TraceID, r.Host} {
			assert.Len(t, []rune(text), 250)
		}
		assert.LessOrEqual(t, len(r.Attributes), 9<<10)

		r = one(t, s, h, func(l *slog.Logger) {
			for i := range 10 {
				l = l.With(fmt.Sprint("w", i), long[:8000])
			}
			l.Info("", "a", long, "b", long, "c", long, "d", long, "e", long, "f", 1, slog.Group("g", "h", long))
		})
		m := attributes(t, r)
		assert.LessOrEqual(t, len(r.Attributes), 33<<10)
		assert.Contains(t, m, "w0")
		assert.NotContains(t, m, "w3")
		assert.Contains(t, m, "a")
		assert.NotContains(t, m, "e")
		assert.InDelta(t, 10+7-(len(m)-1), m["!OMITTED"], 0, "what is not there is counted")

		for text, want := range map[string]string{
			"a\x00b": "a\uFFFDb", "a\xff\xfeb": "a\uFFFDb", "\xc3": "\uFFFD", "\x00": "\uFFFD", "\ud7ff\ue000": "\ud7ff\ue000",
			"a\x01\x7f": "a\x01\x7f", "'; DROP TABLE polyfault_log; --": "'; DROP TABLE polyfault_log; --",
		} {
			r = one(t, s, h, func(l *slog.Logger) {
				l.Info(text, "code", text, "scope", text, "trace_id", text, "stack", text, text, text)
			})
			assert.Equal(t, []string{want, want, want, want, want}, []string{r.Message, r.Code, r.Scope, r.TraceID, r.Stacktrace}, "%q", text)
			key, _, _ := strings.Cut(strings.TrimPrefix(string(r.Attributes), `{"`), `":`)
			assert.Equal(t, want, strings.ReplaceAll(strings.ReplaceAll(key, "\uFFFD\uFFFD", "\uFFFD"), `\u0001`, "\x01"),
				"bytes become one or several U+FFFD")
		}
		for level, want := range map[slog.Level]slog.Level{math.MaxInt: math.MaxInt32, math.MinInt: math.MinInt32, -4: -4, 12: 12} {
			r = one(t, s, h, func(l *slog.Logger) { l.Log(t.Context(), level, "") })
			assert.Equal(t, want, r.Level)
		}
		for _, c := range []struct{ at, want time.Time }{
			{time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
			{time.Date(300_000_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
			{time.Date(2026, 1, 1, 5, 0, 0, 1999, time.FixedZone("", 3600)), time.Date(2026, 1, 1, 4, 0, 0, 1000, time.UTC)},
		} {
			r = one(t, s, h, func(l *slog.Logger) {
				require.NoError(t, l.Handler().Handle(t.Context(), slog.NewRecord(c.at, 0, "m", 0)))
			})
			assert.Equal(t, c.want, r.Created)
			_, err := json.Marshal(r)
			require.NoError(t, err)
		}
	})
}

func TestEnabled(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	level := new(slog.LevelVar)
	level.Set(slog.LevelWarn)
	h := newLog(t, s, store.LogOptions{Level: level})
	assert.False(t, h.Enabled(t.Context(), slog.LevelInfo))
	assert.True(t, h.Enabled(t.Context(), slog.LevelWarn))
	level.Set(slog.LevelDebug)
	assert.True(t, h.WithGroup("a").Enabled(t.Context(), slog.LevelDebug))
	usual := newLog(t, s, store.LogOptions{})
	assert.True(t, usual.Enabled(t.Context(), slog.LevelInfo))
	assert.False(t, usual.Enabled(t.Context(), slog.LevelDebug))
}

func TestNewLogHandlerRefuses(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	_, err := store.NewLogHandler(nil, store.LogOptions{})
	require.ErrorContains(t, err, "the store is nil")
	for want, o := range map[string]store.LogOptions{
		"QueueSize is negative": {QueueSize: -1}, "BatchSize is negative": {BatchSize: -1}, "FlushInterval is negative": {FlushInterval: -1},
		"RetryFor is negative": {RetryFor: -1}, "MaxAge is negative": {MaxAge: -1}, "MaxRows is negative": {MaxRows: -1},
		"CleanInterval is negative":         {CleanInterval: -1},
		"BatchSize is 2001, more than 2000": {BatchSize: 2001}, "FlushInterval is 1µs, less than 1ms": {FlushInterval: time.Microsecond},
		"WhenFull is 2; use store.Drop or store.Block":                                              {WhenFull: 2},
		"the fallback is slog's default handler, which after slog.SetDefault logs through this one": {Fallback: slog.Default().Handler()},
	} {
		_, err := store.NewLogHandler(s, o)
		require.ErrorContains(t, err, want)
	}
}

// On the request path nothing is allocated but what the record itself brings.
func TestHandleAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := newSQLite(t).open(t)
	h := newLog(t, s, store.LogOptions{
		QueueSize: 8192, FlushInterval: time.Hour, BatchSize: 2000, Fallback: slog.DiscardHandler,
	})
	logger := slog.New(h.WithAttrs([]slog.Attr{slog.String("service", "orders")}).WithGroup("g"))
	ctx, err := t.Context(), errors.New("boom")
	for name, c := range map[string]struct {
		most float64
		log  func()
	}{
		"5 attributes": {2, func() {
			logger.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("code", "not_found"), slog.Int("status", 404),
				slog.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
				slog.Any("cause", err), slog.Duration("took", time.Second))
		}},
		"8 attributes": {2, func() { // one of them is slog's own
			logger.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("code", "not_found"), slog.Int("status", 404),
				slog.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"), slog.String("method", "GET"), slog.String("path", "/orders/{id}"),
				slog.String("cause", "boom"), slog.Bool("panic", true), slog.Float64("f", 1.5))
		}},
		"no attribute": {2, func() { logger.Info("hello") }},
	} {
		for range 1500 { // entries of the pool grow
			c.log()
		}
		flush(t, h)
		assert.LessOrEqual(t, testing.AllocsPerRun(400, c.log), c.most, name)
		flush(t, h)
	}
	assert.Zero(t, h.Stats().Dropped)
}

// BenchmarkHandle is the request path: the queue is emptied outside of the measured time.
func BenchmarkHandle(b *testing.B) {
	s := newSQLite(b).open(b)
	h := newLog(b, s, store.LogOptions{
		FlushInterval: time.Hour, BatchSize: 2000, QueueSize: 2000, Fallback: slog.DiscardHandler,
	})
	logger := slog.New(h)
	log := func() {
		logger.LogAttrs(b.Context(), slog.LevelError, "request failed", slog.String("code", "not_found"), slog.Int("status", 404),
			slog.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
			slog.String("method", "GET"), slog.String("path", "/orders/{id}"))
	}
	b.Run("accepted", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			if n++; n%1000 == 0 {
				b.StopTimer()
				flush(b, h)
				b.StartTimer()
			}
			log()
		}
	})
	b.Run("dropped", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			log()
		}
	})
}
