package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	if vettool(os.Args[1:]) {
		return
	}
	if err := newRoot().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "polyfault: "+err.Error())
		os.Exit(1)
	}
}

// newRoot makes the command anew for each run, so that tests share nothing.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "polyfault",
		Short:         "Tools for the errors of a web service and their texts",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(checkCommand(), codesCommand())
	root.AddCommand(catalogCommand(), localesCommand(), textsCommand(), vetCommand())
	return root
}
