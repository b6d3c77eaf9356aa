package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

const (
	entriesPerPage = 50  // of a list
	maxCause       = 160 // characters of a cause in a list
)

// A logList is the list of entries of the log.
type logList struct {
	Form    *form
	Rows    []entryRow
	Columns []sortColumn
	Next    string
}

// An entryRow is an entry of the log in a list.
type entryRow struct {
	URL       string
	LastSeen  *page.Time
	FirstSeen *page.Time
	Count     int
	Level     string
	Severe    bool
	Status    int
	Method    string
	Route     string
	Code      string
	ErrorURL  string // "" when no record has the code as its name
	Cause     string // else the message; shortened
	Host      string
	State     LogState
	StateText string
}

// An entryTable is what the template "entries" shows.
type entryTable struct {
	Words   page.Words
	Name    string
	Columns []sortColumn
	Rows    []entryRow
}

// A sortColumn is a column of the list, or one of the values in a column. The links sort by it.
type sortColumn struct {
	Text   string
	URL    string // "" where nothing is sorted
	Sorted string // of the list's order: "ascending", "descending" or ""
	More   *sortColumn
}

// Sort returns what sorts the column, for aria-sort.
func (c sortColumn) Sort() string {
	if c.Sorted == "" && c.More != nil {
		return c.More.Sorted
	}
	return c.Sorted
}

// listColumns are the columns of the list, with the words for their headings. Times and numbers begin with the highest.
var listColumns = []struct {
	word      string
	order     LogOrder
	ascending bool
	joined    bool // to the column before
}{
	{"last_seen", ByLastSeen, false, false}, {"first_seen", ByCreated, false, false}, {"count", ByRepeats, false, false},
	{"level", ByLevel, false, false}, {"status", ByStatus, false, false},
	{"method", ByMethod, true, false}, {"route", ByRoute, true, true},
	{"code", ByCode, true, false}, {"cause", ByCause, true, true},
	{"host", ByHost, true, false}, {"state", ByState, true, false},
}

// columns returns the headings that sort the list with the filter.
func (v *visit) columns(f *form, filter *LogFilter) []sortColumn {
	return headings(v.Words, func(c *sortColumn, o LogOrder, ascending bool) {
		if filter.Order == o {
			ascending, c.Sorted = !filter.Ascending, "descending"
			if filter.Ascending {
				c.Sorted = "ascending"
			}
		}
		c.URL = v.URL("./", f.with("order", orderText(o, ascending))...)
	})
}

// headings are those of the columns. link adds to each what sorts by it.
func headings(w page.Words, link func(c *sortColumn, o LogOrder, ascending bool)) (columns []sortColumn) {
	for _, l := range listColumns {
		c := sortColumn{Text: w.T(l.word)}
		link(&c, l.order, l.ascending)
		if l.joined {
			columns[len(columns)-1].More = &c
			continue
		}
		columns = append(columns, c)
	}
	return columns
}

// unsorted is for lists that cannot be sorted.
func unsorted(*sortColumn, LogOrder, bool) {}

// orderText returns the value of the parameter "order".
func orderText(o LogOrder, ascending bool) string {
	if ascending {
		return string(o)
	}
	return "-" + string(o)
}

// orderChoices are those of the field that sorts the list where its headings are not shown.
func (v *visit) orderChoices() (choices []choice) {
	for _, l := range listColumns {
		for _, ascending := range []bool{l.ascending, !l.ascending} {
			arrow := " ↓"
			if ascending {
				arrow = " ↑"
			}
			choices = append(choices, choice{Value: orderText(l.order, ascending), Text: v.T(l.word) + arrow})
		}
	}
	return choices
}

// Entries returns the entries of the list.
func (l *logList) Entries(w page.Words) entryTable {
	return entryTable{Words: w, Name: w.T("logs"), Columns: l.Columns, Rows: l.Rows}
}

func (v *visit) logList() (*shown, error) {
	f := v.logForm()
	list := &logList{Form: f}
	s := &shown{title: v.T("logs"), main: list}
	filter, err := v.logFilter(f)
	if err != nil || f.HasWrong() {
		return s, err
	}
	entries, next, err := v.store.logs(v.ctx, filter)
	if err != nil {
		return s, v.refuse(f, err)
	}
	list.Columns = v.columns(f, &filter)
	for i := range entries {
		list.Rows = append(list.Rows, v.entryRow(&entries[i]))
	}
	if next.id != 0 {
		list.Next = v.URL("./", append(f.parameters(), "before", strconv.FormatInt(next.id, 10), "before_value", next.value)...)
	}
	return s, nil
}

func (v *visit) logForm() *form {
	inputs := []*input{
		{Name: "search", Label: v.T("search"), Type: "search", Wide: true},
		{Name: "code_prefix", Label: v.T("code_prefix"), Type: "search"},
		{Name: "family", Label: v.T("family"), Choices: v.familyChoices()},
		{Name: "level", Label: v.T("level"), Choices: v.levelChoices()},
		{Name: "status", Label: v.T("status"), Type: "search", Suggestions: []string{"4xx", "5xx"}},
		{Name: "state", Label: v.T("state"), Choices: v.stateChoices()},
		{Name: "scope", Label: v.T("scope"), Type: "search"},
		{Name: "range", Label: v.T("range"), Choices: v.rangeChoices()},
		{Name: "started", Label: v.T("since"), Type: typeTime},
		{Name: "ended", Label: v.T("until"), Type: typeTime},
		{Name: "trace_id", Label: v.T("trace"), Type: "search"},
		{Name: "order", Label: v.T("order"), Choices: v.orderChoices(), Default: orderText(ByLastSeen, false), Narrow: true},
	}
	if v.Query("code") != "" { // links lead here with it
		inputs = slices.Insert(inputs, 1, &input{Name: "code", Label: v.T("code"), Type: "search"})
	}
	return v.form(inputs...)
}

var pageLevels = []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}

func (v *visit) levelChoices() []choice {
	choices := []choice{{Text: v.T("all")}}
	for _, l := range pageLevels {
		choices = append(choices, choice{Value: l.String(), Text: l.String()})
	}
	return choices
}

func (v *visit) stateChoices() []choice {
	choices := []choice{{Text: v.T("all")}}
	for _, s := range logStates {
		choices = append(choices, choice{Value: string(s), Text: v.T("state." + string(s))})
	}
	return choices
}

// familyChoices are the kinds with others below them, and the one that the URL names.
func (v *visit) familyChoices() []choice {
	var codes []string
	if code := v.Query("family"); checkFamily(code) == nil && code != "" {
		codes = append(codes, code)
	}
	for k := range fault.Kinds() {
		if p := k.Parent(); p != nil && p != fault.Any && !slices.Contains(codes, p.Code()) {
			codes = append(codes, p.Code())
		}
	}
	slices.Sort(codes)
	choices := []choice{{Text: v.T("all")}}
	for _, code := range codes {
		choices = append(choices, choice{Value: code, Text: code})
	}
	return choices
}

// pageRanges are the periods to choose from.
var pageRanges = []struct {
	value, word string
	count       int
}{{"PT1H", "last_hours", 1}, {"PT24H", "last_hours", 24}, {"P7D", "last_days", 7}, {"P30D", "last_days", 30}}

func (v *visit) rangeChoices() []choice {
	choices := []choice{{Text: v.T("all")}}
	for _, r := range pageRanges {
		choices = append(choices, choice{Value: r.value, Text: v.N(r.word, r.count)})
	}
	return choices
}

func (v *visit) logFilter(f *form) (filter LogFilter, err error) {
	filter = LogFilter{
		CodePrefix: f.value("code_prefix"), Code: v.Query("code"), Scope: f.value("scope"), TraceID: f.value("trace_id"),
		Search: f.value("search"), PageSize: entriesPerPage, beforeValue: v.Query("before_value"),
	}
	if filter.Before, err = v.number("before", 0); err != nil {
		return filter, err
	}
	var wrong []error
	read := func(name string) string {
		value, err := f.chosen(name)
		wrong = append(wrong, err)
		return value
	}
	filter.Family, filter.State = read("family"), LogState(read("state"))
	level := read("level")
	if i := slices.IndexFunc(pageLevels, func(l slog.Level) bool { return l.String() == level }); i >= 0 {
		filter.Level = &pageLevels[i]
	}
	order, downwards := strings.CutPrefix(read("order"), "-")
	filter.Order, filter.Ascending = LogOrder(order), !downwards
	if status := f.value("status"); status != "" {
		wrong = append(wrong, readStatus(&filter.Status, status).inFilter("status"))
	}
	wrong = append(wrong, v.readTimes(f, &filter, read("range")))
	var others []error
	for _, err := range wrong {
		others = append(others, v.refuse(f, err))
	}
	return filter, errors.Join(others...)
}

// readTimes reads the bounds. A period is one, too: of both beginnings the later one counts.
func (v *visit) readTimes(f *form, filter *LogFilter, period string) error {
	var wrongStart, wrongEnd error
	filter.Started, wrongStart = f.time("started", v.Location())
	filter.Ended, wrongEnd = f.time("ended", v.Location())
	if err := v.refuse(f, wrongStart); err != nil {
		return err
	}
	if wrongEnd != nil || period == "" {
		return wrongEnd
	}
	if since, ok := countedBack(period, v.store.now()); ok && since.After(filter.Started) {
		filter.Started = since
	}
	return nil
}

func (v *visit) entryRow(e *LogRecord) entryRow {
	var request logRow
	request.readRequest(e.Attributes)
	row := entryRow{
		URL: v.URL("../logs/" + strconv.FormatInt(e.ID, 10)), LastSeen: v.Time(e.LastSeen), FirstSeen: v.Time(e.Created), Count: e.Repeats,
		Level: e.Level.String(), Severe: e.Level >= slog.LevelError, Status: request.status,
		Method: page.Line(request.method), Route: page.Line(cmp.Or(request.route, request.path)), Code: page.Line(e.Code),
		Cause: cut(page.Line(cmp.Or(causeOf(e, request.cause), ownMessage(e))), maxCause), Host: page.Line(e.Host),
		State: e.State, StateText: v.T("state." + string(e.State)),
	}
	if r := v.recordOf(e.Scope, e.Code); r != nil {
		row.ErrorURL = v.URL("../errors/" + strconv.FormatInt(r.ID, 10))
	}
	return row
}

// causeOf returns the cause without the code that stands beside it: errors begin with theirs.
func causeOf(e *LogRecord, cause string) string {
	cause = strings.TrimPrefix(cause, e.Code+": ")
	if cause == e.Code {
		return ""
	}
	return cause
}

// ownMessage returns the message, unless it is that of all lines of responders, which tells nothing.
func ownMessage(e *LogRecord) string {
	if e.Code != "" && e.Message == "request failed" {
		return ""
	}
	return e.Message
}

// recordOf returns the record that the code of an entry stands for: that of its scope, else that of no scope;
// nil without one.
func (v *visit) recordOf(scope, code string) *Record {
	known := v.store.cache.now.Load().byKey
	if r := known[recordKey{scope, folded(code)}]; r != nil {
		return r
	}
	return known[recordKey{"", folded(code)}]
}

// A traceTable is what the template "traces" shows: occurrences with their trace ids.
type traceTable struct {
	Words page.Words
	Rows  []traceRow
}

// A traceRow is one occurrence.
type traceRow struct {
	Time     *page.Time
	TraceID  string
	URL      string // the entries of the trace
	External string // the trace in another program; "" without
	Path     string
	Host     string
}

// traces returns the latest occurrences of the entries that have a trace id.
func (v *visit) traces(entries []LogRecord) (traceTable, error) {
	occurrences, err := v.store.latest(v.ctx, entries, recentTraces)
	table := traceTable{Words: v.Words}
	for _, o := range occurrences {
		table.Rows = append(table.Rows, traceRow{
			Time: v.Time(o.Time), TraceID: page.Line(o.TraceID), URL: v.URL("../logs/", "trace_id", o.TraceID), External: v.external(o.TraceID),
			Path: page.Line(o.Path), Host: page.Line(o.Host),
		})
	}
	return table, err
}

// external returns the link to the trace in another program.
func (v *visit) external(traceID string) string {
	if v.traceURL == "" {
		return ""
	}
	escaped := strings.ReplaceAll(url.QueryEscape(traceID), "+", "%20") // right in a path and in a query
	return strings.ReplaceAll(v.traceURL, traceMark, escaped)
}

// An entryView is one entry of the log.
type entryView struct {
	entryRow
	Saved       string
	Message     string
	Path        string
	FullCause   string
	Scope       string
	Fingerprint string
	Regressions int
	StateForm   *stateForm // nil: the reader may not change it
	Traces      traceTable
	Attributes  []attribute
	Stack       string
}

// An attribute is one member of the entry's attributes.
type attribute struct{ Name, Value string }

func (v *visit) oneEntry() (*shown, error) {
	l, err := v.store.Log(v.ctx, v.id())
	if err != nil {
		return nil, err
	}
	var request logRow
	request.readRequest(l.Attributes)
	e := &entryView{
		entryRow: v.entryRow(&l), Saved: v.Saved(), Message: page.Line(l.Message),
		Path: page.Line(request.path), FullCause: page.Block(request.cause),
		Scope: page.Line(l.Scope), Fingerprint: page.Line(l.Fingerprint), Regressions: l.Regressions,
		Attributes: attributesOf(l.Attributes), Stack: stackOf(l.Stacktrace),
	}
	if v.mayChange(UpdateLog) {
		e.StateForm = v.stateForm(&l)
	}
	e.Traces, err = v.traces([]LogRecord{l})
	return &shown{title: v.T("logs") + " · " + v.name, main: e}, err
}

// attributesOf returns the members of the object, in its order; a value that is no text is shown as JSON.
func attributesOf(object json.RawMessage) (list []attribute) {
	d := json.NewDecoder(bytes.NewReader(object))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return list
		}
		text, _ := name.(string)
		list = append(list, attribute{page.Line(text), page.Block(shownJSON(value))})
	}
	return list
}

func shownJSON(value json.RawMessage) string {
	var text *string
	if json.Unmarshal(value, &text) == nil && text != nil {
		return *text
	}
	var b bytes.Buffer
	if json.Indent(&b, value, "", "  ") != nil {
		return string(value)
	}
	return b.String()
}
