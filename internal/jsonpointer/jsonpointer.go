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
