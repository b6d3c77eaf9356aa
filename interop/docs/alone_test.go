package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v2"
	recoverv2 "github.com/gofiber/fiber/v2/middleware/recover"
	fiberv3 "github.com/gofiber/fiber/v3"
	recoverv3 "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/labstack/echo/v4"
	middlewarev4 "github.com/labstack/echo/v4/middleware"
	echov5 "github.com/labstack/echo/v5"
	middlewarev5 "github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultfiber "github.com/polyfault/polyfault/fiber"
	faultfiberv3 "github.com/polyfault/polyfault/fiberv3"
	faultgin "github.com/polyfault/polyfault/gin"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

var errInside = errors.New("pq: password authentication failed for user shop")

// An order is what the services read.
type order struct {
	Qty int `json:"qty"`
}

// limit is how many bytes of a body the services take.
const limit = 100

// A framework starts a service with a route that returns errInside, one that panics with it and one that reads an order: as the
// framework comes with its own recovery middleware, or with polyfault in its place.
type framework struct {
	name  string
	start func(t *testing.T, r *fault.Responder) (url string) // nil: the framework alone
}

var services = []framework{
	{"net/http", overHTTP(netHTTP)}, {"chi", overHTTP(onChi)}, {"gin", overHTTP(onGin)},
	{"echo v4", overHTTP(onEcho)}, {"echo v5", overHTTP(onEchoV5)}, {"fiber v2", onFiber}, {"fiber v3", onFiberV3},
}

// failures are the columns of README's table.
var failures = []struct{ method, path, body string }{
	{"GET", "/error", ""}, {"GET", "/panic", ""}, {"GET", "/nowhere", ""}, {"DELETE", "/panic", ""},
	{"POST", "/orders", `{"qty":"seven"}`}, {"POST", "/orders", `{"qty":"` + strings.Repeat("7", limit) + `"}`},
}

// README's table says what each framework answers by itself, and what all of them answer with polyfault.
func TestByThemselves(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	documented := documentedAnswers(t)
	r, err := fault.NewResponder(quiet)
	require.NoError(t, err)
	for _, f := range services {
		t.Run(f.name, func(t *testing.T) {
			require.Contains(t, documented, f.name)
			alone, with := f.start(t, nil), f.start(t, r)
			for i, failure := range failures {
				byItself, answer := documented[f.name][i], ask(alone, failure.method, failure.path, failure.body)
				if byItself != "your code" { // net/http and chi take no errors
					assert.Equal(t, byItself, answer.String(), "%s %s", failure.method, failure.path)
				}
				answer = ask(with, failure.method, failure.path, failure.body)
				assert.Equal(t, documented["with polyfault"][i], answer.String(), "%s %s", failure.method, failure.path)
				assert.NotContains(t, answer.body, "pq:")
			}
		})
	}
}

// documentedAnswers are the cells of README's table by row. A row may be that of several frameworks.
func documentedAnswers(t *testing.T) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for _, cells := range table(t, "README.md", "| By itself |") {
		require.Len(t, cells, len(failures)+1)
		for name := range strings.SplitSeq(strings.Trim(cells[0], "*"), ", ") {
			rows[name] = cells[1:]
		}
	}
	return rows
}

// An answer is a response, or why there is none.
type answer struct {
	status            int
	contentType, body string
	err               error
}

func ask(url, method, path, body string) answer {
	req, err := http.NewRequest(method, url+path, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header.Get("Content-Type"), string(content), err}
}

// ofGo are the words of encoding/json.
var ofGo = regexp.MustCompile(`Go struct|Unmarshal type error`)

// String is the answer in the words of README's table.
func (a answer) String() string {
	var ours struct{ Code, DE string }
	_ = json.Unmarshal([]byte(a.body), &ours)
	switch {
	case a.err != nil:
		return "connection closed"
	case ours.Code != "" && ours.DE != "":
		return fmt.Sprintf("%d `%s`", a.status, ours.Code)
	case a.body == "":
		return fmt.Sprintf("%d, empty", a.status)
	case strings.Contains(a.body, errInside.Error()):
		return fmt.Sprintf("%d, `err.Error()`", a.status)
	case ofGo.MatchString(a.body):
		return fmt.Sprintf("%d, Go's words", a.status)
	case strings.HasPrefix(a.contentType, "application/json"):
		return fmt.Sprintf("%d, JSON", a.status)
	}
	return fmt.Sprintf("%d, text", a.status)
}

func overHTTP(build func(r *fault.Responder) http.Handler) func(t *testing.T, r *fault.Responder) string {
	return func(t *testing.T, r *fault.Responder) string {
		server := httptest.NewUnstartedServer(build(r))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Start()
		t.Cleanup(server.Close)
		return server.URL
	}
}

func fails(http.ResponseWriter, *http.Request) error { return errInside }

func panics(http.ResponseWriter, *http.Request) { panic(errInside) }

func reads(w http.ResponseWriter, req *http.Request) error {
	return fault.Binding(json.NewDecoder(http.MaxBytesReader(w, req.Body, limit)).Decode(&order{}))
}

func netHTTP(r *fault.Responder) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /panic", panics)
	if r == nil {
		return mux
	}
	mux.Handle("GET /error", faulthttp.Handler(r, fails))
	mux.Handle("POST /orders", faulthttp.Handler(r, reads))
	return faulthttp.Middleware(r)(faulthttp.Mux(r, mux))
}

func onChi(r *fault.Responder) http.Handler {
	router := chi.NewRouter()
	if r != nil {
		faulthttp.InstallChi(router, r)
		router.Get("/error", faulthttp.Handler(r, fails))
		router.Post("/orders", faulthttp.Handler(r, reads))
	}
	router.Get("/panic", panics)
	return router
}

func onGin(r *fault.Responder) http.Handler {
	e := gin.New()
	if r == nil {
		e.Use(gin.RecoveryWithWriter(io.Discard))
	} else {
		e.HandleMethodNotAllowed = true
		faultgin.Install(e, r)
	}
	e.GET("/error", func(c *gin.Context) { _ = c.Error(errInside) })
	e.GET("/panic", func(*gin.Context) { panic(errInside) })
	e.POST("/orders", func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
		_ = c.BindJSON(&order{})
	})
	return e
}

func onEcho(r *fault.Responder) http.Handler {
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	if r == nil {
		e.Use(middlewarev4.Recover())
	} else {
		faultecho.Install(e, r)
	}
	e.Use(middlewarev4.BodyLimit(fmt.Sprint(limit, "B")))
	e.GET("/error", func(echo.Context) error { return errInside })
	e.GET("/panic", func(echo.Context) error { panic(errInside) })
	e.POST("/orders", func(c echo.Context) error { return c.Bind(&order{}) })
	return e
}

func onEchoV5(r *fault.Responder) http.Handler {
	e := echov5.New()
	e.Logger = slog.New(slog.DiscardHandler)
	if r == nil {
		e.Use(middlewarev5.Recover())
	} else {
		faultechov5.Install(e, r)
	}
	e.Use(middlewarev5.BodyLimit(limit))
	e.GET("/error", func(*echov5.Context) error { return errInside })
	e.GET("/panic", func(*echov5.Context) error { panic(errInside) })
	e.POST("/orders", func(c *echov5.Context) error { return c.Bind(&order{}) })
	return e
}

func onFiber(t *testing.T, r *fault.Responder) string {
	cfg := fiber.Config{DisableStartupMessage: true, BodyLimit: limit}
	if r != nil {
		cfg.ErrorHandler = faultfiber.ErrorHandler(r)
	}
	app := fiber.New(cfg)
	if r == nil {
		app.Use(recoverv2.New())
	} else {
		app.Use(faultfiber.Recover(r))
	}
	app.Get("/error", func(*fiber.Ctx) error { return errInside })
	app.Get("/panic", func(*fiber.Ctx) error { panic(errInside) })
	app.Post("/orders", func(c *fiber.Ctx) error { return c.BodyParser(&order{}) })
	return listen(t, app.Listener, app.Shutdown)
}

func onFiberV3(t *testing.T, r *fault.Responder) string {
	cfg := fiberv3.Config{BodyLimit: limit}
	if r != nil {
		cfg.ErrorHandler = faultfiberv3.ErrorHandler(r)
	}
	app := fiberv3.New(cfg)
	if r == nil {
		app.Use(recoverv3.New())
	} else {
		app.Use(faultfiberv3.Recover(r))
	}
	app.Get("/error", func(fiberv3.Ctx) error { return errInside })
	app.Get("/panic", func(fiberv3.Ctx) error { panic(errInside) })
	app.Post("/orders", func(c fiberv3.Ctx) error { return c.Bind().JSON(&order{}) })
	return listen(t, func(l net.Listener) error {
		return app.Listener(l, fiberv3.ListenConfig{DisableStartupMessage: true})
	}, app.Shutdown)
}

func listen(t *testing.T, serve func(net.Listener) error, stop func() error) (url string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- serve(listener) }()
	t.Cleanup(func() {
		assert.NoError(t, stop())
		assert.NoError(t, <-ended)
	})
	return "http://" + listener.Addr().String()
}
