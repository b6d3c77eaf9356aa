package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/localetest"
)

// localeDir makes a directory of locale files.
func localeDir(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, pairs[i]), []byte(pairs[i+1]), 0o640))
	}
	return dir
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(content)
}

const (
	english = "[greeting]\ndescription = \"At the start.\"\nother = \"Hello {{.Name}}.\"\n\n" +
		"[items]\none = \"{{.Count}} item.\"\nother = \"{{.Count}} items.\"\n"
	polish = "[greeting]\nother = \"Dzień dobry {{.Name}}.\"\n\n" +
		"[items]\none = \"{{.Count}} element.\"\nfew = \"{{.Count}} elementy.\"\n" +
		"many = \"{{.Count}} elementów.\"\nother = \"{{.Count}} elementu.\"\n"
)

// A language in four commands.
func TestContributing(t *testing.T) {
	dir := localeDir(t, "active.en.toml", english)
	assert.Equal(t, "wrote "+filepath.Join(dir, "active.pl.toml")+"\n", ran(t, "locales", "new", "pl", "--dir", dir))
	out, err := run(t, "locales", "lint", dir)
	assert.ErrorIs(t, err, errFound)
	assert.Contains(t, out, "active.pl.toml:5: greeting: (locales.E008) the text is empty")
	assert.Contains(t, out, "errors: 2, warnings: 0, notes: 0\n")

	path := filepath.Join(dir, "active.pl.toml")
	translated := strings.NewReplacer(
		`other = ""`+"\n\n#. Source (one)", `other = "Dzień dobry {{.Name}}."`+"\n\n#. Source (one)",
		`one = ""`, `one = "{{.Count}} element."`, `few = ""`, `few = "{{.Count}} elementy."`,
		`many = ""`, `many = "{{.Count}} elementów."`).Replace(read(t, path))
	translated = strings.Replace(translated, `other = ""`, `other = "{{.Count}} elementu."`, 1)
	require.NoError(t, os.WriteFile(path, []byte(translated), 0o640))
	assert.Equal(t, "wrote "+path+"\n", ran(t, "locales", "fmt", dir))
	assert.Equal(t, "# pl. Source of all texts: active.en.toml.\n\n"+polish, read(t, path))
	assert.Empty(t, ran(t, "locales", "fmt", dir), "twice changes nothing more")
	assert.Equal(t, path+" has everything\n", ran(t, "locales", "new", "pl", "--dir", dir))
	assert.Equal(t, "wrote "+filepath.Join(dir, "translations.lock")+"\n", ran(t, "locales", "stamp", "pl", "--dir", dir))
	assert.Equal(t, "errors: 0, warnings: 0, notes: 0\n", ran(t, "locales", "lint", dir))
	assert.Equal(t, filepath.Join(dir, "translations.lock")+" has everything\n", ran(t, "locales", "stamp", "--dir", dir))
	assert.Regexp(t, `(?m)^pl +Polish +2/2 +100 % +0 +0 +0 +machine$`, ran(t, "locales", "status", dir))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "active.en.toml"), []byte(strings.Replace(english, "Hello", "Good day", 1)), 0o640))
	out = ran(t, "locales", "lint", dir)
	assert.Contains(t, out, "greeting: (locales.W006) the source has changed")
	_, err = run(t, "locales", "lint", dir, "--fail-level", "warning")
	assert.ErrorIs(t, err, errFound)
	ran(t, "locales", "stamp", "pl", "--id", "greeting", "--review", "reviewed by Jan Nowak", "--dir", dir)
	assert.Equal(t, "errors: 0, warnings: 0, notes: 0\n", ran(t, "locales", "lint", dir))
	assert.Contains(t, ran(t, "locales", "status", dir), "reviewed by Jan Nowak")
}

func TestLintFormats(t *testing.T) {
	wrong := strings.NewReplacer("{{.Name}}", "100 %, {{.Nazwa}}", "elementy.", "elementy").Replace(polish)
	dir := localeDir(t, "active.en.toml", english, "active.pl.toml", wrong, "x.toml", "")
	lint := func(format string) string {
		t.Helper()
		out, err := run(t, "locales", "lint", dir, "--format", format)
		assert.ErrorIs(t, err, errFound)
		return out
	}
	slashed := filepath.ToSlash(dir)

	var findings []jsonFinding
	require.NoError(t, json.Unmarshal([]byte(lint("json")), &findings))
	require.Len(t, findings, 4)
	assert.Equal(t, jsonFinding{File: slashed + "/active.pl.toml", Line: 2, Text: "greeting", Form: "other",
		Rule: "locales.E011", Key: "placeholder-unknown", Level: "error",
		Message: "the text has no value for the placeholder {{.Nazwa}}", Hint: "use {{.Name}}"}, findings[0])
	assert.Equal(t, "warning", findings[2].Level)
	assert.Equal(t, jsonFinding{File: slashed + "/x.toml", Rule: "locales.E002", Key: "file-name", Level: "error",
		Message: "the name is not that of a locale file", Hint: "name it active.<tag>.toml, active.pt-BR.toml for example"}, findings[3])

	lines := strings.Split(strings.TrimSpace(lint("github")), "\n")
	require.Len(t, lines, 4)
	assert.Equal(t, "::error file="+slashed+"/active.pl.toml,line=2,title=locales.E011 placeholder-unknown::"+
		"greeting.other: the text has no value for the placeholder {{.Nazwa}}. use {{.Name}}", lines[0])
	assert.True(t, strings.HasPrefix(lines[2], "::warning file="), lines[2])
	assert.True(t, strings.HasPrefix(lines[3], "::error file="+slashed+"/x.toml,title="), lines[3])

	var sarif struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID    string `json:"ruleId"`
				Level     string
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           *struct{ StartLine int }
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(lint("sarif")), &sarif))
	assert.Equal(t, "2.1.0", sarif.Version)
	assert.Len(t, sarif.Runs[0].Tool.Driver.Rules, len(localetest.Rules().All()))
	require.Len(t, sarif.Runs[0].Results, 4)
	assert.Equal(t, "locales.E011", sarif.Runs[0].Results[0].RuleID)
	assert.Equal(t, slashed+"/active.pl.toml", sarif.Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI)
	assert.Equal(t, 2, sarif.Runs[0].Results[0].Locations[0].PhysicalLocation.Region.StartLine)
	assert.Nil(t, sarif.Runs[0].Results[3].Locations[0].PhysicalLocation.Region)

	fine := localeDir(t, "active.en.toml", english)
	assert.Equal(t, "[]\n", ran(t, "locales", "lint", fine, "--format", "json"))
	assert.Contains(t, ran(t, "locales", "lint", fine, "--format", "sarif"), `"results": []`)
	assert.Empty(t, ran(t, "locales", "lint", fine, "--format", "github"))
}

func TestLintOptions(t *testing.T) {
	first := localeDir(t, "active.en.toml", english, "active.pl.toml", "[greeting]\nother = \"Dzień dobry {{.Name}}.\"\n")
	second := localeDir(t, "active.fr.toml", "[a]\nother = \"  Texte.\"\n")
	out, err := run(t, "locales", "lint", first, second)
	assert.ErrorIs(t, err, errFound)
	assert.Contains(t, out, filepath.Join(first, "active.pl.toml")+": items: (locales.W001)")
	assert.Contains(t, out, filepath.Join(second, "active.fr.toml")+":2: a.other: (locales.E016)")
	ran(t, "locales", "lint", first)
	_, err = run(t, "locales", "lint", first, "--require", "pl")
	assert.ErrorIs(t, err, errFound)
	assert.Equal(t, "errors: 0, warnings: 0, notes: 0\n", ran(t, "locales", "lint", first, "--silence", "locales.W001"))
	assert.Equal(t, "errors: 0, warnings: 1, notes: 0\n", ran(t, "locales", "lint", first, "--level", "error"))

	out = ran(t, "locales", "lint", "--fix", second)
	assert.Contains(t, out, "wrote "+filepath.Join(second, "active.fr.toml"))
	assert.Equal(t, "[a]\nother = \"Texte.\"\n", read(t, second, "active.fr.toml"))

	nowhere := filepath.Join(first, "missing")
	_, missing := os.Stat(nowhere)
	for _, c := range [][]string{
		{"does not exist", errors.Unwrap(missing).Error(), nowhere},
		{"without files", "there is no locale file", t.TempDir()},
		{"level", "the level is unknown", first, "--level", "loud"},
		{"fail level", "the level is unknown", first, "--fail-level", "loud"},
		{"format", "use text or json or github or sarif", first, "--format", "xml"},
		{"source", "choose another source language of en, pl", first, "--source", "de"},
	} {
		_, err := run(t, append([]string{"locales", "lint"}, c[2:]...)...)
		assert.ErrorContains(t, err, c[1], c[0])
	}
}

// A file is replaced as a whole, with its permissions and through its link, or stays as it was.
func TestFilesAreReplacedAsAWhole(t *testing.T) {
	dir := localeDir(t, "active.en.toml", english)
	elsewhere := localeDir(t, "german.toml",
		"[items]\none = \"{{.Count}} Ding.\"\nother = \"{{.Count}} Dinge.\"\n[greeting]\nother = \"Tag {{.Name}}.\"\n")
	link := filepath.Join(dir, "active.de.toml")
	if err := os.Symlink(filepath.Join(elsewhere, "german.toml"), link); err != nil {
		t.Skip(err)
	}
	assert.Equal(t, link+"\n", func() string {
		out, err := run(t, "locales", "fmt", "--check", dir)
		assert.ErrorIs(t, err, errFound)
		return out
	}(), "--check names the file")
	assert.True(t, strings.HasPrefix(read(t, link), "[items]"), "and writes nothing")
	ran(t, "locales", "fmt", dir)
	assert.True(t, strings.HasPrefix(read(t, elsewhere, "german.toml"), "[greeting]"))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link is still one")
	info, err = os.Stat(link)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	}
	ran(t, "locales", "fmt", "--check", dir)

	broken := "[greeting]\nother = \"x\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "active.fr.toml"), []byte(broken), 0o640))
	for _, args := range [][]string{{"fmt", dir}, {"lint", "--fix", dir}, {"stamp", "--dir", dir},
		{"new", "it", "--dir", dir}, {"status", dir}} {
		_, err := run(t, append([]string{"locales"}, args...)...)
		assert.ErrorContains(t, err, "active.fr.toml:2", args[0])
	}
	assert.Equal(t, broken, read(t, dir, "active.fr.toml"))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "no temporary file is left")
}

func TestStatusFormats(t *testing.T) {
	dir := localeDir(t, "active.en.toml", english, "active.pl.toml", polish, "README.md",
		"# Files\n\n<!-- status -->\nold\n<!-- /status -->\n\nEnd.\n")
	var list []localetest.LanguageStatus
	require.NoError(t, json.Unmarshal([]byte(ran(t, "locales", "status", dir, "--format", "json")), &list))
	assert.Equal(t, []string{"en", "pl"}, []string{list[0].Tag, list[1].Tag})
	table := ran(t, "locales", "status", dir, "--format", "markdown")
	assert.Contains(t, table, "| `pl` | Polish | polski | 2 of 2 | 100 % | 0 | not recorded |\n")

	readme := filepath.Join(dir, "README.md")
	_, err := run(t, "locales", "status", dir, "--readme", readme, "--check")
	assert.ErrorIs(t, err, errFound)
	ran(t, "locales", "status", dir, "--readme", readme)
	assert.Equal(t, "# Files\n\n<!-- status -->\n"+table+"<!-- /status -->\n\nEnd.\n", read(t, readme))
	ran(t, "locales", "status", dir, "--readme", readme, "--check")
	_, err = run(t, "locales", "status", dir, "--readme", filepath.Join(dir, "active.en.toml"))
	assert.ErrorContains(t, err, "has no place for the table")
	_, err = run(t, "locales", "status", dir, "--readme", filepath.Join(dir, "missing"))
	assert.Error(t, err)
}

// The table in locales/README.md is what the files are.
func TestLocaleStatusIsFresh(t *testing.T) {
	dir := filepath.Join("..", "..", "locales")
	args := []string{"locales", "status", dir, "--readme", filepath.Join(dir, "README.md")}
	if !*update {
		args = append(args, "--check")
	}
	out, err := run(t, args...)
	assert.NoError(t, err, "%s: go test ./cmd/polyfault -run TestLocaleStatusIsFresh -update", out)
}

// Colours are for terminals, and not for those who do not want them.
func TestColours(t *testing.T) {
	assert.Nil(t, colours(&bytes.Buffer{}))
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	assert.Nil(t, colours(file))
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this machine has no terminals")
	}
	defer terminal.Close()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	assert.NotEmpty(t, colours(terminal)[checks.Error])
	t.Setenv("TERM", "dumb")
	assert.Nil(t, colours(terminal))
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	assert.Nil(t, colours(terminal))
}

func TestCompletion(t *testing.T) {
	dir := localeDir(t, "active.en.toml", english, "active.pl.toml", polish)
	assert.Contains(t, ran(t, "__complete", "locales", "stamp", "--dir", dir, ""), "pl\n")
	assert.Contains(t, ran(t, "completion", "bash"), "polyfault")
	assert.Regexp(t, `(?s)new.*lint.*`, ran(t, "locales", "--help"))
	assert.Contains(t, ran(t, "__complete", "locales", "lint", "--format", ""), "github\n")
}

// The first file of a folder, and the folder.
func TestNewMakesWhatIsNeeded(t *testing.T) {
	for _, prepare := range []func(string) error{
		func(string) error { return nil },
		func(dir string) error { return os.MkdirAll(dir, 0o700) },
		func(dir string) error {
			return errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "README.md"), []byte("# x"), 0o600))
		},
	} {
		for tag, files := range map[string][]string{"pl": {"active.en.toml", "active.pl.toml"}, "en": {"active.en.toml"}} {
			dir := filepath.Join(t.TempDir(), "a", "locales")
			require.NoError(t, prepare(dir))
			out := ran(t, "locales", "new", tag, "--dir", dir)
			for _, name := range files {
				assert.Contains(t, out, "wrote "+filepath.Join(dir, name)+"\n")
			}
			assert.Len(t, contents(t, dir), len(files))
			assert.Equal(t, "errors: 0, warnings: 0, notes: 0\n", ran(t, "locales", "lint", dir))
			_, err := responder(dir, nil)
			assert.NoError(t, err)
			head := read(t, dir, "active.en.toml")
			assert.True(t, strings.HasPrefix(head, "# en: the source of all texts."))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "active.en.toml"), []byte(head+"\n"+english), 0o600))
			ran(t, "locales", "fmt", "--check", dir)
			ran(t, "locales", "new", "de", "--dir", dir)
			assert.Contains(t, read(t, dir, "active.de.toml"), "#. Source: Hello {{.Name}}.\n[greeting]\n")
		}
	}
	dir := filepath.Join(t.TempDir(), "x")
	ran(t, "locales", "new", "pl", "--source", "de", "--dir", dir)
	assert.FileExists(t, filepath.Join(dir, "active.de.toml"))
	nowhere := filepath.Join(dir, "y")
	for _, args := range [][]string{{"english"}, {"pl", "--source", "xx"}} {
		_, err := run(t, append([]string{"locales", "new", "--dir", nowhere}, args...)...)
		assert.Error(t, err)
		assert.NoDirExists(t, nowhere)
	}
}

// Stances are allowed by pattern, in a language or all, and --fix leaves them alone.
func TestStampAllowsStances(t *testing.T) {
	mails := english + "\n[\"mail.hello\"]\nother = \" <b>Hello</b>\\nsee https://example.org \"\n"
	dir := localeDir(t, "active.en.toml", mails)
	_, err := run(t, "locales", "lint", dir)
	assert.ErrorIs(t, err, errFound)
	assert.Equal(t, "errors: 0, warnings: 0, notes: 0\n", ran(t, "locales", "lint", dir, "--profile", "any"))
	assert.Equal(t, "errors: 0, warnings: 0, notes: 0\n", ran(t, "locales", "lint", dir, "--profile", "any", "--fix"))
	assert.Equal(t, mails, read(t, dir, "active.en.toml"))
	ran(t, "locales", "stamp", "*", "--allow", "markup", "--id", "mail.*", "--dir", dir)
	ran(t, "locales", "stamp", "en", "--allow", "white-space", "--id", "mail.*", "--dir", dir)
	assert.Contains(t, read(t, dir, "translations.lock"), "\n* allow locales.E019 mail.*\nen allow locales.E016 mail.*\n")
	assert.Equal(t, "errors: 0, warnings: 0, notes: 0\n", ran(t, "locales", "lint", dir, "--fix"))
	assert.Equal(t, mails, read(t, dir, "active.en.toml"))
	for want, args := range map[string][]string{
		"has no text like":                      {"--allow", "markup", "--id", "letter.*"},
		"is no pattern":                         {"--allow", "markup", "--id", "mail.[*"},
		"it cannot be allowed":                  {"--allow", "character", "--id", "mail.*"},
		"there is no translation active.*.toml": {"*"},
	} {
		_, err := run(t, append([]string{"locales", "stamp", "--dir", dir}, args...)...)
		assert.ErrorContains(t, err, want)
	}
}
