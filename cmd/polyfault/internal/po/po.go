// Package po reads and writes gettext's PO files as translators' tools need them: with comments, flags, obsolete entries and
// the order. Libraries that read PO for programs at run time drop these.
package po

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A File is the content of a PO file. The header is not among the entries.
type File struct {
	Comments []string // above the header, with their "#"
	Header   []Field
	Entries  []Entry
}

// A Field is one line of the header.
type Field struct{ Name, Value string }

// Get returns the value of a header field, in any letter case, or "".
func (f *File) Get(name string) string {
	for _, field := range f.Header {
		if strings.EqualFold(field.Name, name) {
			return field.Value
		}
	}
	return ""
}

// An Entry is one message.
type Entry struct {
	Notes      []string // comments of translators, without "# "
	Extracted  []string // comments for translators, without "#. "
	References []string // without "#: "
	Flags      []string // fuzzy, for example
	Previous   []string // lines with "#| "
	Context    string
	ID, Plural string
	Strings    []string // one, or by the index of the plural form
	Obsolete   bool
	Line       int // of the first keyword, from 1; not written

	hasID, hasPlural, hasContext bool
}

// Has reports whether the entry has the flag.
func (e *Entry) Has(flag string) bool { return slices.Contains(e.Flags, flag) }

// A SyntaxError is the reason why a file cannot be read.
type SyntaxError struct {
	Line    int
	Problem string
}

// Error returns the line and the problem.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// MaxStrings is the number of plural forms that an entry may have. No language has more than six.
const MaxStrings = 16

// Parse reads a file in UTF-8. The error is a [*SyntaxError].
func Parse(content []byte) (*File, error) {
	p := &parser{file: &File{}}
	text := strings.TrimPrefix(string(content), "\ufeff")
	if !utf8.ValidString(text) {
		return nil, &SyntaxError{1, "is not UTF-8: save it as such"}
	}
	for line := range strings.Lines(text) {
		p.line++
		if err := p.read(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, err
		}
	}
	return p.file, p.end()
}

// A parser reads entries; target is the string that the next line continues.
type parser struct {
	file   *File
	line   int
	entry  Entry
	target *string
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{p.line, fmt.Sprintf(format, args...)}
}

func (p *parser) read(line string) error {
	line = strings.TrimSpace(line)
	obsolete := false
	if rest, ok := strings.CutPrefix(line, "#~"); ok {
		line, obsolete = strings.TrimSpace(rest), true
		if strings.HasPrefix(line, "|") {
			return nil
		}
	}
	switch {
	case line == "":
		if p.target == nil {
			return nil
		}
		return p.end()
	case strings.HasPrefix(line, "#"):
		if p.target != nil {
			if err := p.end(); err != nil {
				return err
			}
		}
		p.comment(line)
		return nil
	}
	return p.keyword(line, obsolete)
}

func (p *parser) comment(line string) {
	e := &p.entry
	kind, rest := line[:min(2, len(line))], strings.TrimPrefix(line[min(2, len(line)):], " ")
	switch kind {
	case "#.":
		e.Extracted = append(e.Extracted, rest)
	case "#:":
		e.References = append(e.References, rest)
	case "#|":
		e.Previous = append(e.Previous, rest)
	case "#,":
		for flag := range strings.SplitSeq(rest, ",") {
			if flag = strings.TrimSpace(flag); flag != "" {
				e.Flags = append(e.Flags, flag)
			}
		}
	default:
		e.Notes = append(e.Notes, strings.TrimPrefix(line[1:], " "))
	}
}

func (p *parser) keyword(line string, obsolete bool) error {
	word, rest, _ := strings.Cut(line, " ")
	if strings.HasPrefix(line, `"`) {
		word, rest = "", line
	} else if i := strings.IndexByte(line, '"'); i > 0 {
		word, rest = strings.TrimSpace(line[:i]), line[i:]
	}
	text, problem := unquote(strings.TrimSpace(rest))
	if problem != "" {
		return p.fail("%s", problem)
	}
	if word == "" {
		if p.target == nil {
			return p.fail("a string stands behind no keyword")
		}
		*p.target += text
		return nil
	}
	if word == "msgctxt" || word == "msgid" && p.entry.hasID {
		if err := p.end(); err != nil && p.entry.hasID {
			return err
		}
	}
	if p.entry.Line == 0 {
		p.entry.Line, p.entry.Obsolete = p.line, obsolete
	}
	if obsolete != p.entry.Obsolete {
		return p.fail("an entry is obsolete in part")
	}
	if err := p.place(word); err != nil {
		return err
	}
	*p.target = text
	return nil
}

// place finds the target of the string after the keyword.
func (p *parser) place(word string) error {
	e := &p.entry
	switch {
	case word == "msgctxt" && !e.hasContext && !e.hasID:
		e.hasContext, p.target = true, &e.Context
	case word == "msgid" && !e.hasID:
		e.hasID, p.target = true, &e.ID
	case word == "msgid_plural" && e.hasID && !e.hasPlural && len(e.Strings) == 0:
		e.hasPlural, p.target = true, &e.Plural
	case word == "msgstr" && e.hasID && !e.hasPlural && len(e.Strings) == 0,
		e.hasPlural && len(e.Strings) < MaxStrings && word == fmt.Sprintf("msgstr[%d]", len(e.Strings)):
		e.Strings = append(e.Strings, "")
		p.target = &e.Strings[len(e.Strings)-1]
	default:
		return p.fail("%q cannot stand here", shown(word))
	}
	return nil
}

// end adds the entry to the file.
func (p *parser) end() error {
	e := p.entry
	if p.target == nil { // comments alone
		return nil
	}
	p.entry, p.target = Entry{}, nil
	switch {
	case !e.hasID || len(e.Strings) == 0:
		return &SyntaxError{e.Line, "an entry has no msgid, or no msgstr"}
	case e.ID == "" && !e.hasContext && !e.Obsolete:
		return p.header(e)
	}
	p.file.Entries = append(p.file.Entries, e)
	return nil
}

func (p *parser) header(e Entry) error {
	if p.file.Header != nil || len(p.file.Entries) > 0 {
		return &SyntaxError{e.Line, "the header does not stand first, or stands twice"}
	}
	for _, note := range e.Notes {
		p.file.Comments = append(p.file.Comments, strings.TrimRight("# "+note, " "))
	}
	p.file.Header = []Field{}
	for line := range strings.SplitSeq(strings.TrimSuffix(e.Strings[0], "\n"), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			p.file.Header = append(p.file.Header, Field{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return nil
}

func shown(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

var escapes = map[byte]string{'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '"': `"`, '\\': `\`}

// unquote reads a string of C.
func unquote(literal string) (text, problem string) {
	if len(literal) < 2 || literal[0] != '"' || literal[len(literal)-1] != '"' {
		return "", "a string does not stand between quotation marks"
	}
	inside := literal[1 : len(literal)-1]
	var b strings.Builder
	for i := 0; i < len(inside); i++ {
		switch c := inside[i]; {
		case c == '"':
			return "", "a quotation mark stands inside of a string without \\"
		case c != '\\':
			b.WriteByte(c)
		case i+1 == len(inside):
			return "", "a string ends with \\"
		default:
			i++
			value, ok := escapes[inside[i]]
			if !ok {
				return "", fmt.Sprintf("\\%c is no escape", inside[i])
			}
			b.WriteString(value)
		}
	}
	return b.String(), ""
}
