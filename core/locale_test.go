package fault_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

func TestBadLocaleFiles(t *testing.T) {
	for _, c := range []struct {
		name, file, content string
		key, rule           string
	}{
		{"byte order mark", "active.en.toml", "\xef\xbb\xbfa = \"A\"", "", "byte order mark"},
		{"not UTF-8", "active.en.toml", "a = \"A\"\nb = \"\xff\"", "", "line 2 is not valid UTF-8"},
		{"not TOML", "active.en.toml", "a = \"A\"\nb = ", "b", "not valid TOML"},
		{"duplicate id", "active.en.toml", "a = \"A\"\na = \"B\"", "a", "already been defined"},
		{"duplicate id, nested and quoted", "active.en.toml", "\"a.b\" = \"A\"\n[a]\nb = \"B\"", "a.b", "stands twice"},
		{"range", "active.en.toml", `a = "{{range .X}}x{{end}}"`, "a.other", "only placeholders like {{.Name}}"},
		{"function", "active.en.toml", `a = "{{printf \"%1000000d\" 1}}"`, "a.other", "only placeholders"},
		{"method", "active.en.toml", `a = "{{.A.B}}"`, "a.other", "only placeholders"},
		{"trim marker", "active.en.toml", `a = "{{- .A -}}"`, "a.other", "only placeholders"},
		{"variable", "active.en.toml", `a = "{{$x := 1}}"`, "a.other", "only placeholders"},
		{"comment", "active.en.toml", `a = "{{/* x */}}"`, "a.other", "only placeholders"},
		{"template call", "active.en.toml", `a = "{{template \"a\"}}"`, "a.other", "only placeholders"},
		{"whole data", "active.en.toml", `a = "{{.}}"`, "a.other", "only placeholders"},
		{"unclosed action", "active.en.toml", `a = "{{.A"`, "a.other", "not closed"},
		{"stray end", "active.en.toml", `a = "A}} {{.B}}"`, "a.other", "without its {{"},
		{"action in one form", "active.de.toml", "[a]\none = \"{{if .A}}x{{end}}\"\nother = \"b\"", "a.one", "only placeholders"},
		{"other delimiters", "active.en.toml", "[a]\nleftDelim = \"<<\"\nother = \"b\"", "a.leftDelim", "unknown member"},
		{"id inside", "active.en.toml", "[a]\nid = \"b\"\nother = \"b\"", "a.id", "unknown member"},
		{"missing other", "active.de.toml", "[a]\none = \"b\"", "a", `"other" is missing`},
		{"empty table", "active.de.toml", "[a]", "a", `"other" is missing`},
		{"misspelt form", "active.de.toml", "[a]\nother = \"b\"\nohter = \"c\"", "a.ohter", "unknown member"},
		{"number for a text", "active.en.toml", "a = 5", "a", "not a number"},
		{"list for a text", "active.en.toml", "a = [\"x\"]", "a", "a text is a string"},
		{"number for a form", "active.en.toml", "[a]\nother = 5", "a.other", "must be a string"},
		{"reserved word as id", "active.en.toml", `other = "A"`, "other", "reserved word"},
		{"reserved word, capital", "active.en.toml", `Description = "A"`, "Description", "reserved word"},
		{"reserved word in a nested id", "active.en.toml", "[http]\ndescription = \"A\"\nx = \"b\"", "http.x", "unknown member"},
		{"language without plural rules", "active.la.toml", `a = "b"`, "", "no plural rules"},
		{"wrong tag", "active.english.toml", `a = "b"`, "", "not a known BCP 47 language tag"},
		{"underscore tag", "active.pt_BR.toml", `a = "b"`, "", "rename the file to active.pt-BR.toml"},
		{"deprecated tag", "active.iw.toml", `a = "b"`, "", "rename the file to active.he.toml"},
		{"letter case of the tag", "active.DE.toml", `a = "b"`, "", "rename the file to active.de.toml"},
		{"undetermined language", "active.und.toml", `a = "b"`, "", "not a known"},
		{"no tag", "active.toml", `a = "b"`, "", "active.<tag>.toml"},
		{"empty tag", "active..toml", `a = "b"`, "", "active.<tag>.toml"},
		{"other name", "messages.de.toml", `a = "b"`, "", "active.<tag>.toml"},
		{"no tag at all", "settings.json", `{"a": "b"}`, "", "active.<tag>.toml"},
		{"many languages", "active.mul.toml", `a = "b"`, "", "not a known"},
		{"private use", "active.x-klingon.toml", `a = "b"`, "", "not a known"},
		{"grandfathered", "active.i-klingon.toml", `a = "b"`, "", "rename the file to active.tlh.toml"},
		{"malformed tag", "active.de-.json", `{"a": "b"}`, "", "not a known"},
		{"a tag of 300 characters", "active.de" + strings.Repeat("-abcde", 50) + ".toml", `a = "b"`, "", "not a known"},
		{"YAML", "active.de.yaml", "a: b", "", "polyfault locales import"},
		{"YAML, by the tag alone", "de.yml", "a: b", "", "polyfault locales import"},
		{"gettext", "pt-BR.po", "", "", "polyfault locales import"},
		{"ending in capitals", "active.de.JSON", "{}", "", "rename the file to end in .json"},
		{"JSON with a byte order mark", "active.de.json", "\xef\xbb\xbf{}", "", "byte order mark"},
		{"JSON that is not UTF-8", "active.de.json", "{\"a\":\n\"\xff\"}", "", "line 2 is not valid UTF-8"},
		{"JSON with a key twice", "active.de.json", `{"a": "b", "c": {"other": "d", "other": "e"}}`, "c.other", "stands twice"},
		{"JSON with a form in two spellings", "active.de.json", `{"c": {"other": "d", "Other": "e"}}`, "c.other", "stands twice"},
		{"JSON with a number", "active.de.json", `{"a": "b", "c": 5}`, "c", "a text is a string"},
		{"JSON with a number for a form", "active.de.json", `{"c": {"other": 5}}`, "c.other", "must be a string"},
		{"JSON with a list", "active.de.json", `{"c": ["d"]}`, "c", "a text is a string"},
		{"JSON that is no table", "active.de.json", `"b"`, "", "table of texts"},
		{"JSON that ends too early", "active.de.json", `{"a": "b"`, "", "ends too early"},
		{"JSON with something behind it", "active.de.json", `{"a": "b"} {"c": "d"}`, "", "follows"},
		{"JSON with a comment", "active.de.json", "{\"a\": \"b\" // c\n}", "", "not valid JSON"},
		{"an entry of a list without an id", "active.de.json", `[{"translation": "b"}]`, "[0]", `"id"`},
		{"an id twice in a list", "active.de.json", `[{"id": "a", "translation": "b"}, {"id": "a", "translation": "c"}]`, "a", "stands twice"},
		{"translation and other", "active.de.json", `{"a": {"translation": "b", "other": "c"}}`, "a.translation", "stands twice"},
		{"a step of an id beside a form", "active.de.toml", "[a]\nother = \"b\"\n[a.description]\nother = \"c\"",
			"a.description", "must be a string"},
		{"no form that whole numbers need", "active.ja.toml", "[a]\none = \"b\"", "a", `"other" is missing`},
		{"some forms of Polish", "active.pl.toml", "[a]\none = \"b\"\nfew = \"c\"", "a", `"other" is missing`},
		{"too many placeholders", "active.de.toml", "a = \"" + strings.Repeat("{{.A}}", 101) + "\"", "a.other", "more than 100 placeholders"},
		{"a text too long", "active.de.toml", "a = \"" + strings.Repeat("x", 70_000) + "\"", "a.other", "bytes"},
		{"too large", "active.de.toml", "a = \"" + strings.Repeat("x", 1<<20) + "\"", "", "larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := files("sub/active.fr.toml", `fine = "Bien."`, "sub/"+c.file, c.content)
			r, err := fault.NewResponder(fault.WithLocales(fsys))
			assert.Nil(t, r)
			var bad *fault.LocaleError
			require.ErrorAs(t, err, &bad)
			assert.Equal(t, "sub/"+c.file, bad.File)
			assert.Equal(t, c.key, bad.Key)
			assert.Contains(t, bad.Rule, c.rule)
			assert.Contains(t, err.Error(), "sub/"+c.file)
			if c.key != "" {
				assert.Contains(t, err.Error(), `key "`+c.key+`"`)
			}
		})
	}
}

// What others write for go-i18n loads as it is.
func TestFilesOfOthers(t *testing.T) {
	for _, c := range []struct {
		name, file, content string
		err                 error
		want                string // the text, "" when it is not loaded
	}{
		{"JSON", "active.de.json", `{"own": "Eigenes."}`, nil, "Eigenes."},
		{"the tag alone", "de.toml", `own = "Eigenes."`, nil, "Eigenes."},
		{"the tag alone, JSON", "de.json", `{"own": {"other": "Eigenes."}}`, nil, "Eigenes."},
		{"nested", "de.json", `{"own": "a", "b": {"c": {"d": "Tief."}}}`, fault.Gone.New(fault.Text("b.c.d")), "Tief."},
		{"a reserved word as a step", "de.json", `{"description": {"own": {"other": "Stufe."}}}`,
			fault.Gone.New(fault.Text("description.own")), "Stufe."},
		{"a reserved word as the last step", "de.toml", "[plugin.description]\nother = \"Ende.\"",
			fault.Gone.New(fault.Text("plugin.description")), "Ende."},
		{"members in any letter case", "de.json", `{"own": {"Description": "d", "OTHER": "Eigenes."}}`, nil, "Eigenes."},
		{"the first version's list", "de.json", `[{"id": "own", "translation": "Alt."}]`, nil, "Alt."},
		{"the first version's forms", "de.json", `[{"id": "own", "translation": {"one": "Eins", "other": "Alt."}}]`, nil, "Alt."},
		{"go-i18n's name of the count", "de.toml", "[own]\none = \"eins\"\nother = \"{{.PluralCount}} Tage\"",
			fault.Gone.New(fault.Text("own"), fault.Count(3)), "3 Tage"},
		{"a form that the language lacks", "ja.toml", "[own]\none = \"b\"\nother = \"c\"",
			fault.Gone.New(fault.Text("own"), fault.Count(1)), "c"},
		{"without the form that only decimals have", "pl.json", `{"own": {"one": "1", "few": "2", "many": "5"}}`,
			fault.Gone.New(fault.Text("own"), fault.Count(5)), "5"},
		{"a description alone", "de.toml", "[own]\ndescription = \"x\"", nil, ""},
		{"empty", "de.toml", `own = ""`, nil, ""},
		{"null", "de.json", `{"own": null}`, nil, ""},
		{"all forms empty", "pl.toml", "[own]\none = \"\"\nfew = \"\"\nmany = \"\"\nother = \"\"", nil, ""},
		{"translated in part", "de.toml", "[own]\none = \"eins\"\nother = \"\"", nil, ""},
		{"an empty table", "de.json", "{}", nil, ""},
		{"an empty file", "de.toml", "", nil, ""},
		{"an empty file, JSON", "de.json", "", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := files(c.file, c.content, "translate.fr.toml", "a = {{", "translate.de.json", "", "README.md", "# a")
			tag := c.file[strings.LastIndex(strings.TrimSuffix(c.file, path.Ext(c.file)), ".")+1:]
			tag = strings.TrimSuffix(tag, path.Ext(tag))
			r := responder(t, fault.WithLocales(fsys), fault.WithLanguages(tag))
			err := c.err
			if err == nil {
				err = fault.Gone.New(fault.Text("own"))
			}
			want := c.want
			if want == "" {
				want, _ = r.Catalogue().Text("gone", tag)
			}
			assert.Equal(t, map[string]any{strings.ToUpper(tag): want}, withoutCode(decode(t, r.Respond(with(), err))))
		})
	}
}

// A form that the language does not have is not there: the text does without plural rules.
func TestAFormThatTheLanguageLacksIsDropped(t *testing.T) {
	r := responder(t, fault.WithLocales(files("ja.json", `{"own": {"one": "{{.A}}", "other": "b"}}`,
		"de.json", `{"own": {"one": "a", "other": "b"}}`)))
	assert.False(t, r.Catalogue().Plural("own", "ja"))
	names, ok := r.Catalogue().Placeholders("own", "ja")
	assert.True(t, ok)
	assert.Empty(t, names)
	assert.True(t, r.Catalogue().Plural("own", "de"))
}

func TestLocaleFileSystems(t *testing.T) {
	_, err := fault.NewResponder(fault.WithLocales(fstest.MapFS{}))
	assert.ErrorContains(t, err, "no locale file")
	_, err = fault.NewResponder(fault.WithLocales(files("readme.md", "x")))
	assert.ErrorContains(t, err, "active.<tag>.toml")
	_, err = fault.NewResponder(fault.WithLocales(nil))
	assert.ErrorContains(t, err, "WithLocales")
	_, err = fault.NewResponder(fault.WithLocales(files("a/active.de.toml", `a="b"`, "b/active.de.toml", `c="d"`)))
	assert.ErrorContains(t, err, `"b/active.de.toml": language de already has the file "a/active.de.toml"`)
	_, err = fault.NewResponder(fault.WithLocales(os.DirFS(filepath.Join(t.TempDir(), "missing"))))
	assert.ErrorContains(t, err, "cannot be read")

	_, err = fault.NewResponder(fault.WithLocales(files("active.de.toml", "# nothing yet\n")))
	assert.NoError(t, err, "an empty file is a language that begins")

	dir := t.TempDir()
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Skip(err)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "active.de.toml"), []byte("a = \"b\"\r\n# CRLF, as Windows has it\r\n"), 0o600))
	_, err = fault.NewResponder(fault.WithLocales(os.DirFS(dir)))
	assert.NoError(t, err, "loops of links are not followed")
	assert.NoError(t, os.Remove(filepath.Join(dir, "active.de.toml")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "active.de.toml")))
	_, err = fault.NewResponder(fault.WithLocales(os.DirFS(dir)))
	assert.ErrorContains(t, err, `"active.de.toml": cannot be read`)
}

// Every built-in kind has its text and its title, and every built-in language what English has. What the
// texts are like is held by the package localetest.
func TestShippedTexts(t *testing.T) {
	c := responder(t).Catalogue()
	for k := range fault.Kinds() {
		if builtIn(k) {
			for _, id := range []string{k.TextID(), k.TextID() + ".title"} {
				_, ok := c.Text(id, "en")
				assert.True(t, ok, id)
			}
		}
	}
	for id := range c.IDs() {
		want, _ := c.Placeholders(id, "en")
		for _, l := range c.Languages() {
			got, ok := c.Placeholders(id, l.Tag)
			assert.True(t, ok, "%s in %s", id, l.Tag)
			assert.Equal(t, want, got, "%s in %s", id, l.Tag)
		}
	}
}

func builtIn(k *fault.Kind) bool {
	for ; k != nil; k = k.Parent() {
		if strings.HasPrefix(k.Code(), "test_") {
			return false
		}
	}
	return true
}
