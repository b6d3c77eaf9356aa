package openapi

import (
	"maps"
	"math"
	"slices"

	fault "github.com/polyfault/polyfault/core"
)

// kindSchemas are the suffixes for the names of a kind's schemas, by the shape of the format. No code makes the name of a
// shared schema.
var kindSchemas = map[shape]string{shapeMultilingual: "MultilingualError", shapeProblem: "Problem"}

// narrow adds the schema for the kind's bodies in the format, and returns a reference to it. Code and status are constants, and
// the arguments of the text have names and types: a client that knows the code knows the rest.
func (m *maker) narrow(k *fault.Kind, f format, status int) *schema {
	base := f.schema()
	suffix, ok := kindSchemas[f.shape]
	if !ok || f.shape == shapeMultilingual && !slices.Contains(f.members, "code") {
		return base // the body does not name the kind
	}
	own := &schema{Type: "object", Properties: map[string]*schema{}}
	own.Properties["code"] = m.constant("string", k.Code())
	own.Required = append(own.Required, "code")
	if f.shape == shapeProblem {
		own.Properties["status"] = m.constantStatus(status)
		own.Required = append(own.Required, "status")
	}
	if f.shape == shapeProblem || slices.Contains(f.members, "params") {
		if s := m.paramsOf(k); s != nil {
			own.Properties["params"] = s
		}
	}
	name := pascalCase(k.Code()) + suffix
	m.document.Components.Schemas[name] = &schema{AllOf: []*schema{base, own}}
	return ref(name)
}

// constantStatus has the bounds too, which linters ask for.
func (m *maker) constantStatus(status int) *schema {
	s := m.constant("integer", status)
	bounds := integer(int64(status), int64(status))
	s.Format, s.Minimum, s.Maximum = bounds.Format, bounds.Minimum, bounds.Maximum
	return s
}

// paramsOf are the arguments that the texts of the kind declare; nil for none. An error that chooses another text has
// other arguments, so none is required.
func (m *maker) paramsOf(k *fault.Kind) *schema {
	names, types := m.declared(k)
	if len(names) == 0 {
		return nil
	}
	s := params()
	s.Properties = map[string]*schema{}
	for _, name := range names {
		s.Properties[name] = argument(types[name])
	}
	return s
}

// declared are the arguments of the text that k has, or else of the text of the nearest kind above it, and their types.
func (m *maker) declared(k *fault.Kind) (names []string, types map[string]string) {
	for ; k != nil; k = k.Parent() {
		names, plural, has := m.placeholders(k.TextID())
		if !has {
			continue
		}
		types := m.catalogue.ArgumentTypes(k.TextID())
		names = slices.Concat(names, slices.Collect(maps.Keys(types)))
		if plural {
			names = append(names, "Count")
		}
		slices.Sort(names)
		if types == nil {
			types = map[string]string{}
		}
		types["Count"] = "int"
		return slices.Compact(names), types
	}
	return nil, nil
}

// argument is the schema of an argument with this Go type, as encoding/json writes it.
func argument(goType string) *schema {
	const limit = 1024 // see fault.Arg
	switch goType {
	case "bool":
		return &schema{Type: "boolean"}
	case "float64":
		return &schema{Type: "number"}
	case "int", "int64":
		return integer(math.MinInt64, math.MaxInt64)
	case "uint", "uint64":
		return integer(0, math.MaxInt64)
	case "time.Duration":
		return described(integer(math.MinInt64, math.MaxInt64), "Nanoseconds.")
	case "string":
		return text(limit)
	case "time.Time":
		return &schema{Type: "string", Format: "date-time", MaxLength: limit}
	case "[]string":
		return &schema{Type: "array", Items: text(limit), MaxItems: limit}
	}
	return described(&schema{}, "Of any type.")
}
