package openapi_test

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
)

var due = fault.Conflict.Derive(fault.Spec{Code: "test_due"})

// dueTexts declare every type that there is; the note stands in the default language's file and not in the first one's.
var dueTexts = files(
	"active.de.toml", "[test_due]\ndescription = \"Types: ID string\"\nother = \"{{.ID}} {{.Open}}\"",
	"active.en.toml", `[test_due]
description = "For an old link. Types: ID int, At time.Time, Wait time.Duration, Open bool, Share float64, Names []string, Big uint64, What any."
one = "{{.ID}} {{.At}} {{.Wait}} {{.Open}}"
other = "{{.ID}} {{.At}} {{.Wait}} {{.Open}} {{.Share}} {{.Names}} {{.Big}} {{.What}} {{.Free}} {{.Count}}"`)

func constants(t *testing.T, doc *openapi3.T, name string) *openapi3.Schema {
	t.Helper()
	require.Contains(t, doc.Components.Schemas, name)
	allOf := doc.Components.Schemas[name].Value.AllOf
	require.Len(t, allOf, 2)
	assert.NotEmpty(t, allOf[0].Ref)
	return allOf[1].Value
}

func only1(s *openapi3.Schema) any {
	if s.Const != nil {
		return s.Const
	}
	if len(s.Enum) == 1 {
		return s.Enum[0]
	}
	return nil
}

// Each kind has a schema with its code and status as constants, and a body of another kind does not fit.
func TestASchemaPerKind(t *testing.T) {
	for _, version := range versions {
		doc := document(t, responder(t, fault.WithStatus(fault.Locked, 409)), openapi.Options{Version: version})
		for k := range fault.Kinds() {
			for _, r := range doc.Components.Responses {
				if r.Value.Extensions["x-error-code"] != k.Code() {
					continue
				}
				for _, mediaType := range []string{"application/problem+json", "application/json"} {
					s := r.Value.Content[mediaType].Schema
					own := constants(t, doc, s.Ref[len("#/components/schemas/"):])
					assert.Equal(t, k.Code(), only1(own.Properties["code"].Value), k.Code())
					if mediaType == "application/problem+json" {
						assert.EqualValues(t, r.Value.Extensions["x-error-status"], only1(own.Properties["status"].Value), k.Code())
						assert.ElementsMatch(t, []string{"code", "status"}, own.Required)
					}
				}
			}
		}
		locked := constants(t, doc, "TaskLockedProblem")
		assert.EqualValues(t, 409, only1(locked.Properties["status"].Value), "the status that is sent")
		gone := examples(t, doc, "Gone", "application/problem+json")["en"]
		opt := openapi3.EnableJSONSchema2020()
		assert.NoError(t, doc.Components.Schemas["GoneProblem"].Value.VisitJSON(gone, opt))
		assert.Error(t, doc.Components.Schemas["TaskLockedProblem"].Value.VisitJSON(gone, opt))
	}
}

func TestTypedParams(t *testing.T) {
	for _, version := range versions {
		doc := document(t, responder(t, fault.WithLocales(dueTexts), fault.WithMembers(fault.MemberCode, fault.MemberParams)),
			openapi.Options{Version: version, Kinds: only(due, fault.Gone)})
		for _, name := range []string{"TestDueProblem", "TestDueMultilingualError"} {
			params := constants(t, doc, name).Properties["params"].Value
			got := map[string]string{}
			for name, s := range params.Properties {
				if s.Value.Type == nil {
					got[name] = ""
					continue
				}
				got[name] = (*s.Value.Type)[0]
			}
			assert.Equal(t, map[string]string{"ID": "integer", "At": "string", "Wait": "integer", "Open": "boolean", "Share": "number",
				"Names": "array", "Big": "integer", "What": "", "Free": "", "Count": "integer"}, got)
			assert.Empty(t, params.Required, "an error may choose another text")
			assert.True(t, *params.AdditionalProperties.Has)
		}
		assert.NotContains(t, constants(t, doc, "GoneProblem").Properties, "params", "the text has none")
	}
}

// Objects of unknown members say so, and no choice is empty: generators make "never" or "unknown" of the one and the other.
func TestFreeMembers(t *testing.T) {
	for _, version := range versions {
		content, err := openapi.Components(responder(t, allMembers), openapi.Options{Version: version})
		require.NoError(t, err)
		var o map[string]any
		require.NoError(t, json.Unmarshal(content, &o))
		objects := 0
		var walk func(path string, value any)
		walk = func(path string, value any) {
			switch value := value.(type) {
			case []any:
				for _, v := range value {
					walk(path, v)
				}
			case map[string]any:
				if value["type"] == "object" && value["properties"] == nil && value["allOf"] == nil {
					objects++
					assert.NotNil(t, value["additionalProperties"], path)
				}
				for _, choice := range []string{"anyOf", "oneOf", "allOf"} {
					list, _ := value[choice].([]any)
					for _, v := range list {
						assert.NotEmpty(t, v, "%s/%s", path, choice)
					}
				}
				for name, v := range value {
					walk(path+"/"+name, v)
				}
			}
		}
		walk("", o["components"].(map[string]any)["schemas"])
		assert.Greater(t, objects, 5)
		assert.NotContains(t, string(content), `"nullable": false`)
	}
}

// What a detail can be, and nothing is refused that JSON has.
func TestDetailsOfAnyKind(t *testing.T) {
	for _, version := range versions {
		r := responder(t)
		doc := document(t, r, openapi.Options{Version: version, Kinds: only(fault.Gone)})
		for _, value := range []any{nil, true, 1.5, "x", []any{1, map[string]any{}}, map[string]any{"a": nil}, map[string]any{}} {
			var body any
			require.NoError(t, json.Unmarshal(r.Respond(nil, fault.Gone.New(fault.Detail("d", value))).Body, &body))
			var opts []openapi3.SchemaValidationOption
			if version == openapi.Version31 {
				opts = append(opts, openapi3.EnableJSONSchema2020())
			}
			assert.NoError(t, doc.Components.Schemas["GoneMultilingualError"].Value.VisitJSON(body, opts...), "%v", value)
		}
	}
}

// Without the code in the body nothing tells one kind from another.
func TestNoSchemaPerKindWithoutCode(t *testing.T) {
	doc := document(t, responder(t, fault.WithMembers()), openapi.Options{Kinds: only(fault.Gone)})
	assert.Equal(t, "#/components/schemas/MultilingualError", response(t, doc, "Gone").Content["application/json"].Schema.Ref)
	assert.NotContains(t, doc.Components.Schemas, "GoneMultilingualError")
}
