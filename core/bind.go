package fault

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"strings"
)

// BindJSON decodes the JSON value in body into v, strictly. It accepts what [json.Decoder] with DisallowUnknownFields
// accepts, and gives v the same value. It also refuses input after the value, an object that has a name twice at any
// depth, and objects in which a mandatory member is missing or null. mandatory are names of members at the top
// ("qty") or JSON Pointers ("/address/zip", "/items/0/qty").
//
// The error names all failing members at once, as field errors with the codes "unknown_field", "unique" (a name that
// comes twice), "required" and "type". Its kind is the first of these that applies:
//
//   - [InvalidJSON], with the position, for a syntax error
//   - [InvalidJSON], with the position of the first one, for values of a wrong type
//   - [MandatoryAttributesMissing]
//   - [SuperfluousAttributesInRequest]
//   - [ValidationFailed], for names that come twice
//
// An error of reading body is returned as by [Binding]. A v that is not a pointer is a [ProgrammingError].
//
// A type that decodes itself and refuses its input fails the member with the code "type", without the type's own
// text. Mappers see its error; without a mapper the kind is [BadParamValue] for errors of strconv and time, else
// [BadRequest]. BindJSON may call such a type twice, the second time for a value that is thrown away. After an error,
// v may be filled in part.
//
// A JSON Pointer to a member below more than 1024 bytes of names ends at a parent of the member. The caller bounds
// the body, with [http.MaxBytesReader]. More than 4 GiB are [ContentTooLarge].
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

// Binding marks err as an error of reading the input of the request: of decoding the body, or of converting a
// parameter. Some errors are the client's mistake only then: io.EOF is an empty body here, and a broken upstream
// elsewhere. If nothing else classifies the error, it is [BadRequest]. Nil stays nil.
//
//	if err := json.NewDecoder(r.Body).Decode(&booking); err != nil {
//		return fault.Binding(err)
//	}
//
// in tells which part of the request was read, if it was not the body: [InQuery], [InPath], [InHeader] or [InCookie].
// Field errors of a validator then lie there.
//
//	if err := c.ShouldBindQuery(&filter); err != nil {
//		return fault.Binding(err, fault.InQuery)
//	}
//
// The place of a field error has the client's own names, or is a parent of the place, and is never a Go name. Errors
// of encoding/json and of validators tell too little for more. Of the former, only a member at the top has a place
// (the document is taken to be an object). Of the latter, only names that a function given to the validator chose
// ([FieldName]) are used, if they differ from the Go names. Any other error is about the body as a whole. [BindingTo]
// knows more, and [BindJSON] everything.
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

// BindingTo is [Binding] for input that was read into target. Validators name fields by their Go names, and errors of
// encoding/json leave out list items, map keys and the place of an unknown member. With target, such errors have the
// places that its fields and tags give, or a parent of the place. target is the value, a pointer to it, or its
// [reflect.Type].
//
//	if err := validate.Struct(&booking); err != nil {
//		return fault.BindingTo(&booking, err)
//	}
//
// An error about the key of a map is about the map. Texts of rules about two fields ("eqfield") name the other field
// as clients do; without the target they do not name it.
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
	target reflect.Type // the type that the input was read into; nil if not known
}

func (b *bindingError) Unwrap() error { return b.error }
