// Package page has the parts that polyfault's pages for people share: the frame with its style sheet, the words in the
// reader's language, the negotiation of language and media type, and the headers of a page. Package catalog shows the
// catalogue of errors with it, and package store its database.
//
// The pages load nothing: no script, no image, no font. html/template escapes all values for their place. Before that, [Line],
// [Block] and package clean replace characters that could turn the direction of other text.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
)

var (
	//go:embed layout.html
	layout string
	//go:embed style.css
	style string
)

// A Template is a page: the frame and what a source defines as "main". It is made once and safe for
// concurrent use.
type Template struct {
	template *template.Template
	policy   string
}

// New parses the frame and sources, one of which defines "main". It panics when one of them is wrong:
// they are part of the program.
func New(sources ...string) *Template {
	t := template.Must(template.New("page").Parse(layout))
	template.Must(t.New("style").Parse("<style>\n" + style + "</style>"))
	for _, source := range sources {
		template.Must(t.Parse(source))
	}
	return &Template{t, policy(t)}
}

// policy allows the style sheet, by hash, and forms that come back here ([CSP Level 3]). The hash is
// that of the element's content as it is sent: the template engine may change it.
//
// [CSP Level 3]: https://www.w3.org/TR/CSP3/
func policy(t *template.Template) string {
	var b strings.Builder
	if err := template.Must(t.Clone()).ExecuteTemplate(&b, "style", nil); err != nil {
		panic(err) // no value in it: the template itself is wrong
	}
	_, sheet, _ := strings.Cut(b.String(), "<style>")
	sheet, _, _ = strings.Cut(sheet, "</style>")
	hash := sha256.Sum256([]byte(sheet))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
}

// A View is what the frame shows around a page.
type View struct {
	*Visit
	Title      string
	Navigation []Link
	Canonical  string // the page's one address, when it has several; "" is this one
	Private    bool   // for few: search engines are to leave it alone, and the reader chooses a time zone
	Main       any    // what the page itself shows
}

// A Link is an entry of the navigation.
type Link struct {
	Text, URL string
	Current   string // "page" for the page shown, "true" for the area it is in; "" for others
}

// Render returns the page in HTML, as a body to serve.
func (t *Template) Render(v *View) (Body, error) {
	var b bytes.Buffer
	if err := t.template.Execute(&b, v); err != nil {
		return Body{}, err
	}
	return Body{
		ContentType: HTML + "; charset=utf-8", Content: b.Bytes(), Policy: t.policy,
		Language: v.Words.Language.Tag, Private: v.Private,
	}, nil
}
