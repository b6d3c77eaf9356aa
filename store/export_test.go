package store

import (
	"context"
	"database/sql"
	"time"
)

// WithClock gives a store another clock.
func WithClock(now func() time.Time) Option { return withClock(now) }

// ListQuery is the statement of List, for EXPLAIN.
func (s *Store) ListQuery(f Filter) (query string, args []any, err error) {
	l, err := newListing(f)
	if err != nil {
		return "", nil, err
	}
	query, args = l.query()
	return s.q(query), args, nil
}

// Transact runs f in a transaction as the store's own.
func (s *Store) Transact(ctx context.Context, f func(exec func(query string, args ...any) (sql.Result, error)) error) error {
	return s.transact(ctx, "testing", func(ctx context.Context, tx querier) error {
		return f(func(query string, args ...any) (sql.Result, error) { return tx.ExecContext(ctx, s.q(query), args...) })
	})
}
