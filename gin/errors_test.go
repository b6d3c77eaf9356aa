package faultgin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
)

var errCanary = errors.New(canary)

type upstreamError int

func (upstreamError) Error() string     { return canary }
func (e upstreamError) StatusCode() int { return int(e) }

// What handlers report, in gin's own ways and in ours, and what clients get.
func TestReported(t *testing.T) {
	add := func(c *gin.Context, err error) { _ = c.Error(err) }
	for name, test := range map[string]struct {
		handler gin.HandlerFunc
		status  int
		code    string
	}{
		"AbortWithStatus":                  {func(c *gin.Context) { c.AbortWithStatus(403) }, 403, "forbidden"},
		"AbortWithStatus, no kind":         {func(c *gin.Context) { c.AbortWithStatus(418) }, 418, "client_error"},
		"AbortWithStatus, no error status": {func(c *gin.Context) { c.AbortWithStatus(700) }, 500, "unhandled"},
		"Status and Abort":                 {func(c *gin.Context) { c.Status(403); c.Abort() }, 403, "forbidden"},
		"AbortWithError":                   {func(c *gin.Context) { _ = c.AbortWithError(409, errCanary) }, 409, "conflict"},
		"AbortWithError of ours":           {func(c *gin.Context) { _ = c.AbortWithError(409, fault.TaskLocked) }, 423, "task_locked"},
		"AbortWithError, typed nil":        {func(c *gin.Context) { _ = c.AbortWithError(409, (*fault.Fault)(nil)) }, 409, "conflict"},
		"AbortWithError, returned": {faultgin.Handler(func(c *gin.Context) error { return c.AbortWithError(409, errCanary) }),
			409, "conflict"},
		"c.Error":                  {func(c *gin.Context) { add(c, errCanary) }, 500, "unhandled"},
		"c.Error of ours":          {func(c *gin.Context) { add(c, fault.TaskLocked.New()) }, 423, "task_locked"},
		"c.Error, wrapped":         {func(c *gin.Context) { add(c, fmt.Errorf("%s: %w", canary, fault.TaskLocked)) }, 423, "task_locked"},
		"c.Error with a status":    {func(c *gin.Context) { c.Status(409); add(c, errCanary) }, 409, "conflict"},
		"c.Error after a status":   {func(c *gin.Context) { c.Status(409); c.Status(200); c.Abort(); add(c, errCanary) }, 500, "unhandled"},
		"c.Error, nothing else":    {func(c *gin.Context) { add(c, upstreamError(404)) }, 404, "not_found"},
		"Public is not exposure":   {func(c *gin.Context) { _ = c.Error(errCanary).SetType(gin.ErrorTypePublic) }, 500, "unhandled"},
		"Meta is not shown":        {func(c *gin.Context) { _ = c.Error(errCanary).SetMeta(canary) }, 500, "unhandled"},
		"c.Error(nil) of gin":      {func(c *gin.Context) { add(c, nil) }, 500, "unhandled"},
		"nil in c.Errors":          {func(c *gin.Context) { c.Errors = append(c.Errors, nil, &gin.Error{}); add(c, fault.Gone) }, 410, "gone"},
		"returned with a status":   {faultgin.Handler(func(c *gin.Context) error { c.Status(409); return errCanary }), 409, "conflict"},
		"returned, status 200 set": {faultgin.Handler(func(c *gin.Context) error { c.Status(200); return errCanary }), 500, "unhandled"},
		"returned *gin.Error": {faultgin.Handler(func(*gin.Context) error { return &gin.Error{Err: fault.Gone} }),
			410, "gone"},
		"returned *gin.Error, empty": {faultgin.Handler(func(*gin.Context) error { return &gin.Error{} }), 500, "unhandled"},
		"JSON cannot be encoded":     {func(c *gin.Context) { c.JSON(200, gin.H{"f": func() {}}) }, 500, "unhandled"},
		"Abort many times": {func(c *gin.Context) {
			faultgin.Abort(c, nil)
			faultgin.Abort(c, (*fault.Fault)(nil))
			faultgin.Abort(c, fault.TaskLocked)
			faultgin.Abort(c, fault.NotFound)
			add(c, errCanary)
		}, 423, "task_locked"},
		"Abort, then writes": {func(c *gin.Context) {
			faultgin.Abort(c, fault.TaskLocked)
			c.Status(200)
			c.JSON(200, gin.H{"late": canary})
			c.String(200, canary)
			_, _ = io.WriteString(c.Writer, canary)
			c.Writer.Flush()
		}, 423, "task_locked"},
	} {
		t.Run(name, func(t *testing.T) {
			s := installed(t, func(e *gin.Engine) {
				e.GET("/", test.handler, func(*gin.Context) {})
			})
			a := s.get("/")
			s.failed(a, test.status, test.code)
		})
	}
}

// Several errors: ours, then mapped ones, too large bodies, statuses, causes; of equals the last.
func TestSeveralErrors(t *testing.T) {
	tooLarge := &http.MaxBytesError{Limit: 7}
	mapped := errors.New("mapped")
	r, err := fault.NewResponder(fault.WithMapper(fault.MapIs(mapped, fault.Gone)), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		errs     []error
		returned error
		status   int
	}{
		"the last of ours":           {[]error{fault.NotFound, fault.TaskLocked}, nil, 423},
		"ours before mapped":         {[]error{fault.TaskLocked, mapped}, nil, 423},
		"mapped before too large":    {[]error{mapped, tooLarge}, nil, 410},
		"too large before a status":  {[]error{tooLarge, upstreamError(409)}, nil, 413},
		"a status before a cause":    {[]error{upstreamError(409), &json.SyntaxError{}}, nil, 409},
		"a cause before nothing":     {[]error{&json.SyntaxError{}, errCanary}, nil, 400},
		"the last status":            {[]error{upstreamError(409), upstreamError(404)}, nil, 404},
		"the returned one is last":   {[]error{fault.NotFound}, fault.TaskLocked, 423},
		"returned, but of less rank": {[]error{fault.TaskLocked}, errCanary, 423},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, gin.New(), func(e *gin.Engine, _ *fault.Responder) {
				faultgin.Install(e, r)
				e.GET("/", faultgin.Handler(func(c *gin.Context) error {
					for _, err := range test.errs {
						_ = c.Error(err)
					}
					return test.returned
				}))
			})
			assert.Equal(t, test.status, s.get("/").StatusCode)
		})
	}
}

// An error that is in c.Errors and returned as well is one error.
func TestReturnedAndCollected(t *testing.T) {
	s := installed(t, func(e *gin.Engine) {
		e.GET("/", faultgin.Handler(func(c *gin.Context) error {
			_ = c.Error(fault.NotFound)
			return c.Error(errCanary)
		}))
		e.POST("/", faultgin.Handler(func(c *gin.Context) error { return c.Bind(&input{}) }))
	})
	line := s.failed(s.get("/"), 404, "not_found")
	assert.Equal(t, 1, strings.Count(line, canary), line)
	line = s.failed(s.postJSON("/", `{}`), 400, "validation_failed")
	assert.Equal(t, 1, strings.Count(line, "input.Name"), line)
}

type input struct {
	Name string `json:"name" form:"name" uri:"name" header:"X-Name" binding:"required"`
	Age  int    `json:"age" form:"age" uri:"age" header:"X-Age" binding:"max=130"`
}

// What gin binds, by Bind and by ShouldBind, is 400 in the words of the catalogue.
func TestBinding(t *testing.T) {
	ways := map[string]func(c *gin.Context, bind, should func(any) error) error{
		"Bind":             func(_ *gin.Context, bind, _ func(any) error) error { _ = bind(&input{}); return nil },
		"Bind, returned":   func(_ *gin.Context, bind, _ func(any) error) error { return bind(&input{}) },
		"Bind, wrapped":    func(_ *gin.Context, bind, _ func(any) error) error { return fmt.Errorf("reading: %w", bind(&input{})) },
		"ShouldBind":       func(_ *gin.Context, _, should func(any) error) error { return fault.Binding(should(&input{})) },
		"ErrorTypeBind":    func(c *gin.Context, _, should func(any) error) error { _ = collect(c, should(&input{})); return nil },
		"ErrorTypeBind, r": func(c *gin.Context, _, should func(any) error) error { return collect(c, should(&input{})) },
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			s := installed(t, func(e *gin.Engine) {
				e.POST("/json", faultgin.Handler(func(c *gin.Context) error { return way(c, c.BindJSON, c.ShouldBindJSON) }))
				e.GET("/query", faultgin.Handler(func(c *gin.Context) error { return way(c, c.BindQuery, c.ShouldBindQuery) }))
				e.GET("/header", faultgin.Handler(func(c *gin.Context) error { return way(c, c.BindHeader, c.ShouldBindHeader) }))
				e.GET("/uri/:name/:age", faultgin.Handler(func(c *gin.Context) error { return way(c, c.BindUri, c.ShouldBindUri) }))
				e.POST("/xml", faultgin.Handler(func(c *gin.Context) error { return way(c, c.BindXML, c.ShouldBindXML) }))
			})
			for body, code := range map[string]string{
				``: "invalid_json", `{"name":`: "invalid_json", `{"name":canary-7f3a}`: "invalid_json",
				`{"name":7}`: "invalid_json", `{"age":131}`: "validation_failed",
			} {
				s.failed(s.postJSON("/json", body), 400, code)
			}
			a := s.postJSON("/json", `{"age":131}`)
			assert.Contains(t, a.body, `"details":{"name":{"code":"required","DE":`)
			assert.Contains(t, a.body, `"age":{"code":"max","DE":`)
			s.failed(s.get("/query?name=x&age=canary-7f3a"), 400, "bad_param_value")
			s.failed(s.get("/query"), 400, "validation_failed")
			s.failed(s.get("/header", "X-Name", "x", "X-Age", canary), 400, "bad_param_value")
			s.failed(s.get("/uri/x/"+canary), 400, "bad_param_value")
			s.failed(s.get("/uri/x/131"), 400, "validation_failed")
			s.failed(s.postJSON("/xml", "<"+canary), 400, "bad_request")
		})
	}
}

func collect(c *gin.Context, err error) error { return c.Error(err).SetType(gin.ErrorTypeBind) }

// Validation details without the mark of Bind, of lists, and a body that is too large.
func TestBindingMore(t *testing.T) {
	e := gin.New()
	s := prepare(t, e, func(e *gin.Engine, r *fault.Responder) {
		faultgin.Install(e, r)
		e.POST("/should", faultgin.Handler(func(c *gin.Context) error { return c.ShouldBind(&input{}) }))
		e.POST("/list", func(c *gin.Context) { _ = c.Bind(&[]input{}) })
		e.POST("/status", faultgin.Handler(func(c *gin.Context) error {
			if err := c.ShouldBind(&input{}); err != nil {
				c.Status(http.StatusUnprocessableEntity)
				return err
			}
			return nil
		}))
	})
	s.start(httptest.NewUnstartedServer(http.MaxBytesHandler(e, 100)), false)
	s.failed(s.postJSON("/should", `{}`), 400, "validation_failed")
	s.failed(s.postJSON("/list", `[{"name":"x"},{}]`), 400, "validation_failed")
	s.failed(s.postJSON("/status", `{`), 422, "unprocessable_content")
	for _, path := range []string{"/should", "/list", "/status"} {
		a := s.postJSON(path, `{"name":"`+strings.Repeat("x", 200)+`"}`)
		s.failed(a, 413, "content_too_large")
		assert.True(t, a.Close, "the rest is not read")
	}
}

// What handlers answer themselves stays.
func TestDeliberate(t *testing.T) {
	files := fstest.MapFS{"there.txt": {Data: []byte("a file")}}
	s := installed(t, func(e *gin.Engine) {
		e.GET("/teapot", func(c *gin.Context) { c.String(418, "short and stout") })
		e.GET("/json", func(c *gin.Context) { c.AbortWithStatusJSON(409, gin.H{"own": true}) })
		e.GET("/status", func(c *gin.Context) { c.Status(404) })
		e.GET("/now", func(c *gin.Context) { c.Status(404); c.Writer.WriteHeaderNow() })
		e.GET("/aborted", func(c *gin.Context) { c.Abort() })
		e.GET("/none", faultgin.Handler(func(c *gin.Context) error { c.AbortWithStatus(204); return nil }))
		e.GET("/error", func(c *gin.Context) { http.Error(c.Writer, "plain", 500) })
		e.GET("/flush", func(c *gin.Context) { c.Status(503); c.Writer.Flush() })
		e.GET("/typed-nil", faultgin.Handler(func(c *gin.Context) error { c.String(200, "fine"); return (*fault.Fault)(nil) }))
		e.GET("/typed-nil-collected", func(c *gin.Context) { c.String(200, "fine"); _ = c.Error((*fault.Fault)(nil)) })
		e.GET("/redirect", func(c *gin.Context) { c.Redirect(302, "/teapot") })
		e.GET("/slash/", func(c *gin.Context) { c.String(200, "slash") })
		e.StaticFS("/files", http.FS(files))
	})
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/teapot": {418, "short and stout"}, "/json": {409, `{"own":true}`}, "/status": {404, ""}, "/now": {404, ""},
		"/aborted": {200, ""}, "/none": {204, ""}, "/flush": {503, ""}, "/typed-nil": {200, "fine"}, "/typed-nil-collected": {200, "fine"},
		"/slash/": {200, "slash"}, "/files/there.txt": {200, "a file"},
		"/redirect": {302, "<a href=\"/teapot\">Found</a>.\n\n"},
		"/slash":    {301, "<a href=\"/slash/\">Moved Permanently</a>.\n\n"},
	} {
		t.Run(path, func(*testing.T) { s.untouched(s.get(path), want.status, want.body) })
	}
	a := s.get("/error")
	assert.Equal(t, 500, a.StatusCode)
	assert.Equal(t, "plain\n", a.body)
	s.unlogged()
	s.failed(s.get("/files/missing.txt"), 404, "not_found")
}

// Middleware that gives the request a deadline cancels it on its way out; the client is still there.
func TestACancelledDeadlineIsNoClientThatLeft(t *testing.T) {
	s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
		faultgin.Install(e, r)
		e.Use(func(c *gin.Context) {
			ctx, cancel := context.WithTimeout(c.Request.Context(), time.Minute)
			defer cancel()
			c.Request = c.Request.WithContext(ctx)
			c.Next()
		})
		e.GET("/", func(c *gin.Context) { _ = c.Error(context.Canceled) })
	})
	s.failed(s.get("/"), http.StatusServiceUnavailable, "service_unavailable")
}

// The messages that gin calls public reach clients where the application has said that such messages may.
func TestPublicErrors(t *testing.T) {
	for name, c := range map[string]struct {
		fail    func(*gin.Context)
		status  int
		message any
	}{
		"with a status": {func(c *gin.Context) {
			_ = c.AbortWithError(http.StatusConflict, errors.New("already paid")).SetType(gin.ErrorTypePublic)
		}, 409, "already paid"},
		"without one": {func(c *gin.Context) { _ = c.Error(errors.New("already paid")).SetType(gin.ErrorTypePublic) }, 500, "already paid"},
		"private":     {func(c *gin.Context) { _ = c.AbortWithError(http.StatusConflict, errors.New("already paid")) }, 409, nil},
		"the name of the status": {func(c *gin.Context) {
			_ = c.AbortWithError(http.StatusConflict, errors.New("Conflict")).SetType(gin.ErrorTypePublic)
		}, 409, nil},
		"without a text": {func(c *gin.Context) {
			_ = c.AbortWithError(http.StatusConflict, speechless{}).SetType(gin.ErrorTypePublic)
		}, 409, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, open := range []bool{false, true} {
				opts := []fault.Option{fault.WithLogger(slog.New(slog.DiscardHandler))}
				if open {
					opts = append(opts, fault.WithForeignMessages())
				}
				r, err := fault.NewResponder(opts...)
				require.NoError(t, err)
				e := gin.New()
				faultgin.Install(e, r)
				e.GET("/", c.fail)
				w := httptest.NewRecorder()
				e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
				assert.Equal(t, c.status, w.Code)
				var body struct{ Details map[string]any }
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
				if open {
					assert.Equal(t, c.message, body.Details["message"])
				} else {
					assert.NotContains(t, w.Body.String(), "already paid")
				}
			}
		})
	}
}

type speechless struct{}

func (speechless) Error() string { panic("no text") }

// The status that a handler chose replaces that of what gin's own binder found, and leaves the rest.
func TestAStatusBesideABindersError(t *testing.T) {
	type order struct {
		Qty  int    `json:"qty" binding:"min=1"`
		Name string `json:"name"`
	}
	for name, c := range map[string]struct{ body, code, holds string }{
		"validation": {`{"qty":0}`, "validation_failed", `"details":{"qty":{"code":"min",`},
		"type":       {`{"qty":"many"}`, "invalid_json", `"input":{"position":13,"field":"/qty"}`},
		"syntax":     {`{"qty":x}`, "invalid_json", `"input":{"position":8}`},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
			require.NoError(t, err)
			e := gin.New()
			faultgin.Install(e, r)
			e.POST("/", func(c *gin.Context) {
				var o order
				if err := c.ShouldBindJSON(&o); err != nil {
					_ = c.AbortWithError(http.StatusUnprocessableEntity, err)
				}
			})
			w := httptest.NewRecorder()
			e.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body)))
			assert.Equal(t, 422, w.Code)
			assert.Contains(t, w.Body.String(), `"code":"`+c.code+`"`)
			assert.Contains(t, w.Body.String(), c.holds)
		})
	}
}
