package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A fakeDatabase is a migrated database without records. Its counter takes part in transactions,
// and it keeps the statements that it is sent. The tests of module interop have the real ones.
type fakeDatabase struct {
	hang atomic.Bool // no transaction begins until its context ends

	mu      sync.Mutex
	counter int64
	sent    []string
}

// fakeAdd adds its argument to the counter.
const fakeAdd = "UPDATE polyfault_changes SET counter = counter + ?"

func (d *fakeDatabase) Connect(context.Context) (driver.Conn, error) { return &fakeConn{d: d}, nil }
func (d *fakeDatabase) Driver() driver.Driver                        { return nil }

// take returns what was sent since the last time.
func (d *fakeDatabase) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	sent := d.sent
	d.sent = nil
	return sent
}

func (d *fakeDatabase) count() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counter
}

// A fakeConn is a connection, and its transaction.
type fakeConn struct {
	d     *fakeDatabase
	open  bool
	added int64
}

var errNotHere = errors.New("the fake does not do that")

func (*fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errNotHere }
func (*fakeConn) Begin() (driver.Tx, error)           { return nil, errNotHere }
func (*fakeConn) Close() error                        { return nil }

func (c *fakeConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	return c, c.run(ctx, "BEGIN", nil)
}

func (c *fakeConn) Commit() error   { return c.run(context.Background(), "COMMIT", nil) }
func (c *fakeConn) Rollback() error { return c.run(context.Background(), "ROLLBACK", nil) }

func (c *fakeConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.run(ctx, query, args)
}

// run begins nothing for a context that has ended, as drivers do.
func (c *fakeConn) run(ctx context.Context, query string, args []driver.NamedValue) error {
	if c.d.hang.Load() && strings.HasPrefix(query, "BEGIN") {
		<-ctx.Done()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	c.d.sent = append(c.d.sent, query)
	switch word, _, _ := strings.Cut(query, " "); word {
	case "BEGIN":
		if c.open {
			return errors.New("a transaction within a transaction")
		}
		c.open, c.added = true, 0
	case "COMMIT", "ROLLBACK":
		if !c.open {
			return errors.New("no transaction is active")
		}
		if word == "COMMIT" {
			c.d.counter += c.added
		}
		c.open = false
	case "UPDATE":
		c.added += args[0].Value.(int64)
	}
	return nil
}

func (c *fakeConn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	c.d.sent = append(c.d.sent, query)
	switch {
	case strings.HasSuffix(query, "FROM polyfault_migrations"):
		files, err := migrationFiles.ReadDir("migrations/sqlite")
		return &fakeRows{int64(len(files))}, err
	case strings.HasSuffix(query, "FROM polyfault_changes"):
		return &fakeRows{c.d.counter}, nil
	}
	return &fakeRows{}, nil
}

// fakeRows are the only values of their rows.
type fakeRows []driver.Value

func (*fakeRows) Columns() []string { return []string{""} }
func (*fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(row []driver.Value) error {
	if len(*r) == 0 {
		return io.EOF
	}
	row[0] = (*r)[0]
	*r = slices.Delete(*r, 0, 1)
	return nil
}
