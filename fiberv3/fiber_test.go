package faultfiber_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	fiberlog "github.com/gofiber/fiber/v3/log"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/gofiber/fiber/v3/middleware/compress"
	"github.com/gofiber/fiber/v3/middleware/etag"
	"github.com/gofiber/fiber/v3/middleware/idempotency"
	"github.com/gofiber/fiber/v3/middleware/logger"
	fiberrecover "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/static"
	"github.com/gofiber/fiber/v3/middleware/timeout"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
	"github.com/polyfault/polyfault/internal/logtest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	fiberlog.SetOutput(io.Discard)
	if os.Getenv(asAbortingServer) != "" {
		serveAborting()
		return
	}
	flag.Parse()
	if refused() != nil {
		_ = flag.Set("test.run", "^TestFasthttp$") // nothing else can be tested
	}
	m.Run()
}

const canary = "canary-7f3a"

func logging(t testing.TB, opts ...fault.Option) (*fault.Responder, *logtest.Lines) {
	t.Helper()
	l := &logtest.Lines{}
	r, err := fault.NewResponder(append(opts, fault.WithLogger(slog.New(l)))...)
	require.NoError(t, err)
	return r, l
}

// newApp is an app as doc.go sets it up.
func newApp(r *fault.Responder, before ...fiber.Handler) *fiber.App {
	app := fiber.New(config(r))
	for _, h := range before {
		app.Use(h)
	}
	app.Use(faultfiber.Recover(r))
	return app
}

// serve starts the app on a listener and returns its address.
func serve(t testing.TB, app *fiber.App) (addr string) {
	t.Helper()
	addr, stop, err := start(app)
	require.NoError(t, err)
	t.Cleanup(stop)
	return addr
}

type response struct {
	*http.Response
	body string
}

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return conn
}

// raw sends the bytes on a connection of their own and returns all that comes.
func raw(t testing.TB, addr, bytes string) string {
	t.Helper()
	conn := dial(t, addr)
	_, _ = io.WriteString(conn, bytes)
	all, _ := io.ReadAll(conn)
	return string(all)
}

func parse(t testing.TB, method, all string) response {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(all)), &http.Request{Method: method})
	require.NoError(t, err, all)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err, all)
	return response{resp, string(body)}
}

// ask sends a request, with headers as name, value, … and closes the connection.
func ask(t testing.TB, addr, method, target, body string, headers ...string) response {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", method, target)
	for i := 0; i+1 < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1])
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	return parse(t, method, raw(t, addr, b.String()+"\r\n"+body))
}

func get(t testing.TB, addr, target string, headers ...string) response {
	t.Helper()
	return ask(t, addr, fiber.MethodGet, target, "", headers...)
}

// assertOurs checks that the answer is one of ours, and says nothing that is for us only.
func assertOurs(t testing.TB, resp response, status int) {
	t.Helper()
	assert.Equal(t, status, resp.StatusCode, resp.body)
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.EqualValues(t, len(resp.body), resp.ContentLength)
	assert.NotContains(t, fmt.Sprint(resp.Header)+resp.body, canary)
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(resp.body), &body), resp.body)
	for _, language := range []string{"DE", "EN", "FR", "PT"} {
		assert.NotEmpty(t, body[language])
	}
}

func assertLocked(t testing.TB, resp response) {
	t.Helper()
	assertOurs(t, resp, http.StatusLocked)
	assert.Contains(t, resp.body, `"EN":"This is not possible because the task is locked."`)
}

func failing(fiber.Ctx) error { return fault.TaskLocked }

func atoi(s string) error {
	_, err := strconv.Atoi(s)
	return err
}

// F-09: what fiber's own functions for input return.
func TestInput(t *testing.T) {
	type form struct {
		Number int    `query:"number"`
		List   []int  `query:"list"`
		Name   string `query:"name,required"`
	}
	r, log := logging(t)
	app := newApp(r)
	app.Post("/body", func(c fiber.Ctx) error {
		return c.Bind().Body(&struct {
			Number int `json:"number" form:"number" xml:"number"`
		}{})
	})
	app.Post("/handled", func(c fiber.Ctx) error {
		return c.Bind().WithAutoHandling().Body(&struct {
			Number int `json:"number"`
		}{})
	})
	app.Post("/all", func(c fiber.Ctx) error {
		return c.Bind().All(&struct {
			Number int `json:"number" query:"number"`
		}{})
	})
	app.Post("/cbor", func(c fiber.Ctx) error { return c.CBOR(1) })
	app.Post("/wrapped", func(c fiber.Ctx) error {
		return fmt.Errorf("reading: %w", c.Bind().Form(&struct {
			Number int `form:"number"`
		}{}))
	})
	app.Get("/query", func(c fiber.Ctx) error { return c.Bind().Query(&form{}) })
	app.Get("/header", func(c fiber.Ctx) error {
		return c.Bind().Header(&struct {
			N int `header:"X-Number"`
		}{})
	})
	app.Get("/cookie", func(c fiber.Ctx) error {
		return c.Bind().Cookie(&struct {
			N int `cookie:"number"`
		}{})
	})
	app.Get("/uri/:number", func(c fiber.Ctx) error {
		return c.Bind().URI(&struct {
			N int `uri:"number"`
		}{})
	})
	app.Get("/bare-int/:number", func(c fiber.Ctx) error { return atoi(c.Params("number")) })
	app.Get("/foreign-xml", func(fiber.Ctx) error { return errors.New("failed to unmarshal xml: " + canary) })
	app.Get("/misuse", func(c fiber.Ctx) error { return c.Bind().Query(form{}) })
	app.Post("/file", func(c fiber.Ctx) error { _, err := c.FormFile("file"); return err })
	app.Post("/form", func(c fiber.Ctx) error { _, err := c.MultipartForm(); return err })
	app.Post("/idempotent", idempotency.New(), func(fiber.Ctx) error { return nil })
	app.Get("/range", func(c fiber.Ctx) error { _, err := c.Range(10); return err })
	addr := serve(t, app)

	const multipart = "multipart/form-data; boundary=b"
	const urlencoded = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		method, target, body string
		headers              []string
		status               int
		code                 string
	}{
		{"POST", "/body", `{"number":` + canary, []string{"Content-Type", "application/json"}, 400, "invalid_json"},
		{"POST", "/body", `{"number":"` + canary + `"}`, []string{"Content-Type", "application/json"}, 400, "invalid_json"},
		{"POST", "/body", ``, []string{"Content-Type", "application/vnd.api+json"}, 400, "invalid_json"},
		{"POST", "/body", "no gzip", []string{"Content-Type", "application/json", "Content-Encoding", "gzip"}, 400, "invalid_json"},
		{"POST", "/body", "number=" + canary, []string{"Content-Type", urlencoded}, 400, "bad_request"},
		{"POST", "/body", "number[=1", []string{"Content-Type", urlencoded}, 400, "bad_request"},
		{"POST", "/wrapped", "number=" + canary, []string{"Content-Type", urlencoded}, 400, "bad_request"},
		{"POST", "/body", "--b\r\nContent-Disposition: form-data; name=number\r\n\r\n" + canary + "\r\n--b--\r\n",
			[]string{"Content-Type", multipart}, 400, "bad_request"},
		{"POST", "/body", "<a><number>" + canary + "</number></a>", []string{"Content-Type", "text/xml; charset=utf-8"}, 400, "bad_param_value"},
		{"POST", "/body", "<a><" + canary, []string{"Content-Type", "application/xml"}, 400, "bad_request"},
		{"POST", "/body", canary, []string{"Content-Type", "text/plain"}, 422, "unprocessable_content"},
		{"POST", "/body", canary, []string{"Content-Type", "application/cbor"}, 422, "unprocessable_content"},
		{"POST", "/body", canary, []string{"Content-Type", "application/vnd.msgpack"}, 422, "unprocessable_content"},
		{"POST", "/cbor", "{}", []string{"Content-Type", "application/json"}, 500, "unhandled"},
		{"POST", "/handled", `{"number":` + canary, []string{"Content-Type", "application/json"}, 400, "bad_request"},
		{"POST", "/all?number=" + canary, "{}", []string{"Content-Type", "application/json"}, 400, "bad_request"},
		{"POST", "/all", `{"number":` + canary, []string{"Content-Type", "application/json"}, 400, "invalid_json"},
		{"GET", "/query?number=" + canary + "&name=a", "", nil, 400, "bad_request"},
		{"GET", "/query?number=1", "", nil, 400, "bad_request"},
		{"GET", "/query?name=a&list%5B=" + canary, "", nil, 400, "bad_request"},
		{"GET", "/header", "", []string{"X-Number", canary}, 400, "bad_request"},
		{"GET", "/cookie", "", []string{"Cookie", "number=" + canary}, 400, "bad_request"},
		{"GET", "/uri/" + canary, "", nil, 400, "bad_request"},
		{"GET", "/bare-int/" + canary, "", nil, 500, "unhandled"},
		{"GET", "/foreign-xml", "", nil, 500, "unhandled"},
		{"GET", "/misuse", "", nil, 500, "unhandled"},
		{"POST", "/file", "--b\r\nContent-Disposition: form-data; name=other\r\n\r\n1\r\n--b--\r\n",
			[]string{"Content-Type", multipart}, 400, "missing_attribute"},
		{"POST", "/file", canary, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type"},
		{"POST", "/form", canary, []string{"Content-Type", "multipart/form-data"}, 400, "bad_request"},
		{"POST", "/form", canary, []string{"Content-Type", multipart}, 400, "bad_request"}, // before any handler
		{"POST", "/form", canary, []string{"Content-Type", multipart, "Content-Encoding", "gzip"}, 400, "bad_request"},
		{"POST", "/form", canary, []string{"Content-Type", multipart, "Content-Encoding", canary}, 400, "bad_request"},
		{"POST", "/form", "", []string{"Content-Type", multipart}, 400, "bad_request"},
		{"POST", "/idempotent", "", []string{"X-Idempotency-Key", canary}, 400, "bad_request"},
		{"GET", "/range", "", []string{"Range", canary}, 400, "bad_request"},
		{"GET", "/range", "", []string{"Range", "bytes=20-30"}, 416, "range_not_satisfiable"},
	} {
		t.Run(c.method+" "+c.target+" "+c.body, func(t *testing.T) {
			assertOurs(t, ask(t, addr, c.method, c.target, c.body, c.headers...), c.status)
			line := log.Take(t)
			assert.Contains(t, line, "code="+c.code+" ")
		})
	}
	t.Run("multipart is only read when asked for", func(t *testing.T) {
		r, log := logging(t)
		cfg := config(r)
		cfg.DisablePreParseMultipartForm = true
		app := fiber.New(cfg)
		app.Post("/", func(c fiber.Ctx) error { _, err := c.MultipartForm(); return err })
		assertOurs(t, ask(t, serve(t, app), "POST", "/", canary, "Content-Type", multipart), 400)
		assert.Contains(t, log.Take(t), "cannot read multipart/form-data body")
	})
}

func TestFiberErrors(t *testing.T) {
	var none *fiber.Error
	loop := &loop{}
	for name, c := range map[string]struct {
		err             error
		status          int
		code, published string
	}{
		"as it is":         {fiber.NewError(409, "mine "+canary), 409, "conflict", "mine " + canary},
		"wrapped":          {fmt.Errorf("x: %w", fiber.NewError(409, "mine")), 409, "conflict", "mine"},
		"joined":           {errors.Join(errors.New("x"), fiber.NewError(418, "mine")), 418, "client_error", "mine"},
		"by As":            {asFiber{}, 410, "gone", "mine"},
		"with ours":        {errors.Join(fiber.ErrTeapot, fault.TaskLocked), 423, "task_locked", ""},
		"a nil among them": {errors.Join(none, errors.New(canary)), 500, "unhandled", ""},
		"a loop":           {loop, 500, "unhandled", ""},
		"Unwrap panics":    {badUnwrap{}, 500, "unhandled", ""},
		"As panics":        {badAs{}, 500, "unhandled", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, panics := range []bool{false, true} {
				r, log := logging(t)
				h := func(fiber.Ctx) error {
					if panics {
						panic(c.err)
					}
					return c.err
				}
				app := newApp(r)
				app.Get("/", h)
				assertOurs(t, get(t, serve(t, app), "/"), c.status)
				line := log.Take(t)
				assert.Contains(t, line, "code="+c.code+" ")
				assert.Equal(t, panics, strings.Contains(line, " panic=true"))

				open, _ := logging(t, fault.WithForeignMessages())
				app = newApp(open)
				app.Get("/", h)
				resp := get(t, serve(t, app), "/")
				assert.Equal(t, c.status, resp.StatusCode)
				var body struct{ Details struct{ Message string } }
				require.NoError(t, json.Unmarshal([]byte(resp.body), &body))
				assert.Equal(t, c.published, body.Details.Message)
			}
		})
	}
}

type asFiber struct{}

func (asFiber) Error() string { return canary }
func (asFiber) As(target any) bool {
	f, ok := target.(**fiber.Error)
	if ok {
		*f = fiber.NewError(410, "mine")
	}
	return ok
}

type loop struct{}

func (*loop) Error() string   { return canary }
func (l *loop) Unwrap() error { return l }

type badUnwrap struct{}

func (badUnwrap) Error() string { return canary }
func (badUnwrap) Unwrap() error { panic(canary) }

type badAs struct{}

func (badAs) Error() string { return canary }
func (badAs) As(any) bool   { panic(canary) }

// F-08: errors of fasthttp, before any handler.
func TestBeforeAnyHandler(t *testing.T) {
	r, log := logging(t, fault.WithForeignMessages())
	cfg := config(r)
	cfg.ReadTimeout = 200 * time.Millisecond
	app := fiber.New(cfg)
	app.Use(func(c fiber.Ctx) error { c.Set("X-Middleware", "ran"); return c.Next() }, faultfiber.Recover(r))
	app.Post("/here", func(fiber.Ctx) error { return nil })
	addr := serve(t, app)
	large := strings.Repeat(canary, 1000)
	// Not a byte more than the buffer holds: a server that closes with bytes unread resets the connection, and the
	// answer with it.
	const headers, buffer = "GET /here HTTP/1.1\r\nHost: x\r\nX-Large: " + canary, 4096
	for _, c := range []struct {
		name, request string
		status        int
		log           string
	}{
		{"body over the limit", "POST /here HTTP/1.1\r\nHost: x\r\nContent-Length: 11000\r\n\r\n" + large, 413, "method=POST path=/here "},
		{"chunked body over the limit", "POST /here HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2af8\r\n" + large + "\r\n0\r\n\r\n",
			413, "method=GET path=/ "}, // fasthttp has forgotten the request
		{"headers over the buffer", headers + strings.Repeat("x", buffer-len(headers)), 431, "method=GET path=/ "},
		{"malformed", canary + "-and-no-space\r\n\r\n", 400, "path=/ "},
		{"malformed length", "POST /here HTTP/1.1\r\nHost: x\r\nContent-Length: " + canary + "\r\n\r\n", 400, ""},
		{"slow headers", "GET /" + canary, 408, "path=/ "},
		{"slow body", "POST /here HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + canary, 408, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := raw(t, addr, c.request)
			resp := parse(t, "GET", all)
			assertOurs(t, resp, c.status)
			assert.True(t, resp.Close)
			assert.Equal(t, "ran", resp.Header.Get("X-Middleware"), "as fiber has it")
			assert.Empty(t, resp.Header["Allow"])
			assert.NotContains(t, resp.body, `"message"`)
			assert.Contains(t, log.Take(t), c.log)
		})
	}
	t.Run("HEAD has no body here either", func(t *testing.T) {
		all := raw(t, addr, "HEAD /here HTTP/1.1\r\nHost: x\r\nContent-Length: 11000\r\n\r\n"+large)
		assert.True(t, strings.HasPrefix(all, "HTTP/1.1 413 "), all)
		assert.True(t, strings.HasSuffix(all, "\r\n\r\n"), all)
		log.Take(t)
	})
	t.Run("in the client's language when there are headers", func(t *testing.T) {
		resp := ask(t, addr, "POST", "/here", strings.Repeat("x", 5000), "Accept", "application/problem+json", "Accept-Language", "fr")
		assert.Equal(t, "fr", resp.Header.Get("Content-Language"))
		log.Take(t)
	})
	t.Run("an unknown method is fiber's own", func(t *testing.T) {
		resp := ask(t, addr, "BREW", "/here", "")
		assert.Equal(t, "501 Not Implemented", fmt.Sprint(resp.StatusCode, " ", resp.body))
		log.None(t)
	})
	t.Run("the error of one request is not the next one's", func(t *testing.T) {
		all := raw(t, addr, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"+canary+"\r\n\r\n")
		assert.Contains(t, all, "HTTP/1.1 404 ")
		assert.Contains(t, all, "HTTP/1.1 400 ")
		assert.Len(t, log.All(), 2)
	})
}

// F-02, C-01.
func TestAbort(t *testing.T) {
	abort := func(fiber.Ctx) error { panic(http.ErrAbortHandler) }
	returned := func(fiber.Ctx) error { return http.ErrAbortHandler }
	for name, build := range map[string]func(r *fault.Responder) *fiber.App{
		"panicked": func(r *fault.Responder) *fiber.App { return newApp(r).Get("/abort", abort).(*fiber.App) },
		"returned": func(r *fault.Responder) *fiber.App { return newApp(r).Get("/abort", returned).(*fiber.App) },
		"without Recover": func(r *fault.Responder) *fiber.App {
			return fiber.New(config(r)).Get("/abort", returned).(*fiber.App)
		},
		"fiber's recover": func(r *fault.Responder) *fiber.App {
			return newApp(r).Use(fiberrecover.New()).Get("/abort", abort).(*fiber.App)
		},
		"logger in front": func(r *fault.Responder) *fiber.App {
			return newApp(r, quietLogger("${status}"), quietLogger("${status}")).Get("/abort", abort).(*fiber.App)
		},
		"net/http": func(r *fault.Responder) *fiber.App {
			return newApp(r).Get("/abort", adaptor.HTTPHandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "half")
				panic(http.ErrAbortHandler)
			})).(*fiber.App)
		},
		"net/http, without the adaptor": func(r *fault.Responder) *fiber.App {
			return newApp(r).Get("/abort", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "half")
				panic(http.ErrAbortHandler)
			}).(*fiber.App)
		},
		"behind a body and another hijacker": func(r *fault.Responder) *fiber.App {
			return newApp(r).Get("/abort", func(c fiber.Ctx) error {
				c.RequestCtx().Hijack(func(conn net.Conn) { _, _ = io.WriteString(conn, "hijacked") })
				c.RequestCtx().SetBodyStreamWriter(func(w *bufio.Writer) { _, _ = w.WriteString("half") })
				return http.ErrAbortHandler
			}).(*fiber.App)
		},
		"another error after it": func(r *fault.Responder) *fiber.App {
			app := fiber.New(config(r))
			app.Use(func(c fiber.Ctx) error {
				_ = app.ErrorHandler(c, c.Next())
				return fault.TaskLocked
			}, faultfiber.Recover(r))
			return app.Get("/abort", abort).(*fiber.App)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, log := logging(t)
			app := build(r)
			addr := serve(t, app)
			assert.Empty(t, raw(t, addr, "GET /abort HTTP/1.1\r\nHost: x\r\n\r\nGET /abort HTTP/1.1\r\nHost: x\r\n\r\n"))
			log.None(t)
			assert.NotEmpty(t, raw(t, addr, "GET / HTTP/1.0\r\n\r\n"), "the server lives")
		})
	}
	t.Run("net/http, half of it sent", func(t *testing.T) {
		r, log := logging(t)
		addr := serve(t, newApp(r).Get("/abort", adaptor.HTTPHandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush() // which old versions of fasthttp ignore
			panic(http.ErrAbortHandler)
		})).(*fiber.App))
		resp, err := http.Get("http://" + addr + "/abort")
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
		}
		assert.Error(t, err, "no whole response")
		log.None(t)
	})
	t.Run("fiber on net/http", func(t *testing.T) { // no connection to close there
		app := newApp(nil)
		app.Get("/", func(c fiber.Ctx) error { _ = c.SendString("half"); panic(http.ErrAbortHandler) })
		w := httptest.NewRecorder()
		adaptor.FiberApp(app)(w, httptest.NewRequest("GET", "/", nil))
		assert.Equal(t, 500, w.Code)
		assert.Empty(t, w.Body.String())
	})
}

// C-11: one answer, one log line, one call of the observer, however often the handler runs.
func TestOneAnswerHoweverOften(t *testing.T) {
	for name, build := range map[string]func(r *fault.Responder) *fiber.App{
		"once":            func(r *fault.Responder) *fiber.App { return newApp(r) },
		"without Recover": func(r *fault.Responder) *fiber.App { return fiber.New(config(r)) },
		"Recover twice":   func(r *fault.Responder) *fiber.App { return newApp(r, faultfiber.Recover(r)) },
		"logger in front": func(r *fault.Responder) *fiber.App { return newApp(r, quietLogger("${error}")) },
		"logger behind":   func(r *fault.Responder) *fiber.App { return newApp(r).Use(quietLogger("${error}")).(*fiber.App) },
		"fiber's recover": func(r *fault.Responder) *fiber.App { return newApp(r, fiberrecover.New()) },
		"called and handed on": func(r *fault.Responder) *fiber.App {
			app := fiber.New(config(r))
			app.Use(func(c fiber.Ctx) error {
				err := c.Next()
				_ = app.ErrorHandler(c, err)
				_ = app.ErrorHandler(c, fault.Gone)
				return err
			})
			return app
		},
	} {
		t.Run(name, func(t *testing.T) {
			observed := 0
			r, log := logging(t, fault.WithObserver(func(context.Context, *fault.Occurrence) { observed++ }))
			app := build(r)
			app.Get("/", failing)
			addr := serve(t, app)
			conn := dial(t, addr)
			in := bufio.NewReader(conn)
			for i := range 3 { // the mark does not outlive its request
				_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				require.NoError(t, err)
				resp, err := http.ReadResponse(in, nil)
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				assertLocked(t, response{resp, string(body)})
				log.Take(t)
				assert.Equal(t, i+1, observed)
			}
		})
	}
}

func TestOneContextServesManyRequests(t *testing.T) {
	app := newApp(nil)
	app.Get("/", failing)
	h := app.Handler()
	for range 3 {
		var fctx fasthttp.RequestCtx
		fctx.Init(&fasthttp.Request{}, nil, nil)
		h(&fctx)
		assert.Equal(t, http.StatusLocked, fctx.Response.StatusCode())
	}
}

// F-01, C-07: the test itself would die.
func TestNothingEndsTheProcess(t *testing.T) {
	broken, _ := logging(t, fault.WithObserver(func(context.Context, *fault.Occurrence) { panic(canary) }),
		fault.WithTraceID(func(fault.Request) string { panic(canary) }))
	badLogger, err := fault.NewResponder(fault.WithLogger(slog.New(panickingHandler{})))
	require.NoError(t, err)
	closing := func(c fiber.Ctx) error {
		c.Set("X-Own", "set")
		c.RequestCtx().SetBodyStream(panickingStream{}, -1)
		return fault.TaskLocked.New(fault.Header("X-Fault", "1"), fault.AddHeader("X-Fault", "2"))
	}
	for name, c := range map[string]struct {
		r      *fault.Responder
		h      fiber.Handler
		status int
	}{
		"observer and trace id": {broken, func(fiber.Ctx) error { return errors.New(canary) }, 500},
		"logger":                {badLogger, failing, 423},
		"logger, after a panic": {badLogger, func(fiber.Ctx) error { panic(canary) }, 500},
		"Error":                 {nil, func(fiber.Ctx) error { return panicking{} }, 500},
		"Error, panicked":       {nil, func(fiber.Ctx) error { panic(panicking{}) }, 500},
		"MarshalJSON":           {nil, func(fiber.Ctx) error { return fault.TaskLocked.New(fault.Detail("a", panicking{})) }, 423},
		"closing a stream":      {nil, closing, 423},
		"a context that panics": {nil, func(c fiber.Ctx) error { c.SetContext(badContext{}); return fault.TaskLocked }, 423},
		"a stream, then abort":  {nil, func(c fiber.Ctx) error { _ = closing(c); return http.ErrAbortHandler }, 0},
		"a nil panic":           {nil, func(fiber.Ctx) error { panic(nil) }, 500},
		"a typed nil panic":     {nil, func(fiber.Ctx) error { panic((*fault.Fault)(nil)) }, 500},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(c.r)
			app.Get("/", c.h)
			app.Get("/fine", func(fiber.Ctx) error { return nil })
			addr := serve(t, app)
			if c.status == 0 {
				assert.Empty(t, raw(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
			} else {
				assertOurs(t, get(t, addr, "/"), c.status)
			}
			assert.Equal(t, 200, get(t, addr, "/fine").StatusCode)
		})
	}
	t.Run("what the error says stands", func(t *testing.T) {
		app := newApp(nil)
		app.Get("/", closing)
		resp := get(t, serve(t, app), "/")
		assertLocked(t, resp)
		assert.Equal(t, []string{"1", "2"}, resp.Header["X-Fault"])
	})
	t.Run("fiber's logger, which asks for the text, behind Recover", func(t *testing.T) {
		app := newApp(nil)
		app.Use(quietLogger("${error}"))
		app.Get("/", func(fiber.Ctx) error { return panicking{} })
		assertOurs(t, get(t, serve(t, app), "/"), 500)
	})
	t.Run("the text of the last resort", func(t *testing.T) {
		app := newApp(nil)
		app.Get("/", func(c fiber.Ctx) error { _ = closing(c); return http.ErrAbortHandler })
		w := httptest.NewRecorder()
		adaptor.FiberApp(app)(w, httptest.NewRequest("GET", "/", nil))
		assert.Equal(t, 500, w.Code)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		text, closed := strings.CutSuffix(w.Body.String(), "}")
		assert.True(t, closed)
		usual := fault.Default().Respond(nil, fault.Unhandled)
		assert.True(t, strings.HasPrefix(string(usual.Body), text), "%s\n%s", text, usual.Body)
	})
	t.Run("a context that has ended", func(t *testing.T) {
		app := fiber.New()
		c := app.AcquireCtx(&fasthttp.RequestCtx{})
		app.ReleaseCtx(c)
		assert.NoError(t, faultfiber.ErrorHandler(nil)(c, fault.TaskLocked))
	})
}

type panicking struct{}

func (panicking) Error() string                { panic(canary) }
func (panicking) MarshalJSON() ([]byte, error) { panic(canary) }

type panickingHandler struct{ slog.Handler }

func (panickingHandler) Enabled(context.Context, slog.Level) bool  { panic(canary) }
func (panickingHandler) Handle(context.Context, slog.Record) error { panic(canary) }

type panickingStream struct{}

func (panickingStream) Read([]byte) (int, error) { panic(canary) }
func (panickingStream) Close() error             { panic(canary) }

type badContext struct{ context.Context }

func (badContext) Err() error    { panic(canary) }
func (badContext) Value(any) any { panic(canary) }

// F-13: an error replaces what was buffered.
func TestErrorsReplaceTheResponse(t *testing.T) {
	ended := make(chan struct{})
	for name, before := range map[string]func(c fiber.Ctx){
		"body":        func(c fiber.Ctx) { _ = c.SendString(canary) },
		"raw body":    func(c fiber.Ctx) { c.Response().SetBodyRaw([]byte(canary)) },
		"stream":      func(c fiber.Ctx) { _ = c.SendStream(strings.NewReader(canary)) },
		"no body":     func(c fiber.Ctx) { c.Response().SkipBody = true; c.Status(http.StatusNoContent) },
		"status line": func(c fiber.Ctx) { c.Response().Header.SetStatusMessage([]byte(canary)) },
		"trailer": func(c fiber.Ctx) {
			_ = c.Response().Header.SetTrailer("X-Sum")
			_ = c.SendStream(strings.NewReader(canary))
		},
		"stream writer": func(c fiber.Ctx) {
			c.RequestCtx().SetBodyStreamWriter(func(w *bufio.Writer) {
				defer close(ended)
				for {
					_, _ = w.WriteString(canary)
					if w.Flush() != nil {
						return // told so: the stream was closed
					}
				}
			})
		},
		"file": func(c fiber.Ctx) { _ = c.SendFile("doc.go") },
		"encoding": func(c fiber.Ctx) {
			c.Set("Content-Encoding", "gzip")
			c.Set("ETag", canary)
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(nil)
			app.Get("/", func(c fiber.Ctx) error { before(c); return fault.TaskLocked })
			addr := serve(t, app)
			all := raw(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			assert.True(t, strings.HasPrefix(all, "HTTP/1.1 423 Locked\r\n"), all)
			assertLocked(t, parse(t, "GET", all))
			for _, name := range []string{"Transfer-Encoding", "Content-Encoding", "Etag", "Trailer", "Last-Modified"} {
				assert.NotContains(t, all, "\r\n"+name+": ")
			}

			w := httptest.NewRecorder() // fiber on net/http copies all headers
			if name != "stream writer" {
				adaptor.FiberApp(app)(w, httptest.NewRequest("GET", "/", nil))
				assert.Equal(t, 423, w.Code)
				assert.Empty(t, w.Header()["Transfer-Encoding"])
				assert.Equal(t, fmt.Sprint(w.Body.Len()), w.Header().Get("Content-Length"))
			}
		})
	}
	<-ended
}

func TestCommitted(t *testing.T) {
	r, log := logging(t)
	app := newApp(r)
	app.Get("/hijacked", func(c fiber.Ctx) error {
		c.Status(http.StatusSwitchingProtocols)
		c.RequestCtx().Hijack(func(conn net.Conn) { _, _ = io.WriteString(conn, "mine") })
		return fault.TaskLocked
	})
	app.Get("/timed-out", func(c fiber.Ctx) error {
		c.RequestCtx().TimeoutErrorWithCode("too late", http.StatusServiceUnavailable)
		panic(canary)
	})
	addr := serve(t, app)
	all := raw(t, addr, "GET /hijacked HTTP/1.1\r\nHost: x\r\n\r\n")
	assert.True(t, strings.HasPrefix(all, "HTTP/1.1 101 ") && strings.HasSuffix(all, "\r\n\r\nmine"), all)
	assert.Contains(t, log.Take(t), "committed=true")
	resp := get(t, addr, "/timed-out")
	assert.Equal(t, "503 too late", fmt.Sprint(resp.StatusCode, " ", resp.body))
	assert.Contains(t, log.Take(t), "committed=true")
}

// The error handler runs outside of all middleware, and inside of what calls it.
func TestCompressAndETag(t *testing.T) {
	gzipped := func(resp response) response {
		z, err := gzip.NewReader(strings.NewReader(resp.body))
		require.NoError(t, err, resp.body)
		body, err := io.ReadAll(z)
		require.NoError(t, err)
		resp.body, resp.ContentLength = string(body), int64(len(body))
		return resp
	}
	encoding := func(c fiber.Ctx) error { c.Set("Content-Encoding", "br"); return fault.TaskLocked }
	for _, c := range []struct {
		name       string
		before     []fiber.Handler
		h          fiber.Handler
		compressed bool
	}{
		{"compress", []fiber.Handler{compress.New()}, failing, false},
		{"compress around the logger", []fiber.Handler{compress.New(), quietLogger("${status}")}, failing, true},
		{"compress inside the logger", []fiber.Handler{quietLogger("${status}"), compress.New()}, failing, false},
		{"etag", []fiber.Handler{etag.New()}, failing, false},
		{"etag around compress around the logger", []fiber.Handler{etag.New(), compress.New(), quietLogger("${status}")}, failing, true},
		{"a handler's own encoding", nil, encoding, false},
		{"a handler's own encoding, compress around the logger", []fiber.Handler{compress.New(), quietLogger("${status}")}, encoding, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := logging(t, fault.WithMembers(fault.MemberCode))
			cfg := config(r)
			app := fiber.New(cfg)
			for _, h := range c.before {
				app.Use(h)
			}
			app.Use(faultfiber.Recover(r))
			app.Get("/", c.h)
			addr := serve(t, app)
			for range 2 { // the second one finds the prepared body as it was
				resp := get(t, addr, "/", "Accept-Encoding", "gzip")
				assert.Empty(t, resp.Header.Get("ETag"))
				if c.compressed {
					assert.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
					assert.EqualValues(t, len(resp.body), resp.ContentLength)
					resp = gzipped(resp)
				} else {
					assert.Empty(t, resp.Header.Get("Content-Encoding"))
				}
				assertLocked(t, resp)
			}
		})
	}
}

// F-10.
func TestRouter(t *testing.T) {
	r, log := logging(t)
	app := newApp(r)
	app.Use("/static", static.New("testdata"))
	app.Get("/file", func(c fiber.Ctx) error { return c.SendFile("./" + canary) })
	app.Get("/orders/:id", failing)
	app.Put("/orders/:id", failing)
	app.Get("/method", func(fiber.Ctx) error { return fiber.ErrMethodNotAllowed })
	addr := serve(t, app)

	assertOurs(t, get(t, addr, "/<"+canary+">"), 404)
	assert.Contains(t, log.Take(t), "path=/<"+canary+"> ")
	assertOurs(t, get(t, addr, "/static/"+canary), 404)
	log.Take(t)
	assertOurs(t, get(t, addr, "/file"), 404)
	assert.Contains(t, log.Take(t), canary, "the reason is in the log")
	resp := ask(t, addr, "DELETE", "/orders/7", "")
	assertOurs(t, resp, 405)
	assert.Equal(t, []string{"GET, HEAD, PUT"}, resp.Header["Allow"])
	log.Take(t)
	resp = get(t, addr, "/method")
	assertOurs(t, resp, 405)
	assert.Equal(t, []string{""}, resp.Header["Allow"])
	log.Take(t)
	assertLocked(t, get(t, addr, "/orders/7?secret="+canary))
	assert.Contains(t, log.Take(t), "path=/orders/:id ")

	t.Run("the catch-all of fiber's guide turns 405 into 404", func(t *testing.T) {
		app := newApp(nil)
		app.Get("/", failing)
		app.Use(func(fiber.Ctx) error { return fiber.ErrNotFound })
		assertOurs(t, ask(t, serve(t, app), "POST", "/", ""), 404)
	})
	t.Run("nothing registered at all", func(t *testing.T) {
		r, log := logging(t, fault.WithForeignMessages())
		resp := get(t, serve(t, fiber.New(config(r))), "/"+canary)
		assertOurs(t, resp, 404)
		assert.Contains(t, log.Take(t), "path=/"+canary+" ")
	})
}

// F-12.
func TestMounted(t *testing.T) {
	parent, parentLog := logging(t)
	child, childLog := logging(t)
	app, sub, plain := newApp(parent), fiber.New(config(child)), fiber.New()
	for _, a := range []*fiber.App{sub, plain} {
		a.Get("/locked", failing)
		a.Get("/panic", func(fiber.Ctx) error { panic(fault.TaskLocked) })
	}
	app.Use("/API", sub)
	app.Use("/plain", plain)
	addr := serve(t, app)
	for path, log := range map[string]*logtest.Lines{
		"/API/locked": childLog, "/API/panic": childLog, "/API/nowhere": childLog,
		"/api/locked":   parentLog, // routed without regard to letter case, but not handled so
		"/plain/locked": parentLog, "/plain/panic": parentLog, "/plain/nowhere": parentLog,
	} {
		status := http.StatusLocked
		if strings.HasSuffix(path, "nowhere") {
			status = http.StatusNotFound
		}
		assertOurs(t, get(t, addr, path), status)
		log.Take(t)
	}
	assertOurs(t, ask(t, addr, "POST", "/API/locked", strings.Repeat("x", 5000)), 413)
	childLog.Take(t)
	parentLog.None(t)
}

// F-11, F-16.
func TestContexts(t *testing.T) {
	untilDone := func(c fiber.Ctx) error { <-c.Context().Done(); return c.Context().Err() }
	type key struct{}
	var seen error
	var value any
	r, log := logging(t, fault.WithObserver(func(ctx context.Context, _ *fault.Occurrence) { seen, value = ctx.Err(), ctx.Value(key{}) }))
	app := newApp(r)
	within := func(d time.Duration) fiber.Handler {
		return func(c fiber.Ctx) error {
			ctx, cancel := context.WithTimeout(context.WithValue(c.Context(), key{}, "kept"), d)
			defer cancel()
			c.SetContext(ctx)
			return c.Next()
		}
	}
	app.Get("/own", within(time.Millisecond), untilDone)
	app.Get("/cancelled-after", within(time.Minute), func(fiber.Ctx) error { return context.Canceled })
	app.Get("/downstream", within(time.Minute), func(fiber.Ctx) error { return context.DeadlineExceeded })
	app.Get("/middleware", timeout.New(untilDone, timeout.Config{Timeout: time.Millisecond}))
	addr := serve(t, app)
	for _, c := range []struct {
		path   string
		status int
		err    error
		value  any
	}{
		{"/own", 503, context.DeadlineExceeded, "kept"},
		{"/cancelled-after", 503, nil, "kept"},
		{"/downstream", 504, nil, "kept"},
		{"/middleware", 408, nil, nil}, // fiber takes its context back
	} {
		assertOurs(t, get(t, addr, c.path), c.status)
		assert.Equal(t, c.err, seen, c.path)
		assert.Equal(t, c.value, value, c.path)
		log.Take(t)
	}
}

// F-06: a panic that fiber's recover has taken is an ordinary, unknown error.
func TestFibersRecoverInside(t *testing.T) {
	r, log := logging(t)
	app := newApp(r).Use(fiberrecover.New()).(*fiber.App)
	app.Get("/", func(fiber.Ctx) error { panic(canary) })
	assertOurs(t, get(t, serve(t, app), "/"), 500)
	line := log.Take(t)
	assert.Contains(t, line, "cause="+canary)
	assert.NotContains(t, line, "panic=true")
}

func TestNilsLeaveTheResponseAlone(t *testing.T) {
	var none *fiber.Error
	for name, err := range map[string]error{"nil": nil, "typed nil": (*fault.Fault)(nil), "fiber's": none,
		"list": fault.Binding((*fault.Kind)(nil))} {
		r, log := logging(t)
		app := newApp(r)
		app.Get("/", func(c fiber.Ctx) error {
			_ = app.ErrorHandler(c, err)
			_ = c.Status(http.StatusTeapot).SendString("mine")
			return err
		})
		resp := get(t, serve(t, app), "/")
		assert.Equal(t, "418 mine", fmt.Sprint(resp.StatusCode, " ", resp.body), name)
		log.None(t)
	}
}

func TestHeaders(t *testing.T) {
	for name, disabled := range map[string]bool{"normalized": false, "as they come": true} {
		t.Run(name, func(t *testing.T) {
			cfg := config(nil)
			cfg.DisableHeaderNormalizing = disabled
			app := fiber.New(cfg)
			app.Get("/", func(c fiber.Ctx) error {
				for _, line := range []string{"content-disposition: attachment", "CONTENT-ENCODING: gzip", "etag: x", "vary: Origin",
					"vary: accept", "set-cookie: a=1", "set-cookie: b=2", "x-kept: 1", "x-kept: 2", "x-own: old", "X-OWN: older", "content-length: 3"} {
					name, value, _ := strings.Cut(line, ": ")
					c.Response().Header.Add(name, value)
				}
				return fault.TaskLocked.New(fault.Header("X-Own", "new"), fault.Header("Vary", "X-Realm"),
					fault.HeadersFunc(func(r fault.Request) http.Header {
						return http.Header{"X-Seen": {r.Header("X-Several") + "|" + r.Header("Host") + "|" + r.Header("Cookie") + "|" + r.Header("X-None")}}
					}))
			})
			resp := get(t, serve(t, app), "/", "x-several", "1", "X-Several", "2", "cookie", "a=b", "accept-language", "de",
				"accept", "application/problem+json")
			assert.Equal(t, http.StatusLocked, resp.StatusCode)
			assert.Equal(t, "de", resp.Header.Get("Content-Language"))
			assert.Equal(t, []string{"Origin, accept, Accept-Language, X-Realm"}, resp.Header["Vary"])
			assert.Equal(t, []string{"a=1", "b=2"}, resp.Header["Set-Cookie"])
			assert.Equal(t, []string{"1", "2"}, resp.Header["X-Kept"])
			assert.Equal(t, []string{"new"}, resp.Header["X-Own"])
			assert.Equal(t, []string{"1, 2|x|a=b|"}, resp.Header["X-Seen"])
			for _, name := range []string{"Content-Disposition", "Content-Encoding", "Etag"} {
				assert.Empty(t, resp.Header[name], name)
			}
		})
	}
}

// F-04: nothing that was kept changes when the connection's buffer is used again.
func TestNothingKeptIsOverwritten(t *testing.T) {
	kept := &keeping{}
	r, err := fault.NewResponder(fault.WithLogger(slog.New(kept)), fault.WithObserver(kept.observe))
	require.NoError(t, err)
	kept.records = nil // the line about languages
	app := newApp(r)
	app.Get("/:language/*", func(c fiber.Ctx) error {
		switch c.Query("how") {
		case "panic":
			panic(fault.TaskLocked)
		case "fiber":
			return fiber.NewError(409, c.Params("language")+"/"+c.Params("*"))
		case "alias":
			return fiber.NewError(409, c.Get("X-Note")) // a part of the buffer itself
		}
		return fault.TaskLocked
	})
	addr := serve(t, app)
	languages := []string{"de", "en", "fr", "pt"}
	var all sync.WaitGroup
	for i := range 8 {
		conn := dial(t, addr)
		all.Go(func() {
			in := bufio.NewReader(conn)
			for n := range 100 {
				language := languages[(i+n)%4]
				id := fmt.Sprintf("%s-%d-%0*d", language, i, 1+n%7, n)
				method := []string{"GET", "POST"}[n%2]
				how := []string{"error", "panic", "fiber", "alias", "error"}[n%5]
				_, err := fmt.Fprintf(conn, "%s /%s/%s?how=%s HTTP/1.1\r\nHost: x\r\nAccept: application/problem+json\r\n"+
					"Accept-Language: %s\r\nX-Note: %s\r\nX-Request-Id: %s\r\n\r\n", method, language, id, how, language, id, id)
				if !assert.NoError(t, err) {
					return
				}
				resp, err := http.ReadResponse(in, nil)
				if !assert.NoError(t, err) {
					return
				}
				body, err := io.ReadAll(resp.Body)
				assert.NoError(t, err)
				assert.Equal(t, language, resp.Header.Get("Content-Language"))
				assert.Contains(t, string(body), `"lang":"`+language+`"`)
			}
		})
	}
	all.Wait()
	kept.mu.Lock()
	defer kept.mu.Unlock()
	assert.Len(t, kept.records, 800)
	assert.Len(t, kept.seen, 800)
	for _, r := range kept.records {
		line := map[string]string{}
		r.Attrs(func(a slog.Attr) bool { line[a.Key] = a.Value.String(); return true })
		id := line["trace_id"]
		if line["method"] == "POST" {
			assert.Equal(t, "/"+id[:2]+"/"+id, line["path"])
		} else {
			assert.Equal(t, "/:language/*", line["path"])
		}
		if line["code"] == "conflict" {
			assert.Contains(t, line["cause"], id)
		}
	}
	for _, s := range kept.seen {
		assert.Equal(t, []string{s.trace[:2], "/" + s.trace[:2] + "/" + s.trace, s.trace}, []string{s.language, s.path, s.note})
		assert.Contains(t, []string{"GET", "POST"}, s.method)
	}
}

// keeping keeps log records and what requests say, as they are given.
type keeping struct {
	logtest.Lines
	mu      sync.Mutex
	records []slog.Record
	seen    []seen
}

type seen struct{ trace, method, path, language, note string }

func (k *keeping) Handle(_ context.Context, r slog.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.records = append(k.records, r)
	return nil
}

func (k *keeping) observe(_ context.Context, o *fault.Occurrence) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := o.Request()
	k.seen = append(k.seen, seen{o.TraceID(), r.Method(), r.Path(), r.Header("Accept-Language"), r.Header("X-Note")})
}

// fiber's logger prints what the client got: the answer is there when it looks.
func TestLoggerSeesTheAnswer(t *testing.T) {
	var out bytes.Buffer
	r, _ := logging(t)
	app := newApp(r, logger.New(logger.Config{Format: "${status} ${error}\n", Stream: &out}))
	app.Get("/", func(fiber.Ctx) error { panic(fault.TaskLocked) })
	assertLocked(t, get(t, serve(t, app), "/"))
	assert.Equal(t, "423 task_locked\n", out.String())
}

// A typed nil is none: middleware around would ask it for its text.
func TestATypedNilGoesNoFurther(t *testing.T) {
	r, _ := logging(t)
	app := newApp(r)
	outside := make(chan error, 1)
	app.Use(func(c fiber.Ctx) error {
		err := c.Next()
		outside <- err
		return err
	})
	app.Use(faultfiber.Recover(r))
	app.Get("/", func(fiber.Ctx) error {
		var none *fiber.Error
		return none
	})
	get(t, serve(t, app), "/")
	assert.NoError(t, <-outside)
}
