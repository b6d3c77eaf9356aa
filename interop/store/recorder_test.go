package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polyfault/polyfault/store"
)

// A recorder keeps the statements that a store sends to its database.
type recorder struct {
	*faulty
	before atomic.Pointer[func(query string) error] // of each statement; its error is the driver's

	mu   sync.Mutex
	sent []statement
}

type statement struct {
	query string
	args  []any
}

// newRecorder puts a recorder before the database. The store does not poll.
func newRecorder(t testing.TB, d *database) (*recorder, *store.Store) {
	t.Helper()
	r := &recorder{faulty: &faulty{Connector: d.connector(t)}}
	db := sql.OpenDB(r)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return r, openStore(t, db, d.Dialect, store.WithPollInterval(time.Hour))
}

func (r *recorder) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.faulty.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &recorderConn{conn.(*faultyConn), r}, nil
}

// take returns what was sent since the last time.
func (r *recorder) take() []statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.sent
	r.sent = nil
	return sent
}

func (r *recorder) record(query string, args []driver.NamedValue) error {
	s := statement{query: query}
	for _, arg := range args {
		s.args = append(s.args, arg.Value)
	}
	r.mu.Lock()
	r.sent = append(r.sent, s)
	r.mu.Unlock()
	if before := r.before.Load(); before != nil {
		return (*before)(query)
	}
	return nil
}

type recorderConn struct {
	*faultyConn
	r *recorder
}

func (c *recorderConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.r.record(query, args); err != nil {
		return nil, err
	}
	return c.faultyConn.QueryContext(ctx, query, args)
}

func (c *recorderConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.r.record(query, args); err != nil {
		return nil, err
	}
	return c.faultyConn.ExecContext(ctx, query, args)
}

// during runs hook before each statement that begins with the words, until the end of f.
func (r *recorder) during(words string, hook func() error, f func()) {
	r.before.Store(new(func(query string) error {
		if strings.HasPrefix(query, words) {
			return hook()
		}
		return nil
	}))
	defer r.before.Store(nil)
	f()
}
