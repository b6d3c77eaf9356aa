package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	purgeBatch       = 500
	purgePause       = 5 * time.Millisecond // lets others write
	keepOccurrences  = 400 * 24 * time.Hour
	keepWriters      = 7 * 24 * time.Hour
	firstCleanWithin = time.Minute
)

// Purge deletes log records that are older than maxAge, and all but the maxRows newest ones; 0 means no limit. The records'
// own time decides; a row with repeats is as old as its latest record. Purge deletes small batches, each in its own
// transaction, and returns the number of deleted records, also on an error. Several instances may purge at once.
//
// It also deletes counts of occurrences that are older than 400 days.
func (s *Store) Purge(ctx context.Context, maxAge time.Duration, maxRows int) (deleted int64, err error) {
	if maxAge < 0 || maxRows < 0 {
		return 0, errors.New("store: Purge: the limit is negative")
	}
	now := s.now()
	if maxAge > 0 {
		n, err := s.purge(ctx, "last_seen < ?", clampedMicros(now.Add(-maxAge)))
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	if maxRows > 0 {
		n, err := s.purgeRows(ctx, maxRows)
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, s.purgeOthers(ctx, now)
}

// purgeRows deletes all but the maxRows newest records.
func (s *Store) purgeRows(ctx context.Context, maxRows int) (int64, error) {
	var id, seen int64
	query := s.q("SELECT id, last_seen FROM polyfault_log ORDER BY last_seen DESC, id DESC LIMIT 1 OFFSET ?")
	err := s.read(ctx, "purging the log", func(ctx context.Context, db querier) error {
		err := db.QueryRowContext(ctx, query, maxRows).Scan(&id, &seen)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return s.purge(ctx, "(last_seen, id) <= (?, ?)", seen, id)
}

// purge deletes the records that the condition chooses, the oldest first.
func (s *Store) purge(ctx context.Context, condition string, args ...any) (deleted int64, err error) {
	chosen := "SELECT id FROM polyfault_log WHERE " + condition + " ORDER BY last_seen, id LIMIT ?"
	if s.dialect == PostgreSQL {
		chosen += " FOR UPDATE SKIP LOCKED" // another instance is deleting the locked ones
	}
	chosen = s.q(chosen)
	args = append(args, purgeBatch)
	for {
		var n int64
		err := s.transact(ctx, "purging the log", func(ctx context.Context, tx querier) error {
			var ids []any
			err := eachRow(ctx, tx, chosen, args, func(row scanner) error {
				var id int64
				err := row.Scan(&id)
				ids = append(ids, id)
				return err
			})
			n = int64(len(ids))
			if err != nil || n == 0 {
				return err
			}
			marks := " IN (" + placeholders(len(ids)) + ")"
			for _, table := range []string{"polyfault_log_recent WHERE log_id", "polyfault_log_hours WHERE log_id", "polyfault_log WHERE id"} {
				if _, err := tx.ExecContext(ctx, s.q("DELETE FROM "+table+marks), ids...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return deleted, err
		}
		deleted += n
		if n < purgeBatch {
			return deleted, nil
		}
		sleep(ctx, purgePause)
	}
}

// purgeOthers deletes old counts, and writers that ended without removing themselves.
func (s *Store) purgeOthers(ctx context.Context, now time.Time) error {
	return s.transact(ctx, "purging occurrences", func(ctx context.Context, tx querier) error {
		for _, table := range []string{"polyfault_occurrences", "polyfault_log_hours"} {
			_, err := tx.ExecContext(ctx, s.q("DELETE FROM "+table+" WHERE hour < ?"), toMicros(now.Add(-keepOccurrences)))
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, s.q("DELETE FROM polyfault_writers WHERE seen < ?"), toMicros(now.Add(-keepWriters)))
		return err
	})
}

// clean purges from time to time. The first time comes soon, so that short-lived processes purge, too.
func (c *logCore) clean(ctx context.Context) {
	ctx = context.WithValue(ctx, echoKey{}, inDatabase)
	pause := rand.N(min(firstCleanWithin, c.options.CleanInterval))
	for sleep(ctx, 2*pause) { // half of it, to all of it
		if _, err := c.store.Purge(ctx, c.options.MaxAge, c.options.MaxRows); err != nil && ctx.Err() == nil {
			c.store.log.WarnContext(ctx, "store: old log records are not deleted", "error", err)
		}
		pause = c.options.CleanInterval / 2
	}
}
