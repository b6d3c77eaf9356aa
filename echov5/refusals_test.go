package faultecho_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	faultecho "github.com/polyfault/polyfault/echov5"
)

// What echo's own middleware refuses is answered with its status and its headers, whether it stands outside or inside.
func TestEchosMiddlewareRefuses(t *testing.T) {
	dead, err := url.Parse("http://127.0.0.1:1")
	require.NoError(t, err)
	no := middleware.BasicAuth(func(*echo.Context, string, string) (bool, error) { return false, nil })
	broken := middleware.BasicAuth(func(*echo.Context, string, string) (bool, error) { return false, errors.New(canary) })
	noKey := middleware.KeyAuth(func(*echo.Context, string, middleware.ExtractorSource) (bool, error) { return false, nil })
	proxy := middleware.Proxy(middleware.NewRoundRobinBalancer([]*middleware.ProxyTarget{{URL: dead}}))
	logged := chained(middleware.RequestLogger(), middleware.Recover())
	type pairs = []string
	challenge := pairs{"Www-Authenticate", `basic realm="Restricted"`}
	cors := pairs{"Access-Control-Allow-Origin", "https://example.org"}
	for name, c := range map[string]struct {
		m        echo.MiddlewareFunc
		header   pairs // of the request
		body     string
		status   int
		code     string
		expected pairs // of the answer
	}{
		"BasicAuth":              {no, nil, "", 401, "unauthorized", challenge},
		"BasicAuth, wrong":       {no, pairs{"Authorization", "Basic Y2FuYXJ5LTdmM2E6eA=="}, "", 401, "unauthorized", challenge},
		"BasicAuth, no base64":   {no, pairs{"Authorization", "Basic " + canary + "!"}, "", 400, "bad_request", nil},
		"BasicAuth, broken":      {broken, pairs{"Authorization", "Basic eDp5"}, "", 500, "unhandled", nil},
		"KeyAuth":                {noKey, nil, "", 401, "unauthorized", nil},
		"KeyAuth, wrong":         {noKey, pairs{"Authorization", "Bearer " + canary}, "", 401, "unauthorized", nil},
		"CSRF":                   {middleware.CSRF(), pairs{"Sec-Fetch-Site", "cross-site"}, "", 403, "forbidden", nil},
		"CSRF, no token":         {middleware.CSRF(), nil, "", 400, "bad_request", nil},
		"BodyLimit":              {middleware.BodyLimit(3), nil, canary, 413, "content_too_large", nil},
		"Decompress":             {middleware.Decompress(), pairs{"Content-Encoding", "gzip"}, canary, 400, "bad_request", nil},
		"Proxy":                  {proxy, nil, "", 502, "bad_gateway", nil},
		"RateLimiter":            {middleware.RateLimiter(denying{}), nil, "", 429, "too_many_requests", nil},
		"Recover":                {middleware.Recover(), pairs{"X-Panic", "1"}, "", 500, "unhandled", nil},
		"RequestLogger, Recover": {logged, pairs{"X-Panic", "1"}, "", 500, "unhandled", nil},
		"CORS":                   {middleware.CORS(cors[1]), pairs{"Origin", cors[1], "X-Panic", "1"}, "", 500, "unhandled", cors},
		"RequestID": {middleware.RequestID(), pairs{"X-Request-Id", "mine", "X-Panic", "1"}, "", 500, "unhandled",
			pairs{"X-Request-Id", "mine"}},
	} {
		for _, place := range []string{"outside", "inside"} {
			t.Run(name+" "+place, func(t *testing.T) {
				s := bare(t)
				if place == "outside" {
					s.Use(c.m)
				}
				faultecho.Install(s.Echo, s.r)
				if place == "inside" {
					s.Use(c.m)
				}
				s.POST("/", func(c *echo.Context) error {
					if c.Request().Header.Get("X-Panic") != "" {
						panic(canary)
					}
					return c.Bind(&struct{}{})
				})
				resp, body := s.do(http.MethodPost, "/", c.body, c.header...)
				answered(t, resp, body, c.status, c.code)
				if c.expected != nil {
					assert.Equal(t, c.expected[1], resp.Header.Get(c.expected[0]))
				}
				assert.Equal(t, c.status == 413, resp.Close, "the rest is not read")
				s.log.Only(t)
			})
		}
	}
}

func chained(m ...echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		for i := len(m) - 1; i >= 0; i-- {
			next = m[i](next)
		}
		return next
	}
}

// What is no failure stays as it is.
func TestWhatIsNoFailure(t *testing.T) {
	s := installed(t)
	s.Pre(middleware.RemoveTrailingSlashWithConfig(middleware.RemoveTrailingSlashConfig{RedirectCode: http.StatusMovedPermanently}))
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.Use(middleware.CORS("https://example.org"))
	s.GET("/orders", func(c *echo.Context) error { return c.JSON(http.StatusOK, "fine") })
	s.GET("/own", func(c *echo.Context) error { return c.String(http.StatusNotFound, "not here") })
	s.GET("/moved", func(c *echo.Context) error { return c.Redirect(http.StatusFound, "/orders") })
	s.StaticFS("/static/", os.DirFS("."))
	for path, want := range map[string]int{"/orders/": 301, "/moved": 302, "/own": 404, "/orders": 200, "/static/echo.go": 200} {
		resp, body := s.get(path)
		assert.Equal(t, want, resp.StatusCode, path)
		assert.NotContains(t, body, `"DE"`, path)
	}
	resp, _ := s.do(http.MethodOptions, "/orders", "", "Origin", "https://example.org", "Access-Control-Request-Method", "GET")
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
	s.log.None(t)
	resp, body := s.get("/static/missing")
	answered(t, resp, body, 404, "not_found")
	s.log.Only(t)
}

// Each Echo behind a virtual host answers by its own responder.
func TestVirtualHosts(t *testing.T) {
	inner, outer := installed(t), prepared(t)
	hosts := echo.NewVirtualHostHandler(map[string]*echo.Echo{"inner.example": inner.Echo})
	faultecho.Install(hosts, outer.r)
	for host, s := range map[string]*service{"inner.example": inner, "other.example": outer} {
		req := httptest.NewRequest(http.MethodGet, "/nowhere", http.NoBody)
		req.Host = host
		w := httptest.NewRecorder()
		hosts.ServeHTTP(w, req)
		answered(t, w.Result(), w.Body.String(), 404, "not_found")
		s.log.Only(t)
	}
}

// The default handler of echo answers for Recover(nil), with what it shows.
func TestRecoverNilLeavesTheAnswerToTheApplication(t *testing.T) {
	s := bare(t)
	s.Use(faultecho.Recover(nil))
	s.GET("/panic", panickingWith(canary))
	s.GET("/error", returning(echo.NewHTTPError(http.StatusConflict, "mine")))
	for path, want := range map[string]string{"/panic": `{"message":"Internal Server Error"}`, "/error": `{"message":"mine"}`} {
		_, body := s.get(path)
		assert.Equal(t, want, strings.TrimSpace(body), path)
	}
	c := echo.NewContext(httptest.NewRequest(http.MethodGet, "/", http.NoBody), httptest.NewRecorder()) // of no Echo
	err := faultecho.Recover(nil)(returning(echo.ErrForbidden))(c)
	assert.ErrorIs(t, err, echo.ErrForbidden)
}
