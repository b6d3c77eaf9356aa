package databases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	fault "github.com/polyfault/polyfault/core"
)

// pool is a pgxpool to the server at addr.
func pool(t *testing.T, addr string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(atPostgres(t, addr, ""))
	require.NoError(t, err)
	config.MaxConns = 1
	p, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func postgresServer(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(postgresURL)
	require.NoError(t, err)
	return u.Host
}

func TestPgx(t *testing.T) {
	p := pool(t, postgresServer(t))
	var name string
	is(t, p.QueryRow(t.Context(), "SELECT 'canary' WHERE false").Scan(&name), fault.EntityNotFound)
	_, err := p.Exec(t.Context(), "SELECT canary")
	is(t, err, fault.Database)
	_, err = p.Exec(t.Context(), "SELECT 1/0 AS canary")
	is(t, err, fault.BadFieldValue)

	held, err := p.Acquire(t.Context())
	require.NoError(t, err)
	exhausted := served(t, func(req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := p.Exec(ctx, "SELECT 1")
		return err
	})
	assert.Equal(t, 504, exhausted.status, "whoever waits for a pool waits until his context ends: %s", exhausted.log)
	require.NoError(t, held.Conn().Close(t.Context()))
	_, err = held.Exec(t.Context(), "SELECT 1")
	is(t, err, fault.DatabaseOperation)
	held.Release()

	l := linked(t, postgresServer(t))
	cut := pool(t, l.addr)
	failed := make(chan error, 1)
	require.NoError(t, cut.Ping(t.Context()))
	go func() { _, err := cut.Exec(t.Context(), "SELECT pg_sleep(30)"); failed <- err }()
	time.Sleep(100 * time.Millisecond)
	l.cut(false)
	isLost(t, <-failed)
	is(t, cut.Ping(t.Context()), fault.DatabaseOperation) // refused

	p.Close()
	is(t, p.Ping(t.Context()), fault.DatabaseOperation)
	_, err = pgx.Connect(t.Context(), atPostgres(t, postgresServer(t), "canary_nobody"))
	is(t, err, fault.Database) // this server does not know: repeating does not help
}

func TestSqlx(t *testing.T) {
	for _, s := range systems(t) {
		db := sqlx.NewDb(s.open(t), s.driver)
		var row struct{ N int }
		is(t, db.GetContext(t.Context(), &row, "SELECT 1 AS n WHERE 1 = 0"), fault.EntityNotFound)
	}
}

type thing struct {
	ID   int
	Name string `gorm:"unique;not null;check:name <> 'canary'"`
	Up   *int
	Over *thing `gorm:"foreignKey:Up"`
}

func TestGorm(t *testing.T) {
	for _, translated := range []bool{false, true} {
		db, err := gorm.Open(gormpostgres.Open(atPostgres(t, postgresServer(t), "")),
			&gorm.Config{TranslateError: translated, Logger: logger.Discard})
		require.NoError(t, err)
		db = db.WithContext(t.Context())
		table := unique()
		require.NoError(t, db.Table(table).Migrator().CreateTable(&thing{}))
		require.NoError(t, db.Exec(fmt.Sprintf("ALTER TABLE %[1]s ADD FOREIGN KEY (up) REFERENCES %[1]s (id)", table)).Error)
		t.Cleanup(func() {
			require.NoError(t, db.WithContext(context.Background()).Migrator().DropTable(table))
			raw, err := db.DB()
			require.NoError(t, err)
			require.NoError(t, raw.Close())
		})
		things := func() *gorm.DB { return db.Table(table) }
		require.NoError(t, things().Create(&thing{ID: 1, Name: "a"}).Error)
		nobody := 99
		is(t, things().First(&thing{}, 99).Error, fault.EntityNotFound)
		is(t, things().Create(&thing{ID: 2, Name: "a"}).Error, fault.DuplicateItem)
		is(t, things().Create(&thing{ID: 2, Name: "canary"}).Error, fault.BadFieldValue)
		is(t, things().Omit("Over").Create(&thing{ID: 2, Name: "b", Up: &nobody}).Error, fault.Conflict)
		is(t, things().Exec("UPDATE "+table+" SET name = NULL").Error, fault.MissingAttribute)
		is(t, things().Exec("SELECT canary").Error, fault.Database)
	}
	is(t, gorm.ErrRecordNotFound, fault.EntityNotFound) // older dialects translate to nothing but these
	is(t, gorm.ErrDuplicatedKey, fault.DuplicateItem)
	is(t, errors.New("violates foreign key constraint"), fault.Conflict) // its names for these are newer than the lowest version
	is(t, errors.New("violates check constraint"), fault.BadFieldValue)
	_, err := gorm.Open(gormpostgres.Open(atPostgres(t, refused(t), "")), &gorm.Config{Logger: logger.Discard})
	is(t, err, fault.DatabaseOperation)
}

// Drivers' errors with nothing in them, and with what no table knows.
func TestEmptyErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		kind *fault.Kind
	}{
		"pgx, without a code":            {&pgconn.PgError{}, fault.Unhandled},
		"pgx, a code nobody knows":       {&pgconn.PgError{Code: "ZZ9ZZ"}, fault.Database},
		"pgx, a class nobody knows":      {&pgconn.PgError{Code: "QQ000"}, fault.Database},
		"pgx, a known class":             {&pgconn.PgError{Code: "23ZZZ"}, fault.Conflict},
		"pq, without a code":             {&pq.Error{}, fault.Unhandled},
		"mysql, without a number":        {&mysql.MySQLError{}, fault.Database},
		"mysql, a number nobody knows":   {&mysql.MySQLError{Number: 65535, Message: "canary"}, fault.Database},
		"sqlite3, without a code":        {sqlite3.Error{}, fault.Unhandled},
		"sqlite3, behind a pointer":      {&sqlite3.Error{ExtendedCode: sqlite3.ErrConstraintUnique}, fault.DuplicateItem},
		"sqlite3, only the primary code": {sqlite3.Error{Code: sqlite3.ErrBusy}, fault.TransactionConflict},
		"sqlite3, a code nobody knows":   {sqlite3.Error{Code: 99}, fault.Database},
		"typed nil, then a code":         {errors.Join((*pgconn.PgError)(nil), (*mysql.MySQLError)(nil), &pq.Error{Code: "40001"}), fault.TransactionConflict},
		"a nil that Unwrap returns":      {&pgconn.PgError{Code: "23505"}, fault.DuplicateItem},
		"not ours: an HTTP client":       {httpError(t), fault.Unhandled},
		"not ours: the end of a file":    {io.ErrUnexpectedEOF, fault.Unhandled},
		"not ours: a broken pipe":        {syscall.EPIPE, fault.Unhandled},
		"not ours: words in a sentence":  {errors.New("canary: record not found"), fault.Unhandled},
		"invalid connection":             {mysql.ErrInvalidConn, fault.DatabaseOperation},
		"no rows, twice":                 {errors.Join(sql.ErrNoRows, pgx.ErrNoRows), fault.EntityNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			got := answered(t, fmt.Errorf("canary: %w", c.err))
			assert.Equal(t, c.kind.Code(), got.code)
			assert.NotContains(t, got.all, "canary")
			assert.Equal(t, c.kind.Retryable(), repeats(t, c.err))
		})
	}
}

// httpError is the refused connection of a client that has nothing to do with databases.
func httpError(t *testing.T) error {
	t.Helper()
	resp, err := http.Get("http://" + refused(t))
	if err == nil {
		resp.Body.Close()
	}
	require.Error(t, err)
	return err
}
