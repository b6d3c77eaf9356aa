// Package jsontext appends JSON to byte slices, with the bytes that encoding/json would write. Where encoding/json would fail
// it writes a stand-in: an error response must not lose its status or its body because one of its values cannot be encoded.
package jsontext

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/polyfault/polyfault/internal/clean"
)

// Unencodable stands in for a value that JSON cannot express: a channel, a function, a cycle, a
// value whose MarshalJSON fails or panics, an error, wherever in a value.
const Unencodable = "(not encodable)"

const (
	maxDepth = 32      // nesting of map[string]any and []any; a cycle ends here
	maxBytes = 1 << 20 // what one value may weigh that encoding/json encodes
	maxKeys  = 10_000  // of a map, which are sorted
)

// Ellipsis stands where something was cut: at the end of a string, as the last item of a list, as the last member of
// an object.
const Ellipsis = "…"

const hex = "0123456789abcdef"

// AppendQuoted appends s as a JSON string literal, quotes included.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = AppendEscaped(dst, s)
	return append(dst, '"')
}

// AppendEscaped appends s as the inside of a JSON string literal. It escapes as encoding/json does
// with HTML escaping on: quotes, backslashes, control characters, <, >, &, U+2028, U+2029; invalid
// UTF-8 becomes \ufffd.
func AppendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			if IsPlain(b) || b == 0x7f {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, b)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\u202`...)
			dst = append(dst, hex[r&0xf])
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// IsPlain reports whether b is a printable ASCII character that stands for itself in a JSON string.
func IsPlain(b byte) bool {
	return b >= 0x20 && b < 0x7f && b != '"' && b != '\\' && b != '<' && b != '>' && b != '&'
}

func appendEscape(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&0xf])
}

// AppendValue appends v as JSON and reports whether all of it could be encoded. What could not is
// replaced by [Unencodable]; NaN and the infinities become strings. Map keys are sorted. What has no room in 1 MiB is
// cut, as by [AppendBounded].
func AppendValue(dst []byte, v any) (out []byte, complete bool) {
	switch v := v.(type) { // the most frequent ones do without an encoder on the heap
	case string:
		return AppendQuoted(dst, v), true
	case int:
		return strconv.AppendInt(dst, int64(v), 10), true
	case int64:
		return strconv.AppendInt(dst, v, 10), true
	case bool:
		return strconv.AppendBool(dst, v), true
	}
	e := encoder{dst: dst, limit: len(dst) + maxBytes, complete: true}
	e.value(v, 0)
	return e.dst, e.complete
}

type encoder struct {
	dst      []byte
	limit    int  // of len(dst); a few bytes more end what was begun
	complete bool // nothing that JSON cannot express
	full     bool // something was cut: nothing follows but ends
}

func (e *encoder) value(v any, depth int) {
	if depth > maxDepth {
		e.unencodable()
		return
	}
	switch v := v.(type) {
	case nil:
		e.dst = append(e.dst, "null"...)
	case string:
		e.text(v)
	case bool:
		e.dst = strconv.AppendBool(e.dst, v)
	case int:
		e.dst = strconv.AppendInt(e.dst, int64(v), 10)
	case int64:
		e.dst = strconv.AppendInt(e.dst, v, 10)
	case uint64:
		e.dst = strconv.AppendUint(e.dst, v, 10)
	case float64:
		e.float(v, v)
	case float32:
		e.float(float64(v), v)
	case map[string]any:
		e.object(v, depth)
	case []any:
		e.array(v, depth)
	default:
		e.foreign(v, depth)
	}
}

func (e *encoder) text(s string) {
	short := clean.Shorten(s, max(e.limit-len(e.dst), 0))
	e.full = e.full || len(short) != len(s)
	e.dst = AppendQuoted(e.dst, short)
}

func (e *encoder) float(f float64, v any) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		e.dst = AppendQuoted(e.dst, strconv.FormatFloat(f, 'g', -1, 64))
		e.complete = false
		return
	}
	e.foreign(v, 0)
}

func (e *encoder) object(m map[string]any, depth int) {
	if m == nil {
		e.dst = append(e.dst, "null"...)
		return
	}
	if len(m) > maxKeys {
		e.unencodable()
		return
	}
	e.dst = append(e.dst, '{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		if e.isFull(len(k)) {
			e.dst = append(e.dst, `"`+Ellipsis+`":"`+Ellipsis+`"`...)
			break
		}
		e.dst = AppendQuoted(e.dst, k)
		e.dst = append(e.dst, ':')
		e.value(m[k], depth+1)
	}
	e.dst = append(e.dst, '}')
}

func (e *encoder) array(list []any, depth int) {
	if list == nil {
		e.dst = append(e.dst, "null"...)
		return
	}
	e.items(len(list), func(i int) { e.value(list[i], depth+1) })
}

// items appends a list, as far as there is room.
func (e *encoder) items(n int, item func(i int)) {
	e.dst = append(e.dst, '[')
	for i := range n {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		if e.isFull(0) {
			e.dst = append(e.dst, `"`+Ellipsis+`"`...)
			break
		}
		item(i)
	}
	e.dst = append(e.dst, ']')
}

// isFull reports whether there is no room for n bytes and a little more.
func (e *encoder) isFull(n int) bool {
	e.full = e.full || len(e.dst)+n >= e.limit
	return e.full
}

// foreign leaves v to encoding/json, whose own cycle check covers pointers, maps and slices. Of a list that weighs too
// much the first items are encoded, each by itself.
func (e *encoder) foreign(v any, depth int) {
	if isHeavy(v) {
		e.heavy(reflect.ValueOf(v), depth)
		return
	}
	encoded, complete, ok := marshal(v)
	if !ok {
		e.unencodable()
		return
	}
	e.complete = e.complete && complete
	if len(encoded) <= e.limit-len(e.dst) && !isDeep(encoded) {
		e.dst = append(e.dst, encoded...)
		return
	}
	c := cutter{src: encoded, dst: e.dst, limit: e.limit}
	e.full = !c.value(depth) || e.full
	e.dst = c.dst
}

func (e *encoder) heavy(v reflect.Value, depth int) {
	for range maxDepth {
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
	}
	if k := v.Kind(); k != reflect.Slice && k != reflect.Array || v.Type().Elem().Kind() == reflect.Uint8 || encodesItself(v.Interface()) {
		e.unencodable()
		return
	}
	e.items(v.Len(), func(i int) { e.value(v.Index(i).Interface(), depth+1) })
}

func (e *encoder) unencodable() {
	e.dst = AppendQuoted(e.dst, Unencodable)
	e.complete = false
}

// marshal is json.Marshal, with stand-ins for errors; complete tells that there are none.
func marshal(v any) (encoded []byte, complete, ok bool) {
	defer func() {
		if recover() != nil { // a panicking MarshalJSON or MarshalText
			encoded, ok = nil, false
		}
	}()
	if isError(v) {
		return nil, false, false
	}
	safe, complete, ok := withoutErrors(v)
	if !ok {
		return nil, false, false
	}
	encoded, err := json.Marshal(safe)
	if err != nil {
		return nil, false, false
	}
	if !utf8.Valid(encoded) { // a json.RawMessage or MarshalJSON may smuggle in raw bytes
		encoded = []byte(strings.ToValidUTF8(string(encoded), "\ufffd"))
	}
	return encoded, complete, true
}
