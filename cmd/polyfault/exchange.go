package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/internal/localefile"
)

func exportCommand() *cobra.Command {
	var format, out, source string
	c := &cobra.Command{
		Use:   "export [dir]",
		Short: "Write the texts for translators' tools: gettext's PO, or go-i18n's JSON",
		Long: `Write the texts for translators' tools, one file a language, into the directory of --out:

  po      <tag>.po, as gettext has it: msgctxt is the id, msgid the source, with the plural forms of CLDR;
          descriptions are comments (#.), a text whose source has changed since is fuzzy, the header has the
          review state (X-Polyfault-Review)
  json    active.<tag>.json, as go-i18n has it, which polyfault loads, too; comments are left out

translations.lock comes with them. Bring the translations back by polyfault locales import.`,
		Example: `  polyfault locales export --format po --out translations
  polyfault locales export ./internal/locales --format json --out translations`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return exportTexts(cmd.OutOrStdout(), dirsOf(args)[0], out, format, source)
		},
	}
	formatFlag(c, &format, "po", "json")
	c.Flags().StringVar(&out, "out", "", "directory to write into, another one than that of the locale files")
	_ = c.MarkFlagRequired("out")
	sourceFlag(c, &source)
	return c
}

func exportTexts(w io.Writer, dir, out, format, source string) error {
	if sameFolder(dir, out) {
		return &wrongCall{fmt.Errorf("%s has the locale files: a language can have one file there; write into another directory", dir)}
	}
	languages, err := localetest.Read(os.DirFS(dir), localetest.Options{Source: source})
	if err != nil {
		return in(dir, err)
	}
	var changes []localetest.Change
	for _, lang := range languages {
		change := localetest.Change{File: "active." + lang.Tag + ".json", Content: lang.JSON()}
		if format == "po" {
			content, err := writePO(lang)
			if err != nil {
				return in(dir, err)
			}
			change = localetest.Change{File: lang.Tag + ".po", Content: []byte(content)}
		}
		changes = append(changes, change)
	}
	lock, err := os.ReadFile(filepath.Join(dir, localetest.LockFile))
	if err == nil {
		changes = append(changes, localetest.Change{File: localetest.LockFile, Content: lock})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return changeFiles(w, out, func(fs.FS) ([]localetest.Change, error) { return changes, nil })
}

func sameFolder(a, b string) bool {
	first, err := os.Stat(a)
	second, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(first, second)
}

// importable are the endings of files that import reads.
var importable = append([]string{"toml", "json"}, localefile.Importable...)

func importCommand() *cobra.Command {
	var dir, source string
	c := &cobra.Command{
		Use:   "import file|dir…",
		Short: "Take over texts from files of translators' tools: PO, JSON, YAML",
		Long: `Take over texts from files, or all such files of directories: PO as polyfault locales export writes it, and
go-i18n's JSON, YAML and TOML. The name ends with the language: pl.po, active.pt-BR.json, messages.zh_Hant.yaml.

Each text takes the place of the one there, form by form, in the file of its language, or makes
active.<tag>.toml. Nothing is taken away: empty and missing texts leave what there is, and so do obsolete
entries, entries that are fuzzy, and texts that the source does not have; the latter two are named. Comments
stay. translations.lock records which texts were translated from the source as it is now.

All files are taken over, or none. Order and check them afterwards: polyfault locales fmt, polyfault locales
lint, which by --fix restores plural forms that a tool has dropped.`,
		Example: `  polyfault locales import translations
  polyfault locales import pl.po pt_BR.po --dir ./internal/locales
  polyfault locales import locales/active.de.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return importTexts(cmd.OutOrStdout(), dir, source, args)
		},
	}
	c.Flags().StringVar(&dir, "dir", "locales", "directory of the locale files")
	sourceFlag(c, &source)
	return c
}

func importTexts(w io.Writer, dir, source string, args []string) error {
	paths, err := filesOf(dir, args)
	if err != nil {
		return err
	}
	var languages []localetest.Language
	for _, path := range paths {
		lang, err := readForeign(path)
		if err != nil {
			return in(path, err)
		}
		if i := slices.IndexFunc(languages, func(l localetest.Language) bool { return l.Tag == lang.Tag }); i >= 0 {
			return fmt.Errorf("%s and %s are both of language %s: import one, and then the other", paths[i], path, lang.Tag)
		}
		languages = append(languages, lang)
	}
	options := localetest.MergeOptions{Source: source}
	options.Lock, err = os.ReadFile(filepath.Join(filepath.Dir(paths[0]), localetest.LockFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var left []localetest.Left
	err = changeFiles(w, dir, func(files fs.FS) (changes []localetest.Change, err error) {
		changes, left, err = localetest.Merge(files, languages, options)
		return changes, err
	})
	if err != nil {
		return err
	}
	return tellImport(w, dir, paths, left)
}

// tellImport says what was left out, and which files polyfault does not load.
func tellImport(w io.Writer, dir string, paths []string, left []localetest.Left) error {
	var said strings.Builder
	for _, l := range left {
		fmt.Fprintf(&said, "left out: %s\n", l)
	}
	for _, path := range paths {
		if sameFolder(filepath.Dir(path), dir) {
			fmt.Fprintf(&said, "remove %s: its texts are in the locale files now\n", path)
		}
	}
	_, err := io.WriteString(w, said.String())
	return err
}

// filesOf are the files that are named, and those in the directories.
func filesOf(dir string, args []string) (paths []string, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			if localetestLoads(arg) && sameFolder(filepath.Dir(arg), dir) {
				return nil, fmt.Errorf("%s is one of the locale files already", arg)
			}
			paths = append(paths, arg)
			continue
		}
		found, err := filesIn(arg, sameFolder(arg, dir))
		if err != nil {
			return nil, err
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

// filesIn are the files of a directory that can be imported; of that of the locale files, those that are none.
func filesIn(dir string, own bool) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if _, err := languageOf(path); err == nil && !(own && localetestLoads(path)) && !strings.HasPrefix(entry.Name(), "translate.") {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s has no file to import; names are like pl.po or active.pt-BR.json, and end with .%s",
			dir, strings.Join(importable, ", ."))
	}
	return paths, nil
}

// localetestLoads reports whether the name is that of a locale file.
func localetestLoads(path string) bool {
	fault := localefile.NameOf(filepath.Base(path)).Fault
	return fault == localefile.Fine || fault == localefile.NotCanonical
}

// readForeign reads one file to import.
func readForeign(path string) (localetest.Language, error) {
	none := localetest.Language{}
	tag, err := languageOf(path)
	if err != nil {
		return none, err
	}
	base := filepath.Base(path)
	content, err := localefile.Read(os.DirFS(filepath.Dir(path)), base)
	if err != nil {
		return none, err
	}
	switch ext := extOf(path); ext {
	case "po":
		return readPO(tag, content)
	case "yaml", "yml":
		if content, err = yamlAsJSON(content); err != nil {
			return none, err
		}
		lang, err := localetest.Parse("x.json", tag, content)
		return lang, renamed(err, "x.json", base)
	default:
		lang, err := localetest.Parse(base, tag, content)
		return lang, err
	}
}

// renamed is the error with the name that the file has for people.
func renamed(err error, was, is string) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.Replace(err.Error(), was, is, 1))
}

func extOf(path string) string { return strings.ToLower(strings.TrimPrefix(filepath.Ext(path), ".")) }

// languageOf is the language in the name of a file to import: what stands before the ending, behind a dot or alone, as
// BCP 47 or as gettext writes it (pt_BR, sr@latin).
func languageOf(path string) (tag string, err error) {
	base := filepath.Base(path)
	ext := extOf(path)
	if !slices.Contains(importable, ext) {
		return "", fmt.Errorf("files to import end with .%s, not %q", strings.Join(importable, ", ."), filepath.Ext(path))
	}
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	written := stem[strings.LastIndexByte(stem, '.')+1:]
	if tag = canonicalTag(written); tag == "" {
		return "", fmt.Errorf("%q is not a known language; name the file by it, pl.%s or active.pt-BR.%s for example", written, ext, ext)
	}
	return tag, nil
}
