package formats

import (
	"fmt"
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// WebAPI is {"err":{"code":100,"msg":"…","type":"…"},"stat":"fail"}, the shape of web APIs made with djblets
// (https://github.com/djblets/djblets). Its keys are sorted on every level.
//
//   - err has code (the kind's [fault.Kind.Number], or the status if it has none), msg (the text),
//     type ([fault.Kind.Type], or the code of another service, see [fault.Occurrence.Code]), subtype ([fault.Subtype]), trace_id,
//     and detail, the error's detail of that name.
//   - fields, at the root, has a list of texts for each name with field errors. The name of the whole body is "#".
//   - places, at the root, exists if a name in fields alone would be another place. It has a list of places for each such
//     name, one for each text: a JSON Pointer as a fragment ("#/a.b"), or the part of the request and the name ("query page").
//   - input, at the root, exists if there is something to say about the request's body as such.
//   - Other details are members of the root. Those named "stat", "err", "fields", "places", "details", "input" or
//     "errors_total" are in "details" instead.
//
// The zero value is ready.
type WebAPI struct {
	// Vendor makes the media type application/vnd.<vendor>.error+json; it is application/json if Vendor is
	// empty. A vendor has letters, digits, "." and "-" (RFC 6838, section 4.2).
	Vendor string
}

// ContentType returns "application/json", or that of the vendor.
func (f WebAPI) ContentType() string {
	if f.Vendor == "" {
		return "application/json"
	}
	return "application/vnd." + f.Vendor + ".error+json"
}

// Check returns an error for an invalid vendor. NewResponder calls it.
func (f WebAPI) Check() error {
	for _, c := range f.Vendor {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-') {
			return fmt.Errorf("the vendor %q may have letters, digits, dots and hyphens only", f.Vendor)
		}
	}
	return nil
}

// Use returns [fault.OneLanguage].
func (WebAPI) Use() fault.TextUse { return fault.OneLanguage }

// Reusable returns true.
func (WebAPI) Reusable() bool { return true }

// reserved are the members that the format makes itself.
var reserved = []string{"details", "err", "errors_total", "fields", "input", "places", "stat"}

// A member is a member of the root.
type member struct {
	name  string
	value any
}

// Append appends the body.
func (f WebAPI) Append(dst []byte, o *fault.Occurrence) []byte {
	fields := fieldsOf(o)
	root, inside, detail := f.sort(o, fields)
	object := newObject(dst)
	for _, m := range root {
		object.key(m.name)
		switch m.name {
		case "stat":
			object.dst = append(object.dst, `"fail"`...)
		case "err":
			object.dst = f.appendErr(object.dst, o, detail)
		case "fields":
			object.dst = f.appendFields(object.dst, fields, textOf)
		case "places":
			object.dst = f.appendFields(object.dst, untold(fields), placeOf)
		case "input":
			object.dst = o.AppendInput(object.dst)
		case "errors_total":
			object.dst = o.AppendJSON(object.dst, o.ErrorCount())
		case "details":
			object.dst = o.AppendJSON(object.dst, inside)
		default:
			object.dst = o.AppendJSON(object.dst, m.value)
		}
	}
	return object.end()
}

// sort returns the members of the root in order, the details that cannot be there, and the one for err.
func (WebAPI) sort(o *fault.Occurrence, fields []field) (root []member, inside map[string]any, detail *member) {
	root = append(root, member{name: "stat"}, member{name: "err"})
	names := namesOf(o)
	for name, value := range o.Details() {
		switch {
		case name == "detail":
			detail = &member{name, value}
		case name == "trace_id" && value == any(o.TraceID()): // err has it
		case slices.Contains(reserved, name):
			if inside == nil {
				inside = map[string]any{}
				root = append(root, member{name: "details"})
			}
			inside[name] = value
		default:
			root = append(root, member{names.of(name), value})
		}
	}
	if len(fields) > 0 {
		root = append(root, member{name: "fields"})
	}
	if len(untold(fields)) > 0 {
		root = append(root, member{name: "places"})
	}
	if incomplete(o) {
		root = append(root, member{name: "errors_total"})
	}
	if _, _, ok := o.Input(); ok {
		root = append(root, member{name: "input"})
	}
	slices.SortFunc(root, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return root, inside, detail
}

func (WebAPI) appendErr(dst []byte, o *fault.Occurrence, detail *member) []byte {
	k := o.Kind()
	number := k.Number()
	if number == 0 {
		number = o.Status()
	}
	object := newObject(dst)
	object.number("code", number)
	if detail != nil {
		object.key("detail")
		object.dst = o.AppendJSON(object.dst, detail.value)
	}
	object.key("msg")
	object.dst = o.AppendText(object.dst)
	if o.Subtype() != "" {
		object.text("subtype", o.Subtype())
	}
	object.text("trace_id", o.TraceID())
	object.text("type", typeOf(o))
	return object.end()
}

// typeOf returns the kind's type. A code of another service without a kind in this one is used as the type.
func typeOf(o *fault.Occurrence) string {
	if code := o.Code(); code != o.Kind().Code() {
		return code
	}
	return o.Kind().Type()
}

// A field is an error and its name among the fields.
type field struct {
	fault.DetailError
	name string
}

// fieldsOf returns the errors, sorted by name.
func fieldsOf(o *fault.Occurrence) (fields []field) {
	names := namesOf(o)
	for e := range o.Errors() {
		fields = append(fields, field{e, names.of(e.Name())})
	}
	slices.SortStableFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return fields
}

// untold returns the fields of each name that does not tell the place of all its fields.
func untold(fields []field) (list []field) {
	names := map[string]bool{}
	for _, f := range fields {
		names[f.name] = names[f.name] || !isTold(f.name, f.At())
	}
	for _, f := range fields {
		if names[f.name] {
			list = append(list, f)
		}
	}
	return list
}

func textOf(dst []byte, f *field) []byte { return f.AppendText(dst) }

func placeOf(dst []byte, f *field) []byte { return jsontext.AppendQuoted(dst, notation(f.At())) }

// appendFields appends, for each name, the list that of makes of its errors.
func (WebAPI) appendFields(dst []byte, fields []field, of func([]byte, *field) []byte) []byte {
	object := newObject(dst)
	for i := range fields {
		if i > 0 && fields[i].name == fields[i-1].name {
			object.dst = append(object.dst, ',')
		} else {
			if i > 0 {
				object.dst = append(object.dst, ']')
			}
			object.key(fields[i].name)
			object.dst = append(object.dst, '[')
		}
		object.dst = of(object.dst, &fields[i])
	}
	if len(fields) > 0 {
		object.dst = append(object.dst, ']')
	}
	return object.end()
}
