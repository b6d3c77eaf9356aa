package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func main() {
	if vettool(os.Args[1:]) {
		return
	}
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs the command and returns its exit code.
func execute(args []string, out, log io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(log)
	root.InitDefaultCompletionCmd() // not before it is known where to write
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			finish(c)
		}
	}
	err := root.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintln(log, "polyfault: "+err.Error())
	if _, failed := errors.AsType[*failure](err); failed {
		return 1
	}
	return 2 // the command has not been run
}

// A failure is the error of a command that was called correctly.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// newRoot makes a new command for each run, so that tests share nothing.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "polyfault",
		Short:         "Tools for the errors of a web service and their texts",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(checkCommand(), codesCommand())
	root.AddCommand(catalogCommand(), localesCommand(), textsCommand(), vetCommand())
	root.SetHelpTemplate(root.HelpTemplate() + exitCodes)
	root.SetHelpCommand(helpCommand())
	finish(root)
	return root
}

const exitCodes = `
Exit codes: 0 all is well; 1 there are findings, or the command failed; 2 wrong command, flag or argument.
`

// finish makes errors of running commands failures, and unknown words in a group of commands mistakes of the call.
func finish(c *cobra.Command) {
	for _, sub := range c.Commands() {
		finish(sub)
	}
	if c.HasSubCommands() {
		c.Args, c.RunE = cobra.ArbitraryArgs, group
		return
	}
	run := c.RunE
	if run == nil {
		return
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if _, wrong := errors.AsType[*wrongCall](err); err == nil || wrong {
			return err
		}
		return &failure{err}
	}
}

// A wrongCall is the error of a command that finds a mistake in its own call.
type wrongCall struct{ error }

func (w *wrongCall) Unwrap() error { return w.error }

// group runs a command that only has subcommands.
func group(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	problem := fmt.Sprintf("unknown command %q for %q", args[0], c.CommandPath())
	if c.SuggestionsMinimumDistance <= 0 {
		c.SuggestionsMinimumDistance = 2
	}
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		problem += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(problem + "; " + c.CommandPath() + " --help lists them")
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err == nil && len(rest) > 0 && about.HasSubCommands() {
				err = group(about, rest)
			}
			if err != nil {
				return &wrongCall{err}
			}
			return about.Help()
		},
	}
}
