// Package message compiles the texts of locale files once, so that a response is a few copies.
//
// A text is literals and placeholders {{.Name}}, nothing else: locale files come from
// contributors, and go-i18n would run them as full text/template programs.
package message

import (
	"fmt"
	"strings"

	"github.com/polyfault/polyfault/internal/jsontext"
)

// A Text is one compiled form of one text in one language. It is immutable.
type Text struct {
	segments []Segment
	size     int
	slots    int
}

// A Segment is a literal or, with an Arg, a placeholder.
type Segment struct {
	Plain   string // the literal as written
	Escaped string // the literal as the inside of a JSON string
	Arg     string // the placeholder's name
}

// What one form of a text may have at most: each placeholder can be filled with a kilobyte.
const (
	MaxSize         = 64 << 10 // bytes
	MaxPlaceholders = 100
)

// count is the placeholder of the count, and upstreamCount what go-i18n calls it where nothing else is given.
const (
	count         = "Count"
	upstreamCount = "PluralCount"
)

// Compile splits src into segments. Its error names the rule that src breaks.
func Compile(src string) (*Text, error) {
	if len(src) > MaxSize {
		return nil, fmt.Errorf("the text has %d bytes; %d is the limit", len(src), MaxSize)
	}
	t := &Text{}
	for rest := src; rest != ""; {
		literal, action, found := strings.Cut(rest, "{{")
		if strings.Contains(literal, "}}") {
			return nil, fmt.Errorf("%q stands without its {{", "}}")
		}
		if literal != "" {
			escaped := string(jsontext.AppendEscaped(nil, literal))
			t.segments = append(t.segments, Segment{Plain: literal, Escaped: escaped})
			t.size += len(escaped)
		}
		if !found {
			break
		}
		inside, after, closed := strings.Cut(action, "}}")
		if !closed {
			return nil, fmt.Errorf("%q is not closed by }}", shown(action))
		}
		name, ok := strings.CutPrefix(strings.TrimSpace(inside), ".")
		if !ok || !isName(name) {
			return nil, fmt.Errorf("template action %q: only placeholders like {{.Name}} are allowed", shown(inside+"}}"))
		}
		if name == upstreamCount {
			name = count
		}
		t.segments = append(t.segments, Segment{Arg: name})
		if t.slots++; t.slots > MaxPlaceholders {
			return nil, fmt.Errorf("the text has more than %d placeholders", MaxPlaceholders)
		}
		rest = after
	}
	return t, nil
}

// Literal returns s as a text without placeholders.
func Literal(s string) *Text {
	if s == "" {
		return &Text{}
	}
	escaped := string(jsontext.AppendEscaped(nil, s))
	return &Text{segments: []Segment{{Plain: s, Escaped: escaped}}, size: len(escaped)}
}

// shown returns the beginning of an action, for errors.
func shown(action string) string {
	if len(action) > 60 {
		action = strings.ToValidUTF8(action[:60], "") + "…"
	}
	return "{{" + action
}

func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// Segments returns the segments in order; the caller must not change them.
func (t *Text) Segments() []Segment { return t.segments }

// Size returns the number of bytes of the escaped literals.
func (t *Text) Size() int { return t.size }

// Slots returns the number of placeholders, repeated ones counted.
func (t *Text) Slots() int { return t.slots }

// Static reports whether the text has no placeholder.
func (t *Text) Static() bool { return t.slots == 0 }
