package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

func bodyOf(t *testing.T, err error, opts ...fault.Option) map[string]any {
	t.Helper()
	r, newErr := fault.NewResponder(append([]fault.Option{fault.WithLogger(slog.New(slog.DiscardHandler))}, opts...)...)
	require.NoError(t, newErr)
	var body map[string]any
	raw := r.Respond(nil, err).Body
	require.NoError(t, json.Unmarshal(raw, &body), "%s", raw)
	return body
}

// The caps of params, names, pointers and details; each is cut at a character.
func TestCaps(t *testing.T) {
	long := "a" + strings.Repeat("é", 5000)
	body := bodyOf(t, fault.TaskLocked.New(
		fault.Arg("Task", long), fault.Arg(long, 1), fault.Detail("value", long),
		fault.Detail(long, 2), fault.Detail("list", []string{long, "x"}),
		fault.Field(fault.InQuery(long), "min", fault.Arg("Limit", long)),
	), fault.WithFormats(fault.Problem{}))
	capped := func(text any, most int) {
		t.Helper()
		s, ok := text.(string)
		require.True(t, ok, "%v", text)
		assert.LessOrEqual(t, len(s), most)
		assert.Greater(t, len(s), most-4)
		assert.True(t, utf8.ValidString(s))
		assert.True(t, strings.HasSuffix(s, "é…"), "%.20s", s)
	}
	for name, value := range body["params"].(map[string]any) {
		if name == "Task" {
			capped(value, 1024)
		} else {
			capped(name, 1024)
		}
	}
	details := body["details"].(map[string]any)
	capped(details["value"], 4096)
	capped(details["list"].([]any)[0], 4080)
	delete(details, "value")
	delete(details, "list")
	for name := range details {
		capped(name, 1024)
	}
	field := body["errors"].([]any)[0].(map[string]any)
	capped(field["name"], 1024)
	capped(field["params"].(map[string]any)["Limit"], 1024)
}

// A pointer ends at a step: what it names holds the place.
func TestLongPointersEndAtAStep(t *testing.T) {
	step := strings.Repeat("s", 300)
	for _, c := range []struct{ pointer, want string }{
		{"/" + step + "/" + step + "/" + step + "/" + step, "/" + step + "/" + step + "/" + step},
		{"/a/" + strings.Repeat("x", 1021), "/a/" + strings.Repeat("x", 1021)},
		{"/a/" + strings.Repeat("x", 1022), "/a"},
		{"/" + strings.Repeat("x", 2000), ""},
		{strings.Repeat("x", 2000), ""},
		{strings.Repeat("~", 600), ""}, // each of which is two bytes in a pointer
		{"/a\u202eb/c", "/a\ufffdb/c"},
		{"/a\xffb", "/a\ufffdb"},
	} {
		at := fault.InBody(c.pointer)
		assert.Equal(t, c.want, at.Pointer(), c.pointer)
		body := bodyOf(t, fault.ValidationFailed.New(fault.Field(at, "min")), fault.WithFormats(fault.Problem{}))
		assert.LessOrEqual(t, len(body["errors"].([]any)[0].(map[string]any)["pointer"].(string)), 1100)
	}
	var v struct {
		A map[string]map[string]int `json:"a"`
	}
	name := strings.Repeat("k", 700)
	err := fault.BindJSON(strings.NewReader(fmt.Sprintf(`{"a":{%q:{%q:"x"}}}`, name, name)), &v)
	body := bodyOf(t, err, fault.WithFormats(fault.Problem{}))
	assert.Equal(t, "#/a/"+name, body["errors"].([]any)[0].(map[string]any)["pointer"])
}

func TestLongCodes(t *testing.T) {
	code := strings.Repeat("c", 50)
	kind := fault.Conflict.Derive(fault.Spec{Code: code, Text: "conflict"})
	assert.Equal(t, code, kind.Code())
	assert.PanicsWithValue(t, fmt.Sprintf("fault: kind %q (below \"conflict\"): the code has 51 bytes, more than 50; choose a shorter Spec.Code", code+"c"), func() {
		fault.Conflict.Derive(fault.Spec{Code: code + "c"})
	})
	assert.NotPanics(t, func() {
		fault.Conflict.Derive(fault.Spec{Code: "short_enough", Text: "conflict", Aliases: []string{code + "d"}})
	}, "a former code")
	for given, want := range map[string]string{code: code, code + "c": "invalid", "a\u202eb": "invalid", "a\nb": "invalid", "": ""} {
		body := bodyOf(t, fault.ValidationFailed.New(fault.Field(fault.InBody("a"), given)))
		assert.Equal(t, want, body["details"].(map[string]any)["a"].(map[string]any)["code"])
	}
}

// Errors are collected up to what is sent, and counted on; one that replaces another is none of these.
func TestCollectingStopsWhereSendingStops(t *testing.T) {
	d := &fault.Details{}
	for i := range 1000 {
		d.AddField(fault.InBody(fmt.Sprint("f", i)), "min")
		d.AddField(fault.InBody("f0"), "min")
		d.Add("plain", i)
	}
	body := bodyOf(t, d.Err(fault.ValidationFailed))
	assert.EqualValues(t, 1000, body["errors_total"])
	assert.Len(t, body["details"], 101)
	assert.EqualValues(t, 999, body["details"].(map[string]any)["plain"])

	again := bodyOf(t, fault.ValidationFailed.New(fault.DetailsOf(d), fault.DetailsOf(d), fault.Field(fault.InBody("other"), "min")))
	assert.EqualValues(t, 1901, again["errors_total"], "900 of each, as those that were not kept are not compared")

	var attrs []fault.Attr
	for i := range 300 {
		attrs = append(attrs, fault.Detail(fmt.Sprint(i), fault.NotFound), fault.Detail(fmt.Sprint("p", i), i))
	}
	body = bodyOf(t, fault.ValidationFailed.New(attrs...), fault.WithFormats(fault.Problem{}))
	assert.EqualValues(t, 300, body["errors_total"])
	assert.Len(t, body["errors"], 100)
	assert.Len(t, body["details"], 300)
}

// The details of an error among the details are bounded likewise, and tell what is missing.
func TestNestedDetailsAreBounded(t *testing.T) {
	inner := &fault.Details{}
	for i := range 1000 {
		inner.AddField(fault.InBody(fmt.Sprint("f", i)), "min")
	}
	d := &fault.Details{}
	for i := range 3 {
		d.AddError(fmt.Sprint(i), inner.Err(fault.ValidationFailed))
	}
	body := bodyOf(t, d.Err(fault.ValidationFailed))
	nested := body["details"].(map[string]any)["0"].(map[string]any)["details"].(map[string]any)
	sent := len(nested) - 1
	assert.Greater(t, sent, 10)
	assert.Equal(t, 1000, int(nested["…"].(float64))+sent)
	assert.Nil(t, body["errors_total"])
}

// What the responder itself has to say stays, however much there is beside.
func TestTheTraceIDStays(t *testing.T) {
	attrs := make([]fault.Attr, 0, 500)
	for i := range 500 {
		attrs = append(attrs, fault.Detail(fmt.Sprint(i), strings.Repeat("x", 4000)))
	}
	body := bodyOf(t, fault.Unhandled.Wrap(errors.New("x"), attrs...))
	details := body["details"].(map[string]any)
	assert.Greater(t, len(details), 10)
	assert.Less(t, len(details), 20)
	assert.Equal(t, 500, int(details["…"].(float64))+len(details)-1-has(details, "trace_id"))
}

func has(m map[string]any, name string) int {
	if _, ok := m[name]; ok {
		return 1
	}
	return 0
}

func TestManyHeadersCostNoMoreThanTheyAre(t *testing.T) {
	attrs := []fault.Attr{fault.Header("X-Other", "v")}
	for range 100_000 {
		attrs = append(attrs, fault.AddHeader("X-Many", "v"))
	}
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	header := r.Respond(nil, fault.Conflict.New(attrs...)).Header()
	assert.Len(t, header["X-Many"], 500)
	assert.Equal(t, "v", header.Get("X-Other"))
}

// The arguments have a fourth of a body at most, however short a body is to be.
func TestManyShortArgumentsKeepTheBodyShort(t *testing.T) {
	const limit = 4096
	var attrs, inField []fault.Attr
	for i := range 500 {
		attrs = append(attrs, fault.Arg(fmt.Sprint("a", i), strings.Repeat("ü", 30)))
		inField = append(inField, fault.Arg(fmt.Sprint("a", i), strings.Repeat("ü", 500)))
	}
	for _, err := range []error{
		fault.TaskLocked.New(attrs...),
		fault.TaskLocked.New(append(attrs, fault.Field(fault.InBody("a"), "min", inField...))...),
	} {
		for _, format := range []fault.Format{fault.Multilingual{}, fault.Problem{}} {
			r := responder(t, fault.WithFormats(format), fault.WithBodyLimit(limit), fault.WithMembers(fault.MemberCode, fault.MemberParams))
			body := r.Respond(nil, err).Body
			assert.LessOrEqual(t, len(body), limit)
			assert.True(t, json.Valid(body))
			assert.Contains(t, string(body), `"…":"…"`)
		}
	}
}

// A detail that takes the name of a field error leaves it the name of its place.
func TestDetailsTakeNoFieldErrorsAway(t *testing.T) {
	for _, attrs := range [][]fault.Attr{
		{fault.Field(fault.InBody("a"), "min"), fault.Detail("a", 1)}, {fault.Detail("a", 1), fault.Field(fault.InBody("a"), "min")},
		{fault.Field(fault.InBody("a"), "min"), fault.DetailsOf((&fault.Details{}).Add("a", 2).Add("a", 1))},
	} {
		details := bodyOf(t, fault.ValidationFailed.New(attrs...))["details"].(map[string]any)
		assert.InDelta(t, 1, details["a"], 0)
		assert.Equal(t, "min", details["body.a"].(map[string]any)["code"])
		errs := bodyOf(t, fault.ValidationFailed.New(attrs...), fault.WithFormats(fault.Problem{}))["errors"].([]any)
		assert.Equal(t, "#/a", errs[0].(map[string]any)["pointer"])
	}
}
