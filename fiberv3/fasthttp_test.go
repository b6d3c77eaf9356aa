package faultfiber_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

// refused is what the set-up panics with beside this fasthttp.
func refused() (reason any) {
	defer func() { reason = recover() }()
	faultfiber.ErrorHandler(nil)
	return nil
}

// Class L: the set-up refuses a fasthttp if, and only if, its adaptor sends what a handler of net/http has given up, or
// dies of it. A process of its own tries, without us.
func TestFasthttp(t *testing.T) {
	addr := startAborting(t)
	right := abortReaches(addr, "/half") && abortReaches(addr, "/sent")
	if right {
		require.Nil(t, refused())
		return
	}
	assert.PanicsWithValue(t, refused(), func() { faultfiber.Recover(nil) })
	for _, part := range []string{"fasthttp", " v1.66 ", " v1.75", "@v1.76.0"} {
		assert.Contains(t, refused(), part)
	}
}

// abortReaches reports whether a client learns that the response is no whole one. The server has to live on.
func abortReaches(addr, path string) bool {
	client := http.Client{Timeout: 5 * time.Second} // v1.66 may also hang
	resp, err := client.Get("http://" + addr + path)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil {
			return false
		}
	}
	if os.IsTimeout(err) {
		return false
	}
	resp, err = client.Get("http://" + addr + "/whole")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusNoContent
}

const asAbortingServer = "FAULTFIBER_ABORTING_SERVER"

// startAborting starts this test binary again, as serveAborting.
func startAborting(t *testing.T) (addr string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), asAbortingServer+"=1")
	stop, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() {
		_ = stop.Close()
		_ = child.Wait()
	})
	addr, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(addr)
}

// serveAborting is a server of fasthttp's with a handler of net/http that gives up. It ends with its standard input.
func serveAborting() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString(listener.Addr().String() + "\n")
	adapted := fasthttpadaptor.NewFastHTTPHandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/whole" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, _ = io.WriteString(w, "half")
		if req.URL.Path == "/sent" {
			w.(http.Flusher).Flush()
		}
		panic(http.ErrAbortHandler)
	})
	go func() { _ = fasthttp.Serve(listener, closingWhatPanics(adapted)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// closingWhatPanics is what our Recover does for http.ErrAbortHandler.
func closingWhatPanics(h fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer func() {
			switch recover() {
			case nil:
			case http.ErrAbortHandler:
				ctx.HijackSetNoResponse(true)
				ctx.Hijack(func(conn net.Conn) { _ = conn.Close() })
			default:
				ctx.Error("something else", http.StatusInternalServerError)
			}
		}()
		h(ctx)
	}
}
