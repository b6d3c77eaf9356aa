package fault

import (
	"reflect"
	"strings"
)

// validatorError is what a field error of go-playground/validator looks like. Core does not import
// it.
type validatorError interface {
	Tag() string
	ActualTag() string
	Namespace() string
	Field() string
	Param() string
	Kind() reflect.Kind
	Type() reflect.Type
}

// inferValidation recognises lists of field errors by their shape, in all branches of the tree.
// Values stay out of the answer.
func inferValidation(err error) *Fault {
	in := ""
	if b, ok := asError[*bindingError](err); ok {
		in = b.in
	}
	var entries Details
	find(err, func(e error) (struct{}, bool) {
		collectFields(&entries, e, in)
		return struct{}{}, false
	})
	if len(entries.entries) == 0 {
		return nil
	}
	return &Fault{kind: ValidationFailed, attrs: []Attr{{op: opDetails, value: entries.entries}}}
}

func collectFields(entries *Details, err error, in string) {
	list := reflect.ValueOf(err)
	if list.Kind() != reflect.Slice {
		return
	}
	for i := range list.Len() {
		switch element := list.Index(i).Interface().(type) {
		case validatorError:
			entries.addField(validatorField(element, in))
		case error: // gin: a list of lists
			collectFields(entries, element, in)
		}
	}
}

func validatorField(e validatorError, in string) *fieldError {
	path := fieldPath(e.Namespace())
	at := Location{in: in, name: path}
	if in == "" {
		at = bodyAt(fieldPointer(path))
	}
	text, attrs := ruleOf(e)
	return newFieldError(at, e.Tag(), append(attrs, Text(text)))
}

// fieldPath is the namespace without the name of the root structure.
func fieldPath(namespace string) string {
	if _, path, ok := strings.Cut(namespace, "."); ok {
		return path
	}
	return namespace
}

// FieldName is the name of a field of a structure in requests, from its tags json, form, query, param,
// uri, header, xml, yaml or toml: what validators should call it, instead of its Go name.
//
//	validate := validator.New()
//	validate.RegisterTagNameFunc(fault.FieldName)
//
// It is "" for a field that requests do not have ("-") and for one without such a tag: the validator
// then uses the Go name.
func FieldName(field reflect.StructField) string {
	for _, tag := range []string{"json", "form", "query", "param", "uri", "header", "xml", "yaml", "toml"} {
		name, _, _ := strings.Cut(field.Tag.Get(tag), ",")
		if name == "-" {
			return ""
		}
		if name != "" {
			return name
		}
	}
	return ""
}
