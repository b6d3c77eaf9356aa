// Package faultfiber answers the errors and panics of fiber v3 (github.com/gofiber/fiber/v3) with a
// [fault.Responder].
//
//	import (
//		fault "github.com/polyfault/polyfault/core"
//		faultfiber "github.com/polyfault/polyfault/fiberv3"
//	)
//
//	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(nil)})
//	app.Use(faultfiber.Recover(nil))
//	app.Get("/orders/:id", getOrder) // as ever: func(fiber.Ctx) error, or a handler of net/http
//
// ErrorHandler(nil) answers with [fault.Default], Recover(nil) by the app's error handler. Handlers stay as
// they are: what they return and what they panic is answered, and so are a path without a route, a method
// without one (with fiber's Allow), a body over BodyLimit and a request that is no HTTP.
//
// # What is known of fiber's errors
//
// A *fiber.Error keeps its status; its message is for the log, unless the responder was made with
// [fault.WithForeignMessages]. Errors of Bind, MultipartForm, FormFile and Range, for which fiber has no status, are the
// client's: 400. So is an invalid key of fiber's idempotency. A body in CBOR or MessagePack, for which Bind panics while
// the app has no decoder, is 422, as of any other media type that fiber cannot read. Two limits:
//   - The error of another Config.JSONDecoder, CBORDecoder or MsgPackDecoder, and of a CustomBinder, is nobody's known
//     type: return fault.Binding(c.Bind().Body(&v)) then.
//   - Bind().WithAutoHandling() makes a *fiber.Error of 400 of it, which knows no more of the place of the mistake.
//
// # What happens to the response
//
// fiber sends nothing before the handler has returned, so an error replaces all that was buffered: a
// body stream, its headers and a Content-Encoding too. It comes after every compressor: fiber's
// compress leaves errors alone, unless the logger inside it has them answered first, and then
// compresses the answer like any other. A connection that the handler has marked for
// hijacking, as websocket upgrades do, and a response given to fasthttp's TimeoutError count as begun: the
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
//   - Outside: what reads statuses (loggers, metrics, tracing). Recover answers, panics as well, and returns a
//     *fiber.Error with the status that the client gets and the code of the error, which is what such middleware reads. Inside,
//     it takes errors that are not fiber's for 200 or 500, and hears of no panic.
//   - Outside: a limiter with SkipFailedRequests, which reads statuses as well.
//   - Outside: timeout; with Recover outside of it, a panic is fiber's 500.
//   - Outside, better than inside: requestid, cors. An id that the response has already is the trace id.
//   - Inside: basicauth, keyauth, limiter and idempotency, when they refuse with errors of ours: nobody outside could read their
//     status.
//   - In any order: compress, etag, csrf, helmet, cors, cache, static, proxy.
//
// fiber's idempotency keeps answers that come without an error. fiber's logger takes errors and returns none: in front of
// it idempotency would keep our answer and give it to others, in its language. Put it behind the logger, or behind
// Recover. The cache heeds the no-store of our answers, wherever it stands.
//
// A handler that has copied the response of an upstream (proxy.Do) and then fails leaves the upstream's headers in
// place, as nobody can tell them from those of middleware: our answer takes away what goes with a body, but no
// Set-Cookie. Call c.Response().Reset() before you return the error, or copy what you need only.
//
// fiber's own recover inside of ours makes a panic look like an ordinary error; remove it. What
// CORS, request id and security middleware have set stays.
//
// An app with a Config.ErrorHandler that is mounted in another (app.Use("/prefix", other)) answers for its prefix by its
// own: give it the same one, or none. Beware of the catch-all app.Use(func(c fiber.Ctx) error { … 404 })
// of fiber's guide: it turns 405 into 404, and there is no need for it.
//
// # What the server refuses
//
// A request that is too large, too slow or malformed goes through the middleware of Use before the error handler hears of
// it, but to no route: fiber wants its CORS headers and its id. What middleware returns then, the router's 404 and 405
// among it, is not answered, as the server's reason is yet to come: 413, 431, 408, 400. A logger prints what it prints
// without us, mostly 404: there is no way to know the status at that time.
//
// # Timeouts
//
// fiber's timeout gives up a handler that does not end, and sends a text. Our answer takes its place, 408 or that of the
// error that OnTimeout returns, in all languages, as the headers of a request that is still at work are not read. What the
// handler does then reaches nobody. Its errors are discarded by fiber; its panics are logged by fiber, or by Recover if
// that stands inside. A panic in time, too, is logged by fiber and an error without its text for us, and
// http.ErrAbortHandler is one of them.
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
// arguments that you make of such strings need strings.Clone if an observer or the log keeps
// them, or Config.Immutable.
//
// There is no sign of a client that left: context.Canceled is 503. A deadline is the request's own
// when c.Context() has it.
//
// # Versions of fiber and fasthttp
//
// The lowest is v3.0.0, beside fasthttp v1.76.0, which the module requires: from v1.66 to v1.75 fasthttp loses
// [http.ErrAbortHandler], and a half body of a handler of net/http would end as a whole one. Where such a version is forced
// all the same, by a replace line, ErrorHandler and Recover panic at the start of the program, and name it.
//
// fasthttp tells a panic of a handler of net/http by the text "net/http handler panicked" only; put faulthttp.Middleware
// around it to have its value and stack in the log.
//
// # What fiber keeps for itself
//
// A method outside Config.RequestMethods is 501 in plain text, and so, with their own status, are the refusals of
// keyauth, basicauth and limiter, unless their ErrorHandler, Unauthorized and LimitReached return an
// error. (keyauth adds its challenge if the ErrorHandler has called c.Status(401).) Panics in other
// goroutines, stream writers among them, end the process. With adaptor.FiberApp there is no connection to close:
// http.ErrAbortHandler is an empty 500.
package faultfiber
