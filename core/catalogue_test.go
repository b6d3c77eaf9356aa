package fault_test

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	fault "github.com/polyfault/polyfault/core"
)

var orderPaid = fault.Conflict.Derive(fault.Spec{Code: "test_order_paid"})

func TestBodyLanguages(t *testing.T) {
	own := fault.WithLocales(files("active.pt-BR.toml", `x = "x"`, "active.de.toml", `x = "x"`, "active.en.toml",
		`x = "x"`, "active.sr-Latn.toml", `x = "x"`))
	for _, c := range []struct {
		name string
		opts []fault.Option
		err  error
		want string
	}{
		{"default", nil, fault.Gone, "DE EN FR PT"},
		{"WithLanguages", []fault.Option{fault.WithLanguages("fr", "de")}, fault.Gone, "FR DE"},
		{"exactly the application's own files, alphabetically", []fault.Option{own}, fault.Gone.New(fault.Text("x")), "DE EN PT-BR SR-LATN"},
		{"and no built-in language beside them", []fault.Option{own}, fault.Gone, "DE EN PT-BR"},
		{"WithLanguages over own files, in any letter case",
			[]fault.Option{own, fault.WithLanguages("SR-latn", "EN", "pt-br")}, fault.Gone.New(fault.Text("x")), "SR-LATN EN PT-BR"},
	} {
		resp := responder(t, append(c.opts, fault.WithMembers())...).Respond(with(), c.err)
		assert.Equal(t, strings.Fields(c.want), keys(t, resp.Body), c.name)
	}
}

func TestOverlays(t *testing.T) {
	first := files("active.en.toml", "gone = \"First.\"\nx = \"First x.\"", "active.de.toml", "x = \"Erstes x.\"")
	second := files("active.en.toml", `gone = "Second."`)
	r := responder(t, fault.WithLocales(first), fault.WithLocales(second), fault.WithMembers())
	assert.JSONEq(t, `{"DE":"Die angeforderte Ressource ist nicht mehr verfügbar.","EN":"Second."}`,
		string(r.Respond(with(), fault.Gone).Body), "id by id and language by language")
	assert.JSONEq(t, `{"DE":"Erstes x.","EN":"First x."}`, string(r.Respond(with(), fault.Gone.New(fault.Text("x"))).Body))
	assert.Contains(t, string(responder(t).Respond(with(), fault.Gone).Body),
		"The requested resource is no longer available.", "the built-in texts are untouched")
}

func TestMissingTexts(t *testing.T) {
	some := files("active.en.toml", `only_en = "Only English."`, "active.de.toml", `both = "Beide."`, "active.is.toml",
		`only_is = "Aðeins íslenska."`)
	for _, c := range []struct {
		name  string
		langs []string
		err   error
		want  string
	}{
		{"a language without the text is left out", []string{"de", "en"}, fault.Gone.New(fault.Text("only_en")), `{"EN":"Only English."}`},
		{"no configured language: the kind's text", []string{"en"}, fault.Gone.New(fault.Text("only_is")),
			`{"EN":"The requested resource is no longer available."}`},
		{"unknown id: the kind's text", []string{"en"}, fault.Gone.New(fault.Text("nonsense")),
			`{"EN":"The requested resource is no longer available."}`},
		{"a derived kind without text: the parent's", []string{"en"}, orderPaid,
			`{"EN":"The request conflicts with the current state of the resource."}`},
		{"no text at all in the configured language: the default language", []string{"is"}, fault.Gone,
			`{"EN":"The requested resource is no longer available."}`},
		{"its own text in the configured language", []string{"is"}, fault.Gone.New(fault.Text("only_is")), `{"IS":"Aðeins íslenska."}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := responder(t, fault.WithLocales(some), fault.WithLanguages(c.langs...), fault.WithMembers())
			resp := r.Respond(with(), c.err)
			assert.Equal(t, c.want, string(resp.Body))
			key := keys(t, resp.Body)[0]
			assertHeader(t, resp, "Content-Language", strings.ToLower(key))
		})
	}
}

func TestAMissingTextIsNotedOnce(t *testing.T) {
	r, log := logged(t)
	r.Respond(with(), fault.Gone.New(fault.Text("nonsense")))
	assert.Equal(t, []any{"text nonsense is in no language of the body; gone stands in"}, log.only(t)["notes"])
}

func TestOneResponseOneLanguage(t *testing.T) {
	locales := fault.WithLocales(files(
		"active.en.toml", "a = \"A en.\"\nb = \"B en.\"",
		"active.pt.toml", "a = \"A pt.\"\nb = \"B pt.\"",
		"active.pt-BR.toml", "a = \"A pt-BR.\"",
		"active.ur.toml", "a = \"A ur {{.X}}.\"\n\"gone.title\" = \"ur\"",
		"active.de.toml", "c = \"C de.\"", "active.ka.toml", "only_ka = \"ქართული.\""))
	for _, c := range []struct {
		name, accept string
		err          error
		lang, detail string
		opts         []fault.Option
	}{
		{"region: the title is that of the same language", "pt-BR,en;q=0.5", fault.Gone.New(fault.Text("a")), "pt-BR", "A pt-BR.", nil},
		{"the text is missing in the region's file", "pt-BR,en;q=0.5", fault.Gone.New(fault.Text("b")), "pt-BR", "B pt.", nil},
		{"on to the next acceptable language", "de,pt;q=0.5", fault.Gone.New(fault.Text("b")), "pt", "B pt.", nil},
		{"on to the default language", "de", fault.Gone.New(fault.Text("b")), "en", "B en.", nil},
		{"nothing acceptable", "tlh", fault.Gone.New(fault.Text("b")), "en", "B en.", nil},
		{"no header", "", fault.Gone.New(fault.Text("b")), "en", "B en.", nil},
		{"another default", "", fault.Gone.New(fault.Text("b")), "pt", "B pt.", []fault.Option{fault.WithDefaultLanguage("pt")}},
		{"a text that the default lacks", "fr", fault.Gone.New(fault.Text("c")), "de", "C de.", nil},
		{"the default is refused", "en;q=0", fault.Gone.New(fault.Text("b")), "pt", "B pt.", nil},
		{"everything is refused", "*;q=0", fault.Gone.New(fault.Text("b")), "en", "B en.", nil},
		{"loaded, though not in the body's languages", "fr", fault.Gone, "fr", "La ressource demandée n’est plus disponible.", nil},
		{"an entry lacks the language", "pt-BR",
			fault.Gone.New(fault.Text("a"), fault.Detail("x", fault.Gone.New(fault.Text("b")))), "pt-BR", "A pt-BR.", nil},
		{"no language has all entries: they fall back to their kind", "pt-BR",
			fault.Gone.New(fault.Text("a"), fault.Detail("x", fault.Gone.New(fault.Text("c")))), "pt-BR", "A pt-BR.", nil},
		{"the only language of the text has no title", "ka", fault.Gone.New(fault.Text("only_ka")), "ka", "ქართული.", nil},
		{"right to left, values isolated", "ur", fault.Gone.New(fault.Text("a"), fault.Arg("X", "id-7")), "ur", "A ur \u2068id-7\u2069.", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := responder(t, append(c.opts, locales)...)
			resp := r.Respond(with("Accept", problemJSON, "Accept-Language", c.accept), c.err)
			body := decode(t, resp)
			assert.Equal(t, c.lang, body["lang"])
			assert.Equal(t, c.detail, body["detail"])
			assert.Equal(t, titles[c.lang], body["title"])
			assert.Equal(t, map[bool]string{true: "rtl", false: "ltr"}[c.lang == "ur"], body["dir"])
			assertHeader(t, resp, "Content-Language", c.lang)
			assertHeader(t, resp, "Vary", "Accept, Accept-Language")
		})
	}
}

var titles = map[string]string{"ur": "ur", "de": "Nicht mehr verfügbar", "en": "Gone",
	"fr": "Ressource devenue indisponible", "ka": "ქართული.", "pt": "Não está mais disponível",
	"pt-BR": "Não está mais disponível"}

func TestNegotiatedLanguage(t *testing.T) {
	r := responder(t, fault.WithNegotiatedLanguage(), fault.WithFormats(fault.Multilingual{}), fault.WithMembers())
	resp := r.Respond(with("Accept-Language", "pt-BR,de;q=0.5"), fault.Gone.New(fault.Detail("a", fault.TaskLocked)))
	assert.Equal(t, `{"PT":"O recurso solicitado não está mais disponível.","details":{"a":{"error":"Esta ação não é possível porque a tarefa está bloqueada."}}}`, string(resp.Body))
	assertHeader(t, resp, "Content-Language", "pt")
	assertHeader(t, resp, "Vary", "Accept-Language")
}

// The forms that CLDR gives, by go-i18n, for every loaded language with plural texts.
func TestPlurals(t *testing.T) {
	tags := map[string]string{
		"en": "one other", "de": "one other", "fr": "one many other", "pt": "one many other", "ru": "one few many other",
		"ar": "zero one two few many other", "pl": "one few many other", "ja": "other", "lv": "zero one other",
		"kw": "zero one two few many other",
	}
	fsys := fstest.MapFS{}
	for tag, forms := range tags {
		content := "[left]\n"
		for form := range strings.FieldsSeq(forms) {
			content += fmt.Sprintf("%s = \"%s {{.Count}}\"\n", form, form)
		}
		fsys["active."+tag+".toml"] = &fstest.MapFile{Data: []byte(content)}
	}
	r := responder(t, fault.WithLocales(fsys), fault.WithMembers())
	for _, n := range []int{0, 1, 2, 3, 5, 11, 21, 100, 101, 111, 200, 202, 1000, 1_000_000, 2_000_000, 1_000_001, -1, -21} {
		body := decode(t, r.Respond(with(), fault.Gone.New(fault.Text("left"), fault.Count(n))))
		require.Len(t, body, len(tags))
		for tag := range tags {
			assert.Equal(t, oracle(t, tag, fsys, n), body[strings.ToUpper(tag)], "%s %d", tag, n)
		}
	}
	body := decode(t, r.Respond(with(), fault.Gone.New(fault.Text("left"))))
	assert.Equal(t, "other ", body["EN"], "without a count the form is other, and the count reads as nothing")
}

// oracle is go-i18n used in the ordinary way.
func oracle(t *testing.T, tag string, fsys fstest.MapFS, n int) string {
	t.Helper()
	bundle := i18n.NewBundle(language.MustParse(tag))
	messages := &i18n.Message{ID: "left"}
	for line := range strings.Lines(string(fsys["active."+tag+".toml"].Data)) {
		form, text, _ := strings.Cut(strings.TrimSpace(line), " = ")
		text = strings.ReplaceAll(strings.Trim(text, `"`), "{{.Count}}", "{{.PluralCount}}")
		switch form {
		case "zero":
			messages.Zero = text
		case "one":
			messages.One = text
		case "two":
			messages.Two = text
		case "few":
			messages.Few = text
		case "many":
			messages.Many = text
		case "other":
			messages.Other = text
		}
	}
	require.NoError(t, bundle.AddMessages(language.MustParse(tag), messages))
	text, err := i18n.NewLocalizer(bundle, tag).Localize(&i18n.LocalizeConfig{MessageID: "left", PluralCount: n})
	require.NoError(t, err)
	return text
}

func TestAFormThatTheTextLacksIsOther(t *testing.T) {
	r := responder(t, fault.WithLocales(files("active.ru.toml", "[left]\none = \"один\"\nother = \"другое\"")))
	body := decode(t, r.Respond(with(), fault.Gone.New(fault.Text("left"), fault.Count(3))))
	assert.Equal(t, "другое", body["RU"])
}

// swapFS is a file system whose content changes under the responder.
type swapFS struct{ current atomic.Pointer[fstest.MapFS] }

func (s *swapFS) Open(name string) (fs.File, error) { return s.current.Load().Open(name) }

func TestReloadWhileRequestsRun(t *testing.T) {
	versions := make([]fstest.MapFS, 2)
	for i := range versions {
		versions[i] = files("active.en.toml", fmt.Sprintf(`x = "version %d {{.A}}"`, i), "active.de.toml",
			fmt.Sprintf(`x = "Fassung %d {{.A}}"`, i))
	}
	fsys := &swapFS{}
	fsys.current.Store(&versions[0])
	r := responder(t, fault.WithLocales(fsys), fault.WithMembers())
	shared := fault.Gone.New(fault.Text("x"), fault.Arg("A", "a"))
	allowed := map[string]bool{`{"DE":"Fassung 0 a","EN":"version 0 a"}`: true, `{"DE":"Fassung 1 a","EN":"version 1 a"}`: true}
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if body := string(r.Respond(with(), shared).Body); !allowed[body] {
					t.Errorf("mixed or broken body %s", body)
					return
				}
			}
		})
	}
	for i := range 20 {
		fsys.current.Store(&versions[i%2])
		assert.NoError(t, r.Reload())
	}
	close(stop)
	readers.Wait()

	before := string(r.Respond(with(), shared).Body)
	broken := files("active.en.toml", `x = "{{range .A}}"`, "active.de.toml", `x = "neu"`)
	fsys.current.Store(&broken)
	assert.ErrorContains(t, r.Reload(), "active.en.toml")
	assert.Equal(t, before, string(r.Respond(with(), shared).Body), "a bad reload changes nothing")
	assert.NoError(t, (*fault.Responder)(nil).Reload())
}

// Files of languages are read by the first response that needs them, by many at once.
func TestLanguagesAreReadWhenNeeded(t *testing.T) {
	r := responder(t)
	languages := r.Catalogue().Languages()
	var wait sync.WaitGroup
	for range 4 {
		for _, l := range languages {
			wait.Go(func() {
				body := decode(t, r.Respond(with("Accept", problemJSON, "Accept-Language", l.Tag), fault.Gone))
				assert.Equal(t, l.Tag, body["lang"])
				assert.Equal(t, l.Dir, body["dir"])
				text, _ := r.Catalogue().Text("gone", l.Tag)
				assert.Equal(t, text, body["detail"])
			})
		}
	}
	wait.Wait()
	overlay := responder(t, fault.WithLocales(files("active.es.toml", `gone = "Mío."`)), fault.WithLanguages("en"))
	problem := decode(t, overlay.Respond(with("Accept", problemJSON, "Accept-Language", "es"), fault.Gone))
	assert.Equal(t, "Mío.", problem["detail"], "an own text lies over one that is not read yet")
	assert.NotEqual(t, "Gone", problem["title"], "and the others are there")
	assert.Equal(t, "es", problem["lang"])
}
