package fault

import (
	"cmp"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A jsonPlan is how encoding/json reads values into a type. Plans are made once a type, know each other, and never
// change.
type jsonPlan struct {
	declared reflect.Type
	bare     reflect.Type // behind pointers
	self     selfDecoding
	element  *jsonPlan // of lists and maps
	fields   []jsonField
	exact    map[string]*jsonField
	folded   map[string]*jsonField
	longest  int // of the names, in bytes
}

// A jsonField is a field of a structure that JSON has a name for; those of embedded structures are among them.
type jsonField struct {
	name   string
	index  []int
	typ    reflect.Type
	plan   *jsonPlan
	tagged bool
	quoted bool // the option "string"
	number int  // among the fields
}

// selfDecoding tells types with a method of their own for it.
type selfDecoding uint8

const (
	byJSON selfDecoding = iota + 1 // json.Unmarshaler
	byText                         // encoding.TextUnmarshaler
)

var (
	unmarshalerType     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	anyPlan             = jsonPlanOf(reflect.TypeFor[any]())
	opaquePlan          = &jsonPlan{declared: reflect.TypeFor[json.RawMessage](), bare: reflect.TypeFor[json.RawMessage](), self: byJSON}
)

// planKey is a type, and whether its methods cannot be called: encoding/json does not see those of an embedded
// structure whose type is not exported.
type planKey struct {
	t        reflect.Type
	unmethod bool
}

var jsonPlans sync.Map // reflect.Type → *jsonPlan

func jsonPlanOf(t reflect.Type) *jsonPlan {
	if p, ok := jsonPlans.Load(t); ok {
		return p.(*jsonPlan)
	}
	making := planMaker{}
	p := making.plan(planKey{t: t})
	for key, made := range making {
		if !key.unmethod {
			jsonPlans.LoadOrStore(key.t, made)
		}
	}
	return p
}

// planMaker holds plans that are not finished: a type may contain itself.
type planMaker map[planKey]*jsonPlan

func (m planMaker) plan(key planKey) *jsonPlan {
	if p, ok := m[key]; ok {
		return p
	}
	p := &jsonPlan{declared: key.t}
	m[key] = p
	p.bare, p.self = behindPointers(key)
	if p.self != 0 {
		return p
	}
	switch p.bare.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		p.element = m.plan(planKey{t: p.bare.Elem()})
	case reflect.Struct:
		m.fields(p)
	}
	return p
}

// maxPointers bounds pointers to pointers: a type may point to itself.
const maxPointers = 64

// behindPointers follows pointers as encoding/json does, to a type that decodes itself or to one that is no pointer.
// Methods of a type without a name count only behind a pointer.
func behindPointers(key planKey) (reflect.Type, selfDecoding) {
	t := key.t
	if t.Kind() != reflect.Pointer && t.Name() != "" && !key.unmethod {
		if self := decodesItself(reflect.PointerTo(t)); self != 0 {
			return t, self
		}
	}
	for n := 0; t.Kind() == reflect.Pointer && n < maxPointers; n++ {
		if self := decodesItself(t); self != 0 && !key.unmethod {
			return t.Elem(), self
		}
		t = t.Elem()
	}
	return t, 0
}

func decodesItself(t reflect.Type) selfDecoding {
	switch {
	case t.NumMethod() == 0:
		return 0
	case t.Implements(unmarshalerType):
		return byJSON
	case t.Implements(textUnmarshalerType):
		return byText
	}
	return 0
}

// fields finds the fields by the rules of encoding/json: the least deep one of a name counts, among equals one with
// a tag, and none when there are several.
func (m planMaker) fields(p *jsonPlan) {
	found := embeddedFields(p.bare)
	slices.SortFunc(found, func(a, b jsonField) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(len(a.index), len(b.index)),
			cmp.Compare(untagged(a), untagged(b)), slices.Compare(a.index, b.index))
	})
	for i := 0; i < len(found); {
		n := 1
		for i+n < len(found) && found[i+n].name == found[i].name {
			n++
		}
		if f := found[i]; n == 1 || len(f.index) != len(found[i+1].index) || f.tagged != found[i+1].tagged {
			p.fields = append(p.fields, f)
		}
		i += n
	}
	slices.SortFunc(p.fields, func(a, b jsonField) int { return slices.Compare(a.index, b.index) })
	p.exact, p.folded = make(map[string]*jsonField, len(p.fields)), make(map[string]*jsonField, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		f.number = i
		sf := p.bare.FieldByIndex(f.index)
		f.plan = m.plan(planKey{t: f.typ, unmethod: !sf.IsExported()})
		p.exact[f.name] = f
		p.longest = max(p.longest, len(f.name))
		if folded := string(foldedName(nil, []byte(f.name))); p.folded[folded] == nil {
			p.folded[folded] = f
		}
	}
}

func untagged(f jsonField) int {
	if f.tagged {
		return 0
	}
	return 1
}

// embeddedFields returns the fields of the structure and of those embedded in it, level by level.
func embeddedFields(t reflect.Type) (found []jsonField) {
	type level struct {
		t     reflect.Type
		index []int
		twice bool
	}
	visited := map[reflect.Type]bool{}
	for next := []level{{t: t}}; len(next) > 0; {
		current := next
		next = nil
		queued := map[reflect.Type]int{}
		for _, l := range current {
			if visited[l.t] {
				continue
			}
			visited[l.t] = true
			for i := range l.t.NumField() {
				f, embedded, ok := jsonFieldOf(l.t.Field(i))
				if !ok {
					continue
				}
				f.index = append(slices.Clone(l.index), i)
				if embedded == nil {
					found = append(found, f)
					if l.twice {
						found = append(found, f)
					}
					continue
				}
				if at, there := queued[embedded]; there {
					next[at].twice = true
					continue
				}
				queued[embedded] = len(next)
				next = append(next, level{t: embedded, index: f.index})
			}
		}
	}
	return found
}

// jsonFieldOf reads a field's tag. embedded is the structure whose fields stand for it.
func jsonFieldOf(sf reflect.StructField) (f jsonField, embedded reflect.Type, ok bool) {
	name, options, ok := jsonTag(sf)
	if !ok {
		return f, nil, false
	}
	t := sf.Type
	if t.Name() == "" && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name == "" && sf.Anonymous && t.Kind() == reflect.Struct {
		return f, t, true
	}
	f = jsonField{name: cmp.Or(name, sf.Name), typ: sf.Type, tagged: name != ""}
	f.quoted = isScalar(t.Kind()) && slices.Contains(strings.Split(options, ","), "string")
	return f, nil, true
}

// jsonTag is what the tag says; false for a field that JSON does not have.
func jsonTag(sf reflect.StructField) (name, options string, ok bool) {
	if !sf.IsExported() {
		t := sf.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if !sf.Anonymous || t.Kind() != reflect.Struct {
			return "", "", false
		}
	}
	tag := sf.Tag.Get("json")
	if tag == "-" {
		return "", "", false
	}
	name, options, _ = strings.Cut(tag, ",")
	if !isJSONName(name) {
		name = ""
	}
	return name, options, true
}

// isJSONName reports whether encoding/json takes the name in a tag.
func isJSONName(name string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) {
			return false
		}
	}
	return name != ""
}

// isScalar reports whether the option "string" counts.
func isScalar(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Float64 || k == reflect.String
}

// field finds the field that encoding/json puts the member into: by name, else without regard to letter case.
func (p *jsonPlan) field(name []byte) (f *jsonField, exact bool) {
	if f, named := p.exact[string(name)]; named {
		return f, true
	}
	if len(name) > utf8.UTFMax*p.longest {
		return nil, false
	}
	var space [32]byte
	return p.folded[string(foldedName(space[:0], name))], false
}

// foldedName is the same for names that differ in letter case only, as encoding/json sees it.
func foldedName(dst, name []byte) []byte {
	for i := 0; i < len(name); {
		if c := name[i]; c < utf8.RuneSelf {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(name[i:])
		dst = utf8.AppendRune(dst, foldedRune(r))
		i += n
	}
	return dst
}

// foldedRune returns the smallest of the runes that differ in letter case only.
func foldedRune(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}
