package broken_test

import fault "github.com/polyfault/polyfault/core"

var _ = fault.Text("lost")
