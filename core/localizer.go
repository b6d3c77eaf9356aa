package fault

// A Localizer gives an error's own body its texts. A type in the error's tree brings its own body
// with the method
//
//	ErrorBody(fault.Localizer) any
//
// The result, encoded as by [encoding/json], is then the whole body of the default format; status
// and headers stay. Nil leaves the default body. When ErrorBody panics, the default body is sent
// too. The Localizer is valid during the call.
type Localizer interface {
	// Text is the text in the language negotiated for the request. An unknown id is returned as
	// it is.
	Text(id string, args ...Attr) string
	// Texts is the text by wire key ("DE", "PT-BR"), in every language of the all-languages body
	// that has it. It is empty for an unknown id.
	Texts(id string, args ...Attr) map[string]string
}

// localizer notes which languages the body got, for Content-Language and Vary.
type localizer struct {
	o          *Occurrence
	used       languageSet
	negotiated bool
}

func (l *localizer) Text(id string, args ...Attr) string {
	l.negotiated = true
	t := l.o.catalogue.texts[id]
	if t == nil {
		return id
	}
	language := l.o.chooseLanguage(t)
	l.used.put(language)
	return t.plain(l.o.catalogue, language, args)
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
