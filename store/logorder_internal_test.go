package store

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// A list begins at what sorted a record, and refuses what no record has.
func TestListsRefusePlaces(t *testing.T) {
	t.Parallel()
	s := &Store{dialect: SQLite}
	for _, c := range []struct {
		order LogOrder
		value string
		from  any // nil is refused
	}{
		{"", "-62135596800000000", int64(-62135596800000000)}, {ByLastSeen, "7", int64(7)}, {ByStatus, "0", int64(0)},
		{ByCode, "=", ""}, {ByCause, "==x\n", "=x\n"}, {ByRoute, "=" + strings.Repeat("é", maxColumn), strings.Repeat("é", maxColumn)},
		{"", "x", nil}, {"", "=x", nil}, {ByLevel, "1.5", nil}, {ByStatus, "1e9", nil}, {ByRepeats, "99999999999999999999", nil},
		{ByCode, "x", nil}, {ByCause, "=\x00", nil}, {ByRoute, "=\xff", nil}, {ByRoute, "=" + strings.Repeat("é", maxColumn+1), nil},
	} {
		l, err := newLogListing(s, LogFilter{Order: c.order, beforeValue: c.value})
		if c.from == nil {
			var wrong *FilterError
			require.ErrorAs(t, err, &wrong, "%s %q", c.order, c.value)
			assert.Equal(t, "before_value", wrong.Field)
			assert.ErrorIs(t, err, fault.BadParamValue)
			continue
		}
		require.NoError(t, err, "%s %q", c.order, c.value)
		assert.Equal(t, c.from, l.from)
	}
}
