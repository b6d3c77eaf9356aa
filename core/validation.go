package fault

import (
	"reflect"
	"strings"

	"github.com/polyfault/polyfault/internal/errtree"
	"github.com/polyfault/polyfault/internal/jsonpointer"
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
	c := fieldCollector{budget: maxElements}
	for e := range errtree.All(err) {
		if b, ok := e.(*bindingError); ok {
			c.enter(b)
		}
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
	in      string       // of a Location
	target  reflect.Type // what the input was read into; nil when nobody said so
	entries Details
	budget  int
}

// enter takes over what the mark of a binding says of the errors inside it.
func (c *fieldCollector) enter(b *bindingError) {
	if b.in != "" {
		c.in = b.in
	}
	if b.target != nil {
		c.target = b.target
	}
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
			c.entries.addField(c.field(element))
		case error: // gin: a list of lists
			if b, ok := element.(*bindingError); ok {
				c.enter(b)
				element = b.error
			}
			c.collect(element, nesting+1)
		}
	}
}

func (c *fieldCollector) field(e validatorError) *fieldError {
	text, attrs := ruleOf(e)
	code := e.Tag()
	if strings.ContainsAny(code, "|=") { // a list of rules, with their parameters
		code = "invalid"
	}
	return newFieldError(c.place(e), code, append(attrs, Text(text)))
}

// place is where the field lies, by the names that clients know as far as they can be found.
func (c *fieldCollector) place(e validatorError) Location {
	path := fieldPath(e)
	pointer := fieldPointer(path)
	if steps, ok := clientSteps(c.target, e.StructNamespace()); ok {
		path = strings.Join(steps, ".")
		pointer = ""
		for _, step := range steps {
			pointer += jsonpointer.To(step)
		}
	}
	if c.in == "" {
		return bodyAt(pointer)
	}
	return Location{in: c.in, name: path}
}

// clientSteps walks along the Go names of a namespace ("Order.Items[0].Qty") through t, and gives the names that
// clients know: those of the tags. The fields of an embedded structure without a name are those of the outer one. A
// field that requests do not have stands for what holds it.
func clientSteps(t reflect.Type, namespace string) (steps []string, ok bool) {
	t = structOf(t)
	if t == nil {
		return nil, false
	}
	_, path, ok := cutStep(namespace)
	for ok && path != "" {
		var step string
		step, path, _ = cutStep(path)
		name, indexes, _ := strings.Cut(step, "[")
		if t == nil || t.Kind() != reflect.Struct {
			return nil, false
		}
		field, found := t.FieldByName(name)
		if !found {
			return nil, false
		}
		client := FieldName(field)
		switch {
		case client == "" && isHidden(field):
			return steps, true
		case client == "" && !field.Anonymous:
			client = field.Name
		}
		if client != "" {
			steps = append(steps, client)
		}
		t = indirect(field.Type)
		if indexes == "" {
			continue
		}
		for index := range strings.SplitSeq(strings.TrimSuffix(indexes, "]"), "][") {
			steps = append(steps, index)
			if t = elementOf(t); t == nil {
				return nil, false
			}
		}
	}
	return steps, ok
}

// isHidden reports that requests do not have the field.
func isHidden(field reflect.StructField) bool {
	for _, tag := range []string{"json", "form"} {
		if field.Tag.Get(tag) == "-" {
			return true
		}
	}
	return false
}

// structOf is the structure that t is, points to, or is a list of.
func structOf(t reflect.Type) reflect.Type {
	for range maxNesting {
		if t == nil || t.Kind() == reflect.Struct {
			return t
		}
		t = elementOf(t)
	}
	return nil
}

func indirect(t reflect.Type) reflect.Type {
	for range maxNesting { // a type may point to itself
		if t.Kind() != reflect.Pointer {
			break
		}
		t = t.Elem()
	}
	return t
}

// elementOf is the type of what t holds; nil when that is not known.
func elementOf(t reflect.Type) reflect.Type {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return indirect(t.Elem())
	}
	return nil
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
