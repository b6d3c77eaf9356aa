package web

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
	"github.com/polyfault/polyfault/store"
)

// The pages of package store in Chromium. POLYFAULT_SHOTS names a folder for pictures.
func TestPagesOfTheStoreInABrowser(t *testing.T) {
	needNode(t)
	browser := chromium(t)
	addresses, err := json.Marshal(pagesOfStores(t))
	require.NoError(t, err)
	dir := folder(t)
	copyTo(t, dir, "pages.test.mjs")
	shots := os.Getenv("POLYFAULT_SHOTS")
	if shots != "" {
		shots, err = filepath.Abs(shots)
		require.NoError(t, err)
	}
	out, err := command(t, dir, []string{"PAGES=" + string(addresses), "CHROMIUM=" + browser, "SHOTS=" + shots},
		"node", "--test", "--test-reporter=tap", "pages.test.mjs")
	t.Log(out)
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^# pass 25$`, out)
}

// pagesOfStores are the addresses that the browser visits.
func pagesOfStores(t *testing.T) map[string]string {
	t.Helper()
	db, s := openStore(t)
	require.NoError(t, s.SyncKinds(t.Context()))
	seed(t, s)
	_, empty := openStore(t)
	everybody := store.PagesAuthorize(func(*http.Request) error { return nil })
	nobody := store.PagesAuthorizeEdit(func(*http.Request, store.Action) error { return fault.PermissionDenied.New() })
	traces := store.PagesTraceURL("https://tracing.example/trace/{trace_id}")
	r := responder(t, fault.WithLanguages("en", "de"), fault.WithClientErrorLevel(slog.LevelWarn))
	mux := http.NewServeMux()
	mux.Handle("/operator/", store.Pages(s, r, everybody, traces))
	mux.Handle("/reader/", store.Pages(s, r, everybody, nobody))
	mux.Handle("/empty/", store.Pages(empty, r, everybody))
	mux.HandleFunc("POST /forget/{id}", func(w http.ResponseWriter, req *http.Request) {
		_, err := db.ExecContext(req.Context(), "DELETE FROM polyfault_log WHERE id = ?", req.PathValue("id"))
		assert.NoError(t, err)
		w.WriteHeader(http.StatusNoContent)
	})
	url := serve(t, mux)
	return map[string]string{
		"operator": url + "operator/", "reader": url + "reader/", "empty": url + "empty/", "forget": url + "forget/", "foreign": foreign(t),
	}
}

func openStore(t *testing.T) (*sql.DB, *store.Store) {
	t.Helper()
	file := filepath.ToSlash(filepath.Join(t.TempDir(), "polyfault.db"))
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	s, err := store.Open(t.Context(), db, store.SQLite)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close(context.Background())) })
	return db, s
}

var foreignPage = template.Must(template.New("").Parse(`<!doctype html><title>Foreign</title>
<form method="post" action="{{.}}"><input name="change" value="state"><input name="version" value="1"><input name="state" value="ignored">
<button>Win a prize</button></form>`))

// foreign is a page of another origin, with a form that sends a change to the address in its parameter "to".
func foreign(t *testing.T) string {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		assert.NoError(t, foreignPage.Execute(w, req.FormValue("to")))
	}))
}

// A past is a log handler that dates records back.
type past struct {
	slog.Handler
	hours *int
}

func (p past) Handle(ctx context.Context, r slog.Record) error {
	r.Time = r.Time.Add(-time.Duration(*p.hours) * time.Hour)
	return p.Handler.Handle(ctx, r)
}

func (p past) WithAttrs(attrs []slog.Attr) slog.Handler {
	return past{p.Handler.WithAttrs(attrs), p.hours}
}
func (p past) WithGroup(name string) slog.Handler { return past{p.Handler.WithGroup(name), p.hours} }

// seed lets services fail, on several hosts and over a day.
func seed(t *testing.T, s *store.Store) {
	t.Helper()
	seedRecords(t, s)
	for i, host := range []string{"api-1", "api-2", "worker-7"} {
		h := newLog(t, s, store.LogOptions{Deduplicate: true, Host: host, Scope: []string{"", "orders", "invoices"}[i], Level: slog.LevelDebug})
		hours := new(int)
		failOften(t, slog.New(past{h, hours}), hours, i)
	}
	hostile := newLog(t, s, store.LogOptions{Deduplicate: true, Host: strings.Repeat("host", 60), Scope: hostileText, Level: slog.LevelDebug})
	failBadly(t, slog.New(hostile))
}

func newLog(t *testing.T, s *store.Store, o store.LogOptions) *store.LogHandler {
	t.Helper()
	h, err := store.NewLogHandler(s, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, h.Close(context.Background())) })
	return h
}

const hostileText = "<script>document.title='owned'</script> \u202eevil\u202c {{.Name}} & \"a\" 'b'"

var longWord = strings.Repeat("Donaudampfschiff", 25)

func seedRecords(t *testing.T, s *store.Store) {
	t.Helper()
	_, err := s.Save(t.Context(), "invoices", []store.Entry{
		{Name: "import_failed", Title: new("Import failed"), Description: new("Ask accounting."), ExitCode: new(3)},
		{Name: longWord[:50], Title: new(longWord[:50]), Description: new(longWord[:250])},
	})
	require.NoError(t, err)
	bold := store.Entry{Name: "<b>bold</b>", Title: new("<script>alert(1)</script>"), Description: new(hostileText)}
	_, err = s.Save(t.Context(), hostileText, []store.Entry{bold})
	require.NoError(t, err)
}

var errConnection = errors.New("dial tcp 10.0.3.7:5432: connect: connection refused")

// service fails at each of its routes.
func service(t *testing.T, log *slog.Logger) http.Handler {
	t.Helper()
	r, err := fault.NewResponder(fault.WithLogger(log), fault.WithClientErrorLevel(slog.LevelWarn))
	require.NoError(t, err)
	mux := http.NewServeMux()
	for pattern, err := range map[string]error{
		"GET /orders/{id}":         fault.EntityNotFound.New(),
		"POST /orders":             fault.DuplicateItem.New(fault.Cause(errors.New("UNIQUE constraint failed: orders.number"))),
		"PUT /tasks/{id}":          fault.TaskLocked.New(),
		"DELETE /files/{path...}":  fault.PermissionDenied.New(),
		"GET /reports/{year}/{id}": fault.Database.New(fault.Cause(fmt.Errorf("reading the report: %w", errConnection))),
		"PATCH /orders/{id}":       fault.ServiceUnavailable.New(fault.Cause(errConnection)),
	} {
		mux.HandleFunc(pattern, faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return err }))
	}
	mux.HandleFunc("GET /crash/{id}", func(http.ResponseWriter, *http.Request) { panic("index out of range [3] with length 3") })
	return faulthttp.Middleware(r)(mux)
}

// failOften sends requests to the service of an instance, and lets it write lines of its own.
func failOften(t *testing.T, log *slog.Logger, hours *int, instance int) {
	t.Helper()
	h := service(t, log)
	ask := func(method, path string) {
		req := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		*hours = (len(path)*(instance+1) + len(method)) % 22
		req.Header.Set("Traceparent", fmt.Sprintf("00-%032x-00f067aa0ba902b7-01", 1<<40+instance*1000+len(path)))
		h.ServeHTTP(httptest.NewRecorder(), req)
	}
	for i := range 3 + 2*instance {
		ask(http.MethodGet, "/orders/"+strings.Repeat("1", i+1))
	}
	targets := []string{"POST /orders", "PUT /tasks/12", "DELETE /files/a/b/c", "GET /reports/2026/17", "PATCH /orders/9", "GET /crash/1"}
	for _, target := range targets {
		method, path, _ := strings.Cut(target, " ")
		ask(method, path)
	}
	*hours = instance
	log.Debug("The cache is cold.", "entries", 0)
	log.Info("The queue is long.", "length", 1200+instance)
	if instance < 2 {
		return
	}
	log.Error("The import ended.", "code", "import_failed", "exit_code", 3, "error", errors.New("line 7: no such customer"))
	for step := range 45 { // numbers would share a row
		log.Info("Step "+strings.Repeat("x", step+1)+" was repeated.", "status", 200+step%5)
	}
}

// failBadly logs what no page expects.
func failBadly(t *testing.T, log *slog.Logger) {
	t.Helper()
	log.Error(hostileText, "code", "<b>bold</b>", "trace_id", "a/b?c=<d>", "path", "/"+longWord, "method", "<GET>", "status", 599,
		"cause", longWord+hostileText, "error", errors.New(longWord), "group", slog.GroupValue(slog.String(hostileText, longWord)))
	log.Warn("رسالة خطأ مع English في الوسط", "path", "/مسار/طويل", "route", "/{مسار}", "cause", "接続が拒否されました")
	log.Error(longWord, "code", longWord[:50], "stack", "main.main()\n\t/src/"+longWord+".go:12 +0x1d\n\nmain.init()\n\t/src/b.go:1")
}
