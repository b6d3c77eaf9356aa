package store

import (
	"context"
	"database/sql"
	"errors"

	"golang.org/x/text/unicode/norm"

	fault "github.com/polyfault/polyfault/core"
)

// Get returns the record with the id. It asks the database only if the record is not in memory. The error is [ErrNotFound] if
// there is none.
func (s *Store) Get(ctx context.Context, id int64) (Record, error) {
	if r := s.cache.now.Load().byID[id]; r != nil {
		return *r, nil
	}
	return s.fetch(ctx, func(ctx context.Context, db querier) (Record, error) { return s.recordByID(ctx, db, id) })
}

// GetNamed returns the record of the scope with the name, in any letter case and normalisation. It asks the database only if
// the record is not in memory. The error is [ErrNotFound] if the scope has none; it does not search other scopes or the
// built-in records.
func (s *Store) GetNamed(ctx context.Context, scope, name string) (Record, error) {
	key, ok := lookupKey(scope, name)
	if !ok {
		return Record{}, ErrNotFound
	}
	if r := s.cache.now.Load().byKey[key]; r != nil {
		return *r, nil
	}
	return s.fetch(ctx, func(ctx context.Context, db querier) (Record, error) { return s.recordNamed(ctx, db, key) })
}

// lookupKey returns the key of a name, and false for a name that no record can have. Names of built-in records may be longer
// than others.
func lookupKey(scope, name string) (recordKey, bool) {
	key := recordKey{norm.NFC.String(scope), folded(name)}
	return key, checkText(key.scope, maxScope, "") == nil && checkText(key.name, maxFilter, "") == nil
}

// fetch reads a record that another instance may have made since the cache was loaded.
func (s *Store) fetch(ctx context.Context, read func(ctx context.Context, db querier) (Record, error)) (r Record, err error) {
	err = s.read(ctx, "reading an error", func(ctx context.Context, db querier) (err error) {
		r, err = read(ctx, db)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		return err
	})
	if err != nil {
		return Record{}, err
	}
	s.cache.put(0, r)
	return r, nil
}

// GetExitCode returns the record for a process of the scope that ended with the code: the scope's own, else the built-in one
// with the code, else [Store.Default] of the scope. The code 0 means success: the error is [ErrNotFound]. GetExitCode reads
// memory only and never waits; ctx is not used yet.
func (s *Store) GetExitCode(_ context.Context, scope string, code int) (Record, error) {
	if code == 0 {
		return Record{}, ErrNotFound
	}
	n := s.cache.now.Load()
	for _, scope := range []string{norm.NFC.String(scope), ""} {
		if r := n.byExit[exitKey{scope, code}]; r != nil {
			return *r, nil
		}
	}
	return s.Default(scope), nil
}

// Default returns the record for unknown failures of the scope: see [WithDefault]. If there is no record of that name, it
// returns [Store.Unknown].
func (s *Store) Default(scope string) Record {
	scope = norm.NFC.String(scope)
	name, ok := s.defaults[scope]
	if !ok {
		name, ok = s.defaults[""]
	}
	if !ok {
		return s.Unknown()
	}
	n := s.cache.now.Load()
	for _, key := range []recordKey{{scope, name}, {"", name}} {
		if r := n.byKey[key]; r != nil {
			return *r
		}
	}
	return s.Unknown()
}

// Unknown returns the record of [fault.Any]. Before [Store.SyncKinds] has written it, Unknown makes it from the kind, without
// an id.
func (s *Store) Unknown() Record {
	if r := s.cache.now.Load().byKey[recordKey{"", fault.Any.Code()}]; r != nil {
		return *r
	}
	return s.recordOf(fault.Any)
}

// Retryable reports whether it can help to repeat an operation that failed with the kind. The kind's record decides, or the
// kind itself if there is no record. A nil kind is read as [fault.Any]. Give the method to [fault.WithRetryable] and
// [fault.Backoff]: it reads memory only, never waits and allocates nothing.
func (s *Store) Retryable(k *fault.Kind) bool {
	r := s.cache.now.Load().byKey[recordKey{"", k.Code()}] // codes are folded
	if r == nil || !r.Builtin && r.edited&editedRetryable == 0 {
		return k.Retryable()
	}
	return r.Retryable
}
