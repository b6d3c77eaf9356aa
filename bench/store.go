package main

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite"

	"github.com/polyfault/polyfault/store"
)

const (
	logging     = "log, handing over a record"
	inserting   = "log, 5120 records into SQLite"
	plainRows   = "512 rows an INSERT"
	preparedRow = "a prepared INSERT a row, 512 a transaction"

	logRecords = 10 * logRows
	logRows    = 512
)

// storeScenarios are what the error log costs: the request that hands over a record, and the database
// that gets it. They are made once, as they open databases.
var storeScenarios = sync.OnceValue(func() []*scenario {
	waiting := newLog(store.LogOptions{QueueSize: 2000, BatchSize: 2000, FlushInterval: time.Hour})
	json := slog.New(slog.NewJSONHandler(discardWriter{}, nil))
	writing := newLog(store.LogOptions{QueueSize: logRecords})
	plain := openLog()
	return []*scenario{
		{name: logging, contestants: []contestant{
			{name: ours, op: func() { logOne(waiting.logger) }, rest: waiting.empty},
			{name: "slog.JSONHandler to nowhere", role: hand, op: func() { logOne(json) }},
		}},
		{name: inserting, contestants: []contestant{
			{name: plainRows, op: func() { insertPlain(plain) }, many: true, rest: func() { clearLog(plain) }},
			{name: preparedRow, role: hand, op: func() { insertPrepared(plain) }, many: true, rest: func() { clearLog(plain) }},
			{name: ours, op: writing.fill, many: true, rest: writing.empty},
		}},
	}
})

// logFolders are the folders of those databases, for main to remove.
var logFolders []string

func removeLogs() {
	for _, folder := range logFolders {
		_ = os.RemoveAll(folder)
	}
}

type discardWriter struct{}

func (discardWriter) Write(p []byte) (int, error) { return len(p), nil }

// logOne is a line as a responder writes it.
func logOne(l *slog.Logger) {
	l.LogAttrs(context.Background(), slog.LevelError, "request failed", slog.String("code", "not_found"), slog.Int("status", 404),
		slog.String("trace_id", traceID), slog.String("method", "GET"), slog.String("path", "/orders/{id}"))
}

// A benchLog is a log in a database of its own.
type benchLog struct {
	db      *sql.DB
	handler *store.LogHandler
	logger  *slog.Logger
}

func openLog() *sql.DB {
	folder := must(os.MkdirTemp("", "polyfault-bench-"))
	logFolders = append(logFolders, folder)
	file := filepath.ToSlash(filepath.Join(folder, "log.db"))
	db := must(sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)"))
	must(store.Open(context.Background(), db, store.SQLite))
	return db
}

func newLog(o store.LogOptions) *benchLog {
	db := openLog()
	s := must(store.Open(context.Background(), db, store.SQLite))
	h := must(store.NewLogHandler(s, o))
	return &benchLog{db, h, slog.New(h)}
}

// fill hands over records and waits until they are written.
func (l *benchLog) fill() {
	for range logRecords {
		logOne(l.logger)
	}
	check(l.handler.Flush(context.Background()))
}

func (l *benchLog) empty() {
	check(l.handler.Flush(context.Background()))
	if n := l.handler.Stats().Dropped; n > 0 {
		panic("records were dropped")
	}
	clearLog(l.db)
}

func clearLog(db *sql.DB) { must(db.Exec("DELETE FROM polyfault_log")) }

// insertPlain writes the same rows by hand.
func insertPlain(db *sql.DB) {
	for range logRecords / logRows {
		now := time.Now().UnixMicro()
		args := make([]any, 0, logRows*plainColumns)
		for range logRows {
			args = append(args, "host", 8, "request failed", "request failed", "not_found", "", traceID,
				`{"status":404,"method":"GET","path":"/orders/{id}"}`, "", now, 1, now)
		}
		tx := must(db.Begin())
		must(tx.Exec(plainInsert, args...))
		check(tx.Commit())
	}
}

// insertPrepared writes them row by row, the statement prepared once for 512 of them.
func insertPrepared(db *sql.DB) {
	for range logRecords / logRows {
		now := time.Now().UnixMicro()
		tx := must(db.Begin())
		statement := must(tx.Prepare(rowInsert))
		for range logRows {
			must(statement.Exec("host", 8, "request failed", "request failed", "not_found", "", traceID,
				`{"status":404,"method":"GET","path":"/orders/{id}"}`, "", now, 1, now))
		}
		check(statement.Close()) //nolint:sqlclosecheck // prepared for each transaction
		check(tx.Commit())
	}
}

const plainColumns = 12

const intoLog = "INSERT INTO polyfault_log (host, level, message, folded, code, scope, trace_id, attributes, stacktrace, " +
	"created, repeats, last_seen) VALUES "

var (
	row         = "(" + strings.TrimSuffix(strings.Repeat("?, ", plainColumns), ", ") + ")"
	rowInsert   = intoLog + row
	plainInsert = intoLog + strings.TrimSuffix(strings.Repeat(row+", ", logRows), ", ")
)
