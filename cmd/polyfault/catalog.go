package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
)

func catalogCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "catalog",
		Short: "Write the catalogue of kinds in forms for other tools",
	}
	c.AddCommand(openapiCommand(), tsCommand())
	return c
}

func openapiCommand() *cobra.Command {
	var version, title, release, locales, out string
	var languages []string
	c := &cobra.Command{
		Use:   "openapi",
		Short: "Write OpenAPI components: a response for each kind, with schemas and examples",
		Long: `Write OpenAPI components: a response for each kind, with the schemas of the bodies and examples in several
languages. The document has no paths. Your own document refers to its responses, which are named by the codes
of the kinds in Pascal case:

  responses:
    "423":
      $ref: 'errors.json#/components/responses/TaskLocked'

The document is JSON; tools for YAML read it, too.

The document has the built-in kinds, in the formats application/json and application/problem+json. For your own
kinds, formats and options, call openapi.Components in your program.`,
		Example: `  polyfault catalog openapi --out errors.json
  polyfault catalog openapi --version 3.0 --title "Errors of the shop" --languages de,en
  polyfault catalog openapi --locales ./locales --out errors.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts := openapi.Options{Title: title, Release: release, Languages: languages}
			if version == "3.0" {
				opts.Version = openapi.Version30
			}
			r, err := silent(locales, languages)
			if err != nil {
				return err
			}
			document, err := openapi.Components(r, opts)
			if err != nil {
				return err
			}
			return writeOut(cmd.OutOrStdout(), out, func(w io.Writer) error {
				_, err := w.Write(document)
				return err
			})
		},
	}
	flags := c.Flags()
	version = "3.1"
	flags.Var(oneOf{&version, []string{"3.1", "3.0"}}, "version", "version of the OpenAPI Specification: 3.1, 3.0")
	flags.StringVar(&title, "title", "", `title of the document (default "Error responses")`)
	flags.StringVar(&release, "release", "", `version of the document itself (default "1.0.0")`)
	flags.StringSliceVar(&languages, "languages", nil, "languages of the all-languages body, and of the examples in "+
		"one language (default: those of --locales, else de,en,fr,pt; examples in two of them)")
	flags.StringVar(&locales, "locales", "", "folder of locale files active.<tag>.toml that override the built-in ones")
	flags.StringVar(&out, "out", "", "the file to write; standard output if empty")
	return c
}

// silent makes a responder that logs nothing, with the built-in texts and those in the folder.
func silent(locales string, languages []string) (*fault.Responder, error) {
	opts := []fault.Option{fault.WithLogger(slog.New(slog.DiscardHandler))}
	if locales != "" {
		opts = append(opts, fault.WithLocales(os.DirFS(locales)))
	}
	if len(languages) > 0 {
		opts = append(opts, fault.WithLanguages(languages...))
	}
	return fault.NewResponder(opts...)
}
