package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/internal/atomicfile"
)

func statusCommand() *cobra.Command {
	var format, readme, source string
	var check bool
	c := &cobra.Command{
		Use:   "status [dir]",
		Short: "Show how complete the languages are, and who has reviewed them",
		Long: `Show how complete the languages are, and who has reviewed them. With --readme, write the table into a Markdown
file, between the lines <!-- status --> and <!-- /status -->.`,
		Example: `  polyfault locales status
  polyfault locales status --readme locales/README.md`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := dirsOf(args)[0]
			list, err := localetest.Status(os.DirFS(dir), localetest.Options{Source: source})
			if err != nil {
				return in(dir, err)
			}
			switch {
			case readme != "":
				return updateReadme(cmd.OutOrStdout(), readme, markdownStatus(list), check)
			case format == "json":
				return writeJSON(cmd.OutOrStdout(), list)
			case format == "markdown":
				_, err = io.WriteString(cmd.OutOrStdout(), markdownStatus(list))
				return err
			}
			return printStatus(cmd.OutOrStdout(), list)
		},
	}
	formatFlag(c, &format, "text", "json", "markdown")
	c.Flags().StringVar(&readme, "readme", "", "Markdown file to put the table into")
	c.Flags().BoolVar(&check, "check", false, "with --readme: write nothing, and exit with 1 if the table would change")
	sourceFlag(c, &source)
	return c
}

// names returns the language's name in English and in itself.
func names(tag string) (english, own string) {
	t := language.Make(tag)
	return display.English.Tags().Name(t), display.Self.Name(t)
}

// reviewOf returns the review state for people.
func reviewOf(s localetest.LanguageStatus) string {
	switch {
	case s.Source:
		return "source"
	case s.Review == "":
		return "not recorded"
	case s.Outdated:
		return s.Review + ", changed since"
	}
	return s.Review
}

func printStatus(w io.Writer, list []localetest.LanguageStatus) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TAG\tLANGUAGE\tTEXTS\tDONE\tSAME\tSTALE\tUNKNOWN\tREVIEW")
	for _, s := range list {
		english, _ := names(s.Tag)
		fmt.Fprintf(table, "%s\t%s\t%d/%d\t%d %%\t%d\t%d\t%d\t%s\n", s.Tag, english, s.Texts, s.Total, s.Percent(),
			s.Same, s.Stale, s.Unknown, reviewOf(s))
	}
	return table.Flush()
}

func markdownStatus(list []localetest.LanguageStatus) string {
	var b strings.Builder
	b.WriteString("| Tag | Language | Own name | Texts | Done | Stale | Review |\n|---|---|---|---:|---:|---:|---|\n")
	for _, s := range list {
		english, own := names(s.Tag)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d of %d | %d %% | %d | %s |\n", s.Tag, english, own, s.Texts, s.Total,
			s.Percent(), s.Stale, reviewOf(s))
	}
	return b.String()
}

const (
	statusBegin = "<!-- status -->\n"
	statusEnd   = "<!-- /status -->"
)

func updateReadme(w io.Writer, path, table string, check bool) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, begins := strings.Cut(string(content), statusBegin)
	_, tail, ends := strings.Cut(rest, statusEnd)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the table: put in the lines %s and %s", path, strings.TrimSpace(statusBegin), statusEnd)
	}
	updated := head + statusBegin + table + statusEnd + tail
	switch {
	case updated == string(content):
		return nil
	case check:
		fmt.Fprintf(w, "%s is stale: polyfault locales status --readme %s\n", path, path)
		return errFound
	}
	if err := atomicfile.ReplaceString(path, string([]byte(updated))); err != nil {
		return err
	}
	fmt.Fprintf(w, "wrote %s\n", path)
	return nil
}
