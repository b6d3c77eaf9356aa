package faultgin

import (
	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
)

// Install sets up e to answer every failure with r: [Middleware], NoRoute, NoMethod, and
// HandleMethodNotAllowed, without which gin calls a wrong method 404. It must run before the routes
// are registered, as gin's Use reaches only those that come after it.
func Install(e *gin.Engine, r *fault.Responder) {
	e.Use(Middleware(r))
	e.HandleMethodNotAllowed = true
	e.NoRoute(unmatched(fault.NotFound))
	e.NoMethod(unmatched(fault.MethodNotAllowed))
}

// unmatched leaves it to Middleware when other middleware has reported an error already.
func unmatched(k *fault.Kind) gin.HandlerFunc {
	return func(c *gin.Context) {
		if len(c.Errors) == 0 {
			Abort(c, k)
		}
	}
}

// Middleware answers with r what the handlers inside report by [Handler], [Abort], c.Error,
// c.AbortWithError, c.AbortWithStatus, c.Bind or a panic. It may be installed more than once: the
// inner one answers.
func Middleware(r *fault.Responder) gin.HandlerFunc {
	return func(c *gin.Context) {
		x := begin(c, r)
		defer x.finish()
		c.Next()
		x.settle()
	}
}

// Handler makes a gin handler of a function that returns its error, which is answered as by [Abort]. It panics when
// h is nil.
func Handler(h func(*gin.Context) error) gin.HandlerFunc {
	if h == nil {
		panic("faultgin: Handler: the function is nil")
	}
	return func(c *gin.Context) { Abort(c, h(c)) }
}

// Abort answers err at once, with the responder of the [Middleware] around, and keeps the handlers
// that are left from running. What is written after it is dropped; only the first error of a request
// is answered. Nil, and a typed nil, do nothing. Without a Middleware around, [fault.Default] answers.
func Abort(c *gin.Context, err error) {
	if fault.IsNil(err) {
		return
	}
	x := tracked(c.Writer)
	if x == nil {
		x = begin(c, nil)
		defer x.restore()
	}
	x.fail(err)
}
