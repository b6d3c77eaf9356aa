package faultecho_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
)

func panickingWith(v any) echo.HandlerFunc { return func(echo.Context) error { panic(v) } }

// Whoever calls the error handler, and however often, there is one answer and one log line.
func TestOneAnswerHoweverOftenItIsCalled(t *testing.T) {
	dump := middleware.BodyDump(func(echo.Context, []byte, []byte) {})
	all := append(loggers(), dump)
	group := func(s *service) echo.MiddlewareFunc { return faultecho.Recover(s.r) }
	for name, c := range map[string]struct {
		before, after []echo.MiddlewareFunc // Install
		group         func(*service) echo.MiddlewareFunc
	}{
		"outside":                {before: all},
		"inside":                 {after: all},
		"both":                   {before: all, after: all},
		"Recover again":          {before: all, after: all, group: group},
		"Recover behind a wall":  {before: all, after: []echo.MiddlewareFunc{hiding, tracing}, group: group},
		"echo's Recover outside": {before: []echo.MiddlewareFunc{middleware.Recover()}, after: all},
		"failing outside":        {before: []echo.MiddlewareFunc{failingAfter}},
		"net/http's": {before: []echo.MiddlewareFunc{echo.WrapMiddleware(passing), tracing},
			after: []echo.MiddlewareFunc{echo.WrapMiddleware(passing), tracing}},
	} {
		for kind, h := range map[string]echo.HandlerFunc{
			"error": returning(fault.TaskLocked),
			"panic": panickingWith(fault.TaskLocked),
			"c.Error": func(c echo.Context) error {
				c.Error(fault.TaskLocked)
				return nil
			},
			"c.Error and another": func(c echo.Context) error {
				c.Error(fault.TaskLocked)
				return fault.Gone
			},
			"c.Error and bytes": func(c echo.Context) error {
				c.Error(fault.TaskLocked)
				return c.NoContent(http.StatusOK) // echo refuses
			},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := bare(t)
				s.Use(c.before...)
				faultecho.Install(s.Echo, s.r)
				s.Use(c.after...)
				var m []echo.MiddlewareFunc
				if c.group != nil {
					m = append(m, c.group(s))
				}
				s.GET("/", h, m...)
				resp, body := s.get("/")
				answered(t, resp, body, 423, "task_locked")
				s.log.Only(t)
			})
		}
	}
}

// hiding puts a writer that does not unwrap between.
func hiding(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		w := c.Response().Writer
		c.Response().Writer = struct{ http.ResponseWriter }{w}
		defer func() { c.Response().Writer = w }()
		return next(c)
	}
}

func TestErrorsAfterTheFirstByteAreLoggedOnce(t *testing.T) {
	s := bare(t)
	s.Use(loggers()...)
	faultecho.Install(s.Echo, s.r)
	s.GET("/", func(c echo.Context) error {
		_ = c.String(http.StatusOK, "fine")
		return echo.NewHTTPError(http.StatusConflict, canary)
	})
	resp, body := s.get("/")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Equal(t, "fine", body)
	assert.Contains(t, s.log.Only(t), "committed=true")
}

// Middleware around Recover sees a panic as an error of echo's, with the status that the client gets, and what it
// says itself comes too late.
func TestRecoverReturns(t *testing.T) {
	var seen error
	s := bare(t)
	s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			seen = next(c)
			if c.QueryParam("own") != "" {
				_ = c.String(http.StatusTeapot, "my own words")
			}
			return seen
		}
	})
	faultecho.Install(s.Echo, s.r)
	s.GET("/", panickingWith(fmt.Errorf("%s: %w", canary, io.ErrClosedPipe)))
	resp, body := s.get("/")
	answered(t, resp, body, 500, "unhandled")
	assert.ErrorIs(t, seen, io.ErrClosedPipe)
	assert.Contains(t, s.log.Only(t), "panic=true")
	var he *echo.HTTPError
	require.ErrorAs(t, seen, &he)
	assert.Equal(t, 500, he.Code)
	s.log.Clear()
	resp, body = s.get("/?own=1")
	answered(t, resp, body, 500, "unhandled")
	s.log.Only(t)
}

// Other recovering middleware works, too, with less knowledge.
func TestErrorHandlerWithoutRecover(t *testing.T) {
	s := bare(t)
	s.HTTPErrorHandler = faultecho.ErrorHandler(s.r)
	s.Use(append(loggers(), middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true}))...)
	s.GET("/", panickingWith(fault.TaskLocked))
	s.GET("/bytes", func(c echo.Context) error {
		_ = c.String(http.StatusOK, "fine")
		return fault.TaskLocked
	})
	s.GET("/hints", func(c echo.Context) error {
		c.Response().WriteHeader(http.StatusEarlyHints)
		return fault.TaskLocked
	})
	s.GET("/hints-bytes", func(c echo.Context) error {
		c.Response().WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(c.Response(), "fine") // the status stays 103
		return fault.TaskLocked
	})
	for _, path := range []string{"/", "/hints"} {
		resp, body := s.get(path)
		answered(t, resp, body, 423, "task_locked")
	}
	for path, want := range map[string]string{"/bytes": "fine", "/hints-bytes": "fine"} {
		resp, body := s.get(path)
		assert.Equal(t, 200, resp.StatusCode, path)
		assert.Equal(t, want, body, path)
	}
	assert.Len(t, s.log.All(), 4)
}

func TestAbort(t *testing.T) {
	for name, h := range map[string]echo.HandlerFunc{
		"panicked":   panickingWith(http.ErrAbortHandler),
		"returned":   returning(http.ErrAbortHandler),
		"by c.Error": func(c echo.Context) error { c.Error(http.ErrAbortHandler); return nil },
		"in the middle": func(c echo.Context) error {
			_ = c.String(200, "half")
			c.Response().Flush()
			return http.ErrAbortHandler
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := bare(t)
			s.Use(middleware.Recover(), tracing)
			faultecho.Install(s.Echo, s.r)
			s.GET("/", h)
			resp, err := s.client.Get(s.url)
			if name == "in the middle" {
				require.NoError(t, err)
				_, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			assert.ErrorIs(t, err, map[bool]error{true: io.ErrUnexpectedEOF, false: io.EOF}[name == "in the middle"])
			assert.Empty(t, s.log.All())
		})
	}
}

// The client must not take half a body for a whole one, with any middleware outside.
func TestAPanicAfterTheFirstByteAborts(t *testing.T) {
	dump := middleware.BodyDump(func(echo.Context, []byte, []byte) {})
	for name, c := range map[string]struct{ before, after []echo.MiddlewareFunc }{
		"alone":          {},
		"echo's Recover": {before: []echo.MiddlewareFunc{middleware.Recover()}},
		"loggers":        {before: loggers(), after: loggers()},
		"BodyDump":       {before: []echo.MiddlewareFunc{dump}, after: []echo.MiddlewareFunc{dump}},
		"Gzip outside":   {before: []echo.MiddlewareFunc{middleware.Gzip()}},
		"Gzip inside":    {after: []echo.MiddlewareFunc{middleware.Gzip()}},
		"net/http's": {before: []echo.MiddlewareFunc{echo.WrapMiddleware(passing)},
			after: []echo.MiddlewareFunc{echo.WrapMiddleware(passing)}},
		"Recover of ours, too": {before: []echo.MiddlewareFunc{faultecho.Recover(nil)}},
	} {
		t.Run(name, func(t *testing.T) {
			s := bare(t)
			s.Use(c.before...)
			faultecho.Install(s.Echo, s.r)
			s.Use(c.after...)
			s.GET("/", func(c echo.Context) error {
				_, _ = io.WriteString(c.Response(), "[1, 2")
				c.Response().Flush()
				panic(canary)
			})
			resp, err := s.client.Get(s.url)
			require.NoError(t, err)
			defer resp.Body.Close()
			_, err = io.ReadAll(resp.Body)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			line := s.log.Only(t)
			assert.Contains(t, line, "committed=true")
			assert.Contains(t, line, "panic=true")
		})
	}
}

func TestHTTP2(t *testing.T) {
	s := installed2(t)
	s.GET("/locked", returning(fault.TaskLocked))
	s.GET("/half", func(c echo.Context) error {
		_, _ = io.WriteString(c.Response(), "half")
		c.Response().Flush()
		panic(canary)
	})
	s.POST("/", func(c echo.Context) error {
		_, err := io.Copy(io.Discard, http.MaxBytesReader(c.Response(), c.Request().Body, 10))
		return err
	})
	s.GET("/push", func(c echo.Context) error {
		_, ok := c.Response().Writer.(http.Pusher)
		assert.True(t, ok)
		assert.ErrorIs(t, c.Response().Writer.(http.Pusher).Push("/locked", nil), http.ErrNotSupported) // the client declines
		_, _, err := c.Response().Hijack()
		assert.ErrorIs(t, err, http.ErrNotSupported)
		return err
	})
	resp, body := s.get("/locked")
	assert.Equal(t, 2, resp.ProtoMajor)
	answered(t, resp, body, 423, "task_locked")
	resp, body = s.do(http.MethodPost, "/", strings.Repeat("x", 1000))
	answered(t, resp, body, 413, "content_too_large")
	resp, body = s.get("/push")
	answered(t, resp, body, 500, "unhandled")
	resp, err := s.client.Get(s.url + "/half")
	require.NoError(t, err)
	defer resp.Body.Close()
	part, err := io.ReadAll(resp.Body)
	assert.ErrorContains(t, err, "stream error")
	assert.Equal(t, "half", string(part))
}

func TestGzip(t *testing.T) {
	large := fault.TaskLocked.New(fault.Detail("x", strings.Repeat("x", 10_000)))
	for name, c := range map[string]struct {
		before, after []echo.MiddlewareFunc
		compressed    bool
	}{
		"outside":                 {before: []echo.MiddlewareFunc{middleware.Gzip()}, compressed: true},
		"inside":                  {after: []echo.MiddlewareFunc{middleware.Gzip()}},
		"outside of a logger":     {before: []echo.MiddlewareFunc{middleware.Gzip(), tracing}, compressed: true},
		"inside, around a logger": {after: []echo.MiddlewareFunc{middleware.Gzip(), tracing}},
		"minimum length not reached": {before: []echo.MiddlewareFunc{middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 20}),
			tracing}},
		"setting it before the handler": {before: []echo.MiddlewareFunc{compressing}, compressed: true},
	} {
		for kind, h := range map[string]echo.HandlerFunc{"error": returning(large), "panic": panickingWith(large),
			"stale": func(c echo.Context) error {
				c.Response().Header().Set("Content-Length", "5")
				if name != "setting it before the handler" {
					c.Response().Header().Set("Content-Encoding", "br")
				}
				return large
			}} {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := bare(t)
				s.Use(c.before...)
				faultecho.Install(s.Echo, s.r)
				s.Use(c.after...)
				s.GET("/", h)
				resp, body := s.get("/", "Accept-Encoding", "gzip")
				compressed := c.compressed
				assert.Equal(t, compressed, resp.Header.Get("Content-Encoding") == "gzip")
				if compressed {
					z, err := gzip.NewReader(strings.NewReader(body))
					require.NoError(t, err)
					plain, err := io.ReadAll(z)
					require.NoError(t, err)
					body = string(plain)
				} else {
					assert.Empty(t, resp.Header.Get("Content-Encoding"))
				}
				answered(t, resp, body, 423, "task_locked")
				s.log.Only(t)
			})
		}
	}
}

// compressing is a compressor that sets Content-Encoding before the handler runs, and answers from inside.
func compressing(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		w := c.Response().Writer
		z := gzip.NewWriter(w)
		w.Header().Set("Content-Encoding", "gzip")
		c.Response().Writer = compressedWriter{w, z}
		if err := next(c); err != nil {
			c.Error(err)
		}
		return z.Close()
	}
}

type compressedWriter struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (w compressedWriter) Write(p []byte) (int, error) { return w.z.Write(p) }

func TestHeadersOfOthersAreKept(t *testing.T) {
	s := bare(t)
	s.Use(middleware.CORS(), middleware.RequestID(), middleware.Secure())
	faultecho.Install(s.Echo, s.r)
	s.GET("/", func(c echo.Context) error {
		c.Response().Header().Set("Content-Type", "text/csv")
		c.Response().Header().Set("Etag", `"x"`)
		return fault.TaskLocked
	})
	for path, want := range map[string]int{"/": 423, "/nowhere": 404} {
		resp, body := s.get(path, "Origin", "https://example.org", "X-Request-Id", "mine")
		answered(t, resp, body, want, map[int]string{423: "task_locked", 404: "not_found"}[want])
		assert.Equal(t, "*", resp.Header.Get("Access-Control-Allow-Origin"))
		assert.Equal(t, "mine", resp.Header.Get("X-Request-Id"))
		assert.NotEmpty(t, resp.Header.Get("X-Frame-Options"))
		assert.Equal(t, "Origin, Accept", strings.Join(resp.Header.Values("Vary"), ", "))
		assert.Empty(t, resp.Header.Get("Etag"))
	}
}

func TestTimeouts(t *testing.T) {
	untilDone := func(c echo.Context) error {
		_, _ = c.Response().Writer.Write(nil) // TimeoutHandler's lock orders this goroutine and its caller
		<-c.Request().Context().Done()
		return c.Request().Context().Err()
	}
	waiting := func(c echo.Context) error {
		<-c.Request().Context().Done()
		return c.Request().Context().Err()
	}
	for _, place := range []string{"outside", "inside"} {
		with := func(t *testing.T, m echo.MiddlewareFunc) *service {
			s := bare(t)
			if place == "outside" {
				s.Use(m)
			}
			faultecho.Install(s.Echo, s.r)
			if place == "inside" {
				s.Use(m)
			}
			return s
		}
		t.Run("ContextTimeout "+place, func(t *testing.T) {
			s := with(t, middleware.ContextTimeout(5*time.Millisecond))
			s.GET("/", waiting)
			resp, body := s.get("/")
			answered(t, resp, body, 503, "service_unavailable")
			s.log.Only(t)
		})
		// ContextTimeout cancels its context on the way out: that is no client that left.
		for name, err := range map[string]error{"a downstream cancellation": context.Canceled, "a panic of one": context.Canceled} {
			t.Run(name+" under ContextTimeout "+place, func(t *testing.T) {
				s := with(t, middleware.ContextTimeout(time.Minute))
				s.GET("/", func(echo.Context) error {
					if strings.Contains(name, "panic") {
						panic(err)
					}
					return fmt.Errorf("%s: %w", canary, err)
				})
				resp, body := s.get("/")
				answered(t, resp, body, 503, "service_unavailable")
				s.log.Only(t)
			})
		}
		t.Run("Timeout in time "+place, func(t *testing.T) {
			s := with(t, timeout(time.Minute, nil))
			s.GET("/error", returning(fault.TaskLocked))
			s.GET("/panic", panickingWith(fault.TaskLocked))
			s.GET("/fine", func(c echo.Context) error { return c.String(http.StatusOK, "fine") })
			for _, path := range []string{"/error", "/panic"} {
				resp, body := s.get(path)
				answered(t, resp, body, 423, "task_locked")
			}
			assert.Len(t, s.log.All(), 2)
			_, body := s.get("/fine")
			assert.Equal(t, "fine", body)
		})
		t.Run("Timeout too late "+place, func(t *testing.T) {
			late := make(chan error, 1)
			s := with(t, timeout(5*time.Millisecond, func(err error) { late <- err }))
			s.GET("/", untilDone)
			resp, body := s.get("/")
			assert.Equal(t, 503, resp.StatusCode)
			assert.Equal(t, "too late", body)
			assert.ErrorIs(t, <-late, context.DeadlineExceeded)
			assert.Empty(t, s.log.All())
		})
	}
}

func TestRateLimiter(t *testing.T) {
	s := installed(t)
	s.Use(middleware.RateLimiterWithConfig(middleware.RateLimiterConfig{
		Store:               denying{},
		IdentifierExtractor: func(echo.Context) (string, error) { return canary, nil },
		DenyHandler: func(_ echo.Context, _ string, err error) error {
			return echo.ErrTooManyRequests.WithInternal(err)
		},
	}), middleware.KeyAuth(func(string, echo.Context) (bool, error) { return false, nil }))
	s.GET("/", returning(nil))
	resp, body := s.get("/")
	answered(t, resp, body, 429, "too_many_requests")
	s.log.Only(t)
}

type denying struct{}

func (denying) Allow(string) (bool, error) { return false, errors.New(canary) }

func TestRouting(t *testing.T) {
	s := installed(t)
	fine := returning(nil)
	s.GET("/orders", fine)
	s.GET("/tree/:id/*", fine)
	plain := s.Group("/plain")
	plain.GET("/x", fine)
	guarded := s.Group("/guarded", tracing)
	guarded.GET("/x", fine)
	own := s.Group("/own")
	own.RouteNotFound("/*", returning(fault.EntityNotFound))
	own.GET("/x", fine)
	s.Host("other").GET("/there", fine)
	for _, c := range []struct {
		method, path, host string
		status             int
		code, allow, route string
	}{
		{"GET", "/nowhere", "", 404, "not_found", "", "/nowhere"},
		{"POST", "/orders", "", 405, "method_not_allowed", "OPTIONS, GET", "/orders"},
		{"PURGE", "/orders", "", 405, "method_not_allowed", "OPTIONS, GET", "/orders"},
		{"POST", "/tree/7/deep", "", 405, "method_not_allowed", "OPTIONS, GET", "/tree/:id/*"},
		{"POST", "/plain/x", "", 405, "method_not_allowed", "OPTIONS, GET", "/plain/x"},
		{"GET", "/guarded/nowhere", "", 404, "not_found", "", "/guarded/*"},
		{"POST", "/guarded/x", "", 404, "not_found", "", "/guarded/*"}, // echo's own: see the package comment
		{"GET", "/own/nowhere", "", 404, "entity_not_found", "", "/own/*"},
		{"POST", "/own/x", "", 404, "entity_not_found", "", "/own/*"},
		{"GET", "/nowhere", "other", 404, "not_found", "", "/nowhere"},
	} {
		s.log.Clear()
		req, err := http.NewRequest(c.method, s.url+c.path, nil)
		require.NoError(t, err)
		req.Host = c.host
		resp, err := s.client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		_ = resp.Body.Close()
		answered(t, resp, string(body), c.status, c.code)
		assert.Equal(t, c.allow, resp.Header.Get("Allow"), c.method+" "+c.path)
		assert.Contains(t, s.log.Only(t), "path="+c.route+" ", c.method+" "+c.path)
	}
	s.log.Clear()
	resp, body := s.do(http.MethodHead, "/orders", "")
	assert.Equal(t, 405, resp.StatusCode)
	assert.Empty(t, body)
	assert.Positive(t, resp.ContentLength)
	s.log.Only(t)
	resp, _ = s.do(http.MethodOptions, "/orders", "")
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
}

func TestPre(t *testing.T) {
	for name, m := range map[string]echo.MiddlewareFunc{
		"error": func(echo.HandlerFunc) echo.HandlerFunc { return returning(fault.TaskLocked) },
		"panic": func(echo.HandlerFunc) echo.HandlerFunc { return panickingWith(fault.TaskLocked) },
	} {
		s := bare(t)
		if name == "panic" {
			s.Pre(faultecho.Recover(s.r))
		}
		s.Pre(m)
		faultecho.Install(s.Echo, s.r)
		resp, body := s.get("/nowhere")
		answered(t, resp, body, 423, "task_locked")
		s.log.Only(t)
	}
}

func TestSeveralHeaderLines(t *testing.T) {
	s := installed(t)
	s.GET("/", returning(fault.Unauthorized.New(fault.HeadersFunc(func(r fault.Request) http.Header {
		return http.Header{"X-Own": {r.Header("x-own") + r.Method() + r.Path() + r.Header("X-None")}}
	}))))
	resp, _ := s.get("/", "Accept", "text/html;q=0.1", "Accept", "application/problem+json", "Accept-Language", "tlh",
		"Accept-Language", "pt-BR;q=0.5", "X-Own", "1", "X-Own", "2")
	assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	assert.Equal(t, "pt", resp.Header.Get("Content-Language"))
	assert.Equal(t, "1, 2GET/", resp.Header.Get("X-Own"))
}

// Contexts come from a pool, echo's errors are global: nothing of a request may be left in them.
func TestNothingIsLeftBehind(t *testing.T) {
	globals := []*echo.HTTPError{echo.ErrBadRequest, echo.ErrUnauthorized, echo.ErrForbidden, echo.ErrNotFound, echo.ErrMethodNotAllowed,
		echo.ErrStatusRequestEntityTooLarge, echo.ErrUnsupportedMediaType, echo.ErrServiceUnavailable, echo.ErrInternalServerError}
	var before []echo.HTTPError
	for _, g := range globals {
		before = append(before, *g)
	}
	s := bare(t)
	s.Use(loggers()...)
	faultecho.Install(s.Echo, s.r)
	s.Use(middleware.BodyLimit("100B"))
	s.GET("/fine", func(c echo.Context) error { return c.String(http.StatusOK, "fine") })
	s.GET("/locked", returning(fault.TaskLocked))
	s.GET("/panic", panickingWith(fault.TaskLocked))
	s.GET("/global", func(c echo.Context) error { return globals[len(c.QueryParam("n"))] })
	s.GET("/large", func(echo.Context) error {
		return echo.ErrBadRequest.WithInternal(echo.ErrStatusRequestEntityTooLarge)
	})
	titles := map[string]string{"de": "Gesperrt", "en": "Locked", "fr": "Ressource verrouillée", "pt": "Bloqueado"}
	languages := []string{"de", "en", "fr", "pt"}
	const workers, each = 8, 160
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				switch language := languages[(w+i)%4]; i % 5 {
				case 0:
					_, body := s.get("/fine")
					assert.Equal(t, "fine", body)
				case 1, 2:
					resp, body := s.get([]string{"/locked", "/panic"}[i%2], "Accept", "application/problem+json", "Accept-Language", language)
					assert.Equal(t, language, resp.Header.Get("Content-Language"))
					var problem struct{ Title string }
					assert.NoError(t, json.Unmarshal([]byte(body), &problem))
					assert.Equal(t, titles[language], problem.Title)
				case 3:
					n := i % len(globals)
					resp, _ := s.get("/global?n=" + strings.Repeat("x", n))
					assert.Equal(t, before[n].Code, resp.StatusCode)
				case 4:
					resp, _ := s.get("/large")
					assert.Equal(t, 413, resp.StatusCode)
				}
			}
		})
	}
	all.Wait()
	assert.Len(t, s.log.All(), workers*each*4/5)
	for i, g := range globals {
		assert.Equal(t, before[i], *g)
	}
}

// Middleware that has called the error handler and panics then has failed, too: the answer stays, the log has both.
func TestPanicAfterTheAnswer(t *testing.T) {
	s := installed(t)
	s.GET("/", func(echo.Context) error { return fault.TaskLocked }, func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Error(next(c))
			panic(canary)
		}
	})
	resp, body := s.get("/")
	answered(t, resp, body, http.StatusLocked, "task_locked")
	assert.Eventually(t, func() bool { return len(s.log.All()) == 2 }, time.Second, time.Millisecond)
	lines := strings.Join(s.log.All(), "\n")
	assert.Contains(t, lines, "task_locked")
	assert.Contains(t, lines, "panic: "+canary)
}
