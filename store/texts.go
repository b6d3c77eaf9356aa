package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/family"
)

// An ErrorText is what somebody has written as title and description of a record in one language.
type ErrorText struct {
	Language    string // a canonical BCP 47 tag
	Title       string // "" unless TitleEdited
	Description string // "" unless DescriptionEdited

	// Whether somebody has written it. Otherwise it is the program's own text of the language. In the default language an
	// edited text may be empty.
	TitleEdited, DescriptionEdited bool
}

func (t *ErrorText) edited() bool { return t.TitleEdited || t.DescriptionEdited }

// ErrorTexts returns the languages in which somebody has written the title or the description of the record, and what they
// have written, sorted by the tag and never nil. The default language is among them if Title or Description of the [Record] were
// written in a Save, a Create or an Update. ErrorTexts asks the database. The error is [ErrNotFound] if there is no such record.
func (s *Store) ErrorTexts(ctx context.Context, id int64) ([]ErrorText, error) {
	const query = "SELECT e.title, e.description, e.edited, coalesce(t.language, ''), coalesce(t.title, ''), coalesce(t.description, '') " +
		"FROM polyfault_errors AS e LEFT JOIN polyfault_error_texts AS t ON t.error_id = e.id WHERE e.id = ?"
	var texts []ErrorText
	err := s.read(ctx, "reading the texts of an error", func(ctx context.Context, db querier) error {
		var r Record
		texts = []ErrorText{}
		found := false
		err := eachRow(ctx, db, s.q(query), []any{id}, func(row scanner) error {
			found = true
			var t ErrorText
			if err := row.Scan(&r.Title, &r.Description, &r.edited, &t.Language, &t.Title, &t.Description); err != nil {
				return err
			}
			t.TitleEdited, t.DescriptionEdited = t.Title != "", t.Description != ""
			if t.edited() && t.Language != s.defaultTag() {
				texts = append(texts, t)
			}
			return nil
		})
		if err == nil && !found {
			return ErrNotFound
		}
		if t := s.defaultText(&r); t.edited() {
			texts = append(texts, t)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(texts, func(a, b ErrorText) int { return strings.Compare(a.Language, b.Language) })
	return texts, nil
}

// defaultText returns what of the record's own title and description somebody has written.
func (s *Store) defaultText(r *Record) ErrorText {
	t := ErrorText{Language: s.defaultTag(), TitleEdited: r.edited&editedTitle != 0, DescriptionEdited: r.edited&editedDescription != 0}
	if t.TitleEdited {
		t.Title = r.Title
	}
	if t.DescriptionEdited {
		t.Description = r.Description
	}
	return t
}

// titlesPerQuery keeps the parameters of a query below the limit of every SQLite, which was 999 once.
const titlesPerQuery = 900

// titlesIn returns the titles that somebody has written for these records in the language, a canonical tag, by their ids. The map is
// never nil.
func (s *Store) titlesIn(ctx context.Context, language string, ids []int64) (titles map[int64]string, err error) {
	query, args := "SELECT error_id, title FROM polyfault_error_texts WHERE language = ? AND title <> '' AND error_id", []any{language}
	if language == s.defaultTag() {
		query, args = "SELECT id, title FROM polyfault_errors WHERE edited & ? <> 0 AND id", []any{editedTitle}
	}
	err = s.read(ctx, "reading titles of errors", func(ctx context.Context, db querier) error {
		titles = make(map[int64]string, len(ids))
		for chunk := range slices.Chunk(ids, titlesPerQuery) {
			args := args[:1:1]
			for _, id := range chunk {
				args = append(args, id)
			}
			err := eachRow(ctx, db, s.q(query+" IN ("+placeholders(len(chunk))+")"), args, func(row scanner) error {
				var id int64
				var title string
				err := row.Scan(&id, &title)
				titles[id] = title
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return titles, nil
}

// defaultTag returns the language of the records' own titles and descriptions.
func (s *Store) defaultTag() string { return s.responder.Catalogue().Default().Tag }

// tag returns the language of the entry's texts, canonical and checked before; "" if it names none.
func (e *Entry) tag() string {
	if e.Language == "" {
		return ""
	}
	tag, _ := family.Parse(e.Language)
	return tag.String()
}

func checkLanguage(tag string) *problem {
	if _, known := family.Parse(tag); !known {
		return &problem{rule: ruleInvalid, text: "it is no BCP 47 tag of a language"}
	}
	return nil
}

// isElsewhere reports whether the entry's texts are those of another language than the default one.
func (s *Store) isElsewhere(e *Entry) bool { return e.Language != "" && e.tag() != s.defaultTag() }

// putTexts writes the entry's texts into the record, if they are of the default language.
func (s *Store) putTexts(r *Record, e *Entry) {
	if s.isElsewhere(e) {
		return
	}
	put(r, e.Title, &r.Title, editedTitle)
	put(r, e.Description, &r.Description, editedDescription)
	if e.Language == "" || !r.Builtin {
		return
	}
	var own Record // empty for a kind of another program
	if k, ok := fault.KindByCode(r.Name); ok {
		own = s.recordOf(k)
	}
	restore(r, e.Title, &r.Title, own.Title, editedTitle)
	restore(r, e.Description, &r.Description, own.Description, editedDescription)
}

// restore gives the field the program's text back if the entry empties it.
func restore(r *Record, value, field *string, own string, bit int) {
	if value == nil || *value != "" {
		return
	}
	*field = own
	r.edited &^= bit
}

// writeTexts writes the entry's texts into their table, if they are not of the default language. The record is written, too: its
// version tells of the change.
func (c *change) writeTexts(ctx context.Context, id int64, e *Entry) error {
	if !c.s.isElsewhere(e) || e.Title == nil && e.Description == nil {
		return nil
	}
	tag := e.tag()
	var title, description string
	query := "SELECT title, description FROM polyfault_error_texts WHERE error_id = ? AND language = ?"
	err := c.tx.QueryRowContext(ctx, c.s.q(query), id, tag).Scan(&title, &description)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if e.Title != nil {
		title = *e.Title
	}
	if e.Description != nil {
		description = *e.Description
	}
	if title == "" && description == "" {
		_, err := c.tx.ExecContext(ctx, c.s.q("DELETE FROM polyfault_error_texts WHERE error_id = ? AND language = ?"), id, tag)
		return err
	}
	_, err = c.tx.ExecContext(ctx, c.s.q("INSERT INTO polyfault_error_texts (error_id, language, title, description) VALUES (?, ?, ?, ?) "+
		"ON CONFLICT (error_id, language) DO UPDATE SET title = excluded.title, description = excluded.description"), id, tag, title, description)
	return err
}
