package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/polyfault/polyfault/core/checks"
)

// oneOf is the value of a flag that takes only certain words.
type oneOf struct {
	value   *string
	allowed []string
}

// formatFlag defines --format; the first of the formats is the default.
func formatFlag(c *cobra.Command, value *string, formats ...string) {
	*value = formats[0]
	c.Flags().Var(oneOf{value, formats}, "format", "form of the output: "+strings.Join(formats, ", "))
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

func (f oneOf) String() string {
	if f.value == nil {
		return ""
	}
	return *f.value
}

func (f oneOf) Type() string { return "word" }

func (f oneOf) Set(word string) error {
	if !slices.Contains(f.allowed, word) {
		return fmt.Errorf("use %s", strings.Join(f.allowed, " or "))
	}
	*f.value = word
	return nil
}

// parseLevel reads the level of a flag.
func parseLevel(word string) (checks.Level, error) {
	level, err := checks.ParseLevel(word)
	if err != nil {
		return level, &wrongCall{err}
	}
	return level, nil
}
