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

	fault "github.com/polyfault/polyfault/core"
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

	Fingerprint string   `json:"fingerprint"` // the same for what is one bug: see [LogOptions].Deduplicate; "" of rows from before
	State       LogState `json:"state"`       // what operators say of it
	Regressions int      `json:"regressions"` // how often it has happened again after it had been resolved
	Version     int64    `json:"version"`     // grows with each change of the state, and with nothing else: its ETag
}

// A LogState is the operators' decision about a row of the log: [LogNew], [LogResolved] or [LogIgnored].
type LogState string

// The states.
const (
	LogNew      LogState = "new"      // no decision yet, or it has happened again after it was resolved
	LogResolved LogState = "resolved" // it should not happen again; if it does, the row is new again
	LogIgnored  LogState = "ignored"  // it may happen again
)

// logStates are the states by their numbers in the table.
var logStates = []LogState{LogNew, LogResolved, LogIgnored}

// A LogFilter chooses records for [Store.Logs]. The zero LogFilter means the newest page of all records.
type LogFilter struct {
	Level   *slog.Level // the lowest level; nil means all
	Code    string      // only records with this code; "" means all
	Scope   string      // only records of this scope; "" means all
	TraceID string      // only records of this trace; "" means all
	// Search is a part of the message, the code, the path or the cause, in any letter case, or the beginning of a trace id,
	// from six characters on; "" means all.
	Search         string
	Started, Ended time.Time // bounds of the time last seen, or with [ByCreated] of that, both inclusive; zero means none
	// Before is the next of the last page: only records after the one with this id. 0 means from the first. The database is
	// asked where that record is now, so none follow one that was deleted, unless BeforeSeen says where it was.
	Before   int64
	PageSize int // 1..[MaxPageSize]; 0 means [DefaultPageSize]

	CodePrefix  string   // only records whose code begins with it; "" means all
	Family      string   // only records with the code of this kind or of one that descends from it; "" means all
	Fingerprint string   // only records with this fingerprint; "" means all
	State       LogState // only records in this state; "" means all
	Status      int      // 100 to 599: only records with this status of HTTP; 1 to 5: with one of this class (4: 400 to 499); 0 means all
	Order       LogOrder // the zero value means [ByCreated]
	Ascending   bool     // the oldest, fewest or lowest first; false means the newest, most or highest
	// BeforeSeen is the LastSeen that the record of Before had on its page, for [ByLastSeen]; other orders ignore it. The record
	// may have been seen again since, or have been deleted. Zero means that the database is asked.
	BeforeSeen time.Time

	beforeValue string // the value of a logPlace, in any order, instead of BeforeSeen; "" means none
}

// SearchDepth is the number of records that one call of [Store.Logs] searches for a text in SQLite, and for a text of fewer
// than three characters in PostgreSQL, which has an index for others. The rest of the filter chooses them.
const SearchDepth = 5_000

// maxLevels is the number of different levels that are each read by the index. Programs have four to ten.
const maxLevels = 32

// Logs returns a page of the records that the filter chooses, never nil: the newest first by their own time, and among equal
// times the last one written first, unless the filter says otherwise. next is the value of Before for the next page, or 0 if
// there is none.
//
// A trace id finds the rows whose latest occurrences have it ([LogOptions].Recent), with the attributes of their first one.
// There is no count, since that would read every record. A search reads at most [SearchDepth] records. So its page may be
// short or empty and still have a next one, where the search continues; in an order that is no time it reads those seen last,
// and does not continue.
//
// Between two pages records may come, change and go. The next page begins where the record of Before is by then; no records
// follow one that has been deleted, unless BeforeSeen says where it was.
//
// Records that a program from before has written have no status until this one has read their attributes, which a
// [LogHandler] does in the background. The error is a [*FilterError] if the filter is wrong.
func (s *Store) Logs(ctx context.Context, f LogFilter) (records []LogRecord, next int64, err error) {
	records, place, err := s.logs(ctx, f)
	return records, place.id, err
}

// A logPlace is where a page ends: Before and beforeValue of the next one. The id is 0 if there is none. The value is what
// sorts the record, as [logSort.write] has it.
type logPlace struct {
	id    int64
	value string
}

// logs is Logs for lists whose links say where a page ended, whatever becomes of its last record.
func (s *Store) logs(ctx context.Context, f LogFilter) (records []LogRecord, next logPlace, err error) {
	l, err := newLogListing(s, f)
	if err != nil {
		return nil, logPlace{}, err
	}
	err = s.read(ctx, "listing the log", func(ctx context.Context, db querier) error {
		records, next, err = l.read(ctx, db)
		return err
	})
	if err != nil {
		return nil, logPlace{}, err
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

const logColumns = "id, host, level, message, code, scope, trace_id, attributes, stacktrace, created, repeats, last_seen, " +
	"print, state, regressions, version"

// scanLog reads the logColumns, and what a query has behind them.
func scanLog(row scanner, others ...any) (r LogRecord, err error) {
	var attributes string
	var created, seen int64
	var state int
	err = row.Scan(append([]any{&r.ID, &r.Host, &r.Level, &r.Message, &r.Code, &r.Scope, &r.TraceID, &attributes, &r.Stacktrace,
		&created, &r.Repeats, &seen, &r.Fingerprint, &state, &r.Regressions, &r.Version}, others...)...)
	r.State = LogNew
	if state > 0 && state < len(logStates) {
		r.State = logStates[state]
	}
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

	sort    logSort
	from    any      // the value of the record of Before; nil: the database is asked
	byLevel bool     // the index has the level before the time
	levels  []int    // looked up one by one; nil is not
	grams   bool     // the index of grams serves the search
	codes   []string // looked up one by one; nil is not
	family  []any    // the codes of a family; nil without
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
		checkText(f.CodePrefix, maxColumn, "").inFilter("code_prefix"),
		checkFamily(f.Family).inFilter("family"),
		checkText(f.Fingerprint, maxColumn, "").inFilter("fingerprint"),
		checkState(f.State, true).inFilter("state"),
		checkStatus(f.Status).inFilter("status"),
		checkOrder(f.Order).inFilter("order"),
		l.startFrom().inFilter("before_value"),
	} {
		if err != nil {
			return nil, err
		}
	}
	l.f.Scope, l.search = norm.NFC.String(f.Scope), folded(f.Search)
	if l.f.Level != nil {
		l.f.Level = new(clampedLevel(*f.Level))
	}
	l.grams = s.dialect == PostgreSQL && len(gramsOf(l.search)) > 0
	l.chooseColumns()
	l.chooseTimes()
	return l, nil
}

func checkFamily(code string) *problem {
	if code == "" {
		return nil
	}
	if p := checkText(code, maxColumn, ""); p != nil {
		return p
	}
	if _, ok := fault.KindByCode(code); !ok {
		return &problem{rule: ruleNotFound, text: fmt.Sprintf("%q is the code of no kind", code)}
	}
	return nil
}

func checkState(s LogState, none bool) *problem {
	if none && s == "" || slices.Contains(logStates, s) {
		return nil
	}
	names := make([]string, len(logStates))
	for i, state := range logStates {
		names[i] = string(state)
	}
	return oneOf(string(s), names)
}

// startFrom reads where the page begins.
func (l *logListing) startFrom() (p *problem) {
	l.sort, _ = sortOf(l.f.Order)
	l.from, p = l.sort.read(l.f.beforeValue)
	if l.from == nil && l.sort.order == ByLastSeen && !l.f.BeforeSeen.IsZero() {
		l.from = toMicros(l.f.BeforeSeen)
	}
	return p
}

// familyOf are the codes of the kind and of all that descend from it, their former ones too.
func familyOf(code string) (codes []any) {
	k, _ := fault.KindByCode(code)
	for other := range fault.Kinds() {
		if errors.Is(other, k) {
			codes = append(codes, other.Code())
		}
	}
	return codes
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
	l.chooseTriage()
	if f.TraceID != "" {
		l.and("id IN (SELECT id FROM polyfault_log WHERE trace_id = ? AND trace_id <> '' "+
			"UNION ALL SELECT log_id FROM polyfault_log_recent WHERE trace_id = ? AND trace_id <> '')", f.TraceID, f.TraceID)
		l.andOther(f.Code != "", "code", "=", f.Code)
		l.andOther(f.Scope != "", "scope", "=", f.Scope)
		l.andLevel()
		return
	}
	if l.sort.order != ByCreated || l.grams || l.chosen() {
		if f.Code != "" { // the database chooses the index
			l.and("code = ? AND code <> ''", f.Code)
		}
		if f.Scope != "" {
			l.and("scope = ? AND scope <> ''", f.Scope)
		}
		l.andLevel()
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

func (l *logListing) andLevel() {
	if l.f.Level != nil {
		l.andOther(true, "level", ">=", int(*l.f.Level))
	}
}

// chosen reports whether an index that is not one of codes, scopes and levels chooses few records, or has the order.
func (l *logListing) chosen() bool {
	f := &l.f
	return f.State == LogResolved || f.State == LogIgnored || f.Fingerprint != "" || isStatus(f.Status)
}

// chooseTriage is for what has few records, or many.
func (l *logListing) chooseTriage() {
	f := &l.f
	if f.Fingerprint != "" {
		l.and("print = ? AND print <> ''", f.Fingerprint)
	}
	switch f.State {
	case "":
	case LogNew:
		l.andOther(true, "state", "=", 0)
	default:
		l.and("state = ? AND state <> 0", slices.Index(logStates, f.State))
	}
	switch {
	case isStatus(f.Status):
		l.and("status = ? AND status <> 0", f.Status)
	case f.Status != 0: // many records
		l.andOther(true, "status", ">=", 100*f.Status)
		l.andOther(true, "status", "<", 100*f.Status+100)
	}
	if f.Family != "" {
		l.family = familyOf(f.Family)
	}
}

// maxCodes is how many codes, and codes with levels, are looked up one by one.
const maxCodes = 300

// findCodes looks up the codes that there are: those of a prefix and a family are then read each by its index, where
// nothing else chooses few records.
func (l *logListing) findCodes(ctx context.Context, db querier) (found bool, err error) {
	f := &l.f
	if f.CodePrefix == "" && f.Family == "" {
		return true, nil
	}
	if l.chosen() || f.TraceID != "" || f.Code != "" || f.Scope != "" || l.grams || !l.sort.timed() {
		l.andCodes()
		return true, nil
	}
	const step = "SELECT code FROM polyfault_log WHERE code %s AND code < ? AND code <> '' ORDER BY code LIMIT 1"
	query := "WITH RECURSIVE codes(code) AS (SELECT (" + fmt.Sprintf(step, ">= ?") + ") UNION ALL SELECT (" +
		fmt.Sprintf(step, "> codes.code") + ") FROM codes WHERE codes.code IS NOT NULL) SELECT code FROM codes WHERE code IS NOT NULL LIMIT ?"
	end := f.CodePrefix + string(rune(0x10FFFF))
	var codes []string
	err = eachRow(ctx, db, l.s.q(query), []any{f.CodePrefix, end, end, maxCodes + 1}, func(row scanner) error {
		var code string
		err := row.Scan(&code)
		codes = append(codes, code)
		return err
	})
	if err != nil {
		return false, err
	}
	if len(codes) > maxCodes {
		l.andCodes()
		return true, nil
	}
	if f.Family != "" {
		codes = slices.DeleteFunc(codes, func(code string) bool { return !slices.Contains(l.family, any(code)) })
	}
	l.codes = codes
	l.byLevel = l.sort.order == ByCreated
	return len(codes) > 0, nil
}

// andCodes leaves the way to prefix and family to the database.
func (l *logListing) andCodes() {
	if l.f.CodePrefix != "" {
		l.and("code >= ? AND code < ? AND code <> ''", l.f.CodePrefix, l.f.CodePrefix+string(rune(0x10FFFF)))
	}
	if l.f.Family != "" {
		l.and("code IN ("+placeholders(len(l.family))+") AND code <> ''", l.family...)
	}
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
	column := string(ByLastSeen)
	if l.sort.order == ByCreated {
		column = string(ByCreated)
	}
	if !l.f.Started.IsZero() {
		l.and(column+" >= ?", toMicros(l.f.Started))
	}
	if !l.f.Ended.IsZero() {
		l.and(column+" <= ?", toMicros(l.f.Ended))
	}
}

func (l *logListing) read(ctx context.Context, db querier) (records []LogRecord, next logPlace, err error) {
	reading := *l // may be read again
	reading.where, reading.args = slices.Clone(l.where), slices.Clone(l.args)
	if found, err := reading.startBefore(ctx, db); err != nil || !found {
		return []LogRecord{}, logPlace{}, err
	}
	if found, err := reading.findCodes(ctx, db); err != nil || !found {
		return []LogRecord{}, logPlace{}, err
	}
	if found, err := reading.findLevels(ctx, db); err != nil || !found {
		return []LogRecord{}, logPlace{}, err
	}
	if l.search != "" && !l.grams {
		return reading.find(ctx, db)
	}
	query, args := reading.page()
	if l.search != "" {
		query, args = reading.matching()
	}
	return reading.scan(ctx, db, query, args)
}

// columns are those of a record of the list, and what sorts it.
func (l *logListing) columns() string { return logColumns + ", " + l.sort.by + " AS place" }

// scan reads the records of a page. The query finds one more where there is a next one.
func (l *logListing) scan(ctx context.Context, db querier, query string, args []any) (records []LogRecord, next logPlace, err error) {
	records, last, more := []LogRecord{}, logPlace{}, false
	err = eachRow(ctx, db, l.s.q(query), args, func(row scanner) error {
		var value string // numbers, too
		r, err := scanLog(row, &value)
		if more = len(records) == l.size; !more {
			records, last = append(records, r), logPlace{r.ID, l.sort.write(value)}
		}
		return err
	})
	if more {
		next = last
	}
	return records, next, err
}

// page is the query for the records of a page and one more. Where the database has to sort, it sorts ids: the records are
// long.
func (l *logListing) page() (query string, args []any) {
	if l.sort.timed() {
		return l.query(l.columns(), l.size+1)
	}
	ids, args := l.arm("id, "+l.sort.column, l.where, l.args, l.sorted(), l.size+1)
	return "SELECT " + l.columns() + " FROM polyfault_log WHERE id IN (SELECT id FROM (" + ids + ") AS p)" + l.sorted() + " LIMIT ?",
		append(args, l.size+1)
}

// startBefore begins behind the record with the id Before. When nobody says where that was, and retention has deleted it,
// what followed in the list was older, and is deleted too.
func (l *logListing) startBefore(ctx context.Context, db querier) (found bool, err error) {
	if l.f.Before == 0 {
		return true, nil
	}
	comparison := " < "
	if l.f.Ascending {
		comparison = " > "
	}
	from := l.from
	if from == nil {
		if from, err = l.valueOf(ctx, db); errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
	}
	l.and("("+l.sort.by+", id)"+comparison+"(?, ?)", from, l.f.Before)
	return true, err
}

// valueOf asks for what sorts the record of Before.
func (l *logListing) valueOf(ctx context.Context, db querier) (any, error) {
	row := db.QueryRowContext(ctx, l.s.q("SELECT "+l.sort.by+" FROM polyfault_log WHERE id = ?"), l.f.Before)
	if l.sort.text {
		var text string
		err := row.Scan(&text)
		return text, err
	}
	var number int64
	err := row.Scan(&number)
	return number, err
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

// query returns the statement for the first limit records of a list, and for the newest ones of an order that is no time.
func (l *logListing) query(columns string, limit int) (query string, args []any) {
	if len(l.codes)*max(1, len(l.levels)) > maxCodes {
		l.codes, l.levels = nil, nil
		l.andCodes()
		l.andLevel()
	}
	var arms []string
	add := func(where []string, values []any) {
		arm, of := l.arm(columns, append(where, l.where...), append(values, l.args...), l.walked(), limit)
		arms, args = append(arms, "SELECT * FROM ("+arm+") AS a"), append(args, of...)
	}
	switch {
	case l.codes == nil && l.levels == nil:
		return l.arm(columns, l.where, l.args, l.walked(), limit)
	case l.codes == nil:
		for _, level := range l.levels {
			add([]string{"level = ?"}, []any{level})
		}
	case l.levels == nil:
		for _, code := range l.codes {
			add([]string{"code = ? AND code <> ''"}, []any{code})
		}
	default:
		for _, code := range l.codes {
			for _, level := range l.levels {
				add([]string{"code = ? AND code <> '' AND level = ?"}, []any{code, level})
			}
		}
	}
	if len(arms) == 1 {
		return arms[0], args
	}
	return "SELECT * FROM (" + strings.Join(arms, " UNION ALL ") + ") AS b" + l.walked() + " LIMIT ?", append(args, limit)
}

// sorted is the order of the list.
func (l *logListing) sorted() string {
	if l.f.Ascending {
		return " ORDER BY " + l.sort.by + ", id"
	}
	return " ORDER BY " + l.sort.by + " DESC, id DESC"
}

// walked is the order in which records are searched.
func (l *logListing) walked() string {
	if l.sort.timed() {
		return l.sorted()
	}
	return " ORDER BY last_seen DESC, id DESC"
}

func (l *logListing) arm(columns string, where []string, args []any, order string, limit int) (query string, _ []any) {
	query = "SELECT " + columns + " FROM polyfault_log"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + order + " LIMIT ?", append(slices.Clone(args), limit)
}

// matching is the query that searches by the index of grams, whose numbers stand in the text: the plan depends on how
// many records have them. Those that a program from before has written have none until they are completed: of them the
// newest are searched.
func (l *logListing) matching() (query string, args []any) {
	list := strings.Trim(gramsLiteral(l.search), "{}")
	condition := "grams @> ARRAY[" + list + "]::integer[] AND strpos(" + l.text() + ", ?) > 0"
	ids, args := l.arm("id", append(slices.Clip(l.where), condition), append(slices.Clip(l.args), l.search), l.sorted(), l.size+1)
	ids = "SELECT id FROM (" + ids + ") AS g"
	if condition, of := l.traced(); condition != "" {
		arm, of := l.arm("id", append(slices.Clip(l.where), condition), append(slices.Clip(l.args), of...), l.sorted(), l.size+1)
		ids, args = ids+" UNION SELECT id FROM ("+arm+") AS h", append(args, of...)
	}
	before := append(slices.Clip(l.where), "search IS NULL")
	inner, of := l.arm("id, "+l.sort.column+", search, folded, message", before, l.args, l.walked(), SearchDepth)
	ids += " UNION SELECT id FROM (SELECT id FROM (" + inner + ") AS o WHERE " + l.contains() + l.sorted() + " LIMIT ?) AS n"
	args = append(append(args, of...), l.search, l.size+1)
	query, args = l.arm(l.columns(), []string{"id IN (" + ids + ")"}, args, l.sorted(), l.size+1)
	return query, args
}

// minTracePart is how much of a trace id finds it.
const minTracePart = 6

// traced is the condition for records whose trace ids begin with the text, a thousand at most; "" for a text that is
// too short.
func (l *logListing) traced() (condition string, args []any) {
	if len(l.f.Search) < minTracePart {
		return "", nil
	}
	const begins = "trace_id >= ? AND trace_id < ? AND trace_id <> '' LIMIT 1000)"
	from, to := l.f.Search, l.f.Search+string(rune(0x10FFFF))
	return "id IN (SELECT id FROM (SELECT id FROM polyfault_log WHERE " + begins + " AS t UNION ALL SELECT log_id FROM (SELECT log_id " +
		"FROM polyfault_log_recent WHERE " + begins + " AS r)", []any{from, to, from, to}
}

// find searches the first SearchDepth records, or of an order that is no time the newest ones. First it finds the ids: only
// the records of the page are read as a whole.
func (l *logListing) find(ctx context.Context, db querier) (records []LogRecord, next logPlace, err error) {
	query, args := l.query("id, "+l.sort.column+", message, folded, search", SearchDepth)
	condition := l.contains()
	traced, of := l.traced()
	if traced != "" {
		condition = "(" + condition + " OR " + traced + ")"
	}
	matching := "SELECT id, " + l.sort.column + " FROM (" + query + ") AS s WHERE " + condition + l.sorted() + " LIMIT ?"
	page := "SELECT " + l.columns() + " FROM polyfault_log WHERE id IN (SELECT id FROM (" + matching + ") AS m)" + l.sorted()
	records, next, err = l.scan(ctx, db, page, slices.Concat(args, []any{l.search}, of, []any{l.size + 1}))
	if err != nil || next.id != 0 || !l.sort.timed() {
		return records, next, err
	}
	query, args = l.query("id, "+l.sort.column, SearchDepth)
	last := "SELECT id, " + l.sort.column + " FROM (" + query + ") AS s" + l.sorted() + " LIMIT 1 OFFSET ?"
	err = db.QueryRowContext(ctx, l.s.q(last), append(args, SearchDepth-1)...).Scan(&next.id, &next.value) // a number, as text
	if errors.Is(err, sql.ErrNoRows) {
		return records, logPlace{}, nil
	}
	return records, next, err
}

// text is the folded text that is searched; of rows from before it was kept, the message.
func (l *logListing) text() string { return "coalesce(search, folded, lower(message))" }

// contains compares folded texts.
func (l *logListing) contains() string {
	function := "instr"
	if l.s.dialect == PostgreSQL {
		function = "strpos"
	}
	return fmt.Sprintf("%s(%s, ?) > 0", function, l.text())
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
