package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// soon is how long tests wait for what happens within milliseconds; what takes longer than hang never ends.
const (
	soon = 20 * time.Second
	hang = 2 * time.Minute
)

// eventually waits until f holds.
func eventually(t *testing.T, f func() bool, because string) {
	t.Helper()
	for end := time.Now().Add(soon); !f(); time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(end), because)
	}
}

// Whatever polls find at the same time, and others write: a store never answers with less than it has
// written itself.
func TestOwnWritesAreNeverStale(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		stores := []*store.Store{
			d.open(t, store.WithPollInterval(100*time.Microsecond)),
			d.other(t, store.WithPollInterval(100*time.Microsecond)),
		}
		var group sync.WaitGroup
		for i := range 4 {
			s := stores[i%2]
			r := save(t, s, "own", store.Entry{Name: fmt.Sprint(i)})[0]
			group.Go(func() {
				for n := range 40 {
					written, err := s.Update(t.Context(), r.ID, 0, store.Entry{Title: new(fmt.Sprint(n)), ExitCode: new(1 + 4*(n%2) + i)})
					if !assert.NoError(t, err) {
						return
					}
					for range 50 {
						got, err := s.Get(t.Context(), r.ID)
						byCode, _ := s.GetExitCode(t.Context(), "own", written.ExitCode)
						byName, _ := s.GetNamed(t.Context(), "own", r.Name)
						if !assert.NoError(t, err) || !assert.Equal(t, []store.Record{written, written, written}, []store.Record{got, byCode, byName}) {
							return
						}
					}
				}
			})
		}
		group.Wait()
	})
}

// Of several writers of one record the last one wins in memory as in the database, in whichever order
// their calls return.
func TestWritersOfOneRecord(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t, store.WithPollInterval(time.Hour))
		r := save(t, s, "", store.Entry{Name: "a"})[0]
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for n := range 25 {
					written, err := s.Update(t.Context(), r.ID, 0, store.Entry{Title: new(fmt.Sprint(i, n))})
					if !assert.NoError(t, err) {
						return
					}
					got, err := s.Get(t.Context(), r.ID)
					if !assert.NoError(t, err) || !assert.GreaterOrEqual(t, got.Version, written.Version) {
						return
					}
				}
			})
		}
		group.Wait()
		assert.Equal(t, get(t, d.other(t), r.ID), get(t, s, r.ID))
	})
}

// Records that exchange their exit codes are found by the new ones at once, whichever is older.
func TestExchangedExitCodes(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		save(t, s, "job", store.Entry{Name: "a", ExitCode: new(1)}, store.Entry{Name: "b", ExitCode: new(2)})
		for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
			codes := map[string]int{"a": 3 - named(t, s, "job", "a").ExitCode, "b": 3 - named(t, s, "job", "b").ExitCode}
			save(t, s, "job", store.Entry{Name: order[0], ExitCode: new(codes[order[0]])},
				store.Entry{Name: order[1], ExitCode: new(codes[order[1]])})
			for name, code := range codes {
				r, err := s.GetExitCode(t.Context(), "job", code)
				require.NoError(t, err)
				assert.Equal(t, name, r.Name)
			}
		}
	})
}

// What another instance has written is seen by a poll, be the clocks apart by years, and also when both
// have written in between. When polls happen, store's own tests say.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		ahead, behind := newClock(), newClock()
		ahead.move(5 * 365 * 24 * time.Hour)
		a := d.open(t, store.WithPollInterval(20*time.Millisecond), store.WithClock(ahead.now))
		b := d.other(t, store.WithPollInterval(20*time.Millisecond), store.WithClock(behind.now))
		r := save(t, a, "", entry("a", "0", ""))[0]
		mine := save(t, b, "", entry("b", "0", ""))[0]
		for i := range 6 {
			writer, reader := a, b
			if i%2 == 1 {
				writer, reader = b, a
			}
			want := save(t, writer, "", entry("a", strings.Repeat("x", i+1), ""))[0]
			save(t, reader, "", entry("b", fmt.Sprint(i), "")) // its own write must not hide the other’s
			eventually(t, func() bool { return get(t, reader, r.ID).Title == want.Title }, "the other instance never sees the write")
			assert.Equal(t, want, get(t, reader, r.ID))
			eventually(t, func() bool { return get(t, writer, mine.ID).Title == fmt.Sprint(i) }, "nor the other way round")
		}
		assert.Equal(t, r.LastModified, get(t, b, r.ID).LastModified, "the time of the last change is not before the one before")
	})
}

// A record that another instance has just made is found by id and by name before any poll.
func TestNewRecordsOfOthersAreFound(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		a, b := d.open(t, store.WithPollInterval(time.Hour)), d.other(t, store.WithPollInterval(time.Hour))
		first := save(t, a, "job", store.Entry{Name: "First", ExitCode: new(7)})[0]
		assert.Equal(t, first, get(t, b, first.ID))
		second := save(t, a, "job", store.Entry{Name: "second"})[0]
		assert.Equal(t, second, named(t, b, "job", "SECOND"))
		r, err := b.GetExitCode(t.Context(), "job", 7)
		require.NoError(t, err)
		assert.Equal(t, first, r)

		changed, err := a.Update(t.Context(), first.ID, first.Version, store.Entry{Title: new("new")})
		require.NoError(t, err)
		_, err = b.Update(t.Context(), first.ID, first.Version, store.Entry{Title: new("lost")})
		require.ErrorIs(t, err, store.ErrConflict)
		assert.Equal(t, changed, get(t, b, first.ID), "who is told of a conflict reads what it is with")
	})
}

// A store whose write finds that others have written does not wait for the next poll.
func TestWriteFindsOthers(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		a, b := d.open(t, store.WithPollInterval(time.Hour)), d.other(t, store.WithPollInterval(time.Hour))
		r := save(t, a, "", entry("a", "old", ""))[0]
		require.Equal(t, r, get(t, b, r.ID))
		save(t, a, "", entry("a", "new", ""))
		save(t, b, "", store.Entry{Name: "b"})
		eventually(t, func() bool { return get(t, b, r.ID).Title == "new" }, "the write did not look for others")
	})
}

// What hands outside of the program do to the tables is seen when they say so, deletions and a backup
// of old included.
func TestForeignHands(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t, store.WithPollInterval(time.Millisecond))
		r := save(t, s, "", entry("a", "t", ""), store.Entry{Name: "b"})
		save(t, s, "", entry("a", "newest", ""))
		d.exec(t, "DELETE FROM polyfault_errors WHERE name = 'b'")
		d.exec(t, "UPDATE polyfault_errors SET title = 'restored', version = 1")
		d.exec(t, "UPDATE polyfault_changes SET counter = -1") // lower, and none that a load under way may have seen
		eventually(t, func() bool { return get(t, s, r[0].ID).Title == "restored" }, "the backup is not read")
		_, err := s.Get(t.Context(), r[1].ID)
		assert.ErrorIs(t, err, store.ErrNotFound)
	})
}

// listenPGX is the listener of the example.
func listenPGX(url string) func(ctx context.Context, changed func()) error {
	return func(ctx context.Context, changed func()) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		if _, err := conn.Exec(ctx, "LISTEN "+store.Channel); err != nil {
			return err
		}
		for {
			changed()
			if _, err := conn.WaitForNotification(ctx); err != nil {
				return err
			}
		}
	}
}

// With LISTEN a write of another instance is seen long before the poll, also after the connection of
// the listener was killed.
func TestListener(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	var out lines
	a := d.open(t)
	b := d.other(t, store.WithPollInterval(time.Hour), store.WithListener(listenPGX(d.DSN)),
		store.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
	r := save(t, a, "", store.Entry{Name: "a"})[0]
	for i := range 5 {
		if i == 3 {
			d.exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND application_name = current_setting('application_name')")
		}
		title := fmt.Sprint(i)
		save(t, a, "", entry("a", title, ""))
		eventually(t, func() bool { return get(t, b, r.ID).Title == title }, "no notification")
	}
	assert.Equal(t, 1, strings.Count(out.String(), "the listener has stopped"))
}

// A listener that returns or panics is started again; without an end of the pauses in sight it would
// burn the processor.
func TestListenerIsStartedAgain(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	var out lines
	s := newSQLite(t).open(t, store.WithPollInterval(time.Hour), store.WithLogger(slog.New(slog.NewTextHandler(&out, nil))),
		store.WithListener(func(ctx context.Context, _ func()) error {
			switch runs.Add(1) {
			case 1:
				return errors.New("first")
			case 2:
				panic("second")
			}
			<-ctx.Done()
			return ctx.Err()
		}))
	eventually(t, func() bool { return runs.Load() == 3 }, "it is not started again")
	require.NoError(t, s.Close(t.Context()))
	assert.Equal(t, 2, strings.Count(out.String(), "the listener has stopped"), "the end of the store is no trouble")
	assert.Contains(t, out.String(), "error=first")
	assert.Contains(t, out.String(), "panicked: second")
}

// lines is a log that goroutines write.
type lines struct {
	sync.Mutex
	strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.Builder.Write(p)
}

func (l *lines) String() string {
	l.Lock()
	defer l.Unlock()
	return l.Builder.String()
}

// While the database fails the store answers from memory and says so once; afterwards it catches up.
func TestPollFails(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		var out lines
		s := d.open(t, store.WithPollInterval(time.Millisecond), store.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
		r := save(t, s, "", entry("a", "old", ""))[0]
		d.exec(t, "ALTER TABLE polyfault_changes RENAME TO gone")
		eventually(t, func() bool { return strings.Contains(out.String(), "may be stale") }, "nothing is said")
		time.Sleep(20 * time.Millisecond) // some more polls fail
		assert.Equal(t, r, get(t, s, r.ID))
		assert.Equal(t, 1, strings.Count(out.String(), "\n"), "it is said once: %s", out.String())
		d.exec(t, "ALTER TABLE gone RENAME TO polyfault_changes")
		eventually(t, func() bool { return strings.Contains(out.String(), "up to date again") }, "the end is not said")
		save(t, d.other(t), "", entry("a", "new", ""))
		eventually(t, func() bool { return get(t, s, r.ID).Title == "new" }, "it does not catch up")
		require.NoError(t, s.Close(t.Context()))
		assert.Equal(t, 2, strings.Count(out.String(), "\n"))
	})
}

// While nobody writes, a poll reads the counter and nothing else.
func TestPollIsCheap(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		var out lines
		s := d.open(t, store.WithPollInterval(time.Millisecond), store.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
		require.NoError(t, s.SyncKinds(t.Context()))
		d.exec(t, "ALTER TABLE polyfault_errors RENAME TO gone")
		time.Sleep(100 * time.Millisecond) // many polls
		assert.Empty(t, out.String())
	})
}

// A reader never sees half of what one Save wrote.
func TestSnapshotsAreWhole(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		a, b := d.open(t), d.other(t, store.WithPollInterval(time.Millisecond))
		save(t, a, "", entry("a", "", ""), entry("b", "", ""))
		eventually(t, func() bool { return b.Unknown().Builtin && named(t, b, "", "b").ID > 0 }, "no start")
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 40 {
				_, err := a.Save(t.Context(), "", []store.Entry{entry("a", fmt.Sprint(i), ""), entry("b", fmt.Sprint(i), "")})
				assert.NoError(t, err)
			}
		}()
		for last := int64(0); ; {
			select {
			case <-done:
				return
			default:
			}
			first := named(t, b, "", "a")
			second := named(t, b, "", "b") // read later: never older
			require.GreaterOrEqual(t, second.Version, first.Version)
			require.GreaterOrEqual(t, first.Version, last, "time runs backwards")
			last = first.Version
		}
	})
}
