package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/interop/pagetest"
	"github.com/polyfault/polyfault/store"
)

// With ten thousand records, each of which has occurred, and ten thousand entries, pages stay as large as they are with few,
// and lead through all of them.
func TestPagesWithTenThousandRows(t *testing.T) {
	sequential(t)
	eachDatabase(t, func(t *testing.T, d *database) {
		const many = 10_000
		s := newPageServer(t, d)
		var entries []store.Entry
		for i := range many {
			entries = append(entries, store.Entry{Name: fmt.Sprintf("many_%05d", i), Title: new("One of many")})
		}
		s.save("", entries...)
		numbers := "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
		name := "'many_' || substr('0000' || CAST(i AS text), -5)"
		if d.Dialect == store.PostgreSQL {
			name = "'many_' || lpad(CAST(i AS text), 5, '0')"
		}
		s.exec(t, s.q(numbers+"INSERT INTO polyfault_occurrences (code, scope, hour, count, last_seen) SELECT "+name+", '', CAST(? AS bigint), 1 + i % 7, "+
			"CAST(? AS bigint) + i FROM n"), pagesNow.Truncate(3600e9).UnixMicro(), pagesNow.UnixMicro())
		s.exec(t, s.q(numbers+"INSERT INTO polyfault_log (host, level, message, code, scope, trace_id, attributes, stacktrace, created, last_seen) SELECT "+
			"'web-' || CAST(i % 3 AS text), 8, 'm', "+name+", '', '', '{}', '', CAST(? AS bigint) + i, CAST(? AS bigint) + i FROM n"),
			pagesNow.UnixMicro(), pagesNow.UnixMicro())

		_, body := s.ask("GET", "/errors/")
		assert.Less(t, len(body), 200_000)
		p := s.page("/errors/")
		assert.Contains(t, pagetest.Text(p.Root), "10000 entries")
		assert.Contains(t, pagetest.Text(p.Root), "Page 1 of 200")
		assert.Equal(t, "many_09995", pageRows(p, "Errors")[0][0], "the last of those with seven")
		assert.Contains(t, pagetest.Text(s.page("/errors/?page=200").Root), "errors that have never occurred")

		for _, order := range []string{"-last_seen", "repeats", "code", "host", "status", "cause"} {
			seen, pages := map[string]bool{}, 0
			for path := "/logs/?order=" + order; ; pages++ {
				_, body := s.ask("GET", path)
				require.Less(t, len(body), 200_000)
				p := s.page(path)
				for _, row := range pageRows(p, "Log") {
					seen[row[6]] = true
				}
				if pages == 4 || !strings.Contains(body, `rel="next"`) {
					break
				}
				path = "/logs" + pageLink(t, p, "Next page")[1:]
			}
			assert.Len(t, seen, 250, order)
		}
	})
}
