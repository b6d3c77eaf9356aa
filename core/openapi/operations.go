package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	fault "github.com/polyfault/polyfault/core"
)

// Operations record which kinds each operation of a service gives. A service says it beside each handler, in the same way
// on all frameworks: [Operations.Gives] returns the path unchanged.
//
//	ops := openapi.NewOperations(fault.Unhandled)
//	mux.Handle("GET "+ops.Gives("GET", "/orders/{id}", fault.EntityNotFound), handler) // net/http
//	router.Get(ops.Gives("GET", "/orders/{id}", fault.EntityNotFound), handler)        // chi
//	e.GET(ops.Gives("GET", "/orders/:id", fault.EntityNotFound), handler)              // gin, echo, fiber
//
// [Operations.Apply] writes the responses into the service's OpenAPI document. Operations are safe for concurrent use. Make
// them with [NewOperations]; the zero Operations are not ready.
type Operations struct {
	all    *declarations
	prefix string
	common []*fault.Kind
}

// declarations are what all groups of the operations share.
type declarations struct {
	mu    sync.Mutex
	kinds map[operation][]*fault.Kind
}

// An operation is a method in lower case and a path as OpenAPI writes it.
type operation struct{ method, path string }

func (o operation) String() string { return strings.ToUpper(o.method) + " " + o.path }

// NewOperations returns empty Operations. Each operation also gives the common kinds, [fault.Unhandled] for example. A nil
// kind panics.
func NewOperations(common ...*fault.Kind) *Operations {
	checkKinds(common)
	return &Operations{all: &declarations{kinds: map[operation][]*fault.Kind{}}, common: slices.Clone(common)}
}

// Group returns Operations for the routes of a group or a mounted router, whose paths lack the prefix. Each of them also gives
// the common kinds. What they record belongs to o. The prefix has the form of a path of Gives.
func (o *Operations) Group(prefix string, common ...*fault.Kind) *Operations {
	checkKinds(common)
	checkPath(prefix)
	return &Operations{all: o.all, prefix: strings.TrimSuffix(o.prefix+prefix, "/"), common: slices.Concat(o.common, common)}
}

// Gives records the kinds of the operation, besides the common ones, and returns the path unchanged. A second call for the
// same operation adds kinds. The path has the form of the framework: "{id}", "{id:[0-9]+}", "{path...}", ":id" and "*path"
// are parameters. A method that OpenAPI does not have, a path without a slash at its beginning, and a nil kind panic.
func (o *Operations) Gives(method, path string, kinds ...*fault.Kind) string {
	if !slices.Contains(methods, method) {
		panic(fmt.Sprintf("openapi: %q is no method of an operation; methods are %s", method, strings.Join(methods, ", ")))
	}
	checkPath(path)
	checkKinds(kinds)
	key := operation{strings.ToLower(method), template(o.prefix + path)}
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	for _, k := range slices.Concat(o.common, kinds) {
		if !slices.Contains(o.all.kinds[key], k) {
			o.all.kinds[key] = append(o.all.kinds[key], k)
		}
	}
	return path
}

// methods are those that a path item of OpenAPI 3.0 and 3.1 has.
var methods = []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodOptions, http.MethodHead,
	http.MethodPatch, http.MethodTrace}

func checkPath(path string) {
	if !strings.HasPrefix(path, "/") {
		panic(fmt.Sprintf("openapi: the path %q does not begin with a slash; the method is an argument of its own", path))
	}
}

func checkKinds(kinds []*fault.Kind) {
	if slices.Contains(kinds, nil) {
		panic("openapi: a kind is nil; declare kinds before the operations that give them")
	}
}

// given are the operations with their kinds, each once, in the order of [fault.Kinds].
func (o *Operations) given() map[operation][]*fault.Kind {
	o.all.mu.Lock()
	said := maps.Clone(o.all.kinds)
	o.all.mu.Unlock()
	for key, kinds := range said {
		said[key] = nil
		for k := range fault.Kinds() {
			if slices.Contains(kinds, k) {
				said[key] = append(said[key], k)
			}
		}
	}
	return said
}

var (
	colons   = regexp.MustCompile(`:([A-Za-z0-9_]+)(<[^>]*>)?\??`) // of fiber: ":from-:to", ":id<int>?"
	bracedID = regexp.MustCompile(`^[^:.]*`)
)

// template is the path as OpenAPI writes it.
func template(path string) string {
	var segments []string
	for _, segment := range segmentsOf(path) {
		switch {
		case segment == "{$}": // of net/http: the path ends here
			segment = ""
		case strings.HasPrefix(segment, ":"):
			segment = colons.ReplaceAllString(segment, "{$1}")
		case strings.HasPrefix(segment, "*") || segment == "+":
			segment = "{" + strings.TrimLeft(segment, "*+") + "}"
		default:
			segment = withoutPatterns(segment)
		}
		if segment == "{}" {
			segment = "{path}" // a wildcard that has no name
		}
		segments = append(segments, segment)
	}
	return strings.Join(segments, "/")
}

// segmentsOf splits at the slashes outside of braces.
func segmentsOf(path string) []string {
	var segments []string
	depth, from := 0, 0
	for i, r := range path {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		case '/':
			if depth == 0 {
				segments = append(segments, path[from:i])
				from = i + 1
			}
		}
	}
	return append(segments, path[from:])
}

// withoutPatterns takes off what a framework says of a parameter behind its name: "{id:[0-9]{4}}", "{path...}".
func withoutPatterns(segment string) string {
	var b strings.Builder
	depth, from := 0, 0
	for i, r := range segment {
		switch r {
		case '{':
			if depth++; depth == 1 {
				from = i + 1
			}
		case '}':
			if depth--; depth == 0 {
				b.WriteString("{" + bracedID.FindString(segment[from:i]) + "}")
			}
		default:
			if depth == 0 {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}
