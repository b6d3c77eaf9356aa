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
	case hasOuterSpace(c.text) && !c.anyHas(hasOuterSpace):
		c.report(ruleSpace, "remove it (--fix does)", "the text begins or ends with white space")
	case hasDoubleSpace(c.text) && !c.anyHas(hasDoubleSpace):
		c.report(ruleSpace, "keep one (--fix does)", "two spaces stand side by side")
	case c.hasOddSpace():
		c.report(ruleSpace, "use a space, U+00A0 or U+202F", "there is a line break, a tab or an unusual space")
	}
}

// anyHas reports whether the profile is AnyTexts and the source has it, so that its translations may.
func (c *textCase) anyHas(has func(string) bool) bool {
	return c.Profile == AnyTexts && (c.isSource() || c.asSource(has))
}

func hasOuterSpace(text string) bool  { return text != strings.TrimSpace(text) }
func hasDoubleSpace(text string) bool { return strings.Contains(text, "  ") }
func hasBreak(text string) bool       { return strings.ContainsAny(text, "\n\t\r") }

// hasOddSpace reports white space other than the space and the two spaces that do not break. Line breaks are allowed if the
// source has them, and anywhere with AnyTexts.
func (c *textCase) hasOddSpace() bool {
	breaks := c.Profile == AnyTexts || c.asSource(hasBreak)
	before := ' '
	for _, r := range c.text {
		switch {
		case r == ' ' || r == '\u00a0' || r == '\u202f':
		case hasBreak(string(r)):
			if !breaks {
				return true
			}
		case r == '\u3000' && (before == '？' || before == '！'): // as Japanese is set
		case unicode.IsSpace(r) || unicode.Is(unicode.Zs, r):
			return true
		}
		before = r
	}
	return false
}

func (c *textCase) lintCharacters() {
	emoji := false
	before := ' '
	script := scriptOf(c.file.tag)
	for i, r := range c.text {
		what := ""
		if r >= 0x80 || r < ' ' || r == 0x7f {
			what = c.badCharacter(r, script)
		}
		switch {
		case what == "":
		case inEmoji(before, r, c.text[i+utf8.RuneLen(r):]):
			emoji = true
		default:
			c.report(ruleCharacter, remedyOf(r), "%s U+%04X", what, r)
			return
		}
		before = r
	}
	switch {
	case emoji && c.Profile == ErrorTexts && !c.asSource(hasEmoji):
		c.report(ruleMarkup, "texts are plain text; leave it out, or take a sign of one character", "the text has an emoji of several characters")
	case !norm.NFC.IsNormalString(c.text):
		c.report(ruleCharacter, "write composed characters (--fix does)", "the text is not in normal form NFC")
	case piledUp(c.text):
		c.report(ruleCharacter, "remove them", "three marks stand over one letter")
	}
}

func hasEmoji(text string) bool {
	before := ' '
	for i, r := range text {
		if inEmoji(before, r, text[i+utf8.RuneLen(r):]) {
			return true
		}
		before = r
	}
	return false
}

func remedyOf(r rune) string {
	switch {
	case isStyled(r) && norm.NFKC.String(string(r)) != string(r):
		return "write plain letters (--fix does)"
	case isStyled(r):
		return "write plain letters"
	case isVariation(r) || isBlank(r):
		return "remove it (--fix does)"
	}
	return "remove it"
}

func (c *textCase) badCharacter(r rune, script string) string {
	switch {
	case r >= '\u202a' && r <= '\u202e', r == '\u200e', r == '\u200f', r == '\u061c':
		return "bidirectional control character"
	case r >= '\u2066' && r <= '\u2069':
		if c.AllowIsolates {
			return ""
		}
		return "bidirectional isolate, which the responder adds by itself,"
	case r == zeroWidthNonJoiner || r == zeroWidthJoiner:
		if slices.Contains(joiningScripts, script) {
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
	return lookAlike(r, script)
}

// lookAlike names a character that looks like another one, or like nothing: people see a text that no search finds.
func lookAlike(r rune, script string) string {
	switch {
	case isVariation(r) && !(script == "Mong" && r < 0x1900):
		return "variation selector"
	case isBlank(r) && !(script == "Khmr" && unicode.Is(unicode.Khmer, r)):
		return "invisible character"
	case isStyled(r):
		return "mathematical, full-width or other stand-in for a letter,"
	case unicode.Is(overlays, r):
		return "mark over a letter"
	case unicode.Is(fullWidthMarks, r) && !slices.Contains(wideScripts, script):
		return "full-width character"
	}
	return ""
}

// isInvisible reports format characters and separators of lines, except the joiners that spelling needs.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) && r != zeroWidthNonJoiner && r != zeroWidthJoiner
}

func isVariation(r rune) bool { return unicode.Is(unicode.Variation_Selector, r) }
func isBlank(r rune) bool     { return unicode.Is(blanks, r) }

// isStyled reports whether r is a letter or digit that Unicode has for compatibility or for its style. Unicode names the
// letter that it stands for. Letters that languages are written with are excepted.
func isStyled(r rune) bool {
	switch {
	case r < 0x250: // ª, º, ŉ, ǆ: letters of languages
		return false
	case r >= 0x3041 && r <= 0x30fa, r >= 0x3400 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3: // most of Chinese, Japanese, Korean
		return false
	}
	if unicode.Is(styled, r) {
		return true
	}
	if r < 0x2100 || !unicode.In(r, unicode.L, unicode.Nd, unicode.Nl) || unicode.Is(unicode.Lm, r) || unicode.Is(spelled, r) {
		return false
	}
	return norm.NFKC.String(string(r)) != norm.NFC.String(string(r))
}

// wideScripts have full-width punctuation.
var wideScripts = []string{"Hans", "Hant", "Jpan", "Kore"}

func table(pairs ...rune) *unicode.RangeTable {
	t := &unicode.RangeTable{}
	for i := 0; i < len(pairs); i += 2 {
		t.R32 = append(t.R32, unicode.Range32{Lo: uint32(pairs[i]), Hi: uint32(pairs[i+1]), Stride: 1})
	}
	return t
}

// The tables hold ranges, first and last, that Unicode's categories do not tell apart.
var (
	// blanks are letters and signs that show nothing.
	blanks = table(0x034f, 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x2800, 0x3164, 0x3164, 0xffa0, 0xffa0)
	// styled are decorative letters that are symbols to Unicode, and small capitals.
	styled = table(0x0262, 0x0262, 0x026a, 0x026a, 0x0274, 0x0274, 0x0280, 0x0280, 0x028f, 0x028f, 0x0299, 0x0299, 0x029c, 0x029c,
		0x029f, 0x029f, 0x1d00, 0x1d2b, 0x249c, 0x24e9, 0xa730, 0xa731, 0x1f110, 0x1f14f, 0x1f150, 0x1f169, 0x1f170, 0x1f189)
	// spelled are compatibility characters that people write: Korean single letters, Arabic words in one sign.
	spelled = table(0x3131, 0x318e, 0xfdf0, 0xfdfc)
	// overlays strike letters through, or stand around them.
	overlays = table(0x0334, 0x0338, 0x0488, 0x0489, 0x20d2, 0x20d3, 0x20d8, 0x20da, 0x20dd, 0x20e0, 0x20e2, 0x20e6, 0x20ea, 0x20eb)
	// fullWidthMarks are the marks and signs of ASCII, and of currencies, in full width.
	fullWidthMarks = table(0xff01, 0xff0f, 0xff1a, 0xff20, 0xff3b, 0xff40, 0xff5b, 0xff60, 0xffe0, 0xffe6)
)

// piledUp reports three general marks over one letter after composition: no language needs that.
func piledUp(text string) bool {
	n := 0
	for _, r := range text {
		if r < 0x0300 || r > 0x036f {
			n = 0
			continue
		}
		if n++; n == 3 {
			return true
		}
	}
	return false
}

// inEmoji reports whether r, between its neighbours, is a part of an emoji. In words it would be wrong.
func inEmoji(before, r rune, behind string) bool {
	next, _ := utf8.DecodeRuneInString(behind)
	switch {
	case r == '\ufe0e' || r == '\ufe0f':
		return isPicture(before) || next == keycap && strings.ContainsRune("0123456789#*", before)
	case r == zeroWidthJoiner:
		return (isPicture(before) || before == '\ufe0f') && isPicture(next)
	case r == keycap:
		return before == '\ufe0f'
	case r >= 0xe0020 && r <= 0xe007f: // the tags in flags of regions
		return before == 0x1f3f4 || before >= 0xe0020 && before <= 0xe007e
	}
	return strings.ContainsRune("ℹⓂ🅰🅱🅾🅿", r) && (next == '\ufe0f' || r > 0x1f000)
}

// isPicture reports whether r can be the picture of an emoji.
func isPicture(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sm, unicode.Sk) && r > 0x7f || strings.ContainsRune("‼⁉〰ℹ", r)
}

const keycap = '\u20e3'

// plainText returns the text without invisible characters, and with plain letters in place of stand-ins.
func plainText(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r > 0x7f }) < 0 {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		switch {
		case inEmoji(before, r, text[i+utf8.RuneLen(r):]):
			b.WriteRune(r)
		case isVariation(r) && r >= 0x1900, isBlank(r) && !unicode.Is(unicode.Khmer, r), isZeroWidth(r):
		case isStyled(r):
			b.WriteString(norm.NFKC.String(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isZeroWidth reports the zero-width space, the word joiner and the byte order mark. The joiners may be spelling.
func isZeroWidth(r rune) bool { return r == '\u200b' || r == '\u2060' || r == '\ufeff' }
