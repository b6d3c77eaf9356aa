package formats_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
)

// hostileNames are names that some notation, language or library has another use for.
var hostileNames = append([]string{
	"__proto__", "constructor", "prototype", "toString", "#", "##", "#/__proto__", "#/constructor", "body.#", "detail", "details",
	"errors", "stat", "err",
	"fields", "places", "input", "errors_total", "code", "msg", "message", "in", "name", "pointer", "error", "trace_id", "EN",
	"query.page", "page",
	"\xff", "\xfe", "a\xff", "a\xfe", "Count", "count", "ID", "id", "Id", "iD", "1st", "_x", "x", "日本", "日木", "-", "--", "user-ID",
	"userID", "inputField",
	"InputField", "inputPosition", "fieldViolation0", "FieldViolation0", "HTTPServer2URL", strings.Repeat("k", 64), strings.Repeat("k", 65),
	strings.Repeat("k", 64) + "z", strings.Repeat("É", 70),
}, placeNames...)

var everyFormat = []fault.Format{fault.Multilingual{}, fault.Problem{}, formats.Envelope{}, formats.WebAPI{}, formats.RPCStatus{},
	formats.JSONAPI{}}

// everyName has every hostile name as an argument, a detail, an error by name and a field of every place.
func everyName() error {
	d := &fault.Details{}
	var attrs []fault.Attr
	for i, name := range hostileNames {
		attrs = append(attrs, fault.Arg(name, i))
		switch i % 3 {
		case 0:
			d.Add(name, i)
		case 1:
			d.AddText(name, "text")
		default:
			d.AddField(fault.InBody(name), "min", fault.Arg("Limit", 1), fault.Arg("limit", 2))
		}
		if i%5 == 0 && i < 150 {
			d.AddField(fault.InQuery(name), "required")
		}
	}
	return d.Err(fault.ValidationFailed, append(attrs, fault.Count(3))...)
}

// No object of a body has a member twice, and none that changes the objects of a program it is copied into.
func TestMembersStandOnce(t *testing.T) {
	for _, format := range everyFormat {
		for _, members := range [][]fault.Option{nil, {fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams,
			fault.MemberRetryable)}} {
			r, err := fault.NewResponder(append(members, fault.WithFormats(format), fault.WithLocales(own))...)
			require.NoError(t, err)
			body := r.Respond(ask(), everyName()).Body
			require.True(t, json.Valid(body), "%T", format)
			decoder := json.NewDecoder(bytes.NewReader(body))
			eachObject(t, decoder, func(names []string) {
				seen := map[string]bool{}
				for _, name := range names {
					assert.False(t, seen[name], "%T: %q stands twice", format, name)
					seen[name] = true
				}
			})
		}
	}
}

func TestNamesOfDetailsAreSafe(t *testing.T) {
	for _, format := range everyFormat {
		d := &fault.Details{}
		for i, name := range []string{"__proto__", "constructor", "prototype"} {
			d.Add(name, i).AddField(fault.InQuery(name), "min", fault.Arg("Limit", 1))
		}
		d.AddField(fault.InBody("/a/__proto__"), "min", fault.Arg("Limit", 1)).AddText("constructor",
			"text").AddField(fault.InBody("__proto__"), "required")
		body := answer(t, format, d.Err(fault.Conflict)).Body
		assert.NotRegexp(t, `"(__proto__|constructor|prototype)":`, string(body), "%T", format)
		switch format.(type) {
		case formats.Envelope, formats.WebAPI:
			empty := (&fault.Details{}).Add("", 1).Add("#", 2).AddField(fault.InBody(""), "min").AddField(fault.InQuery(""),
				"min").Err(fault.Conflict)
			body := answer(t, format, empty).Body
			assert.NotContains(t, string(body), `"":`)
			assert.Contains(t, string(body), `"#":`)
			assert.Contains(t, string(body), `"##":`)
		}
	}
}

func eachObject(t *testing.T, decoder *json.Decoder, visit func(names []string)) {
	t.Helper()
	token, err := decoder.Token()
	require.NoError(t, err)
	switch token {
	case json.Delim('{'):
		var names []string
		for decoder.More() {
			name, err := decoder.Token()
			require.NoError(t, err)
			text, _ := name.(string)
			names = append(names, text)
			eachObject(t, decoder, visit)
		}
		visit(names)
		_, err = decoder.Token()
	case json.Delim('['):
		for decoder.More() {
			eachObject(t, decoder, visit)
		}
		_, err = decoder.Token()
	}
	require.NoError(t, err)
}

// AIP-193 prescribes form and length of reasons and metadata keys; codes and arguments may have any name.
func TestReasonsAndMetadataAreLegal(t *testing.T) {
	reason := regexp.MustCompile(`^[A-Z][A-Z0-9_]+[A-Z0-9]$`)
	key := regexp.MustCompile(`^[a-z][a-zA-Z0-9-_]+$`)
	codes := []string{"ip", "x", "1", "9lives", "a-b.c", "_", "__a__", "ünïcode", "日本", "Too Short!", strings.Repeat("r", 63),
		strings.Repeat("r", 64), strings.Repeat("_", 70)}
	var attrs []fault.Attr
	for i, name := range hostileNames {
		attrs = append(attrs, fault.Arg(name, i))
	}
	for i, code := range codes {
		attrs = append(attrs, fault.Field(fault.InBody(fmt.Sprint("f", i)), code))
	}
	var got struct {
		Error struct {
			Details []struct {
				Reason          string
				Metadata        map[string]string
				FieldViolations []struct{ Reason string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(answer(t, formats.RPCStatus{}, fault.Conflict.New(attrs...)).Body, &got))
	metadata := got.Error.Details[0].Metadata
	values := map[string]bool{}
	for name, value := range metadata {
		assert.Regexp(t, key, name)
		assert.LessOrEqual(t, len(name), 64, name)
		values[value] = true
	}
	last := map[string]int{}
	for i, name := range hostileNames {
		last[strings.ToValidUTF8(name, "\ufffd")] = i
	}
	for name, i := range last {
		assert.True(t, values[fmt.Sprint(i)], "%q is lost", name)
	}
	violations := got.Error.Details[2].FieldViolations
	require.Len(t, violations, len(codes))
	for i, v := range violations {
		assert.Regexp(t, reason, v.Reason, codes[i])
		assert.LessOrEqual(t, len(v.Reason), 63)
	}
	assert.Equal(t, "INVALID", violations[10].Reason, "a code that is too long")
	assert.Equal(t, "CODE_IP", violations[0].Reason)
}

type foreign string

func (foreign) Error() string         { return "remote" }
func (c foreign) ForeignCode() string { return string(c) }

func TestReasonsOfForeignCodes(t *testing.T) {
	for code, want := range map[string]string{
		"sold_out": `"reason":"SOLD_OUT","domain":"local","metadata":{}`,
		"sold-out": `"reason":"SOLD_OUT","domain":"local","metadata":{"code":"sold-out"}`,
		"4xx.gone": `"reason":"CODE_4XX_GONE","domain":"local","metadata":{"code":"4xx.gone"}`,
		"..":       `"reason":"ERROR","domain":"local","metadata":{"code":".."}`,
	} {
		assert.Contains(t, string(answer(t, formats.RPCStatus{}, fault.Conflict.Wrap(foreign(code))).Body), want)
		assert.Contains(t, string(answer(t, formats.WebAPI{}, fault.Conflict.Wrap(foreign(code))).Body), `"type":"`+code+`"`)
	}
	a, b := strings.Repeat("r", 63)+"a", strings.Repeat("r", 63)+"b"
	found := regexp.MustCompile(`"reason":"R{54}_[0-9A-F]{8}"`)
	first := found.FindString(string(answer(t, formats.RPCStatus{}, fault.Conflict.Wrap(foreign(a))).Body))
	second := found.FindString(string(answer(t, formats.RPCStatus{}, fault.Conflict.Wrap(foreign(b))).Body))
	assert.NotEmpty(t, first)
	assert.NotEmpty(t, second)
	assert.NotEqual(t, first, second, "long codes stay two")
}

// JSON:API: a pointer names what is there. What a rule says is missing has the pointer of what it is missing in.
func TestPointersOfMissingMembers(t *testing.T) {
	for code, want := range map[string]string{
		"required": "/data/attributes", "required_with": "/data/attributes", "missing": "/data/attributes", "missing_field": "/data/attributes",
		"field_missing": "/data/attributes", "min": "/data/attributes/title", "dismissing": "/data/attributes/title",
	} {
		body := string(answer(t, formats.JSONAPI{}, fault.Conflict.New(fault.Field(fault.InBody("/data/attributes/title"), code))).Body)
		assert.Contains(t, body, `"source":{"pointer":"`+want+`"}`, code)
		assert.Equal(t, want == "/data/attributes", strings.Contains(body, `"member":"title"`), code)
	}
}
