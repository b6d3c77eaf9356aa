package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/polyfault/polyfault/cmd/polyfault/internal/vet"
)

// vettool does the work and ends the program if go vet has started it. main calls it first.
func vettool(args []string) bool {
	if !vet.CalledByGoVet(args) {
		return false
	}
	vet.Main(args)
	return true
}

func vetCommand() *cobra.Command {
	opts := vet.Options{}
	c := &cobra.Command{
		Use:   "vet [flags] [packages]",
		Short: "Find misused texts in Go code",
		Long: `Find misused texts in Go code:

  - ids that no locale file has: in fault.Text, Spec.Text, fault.Field, AddField and Localizer;
  - arguments without a placeholder, placeholders without an argument, and a missing fault.Count: in New, Wrap,
    With, Err, fault.Field, AddField and Localizer, and in kinds that are returned without New;
  - texts in your locale files that no code of the module names (-unused=false leaves these out).

The texts are the built-in ones, and those in the folder "locales" beside a package or above it in its module;
-locales names another folder for all packages. The default package is the one in this directory. Test files
are not checked. Neither are ids, names and attributes that the code does not show directly: variables, append,
your own functions. Functions made by polyfault texts need no check, since the compiler checks their calls.

go vet finds the same, except unused texts. Its flag needs an absolute path:

  go vet -vettool=$(which polyfault) ./...
  go vet -vettool=$(go tool -n polyfault) -polyfaulttexts.locales=$PWD/texts ./...

The exit status is 1 if there is a finding. Flags have one dash or two, and stand before packages.`,
		Example: `  polyfault vet ./...
  polyfault vet -locales ./internal/locales -unused=false ./...`,
	}
	flags := flag.NewFlagSet("vet", flag.ContinueOnError)
	flags.StringVar(&opts.Locales, "locales", "", "`folder` of locale files for all packages")
	flags.BoolVar(&opts.Unused, "unused", true, "look for unused texts, in the whole module")
	goFlags(c, flags, func(c *cobra.Command, patterns []string) error {
		found, err := vet.Check(c.Context(), opts, patterns...)
		if err != nil {
			return err
		}
		return printMistakes(c.OutOrStdout(), found)
	})
	return c
}

// printMistakes prints a line for each, with paths from here.
func printMistakes(w io.Writer, found []vet.Finding) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	var lines []error
	for _, f := range found {
		place := fmt.Sprintf("%s:%d", f.File, f.Line)
		if path, err := filepath.Rel(here, f.File); err == nil && !strings.HasPrefix(path, "..") {
			place = fmt.Sprintf("%s:%d", path, f.Line)
		}
		if f.Column > 0 {
			place += fmt.Sprintf(":%d", f.Column)
		}
		_, err := fmt.Fprintf(w, "%s: %s\n", place, f.Message)
		lines = append(lines, err)
	}
	if len(found) > 0 {
		lines = append(lines, errFound)
	}
	return errors.Join(lines...)
}
