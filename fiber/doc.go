// Package faultfiber answers the errors and panics of fiber (github.com/gofiber/fiber/v2) with a
// [fault.Responder].
//
//	import (
//		fault "github.com/polyfault/polyfault/core"
//		faultfiber "github.com/polyfault/polyfault/fiber"
//	)
//
//	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(nil)})
//	app.Use(faultfiber.Recover(nil))
//	app.Get("/orders/:id", getOrder) // as ever: func(*fiber.Ctx) error
//
// ErrorHandler(nil) answers with [fault.Default], Recover(nil) by the app's error handler. Handlers stay as
// they are: what they return and what they panic is answered, and so are a path without a route, a method
// without one (with fiber's Allow), a body over BodyLimit and a request that is no HTTP.
//
// # What is known of fiber's errors
//
// A *fiber.Error keeps its status; its message is for the log, unless the responder was made with
// [fault.WithForeignMessages]. Errors of BodyParser, QueryParser, ParamsParser, ReqHeaderParser,
// CookieParser, ParamsInt, MultipartForm and FormFile, for which fiber has no status, are the
// client's: 400. Two limits:
//   - The error of another Config.JSONDecoder is nobody's known type:
//     return fault.Binding(c.BodyParser(&v)) then.
//   - ParamsInt is recognised while its route is the last one that ran, so not after c.Next().
//
// # What happens to the response
//
// fiber sends nothing before the handler has returned, so an error replaces all that was buffered: a
// body stream, its headers and a Content-Encoding too. It comes after every compressor: fiber's
// compress leaves errors alone, unless the logger inside it has them answered first, and then
// compresses the answer like any other. A connection that the handler has marked for
// hijacking, as websocket upgrades do, and a response given to TimeoutError count as begun: the
// error is only logged. [http.ErrAbortHandler], panicked or returned, closes the connection without
// an answer and without a log line.
//
// What writes over our answer, or more after it, and hands the error on is overwritten by it; what writes and returns nil has
// the last word.
//
// # Order
//
// Recover goes before the routes and before everything that could panic: a Use after a route does not run for
// that route, and what panics outside of Recover ends the process. What is used before it stands outside of it:
//
//	app.Use(requestid.New(), logger.New(), faultfiber.Recover(nil))
//
// The place of each kind of middleware, and what happens in the wrong one, is a table that the tests follow:
// docs/middleware.md of this repository. In short:
//
//   - Outside: what reads statuses (loggers, Prometheus, OpenTelemetry, Sentry). Recover answers, panics as well, and returns a
//     *fiber.Error with the status that the client gets and the code of the error, which is what such middleware reads. Inside,
//     it takes errors that are not fiber's for 200 or 500, and hears of no panic.
//   - Outside: a limiter with SkipFailedRequests, which reads statuses as well.
//   - Outside, better than inside: requestid, cors. An id that the response has already is the trace id.
//   - Inside: basicauth, keyauth, limiter and idempotency, when they refuse with errors of ours: nobody outside could read their
//     status.
//   - In any order: compress, etag, csrf, helmet, cors, cache, filesystem, proxy, timeout.NewWithContext.
//   - Not: timeout.New, which takes the handler's error and returns none, an empty 200. NewWithContext is right.
//
// fiber's cache and idempotency keep answers that come without an error. fiber's logger and otelfiber take errors and return none:
// in front of them they would keep our answer and give it to others, in its language. Put them behind the logger, or
// behind Recover; a cache that has to stay in front gets a Next that is true for statuses from 400 on.
//
// A handler that has copied the response of an upstream (proxy.Do) and then fails leaves the upstream's headers in
// place, as nobody can tell them from those of middleware: our answer takes away what goes with a body, but no
// Set-Cookie. Call c.Response().Reset() before you return the error, or copy what you need only.
//
// fiber's own recover inside of ours makes a panic look like an ordinary error; remove it. What
// CORS, request id and security middleware have set stays.
//
// An app with a Config.ErrorHandler that is mounted in another answers for its prefix by its own:
// give it the same one, or none. Beware of the catch-all app.Use(func(c *fiber.Ctx) error { … 404 })
// of fiber's guide: it turns 405 into 404, and there is no need for it.
//
// # Adopting step by step
//
// ErrorHandler and Recover change the answers to failures and nothing else. With [fault.WithForeignMessages] handlers that return
// fiber.NewError(409, "it is lent") go on telling clients so; convert them one by one, and leave the option out in the end.
//
// # What is fiber's way
//
// Strings from the context (c.Params, c.Query, c.Get …) change after the handler has returned. What
// the responder, its log line and its observers are given by this package are copies; errors and
// arguments that you make of such strings need utils.CopyString if an observer or the log keeps
// them, or Config.Immutable.
//
// There is no sign of a client that left: context.Canceled is 503. A deadline is the request's own
// when c.UserContext has it.
//
// # Versions of fiber and fasthttp
//
// The lowest is v2.50.0. Before v2.52.6, fiber panics for a key with an open bracket in a form or a query: a
// 500 instead of a 400.
//
// fasthttp, which other requirements may raise, loses [http.ErrAbortHandler] from v1.66 to v1.75: fiber's adaptor for
// handlers of net/http ends a half body as a whole one then, and v1.66 ends the process, or hangs. There is no way to
// make that right from here, so ErrorHandler and Recover panic at the start of a program beside such a version, and
// name it. v1.65 and older are right, and v1.76 and newer:
//
//	go get github.com/valyala/fasthttp@v1.76.0
//
// They tell a panic of such a handler by the text "net/http handler panicked" only; put faulthttp.Middleware around it
// to have its value and stack in the log.
//
// # What fiber keeps for itself
//
// A method outside Config.RequestMethods is answered in plain text, and so are the refusals of
// keyauth, basicauth and limiter, unless their ErrorHandler, Unauthorized and LimitReached return an
// error. middleware/timeout makes 408 of a deadline. Errors before any handler (too large, too slow,
// malformed) are answered here, but no middleware has run: no request id, no CORS. Panics in other
// goroutines, stream writers among them, end the process.
package faultfiber
