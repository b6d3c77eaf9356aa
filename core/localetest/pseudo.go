package localetest

import (
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/plural"
)

// The tags of the pseudo-locales.
const (
	PseudoAccents = "en-XA" // accents, longer by two fifths, in brackets: [Ñöţ ƒöûñð ~~~]
	PseudoBidi    = "ar-XB" // written from right to left
)

// Pseudo makes two artificial languages from the source texts of fsys and polyfault's own, for tests of an application and
// its clients. [PseudoAccents] shows texts that bypass the locale files (they have no accents), texts made of parts (they
// have too many brackets), and layouts with too little room. [PseudoBidi] shows what fails from right to left. Placeholders
// stay as they are.
//
//	pseudo, err := localetest.Pseudo(locales)
//	fault.NewResponder(fault.WithLocales(locales), fault.WithLocales(pseudo), fault.WithLanguages("en-XA", "ar-XB"))
//
// The files exist in memory only. With a nil fsys they hold polyfault's texts only. Pseudo returns an error if it cannot
// read the source.
func Pseudo(fsys fs.FS) (fs.FS, error) {
	sources := []*localeFile{builtinSource()}
	if fsys != nil {
		s, err := load(fsys, Options{})
		if err != nil {
			return nil, err
		}
		if err := s.whole(); err != nil {
			return nil, err
		}
		sources = append(sources, s.source)
	}
	texts := map[string]*entry{}
	var ids []string
	for _, source := range sources {
		for _, id := range source.ids {
			if texts[id] == nil {
				ids = append(ids, id)
			}
			texts[id] = source.texts[id]
		}
	}
	var accents, bidi strings.Builder
	for _, id := range ids {
		if err := writePseudo(&accents, texts[id], accented, plural.One); err != nil {
			return nil, err
		}
		if err := writePseudo(&bidi, texts[id], mirrored, plural.Zero, plural.One, plural.Two, plural.Few, plural.Many); err != nil {
			return nil, err
		}
	}
	return fstest.MapFS{
		"active." + PseudoAccents + ".toml": {Data: []byte(accents.String())},
		"active." + PseudoBidi + ".toml":    {Data: []byte(bidi.String())},
	}, nil
}

// writePseudo writes the text with the plural forms of the pseudo-locale, and uses "other" for those that the source lacks.
func writePseudo(b *strings.Builder, source *entry, change func(string) string, forms ...plural.Form) error {
	b.WriteString("[" + quoteKey(source.id) + "]\n")
	if !source.plural() {
		forms = nil
	}
	for _, form := range append(forms, plural.Other) {
		text := source.forms[form]
		if text == "" {
			text = source.forms[plural.Other]
		}
		compiled, err := message.Compile(text)
		if err != nil {
			return fmt.Errorf("localetest: text %q: %w", source.id, err)
		}
		b.WriteString(form.String() + " = " + quoteText(pseudoText(compiled, change)) + "\n")
	}
	return nil
}

func pseudoText(t *message.Text, change func(string) string) string {
	var b strings.Builder
	for _, s := range t.Segments() {
		if s.Arg != "" {
			b.WriteString("{{." + s.Arg + "}}")
			continue
		}
		b.WriteString(s.Plain)
	}
	return change(b.String())
}

const (
	plainLetters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	accentedLetters = "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž"
)

var accents = func() map[rune]rune {
	pairs := map[rune]rune{}
	other := []rune(accentedLetters)
	for i, r := range []rune(plainLetters) {
		pairs[r] = other[i]
	}
	return pairs
}()

// accented adds accents, and two characters for every five.
func accented(text string) string {
	letters := 0
	changed := outsidePlaceholders(text, func(r rune) rune {
		letters++
		if a, ok := accents[r]; ok {
			return a
		}
		return r
	})
	return "[" + changed + " " + strings.Repeat("~", max(1, (2*letters+4)/5)) + "]"
}

const (
	rightToLeftMark     = "\u200f"
	rightToLeftOverride = "\u202e"
	popDirection        = "\u202c"
)

// mirrored makes every word run from right to left, like Arabic.
func mirrored(text string) string {
	return rightToLeftMark + rightToLeftOverride + text + popDirection + rightToLeftMark
}

func outsidePlaceholders(text string, change func(rune) rune) string {
	var b strings.Builder
	for text != "" {
		literal, rest, found := strings.Cut(text, "{{")
		b.WriteString(strings.Map(change, literal))
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}}")
		b.WriteString("{{" + name + "}}")
		text = after
	}
	return b.String()
}
