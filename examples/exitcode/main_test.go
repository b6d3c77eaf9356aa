package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExitCodes(t *testing.T) {
	command := filepath.Join(t.TempDir(), "exitcode.exe") // Windows wants the ending, others do not mind it
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", command, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	for _, c := range []struct {
		task string
		code int
		says string
	}{
		{"report", 0, "all bookings are in order"},
		{"database", 2, `exit_code=2 cause="loading the bookings: database:`},
		{"file", 4, "exit_code=4"},
		{"something", 1, `there is no task \"something\"`},
	} {
		t.Run(c.task, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), command, c.task).CombinedOutput()
			code := 0
			if err != nil {
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit)
				code = exit.ExitCode()
			}
			assert.Equal(t, c.code, code)
			assert.Contains(t, string(out), c.says)
			assert.Equal(t, 1, strings.Count(string(out), "\n"), "one line: %s", out)
		})
	}
}
