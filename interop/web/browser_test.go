package web

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	gincors "github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	chicors "github.com/go-chi/cors"
	"github.com/gofiber/fiber/v3"
	fibercors "github.com/gofiber/fiber/v3/middleware/cors"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
	faultgin "github.com/polyfault/polyfault/gin"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// The page in Chromium, in the order that somebody would try it. POLYFAULT_SHOTS names a folder for pictures.
func TestThePageInABrowser(t *testing.T) {
	needNode(t)
	browser := chromium(t)
	url, _ := page(t)
	dir := folder(t)
	copyTo(t, dir, "browser.test.mjs")
	shots := os.Getenv("POLYFAULT_SHOTS")
	if shots != "" {
		var err error
		shots, err = filepath.Abs(shots)
		require.NoError(t, err)
	}
	out, err := command(t, dir, []string{"PAGE=" + url, "CHROMIUM=" + browser, "SHOTS=" + shots, "ORIGINS=" + origins(t),
		"ELSEWHERE=" + elsewhere(t),
		"WITHOUT=" + without(t)}, "node", "--test", "browser.test.mjs")
	require.NoError(t, err, out)
	assert.Regexp(t, `(?m)^# pass 11$`, out)
}

var busy = fault.ServiceUnavailable.New(fault.RetryAfter(3*time.Second), fault.Header("X-Request-Id", "r-1"), fault.Header("Allow", "GET"),
	fault.Header("WWW-Authenticate", "Basic"))

// readable are the headers that a browser shows to scripts of other origins only when they are named; the others that are worth
// reading it shows anyway (Fetch Standard, CORS-safelisted response-header name).
var readable = []string{"Retry-After", "X-Request-Id", "WWW-Authenticate", "Allow"}

// elsewhere is an empty page of another origin.
func elsewhere(t *testing.T) string {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") }))
}

func without(t *testing.T) string {
	t.Helper()
	return serve(t, faulthttp.Handler(responder(t), failing))
}

func failing(http.ResponseWriter, *http.Request) error { return busy }

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL + "/"
}

// origins are services behind the CORS middleware of four frameworks, each without and with the headers to read.
func origins(t *testing.T) string {
	t.Helper()
	r := responder(t)
	services := map[string]map[string]string{}
	for name, start := range map[string]func(*testing.T, *fault.Responder, []string) string{
		"go-chi/cors": chiOrigin, "gin-contrib/cors": ginOrigin, "echo v5": echoOrigin, "fiber v3": fiberOrigin} {
		services[name] = map[string]string{"closed": start(t, r, nil), "open": start(t, r, readable)}
	}
	content, err := json.Marshal(services)
	require.NoError(t, err)
	return string(content)
}

func chiOrigin(t *testing.T, r *fault.Responder, exposed []string) string {
	crossOrigin := chicors.Handler(chicors.Options{AllowedMethods: []string{"POST"}, AllowedHeaders: []string{"Content-Type"},
		ExposedHeaders: exposed})
	var mu sync.Mutex
	var methods []string // that were asked with, for the test of preflight requests
	service := crossOrigin(faulthttp.Handler(r, failing))
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if req.URL.Path == "/methods" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			_ = json.NewEncoder(w).Encode(methods)
			methods = nil
			return
		}
		methods = append(methods, req.Method)
		service.ServeHTTP(w, req)
	}))
}

func ginOrigin(t *testing.T, r *fault.Responder, exposed []string) string {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.Use(gincors.New(gincors.Config{AllowAllOrigins: true, AllowMethods: []string{"POST"}, AllowHeaders: []string{"Content-Type"},
		ExposeHeaders: exposed}))
	faultgin.Install(e, r)
	e.POST("/", faultgin.Handler(func(*gin.Context) error { return busy }))
	return serve(t, e)
}

func echoOrigin(t *testing.T, r *fault.Responder, exposed []string) string {
	e := echo.New()
	e.Use(echomiddleware.CORSWithConfig(echomiddleware.CORSConfig{AllowOrigins: []string{"*"}, AllowHeaders: []string{"Content-Type"},
		ExposeHeaders: exposed}))
	faultecho.Install(e, r)
	e.POST("/", func(*echo.Context) error { return busy })
	return serve(t, e)
}

func fiberOrigin(t *testing.T, r *fault.Responder, exposed []string) string {
	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r)})
	app.Use(fibercors.New(fibercors.Config{AllowHeaders: []string{"Content-Type"},
		ExposeHeaders: exposed}))
	app.Use(faultfiber.Recover(r))
	app.Post("/", func(fiber.Ctx) error { return busy })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() { _ = app.Shutdown() })
	return "http://" + listener.Addr().String() + "/"
}
