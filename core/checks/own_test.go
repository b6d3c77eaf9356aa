package checks_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
)

// polyfaults are the kinds that polyfault brings, for its own lock file: BuiltinKind, which asks the
// file, would miss those that the file lacks.
func polyfaults(k *fault.Kind) bool { return !strings.HasPrefix(k.Code(), "test_") }

func TestOwnKindsAreLocked(t *testing.T) {
	checks.TestKinds(t, "codes.lock", checks.KindOptions{Update: *update, Keep: polyfaults})
}

func TestOwnCodesAreLocked(t *testing.T) {
	checks.TestCodes(t, "codes.lock", checks.CodeOptions{Update: *update, Registry: checks.Builtin()})
}

func TestOwnLockHasEveryKind(t *testing.T) {
	l, err := checks.LoadLock("codes.lock")
	require.NoError(t, err)
	e, ok := l.Kind("rate_limit_exceeded")
	require.True(t, ok)
	assert.Equal(t, checks.KindEntry{Code: "rate_limit_exceeded", Status: 429, Type: "request-rate-limit-exceeded",
		Number: 114, ExitCode: 1, Retryable: true, Line: e.Line}, e)
	assert.True(t, checks.BuiltinKind(fault.TaskLocked))
	assert.False(t, checks.BuiltinKind(bareKind))
	for k := range fault.Kinds() {
		assert.Equal(t, polyfaults(k), checks.BuiltinKind(k), k.Code())
	}
}

// The table in the documentation is the registry.
func TestOwnCodesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	documented := strings.Count(string(doc), "\n//\tpolyfault.")
	assert.Len(t, checks.Builtin().All(), documented)
	for _, e := range checks.Builtin().All() {
		assert.Contains(t, string(doc), fmt.Sprintf("//\t%s  ", e.Code))
	}
}

func TestOwnRegistryIsSealed(t *testing.T) {
	assert.ErrorIs(t, checks.Builtin().Register("new", "polyfault", checks.Error), checks.ErrSealed)
	e, ok := checks.Builtin().Find("polyfault.C003")
	assert.True(t, ok)
	assert.Equal(t, "check-faulty", e.Key)
}
