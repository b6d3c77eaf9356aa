package faultfiber

import (
	"bytes"
	"net"
	"net/http"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
)

// ErrorHandler answers errors with r. It is for [fiber.Config], of every app that has one of its own.
//
// It answers the first error of a request only, or that of the server, never panics, as that would end the process, and
// always returns nil, as fiber would answer anything else with a text of its own. ErrorHandler itself panics beside a
// fasthttp that cannot be made right: see the package's comment.
func ErrorHandler(r *fault.Responder) fiber.ErrorHandler {
	requireAborts()
	return func(c fiber.Ctx, err error) error {
		answer(r, c, err)
		return nil
	}
}

// Recover answers errors and panics, and returns them as a *[fiber.Error] with the status that the client gets: loggers,
// metrics and tracing around it read that. It is to be the first middleware, but for those. It answers by the error
// handler of the app, mounted ones among them, which should be [ErrorHandler]; where that is somebody else's, with r,
// unless r is nil. Recover itself panics where ErrorHandler does.
func Recover(r *fault.Responder) fiber.Handler {
	requireAborts()
	return func(c fiber.Ctx) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = outwardPanic(r, c, marked(c, panicked(c, v)))
			}
		}()
		if err = c.Next(); fault.IsNil(err) {
			return nil // also for a typed nil: loggers around would ask it for its text
		}
		return outward(r, c, err)
	}
}

// panicked is the error of a panic value.
func panicked(c fiber.Ctx, v any) error {
	switch {
	case v == http.ErrAbortHandler: // by identity, as net/http compares
		return http.ErrAbortHandler
	case isUnreadable(c, v):
		return fiber.ErrUnprocessableEntity // as fiber says of other media types that it cannot read
	}
	return fault.Panicked(v)
}

// afterwards is the panic that came after an answer, among the context's Locals: it is a failure of its own, which is only
// logged.
type afterwards struct{}

func marked(c fiber.Ctx, err error) error {
	if isAnswered(c) && err != http.ErrAbortHandler {
		c.Locals(afterwards{}, err)
	}
	return err
}

// outward answers the error, and makes one of it that fiber and its middleware understand. An error handler of somebody
// else has had its say then, and is not asked again.
func outward(r *fault.Responder, c fiber.Ctx, err error) error {
	if isLate(c) { // the error handler is called outside of the timeout only
		return err
	}
	if isRefused(c) { // the reason comes later, to the error handler
		hold(c, err)
		return err
	}
	failed := byApp(c, err)
	if !isAnswered(c) {
		if r == nil {
			return failed
		}
		answer(r, c, err)
		return nil
	}
	status := c.Response().StatusCode()
	if f, ok := err.(*fiber.Error); ok && f.Code == status {
		return err
	}
	return &fiber.Error{Code: status, Message: publicName(err, status)}
}

// outwardPanic logs what fiber would lose: panics of handlers that nobody waits for.
func outwardPanic(r *fault.Responder, c fiber.Ctx, err error) error {
	if err == http.ErrAbortHandler || !isLate(c) {
		return outward(r, c, err)
	}
	logLate(r, c, err)
	return fiber.ErrRequestTimeout // in case that fiber has not given it up yet
}

// publicName is what may be shown of the error: the code of ours, else the name of the status.
func publicName(err error, status int) string {
	if f, ours := fault.From(err); ours {
		return f.Code()
	}
	return http.StatusText(status)
}

// byApp lets the app's error handler answer. One that panics, of somebody else, must not end the process.
func byApp(c fiber.Ctx, err error) (failed error) {
	defer func() {
		if v := recover(); v != nil {
			answer(nil, c, fault.Panicked(v))
		}
	}()
	return c.App().ErrorHandler(c, err)
}

// answered marks a request as answered, by the answer that was sent, among the context's Locals: fiber's logger and other
// middleware call the error handler by themselves. Locals end with the request.
type answered struct{}

func isAnswered(c fiber.Ctx) bool { return c.Locals(answered{}) != nil }

func answer(r *fault.Responder, c fiber.Ctx, err error) {
	var resp *fault.Response
	defer func() {
		if recover() != nil {
			lastResort(c, resp)
		}
	}()
	switch {
	case fault.IsNil(err):
		return
	case c.IsAbandoned():
		answerLate(r, c, err)
		return
	case !mayAnswer(c, err):
		resp, _ = c.Locals(answered{}).(*fault.Response)
		if panicked, ok := c.Locals(afterwards{}).(error); ok {
			c.Locals(afterwards{}, nil)
			r.Respond(request{c}, panicked)
		}
		restore(c, resp)
		return
	}
	c.RequestCtx().SetUserValue(answered{}, true) // Locals, without its allocation
	if err == http.ErrAbortHandler {
		abort(c)
		return
	}
	req := request{c}
	resp = r.Respond(req, understood(c, err))
	if !req.Committed() {
		send(c.Response(), resp, c.RequestCtx().IsHead())
		c.RequestCtx().SetUserValue(answered{}, resp)
		if isUnread(c) {
			c.Response().SetConnectionClose()
		}
	}
}

// restore sends the answer again if somebody has written over it, or more, before the error was handed on.
func restore(c fiber.Ctx, resp *fault.Response) {
	if resp == nil || isRefused(c) {
		return
	}
	now := c.Response()
	if now.StatusCode() != resp.Status || now.IsBodyStream() || !bytes.Equal(now.Body(), resp.Body) {
		send(now, resp, c.RequestCtx().IsHead())
	}
}

func send(to *fasthttp.Response, resp *fault.Response, isHead bool) {
	to.SetBodyRaw(resp.Body) // drops what was buffered, closes a stream
	resp.EditHeader(&header{ResponseHeader: &to.Header}, false)
	to.SetStatusCode(resp.Status)
	to.Header.SetStatusMessage(nil)            // a reason phrase of the handler's
	to.Header.SetContentLength(len(resp.Body)) // fasthttp would; adaptor.FiberApp does not
	to.SkipBody = isHead                       // fasthttp does, but not for its own errors
}

// abort closes the connection in the only way that fasthttp has. Those who look at the response all
// the same (a logger; net/http, by way of adaptor.FiberApp) must not see half of a success.
func abort(c fiber.Ctx) {
	c.RequestCtx().HijackSetNoResponse(true)
	c.RequestCtx().Hijack(func(conn net.Conn) { _ = conn.Close() })
	c.Status(http.StatusInternalServerError)
	c.Response().ResetBody()
}

// fallback is what is left when there is no response: the text of fault.Unhandled.
const fallback = `{"DE":"Es ist ein unerwarteter Fehler aufgetreten. Bitte versuchen Sie es später erneut.",` +
	`"EN":"An unexpected error occurred. Please try again later.",` +
	`"FR":"Une erreur inattendue s’est produite. Veuillez réessayer plus tard.",` +
	`"PT":"Ocorreu um erro inesperado. Tente novamente mais tarde.","code":"unhandled"}`

// lastResort answers when something panicked: a body stream while it was closed, say, or a Responder
// that NewResponder has not made. The response begins anew, as what panicked once would again.
func lastResort(c fiber.Ctx, resp *fault.Response) {
	defer func() { _ = recover() }() // a context that has ended: nobody waits for an answer
	c.RequestCtx().Response = fasthttp.Response{}
	to := c.Response()
	if resp == nil {
		to.SetStatusCode(http.StatusInternalServerError)
		to.Header.SetContentType("application/json")
		to.SetBodyString(fallback)
		return
	}
	to.SetStatusCode(resp.Status)
	for name, values := range resp.Header() {
		for _, value := range values {
			to.Header.Add(name, value)
		}
	}
	to.SetBodyRaw(resp.Body)
}
