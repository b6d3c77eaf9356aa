package faultfiber

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
)

// late is the request of an abandoned context as the core sees it. fiber's timeout has given up its handler, which goes
// on using the context in a goroutine of its own: what a handler may write is not read here, neither headers nor Locals.
type late struct {
	method, path string
	to           *fasthttp.Response
}

var _ fault.Request = late{}

// newLate looks for the response: fiber has taken a copy for the client, unless its OnTimeout is still at work, or nobody takes it.
func newLate(c fiber.Ctx) late {
	to := c.RequestCtx().LastTimeoutErrorResponse()
	if to == nil || !hasConnection(c) {
		to = c.Response()
	}
	return late{request{c}.Method(), strings.Clone(c.Path()), to}
}

func (late) Context() context.Context         { return context.Background() }
func (late) ArrivalContext() context.Context  { return nil }
func (r late) Method() string                 { return r.method }
func (r late) Path() string                   { return r.path }
func (late) Header(string) string             { return "" }
func (r late) ResponseHeader(n string) string { return joined(inAnyCase(r.to.Header.All(), n)) }

// logLate logs a failure that nobody is answered.
func logLate(r *fault.Responder, c fiber.Ctx, err error) {
	defer func() { _ = recover() }() // of a Responder that NewResponder has not made
	r.Respond(newLate(c), err)
}

// answerLate answers in place of the text that fiber has taken, in all languages.
func answerLate(r *fault.Responder, c fiber.Ctx, err error) {
	req := newLate(c)
	send(req.to, r.Respond(req, understood(c, err)), c.RequestCtx().IsHead())
}
