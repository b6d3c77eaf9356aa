package faultecho

import (
	"net/http"

	"github.com/labstack/echo/v5"

	fault "github.com/polyfault/polyfault/core"
)

// Install makes r answer all errors and panics of e: it sets e.HTTPErrorHandler to [ErrorHandler] and
// uses [Recover]. Its place among the routes does not matter, its place among other middleware does:
// see the package comment.
func Install(e *echo.Echo, r *fault.Responder) {
	e.HTTPErrorHandler = ErrorHandler(r)
	e.Use(Recover(r))
}

// ErrorHandler answers errors with r. It answers, logs and observes the first error of a request;
// middleware may call it again for the same one. Nil, and a typed nil, leave the response alone.
func ErrorHandler(r *fault.Responder) echo.HTTPErrorHandler {
	return func(c *echo.Context, err error) {
		if err == http.ErrAbortHandler {
			panic(err)
		}
		if fault.IsNil(err) {
			return
		}
		if x := of(c); !x.knows(err) && !x.Claimed() && x.Claim() { // echo calls again for what Recover has answered
			x.respond(r, err)
		}
	}
}

// Recover answers errors and panics and returns them: middleware around it sees the failure, as an error that holds
// one of echo's with the status that the client gets. It answers with r, or, when that is nil and nothing of
// ours around has a responder, by the application's error handler. When the response has begun it logs the panic
// and aborts the connection instead, so that no client takes half a body for a whole one.
//
// It may be installed more than once. Errors are answered without it, too, but only with it is it
// known that the connection was hijacked, that Content-Encoding is a compressor's around, and that
// middleware, not the client, has ended the request's context.
//
// Inside of it, c.Response() is an *echo.Response of this request alone: one that is kept for longer reaches no other
// client.
func Recover(r *fault.Responder) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) (err error) {
			x := begin(c, r)
			defer x.finish(c)
			defer func() {
				if v := recover(); v != nil {
					err = x.recovered(c, v)
				}
			}()
			switch err = next(c); {
			case fault.IsNil(err):
				return nil // also for a typed nil: loggers around would ask it for its text
			case err == http.ErrAbortHandler:
				return err
			}
			x.fails(c)
			return x.answer(err)
		}
	}
}
