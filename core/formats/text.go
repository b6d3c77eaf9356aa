package formats

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/clean"
)

// Text is text/plain in the client's language, for terminals:
//
//	The request contains invalid values.
//	- items.0.qty: This value must be at least 1.
//	- page (query): This value must be a number.
//
//	code: validation_failed
//	status: 400
//	trace_id: 4bf92f3577b34da6a3ce929d0e0e4736
//
// The first line is the text. A field error is a line of "- ", its place and its text. The place is the path of a member of
// the body, with dots or as a JSON Pointer ("#/a.b") if dots would be another place; or the name of a parameter and its part
// of the request; or nothing for the body as a whole. After 100 field errors comes "errors_total: 5000".
//
// After an empty line come the other details, input (if there is something to say about the request's body as such), and
// code, status and trace_id. A value of several lines begins in the next line, indented. Labels are names for programs, so
// no line needs a translation.
//
// Values cannot add lines: control characters, line separators and bidirectional overrides in them are replaced. The zero
// value is ready.
type Text struct{}

// ContentType returns "text/plain; charset=utf-8".
func (Text) ContentType() string { return "text/plain; charset=utf-8" }

// Use returns [fault.OneLanguage].
func (Text) Use() fault.TextUse { return fault.OneLanguage }

// Reusable returns true.
func (Text) Reusable() bool { return true }

// Limits of the parts of a body. Core limits the number of field errors, and the length of arguments in texts.
const (
	maxLabel   = 256      // bytes of a name
	maxMessage = 4096     // of the text of an error
	maxValue   = 32 << 10 // of another value, such as a call stack
	maxFacts   = 100      // details, log attributes
)

// Append appends the body.
func (f Text) Append(dst []byte, o *fault.Occurrence) []byte {
	dst = append(dst, clean.Sentence(o.Text())...)
	dst = append(dst, '\n')
	for e := range o.Errors() {
		dst = append(dst, "- "...)
		if name := placeLabel(&e); name != "" {
			dst = append(dst, isolated(name, o.Dir())...)
			dst = append(dst, ": "...)
		}
		dst = append(dst, violationText(o, &e)...)
		dst = append(dst, '\n')
	}
	if incomplete(o) {
		dst = appendFact(dst, "errors_total", strconv.Itoa(o.ErrorCount()))
	}
	dst = append(dst, '\n')
	dst = f.appendDetails(dst, o)
	if _, _, ok := o.Input(); ok {
		dst = appendFact(dst, "input", string(o.AppendInput(nil)))
	}
	dst = appendFact(dst, "code", o.Code())
	dst = appendFact(dst, "status", strconv.Itoa(o.Status()))
	return appendFact(dst, "trace_id", o.TraceID())
}

func (Text) appendDetails(dst []byte, o *fault.Occurrence) []byte {
	exception, unknown := exposedText(o)
	count := 0
	for name, value := range o.Details() {
		switch {
		case name == "trace_id" && value == any(o.TraceID()): // has a line of its own
			continue
		case count == maxFacts:
			return append(dst, "…\n"...)
		case unknown && name == "exception":
			value = exception
		}
		count++
		dst = appendFact(dst, label(name), clean.Block(plainValue(o, value), maxValue))
	}
	return dst
}

// appendFact appends a line with a machine name and a value, which may have several lines.
func appendFact(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ':')
	if !strings.Contains(value, "\n") {
		dst = append(dst, ' ')
		dst = append(dst, value...)
		return append(dst, '\n')
	}
	for line := range strings.SplitSeq(strings.TrimRight(value, "\n"), "\n") {
		dst = append(dst, "\n  "...)
		dst = append(dst, line...)
	}
	return append(dst, '\n')
}

// violationText returns the text of a field error, or of another error among the details.
func violationText(o *fault.Occurrence, e *fault.DetailError) string {
	if _, localized := e.TextIn(o.Language()); localized {
		return clean.Sentence(e.Text())
	}
	return clean.Line(e.Text(), maxMessage) // a foreign error's text, not cleaned yet
}

// exposedText returns the text of an unknown error if the exposure shows it. Core adds it to the details, after the trace
// id.
func exposedText(o *fault.Occurrence) (text string, ok bool) {
	if o.Exposure() < fault.ExposeException {
		return "", false
	}
	traced := false
	for name, value := range o.Details() {
		switch name {
		case "trace_id":
			traced = value == any(o.TraceID())
		case "exception":
			text, ok = value.(string)
			ok = ok && traced
		}
	}
	return withoutSecrets(text), ok
}

// plainValue returns a detail for people: strings as they are, anything else as JSON.
func plainValue(o *fault.Occurrence, value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	encoded := o.AppendJSON(nil, value)
	var s string
	if len(encoded) > 0 && encoded[0] == '"' && json.Unmarshal(encoded, &s) == nil {
		return s // a time, a Stringer, a Secret
	}
	return string(encoded)
}

// isolated returns a machine name that does not disturb the order of a line read from right to left.
func isolated(name, dir string) string {
	if dir != "rtl" {
		return name
	}
	return "\u2068" + name + "\u2069"
}

// placeLabel returns the place of an error for people: "items.0.qty", "page (query)", "#/a.b"; "" for the body as a whole.
func placeLabel(e *fault.DetailError) string {
	at := e.At()
	name := at.Name()
	switch {
	case at.In() != "body":
		return label(name) + " (" + at.In() + ")"
	case at.Pointer() == "":
		return ""
	case !isTold(name, at), strings.HasPrefix(name, wholeBody), strings.HasSuffix(name, ")"), strings.Contains(name, ": "):
		return label(notation(at))
	}
	return label(name)
}

// label returns a name on one line.
func label(name string) string { return clean.Line(name, maxLabel) }

const hidden = "***"

// secretName matches the names of values that are not shown. The word may be any part of the name.
var secretName = regexp.MustCompile(`(?i)token|key|secret|passw|passphrase|pwd|signature|credential|authorization|cookie|session`)

// Secrets inside of texts: the text of an error often quotes a URL, a connection string or a header.
var (
	secretPair = regexp.MustCompile(
		`(?i)([\w.-]*(?:token|key|secret|passw|passphrase|pwd|signature|credential|session)[\w.-]*["']?\s?=\s?)` +
			`("[^"]*"|'[^']*'|[^\s&;,"'<>)}\]]+)`)
	secretField = regexp.MustCompile(
		`(?i)([\w.-]*(?:token|secret|passw|passphrase|pwd|signature|credential|authorization|cookie|` +
			`(?:api|access|private)[_-]?key)[\w.-]*["']?\s?:\s?)` +
			`("[^"]*"|'[^']*'|(?:(?:bearer|basic|digest)\s+)?[^\s&;,"'<>)}\]]+)`)
	bearer   = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}`)
	userInfo = regexp.MustCompile(`(://[^\s/:@]*):[^\s/@]+@`)
)

// withoutSecrets replaces parts of an error's or a header's text that look like secrets. Such texts are shown in development
// only.
func withoutSecrets(s string) string {
	s = clean.Shorten(s, maxValue)
	s = userInfo.ReplaceAllString(s, "$1:"+hidden+"@")
	s = bearer.ReplaceAllString(s, "$1 "+hidden)
	s = secretPair.ReplaceAllString(s, "${1}"+hidden)
	return secretField.ReplaceAllString(s, "${1}"+hidden)
}
