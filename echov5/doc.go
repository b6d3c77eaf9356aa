// Package faultecho answers the errors and panics of echo v5 (github.com/labstack/echo/v5) with a
// [fault.Responder].
//
//	import (
//		fault "github.com/polyfault/polyfault/core"
//		faultecho "github.com/polyfault/polyfault/echov5"
//	)
//
//	e := echo.New()
//	faultecho.Install(e, nil)
//	e.GET("/orders/:id", getOrder) // returns its error
//
// Install sets e.HTTPErrorHandler, in place of echo's default one or its ProblemDetailsHTTPErrorHandler, and uses a
// recovering middleware. Handlers stay as they are: "return err", c.Bind, panic, and the router's 404 and 405 all end in
// the same answer. A nil responder means the responder of an enclosing exchange of ours, or [fault.Default]. Recover(nil)
// without one leaves the answer to the application's error handler. For echo v4, package echo of this repository has the
// same names.
//
// # What becomes of echo's errors
//
// An *echo.HTTPError, an *echo.ProblemError, an error with a ProblemError method, and echo's predefined errors keep their
// status, also when they are wrapped. Of several in one error the outermost counts; BodyLimit's comes before all others.
// An error of ours anywhere inside decides by itself.
//
// The Message of an HTTPError, and the Detail (or else the Title) of a ProblemError, go to the log only, unless the
// responder has [fault.WithForeignMessages]. Type and instance of a ProblemError are not sent: derive a kind, which has a
// type of its own. A body that an error makes with MarshalJSON is not sent either: see ErrorBody in package fault.
//
// An error of c.Bind is 400 with the texts of the catalogue. An *echo.BindingError, which value binders make, is
// [fault.BadParamValue] with a field error for the parameter, in the path or the query where the request has it; joined
// ones get a field error each. The values are never sent, and mappers are not asked. echo.ErrNonExistentKey is 500,
// because ContextGet returns it for a mistake of the program. The generic binders return it for a missing parameter, too:
// return fault.Binding(err) there.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. A later error is logged with committed=true. A panic is logged and the connection is
// aborted by [http.ErrAbortHandler], so that the client sees a broken transfer and not half a body that looks whole.
// http.ErrAbortHandler itself, panicked or returned, aborts without a log line. Informational responses (103 Early
// Hints) do not count as a beginning. A hijacked connection does.
//
// # The response
//
// echo reuses its response for other requests. Inside of Recover, c.Response() is an *echo.Response of this request alone,
// which writes to echo's: a goroutine that keeps it reaches no other client. After the handler has returned, c.Response()
// is echo's again, with the status and size that were sent. Functions that Before and After have added inside stay with
// the inner response.
//
// # Order
//
// Middleware used before Install stands outside of it, middleware used later stands inside. docs/middleware.md of this
// repository is a table, held by tests, of where each kind of middleware belongs and what happens in the wrong place. In
// short:
//
//   - Outside: middleware that reads statuses, such as RequestLogger, metrics and tracing. Recover has answered errors and
//     panics before they see them: the status of the response is the one that the client gets, and so is the status that
//     echo.StatusCode reads off the error. Inside, they see no panic.
//   - Outside, better than inside: RequestID and CORS, so that refusals of other middleware have their headers, too. An id
//     that the response already has is the trace id.
//   - Inside: Decompress, whose refusal is a bare error; Static with HTML5, since outside it cannot turn a 404 into its
//     page any more.
//   - In any order: Gzip, ContextTimeout, RateLimiter, KeyAuth, BasicAuth, BodyLimit, BodyDump, Secure, CSRF, Proxy, Static.
//
// Request loggers and tracing call the error handler themselves, wherever they stand. It may run several times for one
// request, and answers once. echo's own Recover is not needed any more: before Install it does no harm; after Install it
// makes half-sent responses end as whole ones. [http.TimeoutHandler] by echo.WrapMiddleware goes before Install, or it
// sends its empty 200 first (ContextTimeout is better). Middleware may replace the context, the response or the writer.
// Middleware of e.Pre runs outside: its errors are answered, its panics only if the first one there is
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
// The lowest is v5.0.1: v5.0.0 sends the status of JSON that cannot be encoded before it fails. Before v5.4.0, JSONP
// accepts any name of a callback and reports no error.
//
// # What echo keeps for itself
//
//   - From v5.3.0 on, a group with middleware answers 404 where another method would match, not 405: echo registers a
//     catch-all route for it, unless echo.Config has NoGroupAutoRegister404Routes. For the same reason a RouteNotFound of
//     the root does not reach groups.
//   - A HEAD request does not reach the route of GET: 405, unless the router has AutoHandleHEAD.
//   - ContextTimeout returns an error, which is answered with a localized 503.
//   - Errors of net/http's parser (a malformed request, a missing Host, headers that are too large) are
//     answered before any handler runs. Panics in other goroutines end the process.
package faultecho
