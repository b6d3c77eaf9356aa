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
//	app.Get("/orders/:id", getOrder) // func(*fiber.Ctx) error
//
// ErrorHandler(nil) answers with [fault.Default], Recover(nil) with the app's error handler. Handlers stay as they are.
// Answered are the errors that they return, their panics, a path without a route, a wrong method (with fiber's Allow), a
// body over BodyLimit, and a request that is not HTTP.
//
// # What becomes of fiber's errors
//
// A *fiber.Error keeps its status. Its message goes to the log only, unless the responder has
// [fault.WithForeignMessages]. fiber has no status for errors of BodyParser, QueryParser, ParamsParser, ReqHeaderParser,
// CookieParser, ParamsInt, MultipartForm and FormFile: they are the client's mistake, 400. There are two limits:
//   - Errors of another Config.JSONDecoder have unknown types: return fault.Binding(c.BodyParser(&v)) there.
//   - An error of ParamsInt is recognised while its route is the last one that ran, so not after c.Next().
//
// # What happens to the response
//
// fiber sends nothing before the handler has returned, so an error replaces everything that was buffered: a body stream,
// its headers and a Content-Encoding, too. It comes after every compressor. fiber's compress leaves errors alone; if the
// logger inside it has had the error answered, it compresses the answer like any other.
//
// Two responses count as begun, and an error is only logged: one whose connection the handler has marked for hijacking,
// as websocket upgrades do, and one that was given to TimeoutError. [http.ErrAbortHandler], panicked or returned, closes
// the connection without an answer and without a log line.
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
//   - Outside: middleware that reads statuses (loggers, Prometheus, OpenTelemetry, Sentry, a limiter with
//     SkipFailedRequests). Recover answers errors and panics, and returns a *fiber.Error with the status that the client
//     gets and the code of the error. Such middleware reads that. Inside, it reports errors that are not fiber's as 200 or
//     500 and sees no panic.
//   - Outside, better than inside: requestid, cors. An id that the response already has is the trace id.
//   - Inside: basicauth, keyauth, limiter and idempotency, if they refuse with errors of ours. Middleware outside could
//     not read their status.
//   - In any order: compress, etag, csrf, helmet, cors, cache, filesystem, proxy, timeout.NewWithContext.
//   - Nowhere: timeout.New. It drops the handler's error and sends an empty 200. Use NewWithContext.
//
// fiber's cache and idempotency store answers that come without an error, and fiber's logger and otelfiber return no
// error. Outside of these two they would store our answer and send it to others, in the first client's language. Put them
// behind the logger or behind Recover. A cache that has to stay in front needs a Next that returns true for statuses from
// 400 on.
//
// If a handler copies the response of an upstream (proxy.Do) and then fails, the upstream's headers stay, because nothing
// tells them from those of middleware. Our answer removes the headers that belong to a body, but no Set-Cookie. Call
// c.Response().Reset() before you return the error, or copy only what you need.
//
// Remove fiber's own recover: inside of ours it makes a panic look like an ordinary error. Headers that CORS, request id
// and security middleware have set stay.
//
// A mounted app with a Config.ErrorHandler answers with its own one below its prefix: give it the same one, or none.
// The catch-all app.Use(func(c *fiber.Ctx) error { … 404 }) of fiber's guide turns 405 into 404; it is not needed.
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
// the log keeps them, use utils.CopyString or Config.Immutable.
//
// fasthttp does not tell when a client has left: context.Canceled is 503. A deadline is the request's own if
// c.UserContext has it.
//
// # Versions of fiber and fasthttp
//
// The lowest is v2.50.0. Before v2.52.6, fiber panics for a key with an open bracket in a form or a query: the answer is
// 500, not 400.
//
// Other requirements may raise fasthttp. From v1.66 to v1.75 it loses [http.ErrAbortHandler]: fiber's adaptor for handlers
// of net/http ends half a body as a whole one, and v1.66 ends or blocks the process. This package cannot repair that. So
// ErrorHandler and Recover panic at the start of a program with such a version, and name it. Versions up to v1.65 and from
// v1.76 on are right:
//
//	go get github.com/valyala/fasthttp@v1.76.0
//
// With these, a panic of such a handler is only the text "net/http handler panicked". Put faulthttp.Middleware around the
// handler to have the value and the stack in the log.
//
// # What fiber keeps for itself
//
// fiber answers a method outside Config.RequestMethods in plain text. So do keyauth, basicauth and limiter, unless their
// ErrorHandler, Unauthorized and LimitReached return an error. middleware/timeout makes 408 of a deadline. Errors before
// any handler (too large, too slow, malformed) are answered here, but no middleware has run: there is no request id and no
// CORS. Panics in other goroutines, such as stream writers, end the process.
package faultfiber
