package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// A faulty database is one whose statements fail, hang or log as long as the test says so. It stands
// between database/sql and the real driver.
type faulty struct {
	driver.Connector
	fail   atomic.Pointer[error] // of each statement that writes the log
	hang   atomic.Bool           // until the context ends
	before atomic.Pointer[func(ctx context.Context, query string)]
	wrong  string // an argument that is refused
}

type sqlState string

func (s sqlState) Error() string    { return "state " + string(s) }
func (s sqlState) SQLState() string { return string(s) }

func (f *faulty) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyConn{conn, f}, nil
}

type faultyConn struct {
	driver.Conn
	f *faulty
}

func (c *faultyConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c *faultyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	var err error
	v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	return err
}

func (c *faultyConn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return &faultyStmt{c, query}, nil
}

type faultyStmt struct {
	c     *faultyConn
	query string
}

func (*faultyStmt) Close() error                               { return nil }
func (*faultyStmt) NumInput() int                              { return -1 }
func (*faultyStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.New("not here") }
func (*faultyStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errors.New("not here") }
func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.c.ExecContext(ctx, s.query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !regexp.MustCompile("polyfault_(log|writers|occurrences)").MatchString(query) {
		return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	}
	if before := c.f.before.Load(); before != nil {
		(*before)(ctx, query)
	}
	for c.f.hang.Load() {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	if err := c.f.fail.Load(); err != nil {
		return nil, *err
	}
	for _, arg := range args {
		if c.f.wrong != "" && arg.Value == c.f.wrong {
			return nil, sqlState("22P05")
		}
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (f *faulty) breakDown(err error) {
	if err == nil {
		f.fail.Store(nil)
		return
	}
	f.fail.Store(&err)
}

// newFaulty puts a faulty connector before the database; what is asked past the store stays sound.
func newFaulty(t testing.TB, d *database) (*faulty, *store.Store) {
	t.Helper()
	f := &faulty{Connector: d.connector(t)}
	db := sql.OpenDB(f)
	t.Cleanup(func() { _ = db.Close() })
	return f, openStore(t, db, d.Dialect)
}

// count asks past the store.
func (d *database) count(t testing.TB, query string) (n int) {
	t.Helper()
	require.NoError(t, d.DB.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

// assertAccounted: each record is in exactly one place.
func assertAccounted(t testing.TB, h *store.LogHandler, records int) {
	t.Helper()
	s := h.Stats()
	assert.Equal(t, uint64(records), s.Written+s.Dropped+s.Fallback+uint64(s.Queued), "%+v", s)
}

var errGone = &net0{}

// net0 is what a driver says when nobody listens.
type net0 struct{}

func (*net0) Error() string { return "connection refused" }

func TestBatches(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		for _, n := range []int{1, 2, 31, 32, 33, 63, 64, 65, 511, 512, 1023, 1024, 2000, 5000} {
			h := newLog(t, s, store.LogOptions{BatchSize: 2000, FlushInterval: time.Hour})
			scope := fmt.Sprint("n", n)
			for i := range n {
				slog.New(h).Info(fmt.Sprint(i), "scope", scope, "code", fmt.Sprint("c", i))
			}
			closeLog(t, h)
			assert.Equal(t, store.LogStats{Accepted: uint64(n), Written: uint64(n)}, h.Stats())
			assert.Equal(t, n, d.count(t, "SELECT count(DISTINCT message) FROM polyfault_log WHERE scope = '"+scope+"'"))
			assert.Equal(t, n, d.count(t, "SELECT count(*) FROM polyfault_log WHERE scope = '"+scope+"'"))
			assert.Equal(t, n, d.count(t, "SELECT count(*) FROM polyfault_occurrences WHERE scope = '"+scope+"'"))
		}
		assert.Zero(t, d.count(t, "SELECT count(*) FROM polyfault_writers"), "writers say when they end")
	})
}

// A record waits for the interval, a full batch does not.
func TestFlushInterval(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	s := d.open(t)
	early := newLog(t, s, store.LogOptions{FlushInterval: 20 * time.Millisecond})
	slog.New(early).Info("a")
	require.Eventually(t, func() bool { return early.Stats().Written == 1 }, soon, time.Millisecond)
	late := newLog(t, s, store.LogOptions{FlushInterval: time.Hour, BatchSize: 10})
	slog.New(late).Info("b")
	time.Sleep(30 * time.Millisecond) // the writer waits for the interval
	for range 24 {
		slog.New(late).Info("b")
	}
	require.Eventually(t, func() bool { return late.Stats().Written == 20 }, soon, time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	assert.Equal(t, store.LogStats{Accepted: 25, Written: 20, Queued: 5}, late.Stats())
	flush(t, late)
	assert.Equal(t, store.LogStats{Accepted: 25, Written: 25}, late.Stats())
	flush(t, late) // nothing to do
}

func TestQueueFullDrop(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		f, s := newFaulty(t, d)
		h := newLog(t, s, store.LogOptions{QueueSize: 50, BatchSize: 10, RetryFor: time.Minute})
		f.breakDown(errGone)
		begun := time.Now()
		for range 200 {
			slog.New(h).Info("full", "code", "storm", "scope", "s")
		}
		assert.Less(t, time.Since(begun), soon, "it waits for room")
		stats := h.Stats()
		assert.GreaterOrEqual(t, stats.Dropped, uint64(200-50-10))
		assert.LessOrEqual(t, stats.Dropped, uint64(150))
		assert.Equal(t, uint64(200), stats.Accepted+stats.Dropped)
		require.Eventually(t, func() bool { return h.Stats().Retries > 0 }, soon, time.Millisecond)
		f.breakDown(nil)
		flush(t, h)
		assertAccounted(t, h, 200)
		stats = h.Stats()
		assert.Equal(t, stats.Accepted, stats.Written)
		assert.Positive(t, stats.Retries)
		assert.Equal(t, int(stats.Written), d.count(t, "SELECT count(*) FROM polyfault_log"))
		closeLog(t, h)
		assert.Equal(t, 200, d.count(t, "SELECT sum(count) FROM polyfault_occurrences WHERE code = 'storm' AND scope = 's'"), "the dropped ones are counted")
	})
}

func TestQueueFullBlock(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	f, s := newFaulty(t, d)
	h := newLog(t, s, store.LogOptions{QueueSize: 5, BatchSize: 5, WhenFull: store.Block, RetryFor: time.Minute})
	f.breakDown(errGone)
	logger := slog.New(h)
	for range 5 {
		logger.Info("fills a batch")
	}
	require.Eventually(t, func() bool { return h.Stats().Retries > 0 }, soon, time.Millisecond)
	for range 5 {
		logger.Info("fills the queue")
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	logger.InfoContext(ctx, "in vain")
	assert.GreaterOrEqual(t, time.Since(begun), 30*time.Millisecond)
	assert.Equal(t, uint64(1), h.Stats().Dropped)
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() { logger.Info("patient") })
	}
	time.Sleep(30 * time.Millisecond)
	assert.Equal(t, uint64(10), h.Stats().Accepted)
	f.breakDown(nil)
	group.Wait()
	flush(t, h)
	assert.Equal(t, 50, d.count(t, "SELECT count(*) FROM polyfault_log"))
	assertAccounted(t, h, 51)

	// Who waits when the handler is closed, ends with the fallback.
	kept := newShelf()
	other := newLog(t, s, store.LogOptions{QueueSize: 1, BatchSize: 1, WhenFull: store.Block, Fallback: kept, RetryFor: time.Minute})
	f.breakDown(errGone)
	for range 10 {
		group.Go(func() { slog.New(other).Info("waits") })
	}
	time.Sleep(20 * time.Millisecond)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, other.Close(ctx), context.DeadlineExceeded)
	group.Wait()
	assert.Len(t, kept.lines(t), 10)
	f.breakDown(nil)
}

// Counts of what is dropped wait in bounded memory.
func TestDroppedCodes(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	f, s := newFaulty(t, d)
	h := newLog(t, s, store.LogOptions{QueueSize: 1, BatchSize: 1, RetryFor: time.Minute})
	f.breakDown(errGone)
	slog.New(h).Info("keeps the writer")
	require.Eventually(t, func() bool { return h.Stats().Retries > 0 }, soon, time.Millisecond)
	for i := range 3000 {
		slog.New(h).Info("x", "code", fmt.Sprint("c", i))
	}
	f.breakDown(nil)
	closeLog(t, h)
	rows := d.count(t, "SELECT count(*) FROM polyfault_occurrences")
	assert.GreaterOrEqual(t, rows, 1024)
	assert.LessOrEqual(t, rows, 1024+int(h.Stats().Accepted))
	assert.Less(t, h.Stats().Accepted, uint64(10))
}

// The memory of the queue is bounded too.
func TestQueueBytes(t *testing.T) {
	t.Parallel()
	f, s := newFaulty(t, newSQLite(t))
	h := newLog(t, s, store.LogOptions{QueueSize: 5000, BatchSize: 1, RetryFor: time.Minute})
	f.breakDown(errGone)
	stack := strings.Repeat("s", 32<<10)
	for range 5000 {
		slog.New(h).Info("large", "stack", stack)
	}
	stats := h.Stats()
	assert.Less(t, stats.Accepted, uint64(3000))
	assert.Greater(t, stats.Accepted, uint64(500))
	f.breakDown(nil)
	flush(t, h)
	assertAccounted(t, h, 5000)
	assert.Equal(t, stats.Accepted, h.Stats().Written)
	f.breakDown(errGone)
	for range 100 {
		slog.New(h).Info("large", "stack", stack)
	}
	f.breakDown(nil)
	flush(t, h)
	assert.Equal(t, stats.Accepted+100, h.Stats().Written, "there is room again")
}

// A database that is away for longer than RetryFor costs the fallback; one that comes back is found.
func TestDatabaseGoneAndBack(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		f, s := newFaulty(t, d)
		kept := newShelf()
		h := newLog(t, s, store.LogOptions{Fallback: kept, RetryFor: 100 * time.Millisecond, BatchSize: 10, Scope: "own"})
		logger := slog.New(h)
		f.breakDown(errGone)
		for i := range 25 {
			logger.With("a", 1.5).WithGroup("g").Error("lost \x00?", "i", i, "list", []string{"x"}, slog.Group("h", "deep", true))
		}
		logger.Warn("request failed", "code", "c", "trace_id", "t", "stack", "main.main", "scope", "s")
		flush(t, h)
		lines := kept.lines(t)
		require.Len(t, lines, 26)
		for i, line := range lines[:25] {
			delete(line, "time")
			assert.Equal(t, map[string]any{"level": "ERROR", "msg": "lost \uFFFD?", "scope": "own", "a": 1.5,
				"g": map[string]any{"i": float64(i), "list": []any{"x"}, "h": map[string]any{"deep": true}}}, line)
		}
		at, err := time.Parse(time.RFC3339Nano, lines[25]["time"].(string))
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), at, time.Minute)
		delete(lines[25], "time")
		assert.Equal(t, map[string]any{
			"level": "WARN", "msg": "request failed", "code": "c", "trace_id": "t", "stack": "main.main", "scope": "s",
		}, lines[25])
		assert.Equal(t, store.LogStats{Accepted: 26, Fallback: 26, Retries: h.Stats().Retries}, h.Stats())

		retries := h.Stats().Retries // nobody waits for RetryFor again
		for range 40 {
			logger.Info("down")
		}
		flush(t, h)
		assert.Equal(t, retries, h.Stats().Retries)
		assert.Len(t, kept.lines(t), 66)

		var attempts atomic.Int32 // nor is the database asked all the time, but once in 5 s
		begun := time.Now()
		f.before.Store(new(func(context.Context, string) { attempts.Add(1) }))
		for range 40 {
			logger.Info("still down")
		}
		require.Eventually(t, func() bool { return h.Stats().Fallback == 106 }, soon, time.Millisecond)
		assert.LessOrEqual(t, attempts.Load(), int32(1+time.Since(begun)/(5*time.Second)))
		f.before.Store(nil)

		f.breakDown(nil)
		logger.Info("back")
		flush(t, h)
		assert.Equal(t, []string{"back"}, messages(logged(t, s, store.LogFilter{})))
		assertAccounted(t, h, 107)
		hours, err := s.Occurrences(t.Context(), nil, "c", time.Time{})
		require.NoError(t, err)
		require.Len(t, hours, 1, "what the fallback got is counted when the database is back")
		assert.Equal(t, 1, hours[0].Count)
	})
}

// A record that the database refuses costs itself only.
func TestRefusedRecord(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		f, s := newFaulty(t, d)
		f.wrong = "poison"
		kept := newShelf()
		h := newLog(t, s, store.LogOptions{Fallback: kept, FlushInterval: time.Hour})
		for i := range 100 {
			slog.New(h).Info(fmt.Sprint(i), "code", "c")
			if i == 37 || i == 38 || i == 99 {
				slog.New(h).Info("poison", "code", "c")
			}
		}
		flush(t, h)
		assert.Len(t, kept.lines(t), 3)
		assert.Equal(t, 100, d.count(t, "SELECT count(DISTINCT message) FROM polyfault_log"))
		assert.Equal(t, 100, d.count(t, "SELECT count(*) FROM polyfault_log"))
		slog.New(h).Info("poison", "code", "poison") // its count is refused as well
		slog.New(h).Info("fine")
		flush(t, h)
		slog.New(h).Info("fine")
		closeLog(t, h)
		assertAccounted(t, h, 106)
		assert.Equal(t, 103, d.count(t, "SELECT sum(count) FROM polyfault_occurrences"))
		assert.Zero(t, h.Stats().Retries)
	})
}

func TestCloseLog(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		kept := newShelf()
		h := newLog(t, s, store.LogOptions{Fallback: kept, FlushInterval: time.Hour, BatchSize: 100})
		derived := slog.New(h).With("a", 1)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 500 {
					derived.Info("x")
				}
			})
		}
		time.Sleep(time.Millisecond)
		closeLog(t, h) // while others log
		group.Wait()
		stats := h.Stats()
		assert.Equal(t, int(stats.Written), d.count(t, "SELECT count(*) FROM polyfault_log"))
		assert.Len(t, kept.lines(t), int(stats.Fallback))
		assert.Equal(t, uint64(4000), stats.Written+stats.Fallback)
		assert.Equal(t, stats.Accepted, stats.Written)
		derived.Error("after", "code", "c")
		lines := kept.lines(t)
		last := lines[len(lines)-1]
		delete(last, "time")
		assert.Equal(t, map[string]any{"level": "ERROR", "msg": "after", "code": "c", "a": float64(1)}, last)
		closeLog(t, h) // again
		flush(t, h)
		require.NoError(t, derived.Handler().(*store.LogHandler).Close(t.Context()))
	})
}

// Close ends while the database fails, and while it does not answer; nothing is lost.
func TestCloseDuringFailure(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		for _, hang := range []bool{false, true} {
			f, s := newFaulty(t, d)
			kept := newShelf()
			h := newLog(t, s, store.LogOptions{Fallback: kept, BatchSize: 10, RetryFor: time.Hour, FlushInterval: time.Millisecond})
			f.breakDown(errGone)
			f.hang.Store(hang)
			for range 100 {
				slog.New(h).Info("x")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			begun := time.Now()
			require.ErrorIs(t, h.Flush(ctx), context.DeadlineExceeded)
			require.ErrorIs(t, h.Close(ctx), context.DeadlineExceeded)
			cancel()
			assert.Less(t, time.Since(begun), soon)
			assert.Len(t, kept.lines(t), 100)
			assertAccounted(t, h, 100)
			closeLog(t, h)
			f.breakDown(nil)
			f.hang.Store(false)
		}
		// The whole pool is closed first: a mistake that loses nothing.
		db := d.connect(t)
		s := openStore(t, db, d.Dialect)
		kept := newShelf()
		h := newLog(t, s, store.LogOptions{Fallback: kept, RetryFor: 100 * time.Millisecond, FlushInterval: time.Hour})
		slog.New(h).Info("late")
		require.NoError(t, db.Close())
		closeLog(t, h)
		assert.Len(t, kept.lines(t), 1)
	})
}

// A fallback that fails, panics or does not want a record: that one is lost, and counted.
func TestFallbackFails(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	for name, fallback := range map[string]slog.Handler{
		"error":       slog.NewTextHandler(writer(func([]byte) (int, error) { return 0, io.ErrClosedPipe }), nil),
		"panic":       slog.NewTextHandler(writer(func([]byte) (int, error) { panic("fallback") }), nil),
		"not enabled": slog.DiscardHandler,
	} {
		h := newLog(t, s, store.LogOptions{Fallback: fallback})
		closeLog(t, h)
		slog.New(h).Info("x")
		assert.Equal(t, store.LogStats{Dropped: 1}, h.Stats(), name)
	}
}

// What a driver logs with the context of the statement goes to the fallback: writing it would cause the
// next one. So does what it logs without, as soon as it is recognised.
func TestRecursion(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		f, s := newFaulty(t, d)
		kept := newShelf()
		h := newLog(t, s, store.LogOptions{Fallback: kept, FlushInterval: time.Millisecond})
		logger := slog.New(h)
		f.before.Store(new(func(ctx context.Context, _ string) { logger.InfoContext(ctx, "driver") }))
		logger.Info("a")
		flush(t, h)
		time.Sleep(50 * time.Millisecond)
		assert.Equal(t, uint64(1), h.Stats().Accepted)
		assert.Len(t, kept.lines(t), 2, "one for each statement")
		assert.Equal(t, []string{"a"}, messages(logged(t, s, store.LogFilter{})))

		f.before.Store(new(func(context.Context, string) { logger.Info("careless") }))
		logger.Info("b")
		require.Eventually(t, func() bool { return h.Stats().Fallback > 2 && h.Stats().Queued == 0 }, soon, time.Millisecond)
		accepted := h.Stats().Accepted
		assert.Less(t, accepted, uint64(300))
		time.Sleep(50 * time.Millisecond)
		assert.Equal(t, accepted, h.Stats().Accepted, "the loop has ended")
		logger.Info("c")
		require.Eventually(t, func() bool { return h.Stats().Accepted > accepted+1 }, soon, time.Millisecond,
			"who logs for other reasons ends it")
		f.before.Store(nil)
		require.Eventually(t, func() bool { return h.Stats().Queued == 0 }, soon, time.Millisecond)
		accepted = h.Stats().Accepted
		logger.Info("d")
		flush(t, h)
		assert.Equal(t, accepted+1, h.Stats().Accepted, "others are heard")
	})
}

// Fallbacks that log through the handler again do not bring it down.
func TestFallbackRecursion(t *testing.T) {
	t.Parallel()
	f, s := newFaulty(t, newSQLite(t))
	var h *store.LogHandler
	calls := 0
	var mu sync.Mutex
	for name, again := range map[string]func(ctx context.Context){
		"with the context":    func(ctx context.Context) { slog.New(h).InfoContext(ctx, "again") },
		"without the context": func(context.Context) { slog.New(h).Info("again") },
	} {
		fallback := &calling{slog.DiscardHandler, func(ctx context.Context) {
			mu.Lock()
			calls++
			mu.Unlock()
			again(ctx)
		}}
		h = newLog(t, s, store.LogOptions{Fallback: fallback, RetryFor: time.Millisecond, FlushInterval: time.Millisecond})
		f.breakDown(errGone)
		slog.New(h).Info("a")
		require.Eventually(t, func() bool { return h.Stats().Fallback > 0 }, soon, time.Millisecond)
		require.Eventually(t, func() bool {
			before := h.Stats()
			time.Sleep(20 * time.Millisecond)
			return before == h.Stats()
		}, soon, time.Millisecond, name)
		closeLog(t, h)
		slog.New(h).Info("after")
		assert.Positive(t, h.Stats().Dropped, name)
		f.breakDown(nil)
	}
	assert.Less(t, calls, 5000)
	calls = 0
	fallback := &calling{slog.DiscardHandler, func(ctx context.Context) {
		calls++
		assert.NoError(t, ctx.Err())
		slog.New(h).InfoContext(ctx, "again")
	}}
	h = newLog(t, s, store.LogOptions{Fallback: fallback})
	closeLog(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	slog.New(h).InfoContext(ctx, "after, for a request that has ended")
	assert.Equal(t, 1, calls)
	assert.Equal(t, store.LogStats{Fallback: 1, Dropped: 1}, h.Stats())
}

// A driver that does not hear of the end of a context keeps nothing but its own attempt.
func TestDeafDriver(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	f, s := newFaulty(t, d)
	kept := newShelf()
	h := newLog(t, s, store.LogOptions{Fallback: kept, RetryFor: 20 * time.Millisecond, FlushInterval: time.Millisecond})
	release := make(chan struct{})
	var deaf atomic.Int32
	f.before.Store(new(func(context.Context, string) {
		if deaf.Add(1) == 1 {
			<-release
		}
	}))
	slog.New(h).Info("a", "code", "a")
	flush(t, h)
	require.Len(t, kept.lines(t), 1)
	slog.New(h).Info("b", "code", "b") // SQLite's lock is still held
	flush(t, h)
	close(release)
	require.Eventually(t, func() bool {
		slog.New(h).Info("c", "code", "c")
		flush(t, h)
		return h.Stats().Written > 0
	}, soon, 10*time.Millisecond)
	assert.Equal(t, "c", logged(t, s, store.LogFilter{PageSize: 1})[0].Message)
}

type calling struct {
	slog.Handler
	call func(ctx context.Context)
}

func (c *calling) Enabled(context.Context, slog.Level) bool { return true }
func (c *calling) Handle(ctx context.Context, _ slog.Record) error {
	c.call(ctx)
	return nil
}

// Connections are killed all the time, in the middle of batches and commits: each record is written
// once.
func TestKilledWriters(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	handlers := []*store.LogHandler{}
	for _, s := range []*store.Store{d.open(t), d.other(t)} {
		handlers = append(handlers, newLog(t, s, store.LogOptions{
			BatchSize: 64, QueueSize: 10_000, FlushInterval: time.Millisecond, RetryFor: time.Minute,
		}))
	}
	ctx, stop := context.WithCancel(t.Context())
	var killer, group sync.WaitGroup
	killer.Go(func() { killConnections(ctx, t, d) })
	const each = 4000
	for n, h := range handlers {
		group.Go(func() {
			for i := range each {
				slog.New(h).Error(fmt.Sprint(n, "-", i), "code", "c")
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
		closeLog(t, h)
		assert.Equal(t, store.LogStats{Accepted: each, Written: each, Retries: h.Stats().Retries}, h.Stats())
	}
	assert.Equal(t, 2*each, d.count(t, "SELECT count(*) FROM polyfault_log"))
	assert.Equal(t, 2*each, d.count(t, "SELECT count(DISTINCT message) FROM polyfault_log"))
	assert.Equal(t, 2*each, d.count(t, "SELECT sum(count) FROM polyfault_occurrences"))
}

// A commit that happened, and whose answer was lost, is not repeated.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	lossy := &lossyConnector{faulty: &faulty{Connector: d.connector(t)}}
	db := sql.OpenDB(lossy)
	t.Cleanup(func() { _ = db.Close() })
	s := openStore(t, db, d.Dialect)
	h := newLog(t, s, store.LogOptions{Deduplicate: true})
	for range 5 {
		lossy.lose.Store(2)
		slog.New(h).Info("once", "code", "c")
		flush(t, h)
		assert.LessOrEqual(t, lossy.lose.Load(), int32(0))
	}
	assert.Equal(t, uint64(10), h.Stats().Retries)
	assert.Equal(t, 5, d.count(t, "SELECT sum(repeats) FROM polyfault_log"))
	assert.Equal(t, 5, d.count(t, "SELECT sum(count) FROM polyfault_occurrences"))
}

type lossyConnector struct {
	*faulty
	lose atomic.Int32 // answers to commits
}

func (l *lossyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := l.faulty.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &lossyConn{conn.(*faultyConn), l}, nil
}

type lossyConn struct {
	*faultyConn
	l *lossyConnector
}

func (c *lossyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.faultyConn.BeginTx(ctx, o)
	return &lossyTx{tx, c.l}, err
}

type lossyTx struct {
	driver.Tx
	l *lossyConnector
}

func (tx *lossyTx) Commit() error {
	if err := tx.Tx.Commit(); err != nil {
		return err
	}
	if tx.l.lose.Add(-1) >= 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}
