// Package negotiate reads the Accept and Accept-Language headers. Both scanners work on hostile
// input: they are bounded, linear, free of allocation, and never an error.
package negotiate

import (
	"strings"

	"golang.org/x/text/language"
)

// Limits of Accept-Language, checked before anything else.
const (
	maxHeader     = 512
	maxMembers    = 16
	maxTag        = 35
	maxCandidates = 32
)

// MaxLanguages is how many languages one Languages can tell apart.
const MaxLanguages = 256

// Languages answers Accept-Language for a fixed list of languages by RFC 4647 lookup (section 3.4).
// It is built once and safe for concurrent use.
type Languages struct {
	lookup  map[string]entry // lower-case tag or alias
	tags    []string         // lower case, for excluding by prefix
	scripts []string         // lower case
}

// An entry is what one lower-case range stands for.
type entry struct {
	index int
	// lastResort marks a language in another script than the range's region implies: better than
	// the default language, worse than anything else the client asked for.
	lastResort bool
}

// NewLanguages prepares the lookup over tags; results are indexes into tags.
func NewLanguages(tags []language.Tag) *Languages {
	l := &Languages{lookup: map[string]entry{}}
	for i, tag := range tags {
		script, _ := tag.Script()
		l.tags = append(l.tags, strings.ToLower(tag.String()))
		l.scripts = append(l.scripts, strings.ToLower(script.String()))
		l.lookup[l.tags[i]] = entry{index: i}
	}
	for _, alias := range aliases {
		for _, target := range alias.targets {
			if i, ok := l.lookup[target.tag]; ok && !i.lastResort {
				for _, from := range alias.from {
					l.add(from, entry{i.index, target.lastResort})
				}
				break
			}
		}
	}
	for i, tag := range tags { // a base language without a file means its first loaded variant
		base, _ := tag.Base()
		l.add(base.String(), entry{index: i})
	}
	return l
}

func (l *Languages) add(from string, e entry) {
	if _, taken := l.lookup[from]; !taken {
		l.lookup[from] = e
	}
}

type target struct {
	tag        string
	lastResort bool
}

// aliases are consulted before a range is cut. The first loaded target counts.
var aliases = []struct {
	from    []string
	targets []target
}{
	{[]string{"zh-tw", "zh-hk", "zh-mo", "zh-hant", "cmn-hant", "zh-cmn-hant"},
		[]target{{"zh-hant", false}, {"zh-tw", false}, {"zh-hk", false}}},
	{[]string{"zh-cn", "zh-sg", "zh-my", "zh-hans", "cmn-hans", "zh-cmn-hans"}, []target{{"zh-hans", false}, {"zh-cn", false}, {"zh", false}}},
	{[]string{"zh", "cmn", "zh-cmn"}, []target{{"zh-hans", false}, {"zh-cn", false}}},
	{[]string{"zh-tw", "zh-hk", "zh-mo"}, []target{{"zh-hans", true}, {"zh-cn", true}, {"zh", true}}},
	{[]string{"zh-cn", "zh-sg", "zh-my"}, []target{{"zh-hant", true}, {"zh-tw", true}}},
	{[]string{"no", "nn"}, []target{{"nb", false}, {"no", false}}},
	{[]string{"nb"}, []target{{"no", false}}},
	{[]string{"iw"}, []target{{"he", false}}},
	{[]string{"in"}, []target{{"id", false}}},
	{[]string{"ji"}, []target{{"yi", false}}},
	{[]string{"tl"}, []target{{"fil", false}}},
	{[]string{"mo"}, []target{{"ro", false}}},
	{[]string{"sh"}, []target{{"sr-latn", false}}},
	{[]string{"sr-cyrl"}, []target{{"sr", false}}},
	{latinAmerica("es-"), []target{{"es-419", false}}},
	{[]string{"pt-ao", "pt-mz", "pt-cv", "pt-gw", "pt-st", "pt-tl", "pt-mo"}, []target{{"pt-pt", false}}},
}

func latinAmerica(prefix string) []string {
	regions := strings.Fields("ar bo br bz cl co cr cu do ec gt hn mx ni pa pe pr py sv us uy ve")
	for i := range regions {
		regions[i] = prefix + regions[i]
	}
	return regions
}

// A Preference is the ordered answer to one header: candidates, the most wanted first. It holds no
// reference to the header.
type Preference struct {
	candidates [maxCandidates]uint8
	count      int
	excluded   set // by weight 0
}

// Len is the number of candidates; 0 means that nothing asked for is there.
func (p *Preference) Len() int { return p.count }

// At returns the i-th candidate.
func (p *Preference) At(i int) int { return int(p.candidates[i]) }

// Excludes reports whether the client refused the language with weight 0.
func (p *Preference) Excludes(language int) bool { return p.excluded.has(language) }

func (p *Preference) add(index int) {
	for _, c := range p.candidates[:p.count] {
		if int(c) == index {
			return
		}
	}
	if p.count < maxCandidates {
		p.candidates[p.count] = uint8(index)
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

// Prefer reads the value of Accept-Language (several lines joined by commas). defaultLanguage and
// order (the configured languages) are what the wildcard stands for.
func (l *Languages) Prefer(header string, defaultLanguage int, order []int) (p Preference) {
	if header == "" {
		return p
	}
	if e, ok := l.lookup[header]; ok && !e.lastResort { // the common "de"
		p.add(e.index)
		return p
	}
	var storage [maxMembers]member
	members := scanLanguages(header, &storage)
	refused := l.refused(members, &p)
	var late Preference
	for range members {
		m := heaviest(members)
		if m == nil {
			break
		}
		m.done = true
		if m.tag == "*" {
			p.wildcard(defaultLanguage, order)
			continue
		}
		l.follow(m.tag, &p, &late, &refused)
	}
	for _, c := range late.candidates[:late.count] {
		p.add(int(c))
	}
	return p
}

// wildcard adds the default language, or the first configured one that is not excluded.
func (p *Preference) wildcard(defaultLanguage int, order []int) {
	if !p.Excludes(defaultLanguage) {
		p.add(defaultLanguage)
		return
	}
	for _, i := range order {
		if !p.Excludes(i) {
			p.add(i)
			return
		}
	}
}

// refused collects the languages that members of weight 0 exclude. The result holds those refused
// by their very tag: nothing in the header can bring them back.
func (l *Languages) refused(members []member, p *Preference) (exact set) {
	unnamed := false
	for i := range members {
		if members[i].weight > 0 {
			continue
		}
		if members[i].tag == "*" {
			unnamed = true
			continue
		}
		var buffer [maxTag]byte
		tag := lower(members[i].tag, &buffer)
		if e, ok := l.lookup[string(tag)]; ok && !e.lastResort {
			exact.put(e.index)
			p.excluded.put(e.index)
		}
		for k, loaded := range l.tags {
			if len(loaded) > len(tag) && loaded[len(tag)] == '-' && loaded[:len(tag)] == string(tag) {
				p.excluded.put(k)
			}
		}
	}
	if unnamed {
		l.refuseUnnamed(members, p)
	}
	return exact
}

func (l *Languages) refuseUnnamed(members []member, p *Preference) {
	var named, none set
	for i := range members {
		if members[i].weight > 0 && members[i].tag != "*" {
			var hits, late Preference
			l.follow(members[i].tag, &hits, &late, &none)
			for _, c := range hits.candidates[:hits.count] {
				named.put(int(c))
			}
		}
	}
	for i := range l.tags {
		if !named.has(i) {
			p.excluded.put(i)
		}
	}
}

// follow adds everything that the range stands for: exact, then cut from the right. A script that
// the range names is binding. One that only its region implies may be answered with the other
// script as a last resort: that goes to late.
func (l *Languages) follow(tag string, p, late *Preference, refused *set) {
	var buffer [maxTag]byte
	t := lower(tag, &buffer)
	named, implied := namedScript(t), ""
	for whole := true; len(t) > 0; whole, t = false, cut(t) {
		e, ok := l.lookup[string(t)]
		if !ok || refused.has(e.index) || !whole && p.Excludes(e.index) {
			continue
		}
		script := l.scripts[e.index]
		switch {
		case named != nil && string(named) != script:
		case e.lastResort, implied != "" && implied != script:
			late.add(e.index)
			return
		default:
			p.add(e.index)
			implied = script
		}
	}
}

// cut removes the last subtag, and a single-character subtag left at the end with it.
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

// namedScript returns the four-letter subtag that follows the language (and its extlangs), if any.
func namedScript(t []byte) []byte {
	for start := nextSubtag(t, 0); start < len(t); start = nextSubtag(t, start) {
		end := subtagEnd(t, start)
		switch end - start {
		case 3: // extended language subtag
		case 4:
			if t[start] >= 'a' {
				return t[start:end]
			}
			return nil // a variant like 1996
		default:
			return nil
		}
	}
	return nil
}

func subtagEnd(t []byte, start int) int {
	for start < len(t) && t[start] != '-' {
		start++
	}
	return start
}

func nextSubtag(t []byte, start int) int {
	return min(subtagEnd(t, start)+1, len(t))
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
