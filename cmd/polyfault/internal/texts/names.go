package texts

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode"
)

// initialisms are words that Go writes in one case (go.dev/wiki/CodeReviewComments#initialisms), by their upper-case form.
// OAuth is spelled as in the names of polyfault's kinds.
var initialisms = func() map[string]string {
	words := map[string]string{"OAUTH": "OAuth", "IDS": "IDs", "URLS": "URLs", "URIS": "URIs", "IPS": "IPs", "APIS": "APIs"}
	for word := range strings.FieldsSeq(`ACL API ASCII CPU CSS CSV DB DNS EOF GUID HTML HTTP HTTPS IBAN ID IO IP ISBN JSON JWT PDF
		QPS RAM RPC SLA SMS SMTP SQL SSH TCP TLS TTL UDP UI UID UUID ULID URI URL UTF8 VAT VM XML XMPP XSRF XSS ZIP`) {
		words[word] = word
	}
	return words
}()

// functionName returns the name of the text's function: OrderNotFound for "order.not_found", InvalidURL for "invalid_url". It
// begins with Text if the id does not begin with a letter that has an upper case.
func functionName(id string) string {
	name := joined(wordsOf(id))
	if !token.IsExported(name) {
		return "Text" + name
	}
	return name
}

func joined(words []string) string {
	var name strings.Builder
	for _, word := range words {
		name.WriteString(capitalized(word))
	}
	return name.String()
}

// parameterName returns the name of the placeholder's parameter: orderID for {{.OrderID}}, url for {{.URL}}.
func parameterName(placeholder string) string {
	words := wordsOf(placeholder)
	if len(words) == 0 || unicode.IsDigit(rune(words[0][0])) {
		words = slices.Insert(words, 0, "arg")
	}
	name := strings.ToLower(words[0]) + joined(words[1:])
	if other, ok := otherNames[name]; ok {
		return other
	}
	if token.IsKeyword(name) || types.Universe.Lookup(name) != nil || slices.Contains(imported, name) {
		return name + "Value"
	}
	return name
}

// otherNames are the usual names for words that Go has reserved. All other such names get the suffix Value.
var otherNames = map[string]string{"type": "typ", "error": "err", "package": "pkg", "func": "fn"}

// imported are the packages that generated code may use.
var imported = []string{"fault", "fmt", "time"}

// wordsOf splits at characters that a Go identifier cannot have, at underscores, and where capitals begin a word:
// "order.URLTooLong" becomes order, URL, Too, Long.
func wordsOf(name string) []string {
	var words []string
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		letters := []rune(part)
		start := 0
		for i := 1; i < len(letters); i++ {
			if beginsWord(letters, i) {
				words = append(words, string(letters[start:i]))
				start = i
			}
		}
		words = append(words, string(letters[start:]))
	}
	return words
}

func beginsWord(letters []rune, i int) bool {
	if !unicode.IsUpper(letters[i]) {
		return false
	}
	if !unicode.IsUpper(letters[i-1]) {
		return true
	}
	rest := letters[i+1:]
	return len(rest) > 0 && unicode.IsLower(rest[0]) && string(rest) != "s" // a plural: URLs
}

func capitalized(word string) string {
	if known, ok := initialisms[strings.ToUpper(word)]; ok {
		return known
	}
	letters := []rune(strings.ToLower(word))
	letters[0] = unicode.ToUpper(letters[0])
	return string(letters)
}

func checkPackage(name string) error {
	if !token.IsIdentifier(name) || name == "_" {
		return fmt.Errorf("%q cannot be the name of a Go package; name another one with -package", name)
	}
	return nil
}
