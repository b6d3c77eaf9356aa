package fiberv3_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/gofiber/fiber/v3/middleware/basicauth"
	"github.com/gofiber/fiber/v3/middleware/cache"
	"github.com/gofiber/fiber/v3/middleware/helmet"
	"github.com/gofiber/fiber/v3/middleware/idempotency"
	"github.com/gofiber/fiber/v3/middleware/keyauth"
	"github.com/gofiber/fiber/v3/middleware/limiter"
	"github.com/gofiber/fiber/v3/middleware/proxy"
	"github.com/gofiber/fiber/v3/middleware/timeout"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
	"github.com/polyfault/polyfault/interop/compose"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

type handlers = []fiber.Handler

var (
	answer423 = compose.Failure{Err: locked, Status: 423, Code: "task_locked", Kept: compose.WithCORS(nil)}
	crash     = compose.Keeping(compose.Unhandled)
)

// What the table advises against, and what comes of it. Clients are answered rightly all the same.
func TestTheWrongPlace(t *testing.T) {
	for name, c := range map[string]struct {
		use               func(*compose.Seen) []fiber.Handler
		returned, crashed int // the status that it reads for a 423, and for a panic; 0: none
	}{
		"logger": {logging, 423, 0},
	} {
		t.Run(name+" inside", func(t *testing.T) {
			var read compose.Seen
			s := composed(t, nil, c.use(&read))
			s.Failed(t, s.Ask(t, "GET", "/returned", ""), answer423)
			assert.Equal(t, []int{c.returned}, read.Take())
			s.Failed(t, s.Ask(t, "GET", "/crashed", ""), crash)
			s.Passed(t, s.Ask(t, "GET", "/fine", ""), 200, "fine")
			if c.crashed != 0 {
				assert.Equal(t, []int{c.crashed, 200}, append(read.Take(), read.Take()...))
				return
			}
			assert.Equal(t, []int{200}, read.Take())
		})
	}
	t.Run("refusals outside with errors of ours are read as 500", func(t *testing.T) {
		refuse := func(fiber.Ctx) error { return fault.Unauthorized }
		nobody := func(string, string, fiber.Ctx) bool { return false }
		outside := handlers{
			basicauth.New(basicauth.Config{Authorizer: nobody, Unauthorized: refuse}),
			keyauth.New(keyauth.Config{Validator: func(fiber.Ctx, string) (bool, error) { return false, nil },
				ErrorHandler: func(c fiber.Ctx, _ error) error { return refuse(c) }}),
			limiter.New(limiter.Config{Max: 1, LimitReached: refuse}),
		}
		for _, h := range outside {
			s := composed(t, handlers{h}, nil)
			want := denied
			want.Seen, want.Kept = 500, compose.WithCORS(nil)
			if a := s.Ask(t, "GET", "/fine", ""); a.Status == http.StatusOK { // the limiter's first
				s.Seen.Take()
				s.Failed(t, s.Ask(t, "GET", "/fine", ""), want)
			} else {
				s.Failed(t, a, want)
			}
		}
	})
	t.Run("timeout inside: a panic is fiber's, and loses its error", func(t *testing.T) {
		s := composed(t, nil, handlers{timeout.New(next, timeout.Config{Timeout: time.Minute})})
		s.Failed(t, s.Ask(t, "GET", "/panicked", ""), compose.Keeping(compose.Refused(fault.InternalServerError)))
	})
	t.Run("limiter with SkipFailedRequests inside counts failures", func(t *testing.T) {
		s := composed(t, nil, handlers{limiter.New(limiter.Config{Max: 1, SkipFailedRequests: true})})
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), answer423)
		a := s.Ask(t, "GET", "/returned", "")
		assert.Equal(t, "429 Too Many Requests", fmt.Sprint(a.Status, " ", a.Body))
	})
}

// What keeps answers keeps none of ours: the cache heeds no-store. Idempotency in front of what takes errors and returns none, the
// logger, does, and hands it to others in the language of the first.
func TestWhatKeepsAnswers(t *testing.T) {
	problem := func(s *compose.Service, t *testing.T, language string) compose.Answer {
		return s.Ask(t, "GET", "/returned", "", "Accept", "application/problem+json", "Accept-Language", language,
			"X-Idempotency-Key", strings.Repeat("0", 36))
	}
	keepers := map[string]func() fiber.Handler{
		"cache":       func() fiber.Handler { return cache.New() },
		"idempotency": func() fiber.Handler { return idempotency.New(idempotency.Config{Next: never}) },
	}
	takers := map[string]func() fiber.Handler{
		"logger": func() fiber.Handler { return logging(new(compose.Seen))[0] },
	}
	for name, keeper := range keepers {
		for taker, take := range takers {
			for order, c := range map[string]struct {
				outside, inside handlers
				replayed        bool
			}{
				"behind it":            {handlers{take(), keeper()}, nil, false},
				"inside":               {handlers{take()}, handlers{keeper()}, false},
				"in front of it":       {handlers{keeper(), take()}, nil, name == "idempotency"},
				"in front, all inside": {nil, handlers{keeper(), take()}, name == "idempotency"},
			} {
				t.Run(name+", "+order+", "+taker, func(t *testing.T) {
					s := composed(t, c.outside, c.inside)
					assert.Equal(t, "de", problem(s, t, "de").Header.Get("Content-Language"))
					second := problem(s, t, "fr")
					assert.Equal(t, 423, second.Status)
					assert.Equal(t, c.replayed, strings.Contains(second.Body, `"lang":"de"`), second.Raw)
				})
			}
		}
	}
}

// Timeouts: fiber's is 408, whether the handler heeds its context or not, and whatever it does later.
func TestTimeouts(t *testing.T) {
	want := compose.Keeping(compose.Refused(fault.RequestTimeout))
	late := timeout.New(next, timeout.Config{Timeout: time.Millisecond})
	slow := func(c fiber.Ctx) error { <-c.Context().Done(); return c.Context().Err() }
	deaf := func(fiber.Ctx) error { time.Sleep(50 * time.Millisecond); return errLeaking }
	for name, s := range map[string]*compose.Service{
		"heeds, inside": composed(t, nil, handlers{late, slow}), "deaf, inside": composed(t, nil, handlers{late, deaf}),
		"heeds, outside": composed(t, handlers{late}, handlers{slow}), "deaf, outside": composed(t, handlers{late}, handlers{deaf}),
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 { // fiber decides by chance whether a handler that heeds its context has ended in time
				s.Failed(t, s.Ask(t, "GET", "/fine", ""), want)
			}
		})
	}
}

// Handlers and middleware of net/http in fiber, and an application of fiber in net/http.
func TestAdaptor(t *testing.T) {
	failing := adaptor.HTTPHandler(faulthttp.Handler(fault.Default(), func(http.ResponseWriter, *http.Request) error { return locked }))
	s := composed(t, nil, handlers{only("/nethttp", failing)})
	a := s.Ask(t, "GET", "/nethttp", "")
	assert.Equal(t, 423, a.Status)
	assert.Contains(t, a.Body, `"details":{"task":"R41"}`)
	assert.Equal(t, []int{423}, s.Seen.Take())
	tagging := adaptor.HTTPMiddleware(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Tag", "t"); h.ServeHTTP(w, r) })
	})
	for _, s := range []*compose.Service{composed(t, handlers{tagging}, nil), composed(t, nil, handlers{tagging})} {
		want := answer423
		want.Kept = compose.WithCORS(map[string]string{"X-Tag": "t"})
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), want)
		s.Failed(t, s.Ask(t, "GET", "/panicked", ""), want)
	}
	s = compose.New(t)
	app := fiber.New(config(s))
	app.Use(watching(&s.Seen), allowing(), faultfiber.Recover(s.Responder))
	route(app)
	s.Serve(t, adaptor.FiberApp(app))
	for _, path := range []string{"/returned", "/panicked", "/handled", "/spoiled"} {
		s.Failed(t, s.Ask(t, "GET", path, ""), answer423)
	}
	s.Passed(t, s.Ask(t, "GET", "/fine", ""), 200, "fine")
}

// Middleware that does what it should not.
func TestBadMiddleware(t *testing.T) {
	after := func(f func(c fiber.Ctx, err error) error) fiber.Handler {
		return func(c fiber.Ctx) error { return f(c, c.Next()) }
	}
	panics := after(func(fiber.Ctx, error) error { panic(compose.Canary) })
	swallow := after(func(fiber.Ctx, error) error { return nil })
	replace := after(func(fiber.Ctx, error) error { return fault.Gone })
	second := after(func(c fiber.Ctx, err error) error {
		_ = c.Status(http.StatusTeapot).JSON("second")
		_, _ = c.WriteString(compose.Canary)
		return err
	})
	gone := compose.Keeping(compose.Refused(fault.Gone))
	read500 := answer423
	read500.Seen = 500 // what the other error says to those who read it
	t.Run("panics", func(t *testing.T) {
		s := composed(t, nil, handlers{panics})
		for _, path := range []string{"/fine", "/returned", "/panicked"} {
			if path == "/panicked" { // it has not come back to it
				s.Failed(t, s.Ask(t, "GET", path, ""), answer423)
				continue
			}
			s.Failed(t, s.Ask(t, "GET", path, ""), crash)
		}
	})
	t.Run("gives up", func(t *testing.T) {
		giveUp := after(func(fiber.Ctx, error) error { panic(http.ErrAbortHandler) })
		for _, path := range []string{"/fine", "/returned"} {
			s := composed(t, nil, handlers{giveUp})
			assert.Error(t, s.Ask(t, "GET", path, "").Broken, path)
			s.Log.None(t)
		}
	})
	t.Run("swallows", func(t *testing.T) {
		s := composed(t, handlers{swallow}, nil)
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), answer423)
		s = composed(t, nil, handlers{swallow}) // nobody hears of it
		s.Passed(t, s.Ask(t, "GET", "/returned", ""), 200, "")
	})
	t.Run("makes another error of it", func(t *testing.T) {
		s := composed(t, handlers{replace}, nil)
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), read500)
		s = composed(t, nil, handlers{replace})
		s.Failed(t, s.Ask(t, "GET", "/returned", ""), gone)
	})
	t.Run("answers twice", func(t *testing.T) {
		for _, s := range []*compose.Service{composed(t, handlers{second}, nil), composed(t, nil, handlers{second})} {
			s.Failed(t, s.Ask(t, "GET", "/returned", ""), answer423)
		}
	})
	t.Run("takes the error and answers itself", func(t *testing.T) {
		own := after(func(c fiber.Ctx, err error) error {
			if err == nil {
				return nil
			}
			return c.Status(http.StatusTeapot).SendString("own")
		})
		s := composed(t, nil, handlers{own})
		s.Passed(t, s.Ask(t, "GET", "/returned", ""), 418, "own")
		s = composed(t, handlers{own}, nil) // its answer is the last; ours is logged
		a := s.Ask(t, "GET", "/returned", "")
		assert.Equal(t, "418 own", fmt.Sprint(a.Status, " ", a.Body))
		s.Log.Take(t)
	})
	t.Run("another context", func(t *testing.T) {
		other := func(c fiber.Ctx) error {
			fresh := c.App().AcquireCtx(c.RequestCtx())
			defer c.App().ReleaseCtx(fresh)
			return errLeaking
		}
		s := composed(t, nil, handlers{other})
		s.Failed(t, s.Ask(t, "GET", "/fine", ""), answer423)
	})
}

// An upstream's answers, which are no business of ours. fasthttp's client takes the place of all that was set before it.
func TestProxy(t *testing.T) {
	upstream := composed(t, nil, nil)
	balance := proxy.Balancer(proxy.Config{Servers: []string{upstream.Addr}})
	for _, order := range [][2]handlers{{{balance}, nil}, {nil, {balance}}} {
		s := composed(t, append(handlers{helmet.New()}, order[0]...), order[1])
		fine := s.Ask(t, "GET", "/fine", "")
		s.Passed(t, fine, 200, "fine")
		assert.Empty(t, fine.Header.Get("X-Frame-Options"))
		a := s.Ask(t, "GET", "/returned", "")
		assert.Equal(t, 423, a.Status)
		assert.Contains(t, a.Body, "R41")
		assert.Equal(t, []int{423}, s.Seen.Take())
		s.Log.None(t)
		upstream.Log.Take(t)
	}
}
