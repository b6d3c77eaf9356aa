package localetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// A statement is a table header, or a key with its value, in a TOML file. Beside the decoder's result it has the line and the
// comments.
type statement struct {
	path   []string // of the table, or of the table and the key
	header bool
	line   int      // from 1
	lead   []string // comment lines since the previous statement; "" is an empty line
	trail  string   // comment behind it on its last line
}

func (s *statement) key() string { return strings.Join(s.path, ".") }

// A layout is the statements and comments of a TOML file in their order.
type layout struct {
	statements []*statement
	tail       []string // comment lines at the end
}

// lineOf returns the line of the statement with the path id, and of form below it if there is one. Parts of ids and paths
// are joined with dots, so a quoted id and a nested one look the same, as they do to readers of the file.
func (l *layout) lineOf(id, form string) int {
	line := 0
	for _, s := range l.statements {
		switch s.key() {
		case id + "." + form:
			return s.line
		case id:
			line = s.line
		}
	}
	return line
}

// scan reads the layout of a valid TOML file, and skips what it cannot follow. Keys of inline tables have no statement of
// their own.
func scan(content string) *layout {
	s := scanner{text: content, line: 1}
	var table, lead []string
	l := &layout{}
	for s.skipBlanks(); s.pos < len(s.text); s.skipBlanks() {
		switch c := s.text[s.pos]; c {
		case '\n', '\r':
			s.newline()
			lead = append(lead, "")
			continue
		case '#':
			lead = append(lead, s.comment())
			s.newline()
			continue
		case '[':
			st := &statement{header: true, line: s.line, lead: lead}
			s.pos++
			st.path = s.path(']')
			table = st.path
			l.statements = append(l.statements, s.finish(st))
		default:
			st := &statement{line: s.line, lead: lead}
			st.path = append(append([]string{}, table...), s.path('=')...)
			s.skipBlanks()
			s.value()
			l.statements = append(l.statements, s.finish(st))
		}
		lead = nil
	}
	l.tail = lead
	return l
}

// scanJSON finds the lines of keys in a valid JSON file. There are no comments.
func scanJSON(content string) *layout {
	l := &layout{}
	d := json.NewDecoder(strings.NewReader(content))
	line, seen := 1, 0
	var visit func(path []string)
	visit = func(path []string) {
		token, err := d.Token()
		if delim, opens := token.(json.Delim); err != nil || !opens || delim != '{' && delim != '[' {
			return
		}
		for d.More() {
			inside := path
			if token == json.Delim('{') {
				name, _ := d.Token()
				inside = append(slices.Clip(path), fmt.Sprint(name))
				at := int(d.InputOffset())
				line, seen = line+strings.Count(content[seen:at], "\n"), at
				l.statements = append(l.statements, &statement{path: inside, line: line})
			}
			visit(inside)
		}
		_, _ = d.Token() // the end
	}
	visit(nil)
	return l
}

type scanner struct {
	text string
	pos  int
	line int
}

func (s *scanner) skipBlanks() {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t') {
		s.pos++
	}
}

// newline steps over one line end, or over one unexpected byte.
func (s *scanner) newline() {
	if strings.HasPrefix(s.text[s.pos:], "\r\n") {
		s.pos++
	}
	if s.pos >= len(s.text) {
		return
	}
	if s.text[s.pos] == '\n' {
		s.line++
	}
	s.pos++
}

func (s *scanner) comment() string {
	end := strings.IndexByte(s.text[s.pos:], '\n')
	if end < 0 {
		end = len(s.text) - s.pos
	}
	text := strings.TrimRight(s.text[s.pos:s.pos+end], " \t\r")
	s.pos += end
	return text
}

// finish reads the rest of the line after a statement.
func (s *scanner) finish(st *statement) *statement {
	s.skipBlanks()
	if s.pos < len(s.text) && s.text[s.pos] == '#' {
		st.trail = s.comment()
	}
	if s.pos < len(s.text) && (s.text[s.pos] == '\n' || s.text[s.pos] == '\r') {
		s.newline()
	}
	return st
}

// path reads a key with dots up to the byte that ends it, which it steps over.
func (s *scanner) path(end byte) (path []string) {
	part, quoted := "", false
	add := func() {
		if !quoted {
			part = strings.TrimSpace(part)
		}
		path = append(path, part)
		part, quoted = "", false
	}
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case end:
			s.pos++
			add()
			return path
		case '.':
			s.pos++
			add()
		case '"', '\'':
			start := s.pos
			s.quotedText()
			part, quoted = unquote(s.text[start:s.pos]), true
		case '\n':
			add()
			return path
		default:
			if !quoted {
				part += string(c)
			}
			s.pos++
		}
	}
	add()
	return path
}

// unquote returns the value of a TOML string.
func unquote(literal string) string {
	if inside, ok := strings.CutPrefix(literal, `"`); ok && !strings.ContainsAny(inside, `\`) {
		if inside, ok = strings.CutSuffix(inside, `"`); ok && !strings.Contains(inside, `"`) {
			return inside // nearly all strings are plain, and the decoder is a hundred times slower
		}
	}
	var holder struct{ V string }
	if _, err := toml.Decode("V = "+literal, &holder); err != nil {
		return literal
	}
	return holder.V
}

// quotedText steps over a string of any of TOML's four notations.
func (s *scanner) quotedText() {
	quote := s.text[s.pos : s.pos+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.pos:], long) {
		quote = long
	}
	s.pos += len(quote)
	for s.pos < len(s.text) {
		switch {
		case s.text[s.pos] == '\\' && quote[0] == '"':
			s.step()
		case strings.HasPrefix(s.text[s.pos:], quote):
			s.pos += len(quote)
			for len(quote) == 3 && s.pos < len(s.text) && s.text[s.pos] == quote[0] {
				s.pos++ // """ may follow on one or two quotes of the text
			}
			return
		}
		s.step()
	}
}

// step goes on by one byte, if there is one.
func (s *scanner) step() {
	if s.pos >= len(s.text) {
		return
	}
	if s.text[s.pos] == '\n' {
		s.line++
	}
	s.pos++
}

// value steps over a value: to the end of its line, or of the bracket that it opens.
func (s *scanner) value() {
	depth := 0
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case '"', '\'':
			s.quotedText()
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '#':
			if depth == 0 {
				return
			}
			s.comment()
			continue
		case '\n':
			if depth <= 0 {
				return
			}
		}
		s.step()
	}
}

// quoteKey writes an id as a TOML key: bare where TOML allows it.
func quoteKey(id string) string {
	for _, c := range id {
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return quoteText(id)
		}
	}
	if id == "" {
		return `""`
	}
	return id
}

// quoteText writes a text as a basic string on one line.
func quoteText(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || isInvisible(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
