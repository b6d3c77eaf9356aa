package main

import "github.com/spf13/cobra"

func exportCommand() *cobra.Command {
	return &cobra.Command{Use: "export", RunE: func(*cobra.Command, []string) error { return nil }}
}
func importCommand() *cobra.Command {
	return &cobra.Command{Use: "import", RunE: func(*cobra.Command, []string) error { return nil }}
}
