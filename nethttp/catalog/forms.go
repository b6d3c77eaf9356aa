package catalog

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/page"
)

var (
	//go:embed list.html
	listSource string
	//go:embed kind.html
	kindSource string
)

// newForms makes the forms, by media type.
func newForms() map[string]form {
	pages := pages{page.New(listSource), page.New(kindSource)}
	return map[string]form{
		page.HTML:     {pages.list, pages.one},
		page.JSON:     {listAsJSON, kindAsJSON},
		page.Markdown: {listAsMarkdown, kindAsMarkdown},
	}
}

func listAsJSON(v *visit, list *listing) (page.Body, error) { return asJSON(v, list) }
func kindAsJSON(v *visit, k *kind) (page.Body, error)       { return asJSON(v, k) }

func asJSON(v *visit, value any) (page.Body, error) {
	content, err := json.Marshal(value)
	return page.Body{ContentType: page.JSON, Content: append(content, '\n'), Language: v.Reader.Tag}, err
}

// pages are the templates of text/html.
type pages struct{ listPage, kindPage *page.Template }

func (p pages) list(v *visit, list *listing) (page.Body, error) {
	return p.listPage.Render(&page.View{Visit: v.Visit, Title: v.T("errors"), Main: list, Navigation: v.navigation("page")})
}

func (p pages) one(v *visit, k *kind) (page.Body, error) {
	return p.kindPage.Render(&page.View{
		Visit: v.Visit, Title: k.Title + " · " + k.Code, Main: k, Navigation: v.navigation("true"), Canonical: k.Code,
	})
}

func (v *visit) navigation(current string) []page.Link {
	return []page.Link{{Text: v.T("errors"), URL: v.URL("./"), Current: current}}
}

// Table returns the table of texts.
func (k *kind) Table(w page.Words) page.TextTable {
	return page.TextTable{Words: w, Rows: k.rows}
}

// Message returns the example as people read it.
func (k *kind) Message() string { return k.Example.text }

// markdown writes Markdown that is readable as plain text, too.
type markdown struct{ strings.Builder }

func (m *markdown) body(v *visit) (page.Body, error) {
	return page.Body{ContentType: page.Markdown + "; charset=utf-8", Content: []byte(m.String()), Language: v.Words.Language.Tag}, nil
}

func (m *markdown) paragraph(s string) {
	m.WriteString(s)
	m.WriteString("\n\n")
}

func (m *markdown) row(cells ...string) {
	m.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (m *markdown) head(cells ...string) {
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	m.row(cells...)
	m.WriteString(strings.Repeat("|---", len(cells)) + "|\n")
}

func listAsMarkdown(v *visit, list *listing) (page.Body, error) {
	m := &markdown{}
	m.paragraph("# " + plain(v.T("errors")))
	m.paragraph(plain(v.T("errors.intro")))
	m.head(v.T("status"), v.T("code"), v.T("title"), v.T("text"))
	for _, e := range list.Results {
		m.row(strconv.Itoa(e.Status), linkTo(v, e.Code), plain(e.Title), plain(e.Text.Text))
	}
	return m.body(v)
}

func kindAsMarkdown(v *visit, k *kind) (page.Body, error) {
	m := &markdown{}
	m.paragraph("# " + plain(k.Title))
	m.paragraph(plain(k.Text.Text))
	for _, f := range k.facts(v) {
		m.WriteString("- " + f.name + ": " + f.value + "\n")
	}
	m.paragraph("\n## " + plain(v.T("texts")))
	m.head(v.T("language"), v.T("title"), v.T("text"))
	for _, text := range k.rows {
		m.row(plain(text.Name)+" ("+text.Language+")", plain(text.Title), plain(text.Text))
	}
	m.paragraph("\n## " + plain(v.T("example")))
	m.WriteString(fenced(k.Example.text))
	m.WriteString("\n[" + plain(v.T("back")) + "](" + v.URL("./") + ")\n")
	return m.body(v)
}

// A fact is a line about a kind, in Markdown.
type fact struct{ name, value string }

func (k *kind) facts(v *visit) []fact {
	retry := plain(v.YesNo(k.Retryable))
	if k.RetryAfter > 0 {
		retry += " – " + plain(v.N("retry_after", k.RetryAfter))
	}
	facts := []fact{
		{plain(v.T("code")), code(k.Code)}, {plain(v.T("status")), strconv.Itoa(k.Status)},
		{plain(v.T("category")), plain(v.Category(k.Category))}, {plain(v.T("retry")), retry},
	}
	if k.Parent != "" {
		facts = append(facts, fact{plain(v.T("parent")), linkTo(v, k.Parent)})
	}
	if len(k.Placeholders) > 0 {
		var names []string
		for _, name := range k.Placeholders {
			names = append(names, code(name))
		}
		facts = append(facts, fact{plain(v.T("placeholders")), strings.Join(names, ", ")})
	}
	facts = append(facts, fact{code("type"), code(k.Type)})
	if k.Number != 0 {
		facts = append(facts, fact{code("number"), strconv.Itoa(k.Number)})
	}
	return append(facts, fact{code("exit_code"), strconv.Itoa(k.ExitCode)})
}

func linkTo(v *visit, name string) string { return "[" + code(name) + "](" + v.URL(name) + ")" }

// code writes a name for programs: snake_case, kebab-case or the name of a placeholder.
func code(name string) string { return "`" + strings.ReplaceAll(page.Line(name), "`", "'") + "`" }

// marks are the characters that are markup anywhere in a line of Markdown.
var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`,
	`<`, `\<`, `>`, `\>`, `|`, `\|`, `#`, `\#`, `~`, `\~`, `&`, `\&`)

// plain returns the text as Markdown without any markup.
func plain(s string) string {
	s = marks.Replace(strings.TrimSpace(clean.Sentence(s)))
	if s == "" {
		return s
	}
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if strings.ContainsAny(s[:1], "-+=") || digits > 0 && digits < len(s) && strings.ContainsAny(s[digits:digits+1], ".)") {
		return s[:digits] + `\` + s[digits:] // or it would begin a list, or be the line below a heading
	}
	return s
}

// fenced returns s as a block of code, between fences that are longer than any in s.
func fenced(s string) string {
	fence := "```"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	return fence + "http\n" + s + "\n" + fence + "\n"
}
