package texts_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/cmd/polyfault/internal/texts"
	"github.com/polyfault/polyfault/cmd/polyfault/internal/texts/testdata/shop"
	fault "github.com/polyfault/polyfault/core"
)

var update = flag.Bool("update", false, "write testdata/shop/texts.go")

// The generated code is a package that this test imports: it compiles.
func TestGoldenShop(t *testing.T) {
	code, err := texts.Generate(os.DirFS("testdata/shop/locales"), texts.Options{Package: "shop"})
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("testdata/shop/texts.go", code, 0o644))
		return
	}
	want, err := os.ReadFile("testdata/shop/texts.go")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(code), "go test ./cmd/polyfault/internal/texts -run Golden -update")
	formatted, err := format.Source(code)
	require.NoError(t, err)
	assert.Equal(t, string(formatted), string(code))
}

type stringer string

func (s stringer) String() string { return string(s) }

// Each function chooses its text and fills all of its placeholders, in every language.
func TestGeneratedFunctionsGiveTheText(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLocales(os.DirFS("testdata/shop/locales")))
	require.NoError(t, err)
	for _, c := range []struct {
		attrs    []fault.Attr
		tag, id  string
		rendered string
	}{
		{shop.OrderNotFound(7), "en", "order.not_found", "Order 7 was not found."},
		{shop.OrderNotFound("A7"), "de", "order.not_found", "Bestellung A7 gibt es nicht."},
		{shop.InvalidJSONURL("http://a"), "en", "invalid_json_url", "http://a has no JSON."},
		{shop.Text2faRequired(), "en", "2fa-required", "Sign in with a second factor."},
		{shop.GrößeZuGroß(3, "shoe"), "en", "größe.zu_groß", "Größe 3 of shoe is too large."},
		{shop.Plain("a", "b"), "en", "plain", "First line.\n\nThird line, b before a and b."},
		{shop.HoursLeft(1, "Ada"), "en", "hours_left", "Ada has 1 hour left."},
		{shop.HoursLeft(2, "Ada"), "en", "hours_left", "Ada has 2 hours left."},
		{shop.NoNumber(1, time.Time{}, time.Minute), "en", "no_number", "A message came after 1m0s."},
		{shop.NoNumber(2, time.Time{}, time.Minute), "en", "no_number", "Messages came after 1m0s, on 0001-01-01T00:00:00Z."},
		{shop.GermanPlural(1), "de", "german_plural", "Die Datei wurde gelöscht."},
		{shop.GermanPlural(1), "en", "german_plural", "Files were deleted."},
		{shop.Counted(12), "en", "counted", "Number: 12"},
		{shop.Polite("Lovelace", stringer("Frau")), "de", "polite", "Guten Tag Frau Lovelace"},
	} {
		text, ok := r.Catalogue().Text(c.id, c.tag, c.attrs...)
		assert.True(t, ok, c.id)
		assert.Equal(t, c.rendered, text)
		assert.Equal(t, fault.Text(c.id), c.attrs[0])
	}
}

// The text of a rule goes with fault.Field, which gives the name of the field.
func TestGeneratedRule(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLocales(os.DirFS("testdata/shop/locales")), fault.WithLanguages("en"))
	require.NoError(t, err)
	resp := r.Respond(nil, fault.ValidationFailed.New(
		fault.Field(fault.InBody("qty"), "odd", shop.RuleOdd(1.5, []string{"a", "b"})...)))
	assert.Contains(t, string(resp.Body), "Quantity is odd below 1.5: a, b")
}

func locales(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

// generated is the code for one text, English.
func generated(t *testing.T, toml string) string {
	t.Helper()
	code, err := texts.Generate(locales("active.en.toml", toml), texts.Options{})
	require.NoError(t, err, toml)
	return string(code)
}

func TestFunctionNames(t *testing.T) {
	for id, want := range map[string]string{
		"order_not_found": "OrderNotFound", "order.not-found": "OrderNotFound", "orderNotFound": "OrderNotFound",
		"ORDER_NOT_FOUND": "OrderNotFound", "OrderURLTooLong": "OrderURLTooLong", "io_failure": "IOFailure",
		"user_ids": "UserIDs", "orderIDs": "OrderIDs", "url2": "Url2", "oauth_scope": "OAuthScope", "http error/404": "HTTPError404",
		"type": "Type", "b2b": "B2b", "404": "Text404", "注文": "Text注文", "éclair": "Éclair", "...": "Text", "a__b": "AB",
		"IDsOf": "IDsOf", "fields.a": "FieldsA", "my.field.a": "MyFieldA", "a.titles": "ATitles",
	} {
		assert.Contains(t, generated(t, fmt.Sprintf("%q = \"x\"", id)), "\nfunc "+want+"() []fault.Attr {", id)
	}
}

func TestParameterNames(t *testing.T) {
	for placeholder, want := range map[string]string{
		"ID": "id", "OrderID": "orderID", "URL": "url", "HTTPStatus": "httpStatus", "user_name": "userName", "Name": "name",
		"IDs": "ids", "UserURLs": "userURLs", "_c": "c", "B_2": "b2", "_": "arg", "_1": "arg1", "Type": "typ", "error": "err",
		"Func": "fn", "Package": "pkg", "range": "rangeValue", "Len": "lenValue", "String": "stringValue", "any": "anyValue",
		"Nil": "nilValue", "Fault": "faultValue", "time": "timeValue", "Fmt": "fmtValue", "Texts": "texts", "count": "count",
	} {
		assert.Contains(t, generated(t, fmt.Sprintf("a = \"x {{.%s}}\"", placeholder)), fmt.Sprintf("func A(%s any)", want), placeholder)
	}
}

func TestParametersAreSortedByName(t *testing.T) {
	assert.Contains(t, generated(t, `a = "{{.C}} {{.Count}} {{.A}} {{.B}}"`), "func A(a, b, c any, count int) []fault.Attr {")
	code, err := texts.Generate(locales("active.en.toml", "[a]\nother = \"{{.Z}} {{.N}}\"\ndescription = \"Types: A any\"",
		"active.de.toml", `a = "{{.A}} {{.Z}}"`), texts.Options{})
	require.NoError(t, err)
	assert.Contains(t, string(code), "func A(a, n, z any)")
}

func TestFieldIsNoParameterOfRules(t *testing.T) {
	assert.Contains(t, generated(t, `"rule.a" = "{{.Field}}"`), "func RuleA() []fault.Attr {")
	assert.Contains(t, generated(t, `a = "{{.Field}}"`), "func A(field any) []fault.Attr {")
}

func TestCommentsShowTheTextAsItIs(t *testing.T) {
	code := generated(t, "[a]\nother = \"می\u200cخواهم \U0001F469\u200d\U0001F4BB \u00a0”*/ \u202e\\u0007.\"\ndescription = \"1\\n2\\u202e\"")
	assert.Contains(t, code, "//\tمی\u200cخواهم \U0001F469\u200d\U0001F4BB \u00a0”*/ \ufffd\ufffd.\n//\n// 1\n// 2\ufffd\nfunc A()")
}

func TestDeclaredTypes(t *testing.T) {
	for _, typ := range []string{"any", "bool", "float64", "fmt.Stringer", "int", "int64", "string", "[]string",
		"time.Duration", "time.Time", "uint", "uint64"} {
		code := generated(t, fmt.Sprintf("[a]\ndescription = \"Types: A %s\"\nother = \"{{.A}}\"", typ))
		assert.Contains(t, code, "func A(a "+typ+") []fault.Attr {")
		assert.NotContains(t, code, "Types")
	}
	for description, comment := range map[string]string{
		"Says what. Types: A int":           "//\n// Says what.\nfunc A(a int, b any)",
		"Says what.\\nTypes: A int, B uint": "//\n// Says what.\nfunc A(a int, b uint)",
		"Types:A int.":                      "//\t{{.A}} {{.B}}\nfunc A(a int, b any)",
		"Types: A int , B string ":          "//\t{{.A}} {{.B}}\nfunc A(a int, b string)",
		"MyTypes: A int":                    "// MyTypes: A int\nfunc A(a, b any)",
		"Two Types of it":                   "// Two Types of it\nfunc A(a, b any)",
		"Types: they are these: A, B":       "// Types: they are these: A, B\nfunc A(a, b any)",
	} {
		assert.Contains(t, generated(t, fmt.Sprintf("[a]\ndescription = \"%s\"\nother = \"{{.A}} {{.B}}\"", description)), comment)
	}
}

func TestTitlesAndFieldNamesHaveNoFunction(t *testing.T) {
	code := generated(t, "\"a.title\" = \"A\"\n\"field.b\" = \"B\"")
	assert.NotContains(t, code, "func ")
	assert.NotContains(t, code, "import")
	_, err := format.Source([]byte(code))
	require.NoError(t, err)
}

func TestOnlyTextsOfTheFilesHaveAFunction(t *testing.T) {
	assert.NotContains(t, generated(t, `a = "x"`), "TaskLocked")
	assert.Contains(t, generated(t, `task_locked = "x"`), "func TaskLocked()")
	assert.NotContains(t, generated(t, ""), "func ")
}

func TestSourceLanguage(t *testing.T) {
	deAndEn := locales("active.de.toml", `a = "Deutsch"`, "active.en.toml", `a = "English"`)
	deAndFr := locales("active.de.toml", `a = "Deutsch"`, "a/active.fr.toml", `a = "Français"`)
	for _, c := range []struct {
		fsys     fstest.MapFS
		language string
		want     string // in the code, or in the error
	}{
		{deAndEn, "", "English"},
		{deAndEn, "de", "Deutsch"},
		{locales("active.de.toml", `a = "Deutsch"`), "", "Deutsch"},
		{locales("active.de.toml", `a = "Deutsch"`, "README.md", `b = "x"`), "", "Deutsch"},
		{deAndFr, "fr", "Français"},
		{deAndFr, "", "which language is the source? There is no active.en.toml; name one of de, fr with -language"},
		{deAndFr, "en", `language "en" has no file active.en.toml; there are de, fr`},
	} {
		code, err := texts.Generate(c.fsys, texts.Options{Language: c.language})
		if err != nil {
			assert.Nil(t, code)
			code = []byte(err.Error())
		}
		assert.Contains(t, string(code), c.want)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ en, de, want string }{
		{"x = {", "", `locale file "active.en.toml": key "x": is not valid TOML`},
		{`a = "{{range .}}"`, "", `key "a.other": template action`},
		{"\"a.b\" = \"x\"\na_b = \"y\"", "",
			`locale file "active.en.toml": key "a_b": the function AB is that of key "a.b" already; rename one of them`},
		{`a = "{{.ID}} {{.Id}}"`, "", `key "a": the placeholders {{.ID}} and {{.Id}} are both the parameter id; rename one of them`},
		{`a = "x"`, "a = \"x\"\nb = \"y\"",
			`locale file "active.de.toml": key "b": the source language lacks the text; add it to active.en.toml or remove it here`},
		{`a = "x"`, `a = "{{.ID}}"`,
			`locale file "active.de.toml": key "a": active.en.toml does not have the placeholder {{.ID}}; ` +
				`use one that it has, or declare this one in its description (Types: ID string)`},
		{"[a]\nother = \"x\"\ndescription = \"Types: ID int\"", "",
			`key "a": in "Types:", no language has the placeholder {{.ID}} to fill; remove "ID int"`},
		{"[a]\nother = \"{{.ID}}\"\ndescription = \"Types: ID integer\"", "",
			`in "Types:", ID cannot have the type "integer"; use one of []string, any, bool, float64, fmt.Stringer, int`},
		{"[a]\nother = \"{{.ID}}\"\ndescription = \"Types: ID\"", "", `in "Types:", "ID" is not a placeholder and its type`},
		{"[a]\nother = \"{{.ID}}\"\ndescription = \"Types: ID int, ID uint\"", "", `in "Types:", ID stands twice`},
		{"[a]\nother = \"{{.Count}}\"\ndescription = \"Types: Count uint\"", "", `in "Types:", Count is always int; remove "Count uint"`},
		{"[\"rule.a\"]\nother = \"{{.Field}}\"\ndescription = \"Types: Field string\"", "", `no language has the placeholder {{.Field}} to fill`},
	} {
		fsys := locales("active.en.toml", c.en)
		if c.de != "" {
			fsys["active.de.toml"] = &fstest.MapFile{Data: []byte(c.de)}
		}
		code, err := texts.Generate(fsys, texts.Options{})
		require.ErrorContains(t, err, c.want)
		assert.Nil(t, code)
	}
	_, err := texts.Generate(fstest.MapFS{}, texts.Options{})
	require.ErrorContains(t, err, "no locale file")
	for _, name := range []string{"my-texts", "type", "_", "1"} {
		_, err = texts.Generate(locales("active.en.toml", `a = "x"`), texts.Options{Package: name})
		require.ErrorContains(t, err, fmt.Sprintf("%q cannot be the name of a Go package; name another one with -package", name))
	}
}

// What the title of another text or the name of a field is called in one language only is no error.
func TestStraysThatAreNone(t *testing.T) {
	_, err := texts.Generate(locales("active.en.toml", `a = "x"`, "active.de.toml",
		"a = \"x\"\n\"b.title\" = \"B\"\n\"field.c\" = \"C\"\ntask_locked = \"T\"\n"), texts.Options{})
	require.NoError(t, err)
	code, err := texts.Generate(locales("active.en.toml", "[a]\nother = \"x\"\ndescription = \"Types: Count int\"",
		"active.de.toml", `a = "{{.Count}}"`), texts.Options{})
	require.NoError(t, err, "a count may be missing in the source")
	assert.Contains(t, string(code), "func A(count int)")
	code, err = texts.Generate(locales("active.en.toml", `a = "x"`, "active.de.toml", `a = "{{.Count}}"`, "README.md",
		"x = {"), texts.Options{})
	require.NoError(t, err)
	assert.Contains(t, string(code), "func A(count int)")
}

// Whatever stands in a locale file, the code is Go and says the same each time.
func FuzzGenerate(f *testing.F) {
	f.Add("order.not_found", "Order {{.ID}}", "Types: ID int")
	f.Add("a\x00b", "*/ \u2028 \u202e x \r\n//go:build no\n\ny", "\tcode\n\n- list\n\nDeprecated: x\n//go:generate rm")
	f.Add("é", "{{._}}", "# heading\n\n[link]: http://a\n/* \ufeff")
	f.Fuzz(func(t *testing.T, id, text, description string) {
		var file bytes.Buffer
		if toml.NewEncoder(&file).Encode(map[string]any{id: map[string]string{"other": text, "description": description}}) != nil {
			return
		}
		fsys := locales("active.en.toml", file.String())
		code, err := texts.Generate(fsys, texts.Options{})
		if err != nil {
			assert.NotContains(t, err.Error(), "fault of polyfault")
			return
		}
		again, err := texts.Generate(fsys, texts.Options{})
		require.NoError(t, err)
		assert.Equal(t, string(code), string(again))
		formatted, err := format.Source(code)
		require.NoError(t, err)
		assert.Equal(t, string(formatted), string(code))
		assert.NotContains(t, string(code), "\n//go:")
	})
}
