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
  polyfault locales lint            lists mistakes, with file, line and hint
  polyfault locales fmt             orders the file
  polyfault locales stamp nn        records what it was translated from

polyfault locales export and import exchange the texts with tools for translators.

A command replaces all files of a directory that change, or none, and never a file that it cannot read
completely. Two commands that write in one directory wait for each other.`,
	}
	c.AddCommand(newLocaleCommand(), lintCommand(), statusCommand(), fmtCommand(), stampCommand())
	c.AddCommand(exportCommand(), importCommand())
	return c
}

// dirsOf returns the directories that a command is about; the default is locales.
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
		Long: `Begin the file of a language, or add the texts that it lacks. Each text has its plural forms, empty, and its
description and source text as comments (#.). Write the translations between the quotation marks. Once a text
is translated, polyfault locales fmt removes its comments.

polyfault does not load empty texts: polyfault locales fmt --prune removes them, and this command adds them
again.

If there is no directory or no file yet, the command creates them, with a file for the source language. Write
your texts there, and run the command again.`,
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

// newLanguage begins or completes the file of a language. In a directory without files it also begins that of the source.
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

// changeThere is changeFiles for a directory that has to exist.
func changeThere(w io.Writer, dir string, change func(fs.FS) ([]localetest.Change, error)) error {
	if _, err := os.Stat(dir); err != nil {
		return in(dir, err)
	}
	return changeFiles(w, dir, change)
}

// changeFiles writes the changes of a directory's files, and prints their names. Other commands wait meanwhile. It creates the
// directory if there is something to write.
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

// profileFlag defines --profile, with the words of profiles.
func profileFlag(c *cobra.Command, profile *localetest.Profile) {
	c.Flags().Var(profileValue{profile}, "profile",
		"purpose of the texts: errors, or any (mails, chats, pages: markup, line breaks, spaces and emoji follow the source)")
	_ = c.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(profiles, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// profiles are the words for the values of [localetest.Profile].
var profiles = []string{localetest.ErrorTexts: "errors", localetest.AnyTexts: "any"}

// profileValue is the value of the flag --profile.
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

// in adds the directory to an error of localetest, which does not know it.
func in(dir string, err error) error {
	return fmt.Errorf("%s: %w", dir, err)
}

func lintCommand() *cobra.Command {
	var run lintRun
	c := &cobra.Command{
		Use:   "lint [dir…]",
		Short: "List the mistakes in locale files",
		Long: `List the mistakes in locale files: encoding, syntax, ids, placeholders, plural forms, spaces, characters,
scripts, punctuation, markup, titles, texts left in English, texts whose source has changed. The documentation
of package core/localetest has the rules.

The exit code is 1 if there are errors, or findings of --fail-level. Use polyfault locales stamp --allow for
findings that are right as they are, in a text or a pattern of ids. Use --profile any for a folder of other
texts than errors, such as mails.

--fix repairs mechanical mistakes first: encoding, spaces, normal form, invisible characters, stand-ins for
letters, layout. It removes plural forms that the language lacks, and restores those that follow from others.`,
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
	flags.BoolVar(&run.options.AllowIsolates, "allow-isolates", false, "permit the characters U+2066 to U+2069 in texts")
	profileFlag(c, &run.options.Profile)
	flags.StringVar(&run.failLevel, "fail-level", "error", "findings of this level or above fail: info, warning, error")
	flags.StringVar(&run.level, "level", "warning", "findings below this level are only counted: info, warning, error")
	flags.BoolVar(&run.fix, "fix", false, "repair mechanical mistakes first")
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
		Long: `Write locale files in the usual order and layout: one table for each text, in the order of the source
language, and one line for each form. Comments stay. A second run changes nothing more. A file that does not
parse stays as it is.`,
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
	c.Flags().BoolVar(&check, "check", false, "write nothing; list the files that would change, and exit with 1 if there are any")
	c.Flags().BoolVar(&o.Prune, "prune", false, "leave out texts that are not translated yet")
	sourceFlag(c, &o.Source)
	return c
}

// writeChanges writes all files or none, and prints their names.
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
		Short: "Record the source of translations, their review, and findings that are right as they are",
		Long: `Record in translations.lock that the present translations were made from the present source. When the source
changes later, lint reports them as stale. Check a stale text before you stamp it. Without a tag, all
languages are stamped.

--allow records findings that are right as they are: warnings, and the errors white-space, script, markup and
title. --id takes texts, or patterns of them (mail.*). The tag may be the source's, or "*" for all languages.
The next stamp removes allowances that no longer have a finding.`,
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
	c.Flags().StringSliceVar(&o.IDs, "id", nil, "stamp only these texts, or those that match a pattern")
	c.Flags().StringVar(&o.Review, "review", "", `review state: machine, or "reviewed by " and a name`)
	c.Flags().StringSliceVar(&o.Allow, "allow", nil, "findings that are right as they are, by rule (untranslated, locales.W002)")
	sourceFlag(c, &o.Source)
	return c
}

// tagsIn returns the languages of a directory, for shell completion.
func tagsIn(dir string) (tags []string) {
	names, _ := filepath.Glob(filepath.Join(dir, "active.*.toml"))
	for _, name := range names {
		tags = append(tags, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "active."), ".toml"))
	}
	return tags
}
