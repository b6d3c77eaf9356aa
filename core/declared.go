package fault

import (
	"maps"
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/family"
	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/negotiate"
	"github.com/polyfault/polyfault/internal/plural"
)

// Texts sets the text itself, by BCP 47 tag. Declare only texts that are fit for clients: those of an error of
// another service that is passed on, or words that an administrator has written. Texts works for errors and for field
// errors ([Field]). Of Texts and [Text] the last one counts.
//
// If the texts equal the error's own texts in each of their languages, they change nothing: the error has all its
// languages. Otherwise they replace its text. A language that is not loaded counts as the nearest loaded one. A text
// under "und", of unknown language, is used for a field error that has no other, as by [Details.AddText]. Texts are
// cleaned and cut like those of AddText. The map is copied; an empty map is ignored.
func Texts(byTag map[string]string) Attr {
	tags := slices.Sorted(maps.Keys(byTag))
	declared := make(map[string]string, len(byTag))
	for _, tag := range tags[:min(len(tags), negotiate.MaxLanguages)] {
		declared[tag] = declaredText(byTag[tag])
	}
	return Attr{op: opTexts, value: declared}
}

// undetermined is the tag of a text in no known language (RFC 5646, section 4.1).
const undetermined = "und"

// declaredText returns the text on one line. Isolates that are in order stay: the arguments of a text have them.
func declaredText(s string) string {
	s = clean.Shorten(strings.ReplaceAll(s, "\r\n", "\n"), maxDeclared)
	if !isolatesInOrder(s) {
		s = strings.Map(neutralIsolate, s)
	}
	return clean.Sentence(s)
}

func isolatesInOrder(s string) bool {
	open := 0
	for _, r := range s {
		switch {
		case r >= '\u2066' && r <= '\u2068':
			open++
		case r == '\u2069':
			open--
		}
		if open < 0 {
			return false
		}
	}
	return open == 0
}

func neutralIsolate(r rune) rune {
	if r >= '\u2066' && r <= '\u2069' {
		return '\ufffd'
	}
	return r
}

// withoutIsolates returns the text to compare by: bodies of all languages have no isolates.
func withoutIsolates(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, s)
}

// declaredIn returns the texts that the attributes declare; the last ones count, unless a text constant is chosen after them.
func declaredIn(attrs []Attr) map[string]string {
	for i := len(attrs) - 1; i >= 0; i-- {
		switch attrs[i].op {
		case opText: // a later choice
			return nil
		case opTexts:
			texts, _ := attrs[i].value.(map[string]string)
			return texts
		}
	}
	return nil
}

// declare makes a text of the texts that attrs declare. It returns own if these say nothing else.
func (c *catalogue) declare(attrs []Attr, own *text) *text {
	texts := declaredIn(attrs)
	if len(texts) == 0 {
		return own
	}
	t := &text{id: own.id, catalogue: c, builtin: none, loaded: make([]*forms, len(c.languages)), declared: true}
	differs := false
	for _, tag := range slices.Sorted(maps.Keys(texts)) {
		i := c.nearestLoaded(tag)
		if i < 0 || t.available.has(i) {
			continue
		}
		t.available.put(i)
		t.loaded[i] = &forms{plural.Other: message.Literal(texts[tag])}
		differs = differs || !own.available.has(i) || withoutIsolates(own.plain(c, i, attrs)) != withoutIsolates(texts[tag])
	}
	if !differs {
		return own
	}
	c.layOut(t)
	if !t.configured {
		t.configured = true // what was declared is not left away for a text that says less
		t.languages, t.bodySet = t.all(), languageSet{}
		c.assemble(t)
	}
	return t
}

// all returns the languages that have t.
func (t *text) all() (list []int) {
	for i := range t.loaded {
		if t.available.has(i) {
			list = append(list, i)
		}
	}
	return list
}

// nearestLoaded returns the language with the tag, or else the nearest of its family; negative without any.
func (c *catalogue) nearestLoaded(tag string) int {
	if i := c.named(tag); i >= 0 {
		return i
	}
	parsed, known := family.Parse(tag)
	if !known {
		return none
	}
	if order, _ := c.families.Order(parsed); len(order) > 0 {
		return order[0]
	}
	return none
}
