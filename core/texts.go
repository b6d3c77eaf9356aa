package fault

import (
	"iter"
	"maps"
	"slices"

	"github.com/polyfault/polyfault/internal/localefile"
)

// A Catalogue is the texts of a responder and their languages, for tools: documentation, checks, OpenAPI. It is a
// view of one moment ([Responder.Reload] makes the next) and safe for concurrent use. The zero Catalogue is empty.
type Catalogue struct{ c *catalogue }

// A Language is one loaded language.
type Language struct {
	Tag string // BCP 47, canonical: "pt-BR"
	Key string // its key in all-language bodies: "PT-BR"
	Dir string // base direction: "ltr" or "rtl"
}

// Catalogue returns the texts that the responder serves at present.
func (r *Responder) Catalogue() Catalogue {
	return Catalogue{r.orDefault().catalogue.Load()}
}

// Languages returns every loaded language, in the order of the tags.
func (c Catalogue) Languages() []Language {
	var list []Language
	if c.c != nil {
		for i := range c.c.languages {
			list = append(list, c.language(i))
		}
	}
	return list
}

// Body returns the languages of the all-languages body, in its order.
func (c Catalogue) Body() []Language {
	var list []Language
	if c.c != nil {
		for _, i := range c.c.body {
			list = append(list, c.language(i))
		}
	}
	return list
}

// Default returns the language for clients that accept none of the loaded languages.
func (c Catalogue) Default() Language {
	if c.c == nil {
		return Language{}
	}
	return c.language(c.c.defaultLanguage)
}

func (c Catalogue) language(i int) Language {
	l := c.c.languages[i]
	return Language{Tag: l.tag, Key: l.key, Dir: l.dir}
}

// IDs yields the id of every text that any language has, with titles, sorted.
func (c Catalogue) IDs() iter.Seq[string] {
	if c.c == nil {
		return func(func(string) bool) {}
	}
	return slices.Values(slices.Sorted(maps.Keys(c.c.texts)))
}

// Text returns the text with the arguments of attrs, in the language with exactly this tag. It returns false if that
// language lacks it. The tag of a built-in language also finds the application's own: pt finds pt-BR.
func (c Catalogue) Text(id, tag string, attrs ...Attr) (string, bool) {
	t, i := c.find(id, tag)
	if t == nil {
		return "", false
	}
	return t.plain(c.c, i, attrs), true
}

// Placeholders returns the names of the placeholders in the text of that language, over all its plural forms, sorted.
// It returns false if the language lacks the text.
func (c Catalogue) Placeholders(id, tag string) ([]string, bool) {
	t, i := c.find(id, tag)
	if t == nil {
		return nil, false
	}
	var names []string
	for _, form := range t.forms(i) {
		if form == nil {
			continue
		}
		for _, s := range form.Segments() {
			if s.Arg != "" {
				names = append(names, s.Arg)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// Own reports whether the text in that language comes from a locale file of the application, or from the
// application's file of a language that this one inherits from.
func (c Catalogue) Own(id, tag string) bool {
	t, i := c.find(id, tag)
	return t != nil && t.ownIn(i)
}

// ChosenBy returns what chose the languages of the all-languages body ("option", "own files", "built in") and the
// default language ("option", "English", "first of the body").
func (c Catalogue) ChosenBy() (body, defaultLanguage string) {
	if c.c == nil {
		return "", ""
	}
	return c.c.choice.body, c.c.choice.defaultLanguage
}

// ArgumentTypes are the Go types that the description of a text declares for its arguments, by name:
//
//	description = "Shown for an old link. Types: ID int, Due time.Time"
//
// The command "polyfault texts" knows the same types. The description in the default language counts first, then the English one,
// then the others. The result is nil without such a note, or if it is not valid.
func (c Catalogue) ArgumentTypes(id string) map[string]string {
	if c.c == nil {
		return nil
	}
	languages := append([]*loadedLanguage{c.c.languages[c.c.defaultLanguage], c.c.languages[c.c.english]}, c.c.languages...)
	for _, l := range languages {
		for _, file := range l.files {
			if _, types, _ := localefile.DeclaredTypes(file.notes[id]); types != nil {
				return types
			}
		}
	}
	return nil
}

// Plural reports whether the text has plural forms in that language.
func (c Catalogue) Plural(id, tag string) bool {
	t, i := c.find(id, tag)
	return t != nil && !t.forms(i).plain()
}

// find returns nil when the language lacks the text.
func (c Catalogue) find(id, tag string) (*text, int) {
	if c.c == nil {
		return nil, 0
	}
	t, i := c.c.texts[id], c.c.named(tag)
	if t == nil || i < 0 || !t.available.has(i) {
		return nil, 0
	}
	return t, i
}
