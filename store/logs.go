package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// A LogRecord is one row of the log: one record, or several equal ones.
type LogRecord struct {
	ID         int64           `json:"id"`
	Host       string          `json:"host"`
	Level      slog.Level      `json:"level"`
	Message    string          `json:"message"`
	Code       string          `json:"code"`       // of the attribute "code" or "error.type"; "" without
	Scope      string          `json:"scope"`      // of the attribute "scope", else [LogOptions].Scope
	TraceID    string          `json:"trace_id"`   // of the attribute "trace_id"; "" without
	Attributes json.RawMessage `json:"attributes"` // an object with all other attributes
	Stacktrace string          `json:"stacktrace"` // of the attribute "stack" or "exception.stacktrace"; "" without
	Created    time.Time       `json:"created"`    // the record's own time, UTC, microseconds; the first one's
	Repeats    int             `json:"repeats"`    // number of records in this row; 1 without deduplication
	LastSeen   time.Time       `json:"last_seen"`  // the latest one's own time
}

// A LogFilter chooses records for [Store.Logs]. The zero LogFilter means the newest page of all records.
type LogFilter struct {
	Level          *slog.Level // the lowest level; nil means all
	Code           string      // only records with this code; "" means all
	Scope          string      // only records of this scope; "" means all
	TraceID        string      // only records of this trace; "" means all
	Search         string      // only messages that contain it, in any letter case; "" means all
	Started, Ended time.Time   // bounds of the record's own time, both inclusive; zero means none
	Before         int64       // only records after the one with this id: the next of the last page; 0 means from the newest
	PageSize       int         // 1..[MaxPageSize]; 0 means [DefaultPageSize]
}

// SearchDepth is the number of records that one call of [Store.Logs] searches for a text. The rest of the filter chooses
// them.
const SearchDepth = 5_000

// maxLevels is the number of different levels that are each read by the index. Programs have four to ten.
const maxLevels = 32

// Logs returns a page of the records that the filter chooses, never nil: the newest first by their own time, and among equal
// times the last one written first. next is the value of Before for the next page, or 0 if there is none.
//
// There is no count, since that would read every record. A search reads at most [SearchDepth] records. So its page may be
// short or empty and still have a next one, where the search continues. No records follow a Before that has been deleted. The
// error is a [*FilterError] if the filter is wrong.
func (s *Store) Logs(ctx context.Context, f LogFilter) (records []LogRecord, next int64, err error) {
	l, err := newLogListing(s, f)
	if err != nil {
		return nil, 0, err
	}
	err = s.read(ctx, "listing the log", func(ctx context.Context, db querier) error {
		records, next, err = l.read(ctx, db)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return records, next, nil
}

// Log returns the record with the id. The error is [ErrNotFound] if there is none.
func (s *Store) Log(ctx context.Context, id int64) (r LogRecord, err error) {
	err = s.read(ctx, "reading the log", func(ctx context.Context, db querier) (err error) {
		r, err = scanLog(db.QueryRowContext(ctx, s.q("SELECT "+logColumns+" FROM polyfault_log WHERE id = ?"), id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		return err
	})
	if err != nil {
		return LogRecord{}, err
	}
	return r, nil
}

const logColumns = "id, host, level, message, code, scope, trace_id, attributes, stacktrace, created, repeats, last_seen"

func scanLog(row scanner) (r LogRecord, err error) {
	var attributes string
	var created, seen int64
	err = row.Scan(&r.ID, &r.Host, &r.Level, &r.Message, &r.Code, &r.Scope, &r.TraceID, &attributes, &r.Stacktrace,
		&created, &r.Repeats, &seen)
	r.Attributes, r.Created, r.LastSeen = json.RawMessage(attributes), fromMicros(created), fromMicros(seen)
	return r, err
}

// A logListing is a LogFilter as SQL.
//
// Every query walks down one index that has the wanted order, or several of them and merges: the levels
// from one upwards are few, so each is looked up for itself.
type logListing struct {
	s      *Store
	f      LogFilter
	search string // folded
	size   int
	where  []string
	args   []any

	byLevel bool  // the index has the level before the time
	levels  []int // looked up one by one; nil is not
}

func newLogListing(s *Store, f LogFilter) (*logListing, error) {
	l := &logListing{s: s, f: f, size: f.PageSize}
	if l.size == 0 {
		l.size = DefaultPageSize
	}
	for _, err := range []error{
		checkRange(f.Started, f.Ended),
		between(l.size, 1, MaxPageSize).inFilter("page_size"),
		checkBefore(f.Before),
		checkText(f.Code, maxColumn, "").inFilter("code"),
		checkText(f.Scope, maxColumn, "").inFilter("scope"),
		checkText(f.TraceID, maxColumn, "").inFilter("trace_id"),
		checkText(f.Search, maxFilter, "\t").inFilter("search"),
	} {
		if err != nil {
			return nil, err
		}
	}
	l.f.Scope, l.search = norm.NFC.String(f.Scope), folded(f.Search)
	if l.f.Level != nil {
		l.f.Level = new(clampedLevel(*f.Level))
	}
	l.chooseColumns()
	l.chooseTimes()
	return l, nil
}

func checkBefore(id int64) error {
	if id >= 0 {
		return nil
	}
	return between(-1, 0, math.MaxInt32).inFilter("before")
}

func (l *logListing) and(condition string, args ...any) {
	l.where = append(l.where, condition)
	l.args = append(l.args, args...)
}

// chooseColumns names the one index that is to be used; its partial condition has to stand there word
// for word. A trace has few records, whatever else is asked for; the other indexes begin with the code,
// the scope or both, and go on with the level.
func (l *logListing) chooseColumns() {
	f := &l.f
	if f.TraceID != "" {
		l.and("trace_id = ? AND trace_id <> ''", f.TraceID)
		l.andOther(f.Code != "", "code", "=", f.Code)
		l.andOther(f.Scope != "", "scope", "=", f.Scope)
		if f.Level != nil {
			l.andOther(true, "level", ">=", int(*f.Level))
		}
		return
	}
	if f.Code != "" {
		l.and("code = ? AND code <> ''", f.Code)
	}
	if f.Scope != "" {
		l.and("scope = ? AND scope <> ''", f.Scope)
	}
	l.byLevel = f.Code != "" || f.Scope != "" || f.Level != nil
}

// andOther adds a condition that is not to choose the index: SQLite ignores indexes of "+column".
func (l *logListing) andOther(named bool, column, operator string, arg any) {
	if !named {
		return
	}
	if l.s.dialect == SQLite {
		column = "+" + column
	}
	l.and(column+" "+operator+" ?", arg)
}

func (l *logListing) chooseTimes() {
	if !l.f.Started.IsZero() {
		l.and("created >= ?", toMicros(l.f.Started))
	}
	if !l.f.Ended.IsZero() {
		l.and("created <= ?", toMicros(l.f.Ended))
	}
}

func (l *logListing) read(ctx context.Context, db querier) (records []LogRecord, next int64, err error) {
	reading := *l // may be read again
	reading.where, reading.args = slices.Clone(l.where), slices.Clone(l.args)
	if found, err := reading.startBefore(ctx, db); err != nil || !found {
		return []LogRecord{}, 0, err
	}
	if found, err := reading.findLevels(ctx, db); err != nil || !found {
		return []LogRecord{}, 0, err
	}
	if l.search != "" {
		return reading.find(ctx, db)
	}
	query, args := reading.query(logColumns, reading.size+1)
	records, err = l.s.logs(ctx, db, query, args)
	if err != nil || len(records) <= l.size {
		return records, 0, err
	}
	return records[:l.size], records[l.size-1].ID, nil
}

// startBefore looks up when the record with the id Before was created. When retention has deleted it,
// what followed in the list was older, and is deleted too.
func (l *logListing) startBefore(ctx context.Context, db querier) (found bool, err error) {
	if l.f.Before == 0 {
		return true, nil
	}
	var created int64
	err = db.QueryRowContext(ctx, l.s.q("SELECT created FROM polyfault_log WHERE id = ?"), l.f.Before).Scan(&created)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	l.and("(created, id) < (?, ?)", created, l.f.Before)
	return true, err
}

// findLevels looks up the levels that there are: one step in the index for each.
func (l *logListing) findLevels(ctx context.Context, db querier) (found bool, err error) {
	if !l.byLevel {
		return true, nil
	}
	least := math.MinInt32
	if l.f.Level != nil {
		least = int(*l.f.Level)
	}
	first, firstArgs := l.levelStep(">=", "?")
	next, nextArgs := l.levelStep(">", "levels.level")
	query := "WITH RECURSIVE levels(level) AS (SELECT (" + first + ") UNION ALL SELECT (" + next + ") FROM levels " +
		"WHERE levels.level IS NOT NULL) SELECT level FROM levels WHERE level IS NOT NULL LIMIT ?"
	args := slices.Concat(firstArgs(least), nextArgs(), []any{maxLevels + 1})
	l.levels, err = l.s.ints(ctx, db, query, args)
	if len(l.levels) > maxLevels {
		l.levels = nil
		l.andOther(true, "level", ">=", least)
		return true, err
	}
	return len(l.levels) > 0, err
}

// levelStep returns the query for the first level from one on, and its arguments.
//
// PostgreSQL would rather walk down the index of the levels, and look at each record's scope: rows are
// compared, and in the order of the whole index. SQLite would not use all columns of such a comparison.
func (l *logListing) levelStep(comparison, level string) (query string, args func(least ...any) []any) {
	columns, conditions, marks, values := "", "", "", []any{}
	for _, c := range []struct{ column, value string }{{"code", l.f.Code}, {"scope", l.f.Scope}} {
		if c.value != "" {
			columns, conditions, marks = columns+c.column+", ", conditions+c.column+" = ? AND "+c.column+" <> '' AND ", marks+"?, "
			values = append(values, c.value)
		}
	}
	if l.s.dialect == SQLite {
		query = "SELECT level FROM polyfault_log WHERE " + conditions + "level " + comparison + " " + level +
			" ORDER BY level, created, id LIMIT 1"
		return query, func(least ...any) []any { return slices.Concat(values, least) }
	}
	query = "SELECT level FROM (SELECT " + columns + "level FROM polyfault_log WHERE " + strings.ReplaceAll(conditions, "= ?", "<> ''") +
		"(" + columns + "level) " + comparison + " (" + marks + level + ") ORDER BY " + columns + "level LIMIT 1) AS s " +
		"WHERE " + conditions + "level IS NOT NULL"
	return query, func(least ...any) []any { return slices.Concat(values, least, values) }
}

// query returns the statement for the newest limit records.
func (l *logListing) query(columns string, limit int) (query string, args []any) {
	if l.levels == nil {
		query, args = l.arm(columns, l.where, l.args, limit)
		return query, args
	}
	var arms []string
	for _, level := range l.levels {
		arm, of := l.arm(columns, append([]string{"level = ?"}, l.where...), append([]any{level}, l.args...), limit)
		arms, args = append(arms, "SELECT * FROM ("+arm+") AS a"), append(args, of...)
	}
	if len(arms) == 1 {
		return arms[0], args
	}
	return "SELECT * FROM (" + strings.Join(arms, " UNION ALL ") + ") AS b" + newestFirst, append(args, limit)
}

const newestFirst = " ORDER BY created DESC, id DESC LIMIT ?"

func (l *logListing) arm(columns string, where []string, args []any, limit int) (query string, _ []any) {
	query = "SELECT " + columns + " FROM polyfault_log"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + newestFirst, append(slices.Clone(args), limit)
}

// find searches the newest SearchDepth records. First it finds the ids: only the records of the page
// are read as a whole.
func (l *logListing) find(ctx context.Context, db querier) (records []LogRecord, next int64, err error) {
	query, args := l.query("id, created, message, folded", SearchDepth)
	matching := "SELECT id, created FROM (" + query + ") AS s WHERE " + l.contains() + newestFirst
	page := "SELECT " + logColumns + " FROM polyfault_log WHERE id IN (SELECT id FROM (" + matching + ") AS m) ORDER BY created DESC, id DESC"
	records, err = l.s.logs(ctx, db, page, append(slices.Clone(args), l.search, l.size+1))
	if err != nil {
		return nil, 0, err
	}
	if len(records) > l.size {
		return records[:l.size], records[l.size-1].ID, nil
	}
	query, args = l.query("id, created", SearchDepth)
	last := "SELECT id FROM (" + query + ") AS s ORDER BY created DESC, id DESC LIMIT 1 OFFSET ?"
	err = db.QueryRowContext(ctx, l.s.q(last), append(args, SearchDepth-1)...).Scan(&next)
	if errors.Is(err, sql.ErrNoRows) {
		return records, 0, nil
	}
	return records, next, err
}

// contains compares folded texts. The column folded is NULL where lower does the same: in ASCII.
func (l *logListing) contains() string {
	function := "instr"
	if l.s.dialect == PostgreSQL {
		function = "strpos"
	}
	return fmt.Sprintf("%s(coalesce(folded, lower(message)), ?) > 0", function)
}

func (s *Store) logs(ctx context.Context, db querier, query string, args []any) ([]LogRecord, error) {
	rows, err := db.QueryContext(ctx, s.q(query), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	records := []LogRecord{}
	for rows.Next() {
		r, err := scanLog(rows)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

func (s *Store) ints(ctx context.Context, db querier, query string, args []any) (list []int, err error) {
	rows, err := db.QueryContext(ctx, s.q(query), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, rows.Err()
}
