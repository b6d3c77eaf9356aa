package checks

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// A Code is what a registry gives to a key. Its String is the id of messages, "djutils.E001". Codes are comparable. The zero
// Code belongs to no key; its String is empty.
type Code struct {
	App    string
	Level  Level
	Number int // from 1, in the series of App and Level
}

// String returns the id: app, letter of the level, and the number with at least three digits.
func (c Code) String() string {
	if c == (Code{}) {
		return ""
	}
	return fmt.Sprintf("%s.%s%03d", c.App, c.Level.Letter(), c.Number)
}

// ParseCode is the inverse of [Code.String]. It accepts the canonical form only.
func ParseCode(id string) (Code, error) {
	dot := strings.LastIndexByte(id, '.')
	if dot < 0 || dot+2 > len(id) {
		return Code{}, malformedCode(id)
	}
	c := Code{App: id[:dot]}
	level, err := ParseLevel(id[dot+1 : dot+2])
	if err != nil {
		return Code{}, malformedCode(id)
	}
	c.Level = level
	c.Number, err = strconv.Atoi(id[dot+2:])
	if err != nil || c.Number < 1 || c.String() != id || !isApp(c.App) {
		return Code{}, malformedCode(id)
	}
	return c, nil
}

func malformedCode(id string) error {
	return fmt.Errorf("checks: %q is no id; ids look like djutils.E001", id)
}

func (c Code) series() series { return series{c.App, c.Level} }

// A series is an app and a level: each has numbers of its own.
type series struct {
	app   string
	level Level
}

// compareCodes orders as the ids do, but E1000 comes after E999.
func compareCodes(a, b Code) int {
	return cmp.Or(
		strings.Compare(a.App, b.App),
		strings.Compare(a.Level.Letter(), b.Level.Letter()),
		cmp.Compare(a.Number, b.Number),
	)
}

// isApp reports whether s can stand before the last dot of an id: words of ASCII letters, digits,
// _ and -, a letter first, joined by single dots.
func isApp(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" || !isLetter(word[0]) {
			return false
		}
		for i := range len(word) {
			if c := word[i]; !isLetter(c) && !isDigit(c) && c != '_' && c != '-' {
				return false
			}
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
