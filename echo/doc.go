// Package faultecho answers the errors and panics of echo v4 (github.com/labstack/echo/v4) with a
// [fault.Responder].
//
//	import (
//		fault "github.com/polyfault/polyfault/core"
//		faultecho "github.com/polyfault/polyfault/echo"
//	)
//
//	e := echo.New()
//	faultecho.Install(e, nil)
//	e.GET("/orders/:id", getOrder) // returns its error
//
// Install sets e.HTTPErrorHandler and uses a recovering middleware. Handlers stay as they are: "return err", c.Error,
// c.Bind, panic, and the router's 404 and 405 all end in the same answer. A nil responder means the responder of an
// enclosing exchange of ours, or [fault.Default]. Recover(nil) without one leaves the answer to the application's error
// handler.
//
// # What becomes of echo's errors
//
// An *echo.HTTPError keeps its status, also when it is wrapped. One in its Internal field wins, and an error of ours
// anywhere inside decides by itself. The message goes to the log only, unless the responder has
// [fault.WithForeignMessages]. Even then a message is shown only if it is a string that the application wrote for
// clients: not the name of the status, and not the text of the internal error, which c.Bind puts there.
//
// An error of c.Bind is 400 with the texts of the catalogue. An *echo.BindingError, which value binders make, is
// [fault.BadParamValue] with a field error for the parameter, in the path or the query where the request has it; joined
// ones get a field error each. The values are never sent, and mappers are not asked.
//
// echo's predefined errors are shared. Give them a cause with WithInternal: SetInternal changes them for everybody.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. A later error is logged with committed=true. A panic is logged and the connection is
// aborted by [http.ErrAbortHandler], so that the client sees a broken transfer and not half a body that looks whole.
// http.ErrAbortHandler itself, panicked or returned, aborts without a log line. Informational responses (103 Early
// Hints) do not count as a beginning. A hijacked connection does.
//
// # Order
//
// Middleware used before Install stands outside of it, middleware used later stands inside. docs/middleware.md of this
// repository is a table, held by tests, of where each kind of middleware belongs and what happens in the wrong place. In
// short:
//
//   - Outside: middleware that reads statuses, such as RequestLogger, Prometheus, OpenTelemetry and Sentry. Recover has
//     answered errors and panics before they see them: c.Response().Status is the status that the client gets, and the
//     error holds an *echo.HTTPError with it. Inside, they report errors that are not echo's as 200 or 500 and see no
//     panic; Sentry without Repanic swallows it.
//   - Outside, better than inside: RequestID and CORS, so that refusals of other middleware have their headers, too. An id
//     that the response already has is the trace id.
//   - Inside: Decompress, whose refusal is a bare error; Static with HTML5, since outside it cannot turn a 404 into its
//     page any more; Timeout (ContextTimeout is better).
//   - In any order: Gzip, ContextTimeout, RateLimiter, KeyAuth, BasicAuth, JWT, BodyLimit, BodyDump, Secure, CSRF, Proxy,
//     Static.
//
// Request loggers, tracing, BodyDump and RateLimiter call the error handler themselves, wherever they stand. It may run
// several times for one request, and answers once. echo's own Recover is not needed any more: before Install it does no
// harm; after Install it makes half-sent responses end as whole ones. Middleware may replace the context, the response or
// the writer. Middleware of e.Pre runs outside: its errors are answered, its panics only if the first one there is
//
//	e.Pre(faultecho.Recover(r))
//
// # Adopting step by step
//
// Install changes the answers to failures and nothing else. Call it right after echo.New, with all middleware inside.
// With [fault.WithForeignMessages], handlers that return echo.NewHTTPError(409, "it is lent") still tell clients so. Convert
// the handlers one by one. As soon as they return errors of ours, move the call behind the middleware that reads statuses.
// Drop the option in the end.
//
// # Versions of echo
//
// The lowest is v4.11.0. Before v4.16.0, JSONP accepts any name of a callback and reports no error.
//
// # What echo keeps for itself
//
//   - A group with middleware answers 404 where another method would match, not 405: echo registers a
//     catch-all route for it. For the same reason a RouteNotFound of the root does not reach groups.
//   - A HEAD request does not reach the route of GET: 405.
//   - middleware.Timeout answers a timeout itself, in HTML. ContextTimeout returns an error, which is answered with a
//     localized 503.
//   - Errors of net/http's parser (a malformed request, a missing Host, headers that are too large) are
//     answered before any handler runs. Panics in other goroutines end the process.
package faultecho
