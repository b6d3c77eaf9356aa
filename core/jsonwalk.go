package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/polyfault/polyfault/internal/errtree"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// A jsonWalk goes once through a document, along what encoding/json would read it into, and finds what is wrong with
// it. A quick walk stops at the first thing, and leaves the values of scalars to encoding/json.
type jsonWalk struct {
	jsonScan
	quick    bool
	stopped  bool
	required *requiredMember
	names    []Location // of required members
	has      []bool     // for each of them
	path     []byte     // pointer to the current value
	depthOf  int        // of interfaces in interfaces

	unknown, wrong, missing faultList
	hasUnknown              bool                     // and not only names that come twice
	mismatch                *json.UnmarshalTypeError // the first wrong type
	mismatchAt              Location
	refusal                 error // the first of a type that decodes itself
}

// A requiredMember is a step towards members that must be there.
type requiredMember struct {
	steps   map[string]*requiredMember
	members []int
}

func (r *requiredMember) step(name string) *requiredMember {
	if r.steps[name] == nil {
		if r.steps == nil {
			r.steps = map[string]*requiredMember{}
		}
		r.steps[name] = &requiredMember{}
	}
	return r.steps[name]
}

// faultList keeps as many errors as a response carries, and counts the others.
type faultList struct {
	kept  []*fieldError
	total int
}

// full reports whether there is no room for one more, which it counts.
func (l *faultList) full() bool {
	l.total++
	return len(l.kept) == maxDetailErrors
}

// require makes the members mandatory.
func (w *jsonWalk) require(mandatory []string) {
	if len(mandatory) == 0 {
		return
	}
	w.required = &requiredMember{}
	w.has = make([]bool, len(mandatory))
	for i, name := range mandatory {
		at := InBody(name)
		w.names = append(w.names, at)
		r := w.required
		for _, step := range at.Segments() {
			r = r.step(step)
		}
		r.members = append(r.members, i)
	}
}

// isFine goes quickly through the document. False means that something is wrong, or that the text is no JSON.
func (w *jsonWalk) isFine(p *jsonPlan) bool {
	w.quick = true
	w.document(p, reflect.Value{})
	for _, there := range w.has {
		w.stopped = w.stopped || !there
	}
	return !w.broken && !w.stopped
}

// findAll goes through the document for everything that is wrong. v is the value that it is for.
func (w *jsonWalk) findAll(p *jsonPlan, v reflect.Value) {
	clear(w.has)
	w.jsonScan = jsonScan{text: w.text}
	w.quick, w.stopped = false, false
	w.document(p, v)
	for i, there := range w.has {
		if !there && !w.missing.full() {
			w.missing.kept = append(w.missing.kept, newFieldError(w.names[i], "required", nil))
		}
	}
}

func (w *jsonWalk) document(p *jsonPlan, v reflect.Value) {
	w.value(p, v, w.required)
	if w.peek() != 0 || w.pos < len(w.text) {
		w.broken = true
	}
}

func (w *jsonWalk) value(p *jsonPlan, v reflect.Value, r *requiredMember) {
	if w.broken || w.stopped {
		return
	}
	first := w.peek()
	switch {
	case p.self != 0:
		w.selfDecoded(p, r)
	case first == 'n':
		w.literal()
	case p.bare.Kind() == reflect.Interface:
		w.dynamic(p, v, r, first)
	case first == '{':
		w.object(p, v, r)
	case first == '[':
		w.list(p, v, r)
	case w.quick:
		w.stopped = !p.begins(first)
		w.literal()
	default:
		w.scalar(p, first)
	}
	if r != nil {
		for _, i := range r.members {
			w.has[i] = first != 'n' // the last one counts: names may differ in letter case
		}
	}
}

// dynamic is for interfaces. What points to something is decoded into; what is empty takes anything, or nothing at
// all.
func (w *jsonWalk) dynamic(p *jsonPlan, v reflect.Value, r *requiredMember, first byte) {
	v = behind(v)
	if v.IsValid() && !v.IsNil() && w.depthOf < maxPointers {
		if e := v.Elem(); e.Kind() == reflect.Pointer && !e.IsNil() {
			w.depthOf++
			w.value(jsonPlanOf(e.Type()), e, r)
			w.depthOf--
			return
		}
	}
	if p.bare.NumMethod() > 0 {
		w.refuse(p, first)
		return
	}
	switch first {
	case '{':
		w.members(anyPlan, reflect.Value{}, r)
	case '[':
		w.items(anyPlan, reflect.Value{}, r)
	default:
		if w.quick {
			w.literal()
			return
		}
		w.scalar(anyPlan, first)
	}
}

// begins reports whether a scalar of the type may begin so.
func (p *jsonPlan) begins(first byte) bool {
	switch k := p.bare.Kind(); first {
	case '"':
		return k == reflect.String || k == reflect.Slice && p.bare.Elem().Kind() == reflect.Uint8
	case 't', 'f':
		return k == reflect.Bool
	default:
		return k >= reflect.Int && k <= reflect.Float64 || p.bare == numberType
	}
}

// behind returns the value that pointers lead to.
func behind(v reflect.Value) reflect.Value {
	for n := 0; v.IsValid() && v.Kind() == reflect.Pointer && n < maxPointers; n++ {
		v = v.Elem()
	}
	return v
}

// selfDecoded lets a type decode itself, into a value of its own, to see whether it refuses.
func (w *jsonWalk) selfDecoded(p *jsonPlan, r *requiredMember) {
	first := w.peek()
	start := w.pos
	switch first {
	case '{':
		w.members(opaquePlan, reflect.Value{}, r)
	case '[':
		w.items(opaquePlan, reflect.Value{}, r)
	default:
		w.literal()
	}
	if w.quick || w.broken || p.bare == opaquePlan.bare {
		return
	}
	err := json.Unmarshal(w.text[start:w.pos], reflect.New(p.declared).Interface())
	switch {
	case err == nil:
	case p.self == byText && first != '"' && first != 'n':
		w.mistyped(p, first, start)
	default:
		w.refused(err)
	}
}

func (w *jsonWalk) refused(err error) {
	if !w.wrong.full() {
		w.wrong.kept = append(w.wrong.kept, newFieldError(w.place(), "type", []Attr{Text(ruleInvalid)}))
	}
	if w.refusal == nil {
		w.refusal = err
	}
}

// object is for structures and maps.
func (w *jsonWalk) object(p *jsonPlan, v reflect.Value, r *requiredMember) {
	if k := p.bare.Kind(); k == reflect.Struct || k == reflect.Map && isJSONKey(p.bare.Key()) {
		w.members(p, v, r)
		return
	}
	w.refuse(p, '{')
}

// isJSONKey reports whether encoding/json reads maps with such keys.
func isJSONKey(t reflect.Type) bool {
	k := t.Kind()
	return k == reflect.String || k >= reflect.Int && k <= reflect.Uintptr || reflect.PointerTo(t).Implements(textUnmarshalerType)
}

func (w *jsonWalk) list(p *jsonPlan, v reflect.Value, r *requiredMember) {
	if k := p.bare.Kind(); k == reflect.Slice || k == reflect.Array {
		w.items(p, v, r)
		return
	}
	w.refuse(p, '[')
}

// members goes through an object. A name that was there before stands for a mistake.
func (w *jsonWalk) members(p *jsonPlan, v reflect.Value, r *requiredMember) {
	var names memberNames
	var seen [4]uint64 // fields by number: most names need no search
	next := 0          // field, by number: most objects have their order
	w.enter()
	mark := len(w.path)
	if v.IsValid() {
		v = behind(v)
	}
	for first := true; w.more(first, '}'); first = false {
		start := w.pos
		name := w.name()
		if w.broken {
			return
		}
		w.step(name)
		f, exact := p.member(name, next)
		if exact {
			next = f.number + 1
		}
		var again bool
		if exact && f.number < 64*len(seen) {
			bit := uint64(1) << (f.number % 64)
			again = seen[f.number/64]&bit != 0
			seen[f.number/64] |= bit
		} else {
			again = names.add(&w.jsonScan, start, name)
		}
		w.member(p, f, v, r, name, start, again)
		w.path = w.path[:mark]
		if w.stopped {
			return
		}
	}
}

// member finds the field for a name, perhaps the next one, unless the plan is not that of a structure.
func (p *jsonPlan) member(name []byte, next int) (f *jsonField, exact bool) {
	switch {
	case p.exact == nil:
		return nil, false
	case next < len(p.fields) && p.fields[next].name == string(name):
		return &p.fields[next], true
	}
	return p.field(name)
}

func (w *jsonWalk) member(p *jsonPlan, f *jsonField, v reflect.Value, r *requiredMember, name []byte, start int, again bool) {
	isStruct := p.exact != nil
	switch {
	case isStruct && f == nil:
		if !again {
			w.superfluous("unknown_field")
		}
		w.skim()
	case again:
		w.superfluous("unique")
		w.skim()
	case isStruct:
		r = r.ofField(p, f, name)
		if f.quoted {
			w.quotedField(f, r)
			return
		}
		w.value(f.plan, fieldOf(v, f.index), r)
	default:
		w.value(p.ofElements(), reflect.Value{}, r.named(name))
		if p.bare.Kind() == reflect.Map && !w.quick && !w.broken {
			w.key(p, start)
		}
	}
}

// ofElements returns the plan of what a list or map holds; what it is not known for holds the same.
func (p *jsonPlan) ofElements() *jsonPlan {
	if p.element == nil {
		return p
	}
	return p.element
}

func (w *jsonWalk) superfluous(code string) {
	if w.quick {
		w.stopped = true
		return
	}
	w.hasUnknown = w.hasUnknown || code == "unknown_field"
	if !w.unknown.full() {
		w.unknown.kept = append(w.unknown.kept, newFieldError(w.place(), code, nil))
	}
}

// named returns the step to the member.
func (r *requiredMember) named(name []byte) *requiredMember {
	if r == nil {
		return nil
	}
	return r.steps[string(name)]
}

// ofField returns the step to the member, which may be written in another letter case.
func (r *requiredMember) ofField(p *jsonPlan, f *jsonField, name []byte) *requiredMember {
	if r == nil || r.steps == nil {
		return nil
	}
	if step := r.steps[string(name)]; step != nil {
		return step
	}
	for other, step := range r.steps {
		if same, _ := p.field([]byte(other)); same == f {
			return step
		}
	}
	return nil
}

// fieldOf returns the field of a value. The result is invalid if the field does not exist yet.
func fieldOf(v reflect.Value, index []int) reflect.Value {
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	for i, n := range index {
		if i > 0 {
			if v = behind(v); !v.IsValid() {
				return v
			}
		}
		v = v.Field(n)
	}
	return v
}

// key lets the type of the map's keys decode the name at start. A key that is refused is not shown.
func (w *jsonWalk) key(p *jsonPlan, start int) {
	t := p.bare.Key()
	byItself := reflect.PointerTo(t).Implements(textUnmarshalerType)
	if t.Kind() == reflect.String && !byItself {
		return
	}
	at := jsonScan{text: w.text, pos: start}
	object := append(append([]byte{'{'}, at.literal()...), ":null}"...)
	err := json.Unmarshal(object, reflect.New(reflect.MapOf(t, reflect.TypeFor[any]())).Interface())
	if err == nil {
		return
	}
	whole := w.path
	w.path = w.path[:bytes.LastIndexByte(w.path, '/')]
	if byItself {
		w.refused(err)
	} else {
		w.mistypedAs(t, "number", "string", int64(start)+1)
	}
	w.path = whole
}

// items goes through a list. What an array has no room for is passed over by encoding/json.
func (w *jsonWalk) items(p *jsonPlan, v reflect.Value, r *requiredMember) {
	w.enter()
	mark := len(w.path)
	v = behind(v)
	if v.IsValid() && v.Kind() == reflect.Slice {
		v = v.Slice(0, v.Cap()) // encoding/json decodes into what stands there
	}
	element := p.ofElements()
	for i := 0; w.more(i == 0, ']'); i++ {
		var item reflect.Value
		if v.IsValid() && i < v.Len() {
			item = v.Index(i)
		}
		if p.bare.Kind() == reflect.Array && i >= p.bare.Len() {
			element = opaquePlan
		}
		w.index(i)
		w.value(element, item, r.item(i))
		w.path = w.path[:mark]
		if w.stopped {
			return
		}
	}
}

func (r *requiredMember) item(i int) *requiredMember {
	if r == nil || r.steps == nil {
		return nil
	}
	return r.steps[strconv.Itoa(i)]
}

// scalar is for strings, numbers and truth values.
func (w *jsonWalk) scalar(p *jsonPlan, first byte) {
	start := w.pos
	literal := w.literal()
	if w.broken {
		return
	}
	if !takes(p, first, literal) {
		w.mistyped(p, first, start)
	}
}

// takes reports whether encoding/json reads the scalar into the type.
func takes(p *jsonPlan, first byte, literal []byte) bool {
	if p == anyPlan {
		return first == '"' || first == 't' || first == 'f' || fitsFloat(literal, 64)
	}
	k := p.bare.Kind()
	switch {
	case !p.begins(first):
		return false
	case first == '"' && (k != reflect.String || p.bare == numberType):
		return json.Unmarshal(literal, reflect.New(p.bare).Interface()) == nil
	case k >= reflect.Int && k <= reflect.Uintptr:
		return fitsInteger(literal, p.bare.Bits(), k >= reflect.Uint)
	case k == reflect.Float32 || k == reflect.Float64:
		return fitsFloat(literal, p.bare.Bits())
	}
	return true
}

var numberType = reflect.TypeFor[json.Number]()

func fitsFloat(literal []byte, bits int) bool {
	_, err := strconv.ParseFloat(string(literal), bits)
	return err == nil
}

func fitsInteger(literal []byte, bits int, unsigned bool) bool {
	limit := uint64(1)<<(bits-1) - 1
	digits, negative := bytes.CutPrefix(literal, []byte{'-'})
	switch {
	case unsigned && negative:
		return false
	case unsigned:
		limit = limit<<1 | 1
	case negative:
		limit++
	}
	n := uint64(0)
	for _, c := range digits {
		d := uint64(c - '0')
		if d > 9 || n > (limit-d)/10 {
			return false
		}
		n = 10*n + d
	}
	return true
}

// refuse passes over a value of the wrong type.
func (w *jsonWalk) refuse(p *jsonPlan, first byte) {
	start := w.pos
	if w.quick {
		w.stopped = true
		return
	}
	w.skim()
	w.mistyped(p, first, start)
}

// quotedField is for a field with the option "string": a scalar inside of a string.
func (w *jsonWalk) quotedField(f *jsonField, r *requiredMember) {
	first := w.peek()
	start := w.pos
	w.value(opaquePlan, reflect.Value{}, r)
	if first == 'n' || w.quick && first == '"' || w.broken {
		return
	}
	if first != '"' {
		w.mistypedAs(f.typ, "string", typeOfJSON(first), w.behind(first, start))
		return
	}
	wrapped := reflect.StructOf([]reflect.StructField{{Name: "V", Type: f.typ, Tag: `json:"v,string"`}})
	object := append(append([]byte(`{"v":`), w.text[start:w.pos]...), '}')
	err := json.Unmarshal(object, reflect.New(wrapped).Interface())
	switch {
	case err == nil:
	case f.plan.self != 0 && !strings.HasPrefix(errorText(err), "json: "):
		w.refused(err)
	default:
		w.mistypedAs(f.typ, "string", "string", int64(w.pos))
	}
}

func (w *jsonWalk) mistyped(p *jsonPlan, first byte, start int) {
	w.mistypedAs(p.bare, jsonType(p.bare), typeOfJSON(first), w.behind(first, start))
}

// behind returns the position as encoding/json counts it: the end of a scalar, else the position after the first byte.
func (w *jsonWalk) behind(first byte, start int) int64 {
	if first == '{' || first == '[' {
		return int64(start) + 1
	}
	return int64(w.pos)
}

func (w *jsonWalk) mistypedAs(t reflect.Type, expected, got string, position int64) {
	if w.quick {
		w.stopped = true
		return
	}
	if w.mismatch == nil {
		w.mismatch = &json.UnmarshalTypeError{Value: got, Type: t, Offset: position}
		w.mismatchAt = w.place()
	}
	if !w.wrong.full() {
		w.wrong.kept = append(w.wrong.kept, typeError(w.place(), expected, got))
	}
}

// step adds a member to the path.
func (w *jsonWalk) step(name []byte) {
	if w.quick || len(w.path) > maxPointer {
		return
	}
	w.path = append(w.path, '/')
	w.path = append(w.path, jsonpointer.Escape(string(name[:min(len(name), maxPointer+1)]))...)
}

// index adds an item to the path.
func (w *jsonWalk) index(i int) {
	if w.quick || len(w.path) > maxPointer {
		return
	}
	w.path = strconv.AppendInt(append(w.path, '/'), int64(i), 10)
}

func (w *jsonWalk) place() Location {
	return bodyAt(string(w.path))
}

// found returns the error with all that was found; nil when that is nothing.
func (w *jsonWalk) found() error {
	d := w.details()
	switch {
	case w.mismatch != nil:
		return InvalidJSON.Wrap(w.mismatch, append(inputAttrs(w.mismatch.Offset, w.mismatchAt), DetailsOf(d))...)
	case w.refusal != nil:
		return Binding(&refusedInput{w.refusal, &Fault{kind: kindOfRefusal(w.refusal), attrs: []Attr{DetailsOf(d)}}})
	case w.missing.total > 0:
		return d.Err(MandatoryAttributesMissing)
	case w.hasUnknown:
		return d.Err(SuperfluousAttributesInRequest)
	}
	return d.Err(ValidationFailed)
}

// details are as many errors as a response carries. What decides over the kind goes first when there are too many.
func (w *jsonWalk) details() *Details {
	d := &Details{}
	room := maxDetailErrors
	wrong := w.wrong.first(&room)
	missing := w.missing.first(&room)
	for _, list := range [][]*fieldError{w.unknown.first(&room), missing, wrong} {
		for _, e := range list {
			d.addField(e)
		}
	}
	if n := len(d.entries); n > 0 {
		if total := w.unknown.total + w.missing.total + w.wrong.total; total > maxDetailErrors {
			d.others = total - n
		}
	}
	return d
}

func (l *faultList) first(room *int) []*fieldError {
	n := min(len(l.kept), *room)
	*room -= n
	return l.kept[:n]
}

// refusedInput is the error of a type that decodes itself, and how it is answered unless the application has a mapper
// for it.
type refusedInput struct {
	error
	answer *Fault
}

func (e *refusedInput) Unwrap() error { return e.error }

// kindOfRefusal reads what a type that decodes itself had against its input.
func kindOfRefusal(err error) *Kind {
	if f := inferJSON(errtree.Flatten(err, nil)); f != nil {
		return f.kind
	}
	var number *strconv.NumError
	var moment *time.ParseError
	switch {
	case errors.As(err, &number), errors.As(err, &moment):
		return BadParamValue
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return InvalidJSON
	}
	return BadRequest
}
