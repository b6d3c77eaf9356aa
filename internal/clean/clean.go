// Package clean makes foreign values safe to show among other text. They cannot break a line, control a terminal, or turn the
// direction of the text after them, and none is too long.
package clean

import (
	"strings"
	"unicode/utf8"
)

// Line returns a foreign value on one line of at most n bytes, with an ellipsis if it was cut. Tabs and characters that would
// break the line become spaces. Other control characters, bidirectional controls and invalid UTF-8 become U+FFFD.
func Line(s string, n int) string { return strings.Map(lineRune, Shorten(s, n)) }

// Block returns a foreign value that may have several lines: as [Line], but line feeds stay. A tab is a space here,
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

// Sentence returns a text of the catalogue on one line, whatever its length. Core has neutralised its arguments and
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

// Shorten returns s in at most n bytes: cut at a character, with an ellipsis at the end, when it is longer. Where n has no room
// for that, it is the ellipsis alone.
func Shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if n -= len(ellipsis); n <= 0 {
		return ellipsis
	}
	for cut := n; cut >= 0 && cut > n-utf8.UTFMax; cut-- {
		if utf8.RuneStart(s[cut]) {
			return s[:cut] + ellipsis
		}
	}
	return s[:n] + ellipsis // no UTF-8 anyway
}

const ellipsis = "…"

// HasTurns reports whether s has bidirectional controls, which can turn the direction of what stands around it:
// embeddings, overrides and isolates.
func HasTurns(s string) bool {
	for i := strings.IndexByte(s, turnLead); i >= 0 && i+2 < len(s); i++ {
		if s[i] == turnLead && isTurn(s[i+1], s[i+2]) {
			return true
		}
	}
	return false
}

// Name returns the name of something on one line of JSON: valid UTF-8 of at most n bytes, an ellipsis where it was cut, and
// U+FFFD for bidirectional controls.
func Name(s string, n int) string {
	if len(s) > n {
		s = Shorten(s, n)
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			b := []byte(strings.ToValidUTF8(s, "\ufffd"))
			EraseTurns(b)
			return string(b)
		}
	}
	return s
}

// EraseTurns puts U+FFFD in place of the bidirectional controls in JSON text, raw or escaped: both have its length.
func EraseTurns(text []byte) {
	for i := 0; i+2 < len(text); i++ {
		switch text[i] {
		case turnLead:
			if isTurn(text[i+1], text[i+2]) {
				copy(text[i:], "\ufffd")
			}
		case '\\':
			if i+5 < len(text) && text[i+1] == 'u' && isEscapedTurn(text[i+2:i+6]) {
				copy(text[i+2:], "fffd")
			}
			i++ // "\\u202e" is a backslash and letters
		}
	}
}

// turnLead begins U+202A to U+202E and U+2066 to U+2069 in UTF-8.
const turnLead = 0xe2

func isTurn(second, third byte) bool {
	return second == 0x80 && third >= 0xaa && third <= 0xae || second == 0x81 && third >= 0xa6 && third <= 0xa9
}

func isEscapedTurn(digits []byte) bool {
	last := digits[3] | 0x20
	switch string(digits[:3]) {
	case "202":
		return last >= 'a' && last <= 'e'
	case "206":
		return digits[3] >= '6' && digits[3] <= '9'
	}
	return false
}
