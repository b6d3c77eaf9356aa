package fault

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"strings"
)

// BindJSON decodes the JSON value in body into v, and strictly: it accepts what [json.Decoder] with
// DisallowUnknownFields accepts, gives v the same value, and refuses besides what stands behind the value, an object
// that has a name twice, wherever it lies, and objects that lack a mandatory member or have null there. mandatory are
// names of members at the top ("qty") or JSON Pointers ("/address/zip", "/items/0/qty").
//
// All failing members are told at once, as field errors with the codes "unknown_field", "unique" (a name that comes
// twice), "required" and "type". The error is of kind [InvalidJSON] when a type is wrong (with the position of the
// first one), else [MandatoryAttributesMissing], else [SuperfluousAttributesInRequest], else, for names that come twice,
// [ValidationFailed]; [InvalidJSON] with the position for a syntax error; what reading body gives, by [Binding],
// otherwise. A type that decodes itself and refuses its input fails the member with the code "type", without its text;
// mappers see its error, and without one the kind is [BadParamValue] for errors of strconv and time, else [BadRequest].
// It may be asked twice, the second time for a value that is thrown away. v may have been filled in part. A v that is
// no pointer is a [ProgrammingError].
//
// A pointer to a member that lies deep, more than 1024 bytes of names, ends at what holds it. How much is read is the
// caller's choice: see [http.MaxBytesReader]. More than 4 GiB are [ContentTooLarge].
func BindJSON(body io.Reader, v any, mandatory ...string) error {
	value := reflect.ValueOf(v)
	if value.Kind() != reflect.Pointer || value.IsNil() {
		return ProgrammingError.Wrap(&json.InvalidUnmarshalError{Type: reflect.TypeOf(v)})
	}
	text, err := io.ReadAll(body)
	switch {
	case err != nil:
		return Binding(err)
	case uint64(len(text)) >= math.MaxUint32:
		return ContentTooLarge.New()
	case len(bytes.Trim(text, jsonSpaces)) == 0:
		return Binding(io.ErrUnexpectedEOF)
	}
	plan := jsonPlanOf(value.Type())
	w := jsonWalk{jsonScan: jsonScan{text: text}}
	w.require(mandatory)
	if w.isFine(plan) {
		if err = decodeJSON(text, value); err == nil {
			return nil
		}
	}
	if syntax := json.Unmarshal(text, &ignored{}); syntax != nil {
		return Binding(syntax)
	}
	if _, ours := From(err); ours {
		return Binding(err)
	}
	w.findAll(plan, value)
	if all := w.found(); all != nil {
		return all
	}
	if err == nil {
		err = decodeJSON(text, value)
	}
	return unexplained(value, err)
}

// decodeJSON decodes one value, behind which nothing stands. The fields are known to be there, unless an interface
// holds a pointer to others: in a zero value none does.
func decodeJSON(text []byte, value reflect.Value) error {
	if value.Elem().IsZero() {
		return json.Unmarshal(text, value.Interface())
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(value.Interface()); err != nil {
		return err
	}
	if rest := text[d.InputOffset():]; len(bytes.Trim(rest, jsonSpaces)) > 0 {
		return json.Unmarshal(text, &ignored{})
	}
	return nil
}

const jsonSpaces = " \t\r\n"

// ignored takes any JSON: decoding into it finds syntax errors alone.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// unexplained is for what encoding/json refuses without a reason in the document: a type that decodes itself and
// depends on what its value was before, or one that cannot be decoded into.
func unexplained(value reflect.Value, err error) error {
	if strings.HasPrefix(errorText(err), "json: cannot set embedded pointer to unexported struct") {
		return ProgrammingError.Wrap(err)
	}
	return BindingTo(value.Type(), err)
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
//
// The place of a field error is the client's own, or what holds it, and never a Go name. Errors of encoding/json and of
// validators tell too little for more: of the former only a member at the top has a place (the document is taken to be
// an object), of the latter the names that a function given to the validator chose ([FieldName]), as far as they differ
// from those in Go. What is not known is told of the body as a whole. [BindingTo] knows more, and [BindJSON] all.
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

// BindingTo is [Binding] for input that was read into target: field errors of a validator, which speak of Go names, and
// errors of encoding/json, which leave out items, keys and where an unknown member is, then lie where the target's
// fields and tags say, or in what is known to hold the place. target is the value, a pointer to it, or its
// [reflect.Type].
//
//	if err := validate.Struct(&booking); err != nil {
//		return fault.BindingTo(&booking, err)
//	}
//
// An error about the key of a map is told of the map. Rules that speak of other fields ("eqfield") call them as clients
// do; without the target their texts do not name them.
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

func (b *bindingError) Unwrap() error { return b.error }
