package fault_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// What the all-languages body holds, what is the default language, and what chose them.
func TestWhatChoosesLanguages(t *testing.T) {
	const own, override = `own = "own"`, `gone = "Off."`
	for _, c := range []struct {
		name     string
		files    []string
		opts     []fault.Option
		body     string
		standard string
	}{
		{"nothing", nil, nil, "DE EN FR PT", "en"},
		{"own files", []string{"fr", own, "de", own}, nil, "DE FR", "de"},
		{"English among them", []string{"fr", own, "en", own, "de", own}, nil, "DE EN FR", "en"},
		{"English of a country", []string{"fr", own, "en-GB", own, "de", own}, nil, "DE EN-GB FR", "en-GB"},
		{"en before other English", []string{"en-AU", own, "en", own}, nil, "EN EN-AU", "en"},
		{"one own text chooses for all files", []string{"fr", override, "de", own}, nil, "DE FR", "de"},
		{"an empty file is a language that begins", []string{"fr", "", "de", own}, nil, "DE FR", "de"},
		{"overrides do not choose", []string{"fr", override}, nil, "DE EN FR PT", "en"},
		{"overrides under another tag", []string{"pt-BR", override, "en-US", override}, nil, "DE EN FR PT", "en"},
		{"a text that is not translated does not choose", []string{"fr", `own = ""`}, nil, "DE EN FR PT", "en"},
		{"WithLanguages", []string{"fr", own, "de", own}, []fault.Option{fault.WithLanguages("fr", "es")}, "FR ES", "fr"},
		{"keys are the tags given", nil, []fault.Option{fault.WithLanguages("pt-BR", "zh-TW", "de-AT", "no", "en-gb", "es-MX")},
			"PT-BR ZH-TW DE-AT NO EN-GB ES-MX", "en-GB"},
		{"WithDefaultLanguage", []string{"fr", own, "de", own}, []fault.Option{fault.WithDefaultLanguage("fr")}, "DE FR", "fr"},
		{"outside of the body", []string{"fr", own}, []fault.Option{fault.WithDefaultLanguage("es")}, "FR", "es"},
		{"by a relative", []string{"fr", own, "pt-BR", own}, []fault.Option{fault.WithDefaultLanguage("pt")}, "FR PT-BR", "pt-BR"},
		{"by a child", nil, []fault.Option{fault.WithDefaultLanguage("de-AT")}, "DE EN FR PT", "de"},
		{"two files of one language", []string{"pt", own, "pt-BR", own}, nil, "PT PT-BR", "pt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var pairs []string
			for i := 0; i < len(c.files); i += 2 {
				pairs = append(pairs, "active."+c.files[i]+".toml", c.files[i+1])
			}
			if pairs != nil {
				c.opts = append(c.opts, fault.WithLocales(files(pairs...)))
			}
			r := responder(t, append(c.opts, fault.WithMembers())...)
			assert.Equal(t, c.standard, r.Catalogue().Default().Tag)
			resp := r.Respond(with(), fault.Gone)
			assert.Equal(t, strings.Fields(c.body), keys(t, resp.Body), "a built-in text is in all of them")
			var tags []string
			for _, l := range r.Catalogue().Body() {
				tags = append(tags, l.Tag)
			}
			assertHeader(t, resp, "Content-Language", strings.Join(tags, ", "))
			assert.Equal(t, c.body, strings.ToUpper(strings.Join(tags, " ")))
		})
	}
}

// The files of all WithLocales together choose.
func TestFilesOfSeveralFoldersChooseTogether(t *testing.T) {
	first := fault.WithLocales(files("active.fr.toml", `gone = "Parti."`))
	second := fault.WithLocales(files("active.de.toml", `own = "Eigenes."`, "active.fr.json", `{"gone": "Parti !"}`))
	r := responder(t, first, second, fault.WithMembers())
	assert.JSONEq(t, `{"DE":"Die angeforderte Ressource ist nicht mehr verfügbar.","FR":"Parti !"}`,
		string(r.Respond(with(), fault.Gone).Body))
}

// Families, in the body and in one language.
func TestFamilies(t *testing.T) {
	for _, c := range []struct {
		name, accept string
		files        []string
		lang, detail string
	}{
		{"own text under the application's tag", "pt", []string{"pt-BR", `gone = "Foi."`, "en", `own = "x"`}, "pt-BR", "Foi."},
		{"the built-in text of the same language", "pt", []string{"pt-BR", `own = "x"`},
			"pt-BR", "O recurso solicitado não está mais disponível."},
		{"a parent's text", "es-MX", []string{"es", `gone = "Ido."`, "es-MX", `own = "x"`}, "es-MX", "Ido."},
		{"the nearest parent's", "es-MX", []string{"es", `gone = "Ido."`, "es-419", `gone = "Se fue."`, "es-MX", `own = "x"`},
			"es-MX", "Se fue."},
		{"Angola reads Portugal", "pt-AO", []string{"pt-AO", `own = "x"`}, "pt-AO", "O recurso pedido já não está disponível."},
		{"English of Britain", "en-GB", []string{"en-GB", `own = "x"`, "en", `gone = "Off."`}, "en-GB", "Off."},
		{"nynorsk inherits", "nn", []string{"nn", `own = "x"`, "nb", `gone = "Borte."`}, "nn", "Borte."},
		{"no is nb", "no", []string{"no", `gone = "Borte."`}, "no", "Borte."},
		{"Singapore reads China", "zh-SG", []string{"zh-CN", `gone = "没了。"`}, "zh-CN", "没了。"},
		{"Hong Kong reads Taiwan", "zh-HK", []string{"zh-TW", `gone = "沒了。"`}, "zh-TW", "沒了。"},
		{"never another script", "zh-HK,de;q=0.1", []string{"zh-CN", `own = "x"`, "zh-TW", `own = "x"`}, "zh-TW", ""},
		{"old Hebrew", "iw", []string{"he", `gone = "איננו."`}, "he", "איננו."},
		{"Cantonese reads Chinese", "yue-HK,en;q=0.9", []string{"en", `own = "x"`}, "zh-Hant", ""},
		{"everybody does not get Arabic", "en", []string{"ar", `own = "x"`, "en-US", `own = "x"`},
			"en-US", "The requested resource is no longer available."},
	} {
		t.Run(c.name, func(t *testing.T) {
			var pairs []string
			for i := 0; i < len(c.files); i += 2 {
				pairs = append(pairs, "active."+c.files[i]+".toml", c.files[i+1])
			}
			r := responder(t, fault.WithMembers(), fault.WithLocales(files(pairs...)))
			resp := r.Respond(with("Accept", problemJSON, "Accept-Language", c.accept), fault.Gone)
			body := decode(t, resp)
			assert.Equal(t, c.lang, body["lang"])
			assertHeader(t, resp, "Content-Language", c.lang)
			if c.detail != "" {
				assert.Equal(t, c.detail, body["detail"])
			}
		})
	}
}

// A text that is only in a variant is found there.
func TestATextOfAVariant(t *testing.T) {
	r := responder(t, fault.WithMembers(), fault.WithLocales(files("active.es-MX.toml", `own = "Propio."`, "active.en.toml", `own = "Own."`)))
	ask := func(accept string, id string) map[string]any {
		return decode(t, r.Respond(with("Accept", problemJSON, "Accept-Language", accept), fault.Gone.New(fault.Text(id))))
	}
	assert.Equal(t, "es-MX", ask("es", "own")["lang"])
	assert.Equal(t, "es", ask("es", "gone")["lang"])
	assert.Equal(t, "es-MX", ask("es-AR", "own")["lang"])
	assert.Equal(t, "es-MX", ask("es-MX", "gone")["lang"], "it inherits")
}

// Two files of one language complete each other.
func TestTwoFilesOfOneLanguage(t *testing.T) {
	r := responder(t, fault.WithMembers(), fault.WithLocales(files("active.pt.toml", "a = \"a pt\"\nb = \"b pt\"",
		"active.pt-BR.toml", "a = \"a br\"\nc = \"c br\"")))
	for id, want := range map[string]string{
		"a": `{"PT":"a pt","PT-BR":"a br"}`, "b": `{"PT":"b pt","PT-BR":"b pt"}`, "c": `{"PT":"c br","PT-BR":"c br"}`,
	} {
		assert.JSONEq(t, want, string(r.Respond(with(), fault.Gone.New(fault.Text(id))).Body), id)
	}
	c := r.Catalogue()
	for _, tag := range []string{"pt", "pt-BR"} {
		assert.True(t, c.Own("b", tag))
		assert.False(t, c.Own("gone", tag))
	}
	assert.False(t, c.Own("b", "de"))
	assert.False(t, fault.Catalogue{}.Own("b", "pt"))
}

// The built-in tag finds what lies under the application's.
func TestBuiltinTagsStayKnown(t *testing.T) {
	r := responder(t, fault.WithMembers(), fault.WithLocales(files("active.pt-BR.toml", `own = "Próprio."`)))
	text, ok := r.Catalogue().Text("own", "pt")
	assert.True(t, ok)
	assert.Equal(t, "Próprio.", text)
	_, ok = r.Catalogue().Text("own", "pt-PT")
	assert.True(t, ok, "Portugal inherits from pt")
	_, ok = r.Catalogue().Text("own", "es")
	assert.False(t, ok)
	var tags []string
	for _, l := range r.Catalogue().Languages() {
		tags = append(tags, l.Tag)
	}
	assert.Contains(t, tags, "pt-BR")
	assert.NotContains(t, tags, "pt")
}

// A language that the client did not ask for does not come before the client's own.
func TestNobodyAskedForFrench(t *testing.T) {
	r := responder(t, fault.WithMembers(), fault.WithLocales(files("active.en.toml", `own = "Own."`, "active.de.toml", `own = "Eigenes."`,
		"active.fr.toml", "own = \"Propre.\"\n\"own.title\" = \"Titre\"")))
	kind := derived(fault.Conflict, fault.Spec{Code: "test_nobody_asked", Text: "own"})
	for accept, want := range map[string][2]string{
		"en": {"en", "Own."}, "de": {"de", "Eigenes."}, "es": {"en", "Own."}, "": {"en", "Own."},
		"fr": {"fr", "Titre"}, "de-AT,fr;q=0.9": {"de", "Eigenes."},
	} {
		body := decode(t, r.Respond(with("Accept", problemJSON, "Accept-Language", accept), kind))
		assert.Equal(t, want, [2]string{body["lang"].(string), body["title"].(string)}, accept)
	}
}

// kept is a slog handler that keeps the lines about languages.
type kept struct{ lines []map[string]any }

func (k *kept) Enabled(context.Context, slog.Level) bool { return true }
func (k *kept) WithAttrs([]slog.Attr) slog.Handler       { return k }
func (k *kept) WithGroup(string) slog.Handler            { return k }

func (k *kept) Handle(_ context.Context, r slog.Record) error {
	line := map[string]any{"level": r.Level.String(), "msg": r.Message}
	r.Attrs(func(a slog.Attr) bool {
		line[a.Key] = a.Value.Any()
		return true
	})
	k.lines = append(k.lines, line)
	return nil
}

// One line tells what was chosen, after each reading of the files.
func TestTheLineAboutLanguages(t *testing.T) {
	log := &kept{}
	fsys := &swapFS{}
	first := files("active.de.toml", `own = "Eigenes."`, "active.fr.toml", "")
	fsys.current.Store(&first)
	r, err := fault.NewResponder(fault.WithLocales(fsys), fault.WithLogger(slog.New(log)))
	require.NoError(t, err)
	want := map[string]any{"level": "INFO", "msg": languagesLine, "body": "de, fr", "body_by": "own files", "default": "de",
		"default_by": "first of the body", "loaded": int64(33)}
	assert.Equal(t, []map[string]any{want}, log.lines)

	second := files("active.en-GB.toml", `gone = "Off."`)
	fsys.current.Store(&second)
	require.NoError(t, r.Reload())
	want = maps.Clone(want)
	maps.Copy(want, map[string]any{"body": "de, en, fr, pt", "body_by": "built in",
		"default": "en", "default_by": "English", "loaded": int64(34)})
	require.Len(t, log.lines, 2)
	assert.Equal(t, want, log.lines[1])
	assert.Equal(t, []string{"DE", "EN", "FR", "PT"}, keys(t, r.Respond(with(), fault.Gone).Body)[:4], "the languages are chosen anew")

	third := files("active.de.toml", "own = 5")
	fsys.current.Store(&third)
	require.Error(t, r.Reload())
	assert.Len(t, log.lines, 3, "the response before, and no line for a failure to read")
	_, err = fault.NewResponder(fault.WithLogger(slog.New(panicking{})))
	assert.NoError(t, err, "a logger that panics costs the line")
}

type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool { panic("logger") }

// An own body speaks one language, if there is one that has all its texts.
type spoken struct {
	*fault.Fault
	ids []string
}

func (s *spoken) ErrorBody(l fault.Localizer) any {
	var texts []string
	for _, id := range s.ids {
		texts = append(texts, l.Text(id))
	}
	return texts
}

func TestAnOwnBodySpeaksOneLanguage(t *testing.T) {
	r := responder(t, fault.WithLocales(files("active.en.toml", "a = \"a en\"\nb = \"b en\"", "active.de.toml", "a = \"a de\"",
		"active.fr.toml", "a = \"a fr\"\nb = \"b fr\"\nc = \"c fr\"")))
	for _, c := range []struct {
		ids, accept, want, languages string
	}{
		{"a b", "de,fr;q=0.5", `["a fr","b fr"]`, "fr"},
		{"b a", "de,fr;q=0.5", `["b fr","a fr"]`, "fr"},
		{"a", "de,fr;q=0.5", `["a de"]`, "de"},
		{"a b", "de", `["a en","b en"]`, "en"},
		{"a c", "de", `["a fr","c fr"]`, "fr"},
		{"a nonsense", "de", `["a de","nonsense"]`, "de"},
		{"nonsense", "de", `["nonsense"]`, ""},
	} {
		resp := r.Respond(with("Accept-Language", c.accept), &spoken{fault.Gone.New(), strings.Fields(c.ids)})
		assert.Equal(t, c.want, string(resp.Body), "%s for %s", c.ids, c.accept)
		assert.Equal(t, slices.DeleteFunc([]string{c.languages}, func(s string) bool { return s == "" }),
			slices.Clip(append([]string{}, resp.Header().Values("Content-Language")...)), c.ids)
	}
}
