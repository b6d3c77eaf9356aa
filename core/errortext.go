package fault

import (
	"encoding/json"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/polyfault/polyfault/internal/errtree"
)

// errorText returns err.Error() for logs, even if Error() panics, and without refused input: for errors that quote it, the
// text has what was expected, and not what was sent.
func errorText(err error) string { return textOfTree(err, errtree.Flatten(err, nil)) }

func textOfTree(err error, errs errtree.List) string {
	text := rawText(err)
	if b, ok := errtree.First[*bindingError](errs); ok { // all that it met is input
		inside := rawText(b.error)
		text = strings.ReplaceAll(text, inside, withoutQuotes(withoutInput(errs, inside)))
	}
	return withoutInput(errs, text)
}

// withoutInput returns the text without what errors of the tree are known to quote of input.
func withoutInput(errs errtree.List, text string) string {
	left := maxTexts
	for _, e := range errs.Errors {
		r, ok := redactionOf(e)
		if !ok {
			continue
		}
		text = r.apply(text)
		if left--; left == 0 {
			break
		}
	}
	for quoting := range plainTexts(errs) {
		if speaksOfInput(quoting) || strings.HasPrefix(quoting, "json: ") || strings.HasPrefix(quoting, "time: ") {
			text = strings.ReplaceAll(text, quoting, withoutQuotes(quoting))
		}
	}
	return text
}

// rawText returns err.Error(), and recovers its panic.
func rawText(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("(%T: Error() panicked)", err)
		}
	}()
	return err.Error()
}

// A redaction is a text that quotes refused input, and what stands in its place.
type redaction struct {
	quoting, instead string
	refused          []string
}

const omitted = "…"

// apply also removes the input from other quotations of the text.
func (r redaction) apply(text string) string {
	if r.quoting != "" {
		text = strings.ReplaceAll(text, r.quoting, r.instead)
	}
	for _, refused := range r.refused {
		if len(refused) > len("ab") { // what is shorter is in every text
			text = strings.ReplaceAll(text, refused, omitted)
		}
	}
	return text
}

// redactionOf knows the errors that quote input; false for the others.
func redactionOf(err error) (r redaction, ok bool) {
	switch e := err.(type) {
	case *strconv.NumError:
		return redaction{rawText(e), "strconv." + e.Func + ": " + rawText(e.Err), []string{e.Num}}, true
	case *time.ParseError:
		instead := "the time does not fit the layout " + strconv.Quote(e.Layout)
		return redaction{rawText(e), instead, []string{e.Value, e.ValueElem}}, true
	case *json.UnmarshalTypeError:
		word, value, _ := strings.Cut(e.Value, " ") // "number 1.5" holds input
		return redaction{rawText(e), strings.Replace(rawText(e), e.Value, word, 1), []string{value}}, true
	case *net.ParseError:
		return redaction{rawText(e), "invalid " + e.Type, []string{e.Text}}, true
	case *net.AddrError:
		return redaction{rawText(e), "address: " + e.Err, []string{e.Addr}}, true
	}
	if reflect.TypeOf(err).Kind() == reflect.Slice {
		return ofViolations(err)
	}
	return redaction{}, false
}

// ofViolations tells which fields break which rules, instead of the validator's own words: those hold keys of maps.
func ofViolations(err error) (r redaction, ok bool) {
	list := reflect.ValueOf(err)
	var told strings.Builder
	for i := range min(list.Len(), maxDetailErrors) {
		e, is := reflect.TypeAssert[validatorError](list.Index(i))
		if !is {
			return r, false
		}
		if i > 0 {
			told.WriteString("; ")
		}
		told.WriteString(withoutKeys(e.StructNamespace()) + ": " + e.Tag())
	}
	return redaction{quoting: rawText(err), instead: told.String()}, list.Len() > 0
}

// withoutKeys leaves the indexes of lists in a path, and not the keys of maps.
func withoutKeys(path string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(path, "[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		key, after, closed := strings.Cut(rest, "]")
		if !isIndex(key) {
			key = omitted
		}
		b.WriteString("[" + key + "]")
		if !closed {
			return b.String()
		}
		path = after
	}
}

// withoutQuotes replaces what stands between quotes.
func withoutQuotes(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexAny(text, "\"'`")
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := endOfQuote(text, i)
		if end < 0 { // an apostrophe, or a quote without an end
			b.WriteString(text[:i+1])
			text = text[i+1:]
			continue
		}
		b.WriteString(text[:i+1])
		b.WriteString(omitted)
		b.WriteByte(text[i])
		text = text[end+1:]
	}
}

// endOfQuote returns where the quote that begins at i ends; -1 when none begins there.
func endOfQuote(text string, i int) int {
	quote := text[i]
	if quote == '\'' && i > 0 && isWordByte(text[i-1]) {
		return -1
	}
	for j := i + 1; j < len(text); j++ {
		switch {
		case text[j] == '\\' && quote != '`':
			j++
		case text[j] == quote && (quote != '\'' || j+1 == len(text) || !isWordByte(text[j+1])):
			return j
		}
	}
	if quote == '\'' {
		return -1
	}
	return len(text) - 1
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80
}
