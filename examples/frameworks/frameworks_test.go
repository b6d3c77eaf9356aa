package frameworks_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
	"github.com/polyfault/polyfault/core/typescript"
	"github.com/polyfault/polyfault/examples/booking"
	"github.com/polyfault/polyfault/examples/frameworks"
)

var update = flag.Bool("update", false, "rewrite the golden document")

const golden = "testdata/openapi.json"

// Each framework says the same of its operations, in its own spelling of paths: all documents are one.
func TestGoldenDocument(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for _, f := range frameworks.All {
		t.Run(f.Name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			f.Serve(listener, r, booking.New())()
			document, err := f.Operations.Apply(booking.Document, r, openapi.Options{})
			require.NoError(t, err)
			if *update {
				require.NoError(t, os.WriteFile(golden, document, 0o600))
				t.Skip("rewritten")
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(document))
		})
	}
}

// The operations have exactly the responses of their kinds.
func TestResponsesOfOperations(t *testing.T) {
	content, err := os.ReadFile(golden)
	require.NoError(t, err)
	var document struct {
		Paths map[string]map[string]struct{ Responses map[string]any }
	}
	// parameters of a path item are a list, which is no operation
	_ = json.Unmarshal(content, &document)
	for path, want := range map[string]map[string][]string{
		"/bookings":           {"get": {"200", "500"}, "post": {"201", "400", "406", "413", "423", "500", "503"}},
		"/bookings/{booking}": {"get": {"200", "404", "500"}, "delete": {"204", "404", "423", "500", "503"}},
		"/report":             {"get": {"200", "500"}},
	} {
		for method, statuses := range want {
			assert.Equal(t, statuses, slices.Sorted(maps.Keys(document.Paths[path][method].Responses)), path)
		}
	}
}

// What a front end of the service gets, with the types that its texts declare.
func TestGoldenTypeScript(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	module, err := typescript.Module(r, typescript.Options{})
	require.NoError(t, err)
	const golden = "testdata/errors.ts"
	if *update {
		require.NoError(t, os.WriteFile(golden, module, 0o600))
		t.Skip("rewritten")
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(module))
	assert.Contains(t, string(module), `ProblemOf<"hours_left", 406, { readonly "Count"?: number }>`)
	assert.Contains(t, string(module), `ProblemOf<"booking_not_found", 404, { readonly "ID"?: string }>`)
}

// What the services really answer is what they say of their operations, on each framework.
func TestOperationsGiveWhatTheySay(t *testing.T) {
	content, err := os.ReadFile(golden)
	require.NoError(t, err)
	declared := declaredCodes(t, content)
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	book := func(task, resource, date string, hours int) string {
		return fmt.Sprintf(`{"task":%q,"resource":%q,"date":%q,"hours":%d}`, task, resource, date, hours)
	}
	requests := []struct{ operation, method, path, body string }{
		{"post /bookings", "POST", "/bookings", "{}"},
		{"post /bookings", "POST", "/bookings", `{"task":T}`},
		{"post /bookings", "POST", "/bookings", `{"task":"` + strings.Repeat("x", booking.MaxBody) + `"}`},
		{"post /bookings", "POST", "/bookings", book("T-9", "R9", "soon", 1)},
		{"post /bookings", "POST", "/bookings", book("T-100", "R12", "2026-11-20", -1)},
		{"post /bookings", "POST", "/bookings", book("T-200", "R12", "2026-11-20", 1)},
		{"post /bookings", "POST", "/bookings", book("T-300", "R12", "2026-11-20", 1)},
		{"post /bookings", "POST", "/bookings", book("T-400", "R12", "2026-11-20", 1)},
		{"post /bookings", "POST", "/bookings", book("T-100", "R41", "2026-11-20", 1)},
		{"post /bookings", "POST", "/bookings", book("T-100", "R12", "2026-11-20", 8)},
		{"post /bookings", "POST", "/bookings", book("T-100", "R12", "2026-11-20", 3)}, // and now none is left
		{"post /bookings", "POST", "/bookings", book("T-100", "R12", "2026-11-20", 1)},
		{"get /bookings/{booking}", "GET", "/bookings/B-9", ""},
		{"delete /bookings/{booking}", "DELETE", "/bookings/B-9", ""},
		{"delete /bookings/{booking}", "DELETE", "/bookings/B-2", ""},
		{"get /report", "GET", "/report", ""},
	}
	for _, f := range frameworks.All {
		t.Run(f.Name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(f.Serve(listener, r, booking.New()))
			given := map[string][]string{}
			for _, c := range requests {
				status, code := ask(t, c.method, "http://"+listener.Addr().String()+c.path, c.body)
				if status < 400 {
					continue
				}
				answer := fmt.Sprint(c.operation, " ", status, " ", code)
				assert.Contains(t, declared, answer)
				given[c.operation] = append(given[c.operation], answer)
			}
			assert.Len(t, given["post /bookings"], 11, "each kind but the one that is for all")
			assert.Len(t, given["delete /bookings/{booking}"], 2)
		})
	}
}

func ask(t *testing.T, method, url, body string) (status int, code string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Accept", "application/problem+json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var problem struct{ Code string }
	_ = json.NewDecoder(resp.Body).Decode(&problem) // a success may have no body
	return resp.StatusCode, problem.Code
}

// declaredCodes are operation, status and code of all problems in the document.
func declaredCodes(t *testing.T, content []byte) (all []string) {
	t.Helper()
	type reference struct {
		Ref     string `json:"$ref"`
		Content map[string]struct {
			Schema struct {
				Ref   string `json:"$ref"`
				OneOf []struct {
					Ref string `json:"$ref"`
				}
			}
		}
	}
	var document struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct {
			Responses map[string]reference
			Schemas   map[string]struct {
				AllOf []struct {
					Properties struct{ Code struct{ Const string } }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(content, &document))
	code := func(schema string) string {
		return document.Components.Schemas[strings.TrimPrefix(schema, "#/components/schemas/")].AllOf[1].Properties.Code.Const
	}
	for path, methods := range document.Paths {
		for method, raw := range methods {
			var operation struct{ Responses map[string]reference }
			_ = json.Unmarshal(raw, &operation) // a list of parameters is none
			for status, response := range operation.Responses {
				if response.Ref != "" {
					response = document.Components.Responses[strings.TrimPrefix(response.Ref, "#/components/responses/")]
				}
				schema := response.Content["application/problem+json"].Schema
				for _, choice := range schema.OneOf {
					all = append(all, method+" "+path+" "+status+" "+code(choice.Ref))
				}
				if schema.Ref != "" {
					all = append(all, method+" "+path+" "+status+" "+code(schema.Ref))
				}
			}
		}
	}
	return all
}
