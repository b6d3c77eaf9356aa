package openapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	"github.com/polyfault/polyfault/core/openapi"
)

// service is a document that somebody wrote: the operations have responses that code says nothing of.
func service(version string, paths ...string) []byte {
	items := map[string]any{}
	for _, path := range paths {
		responses := map[string]any{"200": map[string]any{"description": "fine"}, "404": map[string]any{"description": "old"},
			"5XX": map[string]any{"description": "old"}, "default": map[string]any{"description": "old"},
			"302": map[string]any{"description": "there"}}
		item := map[string]any{"get": map[string]any{"responses": responses}, "post": map[string]any{"responses": responses}}
		var parameters []any
		for segment := range strings.SplitSeq(path, "/") {
			if strings.HasPrefix(segment, "{") {
				parameters = append(parameters, map[string]any{"name": strings.Trim(segment, "{}"), "in": "path", "required": true,
					"schema": map[string]any{"type": "string"}})
			}
		}
		if parameters != nil {
			item["parameters"] = parameters
		}
		items[path] = item
	}
	content, err := json.Marshal(map[string]any{"openapi": version, "info": map[string]any{"title": "Shop", "version": "1"}, "paths": items,
		"x-big": json.Number("12345678901234567890")})
	if err != nil {
		panic(err)
	}
	return content
}

func applied(t *testing.T, o *openapi.Operations, r *fault.Responder, document []byte) *openapi3.T {
	t.Helper()
	content, err := o.Apply(document, r, openapi.Options{})
	require.NoError(t, err)
	doc, err := load(content)
	require.NoError(t, err)
	require.NoError(t, validate(t, doc))
	assert.Contains(t, string(content), "12345678901234567890", "numbers stay as they are written")
	return doc
}

func statuses(o *openapi3.Operation) []string { return slices.Sorted(maps.Keys(o.Responses.Map())) }

func TestOperationsHaveExactlyTheirResponses(t *testing.T) {
	for _, version := range []string{"3.1.0", "3.0.3", "3.1.1"} {
		ops := openapi.NewOperations(fault.Unhandled)
		assert.Equal(t, "/tasks/:id", ops.Gives("GET", "/tasks/:id", fault.TaskLocked, fault.EntityNotFound, fault.NotFound))
		ops.Gives("GET", "/tasks/:id", fault.TaskLocked, fault.ProjectLocked)
		doc := applied(t, ops, responder(t), service(version, "/tasks/{task}", "/other"))
		get := doc.Paths.Value("/tasks/{task}").Get
		assert.Equal(t, []string{"200", "302", "404", "423", "500"}, statuses(get))
		assert.Equal(t, []string{"200", "302", "404", "5XX", "default"}, statuses(doc.Paths.Value("/tasks/{task}").Post),
			"nothing was said of it")
		assert.Equal(t, "#/components/responses/Unhandled", get.Responses.Value("500").Ref)

		missing := get.Responses.Value("404").Value
		assert.Contains(t, *missing.Description, "`not_found`")
		assert.Contains(t, *missing.Description, "`entity_not_found`")
		content := missing.Content["application/problem+json"]
		var refs []string
		for _, s := range content.Schema.Value.OneOf {
			refs = append(refs, s.Ref)
		}
		assert.Equal(t, []string{"#/components/schemas/NotFoundProblem", "#/components/schemas/EntityNotFoundProblem"}, refs)
		assert.Contains(t, content.Examples, "not_found.de")
		assert.Contains(t, content.Examples, "entity_not_found.en")
		assert.NotContains(t, doc.Components.Responses, "NotFound", "what only the choice needs is no component")
		assert.Equal(t, []any{"not_found", "entity_not_found", "task_locked", "project_locked", "unhandled"}, inOrder(doc), "no other kinds")
	}
}

func inOrder(doc *openapi3.T) []any {
	want := []any{"not_found", "entity_not_found", "task_locked", "project_locked", "unhandled"}
	enum := doc.Components.Schemas["ErrorCode"].Value.Enum
	for _, code := range enum {
		if !slices.Contains(want, code) {
			return enum
		}
	}
	if len(enum) != len(want) {
		return enum
	}
	return want
}

// Paths as frameworks spell them.
func TestSpellingsOfPaths(t *testing.T) {
	for spelled, written := range map[string]string{
		"/":                                "/",
		"/a/{id}":                          "/a/{x}",
		"/a/{id}/b/{name...}":              "/a/{x}/b/{y}",
		"/a/{$}":                           "/a/",
		"/a/{id:[0-9]{4}}/b":               "/a/{x}/b", // chi
		"/a/{path:[a-z/]+}":                "/a/{x}",
		"/a/{from}-{to}":                   "/a/{x}-{y}",
		"/a/:id":                           "/a/{x}", // gin, echo, fiber
		"/a/:id<int>?":                     "/a/{x}",
		"/a/:from-:to":                     "/a/{x}-{y}",
		"/a/*rest":                         "/a/{x}",
		"/a/*":                             "/a/{x}",
		"/a/+":                             "/a/{x}",
		"/orders/{id}:pay":                 "/orders/{x}:pay", // google.aip.dev/136
		"/orders:batchGet":                 "/orders:batchGet",
		"/größe/:id":                       "/größe/{x}",
		"/v1/" + strings.Repeat("a/", 500): "/v1/" + strings.Repeat("a/", 500),
	} {
		ops := openapi.NewOperations()
		assert.Equal(t, spelled, ops.Gives("GET", spelled, fault.Gone))
		content, err := ops.Apply(service("3.1.0", written), responder(t), openapi.Options{})
		require.NoError(t, err, spelled)
		assert.Contains(t, string(content), `"$ref": "#/components/responses/Gone"`, spelled)
	}
}

func TestGroups(t *testing.T) {
	ops := openapi.NewOperations(fault.Unhandled)
	v1 := ops.Group("/v1/", fault.Unauthorized)
	admin := v1.Group("/admin", fault.Forbidden)
	assert.Equal(t, "/users/{id}", admin.Gives("GET", "/users/{id}", fault.NotFound))
	ops.Gives("GET", "/health")
	doc := applied(t, ops, responder(t), service("3.1.0", "/v1/admin/users/{u}", "/health"))
	assert.Equal(t, []string{"200", "302", "401", "403", "404", "500"}, statuses(doc.Paths.Value("/v1/admin/users/{u}").Get))
	assert.Equal(t, []string{"200", "302", "500"}, statuses(doc.Paths.Value("/health").Get))
}

func TestChoicesOfEveryFormat(t *testing.T) {
	ops := openapi.NewOperations()
	ops.Gives("GET", "/a", fault.Locked, fault.TaskLocked)
	r := responder(t, fault.WithFormats(formats.Text{}, formats.Envelope{}), fault.WithStatus(fault.Locked, 409))
	locked := applied(t, ops, r, service("3.1.0", "/a")).Paths.Value("/a").Get.Responses.Value("409").Value
	assert.Nil(t, locked.Content["text/plain"].Schema.Value.OneOf, "both are texts")
	assert.Len(t, locked.Content["text/plain"].Examples, 4)
}

func TestOperationsThatCannotBeApplied(t *testing.T) {
	ops := openapi.NewOperations()
	_, err := ops.Apply(service("3.1.0"), nil, openapi.Options{})
	assert.ErrorContains(t, err, "no operation gives a kind")
	ops.Gives("GET", "/b", fault.Gone)
	ops.Gives("POST", "/a/{id}", fault.Gone)
	fine := service("3.1.0", "/b", "/a/{id}")
	for want, document := range map[string]string{
		"it lacks the operations GET /b, POST /a/{id}": string(service("3.1.0", "/c")),
		`the version "2.0"`:                            strings.Replace(string(fine), "3.1.0", "2.0", 1),
		`the version ""`:                               "{}",
		"it is no JSON object":                         "openapi: 3.1.0",
		"it is null":                                   "null",
		"follows the object":                           string(fine) + "{}",
		"components/responses/Gone is there already":   strings.Replace(string(fine), `{"info"`, `{"components":{"responses":{"Gone":{"description":"mine"}}},"info"`, 1),
	} {
		content, err := ops.Apply([]byte(document), responder(t), openapi.Options{})
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "openapi: the service's document: ")
		assert.Nil(t, content)
	}
	_, err = ops.Apply(fine, responder(t, fault.WithExposure(fault.ExposeTraceback)), openapi.Options{})
	assert.ErrorContains(t, err, "exposes")
	for want, call := range map[string]func(){
		`"get" is no method`:          func() { ops.Gives("get", "/") },
		"does not begin with a slash": func() { ops.Gives("GET", "GET /a") },
		"a kind is nil":               func() { ops.Gives("GET", "/", nil) },
	} {
		func() {
			defer func() { assert.Contains(t, fmt.Sprint(recover()), want) }()
			call()
		}()
	}
	assert.Panics(t, func() { openapi.NewOperations(nil) })
	assert.Panics(t, func() { ops.Group("v1") })
}

// Applied again, and from many goroutines, it is the same document.
func TestApplyingTwice(t *testing.T) {
	ops := openapi.NewOperations()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			ops.Gives("GET", "/a", fault.Gone, fault.TaskLocked, fault.Locked)
			ops.Gives("POST", fmt.Sprintf("/%d", i%2), fault.Gone)
		})
	}
	group.Wait()
	once, err := ops.Apply(service("3.1.0", "/a", "/0", "/1"), nil, openapi.Options{})
	require.NoError(t, err)
	twice, err := ops.Apply(once, nil, openapi.Options{})
	require.NoError(t, err)
	assert.Equal(t, string(once), string(twice))
}
