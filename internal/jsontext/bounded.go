package jsontext

import (
	"reflect"
	"unicode/utf8"

	"github.com/polyfault/polyfault/internal/clean"
)

// endings is what the ends of lists and objects need that were begun, most often.
const endings = 16

// AppendBounded is [AppendValue] for what others wrote: the value has room in limit bytes, a text before it is escaped, and
// has no bidirectional controls. whole reports that nothing was cut. A string is cut at a
// character, a list behind an item, an object behind a member; [Ellipsis] stands there. Nothing lies deeper than 32 levels.
func AppendBounded(dst []byte, v any, limit int) (out []byte, complete, whole bool) {
	start := len(dst)
	if s, ok := v.(string); ok { // without an encoder on the heap
		short := clean.Shorten(s, limit)
		dst = AppendQuoted(dst, short)
		if clean.HasTurns(short) {
			clean.EraseTurns(dst[start:])
		}
		return dst, true, len(short) == len(s)
	}
	switch v.(type) {
	case int, int64, bool:
		dst, complete = AppendValue(dst, v)
		return dst, complete, true
	}
	e := encoder{dst: dst, limit: start + max(limit-endings, 0), complete: true}
	e.value(v, 0)
	clean.EraseTurns(e.dst[start:])
	return e.dst, e.complete, !e.full
}

// isDeep reports whether JSON text nests deeper than maxDepth.
func isDeep(text []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// A cutter copies compact JSON text as far as there is room.
type cutter struct {
	src, dst []byte
	pos      int // in src
	limit    int // of len(dst)
}

// value copies the next value. It reports false when something was left out: nothing may follow then but ends.
func (c *cutter) value(depth int) bool {
	switch c.src[c.pos] {
	case '{', '[':
		return c.container(depth)
	case '"':
		return c.text()
	}
	end := c.pos
	for end < len(c.src) && c.src[end] != ',' && c.src[end] != ']' && c.src[end] != '}' {
		end++
	}
	if len(c.dst)+end-c.pos > c.limit {
		c.dst = append(c.dst, `"`+Ellipsis+`"`...)
		return false
	}
	c.dst = append(c.dst, c.src[c.pos:end]...)
	c.pos = end
	return true
}

func (c *cutter) container(depth int) bool {
	object := c.src[c.pos] == '{'
	closing := c.src[c.pos] + 2 // "}" and "]", in ASCII
	c.dst = append(c.dst, c.src[c.pos])
	c.pos++
	whole := true
	for first := true; whole && c.src[c.pos] != closing; first = false {
		if !first {
			c.pos++
			c.dst = append(c.dst, ',')
		}
		whole = c.member(object, depth)
	}
	c.pos++
	c.dst = append(c.dst, closing)
	return whole
}

// member copies an item of a list, or a member of an object.
func (c *cutter) member(object bool, depth int) bool {
	key := 0
	if object {
		key = literal(c.src[c.pos:]) + len(":")
	}
	if depth == maxDepth || len(c.dst)+key >= c.limit {
		if object {
			c.dst = append(c.dst, `"`+Ellipsis+`":`...)
		}
		c.dst = append(c.dst, `"`+Ellipsis+`"`...)
		return false
	}
	c.dst = append(c.dst, c.src[c.pos:c.pos+key]...)
	c.pos += key
	return c.value(depth + 1)
}

// text copies a string literal, or its beginning.
func (c *cutter) text() bool {
	n := literal(c.src[c.pos:])
	if len(c.dst)+n <= c.limit {
		c.dst = append(c.dst, c.src[c.pos:c.pos+n]...)
		c.pos += n
		return true
	}
	inside := c.src[c.pos+1 : c.pos+n-1]
	end := 0
	for end < len(inside) && len(c.dst)+end+character(inside[end:]) < c.limit {
		end += character(inside[end:])
	}
	c.dst = append(c.dst, '"')
	c.dst = append(c.dst, inside[:end]...)
	c.dst = append(c.dst, Ellipsis+`"`...)
	return false
}

// literal returns the length of the string literal at the beginning.
func literal(src []byte) int {
	for i := 1; ; i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// character returns the length of the first character of a literal, be it escaped, be it in two escapes.
func character(inside []byte) int {
	if inside[0] != '\\' {
		_, size := utf8.DecodeRune(inside)
		return size
	}
	if inside[1] != 'u' {
		return 2
	}
	if first := inside[2] | 0x20; first == 'd' && inside[3] >= '8' && len(inside) >= 12 && inside[6] == '\\' && inside[7] == 'u' {
		return 12 // a surrogate pair
	}
	return 6
}

// Size returns about how many bytes the value needs in JSON, and at most limit. It looks at a bounded part.
func Size(v any, limit int) int {
	if s, ok := v.(string); ok {
		return min(len(s), limit)
	}
	s := scale{left: limit}
	s.put(reflect.ValueOf(v), 0)
	return limit - max(s.left, 0)
}

// isHeavy reports whether the value has too much in it to be encoded at all. It looks at a bounded part.
func isHeavy(v any) bool {
	s := scale{left: maxBytes}
	s.put(reflect.ValueOf(v), 0)
	return s.left < 0
}

// A scale weighs values by about what they need in JSON.
type scale struct{ left int }

func (s *scale) put(v reflect.Value, depth int) {
	s.left--
	if s.left < 0 || depth > maxPointers || !v.IsValid() {
		return
	}
	k := v.Kind()
	switch {
	case k == reflect.String:
		s.left -= v.Len()
	case k < reflect.Array || v.CanInterface() && encodesItself(v.Interface()): // what that gives, is known only then
	case k == reflect.Interface || k == reflect.Pointer:
		s.put(v.Elem(), depth+1)
	case k == reflect.Slice || k == reflect.Array:
		s.items(v, depth)
	case k == reflect.Map:
		s.entries(v, depth)
	case k == reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); isEncoded(field) && field.Tag.Get("json") != "-" {
				s.put(v.Field(i), depth+1)
			}
		}
	}
}

func (s *scale) entries(m reflect.Value, depth int) {
	for key, value := range m.Seq2() {
		if s.left < 0 {
			return
		}
		s.put(key, depth+1)
		s.put(value, depth+1)
	}
}

func (s *scale) items(list reflect.Value, depth int) {
	if k := list.Type().Elem().Kind(); k >= reflect.Bool && k <= reflect.Complex128 {
		s.left -= list.Len()
		return
	}
	for i := 0; i < list.Len() && s.left >= 0; i++ {
		s.put(list.Index(i), depth+1)
	}
}
