// Package jsontext appends JSON to byte slices, with the bytes that encoding/json would write and
// with a stand-in where encoding/json would fail: an error response must never lose its status or
// its body because one of its values cannot be encoded.
package jsontext

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unencodable stands in for a value that JSON cannot express: a channel, a function, a cycle, a
// value whose MarshalJSON fails or panics, an error, wherever in a value.
const Unencodable = "(not encodable)"

const (
	maxDepth = 32      // nesting of map[string]any and []any; a cycle ends here
	maxBytes = 1 << 20 // what one value may add; a graph of shared maps ends here
)

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
// replaced by [Unencodable]; NaN and the infinities become strings. Map keys are sorted.
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
	limit    int
	complete bool
}

func (e *encoder) value(v any, depth int) {
	if depth > maxDepth || len(e.dst) > e.limit {
		e.unencodable()
		return
	}
	switch v := v.(type) {
	case nil:
		e.dst = append(e.dst, "null"...)
	case string:
		e.dst = AppendQuoted(e.dst, v)
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
		e.foreign(v)
	}
}

func (e *encoder) float(f float64, v any) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		e.dst = AppendQuoted(e.dst, strconv.FormatFloat(f, 'g', -1, 64))
		e.complete = false
		return
	}
	e.foreign(v)
}

func (e *encoder) object(m map[string]any, depth int) {
	if m == nil {
		e.dst = append(e.dst, "null"...)
		return
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	e.dst = append(e.dst, '{')
	for i, k := range keys {
		if i > 0 {
			e.dst = append(e.dst, ',')
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
	e.dst = append(e.dst, '[')
	for i, v := range list {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		e.value(v, depth+1)
	}
	e.dst = append(e.dst, ']')
}

// foreign leaves v to encoding/json, whose own cycle check covers pointers, maps and slices.
func (e *encoder) foreign(v any) {
	encoded, complete, ok := marshal(v)
	if !ok || len(encoded) > maxBytes {
		e.unencodable()
		return
	}
	e.dst = append(e.dst, encoded...)
	e.complete = e.complete && complete
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
