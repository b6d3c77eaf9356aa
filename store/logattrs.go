package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	fault "github.com/polyfault/polyfault/core"
)

// The sizes of a record's parts in the log. Longer parts are cut, and end in "…".
const (
	maxMessage    = 8 << 10  // bytes
	maxStack      = 32 << 10 // bytes
	maxAttribute  = 8 << 10  // bytes of one text among the attributes
	maxAttributes = 32 << 10 // bytes of JSON; attributes that do not fit are left out, and counted in "!OMITTED"
	maxSearched   = 2 << 10  // bytes of a path and a cause that searches look at
	maxColumn     = 250      // characters of a code, a scope, a trace id and a host
	maxDepth      = 16       // of groups
)

// A column is an attribute with a column of its own.
type column int

const (
	columnCode column = iota
	columnScope
	columnTraceID
	columnStack
	taken // so many attributes are kept in columns and nowhere else

	// What fingerprints, searches, orders and recent occurrences are made of; what are attributes stay among these.
	columnPath column = iota - 1
	columnCause
	columnTypes
	columnPlace
	columnMethod
	columnRoute
	columns
	noColumn column = -1
)

// columnOf finds the attributes that the responder's log lines have, by their own names and by those of OpenTelemetry.
func columnOf(key string) column {
	switch key {
	case "code", "error.type":
		return columnCode
	case "scope":
		return columnScope
	case "trace_id":
		return columnTraceID
	case "stack", "exception.stacktrace":
		return columnStack
	case "path", "url.path":
		return columnPath
	case "cause", "exception.message":
		return columnCause
	case "method", "http.request.method":
		return columnMethod
	case "route", "http.route":
		return columnRoute
	}
	return noColumn
}

func (c column) name() string { return [taken]string{"code", "scope", "trace_id", "stack"}[c] }

// hasStatus reports whether the attribute is the status of HTTP.
func hasStatus(key string) bool { return key == "status" || key == "http.response.status_code" }

// encoded are the attributes of the responder's log lines whose texts are JSON.
func encoded(key string) bool { return key == "params" || key == "details" || key == "detail_causes" }

// A span is a part of an entry's text.
type span struct{ from, to int }

// An entry is a copy of a record: nothing in it belongs to the caller any more. Entries are used again.
type entry struct {
	created int64
	level   int
	echo    bool   // it came while the writer was in the database or in the fallback
	text    []byte // the message, then columns
	message int    // its length
	columns [columns]span
	status  int    // of HTTP; 0 without
	json    []byte // the attributes
	omitted int    // attributes that did not fit
	limit   int    // of json
	top     bool   // the attributes are outside of all groups
	depth   int
}

var entries = sync.Pool{New: func() any { return &entry{text: make([]byte, 0, 512), json: make([]byte, 0, 512)} }}

// newEntry returns an empty entry.
func newEntry() *entry {
	e := entries.Get().(*entry)
	*e = entry{text: e.text[:0], json: e.json[:0], limit: maxAttributes}
	return e
}

// free gives the entry back; a large one is left to the garbage collector.
func (e *entry) free() {
	if cap(e.text)+cap(e.json) <= 16<<10 {
		entries.Put(e)
	}
}

// size returns the approximate memory of the entry.
func (e *entry) size() int { return cap(e.text) + cap(e.json) + 128 }

func (e *entry) setMessage(message string) {
	e.text = appendCut(e.text, message, maxMessage)
	e.message = len(e.text)
}

func (e *entry) setColumn(c column, value string) {
	limit := utf8.UTFMax * maxColumn
	switch c {
	case columnStack:
		limit = maxStack
	case columnPath, columnCause, columnTypes, columnPlace:
		limit = maxSearched
	}
	from := len(e.text)
	e.text = appendCut(e.text, value, limit)
	e.columns[c] = span{from, len(e.text)}
}

func (e *entry) columnText(c column) string {
	return string(e.text[e.columns[c].from:e.columns[c].to])
}

// appendCut appends no more than limit bytes of s, and cuts between characters.
func appendCut(dst []byte, s string, limit int) []byte {
	if len(s) <= limit {
		return append(dst, s...)
	}
	end := limit - len("…")
	for end > 0 && end > limit-8 && !utf8.RuneStart(s[end]) {
		end--
	}
	return append(append(dst, s[:end]...), "…"...)
}

// attr appends the attribute as a member. It reports whether there was anything to append.
func (e *entry) attr(a slog.Attr) bool {
	if len(e.json) > e.limit {
		e.omitted++
		return false
	}
	e.origin(&a)
	v := a.Value.Resolve() // recovers from panics
	if a.Key == "" && v.Equal(slog.Value{}) {
		return false
	}
	if v.Kind() == slog.KindGroup {
		return e.group(a.Key, v.Group())
	}
	if e.top {
		if c := columnOf(a.Key); c != noColumn && e.column(c, v) && c < taken {
			return false
		}
	}
	mark := len(e.json)
	e.key(a.Key)
	from := len(e.json)
	if e.top && v.Kind() == slog.KindString && encoded(a.Key) && isJSON(v.String()) {
		e.json = append(e.json, cleanJSON([]byte(v.String()))...)
	} else {
		e.value(v)
	}
	if e.top && hasStatus(a.Key) {
		e.status = cmp.Or(statusIn(e.json[from:]), e.status)
	}
	if len(e.json) > e.limit {
		e.json = e.json[:mark]
		e.omitted++
		return false
	}
	return true
}

// isJSON reports whether the text is an object or a list; one that was cut is none.
func isJSON(text string) bool {
	return text != "" && (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text)) && !loneSurrogates([]byte(text))
}

// origin notes where an error came from: from the responder's own value, or from an error of the application.
func (e *entry) origin(a *slog.Attr) {
	if kind := a.Value.Kind(); kind != slog.KindLogValuer && kind != slog.KindAny {
		return
	}
	value := a.Value.Any()
	err, isError := value.(error)
	types, place, ok := originOf(value)
	switch {
	case ok:
		e.setColumn(columnTypes, types)
		e.setColumn(columnPlace, place)
		if isError {
			e.setColumn(columnCause, err.Error())
		}
	case isError && e.columns[columnTypes] == (span{}) && !fault.IsNil(err): // the first error counts
		e.foreignError(err)
	}
}

// column takes a text into its column.
func (e *entry) column(c column, v slog.Value) bool {
	if v.Kind() == slog.KindString {
		e.setColumn(c, v.String())
		return true
	}
	if v.Kind() != slog.KindAny || c != columnStack {
		return false
	}
	stack, ok := v.Any().(fault.Stack)
	if ok {
		e.setColumn(c, stack.String())
	}
	return ok
}

// appendTypes appends the types of the errors that err wraps, itself the first. Cycles end at the bound.
func appendTypes(dst []byte, err error, left *int) []byte {
	for err != nil && *left > 0 {
		*left--
		dst = append(append(dst, reflect.TypeOf(err).String()...), ' ')
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, branch := range e.Unwrap() {
				dst = appendTypes(dst, branch, left)
			}
			return dst
		default:
			return dst
		}
	}
	return dst
}

// foreignError notes the types and the text of an error.
func (e *entry) foreignError(err error) {
	from, left := len(e.text), 16
	defer func() {
		if recover() != nil { // a method of the error
			e.columns[columnTypes] = span{from, len(e.text)}
		}
	}()
	e.text = appendTypes(e.text, err, &left)
	e.columns[columnTypes] = span{from, len(e.text)}
	e.setColumn(columnCause, err.Error())
}

// A requestAttributes is what a row's attributes say of the request: every one of them has two names.
type requestAttributes struct {
	Path       string          `json:"path"`
	URL        string          `json:"url.path"`
	Cause      string          `json:"cause"`
	Exception  string          `json:"exception.message"`
	Method     string          `json:"method"`
	HTTPMethod string          `json:"http.request.method"`
	Route      string          `json:"route"`
	HTTPRoute  string          `json:"http.route"`
	Status     json.RawMessage `json:"status"`
	HTTPStatus json.RawMessage `json:"http.response.status_code"`
}

// readRequest puts what the attributes say of the request into the row: a value of another type is none.
func (r *logRow) readRequest(attributes json.RawMessage) {
	var a requestAttributes
	_ = json.Unmarshal(attributes, &a)
	r.path, r.cause = cutBytes(cmp.Or(a.Path, a.URL), maxSearched), cutBytes(cmp.Or(a.Cause, a.Exception), maxSearched)
	r.method, r.route = cmp.Or(a.Method, a.HTTPMethod), cmp.Or(a.Route, a.HTTPRoute)
	r.status = cmp.Or(statusIn(a.Status), statusIn(a.HTTPStatus))
}

// pathIn is the path of a row.
func pathIn(attributes json.RawMessage) string {
	var r logRow
	r.readRequest(attributes)
	return r.path
}

// statusIn is the status of HTTP that a JSON value is: a number, or a text of its digits; 0 of anything else.
func statusIn(value []byte) int {
	const digits = 3
	if n := len(value); n == digits+2 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	if len(value) != digits {
		return 0
	}
	n, err := strconv.Atoi(string(value))
	if err != nil || !isStatus(n) {
		return 0
	}
	return n
}

// loneSurrogates reports whether a JSON text escapes a half of a character without the other one.
func loneSurrogates(text []byte) bool {
	half := func(i int, first, last byte) bool { // \uD800..\uDBFF, \uDC00..\uDFFF
		if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' || text[i+2]|0x20 != 'd' {
			return false
		}
		c := text[i+3] | 0x20
		return first <= c && c <= last
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		switch {
		case half(i, '8', '9') || half(i, 'a', 'b'):
			if !half(i+6, 'c', 'f') {
				return true
			}
			i += 11
		case half(i, 'c', 'f'):
			return true
		default:
			i++
		}
	}
	return false
}

// group appends the attributes as an object, or in place when the group has no key. Empty groups are
// left out.
func (e *entry) group(key string, attrs []slog.Attr) (found bool) {
	if e.depth == maxDepth {
		e.omitted++
		return false
	}
	mark, top := len(e.json), e.top
	if key != "" {
		e.key(key)
		e.json = append(e.json, '{')
		e.top = false
	}
	e.depth++
	for i := range attrs {
		found = e.attr(attrs[i]) || found
	}
	e.depth--
	e.top = top
	switch {
	case !found:
		e.json = e.json[:mark]
	case key != "":
		e.json = append(e.json, '}')
	}
	return found
}

// key appends a key, and the comma before it.
func (e *entry) key(key string) {
	if n := len(e.json); n > 0 && e.json[n-1] != '{' {
		e.json = append(e.json, ',')
	}
	e.json = appendJSON(e.json, key, maxColumn)
	e.json = append(e.json, ':')
}

// value appends a resolved value as [slog.JSONHandler] does; numbers that JSON does not have are texts.
func (e *entry) value(v slog.Value) {
	switch v.Kind() {
	case slog.KindString:
		e.json = appendJSON(e.json, v.String(), maxAttribute)
	case slog.KindInt64:
		e.json = strconv.AppendInt(e.json, v.Int64(), 10)
	case slog.KindUint64:
		e.json = strconv.AppendUint(e.json, v.Uint64(), 10)
	case slog.KindFloat64:
		e.json = appendFloat(e.json, v.Float64())
	case slog.KindBool:
		e.json = strconv.AppendBool(e.json, v.Bool())
	case slog.KindDuration:
		e.json = strconv.AppendInt(e.json, int64(v.Duration()), 10)
	case slog.KindTime:
		e.json = append(e.json, '"')
		e.json = v.Time().AppendFormat(e.json, time.RFC3339Nano)
		e.json = append(e.json, '"')
	default:
		e.json = appendAny(e.json, v.Any())
	}
}

func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendJSON(dst, strconv.FormatFloat(f, 'g', -1, 64), maxAttribute)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// appendAny runs code of the value: an Error, a MarshalJSON, a MarshalText. If that panics, only its contribution is lost.
func appendAny(dst []byte, value any) (out []byte) {
	mark := len(dst)
	defer func() {
		if p := recover(); p != nil {
			out = appendJSON(dst[:mark], describePanic(value, p), maxAttribute)
		}
	}()
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case json.Marshaler: // also when it is an error
	case error:
		return appendJSON(dst, v.Error(), maxAttribute)
	case []string:
		return appendTexts(dst, v)
	}
	return appendMarshalled(dst, value)
}

func describePanic(value, p any) string {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && v.IsNil() {
		return "<nil>"
	}
	switch p := p.(type) {
	case string:
		return "!PANIC: " + p
	case interface{ RuntimeError() }: // of the runtime: its text is safe
		return fmt.Sprint("!PANIC: ", p)
	}
	return fmt.Sprintf("!PANIC: %T", p)
}

func appendTexts(dst []byte, texts []string) []byte {
	if texts == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, text, maxAttribute)
	}
	return append(dst, ']')
}

func appendMarshalled(dst []byte, value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return appendJSON(dst, "!ERROR: "+err.Error(), maxAttribute)
	}
	return append(dst, cleanJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n")))...)
}

// cleanJSON replaces characters that PostgreSQL cannot store. Marshallers may write both.
func cleanJSON(text []byte) []byte {
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	const nul = `\u0000`
	for i := 0; ; {
		n := bytes.Index(text[i:], []byte(nul))
		if n < 0 {
			return text
		}
		i += n
		if escapes(text[:i])%2 == 0 {
			copy(text[i:], `\ufffd`)
		}
		i += len(nul)
	}
}

// escapes counts the backslashes at the end.
func escapes(text []byte) (n int) {
	for n < len(text) && text[len(text)-1-n] == '\\' {
		n++
	}
	return n
}

const hexDigits = "0123456789abcdef"

// appendJSON appends a JSON string of no more than limit bytes of s. NUL and what is not UTF-8 becomes
// U+FFFD.
func appendJSON(dst []byte, s string, limit int) []byte {
	cut := len(s) > limit
	if cut {
		s = s[:limit-len("…")]
		for n := 0; n < utf8.UTFMax && s != "" && !utf8.RuneStart(s[len(s)-1]); n++ {
			s = s[:len(s)-1]
		}
		if s != "" && s[len(s)-1] >= utf8.RuneSelf {
			s = s[:len(s)-1] // the first byte of a character that may be cut
		}
	}
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, c)
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	if cut {
		dst = append(dst, "…"...)
	}
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case 0:
		return append(dst, "\uFFFD"...)
	}
	if c >= utf8.RuneSelf {
		return append(dst, "\uFFFD"...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// storable returns a text that every database takes, of no more than limit characters; 0 is any number.
func storable(s string, limit int) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if limit == 0 || len(s) <= limit {
		return s
	}
	return cut(s, limit)
}

// cleanScope returns the scope as records of errors have it.
func cleanScope(s string) string { return cut(norm.NFC.String(storable(s, 0)), maxColumn) }

// clampedLevel returns the level within what PostgreSQL's integer has.
func clampedLevel(l slog.Level) slog.Level {
	return min(max(l, math.MinInt32), math.MaxInt32)
}

// The times that RFC 3339 can write.
var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// clampedMicros is toMicros within the years 1 to 9999.
func clampedMicros(t time.Time) int64 {
	switch {
	case t.Before(firstTime):
		t = firstTime
	case t.After(lastTime):
		t = lastTime
	}
	return toMicros(t)
}
