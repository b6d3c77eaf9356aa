package localetest_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/localetest"
)

const source = `# Source.

[greeting]
description = "At the start."
other = "Hello {{.Name}}."

["order.count"]
one = "{{.Count}} order."
other = "{{.Count}} orders."

[farewell]
other = "Good bye."
`

// formatted applies changes to a copy of the files and returns the content of one.
func formatted(t *testing.T, fsys fstest.MapFS, name string, changes []localetest.Change) string {
	t.Helper()
	for _, c := range changes {
		assert.Equal(t, string(fsys[c.File].Data), string(c.Before))
		fsys[c.File] = &fstest.MapFile{Data: c.Content}
	}
	return string(fsys[name].Data)
}

func TestFormat(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"order of the source, forms in CLDR's order, unknown texts last", `
# polyfault, German.

[extra]
other = "Mehr."
[farewell]
other = "Auf Wiedersehen."


["order.count"]
other = "{{.Count}} Bestellungen."
one = "{{.Count}} Bestellung."
hash = "sha1-x"
[greeting]
other = "Guten Tag {{.Name}}."
`, `# polyfault, German.

[greeting]
other = "Guten Tag {{.Name}}."

["order.count"]
hash = "sha1-x"
one = "{{.Count}} Bestellung."
other = "{{.Count}} Bestellungen."

[farewell]
other = "Auf Wiedersehen."

[extra]
other = "Mehr."
`},
		{"plain keys, nested and inline tables, every kind of string", `greeting = 'Guten Tag {{.Name}}.'
farewell = """
Auf \
  Wiedersehen."""
[order]
count = { one = "{{.Count}} \u0042estellung.", other = "{{.Count}} Bestellungen." }
`, `[greeting]
other = "Guten Tag {{.Name}}."

["order.count"]
one = "{{.Count}} Bestellung."
other = "{{.Count}} Bestellungen."

[farewell]
other = "Auf Wiedersehen."
`},
		{"comments stay with what they stand at", `# head

# of the table
[farewell] # behind the table
# of the form
other = "Auf # Wiedersehen." # behind the form

# first of two

# second of two
[greeting]
other = "Guten \"Tag\" {{.Name}}."
# the end
`, `# head

# first of two

# second of two
[greeting]
other = "Guten \"Tag\" {{.Name}}."

# of the table
# behind the table
[farewell]
# of the form
other = "Auf # Wiedersehen." # behind the form

# the end
`},
		{"a comment right above the first text is that text's", `# of the text
[farewell]
other = "Auf Wiedersehen."
[greeting]
other = "Guten Tag {{.Name}}."
`, `[greeting]
other = "Guten Tag {{.Name}}."

# of the text
[farewell]
other = "Auf Wiedersehen."
`},
		{"invisible characters become visible, joiners and no-break spaces stay",
			"greeting = \"a\u200bb\u00a0c {{.Name}}\u200c.\"\n", "[greeting]\nother = \"a\\u200Bb\u00a0c {{.Name}}\u200c.\"\n"},
		{"no text", "# nothing yet\n", "# nothing yet\n"},
		{"no line end", "greeting = \"x\"", "[greeting]\nother = \"x\"\n"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := files("active.en.toml", source, "active.de.toml", c.before)
			changes, err := localetest.Format(fsys, localetest.FormatOptions{})
			require.NoError(t, err)
			assert.Equal(t, c.after, formatted(t, fsys, "active.de.toml", changes))
			again, err := localetest.Format(fsys, localetest.FormatOptions{})
			require.NoError(t, err)
			assert.Empty(t, again, "twice changes nothing more")
		})
	}
}

// What cannot be read as a whole is not written.
func TestFormatRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"not TOML":       "[greeting]\nother = \"x",
		"key twice":      "greeting = \"x\"\ngreeting = \"y\"\n",
		"id twice":       "\"a.b\" = \"x\"\n[a]\nb = \"y\"\n",
		"number":         "greeting = 5\n",
		"unknown member": "[greeting]\nother = \"x\"\nnote = \"y\"\n",
		"reserved word":  "other = \"x\"\n",
		"not UTF-8":      "greeting = \"\xff\"\n",
	} {
		fsys := files("active.en.toml", source, "active.de.toml", content, "active.fr.toml", "greeting = \"x\"\n")
		for _, run := range []func() ([]localetest.Change, error){
			func() ([]localetest.Change, error) { return localetest.Format(fsys, localetest.FormatOptions{}) },
			func() ([]localetest.Change, error) { return localetest.Fix(fsys, localetest.FormatOptions{}) },
		} {
			changes, err := run()
			assert.ErrorContains(t, err, "active.de.toml", name)
			assert.Nil(t, changes, "%s: not even the files that are fine", name)
		}
	}
}

func TestFix(t *testing.T) {
	fsys := files("active.en.toml", source, "active.fr.toml",
		"\ufeff# t\u00eate\r\n\r\n[greeting]\r\nother = \"  Bonjour  \u00a0{{.Name}}.\u00a0\"\r\n\r\n"+
			"[\"order.count\"]\r\none = \"{{.Count}} comma\u0301nde.\"\r\nother = \"{{.Count}} commandes.\"\r\n")
	changes, err := localetest.Fix(fsys, localetest.FormatOptions{})
	require.NoError(t, err)
	assert.Equal(t, "# tête\n\n[greeting]\nother = \"Bonjour \u00a0{{.Name}}.\"\n\n"+
		"[\"order.count\"]\none = \"{{.Count}} commánde.\"\nmany = \"{{.Count}} commandes.\"\nother = \"{{.Count}} commandes.\"\n",
		formatted(t, fsys, "active.fr.toml", changes))
	again, err := localetest.Fix(fsys, localetest.FormatOptions{})
	require.NoError(t, err)
	assert.Empty(t, again)
	found, err := localetest.Lint(fsys, localetest.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"active.fr.toml: farewell locales.W001"}, ids(found), "what needs a translator stays")
}

// What tools for translators leave behind, and what becomes of it.
func TestFixForms(t *testing.T) {
	for name, c := range map[string]struct{ tag, before, after string }{
		"other dropped in Polish":           {"pl", `one = "a"|few = "b"|many = "c"`, `one = "a"|few = "b"|many = "c"|other = "c"`},
		"other dropped in Russian":          {"ru", `one = "a"|few = "b"|many = "c"|other = ""`, `one = "a"|few = "b"|many = "c"|other = "c"`},
		"one dropped in Vietnamese":         {"vi", `other = "a"`, `one = "a"|other = "a"`},
		"one dropped in Turkish":            {"tr", `other = "a"`, `one = "a"|other = "a"`},
		"millions in French":                {"fr", `one = "a"|other = "b"`, `one = "a"|many = "b"|other = "b"`},
		"forms that Japanese does not have": {"ja", `one = "a"|other = "b"`, `other = "b"`},
		"one alone in Japanese":             {"ja", `one = "a"`, `other = "a"`},
		"a form that German does not have":  {"de", `one = "a"|few = "x"|other = "b"`, `one = "a"|other = "b"`},
		"what a translator has to say":      {"pl", `one = "a"|many = "c"`, `one = "a"|many = "c"`},
		"what nothing tells":                {"de", `one = "a"|few = "x"`, `one = "a"|few = "x"`},
		"not translated":                    {"pl", `one = ""|few = ""`, `one = ""|few = ""`},
		"all there":                         {"pl", `one = "a"|few = "b"|many = "c"|other = "d"`, `one = "a"|few = "b"|many = "c"|other = "d"`},
		"stand-ins and what nobody sees": {"de",
			"one = \"\u200bＡ𝐁 e\u0301\ufe0f ⚠\ufe0f\"|other = \"ﬁ\"",
			"one = \"AB é ⚠\ufe0f\"|other = \"fi\""},
	} {
		t.Run(name, func(t *testing.T) {
			lines := func(s string) string { return "[\"order.count\"]\n" + strings.ReplaceAll(s, "|", "\n") + "\n" }
			fsys := files("active.en.toml", source, "active."+c.tag+".toml", lines(c.before))
			changes, err := localetest.Fix(fsys, localetest.FormatOptions{})
			require.NoError(t, err)
			assert.Equal(t, lines(c.after), formatted(t, fsys, "active."+c.tag+".toml", changes))
		})
	}
	fsys := files("active.en.toml", source, "active.de.toml", "[farewell]\none = \"Tschüs.\"\nother = \"Tschüs.\"\n\n[greeting]\none = \"Hallo {{.Name}}.\"\n",
		"active.fr.json", `{"farewell": " Salut."}`, "active.it.json", `{ "farewell": "Ciao." }`)
	changes, err := localetest.Fix(fsys, localetest.FormatOptions{})
	require.NoError(t, err)
	assert.Equal(t, "[greeting]\nother = \"Hallo {{.Name}}.\"\n\n[farewell]\nother = \"Tschüs.\"\n", formatted(t, fsys, "active.de.toml", changes), "the source counts nothing")
	assert.Equal(t, "{\n  \"farewell\": \"Salut.\"\n}\n", string(fsys["active.fr.json"].Data))
	assert.Equal(t, `{ "farewell": "Ciao." }`, string(fsys["active.it.json"].Data), "nothing to repair")
}

// In folders of any texts, spaces are as the source has them.
func TestFixOfAnyTexts(t *testing.T) {
	const english = "[ask]\nother = \"Name: \"\n\n[list]\nother = \"A\\n  b\"\n"
	const german = "[ask]\nother = \"Name:  \"\n\n[list]\nother = \" A\\n  b\"\n"
	fsys := files("active.en.toml", english, "active.de.toml", german)
	changes, err := localetest.Fix(fsys, localetest.FormatOptions{Profile: localetest.AnyTexts})
	require.NoError(t, err)
	require.Len(t, changes, 1)
	assert.Equal(t, "[ask]\nother = \"Name: \"\n\n[list]\nother = \"A\\n  b\"\n", string(changes[0].Content))
	fsys[localetest.LockFile] = &fstest.MapFile{Data: []byte("# polyfault translations.lock v1\n* allow locales.E016 *\n")}
	changes, err = localetest.Fix(fsys, localetest.FormatOptions{})
	require.NoError(t, err)
	assert.Empty(t, changes, "what the lock file allows stays")
}

func TestNew(t *testing.T) {
	fsys := files("active.en.toml", source)
	change, err := localetest.New(fsys, "pl", localetest.NewOptions{})
	require.NoError(t, err)
	assert.Nil(t, change.Before)
	assert.Equal(t, "active.pl.toml", change.File)
	assert.Equal(t, `# pl. Source of all texts: active.en.toml.

#. At the start.
#. Source: Hello {{.Name}}.
[greeting]
other = ""

#. Source (one): {{.Count}} order.
#. Source (other): {{.Count}} orders.
["order.count"]
one = ""
few = ""
many = ""
other = ""

#. Source: Good bye.
[farewell]
other = ""
`, string(change.Content))

	// Half of it is translated, with a note: the rest is missing, pruned, and brought back.
	fsys["active.pl.toml"] = &fstest.MapFile{Data: []byte("# pl. Source of all texts: active.en.toml.\n\n" +
		"#. Source: x\n# mine\n[farewell]\nother = \"Do widzenia.\"\n" +
		"\n#. At the start.\n[greeting]\nother = \"\"\n\n# to be discussed\n[\"order.count\"]\none = \"\"\nother = \"\"\n")}
	found, err := localetest.Lint(fsys, localetest.Options{Required: []string{"pl"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"active.pl.toml locales.I003", "active.pl.toml:9: greeting locales.E008",
		"active.pl.toml:13: order.count locales.E008"}, ids(found))

	changes, err := localetest.Format(fsys, localetest.FormatOptions{Prune: true})
	require.NoError(t, err)
	pruned := formatted(t, fsys, "active.pl.toml", changes)
	assert.Equal(t, "# pl. Source of all texts: active.en.toml.\n\n# to be discussed\n"+
		"[\"order.count\"]\none = \"\"\nother = \"\"\n\n# mine\n[farewell]\nother = \"Do widzenia.\"\n", pruned,
		"a comment of the translator keeps its text; the comments of New go when the text is there")

	change, err = localetest.New(fsys, "pl", localetest.NewOptions{})
	require.NoError(t, err)
	assert.Equal(t, pruned, string(change.Before))
	assert.Contains(t, string(change.Content),
		"#. At the start.\n#. Source: Hello {{.Name}}.\n[greeting]\nother = \"\"\n\n# to be discussed\n")
	assert.Contains(t, string(change.Content), "# mine\n[farewell]\nother = \"Do widzenia.\"\n")
	fsys["active.pl.toml"] = &fstest.MapFile{Data: change.Content}
	change, err = localetest.New(fsys, "pl", localetest.NewOptions{})
	require.NoError(t, err)
	assert.Equal(t, string(change.Before), string(change.Content), "nothing to add")
}

func TestNewRefuses(t *testing.T) {
	fsys := files("active.en.toml", source)
	for tag, want := range map[string]string{
		"": "the name is not that of a locale file", "english": "not a known BCP 47 language tag", "pt_BR": "rename it to active.pt-BR.toml",
		"iw": "rename it to active.he.toml", "la": "no plural rules", "en": "is the source",
		"../de": "the name is not that of a locale file", "und": "not a known",
	} {
		_, err := localetest.New(fsys, tag, localetest.NewOptions{})
		assert.ErrorContains(t, err, want, tag)
	}
	_, err := localetest.New(files("active.de.toml", "x = 5"), "fr", localetest.NewOptions{})
	assert.ErrorContains(t, err, "active.de.toml")
}

// A new file of any language, filled with what the pseudo-locale would say, has the right plural forms.
func TestNewHasTheRightForms(t *testing.T) {
	for _, tag := range []string{"ar", "ja", "ru", "sl", "cy", "pt-BR", "sr-Latn", "ga"} {
		fsys := files("active.en.toml", source)
		change, err := localetest.New(fsys, tag, localetest.NewOptions{})
		require.NoError(t, err, tag)
		fsys[change.File] = &fstest.MapFile{Data: change.Content}
		found, err := localetest.Lint(fsys, localetest.Options{})
		require.NoError(t, err)
		for _, m := range found {
			assert.Equal(t, "locales.E008", m.ID, "%s: only the texts are missing: %s", tag, m)
		}
		assert.Len(t, found, 3)
	}
}

func TestStamp(t *testing.T) {
	fsys := files("active.en.toml", source,
		"active.de.toml", "[greeting]\nother = \"Guten Tag {{.Name}}.\"\n\n[farewell]\nother = \"Good bye.\"\n",
		"active.fr.toml", "[greeting]\nother = \"Bonjour {{.Name}}.\"\n\n[farewell]\nother = \"\"\n")
	stamp := func(o localetest.StampOptions) {
		t.Helper()
		content, err := localetest.Stamp(fsys, o)
		require.NoError(t, err)
		fsys[localetest.LockFile] = &fstest.MapFile{Data: content}
	}
	found := func() []string {
		t.Helper()
		list, err := localetest.Lint(fsys, localetest.Options{Silenced: []string{"locales.W001", "locales.E008", "locales.I003"}})
		require.NoError(t, err)
		return ids(list)
	}
	assert.Equal(t, []string{"active.de.toml:5: farewell.other locales.W005"}, found(), "without a lock file nothing is asked of it")
	stamp(localetest.StampOptions{Languages: []string{"de"}})
	assert.Equal(t, []string{"active.de.toml:5: farewell.other locales.W005", "active.fr.toml locales.W007"}, found())
	stamp(localetest.StampOptions{})
	assert.Equal(t, []string{"active.de.toml:5: farewell.other locales.W005"}, found())
	stamp(localetest.StampOptions{Languages: []string{"fr"}, Allow: []string{"untranslated"}})
	assert.Equal(t, []string{"active.de.toml:5: farewell.other locales.W005"}, found(), "not asked for")
	stamp(localetest.StampOptions{Languages: []string{"de"}, Allow: []string{"locales.W005"}, IDs: []string{"greeting"}})
	assert.Equal(t, []string{"active.de.toml:5: farewell.other locales.W005"}, found(), "another text")
	stamp(localetest.StampOptions{Allow: []string{"untranslated"}, IDs: []string{"farewell"}})
	assert.Empty(t, found())
	lock := string(fsys[localetest.LockFile].Data)
	assert.Regexp(t, `^# polyfault translations.lock v1.*\nde review [0-9a-f]{8} machine\nde allow locales.W005 farewell\nde text farewell [0-9a-f]{8}\nde text greeting [0-9a-f]{8}\nfr review [0-9a-f]{8} machine\nfr text greeting [0-9a-f]{8}\n$`, lock)
	stamp(localetest.StampOptions{})
	assert.Equal(t, lock, string(fsys[localetest.LockFile].Data), "the same again")

	// The source changes: the texts made from it are stale, until somebody has looked at them.
	english := string(fsys["active.en.toml"].Data)
	fsys["active.en.toml"] = &fstest.MapFile{Data: []byte(english[:len(english)-len("Good bye.\"\n")] + "See you.\"\n")}
	assert.Equal(t, []string{"active.de.toml:4: farewell locales.W006", "translations.lock:3: farewell locales.W008"}, found())
	stamp(localetest.StampOptions{Languages: []string{"de"}, IDs: []string{"greeting"}})
	assert.Equal(t, []string{"active.de.toml:4: farewell locales.W006"}, found(), "an allowance of nothing goes by itself")
	stamp(localetest.StampOptions{Languages: []string{"de"}, IDs: []string{"farewell"}})
	assert.Empty(t, found())
	descriptionChanged := string(fsys["active.en.toml"].Data)
	fsys["active.en.toml"] = &fstest.MapFile{Data: []byte("# x\n" + descriptionChanged)}
	assert.Empty(t, found(), "comments and layout are no change of the source")

	// A review lasts until the texts change.
	stamp(localetest.StampOptions{Languages: []string{"de"}, Review: "reviewed by Anna Schmidt"})
	assert.Empty(t, found())
	list, err := localetest.Status(fsys, localetest.Options{})
	require.NoError(t, err)
	assert.Equal(t, []localetest.LanguageStatus{
		{Tag: "de", File: "active.de.toml", Total: 3, Texts: 2, Review: "reviewed by Anna Schmidt"},
		{Tag: "en", File: "active.en.toml", Source: true, Total: 3, Texts: 3},
		{Tag: "fr", File: "active.fr.toml", Total: 3, Texts: 1, Review: "machine"},
	}, list)
	assert.Equal(t, 66, list[0].Percent())
	assert.Equal(t, 0, localetest.LanguageStatus{}.Percent())
	fsys["active.de.toml"] = &fstest.MapFile{Data: []byte("[greeting]\nother = \"Hallo {{.Name}}.\"\n\n[farewell]\nother = \"Bis bald.\"\n")}
	assert.Equal(t, []string{"active.de.toml locales.I001"}, found())
	stamp(localetest.StampOptions{})
	assert.Equal(t, []string{"active.de.toml locales.I001"}, found(), "stamping is no review")
	list, err = localetest.Status(fsys, localetest.Options{})
	require.NoError(t, err)
	assert.True(t, list[0].Outdated)

	// What is gone is left out.
	delete(fsys, "active.fr.toml")
	stamp(localetest.StampOptions{})
	assert.NotContains(t, string(fsys[localetest.LockFile].Data), "fr ")
}

func TestStampRefuses(t *testing.T) {
	fsys := files("active.en.toml", source, "active.de.toml", "[greeting]\nother = \"Guten Tag {{.Name}}.\"\n")
	for want, o := range map[string]localetest.StampOptions{
		"there is no translation active.fr.toml":                     {Languages: []string{"fr"}},
		"there is no translation active.en.toml":                     {Languages: []string{"en"}},
		`active.en.toml has no text "nonsense"`:                      {IDs: []string{"nonsense"}},
		`review state "good" is neither "machine" nor "reviewed by"`: {Review: "good"},
		`review state "reviewed by " is neither`:                     {Review: "reviewed by "},
		`"nonsense" is no rule`:                                      {Allow: []string{"nonsense"}},
		"locales.E017 is an error: it cannot be allowed":             {Allow: []string{"character"}},
		"choose another source language of de, en":                   {Source: "fr"},
	} {
		content, err := localetest.Stamp(fsys, o)
		assert.ErrorContains(t, err, want)
		assert.Nil(t, content)
	}
	fsys[localetest.LockFile] = &fstest.MapFile{Data: []byte("<<<<<<< HEAD\n")}
	_, err := localetest.Stamp(fsys, localetest.StampOptions{})
	assert.ErrorContains(t, err, "translations.lock:1", "a damaged lock file is not overwritten")
}

func TestBadLockFiles(t *testing.T) {
	const head = "# polyfault translations.lock v1\n"
	for content, want := range map[string]string{
		"":                                   "the file is empty",
		"# polyfault translations.lock v2\n": "the first line is not",
		head + "de\n":                        "is no entry",
		head + "english text a 1\n":          `"english" is no language tag`,
		head + "de_DE text a 1\n":            `"de_DE" is no language tag`,
		head + "de text a 1\nde text a 2\n":  `language de has two lines for text "a"`,
		head + "de review 1 machine\nde review 2 machine\n":         "language de has two review lines",
		head + "de review 1 fine\n":                                 `review state "fine" is neither`,
		head + "de allow locales.X1 a\n":                            `"locales.X1" is no rule`,
		head + "de allow locales.W005\n":                            "names no text",
		head + "de allow locales.W005 a\nde allow locales.W005 a\n": "stands twice",
		head + "=======\n":                                          `"=======" is no language tag`,
		head + "* text a 1\n":                                       `"text" is no entry of all languages`,
		head + "* allow locales.E012 a*\n":                          "locales.E012 is an error: it cannot be allowed",
		head + "de allow locales.E019 a[\n":                         `"a[" is no pattern of text ids`,
	} {
		found, err := localetest.Lint(files("active.en.toml", english, localetest.LockFile, content), localetest.Options{})
		require.NoError(t, err)
		require.Len(t, found, 1, content)
		assert.Equal(t, "locales.E005", found[0].ID)
		assert.Contains(t, found[0].Text, want)
		assert.Equal(t, checks.Error, found[0].Level)
	}
}
