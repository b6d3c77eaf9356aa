// Package broken has a locale file that polyfault refuses.
package broken // want `the texts of this package cannot be checked: folder .*broken.locales: .*locale file "active.en.toml": key "a.other": template action`

import fault "github.com/polyfault/polyfault/core"

var _ = fault.Text("lost")
