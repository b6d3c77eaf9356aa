// Package negotiate reads the Accept and Accept-Language headers. Both scanners work on hostile
// input: they are bounded, linear, free of allocation, and never an error.
package negotiate

import (
	"strings"

	"github.com/polyfault/polyfault/internal/family"
)

// Limits of Accept-Language, checked before anything else.
const (
	maxHeader  = 512
	maxMembers = 16
	maxTag     = 35
)

// MaxLanguages is how many languages one Languages can tell apart.
const MaxLanguages = 256

// Languages answers Accept-Language for a fixed list of languages, related as package family says. It is built once
// and safe for concurrent use.
type Languages struct {
	index   *family.Index
	longest int                      // bytes of a tag
	tags    []string                 // lower case
	single  map[string]*family.Match // for headers that are the tag of a language, in its own spelling or in lower case
	others  [2]family.Match          // what the wildcard stands for: the first language, then the others
}

// NewLanguages prepares the answers; results are indexes into members. others is what the wildcard stands for: the first
// of them as a range of its own, then all others.
func NewLanguages(members []family.Member, others []int) *Languages {
	l := &Languages{index: family.NewIndex(members), single: map[string]*family.Match{}}
	for _, m := range members {
		tag := m.Tag.String()
		l.tags = append(l.tags, strings.ToLower(tag))
		found, _ := l.index.Find([]byte(strings.ToLower(tag)))
		l.longest = max(l.longest, len(tag))
		l.single[tag], l.single[strings.ToLower(tag)] = found, found
	}
	for n, i := range others {
		part := &l.others[min(n, 1)]
		part.List = append(part.List, uint8(i))
	}
	return l
}

// A Preference is the answer to one header: for each of its ranges, the most wanted first, the languages that it
// stands for. It holds no reference to the header.
type Preference struct {
	ranges   [maxMembers + 1]*family.Match // a wildcard is two
	count    int
	excluded set // by weight 0
}

// Len returns the number of ranges that stand for something.
func (p *Preference) Len() int { return p.count }

// Range returns the languages of the i-th range, the nearest first; the caller must not change them. Excluded ones are
// among them.
func (p *Preference) Range(i int) []uint8 { return p.ranges[i].List }

// Excludes reports whether the client refused the language with weight 0.
func (p *Preference) Excludes(language int) bool { return p.excluded.has(language) }

func (p *Preference) add(found *family.Match) {
	if found != nil {
		p.ranges[p.count] = found
		p.count++
	}
}

type set [MaxLanguages / 64]uint64

func (s *set) put(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

// A member of the header: range and weight in thousandths.
type member struct {
	tag    string
	weight int
	done   bool
}

// Prefer reads the value of Accept-Language (several lines joined by commas).
func (l *Languages) Prefer(header string) (p Preference) {
	if header == "" {
		return p
	}
	if len(header) <= l.longest {
		if found, ok := l.single[header]; ok { // the common "de"
			p.add(found)
			return p
		}
	}
	var storage [maxMembers]member
	members := scanLanguages(header, &storage)
	refusing, others := false, false
	for range members {
		m := heaviest(members)
		if m == nil {
			break
		}
		m.done = true
		switch {
		case m.tag != "*":
			p.add(l.find(m.tag))
		case !others:
			p.add(&l.others[0])
			p.add(&l.others[1])
			others = true
		}
	}
	for i := range members {
		refusing = refusing || members[i].weight == 0
	}
	if refusing {
		l.exclude(members, &p.excluded)
	}
	return p
}

func (l *Languages) find(tag string) *family.Match {
	var buffer [maxTag]byte
	found, _ := l.index.Find(lower(tag, &buffer))
	return found
}

// How nearly a range speaks of a language. Of two ranges the nearer one counts, and of two as near the refusal.
const (
	unnamed = iota
	byWildcard
	reached  // as a relative
	within   // it begins with the range
	same     // by another tag
	verbatim // by its very tag
)

// exclude finds the languages that the client refuses.
func (l *Languages) exclude(members []member, excluded *set) {
	var wanted, refused [MaxLanguages]uint8
	for i := range members {
		switch m := &members[i]; {
		case m.tag == "*" && m.weight > 0:
		case m.tag == "*":
			raiseAll(refused[:len(l.tags)], byWildcard)
		case m.weight > 0:
			l.rate(m.tag, &wanted, reached, unnamed)
		default:
			l.rate(m.tag, &refused, unnamed, within)
		}
	}
	for i := range l.tags {
		if refused[i] > unnamed && refused[i] >= wanted[i] {
			excluded.put(i)
		}
	}
}

// rate notes how nearly the range speaks of each language: relatives and those within it count as the caller says.
func (l *Languages) rate(tag string, levels *[MaxLanguages]uint8, relative, inside uint8) {
	var buffer [maxTag]byte
	t := lower(tag, &buffer)
	if found, equal := l.index.Find(t); found != nil {
		for n, i := range found.List {
			level := relative
			if n < equal {
				level = same
			}
			levels[i] = max(levels[i], level)
		}
	}
	for i, loaded := range l.tags {
		switch {
		case loaded == string(t):
			levels[i] = verbatim
		case len(loaded) > len(t) && loaded[len(t)] == '-' && loaded[:len(t)] == string(t):
			levels[i] = max(levels[i], inside)
		}
	}
}

func raiseAll(levels []uint8, to uint8) {
	for i := range levels {
		levels[i] = max(levels[i], to)
	}
}

func lower(tag string, buffer *[maxTag]byte) []byte {
	for i := range len(tag) {
		c := tag[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '_':
			c = '-'
		}
		buffer[i] = c
	}
	return buffer[:len(tag)]
}

// heaviest returns the first member of the greatest weight above 0 that is not done.
func heaviest(members []member) *member {
	var best *member
	for i := range members {
		m := &members[i]
		if !m.done && m.weight > 0 && (best == nil || m.weight > best.weight) {
			best = m
		}
	}
	return best
}

func scanLanguages(header string, storage *[maxMembers]member) []member {
	header = bounded(header, maxHeader)
	n := 0
	for header != "" && n < maxMembers {
		var item string
		item, header, _ = strings.Cut(header, ",")
		name, parameters, _ := strings.Cut(item, ";")
		name = trim(name)
		weight, ok := weightOf(parameters)
		if ok && isRange(name) {
			storage[n] = member{tag: name, weight: weight}
			n++
		}
	}
	return storage[:n]
}

// bounded cuts a header that is too long at the last comma within the limit, so that no half
// member is read as a whole one.
func bounded(header string, limit int) string {
	if len(header) <= limit {
		return header
	}
	return header[:max(0, strings.LastIndexByte(header[:limit], ','))]
}

func isRange(s string) bool {
	if s == "*" {
		return true
	}
	if s == "" || len(s) > maxTag {
		return false
	}
	subtag := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-' || c == '_':
			if subtag == 0 {
				return false
			}
			subtag = 0
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			subtag++
		default:
			return false
		}
	}
	return subtag > 0
}

// weightOf returns the weight among the parameters in thousandths: 1000 when there is none, not ok
// when it is malformed.
func weightOf(parameters string) (weight int, ok bool) {
	weight = 1000
	for parameters != "" {
		var p string
		p, parameters = cutUnquoted(parameters, ';')
		name, value, found := strings.Cut(p, "=")
		name = trim(name)
		if name != "q" && name != "Q" {
			continue
		}
		if !found {
			return 0, false
		}
		if weight, ok = parseWeight(trim(value)); !ok {
			return 0, false
		}
	}
	return weight, true
}

// parseWeight reads a decimal number, clamped to 0..1; three decimals count.
func parseWeight(s string) (thousandths int, ok bool) {
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" && fraction == "" || !digits(whole) || !digits(fraction) {
		return 0, false
	}
	if negative {
		return 0, true
	}
	if strings.Trim(whole, "0") != "" {
		return 1000, true
	}
	for i := range 3 {
		thousandths *= 10
		if i < len(fraction) {
			thousandths += int(fraction[i] - '0')
		}
	}
	return thousandths, true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func trim(s string) string { return strings.Trim(s, " \t") }
