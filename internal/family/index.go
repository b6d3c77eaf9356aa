package family

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// An Index answers [Set.Order] for whatever a client writes, without allocation. It is built once and safe for
// concurrent use.
type Index struct {
	set   *Set
	whole map[string]*Match // tags that are not read subtag by subtag, in lower case
	bases map[string]*base
	short [26 * 26]*base    // those of two letters
	rows  map[uint64]*Match // by base, script and region
	other map[uint64]subtag // the script that a region implies, where it is not the base's
}

// A Match is what a range stands for.
type Match struct {
	List []uint8 // indexes of members, the nearest first; not to be changed

	equal  int    // how many of them, the first, are the same language
	region subtag // that it has
}

// A subtag is a script or region, four letters at most, as a number; 0 for none.
type subtag uint32

func subtagOf[T string | []byte](s T) (packed subtag) {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		packed = packed<<8 | subtag(c)
	}
	return packed
}

// A base is a language subtag that is known.
type base struct {
	number   uint64
	script   subtag // that it implies
	named    subtag // script and region that it stands for beside the language: sh is sr-Latn, mo is ro-MD
	region   subtag
	regional bool   // there are regions that matter
	verbatim bool   // there are whole tags that matter
	plain    *Match // for the implied script and any region that does not matter
}

// A region has three characters at most, a base a number below 256.
func rowKey(number uint64, script, region subtag) uint64 {
	return number<<56 | uint64(script)<<24 | uint64(region)
}

// NewIndex prepares the answers. There are 256 members at most.
func NewIndex(members []Member) *Index {
	x := &Index{set: NewSet(members), whole: map[string]*Match{}, bases: map[string]*base{},
		rows: map[uint64]*Match{}, other: map[uint64]subtag{}}
	for _, name := range x.relevant() {
		x.addBase(name)
	}
	for _, alias := range tables().aliases {
		x.addAlias(alias[0], alias[1])
	}
	for name, b := range x.bases {
		if len(name) == 2 {
			x.short[shortAt([]byte(name))] = b
		}
	}
	for _, m := range members {
		x.addVerbatim(m.Tag)
	}
	return x
}

// addVerbatim lets the very tag of a member find it first, where its subtags alone do not: no beside nb, or a variant.
func (x *Index) addVerbatim(tag language.Tag) {
	name := []byte(strings.ToLower(tag.String()))
	m := x.match(tag)
	if found, _ := x.Find(name); found != nil && slices.Equal(found.List, m.List) {
		return
	}
	x.whole[string(name)] = m
	if b := x.base(read(name).base); b != nil {
		b.verbatim = true
	}
}

// relevant returns the bases of ranges that can find a member.
func (x *Index) relevant() (list []string) {
	for _, key := range x.set.keys {
		if key.Base != "" {
			list = append(list, key.Base)
		}
	}
	for child := range inherits {
		list = append(list, child)
	}
	for reader := range reads {
		list = append(list, reader.Base)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (x *Index) match(tag language.Tag) *Match {
	order, equal := x.set.Order(tag)
	m := &Match{equal: equal, region: subtagOf(KeyOf(tag).Region)}
	for _, i := range order {
		m.List = append(m.List, uint8(i))
	}
	return m
}

func (x *Index) addBase(name string) {
	usual := KeyOf(language.Make(name)).Script
	b := &base{number: uint64(len(x.bases)), script: subtagOf(usual)}
	x.bases[name] = b
	scripts := []string{usual}
	for _, r := range tables().scripts[name] {
		x.other[rowKey(b.number, 0, subtagOf(r.name))] = subtagOf(r.script)
		b.regional, scripts = true, append(scripts, r.script)
	}
	for i, key := range x.set.keys {
		if key.Base == name {
			scripts = append(scripts, key.Script)
			x.addRegion(b, x.set.members[i].Tag)
		}
	}
	slices.Sort(scripts)
	for _, script := range slices.Compact(scripts) {
		tag := language.Make(name)
		if script != usual {
			tag = language.Make(name + "-" + script)
		}
		if m := x.match(tag); len(m.List) > 0 {
			x.rows[rowKey(b.number, subtagOf(script), 0)] = m
		}
	}
	b.plain = x.rows[rowKey(b.number, b.script, 0)]
	for _, p := range tables().parents[name] {
		x.addParent(b, p)
	}
}

// addRegion adds the row of a member that has a region.
func (x *Index) addRegion(b *base, tag language.Tag) {
	_, _, region := tag.Raw()
	if region.String() == "ZZ" {
		return
	}
	short, _ := plain(tag)
	m := x.match(short)
	x.rows[rowKey(b.number, subtagOf(KeyOf(tag).Script), m.region)] = m
	b.regional = true
}

// addParent adds the rows of regions whose languages have a parent between them and the base, as far as that makes
// a difference.
func (x *Index) addParent(b *base, p parent) {
	tag := language.Make(p.tag)
	key, m := KeyOf(tag), x.match(tag)
	script := subtagOf(key.Script)
	if whole := x.rows[rowKey(b.number, script, 0)]; whole == nil || slices.Equal(whole.List, m.List) {
		return
	}
	b.regional = true
	for _, name := range slices.Concat(p.regions, []string{key.Region}) {
		at := rowKey(b.number, script, subtagOf(name))
		if _, taken := x.rows[at]; !taken {
			x.rows[at] = m
		}
	}
}

// addAlias lets another name stand for what it means.
func (x *Index) addAlias(name, meaning string) {
	if strings.Contains(name, "-") {
		x.whole[name] = x.match(language.Make(meaning))
		return
	}
	code, rest, _ := strings.Cut(meaning, "-")
	known := x.bases[code]
	if known == nil {
		return
	}
	b := *known
	if len(rest) == len("Latn") {
		b.named = subtagOf(rest)
	} else if rest != "" {
		b.region = subtagOf(rest)
	}
	x.bases[name] = &b
}

// Find returns what the range stands for, which is in lower case with hyphens: nil for a language nobody here is
// related to. equal is how many of the list, the first, are of the range's own language.
func (x *Index) Find(tag []byte) (m *Match, equal int) {
	r := read(tag)
	b := x.base(r.base)
	if b == nil || r.odd || b.verbatim {
		for whole := tag; len(whole) > 0; whole = cut(whole) {
			if named, known := x.whole[string(whole)]; known {
				return named, named.equal
			}
		}
	}
	if b == nil {
		return nil, 0
	}
	m = x.row(b, r.script, r.region)
	if m == nil || r.region != 0 && r.region != m.region {
		return m, 0
	}
	return m, m.equal
}

func (x *Index) base(name []byte) *base {
	if len(name) == 2 && isLetter(name[0]) && isLetter(name[1]) {
		return x.short[shortAt(name)]
	}
	return x.bases[string(name)]
}

func shortAt(name []byte) int { return int(name[0]-'a')*26 + int(name[1]-'a') }

func (x *Index) row(b *base, script, region subtag) *Match {
	if region == 0 {
		region = b.region
	}
	if script == 0 {
		script = b.named
	}
	if script == 0 {
		script = b.script
		if b.regional && region != 0 {
			if implied, ok := x.other[rowKey(b.number, 0, region)]; ok {
				script = implied
			}
		}
	}
	if script == b.script && (region == 0 || !b.regional) {
		return b.plain
	}
	if m := x.rows[rowKey(b.number, script, region)]; m != nil {
		return m
	}
	return x.rows[rowKey(b.number, script, 0)]
}

// cut removes the last subtag, and a single-character subtag left at the end with it (RFC 4647, section 3.4).
func cut(t []byte) []byte {
	i := len(t) - 1
	for i >= 0 && t[i] != '-' {
		i--
	}
	if i < 0 {
		return nil
	}
	if i >= 2 && t[i-2] == '-' {
		return t[:i-2]
	}
	return t[:i]
}

// parts are the subtags of a range that say whose language it is.
type parts struct {
	base           []byte
	script, region subtag
	odd            bool // there is more: an extended language, a variant
}

// read reads a range in lower case. A script is taken at any place before the extensions: uz-UZ-Cyrl is what Windows
// wrote.
func read(t []byte) (r parts) {
	end := subtagEnd(t, 0)
	r.base = t[:end]
	for end < len(t) {
		start := end + 1
		end = subtagEnd(t, start)
		s := t[start:end]
		switch {
		case len(s) == 1:
			return r // an extension, or private use
		case len(s) == 4 && isLetter(s[0]) && r.script == 0:
			r.script = subtagOf(s)
		case len(s) == 2 && isLetter(s[0]) && r.region == 0, len(s) == 3 && !isLetter(s[0]) && r.region == 0:
			r.region = subtagOf(s)
		case len(s) == 3 && start == len(r.base)+1 && slices.Contains(extended, string(r.base)):
			r.base, r.odd = s, true
		default:
			r.odd = true
		}
	}
	return r
}

// extended are the languages whose tags may name a language in three letters more: zh-yue is yue (RFC 5646, section
// 2.2.2).
var extended = []string{"ar", "kok", "lv", "ms", "sgn", "sw", "uz", "zh"}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

func subtagEnd(t []byte, start int) int {
	for start < len(t) && t[start] != '-' {
		start++
	}
	return start
}
