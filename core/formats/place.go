package formats

import (
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// notation returns the place as one string: a JSON Pointer as a fragment ("#/items/0/qty", "#" for the whole body), or the
// part of the request and the name ("query page").
func notation(at fault.Location) string {
	if at.In() == "body" {
		fragment := jsonpointer.AppendFragment(nil, at.Pointer())
		return string(fragment[1 : len(fragment)-1])
	}
	return at.In() + " " + at.Name()
}

// isTold reports whether the path with dots tells the place completely.
func isTold(path string, at fault.Location) bool {
	return at.In() == "body" && jsonpointer.OfDots(path) == at.Pointer()
}

// wholeBody is the name of a member that would have an empty one: the JSON Pointer to the whole document, as a fragment.
const wholeBody = "#"

// names gives out names of members: no name is empty, and each is used once.
type names map[string]bool

// namesOf returns the names that the details of o use.
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

// of returns the name of a member. An empty name becomes "#", or "##" and so on if that is taken.
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

// placed appends the members that tell the place of an entry more precisely than its name does.
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
