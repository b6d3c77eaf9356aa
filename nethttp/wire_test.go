package faulthttp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/logtest"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// dial opens a raw connection to a server with the handler. Whatever net/http complains of, a
// superfluous WriteHeader or a use after Hijack, fails the test. finished waits for the handler, which
// the server itself does not after Hijack.
func dial(t *testing.T, h http.Handler) (conn net.Conn, r *bufio.Reader, finished func()) {
	t.Helper()
	var handlers sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		h.ServeHTTP(w, req)
	}))
	var complaints strings.Builder
	server.Config.ErrorLog = log.New(&complaints, "", 0)
	server.Start()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	t.Cleanup(func() {
		_ = conn.Close()
		server.Close()
		handlers.Wait()
		assert.Empty(t, complaints.String(), "net/http complains")
	})
	return conn, bufio.NewReader(conn), handlers.Wait
}

// answerTo sends one request and returns all that comes until the server closes.
func answerTo(t *testing.T, h http.Handler, request string) string {
	t.Helper()
	conn, r, finished := dial(t, h)
	_, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n"))
	require.NoError(t, err)
	all, err := io.ReadAll(r)
	require.NoError(t, err, "the server does not close the connection")
	finished()
	return string(all)
}

const closing = "GET / HTTP/1.1\nHost: x\nConnection: close\n\n"

// read reads one response of a raw connection.
func read(t *testing.T, r *bufio.Reader, method string) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

func TestEarlyHintsAreNoBeginning(t *testing.T) {
	for name, fail := range map[string]func() error{
		"returned": func() error { return fault.TaskLocked },
		"panicked": func() error { panic(fault.TaskLocked) },
	} {
		t.Run(name, func(t *testing.T) {
			url, client := serve(t, faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Link", "</style.css>; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
				return fail()
			}))
			var hints []int
			trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
				hints = append(hints, status)
				assert.Equal(t, "</style.css>; rel=preload", h.Get("Link"))
				return nil
			}}
			req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, url, nil)
			require.NoError(t, err)
			resp, err := client.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, []int{103}, hints)
			assertLocked(t, resp, string(body))
		})
	}
}

// The limit of a reader made inside our handler is unknown to net/http, which closes the connection
// only when it is given its own writer: the answer has to close it.
func TestTooLargeABodyClosesTheConnection(t *testing.T) {
	for name, input := range map[string]func(io.Reader) error{
		"decoding": func(r io.Reader) error {
			var v any
			return fault.Binding(json.NewDecoder(r).Decode(&v))
		},
		"reading": func(r io.Reader) error {
			_, err := io.ReadAll(r)
			return fmt.Errorf("import: %w", err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			conn, r, _ := dial(t, faulthttp.Middleware(nil)(faulthttp.Handler(nil, func(w http.ResponseWriter, req *http.Request) error {
				return input(http.MaxBytesReader(w, req.Body, 10))
			})))
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n\""+strings.Repeat("x", 28)+"\"")
			require.NoError(t, err)
			resp, body := read(t, r, http.MethodPost)
			assert.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
			assert.True(t, resp.Close, "Connection: close")
			assert.True(t, json.Valid([]byte(body)))
			_, err = r.ReadByte()
			assert.ErrorIs(t, err, io.EOF, "the connection stays open")
		})
	}
}

func TestHEADHasTheHeadersOfGET(t *testing.T) {
	var large fault.Details
	for i := range 200 {
		large.Add(fmt.Sprintf("attribute-%d", i), "more than net/http buffers")
	}
	for name, err := range map[string]error{
		"a short body": fault.TaskLocked, "a long body": large.Err(fault.Transformation), "an intended 5xx": fault.BadGateway,
	} {
		r, _ := logging(t)
		conn, in, _ := dial(t, faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return err }))
		_, werr := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, werr)
		get, body := read(t, in, http.MethodGet)
		head, none := read(t, in, http.MethodHead)
		again, same := read(t, in, http.MethodGet) // no stray byte of a body stood before it
		get.Header.Del("Date")
		head.Header.Del("Date")
		assert.Equal(t, get.Header, head.Header, name)
		assert.Equal(t, fmt.Sprint(len(body)), head.Header.Get("Content-Length"), name)
		assert.Empty(t, none, name)
		assert.Equal(t, get.StatusCode, again.StatusCode, name)
		assert.Equal(t, body, same, name)
	}
}

// What the handler put straight into the header map counts, too.
func TestStaleHeadersInOtherSpelling(t *testing.T) {
	all := answerTo(t, faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		for _, name := range []string{"content-length", "etag", "content-encoding", "last-modified", "cache-control"} {
			w.Header()[name] = []string{"5"}
		}
		w.Header()["x-custom"] = []string{"kept"}
		w.Header()["Vary"] = []string{"accept, Origin"}
		return fault.TaskLocked
	}), closing)
	head, body, _ := strings.Cut(all, "\r\n\r\n")
	assert.Contains(t, head, fmt.Sprintf("\r\nContent-Length: %d\r\n", len(body)))
	assert.NotContains(t, head, ": 5")
	assert.Contains(t, head, "\r\nx-custom: kept")
	assert.Contains(t, head, "\r\nVary: accept, Origin\r\n", "Accept is named already, in whatever case")
	assert.Equal(t, 1, strings.Count(strings.ToLower(head), "\r\nvary:"))
}

func TestVaryStar(t *testing.T) {
	url, client := serve(t, faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Vary", "*")
		return fault.TaskLocked
	}))
	resp, _ := get(t, client, url)
	assert.Equal(t, []string{"*"}, resp.Header.Values("Vary"))
}

func TestHeaderInjectionOnTheWire(t *testing.T) {
	r, log := logging(t)
	all := answerTo(t, faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error {
		return fault.TaskLocked.New(
			fault.Header("X-Break", "a\r\nX-Injected: b\r\n\r\n<html>"), fault.Header("X-Nul", "a\x00b"),
			fault.Header("X-Na\r\nme", "c"), fault.Header("Content-Length", "1"), fault.Header("X-Fine", "d"))
	}), closing)
	head, body, _ := strings.Cut(all, "\r\n\r\n")
	for _, line := range strings.Split(head, "\r\n")[1:] {
		assert.Regexp(t, `^[A-Za-z-]+: [^\r\n\x00]+$`, line)
	}
	assert.NotContains(t, all, "njected")
	assert.NotContains(t, all, "X-Break")
	assert.NotContains(t, all, "X-Nul")
	assert.Contains(t, head, "\r\nX-Fine: d")
	assert.True(t, json.Valid([]byte(body)))
	assert.Contains(t, log.Only(t), "refused")
}

func TestHostileRequestHeaders(t *testing.T) {
	for name, header := range map[string]string{
		"100 KB of languages":    "Accept-Language: " + strings.Repeat("xx-yy;q=0.5,", 8500) + "de",
		"100 KB of one language": "Accept-Language: " + strings.Repeat("x", 100_000),
		"no UTF-8":               "Accept-Language: \xff\xfe\xfd;q=\xff",
		"markup":                 "Accept-Language: <script>alert(1)</script>",
		"weights":                "Accept-Language: de;q=1e999,en;q=-1,fr;q=NaN",
		"100 KB of media types":  "Accept: " + strings.Repeat("a/b;q=0.1,", 10_000),
		"request id":             "X-Request-Id: <script>\x7f",
		"traceparent":            "Traceparent: 00-" + strings.Repeat("0", 32) + "-xx-01",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, log := logging(t)
			conn, in, _ := dial(t, faulthttp.Handler(r, failing))
			_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nAccept: application/problem+json\r\n"+header+"\r\n\r\n")
			require.NoError(t, err)
			resp, body := read(t, in, http.MethodGet)
			if resp.StatusCode == http.StatusBadRequest {
				assert.Contains(t, body, "400 Bad Request", "net/http refuses the header before any handler")
				return
			}
			assert.Equal(t, http.StatusLocked, resp.StatusCode)
			assert.True(t, json.Valid([]byte(body)))
			assert.NotContains(t, fmt.Sprint(resp.Header, body), "script")
			assert.NotContains(t, log.Only(t), "script")
		})
	}
}

func count(words map[string]int, word string) error {
	words[word]++
	return nil
}

// No form of failure shows its text: neither in the body nor in a header.
func TestSecretsStayInside(t *testing.T) {
	const secret = "password=hunter2"
	for name, fail := range map[string]func() error{
		"returned":           func() error { return errors.New(secret) },
		"wrapped":            func() error { return fmt.Errorf("%s: %w", secret, fault.TaskLocked) },
		"cause":              func() error { return fault.Database.Wrap(errors.New(secret)) },
		"panicked text":      func() error { panic(secret) },
		"panicked error":     func() error { panic(errors.New(secret)) },
		"panicked struct":    func() error { panic(struct{ DSN string }{secret}) },
		"panicked pointer":   func() error { panic(&struct{ DSN string }{secret}) },
		"panicked typed nil": func() error { panic((*fault.Fault)(nil)) },
		"panicked nil":       func() error { panic(nil) }, // the runtime makes an error of it
		"nil map":            func() error { return count(nil, secret) },
		"index":              func() error { list := strings.Split(secret, "="); return errors.New(list[len(list)]) },
		"nil pointer":        func() error { var req *http.Request; return errors.New(req.Method) },
	} {
		for _, accept := range []string{"application/json", "application/problem+json"} {
			line, observed := &logtest.Lines{}, 0
			r, err := fault.NewResponder(fault.WithLogger(slog.New(line)),
				fault.WithObserver(func(context.Context, *fault.Occurrence) { observed++ }))
			require.NoError(t, err)
			conn, in, _ := dial(t, faulthttp.Middleware(r)(faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return fail() })))
			_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nAccept: "+accept+"\r\n\r\n")
			require.NoError(t, err)
			resp, body := read(t, in, http.MethodGet)
			assert.GreaterOrEqual(t, resp.StatusCode, 400, name)
			assert.Equal(t, accept, resp.Header.Get("Content-Type"), name)
			assert.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"), name)
			assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"), name)
			assert.True(t, json.Valid([]byte(body)), name)
			for _, word := range []string{"hunter2", "password", "goroutine", "nethttp", "nil pointer", "index out", "DSN"} {
				assert.NotContains(t, fmt.Sprint(resp.Header, body), word, name)
			}
			line.Only(t)
			assert.Equal(t, 1, observed, name)
		}
	}
}

// Half a body is broken off even when middleware outside swallows what breaks it off.
func TestBreakingOffIsNotSwallowed(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"a panic": func(w http.ResponseWriter, _ *http.Request) { half(w); panic(fault.TaskLocked) },
		"its own": func(w http.ResponseWriter, _ *http.Request) { half(w); panic(http.ErrAbortHandler) },
		"returned": faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
			half(w)
			return http.ErrAbortHandler
		}),
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			defer func() { _ = recover() }()
			faulthttp.Middleware(nil)(h).ServeHTTP(w, req)
		}))
		resp, err := http.Get(server.URL)
		require.NoError(t, err, name)
		body, err := io.ReadAll(resp.Body)
		assert.Error(t, err, name)
		assert.Equal(t, "half", string(body), name)
		_ = resp.Body.Close()
		server.Close()
	}
}

func half(w http.ResponseWriter) {
	_, _ = io.WriteString(w, "half")
	_ = http.NewResponseController(w).Flush()
}
