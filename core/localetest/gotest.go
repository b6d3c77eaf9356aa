package localetest

import (
	"io/fs"
	"testing"

	"github.com/polyfault/polyfault/core/checks"
)

// Test runs [Lint] as a test, with a subtest for each file and rule that has findings. A subtest fails for findings of the
// level or above, and logs the others. A level of 0 means [checks.Error]. Test also fails if there are no locale files.
//
//	//go:embed locales
//	var files embed.FS
//
//	func TestLocales(t *testing.T) {
//		localetest.Test(t, files, localetest.Options{}, checks.Warning)
//	}
func Test(t *testing.T, fsys fs.FS, o Options, fail checks.Level) {
	t.Helper()
	found, err := Lint(fsys, o)
	if err != nil {
		t.Fatal(err)
	}
	type group struct{ file, rule string }
	var order []group
	groups := map[group][]checks.Message{}
	for _, m := range found {
		g := group{m.Object.(Place).File, m.ID}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], m)
	}
	for _, g := range order {
		t.Run(g.file+"/"+g.rule, func(t *testing.T) {
			for _, m := range groups[g] {
				if m.Serious(fail) {
					t.Error(m)
				} else {
					t.Log(m)
				}
			}
		})
	}
}
