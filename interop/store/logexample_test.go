package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// A responder's log lines go to the database; what cannot be written goes to standard error.
func ExampleNewLogHandler() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:/example-log?vfs=memdb")
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	s, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		panic(err)
	}
	defer func() { _ = s.Close(ctx) }()
	h, err := store.NewLogHandler(s, store.LogOptions{
		Scope: "orders", Deduplicate: true, MaxRows: 1_000_000, Fallback: slog.NewTextHandler(os.Stderr, nil),
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = h.Close(ctx) }()

	logger := slog.New(h) // for fault.WithLogger
	for range 3 {
		logger.Error("request failed", "code", fault.NotFound.Code(), "trace_id", "4bf92f3577b34da6a3ce929d0e0e4736", "status", 404)
	}
	if err := h.Flush(ctx); err != nil {
		panic(err)
	}
	records, _, err := s.Logs(ctx, store.LogFilter{Code: "not_found"})
	if err != nil {
		panic(err)
	}
	for _, r := range records {
		fmt.Println(r.Level, r.Scope, r.Code, r.Message, string(r.Attributes), "×", r.Repeats)
	}
	// Output: ERROR orders not_found request failed {"status":404} × 3
}
