package localetest_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/localetest"
)

var update = flag.Bool("update", false, "write the findings into testdata, and new rules into codes.lock")

// The cases of testdata: locale files, and the findings in them, word by word. Each archive is named after
// the rule that it breaks.
func TestRules(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	broken := map[string]bool{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) {
			c := readCase(t, path)
			got := lintCase(t, c.files, c.options)
			want := c.want
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(c.before+wantMarker+got), 0o644))
			}
			assert.Equal(t, want, got)
			rule, _, _ := strings.Cut(name, "-")
			if strings.Contains(want, "(locales."+rule+")") {
				broken["locales."+rule] = true
			}
		})
	}
	broken["locales.E001"] = true // TestUnreadableFiles
	for _, e := range localetest.Rules().All() {
		assert.True(t, broken[e.Code.String()], "no case breaks %s (%s)", e.Code, e.Key)
	}
}

// A lintArchive is an archive in txtar's format: options, locale files, and last the findings.
type lintArchive struct {
	options string
	files   fstest.MapFS
	before  string // the archive without the findings
	want    string
}

const wantMarker = "-- want --\n"

func readCase(t testing.TB, path string) lintArchive {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	before, want, _ := strings.Cut(string(content), wantMarker)
	c := lintArchive{files: fstest.MapFS{}, before: before, want: want}
	var file *fstest.MapFile
	for line := range strings.Lines(before) {
		name, isFile := strings.CutPrefix(line, "-- ")
		name, marked := strings.CutSuffix(name, " --\n")
		switch {
		case isFile && marked:
			file = &fstest.MapFile{}
			c.files[name] = file
		case file == nil:
			c.options += line
		default:
			file.Data = append(file.Data, line...)
		}
	}
	return c
}

// lintCase reads the options of a case, "name: value" lines, and prints the findings.
func lintCase(t *testing.T, fsys fs.FS, comment string) string {
	t.Helper()
	var o localetest.Options
	level := checks.Warning
	for line := range strings.Lines(comment) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "required":
			o.Required = strings.Fields(value)
		case "level":
			level = checks.Info
		case "profile":
			o.Profile = map[string]localetest.Profile{"any": localetest.AnyTexts}[value]
		case "arguments":
			o.Arguments = map[string][]string{}
			for word := range strings.FieldsSeq(value) {
				id, names, _ := strings.Cut(word, "=")
				o.Arguments[id] = strings.Split(names, ",")
			}
		}
	}
	found, err := localetest.Lint(fsys, o)
	require.NoError(t, err)
	var b strings.Builder
	for _, m := range found {
		assert.NotEmpty(t, m.Hint)
		if m.Level >= level {
			b.WriteString(m.String() + "\n")
		}
	}
	return b.String()
}

// files makes a file system of names and contents.
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

func ids(found []checks.Message) (list []string) {
	for _, m := range found {
		list = append(list, fmt.Sprint(m.Object)+" "+m.ID)
	}
	return list
}

const english = "[a]\nother = \"A text.\"\n"

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	put("active.en.toml", english)
	put("active.de.toml", "[a]\nother = \""+strings.Repeat("x", 10<<20)+"\"\n")
	if err := os.Symlink(filepath.Join(dir, "active.fr.toml"), filepath.Join(dir, "active.fr.toml")); err != nil {
		t.Skip(err)
	}
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "active.it.toml")))
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "loop")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	require.NoError(t, os.Symlink(filepath.Join(dir, "sub"), filepath.Join(dir, "active.nl.toml")))
	require.NoError(t, makePipe(filepath.Join(dir, "active.sv.toml")))
	unreadable := []string{"active.de.toml", "active.fr.toml", "active.it.toml", "active.nl.toml", "active.sv.toml"}
	if os.Getuid() > 0 { // root may read everything, and Windows has no such users
		require.NoError(t, os.Chmod(put("active.pt.toml", english), 0))
		unreadable = append(unreadable, "active.pt.toml")
	}
	found, err := localetest.Lint(os.DirFS(dir), localetest.Options{})
	require.NoError(t, err)
	var got []string
	for _, m := range found {
		if m.ID == "locales.E001" {
			got = append(got, m.Object.(localetest.Place).File)
			assert.NotContains(t, m.Text, dir, "the finding names the file, not the machine")
		}
	}
	assert.ElementsMatch(t, unreadable, got)
	assert.Contains(t, fmt.Sprint(found), "has 10485775 bytes; 1048576 is the limit")
	if runtime.GOOS != "windows" {
		assert.Contains(t, fmt.Sprint(found), "too many levels of symbolic links")
	}
	assert.Contains(t, fmt.Sprint(found), "is no regular file")

	for _, change := range []func() error{
		func() error { _, err := localetest.Format(os.DirFS(dir), localetest.FormatOptions{}); return err },
		func() error { _, err := localetest.Fix(os.DirFS(dir), localetest.FormatOptions{}); return err },
		func() error { _, err := localetest.New(os.DirFS(dir), "da", localetest.NewOptions{}); return err },
		func() error { _, err := localetest.Stamp(os.DirFS(dir), localetest.StampOptions{}); return err },
		func() error { _, err := localetest.Status(os.DirFS(dir), localetest.Options{}); return err },
	} {
		assert.ErrorContains(t, change(), "active.de.toml", "nothing is made of half of the files")
	}
}

// forbidden is a file of a system that refuses to read it, as file permissions do for everybody but root.
type forbidden struct{ fstest.MapFS }

func (f forbidden) Open(name string) (fs.File, error) {
	if name == "active.de.toml" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

func (f forbidden) ReadFile(name string) ([]byte, error) {
	if name == "active.de.toml" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadFile(name)
}

func TestFilesWithoutPermission(t *testing.T) {
	found, err := localetest.Lint(forbidden{files("active.en.toml", english, "active.de.toml", english)}, localetest.Options{})
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, "active.de.toml: (locales.E001) cannot be read: permission denied\n"+
		"\tHINT: a locale file is a readable file of at most 1 MiB", found[0].String())
}

func TestFileSystemsWithoutLocales(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "missing")
	_, missing := os.Stat(nowhere)
	for name, c := range map[string]struct {
		fsys fs.FS
		want string
	}{
		"nil":         {nil, "is nil"},
		"empty":       {fstest.MapFS{}, "there is no locale file; files are named active.<tag>.toml"},
		"other files": {files("README.md", "# x"), "there is no locale file"},
		"missing":     {os.DirFS(nowhere), errors.Unwrap(missing).Error()},
		"no source": {files("active.de.toml", english, "active.fr.toml", english),
			"there is no active.en.toml, which the other files are compared with; add it, or choose another source language of de, fr"},
		"no source, one bad": {files("active.de.toml", english, "active.fr.toml", english, "x.toml", ""), "of de, fr"},
	} {
		_, err := localetest.Lint(c.fsys, localetest.Options{})
		assert.ErrorContains(t, err, c.want, name)
		_, err = localetest.Status(c.fsys, localetest.Options{})
		assert.ErrorContains(t, err, c.want, name)
	}
	found, err := localetest.Lint(files("active.fr.toml", "[a]\nother = \"Un texte.\"\n"), localetest.Options{})
	assert.NoError(t, err, "the only language is the source")
	assert.Empty(t, found)
	found, err = localetest.Lint(files("active.fr.toml", "[a]\nother = \"Un texte.\"\n", "active.en.toml", ""),
		localetest.Options{Source: "fr"})
	assert.NoError(t, err)
	assert.Equal(t, []string{"active.en.toml: a locales.W001"}, ids(found))
}

// A file over polyfault's own texts is compared with those.
func TestOverlays(t *testing.T) {
	found, err := localetest.Lint(files("active.en.toml", english,
		"active.de.toml", "[a]\nother = \"Ein Text.\"\n\n[gone]\nother = \"Weg\"\n\n[\"rule.min\"]\nother = \"{{.Field}} ist zu klein.\"\n"), localetest.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"active.de.toml:5: gone.other locales.W003", "active.de.toml:8: rule.min.other locales.E012"}, ids(found))
}

func TestOptions(t *testing.T) {
	fsys := files("active.en.toml", english, "active.de.toml", "[a]\nother = \"Ein \u2068Text\u2069\"\n")
	found, err := localetest.Lint(fsys, localetest.Options{AllowIsolates: true, Silenced: []string{"locales.W003"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"active.de.toml locales.I003"}, ids(found))
	found, err = localetest.Lint(fsys, localetest.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"active.de.toml locales.I003", "active.de.toml:2: a.other locales.E017",
		"active.de.toml:2: a.other locales.W003"}, ids(found))
}

// Every line of the table in the documentation is a rule, and the lock file has all of them.
func TestRulesAreLockedAndDocumented(t *testing.T) {
	checks.TestCodes(t, "codes.lock", checks.CodeOptions{Update: *update, Registry: localetest.Rules()})
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	all := localetest.Rules().All()
	assert.Equal(t, len(all), bytes.Count(doc, []byte("\n//\tlocales.")))
	for _, e := range all {
		assert.Regexp(t, fmt.Sprintf(`\n//\t%s  %s +\w`, e.Code, e.Key), string(doc))
	}
	assert.ErrorIs(t, localetest.Rules().Register("new", "locales", checks.Error), checks.ErrSealed)
}

// Whatever passes without an error, the loader takes: a random walk through broken files.
func FuzzLint(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(f, err)
	for _, path := range paths {
		for name, file := range readCase(f, path).files {
			if strings.HasSuffix(name, ".toml") {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		fsys := files("active.en.toml", "[greeting]\nother = \"Hello {{.Name}}.\"\n", "active.de.toml", string(content))
		found, err := localetest.Lint(fsys, localetest.Options{})
		require.NoError(t, err)
		for _, m := range found {
			at := m.Object.(localetest.Place)
			assert.LessOrEqual(t, at.Line, 1+bytes.Count(fsys[max(at.File, "active.de.toml")].Data, []byte("\n")))
		}
		changes, err := localetest.Format(fsys, localetest.FormatOptions{})
		if err != nil {
			return
		}
		for _, c := range changes {
			fsys[c.File] = &fstest.MapFile{Data: c.Content}
		}
		again, err := localetest.Format(fsys, localetest.FormatOptions{})
		require.NoError(t, err)
		assert.Empty(t, again, "formatting twice changes nothing more")
	})
}

// A rule that only the loader knows: there can be 256 languages.
func TestTheLoaderHasTheLastWord(t *testing.T) {
	fsys := files("active.en.toml", english)
	for _, base := range []string{"en", "es"} {
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				tag, err := language.Parse(base + "-" + string(a) + string(b))
				if err == nil && tag.String() == base+"-"+string(a)+string(b) && len(fsys) < 260 {
					fsys["active."+tag.String()+".toml"] = &fstest.MapFile{Data: []byte("[a]\nother = \"Una cosa.\"\n")}
				}
			}
		}
	}
	require.Greater(t, len(fsys), 256)
	found, err := localetest.Lint(fsys, localetest.Options{})
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Text, "polyfault does not load the files: ")
	assert.Contains(t, found[0].Text, "256 is the limit")
}
