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
	"testing/fstest"

	"github.com/spf13/cobra"

	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/internal/atomicfile"
)

func localesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "locales",
		Short: "Begin, check, order and record translations",
		Long: `Begin, check, order and record translations: the files active.<tag>.toml of a directory, and
translations.lock beside them. A language takes four commands:

  polyfault locales new nn          begins active.nn.toml, or completes it
  (translate)
  polyfault locales lint            names what is wrong, with file, line and hint
  polyfault locales fmt             orders the file
  polyfault locales stamp nn        records what it was translated from

polyfault locales export and import exchange the texts with tools for translators.

Files are replaced as a whole or not at all, all of a directory or none, and a file that cannot be read as a
whole is left alone. Of two commands that write in a directory, one waits for the other.`,
	}
	c.AddCommand(newLocaleCommand(), lintCommand(), statusCommand(), fmtCommand(), stampCommand())
	c.AddCommand(exportCommand(), importCommand())
	return c
}

// dirsOf are the directories that a command is about; locales when none is named.
func dirsOf(args []string) []string {
	if len(args) == 0 {
		return []string{"locales"}
	}
	return args
}

func newLocaleCommand() *cobra.Command {
	var dir, source string
	c := &cobra.Command{
		Use:   "new tag",
		Short: "Begin the file of a language, or add what it lacks",
		Long: `Begin the file of a language, or add what it lacks: every text of the source with its description and
its source text as comments (#.), and with the plural forms that the language has. Fill in what stands
between the quotation marks; the comments of a text go with polyfault locales fmt once it is translated.

polyfault does not load empty texts: polyfault locales fmt --prune leaves them out, and this command brings
them back.

Where there is no file yet, or no directory, it is made, with a file for the source language, too: write your
texts there, and give the command again.`,
		Example: `  polyfault locales new nn
  polyfault locales new pt-BR --dir ./internal/locales --source en`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeFiles(cmd.OutOrStdout(), dir, func(files fs.FS) ([]localetest.Change, error) {
				return newLanguage(files, args[0], source)
			})
		},
	}
	c.Flags().StringVar(&dir, "dir", "locales", "directory of the locale files")
	sourceFlag(c, &source)
	return c
}

// newLanguage begins or completes the file of a language, and begins that of the source where there is no file.
func newLanguage(files fs.FS, tag, source string) ([]localetest.Change, error) {
	change, err := localetest.New(files, tag, localetest.NewOptions{Source: source})
	if !errors.Is(err, localetest.ErrNoFiles) {
		return []localetest.Change{change}, err
	}
	if source == "" {
		source = "en"
	}
	first, err := localetest.NewSource(source)
	if err != nil || tag == source {
		return []localetest.Change{first}, err
	}
	begun := fstest.MapFS{first.File: &fstest.MapFile{Data: first.Content}}
	change, err = localetest.New(begun, tag, localetest.NewOptions{Source: source})
	return []localetest.Change{first, change}, err
}

// changeThere is changeFiles for a directory that has to be there.
func changeThere(w io.Writer, dir string, change func(fs.FS) ([]localetest.Change, error)) error {
	if _, err := os.Stat(dir); err != nil {
		return in(dir, err)
	}
	return changeFiles(w, dir, change)
}

// changeFiles puts in place what change makes of the files of a directory, and names them. Nobody else writes there in
// between. A directory that does not exist is made when there is something to write.
func changeFiles(w io.Writer, dir string, change func(fs.FS) ([]localetest.Change, error)) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		changes, err := change(fstest.MapFS{})
		if err != nil {
			return in(dir, err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil || len(changes) == 0 {
			return err
		}
	}
	unlock, err := atomicfile.Lock(filepath.Join(dir, localetest.LockFile))
	if err != nil {
		return err
	}
	defer unlock()
	changes, err := change(os.DirFS(dir))
	if err != nil {
		return in(dir, err)
	}
	return writeChanges(w, dir, changes)
}

func sourceFlag(c *cobra.Command, source *string) {
	c.Flags().StringVar(source, "source", "", "language that the others are translated from (default en, or the only one)")
}

// profileFlag is --profile, by the words that profiles has.
func profileFlag(c *cobra.Command, profile *localetest.Profile) {
	c.Flags().Var(profileValue{profile}, "profile",
		"what the texts are for: errors, or any (mails, chats, pages: markup, line breaks, spaces, emoji are as the source has them)")
	_ = c.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(profiles, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// profiles are the words for the values of [localetest.Profile].
var profiles = []string{localetest.ErrorTexts: "errors", localetest.AnyTexts: "any"}

// profileValue is the value of --profile.
type profileValue struct{ profile *localetest.Profile }

func (v profileValue) String() string {
	if v.profile == nil {
		return profiles[localetest.ErrorTexts]
	}
	return profiles[*v.profile]
}

func (v profileValue) Type() string { return "word" }

func (v profileValue) Set(word string) error {
	i := slices.Index(profiles, word)
	if i < 0 {
		return fmt.Errorf("use %s", strings.Join(profiles, " or "))
	}
	*v.profile = localetest.Profile(i)
	return nil
}

// in names the directory: the errors of localetest do not know it.
func in(dir string, err error) error {
	return fmt.Errorf("%s: %w", dir, err)
}

func lintCommand() *cobra.Command {
	var run lintRun
	c := &cobra.Command{
		Use:   "lint [dir…]",
		Short: "Name everything that is wrong with locale files",
		Long: `Name everything that is wrong with locale files: encoding, syntax, ids, placeholders, plural forms, spaces,
characters, scripts, punctuation, markup, titles, texts left in English, texts whose source has changed. The
rules stand in the documentation of the package core/localetest.

The exit code is 1 when there are errors, or findings of --fail-level. What is right as it is, for a text or
a pattern of ids: polyfault locales stamp --allow. In a folder of more than errors, mails or a chat bot for
example: --profile any.

--fix repairs first what is mechanical: encoding, spaces, normal form, invisible characters and stand-ins for
letters, layout; plural forms that the language does not have go, and those come back that others tell.`,
		Example: `  polyfault locales lint
  polyfault locales lint ./locales ./admin/locales --require de,fr --fail-level warning
  polyfault locales lint --fix
  polyfault locales lint --format sarif > locales.sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return run.lint(cmd, dirsOf(args))
		},
	}
	flags := c.Flags()
	formatFlag(c, &run.format, "text", "json", "github", "sarif")
	sourceFlag(c, &run.options.Source)
	flags.StringSliceVar(&run.options.Required, "require", nil, "languages in which a missing text is an error")
	flags.StringSliceVar(&run.options.Silenced, "silence", nil, "ids of findings to leave out (locales.W003)")
	flags.BoolVar(&run.options.AllowIsolates, "allow-isolates", false, "let texts have the characters U+2066 to U+2069")
	profileFlag(c, &run.options.Profile)
	flags.StringVar(&run.failLevel, "fail-level", "error", "findings of this level or above fail: info, warning, error")
	flags.StringVar(&run.level, "level", "warning", "findings below this level are only counted: info, warning, error")
	flags.BoolVar(&run.fix, "fix", false, "repair first what is mechanical")
	return c
}

// A lintRun is one call of polyfault locales lint.
type lintRun struct {
	options          localetest.Options
	format           string
	level, failLevel string
	fix              bool
}

func (r *lintRun) lint(cmd *cobra.Command, dirs []string) error {
	shown, err := parseLevel(r.level)
	if err != nil {
		return err
	}
	fail, err := parseLevel(r.failLevel)
	if err != nil {
		return err
	}
	var found []located
	for i, dir := range dirs {
		progress(cmd.ErrOrStderr(), "checking %s (%d of %d) …", dir, i+1, len(dirs))
		if r.fix {
			if err := r.repair(cmd.ErrOrStderr(), dir); err != nil {
				return err
			}
		}
		messages, err := localetest.Lint(os.DirFS(dir), r.options)
		if err != nil {
			return in(dir, err)
		}
		for _, m := range messages {
			found = append(found, locate(dir, m))
		}
	}
	progress(cmd.ErrOrStderr(), "")
	if err := printFindings(cmd.OutOrStdout(), r.format, found, shown); err != nil {
		return err
	}
	for _, f := range found {
		if f.Serious(fail) {
			return errFound
		}
	}
	return nil
}

func (r *lintRun) repair(log io.Writer, dir string) error {
	return changeThere(log, dir, func(files fs.FS) ([]localetest.Change, error) {
		return localetest.Fix(files, localetest.FormatOptions{Source: r.options.Source, Profile: r.options.Profile})
	})
}

func fmtCommand() *cobra.Command {
	var o localetest.FormatOptions
	var check bool
	c := &cobra.Command{
		Use:   "fmt [dir…]",
		Short: "Write locale files in the usual order and layout",
		Long: `Write locale files in the usual order and layout: one table a text, in the order of the source language,
one line a form. Comments stay. Doing it twice changes nothing more. A file that does not parse is left alone.`,
		Example: `  polyfault locales fmt
  polyfault locales fmt --check ./locales`,
		RunE: func(cmd *cobra.Command, args []string) error {
			outdated := false
			for _, dir := range dirsOf(args) {
				if !check {
					format := func(files fs.FS) ([]localetest.Change, error) { return localetest.Format(files, o) }
					if err := changeThere(cmd.OutOrStdout(), dir, format); err != nil {
						return err
					}
					continue
				}
				changes, err := localetest.Format(os.DirFS(dir), o)
				if err != nil {
					return in(dir, err)
				}
				outdated = outdated || len(changes) > 0
				for _, c := range changes {
					fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(dir, filepath.FromSlash(c.File)))
				}
			}
			if outdated {
				return errFound
			}
			return nil
		},
	}
	c.Flags().BoolVar(&check, "check", false, "write nothing; name the files that would change, and exit with 1 when there are any")
	c.Flags().BoolVar(&o.Prune, "prune", false, "leave out texts that are not translated yet")
	sourceFlag(c, &o.Source)
	return c
}

// writeChanges puts files in place, all or none, and names them.
func writeChanges(w io.Writer, dir string, changes []localetest.Change) error {
	var files []atomicfile.File
	var said strings.Builder
	for _, c := range changes {
		path := filepath.Join(dir, filepath.FromSlash(c.File))
		if string(c.Before) == string(c.Content) && c.Before != nil {
			fmt.Fprintf(&said, "%s has everything\n", path)
			continue
		}
		files = append(files, atomicfile.File{Path: path, Content: string(c.Content)})
		fmt.Fprintf(&said, "wrote %s\n", path)
	}
	if err := atomicfile.ReplaceAll(files); err != nil {
		return err
	}
	_, err := io.WriteString(w, said.String())
	return err
}

func stampCommand() *cobra.Command {
	var dir string
	var o localetest.StampOptions
	c := &cobra.Command{
		Use:   "stamp [tag…]",
		Short: "Record what translations were made from, who has reviewed them, and which warnings are right",
		Long: `Record in translations.lock that the translations there are were made from the source as it is: lint then
tells which of them the source has left behind. Look at a stale text before you stamp it. Without a tag all
languages are stamped.

--allow records findings that are right as they are: warnings, and of the errors white-space, script, markup
and title. --id takes texts, and patterns of them (mail.*); the tag may be that of the source, or "*" for all
languages. An allowance of nothing goes with the next stamp.`,
		Example: `  polyfault locales stamp nn
  polyfault locales stamp de --id order.not_found
  polyfault locales stamp de --review "reviewed by Anna Schmidt"
  polyfault locales stamp de --allow untranslated --id page.status
  polyfault locales stamp '*' --allow markup,white-space --id 'mail.*'`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return tagsIn(dir), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Languages = args
			return changeThere(cmd.OutOrStdout(), dir, func(files fs.FS) ([]localetest.Change, error) {
				before, err := fs.ReadFile(files, localetest.LockFile)
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					return nil, err
				}
				content, err := localetest.Stamp(files, o)
				return []localetest.Change{{File: localetest.LockFile, Before: before, Content: content}}, err
			})
		},
	}
	c.Flags().StringVar(&dir, "dir", "locales", "directory of the locale files")
	c.Flags().StringSliceVar(&o.IDs, "id", nil, "stamp these texts only, or those that a pattern fits")
	c.Flags().StringVar(&o.Review, "review", "", `review state: machine, or "reviewed by " and a name`)
	c.Flags().StringSliceVar(&o.Allow, "allow", nil, "findings that are right as they are, by rule (untranslated, locales.W002)")
	sourceFlag(c, &o.Source)
	return c
}

// tagsIn are the languages of a directory, for shell completion.
func tagsIn(dir string) (tags []string) {
	names, _ := filepath.Glob(filepath.Join(dir, "active.*.toml"))
	for _, name := range names {
		tags = append(tags, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "active."), ".toml"))
	}
	return tags
}
