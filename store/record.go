package store

import (
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// A Record is one error in the store. It is a value: changing it does not change the store.
type Record struct {
	ID          int64          `json:"id"`                // 0 if it is not in the database: see [Store.Unknown]
	Name        string         `json:"name"`              // unique within the scope; a built-in's is the code of its kind
	Scope       string         `json:"scope"`             // job type, service …; "" means no scope
	Title       string         `json:"title"`             // at most 50 characters, in the default language: see [Store.ErrorTexts]
	Description string         `json:"description"`       // at most 250 characters, in the default language
	Category    fault.Category `json:"category"`          // where the cause lies
	Builtin     bool           `json:"is_builtin"`        // it is a kind of the program
	Retryable   bool           `json:"should_be_retried"` // repeating may help
	Status      int            `json:"status"`            // HTTP status, 400..599; 0 means unknown
	ExitCode    int            `json:"exit_code"`         // 1..255, unique within the scope; 0 means none

	Created      time.Time `json:"created"`       // UTC, microseconds
	LastModified time.Time `json:"last_modified"` // UTC, microseconds; never before an earlier one
	Version      int64     `json:"version"`       // grows with each change of the record: its ETag

	key    string // folded name
	edited int    // which fields somebody named in a Save, a Create or an Update
}

// The bits of edited.
const (
	editedTitle = 1 << iota
	editedDescription
	editedCategory
	editedRetryable
	editedStatus
	editedExitCode
)

// recordColumns are the columns in the order of the methods scan and values.
const recordColumns = "id, scope, name, name_key, title, description, category, is_builtin, should_be_retried, " +
	"status, exit_code, created, last_modified, version, edited"

type scanner interface{ Scan(targets ...any) error }

// scanRecord reads a row of recordColumns, and what stands behind them into more.
func scanRecord(row scanner, more ...any) (r Record, err error) {
	var created, modified int64
	err = row.Scan(append([]any{&r.ID, &r.Scope, &r.Name, &r.key, &r.Title, &r.Description, &r.Category, &r.Builtin, &r.Retryable,
		&r.Status, &r.ExitCode, &created, &modified, &r.Version, &r.edited}, more...)...)
	r.Created, r.LastModified = fromMicros(created), fromMicros(modified)
	return r, err
}

// values returns the columns but for the id.
func (r *Record) values() []any {
	return []any{r.Scope, r.Name, r.key, r.Title, r.Description, string(r.Category), r.Builtin, r.Retryable,
		r.Status, r.ExitCode, toMicros(r.Created), toMicros(r.LastModified), r.Version, r.edited}
}

// An Entry is the input of [Store.Save], [Store.Create] and [Store.Update]. A nil field is not set: the record keeps its
// value, or has the default if it is new.
type Entry struct {
	// Name has 1 to 50 characters, no control characters, and no space at either end. It is stored in
	// Unicode's form NFC, and is unique within the scope in any letter case.
	Name        string
	Title       *string // at most 50 characters, none of them a control character; default ""
	Description *string // at most 250 characters, of control characters only tab and line ends; default ""
	// Language is that of Title and Description, a BCP 47 tag. "" means the default language, that of [WithResponder]'s texts; an
	// empty text is then written like any other.
	//
	// With the tag of the default language, an empty text of a built-in record gives the program's text back. With any other tag,
	// Title and Description stand beside those of the record, which stay: see [Store.ErrorTexts]. An empty text then removes what was
	// written in the language. Tags are stored in canonical form, and en-US is another language than en.
	Language  string
	Category  *fault.Category // default [fault.CategoryAlgorithm]
	Retryable *bool           // default false
	Status    *int            // 400..599, or 0 for unknown, the default
	ExitCode  *int            // 1..255, unique within the scope, or 0 for none, the default
}

// fill writes the fields that the entry sets, without the name. Texts of other languages are not in the record: see writeTexts.
func (s *Store) fill(r *Record, e *Entry) {
	s.putTexts(r, e)
	put(r, e.Category, &r.Category, editedCategory)
	put(r, e.Retryable, &r.Retryable, editedRetryable)
	put(r, e.Status, &r.Status, editedStatus)
	put(r, e.ExitCode, &r.ExitCode, editedExitCode)
}

func put[T any](r *Record, value, field *T, bit int) {
	if value == nil {
		return
	}
	*field = *value
	r.edited |= bit
}
