package openapi

import (
	"fmt"
	"math"
)

// Lengths that no text or header reaches: the catalogue's texts are sentences, and core limits the length of arguments.
// Linters ask for lengths, and generators may reserve them.
const (
	textLimit   = 16 << 10
	nameLimit   = 4 << 10 // pointers and names of parameters
	headerLimit = 8 << 10
	bodyLimit   = 1 << 20 // bodies that are not JSON

	traceLimit = 128 // see fault.TraceID
	maxErrors  = 100 // see fault.Field
	maxWait    = math.MaxInt64 / 1_000_000_000
)

// problemRequired are the members that every body of fault.Problem has.
var problemRequired = []string{"type", "title", "status", "detail", "code", "lang", "dir", "retryable", "trace_id"}

func (m *maker) addSchemas() {
	schemas := m.document.Components.Schemas
	codes := &schema{Description: "The stable name of an error.", Type: "string"}
	for _, k := range m.kinds {
		codes.Enum = append(codes.Enum, k.Code())
	}
	schemas["ErrorCode"] = codes
	for _, f := range m.formats {
		switch f.shape {
		case shapeMultilingual:
			schemas["MultilingualError"] = m.multilingual(f)
			schemas["FieldError"] = m.fieldError(f)
			schemas["DetailError"] = m.detailError(f)
		case shapeProblem:
			schemas["Problem"] = problem()
			schemas["ProblemError"] = problemError()
		}
	}
}

// schema returns the schema of the format's bodies.
func (f format) schema() *schema {
	switch f.shape {
	case shapeMultilingual:
		return ref("MultilingualError")
	case shapeProblem:
		return ref("Problem")
	case shapeObject:
		return object("")
	case shapeJSON:
		return &schema{}
	}
	return text(bodyLimit)
}

// texts returns a property for each language that the body can have.
func (m *maker) texts(f format) map[string]*schema {
	languages := m.catalogue.Body()
	if f.negotiated {
		languages = m.catalogue.Languages()
	}
	properties := map[string]*schema{}
	for _, l := range languages {
		s := text(textLimit)
		s.Description = fmt.Sprintf("The text in the language %s.", l.Tag)
		properties[l.Key] = s
	}
	return properties
}

func (m *maker) multilingual(f format) *schema {
	s := &schema{
		Description: "The text in every language, by the upper-cased tag of the language. A language that lacks the text is left out.",
		Type:        "object", MinProperties: 1, Properties: m.texts(f),
	}
	if f.negotiated {
		s.Description = "The text in the language that was negotiated, by its upper-cased tag."
	}
	for _, name := range f.members {
		s.Properties[name] = optional[name]()
		if name != "params" {
			s.Required = append(s.Required, name)
		}
	}
	s.Properties["details"] = &schema{
		Description: "What is wrong in detail: errors by field, and other values by name.",
		Type:        "object", AdditionalProperties: &schema{AnyOf: append([]*schema{ref("FieldError"), ref("DetailError")}, m.values()...)},
	}
	s.Properties["errors_total"] = errorsTotal()
	s.Properties["input"] = input()
	return s
}

// optional are the members of fault.WithMembers.
var optional = map[string]func() *schema{
	"code":      func() *schema { return ref("ErrorCode") },
	"trace_id":  traceIDSchema,
	"params":    params,
	"retryable": retryable,
}

func (m *maker) fieldError(f format) *schema {
	s := &schema{
		Description: "What is wrong with one part of the request.",
		Type:        "object", Properties: m.texts(f), Required: []string{"code"},
	}
	s.Properties["code"] = ruleCode()
	s.Properties["in"] = place()
	addPlace(s.Properties)
	s.Properties["error"] = described(text(textLimit), "The text, when nobody knows its language.")
	s.Properties["params"] = params()
	return s
}

func (m *maker) detailError(f format) *schema {
	plain := text(textLimit)
	plain.Description = "The text in one language."
	s := &schema{
		Description: "An error among the details.",
		Type:        "object",
		Properties: map[string]*schema{
			"error":   {AnyOf: []*schema{{Description: "The text by language.", Type: "object", MinProperties: 1, Properties: m.texts(f)}, plain}},
			"code":    ruleCode(),
			"params":  params(),
			"details": object("What is wrong in detail."),
			"in":      place(),
		},
		Required: []string{"error"},
	}
	addPlace(s.Properties)
	return s
}

// addPlace adds the members that an entry has if its name among the details does not tell its place.
func addPlace(properties map[string]*schema) {
	properties["pointer"] = described(&schema{Type: "string", Pattern: "^#(/|$)", MaxLength: nameLimit},
		"The place in the body, as the fragment of a JSON Pointer, when the name alone would be another one.")
	properties["name"] = described(text(nameLimit), "The name of the parameter, when the name of the member is another one.")
}

// problem returns the schema of RFC 9457, appendix A, with the members that fault.Problem adds.
func problem() *schema {
	return &schema{
		Description: "Problem details for HTTP APIs (RFC 9457).",
		Type:        "object",
		Properties: map[string]*schema{
			"type":     described(uriReference(), "What identifies the type of the problem; about:blank says no more than the status."),
			"title":    described(text(textLimit), "A short heading of the type of the problem."),
			"status":   described(integer(400, 599), "The HTTP status."),
			"detail":   described(text(textLimit), "What went wrong this time."),
			"instance": described(uriReference(), "What identifies this occurrence of the problem."),
			"code":     ref("ErrorCode"),
			"lang": described(&schema{Type: "string", Pattern: "^[A-Za-z0-9-]+$", MaxLength: 64},
				"The language of the texts, as a BCP 47 tag."),
			"dir":    {Description: "The base direction of the texts.", Type: "string", Enum: []any{"ltr", "rtl"}},
			"params": params(),
			"errors": {Description: "What is wrong with parts of the request.", Type: "array",
				Items: ref("ProblemError"), MaxItems: maxErrors},
			"errors_total": errorsTotal(),
			"details":      object("More about the problem, by name."),
			"input":        input(),
			"retryable":    retryable(),
			"trace_id":     traceIDSchema(),
		},
		Required: problemRequired,
	}
}

func problemError() *schema {
	return &schema{
		Description: "What is wrong with one part of the request: a member of its body, named by pointer, or a parameter, named by in and name.",
		Type:        "object",
		Properties: map[string]*schema{
			"detail": described(text(textLimit), "What is wrong with it."),
			"pointer": described(&schema{Type: "string", Pattern: "^#", MaxLength: nameLimit},
				"A JSON Pointer (RFC 6901) into the body, as the fragment of a URI."),
			"in":      place(),
			"name":    described(text(nameLimit), "The name of the parameter."),
			"code":    ruleCode(),
			"params":  params(),
			"details": object("More about it, by name."),
		},
		Required: []string{"detail"},
	}
}

func ref(name string) *schema { return &schema{Ref: "#/components/schemas/" + name} }

func text(limit int) *schema { return &schema{Type: "string", MaxLength: limit} }

func uriReference() *schema {
	return &schema{Type: "string", Format: "uri-reference", MaxLength: nameLimit}
}

func described(s *schema, description string) *schema {
	s.Description = description
	return s
}

func integer(minimum, maximum int64) *schema {
	s := &schema{Type: "integer", Format: "int32", Minimum: &minimum, Maximum: maximum}
	if maximum > math.MaxInt32 {
		s.Format = "int64"
	}
	return s
}

// constant allows one value: const is a keyword of JSON Schema that 3.0 lacks.
func (m *maker) constant(typ string, value any) *schema {
	if m.opts.Version == Version30 {
		return &schema{Type: typ, Enum: []any{value}}
	}
	return &schema{Type: typ, Const: value}
}

// null allows null beside the others, which 3.0 says with a keyword of its own.
func (m *maker) null(others ...*schema) []*schema {
	if m.opts.Version == Version30 {
		others[len(others)-1].Nullable = true
		return others
	}
	return append(others, &schema{Type: "null"})
}

// object is one with members that nobody knows beforehand.
func object(description string) *schema {
	return &schema{Description: description, Type: "object", AdditionalProperties: true}
}

func params() *schema { return object("The values in the text, by name.") }

func retryable() *schema {
	return &schema{Description: "Repeating the same request can help.", Type: "boolean"}
}

func traceIDSchema() *schema {
	return &schema{Description: "The id to look for in the logs of the service.", Type: "string",
		Pattern: "^[0-9A-Za-z._~:+/=@-]+$", MaxLength: traceLimit}
}

func ruleCode() *schema {
	s := text(nameLimit)
	s.Description = "The rule that is broken, or the code of an error."
	return s
}

func place() *schema {
	return &schema{Description: "Where the parameter is.", Type: "string", Enum: []any{"query", "path", "header", "cookie"}}
}

func errorsTotal() *schema {
	return described(integer(maxErrors+1, math.MaxInt32), "How many errors there were, when not all are sent.")
}

// values are what a detail can be besides an error: anything that JSON has.
func (m *maker) values() []*schema {
	return m.null(text(textLimit), &schema{Type: "number"}, &schema{Type: "boolean"},
		&schema{Type: "array", Items: &schema{}, MaxItems: textLimit}, object(""))
}

func input() *schema {
	return &schema{
		Description: "Where the body of the request could not be read.",
		Type:        "object",
		Properties: map[string]*schema{
			"position": described(integer(0, math.MaxInt64), "How many bytes of it were read."),
			"field":    described(text(nameLimit), "The member, as a JSON Pointer."),
		},
	}
}
