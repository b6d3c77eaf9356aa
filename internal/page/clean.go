package page

import (
	"strings"
	"unicode/utf8"
)

// Limits of what a page shows of one value.
const (
	maxLine  = 4096     // bytes
	maxBlock = 64 << 10 // a call stack, say
)

// Sentence is a text of the catalogue on one line. Core has neutralised its arguments and isolated them:
// the isolates stay.
func Sentence(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\u2066' && r <= '\u2069' {
			return r
		}
		return lineRune(r)
	}, s)
}

// Line is a foreign value on one line: control characters and what turns the direction of other text
// are replaced, and much too long a value is cut.
func Line(s string) string { return strings.Map(lineRune, shortened(s, maxLine)) }

// Block is a foreign value that may have several lines.
func Block(s string) string {
	s = strings.ReplaceAll(shortened(s, maxBlock), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return lineRune(r)
	}, s)
}

// lineRune replaces what could break a line or turn the direction of what follows. strings.Map replaces
// invalid UTF-8.
func lineRune(r rune) rune {
	switch {
	case r >= '\t' && r <= '\r', r == '\u0085', r == '\u2028', r == '\u2029':
		return ' '
	case r < ' ', r >= 0x7f && r < 0xa0,
		r >= '\u202a' && r <= '\u202e',
		r >= '\u2066' && r <= '\u2069':
		return utf8.RuneError
	}
	return r
}

// shortened cuts s to at most n bytes and an ellipsis.
func shortened(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for cut := n; cut > n-utf8.UTFMax; cut-- {
		if utf8.RuneStart(s[cut]) {
			return s[:cut] + "…"
		}
	}
	return s[:n] + "…" // no UTF-8 anyway
}
