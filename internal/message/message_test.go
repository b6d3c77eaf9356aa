package message

import (
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func render(text *Text, args map[string]string, escaped bool) string {
	var b strings.Builder
	for _, s := range text.Segments() {
		switch {
		case s.Arg != "":
			b.WriteString(args[s.Arg])
		case escaped:
			b.WriteString(s.Escaped)
		default:
			b.WriteString(s.Plain)
		}
	}
	return b.String()
}

// What the compiler accepts means the same to text/template, which go-i18n would use.
func TestCompileMeansWhatTextTemplateMeans(t *testing.T) {
	args := map[string]string{"A": "1", "B_2": "two", "_c": "{{.A}}"}
	for _, source := range []string{"plain", "{{.A}}", "a {{.A}} b {{ .B_2 }} c {{._c}}{{.A}}", "{ not } {an action}",
		"", "a{{.A}}", "“quoted” & <b>", "{{\t.A }}"} {
		text, err := Compile(source)
		require.NoError(t, err, source)
		var want strings.Builder
		require.NoError(t, template.Must(template.New("").Parse(source)).Execute(&want, args))
		assert.Equal(t, want.String(), render(text, args, false))
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, source := range []string{"{{", "}}", "{{.A", "{{}}", "{{.}}", "{{A}}", "{{.A.B}}", "{{.A | len}}", "{{- .A}}",
		"{{.1}}", "{{.Ä}}", "{{/**/}}", "{{range .A}}", "{{end}}", "{{{.A}}}", "{{. A}}", "{{\"x\"}}"} {
		_, err := Compile(source)
		assert.Error(t, err, source)
	}
}

func TestTextFacts(t *testing.T) {
	text, err := Compile(`<{{.A}}"{{.B}}{{.A}}`)
	require.NoError(t, err)
	assert.Equal(t, 3, text.Slots(), "repeated ones count")
	assert.False(t, text.Static())
	assert.Equal(t, len(`\u003c`)+len(`\"`), text.Size())
	assert.Equal(t, `\u003c1\"21`, render(text, map[string]string{"A": "1", "B": "2"}, true))
	text, err = Compile("x")
	require.NoError(t, err)
	assert.True(t, text.Static())
	assert.Zero(t, text.Slots())
}
