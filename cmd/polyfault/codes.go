package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/polyfault/polyfault/core/checks"
)

func codesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "codes",
		Short: "Manage codes.lock, which pins the ids of check messages and the promises of kinds",
		Long: `Manage the lock file codes.lock. It pins the ids of check messages and the promises of kinds.

Each key of a message has a serial id (djutils.E001). Each kind has a status, type, number, exit code and
arguments that clients rely on. The file is append-only: lines are never changed, moved or removed. Commit it,
and give it the attributes "text eol=lf merge=union" in .gitattributes.`,
	}
	lock := c.PersistentFlags().String("lock", "codes.lock", "the lock file")
	c.AddCommand(addCommand(lock), retireCommand(lock), listCommand(lock), showCommand(lock), checkLockCommand(lock), docCommand())
	return c
}

func addCommand(lock *string) *cobra.Command {
	var app, level string
	c := &cobra.Command{
		Use:   "add [key]",
		Short: "Append a key with the next id of its app and level",
		Long: `Append a key with the next id of its app and level, and print both. Without a key, the command makes a
random one: such a key never needs to be renamed, and is easy to search for.`,
		Example: `  polyfault codes add --app djutils --level error
  polyfault codes add --app djutils --level warning 0A25CEA3F2C3`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			key := checks.NewKey()
			if len(args) > 0 {
				key = args[0]
			}
			l, err := parseLevel(level)
			if err != nil {
				return err
			}
			var code checks.Code
			err = checks.UpdateLock(*lock, func(file *checks.Lock) (err error) {
				code, err = file.Add(key, app, l)
				return err
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", key, code) // only now is the id in the file
			return err
		},
	}
	c.Flags().StringVar(&app, "app", "", "the app that the id belongs to")
	c.Flags().StringVar(&level, "level", "", "debug, info, warning, error or critical")
	_ = c.MarkFlagRequired("app")
	_ = c.MarkFlagRequired("level")
	return c
}

func retireCommand(lock *string) *cobra.Command {
	var kind bool
	c := &cobra.Command{
		Use:   "retire key",
		Short: "Append a tombstone: the key's id is never issued again",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return checks.UpdateLock(*lock, func(file *checks.Lock) error {
				if kind {
					return file.RetireKind(args[0])
				}
				return file.Retire(args[0])
			})
		},
	}
	c.Flags().BoolVar(&kind, "kind", false, "the key is the code of a kind")
	return c
}

func listCommand(lock *string) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the entries of the lock file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := loadLock(*lock)
			if err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(cmd.OutOrStdout(), map[string]any{"codes": codesOf(file), "kinds": kindsOf(file)})
			}
			return printLock(cmd.OutOrStdout(), file)
		},
	}
	formatFlag(c, &format, "text", "json")
	return c
}

// lockedCode and lockedKind are the JSON forms of entries.
type lockedCode struct {
	ID      string `json:"id"`
	Key     string `json:"key"`
	Retired bool   `json:"retired"`
	Line    int    `json:"line"`
}

type lockedKind struct {
	Code      string   `json:"code"`
	Status    int      `json:"status"`
	Type      string   `json:"type"`
	Number    int      `json:"number"`
	ExitCode  int      `json:"exit_code"`
	Retryable bool     `json:"retryable"`
	Args      []string `json:"args"`
	Retired   bool     `json:"retired"`
	Line      int      `json:"line"`
}

func codesOf(file *checks.Lock) []lockedCode {
	list := []lockedCode{}
	for _, e := range file.Codes() {
		list = append(list, lockedCode{e.Code.String(), e.Key, e.Retired, e.Line})
	}
	return list
}

func kindsOf(file *checks.Lock) []lockedKind {
	list := []lockedKind{}
	for _, e := range file.Kinds() {
		args := append([]string{}, e.Args...)
		list = append(list, lockedKind{e.Code, e.Status, e.Type, e.Number, e.ExitCode, e.Retryable, args, e.Retired, e.Line})
	}
	return list
}

func printLock(w io.Writer, file *checks.Lock) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range codesOf(file) {
		fmt.Fprintf(table, "%s\t%s\t%s\n", e.ID, e.Key, mark(e.Retired))
	}
	for _, e := range kindsOf(file) {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", e.Code, e.Status, strings.Join(e.Args, ","), mark(e.Retired))
	}
	return table.Flush()
}

func mark(retired bool) string {
	if retired {
		return "retired"
	}
	return ""
}

func showCommand(lock *string) *cobra.Command {
	return &cobra.Command{
		Use:   "show id|key|kind",
		Short: "Show an entry by its id, its key, or a kind's code",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := loadLock(*lock)
			if err != nil {
				return err
			}
			for _, e := range codesOf(file) {
				if e.ID == args[0] || e.Key == args[0] {
					return writeJSON(cmd.OutOrStdout(), e)
				}
			}
			for _, e := range kindsOf(file) {
				if e.Code == args[0] {
					return writeJSON(cmd.OutOrStdout(), e)
				}
			}
			return fmt.Errorf("%s has no entry %q", *lock, args[0])
		},
	}
}

func checkLockCommand(lock *string) *cobra.Command {
	var base, ref string
	c := &cobra.Command{
		Use:   "check",
		Short: "Fail if the lock file is damaged, or breaks the promises of an earlier version",
		Long: `Fail if the lock file is damaged, or breaks the promises of an earlier version: an id has changed, vanished or
gone to another key, or a kind has lost or changed something that clients rely on. The messages name both
versions. If two branches have taken the same number, the merged file itself shows it. A revision without the
file has promised nothing.

To compare the lock file with code, use checks.TestCodes and checks.TestKinds in a test.`,
		Example: `  polyfault codes check
  polyfault codes check --base-ref origin/main`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := loadLock(*lock)
			if err != nil {
				return err
			}
			earlier, err := loadBase(cmd, *lock, base, ref)
			if err != nil {
				return err
			}
			problems := compareLocks(earlier, file)
			for _, p := range problems {
				fmt.Fprintln(cmd.OutOrStdout(), p)
			}
			if len(problems) > 0 {
				return errFound
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is in order (codes: %d, kinds: %d)\n", *lock, len(file.Codes()), len(file.Kinds()))
			return nil
		},
	}
	c.Flags().StringVar(&base, "base", "", "an earlier version of the file to compare with")
	c.Flags().StringVar(&ref, "base-ref", "", "a git revision that has the earlier version (origin/main)")
	c.MarkFlagsMutuallyExclusive("base", "base-ref")
	return c
}

func loadLock(path string) (*checks.Lock, error) {
	file, err := checks.LoadLock(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; polyfault codes add makes one", err)
	}
	return file, err
}

// loadBase returns the earlier version, or an empty lock.
func loadBase(cmd *cobra.Command, path, base, ref string) (*checks.Lock, error) {
	switch {
	case base != "":
		return checks.LoadLock(base)
	case ref == "":
		return nil, nil
	}
	return loadRevision(cmd.Context(), path, ref)
}

// loadRevision returns the file at the revision, or an empty lock.
func loadRevision(ctx context.Context, path, ref string) (*checks.Lock, error) {
	folder, name := filepath.Split(path)
	shown := ref + ":" + filepath.ToSlash(path)
	if !filepath.IsAbs(path) {
		shown = ref + ":./" + strings.TrimPrefix(filepath.ToSlash(path), "./")
	}
	// With "./", git looks below the folder, anywhere in the repository.
	listed, err := git(ctx, folder, "ls-tree", "-z", "--name-only", "--end-of-options", ref+"^{commit}", "./"+name)
	if err != nil {
		return nil, fmt.Errorf("git show %s: %w", shown, err)
	}
	if len(listed) == 0 {
		return nil, nil
	}
	content, err := git(ctx, folder, "show", "--end-of-options", ref+":./"+name)
	if err != nil {
		return nil, fmt.Errorf("git show %s: %w", shown, err)
	}
	return checks.ParseLock(shown, content)
}

// git runs git in the folder; "" means the working directory.
func git(ctx context.Context, folder string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "git", args...)
	command.Dir = folder
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}

// compareLocks returns the promises of the earlier version that the later one breaks.
func compareLocks(earlier, later *checks.Lock) (problems []string) {
	for _, was := range earlier.Codes() {
		is, ok := later.Code(was.Key)
		other, taken := later.Find(was.Code.String())
		switch {
		case taken && other.Key != was.Key:
			problems = append(problems, fmt.Sprintf("%s:%d: %s is now that of key %q; it was that of %q (%s:%d): restore the line, and add %q anew",
				later.File(), other.Line, was.Code, other.Key, was.Key, earlier.File(), was.Line, other.Key))
		case !ok:
			problems = append(problems, fmt.Sprintf("%s: key %q is gone; it was %s (%s:%d): restore the line, and retire the key if nobody needs it",
				later.File(), was.Key, was.Code, earlier.File(), was.Line))
		case is.Code != was.Code:
			problems = append(problems, fmt.Sprintf("%s:%d: key %q is now %s; it was %s (%s:%d): restore the line",
				later.File(), is.Line, was.Key, is.Code, was.Code, earlier.File(), was.Line))
		case was.Retired && !is.Retired:
			problems = append(problems, fmt.Sprintf("%s:%d: key %q (%s) was retired (%s): restore its tombstone",
				later.File(), is.Line, was.Key, was.Code, earlier.File()))
		}
	}
	return append(problems, compareLockedKinds(earlier, later)...)
}

func compareLockedKinds(earlier, later *checks.Lock) (problems []string) {
	var kinds []checks.KindEntry
	for _, k := range later.Kinds() {
		was, known := earlier.Kind(k.Code)
		switch {
		case known && was.Retired && !k.Retired:
			problems = append(problems, fmt.Sprintf("%s:%d: kind %s was retired (%s): restore its tombstone",
				later.File(), k.Line, k.Code, earlier.File()))
		case known && was.Retired:
		default:
			kinds = append(kinds, k)
		}
	}
	for _, p := range checks.CheckKinds(earlier, kinds) {
		if !p.Missing {
			problems = append(problems, p.Error())
		}
	}
	return problems
}
