package formats

import (
	"slices"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// JSONAPI is JSON:API 1.1, application/vnd.api+json: a list "errors", with the error itself first, and after it an object for
// each field error. Each has status (a string), code, title and detail. The first one has the trace id as its id, and
// details, params, input and retryable in its meta.
//
// A field error has a source: pointer, parameter (of the query) or header. Other places are "in" and "name" in its meta. A
// pointer names a value that exists: for a missing member it names the parent, and the member's name is in meta. The zero
// value is ready.
type JSONAPI struct {
	// TypeBase is the beginning of links.type; the kind's type follows. If it is empty, there are no links.
	TypeBase string
}

// ContentType returns "application/vnd.api+json".
func (JSONAPI) ContentType() string { return "application/vnd.api+json" }

// Use returns [fault.OneLanguageTitled].
func (JSONAPI) Use() fault.TextUse { return fault.OneLanguageTitled }

// Reusable returns true.
func (JSONAPI) Reusable() bool { return true }

// Append appends the body.
func (f JSONAPI) Append(dst []byte, o *fault.Occurrence) []byte {
	title := o.AppendTitle(nil) // the title of every error
	var space []byte
	dst = append(dst, `{"errors":[`...)
	dst = f.appendFirst(dst, o, title)
	for e := range o.Errors() {
		dst = append(dst, ',')
		dst, space = f.appendError(dst, space[:0], o, &e, title)
	}
	dst = append(dst, `],"meta":{"lang":`...)
	dst = jsontext.AppendQuoted(dst, o.Language())
	dst = append(dst, `,"dir":`...)
	dst = jsontext.AppendQuoted(dst, o.Dir())
	dst = appendErrorCount(dst, `,"errors_total":`, o)
	return append(dst, `}}`...)
}

func (f JSONAPI) appendFirst(dst []byte, o *fault.Occurrence, title []byte) []byte {
	object := newObject(dst)
	object.text("id", o.TraceID())
	if f.TypeBase != "" {
		object.key("links")
		object.dst = append(object.dst, `{"type":`...)
		object.dst = jsontext.AppendQuoted(object.dst, f.TypeBase+o.Kind().Type())
		object.dst = append(object.dst, '}')
	}
	f.appendHead(&object, o, o.Code(), title)
	object.key("detail")
	object.dst = o.AppendText(object.dst)
	object.key("meta")
	object.dst = f.appendMeta(object.dst, o)
	return object.end()
}

func (JSONAPI) appendHead(object *object, o *fault.Occurrence, code string, title []byte) {
	object.key("status")
	object.dst = append(object.dst, '"')
	object.dst = strconv.AppendInt(object.dst, int64(o.Status()), 10)
	object.dst = append(object.dst, '"')
	if code != "" {
		object.text("code", code)
	}
	object.key("title")
	object.dst = append(object.dst, title...)
}

func (JSONAPI) appendMeta(dst []byte, o *fault.Occurrence) []byte {
	meta := newObject(dst)
	meta.key("retryable")
	meta.dst = strconv.AppendBool(meta.dst, o.Retryable())
	if o.HasParams() {
		meta.key("params")
		meta.dst = o.AppendParams(meta.dst)
	}
	if _, _, ok := o.Input(); ok {
		meta.key("input")
		meta.dst = o.AppendInput(meta.dst)
	}
	var details object
	for name, value := range o.Details() {
		if !details.comma {
			meta.key("details")
			details = newObject(meta.dst)
		}
		details.key(name)
		details.dst = o.AppendJSON(details.dst, value)
	}
	if details.comma {
		meta.dst = details.end()
	}
	return meta.end()
}

// appendError appends a field error. It builds the meta in space, and returns the space for the next one.
func (f JSONAPI) appendError(dst, space []byte, o *fault.Occurrence, e *fault.DetailError, title []byte) (out, spaceAfter []byte) {
	object := newObject(dst)
	f.appendHead(&object, o, e.Code(), title)
	object.key("detail")
	object.dst = e.AppendText(object.dst)
	meta := f.appendSource(&object, newObject(space), e)
	if e.HasParams() {
		meta.key("params")
		meta.dst = e.AppendParams(meta.dst)
	}
	if e.HasDetails() {
		meta.key("details")
		meta.dst = e.AppendDetails(meta.dst)
	}
	if meta.comma {
		object.key("meta")
		object.dst = append(object.dst, meta.end()...)
	}
	return object.end(), meta.dst
}

// appendSource appends the place of the error, and adds to meta the facts that source has no member for.
func (JSONAPI) appendSource(object *object, meta object, e *fault.DetailError) object {
	at := e.At()
	name, value := "pointer", at.Pointer()
	switch at.In() {
	case "body":
		if isMissing(e.Code()) && value != "" {
			cut := strings.LastIndexByte(value, '/')
			steps := at.Segments()
			meta.text("member", steps[len(steps)-1])
			value = value[:cut]
		}
	case "query":
		name, value = "parameter", at.Name()
	case "header":
		name, value = "header", at.Name()
	default:
		meta.text("in", at.In())
		meta.text("name", at.Name())
		return meta
	}
	object.key("source")
	object.dst = append(object.dst, '{')
	object.dst = jsontext.AppendQuoted(object.dst, name)
	object.dst = append(object.dst, ':')
	object.dst = jsontext.AppendQuoted(object.dst, value)
	object.dst = append(object.dst, '}')
	return meta
}

// missing are words in codes of rules that require a value: in our codes and in common ones.
var missing = []string{"required", "missing", "mandatory", "absent"}

// isMissing reports whether the rule requires a value.
func isMissing(code string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(code, func(r rune) bool { return r == '_' || r == '-' || r == '.' }),
		func(word string) bool { return slices.Contains(missing, word) })
}
