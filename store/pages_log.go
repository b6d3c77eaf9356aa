package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"

	"github.com/polyfault/polyfault/internal/page"
)

// entriesPerPage is the number of log entries on a page of the list.
const entriesPerPage = 50

// A logList is the list of entries of the log.
type logList struct {
	Form *form
	Rows []entryRow
	Next string
}

// An entryRow is an entry of the log in a list.
type entryRow struct {
	URL      string
	Time     *page.Time
	Level    string
	Severe   bool
	Message  string
	Code     string
	ErrorURL string // "" when no record has the code as its name
	TraceID  string
	TraceURL string
	Similar  int
}

// An entryTable is what the template "entries" shows.
type entryTable struct {
	Words page.Words
	Name  string
	Rows  []entryRow
}

// Entries returns the entries of the list.
func (l *logList) Entries(w page.Words) entryTable { return entryTable{w, w.T("logs"), l.Rows} }

func (v *visit) logList() (*shown, error) {
	f := v.form(
		&input{Name: "level", Label: v.T("level"), Choices: v.levelChoices()},
		&input{Name: "code", Label: v.T("code"), Type: "search"},
		&input{Name: "scope", Label: v.T("scope"), Type: "search"},
		&input{Name: "trace_id", Label: v.T("trace"), Type: "search"},
		&input{Name: "search", Label: v.T("search"), Type: "search"},
		&input{Name: "started", Label: v.T("since"), Type: "datetime-local"},
		&input{Name: "ended", Label: v.T("until"), Type: "datetime-local"},
	)
	list := &logList{Form: f}
	s := &shown{v.T("logs"), list}
	filter, err := v.logFilter(f)
	if err != nil || f.HasWrong() {
		return s, err
	}
	entries, next, err := v.store.Logs(v.ctx, filter)
	if err != nil {
		return s, v.refuse(f, err)
	}
	for _, e := range entries {
		list.Rows = append(list.Rows, v.entryRow(e))
	}
	if next != 0 {
		list.Next = v.URL("./", append(f.parameters(), "before", strconv.FormatInt(next, 10))...)
	}
	return s, nil
}

var pageLevels = []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}

func (v *visit) levelChoices() []choice {
	choices := []choice{{Text: v.T("all")}}
	for _, l := range pageLevels {
		choices = append(choices, choice{Value: l.String(), Text: l.String()})
	}
	return choices
}

func (v *visit) logFilter(f *form) (filter LogFilter, err error) {
	filter = LogFilter{
		Code: f.value("code"), Scope: f.value("scope"), TraceID: f.value("trace_id"), Search: f.value("search"), PageSize: entriesPerPage,
	}
	if filter.Before, err = v.number("before", 0); err != nil {
		return filter, err
	}
	level, wrongLevel := f.chosen("level")
	if i := slices.IndexFunc(pageLevels, func(l slog.Level) bool { return l.String() == level }); i >= 0 {
		filter.Level = &pageLevels[i]
	}
	var wrongStart, wrongEnd error
	filter.Started, wrongStart = f.time("started")
	filter.Ended, wrongEnd = f.time("ended")
	return filter, errors.Join(v.refuse(f, wrongLevel), v.refuse(f, wrongStart), v.refuse(f, wrongEnd))
}

func (v *visit) entryRow(e LogRecord) entryRow {
	row := entryRow{
		URL: v.URL("../logs/" + strconv.FormatInt(e.ID, 10)), Time: page.TimeOf(e.Created),
		Level: e.Level.String(), Severe: e.Level >= slog.LevelError,
		Message: page.Line(e.Message), Code: page.Line(e.Code), TraceID: page.Line(e.TraceID), Similar: e.Repeats - 1,
	}
	if r := v.recordOf(e.Scope, e.Code); r != nil {
		row.ErrorURL = v.URL("../errors/" + strconv.FormatInt(r.ID, 10))
	}
	if e.TraceID != "" {
		row.TraceURL = v.URL("../logs/", "trace_id", e.TraceID)
	}
	return row
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

// An entryView is one entry of the log.
type entryView struct {
	entryRow
	Host, Scope string
	LastSeen    *page.Time
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
	e := &entryView{
		entryRow: v.entryRow(l), Host: page.Line(l.Host), Scope: page.Line(l.Scope),
		Attributes: attributesOf(l.Attributes), Stack: page.Block(l.Stacktrace),
	}
	if l.Repeats > 1 {
		e.LastSeen = page.TimeOf(l.LastSeen)
	}
	return &shown{v.T("logs") + " · " + v.name, e}, nil
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
