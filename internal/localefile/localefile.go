// Package localefile holds the facts of polyfault's locale files that the loader and the lint share: how they
// are named, how they are decoded, how large they may be, and which words they reserve.
package localefile

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/family"
)

// Keys are the keys of a text's table: those about the text, then the plural forms in CLDR's order. go-i18n knows more:
// [Translation], and keys that change how the file is read.
var Keys = []string{"description", "hash", "zero", "one", "two", "few", "many", "other"}

// Translation is what go-i18n's first version calls the texts of a table, or the one text: another name of "other".
const Translation = "translation"

// FirstForm is the index in Keys of the first plural form.
const FirstForm = 2

// Reserved are the words that make a table a text for go-i18n, in any letter case.
var Reserved = append([]string{"id", "leftdelim", "rightdelim", Translation}, Keys...)

// IsReserved reports whether name is reserved, and so no text id nor a step of one, as long as it holds a text.
func IsReserved(name string) bool { return slices.Contains(Reserved, strings.ToLower(name)) }

// IsMember reports whether the entry makes the table around it a text, as go-i18n sees it: a reserved word above a
// table, but for "translation", is the step of an id.
func IsMember(name string, value any) bool {
	if !IsReserved(name) {
		return false
	}
	_, table := value.(map[string]any)
	return !table || name == Translation
}

// A NameFault is a mistake in the name of a file: [Fine] and the constants after it.
type NameFault uint8

// The faults.
const (
	Fine         NameFault = iota
	Foreign                // something else than a locale file, beside them; or translate.*, where goi18n keeps what is not translated
	NoLocaleFile           // not active.<tag>.toml
	OtherFormat            // not TOML nor JSON
	UnknownTag             // the tag is not well-formed, or nobody knows its language
	NotCanonical           // the tag has a better spelling, which Name.Tag is
)

// A Name is the information in the name of a file.
type Name struct {
	Tag     language.Tag // und unless Fault is Fine or NotCanonical
	Written string       // the tag as it stands there
	Ext     string       // "toml" or "json", or what stands in their place
	Fault   NameFault
}

// NameOf reads the base name of a file, "active.pt-BR.toml" for example.
func NameOf(base string) Name {
	dot := strings.LastIndexByte(base, '.')
	if dot < 0 || strings.HasPrefix(base, "translate.") {
		return Name{Fault: Foreign}
	}
	stem, ext := base[:dot], base[dot+1:]
	written, active := strings.CutPrefix(stem, "active.")
	n := Name{Written: written, Ext: ext}
	var known bool
	n.Tag, known = family.Parse(written)
	switch {
	case ext != "toml" && ext != "json":
		n.Tag, n.Fault = language.Und, otherFormat(stem, ext)
	case !known && active && written != "" && !strings.Contains(written, "."):
		n.Fault = UnknownTag
	case !known:
		n.Fault = NoLocaleFile
	case n.Tag.String() != written:
		n.Fault = NotCanonical
	}
	return n
}

// Importable are the endings of the files that polyfault locales import makes locale files of, besides those that are.
var Importable = []string{"yaml", "yml", "po"}

// translators are the endings of files that hold translations. Other files may lie beside those of the languages.
var translators = strings.Fields("toml json yaml yml po pot mo xlf xliff properties ini arb resx strings csv json5 jsonc xml txt")

func otherFormat(stem, ext string) NameFault {
	last := stem[strings.LastIndexByte(stem, '.')+1:]
	if _, known := family.Parse(last); known && slices.Contains(translators, strings.ToLower(ext)) {
		return OtherFormat
	}
	return Foreign
}
