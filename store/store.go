package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// A Store is the records of errors and the error log in a database. [Open] makes one; the zero Store
// is not usable. All methods are safe for concurrent use.
type Store struct {
	db       *sql.DB
	dialect  Dialect
	clock    func() time.Time
	log      *slog.Logger
	patience time.Duration // with a migration, while the store is opened

	tells bool // somebody has said where to

	defaults  map[string]string // scope → key of the name
	responder *fault.Responder
	interval  time.Duration
	listen    func(ctx context.Context, changed func()) error

	cache cache
	wake  chan struct{} // another instance may have written
	stop  context.CancelFunc
	tasks sync.WaitGroup
}

// Open migrates the schema of the database to the version of this program and loads the records. Until [Store.Close] it
// watches them for changes by other instances. Several instances may open at once. ctx is used for opening only.
//
// The caller owns the database: it chooses the driver and its settings, and closes it after the store. The error is
// [ErrNewerSchema] if a newer program has migrated the database. [fault.SQLMappers] classify failures of the database. A nil
// db or option is an error, too.
func Open(ctx context.Context, db *sql.DB, d Dialect, opts ...Option) (*Store, error) {
	if db == nil {
		return nil, errors.New("store: the *sql.DB is nil")
	}
	if d != SQLite && d != PostgreSQL {
		return nil, fmt.Errorf("store: %s is no dialect; use store.SQLite or store.PostgreSQL", d)
	}
	s := &Store{
		db: db, dialect: d, clock: time.Now, log: discard(),
		defaults: map[string]string{}, interval: defaultPollInterval, wake: make(chan struct{}, 1),
	}
	for i, option := range opts {
		if option == nil {
			return nil, fmt.Errorf("store: option %d of Open is nil", i+1)
		}
		if err := option(s); err != nil {
			return nil, err
		}
	}
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	if err := s.checkShared(ctx); err != nil {
		return nil, err
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	s.watch()
	return s, nil
}

// Close stops watching, and waits for the end of the store's goroutines. If ctx ends before that, Close returns ctx's error.
// Further calls do the same. The database stays open. A closed store still works, but no longer sees the writes of others.
func (s *Store) Close(ctx context.Context) error {
	s.stop()
	ended := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
