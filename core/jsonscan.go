package fault

import (
	"bytes"
	"hash/maphash"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A jsonScan reads a JSON document once. It takes some texts for JSON that are none, as it leaves the judgement to
// encoding/json, and refuses none that is: then it is broken.
type jsonScan struct {
	text   []byte
	pos    int
	depth  int
	broken bool
	odd    bool // a name with escapes was met
}

// maxJSONDepth is encoding/json's own limit.
const maxJSONDepth = 10_000

// peek returns the next byte that is not a space, or 0 at the end.
func (s *jsonScan) peek() byte {
	for ; s.pos < len(s.text); s.pos++ {
		if c := s.text[s.pos]; c > ' ' || !isJSONSpace(c) {
			return c
		}
	}
	return 0
}

func isJSONSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// enter goes into an object or a list.
func (s *jsonScan) enter() {
	s.pos++
	if s.depth++; s.depth > maxJSONDepth {
		s.broken = true
	}
}

// more goes to the next member or item, from before the first one or behind one; false at the end, and when the text is
// no JSON.
func (s *jsonScan) more(first bool, end byte) bool {
	if s.broken {
		return false
	}
	switch c := s.peek(); {
	case c == end:
		s.pos++
		s.depth--
		return false
	case first:
		return true
	case c == ',':
		s.pos++
		if s.peek() != end {
			return true
		}
	}
	s.broken = true
	return false
}

// literal passes the string, number or word that begins here.
func (s *jsonScan) literal() []byte {
	start := s.pos
	if start < len(s.text) && s.text[start] == '"' {
		s.quoted()
		return s.text[start:s.pos]
	}
	i := start
	for i < len(s.text) && isJSONWord[s.text[i]] {
		i++
	}
	s.pos = i
	s.broken = s.broken || i == start
	return s.text[start:i]
}

var isJSONWord = func() (table [256]bool) {
	for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyzE.-+") {
		table[c] = true
	}
	return table
}()

// quoted passes a string and returns what is between the quotes, and whether that has no escapes.
func (s *jsonScan) quoted() (inside []byte, plain bool) {
	start := s.pos + 1
	rest := s.text[start:]
	end := bytes.IndexByte(rest, '"')
	plain = end >= 0 && bytes.IndexByte(rest[:end], '\\') < 0
	if !plain {
		end = quotedEnd(rest)
	}
	if end < 0 {
		s.broken = true
		return nil, true
	}
	s.pos = start + end + 1
	return rest[:end], plain
}

// quotedEnd returns the index of the quote that ends a string, or -1.
func quotedEnd(inside []byte) int {
	for i := 0; i < len(inside); i++ {
		switch inside[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// name passes the name of a member and the colon.
func (s *jsonScan) name() []byte {
	if s.peek() != '"' {
		s.broken = true
		return nil
	}
	name, plain := s.quoted()
	if !plain || !utf8.Valid(name) {
		s.odd = true
		name = appendUnquoted(nil, name)
	}
	if s.peek() != ':' {
		s.broken = true
	}
	s.pos++
	return name
}

// skim passes a value without looking into it.
func (s *jsonScan) skim() {
	depth := 0
	for !s.broken {
		switch s.peek() {
		case '{', '[':
			s.pos++
			depth++
		case '}', ']':
			s.pos++
			depth--
		case ',', ':':
			s.pos++
			continue
		default:
			s.literal()
		}
		if depth <= 0 {
			return
		}
	}
}

// appendUnquoted appends what the inside of a JSON string means, as encoding/json reads it: what is no character is
// U+FFFD.
func appendUnquoted(dst, inside []byte) []byte {
	for i := 0; i < len(inside); {
		c := inside[i]
		if c != '\\' {
			r, n := utf8.DecodeRune(inside[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		if i++; i == len(inside) {
			break
		}
		i++
		switch c = inside[i-1]; c {
		case 'u':
			r := hexRune(inside[i:])
			i = min(i+4, len(inside))
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+1 < len(inside) && inside[i] == '\\' && inside[i+1] == 'u' {
					low = hexRune(inside[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		case 'b', 'f', 'n', 'r', 't':
			dst = append(dst, "\b\f\n\r\t"[strings.IndexByte("bfnrt", c)])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// hexRune reads four hexadecimal digits; -1 when there are none.
func hexRune(digits []byte) (r rune) {
	if len(digits) < 4 {
		return -1
	}
	for _, c := range digits[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// memberNames are the names of one object that were there so far, by where they stand in the text: small, whatever
// the names are.
type memberNames struct {
	few   [8]uint32
	count int
	table []uint32 // by hash; 0 is free, else a position + 1
}

var nameSeed = maphash.MakeSeed()

// add reports whether the name, which stands at the position, was there before.
func (m *memberNames) add(s *jsonScan, position int, name []byte) bool {
	if m.table == nil {
		for _, p := range m.few[:m.count] {
			if s.isName(int(p), name) {
				return true
			}
		}
		if m.count < len(m.few) {
			m.few[m.count] = uint32(position) //nolint:gosec // BindJSON reads no more
			m.count++
			return false
		}
		m.grow(s, 4*len(m.few))
	}
	if 4*m.count >= 3*len(m.table) {
		m.grow(s, 2*len(m.table))
	}
	if !m.enter(s, position, name) {
		return true
	}
	m.count++
	return false
}

func (m *memberNames) grow(s *jsonScan, size int) {
	old := m.table
	m.table = make([]uint32, size)
	if old == nil {
		for _, p := range m.few[:m.count] {
			m.enter(s, int(p), s.nameAt(int(p)))
		}
	}
	for _, p := range old {
		if p != 0 {
			m.enter(s, int(p-1), s.nameAt(int(p-1)))
		}
	}
}

// enter enters the name, unless it is there.
func (m *memberNames) enter(s *jsonScan, position int, name []byte) bool {
	last := uint64(len(m.table) - 1)
	for i := maphash.Bytes(nameSeed, name) & last; ; i = (i + 1) & last {
		switch p := m.table[i]; {
		case p == 0:
			m.table[i] = uint32(position) + 1 //nolint:gosec // BindJSON reads no more
			return true
		case s.isName(int(p-1), name):
			return false
		}
	}
}

// nameAt returns the name that stands at the position.
func (s *jsonScan) nameAt(position int) []byte {
	at := jsonScan{text: s.text, pos: position}
	name, plain := at.quoted()
	if !plain || !utf8.Valid(name) {
		return appendUnquoted(nil, name)
	}
	return name
}

// isName reports whether the name stands at the position.
func (s *jsonScan) isName(position int, name []byte) bool {
	if s.odd {
		return bytes.Equal(s.nameAt(position), name)
	}
	end := position + 1 + len(name)
	return end < len(s.text) && s.text[end] == '"' && bytes.Equal(s.text[position+1:end], name)
}
