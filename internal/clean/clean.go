// Package clean makes foreign values safe to show among other text: nothing in them breaks a line, drives a
// terminal, or turns the direction of what follows, and none is too long.
package clean

import (
	"strings"
	"unicode/utf8"
)

// Line is a foreign value on one line of at most n bytes, and an ellipsis where it was cut. What would break the
// line becomes a space, a tab among it. Other control characters, bidirectional controls and invalid UTF-8
// become U+FFFD.
func Line(s string, n int) string { return strings.Map(lineRune, Shorten(s, n)) }

// Block is a foreign value that may have several lines: as [Line], but line feeds stay. A tab is a space here,
// too: how wide it is, is another matter in each terminal and page, and the indented lines of a call stack read
// as well with one space.
func Block(s string, n int) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return lineRune(r)
	}, strings.ReplaceAll(Shorten(s, n), "\r\n", "\n"))
}

// Sentence is a text of the catalogue on one line, whatever its length. Core has neutralised its arguments and
// isolated them: the isolates stay.
func Sentence(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\u2066' && r <= '\u2069' {
			return r
		}
		return lineRune(r)
	}, s)
}

// lineRune replaces what is not for one line. strings.Map gives it U+FFFD for invalid UTF-8.
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

// Shorten cuts s to at most n bytes, at a character, and adds an ellipsis. s as it is has room in n bytes.
func Shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for cut := n; cut >= 0 && cut > n-utf8.UTFMax; cut-- {
		if utf8.RuneStart(s[cut]) {
			return s[:cut] + "…"
		}
	}
	return s[:n] + "…" // no UTF-8 anyway
}
