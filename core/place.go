package fault

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// A placeFinder follows a path of names through a type. A path can be read in more than one way, as keys of maps and
// names in tags may hold what separates steps: then the place is what all ways have in common.
type placeFinder struct {
	in     string // of a Location: whose names count
	steps  []string
	exact  bool // the place is the very one that the path means, and not what holds it
	found  bool
	budget int
	holder holder // of the place
	space  [8]string
}

// holder tells what the last step of a place leads into.
type holder struct {
	keyed        bool         // perhaps a map
	key, element reflect.Type // of it; nil when that is not known
}

// maxWays bounds how many ways to read a path are tried.
const maxWays = 64

func newPlaceFinder(in string) placeFinder { return placeFinder{in: in, budget: maxWays} }

// end takes over where one way to read the path leads.
func (f *placeFinder) end(steps []string, exact bool, h holder) {
	f.budget--
	if !f.found {
		f.found, f.steps, f.exact, f.holder = true, append(f.space[:0], steps...), exact, h
		return
	}
	n := 0
	for n < len(steps) && n < len(f.steps) && steps[n] == f.steps[n] {
		n++
	}
	f.exact = f.exact && exact && n == len(steps) && n == len(f.steps)
	f.steps = f.steps[:n]
}

// location returns the place. One with very long names is told by what holds it.
func (f *placeFinder) location() Location {
	size := 0
	for i, step := range f.steps {
		if size += len("/") + len(step); size > maxPointer {
			f.steps, f.exact = f.steps[:i], false
			break
		}
	}
	if f.in != "" {
		return Location{in: f.in, name: strings.Join(f.steps, ".")}
	}
	return bodyOf(f.steps)
}

func bodyOf(steps []string) Location {
	var space [64]byte
	pointer := space[:0]
	for _, step := range steps {
		pointer = append(pointer, '/')
		pointer = append(pointer, jsonpointer.Escape(step)...)
	}
	return bodyAt(string(pointer))
}

// goPath follows a validator's path of Go names ("Items[0].Qty") from a value of the type.
func (f *placeFinder) goPath(t reflect.Type, path string, steps []string, h holder) {
	if path == "" {
		f.end(steps, true, h)
		return
	}
	t = indirect(t)
	switch k := t.Kind(); {
	case f.budget <= 0 || f.in == "" && jsonPlanOf(t).self != 0: // whose JSON has no fields that a validator knows
		f.end(steps, false, holder{})
	case path[0] == '[' && (k == reflect.Slice || k == reflect.Array):
		if index, rest, ok := strings.Cut(path[1:], "]"); ok && isIndex(index) {
			f.goPath(t.Elem(), rest, append(steps, index), holder{})
		}
	case path[0] == '[' && k == reflect.Map:
		f.goKey(t, path[1:], steps)
	case path[0] == '.' && k == reflect.Struct:
		f.goField(t, t, nil, path[1:], steps)
	case k == reflect.Interface: // its content is not known
		f.end(steps, false, holder{})
	}
}

// goKey reads a key, which may have brackets of its own.
func (f *placeFinder) goKey(t reflect.Type, path string, steps []string) {
	if !isPlainKey(t.Key()) {
		f.end(steps, false, holder{})
		return
	}
	for i := range len(path) {
		if f.budget <= 0 {
			f.end(steps, false, holder{})
			return
		}
		if closesBracket(path, i) {
			f.budget--
			f.goPath(t.Elem(), path[i+1:], append(steps, path[:i]), holder{true, t.Key(), t.Elem()})
		}
	}
}

// closesBracket reports whether an index or a key may end here.
func closesBracket(path string, i int) bool {
	return path[i] == ']' && (i+1 == len(path) || path[i+1] == '.' || path[i+1] == '[')
}

// isPlainKey reports whether a validator writes keys of the type as clients do.
func isPlainKey(t reflect.Type) bool {
	speaking := []reflect.Type{
		reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[error](), reflect.TypeFor[encoding.TextMarshaler](),
	}
	if slices.ContainsFunc(speaking, t.Implements) {
		return false
	}
	return isJSONKey(t) && !reflect.PointerTo(t).Implements(textUnmarshalerType)
}

// goField follows the name of a field of t, which is embedded in outer by way of index, or outer itself.
func (f *placeFinder) goField(outer, t reflect.Type, index []int, path string, steps []string) {
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	if strings.Contains(path[:end], "]") { // of a key
		return
	}
	field, ok := t.FieldByName(path[:end])
	if !ok {
		f.end(steps, false, holder{})
		return
	}
	if index == nil {
		index = field.Index
	} else {
		index = append(slices.Clip(index), field.Index...)
	}
	name, embedded, ok := f.nameOf(outer, field, index)
	switch {
	case !ok:
		f.end(steps, false, holder{})
	case embedded == nil:
		f.goPath(field.Type, path[end:], append(steps, name), holder{})
	case path[end:] == "" || path[end] != '.':
		f.end(steps, false, holder{})
	default:
		f.goField(outer, embedded, index, path[end+1:], steps)
	}
}

// nameOf is what clients call a field, or the structure whose fields stand for it; false for one that they cannot reach.
func (f *placeFinder) nameOf(outer reflect.Type, field reflect.StructField, index []int) (name string, embedded reflect.Type, ok bool) {
	if f.in != "" {
		return f.parameter(field)
	}
	fields := jsonPlanOf(outer).fields
	for i := range fields {
		planned := &fields[i]
		if !slices.Equal(planned.index, index) {
			continue
		}
		if !planned.tagged {
			name = FieldName(field)
		}
		return cmp.Or(name, planned.name), nil, true
	}
	_, embedded, ok = jsonFieldOf(field) // hidden, embedded, or another field has its name
	return "", embedded, ok && embedded != nil
}

// parameter is what clients call a parameter, or the structure whose fields stand for it.
func (f *placeFinder) parameter(field reflect.StructField) (name string, embedded reflect.Type, ok bool) {
	name, ok = parameterName(field, f.in)
	if name != "" || !ok {
		return name, nil, ok
	}
	if _, embedded, _ = jsonFieldOf(field); embedded != nil {
		return "", embedded, true
	}
	return field.Name, nil, true
}

// ofGoNames finds the place of a validator's error from its whole namespace. If the target is the item type of a list, the
// index is not known.
func (f *placeFinder) ofGoNames(target reflect.Type, namespace string) {
	t := indirect(target)
	var space [8]string
	path, ok := namespace, true
	if name := t.Name(); t.Kind() == reflect.Struct && name != "" {
		path, ok = strings.CutPrefix(namespace, name+".")
	}
	switch {
	case namespace == "": // the value itself
		f.end(nil, true, holder{})
	case t.Kind() != reflect.Struct:
		f.goPath(t, path, space[:0], holder{})
	case ok:
		f.goField(t, t, nil, path, space[:0])
	}
	if !f.found {
		f.end(nil, false, holder{})
	}
}

// ofNames finds the place of a validator's error without a type: as far as a name differs from the Go name, and so was
// given by the application's function for it. Others may be Go names that clients do not know, those of embedded
// structures for example.
func (f *placeFinder) ofNames(names, goNames, root string) {
	if root != "" {
		names, goNames = strings.TrimPrefix(names, root+"."), strings.TrimPrefix(goNames, root+".")
	}
	var space [8]string
	f.namedPath(names, goNames, space[:0], holder{})
	if !f.found || f.budget <= 0 {
		f.steps, f.exact = nil, false
	}
}

func (f *placeFinder) namedPath(names, goNames string, steps []string, h holder) {
	f.budget--
	goNames, _ = strings.CutPrefix(goNames, ".")
	names, _ = strings.CutPrefix(names, ".")
	switch {
	case f.budget <= 0:
	case goNames == "" && names == "":
		f.end(steps, true, h)
	case goNames == "":
	case goNames[0] == '[':
		f.namedKey(names, goNames, steps)
	default:
		f.namedField(names, goNames, steps)
	}
}

// namedField tries what of names may stand for the first Go name.
func (f *placeFinder) namedField(names, goNames string, steps []string) {
	end := strings.IndexAny(goNames, ".[")
	switch {
	case end < 0 && names == goNames:
		f.end(steps, false, holder{})
	case end < 0 && names != "" && !strings.Contains(goNames, "]"):
		f.end(append(steps, names), true, holder{})
	}
	if end < 0 || strings.Contains(goNames[:end], "]") { // of a key
		return
	}
	for i := 1; i < len(names); i++ {
		switch {
		case names[i] != goNames[end]:
		case names[:i] == goNames[:end]:
			f.end(steps, false, holder{})
		default:
			f.namedPath(names[i:], goNames[end:], append(steps, names[:i]), holder{})
		}
	}
}

// namedKey tries what may be the first index or key. What is no number is a key, which the validator may write in
// another way than the client: then the place is the map.
func (f *placeFinder) namedKey(names, goNames string, steps []string) {
	for i := 1; i < len(goNames) && f.budget > 0; i++ {
		if !closesBracket(goNames, i) {
			continue
		}
		f.budget--
		if !strings.HasPrefix(names, goNames[:i+1]) {
			return
		}
		switch key := goNames[1:i]; {
		case isIndex(key):
			f.namedPath(names[i+1:], goNames[i+1:], append(steps, key), holder{keyed: true})
		case key == "" || !isIndex(key[:1]) || strings.Trim(key, "0123456789][") != "": // not lists in lists
			f.end(steps, false, holder{})
		}
	}
}

// jsonPath follows the path in an error of encoding/json: it names fields, embedded structures among them, and neither
// items nor keys. wrong is the type that the value was not right for.
func (f *placeFinder) jsonPath(p *jsonPlan, path string, more bool, wrong reflect.Type, steps []string) {
	switch {
	case !more:
		f.end(steps, p.bare == wrong || p.declared == wrong, holder{})
		return
	case p.self != 0 || p.exact == nil || f.budget <= 0:
		f.end(steps, false, holder{})
		return
	}
	known := false
	for i := range p.fields {
		field := &p.fields[i]
		rest, ok := strings.CutPrefix(path, p.goPrefix(field.index)+field.name)
		if !ok || rest != "" && rest[0] != '.' {
			continue
		}
		known = true
		f.jsonPath(field.plan, strings.TrimPrefix(rest, "."), rest != "", wrong, append(steps, field.name))
	}
	if !known {
		f.end(steps, false, holder{})
	}
}

// goPrefix is how encoding/json names the embedded structures on the way to a field.
func (p *jsonPlan) goPrefix(index []int) string {
	var prefix strings.Builder
	for n := 1; n < len(index); n++ {
		prefix.WriteString(p.bare.FieldByIndex(index[:n]).Name + ".")
	}
	return prefix.String()
}

func indirect(t reflect.Type) reflect.Type {
	for range maxPointers { // a type may point to itself
		if t.Kind() != reflect.Pointer {
			break
		}
		t = t.Elem()
	}
	return t
}

// firstStep returns the part before the first dot outside of brackets, and false if there is none.
func firstStep(path string) (step string, more bool) {
	depth := 0
	for i := range len(path) {
		switch path[i] {
		case '[':
			depth++
		case ']':
			depth--
		case '.':
			if depth == 0 {
				return path[:i], true
			}
		}
	}
	return path, false
}
