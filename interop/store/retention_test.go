package store_test

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

func TestPurge(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		now := logStart.Add(3000 * time.Second)
		s := d.open(t, store.WithClock(func() time.Time { return now }))
		fillLog(t, d, 3000, "i = 0") // one a second, the last one is now
		d.exec(t, fmt.Sprintf("INSERT INTO polyfault_occurrences (code, scope, hour, count, last_seen) VALUES ('old', '', %d, 1, 0), ('young', '', %d, 1, 0)",
			now.Add(-401*24*time.Hour).UnixMicro(), now.Add(-399*24*time.Hour).UnixMicro()))
		d.exec(t, fmt.Sprintf("INSERT INTO polyfault_writers (writer, batch, seen) VALUES ('old', 1, %d), ('young', 1, %d)",
			now.Add(-8*24*time.Hour).UnixMicro(), now.Add(-6*24*time.Hour).UnixMicro()))
		for _, c := range []struct {
			age                   time.Duration
			rows                  int
			deleted, left, oldest int
		}{
			{0, 0, 0, 3000, 1},
			{time.Hour, 3000, 0, 3000, 1},
			{2500 * time.Second, 0, 499, 2501, 500},
			{0, 2501, 0, 2501, 500},
			{0, 2500, 1, 2500, 501},
			{2000 * time.Second, 1000, 1500, 1000, 2001},
			{500 * time.Second, 5000, 499, 501, 2500},
			{time.Nanosecond, 1, 500, 1, 3000},
		} {
			deleted, err := s.Purge(t.Context(), c.age, c.rows)
			require.NoError(t, err)
			assert.Equal(t, int64(c.deleted), deleted, "%+v", c)
			assert.Equal(t, c.left, d.count(t, "SELECT count(*) FROM polyfault_log"), "%+v", c)
			assert.Equal(t, c.oldest, d.count(t, "SELECT min(id) FROM polyfault_log"), "%+v", c)
		}
		assert.Equal(t, 1, d.count(t, "SELECT count(*) FROM polyfault_occurrences WHERE code = 'young'"))
		assert.Equal(t, 1, d.count(t, "SELECT count(*) FROM polyfault_occurrences"))
		assert.Equal(t, 1, d.count(t, "SELECT count(*) FROM polyfault_writers"))
		_, err := s.Purge(t.Context(), -1, 0)
		require.Error(t, err)
		_, err = s.Purge(t.Context(), 0, -1)
		require.Error(t, err)
	})
}

// Two instances purge while a third one writes.
func TestPurgeTogether(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s, other := d.open(t), d.other(t)
		fillLog(t, d, 5000, "i = 0")
		h := newLog(t, s, store.LogOptions{FlushInterval: time.Millisecond})
		var group sync.WaitGroup
		for _, s := range []*store.Store{s, other} {
			group.Go(func() {
				_, err := s.Purge(t.Context(), 0, 100)
				assert.NoError(t, err)
			})
		}
		for range 50 {
			slog.New(h).Info("new")
			time.Sleep(time.Millisecond)
		}
		group.Wait()
		flush(t, h)
		_, err := s.Purge(t.Context(), 0, 100)
		require.NoError(t, err)
		assert.Equal(t, 100, d.count(t, "SELECT count(*) FROM polyfault_log"))
		assert.Equal(t, 50, d.count(t, "SELECT count(*) FROM polyfault_log WHERE message = 'new'"))
	})
}

// A handler with limits cleans up by itself, and stops with Close.
func TestHandlerCleans(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	s := d.open(t)
	fillLog(t, d, 100, "i = 0")
	h := newLog(t, s, store.LogOptions{MaxRows: 10, CleanInterval: 5 * time.Millisecond})
	require.Eventually(t, func() bool { return d.count(t, "SELECT count(*) FROM polyfault_log") == 10 }, soon, time.Millisecond)
	fillLog(t, d, 100, "i = 0")
	require.Eventually(t, func() bool { return d.count(t, "SELECT count(*) FROM polyfault_log") == 10 }, soon, time.Millisecond)
	closeLog(t, h)
	fillLog(t, d, 100, "i = 0")
	time.Sleep(30 * time.Millisecond)
	assert.Equal(t, 110, d.count(t, "SELECT count(*) FROM polyfault_log"))
	old := newLog(t, s, store.LogOptions{MaxAge: time.Hour, CleanInterval: 5 * time.Millisecond})
	d.exec(t, "UPDATE polyfault_log SET created = 0, last_seen = 0")
	require.Eventually(t, func() bool { return d.count(t, "SELECT count(*) FROM polyfault_log") == 0 }, soon, time.Millisecond)
	closeLog(t, old)
}

// A storm of one error costs a row, and a counter.
func TestDeduplicate(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s, other := d.open(t), d.other(t)
		handlers := []*store.LogHandler{}
		for _, s := range []*store.Store{s, other} {
			handlers = append(handlers, newLog(t, s, store.LogOptions{
				Deduplicate: true, FlushInterval: time.Millisecond, BatchSize: 50, QueueSize: 100_000,
			}))
		}
		var group sync.WaitGroup
		for n, h := range handlers {
			group.Go(func() {
				for i := range 3000 {
					r := slog.NewRecord(logStart.Add(time.Duration(i)*time.Second), slog.LevelError, "storm", 0) // 50 minutes
					r.Add("code", fmt.Sprint("c", i%3), "first", n)
					assert.NoError(t, h.Handle(t.Context(), r))
				}
			})
		}
		group.Wait()
		for _, h := range handlers {
			flush(t, h)
			assert.Equal(t, uint64(3000), h.Stats().Written)
		}
		records := logged(t, s, store.LogFilter{})
		require.Len(t, records, 3)
		for _, r := range records {
			assert.Equal(t, 2000, r.Repeats)
			assert.WithinDuration(t, logStart.Add(2999*time.Second), r.LastSeen, 2*time.Second)
			assert.WithinDuration(t, logStart, r.Created, 2*time.Minute)
		}
		hours, err := s.Occurrences(t.Context(), nil, "c1", time.Time{})
		require.NoError(t, err)
		assert.Equal(t, []store.HourCount{{Hour: logStart, Count: 2000}}, hours)

		h := handlers[0]
		before := len(records)
		for i, c := range []struct {
			line line
			same int // lines after which there is a row more
		}{
			{line{0, slog.LevelError, "storm", []any{"code", "c9"}}, 1},
			{line{0, slog.LevelError, "storm", []any{"code", "c9", "scope", "s"}}, 1},
			{line{0, slog.LevelWarn, "storm", []any{"code", "c9"}}, 0}, // the level of a code is not its identity
			{line{0, slog.LevelError, "Storm", []any{"code", "c9"}}, 1},
			{line{60, slog.LevelError, "storm", []any{"code", "c9"}}, 0}, // nor is the hour
			{line{-100_000, slog.LevelError, "storm", []any{"code", "c9"}}, 0},
			{line{0, slog.LevelError, "m", []any{"code", "ab", "scope", "c"}}, 1},
			{line{0, slog.LevelError, "m", []any{"code", "a", "scope", "bc"}}, 1},
			{line{0, slog.LevelError, "cm", []any{"code", "a", "scope", "b"}}, 1},
			{line{0, slog.LevelError, "no code", nil}, 1},
			{line{0, slog.LevelWarn, "no code", nil}, 1}, // without a code the level is
		} {
			write(t, h, c.line, c.line)
			before += c.same
			assert.Len(t, logged(t, s, store.LogFilter{}), before, "%d %+v", i, c.line)
		}
		r := logged(t, s, store.LogFilter{Code: "c9", Search: "storm"})
		require.Len(t, r, 3)
		one := r[slices.IndexFunc(r, func(r store.LogRecord) bool { return r.Message == "storm" && r.Scope == "" })]
		assert.Equal(t, 8, one.Repeats)
		assert.Equal(t, logStart.Add(time.Hour), one.LastSeen)
		assert.Equal(t, slog.LevelError, one.Level, "the highest")
		own, err := s.LogHours(t.Context(), one.ID)
		require.NoError(t, err)
		assert.Equal(t, []store.HourCount{
			{Hour: logStart.Add(-100_000 * time.Minute).Truncate(time.Hour), Count: 2}, {Hour: logStart, Count: 4},
			{Hour: logStart.Add(time.Hour), Count: 2},
		}, own)

		plain := newLog(t, s, store.LogOptions{})
		write(t, plain, line{0, slog.LevelError, "storm", []any{"code", "c9"}}, line{0, slog.LevelError, "storm", []any{"code", "c9"}})
		assert.Len(t, logged(t, s, store.LogFilter{}), before+2, "without deduplication each one is a row")
		assert.Len(t, logged(t, s, store.LogFilter{Fingerprint: one.Fingerprint}), 3, "of the same fingerprint")
	})
}

func TestOccurrences(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		empty, err := s.Occurrences(t.Context(), nil, "c", time.Time{})
		require.NoError(t, err)
		assert.Equal(t, []store.HourCount{}, empty)
		counts, err := s.OccurrenceCounts(t.Context(), time.Time{})
		require.NoError(t, err)
		assert.NotNil(t, counts)
		assert.Empty(t, counts)
		h, other := newLog(t, s, store.LogOptions{}), newLog(t, d.other(t), store.LogOptions{Scope: "s"})
		c := []any{"code", "c"}
		write(t, h, line{0, 0, "", c}, line{59, 0, "", c}, line{60, 0, "", c}, line{-1, 0, "", c},
			line{0, 0, "", []any{"code", "d"}}, line{0, 0, "", nil}, line{130, 0, "", c})
		write(t, other, line{61, 0, "", c}, line{-61, 0, "", c})
		write(t, h, line{129, 0, "", []any{"code", "c"}}) // it comes late
		at := func(hours int) time.Time { return logStart.Add(time.Duration(hours) * time.Hour) }
		in := func(hours, count int) store.HourCount { return store.HourCount{Hour: at(hours), Count: count} }
		for _, x := range []struct {
			scope *string
			code  string
			since time.Time
			want  []store.HourCount
		}{
			{nil, "c", time.Time{}, []store.HourCount{in(-2, 1), in(-1, 1), in(0, 2), in(1, 2), in(2, 2)}},
			{nil, "c", at(1).Add(59 * time.Minute), []store.HourCount{in(1, 2), in(2, 2)}},
			{new(""), "c", at(0), []store.HourCount{in(0, 2), in(1, 1), in(2, 2)}},
			{new("s"), "c", time.Time{}, []store.HourCount{in(-2, 1), in(1, 1)}},
			{nil, "d", time.Time{}, []store.HourCount{in(0, 1)}},
			{nil, "", time.Time{}, []store.HourCount{}},
			{nil, "' OR 1=1 --\x00", time.Time{}, []store.HourCount{}},
		} {
			got, err := s.Occurrences(t.Context(), x.scope, x.code, x.since)
			require.NoError(t, err)
			assert.Equal(t, x.want, got)
		}
		counts, err = s.OccurrenceCounts(t.Context(), at(0))
		require.NoError(t, err)
		assert.Equal(t, map[store.OccurrenceKey]store.OccurrenceSummary{
			{Code: "c"}:             {Count: 5, LastSeen: logStart.Add(130 * time.Minute), Hours: []store.HourCount{in(0, 2), in(1, 1), in(2, 2)}},
			{Code: "c", Scope: "s"}: {Count: 1, LastSeen: logStart.Add(61 * time.Minute), Hours: []store.HourCount{in(1, 1)}},
			{Code: "d"}:             {Count: 1, LastSeen: logStart, Hours: []store.HourCount{in(0, 1)}},
		}, counts)
	})
}

// Before 1970 hours begin where they begin.
func TestHoursBefore1970(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	h := newLog(t, s, store.LogOptions{Fallback: slog.DiscardHandler})
	r := slog.NewRecord(time.Date(1969, 12, 31, 22, 30, 0, 0, time.UTC), 0, "", 0)
	r.Add("code", "c")
	require.NoError(t, h.Handle(t.Context(), r))
	flush(t, h)
	hours, err := s.Occurrences(t.Context(), nil, "c", time.Time{})
	require.NoError(t, err)
	assert.Equal(t, []store.HourCount{{Hour: time.Date(1969, 12, 31, 22, 0, 0, 0, time.UTC), Count: 1}}, hours)
}
