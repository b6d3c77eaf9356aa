package vet_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/polyfault/polyfault/cmd/polyfault/internal/vet"
)

// module makes a module of the files below source: it requires what polyfault does, in the same versions,
// and polyfault as it is here. That works without a network.
func module(t *testing.T, source string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if source != "" {
		require.NoError(t, os.CopyFS(dir, os.DirFS(source)))
	}
	root, err := filepath.Abs("../../../..")
	require.NoError(t, err)
	goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	goMod = regexp.MustCompile(`(?m)^module .*`).ReplaceAll(goMod, []byte("module example.com/program"))
	goMod = append(goMod, "\nrequire github.com/polyfault/polyfault v0.0.0\nreplace github.com/polyfault/polyfault => "+root+"\n"...)
	write(t, dir, "go.mod", string(goMod))
	goSum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	write(t, dir, "go.sum", string(goSum))
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// The packages say in comments what is to be found in them, and nothing else is.
func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, module(t, "testdata/program"), vet.NewAnalyzer(), "./...")
}

const head = "// Package p is for a test.\npackage p\n\nimport fault \"github.com/polyfault/polyfault/core\"\n\n"

// check is Check in a module with files, each finding as "file:line:column: message".
func check(t *testing.T, dir string, opts vet.Options, patterns ...string) []string {
	t.Helper()
	opts.Dir = dir
	found, err := vet.Check(t.Context(), opts, patterns...)
	require.NoError(t, err)
	var lines []string
	for _, f := range found {
		path, err := filepath.Rel(dir, f.File)
		require.NoError(t, err)
		lines = append(lines, f.Category+" "+filepath.ToSlash(path)+": "+f.Message)
	}
	return lines
}

func TestCheckFindsWhatTheAnalyzerFinds(t *testing.T) {
	dir := module(t, "testdata/program")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "broken")))
	lines := check(t, dir, vet.Options{}, "./...")
	all := strings.Join(lines, "\n")
	assert.Contains(t, all, `unknown shop/bad.go: unknown text id "order_lost"`)
	assert.Contains(t, all, `missing shop/sub/sub.go: text "hours_left" needs fault.Arg("Name", …)`,
		"shop's kinds are known in other packages")
	assert.Contains(t, all, `extra client/client.go: text "task_locked" has no {{.ID}}`)
	assert.NotContains(t, all, "good.go")

	// Only what was asked for is reported, with all that is known of other packages.
	lines = check(t, dir, vet.Options{Unused: true}, "./shop/sub")
	assert.Len(t, lines, 2+1, strings.Join(lines, "\n"))
	assert.Contains(t, lines[0], `unused shop/locales`)
	assert.Contains(t, lines[1], `missing shop/sub/sub.go: text "order_not_found"`)

	found, err := vet.Check(t.Context(), vet.Options{Dir: filepath.Join(dir, "client")})
	require.NoError(t, err, "the package here is the default")
	require.Len(t, found, 2)
	assert.Equal(t, "client.go", filepath.Base(found[0].File))
	assert.Less(t, found[0].Line, found[1].Line)
	assert.Positive(t, found[0].Column)
}

func TestLocales(t *testing.T) {
	dir := module(t, "")
	write(t, dir, "p/p.go", head+"var a, b = fault.Text(\"here\"), fault.Text(\"there\")\n")
	write(t, dir, "p/locales/active.en.toml", `here = "x"`)
	write(t, dir, "elsewhere/active.en.toml", "there = \"x\"\nnowhere = \"x\"\n")
	lines := check(t, dir, vet.Options{Unused: true}, "./...")
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0], `unknown p/p.go: unknown text id "there"`)

	write(t, dir, "../locales/active.en.toml", `outside = "x"`)
	write(t, dir, "q/q.go", strings.ReplaceAll(head, "ackage p", "ackage q")+"var _ = fault.Text(\"anything\")\n")
	assert.Empty(t, check(t, dir, vet.Options{Unused: true}, "./q"), "a folder outside of the module is none of its business")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "q")))

	t.Chdir(dir)
	lines = check(t, dir, vet.Options{Unused: true, Locales: "elsewhere"}, "./...")
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], `unused elsewhere/active.en.toml: text "nowhere" is not used`)
	assert.Contains(t, lines[1], `unknown p/p.go: unknown text id "here"`)
}

func TestCheckErrors(t *testing.T) {
	dir := module(t, "")
	write(t, dir, "p/p.go", "// Package p is for a test.\npackage p\n\nvar a int = \"x\"\n")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	for pattern, want := range map[string]string{
		"./...": "p.go:4", "./none": "directory not found", "./empty/...": "./empty/...: there is no package",
		"example.org/none": "no required module provides package",
	} {
		_, err := vet.Check(t.Context(), vet.Options{Dir: dir}, pattern)
		require.ErrorContains(t, err, want)
	}
	_, err := vet.Check(t.Context(), vet.Options{Dir: dir}, "./p")
	require.ErrorContains(t, err, "p.go:4")
	write(t, dir, "q/q.go", strings.ReplaceAll(head, "ackage p", "ackage q")+"var _ = fault.Text(\"a\")\n")
	write(t, dir, "q/locales/active.en.toml", "b = \"x\"")
	lines := check(t, dir, vet.Options{Unused: true}, "./q")
	require.Len(t, lines, 1, "p may use any text")
	assert.Contains(t, lines[0], `unknown text id "a"`)
	write(t, dir, "r/r.go", "// Package r is for a test.\npackage r\n\nimport _ \"example.com/program/p\"\n")
	_, err = vet.Check(t.Context(), vet.Options{Dir: dir}, "./r")
	require.ErrorContains(t, err, "p")
	write(t, dir, "p/p.go", head+"var _ = fault.Any\n")
	_, err = vet.Check(t.Context(), vet.Options{Dir: dir, Unused: true, Locales: "none"}, "./p")
	require.ErrorContains(t, err, "none")
}

// Whatever may name a text counts as its use, but for tests and generated functions that nobody calls.
func TestUnused(t *testing.T) {
	dir := module(t, "")
	english := `literal = "x"
constant_joined = "x"
prefix_one = "x"
my_prefix_one = "x"
printed_two = "x"
one_suffix = "x"
only_in_test = "x"
other_system = "x"
generated = "x"
generated_here = "x"
generated_elsewhere = "x"
generated_on_windows = "x"
"same.name" = "x"
quoted = "x"
nowhere = "x"
"quo.ted" = "x"
"nowhere.title" = "x"
"rule.custom" = "x"
"field.name" = "x"
task_locked = "x"
of_code = "x"

[table]
other = "x"

[nested.table]
other = "x"
`
	write(t, dir, "p/locales/active.en.toml", english)
	write(t, dir, "p/locales/active.de.toml", "nowhere = \"x\"\nonly_german = \"x\"\n")
	write(t, dir, "p/p.go", `// Package p is for a test.
package p

import (
	"fmt"

	"example.com/program/texts"
	fault "github.com/polyfault/polyfault/core"
)

const c = "constant_"

var kind = fault.NotFound.Derive(fault.Spec{Code: "of_code"})

func uses(s string) []any {
	same := struct{ SameName, Literal string }{}
	return []any{fault.Text("literal"), c + "joined", "prefix_" + s, fmt.Sprintf("printed_%-5s", s), s + ("_suf" + "fix"),
		"a" + s, s + s, s + "_" + s, fmt.Sprint(s), fmt.Sprintf("%s", s), texts.Generated(), same.SameName}
}
`)
	write(t, dir, "p/p_test.go", "package p\n\nconst inTest = \"only_in_test\"\n")
	write(t, dir, "p/p_plan9.go",
		"package p\n\nimport \"example.com/program/texts\"\n\nvar other, call = \"other_system\", texts.GeneratedOnWindows()\n")
	write(t, dir, "q/q.go", "// Package q is for a test.\npackage q\n\n"+
		"import \"example.com/program/texts\"\n\nvar F = texts.GeneratedElsewhere\n")
	var functions string
	for name, id := range map[string]string{"Generated": "generated", "GeneratedElsewhere": "generated_elsewhere",
		"GeneratedOnWindows": "generated_on_windows", "SameName": "same.name", "GeneratedHere": "generated_here"} {
		functions += "\nfunc " + name + "() []fault.Attr { return []fault.Attr{fault.Text(\"" + id + "\")} }\n"
	}
	write(t, dir, "texts/texts.go", "// Code generated by polyfault texts; DO NOT EDIT.\n\n"+
		strings.ReplaceAll(head, "ackage p", "ackage texts")+functions)
	write(t, dir, "texts/texts_extra.go", "package texts\n\nvar _ = \"generated_here, or not\"\n")

	write(t, dir, "p/locales/README.md", "readme = \"x\"\n")
	message := func(file, id string) string {
		return `unused p/locales/active.` + file + `.toml: text "` + id +
			`" is not used: no code of the module names it; remove it from all files of the folder, or use it`
	}
	assert.Equal(t, []string{
		message("de", "only_german"),
		message("en", "my_prefix_one"), message("en", "only_in_test"), message("en", "generated_here"),
		message("en", "same.name"), message("en", "quoted"),
		message("en", "nowhere"), message("en", "quo.ted"), message("en", "table"), message("en", "nested.table"),
	}, check(t, dir, vet.Options{Unused: true}, "./..."))
}
