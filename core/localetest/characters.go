package localetest

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func (c *textCase) lintSpace() {
	switch {
	case c.text != strings.TrimSpace(c.text):
		c.report(ruleSpace, "remove it (--fix does)", "the text begins or ends with white space")
	case strings.Contains(c.text, "  "):
		c.report(ruleSpace, "keep one (--fix does)", "two spaces stand side by side")
	case strings.ContainsFunc(c.text, isOddSpace):
		c.report(ruleSpace, "use a space, U+00A0 or U+202F", "there is a line break, a tab or an unusual space")
	}
}

// isOddSpace: of the white space, texts have the space and the two that do not break.
func isOddSpace(r rune) bool {
	return unicode.IsSpace(r) && r != ' ' && r != '\u00a0' || unicode.Is(unicode.Zs, r) && r != ' ' && r != '\u00a0' && r != '\u202f'
}

func (c *textCase) lintCharacters() {
	for _, r := range c.text {
		if what := c.badCharacter(r); what != "" {
			c.report(ruleCharacter, "remove it", "%s U+%04X", what, r)
			return
		}
	}
	if !norm.NFC.IsNormalString(c.text) {
		c.report(ruleCharacter, "write composed characters (--fix does)", "the text is not in normal form NFC")
	}
}

func (c *textCase) badCharacter(r rune) string {
	switch {
	case r >= '\u202a' && r <= '\u202e', r == '\u200e', r == '\u200f', r == '\u061c':
		return "bidirectional control character"
	case r >= '\u2066' && r <= '\u2069':
		if c.AllowIsolates {
			return ""
		}
		return "bidirectional isolate, which the responder adds by itself,"
	case r == zeroWidthNonJoiner || r == zeroWidthJoiner:
		if slices.Contains(joiningScripts, scriptOf(c.file.tag)) {
			return ""
		}
		return "zero-width character"
	case r == utf8.RuneError || r == valueSign:
		return "replacement character"
	case unicode.IsControl(r) && !unicode.IsSpace(r):
		return "control character"
	case isInvisible(r):
		return "invisible character"
	case unicode.Is(unicode.Co, r):
		return "character for private use"
	case !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc):
		return "character that does not exist"
	}
	return ""
}

// isInvisible: format characters and separators of lines, except the joiners that spelling needs.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) && r != zeroWidthNonJoiner && r != zeroWidthJoiner
}
