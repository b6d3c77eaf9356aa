package clean

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestCleaning(t *testing.T) {
	for _, c := range []struct{ given, line, block, sentence string }{
		{"", "", "", ""},
		{"plain äöü 漢字 🙂", "plain äöü 漢字 🙂", "plain äöü 漢字 🙂", "plain äöü 漢字 🙂"},
		{"a\nb", "a b", "a\nb", "a b"},
		{"a\r\nb", "a  b", "a\nb", "a  b"},
		{"main.f\n\t/src/f.go:7", "main.f  /src/f.go:7", "main.f\n /src/f.go:7", "main.f  /src/f.go:7"},
		{"a\rb\vc\fd\u0085e\u2028f\u2029g", "a b c d e f g", "a b c d e f g", "a b c d e f g"},
		{"\x1b[31mred\x00\x7f\u009f", "\ufffd[31mred\ufffd\ufffd\ufffd", "\ufffd[31mred\ufffd\ufffd\ufffd", "\ufffd[31mred\ufffd\ufffd\ufffd"},
		{"a\u202eb\u202a", "a\ufffdb\ufffd", "a\ufffdb\ufffd", "a\ufffdb\ufffd"},
		{"a\u2068b\u2069", "a\ufffdb\ufffd", "a\ufffdb\ufffd", "a\u2068b\u2069"},
		{"a\xffb\xc3", "a\ufffdb\ufffd", "a\ufffdb\ufffd", "a\ufffdb\ufffd"},
	} {
		assert.Equal(t, c.line, Line(c.given, 100), "%q", c.given)
		assert.Equal(t, c.block, Block(c.given, 100), "%q", c.given)
		assert.Equal(t, c.sentence, Sentence(c.given), "%q", c.given)
	}
}

func TestShorten(t *testing.T) {
	assert.Equal(t, "abc", Shorten("abc", 3))
	assert.Equal(t, "ab…", Shorten("abcdef", 5))
	assert.Equal(t, "ä…", Shorten("äöü", 5), "cut at a character")
	assert.Equal(t, "ä…", Shorten("äöü ", 6), "cut at a character")
	assert.Equal(t, "…", Shorten("漢字", 5))
	assert.Equal(t, "…", Shorten("abc", 2))
	assert.Equal(t, "\x80\x80\x80\x80\x80…", Shorten(strings.Repeat("\x80", 9), 8), "no UTF-8: cut anywhere")
	assert.Equal(t, "\x80…", Shorten(strings.Repeat("\x80", 9), 4), "no character to cut at")
	for n := range 40 {
		assert.LessOrEqual(t, len(Shorten("a漢字ä🙂 und so weiter und so fort", n)), max(n, len("…")))
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\r\n\tb\u202e\xff", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = min(max(n, 0), 1000)
		for _, cleaned := range []string{Line(s, n), Block(s, n)} {
			assert.True(t, utf8.ValidString(cleaned))
			assert.LessOrEqual(t, len(cleaned), 3*(n+1), "each byte becomes three at most, and the ellipsis has three")
			assert.False(t, strings.ContainsAny(cleaned, "\t\r\v\f\x00\x1b\x7f\u2028\u202e\u2066"), "%q", cleaned)
		}
		assert.False(t, strings.ContainsAny(Line(s, n), "\n"))
	})
}
