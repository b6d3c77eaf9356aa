// Package localefile holds the facts of polyfault's locale files that the loader and the lint share: how they
// are named, how large they may be, and which words they reserve.
package localefile

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/family"
)

// MaxSize is the largest file that is loaded, in bytes: far above any honest one (the built-in ones have some
// 60 KiB).
const MaxSize = 1 << 20

// Keys are what the table of a text may hold: what is said of the text, then the plural forms in CLDR's order.
// go-i18n knows more; those would let a file change how it is read.
var Keys = []string{"description", "hash", "zero", "one", "two", "few", "many", "other"}

// FirstForm is the index in Keys of the first plural form.
const FirstForm = 2

// Reserved are the words that make a table a text for go-i18n, in any letter case.
var Reserved = append([]string{"id", "leftdelim", "rightdelim", "translation"}, Keys...)

// IsReserved reports whether name is reserved, and so no text id nor a step of one.
func IsReserved(name string) bool { return slices.Contains(Reserved, strings.ToLower(name)) }

// MaxTag is the longest tag that is looked at, in bytes (RFC 5646, section 4.4.1).
const MaxTag = 35

// ParseTag reads a BCP 47 tag that names a language: und, mul and private use name none.
func ParseTag(s string) (tag language.Tag, known bool) {
	if len(s) > MaxTag {
		return language.Und, false
	}
	tag, err := language.Parse(s)
	if err != nil || !family.IsLanguage(tag) {
		return language.Und, false
	}
	return tag, true
}

// A NameFault is what is wrong with the name of a file: [Fine], [NoLocaleFile], [UnknownTag] or [NotCanonical].
type NameFault uint8

// The faults.
const (
	Fine         NameFault = iota
	NoLocaleFile           // not active.<tag>.toml
	UnknownTag             // the tag is not well-formed, or nobody knows its language
	NotCanonical           // the tag has a better spelling, which TagOf returns
)

// TagOf reads the language tag in the base name of a file, "active.pt-BR.toml" for example. written is the tag as
// it stands there. The tag is und for the first two faults.
func TagOf(base string) (tag language.Tag, written string, fault NameFault) {
	written, ok := strings.CutPrefix(strings.TrimSuffix(base, ".toml"), "active.")
	if !ok || written == "" {
		return language.Und, written, NoLocaleFile
	}
	tag, err := language.Parse(written)
	switch {
	case err != nil || tag == language.Und:
		return language.Und, written, UnknownTag
	case tag.String() != written:
		return tag, written, NotCanonical
	}
	return tag, written, Fine
}
