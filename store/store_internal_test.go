package store

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// openFake is a database with one connection.
func openFake(t *testing.T) (*fakeDatabase, *sql.DB) {
	t.Helper()
	d := &fakeDatabase{}
	db := sql.OpenDB(d)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return d, db
}

// No statement begins after the caller's context has ended, and what began is rolled back at once; also
// when f fails or panics. The connection is good for the next one.
func TestTransactionsAreRolledBack(t *testing.T) {
	t.Parallel()
	for dialect, begin := range map[Dialect][]string{SQLite: {"BEGIN IMMEDIATE"}, PostgreSQL: {"BEGIN", "SET LOCAL lock_timeout = '1s'"}} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { checkRollback(t, dialect, begin) })
		})
	}
}

func checkRollback(t *testing.T, dialect Dialect, begin []string) {
	d, db := openFake(t)
	s := &Store{db: db, dialect: dialect}
	begun := time.Now()
	add := func(ctx context.Context, tx querier) error {
		_, err := tx.ExecContext(ctx, fakeAdd, 10)
		return err
	}
	rolledBack := append(slices.Clone(begin), fakeAdd, "ROLLBACK")

	ctx, cancel := context.WithCancel(t.Context())
	assert.ErrorIs(t, s.transact(ctx, "testing", func(ctx context.Context, tx querier) error {
		assert.NoError(t, add(ctx, tx))
		cancel()
		assert.ErrorIs(t, add(ctx, tx), context.Canceled)
		return nil
	}), context.Canceled)
	assert.Equal(t, rolledBack, d.take())

	assert.ErrorIs(t, s.transact(t.Context(), "testing", func(ctx context.Context, tx querier) error {
		assert.NoError(t, add(ctx, tx))
		return ErrExists
	}), ErrExists)
	assert.Equal(t, rolledBack, d.take())

	assert.PanicsWithValue(t, "f", func() {
		_ = s.transact(t.Context(), "testing", func(ctx context.Context, tx querier) error {
			assert.NoError(t, add(ctx, tx))
			panic("f")
		})
	})
	assert.Equal(t, rolledBack, d.take())
	assert.Zero(t, d.count())

	require.NoError(t, s.transact(t.Context(), "testing", add))
	assert.Equal(t, append(slices.Clone(begin), fakeAdd, "COMMIT"), d.take())
	assert.Equal(t, int64(10), d.count())
	assert.Zero(t, time.Since(begun), "something waited for a timeout")
}

// The counter is read once in each interval, and the records only when it has changed.
func TestPollInterval(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options  []Option
		interval time.Duration
	}{
		"default": {nil, 5 * time.Second},
		"short":   {[]Option{WithPollInterval(time.Millisecond)}, time.Millisecond},
		"long":    {[]Option{WithPollInterval(time.Hour)}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const counter, records = "SELECT counter FROM polyfault_changes", "SELECT " + recordColumns + " FROM polyfault_errors ORDER BY id"
				d, db := openFake(t)
				s, err := Open(t.Context(), db, PostgreSQL, c.options...)
				require.NoError(t, err)
				d.take()
				time.Sleep(10*c.interval + c.interval/2)
				assert.Equal(t, slices.Repeat([]string{counter}, 10), d.take())
				require.NoError(t, s.transact(t.Context(), "testing", func(ctx context.Context, tx querier) error {
					_, err := tx.ExecContext(ctx, fakeAdd, 1)
					return err
				}))
				d.take()
				time.Sleep(2 * c.interval)
				assert.Equal(t, []string{counter, records, counter}, d.take())
				require.NoError(t, s.Close(t.Context()))
				time.Sleep(2 * c.interval)
				assert.Empty(t, d.take())
			})
		})
	}
}

// Nobody waits for ever: who logs into a full queue with Block gives up, and Close does not wait for a
// driver that hears of the end.
func TestBlockGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, db := openFake(t)
		fallback := slog.NewTextHandler(io.Discard, nil) //nolint:sloglint // slog.DiscardHandler takes no record
		h, err := NewLogHandler(&Store{db: db, dialect: SQLite, clock: time.Now},
			LogOptions{QueueSize: 1, BatchSize: 1, WhenFull: Block, RetryFor: time.Hour, Fallback: fallback})
		require.NoError(t, err)
		logger := slog.New(h)
		d.hang.Store(true)
		logger.Info("the writer has it")
		synctest.Wait()
		logger.Info("fills the queue")
		begun := time.Now()
		logger.Info("gives up")
		assert.Equal(t, blockPatience, time.Since(begun))
		assert.Equal(t, LogStats{Accepted: 2, Queued: 2, Dropped: 1}, h.Stats())

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begun = time.Now()
		require.ErrorIs(t, h.Close(ctx), context.Canceled)
		assert.Zero(t, time.Since(begun))
		assert.Equal(t, LogStats{Accepted: 2, Fallback: 2, Dropped: 1}, h.Stats())
	})
}
