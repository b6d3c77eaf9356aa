package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// A LogOccurrence is one record of a row of the log.
type LogOccurrence struct {
	TraceID string    `json:"trace_id"`
	Time    time.Time `json:"time"` // the record's own, UTC
	Path    string    `json:"path"` // of the attribute "path"
	Host    string    `json:"host"`
}

// LogOccurrences returns the latest occurrences of the row, the newest first and never nil: as many as
// [LogOptions].Recent says. A row that was written without deduplication is its own and only one. The error is
// [ErrNotFound] when there is no such row.
func (s *Store) LogOccurrences(ctx context.Context, id int64) (list []LogOccurrence, err error) {
	r, err := s.Log(ctx, id)
	if err != nil {
		return nil, err
	}
	query := s.q("SELECT trace_id, path, host, created FROM polyfault_log_recent WHERE log_id = ? ORDER BY created DESC, slot DESC")
	err = s.read(ctx, "reading occurrences", func(ctx context.Context, db querier) error {
		list = []LogOccurrence{}
		return eachRow(ctx, db, query, []any{id}, func(row scanner) error {
			var o LogOccurrence
			var created int64
			err := row.Scan(&o.TraceID, &o.Path, &o.Host, &created)
			o.Time = fromMicros(created)
			list = append(list, o)
			return err
		})
	})
	if err == nil && len(list) == 0 {
		list = append(list, onlyOccurrence(&r))
	}
	return list, err
}

// latest returns the latest occurrences of the rows together that have a trace id, the newest first: at most limit.
func (s *Store) latest(ctx context.Context, rows []LogRecord, limit int) (list []LogOccurrence, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	args := make([]any, 0, len(rows)+1)
	for i := range rows {
		args = append(args, rows[i].ID)
	}
	args = append(args, limit)
	query := s.q("SELECT log_id, trace_id, path, host, created FROM polyfault_log_recent WHERE log_id IN (" + placeholders(len(rows)) +
		") AND trace_id <> '' ORDER BY created DESC, log_id, slot DESC LIMIT ?")
	err = s.read(ctx, "reading occurrences", func(ctx context.Context, db querier) error {
		list = nil
		known := map[int64]bool{}
		err := eachRow(ctx, db, query, args, func(row scanner) error {
			var o LogOccurrence
			var id, created int64
			err := row.Scan(&id, &o.TraceID, &o.Path, &o.Host, &created)
			o.Time, known[id] = fromMicros(created), true
			list = append(list, o)
			return err
		})
		for i := range rows { // those written without deduplication have only their own; of others it is the first, the oldest
			if r := &rows[i]; r.TraceID != "" && !known[r.ID] {
				list = append(list, onlyOccurrence(r))
			}
		}
		return err
	})
	slices.SortStableFunc(list, func(a, b LogOccurrence) int { return b.Time.Compare(a.Time) })
	return list[:min(limit, len(list))], err
}

// onlyOccurrence is that of a row that was written without deduplication.
func onlyOccurrence(r *LogRecord) LogOccurrence {
	return LogOccurrence{TraceID: r.TraceID, Time: r.Created, Path: pathIn(r.Attributes), Host: r.Host}
}

// LogHours returns how often the row occurred in which hour, the oldest first and never nil; hours without any are
// left out. A row that was written without deduplication has one. Counts are kept for 400 days. The error is
// [ErrNotFound] when there is no such row.
func (s *Store) LogHours(ctx context.Context, id int64) (hours []HourCount, err error) {
	r, err := s.Log(ctx, id)
	if err != nil {
		return nil, err
	}
	query := s.q("SELECT hour, count FROM polyfault_log_hours WHERE log_id = ? ORDER BY hour")
	err = s.read(ctx, "reading occurrences", func(ctx context.Context, db querier) error {
		hours = []HourCount{}
		return eachRow(ctx, db, query, []any{id}, func(row scanner) error {
			var hour int64
			var h HourCount
			err := row.Scan(&hour, &h.Count)
			h.Hour = fromMicros(hour)
			hours = append(hours, h)
			return err
		})
	})
	if err == nil && len(hours) == 0 {
		hours = append(hours, HourCount{fromMicros(hourOf(toMicros(r.Created))), r.Repeats})
	}
	return hours, err
}

// eachRow scans what the query finds.
func eachRow(ctx context.Context, db querier, query string, args []any, scan func(scanner) error) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// SetLogState says what is to become of the row. version is that of the row as the caller knows it; 0 means any.
// When the state has changed since, also because it happened again, nothing happens and the error is
// [ErrConflict]. The error is [ErrNotFound] when there is no such row, and a [*FieldError] when there is no such state.
func (s *Store) SetLogState(ctx context.Context, id, version int64, state LogState) (r LogRecord, err error) {
	if err := checkState(state, false).inField("state"); err != nil {
		return LogRecord{}, err
	}
	number := 0
	for i, known := range logStates {
		if known == state {
			number = i
		}
	}
	query := "SELECT " + logColumns + " FROM polyfault_log WHERE id = ?"
	if s.dialect == PostgreSQL {
		query += " FOR UPDATE"
	}
	err = s.transact(ctx, "changing the log", func(ctx context.Context, tx querier) error {
		r, err = scanLog(tx.QueryRowContext(ctx, s.q(query), id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case version != 0 && version != r.Version:
			return ErrConflict
		case r.State == state:
			return nil
		}
		r.State, r.Version = state, r.Version+1
		_, err = tx.ExecContext(ctx, s.q("UPDATE polyfault_log SET state = ?, version = ?, triaged = ? WHERE id = ?"),
			number, r.Version, clampedMicros(s.now()), id)
		return err
	})
	if err != nil {
		return LogRecord{}, err
	}
	return r, nil
}

// How rows are announced.
const (
	announceEvery  = 5 * time.Second  // and at once for what this instance has written
	announceLease  = 2 * time.Minute  // after which another instance tells what this one has not
	announceRenew  = 40 * time.Second // while the function runs
	announceWithin = 24 * time.Hour   // what happened earlier is not told
	announceBatch  = 100
)

// announce tells of new and regressed rows until closing ends. The last rows are written before.
func (c *logCore) announce(ctx, closing context.Context) {
	ctx = context.WithValue(ctx, echoKey{}, inDatabase)
	ticker := time.NewTicker(announceEvery)
	defer ticker.Stop()
	failing := false
	for {
		ended := false
		select {
		case <-closing.Done():
			ended = true
		case <-c.news:
		case <-ticker.C:
		}
		err := c.announceAll(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			c.store.log.WarnContext(ctx, "store: new rows of the log are not announced", "error", err)
		}
		if failing = err != nil; ended {
			return
		}
	}
}

// announceAll tells of what waits, the oldest first.
func (c *logCore) announceAll(ctx context.Context) error {
	for {
		ids, err := c.waiting(ctx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := c.announceOne(ctx, id); err != nil {
				return err
			}
		}
		if len(ids) < announceBatch {
			return nil
		}
	}
}

func (c *logCore) waiting(ctx context.Context) (ids []int64, err error) {
	query := c.store.q("SELECT id FROM polyfault_log WHERE announce > 0 AND announce <= ? ORDER BY announce, id LIMIT ?")
	err = c.store.read(ctx, "reading the log", func(ctx context.Context, db querier) error {
		ids = nil
		return eachRow(ctx, db, query, []any{clampedMicros(c.store.now()), announceBatch}, func(row scanner) error {
			var id int64
			err := row.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	return ids, err
}

// announceOne tells of a row unless another instance does: who moves the moment on has it.
func (c *logCore) announceOne(ctx context.Context, id int64) error {
	lease, err := c.lease(ctx, id, 0)
	if err != nil || lease == 0 {
		return err
	}
	r, err := c.store.Log(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.store.now().Sub(r.LastSeen) < announceWithin {
		lease = c.tell(ctx, r, lease)
	}
	return c.store.transact(ctx, "announcing", func(ctx context.Context, tx querier) error {
		_, err := tx.ExecContext(ctx, c.store.q("UPDATE polyfault_log SET announce = 0 WHERE id = ? AND announce = ?"), id, lease)
		return err
	})
}

// lease claims the row, or goes on with a lease that this instance has. It returns 0 when another one was faster.
func (c *logCore) lease(ctx context.Context, id, held int64) (lease int64, err error) {
	now := c.store.now()
	until := clampedMicros(now.Add(announceLease))
	condition, args := "announce > 0 AND announce <= ?", []any{until, id, clampedMicros(now)}
	if held != 0 {
		condition, args = "announce = ?", []any{max(until, held+1), id, held}
	}
	err = c.store.transact(ctx, "announcing", func(ctx context.Context, tx querier) error {
		result, err := tx.ExecContext(ctx, c.store.q("UPDATE polyfault_log SET announce = ? WHERE id = ? AND "+condition), args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		lease = 0
		if n > 0 {
			lease = args[0].(int64)
		}
		return err
	})
	return lease, err
}

// tell calls the function, and keeps the lease meanwhile.
func (c *logCore) tell(ctx context.Context, r LogRecord, lease int64) int64 {
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer func() {
			if v := recover(); v != nil {
				c.store.log.WarnContext(ctx, "store: LogOptions.OnNew panicked", "problem", describePanic(r, v))
			}
		}()
		c.options.OnNew(context.WithValue(ctx, echoKey{}, nil), r)
	}()
	renew := time.NewTicker(announceRenew)
	defer renew.Stop()
	for {
		select {
		case <-told:
			return lease
		case <-ctx.Done():
			select {
			case <-told:
			case <-time.After(closeGrace):
			}
			return lease
		case <-renew.C:
			if next, err := c.lease(ctx, r.ID, lease); err == nil && next != 0 {
				lease = next
			}
		}
	}
}
