package openapi_test

import (
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	"github.com/polyfault/polyfault/core/openapi"
)

func rand() string { return crand.Text() }

var allMembers = fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams, fault.MemberRetryable)

// What responders can be configured to, in both versions.
func TestDocumentsOfEveryFormat(t *testing.T) {
	for name, c := range map[string]struct {
		opts    []fault.Option
		types   []string
		content []string
		schemas []string
	}{
		"default": {nil, nil, []string{"application/json", "application/problem+json"},
			[]string{"DetailError", "ErrorCode", "FieldError", "MultilingualError", "Problem", "ProblemError"}},
		"problem only": {[]fault.Option{fault.WithFormats(fault.Problem{TypeBase: "https://example.org/e/"})}, nil,
			[]string{"application/problem+json"}, []string{"ErrorCode", "Problem", "ProblemError"}},
		"multilingual": {[]fault.Option{fault.WithFormats(fault.Multilingual{}), allMembers}, nil,
			[]string{"application/json"}, []string{"DetailError", "ErrorCode", "FieldError", "MultilingualError"}},
		"negotiated": {[]fault.Option{fault.WithNegotiatedLanguage()}, []string{"application/problem+json"},
			[]string{"application/json", "application/problem+json"},
			[]string{"DetailError", "ErrorCode", "FieldError", "MultilingualError", "Problem", "ProblemError"}},
		"others": {
			[]fault.Option{fault.WithFormats(formats.HTML{}, formats.Envelope{}, formats.JSONAPI{}, formats.Text{})},
			[]string{"application/vnd.api+json", "Text/Plain; charset=utf-8"},
			[]string{"application/json", "application/vnd.api+json", "text/html", "text/plain"}, []string{"ErrorCode"},
		},
		"odd": {[]fault.Option{fault.WithFormats(odd{})}, nil, []string{"application/json"}, []string{"ErrorCode"}},
	} {
		for _, version := range versions {
			t.Run(name+" "+version.String(), func(t *testing.T) {
				doc := document(t, responder(t, c.opts...), openapi.Options{
					Version: version, MediaTypes: c.types, Kinds: only(fault.TaskLocked, fault.ValidationFailed, fault.Unhandled, fault.MethodNotAllowed),
				})
				assert.Equal(t, version.String(), doc.OpenAPI)
				schemas := slices.Clone(c.schemas)
				for _, shared := range []string{"MultilingualError", "Problem"} { // each kind has one of its own
					if slices.Contains(c.schemas, shared) {
						schemas = append(schemas, "TaskLocked"+shared, "ValidationFailed"+shared, "Unhandled"+shared, "MethodNotAllowed"+shared)
					}
				}
				assert.ElementsMatch(t, schemas, slices.Collect(maps.Keys(doc.Components.Schemas)))
				for name, r := range doc.Components.Responses {
					assert.Equal(t, c.content, slices.Sorted(maps.Keys(r.Value.Content)), name)
					for mediaType, content := range r.Value.Content {
						assert.NotEmpty(t, content.Examples, "%s %s", name, mediaType)
					}
				}
			})
		}
	}
}

// odd is a format whose bodies are arrays, and which fails for one kind.
type odd struct{}

func (odd) ContentType() string { return "application/json" }
func (odd) Use() fault.TextUse  { return fault.OneLanguage }
func (odd) Append(dst []byte, o *fault.Occurrence) []byte {
	return fmt.Appendf(dst, "[%q]", o.Kind().Code())
}

// failing is a format that fails for one kind: the responder answers in another form then.
type failing struct{ odd }

func (failing) ContentType() string { return "application/vnd.odd+json" }
func (failing) Append(dst []byte, o *fault.Occurrence) []byte {
	switch o.Kind() {
	case fault.Gone:
		panic("gone")
	case fault.Locked:
		return append(dst, "no JSON"...)
	}
	return append(dst, "{}"...)
}

func TestABodyThatStandsInIsNoExample(t *testing.T) {
	doc := document(t, responder(t, fault.WithFormats(failing{})), openapi.Options{Kinds: only(fault.Gone, fault.Locked, fault.Conflict)})
	assert.Empty(t, examples(t, doc, "Gone", "application/vnd.odd+json"))
	assert.Empty(t, examples(t, doc, "Locked", "application/vnd.odd+json"))
	assert.NotEmpty(t, examples(t, doc, "Conflict", "application/vnd.odd+json"))
}

// The validator would notice if the documents were wrong.
func TestTheValidatorNotices(t *testing.T) {
	type object = map[string]any
	at := func(o object, path ...string) object {
		for _, step := range path {
			o = o[step].(object)
		}
		return o
	}
	problem := func(o object) object {
		return at(o, "components", "responses", "TaskLocked", "content", "application/problem+json", "examples", "en", "value")
	}
	schemas := func(o object) object { return at(o, "components", "schemas") }
	breakages := map[string]func(object){
		"no title":                 func(o object) { delete(at(o, "info"), "title") },
		"no version":               func(o object) { delete(o, "openapi") },
		"a response without words": func(o object) { delete(at(o, "components", "responses", "TaskLocked"), "description") },
		"a name with a space": func(o object) {
			at(o, "components", "responses")["Task Locked"] = at(o, "components", "responses", "TaskLocked")
		},
		"a reference to nothing":    func(o object) { delete(schemas(o), "ProblemError") },
		"a header without a schema": func(o object) { delete(at(o, "components", "headers", "Vary"), "schema") },
		"an unknown type":           func(o object) { at(schemas(o), "Problem", "properties", "title")["type"] = "text" },
		"an unknown member":         func(o object) { at(o, "components", "responses", "TaskLocked")["status"] = 423 },
		"a string as status":        func(o object) { problem(o)["status"] = "423" },
		"a status out of range":     func(o object) { problem(o)["status"] = 200 },
		"a code that is no code":    func(o object) { problem(o)["code"] = "nothing" },
		"a problem without code":    func(o object) { delete(problem(o), "code") },
		"a trace id with a space":   func(o object) { problem(o)["trace_id"] = "a b" },
		"a wrong direction":         func(o object) { problem(o)["dir"] = "up" },
		"an error without detail":   func(o object) { problem(o)["errors"] = []any{object{"code": "min"}} },
		"an error in no place":      func(o object) { problem(o)["errors"] = []any{object{"detail": "", "in": "body"}} },
		"a number as text": func(o object) {
			at(o, "components", "responses", "TaskLocked", "content", "application/json", "examples", "all", "value")["DE"] = 1
		},
		"a list of details": func(o object) {
			at(o, "components", "responses", "TaskLocked", "content", "application/json", "examples", "all", "value")["details"] = []any{}
		},
		"a body without a single text": func(o object) {
			at(o, "components", "responses", "TaskLocked", "content", "application/json", "examples", "all")["value"] = object{}
		},
	}
	for _, version := range versions {
		content, err := openapi.Components(responder(t), openapi.Options{Version: version, Kinds: only(fault.TaskLocked)})
		require.NoError(t, err)
		names := slices.Sorted(maps.Keys(breakages))
		if version == openapi.Version30 {
			names = append(names, "const in 3.0", "a list of types in 3.0", "an array without items")
			breakages["an array without items"] = func(o object) { delete(at(schemas(o), "Problem", "properties", "errors"), "items") }
			breakages["const in 3.0"] = func(o object) { at(schemas(o), "Problem", "properties", "title")["const"] = "x" }
			breakages["a list of types in 3.0"] = func(o object) {
				at(schemas(o), "Problem", "properties", "title")["type"] = []any{"string", "null"}
			}
		}
		for _, name := range names {
			t.Run(name+" "+version.String(), func(t *testing.T) {
				var o object
				require.NoError(t, json.Unmarshal(content, &o))
				breakages[name](o)
				broken, err := json.Marshal(o)
				require.NoError(t, err)
				doc, err := load(broken)
				if err == nil {
					err = validate(t, doc)
				}
				require.Error(t, err)
				t.Log(strings.SplitN(err.Error(), "\n", 2)[0])
			})
		}
	}
}

// An application's document refers to the responses.
func TestReferencesFromAnotherDocument(t *testing.T) {
	for _, version := range versions {
		content, err := openapi.Components(responder(t), openapi.Options{Version: version, Kinds: only(fault.TaskLocked, fault.Gone)})
		require.NoError(t, err)
		loader := openapi3.NewLoader()
		loader.IsExternalRefsAllowed = true
		loader.ReadFromURIFunc = func(_ *openapi3.Loader, uri *url.URL) ([]byte, error) {
			if uri.Path == "errors.json" {
				return content, nil
			}
			return []byte(fmt.Sprintf(`{"openapi": %q, "info": {"title": "Shop", "version": "1"}, "paths": {"/tasks": {"get": {"responses": {
				"200": {"description": "The tasks"}, "423": {"$ref": "errors.json#/components/responses/TaskLocked"}}}}}}`, version)), nil
		}
		doc, err := loader.LoadFromURI(&url.URL{Path: "shop.json"})
		require.NoError(t, err)
		require.NoError(t, validate(t, doc))
		locked := doc.Paths.Value("/tasks").Get.Responses.Value("423").Value
		assert.Equal(t, "task_locked", locked.Extensions["x-error-code"])
		assert.Contains(t, locked.Content["application/problem+json"].Schema.Value.AllOf[0].Value.Properties, "retryable")
	}
}

// Bodies with everything in them have no member that the schemas do not know, and none of another type.
func TestSchemasDescribeEveryMember(t *testing.T) {
	many := []fault.Attr{fault.Arg("Who", "Ada"), fault.Count(3), fault.Detail("n", 1.5), fault.Detail("list", []any{nil, true, "x"}),
		fault.Detail("user", fault.EntityNotFound.New(fault.Arg("ID", 7), fault.Detail("more", 1)))}
	for i := range 120 {
		many = append(many, fault.Field(fault.InBody(fmt.Sprintf("/items/%d/a~1b é", i)), "max", fault.Arg("Limit", i)))
	}
	var details fault.Details
	details.AddError("foreign", errors.New("plain"))
	details.AddText("declared", "plain")
	details.AddError("ours", fault.TaskLocked.New(fault.Arg("x", 1)))
	details.AddField(fault.InQuery("page"), "number").AddField(fault.InPath("id"), "uuid").
		AddField(fault.InHeader("X-A"), "required").AddField(fault.InCookie("c"), "")
	for _, version := range versions {
		for name, opts := range map[string][]fault.Option{"": nil, "members ": {allMembers},
			"negotiated ": {allMembers, fault.WithNegotiatedLanguage()}} {
			r := responder(t, opts...)
			doc := document(t, r, openapi.Options{Version: version, Kinds: only(fault.ValidationFailed, fault.Unhandled)})
			for _, s := range doc.Components.Schemas {
				if s.Value.Properties != nil {
					s.Value.AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)}
				}
			}
			// Free values stand behind the errors: without them, what is below has to be an error.
			property := doc.Components.Schemas["MultilingualError"].Value.Properties["details"].Value
			property.AdditionalProperties.Schema.Value.AnyOf = property.AdditionalProperties.Schema.Value.AnyOf[:2]
			for _, err := range []error{details.Err(fault.ValidationFailed), fault.ValidationFailed.New(many...), errors.New("unknown")} {
				for accept, schema := range map[string]string{"application/json": "MultilingualError", "application/problem+json": "Problem"} {
					t.Run(fmt.Sprintf("%s%s %s", name, version, schema), func(t *testing.T) {
						var body map[string]any
						require.NoError(t, json.Unmarshal(r.Respond(asks{accept, "fr"}, err).Body, &body))
						if details, ok := body["details"].(map[string]any); ok {
							maps.DeleteFunc(details, func(name string, _ any) bool { return slices.Contains([]string{"n", "list", "trace_id"}, name) })
						}
						var opts []openapi3.SchemaValidationOption
						if version == openapi.Version31 {
							opts = append(opts, openapi3.EnableJSONSchema2020())
						}
						assert.NoError(t, doc.Components.Schemas[schema].Value.VisitJSON(body, opts...))
						body["surprise"] = 1
						assert.Error(t, doc.Components.Schemas[schema].Value.VisitJSON(body, opts...), "the schemas are closed in this test")
					})
				}
			}
		}
	}
}

type asks struct{ accept, language string }

func (asks) Context() context.Context { return context.Background() }
func (asks) Method() string           { return "GET" }
func (asks) Path() string             { return "/" }
func (a asks) Header(name string) string {
	return map[string]string{"Accept": a.accept, "Accept-Language": a.language}[name]
}

// Who makes the document has not failed: nothing is logged or observed.
func TestExamplesAreNoFailures(t *testing.T) {
	var log strings.Builder
	seen := 0
	r := responder(t,
		fault.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		fault.WithObserver(func(context.Context, *fault.Occurrence) { seen++ }))
	log.Reset() // the line about languages
	_, err := openapi.Components(r, openapi.Options{})
	require.NoError(t, err)
	assert.Zero(t, seen)
	assert.Empty(t, log.String())
	r.Respond(asks{}, fault.Unhandled)
	assert.Equal(t, 1, seen)
	assert.NotEmpty(t, log.String())
}
