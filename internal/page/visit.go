package page

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/family"
)

// Words are the texts "page.…" of a catalogue in one language.
type Words struct {
	Catalogue fault.Catalogue
	Language  fault.Language
}

// T returns the word with the id "page." and id. English stands in for what the language lacks.
func (w Words) T(id string) string { return w.text("page." + id) }

// N is [Words.T] with a count: "3 entries".
func (w Words) N(id string, count int) string { return w.text("page."+id, fault.Count(count)) }

// Say is [Words.T] with arguments.
func (w Words) Say(id string, arguments ...fault.Attr) string {
	return w.text("page."+id, arguments...)
}

// Position returns "Page 2 of 7".
func (w Words) Position(page, pages int) string {
	return w.Say("position", fault.Arg("Page", page), fault.Arg("Pages", pages))
}

// YesNo returns the word for a truth value.
func (w Words) YesNo(yes bool) string {
	if yes {
		return w.T("yes")
	}
	return w.T("no")
}

func (w Words) text(id string, attrs ...fault.Attr) string {
	for _, tag := range []string{w.Language.Tag, "en"} {
		if text, ok := w.Catalogue.Text(id, tag, attrs...); ok {
			return clean.Sentence(text)
		}
	}
	return id
}

// Category returns the word for a category, and the category itself for one that has none.
func (w Words) Category(c fault.Category) string {
	switch c {
	case fault.CategorySystem:
		return w.T("category.system")
	case fault.CategoryAlgorithm:
		return w.T("category.algorithm")
	case fault.CategoryData:
		return w.T("category.data")
	}
	return Line(string(c))
}

// A Visit is one request for a page: the language, the words, and how to link from it. It belongs to
// the one request.
type Visit struct {
	Words
	Reader fault.Language // the language of contents: Words' own, unless that has no words
	query  url.Values
	chosen bool // the URL names the language
	zone   zone
}

// languageParameter is the parameter of URLs that names the language.
const languageParameter = "language"

// NewVisit finds the language: the one that the parameter "language" of the URL names, if it is loaded,
// else the one that Accept-Language prefers. A language without words gets those of the default
// language, or of English.
func NewVisit(c fault.Catalogue, req *http.Request) *Visit {
	v := &Visit{Words: Words{Catalogue: c}, query: req.URL.Query()}
	v.Reader, v.chosen = named(c, v.query[languageParameter])
	if !v.chosen {
		v.Reader = c.Negotiate(fault.JoinedHeader(req.Header, "Accept-Language"))
	}
	v.Words.Language = v.Reader
	for _, reserve := range []fault.Language{c.Default(), {Tag: "en", Key: "EN", Dir: "ltr"}} {
		if !speaks(c, v.Words.Language) {
			v.Words.Language = reserve
		}
	}
	return v
}

// speaks reports whether the language has words for pages.
func speaks(c fault.Catalogue, l fault.Language) bool {
	_, ok := c.Text("page.errors", l.Tag)
	return ok
}

// named returns the language that a tag of the URL names, or the nearest one that is loaded.
func named(c fault.Catalogue, tags []string) (fault.Language, bool) {
	languages := c.Languages()
	var loaded []string
	for _, l := range languages {
		loaded = append(loaded, l.Tag)
	}
	for _, tag := range tags[:min(len(tags), maxNamed)] {
		if found, ok := family.Nearest(tag, loaded); ok {
			return languages[slices.Index(loaded, found)], true
		}
	}
	return fault.Language{}, false
}

// maxNamed is how many languages of a URL are looked at.
const maxNamed = 4

// Query returns the first value of a parameter, without spaces around it.
func (v *Visit) Query(name string) string { return strings.TrimSpace(v.query.Get(name)) }

// Chosen returns the tag of the language that the URL names; "" when it was negotiated.
func (v *Visit) Chosen() string {
	if v.chosen {
		return v.Reader.Tag
	}
	return ""
}

// URL returns a link to the relative path with the parameters, names and values in turn, and with the
// language and the time zone when the URL of this page names them. Parameters without a value are left away.
func (v *Visit) URL(path string, parameters ...string) string {
	query := url.Values{}
	if v.chosen {
		query.Set(languageParameter, v.Reader.Tag)
	}
	if v.zone.name != "" {
		query.Set(zoneParameter, v.zone.name)
	}
	for i := 0; i+1 < len(parameters); i += 2 {
		if parameters[i+1] != "" {
			query.Set(parameters[i], parameters[i+1])
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// WithQuery returns a link to the relative path with all parameters of this page.
func (v *Visit) WithQuery(path string) string {
	if len(v.query) == 0 {
		return path
	}
	return path + "?" + v.query.Encode()
}

// A Choice is a language that the page can be read in.
type Choice struct {
	Tag, Dir string
	Name     string // of the language, in the language
	URL      string
	Chosen   bool
}

// Current returns the language of the page.
func (v *Visit) Current() Choice { return v.choice(v.Words.Language) }

// Languages are those that have words for pages, by their own names. Each links to this page.
func (v *Visit) Languages() (choices []Choice) {
	for _, l := range v.Catalogue.Languages() {
		if speaks(v.Catalogue, l) {
			choices = append(choices, v.choice(l))
		}
	}
	slices.SortStableFunc(choices, func(a, b Choice) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return choices
}

func (v *Visit) choice(l fault.Language) Choice {
	query := url.Values{}
	maps.Copy(query, v.query)
	query[languageParameter] = []string{l.Tag}
	return Choice{Tag: l.Tag, Dir: l.Dir, Name: Name(v.Catalogue, l.Tag), URL: "?" + query.Encode(), Chosen: l == v.Words.Language}
}

// Name returns the language's own name for itself, as the language's file says; the tag where it says none.
// (golang.org/x/text/language/display knows more of them, and adds 2.5 MB to every program.)
func Name(c fault.Catalogue, tag string) string {
	if name, ok := c.Text("page.own_name", tag); ok {
		return name
	}
	return tag
}
