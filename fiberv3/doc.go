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
//	app.Get("/orders/:id", getOrder) // func(fiber.Ctx) error, or a handler of net/http
//
// ErrorHandler(nil) answers with [fault.Default], Recover(nil) with the app's error handler. Handlers stay as they are.
// Answered are the errors that they return, their panics, a path without a route, a wrong method (with fiber's Allow), a
// body over BodyLimit, and a request that is not HTTP.
//
// # What becomes of fiber's errors
//
// A *fiber.Error keeps its status. Its message goes to the log only, unless the responder has
// [fault.WithForeignMessages]. fiber has no status for errors of Bind, MultipartForm, FormFile and Range: they are the
// client's mistake, 400. So is an invalid key of fiber's idempotency. A body in CBOR or MessagePack, for which Bind panics
// while the app has no decoder, is 422, like any other media type that fiber cannot read. There are two limits:
//   - Errors of another Config.JSONDecoder, CBORDecoder or MsgPackDecoder, and of a CustomBinder, have unknown types:
//     return fault.Binding(c.Bind().Body(&v)) there.
//   - Bind().WithAutoHandling() turns the error into a *fiber.Error of 400, which has lost the place of the mistake.
//
// # What happens to the response
//
// fiber sends nothing before the handler has returned, so an error replaces everything that was buffered: a body stream,
// its headers and a Content-Encoding, too. It comes after every compressor. fiber's compress leaves errors alone; if the
// logger inside it has had the error answered, it compresses the answer like any other.
//
// Two responses count as begun, and an error is only logged: one whose connection the handler has marked for hijacking,
// as websocket upgrades do, and one that was given to fasthttp's TimeoutError. [http.ErrAbortHandler], panicked or
// returned, closes the connection without an answer and without a log line.
//
// Middleware may write over our answer. If it passes the error on, our answer replaces what it wrote; if it returns
// nil, its own answer is sent.
//
// # Order
//
// Recover goes before the routes and before everything that could panic: a Use after a route does not run for that route,
// and a panic outside of Recover ends the process. Middleware used before it stands outside of it:
//
//	app.Use(requestid.New(), logger.New(), faultfiber.Recover(nil))
//
// docs/middleware.md of this repository is a table, held by tests, of where each kind of middleware belongs and what
// happens in the wrong place. In short:
//
//   - Outside: middleware that reads statuses (loggers, metrics, tracing, a limiter with SkipFailedRequests). Recover
//     answers errors and panics, and returns a *fiber.Error with the status that the client gets and the code of the
//     error. Such middleware reads that. Inside, it reports errors that are not fiber's as 200 or 500 and sees no panic.
//   - Outside: timeout. If Recover stands outside of it, a panic is fiber's 500.
//   - Outside, better than inside: requestid, cors. An id that the response already has is the trace id.
//   - Inside: basicauth, keyauth, limiter and idempotency, if they refuse with errors of ours. Middleware outside could
//     not read their status.
//   - In any order: compress, etag, csrf, helmet, cors, cache, static, proxy.
//
// fiber's idempotency stores answers that come without an error, and fiber's logger returns no error. Outside of the
// logger, idempotency would store our answer and send it to others, in the first client's language. Put it behind the
// logger or behind Recover. The cache respects the no-store of our answers, wherever it stands.
//
// If a handler copies the response of an upstream (proxy.Do) and then fails, the upstream's headers stay, because nothing
// tells them from those of middleware. Our answer removes the headers that belong to a body, but no Set-Cookie. Call
// c.Response().Reset() before you return the error, or copy only what you need.
//
// Remove fiber's own recover: inside of ours it makes a panic look like an ordinary error. Headers that CORS, request id
// and security middleware have set stay.
//
// A mounted app (app.Use("/prefix", other)) with a Config.ErrorHandler answers with its own one below its prefix: give it
// the same one, or none. The catch-all app.Use(func(c fiber.Ctx) error { … 404 }) of fiber's guide turns 405 into 404; it
// is not needed.
//
// # What the server refuses
//
// A request may be too large, too slow or malformed. fiber then runs the middleware of Use, for CORS headers and request
// ids, but no route, and afterwards calls the error handler with the reason: 413, 431, 408 or 400. ErrorHandler answers
// that reason only, and not the errors that middleware returns before it, such as the router's 404 and 405. A logger prints
// what it prints without us, mostly 404, because the status is not known at that time.
//
// # Timeouts
//
// fiber's timeout abandons a handler that does not end, and sends a text. Our answer takes its place: 408, or that of the
// error that OnTimeout returns. It is in all languages, because the headers of a request that is still in use are not read.
// Whatever the abandoned handler does later reaches nobody. fiber discards its errors. fiber logs its panics, or Recover
// does if it stands inside. fiber also logs a panic that comes in time, and gives us an error without its text;
// http.ErrAbortHandler is treated in the same way.
//
// # Adopting step by step
//
// ErrorHandler and Recover change the answers to failures and nothing else. With [fault.WithForeignMessages], handlers
// that return fiber.NewError(409, "it is lent") still tell clients so. Convert them one by one, and drop the option in the
// end.
//
// # Strings, contexts, clients that leave
//
// Strings from the context (c.Params, c.Query, c.Get …) change after the handler has returned. This package gives copies
// to the responder, its log line and its observers. If you make errors and arguments of such strings, and an observer or
// the log keeps them, use strings.Clone or Config.Immutable.
//
// fasthttp does not tell when a client has left: context.Canceled is 503. A deadline is the request's own if c.Context()
// has it.
//
// # Versions of fiber and fasthttp
//
// The lowest is v3.0.0, with fasthttp v1.76.0, which the module requires. From v1.66 to v1.75 fasthttp loses
// [http.ErrAbortHandler], and half a body of a net/http handler would end as a whole one. If a replace line forces such
// a version, ErrorHandler and Recover panic at the start of the program, and name it.
//
// For fasthttp, a panic of a net/http handler is only the text "net/http handler panicked". Put faulthttp.Middleware
// around the handler to have the value and the stack in the log.
//
// # What fiber keeps for itself
//
// fiber answers a method outside Config.RequestMethods with 501 in plain text. keyauth, basicauth and limiter answer with
// their own status in plain text, unless their ErrorHandler, Unauthorized and LimitReached return an error. (keyauth adds
// its challenge if the ErrorHandler has called c.Status(401).) Panics in other goroutines, such as stream writers, end the
// process. With adaptor.FiberApp there is no connection to close: http.ErrAbortHandler is an empty 500.
package faultfiber
