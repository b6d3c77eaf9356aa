package store_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// tables are the store's, and how many rows they have from the beginning.
var tables = map[string]int{
	"migrations": 5, "changes": 1, "errors": 0, "error_texts": 0, "log": 0, "occurrences": 0, "log_recent": 0, "log_hours": 0,
}

func assertTables(t *testing.T, d *database) {
	t.Helper()
	for table, want := range tables {
		var rows int
		require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM polyfault_"+table).Scan(&rows), table)
		assert.Equal(t, want, rows, table)
	}
}

// Opening makes the tables, and opening again leaves them.
func TestOpen(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		d.open(t)
		d.open(t)
		assertTables(t, d)
	})
}

func TestOpenRefusesWrongOptions(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	for name, option := range map[string]store.Option{
		"interval 0":       store.WithPollInterval(0),
		"interval -1":      store.WithPollInterval(-1),
		"no listener":      store.WithListener(nil),
		"no clock":         store.WithClock(nil),
		"default, no name": store.WithDefault("job", ""),
		"default, NUL":     store.WithDefault("job\x00", "a"),
	} {
		_, err := store.Open(t.Context(), d.DB, store.SQLite, option)
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "store: With", name)
	}
	_, err := store.Open(t.Context(), nil, store.SQLite)
	assert.ErrorContains(t, err, "nil")
	for _, dialect := range []store.Dialect{0, 3} {
		_, err := store.Open(t.Context(), d.DB, dialect)
		assert.ErrorContains(t, err, dialect.String())
	}
	assert.Equal(t, "SQLite PostgreSQL", store.SQLite.String()+" "+store.PostgreSQL.String())
	d.open(t, store.WithLogger(nil), store.WithResponder(nil))
}

// sqliteFlavours are ways to open SQLite. The plain one has no busy timeout and makes readers and
// writers lock each other out.
var sqliteFlavours = map[string]string{
	"plain":        "",
	"wal":          "?_pragma=journal_mode(WAL)",
	"busy timeout": "?_pragma=busy_timeout(2000)&_txlock=immediate",
}

// Instances that start at the same moment on an empty database agree on one schema and one record of
// each kind.
func TestInstancesOpenAtOnce(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, d *database) {
		const instances = 6
		stores := make([]*store.Store, instances)
		var group sync.WaitGroup
		for i := range stores {
			db := d.connect(t)
			group.Go(func() {
				s, err := store.Open(t.Context(), db, d.Dialect, store.WithPollInterval(2*time.Millisecond))
				if assert.NoError(t, err) {
					stores[i] = s
					assert.NoError(t, s.SyncKinds(t.Context()))
				}
			})
		}
		group.Wait()
		kinds := len(slices.Collect(fault.Kinds()))
		for _, s := range stores {
			require.NotNil(t, s)
			_, count, err := s.List(t.Context(), store.Filter{})
			require.NoError(t, err)
			assert.Equal(t, kinds, count)
			assert.NotZero(t, s.Unknown().ID)
			require.NoError(t, s.Close(t.Context()))
		}
		var rows int
		require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM polyfault_migrations").Scan(&rows))
		assert.Equal(t, tables["migrations"], rows)
	}
	eachDatabase(t, check)
	for name, parameters := range sqliteFlavours {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, newSQLiteWith(t, parameters))
		})
	}
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		check(t, newMemory(t, "file:/"+t.Name()+"?vfs=memdb"))
	})
}

// newMemory is a database in memory.
func newMemory(t *testing.T, dsn string) *database {
	d := &database{Dialect: store.SQLite, Driver: "sqlite", DSN: dsn}
	d.DB = d.connect(t)
	require.NoError(t, d.DB.PingContext(t.Context())) // and it stays while this connection does
	return d
}

// A database in memory works with one connection, and is refused when each connection has its own.
func TestMemory(t *testing.T) {
	t.Parallel()
	d := newMemory(t, ":memory:")
	_, err := store.Open(t.Context(), d.DB, store.SQLite)
	require.ErrorContains(t, err, "SetMaxOpenConns(1)")

	d = newMemory(t, ":memory:")
	d.DB.SetMaxOpenConns(1)
	s := d.open(t, store.WithPollInterval(time.Millisecond))
	require.NoError(t, s.SyncKinds(t.Context()))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			_, err := s.Save(t.Context(), "", []store.Entry{{Name: strings.Repeat("x", i+1)}})
			assert.NoError(t, err)
			_, _, err = s.List(t.Context(), store.Filter{Page: 99})
			assert.NoError(t, err)
			_, err = s.Get(t.Context(), 1<<40)
			assert.ErrorIs(t, err, store.ErrNotFound)
		})
	}
	group.Wait()
	for n := range 50 { // a connection that is thrown away would take the database with it
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*20*time.Microsecond)
		_, _ = s.Save(ctx, "", []store.Entry{{Name: "x"}})
		_, _, _ = s.List(ctx, store.Filter{})
		cancel()
	}
	_, count, err := s.List(t.Context(), store.Filter{Builtin: new(false)})
	require.NoError(t, err)
	assert.Equal(t, 8, count)
}

// A database that a newer program has migrated is one clear error, and stays as it is.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		d.open(t)
		d.exec(t, "INSERT INTO polyfault_migrations (version, name, applied) VALUES (999, 'later', 0)")
		_, err := store.Open(t.Context(), d.DB, d.Dialect)
		require.ErrorIs(t, err, store.ErrNewerSchema)
		assert.ErrorContains(t, err, "version 999")
		assert.NotContains(t, err.Error(), "migrating")
	})
}

// A migration that fails leaves nothing behind.
func TestMigrationFails(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		d.exec(t, "CREATE TABLE polyfault_log (somebody_elses INTEGER)")
		_, err := store.Open(t.Context(), d.DB, d.Dialect)
		require.ErrorContains(t, err, "migrating the schema: 0002_log")
		for _, table := range []string{"migrations", "errors", "changes"} {
			_, err := d.DB.ExecContext(t.Context(), "SELECT 1 FROM polyfault_"+table)
			assert.Error(t, err, "%s was left behind", table)
		}
		d.exec(t, "DROP TABLE polyfault_log")
		d.open(t)
		assertTables(t, d)
	})
}

// A user who may not create tables can open a database that has them.
func TestOpenWithoutRightToCreate(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	d.open(t)
	readOnly := newMemory(t, d.DSN+"&mode=ro")
	s := readOnly.open(t)
	_, err := s.Save(t.Context(), "", []store.Entry{{Name: "a"}})
	require.Error(t, err)
	f, ok := mapped(err)
	require.True(t, ok, err)
	assert.Equal(t, "database", f.Kind().Code())
}

// mapped is what [fault.SQLMappers] make of the error.
func mapped(err error) (*fault.Fault, bool) {
	for _, m := range fault.SQLMappers() {
		if f := m(err); f != nil {
			return f, true
		}
	}
	return nil, false
}

// When the database is gone every method says so, in a way that the mappers know, and what is in memory
// is still answered.
func TestDatabaseFails(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		require.NoError(t, s.SyncKinds(t.Context()))
		r := named(t, s, "", "not_found")
		d.exec(t, "ALTER TABLE polyfault_errors RENAME TO gone")
		calls := map[string]func(ctx context.Context) error{
			"save":   func(ctx context.Context) error { _, err := s.Save(ctx, "", []store.Entry{{Name: "a"}}); return err },
			"create": func(ctx context.Context) error { _, err := s.Create(ctx, "", store.Entry{Name: "a"}); return err },
			"update": func(ctx context.Context) error { _, err := s.Update(ctx, r.ID, 0, entry("", "T", "")); return err },
			"get":    func(ctx context.Context) error { _, err := s.Get(ctx, 1<<40); return err },
			"named":  func(ctx context.Context) error { _, err := s.GetNamed(ctx, "", "nobody"); return err },
			"list":   func(ctx context.Context) error { _, _, err := s.List(ctx, store.Filter{}); return err },
			"sync":   s.SyncKinds,
			"open":   func(ctx context.Context) error { _, err := store.Open(ctx, d.DB, d.Dialect); return err },
		}
		for name, call := range calls {
			err := call(t.Context())
			require.Error(t, err, name)
			assert.Contains(t, err.Error(), "store: ", name)
			f, ok := mapped(err)
			require.True(t, ok, "%s: %v", name, err)
			assert.Equal(t, "database", f.Kind().Code(), name)

			cancelled, cancel := context.WithCancel(t.Context())
			cancel()
			err = call(cancelled)
			require.ErrorIs(t, err, context.Canceled, name)
			_, ok = mapped(err)
			assert.False(t, ok, "%s: a client that went away is no failure of the database", name)
		}
		assert.Equal(t, r, get(t, s, r.ID))
		assert.Equal(t, r, named(t, s, "", "Not_Found"))
		assert.Equal(t, "unknown_error", s.Unknown().Name)
		assert.False(t, s.Retryable(fault.NotFound))

		d.exec(t, "ALTER TABLE gone RENAME TO polyfault_errors")
		save(t, s, "", store.Entry{Name: "a"})
		require.NoError(t, d.DB.Close())
		_, err := s.Save(t.Context(), "", []store.Entry{{Name: "a"}})
		f, ok := mapped(err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "database", f.Kind().Code())
		assert.Equal(t, "a", named(t, s, "", "a").Name)
	})
}

// A server that does not answer is a failure that may pass.
func TestNoServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	db, err := sql.Open("pgx", "postgres://nobody@"+address+"/nothing?sslmode=disable")
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	_, err = store.Open(t.Context(), db, store.PostgreSQL)
	require.Error(t, err)
	f, ok := mapped(err)
	require.True(t, ok, err)
	assert.Equal(t, "database_operation", f.Kind().Code())
}

// A file that another process has locked for good is a failure that may pass, told before the caller
// loses patience.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	d := newSQLiteWith(t, "")
	s := d.open(t)
	lock, err := d.connect(t).Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = lock.Close() }()
	_, err = lock.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = s.Save(ctx, "", []store.Entry{{Name: "a"}})
	require.Error(t, err)
	if f, ok := mapped(err); ok {
		assert.Equal(t, "transaction_conflict", f.Kind().Code())
	} else {
		assert.ErrorIs(t, err, context.DeadlineExceeded) // it ended within a statement
	}

	released := time.AfterFunc(50*time.Millisecond, func() { _, _ = lock.ExecContext(context.Background(), "ROLLBACK") })
	defer released.Stop()
	save(t, s, "", store.Entry{Name: "a"}) // waits
}

// Killed connections cost a repeat: whoever was told that a record is saved finds it.
func TestKilledConnections(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	s, other := d.open(t, store.WithPollInterval(time.Millisecond)), d.other(t, store.WithPollInterval(time.Millisecond))
	ctx, stop := context.WithCancel(t.Context())
	var killer sync.WaitGroup
	killer.Go(func() { killConnections(ctx, t, d) })
	var saved sync.Map
	var group sync.WaitGroup
	for i := range 8 {
		writer := []*store.Store{s, other}[i%2]
		group.Go(func() {
			for n := range 25 {
				name := string(rune('a'+i)) + strings.Repeat("x", n+1)
				r, err := writer.Save(t.Context(), "", []store.Entry{{Name: name}, {Name: name + "2"}})
				if err == nil {
					saved.Store(r[0].ID, r[0])
					saved.Store(r[1].ID, r[1])
					continue
				}
				f, ok := mapped(err)
				assert.True(t, ok, "%v", err)
				assert.Contains(t, []string{"database", "database_operation"}, f.Kind().Code(), "%v", err)
			}
		})
	}
	group.Wait()
	stop()
	killer.Wait()
	count := 0
	reader := d.other(t)
	saved.Range(func(id, r any) bool {
		count++
		return assert.Equal(t, r, get(t, reader, id.(int64))) && assert.Equal(t, r, get(t, s, id.(int64)))
	})
	assert.Greater(t, count, 2*8*25/2, "most are repeated with success")
	_, all, err := reader.List(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Zero(t, all%2, "a transaction took effect in part")
}

func killConnections(ctx context.Context, t *testing.T, d *database) {
	admin, err := sql.Open("pgx", postgresURL(t))
	if !assert.NoError(t, err) {
		return
	}
	defer func() { _ = admin.Close() }()
	schema := d.DSN[strings.Index(d.DSN, "application_name=")+len("application_name="):]
	schema, _, _ = strings.Cut(schema, "&")
	for kills := 0; ctx.Err() == nil && kills < 15; kills++ { // a slow machine has a chance, too
		_, err := admin.ExecContext(context.Background(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", schema)
		assert.NoError(t, err)
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// A panic of the caller's context, an end in the middle of a transaction: the connection is clean
// afterwards.
func TestCancelledWrites(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		d.DB.SetMaxOpenConns(2)
		s := d.open(t)
		entries := make([]store.Entry, 200)
		for i := range entries {
			entries[i].Name = strings.Repeat("é", i%50+1) + strings.Repeat("x", i/50)
			entries[i].Name = string([]rune(entries[i].Name)[max(0, len([]rune(entries[i].Name))-50):])
		}
		seen := map[string]bool{}
		unique := entries[:0]
		for _, e := range entries {
			if !seen[e.Name] {
				unique = append(unique, e)
			}
			seen[e.Name] = true
		}
		for n := range 40 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*time.Millisecond/4)
			_, err := s.Save(ctx, "cancelled", unique)
			cancel()
			_, count, listed := s.List(t.Context(), store.Filter{Scope: new("cancelled")})
			require.NoError(t, listed)
			assert.Contains(t, []int{0, len(unique)}, count, "all or none")
			if err == nil {
				assert.Equal(t, len(unique), count)
			}
		}
		save(t, s, "cancelled", unique...)
		var open int
		if d.Dialect == store.PostgreSQL {
			require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND application_name = current_setting('application_name')").Scan(&open))
		}
		assert.Zero(t, open, "transactions are left open")
	})
}

// A write that ends in the middle leaves nothing behind, neither rows nor a transaction in the pool, and no
// statement follows once the caller's context has ended.
func TestWritesAreRolledBack(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		r, s := newRecorder(t, d)
		entries := []store.Entry{{Name: "a"}, {Name: "b"}}
		const last = "UPDATE polyfault_changes" // all records are written when it is sent
		broken := errors.New("broken")
		r.during(last, func() error { return broken }, func() {
			_, err := s.Save(t.Context(), "", entries)
			assert.ErrorIs(t, err, broken)
		})
		r.during(last, func() error { panic("driver") }, func() {
			assert.PanicsWithValue(t, "driver", func() { _, _ = s.Save(t.Context(), "", entries) })
		})
		ctx, cancel := context.WithCancel(t.Context())
		inserts := 0
		cancelSecond := func() error {
			if inserts++; inserts == 2 {
				cancel()
				r.take()
			}
			return nil
		}
		r.during("INSERT INTO polyfault_errors", cancelSecond, func() {
			_, err := s.Save(ctx, "", entries)
			assert.ErrorIs(t, err, context.Canceled)
		})
		for _, more := range r.take() {
			assert.Equal(t, "ROLLBACK", more.query)
		}
		assert.Equal(t, 2, inserts)
		assert.Zero(t, d.count(t, "SELECT counter FROM polyfault_changes"))
		assert.Zero(t, d.count(t, "SELECT count(*) FROM polyfault_errors"))
		save(t, s, "", entries...)
		assert.Equal(t, 1, d.count(t, "SELECT counter FROM polyfault_changes"))
	})
}

// Close ends the goroutines, can be called again, and waits no longer than it may.
func TestClose(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	release := make(chan struct{})
	s := d.open(t, store.WithLogger(slog.New(slog.DiscardHandler)), store.WithListener(func(context.Context, func()) error {
		<-release // a listener that does not listen to its context
		return nil
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, s.Close(ctx), context.DeadlineExceeded)
	close(release)
	assert.NoError(t, s.Close(t.Context()))
	assert.NoError(t, s.Close(t.Context()))
	r := save(t, s, "", store.Entry{Name: "a"})[0]
	assert.Equal(t, r, get(t, s, r.ID), "its own writes are seen after it, too")
	assert.NoError(t, d.DB.PingContext(t.Context()), "the database is the caller's")
}
