package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/cmd/polyfault/internal/po"
	"github.com/polyfault/polyfault/core/localetest"
)

// contents are the files of a directory, by name.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "active.") || entry.Name() == localetest.LockFile {
			files[entry.Name()] = read(t, dir, entry.Name())
		}
	}
	return files
}

// All shipped languages, there and back: into an empty directory, into one where every text was lost, and into the
// one that they came from.
func TestRoundTripOfTheShippedLanguages(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine, much to compute: not for the race detector")
	}
	shipped := filepath.Join("..", "..", "locales")
	want := contents(t, shipped)
	require.Len(t, want, 34)
	for _, format := range []string{"po", "json"} {
		t.Run(format, func(t *testing.T) {
			out, empty, same := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "new"), t.TempDir()
			ran(t, "locales", "export", shipped, "--format", format, "--out", out)
			ran(t, "locales", "import", out, "--dir", empty)
			ran(t, "locales", "fmt", empty)
			back := contents(t, empty)
			assert.Len(t, back, len(want))
			for name, content := range want {
				if format == "json" {
					content = withoutComments(content) // JSON has none
				}
				assert.Equal(t, content, back[name], name)
			}
			for name, content := range want {
				if strings.HasSuffix(name, "de.toml") || strings.HasSuffix(name, "pl.toml") {
					content = withoutTexts(content)
				}
				require.NoError(t, os.WriteFile(filepath.Join(same, name), []byte(content), 0o600))
			}
			ran(t, "locales", "import", out, "--dir", same)
			ran(t, "locales", "fmt", same)
			assert.Equal(t, want, contents(t, same))
			assert.Empty(t, ran(t, "locales", "import", out, "--dir", same), "nothing changes")
		})
	}
}

func withoutComments(content string) string {
	if strings.Contains(content, "translations.lock v1") {
		return content
	}
	var b strings.Builder
	for line := range strings.Lines(content) {
		if !strings.HasPrefix(line, "#") && !(b.Len() == 0 && line == "\n") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// withoutTexts leaves the head and the first text.
func withoutTexts(content string) string {
	return strings.Join(strings.SplitAfterN(content, "\n\n", 3)[:2], "")
}

// What is exported is what gettext and go-i18n take it for, by their own programs.
func TestExportsForOthers(t *testing.T) {
	shipped := filepath.Join("..", "..", "locales")
	out := t.TempDir()
	ran(t, "locales", "export", shipped, "--format", "po", "--out", out)
	tool, err := exec.LookPath("msgfmt")
	if err != nil && runtime.GOOS == "linux" {
		require.Empty(t, os.Getenv("CI"), "msgfmt, of the Debian package gettext, is missing")
	}
	languages, err := localetest.Read(os.DirFS(shipped), localetest.Options{})
	require.NoError(t, err)
	count := strings.Count(read(t, filepath.Join(shipped, "active.en.toml")), "\n[") // a table is a text
	for _, lang := range languages {
		path := filepath.Join(out, lang.Tag+".po")
		if tool != "" {
			compiled := "--output-file=" + filepath.Join(out, lang.Tag+".mo")
			said, err := exec.CommandContext(t.Context(), tool, "--check", "--verbose", compiled, path).CombinedOutput()
			require.NoError(t, err, string(said))
			assert.Equal(t, fmt.Sprintf("%d translated messages.\n", count), strings.TrimPrefix(string(said), path+": "), "and no warning")
		}
		f, err := po.Parse([]byte(read(t, path)))
		require.NoError(t, err)
		require.Len(t, f.Entries, count)

		bundle := i18n.NewBundle(language.Make(lang.Tag))
		file, err := bundle.ParseMessageFileBytes(lang.JSON(), "active."+lang.Tag+".json")
		require.NoError(t, err)
		byID := map[string]*i18n.Message{}
		for _, m := range file.Messages {
			byID[m.ID] = m
		}
		require.Len(t, byID, count)
		for i, text := range lang.Texts {
			m := byID[text.ID]
			require.NotNil(t, m, text.ID)
			for form, value := range map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many,
				"other": m.Other} {
				assert.Equal(t, text.Forms[form], value, "%s %s %s", lang.Tag, text.ID, form)
			}
			assert.Equal(t, text.Description, m.Description)
			assert.Equal(t, text.ID, f.Entries[i].Context)
			assert.Equal(t, lang.Source, text.Description != "" || lang.Source, "only the source has descriptions")
			assert.Equal(t, text.Note, strings.Join(f.Entries[i].Extracted, "\n"))
		}
	}
}

const polishPO = `# pl. Source of all texts: active.en.toml.
msgid ""
msgstr ""
"Language: pl\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"
"X-Polyfault-Review: reviewed by Jan Nowak\n"

#. At the start.
msgctxt "greeting"
msgid "Hello {{.Name}}."
msgstr "Dzień dobry {{.Name}}."

msgctxt "items"
msgid "{{.Count}} item."
msgid_plural "{{.Count}} items."
msgstr[0] "{{.Count}} element."
msgstr[1] "{{.Count}} elementy."
msgstr[2] "{{.Count}} elementów."
`

// importPO imports one file and returns what the command says.
func importPO(t *testing.T, dir, name, content string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return run(t, "locales", "import", path, "--dir", dir)
}

// A file with gettext's own three forms for Polish; --fix makes the fourth.
func TestImportOfGettextsForms(t *testing.T) {
	dir := localeDir(t, "active.en.toml", english)
	out, err := importPO(t, dir, "pl.po", polishPO)
	require.NoError(t, err)
	assert.Equal(t, "wrote "+filepath.Join(dir, "active.pl.toml")+"\nwrote "+filepath.Join(dir, "translations.lock")+"\n", out)
	assert.NotContains(t, read(t, dir, "active.pl.toml"), "elementu")
	assert.Contains(t, ran(t, "locales", "status", dir), "reviewed by Jan Nowak")
	out, err = run(t, "locales", "lint", dir)
	assert.ErrorIs(t, err, errFound)
	assert.Contains(t, out, `the form "other" is missing`)
	out = ran(t, "locales", "lint", "--fix", dir)
	assert.Contains(t, out, "errors: 0, warnings: 0")
	want := "# pl. Source of all texts: active.en.toml.\n\n" + strings.Replace(polish, "elementu", "elementów", 1)
	assert.Equal(t, want, read(t, dir, "active.pl.toml"))
}

// What is not finished, not known or not there changes nothing of what there is.
func TestImportKeepsWhatThereIs(t *testing.T) {
	own := "# mine\n\n# about the greeting\n" + polish
	for name, c := range map[string]struct {
		replace []string
		left    string
	}{
		"fuzzy": {[]string{"#. At", "#, fuzzy\n#. At", "Dzień dobry", "Do widzenia"},
			"left out: pl: greeting is not confirmed (fuzzy): the text stays as it was\n"},
		"fuzzy, the same": {[]string{"#. At", "#, fuzzy\n#. At"}, ""},
		"obsolete":        {[]string{"#. At", "#~ msgctxt \"greeting\"\n#~ msgid \"Old\"\n#~ msgstr \"Stary\"\n\n#. At"}, ""},
		"unknown id": {[]string{"#. At", "msgctxt \"greting\"\nmsgid \"x\"\nmsgstr \"y\"\n\n#. At"},
			"left out: pl: greting is not among the texts of active.en.toml\n"},
		"missing texts":    {[]string{"\"Dzień dobry {{.Name}}.\"", "\"\"", "\"{{.Count}} elementy.\"", "\"\""}, ""},
		"another layout":   {[]string{"msgstr \"Dzień dobry", "msgstr \"\"\n\"Dzień \"\n\"dobry"}, ""},
		"previous, places": {[]string{"msgctxt \"items\"", "#: a.go:1\n#| msgid \"old\"\nmsgctxt \"items\""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := localeDir(t, "active.en.toml", english, "active.pl.toml", own)
			content := strings.Replace(polishPO, `"X-Polyfault-Review: reviewed by Jan Nowak\n"`+"\n", "", 1)
			out, err := importPO(t, dir, "pl.po", strings.NewReplacer(c.replace...).Replace(content))
			require.NoError(t, err)
			assert.Equal(t, c.left, out)
			assert.Equal(t, own, read(t, dir, "active.pl.toml"))
			assert.NoFileExists(t, filepath.Join(dir, "translations.lock"), "who has no lock file gets none")
		})
	}
}

// A bad file changes nothing, in no language.
func TestImportRefuses(t *testing.T) {
	german := `{"greeting": "Guten Tag {{.Name}}."}`
	for _, c := range []struct{ name, file, content, want string }{
		{"a plural header of another language", "pl.po", strings.Replace(polishPO,
			"n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
			"n==1 ? 0 : n==2 ? 1 : 2", 1), "is not that of pl; it is nplurals=4"},
		{"Polish forms for Italian", "it.po", strings.Replace(polishPO, "Language: pl", "Language: it", 1),
			"is not that of it; it is nplurals=3"},
		{"two forms for Polish", "pl.po", strings.NewReplacer(
			"nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)", "nplurals=2; plural=(n != 1)",
			"msgstr[2] \"{{.Count}} elementów.\"\n", "").Replace(polishPO), "is not that of pl"},
		{"no plural header", "pl.po", strings.Replace(polishPO, "Plural-Forms", "X-Forms", 1),
			"line 14: the file has plural forms, and no Plural-Forms"},
		{"a template's header", "pl.po", strings.Replace(polishPO, "nplurals=3; plural=(n==1", "nplurals=INTEGER; plural=(n==1", 1),
			"is not of the form nplurals"},
		{"another number of forms", "pl.po", strings.Replace(polishPO, "msgstr[2] \"{{.Count}} elementów.\"\n", "", 1),
			`line 14: text "items" has 2 plural forms; Plural-Forms says 3`},
		{"a form too many", "pl.po", strings.Replace(polishPO, "? 1 : 2", "? 1 : 3", 1), "no form below 3"},
		{"another language", "cs.po", polishPO, `its header says language "pl", its name cs`},
		{"another charset", "pl.po", strings.Replace(polishPO, "UTF-8", "ISO-8859-2", 1), "save it as UTF-8"},
		{"no id", "pl.po", strings.Replace(polishPO, "msgctxt \"greeting\"\n", "", 1), `line 10: "Hello {{.Name}}." has no msgctxt`},
		{"an id twice", "pl.po", polishPO + "\nmsgctxt \"greeting\"\nmsgid \"x\"\nmsgstr \"y\"\n", `text "greeting" stands in line 10, too`},
		{"broken", "pl.po", polishPO + "msgid \"x", "line 20: a string does not stand between quotation marks"},
		{"no text", "fr.json", `{"greeting": 5}`,
			`fr.json:1: greeting: (locales.E004) a text is a string or a table of plural forms, not a number`},
		{"JSON with numbers inside", "fr.json", "{\n\"items\": {\"one\": 1, \"other\": \"x\"}}",
			`fr.json:2: items.one: (locales.E004) "one" must be a string, not a number`},
		{"a key twice", "fr.json", `{"a": "x", "a": "y"}`, "twice"},
		{"YAML with numbers", "fr.yaml", "# x\ngreeting:\n  other: 5\n",
			`fr.yaml:3: greeting.other: (locales.E004) "other" must be a string, not a number`},
		{"YAML that is none", "fr.yaml", "a: [", "yaml"},
		{"YAML without end", "fr.yml", "a: &a\n  b: *a\n", "fr.yml"},
		{"a key of YAML twice", "fr.yaml", "greeting: x\ngreeting: y\n", "twice"},
		{"a language without plural rules", "la.json", `{"greeting": "x"}`, "has no plural rules"},
		{"no language", "english.json", "{}", `"english" is not a known language`},
		{"another format", "fr.xliff", "<x/>", `files to import end with .toml, .json, .yaml, .yml, .po, not ".xliff"`},
		{"the same language", "active.de.po", "msgid \"\"\nmsgstr \"\"\n", "are both of language de"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := localeDir(t, "active.en.toml", english)
			files := localeDir(t, "de.json", german, c.file, c.content)
			before := contents(t, dir)
			_, err := run(t, "locales", "import", filepath.Join(files, "de.json"), filepath.Join(files, c.file), "--dir", dir)
			assert.ErrorContains(t, err, c.want)
			assert.Equal(t, before, contents(t, dir), "nothing is half-applied")
		})
	}
	dir := localeDir(t, "active.en.toml", english)
	for want, arg := range map[string]string{
		"is one of the locale files already": filepath.Join(dir, "active.en.toml"),
		"has no file to import":              dir,
		"none":                               filepath.Join(dir, "none"),
	} {
		_, err := run(t, "locales", "import", arg, "--dir", dir)
		assert.ErrorContains(t, err, want)
	}
	_, err := run(t, "locales", "export", dir, "--format", "json", "--out", dir)
	assert.ErrorContains(t, err, "write into another directory")
	_, err = run(t, "locales", "export", dir, "--format", "xliff", "--out", t.TempDir())
	assert.ErrorContains(t, err, "use po or json")
}

// Nothing is written when one of the files cannot be: a directory stands in its place, or a file where the directory
// should be. File permissions would not stop the superuser.
func TestImportIsAllOrNothing(t *testing.T) {
	files := localeDir(t, "de.json", `{"greeting": "Guten Tag {{.Name}}."}`, "pl.po", polishPO)
	dir := localeDir(t, "active.en.toml", english)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "translations.lock", "x"), 0o700))
	_, err := run(t, "locales", "import", files, "--dir", dir)
	assert.ErrorContains(t, err, "translations.lock")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "no language was written")

	file := filepath.Join(localeDir(t, "file", "x"), "file")
	for _, args := range [][]string{{"import", files, "--dir", file}, {"import", files, "--dir", filepath.Join(file, "below")},
		{"new", "pl", "--dir", filepath.Join(file, "below")}, {"export", dir, "--format", "po", "--out", filepath.Join(file, "below")}} {
		_, err := run(t, append([]string{"locales"}, args...)...)
		assert.Error(t, err, args)
		assert.Equal(t, "x", read(t, file))
	}
}

func TestImportOfYAML(t *testing.T) {
	dir := localeDir(t, "active.en.yaml", "greeting:\n  description: At the start.\n  other: Hello {{.Name}}.\n"+
		"items:\n  one: '{{.Count}} item.'\n  other: \"{{.Count}} items.\"\n"+
		"404: Not here.\norder:\n  paid: &paid |\n    Paid\n    already\nno: *paid\nlater:\n",
		"messages.pt_BR.yml", "greeting: Olá {{.Name}}.\n")
	out := ran(t, "locales", "import", dir, "--dir", dir)
	assert.Contains(t, out, "wrote "+filepath.Join(dir, "active.pt-BR.toml"))
	assert.Contains(t, out, "remove "+filepath.Join(dir, "active.en.yaml")+": its texts are in the locale files now\n")
	assert.Equal(t, english+"\n[404]\nother = \"Not here.\"\n\n"+
		"[\"order.paid\"]\nother = \"Paid\\nalready\\n\"\n\n[no]\nother = \"Paid\\nalready\\n\"\n",
		read(t, dir, "active.en.toml"))
	assert.Equal(t, "[greeting]\nother = \"Olá {{.Name}}.\"\n", read(t, dir, "active.pt-BR.toml"))
}

// The state of review goes there and back: stale texts are fuzzy, and no more when the tool says so.
func TestReviewStateSurvives(t *testing.T) {
	dir := localeDir(t, "active.en.toml", english, "active.pl.toml", polish)
	ran(t, "locales", "stamp", "--review", "reviewed by Jan Nowak", "--dir", dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "active.en.toml"), []byte(strings.Replace(english, "Hello", "Good day", 1)), 0o600))
	want := contents(t, dir)
	for _, format := range []string{"po", "json"} {
		out, fresh := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "new")
		ran(t, "locales", "export", dir, "--format", format, "--out", out)
		ran(t, "locales", "import", out, "--dir", fresh)
		assert.Equal(t, want, contents(t, fresh), format)
		ran(t, "locales", "import", out, "--dir", dir)
		assert.Equal(t, want, contents(t, dir), format)
	}
	out := t.TempDir()
	ran(t, "locales", "export", dir, "--format", "po", "--out", out)
	content := read(t, out, "pl.po")
	assert.Contains(t, content, "#, fuzzy\nmsgctxt \"greeting\"")
	require.NoError(t, os.WriteFile(filepath.Join(out, "pl.po"), []byte(strings.Replace(content, "#, fuzzy\n", "", 1)), 0o600))
	ran(t, "locales", "import", filepath.Join(out, "pl.po"), "--dir", dir)
	assert.NotContains(t, ran(t, "locales", "lint", dir), "W006", "a translator has looked at it")
	assert.Contains(t, ran(t, "locales", "status", dir), "reviewed by Jan Nowak")

	// What was translated from an older source is stale still.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "active.en.toml"), []byte(strings.Replace(english, "Hello", "Good morning",
		1)), 0o600))
	old := strings.NewReplacer("#, fuzzy\n", "", "Dzień dobry", "Witaj").Replace(content)
	require.NoError(t, os.WriteFile(filepath.Join(out, "pl.po"), []byte(old), 0o600))
	ran(t, "locales", "import", filepath.Join(out, "pl.po"), "--dir", dir)
	assert.Contains(t, read(t, dir, "active.pl.toml"), "Witaj")
	assert.Contains(t, ran(t, "locales", "lint", dir), "W006")
}

// JSON folders stay what they are.
func TestImportIntoJSON(t *testing.T) {
	dir := localeDir(t, "active.en.json", `{"greeting": {"description": "At the start.", "other": "Hello {{.Name}}."},
		"items": {"one": "{{.Count}} item.", "other": "{{.Count}} items."}}`)
	_, err := importPO(t, dir, "pl.po", polishPO)
	require.NoError(t, err)
	var texts map[string]any
	require.NoError(t, json.Unmarshal([]byte(read(t, dir, "active.pl.json")), &texts))
	assert.Equal(t, map[string]any{"greeting": "Dzień dobry {{.Name}}.", "items": map[string]any{
		"one": "{{.Count}} element.", "few": "{{.Count}} elementy.", "many": "{{.Count}} elementów."}}, texts)
	ran(t, "locales", "lint", "--fix", dir)
	assert.Contains(t, read(t, dir, "active.pl.json"), `"other": "{{.Count}} elementów."`)
	ran(t, "locales", "new", "de", "--dir", dir)
}

// Several commands write in one directory at once: each language is whole, and the lock file has all of them.
func TestCommandsAtOnce(t *testing.T) {
	dir := localeDir(t, "active.en.toml", english)
	ran(t, "locales", "stamp", "--dir", dir)
	tags := []string{"cs", "da", "de", "es", "fi", "fr", "it", "nl"}
	var wait sync.WaitGroup
	for _, tag := range tags {
		path := filepath.Join(t.TempDir(), tag+".po")
		content := fmt.Sprintf("msgid \"\"\nmsgstr \"Language: %s\\n\"\n\n"+
			"msgctxt \"greeting\"\nmsgid \"Hello {{.Name}}.\"\nmsgstr \"%s {{.Name}}.\"\n", tag, tag)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		wait.Go(func() {
			_, err := run(t, "locales", "import", path, "--dir", dir)
			assert.NoError(t, err)
		})
		wait.Go(func() {
			_, err := run(t, "locales", "fmt", dir)
			assert.NoError(t, err)
		})
	}
	wait.Wait()
	lock := read(t, dir, "translations.lock")
	for _, tag := range tags {
		assert.Equal(t, "[greeting]\nother = \""+tag+" {{.Name}}.\"\n", read(t, dir, "active."+tag+".toml"))
		assert.Contains(t, lock, tag+" text greeting ")
	}
}
