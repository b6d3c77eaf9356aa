package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Titles of any number of records are read with as many parameters as every SQLite takes, each record once.
func TestTitlesInAreChunked(t *testing.T) {
	t.Parallel()
	d, db := openFake(t)
	s, err := Open(t.Context(), db, SQLite)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close(t.Context())) }()
	for count, queries := range map[int]int{0: 0, 1: 1, 900: 1, 901: 2, 2500: 3} {
		for language, table := range map[string]string{"de": "FROM polyfault_error_texts", "en": "FROM polyfault_errors"} {
			d.take()
			titles, err := s.titlesIn(t.Context(), language, make([]int64, count))
			require.NoError(t, err)
			assert.NotNil(t, titles)
			sent := slices.DeleteFunc(d.take(), func(q string) bool { return !strings.Contains(q, table) })
			assert.Len(t, sent, queries)
			parameters := 0
			for _, q := range sent {
				n := strings.Count(q, "?")
				assert.LessOrEqual(t, n, 999)
				parameters += n - 1 // one is not an id
			}
			assert.Equal(t, count, parameters)
		}
	}
}
