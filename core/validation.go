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
func inferValidation(errs errtree.List) *Fault {
	c := fieldCollector{budget: maxElements}
	for _, e := range errs.Errors {
		if b, ok := e.(*bindingError); ok {
			c.enter(b)
		}
		c.collect(e, 0)
	}
	if len(c.entries.entries) == 0 {
		return nil
	}
	return &Fault{kind: ValidationFailed, attrs: []Attr{{op: opDetails, value: c.entries.sealed()}}}
}

// maxElements bounds how many elements of lists of errors are looked at.
const maxElements = 8000

// fieldCollector goes through lists of field errors, which may hold each other and themselves.
type fieldCollector struct {
	in      string       // of a Location
	target  reflect.Type // what the input was read into; nil when nobody said so
	entries Details
	budget  int
	finder  placeFinder
}

// isInner reports whether the error unwraps: a walk then comes to what the list holds by itself.
func isInner(err error) bool {
	switch err.(type) {
	case interface{ Unwrap() error }, interface{ Unwrap() []error }, interface{ Cause() error }:
		return true
	}
	return false
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
	if list.Kind() != reflect.Slice || nesting > maxNesting || isInner(err) {
		return
	}
	root := ""
	if c.target == nil {
		root = rootOf(list)
	}
	for i := range list.Len() {
		element := list.Index(i).Interface()
		field, is := element.(validatorError)
		switch {
		case is && c.entries.errors == maxDetailErrors: // no response sends more: the rest is counted
			c.entries.others++
			continue
		case c.budget == 0:
			return
		case is:
			c.entries.addField(c.field(field, root))
		default:
			c.inside(element, nesting)
		}
		c.budget--
	}
}

// inside collects from a list of lists, as gin has them.
func (c *fieldCollector) inside(element any, nesting int) {
	err, ok := element.(error)
	if !ok {
		return
	}
	if b, ok := err.(*bindingError); ok {
		c.enter(b)
		err = b.error
	}
	c.collect(err, nesting+1)
}

func (c *fieldCollector) field(e validatorError, root string) *fieldError {
	place := c.place(e, root)
	code := e.Tag()
	if strings.ContainsAny(code, "|=") { // a list of rules, with their parameters
		code = "invalid"
	}
	at := place.location()
	switch {
	case place.exact:
		text, attrs := ruleOf(e, c)
		return newFieldError(at, code, append(attrs, Text(text)))
	case at.in != "" && at.name == "":
		return newFieldError(at, code, []Attr{Text(ValidationFailed.TextID())})
	}
	return newFieldError(at, code, []Attr{Text(ruleInvalid)}) // what is wrong is a part of it
}

// place returns where the field lies, or what holds it. A rule about the keys of a map is about the map: the key was refused.
func (c *fieldCollector) place(e validatorError, root string) *placeFinder {
	f := &c.finder
	*f = newPlaceFinder(c.in)
	if c.target != nil {
		f.ofGoNames(c.target, e.StructNamespace())
	} else {
		f.ofNames(e.Namespace(), e.StructNamespace(), root)
	}
	if f.exact && f.holder.keyed && mayBeKey(e, f.steps[len(f.steps)-1], f.holder) {
		f.steps, f.exact = f.steps[:len(f.steps)-1], false
	}
	return f
}

// mayBeKey reports whether the error may be about the key of an entry instead of its value.
func mayBeKey(e validatorError, key string, h holder) bool {
	t := e.Type()
	if h.key != nil && (t != h.key || indirect(h.element) != t) {
		return t == h.key
	}
	valued, ok := e.(interface{ Value() any })
	if !ok {
		return true
	}
	v := reflect.ValueOf(valued.Value())
	switch k := v.Kind(); {
	case k == reflect.String || k >= reflect.Bool && k <= reflect.Float64:
		return v.NumMethod() > 0 || basicText(v) == key
	case k == reflect.Struct || k == reflect.Array:
		return v.Comparable()
	}
	return false
}

// other returns the place of another field that a rule of e speaks of: one beside it, or one by its path from the root.
func (c *fieldCollector) other(e validatorError, name string) (Location, bool) {
	own, ok := e.(interface{ StructField() string })
	if c.target == nil || !ok {
		return Location{}, false
	}
	beside := strings.TrimSuffix(e.StructNamespace(), own.StructField())
	if isFromRoot(e.ActualTag()) {
		beside = ""
		if root := indirect(c.target).Name(); root != "" {
			beside = root + "."
		}
	}
	if beside != "" && !strings.HasSuffix(beside, ".") {
		return Location{}, false
	}
	f := newPlaceFinder(c.in)
	f.ofGoNames(c.target, beside+name)
	at := f.location()
	return at, f.exact
}

// isFromRoot reports whether the tag names another field by its path from the root.
func isFromRoot(tag string) bool { return strings.HasSuffix(tag, "csfield") }

// rootOf returns the name of the structure that a list of errors is about. It is not told apart from a field of a structure
// without a name, unless the errors of the list begin in different ways.
func rootOf(list reflect.Value) string {
	root := ""
	for i := range min(list.Len(), maxElements) {
		e, ok := reflect.TypeAssert[validatorError](list.Index(i))
		if !ok {
			continue
		}
		name, more := firstStep(e.Namespace())
		other, _ := firstStep(e.StructNamespace())
		if !more || name != other || !isTypeName(name) || i > 0 && name != root {
			return ""
		}
		root = name
	}
	return root
}

// isTypeName tells a name, that of a generic type perhaps, from an item of a list or map.
func isTypeName(name string) bool {
	_, arguments, generic := strings.Cut(name, "[")
	if !generic {
		return name != ""
	}
	first, _, _ := strings.Cut(strings.TrimSuffix(arguments, "]"), ",")
	return name[0] != '[' && (strings.Contains(first, ".") || predeclared[first])
}

var predeclared = func() map[string]bool {
	types := map[string]bool{"interface {}": true}
	for k := reflect.Bool; k <= reflect.Complex128; k++ {
		types[k.String()] = true
	}
	types["string"] = true
	return types
}()

// FieldName returns the name of a struct's field in requests, from its tags json, form, query, param, uri, header,
// xml, yaml or toml. Give it to a validator, in place of the Go name:
//
//	validate := validator.New()
//	validate.RegisterTagNameFunc(fault.FieldName)
//
// It returns "" for a field that requests do not have ("-"), and for a field without such a tag: then the validator
// uses the Go name. The name of `json:"-,"` is "-", as in encoding/json.
func FieldName(field reflect.StructField) string {
	for _, tag := range []string{"json", "form", "query", "param", "uri", "header", "xml", "yaml", "toml"} {
		if field.Tag.Get(tag) == "-" {
			return ""
		}
		name, _, _ := strings.Cut(field.Tag.Get(tag), ",")
		if name != "" && (tag != "json" || isJSONName(name)) {
			return name
		}
	}
	return ""
}

// parameterTags are the tags that name parameters, by what part of the request they are.
var parameterTags = map[string][]string{
	"query": {"form", "query"}, "path": {"uri", "param", "params"}, "header": {"header", "reqHeader"}, "cookie": {"cookie"},
}

// parameterName returns the name of a parameter, or "" if it has no tag. It returns false for a field that is no parameter.
func parameterName(field reflect.StructField, in string) (name string, ok bool) {
	for _, tag := range parameterTags[in] {
		value := field.Tag.Get(tag)
		if value == "-" {
			return "", false
		}
		if name, _, _ = strings.Cut(value, ","); name != "" {
			return name, true
		}
	}
	name = FieldName(field)
	return name, name != "" || field.Tag.Get("json") != "-" && field.Tag.Get("form") != "-"
}
