package store

import (
	"context"
	"unicode/utf8"

	fault "github.com/polyfault/polyfault/core"
)

// SyncKinds makes built-in records of the empty scope from all kinds of the process ([fault.Kinds]). Call it when the service
// starts, after its packages have made their kinds.
//
// Name, category, status and exit code are always the kind's. Title, description and whether to retry are the kind's until
// an operator changes them. An existing record of that name becomes built-in and keeps its id. Records of kinds that no longer
// exist stay.
//
// Only the kind that declares an exit code has it in its record: see [fault.KindByExitCode]. Title and description are cut to
// the length that records have. If nothing differs, SyncKinds writes nothing, and versions do not change.
func (s *Store) SyncKinds(ctx context.Context) error {
	_, err := s.change(ctx, "writing the kinds", func(ctx context.Context, c *change) error {
		existing, err := c.unscoped(ctx)
		if err != nil {
			return err
		}
		if err := c.freeExitCodes(ctx, existing); err != nil {
			return err
		}
		for k := range fault.Kinds() {
			if err := c.sync(ctx, s.recordOf(k), existing[k.Code()]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.refresh(ctx) // another instance may have written
}

// unscoped returns the records of the empty scope by their keys.
func (c *change) unscoped(ctx context.Context) (map[string]*Record, error) {
	rows, err := c.tx.QueryContext(ctx, "SELECT "+recordColumns+" FROM polyfault_errors WHERE scope = ''")
	if err != nil {
		return nil, err
	}
	n, err := loadSnapshot(rows, 0)
	if err != nil {
		return nil, err
	}
	existing := make(map[string]*Record, len(n.byID))
	for _, r := range n.byID {
		existing[r.key] = r
	}
	return existing, nil
}

// freeExitCodes removes exit codes from kinds that no longer exist, if another kind has them now.
func (c *change) freeExitCodes(ctx context.Context, existing map[string]*Record) error {
	for _, r := range existing {
		if _, here := fault.KindByCode(r.Name); here || !r.Builtin || r.ExitCode == 0 {
			continue
		}
		if _, taken := fault.KindByExitCode(r.ExitCode); !taken {
			continue
		}
		freed := *r
		freed.ExitCode = 0
		if err := c.write(ctx, freed); err != nil {
			return err
		}
	}
	return nil
}

// sync writes the record that a kind should have, if it has another one or none.
func (c *change) sync(ctx context.Context, wanted Record, existing *Record) error {
	if existing == nil {
		return c.add(ctx, wanted)
	}
	r := *existing
	r.Builtin, r.Name = true, wanted.Name
	r.Category, r.Status, r.ExitCode = wanted.Category, wanted.Status, wanted.ExitCode
	if r.edited&editedTitle == 0 {
		r.Title = wanted.Title
	}
	if r.edited&editedDescription == 0 {
		r.Description = wanted.Description
	}
	if r.edited&editedRetryable == 0 {
		r.Retryable = wanted.Retryable
	}
	if r == *existing {
		return nil
	}
	return c.write(ctx, r)
}

// recordOf returns the record that the program has for the kind.
func (s *Store) recordOf(k *fault.Kind) Record {
	r := Record{
		Name: k.Code(), key: k.Code(), Category: k.Category(), Builtin: true, Retryable: k.Retryable(), Status: k.Status(),
		Title: cut(s.text(k, ".title"), maxTitle), Description: cut(s.text(k, ""), maxDescription),
	}
	if own, ok := fault.KindByExitCode(k.ExitCode()); ok && own == k {
		r.ExitCode = k.ExitCode()
	}
	return r
}

// text returns the text of the kind or, as in responses, of the nearest one above that has one. Arguments are left open.
func (s *Store) text(k *fault.Kind, suffix string) string {
	c := s.responder.Catalogue()
	tag := c.Default().Tag
	for ; k != nil; k = k.Parent() {
		id := k.TextID() + suffix
		names, ok := c.Placeholders(id, tag)
		if !ok {
			continue
		}
		attrs := make([]fault.Attr, len(names))
		for i, name := range names {
			attrs[i] = fault.Arg(name, "…")
		}
		text, _ := c.Text(id, tag, attrs...)
		return text
	}
	return ""
}

// cut returns at most limit characters of the text.
func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
