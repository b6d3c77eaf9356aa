package faultecho

import (
	"net/http"

	"github.com/labstack/echo/v4"

	fault "github.com/polyfault/polyfault/core"
)

// Install makes r answer all errors and panics of e: it sets e.HTTPErrorHandler to [ErrorHandler] and
// uses [Recover]. Call it before or after the routes; its place among other middleware matters, see
// the package comment. A nil r means [fault.Default], or the responder of an enclosing exchange.
func Install(e *echo.Echo, r *fault.Responder) {
	e.HTTPErrorHandler = ErrorHandler(r)
	e.Use(Recover(r))
}

// ErrorHandler answers errors with r. It answers, logs and observes the first error of a request;
// middleware may call it again for the same one. A nil error, or a typed nil, leaves the response alone.
func ErrorHandler(r *fault.Responder) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if err == http.ErrAbortHandler {
			panic(err)
		}
		if fault.IsNil(err) {
			return
		}
		if x := of(c); !x.knows(err) && !x.Claimed() && x.Claim() { // echo calls it again for errors that Recover has answered
			x.respond(r, err)
		}
	}
}

// Recover answers errors and panics with r, and returns them: middleware around it sees the failure as an error that
// holds an *echo.HTTPError with the status that the client gets. If the response has begun, Recover logs the panic and
// aborts the connection instead, so that no client takes half a body for a whole one.
//
// A nil r means the responder of an enclosing exchange of ours; without one the application's error handler answers.
//
// Recover may be installed more than once. [ErrorHandler] answers errors without it, too, but cannot know then that the
// connection was hijacked, that a compressor outside has set Content-Encoding, or that middleware, and not the
// client, has ended the request's context.
func Recover(r *fault.Responder) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			x := begin(c, r)
			defer x.finish(c)
			defer func() {
				if v := recover(); v != nil {
					err = x.recovered(c, v)
				}
			}()
			switch err = next(c); {
			case fault.IsNil(err):
				return nil // for a typed nil, too: loggers around would call its Error method
			case err == http.ErrAbortHandler || x.buffered():
				return err
			}
			x.fails(c)
			return x.answer(err)
		}
	}
}
