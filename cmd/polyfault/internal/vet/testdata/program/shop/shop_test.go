package shop

import fault "github.com/polyfault/polyfault/core"

func inTests() error {
	_ = fault.Field(fault.InBody("a"), "even")
	_ = fault.Spec{Text: "lost"}
	if kept != nil {
		return unexported
	}
	return unexported.New(fault.Text("lost"), fault.Arg("X", 1))
}
