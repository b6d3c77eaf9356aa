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

// late is the request of an abandoned context as the core sees it. fiber's timeout has abandoned the handler, which still
// uses the context in another goroutine. So late reads nothing that a handler may write: no headers and no Locals.
type late struct {
	method, path string
	to           *fasthttp.Response
}

var _ fault.Request = late{}

// newLate finds the response: fiber has made a copy for the client, unless its OnTimeout still runs or nobody waits for it.
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

// isLate reports whether this is the goroutine of a handler that fiber's timeout has abandoned or is abandoning. From then
// on the response belongs neither to the handler nor to us.
func isLate(c fiber.Ctx) bool {
	return c.IsAbandoned() || isPastDeadline(c) && isOfTimeout()
}

func isPastDeadline(c fiber.Ctx) (yes bool) {
	defer func() {
		if recover() != nil { // a foreign context must not end the process
			yes = false
		}
	}()
	return errors.Is(c.Context().Err(), context.DeadlineExceeded)
}

// isOfTimeout reports whether fiber's timeout is among the callers. It runs its handler in a goroutine and leaves no other
// sign.
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

// logLate logs a failure that gets no answer.
func logLate(r *fault.Responder, c fiber.Ctx, err error) {
	defer func() { _ = recover() }() // NewResponder may not have made the Responder
	r.Respond(newLate(c), err)
}

// answerLate replaces the text of fiber's timeout with our answer, in all languages.
func answerLate(r *fault.Responder, c fiber.Ctx, err error) {
	req := newLate(c)
	send(req.to, r.Respond(req, understood(c, err)), c.RequestCtx().IsHead())
}
