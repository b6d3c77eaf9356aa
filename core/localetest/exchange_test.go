package localetest_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/localetest"
)

func TestRead(t *testing.T) {
	fsys := files("active.en.toml", source, "active.de.toml", "# Kopf.\n\n[\"order.count\"]\nhash = \"h\"\nother = \"{{.Count}}\"\n\n[extra]\nother = \"Mehr.\"\n",
		localetest.LockFile, "# polyfault translations.lock v1\nde review 1 reviewed by Anna\nde text order.count 00000000\n")
	list, err := localetest.Read(fsys, localetest.Options{})
	require.NoError(t, err)
	require.Len(t, list, 2)
	counted := map[string]string{"one": "{{.Count}} order.", "other": "{{.Count}} orders."}
	assert.Equal(t, localetest.Language{Tag: "de", Review: "reviewed by Anna", Head: []string{"# Kopf."}, Texts: []localetest.Text{
		{ID: "greeting", Note: "At the start.", Forms: map[string]string{}, Source: map[string]string{"other": "Hello {{.Name}}."}},
		{ID: "order.count", Hash: "h", Forms: map[string]string{"other": "{{.Count}}"}, Source: counted, Draft: true},
		{ID: "farewell", Forms: map[string]string{}, Source: map[string]string{"other": "Good bye."}},
		{ID: "extra", Forms: map[string]string{"other": "Mehr."}},
	}}, list[0])
	assert.True(t, list[1].Source)
	assert.Equal(t, "At the start.", list[1].Texts[0].Description)
	assert.Equal(t, "{\n  \"order.count\": {\n    \"hash\": \"h\",\n    \"other\": \"{{.Count}}\"\n  },\n  \"extra\": \"Mehr.\"\n}\n", string(list[0].JSON()))
	_, err = localetest.Read(fstest.MapFS{}, localetest.Options{})
	assert.ErrorIs(t, err, localetest.ErrNoFiles)
}

func TestParse(t *testing.T) {
	lang, err := localetest.Parse("x.json", "de", []byte(`[{"id": "a", "translation": {"one": "b", "other": "c"}}]`))
	require.NoError(t, err)
	texts := []localetest.Text{{ID: "a", Forms: map[string]string{"one": "b", "other": "c"}}}
	assert.Equal(t, localetest.Language{Tag: "de", Texts: texts}, lang)
	for name, c := range map[string]struct{ file, tag, content, want string }{
		"number":    {"x.json", "de", "{\n\"a\": 1}", "x.json:2: a: (locales.E004)"},
		"not whole": {"x.toml", "de", "a = \"", "x.toml:1"},
		"tag":       {"x.toml", "la", "", "no plural rules"},
		"no tag":    {"x.toml", "", "", "not that of a locale file"},
		"size":      {"x.toml", "de", string(make([]byte, 1<<20+1)), "is the limit"},
	} {
		_, err := localetest.Parse(c.file, c.tag, []byte(c.content))
		assert.ErrorContains(t, err, c.want, name)
	}
}

func TestMerge(t *testing.T) {
	text := func(id, other string) localetest.Text {
		return localetest.Text{ID: id, Forms: map[string]string{"other": other}}
	}
	fsys := files("active.en.toml", source, "active.de.toml", "# mine\n[farewell]\nother = \"Tschüs.\"\n")
	german := localetest.Language{Tag: "de", Texts: []localetest.Text{
		text("greeting", "Hallo {{.Name}}."), text("farewell", ""), text("nonsense", "Unsinn")}}
	changes, left, err := localetest.Merge(fsys, []localetest.Language{german}, localetest.MergeOptions{})
	require.NoError(t, err)
	assert.Equal(t, []localetest.Left{{Tag: "de", ID: "nonsense", Why: "is not among the texts of active.en.toml"}}, left)
	require.Len(t, changes, 1)
	assert.Equal(t, "[greeting]\nother = \"Hallo {{.Name}}.\"\n\n# mine\n[farewell]\nother = \"Tschüs.\"\n", string(changes[0].Content))
	assert.Equal(t, string(fsys["active.de.toml"].Data), string(changes[0].Before))
	assert.Equal(t, "Unsinn", german.Texts[2].Forms["other"], "what was given is not changed")

	for want, languages := range map[string][]localetest.Language{
		"language de comes twice": {german, german},
		"no plural rules":         {{Tag: "la"}},
		"pt_BR":                   {{Tag: "pt_BR"}},
	} {
		changes, _, err := localetest.Merge(fsys, languages, localetest.MergeOptions{})
		assert.ErrorContains(t, err, want)
		assert.Empty(t, changes)
	}
	for name, content := range map[string]string{"active.fr.toml": "a = 5", localetest.LockFile: "<<<<"} {
		bad := files("active.en.toml", source, name, content)
		_, _, err := localetest.Merge(bad, []localetest.Language{german}, localetest.MergeOptions{})
		assert.ErrorContains(t, err, name)
	}
	_, _, err = localetest.Merge(nil, nil, localetest.MergeOptions{})
	assert.ErrorContains(t, err, "is nil")
	_, _, err = localetest.Merge(fstest.MapFS{}, []localetest.Language{{Tag: "de"}, {Tag: "fr"}}, localetest.MergeOptions{})
	assert.ErrorContains(t, err, "choose another source language of de, fr")
}
