package fault

import (
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/negotiate"
)

type languageSet [negotiate.MaxLanguages / 64]uint64

func (s *languageSet) put(i int) { s[i/64] |= 1 << (i % 64) }

func (s *languageSet) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

func (s *languageSet) intersect(o *languageSet) {
	for i := range s {
		s[i] &= o[i]
	}
}

func (s *languageSet) add(o *languageSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

// header is Content-Language for a set of languages, the body's in their order first; nil for none.
func (c *catalogue) header(s *languageSet) []string {
	var tags []string
	for _, i := range c.body {
		if s.has(i) {
			tags = append(tags, c.languages[i].tag)
		}
	}
	for i, l := range c.languages {
		if s.has(i) && !slices.Contains(c.body, i) {
			tags = append(tags, l.tag)
		}
	}
	if tags == nil {
		return nil
	}
	return []string{strings.Join(tags, ", ")}
}

// choose goes through the languages that the client prefers, the default one and those of the body for the first
// in the set. What the client has excluded comes last.
func (c *catalogue) choose(p *negotiate.Preference, set *languageSet) (language int, ok bool) {
	for i := range p.Len() {
		if set.has(p.At(i)) {
			return p.At(i), true
		}
	}
	if set.has(c.defaultLanguage) && !p.Excludes(c.defaultLanguage) {
		return c.defaultLanguage, true
	}
	for _, i := range c.body {
		if set.has(i) && !p.Excludes(i) {
			return i, true
		}
	}
	for _, i := range []int{c.defaultLanguage, c.english} {
		if set.has(i) {
			return i, true
		}
	}
	return 0, false
}

// anyLanguage is the language of last resort for t: the default, English, or the first that has it.
func (c *catalogue) anyLanguage(t *text) int {
	for _, i := range []int{c.defaultLanguage, c.english} {
		if t.available.has(i) {
			return i
		}
	}
	return slices.IndexFunc(t.loaded, func(f *forms) bool { return f != nil })
}

// withinLanguage replaces a text that the response's one language lacks.
func (o *Occurrence) withinLanguage(e *DetailError, k *Kind) {
	if o.allLanguages || e.text.available.has(o.language) {
		return
	}
	if general := o.catalogue.texts[ruleInvalid]; e.field && general != nil && general.available.has(o.language) {
		e.text = general
		return
	}
	e.text = o.catalogue.nearest(k, o.language)
}

// Negotiate returns the language of a response to a client with this Accept-Language header, by the
// rules of negotiated responses: the first acceptable one that is loaded, else the default. It is for
// pages and mails beside the responder's own responses.
func (c Catalogue) Negotiate(acceptLanguage string) Language {
	if c.c == nil {
		return Language{}
	}
	p := c.c.negotiator.Prefer(acceptLanguage, c.c.defaultLanguage, c.c.body)
	var loaded languageSet
	for i := range c.c.languages {
		loaded.put(i)
	}
	i, _ := c.c.choose(&p, &loaded)
	return c.language(i)
}

// languageOf is the response's language; in a body of all languages the default one, or the nearest
// that t has.
func (o *Occurrence) languageOf(t *text) int {
	if !o.allLanguages {
		if t.available.has(o.language) {
			return o.language
		}
	}
	return o.catalogue.anyLanguage(t)
}

// negotiateLanguage picks one language for the whole response: the first acceptable one that has
// all its texts. When there is none, entries and then the title may fall back within the language.
func (o *Occurrence) negotiateLanguage() int {
	titled := o.text.available
	if o.format.use == OneLanguageTitled {
		titled.intersect(&o.catalogue.resolveTitle(o.kind).available)
	}
	needed := titled
	for i := range o.entries {
		if t := o.textOfDetail(&o.entries[i]); t != nil {
			needed.intersect(&t.available)
		}
	}
	return o.chooseLanguage(o.text, needed, titled)
}

// textOfDetail is the text that the detail shows; nil for one without.
func (o *Occurrence) textOfDetail(d *detail) *text {
	if field, ok := d.value.(*fieldError); ok {
		return o.catalogue.rule(field.text, o.allLanguages)
	}
	f := o.faultIn(d.value)
	if f == nil {
		return nil
	}
	return o.catalogue.resolve(f.textID(), f.Kind(), o.allLanguages)
}

// chooseLanguage goes through what the client accepts, the default language and the configured ones
// for a language in the first of sets, then in the next, then for one that has t.
func (o *Occurrence) chooseLanguage(t *text, sets ...languageSet) int {
	c := o.catalogue
	var preference negotiate.Preference
	if o.request != nil {
		o.noted("the request", func() {
			preference = c.negotiator.Prefer(o.request.Header("Accept-Language"), c.defaultLanguage, c.body)
		})
	}
	for _, set := range append(sets, t.available) {
		if i, ok := c.choose(&preference, &set); ok {
			return i
		}
	}
	return c.anyLanguage(t)
}

// contentLanguage lists the languages that are in the body (RFC 9110, section 8.5).
func (o *Occurrence) contentLanguage() []string {
	if !o.allLanguages {
		return o.catalogue.languages[o.language].header
	}
	if len(o.entries) == 0 {
		return o.text.header
	}
	used := o.text.bodySet
	for i := range o.entries {
		if t := o.textOfDetail(&o.entries[i]); t != nil {
			used.add(&t.bodySet)
		}
	}
	if used == o.text.bodySet {
		return o.text.header
	}
	return o.catalogue.header(&used)
}
