package store_test

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// BenchmarkLists is every kind of list of the log, over a million rows. Each database is filled once, in 10 s
// to 30 s.
func BenchmarkLists(b *testing.B) {
	const rows = 1_000_000
	filters := listFilters(rows)
	for _, database := range []struct {
		name string
		open func(testing.TB) *database
	}{{"sqlite", newSQLite}, {"postgres", newPostgres}} {
		b.Run(database.name, func(b *testing.B) {
			d := database.open(b)
			s := d.open(b)
			fillForLists(b, d, rows)
			for _, name := range slices.Sorted(maps.Keys(filters)) {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						_, _, err := s.Logs(b.Context(), filters[name])
						require.NoError(b, err)
					}
					b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/list")
				})
			}
		})
	}
}

// BenchmarkInsert compares 10,000 records through the handler with the same rows in plain statements of
// 512 rows, one transaction each: with the fingerprint, the text that searches look at, and the columns of the request.
func BenchmarkInsert(b *testing.B) {
	const records = 10240
	for _, open := range []func(testing.TB) *database{newSQLite, newPostgres} {
		d := open(b)
		s := d.open(b)
		b.Run(d.Dialect.String()+"/handler", func(b *testing.B) {
			h := newLog(b, s, store.LogOptions{QueueSize: records, Fallback: slog.DiscardHandler})
			logger := slog.New(h)
			for b.Loop() {
				for range records {
					logger.LogAttrs(b.Context(), slog.LevelError, "request failed", slog.String("code", "not_found"), slog.Int("status", 404),
						slog.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"), slog.String("method", "GET"), slog.String("path", "/orders/{id}"))
				}
				flush(b, h)
			}
			require.Zero(b, h.Stats().Dropped)
			b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run(d.Dialect.String()+"/plain", func(b *testing.B) {
			const rows, width = 512, 17
			row, grams := strings.TrimSuffix(strings.Repeat("?, ", width), ", "), ""
			if d.Dialect == store.PostgreSQL {
				row, grams = row+", '{189,200,"+strings.Repeat("1234567,", 32)+"99}'", ", grams"
			}
			row = "(" + row + "), "
			text := d.q("INSERT INTO polyfault_log (host, level, message, code, scope, trace_id, attributes, stacktrace, created, repeats, last_seen, " +
				"print, search, status, method, route, cause" + grams + ") VALUES " +
				strings.TrimSuffix(strings.Repeat(row, rows), ", "))
			for b.Loop() {
				for range records / rows {
					args := make([]any, 0, rows*width)
					now := time.Now().UnixMicro()
					for range rows {
						args = append(args, "host", 8, "request failed", "not_found", "", "4bf92f3577b34da6a3ce929d0e0e4736",
							`{"status":404,"method":"GET","path":"/orders/{id}"}`, "", now, 1, now,
							"0123456789abcdef0123456789abcdef", "request failed\nnot_found\n/orders/{id}\n", 404, "GET", "/orders/{id}", "")
					}
					tx, err := d.DB.BeginTx(b.Context(), nil)
					require.NoError(b, err)
					_, err = tx.ExecContext(b.Context(), text, args...)
					require.NoError(b, err)
					require.NoError(b, tx.Commit())
				}
			}
			b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
