package validator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

type basket struct {
	Customer customer             `json:"customer"`
	Items    []basketItem         `json:"items" validate:"min=1,dive"`
	Notes    map[string]string    `json:"notes" validate:"dive,keys,max=5,endkeys,max=10"`
	Parts    map[string]*customer `json:"parts" validate:"dive,required"`
	Tags     [][]string           `json:"tags" validate:"dive,dive,alpha"`
	Coupon   string               `form:"coupon" validate:"omitempty,len=8"`
	Internal string               `json:"-" validate:"required"`
	Plain    string               `validate:"required"`
}

type customer struct {
	Mail string `json:"mail,omitempty" validate:"required,email"`
}

type basketItem struct {
	Qty   int    `json:"qty" validate:"min=1"`
	Color string `json:"colour" validate:"oneof=red 'light green'"`
}

// badBasket fails in every way that a place can be.
func badBasket() basket {
	return basket{
		Customer: customer{Mail: canary},
		Items:    []basketItem{{Qty: 1, Color: "red"}, {Qty: -canaryNumber, Color: canary}},
		Notes:    map[string]string{"k": canary + canary},
		Parts:    map[string]*customer{"nil": nil},
		Tags:     [][]string{{"a"}, {"b", canary}},
		Coupon:   canary,
	}
}

// Places in structures, lists and maps have the names of the request, as a path in Multilingual bodies
// and as a pointer in problem details.
func TestValidationPlaces(t *testing.T) {
	err := fault.BindingTo(basket{}, newValidator().Struct(badBasket()))
	require.Error(t, err)
	r := responder(t)
	resp := r.Respond(with(), err)
	assert.Equal(t, 400, resp.Status)
	assertNoCanary(t, resp)
	var body struct{ Details map[string]fieldMember }
	require.NoError(t, json.Unmarshal(resp.Body, &body))
	got := map[string]string{}
	for name, field := range body.Details {
		got[name] = field.Code + ": " + field.EN
	}
	assert.Equal(t, map[string]string{
		"customer.mail":  "email: customer.mail must be a valid email address.",
		"items.1.qty":    "min: items.1.qty must be at least 1.",
		"items.1.colour": "oneof: items.1.colour must be one of these values: red, light green.",
		"notes.k":        "max: notes.k must be at most 10 characters long.",
		"parts.nil":      "required: parts.nil is required.",
		"tags.1.1":       "alpha: tags.1.1 may contain only the letters A–Z and a–z.",
		"coupon":         "len: coupon must be exactly 8 characters long.",
		"":               "required: The request body is not valid.", // clients have no name for Internal
		"Plain":          "required: Plain is required.",
	}, got)

	resp = r.Respond(with("Accept", problemJSON, "Accept-Language", "pt-BR"), err)
	assertNoCanary(t, resp)
	var problem struct {
		Lang   string
		Errors []struct{ Code, Detail, Pointer, In string }
	}
	require.NoError(t, json.Unmarshal(resp.Body, &problem))
	assert.Equal(t, "pt", problem.Lang)
	var pointers []string
	for _, e := range problem.Errors {
		pointers = append(pointers, e.Pointer)
		assert.Empty(t, e.In)
		assert.True(t, strings.HasPrefix(e.Detail, "O campo “"), e.Detail)
	}
	assert.Equal(t, []string{
		"#/customer/mail", "#/items/1/qty", "#/items/1/colour", "#/notes/k", "#/parts/nil", "#/tags/1/1", "#/coupon", "#", "#/Plain",
	}, pointers, "in the order of the structure")

	resp = r.Respond(with(), newValidator().Struct(basket{Notes: map[string]string{"too long": "x"}}))
	assert.Equal(t, "max: notes is not valid.", codeAndText(t, resp, "notes"), "a key, which was refused")
	assert.NotContains(t, string(resp.Body), "too long")
	assert.Equal(t, "min: items must contain at least 1 item.", codeAndText(t, resp, "items"))
}

func codeAndText(t *testing.T, resp *fault.Response, name string) string {
	t.Helper()
	field := fieldMemberOf(t, resp, name)
	return field.Code + ": " + field.EN
}

// Without FieldName and without the target nobody knows what clients call the fields.
func TestValidationWithoutNames(t *testing.T) {
	resp := responder(t).Respond(with(), validator.New().Struct(badBasket()))
	assert.Equal(t, "email: The request body is not valid.", codeAndText(t, resp, ""))
	assertNoCanary(t, resp)
	assert.NotContains(t, string(resp.Body), "Items")
}

// ginErrors is what gin's binding makes of a list: SliceValidationError.
type ginErrors []error

func (e ginErrors) Error() string { return canary }

func TestValidationIsFound(t *testing.T) {
	mail := newValidator().Struct(customer{Mail: canary})
	color := newValidator().Struct(basketItem{Qty: 1, Color: canary})
	require.Error(t, mail)
	require.Error(t, color)
	r := responder(t)
	for _, c := range []struct {
		name string
		err  error
		want []string
	}{
		{"itself", mail, []string{"mail"}},
		{"wrapped", fmt.Errorf("%s: %w", canary, mail), []string{"mail"}},
		{"wrapped twice over", fmt.Errorf("%s: %w", canary, fmt.Errorf("%w", mail)), []string{"mail"}},
		{"joined", errors.Join(errors.New(canary), mail, color), []string{"mail", "colour"}},
		{"two verbs", fmt.Errorf("%w and %w", mail, color), []string{"mail", "colour"}},
		{"gin's list", ginErrors{mail, nil, color}, []string{"mail", "colour"}},
		{"gin's list, wrapped and joined", errors.Join(fmt.Errorf("%s: %w", canary, ginErrors{ginErrors{mail}})), []string{"mail"}},
		{"one error of a list", mail.(validator.ValidationErrors)[:1], []string{"mail"}},
		{"while binding", fault.Binding(mail), []string{"mail"}},
		{"while binding, wrapped", fmt.Errorf("%s: %w", canary, fault.Binding(ginErrors{mail})), []string{"mail"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := r.Respond(with(), c.err)
			assert.Equal(t, 400, resp.Status)
			assert.Contains(t, string(resp.Body), `"EN":"Some of the submitted values are not valid."`)
			assertNoCanary(t, resp)
			var body struct{ Details map[string]fieldMember }
			require.NoError(t, json.Unmarshal(resp.Body, &body))
			var names []string
			for name := range body.Details {
				names = append(names, name)
			}
			assert.ElementsMatch(t, c.want, names)
			assertNoCanary(t, r.Respond(with("Accept", problemJSON), c.err))
		})
	}
	assert.Equal(t, 500, r.Respond(with(), ginErrors{errors.New("x")}).Status, "a list of other errors is none of the validator's")
	assert.Equal(t, 500, r.Respond(with(), validator.ValidationErrors{}).Status)
	assert.Equal(t, 500, r.Respond(with(), newValidator().Struct(7)).Status, "a mistake of the service")
}

func TestValidationOfParameters(t *testing.T) {
	type filter struct {
		Page int    `form:"page" validate:"min=1"`
		Sort string `query:"sort" validate:"oneof=asc desc"`
	}
	err := newValidator().Struct(filter{Page: -canaryNumber, Sort: canary})
	r := responder(t)
	for in, location := range map[string]func(string) fault.Location{"query": fault.InQuery, "path": fault.InPath,
		"header": fault.InHeader, "cookie": fault.InCookie} {
		resp := r.Respond(with(), fault.Binding(fmt.Errorf("w: %w", err), location))
		assertNoCanary(t, resp)
		page := decode(t, resp)["details"].(map[string]any)["page"].(map[string]any)
		assert.Equal(t, in, page["in"])
		assert.Equal(t, "page must be at least 1.", page["EN"])
		var problem struct{ Errors []map[string]any }
		require.NoError(t, json.Unmarshal(r.Respond(with("Accept", problemJSON), fault.Binding(err, location)).Body, &problem))
		require.Len(t, problem.Errors, 2)
		assert.Equal(t, map[string]any{
			"code": "oneof", "in": in, "name": "sort", "detail": "sort must be one of these values: asc, desc.",
			"params": map[string]any{"Values": []any{"asc", "desc"}},
		}, problem.Errors[1])
	}
	body := decode(t, r.Respond(with(), fault.Binding(err)))["details"].(map[string]any)["page"].(map[string]any)
	assert.NotContains(t, body, "in", "the body is meant unless something else is said")
}

// An application names its fields in its own locale files.
func TestValidationNamesInLanguages(t *testing.T) {
	own := files(
		"active.de.toml", `"field.qty" = "Menge"`+"\n"+`"field.items.colour" = "Farbe des Artikels"`,
		"active.en.toml", `"field.qty" = "Quantity"`+"\n"+`"field.colour" = "Color"`,
		"active.fr.toml", `"field.qty" = "Quantité"`,
	)
	r := responder(t, fault.WithLocales(own), fault.WithLanguages("de", "en", "fr", "pt"))
	err := newValidator().Struct(badBasket())
	resp := r.Respond(with(), err)
	assert.Equal(t, map[string]string{
		"de": "Das Feld „Menge“ muss mindestens den Wert 1 haben.", "en": "Quantity must be at least 1.",
		"fr": "Le champ «\u00a0Quantité\u00a0» doit avoir une valeur supérieure ou égale à 1.",
		"pt": "O campo “items.1.qty” deve ter um valor maior ou igual a 1.", // no name of its own
	}, fieldMemberOf(t, resp, "items.1.qty").texts())
	assert.Equal(t, "Das Feld „Farbe des Artikels“ muss einen dieser Werte haben: red, light green.",
		fieldMemberOf(t, resp, "items.1.colour").DE)
	resp = r.Respond(with("Accept", problemJSON, "Accept-Language", "fr"), err)
	assert.Contains(t, string(resp.Body), `"detail":"Le champ «`+"\u00a0Quantité\u00a0"+
		`» doit avoir une valeur supérieure ou égale à 1.","pointer":"#/items/1/qty"`)
}

// A tag of the application has its text if there is one; an alias reads like the tag behind it.
func TestValidationOwnTags(t *testing.T) {
	v := newValidator()
	no := func(validator.FieldLevel) bool { return false }
	require.NoError(t, v.RegisterValidation("even", no))
	require.NoError(t, v.RegisterValidation("odd", no))
	v.RegisterAlias("username", "min=3,alphanum")
	v.RegisterAlias("paint", "rgb|hsl")
	v.RegisterAlias("brush", "rgb|hsl")
	v.RegisterAlias("mine", "even")
	type input struct {
		A string `json:"a" validate:"even=nary"`
		B string `json:"b" validate:"odd"`
		C string `json:"c" validate:"username"`
		D string `json:"d" validate:"username"`
		E string `json:"e" validate:"paint"`
		F string `json:"f" validate:"brush"`
		G string `json:"g" validate:"iscolor"`
		H string `json:"h" validate:"mine"`
	}
	err := v.Struct(input{canary, canary, "x", canary, canary, canary, canary, canary})
	own := files(
		"active.de.toml", `"rule.even" = "{{.Field}} ist nicht gerade."`+"\n"+`"rule.paint" = "{{.Field}} ist keine Farbe."`,
		"active.en.toml", `"rule.even" = "{{.Field}} is not even."`+"\n"+`"rule.paint" = "{{.Field}} is no paint."`,
	)
	resp := responder(t, fault.WithLocales(own)).Respond(with(), err)
	assertNoCanary(t, resp)
	for name, want := range map[string]string{
		"a": "even: a is not even.", "b": "odd: b is not valid.",
		"c": "username: c must be at least 3 characters long.", "d": "username: d may contain only digits and the letters A–Z and a–z.",
		"e": "paint: e is no paint.", "f": "brush: f is not valid.", "g": "iscolor: g must be a valid color.", "h": "mine: h is not valid.",
	} {
		assert.Equal(t, want, codeAndText(t, resp, name))
	}
	assert.Equal(t, "a ist nicht gerade.", fieldMemberOf(t, resp, "a").DE)
	assert.Empty(t, fieldMemberOf(t, resp, "a").Params, "nobody knows what the parameter of such a tag is")
	assert.JSONEq(t, `{"Count":3}`, string(fieldMemberOf(t, resp, "c").Params))

	built := responder(t, fault.WithLocales(files("active.en.toml", `"rule.email" = "Please check {{.Field}}."`)))
	resp = built.Respond(with(), newValidator().Struct(customer{Mail: canary}))
	assert.Equal(t, "email: Please check mail.", codeAndText(t, resp, "mail"), "an application's text goes over the built-in one")
}

func TestFieldName(t *testing.T) {
	type names struct {
		JSON   string `json:"a,omitempty" form:"x"`
		Form   string `form:"b"`
		Query  string `query:"c"`
		Param  string `param:"d"`
		URI    string `uri:"e"`
		Header string `header:"X-F"`
		XML    string `xml:"g,attr"`
		YAML   string `yaml:"h"`
		TOML   string `toml:"i"`
		Hidden string `json:"-" form:"x"`
		Option string `json:",omitempty" form:"k"`
		None   string
	}
	var got []string
	for field := range reflect.TypeFor[names]().Fields() {
		got = append(got, fault.FieldName(field))
	}
	assert.Equal(t, []string{"a", "b", "c", "d", "e", "X-F", "g", "h", "i", "", "k", ""}, got)
}

// What a list of refused fields costs: the texts are prepared, so that languages add nothing.
func TestValidationAllocations(t *testing.T) {
	type wide struct {
		A, B, C, D, E int    `validate:"min=1"`
		F, G, H, I, J string `validate:"min=3"`
		K, L, M, N, O string `validate:"oneof=red green"`
		P, Q, R, S, T string `validate:"email"`
	}
	err := newValidator().Struct(wide{})
	require.Len(t, err.(validator.ValidationErrors), 20)
	own := files("active.de.toml", `x = "y"`, "active.en.toml", `x = "y"`)
	allocations := func(languages ...string) float64 {
		r, invalid := fault.NewResponder(fault.WithLocales(own), fault.WithLanguages(languages...),
			fault.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, invalid)
		r.Respond(with(), err)
		return testing.AllocsPerRun(50, func() { r.Respond(with(), err) })
	}
	one, four := allocations("en"), allocations("de", "en", "fr", "pt")
	assert.InDelta(t, one, four, 4, "one language, four languages")
}

// wideForm has twenty fields that all fail.
type wideForm struct {
	A int    `json:"a" validate:"min=1"`
	B int    `json:"b" validate:"min=1"`
	C int    `json:"c" validate:"min=1"`
	D int    `json:"d" validate:"min=1"`
	E int    `json:"e" validate:"min=1"`
	F string `json:"f" validate:"min=3"`
	G string `json:"g" validate:"min=3"`
	H string `json:"h" validate:"min=3"`
	I string `json:"i" validate:"min=3"`
	J string `json:"j" validate:"min=3"`
	K string `json:"k" validate:"oneof=red green"`
	L string `json:"l" validate:"oneof=red green"`
	M string `json:"m" validate:"oneof=red green"`
	N string `json:"n" validate:"oneof=red green"`
	O string `json:"o" validate:"oneof=red green"`
	P struct {
		Mail  string   `json:"mail" validate:"email"`
		Mails []string `json:"mails" validate:"dive,email"`
	} `json:"p"`
	Q string `json:"q" validate:"email"`
	R string `json:"r" validate:"email"`
	S string `json:"s" validate:"email"`
}

func BenchmarkValidation(b *testing.B) {
	form := wideForm{}
	form.P.Mails = []string{"x"}
	err := newValidator().Struct(form)
	for name, err := range map[string]error{"names": err, "target": fault.BindingTo(form, err)} {
		b.Run(name, func(b *testing.B) {
			r, invalid := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
			require.NoError(b, invalid)
			b.ReportAllocs()
			for b.Loop() {
				r.Respond(with(), err)
			}
		})
	}
}
