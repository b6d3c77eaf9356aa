package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

//go:embed migrations
var migrationFiles embed.FS

// A migration is one numbered file.
type migration struct {
	version int
	name    string
	sql     string
}

// migrations returns the migrations of the dialect, in order. A wrong name of a file is a mistake of ours.
func (s *Store) migrations() (list []migration, err error) {
	folder := "migrations/sqlite"
	if s.dialect == PostgreSQL {
		folder = "migrations/postgres"
	}
	files, err := fs.ReadDir(migrationFiles, folder)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		number, _, _ := strings.Cut(file.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != len(list)+1 {
			return nil, fmt.Errorf("store: migration %s is not number %d", file.Name(), len(list)+1)
		}
		content, err := fs.ReadFile(migrationFiles, path.Join(folder, file.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, migration{version, strings.TrimSuffix(file.Name(), ".sql"), string(content)})
	}
	return list, nil
}

// statements returns the statements of a file: no driver has to take several at once.
func (m migration) statements() []string {
	list := strings.Split(m.sql, ";\n")
	return slices.DeleteFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" })
}

const createMigrations = `CREATE TABLE IF NOT EXISTS polyfault_migrations (
	version INTEGER PRIMARY KEY,
	name    TEXT    NOT NULL,
	applied BIGINT  NOT NULL
)`

// migrationLock is the key of PostgreSQL's advisory lock: "polyfaul".
const migrationLock = 0x706f6c796661756c

// migrationPatience is how long a migration may take, and how long others wait for it: it may have to read a large log.
const migrationPatience = 10 * time.Minute

// migrate brings the schema to this program's version, in one transaction. Instances that start
// together wait for each other. A schema that is there needs no right to create anything.
func (s *Store) migrate(ctx context.Context) error {
	list, err := s.migrations()
	if err != nil {
		return err
	}
	if version, err := s.schemaVersion(ctx, s.db); err == nil && version >= len(list) {
		return checkSchema(version, len(list))
	}
	s.patience = migrationPatience
	defer func() { s.patience = 0 }()
	return s.transact(ctx, "migrating the schema", func(ctx context.Context, tx querier) error {
		if s.dialect == PostgreSQL {
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, createMigrations); err != nil {
			return err
		}
		version, err := s.schemaVersion(ctx, tx)
		if err != nil {
			return err
		}
		if err := checkSchema(version, len(list)); err != nil {
			return err
		}
		for _, m := range list[version:] {
			if err := s.apply(ctx, tx, m); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
		return nil
	})
}

func (s *Store) schemaVersion(ctx context.Context, db querier) (version int, err error) {
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM polyfault_migrations").Scan(&version)
	return version, err
}

func checkSchema(version, known int) error {
	if version > known {
		return fmt.Errorf("%w: it has version %d, the program knows %d", ErrNewerSchema, version, known)
	}
	return nil
}

func (s *Store) apply(ctx context.Context, tx querier, m migration) error {
	for _, statement := range m.statements() {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, s.q("INSERT INTO polyfault_migrations (version, name, applied) VALUES (?, ?, ?)"),
		m.version, m.name, toMicros(s.now()))
	return err
}

var errPrivate error = &answer{"store: each connection has an SQLite database of its own in memory: " +
	"call SetMaxOpenConns(1) on the *sql.DB, or open \"file:/name?vfs=memdb\"", fault.ServiceNotConfigured}

// checkShared finds databases in memory that a second connection does not see.
func (s *Store) checkShared(ctx context.Context) error {
	if s.dialect != SQLite || s.db.Stats().MaxOpenConnections == 1 {
		return nil
	}
	return s.again(ctx, "looking at the schema", func() error {
		first, err := s.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = first.Close() }() // not earlier: the second one has to be another one
		if err := checkTables(ctx, first); err != nil {
			return err
		}
		second, err := s.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = second.Close() }()
		return checkTables(ctx, second)
	})
}

func checkTables(ctx context.Context, conn *sql.Conn) error {
	var tables int
	err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'polyfault_migrations'").Scan(&tables)
	if err == nil && tables == 0 {
		return errPrivate
	}
	return err
}
