package faultgin_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
)

// buffered is the writer of middleware that runs handlers in a goroutine: it keeps what they write.
type buffered struct {
	gin.ResponseWriter
	mu     sync.Mutex
	header http.Header
	body   bytes.Buffer
	status int
}

func (b *buffered) Header() http.Header { return b.header }
func (b *buffered) WriteHeader(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = status
}
func (b *buffered) WriteHeaderNow() {}
func (b *buffered) Written() bool   { return false }
func (b *buffered) Status() int     { return 200 }
func (b *buffered) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.body.Write(p)
}
func (b *buffered) WriteString(s string) (int, error) { return b.Write([]byte(s)) }

// impatient runs the handler on a copy of the context, behind a writer of its own, and gives up at once.
func impatient(late *sync.WaitGroup, over <-chan struct{}, h func(c *gin.Context)) gin.HandlerFunc {
	return func(c *gin.Context) {
		copied := c.Copy()
		copied.Writer = &buffered{ResponseWriter: c.Writer, header: http.Header{}}
		late.Go(func() {
			<-over
			h(copied)
		})
		c.String(503, "gave up")
	}
}

// Code that outlives its request reaches no other client, although its writer leads to an exchange of another request.
func TestLateCallsReachNobody(t *testing.T) {
	secret := fault.Conflict.New(fault.Detail("secret", canary))
	var late sync.WaitGroup
	over := make(chan struct{})
	s := installed(t, func(e *gin.Engine) {
		e.GET("/abort", impatient(&late, over, func(c *gin.Context) { faultgin.Abort(c, secret) }))
		e.GET("/handler", impatient(&late, over, func(c *gin.Context) {
			faultgin.Handler(func(*gin.Context) error { return secret })(c)
		}))
		e.GET("/error", impatient(&late, over, func(c *gin.Context) { _ = c.Error(secret) }))
		e.GET("/write", impatient(&late, over, func(c *gin.Context) {
			c.Header("X-Secret", canary)
			c.String(200, canary)
		}))
		e.GET("/bare-copy", func(c *gin.Context) {
			copied := c.Copy()
			late.Go(func() {
				<-over
				faultgin.Abort(copied, secret) // its writer has nothing below
			})
			c.String(503, "gave up")
		})
		e.GET("/panic", impatient(&late, over, func(c *gin.Context) {
			defer func() { _ = recover() }() // as such middleware does
			faultgin.Middleware(nil)(c)
			panic(secret)
		}))
		e.GET("/fine", func(c *gin.Context) { c.String(200, "fine") })
		e.GET("/locked", faultgin.Handler(locked))
	})
	for _, path := range []string{"/abort", "/handler", "/error", "/write", "/bare-copy", "/panic"} {
		for range 8 {
			a := s.get(path)
			assert.Equal(t, "503 gave up", fmt.Sprint(a.StatusCode, " ", a.body), path)
		}
	}
	var others sync.WaitGroup
	for range 16 {
		others.Go(func() {
			for i := range 60 {
				path, want := "/fine", "200 fine"
				if i%2 == 1 {
					path, want = "/locked", "423 {\"DE\""
				}
				resp, err := http.Get(s.url + path)
				if !assert.NoError(t, err) {
					return
				}
				body, err := io.ReadAll(resp.Body)
				assert.NoError(t, err)
				_ = resp.Body.Close()
				got := fmt.Sprint(resp.StatusCode, " ", string(body))
				assert.True(t, strings.HasPrefix(got, want), got)
				assert.NotContains(t, fmt.Sprint(got, resp.Header), canary)
			}
		})
	}
	time.Sleep(5 * time.Millisecond) // while the others are at it
	close(over)
	late.Wait()
	others.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	logged := 0
	for _, line := range s.lines {
		if strings.Contains(line, "code=conflict ") {
			logged++
		}
	}
	assert.Positive(t, logged, "a late failure is logged")
}

// A writer that outlives its request drops what it is given, and never panics, however the request ended and in
// whatever way the writer is wrapped. gin's own serves another client by then.
func TestAWriterThatOutlivesItsRequest(t *testing.T) {
	var kept gin.ResponseWriter
	var copied *gin.Context
	ending := func(end func(c *gin.Context)) gin.HandlerFunc {
		return func(c *gin.Context) {
			kept, copied = c.Writer, c.Copy()
			copied.Writer = struct{ gin.ResponseWriter }{kept}
			end(c)
		}
	}
	s := installed(t, func(e *gin.Engine) {
		e.GET("/success", ending(func(c *gin.Context) { c.String(200, "fine") }))
		e.GET("/failure", ending(func(c *gin.Context) { faultgin.Abort(c, fault.TaskLocked) }))
		e.GET("/panic", ending(func(*gin.Context) { panic(fault.TaskLocked) }))
		e.GET("/during", func(c *gin.Context) {
			outlived(t, kept)
			outlived(t, copied.Writer)
			c.String(200, "fine")
		})
	})
	for _, path := range []string{"/success", "/failure", "/panic"} {
		s.get(path)
		outlived(t, kept)
		outlived(t, copied.Writer)
		s.mu.Lock()
		s.lines, s.observed = nil, 0
		s.mu.Unlock()
		assert.NotPanics(t, func() { faultgin.Abort(copied, fault.Conflict.New(fault.Detail("secret", canary))) }, path)
		assert.Contains(t, s.logged("conflict"), "committed=true", path)
	}
	for range 20 { // what a panic has ended is never used again
		a := s.get("/during")
		assert.Equal(t, "200 fine", fmt.Sprint(a.StatusCode, " ", a.body))
		assert.NotContains(t, fmt.Sprint(a.Header), canary)
	}
}

func outlived(t *testing.T, w gin.ResponseWriter) {
	assert.NotPanics(t, func() {
		w.Header().Set("X-Secret", canary)
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeaderNow()
		_, _ = w.Write([]byte(canary))
		_, _ = w.WriteString(canary)
		w.Flush()
		assert.True(t, w.Written())
		assert.Equal(t, []int{200, 0}, []int{w.Status(), w.Size()})
		assert.Nil(t, w.CloseNotify())
		assert.Nil(t, w.Pusher())
		_, _, err := w.Hijack()
		assert.Error(t, err)
		_, _, err = http.NewResponseController(w).Hijack()
		assert.Error(t, err)
	})
}

// Errors that are answered stand in gin's own channel, once: loggers and tracing outside look there.
func TestAnsweredErrorsStandInErrors(t *testing.T) {
	var seen []error
	var status int
	outside := func(c *gin.Context) {
		c.Next()
		seen, status = nil, c.Writer.Status()
		for _, e := range c.Errors {
			seen = append(seen, e.Err)
		}
	}
	s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
		e.Use(outside)
		faultgin.Install(e, r)
		e.GET("/returned", faultgin.Handler(func(*gin.Context) error { return fmt.Errorf("%w: %w", errCanary, fault.TaskLocked) }))
		e.GET("/aborted", func(c *gin.Context) { faultgin.Abort(c, fault.TaskLocked); faultgin.Abort(c, fault.Gone) })
		e.GET("/panicked", func(*gin.Context) { panic(fault.TaskLocked) })
		e.GET("/collected", func(c *gin.Context) { _ = c.Error(fault.TaskLocked) })
		e.GET("/collected-and-returned", faultgin.Handler(func(c *gin.Context) error { _ = c.Error(fault.TaskLocked); return fault.TaskLocked }))
		e.GET("/collected-and-wrapped", faultgin.Handler(func(c *gin.Context) error {
			_ = c.Error(fault.TaskLocked)
			return fmt.Errorf("w: %w", fault.TaskLocked)
		}))
		e.GET("/bad-error", faultgin.Handler(func(*gin.Context) error { return fault.TaskLocked.Wrap(panicking{}) }))
		e.GET("/twice", faultgin.Middleware(r), faultgin.Handler(func(*gin.Context) error { return fault.TaskLocked }))
		e.GET("/fine", func(c *gin.Context) { c.String(200, "fine") })
	})
	for _, path := range []string{"/returned", "/aborted", "/panicked", "/collected", "/collected-and-returned", "/collected-and-wrapped",
		"/bad-error", "/twice"} {
		s.failed(s.get(path), 423, "task_locked")
		require.Len(t, seen, 1, path)
		assert.ErrorIs(t, seen[0], fault.TaskLocked, path)
		assert.NotPanics(t, func() { _ = seen[0].Error() }, path)
		assert.Equal(t, 423, status, path)
	}
	s.get("/fine")
	assert.Empty(t, seen)
}

// firstOnly is a writer as middleware with timeouts has it: the first status counts, the header is its own and replaces what
// was set before, and what is written is kept without telling.
type firstOnly struct {
	gin.ResponseWriter
	header http.Header
	body   bytes.Buffer
	status int
}

func (f *firstOnly) Header() http.Header               { return f.header }
func (f *firstOnly) WriteHeaderNow()                   {}
func (f *firstOnly) Write(p []byte) (int, error)       { return f.body.Write(p) }
func (f *firstOnly) WriteString(s string) (int, error) { return f.body.WriteString(s) }
func (f *firstOnly) WriteHeader(status int) {
	if f.status == 0 {
		f.status = status
	}
}

// A writer of others below takes nothing from our answer, and nothing is appended to what it keeps.
func TestWriterOfOthersBelow(t *testing.T) {
	var seen int
	s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
		e.Use(func(c *gin.Context) {
			c.Header("Vary", "Origin")
			c.Header("X-Request-Id", "r-7")
			w := &firstOnly{ResponseWriter: c.Writer, header: http.Header{}}
			c.Writer = w
			c.Next()
			c.Writer = w.ResponseWriter
			maps.Copy(c.Writer.Header(), w.header)
			if w.status != 0 {
				c.Writer.WriteHeader(w.status)
			}
			_, _ = c.Writer.Write(w.body.Bytes())
			seen = c.Writer.Status()
		})
		faultgin.Install(e, r)
		e.GET("/unencodable", func(c *gin.Context) { c.JSON(200, make(chan int)) })
		e.GET("/changed", func(c *gin.Context) {
			c.Status(202)
			assert.Equal(t, 202, c.Writer.Status())
			assert.False(t, c.Writer.Written())
			faultgin.Abort(c, fault.TaskLocked)
			assert.True(t, c.Writer.Written())
		})
		e.GET("/half", func(c *gin.Context) { c.String(200, "half"); faultgin.Abort(c, fault.TaskLocked) })
		e.GET("/last", func(c *gin.Context) { c.Status(202); c.Status(201); c.Writer.WriteHeaderNow() })
		e.GET("/empty", func(c *gin.Context) { c.Status(204) })
	})
	for path, code := range map[string]string{"/unencodable": "unhandled", "/changed": "task_locked", "/nowhere": "not_found"} {
		status := map[string]int{"unhandled": 500, "task_locked": 423, "not_found": 404}[code]
		a := s.get(path)
		assert.Contains(t, s.failed(a, status, code), "trace_id=r-7 ")
		assert.Equal(t, []string{"Origin", "Accept"}, a.Header.Values("Vary"), path)
		assert.Equal(t, status, seen, path)
	}
	a, err := s.ask(http.MethodDelete, "/half", "")
	require.NoError(t, err)
	s.failed(a, 405, "method_not_allowed")
	assert.Equal(t, "GET", a.Header.Get("Allow"))
	a = s.get("/half")
	assert.Equal(t, []any{200, "half"}, []any{a.StatusCode, a.body})
	assert.Contains(t, s.logged("task_locked"), "committed=true")
	assert.Equal(t, 201, s.get("/last").StatusCode)
	assert.Equal(t, 204, s.get("/empty").StatusCode)
}

// A compressor that takes failures for its own deletes their Vary, before our answer or while it is written.
func TestVaryStays(t *testing.T) {
	deleting := func(c *gin.Context) {
		c.Header("Content-Encoding", "gzip")
		c.Writer = deleter{c.Writer}
		c.Next()
		if c.Writer.Status() >= 400 {
			c.Writer.Header().Del("Vary")
		}
	}
	cors := func(c *gin.Context) { c.Header("Vary", "Origin") }
	for name, order := range map[string]func(e *gin.Engine, r *fault.Responder){
		"outside": func(e *gin.Engine, r *fault.Responder) { e.Use(cors, deleting); faultgin.Install(e, r) },
		"inside":  func(e *gin.Engine, r *fault.Responder) { faultgin.Install(e, r); e.Use(cors, deleting) },
	} {
		s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
			order(e, r)
			e.GET("/locked", faultgin.Handler(locked))
			e.GET("/aborted", func(c *gin.Context) { _ = c.AbortWithError(423, fault.TaskLocked) })
		})
		for _, path := range []string{"/locked", "/aborted"} {
			a := s.get(path)
			s.failed(a, 423, "task_locked")
			assert.Equal(t, []string{"Origin", "Accept"}, a.Header.Values("Vary"), name+path)
		}
	}
}

type deleter struct{ gin.ResponseWriter }

func (d deleter) Write(p []byte) (int, error) {
	if d.Status() >= 400 {
		d.Header().Del("Content-Encoding")
		d.Header().Del("Vary")
	}
	return d.ResponseWriter.Write(p)
}

// What is written through a copy of a context after its answer is dropped, and a second failure is not answered.
func TestACopyIsClosedAfterItsAnswer(t *testing.T) {
	s := installed(t, func(e *gin.Engine) {
		e.GET("/", func(c *gin.Context) {
			copied := c.Copy()
			copied.Writer = c.Writer
			faultgin.Abort(copied, fault.TaskLocked)
			faultgin.Abort(copied, fault.Gone)
			copied.String(200, canary)
		})
	})
	s.failed(s.get("/"), 423, "task_locked")
}

type panicking struct{}

func (panicking) Error() string { panic("in Error") }

// Installing changes nothing that the application can observe but the answers to failures.
func TestInstallChangesNothingElse(t *testing.T) {
	type order struct {
		Qty int `json:"qty" binding:"required"`
	}
	build := func(install bool) *gin.Engine {
		e := gin.New()
		if install {
			faultgin.Install(e, nil)
		}
		e.NoRoute(func(c *gin.Context) { c.String(200, "the single page") })
		e.OPTIONS("/*any", func(c *gin.Context) { c.Status(204) })
		e.GET("/orders/:id", func(c *gin.Context) { c.String(200, c.Param("id")) })
		e.POST("/orders", func(c *gin.Context) {
			var o order
			if err := c.ShouldBindJSON(&o); err != nil {
				c.JSON(422, gin.H{"own": err.Error()})
				return
			}
			c.JSON(201, o)
		})
		e.GET("/noted", func(c *gin.Context) { _ = c.Error(errors.New("a note")); c.Status(204) })
		e.GET("/redirected", func(c *gin.Context) { _ = c.Error(errors.New("a note")); c.Redirect(302, "/") })
		e.GET("/written", func(c *gin.Context) { _ = c.Error(errors.New("a note")); c.String(200, "fine") })
		return e
	}
	before, after := serveBare(t, build(false)), serveBare(t, build(true))
	for _, ask := range [][2]string{
		{"GET", "/orders/7"}, {"GET", "/some/page"}, {"OPTIONS", "/anything"}, {"DELETE", "/orders/7"}, {"POST", "/orders"}, {"GET", "/noted"},
		{"GET", "/redirected"}, {"GET", "/written"},
	} {
		want, got := before(ask[0], ask[1], `{"qty":0}`), after(ask[0], ask[1], `{"qty":0}`)
		assert.Equal(t, want, got, ask)
	}
	assert.Contains(t, after("POST", "/orders", `{"qty":0}`), "'order.Qty'", "its own body has the names that it always had")
}

// serveBare starts an engine and returns how it answers: status, type and body.
func serveBare(t *testing.T, e *gin.Engine) func(method, path, body string) string {
	t.Helper()
	s := &service{t: t, engine: e}
	s.start(httptest.NewUnstartedServer(e), false)
	return func(method, path, body string) string {
		a, err := s.ask(method, path, body, "Content-Type", "application/json")
		require.NoError(t, err)
		return fmt.Sprint(a.StatusCode, a.Header.Get("Content-Type"), a.Header.Get("Allow"), a.Header.Get("Location"), a.body)
	}
}

// Our answers have the names that clients know, for every validator, and gin's own errors keep Go names.
func TestNamesOfClients(t *testing.T) {
	type line struct {
		Count int `json:"count" binding:"required"`
	}
	type base struct {
		ID int `json:"id" binding:"required"`
	}
	type order struct {
		base
		Base  base            `json:"base"`
		Lines []line          `json:"lines" binding:"dive"`
		Tags  map[string]line `json:"tags" binding:"dive"`
		Plain int             `binding:"required"`
	}
	s := installed(t, func(e *gin.Engine) {
		e.POST("/bind", func(c *gin.Context) { _ = c.BindJSON(&order{}) })
		e.POST("/list", func(c *gin.Context) { _ = c.BindJSON(&[]line{}) })
		e.POST("/returned", faultgin.Handler(func(c *gin.Context) error {
			return fmt.Errorf("wrapped: %w", c.ShouldBindJSON(&order{}))
		}))
	})
	for _, path := range []string{"/bind", "/returned"} {
		a := s.postJSON(path, `{"lines":[{"count":1},{}],"tags":{"a":{}}}`)
		s.failed(a, 400, "validation_failed")
		for _, name := range []string{`"id"`, `"base.id"`, `"lines.1.count"`, `"tags.a.count"`, `"Plain"`} {
			assert.Contains(t, a.body, name+`:{"code":"required"`, path)
		}
	}
	a := s.postJSON("/list", `[{"count":1},{}]`)
	s.failed(a, 400, "validation_failed")
	assert.Contains(t, a.body, `"details":{"":{"code":"required"`, "gin does not tell the index")
}

// An explicit success stays; the error beside it is a note for the log, which tells what the client got.
func TestNotes(t *testing.T) {
	s := installed(t, func(e *gin.Engine) {
		e.GET("/status", func(c *gin.Context) { _ = c.Error(errCanary); c.Status(204) })
		e.GET("/before", func(c *gin.Context) { c.Status(202); _ = c.Error(errCanary) })
		e.GET("/body", func(c *gin.Context) { _ = c.Error(errCanary); c.String(200, "fine") })
		e.GET("/own-error", func(c *gin.Context) { _ = c.Error(errCanary); c.String(409, "mine") })
		e.GET("/unencodable", func(c *gin.Context) { c.JSON(200, make(chan int)) })
	})
	for path, want := range map[string]string{"/status": "204 ", "/before": "202 ", "/body": "200 fine", "/own-error": "409 mine"} {
		a := s.get(path)
		assert.Equal(t, want, fmt.Sprint(a.StatusCode, " ", a.body), path)
		code := "unhandled"
		if a.StatusCode == 409 {
			code = "conflict" // by the status
		}
		assert.Contains(t, s.logged(code), fmt.Sprintf("status=%d ", a.StatusCode), path)
	}
	s.failed(s.get("/unencodable"), 500, "unhandled")
}

// Tests call handlers with a context that has no request.
func TestNilRequest(t *testing.T) {
	for name, h := range map[string]gin.HandlerFunc{
		"Abort":   func(c *gin.Context) { faultgin.Abort(c, fault.TaskLocked) },
		"Handler": faultgin.Handler(locked),
	} {
		w := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(w)
		h(c)
		assert.Equal(t, 423, w.Code, name)
		assert.True(t, c.IsAborted(), name)
	}
}

// A late answer does not look below the exchange that its writer leads to, which serves other clients meanwhile: the race
// detector would tell.
func TestLateAnswersLookAtNoOtherClient(t *testing.T) {
	for name, middleware := range map[string]func(*gin.Engine){
		"with a responder": func(e *gin.Engine) { faultgin.Install(e, fault.Default()) },
		"without one":      func(e *gin.Engine) { e.Use(faultgin.Middleware(nil)) },
	} {
		t.Run(name, func(*testing.T) {
			var late sync.WaitGroup
			over := make(chan struct{})
			e := gin.New()
			middleware(e)
			e.GET("/abort", impatient(&late, over, func(c *gin.Context) { faultgin.Abort(c, fault.Conflict) }))
			e.GET("/fine", func(c *gin.Context) { c.String(200, "fine") })
			ask := func(path string) { e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)) }
			for range 300 {
				ask("/abort")
			}
			var others sync.WaitGroup
			for range 8 {
				others.Go(func() {
					for range 400 {
						ask("/fine")
					}
				})
			}
			close(over)
			late.Wait()
			others.Wait()
		})
	}
}
