package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// fieldTexts are an application's own: the built-in ones may change their wording.
var fieldTexts = files(
	"active.en.toml", `
"rule.least" = "{{.Field}}: at least {{.Limit}}"
"rule.invalid" = "{{.Field}} is wrong"
"field.qty" = "Quantity"
"field.items.price" = "Price of the item"
["rule.size"]
one = "{{.Field}}: {{.Count}} letter"
other = "{{.Field}}: {{.Count}} letters"
`,
	"active.de.toml", `
"rule.least" = "{{.Field}}: mindestens {{.Limit}}"
"rule.invalid" = "{{.Field}} ist falsch"
"field.qty" = "Menge"
["rule.size"]
one = "{{.Field}}: {{.Count}} Buchstabe"
other = "{{.Field}}: {{.Count}} Buchstaben"
`)

func TestFieldErrorsInTheMultilingualBody(t *testing.T) {
	r := responder(t, fault.WithLocales(fieldTexts))
	for _, c := range []struct {
		name string
		attr fault.Attr
		want string
	}{
		{"localized name", fault.Field(fault.InBody("qty"), "least", fault.Arg("Limit", 1)),
			`{"qty":{"code":"least","DE":"Menge: mindestens 1","EN":"Quantity: at least 1","params":{"Limit":1}}}`},
		{"name within a list", fault.Field(fault.InBody("/items/0/qty"), "least", fault.Arg("Limit", 1)),
			`{"items.0.qty":{"code":"least","DE":"Menge: mindestens 1","EN":"Quantity: at least 1","params":{"Limit":1}}}`},
		{"the whole path's name goes first, where a language has it", fault.Field(fault.InBody("/items/0/price"), "least", fault.Arg("Limit", 1)),
			`{"items.0.price":{"code":"least","DE":"items.0.price: mindestens 1","EN":"Price of the item: at least 1","params":{"Limit":1}}}`},
		{"plural", fault.Field(fault.InBody("name"), "size", fault.Count(1)),
			`{"name":{"code":"size","DE":"name: 1 Buchstabe","EN":"name: 1 letter","params":{"Count":1}}}`},
		{"own text", fault.Field(fault.InBody("x"), "strange", fault.Text("rule.least"), fault.Arg("Limit", "<b>")),
			`{"x":{"code":"strange","DE":"x: mindestens \u003cb\u003e","EN":"x: at least \u003cb\u003e","params":{"Limit":"\u003cb\u003e"}}}`},
		{"no text of that name", fault.Field(fault.InBody("x"), "strange"),
			`{"x":{"code":"strange","DE":"x ist falsch","EN":"x is wrong"}}`},
		{"no code", fault.Field(fault.InBody("x"), ""),
			`{"x":{"code":"","DE":"x ist falsch","EN":"x is wrong"}}`},
		{"query", fault.Field(fault.InQuery("qty"), "strange"),
			`{"qty":{"code":"strange","in":"query","DE":"Menge ist falsch","EN":"Quantity is wrong"}}`},
		{"the body as a whole", fault.Field(fault.InBody(""), "strange"),
			`{"":{"code":"strange","DE":"Inhalt der Anfrage ist falsch","EN":"The request body is wrong"}}`},
		{"a name of the client's", fault.Field(fault.InBody("a\"<\u202e/~\n"), "strange"),
			`{"a\"\u003c` + "\ufffd" + `/~\n":{"code":"strange","DE":"a\"\u003c` + "\ufffd" + `/~` + "\ufffd" +
				` ist falsch","EN":"a\"\u003c` + "\ufffd" + `/~` + "\ufffd" + ` is wrong"}}`},
		{"a secret", fault.Field(fault.InBody("x"), "least", fault.Arg("Limit", fault.Secret("canary"))),
			`{"x":{"code":"least","DE":"x: mindestens ***","EN":"x: at least ***","params":{"Limit":"***"}}}`},
		{"other attributes do not count", fault.Field(fault.InBody("x"), "strange", fault.Detail("canary", 1), fault.Header("X-Canary", "1")),
			`{"x":{"code":"strange","DE":"x ist falsch","EN":"x is wrong"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := r.Respond(with(), fault.ValidationFailed.New(c.attr))
			var body struct{ Details json.RawMessage }
			require.NoError(t, json.Unmarshal(resp.Body, &body))
			assert.Equal(t, c.want, string(body.Details))
			assert.NotContains(t, fmt.Sprint(string(resp.Body), resp.Header()), "canary")
		})
	}
}

func TestFieldErrorsInOneLanguage(t *testing.T) {
	err := fault.ValidationFailed.New(
		fault.Field(fault.InBody("/items/0/qty"), "least", fault.Arg("Limit", 2)),
		fault.Detail("order", 7),
		fault.Field(fault.InBody("a/b~c d√"), "strange"),
		fault.Field(fault.InQuery("page"), "strange"), fault.Field(fault.InPath("id"), "strange"),
		fault.Field(fault.InHeader("X-A"), "strange"), fault.Field(fault.InCookie("sid"), "strange"),
		fault.Field(fault.InBody(""), "strange"), fault.Field(fault.InBody("/"), "strange"))
	resp := responder(t, fault.WithLocales(fieldTexts)).Respond(with("Accept", problemJSON, "Accept-Language", "de"), err)
	var body struct {
		Errors  json.RawMessage
		Details json.RawMessage
		Lang    string
	}
	require.NoError(t, json.Unmarshal(resp.Body, &body))
	assert.Equal(t, "de", body.Lang)
	assert.Equal(t, `{"order":7}`, string(body.Details))
	assert.Equal(t, strings.Join([]string{
		`[{"detail":"Menge: mindestens 2","pointer":"#/items/0/qty","code":"least","params":{"Limit":2}}`,
		`{"detail":"a/b~c d√ ist falsch","pointer":"#/a~1b~0c%20d%E2%88%9A","code":"strange"}`,
		`{"detail":"page ist falsch","in":"query","name":"page","code":"strange"}`,
		`{"detail":"id ist falsch","in":"path","name":"id","code":"strange"}`,
		`{"detail":"X-A ist falsch","in":"header","name":"X-A","code":"strange"}`,
		`{"detail":"sid ist falsch","in":"cookie","name":"sid","code":"strange"}`,
		`{"detail":"Inhalt der Anfrage ist falsch","pointer":"#","code":"strange"}`,
		`{"detail":" ist falsch","pointer":"#/","code":"strange"}]`,
	}, ","), string(body.Errors))

	one := responder(t, fault.WithLocales(fieldTexts), fault.WithNegotiatedLanguage()).Respond(with("Accept-Language", "de"),
		fault.ValidationFailed.New(fault.Field(fault.InBody("qty"), "strange")))
	assert.Contains(t, string(one.Body), `"details":{"qty":{"code":"strange","DE":"Menge ist falsch"}}`)
}

// A language without a field's text says that the value is not valid.
func TestFieldErrorsStayInTheLanguage(t *testing.T) {
	own := files("active.en.toml", "\"rule.only\" = \"only English\"", "active.de.toml", "\"rule.both\" = \"beides\"",
		"active.fr.toml", "x = \"y\"")
	r := responder(t, fault.WithLocales(own))
	resp := r.Respond(with("Accept", problemJSON, "Accept-Language", "de, en;q=0.5"),
		fault.ValidationFailed.New(fault.Field(fault.InBody("x"), "only")))
	assert.Equal(t, "de", decode(t, resp)["lang"], "what the client wants more comes first")
	general, _ := r.Catalogue().Text("rule.invalid", "de", fault.Arg("Field", "x"))
	assert.Equal(t, general, decode(t, resp)["errors"].([]any)[0].(map[string]any)["detail"])
	resp = r.Respond(with("Accept-Language", "de"), fault.ValidationFailed.New(fault.Field(fault.InBody("x"), "only")))
	field := decode(t, resp)["details"].(map[string]any)["x"]
	assert.Equal(t, map[string]any{"code": "only", "EN": "only English"}, field, "a language that lacks it is left out")
	resp = r.Respond(with("Accept", problemJSON, "Accept-Language", "de"),
		fault.ValidationFailed.New(fault.Field(fault.InBody("x"), "only"), fault.Field(fault.InBody("y"), "both")))
	body := decode(t, resp)
	assert.Contains(t, []any{"de", "en"}, body["lang"])
	for _, e := range body["errors"].([]any) {
		assert.NotEmpty(t, e.(map[string]any)["detail"], "there is a text whatever the language")
	}
}

func TestFieldsThatMeet(t *testing.T) {
	r := responder(t, fault.WithLocales(fieldTexts))
	var d fault.Details
	d.Add("position", 12).
		AddField(fault.InBody("id"), "first").
		AddField(fault.InBody("id"), "second").
		AddField(fault.InQuery("id"), "first").
		AddField(fault.InPath("id"), "first").
		AddField(fault.InBody("position"), "first").
		AddField(fault.InBody("id"), "first", fault.Text("rule.least"), fault.Arg("Limit", 9)).
		AddField(fault.InQuery("id"), "third")
	err := d.Err(fault.ValidationFailed)
	details := decode(t, r.Respond(with(), err))["details"].(map[string]any)
	codes := map[string]any{}
	for name, value := range details {
		if field, ok := value.(map[string]any); ok {
			codes[name] = field["code"]
		}
	}
	assert.Equal(t, map[string]any{"id": "first", "query.id": "first", "path.id": "first", "body.position": "first"}, codes)
	assert.InDelta(t, 12, details["position"], 0)
	assert.Equal(t, "id: at least 9", details["id"].(map[string]any)["EN"], "the same place and code: replaced")
	assert.Equal(t, []string{"position", "id", "query.id", "path.id", "body.position"}, keys(t, []byte(detailsJSON(t, r, err))))

	list := decode(t, r.Respond(with("Accept", problemJSON), err))["errors"].([]any)
	assert.Len(t, list, 6, "a list has room for all")
}

func detailsJSON(t *testing.T, r *fault.Responder, err error) string {
	t.Helper()
	var body struct{ Details json.RawMessage }
	require.NoError(t, json.Unmarshal(r.Respond(with(), err).Body, &body))
	return string(body.Details)
}

func TestFieldErrorsAreCapped(t *testing.T) {
	for _, count := range []int{99, 100, 101, 5000} {
		var d fault.Details
		for i := range count {
			d.AddField(fault.InBody(fmt.Sprintf("/items/%d", i)), "strange")
		}
		d.Add("more", true)
		r, log := logged(t, fault.WithLocales(fieldTexts))
		body := decode(t, r.Respond(with(), d.Err(fault.ValidationFailed)))
		details := body["details"].(map[string]any)
		assert.Equal(t, true, details["more"], "details that are no errors stay")
		assert.Len(t, details, min(count, 100)+1)
		problem := decode(t, r.Respond(with("Accept", problemJSON), d.Err(fault.ValidationFailed)))
		assert.Len(t, problem["errors"], min(count, 100))
		assert.Equal(t, "#/items/0", problem["errors"].([]any)[0].(map[string]any)["pointer"])
		if count <= 100 {
			assert.NotContains(t, body, "errors_total")
			assert.NotContains(t, problem, "errors_total")
			continue
		}
		assert.InDelta(t, count, body["errors_total"], 0)
		assert.InDelta(t, count, problem["errors_total"], 0)
		assert.Contains(t, log.text(), fmt.Sprintf("%d field errors, 100 of them sent", count))
	}
	long := strings.Repeat("x", 5000)
	body := decode(t, responder(t).Respond(with(), fault.ValidationFailed.New(fault.Field(fault.InBody(long), "strange"))))
	for name := range body["details"].(map[string]any) {
		assert.LessOrEqual(t, len(name), 1100, "a name is cut")
	}
}

func TestLocations(t *testing.T) {
	for _, c := range []struct {
		at                fault.Location
		in, pointer, name string
		segments          []string
	}{
		{fault.Location{}, "body", "", "", nil},
		{fault.InBody(""), "body", "", "", nil},
		{fault.InBody("qty"), "body", "/qty", "qty", []string{"qty"}},
		{fault.InBody("a.b"), "body", "/a.b", "a.b", []string{"a.b"}},
		{fault.InBody("a/b~"), "body", "/a~1b~0", "a/b~", []string{"a/b~"}},
		{fault.InBody("/a~1b~0/0//ü"), "body", "/a~1b~0/0//ü", "a/b~.0..ü", []string{"a/b~", "0", "", "ü"}},
		{fault.InBody("/~01"), "body", "/~01", "~1", []string{"~1"}},
		{fault.InBody("/"), "body", "/", "", []string{""}},
		{fault.InQuery("page"), "query", "", "page", []string{"page"}},
		{fault.InPath("/x"), "path", "", "/x", []string{"/x"}},
		{fault.InHeader("X-A"), "header", "", "X-A", []string{"X-A"}},
		{fault.InCookie("sid"), "cookie", "", "sid", []string{"sid"}},
	} {
		assert.Equal(t, c.in, c.at.In(), c.at)
		assert.Equal(t, c.pointer, c.at.Pointer(), c.at)
		assert.Equal(t, c.name, c.at.Name(), c.at)
		assert.Equal(t, c.segments, c.at.Segments(), c.at)
	}
	assert.Equal(t, fault.InBody("qty"), fault.InBody("/qty"))
	assert.NotEqual(t, fault.InQuery("qty"), fault.InPath("qty"))
}

func TestFieldErrorsAreSharedSafely(t *testing.T) {
	base := fault.ValidationFailed.New(fault.Field(fault.InBody("a"), "strange"))
	more := base.With(fault.Field(fault.InBody("b"), "strange"))
	r := responder(t, fault.WithLocales(fieldTexts))
	assert.Equal(t, []string{"a"}, keys(t, []byte(detailsJSON(t, r, base))))
	assert.Equal(t, []string{"a", "b"}, keys(t, []byte(detailsJSON(t, r, more))))
	d := (*fault.Details)(nil).AddField(fault.InBody("a"), "strange")
	err := d.Err(fault.ValidationFailed)
	d.AddField(fault.InBody("a"), "strange", fault.Text("rule.least")).AddField(fault.InBody("c"), "strange")
	assert.Equal(t, `{"a":{"code":"strange","DE":"a ist falsch","EN":"a is wrong"}}`, detailsJSON(t, r, err))
	line := fmt.Sprintf("%v", base.LogValue())
	assert.Contains(t, line, `{"a":"strange"}`)
	unknown := fault.Unhandled.Wrap(errors.New("x"), fault.DetailsOf(d))
	first, second := r.Respond(with(), unknown), r.Respond(with(), unknown)
	assert.Len(t, decode(t, second)["details"], len(decode(t, first)["details"].(map[string]any)))
	assert.Len(t, decode(t, r.Respond(with(), d.Err(fault.ValidationFailed)))["details"], 2, "an answer adds nothing to what the error holds")
}

// A detail that stands beside others keeps its place among them.
func TestProblemExtensions(t *testing.T) {
	r := responder(t, fault.WithFormats(fault.Problem{TypeBase: "https://errors.example/#", Extensions: []string{"balance", "accounts"}}))
	body := decode(t, r.Respond(with(), fault.PaymentRequired.New(fault.Detail("balance", 30), fault.Detail("other", 1),
		fault.Detail("status", 999), fault.Detail("accounts", []int{1}))))
	assert.InDelta(t, 30, body["balance"], 0)
	assert.Equal(t, []any{1.0}, body["accounts"])
	assert.InDelta(t, 402, body["status"], 0)
	assert.Equal(t, map[string]any{"other": 1.0, "status": 999.0}, body["details"])
	assert.Equal(t, "https://errors.example/#payment-required", body["type"])
	assert.Equal(t, false, body["retryable"])

	for _, c := range []struct {
		problem fault.Problem
		want    string
	}{
		{fault.Problem{Extensions: []string{"status"}}, `extension "status"`},
		{fault.Problem{Extensions: []string{"trace_id"}}, `extension "trace_id"`},
		{fault.Problem{Extensions: []string{"ab"}}, `extension "ab"`},
		{fault.Problem{Extensions: []string{"1abc"}}, `extension "1abc"`},
		{fault.Problem{Extensions: []string{"a-bc"}}, `extension "a-bc"`},
		{fault.Problem{Extensions: []string{""}}, `extension ""`},
		{fault.Problem{Extensions: []string{"__proto__"}}, `extension "__proto__"`},
		{fault.Problem{Extensions: []string{"constructor"}}, `extension "constructor"`},
		{fault.Problem{Extensions: []string{"größe"}}, `extension "größe"`},
		{fault.Problem{Extensions: []string{"abc", "abc"}}, "given twice"},
		{fault.Problem{TypeBase: "/errors/"}, "TypeBase"},
		{fault.Problem{TypeBase: "https://example.com/errors"}, "TypeBase"},
		{fault.Problem{TypeBase: "://"}, "TypeBase"},
	} {
		_, err := fault.NewResponder(fault.WithFormats(fault.Multilingual{}, c.problem))
		require.ErrorContains(t, err, c.want)
		assert.ErrorContains(t, err, "format 2, application/problem+json")
	}
}

// bannered brings headers of its own.
type bannered struct {
	fault.Multilingual
	header [2]string
}

func (b bannered) SetHeader(set func(name, value string)) { set(b.header[0], b.header[1]) }

func TestFormatsBringHeaders(t *testing.T) {
	r := responder(t, fault.WithFormats(bannered{header: [2]string{"content-security-policy", "default-src 'none'"}}, fault.Problem{}))
	assertHeader(t, r.Respond(with(), fault.NotFound), "Content-Security-Policy", "default-src 'none'")
	assertHeader(t, r.Respond(with(), fault.NotFound.New(fault.Detail("a", 1))), "Content-Security-Policy", "default-src 'none'")
	assertHeader(t, r.Respond(with(), fault.NotFound.New(fault.Header("Content-Security-Policy", "own"))), "Content-Security-Policy", "own")
	assert.Empty(t, r.Respond(with("Accept", problemJSON), fault.NotFound).Header().Values("Content-Security-Policy"))
	for _, header := range [][2]string{{"Content-Type", "x"}, {"a b", "x"}, {"X-A", "a\r\nb"}} {
		_, err := fault.NewResponder(fault.WithFormats(bannered{header: header}))
		require.ErrorContains(t, err, "header")
	}
}

func ExampleField() {
	err := fault.ValidationFailed.New(
		fault.Field(fault.InBody("/items/0/qty"), "min", fault.Arg("Limit", 1)),
		fault.Field(fault.InQuery("page"), "number"),
	)
	resp := fault.Default().Respond(nil, err)
	var body struct {
		Details map[string]struct {
			Code   string
			In     string
			Params map[string]any
		}
	}
	_ = json.Unmarshal(resp.Body, &body)
	fmt.Println(resp.Status, body.Details["items.0.qty"].Code, body.Details["items.0.qty"].Params, body.Details["page"].In)
	// Output: 400 min map[Limit:1] query
}
