package po

import (
	"fmt"
	"strings"
)

// String writes the file.
func (f *File) String() string {
	var b strings.Builder
	for _, comment := range f.Comments {
		b.WriteString(comment + "\n")
	}
	b.WriteString("msgid \"\"\nmsgstr \"\"\n")
	for _, field := range f.Header {
		b.WriteString(quote(field.Name+": "+field.Value+"\n") + "\n")
	}
	for _, e := range f.Entries {
		b.WriteByte('\n')
		e.write(&b)
	}
	return b.String()
}

func (e *Entry) write(b *strings.Builder) {
	comments := func(mark string, lines []string) {
		for _, line := range lines {
			b.WriteString(strings.TrimRight(mark+" "+line, " ") + "\n")
		}
	}
	comments("#", e.Notes)
	comments("#.", e.Extracted)
	comments("#:", e.References)
	if len(e.Flags) > 0 {
		b.WriteString("#, " + strings.Join(e.Flags, ", ") + "\n")
	}
	comments("#|", e.Previous)
	mark := ""
	if e.Obsolete {
		mark = "#~ "
	}
	if e.Context != "" || e.hasContext {
		writeString(b, mark, "msgctxt", e.Context)
	}
	writeString(b, mark, "msgid", e.ID)
	if e.Plural == "" && !e.hasPlural {
		writeString(b, mark, "msgstr", e.Strings[0])
		return
	}
	writeString(b, mark, "msgid_plural", e.Plural)
	for i, text := range e.Strings {
		writeString(b, mark, fmt.Sprintf("msgstr[%d]", i), text)
	}
}

// writeString writes a string on one line, or a line for each of its own.
func writeString(b *strings.Builder, mark, keyword, text string) {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) > 1 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	b.WriteString(mark + keyword)
	if len(lines) == 1 {
		b.WriteString(" " + quote(text) + "\n")
		return
	}
	b.WriteString(" \"\"\n")
	for _, line := range lines {
		b.WriteString(mark + quote(line) + "\n")
	}
}

var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\a", `\a`, "\b", `\b`, "\f", `\f`, "\v", `\v`)

func quote(text string) string { return `"` + quoting.Replace(text) + `"` }
