// Package databases holds the errors of real databases, as their drivers and the libraries above write them, against
// what [fault.SQLMappers] and [fault.Retry] make of them.
package databases

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Where the servers are.
var (
	postgresURL = cmp.Or(os.Getenv("POLYFAULT_POSTGRES"), "postgres://postgres@127.0.0.1:5432/test")
	mysqlDSN    = cmp.Or(os.Getenv("POLYFAULT_MYSQL"), "root@tcp(127.0.0.1:3306)/test")
	redisAddr   = cmp.Or(os.Getenv("POLYFAULT_REDIS"), "127.0.0.1:6379")
)

// hang is how long a test waits for what should happen at once.
const hang = 20 * time.Second

// unique is a name that no other process has. It says canary: no answer may hold it.
func unique() string { return "canary_" + strings.ToLower(rand.Text()[:12]) }

// An answer is what the client got, and the log.
type answer struct {
	status int
	code   string
	all    string // body and headers
	log    string
}

// answered lets a handler return err behind a real listener.
func answered(t *testing.T, err error, opts ...fault.Option) answer {
	t.Helper()
	return served(t, func(*http.Request) error { return err }, opts...)
}

// served asks a handler behind a real listener once.
func served(t *testing.T, handler func(*http.Request) error, opts ...fault.Option) answer {
	t.Helper()
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r, err := fault.NewResponder(append([]fault.Option{fault.WithMapper(fault.SQLMappers()...), fault.WithLogger(logger)}, opts...)...)
	require.NoError(t, err)
	server := httptest.NewServer(faulthttp.Middleware(r)(faulthttp.Handler(r, func(_ http.ResponseWriter, req *http.Request) error {
		return handler(req)
	})))
	resp, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	server.Close() // the log is complete
	var members struct{ Code string }
	require.NoError(t, json.Unmarshal(body, &members), string(body))
	return answer{resp.StatusCode, members.Code, string(body) + fmt.Sprint(resp.Header), log.String()}
}

// is asserts that err answers as kind does, however it is wrapped, that nothing of it reaches the client, and that Retry
// repeats what is retryable and nothing else.
func is(t *testing.T, err error, kind *fault.Kind) {
	t.Helper()
	require.Error(t, err)
	deep := err
	for i := range 5 {
		deep = fmt.Errorf("layer %d of canary: %w", i, deep)
	}
	for name, err := range map[string]error{
		"plain": err, "five deep": deep, "joined": errors.Join(errors.New("canary"), deep),
		"in a list": fmt.Errorf("%w %w", io.ErrNoProgress, deep),
	} {
		got := answered(t, err)
		assert.Equal(t, kind.Code(), got.code, "%s: %T %v", name, err, err)
		assert.Equal(t, kind.Status(), got.status, "%s: %v", name, err)
		assert.NotContains(t, strings.ToLower(got.all), "canary", name)
		if err.Error() != "" {
			assert.NotContains(t, got.all, err.Error(), name)
		}
		if name != "plain" {
			assert.Contains(t, got.log, "canary", "the log has the cause")
		}
		assert.Equal(t, kind.Retryable(), repeats(t, err), "%s: %v", name, err)
	}
}

// isLost is for a connection that was cut. Some drivers, pgx before v5.5 and go-redis among them, have no more to say of it than
// EOF, which might be that of any input.
func isLost(t *testing.T, err error) {
	t.Helper()
	if plain := errors.Unwrap(err) == nil; plain && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		is(t, err, fault.Unhandled)
		return
	}
	is(t, err, fault.DatabaseOperation)
}

// repeats reports whether Retry runs again after err.
func repeats(t *testing.T, err error) bool {
	t.Helper()
	runs := 0
	backoff := fault.Backoff{Retries: 1, Base: time.Nanosecond, Mappers: fault.SQLMappers()}
	assert.Error(t, fault.Retry(t.Context(), backoff, func(context.Context) error { runs++; return err }))
	return runs == 2
}

// refused is an address where nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// A link stands between a client and a server, until it is cut.
type link struct {
	addr     string
	listener net.Listener
	conns    chan net.Conn
}

// linked is a link to the server.
func linked(t *testing.T, server string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &link{addr: listener.Addr().String(), listener: listener, conns: make(chan net.Conn, 100)}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				return
			}
			l.conns <- client
			go func() { _, _ = io.Copy(back, client); _ = back.Close() }()
			go func() { _, _ = io.Copy(client, back) }()
		}
	}()
	t.Cleanup(func() { l.cut(false) })
	return l
}

// cut ends the connections, with a reset or in order, and lets no other come.
func (l *link) cut(reset bool) {
	_ = l.listener.Close()
	for {
		select {
		case conn := <-l.conns:
			if tcp, ok := conn.(*net.TCPConn); ok && reset {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		default:
			return
		}
	}
}
