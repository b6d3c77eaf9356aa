package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

type (
	Base struct {
		ID int `json:"id"`
	}
	inner struct {
		Low  int `json:"low"`
		Twin int `json:"twin"`
	}
	Outside struct {
		inner
		Twin int
	}
	deepOrder struct {
		Base
		*Outside
		Tagged  Base            `json:"base"`
		Items   []deepOrder     `json:"items"`
		Map     map[string]Base `json:"map"`
		Numbers []int           `json:"numbers"`
		Keys    map[int]int     `json:"keys"`
		To      struct {
			Zip   int  `json:"zip"`
			Lines *int `json:"a/b~c.d"`
		} `json:"to"`
		Dotted  int   `json:"to.zip"`
		Dashed  int   `json:"-,"`
		Any     any   `json:"any"`
		Self    lower `json:"self"`
		GoNamed int
		Next    *deepOrder `json:"next"`
	}
	// lower decodes itself, by way of another type.
	lower struct{ A int }
)

func (l *lower) UnmarshalJSON(b []byte) error {
	type plain lower
	return json.Unmarshal(b, (*plain)(l))
}

// With the target the errors of encoding/json lie where its names lead; without it only one step is believed.
func TestPlacesOfJSONErrors(t *testing.T) {
	for _, c := range []struct{ text, target, none string }{
		{`{"id":"x"}`, "#/id!", "#"},
		{`{"low":"x"}`, "#/low!", "#"},
		{`{"base":{"id":"x"}}`, "#/base/id!", "#"},
		{`{"base":"x"}`, "#/base!", "#/base!"},
		{`{"items":[{},{"id":"x"}]}`, "#/items", "#"},
		{`{"items":[{},"x"]}`, "#/items", "#/items!"},
		{`{"items":"x"}`, "#/items!", "#/items!"},
		{`{"map":{"k":{"id":"x"}}}`, "#/map", "#"},
		{`{"numbers":[1,"x"]}`, "#/numbers", "#/numbers!"},
		{`{"keys":{"canary":1}}`, "#/keys", "#/keys!"},
		{`{"to":{"zip":"x"}}`, "#/to", "#"}, // or the field called to.zip
		{`{"to.zip":"x"}`, "#", "#"},
		{`{"to":{"a/b~c.d":"x"}}`, "#/to/a~1b~0c.d!", "#"},
		{`{"-":"x"}`, "#/-!", "#/-!"},
		{`{"self":{"A":"x"}}`, "#/self", "#"},
		{`{"GoNamed":"x"}`, "#/GoNamed!", "#/GoNamed!"},
		{`{"gonamed":"x"}`, "#/GoNamed!", "#/GoNamed!"},
		{`{"next":{"next":{"base":{"id":1.5}}}}`, "#/next/next/base/id!", "#"},
		{`{"any":1e999}`, "#/any", "#/any!"},
		{`[1]`, "#!", "#!"},
	} {
		mismatch := json.Unmarshal([]byte(c.text), &deepOrder{})
		require.Error(t, mismatch, c.text)
		assert.Equal(t, c.none, jsonPlace(t, fault.Binding(mismatch)), c.text)
		assert.Equal(t, c.none, jsonPlace(t, mismatch), c.text)
		if c.text == `{"to":{"zip":"x"}}` {
			assert.Equal(t, "#", jsonPlace(t, fault.BindingTo(&deepOrder{}, mismatch)))
			continue
		}
		assert.Equal(t, c.target, jsonPlace(t, fault.BindingTo(&deepOrder{}, fmt.Errorf("w: %w", mismatch))), c.text)
		all := fault.BindJSON(strings.NewReader(c.text), &deepOrder{})
		for _, pointer := range pointersOf(t, all) {
			assert.True(t, strings.HasPrefix(strings.ToLower(pointer), strings.ToLower(strings.TrimSuffix(c.target, "!"))), "%s: %s", c.text,
				pointer)
		}
	}
	var list []deepOrder
	mismatch := json.Unmarshal([]byte(`[{"id":"x"}]`), &list)
	assert.Equal(t, "#", jsonPlace(t, fault.BindingTo(list, mismatch)))
	assert.Empty(t, jsonPlace(t, fault.Binding(mismatch, fault.InQuery)), "JSON in a parameter")
}

func pointersOf(t *testing.T, err error) (pointers []string) {
	t.Helper()
	for _, e := range decodeErrors(t, responder(t, fault.WithFormats(fault.Problem{})).Respond(with(), err)) {
		pointers = append(pointers, e.Pointer)
	}
	return pointers
}

// jsonPlace is the pointer of the one field error, with a mark when its text tells the type.
func jsonPlace(t *testing.T, err error) string {
	t.Helper()
	var body struct {
		Code   string
		Errors []struct {
			Code, Pointer, Detail string
			Params                map[string]any
		}
	}
	resp := responder(t, fault.WithFormats(fault.Problem{})).Respond(with(), err)
	require.NoError(t, json.Unmarshal(resp.Body, &body))
	assert.Equal(t, "invalid_json", body.Code)
	assert.NotContains(t, string(resp.Body), "canary")
	if len(body.Errors) == 0 {
		return ""
	}
	require.Len(t, body.Errors, 1)
	if body.Errors[0].Params != nil {
		return body.Errors[0].Pointer + "!"
	}
	assert.Contains(t, body.Errors[0].Detail, "is not valid.")
	return body.Errors[0].Pointer
}

// The error for an unknown member has its name, and not its place.
func TestPlacesOfUnknownMembers(t *testing.T) {
	type flat struct {
		ID   int            `json:"id"`
		Tags []string       `json:"tags"`
		Map  map[string]int `json:"map"`
	}
	unknown := func(text string, v any) error {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}
	for name, place := range map[string]string{"colour": "#/colour", `a/b~\" ü`: "#/a~1b~0%22%20%C3%BC", "": "#/", `\u0000`: "#/%00",
		`\ud800`: "#/%EF%BF%BD"} {
		err := unknown(`{"`+name+`":1}`, &flat{})
		assert.Equal(t, []string{place}, pointersOf(t, fault.BindingTo(flat{}, err)), name)
		assert.Equal(t, []string{"#"}, pointersOf(t, fault.Binding(err)), name)
		assert.Equal(t, []string{"#"}, pointersOf(t, err), name)
	}
	nested := unknown(`{"to":{"colour":1}}`, &deepOrder{})
	assert.Equal(t, []string{"#"}, pointersOf(t, fault.BindingTo(&deepOrder{}, nested)))
	resp := responder(t).Respond(with(), nested)
	assert.Contains(t, string(resp.Body), "The request contains unknown attributes.")
	assert.Contains(t, string(resp.Body), `"":{"code":"unknown_field",`)
	assert.Contains(t, string(resp.Body), `"params":{"Member":"colour"}`)
}

// All that is wrong with a document is told at once, where it is.
func TestBindJSONTellsAll(t *testing.T) {
	held := any(&Base{})
	for _, c := range []struct {
		text      string
		v         any
		mandatory []string
		kind      *fault.Kind
		wrong     []string
	}{
		{`{"a":{"x":1,"x":2},"a":3}`, new(map[string]any), nil, fault.ValidationFailed,
			[]string{"unique@#/a/x", "unique@#/a"}},
		{`{"id":1,"ID":2,"id":3}`, &Base{}, nil, fault.ValidationFailed, []string{"unique@#/id"}},
		{`{"id":1,"\u0069d":2}`, &Base{}, nil, fault.ValidationFailed, []string{"unique@#/id"}},
		{`{"raw":{"a":1,"a":2}}`, &parcel{}, nil, fault.ValidationFailed, []string{"unique@#/raw/a"}},
		{`{"x":1,"items":[{"id":1},{"id":"a","y":1}]}`, &deepOrder{}, []string{"/items/0/id", "/items/1/id", "/items/2/id", "/to/zip"},
			fault.InvalidJSON, []string{"unknown_field@#/x", "unknown_field@#/items/1/y", "required@#/items/2/id", "required@#/to/zip",
				"type@#/items/1/id"}},
		{`{"next":{"to":{"zip":null}}}`, &deepOrder{}, []string{"/next/to/zip", "next"}, fault.MandatoryAttributesMissing,
			[]string{"required@#/next/to/zip"}},
		{`{"NEXT":{"To":{"ZIP":1}}}`, &deepOrder{}, []string{"/next/to/zip"}, nil, nil},
		{`{"A":1}`, new(map[string]int), []string{"a"}, fault.MandatoryAttributesMissing, []string{"required@#/a"}},
		{`{"id":1,"id":2,"x":1}`, &Base{}, nil, fault.SuperfluousAttributesInRequest, []string{"unique@#/id", "unknown_field@#/x"}},
		{`{"keys":{"1":2,"canary":3,"4":"x"}}`, &deepOrder{}, nil, fault.InvalidJSON, []string{"type@#/keys", "type@#/keys/4"}},
		{`{"id":1,"x":2}`, &held, nil, fault.SuperfluousAttributesInRequest, []string{"unknown_field@#/x"}},
		{`{"id":"canary","x":2}`, &held, nil, fault.InvalidJSON, []string{"unknown_field@#/x", "type@#/id"}},
		{`{"number":7}`, &parcel{}, nil, fault.InvalidJSON, []string{"type@#/number"}},
		{`{"number":"canary","picture":"canary!"}`, &parcel{}, nil, fault.InvalidJSON, []string{"type@#/number", "type@#/picture"}},
		{`"canary"`, new(json.Number), nil, fault.InvalidJSON, []string{"type@#"}},
		{`null`, &Base{}, []string{""}, fault.MandatoryAttributesMissing, []string{"required@#"}},
		{`{"self":{"A":"canary"},"id":true}`, &deepOrder{}, nil, fault.InvalidJSON, []string{"type@#/self", "type@#/id"}},
	} {
		err := fault.BindJSON(strings.NewReader(c.text), c.v, c.mandatory...)
		if c.kind == nil {
			assert.NoError(t, err, c.text)
			continue
		}
		require.ErrorIs(t, err, c.kind, c.text)
		assert.Equal(t, c.wrong, wrongs(t, err), c.text)
		r, log := logged(t)
		assert.NotContains(t, string(r.Respond(with(), err).Body)+log.text(), "canary", c.text)
	}
}

// refusing is a type of an application that decodes itself.
type refusing struct{ error }

var errRefusing = errors.New("canary")

func (*refusing) UnmarshalJSON(b []byte) error {
	if string(b) == `"number"` {
		_, err := strconv.Atoi("canary")
		return err
	}
	if string(b) == `"ours"` {
		return fault.EntityNotFound
	}
	return fmt.Errorf("w: %w", errRefusing)
}

func TestBindJSONOfTypesThatDecodeThemselves(t *testing.T) {
	type holder struct {
		A    *refusing  `json:"a"`
		List []refusing `json:"list"`
		Next *holder    `json:"next"`
	}
	bind := func(text string) error { return fault.BindJSON(strings.NewReader(text), &holder{}) }
	err := bind(`{"next":{"a":1},"list":[2,3],"x":1}`)
	require.ErrorIs(t, err, errRefusing)
	assert.Equal(t, []string{"unknown_field@#/x", "type@#/next/a", "type@#/list/0", "type@#/list/1"}, wrongs(t, err))
	resp := responder(t).Respond(with(), err)
	assert.Equal(t, "bad_request", decode(t, responder(t, fault.WithMembers(fault.MemberCode)).Respond(with(), err))["code"])
	assert.NotContains(t, string(resp.Body), "canary")
	assert.Equal(t, 409, responder(t, fault.WithMapper(fault.MapIs(errRefusing, fault.Conflict))).Respond(with(), err).Status,
		"mappers see it")
	assert.Equal(t, "bad_param_value", decode(t, responder(t, fault.WithMembers(fault.MemberCode)).Respond(with(),
		bind(`{"a":"number"}`)))["code"])
	require.ErrorIs(t, bind(`{"a":"ours"}`), fault.EntityNotFound)
	assert.Equal(t, 404, responder(t).Respond(with(), bind(`{"a":"ours"}`)).Status)
	require.NoError(t, bind(`{"a":null}`))
}

// embedding cannot be decoded into: nothing can be put into the pointer.
type embedding struct{ *inner }

func TestBindJSONIntoWhatCannotBe(t *testing.T) {
	err := fault.BindJSON(strings.NewReader(`{"low":1}`), &embedding{})
	require.ErrorIs(t, err, fault.ProgrammingError)
	require.NoError(t, fault.BindJSON(strings.NewReader(`{"low":1}`), &embedding{&inner{}}))
}

// As many errors as a response carries are kept, those that decide first; all are counted.
func TestBindJSONCounts(t *testing.T) {
	many := strings.Repeat(`{"x":1},`, 500) + strings.Repeat(`{"id":"x"},`, 30)
	err := fault.BindJSON(strings.NewReader(`[`+many+`{}]`), &[]Base{}, "/0/id")
	resp := responder(t, fault.WithFormats(fault.Problem{})).Respond(with(), err)
	body := decode(t, resp)
	assert.InDelta(t, 531, body["errors_total"], 0)
	counts := map[string]int{}
	for _, e := range decodeErrors(t, resp) {
		counts[e.Code]++
	}
	assert.Equal(t, map[string]int{"type": 30, "required": 1, "unknown_field": 69}, counts)
}
