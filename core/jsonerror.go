package fault

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/polyfault/polyfault/internal/errtree"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

const unknownFieldPrefix = `json: unknown field "`

// inferJSON tells where the JSON is wrong, never what stands there.
func inferJSON(err error) *Fault {
	if refused, ok := errtree.As[*refusedInput](err); ok {
		return refused.answer
	}
	if syntax, ok := errtree.As[*json.SyntaxError](err); ok {
		return &Fault{kind: InvalidJSON, attrs: inputAttrs(syntax.Offset, Location{})}
	}
	if mismatch, ok := errtree.As[*json.UnmarshalTypeError](err); ok {
		got, _, _ := strings.Cut(mismatch.Value, " ") // "number 1.5" holds input
		if got == "bool" {                            // JSON's own word is the one that Expected has
			got = "boolean"
		}
		at := InBody(fieldPointer(mismatch.Field))
		wrong := Attr{op: opField, value: typeError(at, jsonType(mismatch.Type), got)}
		return &Fault{kind: InvalidJSON, attrs: append(inputAttrs(mismatch.Offset, at), wrong)}
	}
	name, ok := errtree.Find(err, func(e error) (string, bool) { // encoding/json has no type for it
		name, ok := strings.CutPrefix(errorText(e), unknownFieldPrefix)
		return strings.TrimSuffix(name, `"`), ok
	})
	if ok {
		return &Fault{kind: SuperfluousAttributesInRequest,
			attrs: []Attr{Field(Location{pointer: jsonpointer.To(name), name: name}, "unknown_field")}}
	}
	return nil
}

// jsonType is what JSON calls the values that t takes.
func jsonType(t reflect.Type) string {
	if t == nil {
		return "value"
	}
	switch _, self := behindPointers(planKey{t: t}); self {
	case byJSON:
		return "value"
	case byText:
		return "string"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return jsonType(t.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice {
			return "string" // base64
		}
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Invalid:
		return "value"
	}
	return "number"
}

// typeError tells what was expected, unless the type is right and the value does not fit: 1.5 for an int.
func typeError(at Location, expected, got string) *fieldError {
	text := "rule.type." + expected
	if got == expected {
		text = ruleInvalid
	}
	return newFieldError(at, "type", []Attr{Text(text), Arg("Expected", expected), Arg("Got", got)})
}

// typeOfJSON is the type of a valid JSON value by its first byte.
func typeOfJSON(first byte) string {
	switch first {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}
