package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

type place struct {
	Street string `json:"street"`
	Zip    string `json:"zip"`
}

type Shared struct {
	Note string `json:"note"`
}

type parcel struct {
	Shared
	ID      int             `json:"id"`
	Weight  float64         `json:"weight"`
	To      place           `json:"to"`
	From    *place          `json:"from"`
	Via     []place         `json:"via"`
	Labels  map[string]int  `json:"labels"`
	Free    any             `json:"free"`
	Raw     json.RawMessage `json:"raw"`
	When    time.Time       `json:"when"`
	Picture []byte          `json:"picture"`
	Number  int             `json:"number,string"`
	Hidden  string          `json:"-"`
	GoName  bool
	Next    *parcel `json:"next"`
}

// wrongs are the field errors as code@pointer, in order.
func wrongs(t *testing.T, err error) (list []string) {
	t.Helper()
	r := responder(t, fault.WithFormats(fault.Problem{}))
	for _, e := range decodeErrors(t, r.Respond(with(), err)) {
		list = append(list, e.Code+"@"+e.Pointer)
	}
	return list
}

type wireError struct{ Code, Pointer string }

func decodeErrors(t *testing.T, resp *fault.Response) []wireError {
	t.Helper()
	var body struct{ Errors []wireError }
	require.NoError(t, json.Unmarshal(resp.Body, &body))
	return body.Errors
}

func TestBindJSON(t *testing.T) {
	for _, c := range []struct {
		name      string
		body      string
		mandatory []string
		kind      *fault.Kind
		wrong     []string
	}{
		{"fine", `{"id":1,"to":{"zip":"1"},"via":[{"zip":"2"},null],"labels":{"a":1},"free":{"x":[1]},"raw":{"y":1},` +
			`"when":"2026-01-02T03:04:05Z","picture":"AA==","number":"7","note":"n","GoName":true,"next":{"id":2}}`,
			[]string{"id", "/to/zip", "/via/0"}, nil, nil},
		{"letter case as encoding/json has it", `{"ID":1,"goname":true}`, []string{"id"}, nil, nil},
		{"null for anything that is not mandatory", `{"id":null,"to":null,"from":null,"via":null,"labels":null,"when":null}`, nil, nil, nil},
		{"unknown members, all of them",
			`{"colour":1,"id":1,"to":{"planet":"x","zip":"1"},"via":[{},{"moon":2}],"from":{"star":3},"next":{"next":{"sun":4}},"size":2}`, nil,
			fault.SuperfluousAttributesInRequest,
			[]string{"unknown_field@#/colour", "unknown_field@#/to/planet", "unknown_field@#/via/1/moon",
				"unknown_field@#/from/star", "unknown_field@#/next/next/sun", "unknown_field@#/size"}},
		{"names that are not for clients", `{"Hidden":"x","places":{}}`, nil, fault.SuperfluousAttributesInRequest,
			[]string{"unknown_field@#/Hidden", "unknown_field@#/places"}},
		{"missing members", `{"id":null,"to":{}}`, []string{"id", "weight", "/to/zip", "/from/zip"}, fault.MandatoryAttributesMissing,
			[]string{"required@#/id", "required@#/weight", "required@#/to/zip", "required@#/from/zip"}},
		{"zero values are values", `{"id":0,"note":""}`, []string{"id", "note"}, nil, nil},
		{"missing and unknown", `{"colour":1}`, []string{"id"}, fault.MandatoryAttributesMissing,
			[]string{"unknown_field@#/colour", "required@#/id"}},
		{"wrong types, all of them",
			`{"id":"x","weight":true,"to":[],"via":{"0":1},"labels":{"a":"b"},"picture":7,"GoName":1,"next":{"id":1.5}}`, nil, fault.InvalidJSON,
			[]string{"type@#/id", "type@#/weight", "type@#/to", "type@#/via", "type@#/labels/a", "type@#/picture",
				"type@#/GoName", "type@#/next/id"}},
		{"wrong types, unknown and missing", `{"id":"x","colour":1}`, []string{"weight"}, fault.InvalidJSON,
			[]string{"unknown_field@#/colour", "required@#/weight", "type@#/id"}},
		{"escaped names", `{"a/b~c":1,"":2}`, nil, fault.SuperfluousAttributesInRequest, []string{"unknown_field@#/a~1b~0c", "unknown_field@#/"}},
		{"the same name twice", `{"colour":1,"x":2,"colour":3}`, nil, fault.SuperfluousAttributesInRequest,
			[]string{"unknown_field@#/colour", "unknown_field@#/x"}},
		{"another type of document", `[1]`, []string{"id"}, fault.InvalidJSON, []string{"required@#/id", "type@#"}},
		{"a type that decodes itself", `{"when":"canary"}`, nil, fault.BadParamValue, []string{"type@#/when"}},
		{"syntax", `{"id":canary}`, []string{"id"}, fault.InvalidJSON, nil},
		{"behind the value", `{"id":1} canary`, nil, fault.InvalidJSON, nil},
		{"a second value", `{"id":1}{}`, nil, fault.InvalidJSON, nil},
		{"truncated", `{"id":`, nil, fault.InvalidJSON, nil},
		{"empty", " \n", nil, fault.InvalidJSON, nil},
		{"too deep for encoding/json", strings.Repeat(`{"next":`, 10001), nil, fault.InvalidJSON, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v parcel
			err := fault.BindJSON(strings.NewReader(c.body), &v, c.mandatory...)
			if c.kind == nil {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			resp := responder(t, fault.WithMembers(fault.MemberCode)).Respond(with(), err)
			assert.Equal(t, c.kind.Code(), decode(t, resp)["code"])
			assert.NotContains(t, string(resp.Body), "canary")
			assert.Equal(t, c.wrong, wrongs(t, err))
		})
	}
}

func TestBindJSONOfOtherValues(t *testing.T) {
	var list []place
	require.NoError(t, fault.BindJSON(strings.NewReader(`[{"zip":"1"}]`), &list))
	assert.Equal(t, "1", list[0].Zip)
	assert.Equal(t, []string{"unknown_field@#/1/x"}, wrongs(t, fault.BindJSON(strings.NewReader(`[{},{"x":1}]`), &list)))
	var anything map[string]any
	require.NoError(t, fault.BindJSON(strings.NewReader(`{"a":{"b":1}}`), &anything, "/a/b"))
	assert.Equal(t, []string{"required@#/a/c"}, wrongs(t, fault.BindJSON(strings.NewReader(`{"a":{"b":1}}`), &anything, "/a/c")))

	broken := errors.New("canary")
	err := fault.BindJSON(iotest.ErrReader(broken), &anything)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, 400, responder(t).Respond(with(), err).Status)
	require.Error(t, fault.BindJSON(strings.NewReader(`{}`), nil), "no place to decode into")
	assert.Equal(t, 500, responder(t).Respond(with(), fault.BindJSON(strings.NewReader(`{}`), parcel{})).Status,
		"the program is at fault, not the client")
}

// Expected and Got speak of types in the same words, whoever found the mistake.
func TestTypesAreNamedAlike(t *testing.T) {
	var v parcel
	for _, err := range []error{
		fault.BindJSON(strings.NewReader(`{"id":true}`), &v),
		fault.Binding(json.Unmarshal([]byte(`{"id":true}`), &v)),
	} {
		resp := responder(t).Respond(with(), err)
		assert.Contains(t, string(resp.Body), `"params":{"Expected":"number","Got":"boolean"}`)
	}
	resp := responder(t).Respond(with(), fault.BindJSON(strings.NewReader(`{"GoName":1}`), &v))
	assert.Contains(t, string(resp.Body), `"params":{"Expected":"boolean","Got":"number"}`)
}

// A hostile document costs about what decoding it costs.
func TestBindJSONIsBounded(t *testing.T) {
	var names strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&names, `"n%d":1,`, i)
	}
	var v parcel
	err := fault.BindJSON(strings.NewReader(`{`+names.String()+`"id":1}`), &v)
	require.ErrorIs(t, err, fault.SuperfluousAttributesInRequest)
	resp := responder(t).Respond(with(), err)
	assert.InDelta(t, 50_000, decode(t, resp)["errors_total"], 0)
	for _, depth := range []int{64, 9000} {
		deep := strings.Repeat(`{"next":`, depth) + `{"x":1}` + strings.Repeat(`}`, depth)
		place := "unknown_field@#" + strings.Repeat("/next", min(depth, 1024/len("/next")))
		if depth == 64 {
			place += "/x"
		}
		assert.Equal(t, []string{place}, wrongs(t, fault.BindJSON(strings.NewReader(deep), &v)), "what lies too deep is told by what holds it")
	}
}

func ExampleBindJSON() {
	var booking struct {
		Task  string `json:"task"`
		Hours int    `json:"hours"`
	}
	body := strings.NewReader(`{"task":"T1","colour":"red"}`)
	err := fault.BindJSON(io.LimitReader(body, 1<<16), &booking, "task", "hours")
	resp := fault.Default().Respond(nil, err)
	var answer struct {
		EN      string
		Details map[string]struct{ Code string }
	}
	_ = json.Unmarshal(resp.Body, &answer)
	fmt.Println(resp.Status, answer.Details["hours"].Code, answer.Details["colour"].Code)
	// Output: 400 required unknown_field
}
