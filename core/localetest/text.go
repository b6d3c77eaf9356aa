package localetest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/plural"
)

// A textCase is one form of one text, and all that is known of it.
type textCase struct {
	*linter
	entry    *entry
	source   *entry
	form     plural.Form
	text     string
	declared []string
}

func (c *textCase) report(rule, hint, format string, args ...any) {
	c.file.report(rule, c.file.at(c.entry.id, c.form.String()), hint, format, args...)
}

// lint goes through the rules of single texts.
func (c *textCase) lint() {
	c.lintSpace()
	c.lintCharacters()
	compiled, err := message.Compile(c.text)
	if err != nil {
		c.report(ruleAction, "write placeholders as {{.Name}}, with the names of the source", "%s", err)
		return
	}
	c.lintPlaceholders(placeholders(compiled))
	c.lintMarkup()
	c.lintTitle(compiled)
	if c.lintSame() {
		return // foreign words and punctuation are to be expected
	}
	c.lintScript()
	c.lintEnd()
	c.lintPunctuation()
}

// placeholdersOf are the names over all forms, sorted.
func placeholdersOf(e *entry) (names []string) {
	for _, text := range e.forms {
		if compiled, err := message.Compile(text); err == nil {
			names = append(names, placeholders(compiled)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func placeholders(t *message.Text) (names []string) {
	for _, s := range t.Segments() {
		if s.Arg != "" {
			names = append(names, s.Arg)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// literalOf is the text with a placeholder sign, U+FFFC, where values stand.
func literalOf(text string) string {
	compiled, err := message.Compile(text)
	if err != nil {
		return text
	}
	var b strings.Builder
	for _, s := range compiled.Segments() {
		b.WriteString(s.Plain)
		if s.Arg != "" {
			b.WriteRune(valueSign)
		}
	}
	return b.String()
}

const valueSign = '\ufffc' // object replacement character

func (c *textCase) lintPlaceholders(names []string) {
	undeclared := ruleUnknownArg
	if c.entry == c.set.source.texts[c.entry.id] {
		undeclared = ruleArguments
	}
	for _, name := range names {
		if !slices.Contains(c.declared, name) {
			c.report(undeclared, "use "+braced(c.declared), "the text has no value for the placeholder {{.%s}}", name)
		}
	}
	for _, name := range c.declared {
		if !slices.Contains(names, name) && !(name == "Count" && c.mayOmitCount()) {
			c.report(ruleMissingArg, "put it in, in any place", "the placeholder {{.%s}} is missing", name)
		}
	}
}

// mayOmitCount: "one hour", "two hours" and "no hour" need no number.
func (c *textCase) mayOmitCount() bool {
	return c.form == plural.Zero || c.form == plural.One || c.form == plural.Two
}

func braced(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "{{." + strings.Join(names, "}}, {{.") + "}}"
}

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

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

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

// markup are what texts must not have: they are plain text for every format.
var markup = []struct {
	what    string
	pattern *regexp.Regexp
}{
	{"an HTML tag", regexp.MustCompile(`<[/!]?[A-Za-z][^>]*>|<!--`)},
	{"an HTML entity", regexp.MustCompile(`&(#\d+|#x[0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);`)},
	{"Markdown", regexp.MustCompile("`|\\*\\*|__|\\]\\(")},
	{"a URL", regexp.MustCompile(`(?i)\b(https?|ftp|mailto|data|javascript):|://|\bwww\.`)},
}

func (c *textCase) lintMarkup() {
	for _, m := range markup {
		if m.pattern.MatchString(c.text) {
			c.report(ruleMarkup, "texts are plain text; give addresses as arguments", "the text has %s", m.what)
		}
	}
}

// maxTitle is how many characters a title may have.
const maxTitle = 80

func (c *textCase) lintTitle(compiled *message.Text) {
	if !strings.HasSuffix(c.entry.id, ".title") {
		return
	}
	if n := utf8.RuneCountInString(c.text); n > maxTitle {
		c.report(ruleTitle, "shorten it", "the title has %d characters; %d is the limit", n, maxTitle)
	}
	if !compiled.Static() {
		c.report(ruleTitle, "move it to the text", "a title has no placeholders: arguments are the text's")
	}
}

// lintSame reports a copy of the source.
func (c *textCase) lintSame() bool {
	if c.file == c.set.source || sameBase(c.file.tag, c.set.source.tag) || !isCopy(c.text, c.source) {
		return false
	}
	c.report(ruleSame, "translate it; if it is right as it is: polyfault locales stamp "+c.file.tag.String()+" --allow untranslated --id "+c.entry.id, "the text is the same as the source")
	return true
}
