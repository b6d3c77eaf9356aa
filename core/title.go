package fault

import (
	"net/http"
	"strings"

	"github.com/polyfault/polyfault/internal/jsontext"
)

// Title returns the kind's title in the same language. It has no arguments. If the language lacks the title, Title
// returns the text: a response never mixes languages.
func (o *Occurrence) Title() string {
	t := o.titleText()
	return t.plain(o.catalogue, o.languageOf(t), o.titleAttrs(t))
}

// AppendTitle appends [Occurrence.Title] as a JSON string.
func (o *Occurrence) AppendTitle(dst []byte) []byte { return o.appendTitle(dst, o.titleText()) }

func (o *Occurrence) appendTitle(dst []byte, t *text) []byte {
	return t.appendQuoted(dst, o.catalogue, o.languageOf(t), o.titleAttrs(t))
}

func (o *Occurrence) titleText() *text { return o.orText(o.catalogue.resolveTitle(o.kind)) }

// orText returns the title, or, in a language that lacks it, the text.
func (o *Occurrence) orText(title *text) *text {
	if !o.allLanguages && !title.available.has(o.language) {
		return o.text
	}
	return title
}

func (o *Occurrence) titleAttrs(t *text) []Attr {
	if t != o.text {
		return nil // titles have no arguments
	}
	return o.attrs()
}

// appendStatusTitle appends the title of a problem of type about:blank, which is that of the status (RFC 9457, section
// 4.2.1), in English the phrase of the IANA registry. A title of the application's own files comes before it.
func (o *Occurrence) appendStatusTitle(dst []byte) []byte {
	own := o.catalogue.resolveTitle(o.kind)
	if own.builtin == none || own.ownIn(o.language) {
		return o.appendTitle(dst, o.orText(own))
	}
	title := o.catalogue.resolveTitle(KindByStatus(o.status))
	if phrase := statusPhrase(o.status); phrase != "" && !title.ownIn(o.language) && isEnglish(o.Language()) {
		return jsontext.AppendQuoted(dst, phrase)
	}
	return o.appendTitle(dst, o.orText(title))
}

// titled returns the languages that have a title for the response.
func (o *Occurrence) titled() languageSet {
	title := o.catalogue.resolveTitle(o.kind)
	set := title.available
	if o.format.statusTitles && title.builtin != none {
		set.add(&o.catalogue.resolveTitle(KindByStatus(o.status)).available)
	}
	return set
}

func isEnglish(tag string) bool { return tag == "en" || strings.HasPrefix(tag, "en-") }

// statusPhrase returns the phrase of the IANA registry of status codes; "" for a status without one that is of use.
func statusPhrase(status int) string {
	switch status {
	case http.StatusRequestEntityTooLarge: // net/http has the phrases of older RFCs
		return "Content Too Large"
	case http.StatusRequestURITooLong:
		return "URI Too Long"
	case http.StatusRequestedRangeNotSatisfiable:
		return "Range Not Satisfiable"
	case http.StatusUnprocessableEntity:
		return "Unprocessable Content"
	case http.StatusTeapot: // "(Unused)"
		return ""
	}
	return http.StatusText(status)
}
