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

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
)

// Each way to begin a response makes the error that follows a matter of the log only.
func TestEveryWayToBegin(t *testing.T) {
	for name, begin := range map[string]func(*echo.Response){
		"NoContent":            func(r *echo.Response) { r.WriteHeader(http.StatusOK) },
		"Write":                func(r *echo.Response) { _, _ = r.Write(nil) },
		"Flush":                func(r *echo.Response) { r.Flush() },
		"controller":           func(r *echo.Response) { _ = http.NewResponseController(r).Flush() },
		"below, a status":      func(r *echo.Response) { r.Writer.WriteHeader(http.StatusOK) },
		"below, bytes":         func(r *echo.Response) { _, _ = r.Writer.Write(nil) },
		"below, a string":      func(r *echo.Response) { _, _ = io.WriteString(r.Writer, "") },
		"below, a flush":       func(r *echo.Response) { r.Writer.(http.Flusher).Flush() },
		"hints and then bytes": func(r *echo.Response) { r.WriteHeader(http.StatusEarlyHints); _, _ = r.Write(nil) },
	} {
		for kind, m := range map[string]echo.MiddlewareFunc{"plain": func(next echo.HandlerFunc) echo.HandlerFunc { return next }, "net/http's": echo.WrapMiddleware(passing)} {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := installed(t)
				s.Use(m, tracing)
				s.GET("/", func(c echo.Context) error {
					begin(c.Response())
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
		"a status that does not exist": func(c echo.Context) error { return c.NoContent(7) },
		"a copy that fails at once": func(c echo.Context) error {
			_, err := io.Copy(c.Response().Writer, iotest.ErrReader(errors.New(canary)))
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
	for name, m := range map[string][]echo.MiddlewareFunc{"plain": nil, "net/http's": {echo.WrapMiddleware(passing), echo.WrapMiddleware(passing)}, "loggers": loggers()} {
		for kind, h := range map[string]echo.HandlerFunc{"error": returning(fault.TaskLocked), "panic": panickingWith(fault.TaskLocked)} {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := installed(t)
				s.Use(m...)
				s.GET("/", func(c echo.Context) error {
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
			for place, writer := range map[string]func(echo.Context) http.ResponseWriter{
				"Response": func(c echo.Context) http.ResponseWriter { return c.Response() },
				"below":    func(c echo.Context) http.ResponseWriter { return c.Response().Writer },
			} {
				t.Run(name+", "+kind+", "+place, func(t *testing.T) {
					s := bare(t)
					setUp(s)
					done := make(chan struct{})
					s.GET("/", func(c echo.Context) error {
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
		return func(c echo.Context) error {
			err := next(c)
			seen <- err
			return err
		}
	})
	faultecho.Install(s.Echo, s.r)
	s.GET("/", func(c echo.Context) error {
		conn, _, err := c.Response().Hijack()
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
	return func(c echo.Context) error { return errors.Join(next(c), fault.Gone) }
}

func TestSwitchingProtocolsIsABeginning(t *testing.T) {
	s := bare(t)
	s.HTTPErrorHandler = faultecho.ErrorHandler(s.r)
	s.GET("/", func(c echo.Context) error {
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
	for name, flush := range map[string]func(echo.Context){
		"Response":   func(c echo.Context) { c.Response().Flush() },
		"below":      func(c echo.Context) { c.Response().Writer.(http.Flusher).Flush() },
		"controller": func(c echo.Context) { _ = http.NewResponseController(c.Response()).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			next := make(chan struct{})
			s := installed(t)
			s.GET("/", func(c echo.Context) error {
				c.Response().Header().Set("Content-Type", "text/event-stream")
				for range 3 {
					_, _ = io.WriteString(c.Response(), "data: x\n\n")
					flush(c)
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
	s.GET("/", func(c echo.Context) error {
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
	s.GET("/", func(c echo.Context) error {
		w := c.Response().Writer
		assert.ErrorIs(t, http.NewResponseController(w).Flush(), http.ErrNotSupported)
		w.(http.Flusher).Flush()
		assert.ErrorIs(t, w.(http.Pusher).Push("/", nil), http.ErrNotSupported)
		_, _, err := w.(http.Hijacker).Hijack()
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
	s.File("/file", name)
	s.File("/missing", name+"2")
	s.GET("/copied", func(c echo.Context) error {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(c.Response().Writer, file)
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
		return func(c echo.Context) error {
			c.Response().Before(func() { c.Response().Header().Set("X-Own", "1") })
			c.Error(next(c))
			status, size = c.Response().Status, c.Response().Size
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

// The writer that Recover has put in is removed when it returns, unless it was kept.
func TestTheWriterIsPutBack(t *testing.T) {
	var before, after http.ResponseWriter
	s := bare(t)
	s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			before = c.Response().Writer
			err := next(c)
			after = c.Response().Writer
			if c.QueryParam("kept") != "" {
				return c.String(http.StatusOK, "written outside")
			}
			return err
		}
	})
	faultecho.Install(s.Echo, s.r)
	s.GET("/", returning(nil))
	s.GET("/wrapping", returning(nil), func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Response().Writer = struct{ http.ResponseWriter }{c.Response().Writer}
			return next(c)
		}
	})
	s.GET("/replacing", returning(nil), func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.SetResponse(echo.NewResponse(c.Response().Writer, c.Echo()))
			return next(c)
		}
	})
	s.get("/")
	assert.Same(t, before, after)
	for _, path := range []string{"/wrapping", "/replacing"} {
		_, body := s.get(path + "?kept=1")
		assert.Equal(t, "written outside", body)
		assert.True(t, after != before, "the writer on top stays, and so does what it leads to")
		s.get("/") // nobody else got the writer that is still in use
	}
}
