package faultfiber

import (
	"net"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
)

// ErrorHandler answers errors with r. It is for [fiber.Config], of every app that has one of its own.
//
// It answers the first error of a request only, never panics, as that would end the process, and
// always returns nil, as fiber would answer anything else with a text of its own.
func ErrorHandler(r *fault.Responder) fiber.ErrorHandler {
	return func(c *fiber.Ctx, err error) error {
		answer(r, c, err)
		return nil
	}
}

// Recover makes errors of panics, which the app's [ErrorHandler] then answers. It is to be the first
// middleware. The error handler's responder is the one that counts: an app has one, wherever its
// errors come from.
func Recover(*fault.Responder) fiber.Handler { return recovering }

func recovering(c *fiber.Ctx) (err error) {
	defer func() {
		switch v := recover(); {
		case v == nil:
		case v == http.ErrAbortHandler: // by identity, as net/http compares
			err = http.ErrAbortHandler
		default:
			err = fault.Panicked(v)
		}
	}()
	return c.Next()
}

// answered marks a request as answered, among the context's Locals: fiber's logger and other
// middleware call the error handler by themselves. Locals end with the request.
type answered struct{}

func answer(r *fault.Responder, c *fiber.Ctx, err error) {
	var resp *fault.Response
	defer func() {
		if recover() != nil {
			lastResort(c, resp)
		}
	}()
	if fault.IsNil(err) || c.Locals(answered{}) != nil {
		return
	}
	c.Locals(answered{}, true)
	if err == http.ErrAbortHandler {
		abort(c)
		return
	}
	req := request{c}
	resp = r.Respond(req, understood(c, err))
	if !req.Committed() {
		send(c, resp)
	}
}

func send(c *fiber.Ctx, resp *fault.Response) {
	to := c.Response()
	to.SetBodyRaw(resp.Body) // drops what was buffered, closes a stream
	resp.EditHeader(&header{ResponseHeader: &to.Header}, false)
	to.SetStatusCode(resp.Status)
	to.Header.SetStatusMessage(nil)            // a reason phrase of the handler's
	to.Header.SetContentLength(len(resp.Body)) // fasthttp would; adaptor.FiberApp does not
	to.SkipBody = c.Context().IsHead()         // fasthttp does, but not for its own errors
}

// abort closes the connection in the only way that fasthttp has. Those who look at the response all
// the same (a logger; net/http, by way of adaptor.FiberApp) must not see half of a success.
func abort(c *fiber.Ctx) {
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) { _ = conn.Close() })
	c.Status(http.StatusInternalServerError)
	c.Response().ResetBody()
}

// fallback is what is left when there is no response: the text of fault.Unhandled.
const fallback = `{"DE":"Es ist ein unerwarteter Fehler aufgetreten. Bitte versuchen Sie es später erneut.",` +
	`"EN":"An unexpected error occurred. Please try again later.",` +
	`"FR":"Une erreur inattendue s’est produite. Veuillez réessayer plus tard.",` +
	`"PT":"Ocorreu um erro inesperado. Tente novamente mais tarde."}`

// lastResort answers when something panicked: a body stream while it was closed, say, or a Responder
// that NewResponder has not made. The response begins anew, as what panicked once would again.
func lastResort(c *fiber.Ctx, resp *fault.Response) {
	defer func() { _ = recover() }() // a context that has ended: nobody waits for an answer
	c.Context().Response = fasthttp.Response{}
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
