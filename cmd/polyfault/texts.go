package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/token"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/polyfault/polyfault/cmd/polyfault/internal/texts"
)

func textsCommand() *cobra.Command {
	var in, out string
	var check bool
	opts := texts.Options{}
	c := &cobra.Command{
		Use:   "texts",
		Short: "Write a Go function for each text of your locale files",
		Long: `Write a Go function for each text of your locale files. Its placeholders are parameters, so the compiler finds
unknown texts, and missing or superfluous arguments.

  "order.not_found" = "Order {{.ID}} was not found."

  return fault.NotFound.New(texts.OrderNotFound(id)...)

The texts are those in the file of the source language. Titles and names of fields ("field.<name>") have no
function, since polyfault finds them itself. The parameters are sorted by name, so a reworded text does not
change the calls. They have the type any, and {{.Count}} has int. The end of a text's description may declare
other types:

  description = "Shown for an old link. Types: ID int, Due time.Time"

Types are any, bool, float64, fmt.Stringer, int, int64, string, []string, time.Duration, time.Time, uint and
uint64. Use any for a value of fault.Secret. {{.Field}} in the text of a rule ("rule.<code>") is no parameter,
since fault.Field fills it.

The file is replaced in one step if its content changes. Flags have one dash or two.`,
		Example: `  polyfault texts -in locales -out texts/texts.go
  polyfault texts -in locales -out texts/texts.go -check
  //go:generate go run github.com/polyfault/polyfault/cmd/polyfault texts -in locales -out texts/texts.go`,
	}
	flags := flag.NewFlagSet("texts", flag.ContinueOnError)
	flags.StringVar(&in, "in", "locales", "`folder` of your locale files active.<tag>.toml")
	flags.StringVar(&out, "out", filepath.Join("texts", "texts.go"), "the Go `file` to write")
	flags.StringVar(&opts.Package, "package", "", "`name` of its package (default: the name of its folder)")
	flags.StringVar(&opts.Language, "language", "", "`tag` of the source language (default: en, else the only one)")
	flags.BoolVar(&check, "check", false, "write nothing; exit with 1 if the file would change")
	goFlags(c, flags, func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("unexpected argument %q; the folder of locale files is -in", args[0])
		}
		if opts.Package == "" {
			opts.Package = packageOf(out)
		}
		code, err := texts.Generate(os.DirFS(in), opts)
		if err != nil {
			return fmt.Errorf("folder %s: %w", in, err)
		}
		return bring(out, generator{"texts", texts.Header, "the locale files", "-"}, code, check)
	})
	return c
}

// packageOf returns the name of the file's folder if it can be that of a package, else "".
func packageOf(file string) string {
	whole, err := filepath.Abs(file)
	if err != nil {
		return ""
	}
	name := filepath.Base(filepath.Dir(whole))
	if !token.IsIdentifier(name) {
		return ""
	}
	return name
}

// A generator is who writes a file.
type generator struct{ command, header, from, dashes string }

// bring writes the code into the file. With check it returns an error if the file has other code.
func bring(file string, by generator, code []byte, check bool) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	switch {
	case err == nil && bytes.Equal(old, code):
		return nil
	case check:
		return fmt.Errorf("%s does not fit %s; write it again, without %scheck", file, by.from, by.dashes)
	case err == nil && !bytes.HasPrefix(old, []byte(by.header)):
		return fmt.Errorf("%s was not written by polyfault %s; choose another file with -out, or remove it", file, by.command)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return writeOut(nil, file, func(w io.Writer) error {
		_, err := w.Write(code)
		return err
	})
}

// goFlags gives c flags like those of the go command, with one dash or two: pflag, which cobra uses, would read "-in" as
// "-i n". They stand before other arguments.
func goFlags(c *cobra.Command, flags *flag.FlagSet, run func(*cobra.Command, []string) error) {
	flags.SetOutput(io.Discard)   // what is wrong is the command's error
	c.Flags().AddGoFlagSet(flags) // for --help
	c.DisableFlagParsing = true
	c.RunE = func(c *cobra.Command, args []string) error {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return c.Help()
		}
		if err != nil {
			return &wrongCall{err}
		}
		return run(c, flags.Args())
	}
}
