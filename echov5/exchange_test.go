package faultecho_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
)

// Each way to begin a response makes the error that follows a matter of the log only.
func TestEveryWayToBegin(t *testing.T) {
	for name, begin := range map[string]func(*echo.Context){
		"NoContent":           func(c *echo.Context) { _ = c.NoContent(http.StatusOK) },
		"Write":               func(c *echo.Context) { _, _ = c.Response().Write(nil) },
		"a string":            func(c *echo.Context) { _, _ = io.WriteString(c.Response(), "") },
		"Flush":               func(c *echo.Context) { c.Response().(http.Flusher).Flush() },
		"controller":          flush,
		"unwrapped, a status": func(c *echo.Context) { response(c).WriteHeader(http.StatusOK) },
		"unwrapped, bytes":    func(c *echo.Context) { _, _ = response(c).Write(nil) },
		"unwrapped, a flush":  func(c *echo.Context) { response(c).Flush() },
		"below, a status":     func(c *echo.Context) { response(c).ResponseWriter.WriteHeader(http.StatusOK) },
		"below, bytes":        func(c *echo.Context) { _, _ = response(c).ResponseWriter.Write(nil) },
		"below, a string":     func(c *echo.Context) { _, _ = io.WriteString(response(c).ResponseWriter, "") },
		"hints and then bytes": func(c *echo.Context) {
			c.Response().WriteHeader(http.StatusEarlyHints)
			_, _ = c.Response().Write(nil)
		},
	} {
		for kind, m := range map[string]echo.MiddlewareFunc{"plain": chained(), "net/http's": echo.WrapMiddleware(passing)} {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := installed(t)
				s.Use(m, tracing)
				s.GET("/", func(c *echo.Context) error {
					begin(c)
					return fault.Gone
				})
				resp, body := s.get("/")
				assert.Equal(t, 200, resp.StatusCode)
				assert.Empty(t, body)
				assert.Contains(t, s.log.Only(t), "committed=true")
			})
		}
	}
}

// What begins nothing is still answered.
func TestFailedBeginnings(t *testing.T) {
	for name, h := range map[string]echo.HandlerFunc{
		"a status that does not exist": func(c *echo.Context) error { return c.NoContent(7) },
		"a copy that fails at once": func(c *echo.Context) error {
			_, err := io.Copy(c.Response(), iotest.ErrReader(errors.New(canary)))
			return err
		},
	} {
		s := installed(t)
		s.GET("/", h)
		resp, body := s.get("/")
		answered(t, resp, body, 500, "unhandled")
		assert.NotContains(t, s.log.Only(t), "committed", name)
	}
}

func TestEarlyHints(t *testing.T) {
	for name, m := range map[string][]echo.MiddlewareFunc{
		"plain": nil, "net/http's": {echo.WrapMiddleware(passing), echo.WrapMiddleware(passing)}, "loggers": loggers(),
	} {
		for kind, h := range map[string]echo.HandlerFunc{"error": returning(fault.TaskLocked), "panic": panickingWith(fault.TaskLocked)} {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := installed(t)
				s.Use(m...)
				s.GET("/", func(c *echo.Context) error {
					c.Response().WriteHeader(http.StatusEarlyHints)
					return h(c)
				})
				resp, body := s.get("/")
				answered(t, resp, body, 423, "task_locked")
				assert.NotContains(t, s.log.Only(t), "committed")
			})
		}
	}
}

const upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nmine"

// A connection that was taken over is its owner's: nothing is written to it, also by those who do not
// know of it.
func TestHijack(t *testing.T) {
	for name, setUp := range map[string]func(*service){
		"Install":                func(s *service) { faultecho.Install(s.Echo, s.r) },
		"with loggers":           func(s *service) { s.Use(loggers()...); faultecho.Install(s.Echo, s.r); s.Use(loggers()...) },
		"net/http's":             func(s *service) { faultecho.Install(s.Echo, s.r); s.Use(echo.WrapMiddleware(passing)) },
		"behind a failing outer": func(s *service) { s.Use(failingAfter); faultecho.Install(s.Echo, s.r) },
		"without Recover":        func(s *service) { s.HTTPErrorHandler = faultecho.ErrorHandler(s.r) },
	} {
		for kind, end := range map[string]func() error{
			"error":   func() error { return errors.New(canary) },
			"panic":   func() error { panic(canary) },
			"nothing": func() error { return nil },
		} {
			if name == "without Recover" && kind == "panic" || name != "behind a failing outer" && kind == "nothing" {
				continue
			}
			for place, writer := range map[string]func(*echo.Context) http.ResponseWriter{
				"context":   func(c *echo.Context) http.ResponseWriter { return c.Response() },
				"unwrapped": func(c *echo.Context) http.ResponseWriter { return response(c) },
			} {
				t.Run(name+", "+kind+", "+place, func(t *testing.T) {
					s := bare(t)
					setUp(s)
					done := make(chan struct{})
					s.GET("/", func(c *echo.Context) error {
						defer close(done)
						conn, _, err := writer(c).(http.Hijacker).Hijack()
						require.NoError(t, err)
						t.Cleanup(func() { _ = conn.Close() })
						_, _ = io.WriteString(conn, upgraded)
						return end()
					})
					resp, err := s.client.Get(s.url)
					require.NoError(t, err)
					assert.Equal(t, 101, resp.StatusCode)
					<-done
					line := s.log.Only(t)
					if name != "without Recover" {
						assert.Contains(t, line, "committed=true")
					}
					socket, ok := resp.Body.(io.ReadWriteCloser)
					require.True(t, ok)
					first := make([]byte, len("mine"))
					_, err = io.ReadFull(socket, first)
					require.NoError(t, err)
					assert.Equal(t, "mine", string(first))
					more := make(chan int)
					go func() { n, _ := socket.Read(make([]byte, 1)); more <- n }()
					select {
					case <-more:
						t.Error("something was written, or the connection closed")
					case <-time.After(10 * time.Millisecond):
					}
					_ = socket.Close()
					<-more
				})
			}
		}
	}
}

func TestAPanicOnAHijackedConnectionIsAnError(t *testing.T) {
	seen := make(chan error, 1)
	s := bare(t)
	s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			err := next(c)
			seen <- err
			return err
		}
	})
	faultecho.Install(s.Echo, s.r)
	s.GET("/", func(c *echo.Context) error {
		conn, _, err := c.Response().(http.Hijacker).Hijack()
		require.NoError(t, err)
		_ = conn.Close()
		panic(fault.Gone)
	})
	_, err := s.client.Get(s.url)
	assert.Error(t, err)
	assert.ErrorIs(t, <-seen, fault.Gone, "the connection is nobody's to abort")
	s.log.Only(t)
}

// net/http would drop the body of a HEAD by itself.
func TestNothingIsLeftToNetHTTPToPutRight(t *testing.T) {
	s := prepared(t)
	faultecho.Install(s.Echo, s.r)
	s.HEAD("/", returning(fault.TaskLocked))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/", nil))
	assert.Equal(t, 423, w.Code)
	assert.Zero(t, w.Body.Len())
	assert.NotEmpty(t, w.Header().Get("Content-Length"))
}

// failingAfter fails where the handler has not.
func failingAfter(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error { return errors.Join(next(c), fault.Gone) }
}

func TestSwitchingProtocolsIsABeginning(t *testing.T) {
	s := bare(t)
	s.HTTPErrorHandler = faultecho.ErrorHandler(s.r)
	s.GET("/", func(c *echo.Context) error {
		c.Response().WriteHeader(http.StatusSwitchingProtocols)
		return fault.Gone
	})
	resp, err := s.client.Get(s.url)
	require.NoError(t, err)
	_ = resp.Body.Close()
	assert.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	assert.Contains(t, s.log.Only(t), "committed=true")
}

func TestServerSentEvents(t *testing.T) {
	for name, send := range map[string]func(*echo.Context){
		"flusher":    func(c *echo.Context) { c.Response().(http.Flusher).Flush() },
		"unwrapped":  func(c *echo.Context) { response(c).Flush() },
		"controller": flush,
	} {
		t.Run(name, func(t *testing.T) {
			next := make(chan struct{})
			s := installed(t)
			s.GET("/", func(c *echo.Context) error {
				c.Response().Header().Set("Content-Type", "text/event-stream")
				for range 3 {
					_, _ = io.WriteString(c.Response(), "data: x\n\n")
					send(c)
					<-next
				}
				return nil
			})
			resp, err := s.client.Get(s.url)
			require.NoError(t, err)
			defer resp.Body.Close()
			events := bufio.NewReader(resp.Body)
			for range 3 {
				line, err := events.ReadString('\n')
				require.NoError(t, err)
				assert.Equal(t, "data: x\n", line)
				_, _ = events.ReadString('\n')
				next <- struct{}{}
			}
		})
	}
}

func TestResponseControllerWorksThroughTheExchange(t *testing.T) {
	s := installed(t)
	s.GET("/", func(c *echo.Context) error {
		r := http.NewResponseController(c.Response())
		assert.NoError(t, errors.Join(r.SetReadDeadline(time.Now().Add(time.Minute)), r.SetWriteDeadline(time.Now().Add(time.Minute)),
			r.EnableFullDuplex(), r.Flush()))
		return nil
	})
	resp, _ := s.get("/")
	assert.Equal(t, 200, resp.StatusCode)
}

// A writer that can do nothing is not said to have done it.
func TestWhatTheWriterBelowCannotDo(t *testing.T) {
	s := prepared(t)
	faultecho.Install(s.Echo, s.r)
	s.GET("/", func(c *echo.Context) error {
		assert.Panics(t, func() { flush(c) }, "as echo's own response does")
		assert.ErrorIs(t, response(c).ResponseWriter.(http.Pusher).Push("/", nil), http.ErrNotSupported)
		_, _, err := c.Response().(http.Hijacker).Hijack()
		assert.ErrorIs(t, err, http.ErrNotSupported)
		return fault.TaskLocked
	})
	recorder := httptest.NewRecorder()
	s.ServeHTTP(struct{ http.ResponseWriter }{recorder}, httptest.NewRequest(http.MethodGet, "/", nil))
	answered(t, recorder.Result(), recorder.Body.String(), 423, "task_locked")
}

func TestFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("x", 100_000)), 0o600))
	s := installed(t)
	s.FileFS("/file", "file", os.DirFS(filepath.Dir(name)))
	s.FileFS("/missing", "missing", os.DirFS(filepath.Dir(name)))
	s.GET("/copied", func(c *echo.Context) error {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(c.Response(), file)
		return err
	})
	for _, path := range []string{"/file", "/copied"} {
		_, body := s.get(path)
		assert.Len(t, body, 100_000, path)
	}
	resp, body := s.get("/missing")
	answered(t, resp, body, 404, "not_found")
}

// Hooks of the response run for answers of ours, too, and the loggers' numbers are right.
func TestTheResponseKnowsOfTheAnswer(t *testing.T) {
	s := bare(t)
	var status int
	var size int64
	s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			response(c).Before(func() { c.Response().Header().Set("X-Own", "1") })
			fail(c, next(c))
			status, size = response(c).Status, response(c).Size
			return nil
		}
	})
	faultecho.Install(s.Echo, s.r)
	s.GET("/", returning(fault.TaskLocked))
	resp, body := s.get("/")
	answered(t, resp, body, status, "task_locked")
	assert.Equal(t, "1", resp.Header.Get("X-Own"))
	assert.EqualValues(t, len(body), size)
	assert.Equal(t, 423, status)
}

// The response that Recover has put in is gone when it returns, and so is what was put on that and left there: it would lead
// whoever keeps it to another client.
func TestTheResponseIsPutBack(t *testing.T) {
	var before, after http.ResponseWriter
	s := bare(t)
	s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			before = c.Response()
			err := next(c)
			after = c.Response()
			if c.QueryParam("own") != "" {
				return c.String(http.StatusOK, "written outside")
			}
			return err
		}
	})
	faultecho.Install(s.Echo, s.r)
	replacing := func(replace func(http.ResponseWriter) http.ResponseWriter) echo.MiddlewareFunc {
		return func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				c.SetResponse(replace(c.Response()))
				return next(c)
			}
		}
	}
	s.GET("/", returning(nil))
	s.GET("/wrapping", returning(nil), replacing(func(w http.ResponseWriter) http.ResponseWriter { return struct{ http.ResponseWriter }{w} }))
	s.GET("/replacing", returning(nil), replacing(func(w http.ResponseWriter) http.ResponseWriter { return echo.NewResponse(w, s.Logger) }))
	s.GET("/net/http's", returning(nil), echo.WrapMiddleware(passing))
	s.GET("/hiding", returning(nil), replacing(func(w http.ResponseWriter) http.ResponseWriter { return opaque{w} }))
	for _, path := range []string{"/", "/wrapping", "/replacing", "/net/http's", "/hiding"} {
		_, body := s.get(path + "?own=1")
		assert.Equal(t, "written outside", body, path)
		assert.Same(t, before, after, path)
	}
}

// What a handler has set and not sent, and what middleware around has set, is what it would be without Recover.
func TestSuggestedStatus(t *testing.T) {
	var seen int
	s := bare(t)
	s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			response(c).Status = http.StatusAccepted
			err := next(c)
			seen = response(c).Status
			return err
		}
	})
	faultecho.Install(s.Echo, s.r)
	s.GET("/own", func(c *echo.Context) error { response(c).Status = http.StatusNoContent; return nil })
	s.GET("/written", func(c *echo.Context) error { _, err := io.WriteString(c.Response(), "fine"); return err })
	s.get("/own")
	assert.Equal(t, http.StatusNoContent, seen)
	resp, _ := s.get("/written")
	assert.Equal(t, http.StatusAccepted, resp.StatusCode)
	assert.Equal(t, http.StatusAccepted, seen)
}
