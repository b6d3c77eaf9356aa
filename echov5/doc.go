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
// the same answer. A nil responder means that of an exchange of ours around, or [fault.Default] without one;
// Recover(nil) leaves the answer to the application's error handler. For echo v4 there is package echo of this
// repository, with the same names.
//
// # What becomes of echo's errors
//
// An *echo.HTTPError, an *echo.ProblemError, what its own ProblemError method makes one of, and echo's predefined
// errors keep their status, through wrapping as well; where several are in one error, the outermost does, but that
// of BodyLimit before all others. An error of ours in there speaks for itself. Message, and Detail or else Title,
// go to the log only, unless the responder has [fault.WithForeignMessages]; type and instance of a ProblemError
// are not shown: a kind of your own has a type, and responders have fields, languages and a trace id to tell.
// Bodies that an error makes by its MarshalJSON are not sent either: see ErrorBody in package fault.
//
// What c.Bind fails at is 400 in the words of the catalogue. An *echo.BindingError, which value binders make, is
// [fault.BadParamValue] with a field error for the parameter, in the path or the query as the request has
// it, and for every one where several are joined; the values are shown nowhere, and mappers are not asked
// about it. echo.ErrNonExistentKey is 500: not only the generic binders give it for a parameter that is missing, but
// also ContextGet, for a mistake of the program. Return fault.Binding(err) where it means the request.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. An error that is returned then is logged, with committed=true. A
// panic is logged and the connection aborted by [http.ErrAbortHandler], so that the client sees a
// broken transfer and no clean half body. http.ErrAbortHandler itself, panicked or returned, aborts
// without a log line. Informational responses (103 Early Hints) do not count as a beginning, a
// hijacked connection does.
//
// # The response
//
// echo uses its response again for other requests. Inside of Recover, c.Response() is another *echo.Response, made for
// the request and leading to echo's: one that a goroutine keeps reaches no other client. When the handler has returned,
// c.Response() is the one that it was before Recover, with status and size as they were sent; functions of Before
// and After that were added inside go with the inner one.
//
// # Order
//
// What is used before Install stands outside of it, what is used later inside. The place of each kind of middleware, and what
// happens in the wrong one, is a table that the tests follow: docs/middleware.md of this repository. In short:
//
//   - Outside: what reads statuses, as RequestLogger, metrics and tracing do. Recover has answered when they see the error, a panic
//     among them: the status of the response, and the one that echo.StatusCode reads off the error, is that which the client
//     gets. Inside, they hear of no panic.
//   - Outside, better than inside: RequestID, CORS, so that their headers are on what other middleware refuses, too. An id that
//     the response has already is the trace id.
//   - Inside: Decompress, whose refusal is a bare error; Static with HTML5, as nobody outside can turn a 404 into a page any
//     more.
//   - In any order: Gzip, ContextTimeout, RateLimiter, KeyAuth, BasicAuth, BodyLimit, BodyDump, Secure, CSRF, Proxy, Static.
//
// The error handler may run several times for one request, and answers once: request loggers and tracing call it
// themselves, in any place. echo's own Recover is of no use any more: before Install it does no harm, after it, it ends
// half-sent responses cleanly. [http.TimeoutHandler] by echo.WrapMiddleware goes before Install, or it
// sends its empty 200 first; better is ContextTimeout. Middleware that puts another context, response or writer in place
// changes nothing. What e.Pre installs runs outside: its errors are answered, its panics only with
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
// The lowest is v5.0.1: v5.0.0 sends the status of JSON that cannot be encoded before it fails. Before v5.4.0, JSONP sends any name
// for the callback, so that there is no error to answer.
//
// # What echo keeps for itself
//
//   - From v5.3.0 on, a group with middleware answers 404 where another method would match, not 405: echo registers a
//     catch-all route for it, unless echo.Config has NoGroupAutoRegister404Routes. For the same reason a RouteNotFound of
//     the root does not reach groups.
//   - A HEAD request does not reach the route of GET: 405, unless the router has AutoHandleHEAD.
//   - ContextTimeout returns an error, and the answer is a localized 503.
//   - Errors of net/http's parser (a malformed request, a missing Host, headers that are too large) are
//     answered before any handler runs. Panics in other goroutines end the process.
package faultecho
