package localetest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/localetest"
)

// All languages are to take less than a second. The time is printed and not asserted: test machines are shared.
func TestCost(t *testing.T) {
	begin := time.Now()
	_, err := localetest.Lint(shippedFiles(t), localetest.Options{})
	require.NoError(t, err)
	fmt.Printf("lint of all shipped languages: %s\n", time.Since(begin).Round(time.Millisecond))
}
