package validator_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

type (
	Human struct {
		First string `json:"first_name" validate:"required"`
		ID    string `json:"id" validate:"required"`
	}
	pet struct {
		Kind string `json:"kind" validate:"required"`
	}
	loud   string
	Tagged struct {
		Zip string `json:"zip" validate:"required"`
	}
	private []Tagged
	opaque  struct {
		Inner string `json:"inner" validate:"required"`
	}
	tree struct {
		Name     string `json:"na.me/[x]~ü" validate:"required"`
		Children []tree `json:"children" validate:"dive"`
	}
	slot struct {
		From string `json:"from" validate:"ltfield=To"`
		To   string `json:"to"`
	}
	everything struct {
		Human
		*pet
		ID       string `json:"id"`
		Tagged   `json:"base"`
		Dash     string                     `json:"-," validate:"required"`
		Hidden   Tagged                     `json:"-" validate:"required"`
		Plain    string                     `validate:"required"`
		Keys     map[string]string          `json:"keys" validate:"dive,keys,max=3,endkeys,required"`
		Same     map[string]string          `json:"same" validate:"dive,keys,min=2,endkeys,min=2"`
		ByNumber map[int]*Tagged            `json:"by/number" validate:"dive,required"`
		Loud     map[loud]string            `json:"loud" validate:"dive,required"`
		Times    map[time.Time]string       `json:"times" validate:"dive,required"`
		Lists    [][]string                 `json:"li.sts" validate:"dive,dive,required"`
		MapLists map[string][]Tagged        `json:"mapLists" validate:"dive,dive"`
		Maps     map[string]map[string]slot `json:"maps" validate:"dive,dive"`
		Opaque   opaque                     `json:"opaque"`
		Private  private                    `json:"private" validate:"dive"`
		Tree     tree                       `json:"tree"`
		Generic  pageOf[zipped]             `json:"generic"`
		Inline   struct {
			A string `json:"a[0]" validate:"required"`
		} `json:"inline"`
		Any any `json:"any" validate:"required"`
	}
)

func (loud) String() string { return "LOUD" }

func (*opaque) UnmarshalJSON([]byte) error { return nil }

func (*private) UnmarshalJSON([]byte) error { return nil }

func badEverything() everything {
	return everything{
		pet: &pet{}, Keys: map[string]string{"long key": "x"}, Same: map[string]string{"a": "a"},
		ByNumber: map[int]*Tagged{-7: {}}, Loud: map[loud]string{"l": ""}, Times: map[time.Time]string{{}: ""},
		Lists: [][]string{{"x"}, {"x", ""}}, MapLists: map[string][]Tagged{"a.b": {{Zip: "1"}, {}}},
		Maps: map[string]map[string]slot{"x": {"y": {From: "b", To: "a"}}}, Tree: tree{Name: "x", Children: []tree{{Name: "x"}, {}}},
		Private: private{{}}, Generic: pageOf[zipped]{Items: []zipped{{}}}, Any: Tagged{},
	}
}

var everythingPlaces = []string{
	"required@#/first_name", "required@#", // Human's id is hidden by the other one
	"required@#/kind", "required@#/base/zip", "required@#/-", "required@#/Plain",
	"max@#/keys", "min@#/same", "required@#/by~1number/-7/zip", "required@#/loud", "required@#/times", "required@#/li.sts/1/1",
	"required@#/mapLists/a.b/1/zip", "ltfield@#/maps/x/y/from", "required@#/opaque", "required@#/private",
	"required@#/tree/children/1/na.me~1[x]~0ü",
	"required@#/generic/items/0/zip", "required@#/inline/a[0]", "required@#/any",
}

// fragments reads pointers in URI fragments.
var fragments = strings.NewReplacer("%5B", "[", "%5D", "]", "%C3%BC", "ü", "%20", " ")

func places(t *testing.T, err error) (list []string) {
	t.Helper()
	require.Error(t, err)
	for _, e := range decodeErrors(t, responder(t, fault.WithFormats(fault.Problem{})).Respond(with(), err)) {
		list = append(list, e.Code+"@"+fragments.Replace(e.Pointer))
	}
	return list
}

// With the target each place has the names that encoding/json knows, whatever names the validator was given.
func TestPlacesWithTarget(t *testing.T) {
	named, goNames := newValidator(), validator.New()
	for name, v := range map[string]*validator.Validate{"named": named, "Go names": goNames} {
		for _, target := range []any{everything{}, &everything{}} {
			assert.Equal(t, everythingPlaces, places(t, fault.BindingTo(target, v.Struct(badEverything()))), name)
		}
	}
	for _, want := range everythingPlaces {
		assert.NotContains(t, want, "Human")
	}
}

// Without it a place is as long as the names are surely those of clients.
func TestPlacesWithoutTarget(t *testing.T) {
	all := places(t, newValidator().Struct(badEverything()))
	assert.Equal(t, []string{"required@#"}, places(t, validator.New().Struct(badEverything()))[:1])
	for _, e := range all {
		_, pointer, _ := strings.Cut(e, "@")
		known := false
		for _, other := range append(everythingPlaces, "@#/opaque/inner", "@#/private/0/zip", "@#/any/zip") {
			_, exact, _ := strings.Cut(other, "@")
			known = known || exact == pointer || strings.HasPrefix(exact, pointer+"/")
		}
		assert.True(t, known, "%s is no place of the request", e)
	}
	assert.Contains(t, all, "required@#/base/zip")
	assert.Contains(t, all, "required@#/li.sts/1/1")
	assert.Contains(t, all, "required@#/mapLists", "the key may be another for the client")
	assert.Contains(t, all, "required@#/tree/children/1/na.me~1[x]~0ü")
}

// Keys are of clients: no two readings of one are mixed up.
func TestPlacesOfHostileKeys(t *testing.T) {
	type entry struct {
		Zip string           `json:"zip" validate:"required"`
		M   map[string]entry `json:"m" validate:"dive"`
		L   []entry          `json:"l" validate:"dive"`
	}
	for _, key := range []string{"a", "", "a.b", "a[0]", "a]", "[", "]", "a].Zip", "a].M[b", "a].L[0", "0].Zip", "][", "a/b~c", "ü",
		"M[x]", "a.zip", "Zip"} {
		input := entry{Zip: "1", M: map[string]entry{key: {}}}
		document := map[string]any{"m": map[string]any{key: map[string]any{"zip": ""}}}
		for name, err := range map[string]error{
			"target": fault.BindingTo(entry{}, newValidator().Struct(input)), "names": newValidator().Struct(input),
			"Go names and target": fault.BindingTo(entry{}, validator.New().Struct(input)), "Go names": validator.New().Struct(input),
		} {
			resp := responder(t, fault.WithFormats(fault.Problem{})).Respond(with(), err)
			list := decodeErrors(t, resp)
			assert.NotEmpty(t, list, "%s of %q", name, key)
			for _, e := range list {
				assert.True(t, isPlace(document, e.Pointer), "%s of %q: %s", name, key, e.Pointer)
			}
		}
	}
}

// isPlace reports whether a pointer leads to the zip of the document or to what holds it.
func isPlace(document any, fragment string) bool {
	var steps []string
	for step := range strings.SplitSeq(strings.TrimPrefix(fragment, "#"), "/") {
		steps = append(steps, strings.NewReplacer("~1", "/", "~0", "~").Replace(unescapePercent(step)))
	}
	for _, step := range steps[1:] {
		object, ok := document.(map[string]any)
		if !ok {
			return false
		}
		if document, ok = object[step]; !ok {
			return false
		}
	}
	return true
}

func unescapePercent(s string) string {
	text, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return text
}

// The index of an element is unknown when a list is validated element by element, as gin does.
func TestPlacesInListsOfErrors(t *testing.T) {
	err := newValidator().Struct(Tagged{})
	assert.Equal(t, []string{"required@#"}, places(t, fault.BindingTo([]Tagged{}, ginErrors{err})))
	assert.Equal(t, []string{"required@#"}, places(t, fault.BindingTo(map[string]Tagged{}, ginErrors{err})))
	assert.Equal(t, []string{"required@#"}, places(t, fault.BindingTo(Human{}, err)), "a target of another name")
	dived := newValidator().Var([]Tagged{{Zip: "1"}, {}}, "dive")
	assert.Equal(t, []string{"required@#/1/zip"}, places(t, fault.BindingTo([]Tagged{}, dived)))
	assert.Equal(t, []string{"required@#/1/zip"}, places(t, dived))
	keyed := newValidator().Var(map[string]string{"k": "", "long": "x"}, "dive,keys,max=2,endkeys,required")
	assert.ElementsMatch(t, []string{"required@#/k", "max@#"}, places(t, fault.BindingTo(map[string]string{}, keyed)))
	assert.ElementsMatch(t, []string{"required@#", "max@#"}, places(t, keyed))
}

// Anonymous roots are told from named ones as far as the list of errors allows.
func TestPlacesOfRootsWithoutName(t *testing.T) {
	input := struct {
		To   Tagged
		From Tagged `json:"from"`
	}{}
	assert.Equal(t, []string{"required@#/To/zip", "required@#/from/zip"}, places(t, fault.BindingTo(input, newValidator().Struct(input))))
	assert.Equal(t, []string{"required@#", "required@#/from/zip"}, places(t, newValidator().Struct(input)))
}

// Rules that speak of other fields call them as clients do.
func TestNamesOfOtherFields(t *testing.T) {
	type account struct {
		Password string `json:"password"`
		Confirm  string `json:"confirm" validate:"eqfield=Password"`
		Mail     string `json:"mail" validate:"required_without_all=Phone Inner.City"`
		Phone    string `json:"phone"`
		Inner    struct {
			City string `json:"city" validate:"nefield=Zip"`
			Zip  string `json:"zip"`
			Deep struct {
				Again string `json:"again" validate:"eqcsfield=Inner.Zip"`
			} `json:"deep"`
		} `json:"inner"`
		Human
		Slots  []slot `json:"slots" validate:"dive"`
		Alias  string `json:"alias" validate:"nefield=First"`
		Gone   string `json:"gone" validate:"eqfield=Secret"`
		Secret string `json:"-"`
	}
	input := account{Password: "a", Human: Human{First: "x", ID: "1"}, Alias: "x", Secret: "s", Slots: []slot{{From: "b", To: "a"}}}
	input.Inner.Deep.Again = "x"
	own := files("active.en.toml", `"field.password" = "Password of yours"`, "active.de.toml",
		`"field.password" = "Kennwort"`+"\n"+`"field.phone" = "Telefon"`)
	err := newValidator().Struct(input)
	resp := responder(t, fault.WithLocales(own), fault.WithLanguages("de", "en")).Respond(with(), fault.BindingTo(&input, err))
	field := func(name string) string {
		f := fieldMemberOf(t, resp, name)
		return f.EN + " " + string(f.Params)
	}
	assert.Equal(t, `The value of confirm must be the same as that of Password of yours. {"Other":"password"}`, field("confirm"))
	assert.Equal(t, "Der Wert des Felds „confirm“ muss mit dem Wert des Felds „Kennwort“ übereinstimmen.", fieldMemberOf(t, resp, "confirm").DE)
	assert.Equal(t, `When at least one of these fields is missing (phone, inner.city), mail is required. {"Others":["phone","inner.city"]}`,
		strings.Replace(field("mail"), "all of these fields are", "at least one of these fields is", 1))
	assert.Contains(t, fieldMemberOf(t, resp, "mail").DE, "Telefon, inner.city")
	assert.Equal(t, `The value of inner.city must be different from that of inner.zip. {"Other":"inner.zip"}`, field("inner.city"))
	assert.Equal(t, `The value of inner.deep.again must be the same as that of inner.zip. {"Other":"inner.zip"}`, field("inner.deep.again"))
	assert.Equal(t, `The value of slots.0.from must be less than that of slots.0.to. {"Other":"slots.0.to"}`, field("slots.0.from"))
	assert.Equal(t, `The value of alias must be different from that of first_name. {"Other":"first_name"}`, field("alias"))
	assert.Equal(t, "gone is not valid. ", field("gone"), "clients have no name for the other one")

	resp = responder(t).Respond(with(), err)
	for _, name := range []string{"Password", "Phone", "Zip", "First", "Secret", "Inner"} {
		assert.NotContains(t, string(resp.Body), name)
	}
	resp = responder(t, fault.WithFormats(fault.Problem{})).Respond(with(), fault.BindingTo(&input, err))
	var problem struct {
		Errors []struct{ Params map[string]any }
	}
	assert.NoError(t, json.Unmarshal(resp.Body, &problem))
	assert.Equal(t, map[string]any{"Other": "password"}, problem.Errors[0].Params)
}

// Keys that can be read in very many ways cost no more than their length.
func TestPlacesOfHostileKeysAreBounded(t *testing.T) {
	type entry struct {
		Zip string                      `json:"zip" validate:"required"`
		M   map[string]map[string]entry `json:"m" validate:"dive,dive"`
	}
	for _, piece := range []string{"].M[", "][", "].", ".", "[", "0][", "].m["} {
		key := strings.Repeat(piece, 200_000/len(piece))
		input := entry{Zip: "1", M: map[string]map[string]entry{"a": {}}}
		for i := range 20 {
			input.M["a"][key+strconv.Itoa(i)] = entry{}
		}
		for _, err := range []error{
			fault.BindingTo(entry{}, newValidator().Struct(input)), newValidator().Struct(input), validator.New().Struct(input),
		} {
			start := time.Now()
			resp := responder(t).Respond(with(), err)
			assert.Less(t, time.Since(start), 5*time.Second, piece)
			assert.Equal(t, 400, resp.Status)
			assert.Less(t, len(resp.Body), 200_000)
		}
	}
}

// A parameter has the name that its part of the request knows.
func TestPlacesOfParameters(t *testing.T) {
	type filter struct {
		Page  int    `json:"p" form:"page" query:"q" uri:"u" header:"X-Page" validate:"min=1"`
		Plain string `json:"plain" validate:"required"`
	}
	err := validator.New().Struct(filter{})
	for want, in := range map[string]func(string) fault.Location{"page": fault.InQuery, "u": fault.InPath, "X-Page": fault.InHeader,
		"p": fault.InCookie} {
		resp := responder(t).Respond(with(), fault.BindingTo(filter{}, err, in))
		assert.Equal(t, want+" must be at least 1.", fieldMemberOf(t, resp, want).EN)
		assert.Equal(t, "plain is required.", fieldMemberOf(t, resp, "plain").EN)
	}
	resp := responder(t).Respond(with(), fault.Binding(err, fault.InQuery))
	assert.Equal(t, "Some of the submitted values are not valid.", fieldMemberOf(t, resp, "").EN, "no name is known")
}
