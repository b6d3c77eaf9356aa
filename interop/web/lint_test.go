package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
)

// refers is a service's document of which everything is in order, and that refers to the components.
const refers = `{
  "openapi": %q,
  "info": {"title": "Shop", "version": "1.0.0", "description": "A shop.",
    "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
    "contact": {"name": "Shop", "url": "https://shop.example", "email": "shop@shop.example"}},
  "servers": [{"url": "https://shop.example"}],
  "security": [],
  "tags": [{"name": "tasks", "description": "Tasks."}],
  "paths": {"/tasks": {"get": {"operationId": "tasks", "summary": "Tasks", "description": "The tasks.", "tags": ["tasks"], "responses": {
    "200": {"description": "The tasks."},
    "400": {"$ref": "%[2]s#/components/responses/ValidationFailed"},
    "404": {"$ref": "%[2]s#/components/responses/TestOrder"},
    "423": {"$ref": "%[2]s#/components/responses/TaskLocked"},
    "500": {"$ref": "%[2]s#/components/responses/Unhandled"}}}}}
}`

var _ = fault.NotFound.Derive(fault.Spec{Code: "test_order"})

// Documents that refer to the components have neither errors nor warnings, in both versions, and neither has the document that
// the examples make. What used to be wrong is noticed.
func TestLinters(t *testing.T) {
	needNode(t)
	dir := folder(t)
	write(t, dir, ".spectral.yaml", []byte("extends: spectral:oas\n"))
	for version, name := range map[openapi.Version]string{openapi.Version31: "31", openapi.Version30: "30"} {
		members := fault.WithMembers(fault.MemberCode, fault.MemberParams, fault.MemberRetryable, fault.MemberTraceID)
		content, err := openapi.Components(responder(t, members),
			openapi.Options{Version: version})
		require.NoError(t, err)
		write(t, dir, "errors"+name+".json", content)
		write(t, dir, "service"+name+".json", fmt.Appendf(nil, refers, version, "errors"+name+".json"))
		broken := bytes.ReplaceAll(content, []byte(`"anyOf": [`), []byte(`"anyOf": [{},`))
		require.NotEqual(t, content, broken)
		write(t, dir, "broken"+name+".json", broken)
	}
	write(t, dir, "bad.json", fmt.Appendf(nil, refers, "3.1.0", "broken31.json"))
	copyTo(t, dir, "../../examples/frameworks/testdata/openapi.json")

	t.Run("redocly", func(t *testing.T) {
		t.Parallel()
		out, _ := command(t, dir, nil, "node", bin(t, "redocly"), "lint", "--format=json", "service31.json",
			"service30.json", "openapi.json", "bad.json")
		problems := map[string]map[string]bool{}
		for _, p := range redocly(t, out) {
			for _, at := range p.Location {
				if problems[at.Source.Ref] == nil {
					problems[at.Source.Ref] = map[string]bool{}
				}
				problems[at.Source.Ref][p.Severity+" "+p.RuleID] = true
			}
		}
		assert.Equal(t, map[string]map[string]bool{
			"broken31.json": {"warn no-illogical-composition-keywords": true},
			"openapi.json":  {"warn operation-4xx-response": true}, // of some, success and 500 are all
		}, problems, out)
	})
	t.Run("spectral", func(t *testing.T) {
		t.Parallel()
		out, err := command(t, dir, nil, "node", bin(t, "spectral"), "lint", "--fail-severity=hint", "service31.json",
			"service30.json", "openapi.json")
		assert.NoError(t, err, out)
		out, err = command(t, dir, nil, "node", bin(t, "spectral"), "lint", "errors31.json", "errors30.json")
		assert.NoError(t, err, "no errors alone, where nothing is used yet: "+out)
	})
}

type finding struct {
	RuleID   string `json:"ruleId"`
	Severity string `json:"severity"`
	Location []struct {
		Source struct {
			Ref string `json:"ref"`
		} `json:"source"`
	} `json:"location"`
}

// redocly reads what it found: an object for all documents, between words for people.
func redocly(t *testing.T, out string) []finding {
	t.Helper()
	var all []finding
	for at := 0; at < len(out); at++ {
		if out[at] != '{' || at > 0 && out[at-1] != '\n' {
			continue
		}
		var result struct{ Problems []finding }
		decoder := json.NewDecoder(bytes.NewReader([]byte(out[at:])))
		require.NoError(t, decoder.Decode(&result), out)
		all = append(all, result.Problems...)
		at += int(decoder.InputOffset())
	}
	return all
}
