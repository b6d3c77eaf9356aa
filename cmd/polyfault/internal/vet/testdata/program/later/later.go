// Package later gives errors their arguments late.
package later

import fault "github.com/polyfault/polyfault/core"

func fails() error { return fault.Conflict.New(fault.Text("both")) } // want `text "both" needs fault.Arg\("A", …\)$`

func counts() error { return fault.Conflict.New(fault.Text("number")) }

func adds(err error) error {
	f, ours := fault.From(err)
	if ours {
		return f.With(fault.Text("order_not_found"), fault.Arg("ID", 1))
	}
	return f.With(fault.Arg("B", 1)).With(fault.Count(2))
}
