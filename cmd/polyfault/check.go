package main

import (
	"fmt"

	"github.com/spf13/cobra"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
)

func checkCommand() *cobra.Command {
	var locales, format, failLevel string
	var languages []string
	var listTags bool
	opts := checks.Options{}
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the built-in kinds and texts, with your own locale files over them",
		Long: `Check the built-in kinds and texts, with your own locale files over them.

The messages are printed by level, the most serious first, with a summary at the end. The exit status is 1
if one of them has at least the fail level.

Checks of an application's own kinds, mappers and options need its responder: call checks.RunFor in a test or
at start-up. This command cannot check options, such as the challenge of 401 responses.`,
		Example: `  polyfault check
  polyfault check --locales ./locales --languages de,en --fail-level warning
  polyfault check --tag texts --silence polyfault.W001`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if listTags {
				for _, tag := range checks.Tags(opts.Deploy) {
					fmt.Fprintln(cmd.OutOrStdout(), tag)
				}
				return nil
			}
			var err error
			if opts.FailLevel, err = parseLevel(failLevel); err != nil {
				return err
			}
			r, err := responder(locales, languages, fault.WithChallenge("Bearer")) // whether there is one, only the application knows
			if err != nil {
				return err
			}
			result, err := checks.RunFor(cmd.Context(), r, opts)
			if err != nil {
				return err
			}
			return printResult(cmd.OutOrStdout(), result, format)
		},
	}
	flags := c.Flags()
	flags.StringVar(&locales, "locales", "", "folder of locale files active.<tag>.toml that override the built-in ones")
	flags.StringSliceVar(&languages, "languages", nil, "languages of the all-languages body (default: those of --locales, else de,en,fr,pt)")
	flags.StringSliceVar(&opts.Tags, "tag", nil, "run only checks with this tag; may be repeated")
	flags.BoolVar(&listTags, "list-tags", false, "list the tags and end")
	flags.BoolVar(&opts.Deploy, "deploy", false, "run the checks for production too")
	flags.StringSliceVar(&opts.Silenced, "silence", nil, "ids of messages to count only (polyfault.W001); may be repeated")
	flags.StringVar(&failLevel, "fail-level", "error",
		"level from which on a message fails the command: debug, info, warning, error, critical")
	formatFlag(c, &format, "text", "json")
	return c
}
