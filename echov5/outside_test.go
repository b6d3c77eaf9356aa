package faultecho_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// What stands outside sees the status that the client gets: in the response, and in the error.
func TestOutsideSeesTheStatus(t *testing.T) {
	var inResponse, inError, inLogger int
	var size int64
	var seen []error
	var id string
	s := bare(t)
	s.Use(
		middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
			LogStatus: true, LogRequestID: true,
			LogValuesFunc: func(_ *echo.Context, v middleware.RequestLoggerValues) error {
				inLogger, id = v.Status, v.RequestID
				return nil
			},
		}),
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				err := next(c)
				inResponse, size, inError = response(c).Status, response(c).Size, 0
				assert.NotEmpty(t, c.Response().Header().Get("X-Request-Id"))
				if coder := echo.HTTPStatusCoder(nil); errors.As(err, &coder) {
					inError = coder.StatusCode()
				}
				if err != nil {
					seen = append(seen, err)
				}
				return err
			}
		},
	)
	s.Use(middleware.RequestID())
	faultecho.Install(s.Echo, s.r)
	s.GET("/returned", returning(fmt.Errorf("%s: %w", canary, fault.TaskLocked)))
	s.GET("/panicked", panickingWith(fault.TaskLocked))
	s.GET("/kind", returning(fault.TaskLocked))
	s.GET("/twice", func(c *echo.Context) error { // as BodyDump and tracing inside do
		c.Echo().HTTPErrorHandler(c, fault.TaskLocked)
		return fault.TaskLocked
	})
	s.GET("/unknown", returning(errors.New(canary)))
	s.GET("/echos", returning(echo.NewHTTPError(409, "mine")))
	s.GET("/wrapped", returning(fmt.Errorf("%s: %w", canary, echo.NewHTTPError(409, "mine"))))
	s.GET("/caused", returning(caused{echo.ErrForbidden}))
	s.GET("/somebodys", returning(coder(409)))
	s.GET("/bad-cause", returning(echo.NewHTTPError(409, "mine").Wrap(panicking{})))
	s.GET("/bad-status", returning(badCoder{}))
	s.GET("/bad-error", returning(fault.TaskLocked.Wrap(panicking{})))
	s.GET("/worse-error", returning(panicking{}))
	for path, status := range map[string]int{
		"/returned": 423, "/panicked": 423, "/kind": 423, "/unknown": 500, "/echos": 409, "/bad-error": 423, "/worse-error": 500, "/nowhere": 404,
		"/twice": 423, "/wrapped": 409, "/caused": 403, "/somebodys": 409, "/bad-cause": 409, "/bad-status": 500,
	} {
		seen = nil
		s.log.Clear()
		resp, body := s.get(path)
		assert.Equal(t, status, resp.StatusCode, path)
		assert.Equal(t, []int{status, status, status}, []int{inResponse, inError, inLogger}, path)
		assert.Equal(t, int64(len(body)), size, path)
		assert.NotEmpty(t, id, path)
		assert.Equal(t, resp.Header.Get("X-Request-Id"), id, path)
		require.Len(t, seen, 1, path)
		assert.NotPanics(t, func() { _ = seen[0].Error() }, path)
		if he := (*echo.HTTPError)(nil); path == "/echos" || path == "/wrapped" {
			require.ErrorAs(t, seen[0], &he)
			assert.Equal(t, "mine", he.Message)
		}
		s.log.Only(t)
	}
}

// After our answer what handlers write is dropped, also below a compressor.
func TestAfterTheAnswer(t *testing.T) {
	for name, m := range map[string][]echo.MiddlewareFunc{"alone": nil, "compressor outside": {middleware.Gzip()}} {
		s := bare(t)
		s.Use(m...)
		faultecho.Install(s.Echo, s.r)
		s.GET("/", func(c *echo.Context) error {
			fail(c, fault.TaskLocked)
			c.Response().Header().Set("X-Late", "1")
			_, err := c.Response().Write([]byte(`{"ok":true}`))
			assert.NoError(t, err)
			_ = c.JSON(200, "late")
			return nil
		})
		resp, body := s.get("/")
		answered(t, resp, body, 423, "task_locked")
		assert.Empty(t, resp.Header.Get("X-Late"), name)
		s.log.Only(t)
	}
}

// Functions that echo calls before the status is sent set headers of our answer, too.
func TestBeforeFunctions(t *testing.T) {
	s := installed(t)
	s.GET("/", func(c *echo.Context) error {
		response(c).Before(func() { c.Response().Header().Set("Set-Cookie", "session=1") })
		return fault.TaskLocked
	})
	resp, body := s.get("/")
	answered(t, resp, body, 423, "task_locked")
	assert.Equal(t, "session=1", resp.Header.Get("Set-Cookie"))
}

// Nil means the responder around, for handlers of net/http inside as well.
func TestNilIsTheResponderAround(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)), fault.WithMapper(func(error) *fault.Fault {
		return fault.Conflict.New(fault.Header("X-Responder", "around"))
	}))
	require.NoError(t, err)
	s := bare(t)
	faultecho.Install(s.Echo, r)
	s.GET("/nethttp", echo.WrapHandler(faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return io.ErrClosedPipe })))
	s.GET("/recover", returning(io.ErrClosedPipe), faultecho.Recover(nil))
	for _, path := range []string{"/nethttp", "/recover"} {
		resp, _ := s.get(path)
		assert.Equal(t, "409 around", fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("X-Responder")), path)
	}
}

// Tests call handlers with a context that has no request.
func TestNilRequest(t *testing.T) {
	for name, handle := range map[string]func(*echo.Context) error{
		"ErrorHandler": func(c *echo.Context) error { faultecho.ErrorHandler(nil)(c, fault.TaskLocked); return nil },
		"Recover":      func(c *echo.Context) error { return faultecho.Recover(fault.Default())(returning(fault.TaskLocked))(c) },
	} {
		w := httptest.NewRecorder()
		c := quiet().NewContext(nil, w)
		_ = handle(c)
		assert.Equal(t, 423, w.Code, name)
	}
}

// caused has a cause as errors had it before errors.Unwrap.
type caused struct{ cause error }

func (caused) Error() string  { return canary }
func (c caused) Cause() error { return c.cause }

type badCoder struct{}

func (badCoder) Error() string   { return canary }
func (badCoder) StatusCode() int { panic(canary) }
