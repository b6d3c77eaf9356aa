package docs_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v3"
	fiberrecover "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
	"github.com/moogar0880/problems"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// canary is in the text of an error that no client should read.
const canary = "canary at 10.0.0.7"

var errCanary = errors.New(canary)

// A loan is what clients send to each peer: days is too large, or no number.
type loan struct {
	Tool string `json:"tool"`
	Days int    `json:"days" binding:"max=14" maximum:"14"`
}

const wrongLoan = `{"tool":"saw","days":20}`

// A peer is a service that answers with nothing but what its framework has: "/fail" returns an unknown error, "/panic" panics,
// POST "/loans" reads a loan.
type peer struct {
	serve func(t *testing.T) (base string)
	loan  string // a wrong one, by the means that the framework has; "" if it has none
	post  bool   // requests are POST
}

var peers = map[string]peer{
	"gin":               {serve: serveGin, loan: wrongLoan},
	"echo v5":           {serve: serveEcho(nil), loan: `{"tool":"saw","days":"many"}`},
	"echo v5, problems": {serve: serveEcho(echo.ProblemDetailsHTTPErrorHandler(false)), loan: `{"tool":"saw","days":"many"}`},
	"fiber v3":          {serve: serveFiber, loan: `{"tool":"saw","days":"many"}`},
	"huma":              {serve: serveHuma, loan: wrongLoan},
	"connect":           {serve: serveConnect, post: true},
	"polyfault":         {serve: servePolyfault, loan: `{"tool":"saw","days":"many"}`},
}

// TestComparison asks each peer what the table of docs/comparison.md says of it.
func TestComparison(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "comparison.md"))
	require.NoError(t, err)
	var names []string
	said := map[string]map[string]string{} // row → peer → cell
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case strings.HasPrefix(line, "| By default"):
			names = cells[1:]
		case len(names) > 0 && len(cells) == len(names)+1 && !strings.HasPrefix(line, "|---"):
			said[cells[0]] = map[string]string{}
			for i, name := range names {
				said[cells[0]][name] = cells[i+1]
			}
		case len(names) > 0 && !strings.HasPrefix(line, "|"):
			names = nil
		}
	}
	require.Len(t, said, 7)
	for name, p := range peers {
		t.Run(name, func(t *testing.T) {
			for row, cell := range p.ask(t) {
				assert.Equal(t, yesOrNo(cell), said[row][name], row)
			}
		})
	}
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// ask finds out what the rows of the table say.
func (p peer) ask(t *testing.T) map[string]bool {
	t.Helper()
	base := p.serve(t)
	failed := p.get(t, base+"/fail", "")
	french := p.get(t, base+"/fail", "fr")
	panicked := p.get(t, base+"/panic", "")
	missing := p.get(t, base+"/nowhere", "")
	found := map[string]bool{
		"the text of an unknown error stays inside":    !strings.Contains(failed.body, "10.0.0.7"),
		"an error has a body":                          failed.body != "",
		"a panic has a body":                           panicked.body != "",
		"an unknown path has the form of other errors": missing.form == failed.form && missing.body != "",
		"texts are in the client's language":           strings.Contains(french.body, "erreur"),
		"a body has a code beside the status":          regexp.MustCompile(`"code":"`).MatchString(failed.body),
	}
	if p.loan != "" {
		loan := request(t, http.MethodPost, base+"/loans", p.loan, "")
		found["a wrong input is a 4xx that names the field"] = loan.status/100 == 4 && strings.Contains(strings.ToLower(loan.body), "days")
	}
	return found
}

// A reply is what a client sees.
type reply struct {
	status     int
	form, body string
}

func (p peer) get(t *testing.T, url, language string) reply {
	t.Helper()
	method, body := http.MethodGet, ""
	if p.post {
		method, body = http.MethodPost, "{}"
	}
	return request(t, method, url, body, language)
}

func request(t *testing.T, method, url, body, language string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "*/*")
	if language != "" {
		req.Header.Set("Accept-Language", language)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil { // the connection was closed: there is no answer
		return reply{}
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	form, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return reply{resp.StatusCode, form, string(content)}
}

func serveHTTP(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // panics are meant
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func serveGin(t *testing.T) string {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.Use(gin.RecoveryWithWriter(io.Discard))
	e.GET("/fail", func(c *gin.Context) { _ = c.AbortWithError(http.StatusInternalServerError, errCanary) })
	e.GET("/panic", func(*gin.Context) { panic(canary) })
	e.POST("/loans", func(c *gin.Context) { _ = c.BindJSON(new(loan)) })
	return serveHTTP(t, e)
}

func serveEcho(handler echo.HTTPErrorHandler) func(t *testing.T) string {
	return func(t *testing.T) string {
		e := echo.New()
		e.Logger = slog.New(slog.DiscardHandler)
		if handler != nil {
			e.HTTPErrorHandler = handler
		}
		e.Use(middleware.Recover())
		e.GET("/fail", func(*echo.Context) error { return errCanary })
		e.GET("/panic", func(*echo.Context) error { panic(canary) })
		e.POST("/loans", func(c *echo.Context) error { return c.Bind(new(loan)) })
		return serveHTTP(t, e)
	}
}

func serveFiber(t *testing.T) string {
	app := fiber.New()
	app.Use(fiberrecover.New())
	app.Get("/fail", func(fiber.Ctx) error { return errCanary })
	app.Get("/panic", func(fiber.Ctx) error { panic(canary) })
	app.Post("/loans", func(c fiber.Ctx) error { return c.Bind().Body(new(loan)) })
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() { _ = app.Shutdown() })
	return "http://" + listener.Addr().String()
}

func serveHuma(t *testing.T) string {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Tools", "1.0.0"))
	huma.Get(api, "/fail", func(context.Context, *struct{}) (*struct{}, error) { return nil, errCanary })
	huma.Get(api, "/panic", func(context.Context, *struct{}) (*struct{}, error) { panic(canary) })
	huma.Post(api, "/loans", func(context.Context, *struct{ Body loan }) (*struct{}, error) { return nil, nil })
	return serveHTTP(t, mux)
}

func serveConnect(t *testing.T) string {
	type (
		in  = connect.Request[emptypb.Empty]
		out = connect.Response[emptypb.Empty]
	)
	mux := http.NewServeMux()
	for path, f := range map[string]func(context.Context, *in) (*out, error){
		"/fail":  func(context.Context, *in) (*out, error) { return nil, errCanary },
		"/panic": func(context.Context, *in) (*out, error) { panic(canary) },
	} {
		mux.Handle(path, connect.NewUnaryHandler(path, f))
	}
	return serveHTTP(t, mux)
}

func servePolyfault(t *testing.T) string {
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	mux := http.NewServeMux()
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(pattern, faulthttp.Handler(r, h))
	}
	handle("GET /fail", func(http.ResponseWriter, *http.Request) error { return errCanary })
	handle("GET /panic", func(http.ResponseWriter, *http.Request) error { panic(canary) })
	handle("POST /loans", func(_ http.ResponseWriter, req *http.Request) error {
		return fault.BindJSON(req.Body, new(loan))
	})
	return serveHTTP(t, faulthttp.Mux(r, mux))
}

// A library of problem details makes one body, of the problem that a handler gives to it.
func TestProblemsIsABodyByHand(t *testing.T) {
	problem := problems.NewStatusProblem(http.StatusConflict)
	w := httptest.NewRecorder()
	problems.ProblemHandler(problem).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	assert.NotContains(t, w.Body.String(), "code")
	assert.Empty(t, w.Header().Get("Content-Language"))
}
