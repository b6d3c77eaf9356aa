package localetest

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/plural"
)

// A textCase is one form of one text, with its context.
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

// lint applies the rules for single texts.
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
		return // foreign words and punctuation are expected here
	}
	c.lintScript()
	c.lintEnd()
	c.lintPunctuation()
}

// literalOf returns the text with U+FFFC in place of values.
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

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// markup is forbidden in texts, which are plain text for every format.
var markup = []struct {
	what    string
	pattern *regexp.Regexp
}{
	{"an HTML tag", regexp.MustCompile(`<[/!]?[A-Za-z][^>]*>|<!--`)},
	{"an HTML entity", regexp.MustCompile(`&(#\d+|#x[0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);`)},
	{"Markdown", regexp.MustCompile("`|\\*\\*|__|\\]\\(")},
	{"a URL", regexp.MustCompile(`(?i)\b(https?|ftp):\S|\bmailto:\S|\bdata:[a-z]+/|\bjavascript:\S|://|\bwww\.`)},
}

// isSource reports whether the text is of the source language.
func (c *textCase) isSource() bool { return c.file == c.set.source }

// asSource reports whether the source has it, so that the text may.
func (c *textCase) asSource(has func(string) bool) bool {
	return !c.isSource() && slices.ContainsFunc(c.source.forms[:], has)
}

// lintMarkup reports markup, unless the text is a translation whose source has it.
func (c *textCase) lintMarkup() {
	if c.isSource() && c.Profile == AnyTexts {
		return
	}
	for _, m := range markup {
		if m.pattern.MatchString(c.text) && !c.asSource(m.pattern.MatchString) {
			c.report(ruleMarkup, "texts are plain text; give addresses as arguments", "the text has %s", m.what)
		}
	}
}

// maxTitle is the number of characters that a title may have.
const maxTitle = 80

// titleStep ends the id of a title; the rest is the id of its text.
const titleStep = ".title"

// lintTitle checks the title of a text. Other ids with the same ending, such as that of a page's title, belong to no text.
func (c *textCase) lintTitle(compiled *message.Text) {
	text, isTitle := strings.CutSuffix(c.entry.id, titleStep)
	if !isTitle || c.Profile == AnyTexts || c.sourceOf(text) == nil {
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
	allow := "polyfault locales stamp " + c.file.tag.String() + " --allow untranslated --id " + c.entry.id
	c.report(ruleSame, "translate it; if it is right as it is: "+allow, "the text is the same as the source")
	return true
}
