package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
	"github.com/polyfault/polyfault/store"
)

// A service fails as its paths say, and logs into the store.
type service struct {
	t   *testing.T
	url string
	log *store.LogHandler
	s   *store.Store
}

func newService(t *testing.T, d *database, o store.LogOptions, opts ...fault.Option) *service {
	t.Helper()
	s := d.open(t)
	o.Deduplicate, o.Level = true, slog.LevelDebug
	h := newLog(t, s, o)
	r, err := fault.NewResponder(append([]fault.Option{fault.WithLogger(slog.New(h))}, opts...)...)
	require.NoError(t, err)
	mux := http.NewServeMux()
	for path, fail := range failures {
		mux.Handle("GET "+path, faulthttp.Handler(nil, func(_ http.ResponseWriter, r *http.Request) error {
			return fail(r.URL.Query().Get("n"))
		}))
	}
	server := httptest.NewServer(faulthttp.Middleware(r)(mux))
	t.Cleanup(server.Close)
	return &service{t, server.URL, h, s}
}

func (s *service) get(path, n, trace string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path+"?n="+n, nil)
	require.NoError(s.t, err)
	req.Header.Set("X-Request-ID", trace)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	require.NoError(s.t, resp.Body.Close())
	require.GreaterOrEqual(s.t, resp.StatusCode, 400)
}

type ledgerError struct{ text string }

func (e *ledgerError) Error() string { return e.text }

func checkStock(n string) { // nobody returns from it
	var stock map[string][]int
	_ = stock[n][len(n)]
}

// failures are bugs by their paths.
var failures = map[string]func(n string) error{
	"/disk":     func(n string) error { return fmt.Errorf("order %s: %w", n, errors.New("no space left on device")) },
	"/database": func(n string) error { return fmt.Errorf("order %s: %w", n, errors.New("connection refused")) },
	"/dial": func(n string) error {
		address := &net.TCPAddr{IP: net.IPv4(10, 0, 0, byte(len(n))), Port: 5432 + len(n)}
		return fmt.Errorf("reading %q: %w", n, &net.OpError{Op: "dial", Net: "tcp", Addr: address,
			Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)})
	},
	"/ledger": func(n string) error { return fmt.Errorf("order %s: %w", n, &ledgerError{"connection refused"}) },
	"/uuid": func(n string) error {
		return fmt.Errorf("customer 4bf92f35-77b3-4da6-a3ce-abcdefabcde%d of ord_%sx7 at 2026-11-2%d10:00: not in 'shard %s'", len(n)%10, n, len(n)%10, n)
	},
	"/panic":  func(n string) error { panic("order " + n + "1 is gone") },
	"/stock":  func(n string) error { checkStock(n); return nil },
	"/stock2": func(n string) error { _ = []int{}[len(n)]; return nil },
	"/known":  func(n string) error { return fault.TaskLocked.New(fault.Detail("order", n)) },
	"/gone":   func(n string) error { return fault.Gone.Wrap(errors.New(n)) },
}

// One bug is one row, whatever numbers, ids and names it has; two bugs are two, whatever code they have.
func TestFingerprintsOfAService(t *testing.T) {
	t.Parallel()
	names := map[string][]fault.Option{
		"own names": nil, "OpenTelemetry's": {fault.WithLogNames(fault.OTelNames)},
		"an exception": {fault.WithLogNames(fault.LogNames{Exception: "err"})},
	}
	for name, opts := range names {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, d *database) {
				s := newService(t, d, store.LogOptions{}, opts...)
				for i, n := range []string{"1", "4711", "a7f3", "123456789"} {
					for path := range failures {
						s.get(path, n, fmt.Sprintf("t%s-%d", path[1:], i))
					}
				}
				flush(t, s.log)
				rows := map[string]string{}
				for path := range failures {
					for i := range 4 {
						found := logged(t, s.s, store.LogFilter{TraceID: fmt.Sprintf("t%s-%d", path[1:], i)})
						require.Len(t, found, 1, "%s %d", path, i)
						assert.Equal(t, 4, found[0].Repeats, path)
						if rows[path] != "" {
							assert.Equal(t, rows[path], found[0].Fingerprint, path)
						}
						rows[path] = found[0].Fingerprint
					}
				}
				prints := map[string]string{}
				for path, mark := range rows {
					assert.Empty(t, prints[mark], "%s is also %s", path, prints[mark])
					prints[mark] = path
				}
			})
		})
	}
}

// What an application logs by itself has an identity, too.
func TestFingerprintsOfLines(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	h := newLog(t, s, store.LogOptions{Deduplicate: true})
	l := slog.New(h)
	for i := range 3 {
		l.Error("job failed", "err", fmt.Errorf("row %d: %w", i, errors.New("duplicate key")))
		l.Error("job failed", "err", errors.New("connection refused"))
		l.Error(fmt.Sprintf("job %d took %dms", i, 3*i))
		l.With("err", &ledgerError{"x"}).Error("job failed")
		l.Error("request failed", "code", "unhandled", "cause", fmt.Sprintf("no user %d", i))
		l.Error("request failed", "code", "unhandled", "cause", fmt.Sprintf("no task %d", i))
		l.Error("request failed", "code", "order_lost", "cause", fmt.Sprint("any thing ", strings.Repeat("x", i)))
		l.Error("job failed", "err", (*ledgerError)(nil), "e", error(nil))
	}
	flush(t, h)
	for _, r := range logged(t, s, store.LogFilter{}) {
		assert.Equal(t, 3, r.Repeats, "%s %s", r.Message, r.Attributes)
	}
	assert.Len(t, logged(t, s, store.LogFilter{}), 8)
}

// The trace ids of the latest occurrences find the row, also in a batch, and of several instances.
func TestEveryTraceIsFound(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		for _, c := range []struct {
			name           string
			recent, events int
			batch          int
		}{{"default", 0, 130, 7}, {"one batch", 0, 400, 512}, {"few", 3, 10, 1}, {"one", 1, 5, 2}, {"less than there is room for", 20, 5, 512}} {
			h := newLog(t, s, store.LogOptions{Deduplicate: true, Recent: c.recent, BatchSize: c.batch, Host: "web-1", QueueSize: 1000})
			for i := range c.events {
				trace, path := fmt.Sprintf("%s-%d", c.name, i), fmt.Sprint("/p/", i)
				write1(t, h, line{i, slog.LevelError, c.name, []any{"code", "c", "scope", c.name, "trace_id", trace, "path", path}})
			}
			flush(t, h)
			r := logged(t, s, store.LogFilter{Scope: c.name})
			require.Len(t, r, 1)
			assert.Equal(t, c.events, r[0].Repeats)
			assert.Equal(t, logStart, r[0].Created)
			kept := c.recent
			if kept == 0 {
				kept = 50
			}
			kept = min(kept, c.events)
			for i := range c.events {
				found := logged(t, s, store.LogFilter{TraceID: fmt.Sprintf("%s-%d", c.name, i), Code: "c", Level: new(slog.LevelError)})
				assert.Len(t, found, map[bool]int{true: 1}[i == 0 || i >= c.events-kept], "%s %d", c.name, i)
			}
			list, err := s.LogOccurrences(t.Context(), r[0].ID)
			require.NoError(t, err)
			require.Len(t, list, kept, c.name)
			last := c.events - 1
			assert.Equal(t, store.LogOccurrence{TraceID: fmt.Sprintf("%s-%d", c.name, last), Time: logStart.Add(time.Duration(last) * time.Minute),
				Path: fmt.Sprint("/p/", last), Host: "web-1"}, list[0])
			assert.True(t, slices.IsSortedFunc(list, func(a, b store.LogOccurrence) int { return b.Time.Compare(a.Time) }))
		}
		_, err := s.LogOccurrences(t.Context(), 1<<40)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = s.LogHours(t.Context(), 1<<40)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = s.Purge(t.Context(), time.Nanosecond, 0)
		require.NoError(t, err)
		for _, table := range []string{"log", "log_recent", "log_hours"} {
			assert.Zero(t, d.count(t, "SELECT count(*) FROM polyfault_"+table), table)
		}
	})
}

// write1 does not wait.
func write1(t testing.TB, h *store.LogHandler, l line) {
	t.Helper()
	r := slog.NewRecord(logStart.Add(time.Duration(l.minutes)*time.Minute), l.level, l.message, 0)
	r.Add(l.attrs...)
	require.NoError(t, h.Handle(t.Context(), r))
}

// A heard is a function that is told of new rows.
type heard struct {
	mu   sync.Mutex
	rows []string
}

func (h *heard) tell(_ context.Context, r store.LogRecord) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rows = append(h.rows, fmt.Sprintf("%s %d", r.Message, r.Regressions))
}

func (h *heard) told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(slices.Values(h.rows))
}

// What was resolved and happens again is new again; what is ignored stays so; each is told once.
func TestTriage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		var heard heard
		stores, handlers := []*store.Store{d.open(t), d.other(t), d.other(t)}, []*store.LogHandler{}
		for _, s := range stores {
			handlers = append(handlers, newLog(t, s, store.LogOptions{Deduplicate: true, OnNew: heard.tell, FlushInterval: time.Millisecond}))
		}
		now := func(message string) slog.Record {
			r := slog.NewRecord(time.Now(), slog.LevelError, message, 0)
			r.Add("code", message)
			return r
		}
		storm := func() {
			var group sync.WaitGroup
			for _, h := range handlers {
				group.Go(func() {
					for range 20 {
						for _, m := range []string{"a", "b", "c"} {
							assert.NoError(t, h.Handle(t.Context(), now(m)))
						}
					}
				})
			}
			group.Wait()
			for _, h := range handlers {
				flush(t, h)
			}
		}
		storm()
		require.Eventually(t, func() bool { return len(heard.told()) >= 3 }, soon, 5*time.Millisecond)
		state := func(message string, state store.LogState) store.LogRecord {
			r := logged(t, stores[0], store.LogFilter{Code: message})[0]
			r, err := stores[1].SetLogState(t.Context(), r.ID, r.Version, state)
			require.NoError(t, err)
			assert.Equal(t, state, r.State)
			return r
		}
		b, c := state("b", store.LogResolved), state("c", store.LogIgnored)
		again, err := stores[0].SetLogState(t.Context(), c.ID, 0, store.LogIgnored)
		require.NoError(t, err)
		assert.Equal(t, c.Version, again.Version, "nothing has changed")
		for s, want := range map[store.LogState]string{store.LogNew: "a", store.LogResolved: "b", store.LogIgnored: "c"} {
			for _, order := range []store.LogOrder{"", store.ByCreated, store.ByLastSeen} {
				assert.Equal(t, []string{want}, messages(logged(t, stores[2], store.LogFilter{State: s, Order: order})))
			}
		}
		late := slog.NewRecord(time.Now().Add(-10*time.Second), slog.LevelError, "b", 0) // it waited for the database
		late.Add("code", "b")
		require.NoError(t, handlers[0].Handle(t.Context(), late))
		flush(t, handlers[0])
		assert.Equal(t, store.LogResolved, logged(t, stores[0], store.LogFilter{Code: "b"})[0].State)

		storm()
		require.Eventually(t, func() bool { return len(heard.told()) >= 4 }, soon, 5*time.Millisecond)
		r := logged(t, stores[0], store.LogFilter{Code: "b"})[0]
		assert.Equal(t, []any{store.LogNew, 1, b.Version + 1, 121}, []any{r.State, r.Regressions, r.Version, r.Repeats})
		assert.Equal(t, store.LogIgnored, logged(t, stores[0], store.LogFilter{Code: "c"})[0].State)
		_, err = stores[0].SetLogState(t.Context(), b.ID, b.Version, store.LogResolved)
		require.ErrorIs(t, err, store.ErrConflict, "it has happened again since")
		_, err = stores[0].SetLogState(t.Context(), 1<<40, 0, store.LogResolved)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = stores[0].SetLogState(t.Context(), b.ID, 0, "open")
		var wrong *store.FieldError
		require.ErrorAs(t, err, &wrong)

		jumped := slog.NewRecord(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), slog.LevelError, "b", 0) // a clock that is years behind
		jumped.Add("code", "b")
		state("b", store.LogResolved)
		require.NoError(t, handlers[0].Handle(t.Context(), jumped))
		flush(t, handlers[0])
		assert.Equal(t, store.LogNew, logged(t, stores[0], store.LogFilter{Code: "b"})[0].State)
		for _, h := range handlers {
			closeLog(t, h)
		}
		assert.Equal(t, []string{"a 0", "b 0", "b 1", "b 2", "c 0"}, heard.told())
		assert.Zero(t, d.count(t, "SELECT count(*) FROM polyfault_log WHERE announce > 0"))
	})
}

// Who is told may panic and log; what another instance could not tell, somebody tells.
func TestOnNewOfBadFunctions(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	s := d.open(t)
	quiet := newLog(t, s, store.LogOptions{Deduplicate: true}) // it tells nobody
	write(t, quiet, line{0, slog.LevelError, "of another instance", nil})
	d.exec(t, "UPDATE polyfault_log SET last_seen = ?", time.Now().UnixMicro())
	write(t, quiet, line{-9000, slog.LevelError, "long ago", nil})
	var heard heard
	var h *store.LogHandler
	h = newLog(t, s, store.LogOptions{Deduplicate: true, OnNew: func(ctx context.Context, r store.LogRecord) {
		heard.tell(ctx, r)
		if r.Message == "bad" {
			slog.New(h).ErrorContext(ctx, "told of bad")
			panic("nobody listens")
		}
	}})
	slog.New(h).Error("bad")
	flush(t, h)
	require.Eventually(t, func() bool { return len(heard.told()) == 3 }, soon, 5*time.Millisecond)
	closeLog(t, h)
	assert.Equal(t, []string{"bad 0", "of another instance 0", "told of bad 0"}, heard.told())
	_, err := store.NewLogHandler(s, store.LogOptions{OnNew: heard.tell})
	require.ErrorContains(t, err, "OnNew needs Deduplicate")
	_, err = store.NewLogHandler(s, store.LogOptions{Recent: 1001})
	require.ErrorContains(t, err, "the option Recent is 1001")
	_, err = store.NewLogHandler(s, store.LogOptions{Recent: -1})
	require.ErrorContains(t, err, "Recent is negative")
}

// Ten thousand new fingerprints in a minute are a thousand rows and one.
func TestTenThousandFingerprints(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		known := newLog(t, s, store.LogOptions{Deduplicate: true})
		write(t, known, line{0, slog.LevelError, "known", []any{"code", "known"}})
		h := newLog(t, s, store.LogOptions{Deduplicate: true, QueueSize: 30_000})
		const n = 10_000
		for round := range 2 {
			for i := range n {
				message := "x" + strings.Repeat("y", i%50) + strings.Repeat("z", i/50)
				write1(t, h, line{round, slog.LevelError, message, []any{"code", "c", "trace_id", fmt.Sprint("t", i)}})
			}
		}
		write(t, h, line{0, slog.LevelError, "known", []any{"code", "known"}})
		assert.Equal(t, uint64(2*n+1), h.Stats().Written)
		assert.Equal(t, 1+1000+1, d.count(t, "SELECT count(*) FROM polyfault_log"))
		assert.Equal(t, 2*n+2, d.count(t, "SELECT sum(repeats) FROM polyfault_log"))
		assert.Equal(t, 2*n+2, d.count(t, "SELECT sum(count) FROM polyfault_log_hours"))
		assert.Equal(t, 2*n+2, d.count(t, "SELECT sum(count) FROM polyfault_occurrences"))
		assert.Equal(t, 2, logged(t, s, store.LogFilter{Code: "known"})[0].Repeats, "what is known is no new one")
		others := logged(t, s, store.LogFilter{Fingerprint: store.OthersFingerprint})
		require.Len(t, others, 1)
		assert.Equal(t, 2*(n-1000), others[0].Repeats)
		assert.Contains(t, others[0].Message, "others")
		last := logged(t, s, store.LogFilter{TraceID: fmt.Sprint("t", n-1)})
		assert.Equal(t, others[0].ID, last[0].ID)
	})
}

// The application says what is the same; a function that panics, blocks or talks nonsense costs nothing but itself.
func TestOwnFingerprints(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{Deduplicate: true, Fingerprint: func(r store.LogRecord) string {
			switch r.Message {
			case "panic":
				panic(errors.New("boom"))
			case "nothing":
				return ""
			case "hostile":
				return "\x00'; DROP TABLE polyfault_log; --\xff" + strings.Repeat("é", 1000)
			}
			assert.Len(t, r.Fingerprint, 32)
			assert.Contains(t, string(r.Attributes), `"path":"/p"`)
			return "payments of " + r.Code
		}})
		for _, m := range []string{"a", "b", "panic", "nothing", "hostile", "c"} {
			write(t, h, line{0, slog.LevelError, m, []any{"code", "c", "path", "/p"}}, line{0, slog.LevelError, m, []any{"code", "c", "path", "/p"}})
		}
		r := logged(t, s, store.LogFilter{Fingerprint: "payments of c"})
		require.Len(t, r, 1)
		assert.Equal(t, 6, r[0].Repeats)
		assert.Len(t, logged(t, s, store.LogFilter{}), 4)
		assertAccounted(t, h, 12)
		assert.Equal(t, uint64(12), h.Stats().Written)
	})
	d := newSQLite(t)
	s := d.open(t)
	release := make(chan struct{})
	var calls atomic.Int32
	h := newLog(t, s, store.LogOptions{Deduplicate: true, Fingerprint: func(store.LogRecord) string {
		calls.Add(1)
		<-release
		return "too late"
	}})
	begun := time.Now()
	for range 5 {
		for i := range 20 {
			slog.New(h).Error("x", "code", fmt.Sprint("c", i))
		}
		flush(t, h)
	}
	assert.Less(t, time.Since(begun), 50*time.Second, "not a measurement: a second for each of a hundred records would be more")
	assert.Equal(t, int32(1), calls.Load())
	assert.Equal(t, uint64(100), h.Stats().Written)
	assert.Len(t, logged(t, s, store.LogFilter{}), 20)
	close(release)
	require.Eventually(t, func() bool {
		slog.New(h).Error("y", "code", "y")
		flush(t, h)
		return len(logged(t, s, store.LogFilter{Fingerprint: "too late"})) == 1
	}, soon, 5*time.Millisecond, "it is asked again once it has returned")
}

// Clocks that jump leave the counters exact, and a time that was ahead does not stay.
func TestClocksThatJump(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{Deduplicate: true})
		now := time.Now().UTC().Truncate(time.Microsecond)
		for _, at := range []time.Time{now, now.AddDate(50, 0, 0), time.Unix(0, 0), now.AddDate(-1, 0, 0), now.Add(time.Second), {}} {
			r := slog.NewRecord(at, slog.LevelError, "x", 0)
			r.Add("code", "x")
			require.NoError(t, h.Handle(t.Context(), r))
			flush(t, h)
		}
		rows := logged(t, s, store.LogFilter{})
		require.Len(t, rows, 1)
		assert.Equal(t, 6, rows[0].Repeats)
		assert.Equal(t, now, rows[0].Created)
		assert.WithinDuration(t, now, rows[0].LastSeen, time.Minute)
		assert.Equal(t, 6, d.count(t, "SELECT sum(count) FROM polyfault_log_hours"))
	})
}

// Connections are killed all the time: rows, rings, hours and counters stay exact, and new rows are told once.
func TestKilledWritersOfProblems(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	var heard heard
	handlers := []*store.LogHandler{}
	for _, s := range []*store.Store{d.open(t), d.other(t)} {
		handlers = append(handlers, newLog(t, s, store.LogOptions{
			Deduplicate: true, BatchSize: 64, QueueSize: 10_000, FlushInterval: time.Millisecond, RetryFor: time.Minute, OnNew: heard.tell,
		}))
	}
	ctx, stop := context.WithCancel(t.Context())
	var killer, group sync.WaitGroup
	killer.Go(func() { killConnections(ctx, t, d) })
	const each, kinds = 3000, 40
	for _, h := range handlers {
		group.Go(func() {
			for i := range each {
				slog.New(h).Error("killed", "code", fmt.Sprintf("code-%c%c", 'a'+i%kinds/8, 'a'+i%8), "trace_id", fmt.Sprint(i))
				if i%20 == 0 {
					time.Sleep(3 * time.Millisecond)
				}
			}
		})
	}
	group.Wait()
	stop()
	killer.Wait()
	for _, h := range handlers {
		flush(t, h)
		assert.Equal(t, store.LogStats{Accepted: each, Written: each, Retries: h.Stats().Retries}, h.Stats())
	}
	assert.Equal(t, kinds, d.count(t, "SELECT count(*) FROM polyfault_log"))
	for _, sum := range []string{
		"sum(repeats) FROM polyfault_log", "sum(count) FROM polyfault_log_hours", "sum(count) FROM polyfault_occurrences",
	} {
		assert.Equal(t, 2*each, d.count(t, "SELECT "+sum))
	}
	assert.Equal(t, 50*kinds, d.count(t, "SELECT count(*) FROM polyfault_log_recent"))
	require.Eventually(t, func() bool { return len(heard.told()) >= kinds }, soon, 10*time.Millisecond)
	for _, h := range handlers {
		closeLog(t, h)
	}
	assert.Len(t, heard.told(), kinds)
}

// A disk that is full costs the fallback, and nothing else; when there is room again, so is the log.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	d.DB.SetMaxOpenConns(1) // the limit belongs to the connection
	s := d.open(t)
	kept := newShelf()
	h := newLog(t, s, store.LogOptions{Deduplicate: true, Fallback: kept, RetryFor: 100 * time.Millisecond})
	pages := d.count(t, "PRAGMA page_count")
	d.exec(t, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
	const n = 200
	for i := range n {
		slog.New(h).Error("x"+strings.Repeat("y", i), "code", "c", "text", strings.Repeat("z", 2000))
	}
	flush(t, h)
	assertAccounted(t, h, n)
	assert.Positive(t, h.Stats().Fallback)
	assert.Zero(t, h.Stats().Dropped)
	assert.Len(t, kept.lines(t), int(h.Stats().Fallback))
	d.exec(t, "PRAGMA max_page_count = 1073741823")
	for range 2 {
		slog.New(h).Error("back", "code", "c")
	}
	flush(t, h)
	closeLog(t, h)
	assert.Equal(t, 2, logged(t, s, store.LogFilter{Search: "back"})[0].Repeats)
	assert.Equal(t, n+2, d.count(t, "SELECT sum(count) FROM polyfault_occurrences"))
}

// Details and arguments are JSON, and no text with JSON in it; what was cut stays a text.
func TestDetailsAreJSON(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{})
		r, err := fault.NewResponder(fault.WithLogger(slog.New(h)), fault.WithClientErrorLevel(slog.LevelInfo))
		require.NoError(t, err)
		r.Respond(nil, fault.NotFound.New(fault.Detail("order", map[string]any{"id": 7, "note": "a\x00\x1b[31m<b>"}), fault.Arg("Name", "x")))
		r.Respond(nil, fault.NotFound.New(fault.Detail("long", strings.Repeat("x", 100_000))))
		slog.New(h).Info("by hand", "details", "{no JSON", "params", `["\ud800"]`, "code", "c")
		flush(t, h)
		rows := logged(t, s, store.LogFilter{Code: "not_found"})
		assert.Contains(t, string(rows[1].Attributes), `"params":{"Name":"x"}`)
		assert.Contains(t, string(rows[1].Attributes), `"details":{"order":{"id":7,"note":"a`)
		assert.Contains(t, string(logged(t, s, store.LogFilter{Code: "c"})[0].Attributes), `"details":"{no JSON"`)
		a := newAPI(t, reading(s, nil))
		for _, e := range a.logs("/logs/?code=not_found").Results {
			assert.Contains(t, []string{"map[string]interface {}", "string"}, fmt.Sprintf("%T", e.Attributes["details"]))
		}
	})
}
