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
		Long: `Write the texts for translators' tools into the directory of --out, one file for each language:

  po      <tag>.po for gettext's tools: msgctxt is the id, msgid the source, with the plural forms of CLDR.
          Descriptions are comments (#.). A text whose source has changed is fuzzy. The header has the review
          state (X-Polyfault-Review).
  json    active.<tag>.json for go-i18n's tools, without comments. polyfault loads it, too.

translations.lock is written beside them. Bring the translations back with polyfault locales import.`,
		Example: `  polyfault locales export --format po --out translations
  polyfault locales export ./internal/locales --format json --out translations`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return exportTexts(cmd.OutOrStdout(), dirsOf(args)[0], out, format, source)
		},
	}
	formatFlag(c, &format, "po", "json")
	c.Flags().StringVar(&out, "out", "", "directory to write into; not the one of the locale files")
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

// importable are the file extensions that import reads.
var importable = append([]string{"toml", "json"}, localefile.Importable...)

func importCommand() *cobra.Command {
	var dir, source string
	c := &cobra.Command{
		Use:   "import file|dir…",
		Short: "Import texts from files of translators' tools: PO, JSON, YAML",
		Long: `Import texts from files, or from all such files in directories: PO as written by polyfault locales export, and
go-i18n's JSON, YAML and TOML. The file name ends with the language: pl.po, active.pt-BR.json,
messages.zh_Hant.yaml.

Each text replaces the present one in the file of its language, form by form. If there is no file, the command
creates active.<tag>.toml. Import removes nothing: it ignores empty and missing texts, obsolete and fuzzy
entries, and texts that the source lacks, and lists the latter two. Comments stay. translations.lock records
which texts were translated from the present source.

All files are imported, or none. Afterwards run polyfault locales fmt and polyfault locales lint; lint --fix
restores plural forms that a tool has dropped.`,
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

// tellImport prints the texts that were left out, and the files that polyfault does not load.
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

// filesOf returns the named files, and those in the named directories.
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

// filesIn returns the files of a directory that can be imported. In the directory of the locale files, it skips these.
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

// renamed returns the error with the file name that the user knows.
func renamed(err error, was, is string) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.Replace(err.Error(), was, is, 1))
}

func extOf(path string) string { return strings.ToLower(strings.TrimPrefix(filepath.Ext(path), ".")) }

// languageOf returns the language in the name of a file to import: the part before the extension, after a dot or alone. It
// has the form of BCP 47 or of gettext (pt_BR, sr@latin).
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
