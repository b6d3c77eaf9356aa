// Package pagetest holds the rules that every page of polyfault follows, for the tests of the packages
// that make pages.
package pagetest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// A Page is a parsed page.
type Page struct {
	t    testing.TB
	Root *html.Node
}

// Check parses the page and holds it to the rules: one main heading and no level left out, a language
// and a direction, names for all that needs one, nothing that runs or is loaded, relative links, and a
// policy that allows exactly its style sheet. It fails the test for each rule that is broken.
func Check(t testing.TB, header http.Header, body string) *Page {
	t.Helper()
	checkBalanced(t, body)
	root, err := html.Parse(strings.NewReader(body))
	require.NoError(t, err)
	p := &Page{t, root}
	p.checkHeader(header)
	p.checkDocument()
	p.checkHeadings()
	p.checkNothingRuns()
	p.checkNames()
	p.checkLinks()
	p.checkCharacters()
	return p
}

// checkBalanced finds what a parser would repair in silence.
func checkBalanced(t testing.TB, body string) {
	t.Helper()
	void := []string{"meta", "link", "input", "br", "rect"}
	var open []string
	tokens := html.NewTokenizer(strings.NewReader(body))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			assert.Empty(t, open, "elements are not closed")
			return
		case html.StartTagToken:
			if name, _ := tokens.TagName(); !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			require.NotEmpty(t, open, "</%s> closes nothing", name)
			require.Equal(t, open[len(open)-1], string(name), "closed in the wrong order")
			open = open[:len(open)-1]
		}
	}
}

func (p *Page) checkHeader(header http.Header) {
	p.t.Helper()
	assert.Equal(p.t, "text/html; charset=utf-8", header.Get("Content-Type"))
	assert.Equal(p.t, "nosniff", header.Get("X-Content-Type-Options"))
	assert.Contains(p.t, strings.Join(header.Values("Vary"), ", "), "Accept-Language")
	sheets := p.All("style")
	require.Len(p.t, sheets, 1)
	hash := sha256.Sum256([]byte(sheets[0].FirstChild.Data))
	assert.Equal(p.t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'", header.Get("Content-Security-Policy"))
}

func (p *Page) checkDocument() {
	p.t.Helper()
	document := p.All("html")[0]
	assert.NotEmpty(p.t, Attr(document, "lang"))
	assert.Contains(p.t, []string{"ltr", "rtl"}, Attr(document, "dir"))
	require.Len(p.t, p.All("title"), 1)
	assert.NotEmpty(p.t, Text(p.All("title")[0]))
	require.Len(p.t, p.All("main"), 1)
	first := p.All("a")[0]
	assert.Equal(p.t, "skip", Attr(first, "class"), "the first link skips to the contents")
	assert.Equal(p.t, "#"+Attr(p.All("main")[0], "id"), Attr(first, "href"))
	assert.Equal(p.t, "-1", Attr(p.All("main")[0], "tabindex"), "a link to the contents moves the focus there")
	for _, nav := range p.All("nav")[:2] {
		current := 0
		for n := range nav.Descendants() {
			if Attr(n, "aria-current") != "" {
				current++
			}
		}
		if !p.nowhere() {
			assert.Equal(p.t, 1, current, "one link of %q is the current one", p.name(nav))
		}
	}
	seen := map[string]bool{}
	for _, n := range p.All("*") {
		if id := Attr(n, "id"); id != "" {
			assert.False(p.t, seen[id], "the id %s stands twice", id)
			seen[id] = true
		}
		if l := Attr(n, "lang"); l != "" {
			assert.NotEmpty(p.t, Attr(n, "dir"), "%s has lang=%s and no dir", n.Data, l)
		}
	}
}

// nowhere reports whether the page stands for what is not there: it belongs to no area.
func (p *Page) nowhere() bool { return len(p.Class("nowhere")) > 0 }

func (p *Page) checkHeadings() {
	p.t.Helper()
	assert.Len(p.t, p.All("h1"), 1)
	level := 0
	for _, n := range p.All("h1", "h2", "h3", "h4") {
		next := int(n.Data[1] - '0')
		assert.LessOrEqual(p.t, next, level+1, "a level is left out before %q", Text(n))
		assert.NotEmpty(p.t, Text(n))
		level = next
	}
}

func (p *Page) checkNothingRuns() {
	p.t.Helper()
	assert.Empty(p.t, p.All("script", "img", "iframe", "object", "embed", "base", "video", "audio", "use", "image"))
	for _, n := range p.All("*") {
		for _, a := range n.Attr {
			assert.False(p.t, strings.HasPrefix(a.Key, "on"), "%s has the attribute %s", n.Data, a.Key)
			assert.NotContains(p.t, []string{"style", "src", "srcset", "srcdoc", "formaction", "http-equiv", "ping"}, a.Key, n.Data)
		}
	}
	for _, n := range p.All("link") {
		assert.Equal(p.t, "canonical", Attr(n, "rel"))
	}
}

// checkNames finds what a screen reader could not name.
func (p *Page) checkNames() {
	p.t.Helper()
	for _, n := range p.All("nav", "table", "svg", "form", "pre") {
		assert.NotEmpty(p.t, p.name(n), "%s has no name", n.Data)
	}
	for _, n := range p.All("th") {
		assert.NotEmpty(p.t, Attr(n, "scope"), "th %q has no scope", Text(n))
		assert.NotEmpty(p.t, Text(n))
	}
	for _, n := range p.All("tr") {
		assert.Equal(p.t, "row", Attr(n, "role"), "display:block takes the roles of tables away")
	}
	for _, n := range p.All("input", "select", "textarea") {
		if Attr(n, "type") != "hidden" {
			assert.True(p.t, p.labelled(Attr(n, "id")), "%s %s has no label", n.Data, Attr(n, "name"))
		}
		if by := Attr(n, "aria-describedby"); by != "" {
			assert.NotEmpty(p.t, Text(p.ByID(by)), by)
		}
	}
	for _, n := range p.All("a", "button", "label", "summary") {
		assert.NotEmpty(p.t, Text(n), "%s without words", n.Data)
	}
	for _, n := range p.All("svg") {
		assert.Equal(p.t, "img", Attr(n, "role"))
	}
}

// name is the element's accessible name.
func (p *Page) name(n *html.Node) string {
	if by := Attr(n, "aria-labelledby"); by != "" {
		return Text(p.ByID(by))
	}
	return Attr(n, "aria-label")
}

func (p *Page) labelled(id string) bool {
	return id != "" && slices.ContainsFunc(p.All("label"), func(n *html.Node) bool { return Attr(n, "for") == id })
}

// checkLinks: a page can stand below any path, so its links are relative and stay on the host.
func (p *Page) checkLinks() {
	p.t.Helper()
	for _, n := range p.All("a", "link", "form") {
		link := Attr(n, "href")
		if n.Data == "form" {
			link = Attr(n, "action")
			assert.Contains(p.t, []string{"get", "post"}, Attr(n, "method"))
		}
		if Attr(n, "rel") == "external noreferrer" { // leads to a program of somebody else
			assert.Regexp(p.t, "^https?://", link)
			continue
		}
		u, err := url.Parse(link)
		if assert.NoError(p.t, err) {
			assert.Empty(p.t, u.Scheme+u.Host, link)
			assert.False(p.t, strings.HasPrefix(u.Path, "/"), link)
		}
	}
	for _, n := range p.All("a") {
		if tag := Attr(n, "hreflang"); tag != "" {
			u, _ := url.Parse(Attr(n, "href"))
			assert.Equal(p.t, tag, u.Query().Get("language"))
		}
	}
}

var missingWord = regexp.MustCompile(`\bpage\.[a-z_]+`)

// checkCharacters: no value turns the direction of other text, and every word was found.
func (p *Page) checkCharacters() {
	p.t.Helper()
	var all strings.Builder
	all.WriteString(Text(p.Root))
	for _, n := range p.All("*") {
		for _, a := range n.Attr {
			all.WriteString("\n" + a.Val)
		}
	}
	text := all.String()
	assert.Empty(p.t, missingWord.FindString(text), "a word is missing")
	for _, r := range text {
		control := r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= '\u202a' && r <= '\u202e' || r == '\u2066' || r == '\u2067'
		assert.False(p.t, control, "the page holds %U", r)
	}
}

// All are the elements with one of the names, in the order of the page; "*" is any.
func (p *Page) All(names ...string) (nodes []*html.Node) {
	for n := range p.Root.Descendants() {
		if n.Type == html.ElementNode && (names[0] == "*" || slices.Contains(names, n.Data)) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// Class are the elements of the class.
func (p *Page) Class(name string) []*html.Node {
	return slices.DeleteFunc(p.All("*"), func(n *html.Node) bool {
		return !slices.Contains(strings.Fields(Attr(n, "class")), name)
	})
}

// ByID is the element with the id; the test ends without one.
func (p *Page) ByID(id string) *html.Node {
	p.t.Helper()
	for _, n := range p.All("*") {
		if Attr(n, "id") == id {
			return n
		}
	}
	require.Fail(p.t, "no element has the id "+id)
	return nil
}

// Attr is the attribute's value, "" without one.
func Attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// Text is the text inside, without the style sheet's.
func Text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "style" {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// Names are the names of the languages that the page can be read in.
func (p *Page) Names() (names []string) {
	for _, n := range p.All("a") {
		if Attr(n, "hreflang") != "" {
			names = append(names, Text(n))
		}
	}
	return names
}
