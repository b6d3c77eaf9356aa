package faultfiber_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiber"
)

// What is left of a body that comes as a stream is not the next request: the connection ends after an error, unless the
// body was read.
func TestUnreadBodiesEndTheConnection(t *testing.T) {
	const hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
	body := strings.Repeat("x", 64<<10) + hidden
	for framing, sent := range map[string]string{
		"by length": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body),
		"in chunks": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
	} {
		for _, reads := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, read %t", framing, reads), func(t *testing.T) {
				var reached atomic.Bool
				cfg := config(nil)
				cfg.StreamRequestBody, cfg.BodyLimit = true, 1<<20
				app := fiber.New(cfg)
				app.Use(faultfiber.Recover(nil))
				app.Get("/hidden", func(*fiber.Ctx) error { reached.Store(true); return nil })
				app.Post("/fail", func(c *fiber.Ctx) error {
					if reads {
						_, _ = io.Copy(io.Discard, c.Context().RequestBodyStream())
					}
					return fault.TaskLocked
				})
				addr, stop, err := start(app)
				require.NoError(t, err)
				defer stop()
				conn, err := net.Dial("tcp", addr)
				require.NoError(t, err)
				defer func() { _ = conn.Close() }()
				require.NoError(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
				_, err = io.WriteString(conn, "POST /fail HTTP/1.1\r\nHost: a\r\n"+sent)
				require.NoError(t, err)
				from := bufio.NewReader(conn)
				resp, err := http.ReadResponse(from, nil)
				require.NoError(t, err)
				_, err = io.ReadAll(resp.Body)
				require.NoError(t, err)
				_ = resp.Body.Close()
				assert.Equal(t, http.StatusLocked, resp.StatusCode)
				if !reads {
					assert.True(t, resp.Close, "the client is not told")
					_, err = from.ReadByte()
					assert.Error(t, err)
					assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection goes on")
				} else if framing == "by length" {
					assert.False(t, resp.Close, "there is nothing left to read")
				}
				assert.False(t, reached.Load())
			})
		}
	}
}
