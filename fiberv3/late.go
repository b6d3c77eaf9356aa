package faultfiber

import (
	"context"
	"errors"
	"runtime"
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

// isLate reports whether this is the goroutine of a handler that fiber's timeout has given up, or does at this moment: from then
// on the response is not the handler's, nor ours.
func isLate(c fiber.Ctx) bool {
	return c.IsAbandoned() || isPastDeadline(c) && isOfTimeout()
}

func isPastDeadline(c fiber.Ctx) (yes bool) {
	defer func() {
		if recover() != nil { // a context of somebody's own: it must not end the process
			yes = false
		}
	}()
	return errors.Is(c.Context().Err(), context.DeadlineExceeded)
}

// isOfTimeout looks for fiber's timeout among the callers: it runs its handler in a goroutine, and leaves no other sign.
func isOfTimeout() bool {
	var callers [128]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.File, "/middleware/timeout/timeout.go") {
			return true
		}
		if !more {
			return false
		}
	}
}

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
