// Package faultgin answers the errors and panics of gin handlers (gin v1) with a [fault.Responder].
//
//	import (
//		"github.com/gin-gonic/gin"
//
//		fault "github.com/polyfault/polyfault/core"
//		faultgin "github.com/polyfault/polyfault/gin"
//	)
//
//	e := gin.New()
//	e.HandleMethodNotAllowed = true                     // without it gin calls a wrong method 404
//	faultgin.Install(e, nil)                            // before the routes
//	e.GET("/orders/:id", faultgin.Handler(getOrder))    // func(*gin.Context) error
//	e.POST("/orders", createOrder)                      // c.Error, c.Bind and the like, as ever
//
// A nil responder means that of the Middleware around, or [fault.Default] without one.
//
// # What is answered
//
// [Install] sets up [Middleware], which answers
//   - what handlers return to [Handler] or give to [Abort];
//   - what they leave in c.Errors: by c.Error, c.AbortWithError, the Bind methods, or a c.JSON whose
//     value cannot be encoded;
//   - c.AbortWithStatus, or c.Abort after c.Status, with a status from 400 on and no body;
//   - panics, with what was panicked and its stack in the log;
//
// and what gin leaves empty: 404 for a path without a route, and 405, with gin's own Allow, where the application
// has set e.HandleMethodNotAllowed.
//
// A body that a handler has written itself stays as it is, whatever its status; so does the mere
// status of a handler that neither aborts nor reports an error. A status below 400 that a handler has set stays,
// too: an error in c.Errors beside it is a note, and is logged with the status that the client got.
//
// What was answered, and what was panicked, stands in c.Errors afterwards, once: loggers and tracing outside find it
// there.
//
// # What Install leaves alone
//
// Routes, NoRoute, NoMethod, HandleMethodNotAllowed and the other switches stay the application's; so do the
// statuses of successes, and the names in validation bodies of its own. Install touches one thing of the process: it
// puts itself before binding.Validator, to remember, as long as an error lives, the type of what was
// validated. Results pass on as they are. By that type our answers call fields by their tags json, form
// and so on (see [fault.FieldName]). gin's validator does not tell which item of a list fails: such errors are told of
// the body as a whole; so is a nested member of the wrong type, as gin does not tell what it decoded into (return
// fault.BindingTo(&booking, err) to tell it). [Middleware] alone does not touch it. What was bound from somewhere else than
// the body is told by returning it: fault.Binding(c.ShouldBindQuery(&q), fault.InQuery).
//
// # Goroutines
//
// gin uses contexts and writers again for other requests: a goroutine needs c.Copy(). What it gives to [Abort]
// with the copy goes to the writer of the copy, and to nobody else; the failure is logged. What is written through the copy
// afterwards is dropped.
//
// # Which error counts
//
// Of several errors in a request the one that says most is answered: an error of ours; then one that
// a mapper knows; a body that is too large; an error that brings a status; an error whose cause is
// known. Of equals it is the last, where what is returned comes after what is in c.Errors. All of
// them are in the log line. A status from 400 on that a handler has set is kept for errors that are
// none of ours and that no mapper knows. gin.ErrorTypePublic, ErrorTypePrivate and Meta change
// nothing in what clients see, unless [fault.WithForeignMessages] shows them the texts of public ones.
//
// The Bind methods leave a mark by which an empty body or a number in words is the client's mistake.
// ShouldBind leaves none: return fault.Binding(err) after it, as anywhere else io.EOF is a 500.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. An error that is reported then is logged, with committed=true. A
// panic is logged and the transfer broken off, inside [gin.Default], too, so that the client takes no
// half body for a whole one. A panic with [http.ErrAbortHandler] does the same without a log line of
// ours. Informational responses (103 Early Hints) do not count as a beginning, a hijacked connection
// does.
//
// # Order
//
// What is used before Install stands outside of it, what is used later inside. The place of each kind of middleware, and what
// happens in the wrong one, is a table that the tests follow: docs/middleware.md of this repository. In short:
//
//   - Outside: access logs, tracing (otelgin), gin.Recovery. c.Writer.Status() is what the client gets, and c.Errors holds what
//     was answered. Inside, they read 200 for what is only in c.Errors, and hear of no panic. gin.Recovery outside has nothing
//     left to do; inside, it hides from us what was panicked, and lets half a body end like a whole one. Sentry outside reports
//     no panic, as all are answered (report by [fault.WithObserver]); inside it needs Repanic, else it swallows them.
//   - Outside, better than inside: request ids, CORS and compressors. An id that the response has already is the trace id.
//     CORS outside refuses an unknown origin by itself: a bare 403 that is neither logged nor has a body; inside, it gets one.
//   - Inside: authentication, limits and other middleware that reports errors or aborts with a status: outside nothing of that
//     is seen.
//   - In any order: gzip, cors, requestid, timeouts that run the handlers in a goroutine and keep what they write.
//     http.TimeoutHandler and other middleware of net/http goes around the engine.
//
// Middleware may be installed more than once: the inner one answers.
//
// The answer goes to the writer that Middleware has found, past those of middleware inside it. A
// writer of yours that embeds [gin.ResponseWriter] or has Unwrap is seen through; below any other
// one, Abort and Handler do not find their Middleware. A writer outside that keeps the first status, has a header of its own, or
// deletes Vary from failures takes nothing from the answer.
//
// # Adopting step by step
//
// Install changes the answers to failures that have no body, and nothing else. With [fault.WithForeignMessages] handlers that say
//
//	c.AbortWithError(409, errors.New("it is lent")).SetType(gin.ErrorTypePublic)
//
// go on telling clients so; convert them one by one, and leave the option out in the end.
//
// # Versions of gin
//
// The lowest is v1.10.0 (before it, a 405 has no Allow). Before v1.12, gin.Recovery takes
// [http.ErrAbortHandler] for any other panic: inside of Install it turns it into a 500, and lets half a
// body end like a whole one. v1.10.0 itself panics for every request to an engine without any route, as
// soon as HandleMethodNotAllowed is on.
//
// # What gin keeps for itself
//
// Redirects for trailing slashes are gin's, errors of the parser (a malformed request, headers that
// are too large) net/http's. HEAD is not routed to GET handlers: it is 405, or 404 without a route.
// Panics in other goroutines end the process. c.Error keeps the inner *gin.Error of an error that
// wraps one, and drops the wrapping.
package faultgin
