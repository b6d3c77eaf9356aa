package store

import (
	"context"
	"encoding/json"
	"time"
)

// How rows of programs from before get the text that searches look at.
const (
	completeFirst = time.Second
	completeEvery = 10 * time.Minute
	completeBatch = 200
)

// complete completes rows from time to time: those from before the schema had that text, and those that programs from
// then still write. It never holds up who writes for longer than a batch takes.
func (c *logCore) complete(ctx context.Context) {
	ctx = context.WithValue(ctx, echoKey{}, inDatabase)
	for pause := completeFirst; sleep(ctx, pause); pause = completeEvery {
		for {
			n, err := c.store.completeRows(ctx)
			if err != nil && ctx.Err() == nil {
				c.store.log.WarnContext(ctx, "store: rows from before are not found by all searches", "error", err)
			}
			if err != nil || n < completeBatch || !sleep(ctx, purgePause) {
				break
			}
		}
	}
}

// completeRows completes a batch, the newest rows first.
func (s *Store) completeRows(ctx context.Context) (n int, err error) {
	query := "SELECT id, message, code, attributes FROM polyfault_log WHERE search IS NULL ORDER BY created DESC, id DESC LIMIT ?"
	set, grams := "search = ?", false
	if s.dialect == PostgreSQL {
		query += " FOR UPDATE SKIP LOCKED" // what another instance completes right now
		set, grams = set+", grams = CAST(? AS integer[])", true
	}
	update := s.q("UPDATE polyfault_log SET " + set + " WHERE id = ?")
	err = s.transact(ctx, "completing the log", func(ctx context.Context, tx querier) error {
		texts, ids := []string{}, []int64{}
		err := eachRow(ctx, tx, s.q(query), []any{completeBatch}, func(row scanner) error {
			var id int64
			var r logRow
			if err := row.Scan(&id, &r.message, &r.code, &r.attributes); err != nil {
				return err
			}
			attributes := json.RawMessage(r.attributes)
			r.path, r.cause = cutBytes(pathIn(attributes), maxSearched), cutBytes(causeIn(attributes), maxSearched)
			texts, ids = append(texts, searched(&r)), append(ids, id)
			return nil
		})
		if err != nil {
			return err
		}
		n = len(ids)
		for i, id := range ids {
			args := []any{texts[i]}
			if grams {
				args = append(args, gramsLiteral(texts[i]))
			}
			if _, err := tx.ExecContext(ctx, update, append(args, id)...); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
