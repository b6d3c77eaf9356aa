package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func runVet(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	return runAlone(t, vetCommand(), args...)
}

// programIn is a module to work in, with one package; it requires polyfault as it is here.
func programIn(t *testing.T, code string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	goMod := regexp.MustCompile(`(?m)^module .*`).ReplaceAllString(readText(t, filepath.Join(root, "go.mod")), "module example.com/program")
	goSum := readText(t, filepath.Join(root, "go.sum"))
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("locales", 0o755))
	for name, content := range map[string]string{
		"go.mod": goMod + "\nrequire github.com/polyfault/polyfault v0.0.0\n" +
			"replace github.com/polyfault/polyfault => " + root + "\n",
		"go.sum":                 goSum,
		"main.go":                "package main\n\nimport fault \"github.com/polyfault/polyfault/core\"\n\nfunc main() {\n" + code + "\n}\n",
		"locales/active.en.toml": "order_not_found = \"Order {{.ID}} was not found.\"\n",
	} {
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	}
}

func TestVet(t *testing.T) {
	programIn(t, `panic(fault.NotFound.New(fault.Text("order_not_found")))`)
	for _, args := range [][]string{{"./..."}, {"."}, {}, {"-unused=false", "./..."}, {"--locales", "locales", "./..."}} {
		out, err := runVet(t, args...)
		require.ErrorIs(t, err, errFound)
		assert.Equal(t, "main.go:6:7: text \"order_not_found\" needs fault.Arg(\"ID\", …)\n", out)
	}
}

func TestVetFindsUnusedTexts(t *testing.T) {
	programIn(t, `panic(fault.NotFound)`)
	out, err := runVet(t)
	require.ErrorIs(t, err, errFound)
	assert.Equal(t, filepath.Join("locales", "active.en.toml")+":1: text \"order_not_found\" is not used: "+
		"no code of the module names it; remove it from all files of the folder, or use it\n", out)
	out, err = runVet(t, "-unused=false")
	require.NoError(t, err)
	assert.Empty(t, out)

	require.NoError(t, os.Mkdir("sub", 0o755))
	t.Chdir("sub")
	out, err = runVet(t, "..")
	require.ErrorIs(t, err, errFound)
	assert.Regexp(t, `^([A-Z]:)?/.*active\.en\.toml:1: `, filepath.ToSlash(out), "a path from the root for what is not below")
}

func TestVetErrors(t *testing.T) {
	programIn(t, `return 1`)
	for _, args := range [][]string{{"./..."}, {"./none"}, {"-x"}, {"-locales", "none"}} {
		out, err := runVet(t, args...)
		require.Error(t, err, args)
		require.NotErrorIs(t, err, errFound)
		assert.Empty(t, out)
	}
	out, err := runVet(t, "-h")
	require.NoError(t, err)
	assert.Contains(t, out, "go vet -vettool=$(which polyfault) ./...")
}

func TestVettoolIsForGoVetOnly(t *testing.T) {
	assert.False(t, vettool([]string{"vet", "./..."}))
	assert.False(t, vettool(nil))
}

// The examples use their texts rightly.
func TestVetFindsNothingInExamples(t *testing.T) {
	t.Chdir("../../examples") // a module of its own
	out, err := runVet(t, "./...")
	require.NoError(t, err, out)
}
