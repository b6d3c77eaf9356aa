package fault

import (
	"log/slog"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/polyfault/polyfault/internal/jsontext"
)

// A line is the attributes of a log line, within a number of bytes.
type line struct {
	attrs []slog.Attr
	left  int
}

// add is for values that are short.
func (l *line) add(a slog.Attr) { l.attrs = append(l.attrs, a) }

func (l *line) text(name, text string, most int) { l.add(slog.String(name, l.cut(text, most))) }

// cut returns the text as far as there is room, in its escaped form, and an ellipsis where it was cut.
func (l *line) cut(text string, most int) string {
	most = min(most, l.left)
	room := most
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		cost := escapedSize(r, size)
		if room < cost {
			l.left -= most - room
			return text[:i] + omitted
		}
		room -= cost
		i += size
	}
	l.left -= most - room
	return text
}

// escapedSize returns the most bytes that a handler writes for a character: JSON escapes it, or [strconv.Quote] in slog's
// text handler.
func escapedSize(r rune, size int) int {
	switch {
	case r < utf8.RuneSelf && jsontext.IsPlain(byte(r)):
		return size
	case r < utf8.RuneSelf, r == utf8.RuneError, size < 4 && !strconv.IsPrint(r):
		return len(`\u0000`)
	case !strconv.IsPrint(r):
		return len(`\U00000000`)
	}
	return size
}

// texts returns a list of bounded texts, without the last ones if there is no room for them.
func (l *line) texts(list []string, most int) (kept []string) {
	most = min(most, l.left)
	bound := line{left: most}
	defer func() { l.left -= most - bound.left }()
	for _, text := range list {
		if bound.left <= 0 {
			return append(kept, omitted)
		}
		kept = append(kept, bound.cut(text, most))
	}
	return kept
}

// foreign adds attributes of the application, as far as there is room.
func (l *line) foreign(attrs []slog.Attr) {
	for i, a := range attrs {
		if l.left <= 0 {
			l.add(slog.Int("attributes_left_out", len(attrs)-i))
			return
		}
		l.add(l.bounded(a, 0))
	}
}

func (l *line) bounded(a slog.Attr, depth int) slog.Attr {
	a.Key = l.cut(a.Key, maxLine)
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, l.cut(a.Value.String(), maxLine))
	case slog.KindGroup:
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(l.group(a.Value.Group(), depth+1)...)}
	case slog.KindAny:
		return l.any(a)
	}
	l.left -= len("0001-01-01T00:00:00.000000000+00:00") // the longest of the others
	return a
}

func (l *line) group(attrs []slog.Attr, depth int) (kept []slog.Attr) {
	for _, a := range attrs {
		if l.left <= 0 || depth > maxNesting {
			break
		}
		kept = append(kept, l.bounded(a, depth))
	}
	return kept
}

// any leaves a value as it is, unless it is long, or what JSON cannot express: slog's text handler overflows the stack on a
// cycle, which no recover holds.
func (l *line) any(a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok && !IsNil(err) {
		return slog.String(a.Key, l.cut(errorText(err), maxCause))
	}
	encoded, complete := jsontext.AppendValue(nil, a.Value.Any())
	size := 0
	for _, r := range string(encoded) {
		if r < utf8.RuneSelf {
			size++
		} else {
			size += escapedSize(r, utf8.RuneLen(r))
		}
	}
	if v := reflect.ValueOf(a.Value.Any()); v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		size = max(size, len(`\x00`)*v.Len()) // the text handler quotes bytes, JSON has base64
	}
	if complete && size <= l.left {
		l.left -= size
		return a
	}
	return slog.String(a.Key, l.cut(string(encoded), maxLine))
}
