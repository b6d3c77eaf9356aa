package fault

import "github.com/polyfault/polyfault/internal/negotiate"

// A Localizer gives an error's own body its texts. A type in the error's tree has its own body with the method
//
//	ErrorBody(fault.Localizer) any
//
// The result, encoded as by [encoding/json], is then the whole body of the default format; status and headers stay.
// If the result is nil, or ErrorBody panics, the default body is sent. The Localizer is valid during the call.
//
// A body has one language: if a text is missing in the language of those before it, and another language has them
// all, ErrorBody is called once more for that language.
type Localizer interface {
	// Text returns the text in the language negotiated for the request. It returns an unknown id unchanged.
	Text(id string, args ...Attr) string
	// Texts returns the text by wire key ("DE", "PT-BR"), in every language of the all-languages body that has it. The
	// map is empty for an unknown id.
	Texts(id string, args ...Attr) map[string]string
}

// A localizer notes which languages the body got, for Content-Language and Vary.
type localizer struct {
	o          *Occurrence
	preference negotiate.Preference
	used       languageSet
	negotiated bool
	language   int         // that texts are looked for in first
	common     languageSet // languages that have all texts so far
}

func (l *localizer) Text(id string, args ...Attr) string {
	c := l.o.catalogue
	t := c.texts[id]
	if !l.negotiated {
		l.begin()
	}
	if t == nil {
		return id
	}
	l.common.intersect(&t.available)
	language := l.language
	if language == none || !t.available.has(language) {
		language = l.choose(&t.available)
	}
	if l.language == none {
		l.language = language
	}
	l.used.put(language)
	return t.plain(c, language, args)
}

func (l *localizer) begin() {
	l.negotiated = true
	l.preference = l.o.preference()
	l.common.fill()
}

// choose negotiates among the languages; none of them may be acceptable.
func (l *localizer) choose(set *languageSet) int {
	c := l.o.catalogue
	if i, ok := c.choose(&l.preference, &languageChoice{*set, *set}); ok {
		return i
	}
	return c.first(set)
}

// unite returns another localizer for the same body, if this one had to speak two languages and there is one that has
// all the texts.
func (l *localizer) unite() (*localizer, bool) {
	if !l.negotiated || l.language == none || l.common == (languageSet{}) || l.common.has(l.language) {
		return l, false
	}
	return &localizer{o: l.o, language: l.choose(&l.common)}, true
}

func (l *localizer) Texts(id string, args ...Attr) map[string]string {
	texts := map[string]string{}
	t := l.o.catalogue.texts[id]
	if t == nil {
		return texts
	}
	for _, i := range t.languages {
		l.used.put(i)
		texts[l.o.catalogue.languages[i].key] = t.plain(l.o.catalogue, i, args)
	}
	return texts
}
