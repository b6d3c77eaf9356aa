package faultgin

import (
	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
)

// Install makes r answer every failure of e: it uses [Middleware], and lets gin's validator remember what it has
// validated, so that field errors have the names that clients know. It changes nothing else: routes, switches,
// NoRoute and NoMethod stay the application's. It must run before the routes are registered, as gin's Use reaches
// only those that come after it.
//
// A path without a route, and a wrong method where the application has set e.HandleMethodNotAllowed, get a body in our
// form unless a handler of NoRoute or NoMethod answers them.
func Install(e *gin.Engine, r *fault.Responder) {
	remember()
	e.Use(Middleware(r))
}

// Middleware answers with r what the handlers inside report by [Handler], [Abort], c.Error,
// c.AbortWithError, c.AbortWithStatus, c.Bind or a panic. It may be installed more than once: the
// inner one answers.
func Middleware(r *fault.Responder) gin.HandlerFunc {
	pool := newPool(r)
	return func(c *gin.Context) {
		x := pool.Get().(*exchange)
		x.begin(c)
		defer x.finish(pool)
		c.Next()
		x.settle(c)
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
//
// With a copy of a context (c.Copy) the answer goes to the writer of the copy, and nowhere else.
func Abort(c *gin.Context, err error) {
	if fault.IsNil(err) {
		return
	}
	x, began := at(c)
	x.fail(c, err)
	if began {
		c.Writer = x // what is written after the answer is dropped
	}
}
