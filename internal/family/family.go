// Package family is the only place that knows how language tags are related: as in CLDR, through golang.org/x/text, with two
// additions.
//
//   - Tags are one language if their maximized forms are equal: pt and pt-BR, zh-CN and zh-Hans, no and nb.
//   - A language has parents: es-MX es-419 and es, pt-AO pt-PT and pt. x/text's CLDR 32 lacks one, see inherits.
//   - Variants are the other tags of a language in the same script: es-AR is one of es-MX.
//   - Readers of one language may read another: see reads.
//   - Nothing crosses scripts. A region implies one: zh-HK is traditional.
//
// Variants and extensions of a tag (1996, -u-ca-japanese) count for the very same tag only.
package family

import (
	"cmp"
	"slices"

	"golang.org/x/text/language"
)

// A Key is a maximized tag: CLDR's likely subtags stand for those that the tag leaves out. Tags with the same key
// are one language. The zero Key belongs to tags that name no language, or one of which CLDR knows no script:
// und, mul, private use.
type Key struct{ Base, Script, Region string }

// none are the bases that maximize to something, or nothing, and are no language.
var none = []string{"und", "mul", "mis", "zxx", "root"}

// KeyOf returns the key of the tag.
func KeyOf(tag language.Tag) Key {
	tag, ok := plain(tag)
	if !ok {
		return Key{}
	}
	base, _ := tag.Base()
	script, _ := tag.Script()
	region, _ := tag.Region()
	if script.String() == "Zzzz" {
		return Key{}
	}
	return Key{base.String(), script.String(), region.String()}
}

// maxTag is the longest tag that is looked at, in bytes (RFC 5646, section 4.4.1).
const maxTag = 35

// Parse reads a BCP 47 tag that names a language: und, mul and private use name none.
func Parse(s string) (tag language.Tag, known bool) {
	if len(s) > maxTag {
		return language.Und, false
	}
	tag, err := language.Parse(s)
	if err != nil {
		return language.Und, false
	}
	if _, known = plain(tag); !known {
		return language.Und, false
	}
	return tag, true
}

// plain returns the canonical tag without variants and extensions.
func plain(tag language.Tag) (language.Tag, bool) {
	canonical, err := language.All.Canonicalize(tag)
	if err != nil {
		return language.Und, false
	}
	base, script, region := canonical.Raw()
	if slices.Contains(none, base.String()) {
		return language.Und, false
	}
	short, err := language.Raw.Compose(base, script, region)
	return short, err == nil
}

// inherits are parents that x/text's CLDR does not have yet.
var inherits = map[string]string{
	"nn": "no", // CLDR 39, supplementalData.xml, parentLocale parent="no"
}

// reads are languages whose readers are served another one, when nothing of their own is there.
var reads = map[Key]string{
	{"yue", "Hant", ""}: "zh-Hant", // CLDR, languageInfo.xml, languageMatch desired="yue" supported="zh"
	{"yue", "Hans", ""}: "zh-Hans",
}

// maxParents bounds a lineage, in case that parents go in a circle.
const maxParents = 8

// Parents returns the languages that the tag's inherits texts from, the nearest first.
func Parents(tag language.Tag) []language.Tag {
	key := KeyOf(tag)
	tag, ok := plain(tag)
	var list []language.Tag
	for ok && len(list) < maxParents {
		parent := tag.Parent()
		if name, more := inherits[tag.String()]; more && parent == language.Und {
			parent = language.Make(name)
		}
		if parent == language.Und || slices.Contains(list, parent) || KeyOf(parent).Script != key.Script {
			break
		}
		tag, list = parent, append(list, parent)
	}
	return list
}

// A Member is a language that is there.
type Member struct {
	Tag language.Tag
	Own bool // the application's: it goes before others that are as near
}

// A Set is the languages that are there. It is immutable.
type Set struct {
	members []Member
	keys    []Key
}

// NewSet keeps the list. Indexes into it are what the methods of Set return.
func NewSet(members []Member) *Set {
	s := &Set{members: members}
	for _, m := range members {
		s.keys = append(s.keys, KeyOf(m.Tag))
	}
	return s
}

// Lineage returns the members that a language of this tag has its texts from, the nearest first: those that are the
// same language, then its parents. equal is how many are the same language.
func (s *Set) Lineage(tag language.Tag) (list []int, equal int) {
	list = s.level(nil, tag)
	equal = len(list)
	for _, parent := range Parents(tag) {
		list = s.level(list, parent)
	}
	return list, equal
}

// level adds the members that are the same language as the tag.
func (s *Set) level(list []int, tag language.Tag) []int {
	key, start := KeyOf(tag), len(list)
	for i, m := range s.members {
		if (m.Tag == tag || key != Key{} && s.keys[i] == key) && !slices.Contains(list, i) {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list[start:], func(a, b int) int {
		return cmp.Or(first(s.members[a].Own, s.members[b].Own), first(s.members[a].Tag == tag, s.members[b].Tag == tag))
	})
	return list
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Order returns the members that a reader of the tag is served, the nearest first: its lineage, then its variants, then
// what else its readers read. equal is as in Lineage.
func (s *Set) Order(tag language.Tag) (list []int, equal int) {
	list, equal = s.Lineage(tag)
	key := KeyOf(tag)
	if key == (Key{}) {
		return list, equal
	}
	start := len(list)
	for i, k := range s.keys {
		if k.Base == key.Base && k.Script == key.Script && !slices.Contains(list, i) {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list[start:], func(a, b int) int { return first(s.members[a].Own, s.members[b].Own) })
	if other, ok := reads[Key{Base: key.Base, Script: key.Script}]; ok {
		more, _ := s.Order(language.Make(other))
		for _, i := range more {
			if !slices.Contains(list, i) {
				list = append(list, i)
			}
		}
	}
	return list, equal
}

// maxNames is how many names Nearest looks at.
const maxNames = 256

// Nearest finds the name whose tag a reader of want is served, of names in any order; false for none. Names that are
// no tags are passed over.
func Nearest(want string, names []string) (name string, ok bool) {
	tag, known := Parse(want)
	if !known || len(names) > maxNames {
		return "", false
	}
	var members []Member
	var tags []string
	for _, name := range slices.Sorted(slices.Values(names)) {
		if tag, known := Parse(name); known {
			members, tags = append(members, Member{Tag: tag}), append(tags, name)
		}
	}
	order, _ := NewSet(members).Order(tag)
	if len(order) == 0 {
		return "", false
	}
	return tags[order[0]], true
}
