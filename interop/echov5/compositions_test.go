package echov5_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
)

var (
	denied = refused(fault.Unauthorized)
	basic  = compose.Failure{Err: fault.Unauthorized, Status: 401, Code: "unauthorized",
		Kept: map[string]string{"Www-Authenticate": `basic realm="Restricted"`}}
	badly   = refused(fault.BadRequest)
	large   = refused(fault.ContentTooLarge)
	gateway = refused(fault.BadGateway)
)

var compositions = []composition{
	{name: "Gzip", place: compose.AnyOrder, use: use(middleware.Gzip()), headers: []string{"Accept-Encoding", "gzip"},
		kept: map[string]string{"Vary": "Accept-Encoding"}},
	{name: "Decompress", place: compose.Inside, use: use(middleware.Decompress()), refusals: []request{
		{"POST", "/echo", "no gzip", []string{"Content-Encoding", "gzip", "Content-Type", "text/plain"}, badly},
		{"POST", "/echo", packed("payload")[:20], []string{"Content-Encoding", "gzip", "Content-Type", "text/plain"}, badly},
	}},
	{name: "ContextTimeout", place: compose.AnyOrder, use: use(middleware.ContextTimeout(time.Minute))},
	{name: "CORS", place: compose.AnyOrder, use: use(cors())},
	{name: "RateLimiter", place: compose.AnyOrder, use: use(middleware.RateLimiterWithConfig(limiterConfig)), refusals: []request{
		{"GET", "/fine", "", []string{"X-Client", "often"}, refused(fault.TooManyRequests)},
		{"GET", "/fine", "", []string{"X-Client", ""}, refused(fault.Forbidden)},
	}, headers: []string{"X-Client", "seldom"}},
	{name: "KeyAuth", place: compose.AnyOrder, use: use(middleware.KeyAuth(func(
		_ *echo.Context, key string, _ middleware.ExtractorSource,
	) (bool, error) {
		if key == "broken" {
			return false, errors.New(compose.Canary)
		}
		return key == "k", nil
	})), headers: []string{"Authorization", "Bearer k"}, refusals: []request{
		{"GET", "/fine", "", []string{"Authorization", "Bearer x"}, denied},
		{"GET", "/fine", "", []string{"Authorization", "Bearer broken"}, denied},
		{"GET", "/fine", "", []string{"Authorization", ""}, denied},
	}},
	{name: "BasicAuth", place: compose.AnyOrder, use: use(middleware.BasicAuth(func(_ *echo.Context, _, password string) (bool, error) {
		if password == "down" {
			return false, errors.New(compose.Canary)
		}
		return password == "p", nil
	})), headers: []string{"Authorization", credentials("u:p")}, refusals: []request{
		{"GET", "/fine", "", []string{"Authorization", credentials("u:x")}, basic},
		{"GET", "/nowhere", "", []string{"Authorization", ""}, basic},
		{"GET", "/fine", "", []string{"Authorization", "Basic ?"}, badly},
		{"GET", "/fine", "", []string{"Authorization", credentials("u:down")}, unhandled},
	}},
	{name: "BodyLimit", place: compose.AnyOrder, use: use(middleware.BodyLimit(8)), refusals: []request{
		{"POST", "/echo", strings.Repeat("x", 100), nil, large},
		{"POST", "/echo", "64\r\n" + strings.Repeat("x", 100) + "\r\n0\r\n\r\n",
			[]string{"Content-Length", "", "Transfer-Encoding", "chunked"}, large},
	}},
	{name: "BodyDump", place: compose.AnyOrder, use: use(middleware.BodyDump(func(*echo.Context, []byte, []byte, error) {}))},
	{name: "Secure", place: compose.AnyOrder, use: use(middleware.SecureWithConfig(middleware.SecureConfig{XFrameOptions: "DENY"})),
		kept: map[string]string{"X-Frame-Options": "DENY"}},
	{name: "CSRF", place: compose.AnyOrder, use: use(middleware.CSRF()), headers: []string{"Sec-Fetch-Site", "same-origin"},
		refusals: []request{
			{"POST", "/echo", "x", []string{"Sec-Fetch-Site", ""}, badly},
			{"POST", "/echo", "x", []string{"Sec-Fetch-Site", "", "X-Csrf-Token", compose.Canary, "Cookie", "_csrf=other"},
				refused(fault.Forbidden)},
			{"POST", "/echo", "x", []string{"Sec-Fetch-Site", "cross-site"}, refused(fault.Forbidden)},
		}},
	{name: "Proxy", place: compose.AnyOrder, use: use(only("/upstream", middleware.Proxy(balancer("http://127.0.0.1:1")))),
		refusals: []request{{"GET", "/upstream", "", nil, gateway}}},
	{name: "Static", place: compose.AnyOrder, use: use(middleware.Static("testdata")),
		refusals: []request{{"GET", "/missing.txt", "", nil, refused(fault.NotFound)}}},
	{name: "Static with HTML5", place: compose.Inside,
		use: use(only("/app", middleware.StaticWithConfig(middleware.StaticConfig{Root: "testdata", HTML5: true})))},
	{name: "RequestID", place: compose.AnyOrder, use: use(middleware.RequestID()), headers: []string{"X-Request-Id", "r-1"},
		kept: map[string]string{"X-Request-Id": "r-1"}},
	{name: "RequestLogger", place: compose.Outside, use: requestLogger(true)},
	{name: "RequestLogger without HandleError", place: compose.Outside, use: requestLogger(false)},
	{name: "Recover", place: compose.AnyOrder,
		use: use(middleware.RecoverWithConfig(middleware.RecoverConfig{DisableStackAll: true}))},
}

// only applies middleware below a path: what it does there is its own refusal or answer.
func only(prefix string, m echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		with := m(next)
		return func(c *echo.Context) error {
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
	IdentifierExtractor: func(c *echo.Context) (string, error) {
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
			LogStatus: true, HandleError: handleError,
			LogValuesFunc: func(_ *echo.Context, v middleware.RequestLoggerValues) error { seen.Note(v.Status); return nil },
		})}
	}
}
