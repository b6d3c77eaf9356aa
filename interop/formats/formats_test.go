// Package formats holds the formats against validators that others wrote: JSON Schema, and protobuf's own JSON.
package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
)

// hostile are names that notations have another use for.
var hostile = []string{
	"qty", "", "a.b", "a/b", "~", "~2", "%41", "#", "a b", "ü", "日本", "<", "\"", "\\", "\x00", "\xff", "^{}|`", "__proto__", "constructor",
	"[0]", "$ref", "page",
	"ID", "id", "Count", "count", "x", "1st", "inputField", "fieldViolation0", strings.Repeat("k", 64), strings.Repeat("k", 65),
	strings.Repeat("k", 64) + "z",
}

// samples are every kind, and errors with everything that there is.
func samples() map[string]error {
	list := map[string]error{"unknown": errors.New("boom"), "input": fault.Binding(json.Unmarshal([]byte(`{"Qty":"x"}`),
		&struct{ Qty int }{}))}
	for k := range fault.Kinds() {
		list[k.Code()] = k
	}
	d := &fault.Details{}
	var attrs []fault.Attr
	for i, name := range hostile {
		attrs = append(attrs, fault.Arg(name, i))
		d.AddField(fault.InBody(name), "min", fault.Arg("Limit", 1)).AddField(fault.InQuery(name), "required").AddField(fault.InCookie(name),
			"ip")
		d.Add("detail of "+name, map[string]any{name: []any{nil, 1, "x", 0.5}})
	}
	d.AddField(fault.InHeader("X-A"), strings.Repeat("long_", 20)).AddText("text", "declared").AddError("task", fault.TaskLocked)
	for i := range 200 {
		d.AddField(fault.InBody("/list/"+string(rune('a'+i%26))+"/"+strings.Repeat("x", i)), "required")
	}
	attrs = append(attrs, fault.Count(3), fault.RetryAfter(1500*time.Millisecond), fault.Subtype("x"), fault.TraceID("t"))
	list["everything"] = d.Err(fault.ValidationFailed, attrs...)
	list["long wait"] = fault.TooManyRequests.New(fault.RetryAfter(1<<63 - 1))
	list["foreign"] = fault.Conflict.Wrap(coded("sold-out.42"))
	list["texts"] = fault.Conflict.New(fault.Texts(map[string]string{"en": "\u202e\x00", "und": "x"}), fault.Field(fault.InBody("a"), "",
		fault.Texts(map[string]string{"und": "x"})))
	return list
}

type coded string

func (coded) Error() string         { return "far away" }
func (c coded) ForeignCode() string { return string(c) }

func bodies(t *testing.T, format fault.Format, visit func(name string, body []byte)) {
	t.Helper()
	r, err := fault.NewResponder(fault.WithFormats(format), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for name, err := range samples() {
		visit(name, r.Respond(nil, err).Body)
	}
}

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile("testdata/" + name)
	require.NoError(t, err)
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, name string, body []byte) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	require.NoError(t, err, name)
	assert.NoError(t, s.Validate(value), "%s: %s", name, body)
}

func TestProblemDetailsAreValid(t *testing.T) {
	s := schema(t, "rfc9457.json")
	for _, format := range []fault.Problem{{}, {TypeBase: "https://errors.example.com/"}, {TypeBase: "urn:problem:"}} {
		bodies(t, format, func(name string, body []byte) { validate(t, s, name, body) })
	}
	assert.Error(t, s.Validate(map[string]any{"type": "http://[", "title": "t", "status": json.Number("400")}), "the validator looks")
	assert.Error(t, s.Validate(map[string]any{"type": "x", "title": "t", "status": json.Number("700")}))
}

func TestJSONAPIIsValid(t *testing.T) {
	s := schema(t, "jsonapi.json")
	for _, format := range []formats.JSONAPI{{}, {TypeBase: "https://errors.example.com/"}} {
		bodies(t, format, func(name string, body []byte) { validate(t, s, name, body) })
	}
	assert.Error(t, s.Validate(map[string]any{"errors": []any{map[string]any{"status": json.Number("400")}}}), "the validator looks")
	assert.Error(t, s.Validate(map[string]any{"errors": []any{map[string]any{"source": map[string]any{"pointer": "a"}}}}))
}

var (
	reason = regexp.MustCompile(`^[A-Z][A-Z0-9_]+[A-Z0-9]$`)
	key    = regexp.MustCompile(`^[a-z][a-zA-Z0-9-_]+$`)
)

// google.rpc.Status is read by protobuf's own reader of JSON, which refuses unknown members and types, and what stands twice.
func TestRPCStatusIsValid(t *testing.T) {
	bodies(t, formats.RPCStatus{Domain: "booking.example.com"}, func(name string, body []byte) {
		var outer struct{ Error map[string]json.RawMessage }
		require.NoError(t, json.Unmarshal(body, &outer), name)
		assert.Contains(t, outer.Error, "status")
		delete(outer.Error, "status") // which AIP-193 adds over HTTP
		inner, err := json.Marshal(outer.Error)
		require.NoError(t, err)
		var s status.Status
		require.NoError(t, protojson.Unmarshal(inner, &s), "%s: %s", name, body)
		seen := map[string]bool{}
		for _, d := range s.GetDetails() {
			assert.False(t, seen[d.GetTypeUrl()], "%s: each type of details stands once", name)
			seen[d.GetTypeUrl()] = true
			message, err := d.UnmarshalNew()
			require.NoError(t, err)
			switch m := message.(type) {
			case *errdetails.ErrorInfo:
				legalInfo(t, m)
			case *errdetails.BadRequest:
				for _, v := range m.GetFieldViolations() {
					if v.GetReason() != "" {
						assert.Regexp(t, reason, v.GetReason())
						assert.LessOrEqual(t, len(v.GetReason()), 63)
					}
				}
			case *errdetails.RetryInfo:
				assert.NoError(t, m.GetRetryDelay().CheckValid())
				assert.GreaterOrEqual(t, m.GetRetryDelay().GetSeconds(), int64(0))
			case *structpb.Struct:
				assert.NotEmpty(t, m.GetFields())
			}
		}
		assert.True(t, seen["type.googleapis.com/google.rpc.ErrorInfo"], name)
	})
}

func legalInfo(t *testing.T, m *errdetails.ErrorInfo) {
	t.Helper()
	assert.Regexp(t, reason, m.GetReason())
	assert.LessOrEqual(t, len(m.GetReason()), 63)
	for name := range m.GetMetadata() {
		assert.Regexp(t, key, name)
		assert.LessOrEqual(t, len(name), 64)
	}
}
