package store

import (
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	fault "github.com/polyfault/polyfault/core"
)

// The rules of parameters and bodies that records do not have.
const (
	ruleUnknown  = "unknown_field"
	ruleInteger  = "integer"
	ruleBoolean  = "boolean"
	ruleDateTime = "datetime"
	ruleType     = "type"
)

// A parameter is one of the query: how its value gets into a filter.
type parameter[F any] struct {
	name   string
	repeat bool
	read   func(f *F, value string, now time.Time) *problem
}

// errorParameters are those of the list of errors.
var errorParameters = []parameter[Filter]{
	{"started", false, func(f *Filter, v string, now time.Time) *problem { return readMoment(&f.Started, v, now) }},
	{"ended", false, func(f *Filter, v string, now time.Time) *problem { return readMoment(&f.Ended, v, now) }},
	{"order", true, func(f *Filter, v string, _ time.Time) *problem { return readOrder(&f.Order, v) }},
	{"is_builtin", false, func(f *Filter, v string, _ time.Time) *problem { return readBoolean(&f.Builtin, v) }},
	{"scope", false, func(f *Filter, v string, _ time.Time) *problem {
		f.Scope = &v
		return checkText(norm.NFC.String(v), maxFilter, "")
	}},
	{"name", false, func(f *Filter, v string, _ time.Time) *problem { return readText(&f.Name, v, "") }},
	{"category", false, func(f *Filter, v string, _ time.Time) *problem {
		f.Category = v
		return checkCategory(fault.Category(v))
	}},
	{"page", false, func(f *Filter, v string, _ time.Time) *problem { return readNumber(&f.Page, v, 1, maxPage) }},
	{"page_size", false, func(f *Filter, v string, _ time.Time) *problem { return readNumber(&f.PageSize, v, 1, MaxPageSize) }},
}

// logParameters are those of the list of log entries.
var logParameters = []parameter[LogFilter]{
	{"started", false, func(f *LogFilter, v string, now time.Time) *problem { return readMoment(&f.Started, v, now) }},
	{"ended", false, func(f *LogFilter, v string, now time.Time) *problem { return readMoment(&f.Ended, v, now) }},
	{"level", false, func(f *LogFilter, v string, _ time.Time) *problem { return readLevel(&f.Level, v) }},
	{"code", false, func(f *LogFilter, v string, _ time.Time) *problem { return readText(&f.Code, v, "") }},
	{"scope", false, func(f *LogFilter, v string, _ time.Time) *problem { return readText(&f.Scope, v, "") }},
	{"trace_id", false, func(f *LogFilter, v string, _ time.Time) *problem { return readText(&f.TraceID, v, "") }},
	{"search", false, func(f *LogFilter, v string, _ time.Time) *problem { return readText(&f.Search, v, "\t") }},
	{"code_prefix", false, func(f *LogFilter, v string, _ time.Time) *problem { return readText(&f.CodePrefix, v, "") }},
	{"family", false, func(f *LogFilter, v string, _ time.Time) *problem {
		if p := readText(&f.Family, v, ""); p != nil {
			return p
		}
		return checkFamily(v)
	}},
	{"fingerprint", false, func(f *LogFilter, v string, _ time.Time) *problem { return readText(&f.Fingerprint, v, "") }},
	{"state", false, func(f *LogFilter, v string, _ time.Time) *problem {
		f.State = LogState(v)
		return checkState(f.State, false)
	}},
	{"status", false, func(f *LogFilter, v string, _ time.Time) *problem { return readStatus(&f.Status, v) }},
	{"order", false, func(f *LogFilter, v string, _ time.Time) *problem { return readLogOrder(f, v) }},
	{"before_value", false, func(f *LogFilter, v string, _ time.Time) *problem {
		if f.beforeValue = v; v == "" {
			return &problem{rule: ruleRequired}
		}
		return nil // what it may be depends on the order
	}},
	{"before_seen", false, func(f *LogFilter, v string, now time.Time) *problem { return readMoment(&f.BeforeSeen, v, now) }},
	{"before", false, func(f *LogFilter, v string, _ time.Time) *problem { return readID(&f.Before, v) }},
	{"page_size", false, func(f *LogFilter, v string, _ time.Time) *problem { return readNumber(&f.PageSize, v, 1, MaxPageSize) }},
}

// A query is what was read of the parameters, and everything that is wrong with them.
type query struct {
	values url.Values
	wrong  fault.Details
}

func (q *query) refuse(name string, p *problem) {
	if p != nil {
		q.wrong.AddField(fault.InQuery(name), p.rule, p.attrs...)
	}
}

// err names all wrong parameters; nil without any.
func (q *query) err() error { return q.wrong.Err(fault.BadParamValue) }

// readQuery puts the parameters into the filter.
func readQuery[F any](raw string, now time.Time, parameters []parameter[F], f *F) *query {
	q := &query{values: url.Values{}}
	names := q.split(raw)
	for _, name := range names {
		i := slices.IndexFunc(parameters, func(p parameter[F]) bool { return p.name == name })
		if i < 0 {
			q.refuse(name, &problem{rule: ruleUnknown})
			continue
		}
		if len(q.values[name]) > 1 && !parameters[i].repeat {
			q.refuse(name, &problem{rule: ruleUnique})
		}
		for _, value := range q.values[name] {
			q.refuse(name, parameters[i].read(f, value, now))
		}
	}
	return q
}

// split decodes the parameters (WHATWG URL, section 5.1) and returns their names, each once. What
// cannot be decoded is refused.
func (q *query) split(raw string) (names []string) {
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, badName := url.QueryUnescape(rawName)
		value, badValue := url.QueryUnescape(rawValue)
		if badName != nil {
			name = rawName
		}
		if badName != nil || badValue != nil {
			q.refuse(name, &problem{rule: ruleInvalid})
			continue
		}
		if _, seen := q.values[name]; !seen {
			names = append(names, name)
		}
		q.values.Add(name, value)
	}
	return names
}

func readMoment(t *time.Time, value string, now time.Time) (p *problem) {
	*t, p = parseMoment(value, now)
	return p
}

func readOrder(order *[]string, value string) *problem {
	field := strings.TrimPrefix(value, "-")
	if _, ok := orderColumn(field); !ok {
		return oneOf(value, Orders())
	}
	if slices.ContainsFunc(*order, func(other string) bool { return strings.TrimPrefix(other, "-") == field }) {
		return &problem{rule: ruleUnique}
	}
	*order = append(*order, value)
	return nil
}

// booleans are the words for a truth value, in lower case.
var booleans = map[string]bool{"true": true, "t": true, "1": true, "false": false, "f": false, "0": false}

func readBoolean(b **bool, value string) *problem {
	v, ok := booleans[strings.ToLower(strings.TrimSpace(value))]
	if !ok {
		return &problem{rule: ruleBoolean}
	}
	*b = &v
	return nil
}

// readText reads a text that is not empty: the empty one would be no filter.
func readText(text *string, value, allowed string) *problem {
	if value == "" {
		return &problem{rule: ruleRequired}
	}
	*text = value
	return checkText(value, maxFilter, allowed)
}

func readNumber(n *int, value string, least, most int) *problem {
	digits := strings.TrimPrefix(value, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return &problem{rule: ruleInteger}
	}
	number, err := strconv.Atoi(value)
	if err != nil { // beyond what an int holds
		number = most + 1
		if value != digits {
			number = least - 1
		}
	}
	*n = number
	return between(number, least, most)
}

// readLogOrder reads the order of the log: "-" sorts downwards.
func readLogOrder(f *LogFilter, value string) *problem {
	name, down := strings.CutPrefix(value, "-")
	if f.Order, f.Ascending = LogOrder(name), !down; name == "" {
		return checkOrder("-")
	}
	return checkOrder(f.Order)
}

func readID(id *int64, value string) *problem {
	if *id = idOf(value); *id < 0 {
		return &problem{rule: ruleInvalid}
	}
	return nil
}

// maxLevelOffset is how far from a name a level may be.
const maxLevelOffset = 1000

func readLevel(level **slog.Level, value string) *problem {
	var l slog.Level
	text := strings.ReplaceAll(value, " ", "+") // an unescaped "+"
	if err := l.UnmarshalText([]byte(text)); err != nil || l < -maxLevelOffset || l > maxLevelOffset {
		return oneOf(value, []string{"DEBUG", "INFO", "WARN", "ERROR"})
	}
	*level = &l
	return nil
}

// window checks the range of times, and makes the bounds in the links absolute: the pages of "the last
// hour" are those of one hour.
func (q *query) window(started, ended time.Time, most time.Duration) {
	for name, t := range map[string]time.Time{"started": started, "ended": ended} {
		if !t.IsZero() {
			q.values[name] = []string{wireTime(t)}
		}
	}
	switch {
	case started.IsZero() || ended.IsZero():
	case !ended.After(started):
		q.refuse("ended", &problem{rule: ruleLater, attrs: []fault.Attr{fault.Arg("Other", "started")}})
	case most > 0 && ended.Sub(started) > most:
		q.refuse("started", &problem{rule: ruleMin,
			attrs: []fault.Attr{fault.Arg("Limit", wireTime(ended.Add(-most))), fault.Arg("Range", isoDuration(most))}})
	}
}

// with returns the parameters with another value for one, for a link.
func (q *query) with(name, value string) url.Values {
	values := url.Values{}
	maps.Copy(values, q.values)
	values.Set(name, value)
	return values
}
