package openapi_test

import (
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
)

var update = flag.Bool("update", false, "rewrite the golden documents")

// The kinds of an application. The codes of the last two are alike.
var (
	orderMissing = fault.NotFound.Derive(fault.Spec{Code: "test_order_missing", Number: 900, Type: "order-missing"})
	untold       = fault.Conflict.Derive(fault.Spec{Code: "test_untold"})
	alike        = fault.Conflict.Derive(fault.Spec{Code: "test_a_1"})
	alike2       = fault.Conflict.Derive(fault.Spec{Code: "test_a1"})
)

var versions = []openapi.Version{openapi.Version31, openapi.Version30}

var quiet = fault.WithLogger(slog.New(slog.DiscardHandler))

func responder(t testing.TB, opts ...fault.Option) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(append([]fault.Option{quiet}, opts...)...)
	require.NoError(t, err)
	return r
}

// files makes a file system of pairs of name and content.
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for pair := range slices.Chunk(pairs, 2) {
		fsys[pair[0]] = &fstest.MapFile{Data: []byte(pair[1])}
	}
	return fsys
}

// only chooses these kinds.
func only(kinds ...*fault.Kind) func(*fault.Kind) bool {
	return func(k *fault.Kind) bool { return slices.Contains(kinds, k) }
}

// document makes a document that the validator accepts.
func document(t testing.TB, r *fault.Responder, opts openapi.Options) *openapi3.T {
	t.Helper()
	content, err := openapi.Components(r, opts)
	require.NoError(t, err)
	doc, err := load(content)
	require.NoError(t, err)
	require.NoError(t, validate(t, doc))
	return doc
}

func load(content []byte) (*openapi3.T, error) { return openapi3.NewLoader().LoadFromData(content) }

// validate asks a validator that is not ours. It validates the examples against their schemas too.
func validate(t testing.TB, doc *openapi3.T) error {
	return doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaPatternValidation(),
		openapi3.EnableSchemaFormatValidation())
}

func response(t testing.TB, doc *openapi3.T, name string) *openapi3.Response {
	t.Helper()
	require.Contains(t, doc.Components.Responses, name)
	return doc.Components.Responses[name].Value
}

// examples are the bodies of the response in the media type, by name.
func examples(t testing.TB, doc *openapi3.T, name, mediaType string) map[string]any {
	t.Helper()
	content := response(t, doc, name).Content
	require.Contains(t, content, mediaType)
	bodies := map[string]any{}
	for language, e := range content[mediaType].Examples {
		bodies[language] = e.Value.Value
	}
	return bodies
}

func TestEveryKindHasAResponse(t *testing.T) {
	for _, version := range versions {
		doc := document(t, responder(t), openapi.Options{Version: version})
		var codes []any
		names := map[string]string{}
		for k := range fault.Kinds() {
			codes = append(codes, k.Code())
		}
		for name, r := range doc.Components.Responses {
			code := r.Value.Extensions["x-error-code"].(string)
			names[code] = name
			k := kind(t, code)
			assert.EqualValues(t, k.Status(), r.Value.Extensions["x-error-status"], code)
			assert.Equal(t, k.Type(), r.Value.Extensions["x-error-type"], code)
			if k.Number() == 0 {
				assert.NotContains(t, r.Value.Extensions, "x-error-number", code)
			} else {
				assert.EqualValues(t, k.Number(), r.Value.Extensions["x-error-number"], code)
			}
			assert.NotEmpty(t, *r.Value.Description)
			for mediaType, bodies := range map[string][]string{"application/json": {"all"}, "application/problem+json": {"de", "en"}} {
				assert.Equal(t, bodies, slices.Sorted(maps.Keys(examples(t, doc, name, mediaType))), code)
			}
			for language, body := range examples(t, doc, name, "application/problem+json") {
				problem := body.(map[string]any)
				assert.Equal(t, code, problem["code"])
				assert.Equal(t, language, problem["lang"])
				assert.EqualValues(t, k.Status(), problem["status"])
			}
		}
		assert.Equal(t, codes, doc.Components.Schemas["ErrorCode"].Value.Enum, "the enum has every code, in the order of the kinds")
		assert.Len(t, names, len(codes), "no two share a response")
		assert.Equal(t, "TaskLocked", names["task_locked"])
		assert.Equal(t, "TestA_1", names[alike.Code()])
		assert.Equal(t, "TestA1", names[alike2.Code()])
	}
}

func kind(t testing.TB, code string) *fault.Kind {
	t.Helper()
	for k := range fault.Kinds() {
		if k.Code() == code {
			return k
		}
	}
	require.Fail(t, "no kind", code)
	return nil
}

func TestExamplesAreWhatTheResponderAnswers(t *testing.T) {
	r := responder(t, fault.WithStatus(fault.Locked, 409), fault.WithMembers(fault.MemberCode))
	doc := document(t, r, openapi.Options{})
	for name, response := range doc.Components.Responses {
		k := kind(t, response.Value.Extensions["x-error-code"].(string))
		if k == orderMissing || k == fault.ValidationFailed || k == fault.Unhandled {
			continue // their examples are not those of the bare kind
		}
		var body any
		require.NoError(t, json.Unmarshal(r.Respond(nil, k).Body, &body))
		assert.Equal(t, map[string]any{"all": body}, examples(t, doc, name, "application/json"))
	}
	assert.EqualValues(t, 409, response(t, doc, "TaskLocked").Extensions["x-error-status"])
	problems := examples(t, doc, "TaskLocked", "application/problem+json")
	english, german := problems["en"].(map[string]any), problems["de"].(map[string]any)
	assert.EqualValues(t, 409, english["status"])
	for _, member := range []string{"title", "detail", "lang"} {
		assert.NotEqual(t, english[member], german[member], member)
	}
	for _, member := range []string{"code", "status", "trace_id", "instance"} {
		assert.Equal(t, english[member], german[member], member)
	}
	assert.Equal(t, "Task locked: "+english["detail"].(string), *response(t, doc, "TaskLocked").Description)
	errs := examples(t, doc, "ValidationFailed", "application/problem+json")["en"].(map[string]any)["errors"].([]any)
	assert.Len(t, errs, 2)
	assert.Contains(t, errs[0].(map[string]any)["detail"], "at least 1")
	assert.Equal(t, "page", errs[1].(map[string]any)["name"])
}

func TestOwnKindsAndTexts(t *testing.T) {
	locales := files(
		"active.de.toml", "[test_order_missing]\none = \"Eine Bestellung {{.ID}} fehlt.\"\nother = \"{{.Count}} Bestellungen {{.ID}} fehlen.\"\n"+
			"[task_locked]\nother = \"Die Aufgabe ruht.\"",
		"active.sv.toml", "[test_order_missing]\none = \"Order {{.ID}} saknas.\"\nother = \"{{.Count}} order {{.ID}} saknas.\"\n"+
			"[task_locked]\nother = \"Vilar.\"",
	)
	for _, version := range versions {
		doc := document(t, responder(t, fault.WithLocales(locales), fault.WithMembers(fault.MemberParams)),
			openapi.Options{Version: version, Kinds: only(orderMissing, fault.TaskLocked, untold, fault.Gone)})
		assert.Equal(t, []any{"gone", "task_locked", "test_order_missing", "test_untold"}, doc.Components.Schemas["ErrorCode"].Value.Enum)
		assert.Len(t, doc.Components.Responses, 4)
		missing := response(t, doc, "TestOrderMissing")
		assert.EqualValues(t, 900, missing.Extensions["x-error-number"])
		assert.Equal(t, "order-missing", missing.Extensions["x-error-type"])
		assert.Equal(t, "Nicht gefunden: 2 Bestellungen {ID} fehlen.", *missing.Description, "not in English, which lacks the text")
		assert.Equal(t, map[string]any{"all": map[string]any{
			"DE": "2 Bestellungen {ID} fehlen.", "SV": "2 order {ID} saknas.", "params": map[string]any{"Count": 2.0, "ID": "{ID}"},
		}}, examples(t, doc, "TestOrderMissing", "application/json"))
		assert.Equal(t, []string{"de"}, slices.Sorted(maps.Keys(examples(t, doc, "TestOrderMissing", "application/problem+json"))),
			"English, which lacks the text, has no example")
		assert.Equal(t, []string{"de", "en"}, slices.Sorted(maps.Keys(examples(t, doc, "Gone", "application/problem+json"))))
		assert.Equal(t, *response(t, doc, "TestUntold").Description, "Conflict: "+text(t, "conflict"), "the text of the parent stands in")
		properties := doc.Components.Schemas["MultilingualError"].Value.Properties
		assert.Contains(t, properties, "SV")
		assert.NotContains(t, properties, "FR")
	}
}

func text(t testing.TB, id string) string {
	t.Helper()
	text, ok := fault.Default().Catalogue().Text(id, "en")
	require.True(t, ok)
	return text
}

func TestLanguagesOfExamples(t *testing.T) {
	doc := document(t, responder(t), openapi.Options{Kinds: only(fault.Gone), Languages: []string{"FR", "pt", "de"}})
	assert.Equal(t, []string{"de", "fr", "pt"}, slices.Sorted(maps.Keys(examples(t, doc, "Gone", "application/problem+json"))))

	doc = document(t, responder(t, fault.WithDefaultLanguage("fr")), openapi.Options{Kinds: only(fault.Gone)})
	assert.Equal(t, []string{"en", "fr"}, slices.Sorted(maps.Keys(examples(t, doc, "Gone", "application/problem+json"))))

	doc = document(t, responder(t, fault.WithLanguages("pt")), openapi.Options{Kinds: only(fault.Gone)})
	assert.Equal(t, []string{"pt"}, slices.Sorted(maps.Keys(examples(t, doc, "Gone", "application/json"))),
		"a body in all languages that has one")

	doc = document(t, responder(t, fault.WithNegotiatedLanguage(), fault.WithLanguages("pt")), openapi.Options{Kinds: only(fault.Gone)})
	bodies := examples(t, doc, "Gone", "application/json")
	assert.Equal(t, []string{"en", "pt"}, slices.Sorted(maps.Keys(bodies)))
	assert.Equal(t, map[string]any{"EN": text(t, "gone"), "code": "gone"}, bodies["en"])
	assert.Contains(t, doc.Components.Schemas["MultilingualError"].Value.Properties, "FR", "clients can ask for every loaded language")
}

func TestTheSameBytesEveryTime(t *testing.T) {
	chance := fault.WithTraceID(func(fault.Request) string { return rand() })
	opts := openapi.Options{Headers: map[string]string{"RateLimit": "a", "Access-Control-Allow-Origin": "b", "vary": "c"}}
	first, err := openapi.Components(responder(t, chance), opts)
	require.NoError(t, err)
	for range 2 {
		again, err := openapi.Components(responder(t, chance), opts)
		require.NoError(t, err)
		require.Equal(t, string(first), string(again))
	}
	built, err := openapi.Components(nil, openapi.Options{})
	require.NoError(t, err)
	same, err := openapi.Components(responder(t), openapi.Options{})
	require.NoError(t, err)
	assert.Equal(t, string(same), string(built), "nil is a responder without options")
}

func TestHeaders(t *testing.T) {
	doc := document(t, responder(t), openapi.Options{Headers: map[string]string{
		"X-RateLimit-Limit": "How many requests are allowed.", "retry-after": "Seconds, as the gateway says.",
	}})
	headers := func(name string) []string { return slices.Sorted(maps.Keys(response(t, doc, name).Headers)) }
	always := []string{"Cache-Control", "Content-Language", "Retry-After", "Vary", "X-Content-Type-Options", "X-RateLimit-Limit"}
	assert.Equal(t, always, headers("TaskLocked"))
	assert.Contains(t, headers("NotLoggedIn"), "WWW-Authenticate")
	assert.Contains(t, headers("ProxyAuthRequired"), "Proxy-Authenticate")
	assert.Contains(t, headers("UpgradeRequired"), "Upgrade")
	assert.Contains(t, headers("ContentTooLarge"), "Connection")
	assert.Equal(t, "Seconds, as the gateway says.", doc.Components.Headers["Retry-After"].Value.Description)

	allow := response(t, doc, "MethodNotAllowed").Headers["Allow"].Value
	assert.True(t, allow.Required)
	assert.NotContains(t, headers("TaskLocked"), "Allow")

	doc = document(t, responder(t), openapi.Options{})
	assert.NotContains(t, headers("TaskLocked"), "Retry-After")
	assert.Nil(t, response(t, doc, "RateLimitExceeded").Headers["Retry-After"].Value.Example, "known when the error says so")
	assert.NotNil(t, response(t, doc, "ServiceUnavailable").Headers["Retry-After"])
	assert.EqualValues(t, 1, response(t, doc, "TransactionConflict").Headers["Retry-After"].Value.Example)
	assert.EqualValues(t, 5, response(t, doc, "DatabaseOperation").Headers["Retry-After"].Value.Example)
	assert.NotContains(t, headers("TaskLocked"), "Content-Type", "OpenAPI has it as the key of the content")
	assert.NotContains(t, headers("TaskLocked"), "Content-Length")

	moved := document(t, responder(t, fault.WithStatus(fault.NotFound, 401), fault.WithFormats(fault.Problem{})),
		openapi.Options{Kinds: only(fault.NotFound)})
	assert.Contains(t, response(t, moved, "NotFound").Headers, "WWW-Authenticate", "by the status that is sent")
	retryable := openapi.Options{Kinds: only(fault.TransactionConflict), Attrs: func(*fault.Kind) []fault.Attr {
		return []fault.Attr{fault.RetryAfter(-1), fault.Header("X-Own", "1"), fault.Header("X!Own", "1")}
	}}
	own := response(t, document(t, responder(t), retryable), "TransactionConflict").Headers
	assert.Nil(t, own["Retry-After"].Value.Example, "an error without the wait is as possible")
	assert.Equal(t, "#/components/headers/X-Own", own["X-Own"].Ref)
	assert.Empty(t, own["X!own"].Ref, "no component can have this name")

	challenge := openapi.Options{Kinds: only(fault.Unauthorized), Attrs: func(*fault.Kind) []fault.Attr {
		return []fault.Attr{fault.Header("www-authenticate", "Basic")}
	}}
	doc = document(t, responder(t), challenge)
	assert.Contains(t, headers("Unauthorized"), "WWW-Authenticate")
	assert.NotContains(t, headers("Unauthorized"), "Www-Authenticate", "the same header in the usual spelling")
}

func TestNothingPrivateIsWritten(t *testing.T) {
	hostname, err := os.Hostname()
	require.NoError(t, err)
	folder, err := os.Getwd()
	require.NoError(t, err)
	content, err := openapi.Components(responder(t), openapi.Options{Attrs: func(*fault.Kind) []fault.Attr {
		return []fault.Attr{
			fault.Cause(errors.New("canary")), fault.Log(slog.String("canary", "canary")),
			fault.Detail("token", fault.Secret("canary")), fault.Arg("Key", fault.Secret("canary")),
		}
	}})
	require.NoError(t, err)
	for _, private := range []string{"canary", hostname, folder, "goroutine", ".go:", os.TempDir()} {
		assert.NotContains(t, string(content), private)
	}
	assert.Contains(t, string(content), "***", "the attributes were used")
}

func TestWrongOptions(t *testing.T) {
	for want, c := range map[string]struct {
		responder *fault.Responder
		opts      openapi.Options
	}{
		"the version 2 is unknown":       {nil, openapi.Options{Version: 2}},
		"chooses no kind":                {nil, openapi.Options{Kinds: only()}},
		`"xx" is not loaded`:             {nil, openapi.Options{Languages: []string{"en", "xx"}}},
		`has no format "text/html"`:      {nil, openapi.Options{MediaTypes: []string{"text/html"}}},
		"\"text/\": mime:":               {nil, openapi.Options{MediaTypes: []string{"text/"}}},
		`"a b" is no name`:               {nil, openapi.Options{Headers: map[string]string{"a b": ""}}},
		`"" is no name`:                  {nil, openapi.Options{Headers: map[string]string{"": ""}}},
		"or is there twice":              {nil, openapi.Options{Headers: map[string]string{"X-a": "", "x-A": ""}}},
		"exposes the texts of errors":    {responder(t, fault.WithExposure(fault.ExposeTraceback)), openapi.Options{}},
		"one without WithExposure":       {responder(t, fault.WithExposure(fault.ExposeException)), openapi.Options{}},
		"openapi: Options.Languages: \"": {nil, openapi.Options{Languages: []string{""}}},
	} {
		content, err := openapi.Components(c.responder, c.opts)
		require.ErrorContains(t, err, want)
		assert.Nil(t, content)
	}
	assert.Equal(t, "3.1.0", openapi.Version31.String())
	assert.Equal(t, "3.0.3", openapi.Version30.String())
	assert.Equal(t, "Version(7)", openapi.Version(7).String())
}

func TestTitleAndRelease(t *testing.T) {
	doc := document(t, nil, openapi.Options{Kinds: only(fault.Gone)})
	assert.Equal(t, "Error responses", doc.Info.Title)
	assert.Equal(t, "1.0.0", doc.Info.Version)
	doc = document(t, nil, openapi.Options{Kinds: only(fault.Gone), Title: "Shop <& co>", Release: "7"})
	assert.Equal(t, "Shop <& co>", doc.Info.Title)
	assert.Equal(t, "7", doc.Info.Version)
	content, err := openapi.Components(nil, openapi.Options{Title: "Shop <& co>"})
	require.NoError(t, err)
	assert.Contains(t, string(content), "Shop <& co>", "people read the document")
}

// The documents of two kinds, byte by byte.
func TestGoldenDocuments(t *testing.T) {
	r := responder(t, fault.WithLanguages("de", "en"), fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberRetryable))
	for name, version := range map[string]openapi.Version{"3.0": openapi.Version30, "3.1": openapi.Version31} {
		t.Run(name, func(t *testing.T) {
			got, err := openapi.Components(r, openapi.Options{Version: version, Kinds: only(fault.TaskLocked, fault.DatabaseOperation)})
			require.NoError(t, err)
			golden := filepath.Join("testdata", "two-kinds-"+name+".json")
			if *update {
				require.NoError(t, os.WriteFile(golden, got, 0o600))
				t.Skip("rewritten")
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got))
		})
	}
}
