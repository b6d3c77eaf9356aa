package fault_test

import (
	"os"
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
		{"empty text", "active.en.toml", `a = ""`, "a", "empty"},
		{"empty other", "active.en.toml", "[a]\ndescription = \"x\"\nother = \"\"", "a", "empty"},
		{"misspelt form", "active.de.toml", "[a]\nother = \"b\"\nohter = \"c\"", "a.ohter", "unknown member"},
		{"number for a text", "active.en.toml", "a = 5", "a", "not int64"},
		{"list for a text", "active.en.toml", "a = [\"x\"]", "a", "a text is a string"},
		{"number for a form", "active.en.toml", "[a]\nother = 5", "a.other", "must be a string"},
		{"reserved word as id", "active.en.toml", `other = "A"`, "other", "reserved word"},
		{"reserved word, capital", "active.en.toml", `Description = "A"`, "Description", "reserved word"},
		{"reserved word in a nested id", "active.en.toml", "[http]\ndescription = \"A\"\nx = \"b\"", "http.x", "unknown member"},
		{"plural form of another language", "active.de.toml", "[a]\nfew = \"b\"\nother = \"c\"", "a.few", `no plural form "few"`},
		{"plural forms in Japanese", "active.ja.toml", "[a]\none = \"b\"\nother = \"c\"", "a.one", `no plural form "one"`},
		{"language without plural rules", "active.la.toml", `a = "b"`, "", "no plural rules"},
		{"wrong tag", "active.english.toml", `a = "b"`, "", "not a known BCP 47 language tag"},
		{"underscore tag", "active.pt_BR.toml", `a = "b"`, "", "rename the file to active.pt-BR.toml"},
		{"deprecated tag", "active.iw.toml", `a = "b"`, "", "rename the file to active.he.toml"},
		{"letter case of the tag", "active.DE.toml", `a = "b"`, "", "rename the file to active.de.toml"},
		{"undetermined language", "active.und.toml", `a = "b"`, "", "not a known"},
		{"no tag", "active.toml", `a = "b"`, "", "active.<tag>.toml"},
		{"empty tag", "active..toml", `a = "b"`, "", "active.<tag>.toml"},
		{"other name", "de.toml", `a = "b"`, "", "active.<tag>.toml"},
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
