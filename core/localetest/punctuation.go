package localetest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// A closing is the kind of mark that ends a text.
type closing string

// markOf returns the language's own mark, or def.
func markOf(marks map[string]string, tag language.Tag, def string) string {
	base, _ := tag.Base()
	for _, key := range []string{base.String(), scriptOf(tag)} {
		if mark, ok := marks[key]; ok {
			return mark
		}
	}
	return def
}

// behindClosing reports characters that may follow the closing mark: quotation marks and brackets with their inner spaces,
// and signs such as emoji.
func behindClosing(r rune) bool {
	return unicode.In(r, unicode.Pe, unicode.Pf, unicode.Pi, unicode.So, unicode.Zs, unicode.Me) || isVariation(r) || r == '"'
}

// closingOf returns the closing of the text and its mark. It ignores characters that may follow the mark.
func closingOf(text, script string) (c closing, mark string) {
	text = strings.TrimRightFunc(text, behindClosing)
	r, size := utf8.DecodeLastRuneInString(text)
	if r == ';' && script != "Grek" || strings.HasSuffix(text, "}}") {
		return open, ""
	}
	if strings.HasSuffix(text, "...") {
		return ellipsis, "..."
	}
	if c, ok := closings[r]; ok {
		return c, text[len(text)-size:]
	}
	return open, ""
}

func (c *textCase) lintEnd() {
	want, _ := closingOf(c.sourceForm(), scriptOf(c.set.source.tag))
	got, mark := closingOf(c.text, scriptOf(c.file.tag))
	stop := markOf(fullStops, c.file.tag, ".")
	if want == fullStop && stop == "" {
		want = open
	}
	hint := "end it as the source does, by the language's own mark"
	switch {
	case got != want && c.Profile == AnyTexts:
	case got != want:
		c.report(ruleEnd, hint, "the text ends with %s, the source with %s", got, want)
	case got == fullStop && mark != stop:
		c.report(ruleEnd, hint, "the full stop of %s is %s, not %s", c.file.tag, stop, mark)
	case got == question && mark != markOf(questionMarks, c.file.tag, "?"):
		c.report(ruleEnd, hint, "the question mark of %s is %s, not %s", c.file.tag, markOf(questionMarks, c.file.tag, "?"), mark)
	}
}

// sourceForm returns the same form of the source, or else "other".
func (c *textCase) sourceForm() string {
	if text := c.source.forms[c.form]; text != "" {
		return text
	}
	return c.source.forms[len(c.source.forms)-1]
}

func (c *textCase) lintPunctuation() {
	if strings.Contains(c.text, `"`) && !strings.Contains(c.sourceForm(), `"`) {
		c.report(rulePunctuate, "use the quotation marks of the language", "there is a straight quotation mark")
	}
	script := scriptOf(c.file.tag)
	before := ' '
	for _, r := range literalOf(c.text) {
		if own := asciiMarks[script][r]; own != "" && isLetter(before) && !isOf("Latn", before) {
			c.report(rulePunctuate, "use "+own, "%q is not the mark of the language's script", r)
			return
		}
		before = r
	}
}

const (
	open        closing = "nothing"
	fullStop    closing = "a full stop"
	question    closing = "a question mark"
	exclamation closing = "an exclamation mark"
	colon       closing = "a colon"
	ellipsis    closing = "an ellipsis"
)

// closings are the marks that end texts.
var closings = map[rune]closing{
	'.': fullStop, '。': fullStop, '．': fullStop, '।': fullStop, '۔': fullStop, '։': fullStop, '។': fullStop, '။': fullStop, '።': fullStop,
	'?': question, '？': question, '؟': question, ';': question, '\u037e': question, '՞': question, '፧': question,
	'!': exclamation, '！': exclamation, '՜': exclamation,
	':': colon, '：': colon,
	'…': ellipsis,
}

// fullStops are the full stops of languages and scripts that do not use "."; a language counts before its script. "" means
// no full stop.
var fullStops = map[string]string{
	"hi": "।", "bn": "।", "pa": "।", "ne": "।", "ur": "۔", "hy": "։", "km": "។", "my": "။", "am": "።",
	"Hans": "。", "Hant": "。", "Jpan": "。", "Thai": "", "Laoo": "",
}

// questionMarks are the question marks of languages and scripts that do not use "?".
var questionMarks = map[string]string{"Arab": "؟", "Grek": ";", "Jpan": "？", "Hans": "？", "Hant": "？"}

// asciiMarks are the script's own marks, which replace ASCII marks after a letter of the script.
var asciiMarks = map[string]map[rune]string{
	"Arab": {',': "،", ';': "؛", '?': "؟"},
	"Hans": {',': "，", ';': "；", '?': "？", '!': "！", ':': "："},
	"Hant": {',': "，", ';': "；", '?': "？", '!': "！", ':': "："},
	"Jpan": {',': "、", '?': "？", '!': "！"},
}
