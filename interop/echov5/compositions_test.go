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
	{Name: "ContextTimeout", Place: compose.AnyOrder, Use: compose.Using(middleware.ContextTimeout(time.Minute))},
	{Name: "CORS", Place: compose.AnyOrder, Use: compose.Using(cors())},
	{Name: "RateLimiter", Place: compose.AnyOrder, Use: compose.Using(middleware.RateLimiterWithConfig(limiterConfig)), Refusals: []request{
		{Method: "GET", Path: "/fine", Headers: []string{"X-Client", "often"}, Want: compose.Refused(fault.TooManyRequests)},
		{Method: "GET", Path: "/fine", Headers: []string{"X-Client", ""}, Want: compose.Refused(fault.Forbidden)},
	}, Headers: []string{"X-Client", "seldom"}},
	{Name: "KeyAuth", Place: compose.AnyOrder, Use: compose.Using(middleware.KeyAuth(func(
		_ *echo.Context, key string, _ middleware.ExtractorSource,
	) (bool, error) {
		if key == "broken" {
			return false, errors.New(compose.Canary)
		}
		return key == "k", nil
	})), Headers: []string{"Authorization", "Bearer k"}, Refusals: []request{
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", "Bearer x"}, Want: denied},
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", "Bearer broken"}, Want: denied},
		{Method: "GET", Path: "/fine", Headers: []string{"Authorization", ""}, Want: denied},
	}},
	{Name: "BasicAuth", Place: compose.AnyOrder,
		Use: compose.Using(middleware.BasicAuth(func(_ *echo.Context, _, password string) (bool, error) {
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
	{Name: "BodyLimit", Place: compose.AnyOrder, Use: compose.Using(middleware.BodyLimit(8)), Refusals: []request{
		{Method: "POST", Path: "/echo", Body: strings.Repeat("x", 100), Want: large},
		{Method: "POST", Path: "/echo", Body: "64\r\n" + strings.Repeat("x", 100) + "\r\n0\r\n\r\n",
			Headers: []string{"Content-Length", "", "Transfer-Encoding", "chunked"}, Want: large},
	}},
	{Name: "BodyDump", Place: compose.AnyOrder, Use: compose.Using(middleware.BodyDump(func(*echo.Context, []byte, []byte, error) {}))},
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
	{Name: "Recover", Place: compose.AnyOrder,
		Use: compose.Using(middleware.RecoverWithConfig(middleware.RecoverConfig{DisableStackAll: true}))},
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
