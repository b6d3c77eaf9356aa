package fault

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/polyfault/polyfault/internal/errtree"
)

const unknownFieldPrefix = `json: unknown field "`

// inferJSON tells where the JSON is wrong, never what stands there.
func inferJSON(errs errtree.List) *Fault {
	if refused, ok := errtree.First[*refusedInput](errs); ok {
		return refused.answer
	}
	if syntax, ok := errtree.FirstAs[*json.SyntaxError](errs); ok {
		return &Fault{kind: InvalidJSON, attrs: inputAttrs(syntax.Offset, Location{})}
	}
	var b *bindingError
	for _, e := range errs.Errors {
		if mark, ok := e.(*bindingError); ok && (mark.target != nil || mark.in != "") {
			b = mark
			break
		}
	}
	if mismatch, ok := errtree.FirstAs[*json.UnmarshalTypeError](errs); ok {
		return b.mismatch(mismatch)
	}
	name, ok := unknownField(errs)
	if !ok {
		return nil
	}
	f := &Fault{kind: SuperfluousAttributesInRequest}
	if b == nil || b.in == "" {
		f.attrs = []Attr{b.unknownMember(name)}
	}
	return f
}

// unknownField finds what encoding/json has no type for.
func unknownField(errs errtree.List) (name string, ok bool) {
	for text := range plainTexts(errs) {
		if name, ok = strings.CutPrefix(text, unknownFieldPrefix); ok {
			return name, true
		}
	}
	return "", false
}

// mismatch returns the answer to a value of the wrong type. The path in the error leaves out items and keys, and has the Go
// names of embedded structures: without the target only a path of one step tells a place.
func (b *bindingError) mismatch(m *json.UnmarshalTypeError) *Fault {
	if b != nil && b.in != "" { // JSON in a parameter
		return &Fault{kind: InvalidJSON, attrs: inputAttrs(m.Offset, Location{})}
	}
	got, _, _ := strings.Cut(m.Value, " ") // "number 1.5" holds input
	if got == "bool" {                     // JSON's own word is the one that Expected has
		got = "boolean"
	}
	var at Location
	exact := true
	switch {
	case b != nil:
		f := newPlaceFinder("")
		f.jsonPath(jsonPlanOf(b.target), m.Field, m.Field != "", m.Type, nil)
		at = f.location()
		exact = f.exact
	case strings.Contains(m.Field, "."):
		exact = false
	case m.Field != "":
		at = bodyOf([]string{m.Field})
	}
	wrong := typeError(at, jsonType(m.Type), got)
	if !exact { // what is wrong is a part of it
		wrong = newFieldError(at, "type", []Attr{Text(ruleInvalid)})
	}
	return &Fault{kind: InvalidJSON, attrs: append(inputAttrs(m.Offset, at), Attr{op: opField, value: wrong})}
}

// unknownMember returns the field error for a member that the error tells the name of, and not where it is: a place only when
// the target has no fields but those at the top, else the name as an argument.
func (b *bindingError) unknownMember(rest string) Attr {
	name, err := strconv.Unquote(`"` + rest)
	if err == nil && b != nil && len(name) < maxPointer {
		if p := jsonPlanOf(b.target); p.self == 0 && p.exact != nil && !p.holdsFields(map[*jsonPlan]bool{p: true}) {
			return Field(bodyOf([]string{name}), "unknown_field")
		}
	}
	if err != nil {
		name = omitted
	}
	return Field(Location{}, "unknown_field", Text(SuperfluousAttributesInRequest.TextID()), Arg("Member", shortened(name)))
}

// holdsFields reports whether there may be fields of other structures below.
func (p *jsonPlan) holdsFields(seen map[*jsonPlan]bool) bool {
	below := []*jsonPlan{p.element}
	for i := range p.fields {
		below = append(below, p.fields[i].plan)
	}
	for _, q := range below {
		switch {
		case q == nil || q.bare == timeType || q.bare == opaquePlan.bare:
		case q.self != 0 || q.exact != nil || q.bare.Kind() == reflect.Interface: // which may point to anything
			return true
		case !seen[q]:
			seen[q] = true
			if q.holdsFields(seen) {
				return true
			}
		}
	}
	return false
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

// typeOfJSON returns the type of a valid JSON value by its first byte.
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
