package localetest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// scripts are the Unicode scripts of a writing system's letters, by its ISO 15924 code.
var scripts = map[string][]string{
	"Latn": {"Latin"}, "Cyrl": {"Cyrillic"}, "Grek": {"Greek"}, "Arab": {"Arabic"}, "Hebr": {"Hebrew"},
	"Deva": {"Devanagari"}, "Beng": {"Bengali"}, "Guru": {"Gurmukhi"}, "Gujr": {"Gujarati"}, "Taml": {"Tamil"},
	"Telu": {"Telugu"}, "Knda": {"Kannada"}, "Mlym": {"Malayalam"}, "Sinh": {"Sinhala"}, "Thai": {"Thai"},
	"Laoo": {"Lao"}, "Khmr": {"Khmer"}, "Mymr": {"Myanmar"}, "Geor": {"Georgian"}, "Armn": {"Armenian"},
	"Ethi": {"Ethiopic"}, "Tibt": {"Tibetan"}, "Mong": {"Mongolian"}, "Kore": {"Hangul", "Han"},
	"Jpan": {"Han", "Hiragana", "Katakana"}, "Hans": {"Han"}, "Hant": {"Han"},
}

// wordScripts separate words with spaces and do not join words of another script, so a Latin letter inside a Cyrillic word
// is a look-alike. (Korean is not one of them: its particles follow Latin words without a space.)
var wordScripts = []string{"Latn", "Cyrl", "Grek", "Arab", "Hebr", "Deva", "Geor", "Armn"}

// gluingScripts write their particles before a Latin word without a space (הURL, والـAPI), and have no letters that
// look like Latin ones.
var gluingScripts = []string{"Arab", "Hebr", "Deva", "Geor"}

// joiningScripts need zero-width joiners and non-joiners for their spelling.
var joiningScripts = []string{"Arab", "Deva", "Beng", "Guru", "Gujr", "Taml", "Telu", "Knda", "Mlym", "Sinh", "Khmr"}

// simplified and traditional are characters of only one of the two Chinese writing systems, with pairs at the same index.
// They are common in error messages; the list need not be complete.
const (
	simplified  = "误请问试后务资无应发选择个这为们该数据输长关于仅过时间错码须当对话录户号级级连续设备页频单项链条参与远类网种称组织统图录状态变节认证许权执产仓载库区让从开术请专业东经会实现标识给书号询响应头体将报复键"
	traditional = "誤請問試後務資無應發選擇個這為們該數據輸長關於僅過時間錯碼須當對話錄戶號級級連續設備頁頻單項鏈條參與遠類網種稱組織統圖錄狀態變節認證許權執產倉載庫區讓從開術請專業東經會實現標識給書號詢響應頭體將報復鍵"
)

// foreignHan are the characters of the other Chinese writing system.
var foreignHan = func() map[string]string {
	var hans, hant strings.Builder
	other := []rune(traditional)
	for i, r := range []rune(simplified) {
		if r != other[i] {
			hans.WriteRune(other[i])
			hant.WriteRune(r)
		}
	}
	return map[string]string{"Hans": hans.String(), "Hant": hant.String()}
}()

func scriptOf(tag language.Tag) string {
	script, _ := tag.Script()
	return script.String()
}

func isLetter(r rune) bool        { return unicode.IsLetter(r) }
func isLetterOrDigit(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) }

// isOf reports whether r is a letter of the writing system. Letters without a script belong to every one.
func isOf(script string, r rune) bool {
	if unicode.In(r, unicode.Common, unicode.Inherited) {
		return true
	}
	return slices.ContainsFunc(scripts[script], func(name string) bool { return unicode.Is(unicode.Scripts[name], r) })
}

// notProse matches parts of texts that are not words of a language: escapes such as \n, verbs of printf, addresses, tags,
// entities, code, names of emoji and of channels.
var notProse = regexp.MustCompile(`\\[abefnrtv0"'\\]|\\[ux][0-9A-Fa-f]{2,8}|%[-+#0]*[0-9]*(\.[0-9]+)?[a-zA-Z]` +
	`|[a-zA-Z][a-zA-Z0-9+.-]*://[^\s<>"']*|\bwww\.[^\s<>"']*|[\w.+-]+@[\w-]+\.[\w.-]+` +
	`|</?[a-zA-Z@#:!][^<>]*>|&#?[0-9A-Za-z]+;|` + "`[^`]*`" + `|:[a-zA-Z0-9_+-]+:|\$\{[^{}]*\}`)

// words returns the runs of letters in the text, without values and other parts that are not prose.
func words(text string) []string {
	literal := literalOf(text)
	if strings.ContainsAny(literal, "\\%/@<&`:$.") {
		literal = notProse.ReplaceAllString(literal, " ")
	}
	return strings.FieldsFunc(literal, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M) && r != zeroWidthNonJoiner })
}

// lintScript reports letters that are not the language's. Latin words are allowed if the source has them.
func (c *textCase) lintScript() {
	script := scriptOf(c.file.tag)
	if scripts[script] == nil {
		return
	}
	own := false
	for _, word := range words(c.text) {
		switch problem := foreignLetter(script, word); {
		case problem != "" && (c.isSource() || !c.inSource(word)):
			c.report(ruleScript, "write it with letters of the language", "%s in %q", problem, word)
			return
		case !isLatin(word) || script == "Latn":
			own = true
		case utf8.RuneCountInString(word) > 1 && !c.inSource(word):
			c.report(ruleForeign, "translate it, or take it over as the source has it", "the word %q is not in the source", word)
		}
	}
	if !own && len(words(c.text)) > 0 && len(words(c.sourceForm())) > len(words(c.text)) {
		c.report(ruleScript, "translate it", "there is no letter of the language's script")
	}
	if i := strings.IndexAny(c.text, foreignHan[script]); i >= 0 {
		r, _ := utf8.DecodeRuneInString(c.text[i:])
		c.report(ruleScript, "use the character of "+c.file.tag.String(), "%q belongs to the other Chinese writing system", r)
	}
}

func isLatin(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return !isOf("Latn", r) }) < 0
}

// foreignLetter finds a letter that is neither of the script nor part of a Latin word.
func foreignLetter(script, word string) string {
	if isLatin(word) {
		return ""
	}
	latin, own := false, false
	for _, r := range word {
		switch {
		case isOf(script, r):
			own = own || !unicode.In(r, unicode.Common, unicode.Inherited)
		case isOf("Latn", r):
			latin = true
		default:
			return fmt.Sprintf("foreign letter %q (U+%04X)", r, r)
		}
	}
	if latin && own && slices.Contains(wordScripts, script) && !isGlued(script, word) {
		return "letters of two scripts"
	}
	return ""
}

// isGlued reports whether the word is a particle of the script followed by a whole Latin word.
func isGlued(script, word string) bool {
	latin := strings.IndexFunc(word, func(r rune) bool { return !isOf(script, r) })
	return slices.Contains(gluingScripts, script) && latin > 0 && isLatin(word[latin:]) && utf8.RuneCountInString(word[latin:]) > 1
}

// inSource reports whether a form of the source has the word, in any letter case.
func (c *textCase) inSource(word string) bool {
	for _, form := range c.source.forms {
		if slices.ContainsFunc(words(form), func(w string) bool { return strings.EqualFold(w, word) }) {
			return true
		}
	}
	return false
}
