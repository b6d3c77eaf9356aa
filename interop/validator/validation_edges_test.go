package validator_test

import (
	"fmt"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// pageOf is a generic structure: its name has brackets, and the path of a package in them.
type pageOf[T any] struct {
	Items []T `json:"items" validate:"dive"`
}

type zipped struct {
	Zip string `json:"zip" validate:"required"`
}

// pointers are where the errors of a validator lie.
func pointers(t *testing.T, err error) (list []string) {
	t.Helper()
	require.Error(t, err)
	for _, e := range decodeErrors(t, responder(t, fault.WithFormats(fault.Problem{})).Respond(with(), err)) {
		list = append(list, e.Pointer)
	}
	return list
}

func TestPlacesOfValidatorErrors(t *testing.T) {
	v := newValidator()
	assert.Equal(t, []string{"#/items/0/zip"}, pointers(t, v.Struct(pageOf[zipped]{Items: []zipped{{}}})), "a generic root")
	assert.Equal(t, []string{"#/a/zip", "#/b/0/zip"}, pointers(t, v.Struct(struct {
		A zipped   `json:"a"`
		B []zipped `json:"b" validate:"dive"`
	}{B: []zipped{{}}})), "a root without a name")
	keyed := struct {
		M map[string]string `json:"m" validate:"dive,required"`
	}{M: map[string]string{"a.b[0": ""}}
	assert.Equal(t, []string{"#/m/a.b%5B0"}, pointers(t, fault.BindingTo(keyed, v.Struct(keyed))), "a key with dots and brackets")
	assert.Equal(t, []string{"#/m"}, pointers(t, v.Struct(keyed)), "a key that may be written in another way")
	assert.Equal(t, []string{"#"}, pointers(t, v.Var("", "required")), "no structure at all")
	resp := responder(t).Respond(with("Accept-Language", "de"), v.Var("", "required"))
	assert.Contains(t, string(resp.Body), "The request body is required.")
	assert.Contains(t, string(resp.Body), "Das Feld „Inhalt der Anfrage“ ist erforderlich.")
	assert.Equal(t, []string{"#"}, pointers(t, validator.New().Struct(struct{ Outer }{Outer{}}))[:1], "names that nobody knows")
}

// Outer is embedded under its own name.
type Outer struct {
	To struct {
		Zip string `validate:"required"`
	}
}

// selfish is a list of errors that holds itself.
type selfish []error

func (selfish) Error() string { return "list" }

func TestListsOfErrorsThatHoldThemselves(t *testing.T) {
	list := make(selfish, 1)
	list[0] = list
	assert.Equal(t, 500, responder(t).Respond(with(), list).Status)

	deep := selfish{validator.New().Var("", "required")}
	for range 200 {
		deep = selfish{deep, deep}
	}
	assert.Equal(t, 500, responder(t).Respond(with(), deep).Status, "too deep to look into, and no time is lost")

	wide := selfish{validator.New().Var("", "required")}
	for range 7 {
		wide = selfish{wide, wide, wide, wide, wide, wide, wide, wide}
	}
	assert.Equal(t, 400, responder(t).Respond(with(), wide).Status)
}

func TestRulesOfHandwrittenFields(t *testing.T) {
	for code, text := range map[string]string{
		"required": "x is required.", "uuid4": "", "boolean": "", "email": "", "number": "", "nothing_known": "x is not valid.",
	} {
		body := string(responder(t).Respond(with(), fault.ValidationFailed.New(fault.Field(fault.InBody("x"), code))).Body)
		assert.Contains(t, body, `"code":"`+code+`"`)
		if text != "" {
			assert.Contains(t, body, text)
		} else {
			assert.NotContains(t, body, "x is not valid.", code)
		}
		assert.NotContains(t, body, "{{", code)
	}
}

// Of a long list as many errors are collected as are sent; all are counted.
func TestErrorsOfLongLists(t *testing.T) {
	v := newValidator()
	for _, n := range []int{99, 100, 101, 9_000} {
		resp := responder(t, fault.WithFormats(fault.Problem{})).Respond(with(), v.Struct(pageOf[zipped]{Items: make([]zipped, n)}))
		assert.Len(t, decodeErrors(t, resp), min(n, 100))
		if n > 100 {
			assert.Contains(t, string(resp.Body), fmt.Sprintf(`"errors_total":%d`, n))
		}
	}
}
