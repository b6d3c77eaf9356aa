// Package resets_test proves that a client that goes away is no incident: whatever it was in the middle of, nothing above
// level Debug is logged, no stack, and nothing of what it had sent.
package resets_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/logtest"
	"github.com/polyfault/polyfault/interop/adapters"
)

const canary = "canary-of-a-client"

const credentials = "Authorization: Bearer " + canary + "\r\nCookie: session=" + canary + "\r\n"

func routes(entered, left chan<- string) []adapters.Route {
	handle := func(method, path string, h func(adapters.Exchange) error) adapters.Route {
		return adapters.Route{Method: method, Path: path, Handle: func(x adapters.Exchange) error {
			entered <- path
			defer func() { left <- path }()
			return h(x)
		}}
	}
	return []adapters.Route{
		handle(http.MethodPost, "/read", func(x adapters.Exchange) error {
			if _, err := io.ReadAll(x.Body()); err != nil {
				return fmt.Errorf("reading: %w", err)
			}
			return nil
		}),
		handle(http.MethodPost, "/bind", func(x adapters.Exchange) error {
			var v struct{ A string }
			return fault.BindJSON(x.Body(), &v)
		}),
		handle(http.MethodGet, "/big", func(x adapters.Exchange) error {
			for range 400 {
				if _, err := x.Write(make([]byte, 64<<10)); err != nil {
					return fmt.Errorf("writing: %w", err)
				}
			}
			return nil
		}),
		handle(http.MethodGet, "/fine", func(x adapters.Exchange) error { _, err := io.WriteString(x, "fine"); return err }),
	}
}

// partings are the moments at which clients go. Those with a path let the handler begin first.
var partings = []struct{ name, path, sent string }{
	{"in the request line", "", "GET /fi"},
	{"in the header", "", "POST /read HTTP/1.1\r\nHost: a\r\n" + credentials + "X-Half: " + canary},
	{"in the header, of rubbish", "", "GET /\x01 HTTP/1.1\r\nHost: a\r\n" + credentials + "\r\n\r\n"},
	{"after a header without a colon", "", "GET / HTTP/1.1\r\nHost: a\r\n" + credentials + canary + "\r\n\r\n"},
	{"in the body", "/read", "POST /read HTTP/1.1\r\nHost: a\r\n" + credentials + "Content-Length: 100000\r\n\r\n{\"A\":\"" + canary},
	{"in a chunk", "/read", "POST /read HTTP/1.1\r\nHost: a\r\n" + credentials + "Transfer-Encoding: chunked\r\n\r\nff\r\n{\"A\":\"" + canary},
	{"in JSON", "/bind", "POST /bind HTTP/1.1\r\nHost: a\r\n" + credentials +
		"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{\"A\":\"" + canary},
	{"in the answer", "/big", "GET /big HTTP/1.1\r\nHost: a\r\n" + credentials + "\r\n"},
}

func TestNoIncident(t *testing.T) {
	for _, a := range adapters.All() {
		for _, p := range partings {
			for _, polite := range []bool{false, true} {
				if polite && p.path == "/read" && strings.HasSuffix(a.Name, "stream") {
					continue // fasthttp tells nobody that the connection has ended: it may be the end of an upstream's
				}
				t.Run(fmt.Sprintf("%s/%s, by FIN %t", a.Name, p.name, polite), func(t *testing.T) {
					t.Parallel()
					log := &logtest.Output{}
					r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
					require.NoError(t, err)
					entered, left := make(chan string, 8), make(chan string, 8)
					addr := a.Start(t, r, routes(entered, left))
					leave(t, addr, p.path, p.sent, polite, entered, left)
					assertQuiet(t, log.String())
					assert.Equal(t, "fine", fine(t, addr))
				})
			}
		}
	}
}

// leave sends what the client has to say, waits until it is read, and goes.
func leave(t *testing.T, addr, path, sent string, polite bool, entered, left <-chan string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	_, err = io.WriteString(conn, sent)
	require.NoError(t, err)
	begins := path != ""
	if begins {
		select {
		case <-entered:
		case <-time.After(300 * time.Millisecond): // fiber reads the body first, and its streams some of it
			begins = false
		}
	}
	time.Sleep(50 * time.Millisecond)
	if !polite {
		require.NoError(t, conn.(*net.TCPConn).SetLinger(0))
	}
	require.NoError(t, conn.Close())
	if begins {
		select {
		case <-left:
		case <-time.After(10 * time.Second):
			t.Fatal("the handler waits for a client that has gone")
		}
	}
	time.Sleep(100 * time.Millisecond) // lines come after the handler
}

func assertQuiet(t *testing.T, log string) {
	t.Helper()
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"languages of error responses"`) {
			continue
		}
		assert.Contains(t, line, `"level":"DEBUG"`)
		assert.NotContains(t, line, `"stack"`)
		assert.NotContains(t, line, canary)
	}
}

func fine(t *testing.T, addr string) string {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/fine")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	http.DefaultClient.CloseIdleConnections()
	return string(body)
}

// goings are how an HTTP/2 client goes: it takes its request back, or the connection ends.
var goings = map[string]func(cancel context.CancelFunc, conn net.Conn){
	"a stream":             func(cancel context.CancelFunc, _ net.Conn) { cancel() },
	"a connection":         func(_ context.CancelFunc, conn net.Conn) { _ = conn.Close() },
	"a connection, by RST": func(_ context.CancelFunc, conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0); _ = conn.Close() },
}

// A stream of HTTP/2 that ends in the middle of a body, or of an answer, is no incident, either.
func TestNoIncidentOnHTTP2(t *testing.T) {
	for _, a := range adapters.All() {
		for how, leaves := range goings {
			for path, method := range map[string]string{"/read": http.MethodPost, "/bind": http.MethodPost, "/big": http.MethodGet} {
				if !a.HTTP2 {
					continue
				}
				t.Run(a.Name+"/"+how+path, func(t *testing.T) {
					t.Parallel()
					log := &logtest.Output{}
					r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
					require.NoError(t, err)
					entered, left := make(chan string, 8), make(chan string, 8)
					goAway(t, a.Start(t, r, routes(entered, left)), method, path, entered, leaves)
					select {
					case <-left:
					case <-time.After(10 * time.Second):
						t.Fatal("the handler waits for a client that has gone")
					}
					time.Sleep(100 * time.Millisecond) // lines come after the handler
					assertQuiet(t, log.String())
				})
			}
		}
	}
}

// goAway sends half a body, waits for the handler, and goes.
func goAway(t *testing.T, addr, method, path string, entered <-chan string, leaves func(context.CancelFunc, net.Conn)) {
	t.Helper()
	conns := make(chan net.Conn, 1)
	transport := &http.Transport{Protocols: new(http.Protocols), DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		conns <- conn
		return conn, err
	}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var body io.Reader
	if method == http.MethodPost {
		half, writer := io.Pipe()
		defer func() { _ = writer.Close() }()
		go func() { _, _ = io.WriteString(writer, `{"A":"`+canary) }()
		body = half
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, body)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if resp, err := transport.RoundTrip(req); err == nil {
			<-ctx.Done()
			_ = resp.Body.Close()
		}
	}()
	<-entered
	time.Sleep(50 * time.Millisecond)
	leaves(cancel, <-conns)
	cancel()
	<-done
}

// Some middleware writes over the request in place. That the context that it put there has ended says nothing of the client.
func TestWhoWritesOverTheRequestIsNotTheClient(t *testing.T) {
	over := func(x adapters.Exchange) error {
		req := x.(interface{ Request() *http.Request }).Request()
		ctx, cancel := context.WithCancel(req.Context())
		cancel()
		*req = *req.WithContext(ctx)
		return fmt.Errorf("asking: %w", ctx.Err())
	}
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for _, a := range adapters.All() {
		if a.Fast {
			continue // fasthttp's requests have no context
		}
		t.Run(a.Name, func(t *testing.T) {
			addr := a.Start(t, r, []adapters.Route{{Method: http.MethodGet, Path: "/over", Handle: over}})
			resp, err := http.Get("http://" + addr + "/over")
			require.NoError(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			assert.Contains(t, string(body), `"code":"service_unavailable"`)
		})
	}
}
