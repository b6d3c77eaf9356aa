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
// Install sets e.HTTPErrorHandler and uses a recovering middleware. Handlers stay as they are:
// "return err", c.Error, c.Bind, panic, and the router's 404 and 405 all end in the same answer. A nil
// responder means that of an exchange of ours around, or [fault.Default] without one; Recover(nil) leaves the answer
// to the application's error handler.
//
// # What becomes of echo's errors
//
// An *echo.HTTPError keeps its status, through wrapping as well; one in its Internal field wins, and
// an error of ours in there speaks for itself. Its message goes to the log only, unless the responder
// has [fault.WithForeignMessages]: then one that is a string is shown, if it was written for that (not
// the name of the status, and not the text of the internal error, as c.Bind puts it there). What c.Bind
// fails at is 400 in the words of the catalogue. An *echo.BindingError, which value binders make, is
// [fault.BadParamValue] with a field error for the parameter, in the path or the query as the request has
// it, and for every one where several are joined; the values are shown nowhere, and mappers are not asked
// about it. echo's own errors are shared: give them a cause by WithInternal, SetInternal changes them for
// everybody.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. An error that is returned then is logged, with committed=true. A
// panic is logged and the connection aborted by [http.ErrAbortHandler], so that the client sees a
// broken transfer and no clean half body. http.ErrAbortHandler itself, panicked or returned, aborts
// without a log line. Informational responses (103 Early Hints) do not count as a beginning, a
// hijacked connection does.
//
// # Order
//
// What is used before Install stands outside of it, what is used later inside. The place of each kind of middleware, and what
// happens in the wrong one, is a table that the tests follow: docs/middleware.md of this repository. In short:
//
//   - Outside: what reads statuses, as RequestLogger, Prometheus, OpenTelemetry and Sentry do. Recover has answered when they see
//     the error, a panic among them: c.Response().Status is the status that the client gets, and the error holds an
//     *echo.HTTPError with it. Inside, they take errors that are not echo's for 200 or 500, and hear of no panic; Sentry's
//     swallows it, without Repanic.
//   - Outside, better than inside: RequestID, CORS, so that their headers are on what other middleware refuses, too. An id that
//     the response has already is the trace id.
//   - Inside: Decompress, whose refusal is a bare error; Static with HTML5, as nobody outside can turn a 404 into a page any
//     more; Timeout, but better is ContextTimeout.
//   - In any order: Gzip, ContextTimeout, RateLimiter, KeyAuth, BasicAuth, JWT, BodyLimit, BodyDump, Secure, CSRF, Proxy, Static.
//
// The error handler may run several times for one request, and answers once: request loggers, tracing, BodyDump and
// RateLimiter call it themselves, in any place. echo's own Recover is of no use any more: before Install it does no harm,
// after it, it ends half-sent responses cleanly. Middleware that puts another context, response or writer in place changes
// nothing. What e.Pre installs runs outside: its errors are answered, its panics only with
//
//	e.Pre(faultecho.Recover(r))
//
// as the first there.
//
// # Adopting step by step
//
// Install changes the answers to failures and nothing else. Right after echo.New, with all middleware inside, it is one line that
// nothing else needs to know of. With [fault.WithForeignMessages] handlers that return echo.NewHTTPError(409, "it is lent") go on
// telling clients so. When handlers return errors of ours, move the line behind the middleware that reads statuses; convert
// them one by one, and leave the option out in the end.
//
// # Versions of echo
//
// The lowest is v4.11.0. Before v4.16.0, JSONP sends any name for the callback, so that there is no error to
// answer.
//
// # What echo keeps for itself
//
//   - A group with middleware answers 404 where another method would match, not 405: echo registers a
//     catch-all route for it. For the same reason a RouteNotFound of the root does not reach groups.
//   - A HEAD request does not reach the route of GET: 405.
//   - middleware.Timeout answers a timeout by itself, in HTML. ContextTimeout returns an error, and the answer is a
//     localized 503.
//   - Errors of net/http's parser (a malformed request, a missing Host, headers that are too large) are
//     answered before any handler runs. Panics in other goroutines end the process.
package faultecho
