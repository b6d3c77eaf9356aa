package openapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// traceID is the trace id of every example, taken from the W3C's Trace Context.
const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// A request asks for a body in this form.
type request struct{ accept, language string }

var _ fault.Request = request{}

func (request) Context() context.Context { return context.Background() }
func (request) Method() string           { return http.MethodGet }
func (request) Path() string             { return "/" }

func (r request) Header(name string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Accept":
		return r.accept
	case "Accept-Language":
		return r.language
	}
	return ""
}

// A format holds the facts about a format that an answer of the responder shows.
type format struct {
	mediaType  string
	shape      shape
	negotiated bool     // the language
	members    []string // of Multilingual: those of WithMembers
}

// A shape tells how much is known about the bodies of a format.
type shape uint8

const (
	shapeString shape = iota
	shapeJSON
	shapeObject
	shapeMultilingual
	shapeProblem
)

// probe returns the format that the responder answers with to this Accept header.
func (m *maker) probe(accept string) format {
	resp := m.responder.Preview(request{accept: accept}, fault.BadRequest.New(fault.TraceID(traceID), fault.Arg("Name", "value")))
	f := format{mediaType: mediaTypeOf(resp), negotiated: strings.Contains(resp.Header().Get("Vary"), "Accept-Language")}
	var members map[string]json.RawMessage
	switch {
	case !isJSON(f.mediaType) || !json.Valid(resp.Body):
	case json.Unmarshal(resp.Body, &members) != nil:
		f.shape = shapeJSON
	case m.isMultilingual(members):
		f.shape = shapeMultilingual
		for _, name := range []string{"code", "trace_id", "params", "retryable"} {
			if members[name] != nil {
				f.members = append(f.members, name)
			}
		}
	case isProblem(members):
		f.shape = shapeProblem
	default:
		f.shape = shapeObject
	}
	return f
}

func mediaTypeOf(resp *fault.Response) string {
	name, _, _ := strings.Cut(resp.Header().Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

func (m *maker) isMultilingual(members map[string]json.RawMessage) bool {
	return slices.ContainsFunc(m.catalogue.Languages(), func(l fault.Language) bool { return members[l.Key] != nil })
}

func isProblem(members map[string]json.RawMessage) bool {
	for _, name := range problemRequired {
		if members[name] == nil {
			return false
		}
	}
	return true
}

// attrs returns the attributes of the kind's examples.
func (m *maker) attrs(k *fault.Kind) []fault.Attr {
	attrs := []fault.Attr{fault.TraceID(traceID)}
	if m.opts.Attrs != nil {
		if own := m.opts.Attrs(k); own != nil {
			return append(attrs, own...)
		}
	}
	if k == fault.ValidationFailed {
		attrs = append(attrs,
			fault.Field(fault.InBody("/items/0/qty"), "min", fault.Arg("Limit", 1)),
			fault.Field(fault.InQuery("page"), "number"))
	}
	return append(attrs, m.arguments(k)...)
}

// arguments returns arguments for the placeholders of the text of k, or of the nearest kind above it that has a text.
func (m *maker) arguments(k *fault.Kind) []fault.Attr {
	var attrs []fault.Attr
	names, types := m.declared(k)
	for _, name := range names {
		if name == "Count" {
			attrs = append(attrs, fault.Count(2))
			continue
		}
		attrs = append(attrs, fault.Arg(name, exampleArgument(name, types[name])))
	}
	return attrs
}

// exampleArgument is a value of the type; a string is the placeholder itself.
func exampleArgument(name, goType string) any {
	shown := "{" + name + "}"
	switch goType {
	case "bool":
		return true
	case "float64":
		return 2.5
	case "int", "int64", "uint", "uint64":
		return 2
	case "time.Duration":
		return 2 * time.Second
	case "time.Time":
		return time.Date(2026, time.January, 2, 15, 4, 5, 0, time.UTC)
	case "[]string":
		return []string{shown}
	}
	return shown
}

// placeholders are those of the text in all languages, and whether it has plural forms; false when no language has the text.
func (m *maker) placeholders(id string) (names []string, plural, has bool) {
	for _, l := range m.catalogue.Languages() {
		found, ok := m.catalogue.Placeholders(id, l.Tag)
		has = has || ok
		plural = plural || m.catalogue.Plural(id, l.Tag)
		names = append(names, found...)
	}
	return names, plural, has
}
