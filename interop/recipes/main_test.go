package recipes_test

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v2"
	fiberv3 "github.com/gofiber/fiber/v3"
	"github.com/labstack/echo/v4"
	echov5 "github.com/labstack/echo/v5"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultfiber "github.com/polyfault/polyfault/fiber"
	faultfiberv3 "github.com/polyfault/polyfault/fiberv3"
	faultgin "github.com/polyfault/polyfault/gin"
	"github.com/polyfault/polyfault/interop/adapters"
	"github.com/polyfault/polyfault/interop/recipes"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// A service has the recipe's middleware outside of polyfault's, or inside.
type service struct {
	name  string
	start func(t *testing.T, r *fault.Responder, outside bool) (url string)
}

var services = []service{
	{"net/http", overHTTP(onNetHTTP)}, {"chi", overHTTP(onChi)}, {"gin", overHTTP(onGin)}, {"echo v4", overHTTP(onEchoV4)},
	{"echo v5", overHTTP(onEchoV5)}, {"fiber v2", onFiberV2}, {"fiber v3", onFiberV3},
}

func overHTTP(build func(r *fault.Responder, outside bool) http.Handler) func(*testing.T, *fault.Responder, bool) string {
	return func(t *testing.T, r *fault.Responder, outside bool) string {
		return "http://" + adapters.Serve(t, build(r, outside))
	}
}

// fail is what the handlers do.
func fail(how string) error {
	if how == "panic" {
		panic("boom")
	}
	return fault.Database.New()
}

func onNetHTTP(r *fault.Responder, outside bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{how}", faulthttp.Handler(nil, func(_ http.ResponseWriter, req *http.Request) error { return fail(req.PathValue("how")) }))
	if outside {
		return recipes.IdentifyHTTP(faulthttp.Middleware(r)(faulthttp.Mux(nil, mux)))
	}
	return faulthttp.Middleware(r)(recipes.IdentifyHTTP(faulthttp.Mux(nil, mux)))
}

func onChi(r *fault.Responder, outside bool) http.Handler {
	m := chi.NewRouter()
	if outside {
		m.Use(recipes.IdentifyHTTP)
	}
	faulthttp.InstallChi(m, r)
	if !outside {
		m.Use(recipes.IdentifyHTTP)
	}
	m.Get("/orders/{how}", faulthttp.Handler(nil, func(_ http.ResponseWriter, req *http.Request) error { return fail(chi.URLParam(req, "how")) }))
	return m
}

func onGin(r *fault.Responder, outside bool) http.Handler {
	gin.SetMode(gin.TestMode)
	e := gin.New()
	if outside {
		e.Use(recipes.IdentifyGin)
	}
	faultgin.Install(e, r)
	if !outside {
		e.Use(recipes.IdentifyGin)
	}
	e.GET("/orders/:how", faultgin.Handler(func(c *gin.Context) error { return fail(c.Param("how")) }))
	return e
}

func onEchoV4(r *fault.Responder, outside bool) http.Handler {
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	if outside {
		e.Use(recipes.IdentifyEchoV4)
	}
	faultecho.Install(e, r)
	if !outside {
		e.Use(recipes.IdentifyEchoV4)
	}
	e.GET("/orders/:how", func(c echo.Context) error { return fail(c.Param("how")) })
	return e
}

func onEchoV5(r *fault.Responder, outside bool) http.Handler {
	e := echov5.New()
	if outside {
		e.Use(recipes.IdentifyEchoV5)
	}
	faultechov5.Install(e, r)
	if !outside {
		e.Use(recipes.IdentifyEchoV5)
	}
	e.GET("/orders/:how", func(c *echov5.Context) error { return fail(c.Param("how")) })
	return e
}

func onFiberV2(t *testing.T, r *fault.Responder, outside bool) (url string) {
	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r), DisableStartupMessage: true})
	handlers := []any{recipes.IdentifyFiberV2, faultfiber.Recover(r)}
	if !outside {
		handlers[0], handlers[1] = handlers[1], handlers[0]
	}
	app.Use(handlers...)
	app.Get("/orders/:how", func(c *fiber.Ctx) error { return fail(c.Params("how")) })
	return serve(t, app.Listener, func() error { return app.ShutdownWithTimeout(time.Second) })
}

func onFiberV3(t *testing.T, r *fault.Responder, outside bool) (url string) {
	app := fiberv3.New(fiberv3.Config{ErrorHandler: faultfiberv3.ErrorHandler(r)})
	handlers := []any{recipes.IdentifyFiberV3, faultfiberv3.Recover(r)}
	if !outside {
		handlers[0], handlers[1] = handlers[1], handlers[0]
	}
	app.Use(handlers...)
	app.Get("/orders/:how", func(c fiberv3.Ctx) error { return fail(c.Params("how")) })
	listen := func(l net.Listener) error { return app.Listener(l, fiberv3.ListenConfig{DisableStartupMessage: true}) }
	return serve(t, listen, func() error { return app.ShutdownWithTimeout(time.Second) })
}

func serve(t *testing.T, listen func(net.Listener) error, shutdown func() error) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = listen(l)
	}()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		_ = shutdown()
		_ = l.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

func get(t *testing.T, url string, headers ...string) (status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}
