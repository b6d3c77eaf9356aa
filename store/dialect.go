package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// A Dialect is a database's SQL: [SQLite] or [PostgreSQL]. The zero Dialect is none.
type Dialect int

// The dialects.
const (
	SQLite     Dialect = iota + 1 // SQLite 3.37 or newer; tested with modernc.org/sqlite
	PostgreSQL                    // PostgreSQL 12 or newer; tested with github.com/jackc/pgx/v5/stdlib
)

// String returns the dialect's name.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "SQLite"
	case PostgreSQL:
		return "PostgreSQL"
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

// q returns the query with the dialect's placeholders in place of "?". The query must not have any other question mark.
func (s *Store) q(query string) string {
	if s.dialect != PostgreSQL || strings.IndexByte(query, '?') < 0 {
		return query
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

// now returns the time of this instance.
func (s *Store) now() time.Time { return s.clock() }

// toMicros is how tables hold a time: microseconds since 1970, UTC.
func toMicros(t time.Time) int64 { return t.UnixMicro() }

// fromMicros is toMicros' inverse.
func fromMicros(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// A querier runs queries: a *sql.DB, a *sql.Conn or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// How long a statement is repeated: while others hold locks, and while connections are dead.
const (
	lockPatience = 10 * time.Second
	lostPatience = time.Second
)

// read runs f outside of a transaction. f may run several times.
func (s *Store) read(ctx context.Context, doing string, f func(ctx context.Context, db querier) error) error {
	return s.again(ctx, doing, func() error { return f(ctx, s.db) })
}

// transact runs f in a transaction: on SQLite one that takes the write lock at the beginning, on PostgreSQL READ COMMITTED. f
// may run several times; earlier runs are rolled back, and the last one counts. A failure of the database is wrapped with
// doing.
func (s *Store) transact(ctx context.Context, doing string, f func(ctx context.Context, tx querier) error) error {
	if s.dialect == SQLite {
		return s.again(ctx, doing, func() error { return s.immediate(ctx, f) })
	}
	return s.again(ctx, doing, func() error { return s.committed(ctx, f) })
}

// again repeats f after failures that certainly had no effect.
func (s *Store) again(ctx context.Context, doing string, f func() error) error {
	begun := time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := f()
		if err == nil {
			return nil
		}
		patience := patienceWith(err)
		if patience == lockPatience {
			patience = max(patience, s.patience)
		}
		if ctx.Err() != nil || time.Since(begun)+pause > patience || !sleep(ctx, pause) {
			return failed(doing, err)
		}
	}
}

// patienceWith returns how long to repeat after err; 0 means not at all.
func patienceWith(err error) time.Duration {
	if _, unknown := errors.AsType[*commitError](err); unknown {
		return 0
	}
	switch {
	case isBusy(err):
		return lockPatience
	case isLost(err):
		return lostPatience
	}
	return 0
}

func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause/2 + rand.N(pause/2+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// transactionTimeout ends transactions whose server has fallen silent.
const transactionTimeout = 30 * time.Second

// committed runs f in a transaction of database/sql.
//
// The end of ctx is noticed between two statements, not within one: pgx closes a connection whose query is
// cancelled, and may leave its transaction, with all locks, open for 15 s (over TLS, which cannot be
// written after a timeout). Waiting for a lock is therefore bounded and repeated.
func (s *Store) committed(ctx context.Context, f func(ctx context.Context, tx querier) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(transactionTimeout, s.patience))
	defer cancel()
	tx, err := conn.BeginTx(own, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // also when f panics; after Commit it does nothing
	steps := &stepwise{tx, ctx, own}
	if _, err := steps.ExecContext(own, "SET LOCAL lock_timeout = '1s'"); err != nil {
		return err
	}
	if err := f(ctx, steps); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return &commitError{err}
	}
	return nil
}

// stepwise is a transaction whose statements run to their end, and which begins none once the caller's
// context has ended.
type stepwise struct {
	tx          *sql.Tx
	caller, own context.Context
}

func (t *stepwise) context() context.Context {
	if t.caller.Err() != nil {
		return t.caller // database/sql returns its error and does not ask the driver
	}
	return t.own
}

func (t *stepwise) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	return t.tx.ExecContext(t.context(), query, args...)
}

func (t *stepwise) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(t.context(), query, args...)
}

func (t *stepwise) QueryRowContext(_ context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(t.context(), query, args...)
}

// immediate runs f between BEGIN IMMEDIATE and COMMIT, which database/sql has no call for. A transaction that begins with a
// read would fail, and not wait, if another one has written since.
func (s *Store) immediate(ctx context.Context, f func(ctx context.Context, tx querier) error) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		if ctx.Err() != nil { // it may have begun nevertheless
			rollback(conn)
		}
		return err
	}
	done := false
	defer func() {
		if !done {
			rollback(conn)
		}
	}()
	if err := f(ctx, conn); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	done, err = commit(conn)
	return err
}

// commit waits while readers are in the way of it (SQLite without WAL).
func commit(conn *sql.Conn) (done bool, err error) {
	ctx := context.Background() // a COMMIT that was cancelled might have happened
	begun := time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		_, err := conn.ExecContext(ctx, "COMMIT")
		if err == nil {
			return true, nil
		}
		if !isBusy(err) || time.Since(begun) > lockPatience {
			return false, &commitError{err}
		}
		sleep(ctx, pause)
	}
}

// rollback leaves no open transaction behind in the pool: a connection that cannot roll back is
// thrown away.
func rollback(conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// A commitError is a commit with an unknown outcome.
type commitError struct{ err error }

func (e *commitError) Error() string { return "committing: " + e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }

// placeholders are those of n columns: "?, ?, ?".
func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// failed wraps a failure of the database, and nothing else.
func failed(doing string, err error) error {
	if err == nil || isOwn(err) {
		return err
	}
	return &databaseError{doing: doing, err: err}
}

var _ fmt.Stringer = SQLite
