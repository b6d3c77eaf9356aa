package echo_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getsentry/sentry-go"
	sentryecho "github.com/getsentry/sentry-go/echo"
	"github.com/labstack/echo-contrib/echoprometheus"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/github.com/labstack/echo/otelecho"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
)

var (
	denied = compose.Refused(fault.Unauthorized)
	basic  = compose.Failure{Err: fault.Unauthorized, Status: 401, Code: "unauthorized",
		Kept: map[string]string{"Www-Authenticate": `basic realm="Restricted"`}}
	badly   = compose.Refused(fault.BadRequest)
	large   = compose.Refused(fault.ContentTooLarge)
	gateway = compose.Refused(fault.BadGateway)
)

var compositions = []composition{
	{Name: "Gzip", Place: compose.AnyOrder, Use: compose.Using(middleware.Gzip()), Headers: []string{"Accept-Encoding", "gzip"},
		Kept: map[string]string{"Vary": "Accept-Encoding"}},
	{Name: "Decompress", Place: compose.Inside, Use: compose.Using(middleware.Decompress()), Refusals: []request{
		{Method: "POST", Path: "/echo", Body: "no gzip", Headers: []string{"Content-Encoding", "gzip", "Content-Type", "text/plain"},
			Want: badly},
		{Method: "POST", Path: "/echo", Body: packed("payload")[:20],
			Headers: []string{"Content-Encoding", "gzip", "Content-Type", "text/plain"}, Want: badly},
	}},
	{Name: "Timeout", Place: compose.Inside, Use: compose.Using(inTime()),
		Loses: []string{"/cerror"}},
	{Name: "ContextTimeout", Place: compose.AnyOrder, Use: compose.Using(middleware.ContextTimeout(time.Minute))},
	{Name: "CORS", Place: compose.AnyOrder, Use: compose.Using(cors())},
	{Name: "RateLimiter", Place: compose.AnyOrder, Use: compose.Using(middleware.RateLimiterWithConfig(limiterConfig)), Refusals: []request{
		{Method: "GET", Path: "/fine", Headers: []string{"X-Client", "often"}, Want: compose.Refused(fault.TooManyRequests)},
		{Method: "GET", Path: "/fine", Headers: []string{"X-Client", ""}, Want: compose.Refused(fault.Forbidden)},
	}, Headers: []string{"X-Client", "seldom"}},
	{Name: "KeyAuth", Place: compose.AnyOrder, Use: compose.Using(middleware.KeyAuth(func(key string, _ echo.Context) (bool, error) {
		if key == "broken" {
			return false, errors.New(compose.Canary)
		}
		return key == "k", nil
	})), Headers: []string{"Authorization", "Bearer k"}, Refusals: []request{
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", "Bearer x"}, Want: denied},
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", "Bearer broken"}, Want: denied},
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", ""}, Want: badly},
	}},
	{Name: "BasicAuth", Place: compose.AnyOrder,
		Use: compose.Using(middleware.BasicAuth(func(_, password string, _ echo.Context) (bool, error) {
			if password == "down" {
				return false, errors.New(compose.Canary)
			}
			return password == "p", nil
		})), Headers: []string{"Authorization", credentials("u:p")}, Refusals: []request{
			{Method: "GET", Path: "/fine", Headers: []string{"Authorization", credentials("u:x")}, Want: basic},
			{Method: "GET", Path: "/nowhere", Headers: []string{"Authorization", ""}, Want: basic},
			{Method: "GET", Path: "/fine", Headers: []string{"Authorization", "Basic ?"}, Want: badly},
			{Method: "GET", Path: "/fine", Headers: []string{"Authorization", credentials("u:down")}, Want: compose.Unhandled},
		}},
	{Name: "JWT (echo-jwt)", Place: compose.AnyOrder, Use: compose.Using(echojwt.JWT([]byte("secret"))),
		Headers: []string{"Authorization", token},
		Refusals: []request{
			{Method: "GET", Path: "/fine", Headers: []string{"Authorization", token + compose.Canary}, Want: denied},
			{Method: "GET", Path: "/fine", Headers: []string{"Authorization", ""}, Want: denied},
		}},
	{Name: "BodyLimit", Place: compose.AnyOrder, Use: compose.Using(middleware.BodyLimit("8B")), Refusals: []request{
		{Method: "POST", Path: "/echo", Body: strings.Repeat("x", 100), Want: large},
		{Method: "POST", Path: "/echo", Body: "64\r\n" + strings.Repeat("x", 100) + "\r\n0\r\n\r\n",
			Headers: []string{"Content-Length", "", "Transfer-Encoding", "chunked"}, Want: large},
	}},
	{Name: "BodyDump", Place: compose.AnyOrder, Use: compose.Using(middleware.BodyDump(func(echo.Context, []byte, []byte) {}))},
	{Name: "Secure", Place: compose.AnyOrder, Use: compose.Using(middleware.SecureWithConfig(middleware.SecureConfig{XFrameOptions: "DENY"})),
		Kept: map[string]string{"X-Frame-Options": "DENY"}},
	{Name: "CSRF", Place: compose.AnyOrder, Use: compose.Using(middleware.CSRF()), Headers: []string{"Sec-Fetch-Site", "same-origin"},
		Refusals: []request{
			{Method: "POST", Path: "/echo", Body: "x", Headers: []string{"Sec-Fetch-Site", ""}, Want: badly},
			{Method: "POST", Path: "/echo", Body: "x",
				Headers: []string{"Sec-Fetch-Site", "", "X-Csrf-Token", compose.Canary, "Cookie", "_csrf=other"},
				Want:    compose.Refused(fault.Forbidden)},
			{Method: "POST", Path: "/echo", Body: "x", Headers: []string{"Sec-Fetch-Site", "cross-site"}, Want: compose.Refused(fault.Forbidden)},
		}},
	{Name: "Proxy", Place: compose.AnyOrder, Use: compose.Using(only("/upstream", middleware.Proxy(balancer("http://127.0.0.1:1")))),
		Refusals: []request{{Method: "GET", Path: "/upstream", Want: gateway}}},
	{Name: "Static", Place: compose.AnyOrder, Use: compose.Using(middleware.Static("testdata")),
		Refusals: []request{{Method: "GET", Path: "/missing.txt", Want: compose.Refused(fault.NotFound)}}},
	{Name: "Static with HTML5", Place: compose.Inside,
		Use: compose.Using(only("/app", middleware.StaticWithConfig(middleware.StaticConfig{Root: "testdata", HTML5: true})))},
	{Name: "RequestID", Place: compose.AnyOrder, Use: compose.Using(middleware.RequestID()), Headers: []string{"X-Request-Id", "r-1"},
		Kept: map[string]string{"X-Request-Id": "r-1"}},
	{Name: "RequestLogger", Place: compose.Outside, Use: requestLogger(true)},
	{Name: "RequestLogger without HandleError", Place: compose.Outside, Use: requestLogger(false)},
	{Name: "Logger", Place: compose.Outside, Use: compose.Using(oldLogger())},
	{Name: "Recover", Place: compose.AnyOrder,
		Use: compose.Using(middleware.RecoverWithConfig(middleware.RecoverConfig{DisableStackAll: true, LogLevel: 7}))},
	{Name: "echoprometheus", Place: compose.Outside, Use: metrics},
	{Name: "otelecho", Place: compose.Outside, Use: tracing},
	{Name: "sentry-go/echo", Place: compose.Outside, Use: reporting(sentryecho.Options{})},
	{Name: "sentry-go/echo with Repanic", Place: compose.Outside, Use: reporting(sentryecho.Options{Repanic: true})},
}

// inTime is echo's Timeout, and never does.
func inTime() echo.MiddlewareFunc {
	return middleware.TimeoutWithConfig(middleware.TimeoutConfig{Timeout: time.Minute}) //nolint:staticcheck // it is in use all the same
}

func oldLogger() echo.MiddlewareFunc {
	return middleware.LoggerWithConfig(middleware.LoggerConfig{Output: new(bytes.Buffer)}) //nolint:staticcheck // it is in use all the same
}

// only applies middleware below a path: what it does there is its own refusal or answer.
func only(prefix string, m echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		with := m(next)
		return func(c echo.Context) error {
			if strings.HasPrefix(c.Request().URL.Path, prefix) {
				return with(c)
			}
			return next(c)
		}
	}
}

func credentials(pair string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

// token is {"sub":"u"}, signed by "secret".
const token = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1In0.D9OYCASOic8f2se0l70pQbnYe4k4FisxamL3OAU6LCc"

func packed(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

// limiterConfig lets the client "often" through no more, and does not know clients without a name.
var limiterConfig = middleware.RateLimiterConfig{
	Store: allowing(func(client string) bool { return client != "often" }),
	IdentifierExtractor: func(c echo.Context) (string, error) {
		if client := c.Request().Header.Get("X-Client"); client != "" {
			return client, nil
		}
		return "", errors.New(compose.Canary)
	},
}

type allowing func(client string) bool

func (a allowing) Allow(client string) (bool, error) { return a(client), nil }

func balancer(target string) middleware.ProxyBalancer {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	return middleware.NewRandomBalancer([]*middleware.ProxyTarget{{URL: u}})
}

func requestLogger(handleError bool) func(seen *compose.Seen) []echo.MiddlewareFunc {
	return func(seen *compose.Seen) []echo.MiddlewareFunc {
		return []echo.MiddlewareFunc{middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
			LogStatus: true, LogError: true, HandleError: handleError,
			LogValuesFunc: func(_ echo.Context, v middleware.RequestLoggerValues) error { seen.Note(v.Status); return nil },
		})}
	}
}

// metrics notes the statuses that Prometheus gets.
func metrics(seen *compose.Seen) []echo.MiddlewareFunc {
	registry := prometheus.NewRegistry()
	counted := map[string]float64{}
	gather := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			compose.Counts(registry, "echo_requests_total", "code", counted, seen)
			return err
		}
	}
	return []echo.MiddlewareFunc{gather, echoprometheus.NewMiddlewareWithConfig(echoprometheus.MiddlewareConfig{Registerer: registry})}
}

func tracing(seen *compose.Seen) []echo.MiddlewareFunc {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(compose.Spans{Seen: seen, Attribute: "http.status_code"}))
	return []echo.MiddlewareFunc{otelecho.Middleware("service", otelecho.WithTracerProvider(provider))}
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

func reporting(options sentryecho.Options) func(seen *compose.Seen) []echo.MiddlewareFunc {
	return func(seen *compose.Seen) []echo.MiddlewareFunc {
		reported.Store(seen)
		return []echo.MiddlewareFunc{sentryecho.New(options)}
	}
}
