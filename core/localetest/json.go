package localetest

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/polyfault/polyfault/internal/localefile"
)

// formatJSON writes the file in go-i18n's JSON: one member for each text, which is a string if that is enough.
func formatJSON(f, source *localeFile) []byte {
	var b strings.Builder
	b.WriteString("{")
	for i, id := range f.canonicalOrder(source) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n  " + quoteJSON(id) + ": ")
		f.texts[id].writeJSON(&b)
	}
	b.WriteString("\n}\n")
	return []byte(b.String())
}

func (e *entry) writeJSON(b *strings.Builder) {
	if !e.plural() && e.description == "" && e.hash == "" {
		b.WriteString(quoteJSON(e.forms[len(e.forms)-1]))
		return
	}
	separator := "{"
	for _, name := range localefile.Keys {
		if value, present := e.member(name); present {
			b.WriteString(separator + "\n    " + quoteJSON(name) + ": " + quoteJSON(value))
			separator = ","
		}
	}
	b.WriteString("\n  }")
}

// quoteJSON does not escape <, > and &, to keep them readable.
func quoteJSON(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // never fails for a string
	return strings.TrimSuffix(b.String(), "\n")
}
