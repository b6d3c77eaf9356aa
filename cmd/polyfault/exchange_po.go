package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/cmd/polyfault/internal/po"
	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/internal/family"
	"github.com/polyfault/polyfault/internal/plural"
)

const (
	reviewField = "X-Polyfault-Review"
	fuzzy       = "fuzzy"
	other       = "other"
)

// canonicalTag reads a tag of BCP 47 or of gettext. It returns "" if the tag names no language.
func canonicalTag(written string) string {
	written = strings.ReplaceAll(written, "_", "-")
	if base, script, ok := strings.Cut(written, "@"); ok {
		known := map[string]string{"latin": "Latn", "cyrillic": "Cyrl"}
		written = base + "-" + known[strings.ToLower(script)]
	}
	tag, known := family.Parse(written)
	if !known {
		return ""
	}
	return tag.String()
}

// writePO writes a language as a PO file.
func writePO(lang localetest.Language) (string, error) {
	forms, err := formsOf(lang.Tag)
	if err != nil {
		return "", err
	}
	header, err := forms.header()
	if err != nil {
		return "", fmt.Errorf("language %s: %w; use --format json", lang.Tag, err)
	}
	f := &po.File{Comments: lang.Head, Header: []po.Field{
		{Name: "Project-Id-Version", Value: "texts"},
		{Name: "PO-Revision-Date", Value: "2000-01-01 00:00+0000"}, // gettext wants one, and the same texts are the same file
		{Name: "Last-Translator", Value: "see the history of the file"},
		{Name: "Language-Team", Value: lang.Tag},
		{Name: "Language", Value: strings.ReplaceAll(lang.Tag, "-", "_")},
		{Name: "MIME-Version", Value: "1.0"},
		{Name: "Content-Type", Value: "text/plain; charset=UTF-8"},
		{Name: "Content-Transfer-Encoding", Value: "8bit"},
		{Name: "Plural-Forms", Value: header},
	}}
	if lang.Review != "" {
		f.Header = append(f.Header, po.Field{Name: reviewField, Value: lang.Review})
	}
	for _, text := range lang.Texts {
		f.Entries = append(f.Entries, poEntry(text, lang.Source, forms))
	}
	return f.String(), nil
}

func poEntry(text localetest.Text, isSource bool, forms languageForms) po.Entry {
	source := text.Source
	if len(source) == 0 {
		source = text.Forms // the source lacks the text
	}
	e := po.Entry{Context: text.ID, ID: source[other]}
	note, own := text.Note, text.Description
	if isSource {
		note, own = text.Description, ""
	}
	e.Extracted, e.Notes = linesOf(note), linesOf(own)
	if text.Draft {
		e.Flags = []string{fuzzy}
	}
	if !counts(source) && !counts(text.Forms) {
		e.Strings = []string{text.Forms[other]}
		return e
	}
	e.Plural = source[other]
	if source["one"] != "" {
		e.ID = source["one"]
	}
	for _, form := range forms.names {
		e.Strings = append(e.Strings, text.Forms[form])
	}
	return e
}

// counts reports whether the forms are those of a text with a count.
func counts(forms map[string]string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(forms)), func(form string) bool { return form != other })
}

func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// readPO reads a PO file of the language.
func readPO(tag string, content []byte) (localetest.Language, error) {
	lang := localetest.Language{Tag: tag}
	f, err := po.Parse(content)
	if err != nil {
		return lang, err
	}
	if written := f.Get("Language"); written != "" && canonicalTag(written) != tag {
		return lang, fmt.Errorf("its header says language %q, its name %s; one of them is wrong", written, tag)
	}
	_, charset, _ := strings.Cut(strings.ToLower(f.Get("Content-Type")), "charset=")
	if charset != "" && charset != "utf-8" && charset != "utf8" && charset != "us-ascii" && charset != "charset" {
		return lang, fmt.Errorf("its header says charset %q: save it as UTF-8", charset)
	}
	lang.Review, lang.Head = f.Get(reviewField), f.Comments
	forms, err := formsOf(tag)
	if err != nil {
		return lang, err
	}
	reader := poReader{forms: forms, header: f.Get("Plural-Forms"), seen: map[string]int{}}
	for _, e := range f.Entries {
		if e.Obsolete {
			continue
		}
		text, err := reader.text(e)
		if err != nil {
			return lang, fmt.Errorf("line %d: %w", e.Line, err)
		}
		lang.Texts = append(lang.Texts, text)
	}
	return lang, nil
}

// A poReader reads the entries of one file.
type poReader struct {
	forms  languageForms
	header string
	places map[string]int // index of msgstr by form, once a text needs it
	count  int
	seen   map[string]int
}

func (r *poReader) text(e po.Entry) (text localetest.Text, err error) {
	if e.Context == "" {
		return text, fmt.Errorf("%.60q has no msgctxt, which is the id of the text", e.ID)
	}
	if line, twice := r.seen[e.Context]; twice {
		return text, fmt.Errorf("text %q stands in line %d, too", e.Context, line)
	}
	r.seen[e.Context] = e.Line
	text = localetest.Text{ID: e.Context, Note: strings.Join(e.Extracted, "\n"), Description: strings.Join(e.Notes, "\n"),
		Draft: e.Has(fuzzy), Forms: map[string]string{}, Source: map[string]string{other: e.ID}}
	if e.Plural == "" {
		text.Forms[other] = e.Strings[0]
		return text, nil
	}
	text.Source[other] = e.Plural
	if e.ID != e.Plural {
		text.Source["one"] = e.ID
	}
	if r.places == nil {
		if r.places, r.count, err = r.forms.places(r.header); err != nil {
			return text, err
		}
	}
	if len(e.Strings) != r.count {
		return text, fmt.Errorf("text %q has %d plural forms; Plural-Forms says %d", e.Context, len(e.Strings), r.count)
	}
	for form, i := range r.places {
		text.Forms[form] = e.Strings[i]
	}
	return text, nil
}

// languageForms are the plural forms of a language.
type languageForms struct {
	tag   string
	rules *plural.Rules
	names []string // in CLDR's order
}

func formsOf(tag string) (languageForms, error) {
	rules, err := plural.For(language.Make(tag))
	f := languageForms{tag: tag, rules: rules}
	if err != nil {
		return f, err
	}
	for form := range plural.Form(plural.Forms) {
		if rules.Has(form) {
			f.names = append(f.names, form.String())
		}
	}
	return f, nil
}

// header returns the language's Plural-Forms: all its forms in CLDR's order. Forms for decimals are included, although no
// whole number has them.
func (f languageForms) header() (string, error) {
	return po.Expression(len(f.names), func(n int) int { return slices.Index(f.names, f.rules.Form(n).String()) })
}

// places returns the index of each form of the language in a file with that Plural-Forms. It returns an error if a form has
// several, which means that the header is of another language. A form that the file does not distinguish from "other" has no
// index. Forms for decimals have one only if the file has indexes that no whole number uses.
func (f languageForms) places(header string) (map[string]int, int, error) {
	if header == "" {
		return nil, 0, fmt.Errorf("the file has plural forms, and no Plural-Forms in its header")
	}
	rule, err := po.ParsePlural(header)
	if err != nil {
		return nil, 0, fmt.Errorf("Plural-Forms: %w", err)
	}
	places, taken := map[string]int{}, map[int]string{}
	for _, n := range po.Samples() {
		form := f.rules.Form(n).String()
		at, err := rule.Form(n)
		if err != nil {
			return nil, 0, err
		}
		if before, known := places[form]; known && before != at {
			return nil, 0, f.foreign(header)
		}
		places[form] = at
		if before, known := taken[at]; known && before != form && before != other && form != other {
			return nil, 0, f.foreign(header)
		}
		if taken[at] != other {
			taken[at] = form
		}
	}
	for form, at := range places {
		if taken[at] != form {
			delete(places, form)
		}
	}
	f.placeDecimals(places, taken, rule.Forms)
	return places, rule.Forms, nil
}

// placeDecimals gives indexes that no whole number uses to forms that no whole number has.
func (f languageForms) placeDecimals(places map[string]int, taken map[int]string, count int) {
	var free []int
	for at := range count {
		if _, known := taken[at]; !known {
			free = append(free, at)
		}
	}
	var rest []string
	for form := range plural.Form(plural.Forms) {
		if f.rules.Has(form) && !f.rules.Whole(form) {
			rest = append(rest, form.String())
		}
	}
	if len(free) == len(rest) {
		for i, name := range rest {
			places[name] = free[i]
		}
	}
}

func (f languageForms) foreign(header string) error {
	want, err := f.header()
	if err != nil {
		want = strings.Join(f.names, ", ")
	}
	return fmt.Errorf("Plural-Forms %.200q is not that of %s; it is %s", header, f.tag, want)
}
