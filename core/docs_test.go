package fault

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cells are those of the row of a table in docs that begins with a word.
func cells(t *testing.T, page, after, first string) []string {
	t.Helper()
	content, err := os.ReadFile("../docs/" + page)
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(content), after)
	require.True(t, ok, after)
	_, row, ok := strings.Cut(rest, "\n| "+first)
	require.True(t, ok, first)
	row, _, _ = strings.Cut(row, "\n")
	return strings.Split(row, "|")
}

// Each code of the tables stands in docs/databases.md, in the row of its kind, and the other way round.
func TestDocsOfDatabases(t *testing.T) {
	rows := map[*Kind]string{EntityNotFound: "EntityNotFound", DuplicateItem: "DuplicateItem", Conflict: "Conflict",
		MissingAttribute: "MissingAttribute", BadFieldValue: "BadFieldValue", TransactionConflict: "TransactionConflict",
		DatabaseOperation: "DatabaseOperation", GatewayTimeout: "GatewayTimeout", Database: "Database"}
	word := regexp.MustCompile(`\b[0-9P][0-9P]\w*\b`)
	mentions := func(k *Kind, column int) []string {
		return word.FindAllString(cells(t, "databases.md", "## Codes by driver", "`"+rows[k]+"`")[column], -1)
	}
	for state, v := range sqlStates {
		assert.Contains(t, mentions(v.kind, 1), state)
	}
	for n, v := range mysqlNumbers {
		assert.Contains(t, mentions(v.kind, 2), strconv.FormatUint(n, 10))
	}
	for k := range rows {
		for _, state := range mentions(k, 1) {
			assert.Equal(t, k, ofState((state + "ZZZ")[:5]).kind, state)
		}
		for _, n := range mentions(k, 2) {
			if number, err := strconv.ParseUint(n, 10, 64); err == nil && len(n) == 4 {
				assert.Equal(t, k, mysqlNumbers[number].kind, n)
			}
		}
	}
	for code, v := range sqliteCodes {
		if code == 19 {
			continue // the rest of the constraints
		}
		assert.Contains(t, cells(t, "databases.md", "## Codes by driver", "`"+rows[v.kind]+"`")[3], strconv.FormatInt(code, 10))
	}
	mongo := strings.Join(cells(t, "databases.md", "## Codes by driver", "MongoDB"), "|")
	for _, row := range mongoCodes {
		for _, code := range row.codes {
			assert.Contains(t, mongo, strconv.Itoa(code))
		}
	}
}

func TestDocsOfRPC(t *testing.T) {
	for code, v := range rpcVerdicts {
		if v.kind == nil {
			continue
		}
		row := cells(t, "rpc.md", "| google.rpc.Code", fmt.Sprintf("%d ", code))
		assert.Contains(t, row[len(row)-2], strconv.Itoa(v.kind.Status()))
		name := strings.TrimPrefix(strings.TrimSpace(row[1]), "`")
		k, ok := KindByCode(v.kind.Code())
		require.True(t, ok)
		kind, _, _ := strings.Cut(name, "`")
		assert.Equal(t, strings.ReplaceAll(k.Code(), "_", ""), strings.ToLower(kind))
	}
}
