package fault

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// A Location is one part of a request: a member of its body, or a parameter. The zero Location is the
// body as a whole. Locations are comparable.
type Location struct {
	in      string // "" for the body
	pointer string // into the body
	name    string // of a parameter; of the body the pointer as a path with dots
}

// InBody returns the place of a member of the body. name is a JSON Pointer (RFC 6901: "/items/0/qty") or the plain
// name of a member at the top ("qty"). The empty name is the body as a whole; a plain name that is empty or begins
// with a slash is written as a pointer ("/", "/~1home").
//
// A pointer of more than 1024 bytes is cut at a step, so the error is about a parent of the member. Bidirectional
// controls in a name become U+FFFD.
func InBody(name string) Location {
	if name == "" || name[0] == '/' {
		return bodyAt(name)
	}
	pointer := truePointer(jsonpointer.To(name))
	if pointer == "" {
		return Location{}
	}
	return Location{pointer: pointer, name: safeName(name)}
}

func bodyAt(pointer string) Location {
	if pointer = truePointer(pointer); pointer == "" {
		return Location{}
	}
	name := strings.ReplaceAll(pointer[1:], "/", ".")
	if strings.IndexByte(name, '~') >= 0 {
		name = jsonpointer.Unescape(name)
	}
	return Location{pointer: pointer, name: name}
}

// InQuery returns the place of a query parameter. This and the functions for other parts cut a name after 1024 bytes,
// and replace bidirectional controls in it with U+FFFD.
func InQuery(name string) Location { return Location{in: "query", name: safeName(name)} }

// InPath returns the place of a path parameter.
func InPath(name string) Location { return Location{in: "path", name: safeName(name)} }

// InHeader returns the place of a header field.
func InHeader(name string) Location { return Location{in: "header", name: safeName(name)} }

// InCookie returns the place of a cookie.
func InCookie(name string) Location { return Location{in: "cookie", name: safeName(name)} }

// In returns "body", "query", "path", "header" or "cookie".
func (l Location) In() string {
	if l.in == "" {
		return "body"
	}
	return l.in
}

// Pointer returns the JSON Pointer of a member of the body, and "" for the whole body and for parameters.
func (l Location) Pointer() string { return l.pointer }

// Name returns the name of a parameter. For a member of the body it is the path with dots ("items.0.qty").
func (l Location) Name() string { return l.name }

// isDotted reports whether the path with dots says all of the place, a member of the body.
func (l Location) isDotted(path string) bool {
	if path == "" || path != l.name {
		return path == l.pointer
	}
	return strings.Count(path, ".") == strings.Count(l.pointer, "/")-1
}

// Segments returns the unescaped steps of the JSON Pointer, or just the name of a parameter.
func (l Location) Segments() []string {
	switch {
	case l.in != "":
		return []string{l.name}
	case l.pointer == "":
		return nil
	}
	steps := strings.Split(l.pointer[1:], "/")
	for i, step := range steps {
		if strings.IndexByte(step, '~') >= 0 {
			steps[i] = jsonpointer.Unescape(step)
		}
	}
	return steps
}

// A fieldError says what is wrong with one part of the request.
type fieldError struct {
	at       Location
	name     string // key among the details
	code     string
	text     string // id
	attrs    []Attr // the arguments; the last one is {{.Field}}
	declares bool   // Texts among attrs
	label    fieldLabel
	space    [2]Attr // for attrs: one allocation holds most errors
}

// Field describes a mistake in one part of the request; one response carries all of them. Each format has its own
// shape for field errors.
//
//	return fault.ValidationFailed.New(
//		fault.Field(fault.InBody("/items/0/qty"), "min", fault.Arg("Limit", 1)),
//		fault.Field(fault.InQuery("page"), "number"),
//	)
//
// code is the broken rule, a stable name for programs ("required", "max"). The text has the id "rule."+code, unless
// [Text] among attrs chooses another; if neither exists, it is "rule.invalid". Of attrs, [Text], [Texts], [Arg] and
// [Count] are used. The placeholder {{.Field}} of the text is the name of the field: the text "field."+name in the
// language, else the name itself. The refused value is not sent, unless it is given as an argument.
//
// A response carries at most 100 field errors, and then their total number.
func Field(at Location, code string, attrs ...Attr) Attr {
	return Attr{op: opField, value: newFieldError(at, code, attrs)}
}

func newFieldError(at Location, code string, attrs []Attr) *fieldError {
	code = fieldCode(code)
	e := &fieldError{at: at, code: code, text: ruleInvalid}
	if code != "" {
		e.text = ruleText(code)
	}
	e.attrs = e.space[:0]
	for _, a := range attrs {
		switch a.op {
		case opText:
			e.text, e.declares = a.name, false
		case opTexts:
			e.declares = true
			e.attrs = append(e.attrs, a)
		case opArg, opCount:
			e.attrs = append(e.attrs, a)
		}
	}
	e.name = shortened(at.Name())
	e.label.name = neutral(e.name)
	e.attrs = append(e.attrs, Attr{op: opArg, name: fieldArg, value: &e.label})
	return e
}

const (
	rulePrefix  = "rule."
	ruleInvalid = "rule.invalid"
	fieldPrefix = "field."
	fieldArg    = "Field"
	wholeBody   = "request_body.title" // what stands for the name of a field without one
)

// ruleText returns the id of the rule's text: "rule."+code, made once for rules that have a built-in text.
func ruleText(code string) string {
	if id, ok := ruleTexts()[code]; ok {
		return id
	}
	if r, ok := rules[code]; ok && r.param == paramUnused {
		return r.text // a validator's name for the same rule
	}
	return rulePrefix + code
}

var ruleTexts = sync.OnceValue(func() map[string]string {
	ids := map[string]string{}
	for id := range builtin().texts {
		if code, ok := strings.CutPrefix(id, rulePrefix); ok {
			ids[code] = id
		}
	}
	return ids
})

// AddField adds a field error; see [Field]. It replaces an earlier one with the same location and code, unless
// [Texts] gives it other texts. It returns d; a nil d makes a new one.
func (d *Details) AddField(at Location, code string, attrs ...Attr) *Details {
	return d.addField(newFieldError(at, code, attrs))
}

func (d *Details) addField(e *fieldError) *Details {
	if d == nil {
		d = &Details{}
	}
	name := memberName(e.name)
	i, taken := d.find(name)
	if !taken {
		return d.add(name, e)
	}
	other, isField := d.entries[i].value.(*fieldError)
	if isField && other.at == e.at {
		for ; i < len(d.entries); i++ {
			if other, ok := d.entries[i].value.(*fieldError); ok && other.saysOf(e) {
				d.entries[i].value = e
				return d
			}
		}
		d.append(detail{name: name, value: e, again: true})
		return d
	}
	return d.addElsewhere(e, e.at.In()+"."+e.name)
}

// saysOf reports whether the other error is the same one: of one place and code, and with texts that are the same where it brings its own.
func (e *fieldError) saysOf(other *fieldError) bool {
	return e.at == other.at && e.code == other.code && (!e.declares && !other.declares || maps.Equal(declaredIn(e.attrs),
		declaredIn(other.attrs)))
}

// addElsewhere adds e under a qualified name (query.page), because another detail has the plain one. It prepends the part of
// the request until the name is free.
func (d *Details) addElsewhere(e *fieldError, name string) *Details {
	member := memberName(name)
	i, taken := d.find(member)
	if !taken || d.entries[i].value == e {
		return d.add(member, e)
	}
	const most = 64 // bytes before the name
	if other, isField := d.entries[i].value.(*fieldError); isField && other.at == e.at || len(name) > len(e.name)+most {
		d.append(detail{name: member, value: e, again: true})
		return d
	}
	return d.addElsewhere(e, e.at.In()+"."+name)
}

// fieldLabel is the value of {{.Field}}: a text of the catalogue in the language at hand, else the
// name as it is.
type fieldLabel struct {
	text *text
	name string
}

// named returns the error's arguments, with the names that the catalogue has for fields, if it has them.
func (e *fieldError) named(c *catalogue) []Attr {
	if e.at != (Location{}) && !c.labels {
		return e.attrs
	}
	attrs := e.attrs
	last := len(attrs) - 1
	if t := c.fieldText(e.at); t != nil {
		attrs = append(slices.Clip(attrs[:last]), Attr{op: opArg, name: fieldArg, value: &fieldLabel{t, e.label.name}})
	}
	for i := range last {
		if others, ok := attrs[i].value.(*otherFields); ok {
			attrs = slices.Clone(attrs)
			attrs[i].value = others.named(c)
		}
	}
	return attrs
}

// undetermined returns the declared text of unknown language.
func (e *fieldError) undetermined() string {
	if !e.declares {
		return ""
	}
	return declaredIn(e.attrs)[undetermined]
}

// fieldText returns the name that the catalogue has for a field: "field.items.qty" without list indexes, else "field.qty".
func (c *catalogue) fieldText(at Location) *text {
	if at == (Location{}) {
		return c.texts[wholeBody]
	}
	var names []string
	for _, step := range at.Segments() {
		if !isIndex(step) {
			names = append(names, step)
		}
	}
	if len(names) == 0 {
		return nil
	}
	if t := c.texts[fieldPrefix+strings.Join(names, ".")]; t != nil {
		return t
	}
	return c.texts[fieldPrefix+names[len(names)-1]]
}

// otherFields are fields that the text of an error speaks of: their names as clients know them, and in texts those of the
// catalogue.
type otherFields struct {
	at      []Location
	several bool // a list, even of one
	labels  []fieldLabel
}

func (f *otherFields) named(c *catalogue) *otherFields {
	named := &otherFields{at: f.at, several: f.several}
	for _, at := range f.at {
		named.labels = append(named.labels, fieldLabel{c.fieldText(at), neutral(shortened(at.Name()))})
	}
	return named
}

// String returns the names, as a text without labels has them.
func (f *otherFields) String() string { return strings.Join(f.names(), ", ") }

func (f *otherFields) names() []string {
	names := make([]string, len(f.at))
	for i, at := range f.at {
		names[i] = shortened(at.Name())
	}
	return names
}

// MarshalJSON returns the form among the params.
func (f *otherFields) MarshalJSON() ([]byte, error) {
	if f.several {
		return json.Marshal(f.names())
	}
	return json.Marshal(f.String())
}

func isIndex(step string) bool {
	return step != "" && strings.IndexFunc(step, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
