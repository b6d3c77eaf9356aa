// Package dutch has locale files of a language that the built-in texts lack.
package dutch

import fault "github.com/polyfault/polyfault/core"

var _ = []fault.Attr{fault.Text("eigen"), fault.Field(fault.InBody("a"), "min")} // want `text "rule.min" needs fault.Arg\("Limit", …\)$`
