package fault

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// BindJSON decodes the JSON value in body into v, as [json.Unmarshal] does, and strictly: it refuses
// members that v has no field for, down to 64 levels, what stands behind the value, and objects that
// lack a mandatory member or have null there. mandatory are names of members at the top ("qty") or
// JSON Pointers ("/address/zip").
//
// All failing members are told at once, as field errors with the codes "unknown_field", "required" and
// "type". The error is of kind [InvalidJSON] when a type is wrong (with the position of the first
// one), else [MandatoryAttributesMissing], else [SuperfluousAttributesInRequest]; [InvalidJSON] with
// the position for a syntax error; what reading body gives, by [Binding], otherwise. v may have been
// filled in part. A v that is no pointer is a [ProgrammingError].
//
// How much is read is the caller's choice: see [http.MaxBytesReader].
func BindJSON(body io.Reader, v any, mandatory ...string) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return Binding(err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return Binding(io.ErrUnexpectedEOF)
	}
	err = json.Unmarshal(raw, v)
	if _, ok := errors.AsType[*json.InvalidUnmarshalError](err); ok {
		return ProgrammingError.Wrap(err)
	}
	var mismatch *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &mismatch) {
		return Binding(err)
	}
	s := strict{}
	s.value(reflect.TypeOf(v), raw, "", 0)
	for _, name := range mandatory {
		if at := InBody(name); !s.has(raw, at) {
			s.missing = append(s.missing, at)
		}
	}
	return s.err(err)
}

// strict collects what encoding/json lets pass, and the types that it would name one at a time.
type strict struct {
	unknown, missing []Location
	types            []*fieldError
}

func (s *strict) err(mismatch error) error {
	var d Details
	var input []Attr
	if first, ok := mismatch.(*json.UnmarshalTypeError); ok && len(s.types) > 0 {
		input = inputAttrs(first.Offset, Location{})
	}
	for _, at := range s.unknown {
		d.AddField(at, "unknown_field")
	}
	for _, at := range s.missing {
		d.AddField(at, "required")
	}
	for _, e := range s.types {
		d.addField(e)
	}
	switch {
	case mismatch != nil && len(s.types) == 0: // a type that decodes itself
		return Binding(mismatch)
	case mismatch != nil:
		return InvalidJSON.Wrap(mismatch, append(input, DetailsOf(&d))...)
	case len(s.missing) > 0:
		return d.Err(MandatoryAttributesMissing)
	}
	return d.Err(SuperfluousAttributesInRequest)
}

// maxJSONDepth bounds the walk, which reads each level anew.
const maxJSONDepth = 64

// value goes through the value as t takes it.
func (s *strict) value(t reflect.Type, raw json.RawMessage, pointer string, depth int) {
	raw = bytes.TrimSpace(raw)
	for t != nil && t.Kind() == reflect.Pointer && !decodesItself(t) {
		t = t.Elem()
	}
	if t == nil || decodesItself(t) || decodesItself(reflect.PointerTo(t)) || len(raw) == 0 || raw[0] == 'n' || depth > maxJSONDepth {
		return
	}
	switch t.Kind() {
	case reflect.Interface:
	case reflect.Struct, reflect.Map:
		s.object(t, raw, pointer, depth)
	case reflect.Slice, reflect.Array:
		s.list(t, raw, pointer, depth)
	default:
		s.scalar(t, raw, pointer)
	}
}

func decodesItself(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[json.Unmarshaler]()) || t.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func (s *strict) object(t reflect.Type, raw json.RawMessage, pointer string, depth int) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		s.mismatch(t, raw, pointer)
		return
	}
	for _, name := range namesInOrder(raw, members) {
		at := pointer + jsonpointer.To(name)
		if t.Kind() == reflect.Map {
			s.value(t.Elem(), members[name], at, depth+1)
			continue
		}
		if field, ok := jsonField(t, name); ok {
			s.value(field, members[name], at, depth+1)
			continue
		}
		s.unknown = append(s.unknown, bodyAt(at))
	}
}

// namesInOrder are the names of the members as the document has them.
func namesInOrder(raw json.RawMessage, members map[string]json.RawMessage) []string {
	names, seen := make([]string, 0, len(members)), make(map[string]bool, len(members))
	d := json.NewDecoder(bytes.NewReader(raw))
	_, _ = d.Token()
	for d.More() {
		name, _ := d.Token()
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			break
		}
		if text, _ := name.(string); !seen[text] {
			seen[text] = true
			names = append(names, text)
		}
	}
	return names
}

func (s *strict) list(t reflect.Type, raw json.RawMessage, pointer string, depth int) {
	if jsonType(t) == "string" { // base64
		s.scalar(t, raw, pointer)
		return
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		s.mismatch(t, raw, pointer)
		return
	}
	for i, item := range items {
		s.value(t.Elem(), item, pointer+"/"+strconv.Itoa(i), depth+1)
	}
}

func (s *strict) scalar(t reflect.Type, raw json.RawMessage, pointer string) {
	if json.Unmarshal(raw, reflect.New(t).Interface()) != nil {
		s.mismatch(t, raw, pointer)
	}
}

func (s *strict) mismatch(t reflect.Type, raw json.RawMessage, pointer string) {
	s.types = append(s.types, typeError(bodyAt(pointer), jsonType(t), typeOfJSON(raw[0])))
}

// jsonField finds the field that encoding/json puts the member into: by name, else without regard to
// letter case.
func jsonField(t reflect.Type, name string) (reflect.Type, bool) {
	var folded reflect.Type
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Tag.Get("json") == "-" || f.Anonymous && tag == "" {
			continue
		}
		own := f.Name
		if tag != "" {
			own = tag
		}
		if own == name {
			return quotedType(f), true
		}
		if folded == nil && strings.EqualFold(own, name) {
			folded = quotedType(f)
		}
	}
	return folded, folded != nil
}

// quotedType is the type of the field's JSON: that of a field with the option "string" is not looked
// into.
func quotedType(f reflect.StructField) reflect.Type {
	if _, options, _ := strings.Cut(f.Tag.Get("json"), ","); slices.Contains(strings.Split(options, ","), "string") {
		return reflect.TypeFor[any]()
	}
	return f.Type
}

// has reports whether there is a value other than null at the location.
func (*strict) has(raw json.RawMessage, at Location) bool {
	for _, step := range at.Segments() {
		raw = within(raw, step)
	}
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && raw[0] != 'n'
}

// within is the member of an object, or the item of a list; nil when there is none.
func within(raw json.RawMessage, step string) json.RawMessage {
	var items []json.RawMessage
	if i, err := strconv.Atoi(step); err == nil && json.Unmarshal(raw, &items) == nil {
		if i >= 0 && i < len(items) {
			return items[i]
		}
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return memberOf(members, step)
}

func memberOf(members map[string]json.RawMessage, name string) json.RawMessage {
	if raw, ok := members[name]; ok {
		return raw
	}
	for other, raw := range members { // as encoding/json matches
		if strings.EqualFold(other, name) {
			return raw
		}
	}
	return nil
}

// Binding marks err as met while reading the input of the request: decoding the body, converting a
// parameter. Some errors mean the client only then: io.EOF is an empty body here and a broken
// upstream elsewhere. What nothing else classifies is [BadRequest]. Nil stays nil.
//
//	if err := json.NewDecoder(r.Body).Decode(&booking); err != nil {
//		return fault.Binding(err)
//	}
//
// in says what part of the request was read, when it was not the body: [InQuery], [InPath], [InHeader],
// [InCookie]. Field errors of a validator then lie there.
//
//	if err := c.ShouldBindQuery(&filter); err != nil {
//		return fault.Binding(err, fault.InQuery)
//	}
func Binding(err error, in ...func(name string) Location) error {
	if IsNil(err) {
		return nil
	}
	b := &bindingError{error: err}
	for _, part := range in {
		if part != nil {
			b.in = part("").in
		}
	}
	return b
}

// BindingTo is [Binding] for input that was read into target: field errors of a validator, which speak of Go names,
// then lie where the target's tags say. target is the value, a pointer to it, or its [reflect.Type].
//
//	if err := validate.Struct(&booking); err != nil {
//		return fault.BindingTo(&booking, err)
//	}
func BindingTo(target any, err error, in ...func(name string) Location) error {
	if IsNil(err) {
		return nil
	}
	b := Binding(err, in...).(*bindingError)
	t, ok := target.(reflect.Type)
	if !ok {
		t = reflect.TypeOf(target)
	}
	b.target = t
	return b
}

type bindingError struct {
	error
	in     string       // of a Location
	target reflect.Type // what the input was read into; nil when nobody said so
}

func (e *bindingError) Unwrap() error { return e.error }
