package faultgin_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
)

func locked(*gin.Context) error { return fault.TaskLocked }

// What the router has no handler for is answered in the same form, below groups, too.
func TestUnmatched(t *testing.T) {
	s := installed(t, func(e *gin.Engine) {
		e.GET("/", func(*gin.Context) {})
		e.PUT("/", func(*gin.Context) {})
		group := e.Group("/api", func(c *gin.Context) { c.Header("X-Group", "1"); c.Next() })
		group.POST("/orders/:id", faultgin.Handler(locked))
	})
	s.failed(s.get("/missing"), 404, "not_found")
	s.failed(s.get("/api/missing"), 404, "not_found")
	a, err := s.ask(http.MethodDelete, "/", "")
	require.NoError(t, err)
	s.failed(a, 405, "method_not_allowed")
	assert.Equal(t, "GET, PUT", a.Header.Get("Allow"))
	a = s.get("/api/orders/7")
	line := s.failed(a, 405, "method_not_allowed")
	assert.Equal(t, "POST", a.Header.Get("Allow"))
	assert.Contains(t, line, "path=/api/orders/7 ")
	assert.Empty(t, a.Header.Get("X-Group"))
	line = s.failed(s.postJSON("/api/orders/7", ""), 423, "task_locked")
	assert.Contains(t, line, "path=/api/orders/:id ", "the log line has the route")
	a, err = s.ask("BREW", "/", "")
	require.NoError(t, err)
	s.failed(a, 405, "method_not_allowed")
}

// gin does not route HEAD to GET handlers.
func TestHead(t *testing.T) {
	s := installed(t, func(e *gin.Engine) {
		e.GET("/", faultgin.Handler(locked))
		e.HEAD("/head", faultgin.Handler(locked))
		e.HEAD("/aborted", func(c *gin.Context) { c.AbortWithStatus(403) })
		e.GET("/head", faultgin.Handler(locked))
	})
	for path, status := range map[string]int{"/": 405, "/missing": 404, "/head": 423, "/aborted": 403} {
		a, err := s.ask(http.MethodHead, path, "")
		require.NoError(t, err)
		assert.Equal(t, status, a.StatusCode)
		assert.Empty(t, a.body)
		assert.Equal(t, "application/json", a.Header.Get("Content-Type"))
		assert.Positive(t, a.ContentLength)
	}
	head, err := s.ask(http.MethodHead, "/head", "")
	require.NoError(t, err)
	assert.EqualValues(t, len(s.get("/head").body), head.ContentLength)
}

// Errors of middleware on a path without a route keep their status: gin's preset 404 was not chosen.
func TestPresetStatus(t *testing.T) {
	for name, install := range map[string]func(*gin.Engine, *fault.Responder){
		"Install": faultgin.Install,
		"Middleware alone": func(e *gin.Engine, r *fault.Responder) {
			e.HandleMethodNotAllowed = true
			e.Use(faultgin.Middleware(r))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
				install(e, r)
				e.Use(func(c *gin.Context) {
					switch c.Query("by") {
					case "error":
						_ = c.Error(errCanary)
					case "ours":
						_ = c.Error(fault.TaskLocked)
					case "401":
						c.AbortWithStatus(401)
					case "panic":
						panic(canary)
					case "write":
						c.String(418, "own")
						c.Abort()
					}
				})
				e.POST("/", func(*gin.Context) {})
			})
			for _, path := range []string{"/", "/missing"} {
				s.failed(s.get(path+"?by=error"), 500, "unhandled")
				s.failed(s.get(path+"?by=ours"), 423, "task_locked")
				s.failed(s.get(path+"?by=401"), 401, "unauthorized")
				s.failed(s.get(path+"?by=panic"), 500, "unhandled")
				s.untouched(s.get(path+"?by=write"), 418, "own")
			}
		})
	}
}

// An application's own NoRoute, set after Install, is its own.
func TestOwnNoRoute(t *testing.T) {
	s := installed(t, func(e *gin.Engine) {
		e.GET("/", func(*gin.Context) {}) // gin v1.10 cannot answer without any route
		e.NoRoute(func(c *gin.Context) {
			switch c.Request.URL.Path {
			case "/page":
				c.String(200, "a page")
			case "/error":
				_ = c.Error(fault.Gone)
			case "/empty":
				c.Status(204)
			}
		})
	})
	s.untouched(s.get("/page"), 200, "a page")
	s.untouched(s.get("/empty"), 204, "")
	s.failed(s.get("/error"), 410, "gone")
	s.failed(s.get("/missing"), 404, "not_found")
}

// Installed twice, the inner one answers, once.
func TestTwice(t *testing.T) {
	outerRan := false
	for name, between := range map[string]gin.HandlerFunc{"directly": func(c *gin.Context) { c.Next() }, "wrapped": wrap} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, gin.Default(), func(e *gin.Engine, r *fault.Responder) {
				outer, err := fault.NewResponder(fault.WithMapper(func(error) *fault.Fault { outerRan = true; return nil }))
				require.NoError(t, err)
				faultgin.Install(e, outer)
				e.Use(between)
				faultgin.Install(e, r)
				breaking(e)
				e.GET("/error", func(c *gin.Context) { _ = c.Error(fault.TaskLocked) })
				e.GET("/abort403", func(c *gin.Context) { c.AbortWithStatus(403) })
				e.HEAD("/abort403", func(c *gin.Context) { c.AbortWithStatus(403) })
			})
			checkBreaking(t, s)
			s.failed(s.get("/error"), 423, "task_locked")
			s.failed(s.get("/abort403"), 403, "forbidden")
			s.failed(s.get("/missing"), 404, "not_found")
			for path, code := range map[string]string{"/abort403": "forbidden", "/missing": "not_found"} {
				a, err := s.ask(http.MethodHead, path, "")
				require.NoError(t, err)
				assert.Equal(t, "application/json", a.Header.Get("Content-Type"))
				s.logged(code)
			}
			assert.False(t, outerRan, "the outer responder answered")
		})
	}
}

// Engine.HandleContext runs all middleware again, on a writer of its own.
func TestHandleContext(t *testing.T) {
	s := installed(t, func(e *gin.Engine) {
		forward := func(path string) gin.HandlerFunc {
			return func(c *gin.Context) { c.Request.URL.Path = path; e.HandleContext(c) }
		}
		e.GET("/error", func(c *gin.Context) { _ = c.Error(fault.TaskLocked) })
		e.GET("/fine", func(c *gin.Context) { c.String(200, "fine") })
		e.GET("/to-error", forward("/error"))
		e.GET("/to-fine", forward("/fine"))
		e.GET("/to-missing", forward("/missing"))
	})
	s.failed(s.get("/to-error"), 423, "task_locked")
	s.failed(s.get("/to-missing"), 404, "not_found")
	s.untouched(s.get("/to-fine"), 200, "fine")
}

// Without a Middleware around, Default answers what is returned.
func TestWithoutMiddleware(t *testing.T) {
	s := serve(t, gin.New(), func(e *gin.Engine, _ *fault.Responder) {
		e.GET("/", faultgin.Handler(locked), func(c *gin.Context) { c.String(200, "the next handler ran") })
		e.GET("/nil", faultgin.Handler(func(*gin.Context) error { return nil }), func(c *gin.Context) { c.String(200, "next") })
	})
	a := s.get("/")
	assert.Equal(t, 423, a.StatusCode)
	assert.Contains(t, a.body, `"EN":"This is not possible because the task is locked."`)
	s.unlogged()
	assert.Equal(t, "next", s.get("/nil").body)
}

// The responder sees the request as it came, and the writer of the entry is put back.
func TestRequestView(t *testing.T) {
	var entry, during gin.ResponseWriter
	s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
		e.Use(func(c *gin.Context) {
			entry = c.Writer
			defer func() { assert.Same(t, entry, c.Writer) }()
			c.Next()
		})
		faultgin.Install(e, r)
		e.GET("/orders/:id", faultgin.Handler(func(c *gin.Context) error {
			during = c.Writer
			if c.Query("panic") != "" {
				panic(canary)
			}
			return fault.Unauthorized.New(fault.HeadersFunc(func(req fault.Request) http.Header {
				assert.Equal(t, c.Request.Context(), req.Context())
				view := req.(interface {
					Route() string
					Committed() bool
				})
				assert.False(t, view.Committed())
				return http.Header{"X-View": {req.Method() + " " + req.Path() + " " + view.Route() + " " + req.Header("X-Many") + req.Header("X-None")}}
			}))
		}))
	})
	a := s.get("/orders/7?q=1", "X-Many", "a", "X-Many", "b")
	assert.Equal(t, "GET /orders/7 /orders/:id a, b", a.Header.Get("X-View"))
	assert.NotSame(t, entry, during)
	s.failed(s.get("/orders/7?panic=1"), 500, "unhandled")
}

// Other middleware around sees the final status and the size.
func TestAccessLogOutside(t *testing.T) {
	var status, size int
	s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
		e.Use(func(c *gin.Context) { c.Next(); status, size = c.Writer.Status(), c.Writer.Size() })
		faultgin.Install(e, r)
		breaking(e)
		e.GET("/error", func(c *gin.Context) { _ = c.Error(fault.TaskLocked) })
	})
	for path, want := range map[string]int{"/error": 423, "/panic": 500, "/missing": 404} {
		a := s.get(path)
		assert.Equal(t, want, status)
		assert.Equal(t, len(a.body), size)
	}
}

// A malformed request never reaches gin; bad paths and headers do, and are answered.
func TestOddRequests(t *testing.T) {
	s := installed(t, func(e *gin.Engine) { e.GET("/orders/:id", faultgin.Handler(locked)) })
	for _, target := range []string{"/%zz", "//", "/..", "/orders/%2e%2e", "/orders/" + strings.Repeat("x", 9000), "/\xff\xfe",
		"/orders/?%", "*"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		require.NoError(t, err)
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, target)
		body, err := io.ReadAll(resp.Body)
		assert.NoError(t, err)
		_ = conn.Close()
		if resp.Header.Get("Content-Type") == "application/json" {
			assert.True(t, json.Valid(body), "%q: %q", target, body)
			continue
		}
		assert.Contains(t, []int{301, 400}, resp.StatusCode, target) // gin's redirect, net/http's parser
	}
}

func TestNilHandler(t *testing.T) {
	assert.PanicsWithValue(t, "faultgin: Handler: the function is nil", func() { faultgin.Handler(nil) })
}
