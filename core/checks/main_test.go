package checks_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "append what is new to codes.lock")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testingT is what *testing.T and *rapid.T have in common.
type testingT interface {
	Helper()
	Errorf(format string, args ...any)
	FailNow()
}
