package jsontext

import (
	"encoding"
	"encoding/json"
	"reflect"
)

// Bounds of the search for errors. What is larger would be too much for a body anyway.
const (
	maxSearched = 1 << 20 // values
	maxPointers = 256     // nesting: encoding/json finds the cycles among them
)

// isError: whatever an error says of its JSON form, its text is for logs.
func isError(v any) bool {
	_, is := v.(error)
	return is
}

func encodesItself(v any) bool {
	switch v.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return true
	}
	return false
}

// standIn is in the place of an error inside of a value.
type standIn struct{}

func (standIn) Error() string                { return Unencodable }
func (standIn) MarshalText() ([]byte, error) { return []byte(Unencodable), nil }

// withoutErrors returns v, or a copy that has stand-ins where v holds errors; complete tells which. It is ok unless an
// error has a place that only its own type fits, or there is too much to search.
func withoutErrors(v any) (safe any, complete, ok bool) {
	s := searcher{left: maxSearched}
	found := s.find(reflect.ValueOf(v), 0)
	if s.left < 0 {
		return nil, false, false
	}
	if !found {
		return v, true, true
	}
	dst := reflect.New(reflect.TypeOf(v)).Elem()
	dst.Set(reflect.ValueOf(v))
	ok = mask(dst)
	return dst.Interface(), false, ok
}

type searcher struct{ left int }

// find reports whether the value holds a error where encoding/json looks.
func (s *searcher) find(v reflect.Value, depth int) bool {
	if s.left--; s.left < 0 || depth > maxPointers || !v.IsValid() {
		return false
	}
	if !mayHold(v.Type()) || isNil(v) {
		return false
	}
	if v.CanInterface() {
		if one := v.Interface(); isError(one) {
			return true
		} else if encodesItself(one) {
			return false
		}
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return s.find(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if s.find(v.Index(i), depth+1) {
				return true
			}
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			if s.find(key, depth+1) || s.find(value, depth+1) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if isEncoded(v.Type().Field(i)) && s.find(v.Field(i), depth+1) {
				return true
			}
		}
	}
	return false
}

// mayHold is a quick no for lists of numbers, texts and bytes.
func mayHold(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Struct:
		return true
	case reflect.Slice, reflect.Array, reflect.Map:
		return mayHold(t.Elem()) || t.Implements(errorType) || t.Kind() == reflect.Map && mayHold(t.Key())
	}
	return t.Implements(errorType)
}

var errorType = reflect.TypeFor[error]()

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

func isEncoded(field reflect.StructField) bool { return field.IsExported() || field.Anonymous }

// mask replaces the errors below dst, which can be set and is nobody else's, and copies what it goes through. It
// reports false for one that cannot be replaced.
func mask(dst reflect.Value) bool {
	if !mayHold(dst.Type()) || isNil(dst) {
		return true
	}
	if dst.Kind() != reflect.Interface && dst.CanInterface() {
		if one := dst.Interface(); isError(one) {
			return false
		} else if encodesItself(one) {
			return true
		}
	}
	switch dst.Kind() {
	case reflect.Interface:
		return maskInterface(dst)
	case reflect.Pointer:
		target := reflect.New(dst.Type().Elem())
		target.Elem().Set(dst.Elem())
		if !mask(target.Elem()) {
			return false
		}
		dst.Set(target)
	case reflect.Slice:
		list := reflect.MakeSlice(dst.Type(), dst.Len(), dst.Len())
		reflect.Copy(list, dst)
		dst.Set(list)
		return maskItems(dst)
	case reflect.Array:
		return maskItems(dst)
	case reflect.Map:
		return maskMap(dst)
	case reflect.Struct:
		for i := range dst.NumField() {
			if isEncoded(dst.Type().Field(i)) && (dst.Field(i).CanSet() || dst.Field(i).Kind() == reflect.Struct) && !mask(dst.Field(i)) {
				return false
			}
		}
	}
	return true
}

func maskInterface(dst reflect.Value) bool {
	if isError(dst.Elem().Interface()) {
		if !reflect.TypeFor[standIn]().AssignableTo(dst.Type()) {
			return false
		}
		dst.Set(reflect.ValueOf(standIn{}))
		return true
	}
	inside := reflect.New(dst.Elem().Type()).Elem()
	inside.Set(dst.Elem())
	if !mask(inside) {
		return false
	}
	dst.Set(inside)
	return true
}

func maskItems(list reflect.Value) bool {
	for i := range list.Len() {
		if !mask(list.Index(i)) {
			return false
		}
	}
	return true
}

func maskMap(dst reflect.Value) bool {
	masked := reflect.MakeMapWithSize(dst.Type(), dst.Len())
	for key, value := range dst.Seq2() {
		if isError(key.Interface()) {
			return false // two stand-ins would be one key
		}
		own := reflect.New(dst.Type().Elem()).Elem()
		own.Set(value)
		if !mask(own) {
			return false
		}
		masked.SetMapIndex(key, own)
	}
	dst.Set(masked)
	return true
}
