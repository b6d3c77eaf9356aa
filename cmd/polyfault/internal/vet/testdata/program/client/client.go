// Package client knows the kinds of shop, and finds locale files in a folder above.
package client

import (
	"example.com/program/shop"
	fault "github.com/polyfault/polyfault/core"
)

func fails() error {
	_ = "only_in_client"
	_ = fault.Text("lost") // no folder: it may be anybody's
	_ = fault.Field(fault.InBody("a"), "even")
	_ = fault.ValidationFailed.New(fault.Text("rule.min"), fault.Arg("Limits", 1)) // want `text "rule.min" has no {{.Limits}}`
	return shop.OrderNotFound.New()                                                // the text is not among the built-in ones
}

func locked() error {
	return fault.TaskLocked.New(fault.Arg("ID", 1)) // want `text "task_locked" has no {{.ID}} for fault.Arg\("ID", …\): it has no placeholders`
}
