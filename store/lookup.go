package store

import (
	"context"
	"database/sql"
	"errors"

	"golang.org/x/text/unicode/norm"

	fault "github.com/polyfault/polyfault/core"
)

// Get returns the record with the id, from memory when it is known there. The error is [ErrNotFound] when
// there is none.
func (s *Store) Get(ctx context.Context, id int64) (Record, error) {
	if r := s.cache.now.Load().byID[id]; r != nil {
		return *r, nil
	}
	return s.fetch(ctx, func(ctx context.Context, db querier) (Record, error) { return s.recordByID(ctx, db, id) })
}

// GetNamed returns the record of the scope with the name, from memory when it is known there. Names are
// compared without regard to letter case and normalisation. The error is [ErrNotFound] when there is none;
// other scopes, and the built-in records, are not looked at.
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

// lookupKey is the key to look for; false for what no record can be called. A built-in's name may be
// longer than others.
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

// GetExitCode returns the record that stands for a process of the scope that ended with the code: the
// scope's own, else the built-in one with the code, else [Store.Default] of the scope. The code 0 means
// success: the error is [ErrNotFound]. GetExitCode reads memory only and never waits; ctx is not used yet.
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

// Default returns the record for failures of the scope that nobody knows: see [WithDefault]. While there is
// none of that name it returns [Store.Unknown].
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

// Unknown returns the record of [fault.Any]. Before [Store.SyncKinds] has put it into the database it
// is made from the kind, and has no id.
func (s *Store) Unknown() Record {
	if r := s.cache.now.Load().byKey[recordKey{"", fault.Any.Code()}]; r != nil {
		return *r
	}
	return s.recordOf(fault.Any)
}

// Retryable reports whether repeating what failed by the kind can help: what the kind's record says, or
// the kind while there is none. A nil kind is read as [fault.Any]. The method is for [fault.WithRetryable]
// and [fault.Backoff]: it reads memory only, never waits and allocates nothing.
func (s *Store) Retryable(k *fault.Kind) bool {
	r := s.cache.now.Load().byKey[recordKey{"", k.Code()}] // codes are folded
	if r == nil || !r.Builtin && r.edited&editedRetryable == 0 {
		return k.Retryable()
	}
	return r.Retryable
}
