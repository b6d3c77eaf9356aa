package store

import (
	"context"
	"database/sql"
	"time"
)

// A Query is a statement with its arguments, for EXPLAIN.
type Query struct {
	Query string
	Args  []any
}

// LogQueries are the statements of Logs.
func (s *Store) LogQueries(ctx context.Context, f LogFilter) ([]Query, error) {
	l, err := newLogListing(s, f)
	if err != nil {
		return nil, err
	}
	r := &recorder{querier: s.db}
	_, _, err = l.read(ctx, r)
	return r.queries, err
}

type recorder struct {
	querier
	queries []Query
}

func (r *recorder) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.queries = append(r.queries, Query{query, args})
	return r.querier.QueryContext(ctx, query, args...)
}

func (r *recorder) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	r.queries = append(r.queries, Query{query, args})
	return r.querier.QueryRowContext(ctx, query, args...)
}

// SetBlockPatience is how long Block waits.
func (h *LogHandler) SetBlockPatience(d time.Duration) { h.core.patience = d }
