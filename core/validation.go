package fault

import (
	"reflect"
	"strings"

	"github.com/polyfault/polyfault/internal/errtree"
)

// validatorError is what a field error of go-playground/validator looks like. Core does not import
// it.
type validatorError interface {
	Tag() string
	ActualTag() string
	Namespace() string
	StructNamespace() string
	Field() string
	Param() string
	Kind() reflect.Kind
	Type() reflect.Type
}

// inferValidation recognises lists of field errors by their shape, in all branches of the tree.
// Values stay out of the answer.
func inferValidation(err error) *Fault {
	in := ""
	if b, ok := errtree.As[*bindingError](err); ok {
		in = b.in
	}
	c := fieldCollector{in: in, budget: maxElements}
	for e := range errtree.All(err) {
		c.collect(e, 0)
	}
	if len(c.entries.entries) == 0 {
		return nil
	}
	return &Fault{kind: ValidationFailed, attrs: []Attr{{op: opDetails, value: c.entries.entries}}}
}

// maxElements bounds how many elements of lists of errors are looked at.
const maxElements = 8000

// fieldCollector goes through lists of field errors, which may hold each other and themselves.
type fieldCollector struct {
	in      string // of a Location
	entries Details
	budget  int
}

func (c *fieldCollector) collect(err error, nesting int) {
	list := reflect.ValueOf(err)
	if list.Kind() != reflect.Slice || nesting > maxNesting {
		return
	}
	for i := range list.Len() {
		if c.budget--; c.budget < 0 {
			return
		}
		switch element := list.Index(i).Interface().(type) {
		case validatorError:
			c.entries.addField(validatorField(element, c.in))
		case error: // gin: a list of lists
			c.collect(element, nesting+1)
		}
	}
}

func validatorField(e validatorError, in string) *fieldError {
	path := fieldPath(e)
	at := Location{in: in, name: path}
	if in == "" {
		at = bodyAt(fieldPointer(path))
	}
	text, attrs := ruleOf(e)
	code := e.Tag()
	if strings.ContainsAny(code, "|=") { // a list of rules, with their parameters
		code = "invalid"
	}
	return newFieldError(at, code, append(attrs, Text(text)))
}

// fieldPath is the namespace without the name of the root structure, which an anonymous one has not. The
// name of a generic one has brackets with dots in them.
func fieldPath(e validatorError) string {
	root, path, ok := cutStep(e.Namespace())
	other, _, _ := cutStep(e.StructNamespace())
	if !ok || root != other || strings.HasSuffix(root, "]") && isIndex(root[strings.IndexByte(root, '[')+1:len(root)-1]) {
		return e.Namespace()
	}
	return path
}

// cutStep cuts at the first dot outside of brackets.
func cutStep(path string) (step, rest string, ok bool) {
	depth := 0
	for i := range len(path) {
		switch path[i] {
		case '[':
			depth++
		case ']':
			depth--
		case '.':
			if depth == 0 {
				return path[:i], path[i+1:], true
			}
		}
	}
	return path, "", false
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
