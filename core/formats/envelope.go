package formats

import (
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// Envelope is {"error":{"code":"TASK_LOCKED","details":{…}}}. The code is the kind's in upper case, with three exceptions that
// clients of this shape know: OBJECT_DOES_NOT_EXIST for EntityNotFound, FIELD_DOES_NOT_EXISTS for FieldDoesNotExist, and
// UNPROCESSABLE_ENTITY for UnprocessableContent.
//
// The details are always present. They hold:
//   - "msg", the text, if the error chose another text than its kind's;
//   - each field error under its name, as {"code","msg","params"}. It has "in" if it is not about the body, and "pointer" or
//     "name" if its name alone would be another place. The name of the whole body is "#".
//
// Beside the details is "input", if there is something to say about the request's body as such. The zero value is ready.
type Envelope struct {
	// MediaType is the media type, "application/json" if empty. Two formats of a responder cannot
	// have the same one.
	MediaType string
}

// envelopeCodes are the spellings of Envelope that differ from the kinds' codes.
var envelopeCodes = map[string]string{
	"entity_not_found":      "OBJECT_DOES_NOT_EXIST",
	"field_does_not_exist":  "FIELD_DOES_NOT_EXISTS",
	"unprocessable_content": "UNPROCESSABLE_ENTITY",
}

// ContentType returns "application/json" or the MediaType.
func (f Envelope) ContentType() string { return mediaType(f.MediaType) }

// Use returns [fault.OneLanguage].
func (Envelope) Use() fault.TextUse { return fault.OneLanguage }

// Reusable returns true.
func (Envelope) Reusable() bool { return true }

// Append appends the body.
func (f Envelope) Append(dst []byte, o *fault.Occurrence) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = appendUpper(dst, o.Code())
	dst = append(dst, `,"details":`...)
	dst = f.appendDetails(dst, o)
	dst = appendErrorCount(dst, `,"errors_total":`, o)
	dst = appendInput(dst, o)
	return append(dst, `}}`...)
}

func (f Envelope) appendDetails(dst []byte, o *fault.Occurrence) []byte {
	object, names := newObject(dst), namesOf(o)
	described := false
	for name, value := range o.Details() {
		described = described || name == "msg"
		object.key(names.of(name))
		object.dst = o.AppendJSON(object.dst, value)
	}
	for e := range o.Errors() {
		if e.Again() {
			continue
		}
		described = described || e.Name() == "msg"
		name := names.of(e.Name())
		object.key(name)
		object.dst = f.appendError(object.dst, name, &e)
	}
	if !described && o.OwnText() {
		object.key("msg")
		object.dst = o.AppendText(object.dst)
	}
	return object.end()
}

func (Envelope) appendError(dst []byte, name string, e *fault.DetailError) []byte {
	object := newObject(dst)
	if e.Code() != "" {
		object.key("code")
		object.dst = appendUpper(object.dst, e.Code())
	}
	object.key("msg")
	object.dst = e.AppendText(object.dst)
	object.placed(name, e.At())
	if e.HasParams() {
		object.key("params")
		object.dst = e.AppendParams(object.dst)
	}
	if e.HasDetails() {
		object.key("details")
		object.dst = e.AppendDetails(object.dst)
	}
	return object.end()
}

func appendUpper(dst []byte, code string) []byte {
	if known, ok := envelopeCodes[code]; ok {
		return jsontext.AppendQuoted(dst, known)
	}
	return jsontext.AppendQuoted(dst, strings.ToUpper(code))
}
