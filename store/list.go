package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	fault "github.com/polyfault/polyfault/core"
)

// A Filter chooses records for [Store.List]. The zero Filter means the first page of all records, beginning with the oldest
// change.
type Filter struct {
	Started, Ended time.Time // bounds of the last change, both inclusive; zero means none
	// Order are the fields to sort by, the most important first: see [Orders]. "-" before a field sorts
	// downwards. Empty means "last_modified". Records with equal fields are sorted by id.
	Order    []string
	Builtin  *bool   // only built-in records, or only others; nil means both
	Scope    *string // only this scope; nil means all
	Name     string  // only records of this name, compared like names; "" means all
	Category string  // only this category; "" means all
	Page     int     // from 1; 0 means 1
	PageSize int     // 1..[MaxPageSize]; 0 means [DefaultPageSize]
}

// The sizes of a page of [Store.List].
const (
	DefaultPageSize = 100
	MaxPageSize     = 1000
)

// maxPage keeps the number of the first record within what databases count.
const maxPage = 1_000_000_000

// maxFilter is the greatest length of a text in a filter.
const maxFilter = 250

// orderColumns are the fields to sort by. Queries have no other columns.
var orderColumns = []struct{ field, column string }{
	{"id", "id"},
	{"name", "name_key"},
	{"scope", "scope"},
	{"title", "title"},
	{"category", "category"},
	{"is_builtin", "is_builtin"},
	{"should_be_retried", "should_be_retried"},
	{"status", "status"},
	{"exit_code", "exit_code"},
	{"created", "created"},
	{"last_modified", "last_modified"},
}

// Orders returns the fields that [Filter.Order] may name. The slice is a copy.
func Orders() []string {
	fields := make([]string, len(orderColumns))
	for i, c := range orderColumns {
		fields[i] = c.field
	}
	return fields
}

// List returns a page of the records that the filter chooses, never nil, and their number on all pages. It reads both from
// the database at one moment. The error is a [*FilterError] if the filter is wrong.
func (s *Store) List(ctx context.Context, f Filter) (records []Record, count int, err error) {
	l, err := newListing(f)
	if err != nil {
		return nil, 0, err
	}
	err = s.read(ctx, "listing errors", func(ctx context.Context, db querier) error {
		records, count, err = l.read(ctx, s, db)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return records, count, nil
}

// A listing is a filter as SQL.
type listing struct {
	where  string // with " WHERE ", or empty
	args   []any
	order  string
	size   int
	offset int64
}

func newListing(f Filter) (*listing, error) {
	l := &listing{}
	for _, step := range []func(*Filter) error{l.chooseTimes, l.chooseValues, l.sort, l.page} {
		if err := step(&f); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *listing) and(condition string, arg any) {
	if l.where == "" {
		l.where = " WHERE " + condition
	} else {
		l.where += " AND " + condition
	}
	l.args = append(l.args, arg)
}

func (l *listing) chooseTimes(f *Filter) error {
	if err := checkRange(f.Started, f.Ended); err != nil {
		return err
	}
	if !f.Started.IsZero() {
		l.and("last_modified >= ?", toMicros(f.Started))
	}
	if !f.Ended.IsZero() {
		l.and("last_modified <= ?", toMicros(f.Ended))
	}
	return nil
}

// checkRange wants the end behind the start, and both where databases can count the microseconds.
func checkRange(started, ended time.Time) error {
	for _, bound := range []struct {
		field string
		t     time.Time
	}{{"started", started}, {"ended", ended}} {
		if year := bound.t.UTC().Year(); year < 0 || year > 9999 {
			p := &problem{rule: ruleInvalid, text: fmt.Sprintf("the year %d is outside 0..9999", year)}
			return p.inFilter(bound.field)
		}
	}
	if started.IsZero() || ended.IsZero() || ended.After(started) {
		return nil
	}
	p := &problem{ruleLater, []fault.Attr{fault.Arg("Other", "started")}, "it is not later than started"}
	return p.inFilter("ended")
}

func (l *listing) chooseValues(f *Filter) error {
	if f.Builtin != nil {
		l.and("is_builtin = ?", *f.Builtin)
	}
	if f.Scope != nil {
		scope := norm.NFC.String(*f.Scope)
		if err := checkText(scope, maxFilter, "").inFilter("scope"); err != nil {
			return err
		}
		l.and("scope = ?", scope)
	}
	if f.Name != "" {
		key := folded(f.Name)
		if err := checkText(key, maxFilter, "").inFilter("name"); err != nil {
			return err
		}
		l.and("name_key = ?", key)
	}
	if f.Category != "" {
		if err := checkCategory(fault.Category(f.Category)).inFilter("category"); err != nil {
			return err
		}
		l.and("category = ?", f.Category)
	}
	return nil
}

func (l *listing) sort(f *Filter) error {
	order := f.Order
	if len(order) == 0 {
		order = []string{"last_modified"}
	}
	var terms []string
	seen, direction := map[string]bool{}, ""
	for _, field := range order {
		name, down := strings.CutPrefix(field, "-")
		column, ok := orderColumn(name)
		if !ok {
			return oneOf(field, Orders()).inFilter("order")
		}
		if seen[name] {
			p := &problem{rule: ruleUnique, text: fmt.Sprintf("%q stands there twice", name)}
			return p.inFilter("order")
		}
		seen[name], direction = true, ""
		if down {
			direction = " DESC"
		}
		terms = append(terms, column+direction)
	}
	if !seen["id"] {
		terms = append(terms, "id"+direction) // the same direction: an index has both
	}
	l.order = " ORDER BY " + strings.Join(terms, ", ")
	return nil
}

func orderColumn(field string) (string, bool) {
	for _, c := range orderColumns {
		if c.field == field {
			return c.column, true
		}
	}
	return "", false
}

func (l *listing) page(f *Filter) error {
	page, size := f.Page, f.PageSize
	if page == 0 {
		page = 1
	}
	if size == 0 {
		size = DefaultPageSize
	}
	if err := between(page, 1, maxPage).inFilter("page"); err != nil {
		return err
	}
	if err := between(size, 1, MaxPageSize).inFilter("page_size"); err != nil {
		return err
	}
	l.size, l.offset = size, int64(page-1)*int64(size)
	return nil
}

// query is one statement, so that count and records are of one moment.
func (l *listing) query() (query string, args []any) {
	query = "SELECT " + recordColumns + ", (SELECT count(*) FROM polyfault_errors" + l.where + ") FROM polyfault_errors" +
		l.where + l.order + " LIMIT ? OFFSET ?"
	args = append(args, l.args...)
	args = append(args, l.args...)
	return query, append(args, l.size, l.offset)
}

func (l *listing) read(ctx context.Context, s *Store, db querier) (records []Record, count int, err error) {
	query, args := l.query()
	rows, err := db.QueryContext(ctx, s.q(query), args...)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }()
	records = []Record{}
	for rows.Next() {
		r, err := scanRecord(rows, &count)
		if err != nil {
			return nil, 0, err
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	if len(records) > 0 || l.offset == 0 {
		return records, count, nil
	}
	_ = rows.Close() // the pool may have one connection only
	err = db.QueryRowContext(ctx, s.q("SELECT count(*) FROM polyfault_errors"+l.where), l.args...).Scan(&count)
	return records, count, err
}
