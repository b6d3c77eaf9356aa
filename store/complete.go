package store

import (
	"context"
	"encoding/json"
	"time"
)

// How rows of programs from before get the text that searches look at, and the columns of the request.
const (
	completeFirst = time.Second
	completeEvery = 10 * time.Minute
	completeBatch = 200
)

// complete completes rows from time to time: those from before the schema had that text or these columns, and those that
// programs from then still write. A row without a status is one of them, whatever else it lacks. It never holds up who writes
// for longer than a batch takes.
func (c *logCore) complete(ctx context.Context) {
	ctx = context.WithValue(ctx, echoKey{}, inDatabase)
	for pause := completeFirst; sleep(ctx, pause); pause = completeEvery {
		for {
			n, err := c.store.completeRows(ctx)
			if err != nil && ctx.Err() == nil {
				c.store.log.WarnContext(ctx, "store: rows from before are not found by all searches and filters", "error", err)
			}
			if err != nil || n < completeBatch || !sleep(ctx, purgePause) {
				break
			}
		}
	}
}

// completeRows completes a batch, the newest rows first. What a row has stays.
func (s *Store) completeRows(ctx context.Context) (n int, err error) {
	query := "SELECT id, message, code, attributes FROM polyfault_log WHERE status IS NULL ORDER BY created DESC, id DESC LIMIT ?"
	set, grams := "status = ?, method = ?, route = ?, cause = ?, search = coalesce(search, ?)", false
	if s.dialect == PostgreSQL {
		query += " FOR UPDATE SKIP LOCKED" // what another instance completes right now
		set, grams = set+", grams = coalesce(grams, CAST(? AS integer[]))", true
	}
	update := s.q("UPDATE polyfault_log SET " + set + " WHERE id = ?")
	err = s.transact(ctx, "completing the log", func(ctx context.Context, tx querier) error {
		rows, ids := []logRow{}, []int64{}
		err := eachRow(ctx, tx, s.q(query), []any{completeBatch}, func(row scanner) error {
			var id int64
			var r logRow
			err := row.Scan(&id, &r.message, &r.code, &r.attributes)
			r.readRequest(json.RawMessage(r.attributes))
			rows, ids = append(rows, r), append(ids, id)
			return err
		})
		if err != nil {
			return err
		}
		n = len(ids)
		for i, id := range ids {
			c, search := rows[i].requestColumns(), storable(searched(&rows[i]), 0)
			args := []any{c.status, c.method, c.route, c.cause, search}
			if grams {
				args = append(args, gramsLiteral(search))
			}
			if _, err := tx.ExecContext(ctx, update, append(args, id)...); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
