package fault

import (
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/negotiate"
)

type languageSet [negotiate.MaxLanguages / 64]uint64

func (s *languageSet) put(i int) { s[i/64] |= 1 << (i % 64) }

func (s *languageSet) fill() {
	for i := range s {
		s[i] = ^uint64(0)
	}
}

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

// header returns Content-Language for a set of languages, the body's in their order first; nil for none.
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

// A languageChoice is the languages that fit a response: those that have all of its texts, and those that have all but
// the title and have something of the same language and subject for its details.
type languageChoice [2]languageSet

// choose goes through the ranges of the client, the default language and those of the body for the first that fits:
// each time those that have everything before the others.
func (c *catalogue) choose(p *negotiate.Preference, fit *languageChoice) (language int, ok bool) {
	for n := range p.Len() {
		for i := range fit {
			for _, k := range p.Range(n) {
				if fit[i].has(int(k)) && !p.Excludes(int(k)) {
					return int(k), true
				}
			}
		}
	}
	if k := c.defaultLanguage; fit[1].has(k) && !p.Excludes(k) {
		return k, true
	}
	for i := range fit {
		for _, k := range c.body {
			if fit[i].has(k) && !p.Excludes(k) {
				return k, true
			}
		}
	}
	return 0, false
}

// anyLanguage returns the language that t falls back to in the end.
func (c *catalogue) anyLanguage(t *text) int { return c.first(&t.available) }

// first returns a language of the set: the default, English, or the first one; English for none.
func (c *catalogue) first(set *languageSet) int {
	for _, i := range []int{c.defaultLanguage, c.english} {
		if set.has(i) {
			return i
		}
	}
	for i := range c.languages {
		if set.has(i) {
			return i
		}
	}
	return c.english
}

// withinLanguage replaces a text that the response's one language lacks.
func (o *Occurrence) withinLanguage(e *DetailError, k *Kind) {
	if o.allLanguages || e.text.available.has(o.language) {
		return
	}
	if general := o.catalogue.texts[ruleInvalid]; e.field && general.available.has(o.language) {
		e.text = general
		return
	}
	e.text = o.catalogue.nearest(k, o.language)
}

// Negotiate returns the language of a response to a client with this Accept-Language header, by the rules of
// negotiated responses: the first acceptable language that is loaded, else the default. Use it for pages and mails
// beside the responder's own responses.
func (c Catalogue) Negotiate(acceptLanguage string) Language {
	if c.c == nil {
		return Language{}
	}
	p := c.c.negotiator.Prefer(acceptLanguage)
	var all languageSet
	for i := range c.c.languages {
		all.put(i)
	}
	if i, ok := c.c.choose(&p, &languageChoice{all, all}); ok {
		return c.language(i)
	}
	return c.language(c.c.english)
}

// languageOf returns the response's language; in a body of all languages the default one, or the nearest
// that t has.
func (o *Occurrence) languageOf(t *text) int {
	if !o.allLanguages {
		if t.available.has(o.language) {
			return o.language
		}
	}
	return o.catalogue.anyLanguage(t)
}

// negotiateLanguage picks one language for the whole response, and with it the text: the error's own if an acceptable language
// has it, else that of its kind, then those of the parents. Built-in English always has the last one.
func (o *Occurrence) negotiateLanguage() {
	p := o.preference()
	strict, loose := o.fitting()
	if o.settle(o.text, &p, strict, loose) {
		return
	}
	first := o.text
	for k := o.kind; k != nil; k = k.parent {
		if t := o.catalogue.texts[k.spec.Text]; t != nil && t != first && o.settle(t, &p, strict, loose) {
			return
		}
	}
	o.language = o.catalogue.english
	if !first.available.has(o.language) {
		o.text = o.catalogue.nearest(o.kind, o.language)
	}
}

// settle takes the text, if the choice finds a language for it: one that fits strictly, else loosely.
func (o *Occurrence) settle(t *text, p *negotiate.Preference, choices ...languageChoice) bool {
	for _, fit := range choices {
		for i := range fit {
			fit[i].intersect(&t.available)
		}
		if language, ok := o.catalogue.choose(p, &fit); ok {
			o.text, o.language = t, language
			return true
		}
	}
	return false
}

// fitting returns the languages that have what the response says beside its text. Where none has the texts of all errors
// among the details, those count loosely that have the texts of their kinds.
func (o *Occurrence) fitting() (strict, loose languageChoice) {
	for i := range strict {
		strict[i].fill()
	}
	loose = strict
	left := maxFitted
	o.fitDetails(&strict, &loose[1], o.entries, &left)
	loose[0] = loose[1]
	if o.format.use == OneLanguageTitled {
		title := o.titled()
		strict[0].intersect(&title)
		loose[0].intersect(&title)
	}
	return strict, loose
}

// maxFitted bounds how many details, those in details too, have a say in which language is chosen.
const maxFitted = 1000

func (o *Occurrence) fitDetails(strict *languageChoice, loose *languageSet, entries []detail, left *int) {
	for i := range entries {
		if *left--; *left < 0 {
			return
		}
		t, f := o.entryText(&entries[i])
		if t == nil {
			continue
		}
		strict[0].intersect(&t.available)
		if f == nil {
			general := t.available
			general.add(&o.catalogue.texts[ruleInvalid].available)
			strict[1].intersect(&general)
			loose.intersect(&general)
			continue
		}
		strict[1].intersect(&t.available)
		kinds := o.catalogue.readable(t, f.Kind())
		loose.intersect(&kinds)
		o.fitDetails(strict, loose, f.details(), left)
	}
}

// textOfDetail returns the text that the detail shows; nil for one without.
func (o *Occurrence) textOfDetail(d *detail) *text {
	t, _ := o.entryText(d)
	return t
}

// entryText returns the text that the detail shows, and the fault whose text it is; nil for a field error.
func (o *Occurrence) entryText(d *detail) (*text, *Fault) {
	if field, ok := d.value.(*fieldError); ok {
		if d.text != nil {
			return d.text, nil
		}
		return o.catalogue.rule(field.text, o.allLanguages), nil
	}
	f := o.faultIn(d.value)
	if f == nil {
		return nil, nil
	}
	if d.text != nil {
		return d.text, f
	}
	return o.catalogue.resolve(f.textID(), f.Kind(), o.allLanguages), f
}

// preference reads what the client accepts.
func (o *Occurrence) preference() (p negotiate.Preference) {
	if o.request != nil {
		o.noted("the request", func() { p = o.catalogue.negotiator.Prefer(o.request.Header("Accept-Language")) })
	}
	return p
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
