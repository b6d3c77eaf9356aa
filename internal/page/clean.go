package page

import "github.com/polyfault/polyfault/internal/clean"

// Limits of what a page shows of one value.
const (
	maxLine  = 4096     // bytes
	maxBlock = 64 << 10 // a call stack, say
)

// Line returns a foreign value on one line of a page.
func Line(s string) string { return clean.Line(s, maxLine) }

// Block returns a foreign value on a page that may have several lines.
func Block(s string) string { return clean.Block(s, maxBlock) }
