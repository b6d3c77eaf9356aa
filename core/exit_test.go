package fault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// ends are ways for a command to end.
var ends = []struct {
	name    string
	err     error
	mappers []fault.Mapper
	code    int
	says    []string
}{
	{"nil", nil, nil, 0, nil},
	{"typed nil", (*fault.Fault)(nil), nil, 0, nil},
	{"kind", fault.Database, nil, 2, []string{"exit_code=2", "code=database"}},
	{"wrapped", fmt.Errorf("w: %w", fault.DatabaseOperation.Wrap(errors.New("reason"))), nil, 3,
		[]string{"exit_code=3", `cause="w: database_operation`, "reason"}},
	{"joined", errors.Join(errors.New("x"), fault.IOFailure.New(fault.Arg("Password", fault.Secret("canary")))), nil,
		4, []string{"exit_code=4", "***"}},
	{"inherited", fault.Gone, nil, 1, []string{"exit_code=1", "code=gone"}},
	{"unknown", errors.New("boom"), nil, 1, []string{"exit_code=1", "cause=boom", "code=unknown_error", "exit_test.go"}},
	{"mapped", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, []fault.Mapper{
		func(error) *fault.Fault { panic("a mapper") },
		fault.MapIs(fs.ErrNotExist, fault.IOFailure), fault.MapIs(fs.ErrNotExist, fault.Database)}, 4, []string{"exit_code=4"}},
	{"an error of ours is not mapped", fault.Gone.Wrap(fs.ErrNotExist),
		[]fault.Mapper{fault.MapIs(fs.ErrNotExist, fault.IOFailure)}, 1, []string{"code=gone"}},
	{"panicking Error", panickingError{}, nil, 1, []string{"Error() panicked"}},
}

const endVariable = "POLYFAULT_TEST_END"

func TestExit(t *testing.T) {
	if name := os.Getenv(endVariable); name != "" { // as the process that ends
		for _, e := range ends {
			if e.name == name {
				fault.Exit(e.err, e.mappers...)
				fmt.Println("came back")
				os.Exit(0)
			}
		}
	}
	for _, e := range ends {
		t.Run(e.name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestExit$")
			command.Env = append(os.Environ(), endVariable+"="+e.name)
			out, err := command.CombinedOutput()
			code := 0
			if err != nil {
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit)
				code = exit.ExitCode()
			}
			assert.Equal(t, e.code, code, string(out))
			assert.Equal(t, e.says == nil, strings.Contains(string(out), "came back"), "nothing ends a process that succeeded")
			for _, says := range e.says {
				assert.Contains(t, string(out), says)
			}
			assert.NotContains(t, string(out), "canary")
			if e.mappers == nil {
				assert.Equal(t, e.code, fault.ExitCode(e.err))
			}
		})
	}
}
