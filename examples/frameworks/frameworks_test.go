package frameworks_test

import (
	"encoding/json"
	"flag"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
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
