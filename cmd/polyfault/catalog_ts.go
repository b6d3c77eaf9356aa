package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/typescript"
)

func tsCommand() *cobra.Command {
	var lock, locales, out string
	var languages []string
	var check bool
	c := &cobra.Command{
		Use:   "ts",
		Short: "Write a TypeScript file: codes, problems with typed arguments, and what reads responses",
		Long: `Write a TypeScript file for a front end. It imports nothing: codes, a union of problems that narrows by the code, with the
types of the texts' arguments, and functions that read responses of fetch, ky and axios.

  const problem = await readProblem(response, navigator.languages);
  switch (problem?.code) { case "task_locked": … }

The kinds are the built-in ones, or with --lock those of a lock file. The types of arguments are those that the descriptions in
--locales declare, as for polyfault texts. An application's own program knows them too: see typescript.Module.

A file that polyfault did not write is not replaced.`,
		Example: `  polyfault catalog ts --out errors.ts
  polyfault catalog ts --lock codes.lock --locales locales --out web/src/errors.ts
  polyfault catalog ts --lock codes.lock --locales locales --out web/src/errors.ts --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if check && out == "" {
				return &wrongCall{errors.New("--check needs the file, --out")}
			}
			r, err := responder(locales, languages)
			if err != nil {
				return err
			}
			opts := typescript.Options{}
			if lock != "" {
				if opts.Declared, err = lockedKinds(lock, r); err != nil {
					return err
				}
			}
			code, err := typescript.Module(r, opts)
			if err != nil {
				return err
			}
			if out == "" {
				_, err = cmd.OutOrStdout().Write(code)
				return err
			}
			return bring(out, generator{"catalog ts", typescript.Header, "the kinds and texts", "--"}, code, check)
		},
	}
	flags := c.Flags()
	flags.StringVar(&out, "out", "", "the file to write; standard output when empty")
	flags.StringVar(&lock, "lock", "", "lock file of the kinds, codes.lock (default: the built-in kinds)")
	flags.StringVar(&locales, "locales", "", "folder of locale files active.<tag>.toml to lay over the built-in ones")
	flags.StringSliceVar(&languages, "languages", nil, "languages of the all-languages body (default: those of --locales, else de,en,fr,pt)")
	flags.BoolVar(&check, "check", false, "write nothing; exit with 1 when the file is not what would be written")
	return c
}

// lockedKinds are the kinds of the lock file that are not retired. The types of arguments are those that texts declare; a kind
// whose text has another id has its arguments without types.
func lockedKinds(path string, r *fault.Responder) ([]typescript.Kind, error) {
	file, err := loadLock(path)
	if err != nil {
		return nil, err
	}
	var kinds []typescript.Kind
	for _, e := range file.Kinds() {
		if e.Retired {
			continue
		}
		if e.Status < http.StatusBadRequest || e.Status > 599 {
			return nil, fmt.Errorf("%s: the kind %q has the status %d", path, e.Code, e.Status)
		}
		args, _ := typescript.ArgsOf(r.Catalogue(), e.Code)
		for _, name := range e.Args {
			if _, known := args[name]; !known {
				args[name] = ""
			}
		}
		text, _ := r.Catalogue().Text(e.Code, "en")
		kinds = append(kinds, typescript.Kind{Code: e.Code, Status: e.Status, Retryable: e.Retryable, Args: args, Text: text})
	}
	if len(kinds) == 0 {
		return nil, fmt.Errorf("%s has no kinds; checks.TestKinds enters them", path)
	}
	return kinds, nil
}
