package databases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	fault "github.com/polyfault/polyfault/core"
)

// A system is a database behind one of its drivers for database/sql.
type system struct {
	name, driver, dsn string
	server            string                                       // host and port; "" for a file
	at                func(t *testing.T, addr, user string) string // the DSN of the same server by another way
	slow              string                                       // a statement that takes longer than any test
}

func systems(t *testing.T) []*system {
	t.Helper()
	folder := filepath.ToSlash(t.TempDir())
	return []*system{
		postgres(t, "pgx"), postgres(t, "postgres"),
		{name: "mysql", driver: "mysql", dsn: mysqlDSN, server: mysqlServer(t), at: atMySQL, slow: "SELECT SLEEP(30)"},
		{name: "modernc", driver: "sqlite", dsn: "file:" + folder + "/a.db?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)", slow: slowSQLite},
		{name: "mattn", driver: "sqlite3", dsn: "file:" + folder + "/b.db?_foreign_keys=1&_journal_mode=WAL&_busy_timeout=1", slow: slowSQLite},
	}
}

const slowSQLite = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c"

func postgres(t *testing.T, driver string) *system {
	t.Helper()
	u, err := url.Parse(postgresURL)
	require.NoError(t, err)
	return &system{name: driver, driver: driver, dsn: atPostgres(t, u.Host, ""), server: u.Host, at: atPostgres, slow: "SELECT pg_sleep(30)"}
}

func atPostgres(t *testing.T, addr, user string) string {
	t.Helper()
	u, err := url.Parse(postgresURL)
	require.NoError(t, err)
	u.Host = addr
	if user != "" {
		u.User = url.User(user)
	}
	query := u.Query()
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	return u.String()
}

func mysqlServer(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(mysqlDSN, "tcp(")
	require.True(t, ok, "POLYFAULT_MYSQL is no DSN with tcp(host:port)")
	addr, _, _ := strings.Cut(rest, ")")
	return addr
}

func atMySQL(t *testing.T, addr, user string) string {
	t.Helper()
	dsn := strings.Replace(mysqlDSN, mysqlServer(t), addr, 1)
	if user != "" {
		_, rest, _ := strings.Cut(dsn, "@")
		dsn = user + "@" + rest
	}
	return dsn
}

func (s *system) isPostgres() bool { return s.driver == "pgx" || s.driver == "postgres" }
func (s *system) isFile() bool     { return s.server == "" }

func (s *system) open(t *testing.T) *sql.DB { return openAt(t, s.driver, s.dsn) }

func openAt(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// eachSystem runs f with a database for each driver, and the name of a table in it.
func eachSystem(t *testing.T, f func(t *testing.T, s *system, db *sql.DB, table string)) {
	for _, s := range systems(t) {
		t.Run(s.name, func(t *testing.T) {
			db := s.open(t)
			table := unique()
			run(t, db, "CREATE TABLE "+table+"_p (id INT PRIMARY KEY)")
			t.Cleanup(func() { run(t, db, "DROP TABLE "+table+"_p") })
			run(t, db, fmt.Sprintf(`CREATE TABLE %[1]s (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL, parent INT, qty INT,
				CONSTRAINT %[1]s_u UNIQUE (name), CONSTRAINT %[1]s_c CHECK (qty > 0),
				CONSTRAINT %[1]s_f FOREIGN KEY (parent) REFERENCES %[1]s_p (id))`, table))
			t.Cleanup(func() { run(t, db, "DROP TABLE "+table) })
			run(t, db, "INSERT INTO "+table+" VALUES (1, 'canary', NULL, 1), (2, 'canary 2', NULL, 1)")
			f(t, s, db, table)
		})
	}
}

type execer interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
}

func run(t *testing.T, db execer, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	_, err := db.ExecContext(ctx, statement)
	require.NoError(t, err)
}

// fails runs a statement that the database refuses.
func fails(ctx context.Context, db execer, statement string) error {
	_, err := db.ExecContext(ctx, statement)
	return err
}

func TestConstraints(t *testing.T) {
	eachSystem(t, func(t *testing.T, s *system, db *sql.DB, table string) {
		insert := func(values string) string { return "INSERT INTO " + table + " VALUES (" + values + ")" }
		var name string
		is(t, db.QueryRowContext(t.Context(), "SELECT name FROM "+table+" WHERE id = 99").Scan(&name), fault.EntityNotFound)
		type refused struct {
			statement string
			kind      *fault.Kind
		}
		statements := []refused{
			{insert("3, 'canary', NULL, 1"), fault.DuplicateItem},
			{insert("1, 'canary 3', NULL, 1"), fault.DuplicateItem},
			{"UPDATE " + table + " SET name = 'canary' WHERE id = 2", fault.DuplicateItem},
			{insert("3, 'canary 3', 42, 1"), fault.Conflict},
			{insert("3, 'canary 3', NULL, -1"), fault.BadFieldValue},
			{insert("3, NULL, NULL, 1"), fault.MissingAttribute},
			{"SELECT canary FROM " + table, fault.Database},
			{"canary", fault.Database},
		}
		if s.isFile() {
			statements = append(statements, refused{insert("3, zeroblob(1000000001), NULL, 1"), fault.BadFieldValue})
		} else {
			for _, values := range []string{"3, 'canary that is too long for it', NULL, 1", "3, 'canary 3', NULL, 99999999999",
				"3, 'canary 3', NULL, 'canary'"} {
				statements = append(statements, refused{insert(values), fault.BadFieldValue})
			}
			param := "?"
			if s.isPostgres() {
				param = "$1"
			}
			for _, qty := range []int64{1 << 40, -1 << 40} { // pgx refuses them itself
				_, err := db.ExecContext(t.Context(), insert("3, 'canary 3', NULL, "+param), qty)
				is(t, err, fault.BadFieldValue)
			}
		}
		for _, c := range statements {
			is(t, fails(t.Context(), db, c.statement), c.kind)
		}
		run(t, db, "INSERT INTO "+table+"_p VALUES (7)")
		run(t, db, insert("7, 'child', 7, 1"))
		is(t, fails(t.Context(), db, "DELETE FROM "+table+"_p WHERE id = 7"), fault.Conflict)
		if s.isFile() {
			run(t, db, "CREATE TABLE "+table+"_s (n INT) STRICT")
			is(t, fails(t.Context(), db, "INSERT INTO "+table+"_s VALUES ('canary')"), fault.BadFieldValue)
		}
	})
}

// conn is a connection of its own.
func conn(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestContention(t *testing.T) {
	eachSystem(t, func(t *testing.T, s *system, db *sql.DB, table string) {
		a, b := conn(t, db), conn(t, db)
		row := func(id int) string { return fmt.Sprintf("UPDATE %s SET qty = qty + 1 WHERE id = %d", table, id) }
		rollback := func() { run(t, a, "ROLLBACK"); run(t, b, "ROLLBACK") }
		if s.isFile() {
			run(t, a, "BEGIN IMMEDIATE")
			is(t, fails(t.Context(), b, "BEGIN IMMEDIATE"), fault.TransactionConflict) // busy
			run(t, a, "ROLLBACK")
			run(t, a, "BEGIN")
			var n int
			require.NoError(t, a.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
			run(t, b, row(1))
			is(t, fails(t.Context(), a, row(1)), fault.TransactionConflict) // what was read is old
			run(t, a, "ROLLBACK")
			return
		}
		run(t, a, "BEGIN")
		run(t, b, "BEGIN")
		run(t, a, row(1))
		run(t, b, row(2))
		first := make(chan error, 1)
		go func() { first <- fails(t.Context(), a, row(2)) }()
		err := fails(t.Context(), b, row(1))
		if other := <-first; err == nil {
			err = other
		}
		is(t, err, fault.TransactionConflict) // deadlock
		rollback()

		run(t, a, "BEGIN")
		run(t, a, row(1))
		wait := "SET lock_timeout = 50"
		if !s.isPostgres() {
			wait = "SET innodb_lock_wait_timeout = 1"
		}
		run(t, b, wait)
		is(t, fails(t.Context(), b, row(1)), fault.TransactionConflict)
		is(t, fails(t.Context(), b, "SELECT id FROM "+table+" WHERE id = 1 FOR UPDATE NOWAIT"), fault.TransactionConflict)
		rollback()

		isolation := "BEGIN ISOLATION LEVEL REPEATABLE READ"
		if !s.isPostgres() {
			run(t, a, "SET innodb_snapshot_isolation = ON")
			isolation = "START TRANSACTION WITH CONSISTENT SNAPSHOT"
		}
		run(t, a, isolation)
		_, err = a.ExecContext(t.Context(), "SELECT id FROM "+table)
		require.NoError(t, err)
		run(t, b, row(1))
		is(t, fails(t.Context(), a, row(1)), fault.TransactionConflict) // serialization
		run(t, a, "ROLLBACK")
	})
}

// A query that was cancelled answers as the request's context says.
func TestCancelledQueries(t *testing.T) {
	eachSystem(t, func(t *testing.T, s *system, db *sql.DB, _ string) {
		query := func(ctx context.Context) error {
			var n any
			return db.QueryRowContext(ctx, s.slow).Scan(&n)
		}
		narrower := served(t, func(req *http.Request) error {
			ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
			defer cancel()
			return query(ctx)
		})
		assert.Equal(t, 504, narrower.status, "%s", narrower.log)
		own := served(t, func(req *http.Request) error {
			ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
			defer cancel()
			*req = *req.WithContext(ctx) // as middleware with a deadline does
			return query(ctx)
		})
		assert.Equal(t, 503, own.status, "%s", own.log)
		cancelled := served(t, func(req *http.Request) error {
			ctx, cancel := context.WithCancel(req.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			return query(ctx)
		})
		assert.Contains(t, []int{503, 504}, cancelled.status, "%s", cancelled.log)
		late := served(t, func(req *http.Request) error {
			ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
			defer cancel()
			*req = *req.WithContext(ctx)
			tx, err := db.BeginTx(ctx, nil)
			assert.NoError(t, err)
			<-ctx.Done()
			assert.Eventually(t, func() bool { return errors.Is(tx.Rollback(), sql.ErrTxDone) }, hang, time.Millisecond)
			assert.Eventually(t, func() bool { return db.Stats().InUse == 0 }, hang, time.Millisecond) // it rolls back beside us
			return tx.Commit()
		})
		assert.Equal(t, 503, late.status, "%s", late.log)
		assert.NotContains(t, narrower.all+own.all+cancelled.all+late.all, "canc")
	})
}

func TestServerEndsQueries(t *testing.T) {
	eachSystem(t, func(t *testing.T, s *system, db *sql.DB, _ string) {
		if s.isFile() {
			t.Log("SQLite has no server")
			return
		}
		c := conn(t, db)
		limited := "SET STATEMENT max_statement_time = 0.05 FOR " + busyMySQL
		session, cancel, terminate := "SELECT CONNECTION_ID()", "KILL QUERY %d", "KILL CONNECTION %d"
		if s.isPostgres() {
			run(t, c, "SET statement_timeout = 50")
			limited = s.slow
			session, cancel, terminate = "SELECT pg_backend_pid()", "SELECT pg_cancel_backend(%d)", "SELECT pg_terminate_backend(%d)"
		}
		is(t, fails(t.Context(), c, limited), fault.GatewayTimeout)
		if s.isPostgres() {
			run(t, c, "SET statement_timeout = 0")
		}
		for _, end := range []struct {
			how  string
			kind *fault.Kind
		}{{cancel, fault.GatewayTimeout}, {terminate, fault.DatabaseOperation}} {
			var id int
			require.NoError(t, c.QueryRowContext(t.Context(), session).Scan(&id))
			done := make(chan error, 1)
			go func() { done <- fails(t.Context(), c, strings.Replace(s.slow, "SELECT SLEEP(30)", busyMySQL, 1)) }()
			time.Sleep(200 * time.Millisecond)
			run(t, db, fmt.Sprintf(end.how, id))
			is(t, <-done, end.kind)
		}
		is(t, fails(t.Context(), c, "SELECT 1"), fault.DatabaseOperation) // the connection is gone
	})
}

// busyMySQL is slow, too, and fails where SLEEP returns 1.
const busyMySQL = "SELECT count(*) FROM seq_1_to_1000000000 WHERE MD5(seq) = 'x'"

func TestLostConnections(t *testing.T) {
	eachSystem(t, func(t *testing.T, s *system, db *sql.DB, _ string) {
		done := conn(t, db)
		require.NoError(t, done.Close())
		is(t, fails(t.Context(), done, "SELECT 1"), fault.DatabaseOperation)
		closed := s.open(t)
		require.NoError(t, closed.Close())
		is(t, closed.PingContext(t.Context()), fault.DatabaseOperation)
		if s.isFile() {
			nowhere := openAt(t, s.driver, "file:"+filepath.ToSlash(t.TempDir())+"/canary/x.db")
			is(t, fails(t.Context(), nowhere, "CREATE TABLE x (n INT)"), fault.DatabaseOperation)
			return
		}
		is(t, openAt(t, s.driver, s.at(t, refused(t), "")).PingContext(t.Context()), fault.DatabaseOperation)
		for _, reset := range []bool{true, false} {
			l := linked(t, s.server)
			c := conn(t, openAt(t, s.driver, s.at(t, l.addr, "")))
			failed := make(chan error, 1)
			go func() { failed <- fails(t.Context(), c, s.slow) }()
			time.Sleep(100 * time.Millisecond)
			l.cut(reset)
			isLost(t, <-failed)
			is(t, fails(t.Context(), c, "SELECT 1"), fault.DatabaseOperation)
		}
	})
}

// A role that may have one connection asks for a second.
func TestServerIsFull(t *testing.T) {
	eachSystem(t, func(t *testing.T, s *system, db *sql.DB, table string) {
		if s.isFile() {
			t.Log("SQLite has no server")
			return
		}
		user := table
		create, drop := "CREATE ROLE "+user+" LOGIN CONNECTION LIMIT 1", "DROP ROLE "+user
		if !s.isPostgres() {
			create, drop = "CREATE USER "+user+"@'%' WITH MAX_USER_CONNECTIONS 1", "DROP USER "+user+"@'%'"
		}
		run(t, db, create)
		t.Cleanup(func() { run(t, db, drop) })
		if !s.isPostgres() {
			run(t, db, "GRANT ALL ON test.* TO "+user+"@'%'")
		}
		limited := openAt(t, s.driver, s.at(t, s.server, user))
		first := conn(t, limited)
		is(t, limited.PingContext(t.Context()), fault.DatabaseOperation)
		require.NoError(t, first.Close())
		require.NoError(t, limited.Close())
	})
}
