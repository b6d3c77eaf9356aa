package echov5_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
	"github.com/polyfault/polyfault/interop/compose"
)

var answer423 = compose.Failure{Err: locked, Status: 423, Code: "task_locked", Kept: compose.WithCORS(nil)}

// What the table advises against, and what comes of it. Clients are answered rightly all the same, but for those named last.
func TestTheWrongPlace(t *testing.T) {
	for name, c := range map[string]struct {
		use               func(*compose.Seen) []echo.MiddlewareFunc
		returned, crashed int // the status that it reads for a 423, and for a panic; 0: none
	}{
		"RequestLogger":                     {requestLogger(true), 423, 0},
		"RequestLogger without HandleError": {requestLogger(false), 423, 0},
	} {
		t.Run(name+" inside", func(t *testing.T) {
			var read compose.Seen
			s := composed(t, nil, c.use(&read))
			s.Failed(t, s.Ask(t, "GET", "/returned", ""), answer423)
			assert.Equal(t, []int{c.returned}, read.Take())
			s.Failed(t, s.Ask(t, "GET", "/crashed", ""), compose.Keeping(compose.Unhandled))
			s.Passed(t, s.Ask(t, "GET", "/fine", ""), 200, "fine")
			if want := []int{c.crashed, 200}; c.crashed != 0 {
				assert.Equal(t, want, append(read.Take(), read.Take()...))
				return
			}
			assert.Equal(t, []int{200}, read.Take())
		})
	}
	t.Run("Decompress outside: its refusal is read as 500", func(t *testing.T) {
		s := composed(t, []echo.MiddlewareFunc{middleware.Decompress()}, nil)
		a := s.Ask(t, "POST", "/echo", "no gzip", "Content-Encoding", "gzip", "Content-Type", "text/plain")
		s.Failed(t, a, compose.Failure{Err: fault.BadRequest, Status: 400, Code: "bad_request", Seen: 500, Kept: compose.WithCORS(nil)})
	})
	t.Run("Static with HTML5", func(t *testing.T) {
		static := middleware.StaticWithConfig(middleware.StaticConfig{Root: "testdata", HTML5: true})
		s := composed(t, nil, []echo.MiddlewareFunc{static})
		s.Passed(t, s.Ask(t, "GET", "/orders/of/the/app", ""), 200, "<!doctype html><title>app</title>\n")
		s = composed(t, []echo.MiddlewareFunc{static}, nil) // outside: the fallback comes too late
		s.Failed(t, s.Ask(t, "GET", "/orders/of/the/app", ""), compose.Keeping(compose.Refused(fault.NotFound)))
	})
}

// Timeouts: ContextTimeout's is ours, in either order.
func TestTimeouts(t *testing.T) {
	slow := func(echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			<-c.Request().Context().Done()
			return c.Request().Context().Err()
		}
	}
	late := middleware.ContextTimeout(time.Millisecond)
	for _, s := range []*compose.Service{
		composed(t, []echo.MiddlewareFunc{late}, []echo.MiddlewareFunc{slow}), composed(t, nil, []echo.MiddlewareFunc{late, slow}),
	} {
		s.Failed(t, s.Ask(t, "GET", "/fine", ""), compose.Keeping(compose.Refused(fault.ServiceUnavailable)))
	}
}

// An upstream's answers, which are no business of ours.
func TestProxy(t *testing.T) {
	upstream := composed(t, nil, nil)
	proxy := []echo.MiddlewareFunc{middleware.Proxy(balancer("http://" + upstream.Addr))}
	for _, s := range []*compose.Service{composed(t, proxy, nil), composed(t, nil, proxy)} {
		s.Passed(t, s.Ask(t, "GET", "/fine", ""), 200, "fine")
		a := s.Ask(t, "GET", "/returned", "")
		assert.Equal(t, 423, a.Status)
		assert.Contains(t, a.Body, "R41")
		assert.Equal(t, []int{423}, s.Seen.Take())
		s.Log.None(t)
		upstream.Log.Take(t)
	}
}

// Middleware that does what it should not.
func TestBadMiddleware(t *testing.T) {
	type m = echo.MiddlewareFunc
	before := func(f func(c *echo.Context) error) m {
		return func(echo.HandlerFunc) echo.HandlerFunc { return f }
	}
	after := func(f func(c *echo.Context, err error) error) m {
		return func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error { return f(c, next(c)) }
		}
	}
	crash := compose.Keeping(compose.Unhandled)
	swallow := after(func(*echo.Context, error) error { return nil })
	replace := after(func(*echo.Context, error) error { return fault.Gone })
	append2 := after(func(c *echo.Context, err error) error {
		_ = c.JSON(http.StatusTeapot, "second")
		_, _ = c.Response().Write([]byte("third"))
		return err
	})
	t.Run("panics before", func(t *testing.T) {
		s := composed(t, nil, []m{before(func(*echo.Context) error { panic(compose.Canary) })})
		s.Failed(t, s.Ask(t, "GET", "/fine", ""), crash)
	})
	t.Run("panics after an error", func(t *testing.T) {
		s := composed(t, nil, []m{after(func(*echo.Context, error) error { panic(compose.Canary) })})
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), crash)
	})
	t.Run("panics after a success", func(t *testing.T) {
		s := composed(t, nil, []m{after(func(*echo.Context, error) error { panic(compose.Canary) })})
		a := s.Ask(t, "GET", "/fine", "")
		assert.Error(t, a.Broken)
		assert.Contains(t, s.Log.Take(t), "committed=true")
	})
	t.Run("gives up", func(t *testing.T) {
		giveUp := after(func(*echo.Context, error) error { panic(http.ErrAbortHandler) })
		for _, path := range []string{"/fine", "/returned"} {
			s := composed(t, nil, []m{giveUp})
			a := s.Ask(t, "GET", path, "")
			assert.Error(t, a.Broken, path)
			assert.Empty(t, a.Rest)
			s.Log.None(t)
		}
	})
	t.Run("swallows", func(t *testing.T) {
		s := composed(t, []m{swallow}, nil)
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), answer423)
		s = composed(t, nil, []m{swallow}) // nobody hears of it
		s.Passed(t, s.Ask(t, "GET", "/returned", ""), 200, "")
	})
	t.Run("makes another error of it", func(t *testing.T) {
		s := composed(t, []m{replace}, nil)
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), answer423)
		s = composed(t, nil, []m{replace})
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), compose.Keeping(compose.Refused(fault.Gone)))
	})
	t.Run("answers twice", func(t *testing.T) {
		s := composed(t, []m{append2}, nil)
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), answer423)
		s = composed(t, nil, []m{append2}) // its own is the first
		a := s.Ask(t, "GET", "/returned", "")
		assert.Equal(t, 418, a.Status)
		assert.Equal(t, "\"second\"\nthird", a.Body)
		assert.Contains(t, s.Log.Take(t), "committed=true")
	})
}

// hiding is a writer that lets nobody see what it wraps.
type hiding struct{ to http.ResponseWriter }

func (h hiding) Header() http.Header         { return h.to.Header() }
func (h hiding) Write(p []byte) (int, error) { return h.to.Write(p) }
func (h hiding) WriteHeader(status int)      { h.to.WriteHeader(status) }

// Middleware that puts another context, response, writer or request in place, as the book says or not.
func TestReplacedContext(t *testing.T) {
	replace := func(f func(c *echo.Context) *echo.Context) echo.MiddlewareFunc {
		return func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error { return next(f(c)) }
		}
	}
	for name, m := range map[string]echo.MiddlewareFunc{
		"another response": replace(func(c *echo.Context) *echo.Context {
			c.SetResponse(echo.NewResponse(c.Response(), c.Logger()))
			return c
		}),
		"a writer around it": replace(func(c *echo.Context) *echo.Context {
			c.SetResponse(struct{ http.ResponseWriter }{c.Response()})
			return c
		}),
		"a writer that hides it": replace(func(c *echo.Context) *echo.Context {
			c.SetResponse(hiding{c.Response()})
			return c
		}),
		"another request": replace(func(c *echo.Context) *echo.Context {
			c.SetRequest(c.Request().Clone(c.Request().Context()))
			return c
		}),
	} {
		for _, at := range []compose.Place{compose.Outside, compose.Inside} {
			t.Run(name+", "+string(at), func(t *testing.T) {
				s := composed(t, nil, []echo.MiddlewareFunc{m})
				if at == compose.Outside {
					s = composed(t, []echo.MiddlewareFunc{m}, nil)
				}
				for _, path := range []string{"/returned", "/panicked", "/cerror", "/spoiled"} {
					s.Failed(t, s.Ask(t, "GET", path, ""), answer423)
				}
				s.Passed(t, s.Ask(t, "GET", "/fine", ""), 200, "fine")
			})
		}
	}
}

// Another context around Recover, which leads to no exchange: echo's global middleware has none, that of routes may.
func TestAnotherContext(t *testing.T) {
	s := compose.New(t)
	e := echo.New()
	e.HTTPErrorHandler = faultecho.ErrorHandler(s.Responder)
	e.Use(watching(&s.Seen), cors())
	route(e.Group("", func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error { return next(c.Echo().NewContext(c.Request(), c.Response())) }
	}, faultecho.Recover(s.Responder)))
	s.Serve(t, e)
	for _, path := range []string{"/returned", "/panicked", "/cerror", "/spoiled"} {
		s.Failed(t, s.Ask(t, "GET", path, ""), answer423)
	}
	s.Failed(t, s.Ask(t, "GET", "/echos", ""), compose.Keeping(compose.Refused(fault.Conflict)))
	s.Passed(t, s.Ask(t, "GET", "/fine", ""), 200, "fine")
}
