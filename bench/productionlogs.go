package main

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/polyfault/polyfault/store"
)

const (
	prodLogs    = "production: unknown error, logs"
	prodWritten = "production: 1,000 unknown errors, written"

	handJSON   = "by hand, debug.Stack, slog.JSONHandler"
	oursJSON   = "polyfault, slog.JSONHandler"
	oursStored = "polyfault, the store's log"
	handFile   = "by hand, debug.Stack, slog.JSONHandler, a file"

	writtenErrors = 1000
)

// storeLog is a log in SQLite that writes nothing until it is emptied: what a request pays is handing a record over.
var storeLog = sync.OnceValue(func() *benchLog {
	return newLog(store.LogOptions{QueueSize: 2000, BatchSize: 2000, FlushInterval: time.Hour})
})

// productionLogScenarios are unknown errors with the store's log, beside a JSON log: first what a request pays, then
// 1,000 of them until the last line is in a file, or in SQLite.
var productionLogScenarios = sync.OnceValue(func() []*scenario {
	waiting := storeLog()
	both := slog.New(slog.NewMultiHandler(jsonLogger.Handler(), waiting.handler))
	written := newLog(store.LogOptions{QueueSize: 2 * writtenErrors})
	request := browse("application/json")
	named := func(c contestant, name string) contestant { c.name, c.role = name, other; return c }
	unknown := func(name string, l *slog.Logger) contestant { return named(unknownByPolyfault(l), name) }
	handWritten := func(name string, l *slog.Logger) contestant { return named(unknownByHand(l), name) }
	emptied := func(c contestant) contestant { c.rest = waiting.empty; return c }
	yardstick := func(c contestant) contestant { c.role = hand; return c }
	thousand := func(c contestant, rest func()) contestant {
		h := c.handler
		w := &discard{header: http.Header{}}
		return contestant{name: c.name, role: c.role, many: true, rest: rest, op: func() {
			for range writtenErrors {
				clear(w.header)
				h.ServeHTTP(w, request)
			}
			check(written.handler.Flush(request.Context()))
		}}
	}
	file, empty := logFile()
	return []*scenario{
		{name: prodLogs, request: request, contestants: []contestant{
			yardstick(handWritten(handJSON, jsonLogger)),
			emptied(handWritten("by hand, debug.Stack, the store's log", waiting.logger)),
			unknown(oursJSON, jsonLogger),
			emptied(unknown(oursStored, waiting.logger)),
			emptied(unknown("polyfault, both", both)),
		}},
		{name: prodWritten, contestants: []contestant{
			thousand(yardstick(handWritten(handFile, file)), empty),
			thousand(unknown("polyfault, slog.JSONHandler, a file", file), empty),
			thousand(unknown("polyfault, the store's log, SQLite", written.logger), written.empty),
		}},
	}
})

// logFile is a JSON log in a file, one system call a line, and what empties it.
func logFile() (l *slog.Logger, empty func()) {
	folder := must(os.MkdirTemp("", "polyfault-bench-"))
	logFolders = append(logFolders, folder)
	file := must(os.OpenFile(filepath.Join(folder, "log.json"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600))
	return slog.New(slog.NewJSONHandler(file, nil)), func() { check(file.Truncate(0)) }
}
