package page

import (
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/clean"
)

// A Text is what an error says in one language.
type Text struct {
	Title    string `json:"title"`
	Text     string `json:"text"`
	Language string `json:"lang"`
	Dir      string `json:"dir"`
	Key      string `json:"-"` // in all-language bodies: "PT-BR"
	Name     string `json:"-"` // of the language, in the language
}

// Texts are the texts of an error in all languages.
type Texts struct {
	ID        string // of the text; "" when there is none
	title     string // of the title
	catalogue fault.Catalogue
	languages []fault.Language // those that the responder prefers first, then all of them
}

// TextsOf finds the texts that responses to the kind take: its own or those of the nearest kind above it
// that any language has, as the responder chooses.
func TextsOf(c fault.Catalogue, k *fault.Kind) *Texts {
	t := &Texts{catalogue: c, languages: append(append([]fault.Language{c.Default()}, c.Body()...), c.Languages()...)}
	for ; k != nil && (t.ID == "" || t.title == ""); k = k.Parent() {
		t.take(k.TextID())
	}
	return t
}

// TextsNamed finds the text with the id.
func TextsNamed(c fault.Catalogue, id string) *Texts {
	t := TextsOf(c, nil)
	t.take(id)
	return t
}

func (t *Texts) take(id string) {
	if t.ID == "" && t.exists(id) {
		t.ID = id
	}
	if title := id + ".title"; t.title == "" && t.exists(title) {
		t.title = title
	}
}

func (t *Texts) exists(id string) bool {
	return slices.ContainsFunc(t.languages, func(l fault.Language) bool { return t.has(id, l) })
}

func (t *Texts) has(id string, l fault.Language) bool {
	_, ok := t.catalogue.Placeholders(id, l.Tag)
	return ok
}

// For is what the reader's language says, or another one when that lacks the text.
func (t *Texts) For(reader fault.Language) Text {
	if t.has(t.ID, reader) {
		return t.in(reader)
	}
	i := slices.IndexFunc(t.languages, func(l fault.Language) bool { return t.has(t.ID, l) })
	return t.in(t.languages[max(i, 0)])
}

// All is what each language says that has the text, in the order of the tags.
func (t *Texts) All() (texts []Text) {
	for _, l := range t.catalogue.Languages() {
		if t.has(t.ID, l) {
			text := t.in(l)
			text.Name = Name(t.catalogue, l.Tag)
			texts = append(texts, text)
		}
	}
	return texts
}

// In is what the language says; ok is false if it lacks the text.
func (t *Texts) In(l fault.Language) (text Text, ok bool) {
	if !t.has(t.ID, l) {
		return Text{}, false
	}
	return t.in(l), true
}

// in is what the language says. A language without the title has the text in its place, as responses do.
func (t *Texts) in(l fault.Language) Text {
	names, _ := t.catalogue.Placeholders(t.ID, l.Tag)
	text, _ := t.catalogue.Text(t.ID, l.Tag, SampleArguments(names)...)
	title, ok := t.catalogue.Text(t.title, l.Tag)
	if !ok {
		title = text
	}
	return Text{Title: clean.Sentence(title), Text: clean.Sentence(text), Language: l.Tag, Dir: l.Dir, Key: l.Key}
}

// Placeholders returns the names of the placeholders, over all languages, sorted; never nil.
func (t *Texts) Placeholders() []string {
	all := []string{}
	for _, l := range t.catalogue.Languages() {
		names, _ := t.catalogue.Placeholders(t.ID, l.Tag)
		all = append(all, names...)
	}
	slices.SortFunc(all, strings.Compare)
	return slices.Compact(all)
}

// SampleArguments fill each placeholder with its own name, "{ID}", and a count, which has to be a number,
// with 2.
func SampleArguments(names []string) (attrs []fault.Attr) {
	for _, name := range names {
		if name == "Count" {
			attrs = append(attrs, fault.Count(2))
			continue
		}
		attrs = append(attrs, fault.Arg(name, "{"+name+"}"))
	}
	return attrs
}

// A TextTable is what the template "texts" shows.
type TextTable struct {
	Words Words
	Rows  []Text
}
