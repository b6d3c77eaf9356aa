package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/text/unicode/norm"

	fault "github.com/polyfault/polyfault/core"
)

// Save inserts or updates the entries by their names within the scope, in one transaction: all or none. An existing record
// keeps its id, its created time, the spelling of its name, and the fields that the entry does not set. A new record is not
// built-in. Save returns the records in the order of the entries. It writes one language of a record: each needs a Save of its own.
//
// The error is a [*FieldError] if an entry has a value that a record cannot have, or the name of another entry. It wraps
// [ErrReadOnly] if an entry would change the category, the status or the exit code of a built-in record.
func (s *Store) Save(ctx context.Context, scope string, entries []Entry) ([]Record, error) {
	keys, err := naturalKeys(scope, entries)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, "saving errors", func(ctx context.Context, c *change) error {
		for i := range entries {
			r, err := c.named(ctx, keys[i])
			switch {
			case errors.Is(err, sql.ErrNoRows):
				err = c.insert(ctx, keys[i], &entries[i])
			case err == nil:
				err = c.update(ctx, r, &entries[i])
			}
			if err != nil {
				return err
			}
		}
		return c.checkExitCodes(ctx)
	})
}

// Create inserts a record. The error is [ErrExists] if the scope has a record of this name, and a [*FieldError]
// if the entry has a value that a record cannot have.
func (s *Store) Create(ctx context.Context, scope string, e Entry) (Record, error) {
	keys, err := naturalKeys(scope, []Entry{e})
	if err != nil {
		return Record{}, err
	}
	records, err := s.change(ctx, "creating an error", func(ctx context.Context, c *change) error {
		_, err := c.named(ctx, keys[0])
		if err == nil {
			return ErrExists
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := c.insert(ctx, keys[0], &e); err != nil {
			return err
		}
		return c.checkExitCodes(ctx)
	})
	if err != nil {
		return Record{}, err
	}
	return records[0], nil
}

// Update changes the fields of the record that the entry sets; an empty name leaves the name. An entry without fields, be it with
// a language, changes nothing.
//
// version is the version of the record that the caller knows; 0 means any. If the record has changed since, Update does
// nothing and returns [ErrConflict]. The error is [ErrNotFound] if there is no such record, [ErrExists] if another record of
// the scope has the name, and a [*FieldError] if the entry has a value that a record cannot have. The latter wraps
// [ErrReadOnly] if the entry would change the name, the category, the status or the exit code of a built-in record.
func (s *Store) Update(ctx context.Context, id, version int64, e Entry) (Record, error) {
	if err := e.check(); err != nil {
		return Record{}, err
	}
	key := recordKey{}
	if e.Name != "" {
		named, err := naturalKey("", e.Name)
		if err != nil {
			return Record{}, err
		}
		key = named
	}
	var found Record
	records, err := s.change(ctx, "updating an error", func(ctx context.Context, c *change) (err error) {
		found, err = c.byID(ctx, id)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if version != 0 && version != found.Version {
			return ErrConflict
		}
		if e == (Entry{Language: e.Language}) {
			return nil
		}
		return c.rename(ctx, found, &e, key.name)
	})
	if errors.Is(err, ErrConflict) {
		s.cache.put(0, found) // the next read shows the conflict
	}
	if err != nil {
		return Record{}, err
	}
	if len(records) == 0 {
		return found, nil
	}
	return records[0], nil
}

// naturalKeys checks what can be checked without the database.
func naturalKeys(scope string, entries []Entry) ([]recordKey, error) {
	if err := checkText(norm.NFC.String(scope), maxScope, "").inField("scope"); err != nil {
		return nil, err
	}
	keys, seen := make([]recordKey, len(entries)), make(map[recordKey]bool, len(entries))
	for i := range entries {
		key, err := naturalKey(scope, entries[i].Name)
		if err != nil {
			return nil, err
		}
		if seen[key] {
			return nil, &FieldError{Field: "name", Rule: ruleDuplicate, Problem: fmt.Sprintf("%q stands twice among the entries", entries[i].Name)}
		}
		if err := entries[i].check(); err != nil {
			return nil, err
		}
		keys[i], seen[key] = key, true
	}
	return keys, nil
}

// A change is a transaction that writes records. Changes of all instances run one after the other: each begins by locking
// the counter.
type change struct {
	s       *Store
	tx      querier
	now     time.Time
	version int64 // of what is written
	written []Record
}

// change runs f in a change, puts the written records into the cache, and returns them.
func (s *Store) change(ctx context.Context, doing string, f func(ctx context.Context, c *change) error) ([]Record, error) {
	var done change
	err := s.transact(ctx, doing, func(ctx context.Context, tx querier) error {
		c := change{s: s, tx: tx, now: s.now()}
		if err := c.begin(ctx); err != nil {
			return err
		}
		if err := f(ctx, &c); err != nil {
			return err
		}
		done = c
		return c.end(ctx)
	})
	if err != nil {
		if _, unknown := errors.AsType[*commitError](err); unknown {
			s.changed()
		}
		return nil, err
	}
	if len(done.written) > 0 && !s.cache.put(done.version, done.written...) {
		s.changed() // others have written, too
	}
	return done.written, nil
}

func (c *change) begin(ctx context.Context) error {
	query := "SELECT counter FROM polyfault_changes"
	if c.s.dialect == PostgreSQL {
		query += " FOR UPDATE"
	}
	var counter int64
	err := c.tx.QueryRowContext(ctx, query).Scan(&counter)
	c.version = counter + 1
	return err
}

func (c *change) end(ctx context.Context) error {
	if len(c.written) == 0 {
		return nil
	}
	if _, err := c.tx.ExecContext(ctx, c.s.q("UPDATE polyfault_changes SET counter = ?"), c.version); err != nil {
		return err
	}
	if c.s.dialect != PostgreSQL {
		return nil
	}
	_, err := c.tx.ExecContext(ctx, "SELECT pg_notify($1, '')", Channel) // sent by the commit
	return err
}

func (c *change) named(ctx context.Context, key recordKey) (Record, error) {
	return c.s.recordNamed(ctx, c.tx, key)
}

func (c *change) byID(ctx context.Context, id int64) (Record, error) {
	return c.s.recordByID(ctx, c.tx, id)
}

func (s *Store) recordNamed(ctx context.Context, db querier, key recordKey) (Record, error) {
	query := s.q("SELECT " + recordColumns + " FROM polyfault_errors WHERE scope = ? AND name_key = ?")
	return scanRecord(db.QueryRowContext(ctx, query, key.scope, key.name))
}

func (s *Store) recordByID(ctx context.Context, db querier, id int64) (Record, error) {
	return scanRecord(db.QueryRowContext(ctx, s.q("SELECT "+recordColumns+" FROM polyfault_errors WHERE id = ?"), id))
}

// insert makes the record of an entry.
func (c *change) insert(ctx context.Context, key recordKey, e *Entry) error {
	r := Record{Scope: key.scope, Name: norm.NFC.String(e.Name), key: key.name, Category: fault.CategoryAlgorithm}
	c.s.fill(&r, e)
	if err := c.add(ctx, r); err != nil {
		return err
	}
	return c.writeTexts(ctx, c.written[len(c.written)-1].ID, e)
}

// add inserts the record.
func (c *change) add(ctx context.Context, r Record) error {
	r.Created = fromMicros(toMicros(c.now))
	r.LastModified, r.Version = r.Created, c.version
	query := "INSERT INTO polyfault_errors (scope, name, name_key, title, description, category, is_builtin, should_be_retried, " +
		"status, exit_code, created, last_modified, version, edited) VALUES (" + placeholders(14) + ") RETURNING id"
	if err := c.tx.QueryRowContext(ctx, c.s.q(query), r.values()...).Scan(&r.ID); err != nil {
		return err
	}
	c.written = append(c.written, r)
	return nil
}

// update changes the fields that the entry sets.
func (c *change) update(ctx context.Context, r Record, e *Entry) error {
	if err := checkReadOnly(&r, e); err != nil {
		return err
	}
	c.s.fill(&r, e)
	if err := c.write(ctx, r); err != nil {
		return err
	}
	return c.writeTexts(ctx, r.ID, e)
}

// rename is update, and also changes the name if the entry has one.
func (c *change) rename(ctx context.Context, r Record, e *Entry, key string) error {
	if e.Name != "" {
		name := norm.NFC.String(e.Name)
		if r.Builtin && name != r.Name {
			return readOnly("name")
		}
		other, err := c.named(ctx, recordKey{r.Scope, key})
		if err == nil && other.ID != r.ID {
			return ErrExists
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		r.Name, r.key = name, key
	}
	if err := c.update(ctx, r, e); err != nil {
		return err
	}
	return c.checkExitCodes(ctx)
}

// write updates the record. Its time does not run backwards when instances' clocks differ.
func (c *change) write(ctx context.Context, r Record) error {
	if now := fromMicros(toMicros(c.now)); now.After(r.LastModified) {
		r.LastModified = now
	}
	r.Version = c.version
	query := "UPDATE polyfault_errors SET scope = ?, name = ?, name_key = ?, title = ?, description = ?, category = ?, is_builtin = ?, " +
		"should_be_retried = ?, status = ?, exit_code = ?, created = ?, last_modified = ?, version = ?, edited = ? WHERE id = ?"
	if _, err := c.tx.ExecContext(ctx, c.s.q(query), append(r.values(), r.ID)...); err != nil {
		return err
	}
	c.written = append(c.written, r)
	return nil
}

// checkReadOnly finds changes of fields that belong to the program's kinds.
func checkReadOnly(r *Record, e *Entry) error {
	switch {
	case !r.Builtin:
		return nil
	case e.Category != nil && *e.Category != r.Category:
		return readOnly("category")
	case e.Status != nil && *e.Status != r.Status:
		return readOnly("status")
	case e.ExitCode != nil && *e.ExitCode != r.ExitCode:
		return readOnly("exit_code")
	}
	return nil
}

func readOnly(field string) error {
	return &FieldError{Field: field, Rule: ruleReadOnly, Problem: "the record is built-in, and only the program changes this"}
}

// checkExitCodes finds exit codes that two records of a scope have, after all is written: entries may
// exchange theirs.
func (c *change) checkExitCodes(ctx context.Context) error {
	for i := range c.written {
		r := &c.written[i]
		if r.ExitCode == 0 || r.edited&editedExitCode == 0 {
			continue
		}
		var other string
		err := c.tx.QueryRowContext(ctx, c.s.q("SELECT name FROM polyfault_errors WHERE exit_code = ? AND scope = ? AND id <> ? LIMIT 1"),
			r.ExitCode, r.Scope, r.ID).Scan(&other)
		if err == nil {
			return &FieldError{Field: "exit_code", Rule: ruleDuplicate, Problem: fmt.Sprintf("%d is that of %q", r.ExitCode, other)}
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}
