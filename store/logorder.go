package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	fault "github.com/polyfault/polyfault/core"
)

// A LogOrder is what sorts a list of the log: one of the constants. Records with the same value are sorted by their ids, in
// the same direction. Texts are sorted by their bytes.
//
// Lists by [ByCreated] and [ByLastSeen] walk down an index, however long the log is. For the others the database sorts all
// records that the rest of the filter chooses: few if records are deduplicated ([LogOptions].Deduplicate), else a range of
// times makes them few.
type LogOrder string

// The orders.
const (
	ByCreated  LogOrder = "created"   // the first occurrence; the zero value "" means the same
	ByLastSeen LogOrder = "last_seen" // the latest occurrence
	ByRepeats  LogOrder = "repeats"   // how often it occurred
	ByLevel    LogOrder = "level"
	ByStatus   LogOrder = "status" // of HTTP; no status is the lowest
	ByMethod   LogOrder = "method" // of HTTP
	ByRoute    LogOrder = "route"  // the path template, or the path of records without one
	ByCode     LogOrder = "code"
	ByCause    LogOrder = "cause" // the text of the error, its first 250 characters
	ByHost     LogOrder = "host"
	ByScope    LogOrder = "scope"
	ByState    LogOrder = "state" // new is the lowest, ignored the highest
)

// A logSort is what an order means to the database.
type logSort struct {
	order  LogOrder
	column string
	by     string // the column, or an expression of it
	text   bool   // a text, else a number
}

// logSorts are the orders, the default first.
var logSorts = []logSort{
	numbers(ByCreated), numbers(ByLastSeen), numbers(ByRepeats), numbers(ByLevel),
	{ByStatus, "status", "coalesce(status, 0)", false}, texts(ByMethod), texts(ByRoute),
	texts(ByCode), texts(ByCause), texts(ByHost), texts(ByScope), numbers(ByState),
}

func numbers(o LogOrder) logSort { return logSort{o, string(o), string(o), false} }

func texts(o LogOrder) logSort { return logSort{o, string(o), string(o), true} }

// sortOf returns what the order means; "" is the default.
func sortOf(o LogOrder) (logSort, bool) {
	if o == "" {
		return logSorts[0], true
	}
	i := slices.IndexFunc(logSorts, func(s logSort) bool { return s.order == o })
	if i < 0 {
		return logSort{}, false
	}
	return logSorts[i], true
}

func checkOrder(o LogOrder) *problem {
	if _, ok := sortOf(o); ok {
		return nil
	}
	var names []string
	for _, s := range logSorts {
		names = append(names, string(s.order))
	}
	return oneOf(string(o), names)
}

// timed reports whether an index has the order.
func (s logSort) timed() bool { return s.order == ByCreated || s.order == ByLastSeen }

// textMark begins the value of a text, so that the empty text has a value, too.
const textMark = "="

// write returns what the database has as the value of a place: "=" and a text, or a decimal number, of times the microseconds
// since 1970.
func (s logSort) write(value string) string {
	if s.text {
		return textMark + value
	}
	return value
}

// read returns the value of a place as the database has it; nil of "".
func (s logSort) read(value string) (any, *problem) {
	if value == "" {
		return nil, nil
	}
	if !s.text {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, &problem{rule: ruleInteger, text: fmt.Sprintf("%q is no whole number of 64 bits", value)}
		}
		return n, nil
	}
	text, marked := strings.CutPrefix(value, textMark)
	if !marked || !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return nil, &problem{rule: ruleInvalid, text: "it is no text of a record"}
	}
	if n := utf8.RuneCountInString(text); n > maxColumn {
		return nil, &problem{ruleMaxString, []fault.Attr{fault.Count(maxColumn)}, fmt.Sprintf("it has %d characters, more than %d", n, maxColumn)}
	}
	return text, nil
}

// checkStatus checks what a filter has for a status: one of HTTP, or the first digit of its class.
func checkStatus(status int) *problem {
	if status >= 0 && status <= 5 || isStatus(status) {
		return nil
	}
	return &problem{rule: ruleInvalid, text: fmt.Sprintf("%d is no status of HTTP from 100 to 599, and no class from 1 to 5", status)}
}

func isStatus(status int) bool { return status >= 100 && status <= 599 }

// readStatus reads "404" or "4xx".
func readStatus(status *int, value string) *problem {
	digits, class := strings.CutSuffix(strings.ToLower(value), "xx")
	n, err := strconv.Atoi(digits)
	if err != nil || strconv.Itoa(n) != digits || class != (n >= 1 && n <= 5) || !class && !isStatus(n) {
		return &problem{rule: ruleInvalid, text: fmt.Sprintf("%q is neither a status of HTTP nor a class like 4xx", value)}
	}
	*status = n
	return nil
}
