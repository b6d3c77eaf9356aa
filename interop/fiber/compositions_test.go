package fiber_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ansrivas/fiberprometheus/v2"
	"github.com/getsentry/sentry-go"
	sentryfiber "github.com/getsentry/sentry-go/fiber"
	"github.com/gofiber/contrib/otelfiber/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/basicauth"
	"github.com/gofiber/fiber/v2/middleware/cache"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/csrf"
	"github.com/gofiber/fiber/v2/middleware/encryptcookie"
	"github.com/gofiber/fiber/v2/middleware/etag"
	"github.com/gofiber/fiber/v2/middleware/filesystem"
	"github.com/gofiber/fiber/v2/middleware/helmet"
	"github.com/gofiber/fiber/v2/middleware/idempotency"
	"github.com/gofiber/fiber/v2/middleware/keyauth"
	"github.com/gofiber/fiber/v2/middleware/limiter"
	"github.com/gofiber/fiber/v2/middleware/logger"
	"github.com/gofiber/fiber/v2/middleware/proxy"
	fiberrecover "github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/requestid"
	"github.com/gofiber/fiber/v2/middleware/timeout"
	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
)

var (
	denied = compose.Refused(fault.Unauthorized)
	basic  = compose.Failure{Err: fault.Unauthorized, Status: 401, Code: "unauthorized",
		Kept: map[string]string{"Www-Authenticate": `Basic realm="shed"`}}
)

var compositions = []composition{
	{Name: "limiter", Place: compose.Inside, Use: compose.Using(limiter.New(limits)), Headers: []string{"X-Client", "seldom"},
		Refusals: []request{
			{Method: "GET", Path: "/once", Headers: []string{"X-Client", "often"}, Want: compose.Refused(fault.NotFound)},
			{Method: "GET", Path: "/once", Headers: []string{"X-Client", "often"}, Want: compose.Refused(fault.TooManyRequests)},
		}},
	{Name: "limiter with SkipFailedRequests", Place: compose.Outside,
		Use: compose.Using(limiter.New(limiter.Config{Max: 3, SkipFailedRequests: true}))},
	{Name: "timeout.NewWithContext", Place: compose.AnyOrder, Use: compose.Using(timeout.NewWithContext(next, time.Minute))},
	{Name: "compress", Place: compose.AnyOrder, Use: compose.Using(compress.New()), Headers: []string{"Accept-Encoding", "gzip"}},
	{Name: "cache", Place: compose.AnyOrder, Use: compose.Using(cache.New(cache.Config{CacheControl: true}))},
	{Name: "etag", Place: compose.AnyOrder, Use: compose.Using(etag.New())},
	{Name: "csrf", Place: compose.AnyOrder, Use: compose.Using(csrf.New(csrf.Config{Next: isPut})), Refusals: []request{
		{Method: "POST", Path: "/echo", Body: "x", Want: compose.Refused(fault.Forbidden)},
	}},
	{Name: "basicauth", Place: compose.Inside, Use: compose.Using(basicauth.New(basicauth.Config{
		Users:        map[string]string{"u": "p"},
		Unauthorized: func(c *fiber.Ctx) error { c.Set("WWW-Authenticate", `Basic realm="shed"`); return fault.Unauthorized },
	})), Headers: []string{"Authorization", credentials("u:p")}, Refusals: []request{
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", credentials("u:x")}, Want: basic},
		{Method: "GET", Path: "/nowhere", Headers: []string{"Authorization", ""}, Want: basic},
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", "Basic ?"}, Want: basic},
	}},
	{Name: "keyauth", Place: compose.Inside, Use: compose.Using(keyauth.New(keyauth.Config{
		Validator: func(_ *fiber.Ctx, key string) (bool, error) {
			if key == "k" {
				return true, nil
			}
			return false, errors.New(compose.Canary)
		},
		ErrorHandler: func(_ *fiber.Ctx, err error) error { return fault.Unauthorized.Wrap(err) },
	})), Headers: []string{"Authorization", "Bearer k"}, Refusals: []request{
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", "Bearer x"}, Want: denied},
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", ""}, Want: denied},
	}},
	{Name: "filesystem", Place: compose.AnyOrder,
		Use:      compose.Using(only("/files", filesystem.New(filesystem.Config{Root: http.Dir("testdata")}))),
		Refusals: []request{{Method: "GET", Path: "/files/missing", Want: compose.Refused(fault.NotFound)}}},
	{Name: "proxy", Place: compose.AnyOrder, Use: compose.Using(only("/upstream", unreachable)),
		Refusals: []request{{Method: "GET", Path: "/upstream", Want: compose.Unhandled}}, Loses: []string{"/upstream"}},
	{Name: "idempotency", Place: compose.Inside, Use: compose.Using(idempotency.New(idempotency.Config{Next: never})),
		Headers: []string{"X-Idempotency-Key", ""}, Refusals: []request{
			{Method: "POST", Path: "/echo", Body: "x", Headers: []string{"X-Idempotency-Key", "short"}, Want: compose.Refused(fault.BadRequest)},
			{Method: "GET", Path: "/returned", Headers: []string{"X-Idempotency-Key", strings.Repeat("0", 36)},
				Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
			{Method: "GET", Path: "/unknown", Headers: []string{"X-Idempotency-Key", strings.Repeat("0", 36)}, Want: compose.Unhandled},
		}},
	{Name: "logger", Place: compose.Outside, Use: logging},
	{Name: "requestid", Place: compose.AnyOrder, Use: compose.Using(requestid.New()), Headers: []string{"X-Request-Id", "r-1"},
		Kept: map[string]string{"X-Request-Id": "r-1"}},
	{Name: "helmet", Place: compose.AnyOrder, Use: compose.Using(helmet.New()), Kept: map[string]string{"X-Frame-Options": "SAMEORIGIN"}},
	{Name: "cors", Place: compose.AnyOrder, Use: compose.Using(allowing())},
	{Name: "encryptcookie", Place: compose.AnyOrder,
		Use: compose.Using(encryptcookie.New(encryptcookie.Config{Key: encryptcookie.GenerateKey()}))},
	{Name: "recover", Place: compose.AnyOrder, Use: compose.Using(fiberrecover.New())},
	{Name: "fiberprometheus", Place: compose.Outside, Use: metrics, RoutesOnly: true},
	{Name: "otelfiber", Place: compose.Outside, Use: tracing},
	{Name: "sentry-go/fiber", Place: compose.Outside, Use: reporting(sentryfiber.Options{})},
	{Name: "sentry-go/fiber with Repanic", Place: compose.Outside, Use: reporting(sentryfiber.Options{Repanic: true})},
}

var unreachable = proxy.Balancer(proxy.Config{Servers: []string{"127.0.0.1:1"}, Timeout: time.Second})

func next(c *fiber.Ctx) error { return c.Next() }
func never(*fiber.Ctx) bool   { return false }
func isPut(c *fiber.Ctx) bool { return c.Method() == http.MethodPut }

// only applies a handler below a path.
func only(prefix string, h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if strings.HasPrefix(c.Path(), prefix) {
			return h(c)
		}
		return c.Next()
	}
}

func credentials(pair string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

// limits let each client but one ask as often as it likes.
var limits = limiter.Config{
	Max: 1, Expiration: time.Hour,
	Next:         func(c *fiber.Ctx) bool { return c.Get("X-Client") == "seldom" },
	KeyGenerator: func(c *fiber.Ctx) string { return c.Get("X-Client") },
	LimitReached: func(*fiber.Ctx) error { return fault.TooManyRequests },
}

// A status line is what fiber's logger prints.
type statusLine struct{ seen *compose.Seen }

func (l statusLine) Write(p []byte) (int, error) {
	status, err := strconv.Atoi(strings.TrimSpace(string(p)))
	l.seen.Note(status)
	return len(p), err
}

func logging(seen *compose.Seen) []fiber.Handler {
	return []fiber.Handler{logger.New(logger.Config{Format: "${status}\n", Output: statusLine{seen}, DisableColors: true})}
}

// metrics notes the statuses that Prometheus gets.
func metrics(seen *compose.Seen) []fiber.Handler {
	registry := prometheus.NewRegistry()
	counted := map[string]float64{}
	gather := func(c *fiber.Ctx) error {
		err := c.Next()
		compose.Counts(registry, "http_requests_total", "status_code", counted, seen)
		return err
	}
	return []fiber.Handler{gather, fiberprometheus.NewWithRegistry(registry, "service", "http", "", nil).Middleware}
}

func tracing(seen *compose.Seen) []fiber.Handler {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(compose.Spans{Seen: seen, Attribute: "http.status_code"}))
	return []fiber.Handler{otelfiber.Middleware(otelfiber.WithTracerProvider(provider))}
}

// reported is where the transactions of Sentry are noted: its client is one of the process.
var reported atomic.Pointer[compose.Seen]

func TestMain(m *testing.M) {
	err := sentry.Init(sentry.ClientOptions{EnableTracing: true, TracesSampleRate: 1, TraceIgnoreStatusCodes: [][]int{},
		BeforeSendTransaction: func(event *sentry.Event, _ *sentry.EventHint) *sentry.Event {
			if status, ok := event.Contexts["trace"]["data"].(map[string]any)["http.response.status_code"].(int); ok {
				reported.Load().Note(status)
			}
			return event
		}})
	if err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func reporting(options sentryfiber.Options) func(seen *compose.Seen) []fiber.Handler {
	return func(seen *compose.Seen) []fiber.Handler {
		reported.Store(seen)
		return []fiber.Handler{sentryfiber.New(options)}
	}
}
