package store_test

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// BenchmarkInsert compares 10,000 records through the handler with the same rows in plain statements of
// 512 rows, one transaction each.
func BenchmarkInsert(b *testing.B) {
	const records = 10240
	for _, open := range []func(testing.TB) *database{newSQLite, newPostgres} {
		d := open(b)
		s := d.open(b)
		b.Run(d.Dialect.String()+"/handler", func(b *testing.B) {
			h := newLog(b, s, store.LogOptions{QueueSize: records, Fallback: slog.NewTextHandler(io.Discard, nil)})
			logger := slog.New(h)
			for b.Loop() {
				for range records {
					logger.LogAttrs(b.Context(), slog.LevelError, "request failed", slog.String("code", "not_found"), slog.Int("status", 404), slog.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
						slog.String("method", "GET"), slog.String("path", "/orders/{id}"))
				}
				flush(b, h)
			}
			require.Zero(b, h.Stats().Dropped)
			b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run(d.Dialect.String()+"/plain", func(b *testing.B) {
			const rows, width = 512, 11
			var query strings.Builder
			query.WriteString("INSERT INTO polyfault_log (host, level, message, code, scope, trace_id, attributes, stacktrace, created, repeats, last_seen) VALUES ")
			for i := range rows {
				if i > 0 {
					query.WriteString(", ")
				}
				query.WriteString("(")
				for j := range width {
					if j > 0 {
						query.WriteString(", ")
					}
					if d.Dialect == store.PostgreSQL {
						fmt.Fprintf(&query, "$%d", i*width+j+1)
					} else {
						query.WriteString("?")
					}
				}
				query.WriteString(")")
			}
			text := query.String()
			for b.Loop() {
				for range records / rows {
					args := make([]any, 0, rows*width)
					now := time.Now().UnixMicro()
					for range rows {
						args = append(args, "host", 8, "request failed", "not_found", "", "4bf92f3577b34da6a3ce929d0e0e4736", `{"status":404,"method":"GET","path":"/orders/{id}"}`, "", now, 1, now)
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
