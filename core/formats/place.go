package formats

import (
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// notation is the place as one string: the fragment of a pointer ("#/items/0/qty", "#" for the whole body), or where it is and the
// name ("query page").
func notation(at fault.Location) string {
	if at.In() == "body" {
		fragment := jsonpointer.AppendFragment(nil, at.Pointer())
		return string(fragment[1 : len(fragment)-1])
	}
	return at.In() + " " + at.Name()
}

// isTold reports whether the path with dots says all of the place.
func isTold(path string, at fault.Location) bool {
	return at.In() == "body" && jsonpointer.OfDots(path) == at.Pointer()
}

// wholeBody is the name of a member that would have none: the fragment of the pointer to the whole document.
const wholeBody = "#"

// names gives members their names: none is empty, and each is there once.
type names map[string]bool

// namesOf are those of the details of o.
func namesOf(o *fault.Occurrence) names {
	taken := names{}
	for name := range o.Details() {
		taken[name] = true
	}
	for e := range o.Errors() {
		taken[e.Name()] = true
	}
	return taken
}

// of is the name for a member that stands for an empty one, too.
func (n names) of(name string) string {
	if name != "" {
		return name
	}
	name = wholeBody
	for n[name] {
		name += wholeBody
	}
	return name
}

// placed appends the members of an entry under name that say more of its place than the name does.
func (o *object) placed(name string, at fault.Location) {
	switch {
	case at.In() != "body":
		o.text("in", at.In())
		if strings.TrimPrefix(name, at.In()+".") != at.Name() {
			o.text("name", at.Name())
		}
	case !isTold(name, at):
		o.key("pointer")
		o.dst = jsonpointer.AppendFragment(o.dst, at.Pointer())
	}
}
