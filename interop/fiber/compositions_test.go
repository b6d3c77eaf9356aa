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
	denied = refused(fault.Unauthorized)
	basic  = compose.Failure{Err: fault.Unauthorized, Status: 401, Code: "unauthorized",
		Kept: map[string]string{"Www-Authenticate": `Basic realm="shed"`}}
)

var compositions = []composition{
	{name: "limiter", place: compose.Inside, use: using(limiter.New(limits)), headers: []string{"X-Client", "seldom"},
		refusals: []request{
			{"GET", "/once", "", []string{"X-Client", "often"}, refused(fault.NotFound)},
			{"GET", "/once", "", []string{"X-Client", "often"}, refused(fault.TooManyRequests)},
		}},
	{name: "limiter with SkipFailedRequests", place: compose.Outside,
		use: using(limiter.New(limiter.Config{Max: 3, SkipFailedRequests: true}))},
	{name: "timeout.NewWithContext", place: compose.AnyOrder, use: using(timeout.NewWithContext(next, time.Minute))},
	{name: "compress", place: compose.AnyOrder, use: using(compress.New()), headers: []string{"Accept-Encoding", "gzip"}},
	{name: "cache", place: compose.AnyOrder, use: using(cache.New(cache.Config{CacheControl: true}))},
	{name: "etag", place: compose.AnyOrder, use: using(etag.New())},
	{name: "csrf", place: compose.AnyOrder, use: using(csrf.New(csrf.Config{Next: isPut})), refusals: []request{
		{"POST", "/echo", "x", nil, refused(fault.Forbidden)},
	}},
	{name: "basicauth", place: compose.Inside, use: using(basicauth.New(basicauth.Config{
		Users:        map[string]string{"u": "p"},
		Unauthorized: func(c *fiber.Ctx) error { c.Set("WWW-Authenticate", `Basic realm="shed"`); return fault.Unauthorized },
	})), headers: []string{"Authorization", credentials("u:p")}, refusals: []request{
		{"GET", "/fine", "", []string{"Authorization", credentials("u:x")}, basic},
		{"GET", "/nowhere", "", []string{"Authorization", ""}, basic},
		{"GET", "/fine", "", []string{"Authorization", "Basic ?"}, basic},
	}},
	{name: "keyauth", place: compose.Inside, use: using(keyauth.New(keyauth.Config{
		Validator: func(_ *fiber.Ctx, key string) (bool, error) {
			if key == "k" {
				return true, nil
			}
			return false, errors.New(compose.Canary)
		},
		ErrorHandler: func(_ *fiber.Ctx, err error) error { return fault.Unauthorized.Wrap(err) },
	})), headers: []string{"Authorization", "Bearer k"}, refusals: []request{
		{"GET", "/fine", "", []string{"Authorization", "Bearer x"}, denied},
		{"GET", "/fine", "", []string{"Authorization", ""}, denied},
	}},
	{name: "filesystem", place: compose.AnyOrder, use: using(only("/files", filesystem.New(filesystem.Config{Root: http.Dir("testdata")}))),
		refusals: []request{{"GET", "/files/missing", "", nil, refused(fault.NotFound)}}},
	{name: "proxy", place: compose.AnyOrder, use: using(only("/upstream", unreachable)),
		refusals: []request{{"GET", "/upstream", "", nil, unhandled}}, loses: "/upstream"},
	{name: "idempotency", place: compose.Inside, use: using(idempotency.New(idempotency.Config{Next: never})),
		headers: []string{"X-Idempotency-Key", ""}, refusals: []request{
			{"POST", "/echo", "x", []string{"X-Idempotency-Key", "short"}, refused(fault.BadRequest)},
			{"GET", "/returned", "", []string{"X-Idempotency-Key", strings.Repeat("0", 36)},
				compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
			{"GET", "/unknown", "", []string{"X-Idempotency-Key", strings.Repeat("0", 36)}, unhandled},
		}},
	{name: "logger", place: compose.Outside, use: logging},
	{name: "requestid", place: compose.AnyOrder, use: using(requestid.New()), headers: []string{"X-Request-Id", "r-1"},
		kept: map[string]string{"X-Request-Id": "r-1"}},
	{name: "helmet", place: compose.AnyOrder, use: using(helmet.New()), kept: map[string]string{"X-Frame-Options": "SAMEORIGIN"}},
	{name: "cors", place: compose.AnyOrder, use: using(allowing())},
	{name: "encryptcookie", place: compose.AnyOrder, use: using(encryptcookie.New(encryptcookie.Config{Key: encryptcookie.GenerateKey()}))},
	{name: "recover", place: compose.AnyOrder, use: using(fiberrecover.New())},
	{name: "fiberprometheus", place: compose.Outside, use: metrics},
	{name: "otelfiber", place: compose.Outside, use: tracing},
	{name: "sentry-go/fiber", place: compose.Outside, use: reporting(sentryfiber.Options{})},
	{name: "sentry-go/fiber with Repanic", place: compose.Outside, use: reporting(sentryfiber.Options{Repanic: true})},
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
