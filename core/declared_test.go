package fault_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

var declaring = fstest.MapFS{
	"active.en.toml": {Data: []byte("[sold_out]\nother = \"Sold out.\"\n[\"rule.odd\"]\nother = \"Odd.\"\n")},
	"active.ar.toml": {Data: []byte("[sold_out]\nother = \"{{.N}} نفد.\"\n")},
}

func TestTextsStandInPlaceOfTheText(t *testing.T) {
	all := responder(t)
	for _, c := range []struct {
		name  string
		texts map[string]string
		want  string
	}{
		{"none", nil, `{"DE":`},
		{"two", map[string]string{"fr": "Épuisé.", "en": "Sold out."}, `{"EN":"Sold out.","FR":"Épuisé.","code":"conflict"}`},
		{"a relative", map[string]string{"en-AU": "Sold out, mate."}, `{"EN":"Sold out, mate.","code":"conflict"}`},
		{"the language itself before a relative", map[string]string{"en-AU": "Mate.", "en": "Sold out."}, `{"EN":"Sold out.","code":"conflict"}`},
		{"one that is not in the body", map[string]string{"sv": "Slut."}, `{"SV":"Slut.","code":"conflict"}`},
		{"of no language", map[string]string{"und": "Hm.", "x-private": "Hm.", "": "Hm.", "de_DE_x": "?"}, `{"DE":`},
		{"an empty text", map[string]string{"en": ""}, `{"EN":"","code":"conflict"}`},
	} {
		body := string(all.Respond(nil, fault.Conflict.New(fault.Texts(c.texts))).Body)
		assert.True(t, strings.HasPrefix(body, c.want), "%s: %s", c.name, body)
	}
	f := fault.Conflict.New(fault.Texts(map[string]string{"en": "Received."}))
	assert.Contains(t, string(all.Respond(nil, f.With(fault.Text("locked"))).Body), `"DE":`, "a later choice counts")
	assert.Contains(t, string(all.Respond(nil, f.With(fault.Text("locked"), fault.Texts(map[string]string{"en": "Later."}))).Body),
		`{"EN":"Later."`)
}

func TestTextsThatSayTheSameChangeNothing(t *testing.T) {
	r := responder(t, fault.WithLocales(declaring), fault.WithLanguages("en", "ar"))
	own := fault.Conflict.New(fault.Text("sold_out"), fault.Arg("N", "x"))
	said := string(r.Respond(nil, own).Body)
	for _, texts := range []map[string]string{{"en": "Sold out."}, {"ar": "\u2068x\u2069 نفد."}, {"ar": "x نفد."}, {"en": "Sold out.",
		"ar": "x نفد."}} {
		assert.Equal(t, said, string(r.Respond(nil, own.With(fault.Texts(texts))).Body))
	}
	assert.NotEqual(t, said, string(r.Respond(nil, own.With(fault.Texts(map[string]string{"ar": "y نفد."}))).Body))
}

func TestTextsOfFields(t *testing.T) {
	r := responder(t, fault.WithLocales(declaring), fault.WithLanguages("en", "de"))
	field := func(code string, texts map[string]string) string {
		return string(r.Respond(nil, fault.Conflict.New(fault.Field(fault.InQuery("a"), code, fault.Texts(texts)))).Body)
	}
	assert.Contains(t, field("odd", map[string]string{"en": "Odd."}), `"details":{"a":{"code":"odd","in":"query","EN":"Odd."}}`)
	assert.Contains(t, field("odd", map[string]string{"en": "No."}), `"details":{"a":{"code":"odd","in":"query","EN":"No."}}`)
	assert.Contains(t, field("odd", map[string]string{"und": "No."}), `"details":{"a":{"code":"odd","in":"query","error":"No."}}`)
	assert.Contains(t, field("", map[string]string{"und": "No."}), `"details":{"a":{"in":"query","error":"No."}}`)
	assert.Contains(t, field("", map[string]string{"en": "No."}), `"details":{"a":{"in":"query","error":{"EN":"No."}}}`)

	two := fault.Conflict.New(fault.Field(fault.InBody("a"), "", fault.Texts(map[string]string{"en": "One."})),
		fault.Field(fault.InBody("a"), "", fault.Texts(map[string]string{"en": "Two."})), fault.Field(fault.InBody("a"), "",
			fault.Texts(map[string]string{"en": "Two."})))
	body := string(responder(t, fault.WithFormats(fault.Problem{})).Respond(nil, two).Body)
	assert.Contains(t, body, `"errors":[{"detail":"One.","pointer":"#/a"},{"detail":"Two.","pointer":"#/a"}]`)
}

func TestPlacesBesideNames(t *testing.T) {
	r := responder(t)
	for want, at := range map[string]fault.Location{
		`"a.b":{"code":"required","pointer":"#/a.b",`: fault.InBody("a.b"), `"a.b":{"code":"required","D`: fault.InBody("/a/b"),
		`"":{"code":"required","D`: fault.InBody(""), `"":{"code":"required","pointer":"#/",`: fault.InBody("/"),
		`"#/__proto__":{"code":"required","pointer":"#/__proto__",`:         fault.InBody("__proto__"),
		`"#/__proto__":{"code":"required","in":"query","name":"__proto__",`: fault.InQuery("__proto__"),
		`"query.a":{"code":"required","in":"query","name":"query.a",`:       fault.InQuery("query.a"),
	} {
		assert.Contains(t, string(r.Respond(nil, fault.Conflict.New(fault.Field(at, "required"))).Body), want)
	}
}
