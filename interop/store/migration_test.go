package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// migrateTo brings an empty database to an earlier schema, by the files that programs of that time had.
func (d *database) migrateTo(t testing.TB, version int) {
	t.Helper()
	dialect := map[store.Dialect]string{store.SQLite: "sqlite", store.PostgreSQL: "postgres"}[d.Dialect]
	folder := filepath.Join("..", "..", "store", "migrations", dialect)
	files, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	require.NoError(t, err)
	slices.Sort(files)
	d.exec(t, "CREATE TABLE polyfault_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied BIGINT NOT NULL)")
	for i, file := range files[:version] {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for statement := range strings.SplitSeq(string(content), ";\n") {
			if strings.TrimSpace(statement) != "" {
				d.exec(t, statement)
			}
		}
		d.exec(t, fmt.Sprintf("INSERT INTO polyfault_migrations (version, name, applied) VALUES (%d, 'x', 0)", i+1))
	}
}

// What programs of the schema before have written is there, is found, and grows old; those that still run go on
// writing, and several that are new start at once.
func TestMigrationOfTheLog(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		d.migrateTo(t, 2)
		old := func(n int, message, folded, code, attributes, mark string) {
			fold, fingerprint := any(nil), any(nil)
			if folded != "" {
				fold = folded
			}
			if mark != "" {
				fingerprint = mark
			}
			d.exec(t, d.q("INSERT INTO polyfault_log (host, level, message, folded, code, scope, trace_id, attributes, stacktrace, created, repeats, "+
				"last_seen, fingerprint) VALUES ('h', 8, ?, ?, ?, '', ?, ?, '', ?, 3, ?, ?) ON CONFLICT (fingerprint) WHERE fingerprint IS NOT NULL "+
				"DO UPDATE SET repeats = polyfault_log.repeats + excluded.repeats"),
				message, fold, code, fmt.Sprint("trace-", n), attributes, logStart.UnixMicro()+int64(n), logStart.UnixMicro()+int64(n), fingerprint)
		}
		for i := range 3000 {
			old(i, "request failed", "", "not_found", `{"path":"/orders/{id}","cause":"row missing"}`, "")
		}
		old(3000, "ÄRGER", "ärger", "", `no JSON`, "")
		old(3001, "hourly", "", "storm", `{"cause":"a \"quoted\" Cause","path":"/x"}`, "0123456789abcdef")
		old(3002, "", "", "", `{}`, "")
		d.exec(t, "INSERT INTO polyfault_occurrences (code, scope, hour, count, last_seen) VALUES ('storm', '', 0, 3, 0)")

		var group sync.WaitGroup
		stores := make([]*store.Store, 4)
		for i := range stores {
			db := d.connect(t)
			group.Go(func() {
				s, err := store.Open(t.Context(), db, d.Dialect)
				if assert.NoError(t, err) {
					stores[i] = s
				}
			})
		}
		group.Wait()
		for _, s := range stores {
			require.NotNil(t, s)
			t.Cleanup(func() { _ = s.Close(t.Context()) })
		}
		s := stores[0]
		assert.Equal(t, 3003, d.count(t, "SELECT count(*) FROM polyfault_log"))
		h := newLog(t, s, store.LogOptions{Deduplicate: true}) // completes what programs from before have written
		require.Eventually(t, func() bool {
			return d.count(t, "SELECT count(*) FROM polyfault_log WHERE search IS NULL") == 0
		}, hang, 20*time.Millisecond)
		for search, want := range map[string]int{
			"ärger": 1, "hourly": 1, "ROW MISSING": 1000, "/orders": 1000, "storm": 1, "cause": 1, "trace-3001": 1, "nothing": 0,
		} {
			assert.Len(t, logged(t, s, store.LogFilter{Search: search, PageSize: 1000}), want, search)
		}
		r := logged(t, s, store.LogFilter{Code: "storm"})[0]
		assert.Equal(t, []any{"", store.LogNew, int64(1), 0, 3}, []any{r.Fingerprint, r.State, r.Version, r.Regressions, r.Repeats})
		list, err := s.LogOccurrences(t.Context(), r.ID)
		require.NoError(t, err)
		assert.Equal(t, "/x", list[0].Path)
		_, err = s.SetLogState(t.Context(), r.ID, 1, store.LogIgnored)
		require.NoError(t, err)

		old(3001, "hourly", "", "storm", `{}`, "0123456789abcdef") // a program from before
		old(4000, "from before", "", "", `{}`, "")
		assert.Equal(t, 6, logged(t, s, store.LogFilter{Code: "storm"})[0].Repeats)
		assert.Len(t, logged(t, s, store.LogFilter{Search: "from before"}), 1)
		for range 2 {
			write(t, h, line{0, slog.LevelError, "hourly", []any{"code", "storm"}})
		}
		assert.Len(t, logged(t, s, store.LogFilter{Code: "storm"}), 2, "a bug has its own row from now on")
		n, err := s.Purge(t.Context(), 0, 10)
		require.NoError(t, err)
		assert.Equal(t, int64(3003+2-10), n)
	})
}

// An instance that starts while another one migrates a large log waits for it, longer than for any other lock.
func TestInstancesWaitForAMigration(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		conn, err := d.DB.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		lock, unlock := "BEGIN IMMEDIATE", "COMMIT"
		if d.Dialect == store.PostgreSQL {
			lock, unlock = "SELECT pg_advisory_lock(8101813523327317356)", "SELECT pg_advisory_unlock(8101813523327317356)"
		}
		_, err = conn.ExecContext(t.Context(), lock)
		require.NoError(t, err)
		time.AfterFunc(12*time.Second, func() { _, _ = conn.ExecContext(context.Background(), unlock) })
		begun := time.Now()
		openStore(t, d.connect(t), d.Dialect)
		assert.Greater(t, time.Since(begun), 11*time.Second)
	})
}
