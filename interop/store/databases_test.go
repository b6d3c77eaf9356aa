package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/polyfault/polyfault/store"
)

// postgresVariable names the PostgreSQL to test with, as a URL. CI sets it; without it the tests of
// PostgreSQL are skipped, and in CI they fail.
const postgresVariable = "POLYFAULT_POSTGRES"

// A database is an empty one for one test.
type database struct {
	Dialect store.Dialect
	Driver  string
	DSN     string
	DB      *sql.DB // one instance's connections
}

// open opens a store on DB that is closed with the test.
func (d *database) open(t testing.TB, opts ...store.Option) *store.Store {
	t.Helper()
	return openStore(t, d.DB, d.Dialect, opts...)
}

func openStore(t testing.TB, db *sql.DB, dialect store.Dialect, opts ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), db, dialect, opts...)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), hang)
		defer cancel()
		require.NoError(t, s.Close(ctx))
	})
	return s
}

// connect is another instance: connections of its own to the same database.
func (d *database) connect(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.Driver, d.DSN)
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// other opens the store of another instance.
func (d *database) other(t testing.TB, opts ...store.Option) *store.Store {
	t.Helper()
	return openStore(t, d.connect(t), d.Dialect, opts...)
}

// q is the statement with its placeholders, written "?", as the dialect has them.
func (d *database) q(statement string) string {
	if d.Dialect != store.PostgreSQL {
		return statement
	}
	parts := strings.Split(statement, "?")
	for i := 1; i < len(parts); i++ {
		parts[i] = "$" + strconv.Itoa(i) + parts[i]
	}
	return strings.Join(parts, "")
}

// exec runs a statement past the store. Placeholders are the dialect's own.
func (d *database) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	_, err := d.DB.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
}

// connector opens connections of an instance, for a test that stands between them and database/sql.
func (d *database) connector(t testing.TB) driver.Connector {
	t.Helper()
	dc, ok := d.DB.Driver().(driver.DriverContext)
	if !ok {
		return dsnConnector{d.DSN, d.DB.Driver()}
	}
	connector, err := dc.OpenConnector(d.DSN)
	require.NoError(t, err)
	return connector
}

type dsnConnector struct {
	dsn    string
	driver driver.Driver
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c dsnConnector) Driver() driver.Driver                        { return c.driver }

// sequential leaves out, under the race detector, a test that computes long in one goroutine: there SQLite, which is Go, takes
// ten times as long. .ci/run runs these tests without it.
func sequential(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("nothing runs beside it; run it without -race")
	}
}

// eachDatabase runs f on an empty SQLite file and, when POLYFAULT_POSTGRES is set, in an empty schema
// of PostgreSQL. The subtests run in parallel.
func eachDatabase(t *testing.T, f func(t *testing.T, d *database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, newSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, newPostgres(t))
	})
}

// newSQLite is a file in WAL mode, without waiting for the disk.
func newSQLite(t testing.TB) *database {
	return newSQLiteWith(t, "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
}

func newSQLiteWith(t testing.TB, parameters string) *database {
	t.Helper()
	d := &database{Dialect: store.SQLite, Driver: "sqlite",
		DSN: "file:" + filepath.ToSlash(filepath.Join(t.TempDir(), "polyfault.db")) + parameters}
	d.DB = d.connect(t)
	return d
}

// newPostgres is a schema of its own, dropped after the test.
func newPostgres(t testing.TB) *database {
	t.Helper()
	base := postgresURL(t)
	schema := "t_" + strings.ToLower(rand.Text())
	admin, err := sql.Open("pgx", base)
	require.NoError(t, err)
	defer func() { _ = admin.Close() }()
	_, err = admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	t.Cleanup(func() { dropSchema(t, base, schema) })
	u, err := url.Parse(base)
	require.NoError(t, err)
	query := u.Query()
	query.Set("search_path", schema)
	query.Set("application_name", schema)
	u.RawQuery = query.Encode()
	d := &database{Dialect: store.PostgreSQL, Driver: "pgx", DSN: u.String()}
	d.DB = d.connect(t)
	return d
}

func postgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv(postgresVariable)
	if base == "" && os.Getenv("CI") != "" {
		t.Fatalf("%s is not set; CI tests with PostgreSQL", postgresVariable)
	}
	if base == "" {
		t.Skipf("%s is not set", postgresVariable)
	}
	return base
}

func dropSchema(t testing.TB, base, schema string) {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	db, err := sql.Open("pgx", base)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, "DROP SCHEMA "+schema+" CASCADE")
	require.NoError(t, err)
}
