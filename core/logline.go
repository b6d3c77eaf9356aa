package fault

import (
	"log/slog"
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
		cost := size
		if r < utf8.RuneSelf && !jsontext.IsPlain(text[i]) || r == utf8.RuneError {
			cost = len(`\u0000`)
		}
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

// any leaves a value as it is, unless it is long.
func (l *line) any(a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok && !IsNil(err) {
		return slog.String(a.Key, l.cut(errorText(err), maxCause))
	}
	encoded, _ := jsontext.AppendValue(nil, a.Value.Any())
	if len(encoded) <= l.left {
		l.left -= len(encoded)
		return a
	}
	return slog.String(a.Key, l.cut(string(encoded), maxLine))
}
