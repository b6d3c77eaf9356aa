package faultgin_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/coretest"
	faultgin "github.com/polyfault/polyfault/gin"
)

// exchange is the suite's view of a request.
type exchange struct{ c *gin.Context }

func (x exchange) Context() context.Context     { return x.c.Request.Context() }
func (x exchange) Body() io.Reader              { return x.c.Request.Body }
func (x exchange) SetHeader(name, value string) { x.c.Writer.Header().Set(name, value) }
func (x exchange) Write(p []byte) (int, error)  { return x.c.Writer.Write(p) }
func (x exchange) Flush()                       { x.c.Writer.Flush() }
func (x exchange) Status(status int)            { x.c.Status(status) }
func (x exchange) Hijack() (conn net.Conn, err error) {
	conn, _, err = x.c.Writer.Hijack()
	return conn, err
}

// The ways in which the suite's handlers report their error.
type registration func(coretest.Route) gin.HandlerFunc

func returning(route coretest.Route) gin.HandlerFunc {
	return faultgin.Handler(func(c *gin.Context) error { return route.Handle(exchange{c}) })
}

func aborting(route coretest.Route) gin.HandlerFunc {
	return func(c *gin.Context) { faultgin.Abort(c, route.Handle(exchange{c})) }
}

func collecting(route coretest.Route) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := route.Handle(exchange{c}); err != nil {
			_ = c.Error(err)
		}
	}
}

func register(e gin.IRouter, routes []coretest.Route, how registration) {
	for _, route := range routes {
		e.Handle(route.Method, route.Path, how(route))
	}
}

func TestConformance(t *testing.T) {
	installed := func(e *gin.Engine, how registration) func(*fault.Responder, []coretest.Route) *gin.Engine {
		return func(r *fault.Responder, routes []coretest.Route) *gin.Engine {
			faultgin.Install(e, r)
			register(e, routes, how)
			return e
		}
	}
	for name, build := range map[string]func(*fault.Responder, []coretest.Route) *gin.Engine{
		"Handler":          installed(gin.New(), returning),
		"Abort":            installed(gin.New(), aborting),
		"c.Error":          installed(gin.New(), collecting),
		"Handler, Default": installed(gin.Default(), returning),
		"c.Error, Default": installed(gin.Default(), collecting),
		"Handler, in groups": func(r *fault.Responder, routes []coretest.Route) *gin.Engine {
			e := gin.New()
			faultgin.Install(e, r)
			for _, route := range routes {
				group := e.Group(route.Path[:len("/coretest")], func(c *gin.Context) { c.Next() })
				group.Handle(route.Method, route.Path[len("/coretest"):], returning(route))
			}
			return e
		},
		"Abort, twice, below a wrapper without Unwrap": func(r *fault.Responder, routes []coretest.Route) *gin.Engine {
			e := gin.Default()
			e.Use(wrap)
			faultgin.Install(e, r)
			e.Use(wrap, faultgin.Middleware(r), wrap)
			register(e, routes, aborting)
			return e
		},
		"Middleware alone": func(r *fault.Responder, routes []coretest.Route) *gin.Engine {
			e := gin.New()
			e.Use(faultgin.Middleware(r))
			register(e, routes, returning)
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			coretest.Run(t, coretest.Adapter{
				Start: func(r *fault.Responder, routes []coretest.Route) (string, func(), error) {
					e := build(r, routes)
					e.HandleMethodNotAllowed = true // gin's own switch: without it wrong methods are 404
					server := httptest.NewUnstartedServer(http.MaxBytesHandler(e, coretest.BodyLimit))
					server.Config.ErrorLog = silent
					server.Start()
					return server.Listener.Addr().String(), server.Close, nil
				},
				Features: coretest.Features{Streaming: true, Informational: true, Hijack: true, ClientCancel: true, AllMethods: true},
			})
		})
	}
}

// wrap is what most middleware for gin does with the writer: an embedded one, and no Unwrap.
func wrap(c *gin.Context) {
	entry := c.Writer
	c.Writer = struct{ gin.ResponseWriter }{entry}
	c.Next()
	c.Writer = entry
}
