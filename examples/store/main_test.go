package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The demo, with each database: it prints where it is, its traffic shows in pages and API, what an operator
// writes is what clients are told, and at the end nothing of the log is lost.
func TestDemo(t *testing.T) {
	for name, c := range map[string]config{
		"memory":     {},
		"file":       {file: filepath.Join(t.TempDir(), "demo errors.db")},
		"PostgreSQL": {postgres: schema(t)},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "PostgreSQL" && c.postgres == "" {
				t.Skip("POLYFAULT_POSTGRES is not set")
			}
			c.addr, c.pause = "127.0.0.1:0", time.Millisecond
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var out output
			ended := make(chan error, 1)
			go func() { ended <- run(ctx, c, &out) }()
			address := out.address(t)

			require.Eventually(t, func() bool {
				return strings.Contains(get(t, address+"/admin/errors/?language=en"), "occurrences") &&
					strings.Contains(get(t, address+"/api/logs/?code=booking_not_found"), `"trace_id"`)
			}, 20*time.Second, 100*time.Millisecond, "the traffic arrives")
			assert.Contains(t, get(t, address+"/errors/task_locked?language=de"), "Aufgabe gesperrt")
			operate(t, address)
			stop()
			require.NoError(t, <-ended)
			assert.Regexp(t, `log records written: [1-9]\d*, dropped: 0\n`, out.String())
		})
	}
}

// operate decides that clients may try a locked task again.
func operate(t *testing.T, address string) {
	t.Helper()
	var list struct {
		Results []struct {
			ID        int64
			Retryable bool `json:"should_be_retried"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(get(t, address+"/api/errors/?name=task_locked")), &list))
	require.Len(t, list.Results, 1)
	require.False(t, list.Results[0].Retryable)
	locked := func() string {
		return send(t, http.MethodPost, address+"/bookings", `{"task":"T-200","resource":"R12","date":"2026-11-20","hours":1}`)
	}
	assert.Contains(t, locked(), `"retryable":false`)
	id := json.Number(regexp.MustCompile(`"id":\s*(\d+)`).FindStringSubmatch(get(t, address+"/api/errors/?name=task_locked"))[1])
	assert.Contains(t, send(t, http.MethodPatch, address+"/api/errors/"+id.String()+"/", `{"should_be_retried":true}`),
		`"should_be_retried":true`)
	assert.Contains(t, locked(), `"retryable":true`)
}

// Operators are on the same machine, whatever a request says of itself.
func TestOnlyHere(t *testing.T) {
	for address, allowed := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:1": true, "127.8.9.1:1": true, "[::ffff:127.0.0.1]:1": true,
		"10.0.0.1:1": false, "192.0.2.1:1": false, "[2001:db8::1]:1": false, "": false, "127.0.0.1": false, "localhost:1": false, "@": false,
	} {
		req := httptest.NewRequest(http.MethodGet, "/admin/errors/", nil)
		req.RemoteAddr = address
		req.Header.Set("X-Forwarded-For", "127.0.0.1")
		req.Host = "localhost"
		assert.Equal(t, allowed, onlyHere(req) == nil, address)
	}
	db, s, err := open(t.Context(), config{})
	require.NoError(t, err)
	defer db.Close()
	defer s.Close(context.WithoutCancel(t.Context()))
	h, err := routes(s, slog.New(slog.DiscardHandler), "http://localhost")
	require.NoError(t, err)
	for _, path := range []string{"/admin/logs/", "/api/logs/", "/api/errors/"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil)) // of 192.0.2.1
		assert.Equal(t, http.StatusForbidden, w.Code, path)
	}
}

// What is stopped as a container is, and with Ctrl-C, writes the rest of its log.
func TestSignals(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command")
	}
	command := filepath.Join(t.TempDir(), "store")
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", command, ".").CombinedOutput()
	require.NoError(t, err, string(built))
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		var out output
		demo := exec.CommandContext(t.Context(), command, "-addr", "127.0.0.1:0", "-pause", "1ms")
		demo.Stdout = &out
		require.NoError(t, demo.Start())
		address := out.address(t)
		require.Eventually(t, func() bool {
			return strings.Contains(get(t, address+"/api/logs/"), `"trace_id"`)
		}, 20*time.Second, 50*time.Millisecond)
		require.NoError(t, demo.Process.Signal(signal))
		require.NoError(t, demo.Wait(), "it ends by itself")
		assert.Regexp(t, `log records written: [1-9]\d*, dropped: 0\n`, out.String(), signal)
		assert.Contains(t, out.String(), "new        ")
	}
}

func TestWhatCannotStart(t *testing.T) {
	var out output
	assert.Error(t, run(t.Context(), config{addr: "nowhere.invalid:0"}, &out))
	assert.Error(t, run(t.Context(), config{addr: "127.0.0.1:0", file: t.TempDir()}, &out))
	assert.Empty(t, out.String())
}

func get(t *testing.T, address string) string { return send(t, http.MethodGet, address, "") }

func send(t *testing.T, method, address, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(content)
}

// schema makes an empty schema in the PostgreSQL of the tests; "" when there is none.
func schema(t *testing.T) string {
	t.Helper()
	source := os.Getenv("POLYFAULT_POSTGRES")
	if source == "" {
		require.Empty(t, os.Getenv("CI"), "CI has to set POLYFAULT_POSTGRES")
		return ""
	}
	db, err := sql.Open("pgx", source)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "DROP SCHEMA IF EXISTS polyfault_demo CASCADE; CREATE SCHEMA polyfault_demo")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, _ = db.ExecContext(context.Background(), "DROP SCHEMA polyfault_demo CASCADE")
		db.Close()
	})
	u, err := url.Parse(source)
	require.NoError(t, err)
	query := u.Query()
	query.Set("search_path", "polyfault_demo")
	u.RawQuery = query.Encode()
	return u.String()
}

// output is what the command prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// address waits until the command says where it listens.
func (o *output) address(t *testing.T) string {
	t.Helper()
	pages := regexp.MustCompile(`pages +(http://[^/]+)/admin/errors/`)
	require.Eventually(t, func() bool { return pages.MatchString(o.String()) }, 10*time.Second, 10*time.Millisecond)
	return pages.FindStringSubmatch(o.String())[1]
}
