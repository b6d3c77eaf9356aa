// Package jsonpointer writes and reads the steps of JSON Pointers (RFC 6901).
package jsonpointer

import (
	"strings"
	"unicode"
)

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Escape returns a member's name as a step of a pointer (RFC 6901, section 3).
func Escape(name string) string { return escape.Replace(name) }

// Unescape returns the name behind a step of a pointer (RFC 6901, section 4). "~" before anything but 0 and 1, which is
// no pointer, stays as it is.
func Unescape(step string) string { return unescape.Replace(step) }

// To returns the pointer to a member of the whole document.
func To(name string) string { return "/" + Escape(name) }

// elsewhere begins names of members that would not be safe by themselves. The whole of it is the place, as the fragment of a pointer.
const elsewhere = "#/"

// Member returns a name that is safe to copy into objects of a JavaScript program: "__proto__" becomes "#/__proto__". Different
// names stay different.
func Member(name string) string {
	if name == "__proto__" || name == "constructor" || name == "prototype" || strings.HasPrefix(name, elsewhere) {
		return "#" + To(name)
	}
	return name
}

// OfMember returns the name that [Member] was given. Others stay as they are.
func OfMember(member string) string {
	step, ok := strings.CutPrefix(member, elsewhere)
	if name := Unescape(step); ok && Member(name) == member {
		return name
	}
	return member
}

// OfDots returns the pointer of a path with dots: "items.0.qty" is "/items/0/qty". The empty path is the whole document.
func OfDots(path string) string {
	if path == "" {
		return ""
	}
	return "/" + strings.ReplaceAll(Escape(path), ".", "/")
}

// AppendFragment appends the pointer as the fragment of a URI, "#/items/0/qty", as a JSON string (RFC
// 6901, section 6): what a fragment cannot hold is percent-encoded.
func AppendFragment(dst []byte, pointer string) []byte {
	dst = append(dst, `"#`...)
	for i := range len(pointer) {
		if c := pointer[i]; isFragment(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&0xf])
		}
	}
	return append(dst, '"')
}

const upperHex = "0123456789ABCDEF"

// isFragment reports whether c stands for itself in the fragment of a URI (RFC 3986, section 3.5) and
// in a JSON string.
func isFragment(c byte) bool {
	switch {
	case c >= 0x80 || c == '&': // "&" is escaped in JSON
		return false
	case unicode.IsLetter(rune(c)), unicode.IsDigit(rune(c)):
		return true
	}
	return strings.IndexByte("-._~!$'()*+,;=:@/?", c) >= 0
}

// OfPath returns the pointer of a path as google.rpc.BadRequest has it: steps behind dots and in brackets, which hold an index or
// a key, quoted perhaps (`items[0].labels["a.b"]`). Of a bracket that is not closed, the rest is a step.
func OfPath(path string) string {
	var pointer strings.Builder
	for first := true; path != ""; first = false {
		var step string
		switch {
		case strings.HasPrefix(path, `["`):
			step, path, _ = strings.Cut(path[2:], `"]`)
		case strings.HasPrefix(path, "['"):
			step, path, _ = strings.Cut(path[2:], "']")
		case path[0] == '[':
			step, path, _ = strings.Cut(path[1:], "]")
		default:
			if !first {
				path = strings.TrimPrefix(path, ".")
			}
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			step, path = path[:end], path[end:]
		}
		pointer.WriteString(To(step))
	}
	return pointer.String()
}
