// Package jsonpointer writes and reads the steps of JSON Pointers (RFC 6901).
package jsonpointer

import "strings"

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Escape is a member's name as a step of a pointer (RFC 6901, section 3).
func Escape(name string) string { return escape.Replace(name) }

// Unescape is the name behind a step of a pointer (RFC 6901, section 4). "~" before anything but 0 and 1, which is
// no pointer, stays as it is.
func Unescape(step string) string { return unescape.Replace(step) }

// To is the pointer to a member of the whole document.
func To(name string) string { return "/" + Escape(name) }

// OfPath is the pointer of a path as google.rpc.BadRequest has it: steps behind dots and in brackets, which hold an index or
// a key, quoted perhaps ("items[0].labels[\"a.b\"]"). Of a bracket that is not closed, the rest is a step.
func OfPath(path string) string {
	var pointer strings.Builder
	for path != "" {
		var step string
		switch {
		case path[0] == '.':
			path = path[1:]
			continue
		case strings.HasPrefix(path, `["`):
			step, path, _ = strings.Cut(path[2:], `"]`)
		case path[0] == '[':
			step, path, _ = strings.Cut(path[1:], "]")
		default:
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
