package faultgin

import (
	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
)

// Install makes r answer every failure of e. It uses [Middleware], and wraps gin's validator so that field errors have
// the names that clients know. It changes nothing else: routes, switches, NoRoute and NoMethod stay the application's.
// Call it before you register routes, since gin's Use reaches only the routes after it. A nil r is that of [Middleware].
//
// Requests without a route are answered, too, unless a handler of NoRoute answers them. So are wrong methods where the
// application has set e.HandleMethodNotAllowed, unless a handler of NoMethod answers them.
func Install(e *gin.Engine, r *fault.Responder) {
	remember()
	e.Use(Middleware(r))
}

// Middleware answers with r the failures of the handlers inside: errors reported by [Handler], [Abort], c.Error,
// c.AbortWithError, c.AbortWithStatus or c.Bind, and panics. It may be installed more than once: the innermost one
// answers. A nil r means the responder of the enclosing Middleware, or [fault.Default].
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

// Handler makes a gin handler of a function that returns an error. The error is answered as by [Abort]. Handler panics
// if h is nil.
func Handler(h func(*gin.Context) error) gin.HandlerFunc {
	if h == nil {
		panic("faultgin: Handler: the function is nil")
	}
	return func(c *gin.Context) { Abort(c, h(c)) }
}

// Abort answers err at once, with the responder of the enclosing [Middleware], and stops the remaining handlers. Only
// the first error of a request is answered, and later writes are dropped. A nil err, or a typed nil, does nothing.
// Without an enclosing Middleware, [fault.Default] answers.
//
// With a copy of a context (c.Copy) the answer goes to the writer of the copy only.
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
