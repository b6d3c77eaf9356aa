package faultfiber

import (
	"bytes"
	"net"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
)

// ErrorHandler answers errors with r, or with [fault.Default] if r is nil. Set it in the [fiber.Config] of every app that
// has an error handler of its own.
//
// The handler answers the first error of a request only. It never panics, because that would end the process, and always
// returns nil, because fiber would answer an error with a text of its own. ErrorHandler itself panics with a fasthttp that
// loses [http.ErrAbortHandler]: see the package comment.
func ErrorHandler(r *fault.Responder) fiber.ErrorHandler {
	requireAborts()
	return func(c *fiber.Ctx, err error) error {
		answer(r, c, err)
		return nil
	}
}

// Recover answers errors and panics, and returns them as a *[fiber.Error] with the status that the client gets, which
// loggers, metrics and tracing outside read. Use it before all other middleware but those.
//
// The error handler of the app, or of the mounted app, answers; it should be [ErrorHandler]. If it is another one, r
// answers, unless r is nil. Recover itself panics where ErrorHandler does.
func Recover(r *fault.Responder) fiber.Handler {
	requireAborts()
	return func(c *fiber.Ctx) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = outward(r, c, marked(c, panicked(v)))
			}
		}()
		if err = c.Next(); fault.IsNil(err) {
			return nil // for a typed nil, too: loggers around would call its Error method
		}
		return outward(r, c, err)
	}
}

// panicked returns the error of a panic value.
func panicked(v any) error {
	if v == http.ErrAbortHandler { // by identity, as net/http compares
		return http.ErrAbortHandler
	}
	return fault.Panicked(v)
}

// afterwards is the key, among the context's Locals, of a panic that came after an answer. It is a failure of its own and
// is only logged.
type afterwards struct{}

func marked(c *fiber.Ctx, err error) error {
	if c.Locals(answered{}) != nil && err != http.ErrAbortHandler {
		c.Locals(afterwards{}, err)
	}
	return err
}

// outward answers the error, and returns one that fiber and its middleware understand. A foreign error handler has answered
// then, and is not called again.
func outward(r *fault.Responder, c *fiber.Ctx, err error) error {
	failed := byApp(c, err)
	if c.Locals(answered{}) == nil {
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

// publicName returns what may be shown of the error: its code if it is ours, else the name of the status.
func publicName(err error, status int) string {
	if f, ours := fault.From(err); ours {
		return f.Code()
	}
	return http.StatusText(status)
}

// byApp lets the app's error handler answer. A foreign one that panics must not end the process.
func byApp(c *fiber.Ctx, err error) (failed error) {
	defer func() {
		if v := recover(); v != nil {
			answer(nil, c, fault.Panicked(v))
		}
	}()
	return c.App().ErrorHandler(c, err)
}

// answered is the key, among the context's Locals, of the answer that was sent: fiber's logger and other middleware call the
// error handler themselves. Locals end with the request.
type answered struct{}

func answer(r *fault.Responder, c *fiber.Ctx, err error) {
	var resp *fault.Response
	defer func() {
		if recover() != nil {
			lastResort(c, resp)
		}
	}()
	if fault.IsNil(err) {
		return
	}
	if before := c.Locals(answered{}); before != nil {
		resp, _ = before.(*fault.Response)
		if panicked, ok := c.Locals(afterwards{}).(error); ok {
			c.Locals(afterwards{}, nil)
			r.Respond(request{c}, panicked)
		}
		restore(c, resp)
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
		c.Locals(answered{}, resp)
		if isUnread(c) {
			c.Response().SetConnectionClose()
		}
	}
}

// restore sends the answer again if middleware has changed the response before it passed the error on.
func restore(c *fiber.Ctx, resp *fault.Response) {
	if resp == nil {
		return
	}
	now := c.Response()
	if now.StatusCode() != resp.Status || now.IsBodyStream() || !bytes.Equal(now.Body(), resp.Body) {
		send(c, resp)
	}
}

func send(c *fiber.Ctx, resp *fault.Response) {
	to := c.Response()
	to.SetBodyRaw(resp.Body) // drops what was buffered, closes a stream
	resp.EditHeader(&header{ResponseHeader: &to.Header}, false)
	to.SetStatusCode(resp.Status)
	to.Header.SetStatusMessage(nil)            // the handler's reason phrase
	to.Header.SetContentLength(len(resp.Body)) // fasthttp would; adaptor.FiberApp does not
	to.SkipBody = c.Context().IsHead()         // fasthttp does, but not for its own errors
}

// abort closes the connection in the only way that fasthttp has. It also makes the response an empty 500, so that a
// logger, or net/http by way of adaptor.FiberApp, does not see half of a success.
func abort(c *fiber.Ctx) {
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) { _ = conn.Close() })
	c.Status(http.StatusInternalServerError)
	c.Response().ResetBody()
}

// fallback is the body when there is no response: the text of fault.Unhandled.
const fallback = `{"DE":"Es ist ein unerwarteter Fehler aufgetreten. Bitte versuchen Sie es später erneut.",` +
	`"EN":"An unexpected error occurred. Please try again later.",` +
	`"FR":"Une erreur inattendue s’est produite. Veuillez réessayer plus tard.",` +
	`"PT":"Ocorreu um erro inesperado. Tente novamente mais tarde.","code":"unhandled"}`

// lastResort answers after a panic of the answer itself: of a body stream that was closed, for example, or of a Responder
// that NewResponder has not made. It begins a new response, since the old one would panic again.
func lastResort(c *fiber.Ctx, resp *fault.Response) {
	defer func() { _ = recover() }() // the context has ended, and nobody waits for an answer
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
