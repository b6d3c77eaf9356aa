package vet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/cmd/polyfault/internal/vet"
)

// TestMain makes the test program the tool of go vet when go vet runs it.
func TestMain(m *testing.M) {
	if vet.CalledByGoVet(os.Args[1:]) {
		vet.Main(os.Args[1:])
	}
	os.Exit(m.Run())
}

func goVet(t *testing.T, dir string, args ...string) (out string, err error) {
	t.Helper()
	tool, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), "go", append([]string{"vet", "-vettool=" + tool}, args...)...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=off")
	output, err := command.CombinedOutput()
	return string(output), err
}

// stub has of polyfault what the packages below use. Its texts are the real ones, which the tool brings; go
// vet would look at some 200 packages that the real core needs.
const stub = `// Package fault is a stub.
package fault

type (
	Attr  struct{}
	Fault struct{}
	Kind  struct{}
	Spec  struct{ Code, Text string }
)

func Text(string) (a Attr)          { return a }
func Arg(string, any) (a Attr)      { return a }
func (*Kind) New(...Attr) *Fault    { return nil }
func (k *Kind) Derive(s Spec) *Kind { return k }
func (*Kind) Error() string         { return "" }
func (*Fault) Error() string        { return "" }

var Any *Kind
`

// stubbed is a module of three packages that knows the stub alone.
func stubbed(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, "go.mod", "module example.com/program\n\ngo 1.26.0\n\n"+
		"require github.com/polyfault/polyfault v0.0.0\nreplace github.com/polyfault/polyfault => ./stub\n")
	write(t, dir, "stub/go.mod", "module github.com/polyfault/polyfault\n\ngo 1.26.0\n")
	write(t, dir, "stub/core/fault.go", stub)
	write(t, dir, "shop/shop.go", strings.ReplaceAll(head, "ackage p", "ackage shop")+
		"// NotFound is a kind.\nvar NotFound = fault.Any.Derive(fault.Spec{Code: \"not_here\"})\n")
	write(t, dir, "p/p.go", `// Package p is for a test.
package p

import (
	"example.com/program/shop"
	fault "github.com/polyfault/polyfault/core"
)

func fails(n int) error {
	if n > 0 {
		return shop.NotFound.New()
	}
	return fault.Any.New(fault.Text("here"))
}
`)
	write(t, dir, "p/locales/active.en.toml", "here = \"x\"\nnot_here = \"x\"\nunused = \"x\"\n")
	return dir
}

// go vet keeps what it found nothing in; a locale file that changes makes it look again.
func TestGoVet(t *testing.T) {
	dir := stubbed(t)
	shop := filepath.Join(dir, "shop")
	out, err := goVet(t, shop, "../p")
	require.NoError(t, err, out)
	write(t, dir, "p/locales/active.en.toml", "not_here = \"{{.ID}}\"\n")
	out, err = goVet(t, shop, "../p")
	require.Error(t, err)
	assert.Contains(t, out, `p.go:11:10: text "not_here" needs fault.Arg("ID", …)`)
	assert.Contains(t, out, `p.go:13:34: unknown text id "here"`)

	write(t, dir, ".hidden/active.en.toml", `here = "x"`)
	out, err = goVet(t, dir, "-polyfaulttexts.locales="+filepath.Join(dir, ".hidden"), "./...")
	require.NoError(t, err, out)
	out, err = goVet(t, dir, "-polyfaulttexts.locales=.hidden", "./...")
	require.Error(t, err)
	assert.Contains(t, out, "-locales .hidden is not an absolute path")
}

func TestCalledByGoVet(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{
		{nil, false},
		{[]string{"-V=full"}, true},
		{[]string{"-flags"}, true},
		{[]string{"b001/vet.cfg"}, true},
		{[]string{"-polyfaulttexts.locales=/a", "-json", "b001/vet.cfg"}, true},
		{[]string{"vet", "./..."}, false},
		{[]string{"check", "--locales", "a.cfg"}, false},
		{[]string{"codes", "a.cfg"}, false},
		{[]string{"-h"}, false},
		{[]string{"-flags", "x"}, false},
	} {
		assert.Equal(t, c.want, vet.CalledByGoVet(c.args), "%q", c.args)
	}
}
