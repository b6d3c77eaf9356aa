package main

import (
	"context"
	"database/sql"
	"net/url"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/polyfault/polyfault/store"
)

// open opens the database of the config, and the store in it.
func open(ctx context.Context, c config) (*sql.DB, *store.Store, error) {
	driver, source, dialect := "sqlite", sqliteSource(c.file), store.SQLite
	var opts []store.Option
	if c.postgres != "" {
		driver, source, dialect = "pgx", c.postgres, store.PostgreSQL
		opts = append(opts, store.WithListener(listen(c.postgres)))
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, nil, err
	}
	if source == ":memory:" {
		db.SetMaxOpenConns(1) // each connection would have a database of its own
	}
	s, err := store.Open(ctx, db, dialect, opts...)
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return db, s, nil
}

func sqliteSource(file string) string {
	if file == "" {
		return ":memory:"
	}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)"
}

// listen waits for notifications of other instances' writes.
func listen(source string) func(ctx context.Context, changed func()) error {
	return func(ctx context.Context, changed func()) error {
		conn, err := pgx.Connect(ctx, source)
		if err != nil {
			return err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		if _, err := conn.Exec(ctx, "LISTEN "+store.Channel); err != nil {
			return err
		}
		for {
			changed()
			if _, err := conn.WaitForNotification(ctx); err != nil {
				return err
			}
		}
	}
}
