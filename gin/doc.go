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
// A nil responder means the responder of the enclosing Middleware, or [fault.Default] if there is none.
//
// # What is answered
//
// [Install] sets up [Middleware], which answers
//   - errors that handlers return to [Handler] or give to [Abort];
//   - errors in c.Errors, left there by c.Error, c.AbortWithError, the Bind methods, or a c.JSON whose value cannot
//     be encoded;
//   - c.AbortWithStatus, or c.Abort after c.Status, with a status from 400 on and no body;
//   - panics; the value and its stack go into the log;
//
// and the two responses that gin leaves empty: 404 for a path without a route, and 405, with gin's own Allow, where the
// application has set e.HandleMethodNotAllowed.
//
// A body that a handler has written stays as it is, whatever its status. The bare status of a handler that neither
// aborts nor reports an error stays, too, and so does a status below 400 that a handler has set: an error in c.Errors
// beside it is only logged, with the status that the client got.
//
// Afterwards c.Errors holds the error or panic that was answered, once. Loggers and tracing outside find it there.
//
// # What Install leaves alone
//
// Routes, NoRoute, NoMethod, HandleMethodNotAllowed and the other switches stay the application's. So do the statuses of
// successes and the names in the application's own validation bodies.
//
// Install changes one thing in the process: it wraps binding.Validator. The wrapper passes results on unchanged and
// remembers, while an error lives, the type that was validated. With this type our answers name fields by their tags
// (json, form and so on; see [fault.FieldName]). [Middleware] alone does not touch the validator.
//
// Three kinds of errors need help from the handler:
//   - gin's validator does not tell which item of a list fails. The answer names the body as a whole.
//   - gin does not tell what it decoded into when a nested member has the wrong type. The answer names the body as a
//     whole, unless the handler returns fault.BindingTo(&booking, err).
//   - An error of binding a query or a path names no part of the request. Return it with its part:
//     fault.Binding(c.ShouldBindQuery(&q), fault.InQuery).
//
// # Goroutines
//
// gin reuses contexts and writers for other requests, so a goroutine needs c.Copy(). [Abort] with the copy writes to the
// writer of the copy only, and logs the failure. Later writes through the copy are dropped.
//
// # Which error counts
//
// A request may have several errors. Middleware answers the one that says most, in this order: an error of ours; one
// that a mapper knows; a body that is too large; an error that brings a status; an error whose cause is known. Of equals
// the last one counts, and a returned error comes after those in c.Errors. The log line has all of them.
//
// A status from 400 on that a handler has set is kept, unless the error is ours or a mapper knows it.
// gin.ErrorTypePublic, ErrorTypePrivate and Meta change nothing in what clients see, unless [fault.WithForeignMessages]
// is on: it shows the texts of public errors.
//
// The Bind methods mark their errors, so that an empty body or a word in place of a number is the client's mistake.
// ShouldBind does not mark them: return fault.Binding(err) after it, or io.EOF is a 500.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. A later error is logged with committed=true. A panic is logged and the transfer is
// broken off, inside [gin.Default], too, so that the client does not take half a body for a whole one.
// [http.ErrAbortHandler] breaks the transfer off without a log line. Informational responses (103 Early Hints) do not
// count as a beginning. A hijacked connection does.
//
// # Order
//
// Middleware used before Install stands outside of it, middleware used later stands inside. docs/middleware.md of this
// repository is a table, held by tests, of where each kind of middleware belongs and what happens in the wrong place. In
// short:
//
//   - Outside: access logs, tracing (otelgin), gin.Recovery. c.Writer.Status() is what the client gets, and c.Errors holds
//     the answered error. Inside, they read 200 for an error that is only in c.Errors, and see no panic. gin.Recovery
//     outside has nothing left to do; inside, it hides the panic from us and lets half a body end like a whole one.
//     Sentry outside reports no panic, since all are answered (report with [fault.WithObserver]); inside it needs
//     Repanic, or it swallows them.
//   - Outside, better than inside: request ids, CORS and compressors. An id that the response already has is the trace id.
//     CORS outside refuses an unknown origin with a bare 403, without log line and body; inside, the 403 gets both.
//   - Inside: authentication, limits and other middleware that reports errors or aborts with a status. Outside, Install
//     does not see their errors.
//   - In any order: gzip, cors, requestid, timeouts that run the handlers in a goroutine and buffer what they write.
//     http.TimeoutHandler and other middleware of net/http goes around the engine.
//
// Middleware may be installed more than once: the innermost one answers.
//
// The answer goes to the writer that Middleware found at entry, past the writers of middleware inside it. Abort and
// Handler find their Middleware through writers that embed [gin.ResponseWriter] or have an Unwrap method, and through no
// others. A writer outside that keeps the first status, has a header of its own, or deletes Vary from failures does not
// change the answer.
//
// # Adopting step by step
//
// Install changes the answers to failures that have no body, and nothing else. With [fault.WithForeignMessages], handlers
// that say
//
//	c.AbortWithError(409, errors.New("it is lent")).SetType(gin.ErrorTypePublic)
//
// still tell clients so. Convert them one by one, and drop the option in the end.
//
// # Versions of gin
//
// The lowest is v1.10.0; before it, a 405 has no Allow. Before v1.12, gin.Recovery treats [http.ErrAbortHandler] like any
// other panic: inside of Install it turns it into a 500, and lets half a body end like a whole one. v1.10.0 itself panics
// at every request when HandleMethodNotAllowed is on and the engine has no route.
//
// # What gin keeps for itself
//
// gin answers redirects for trailing slashes. net/http answers errors of its parser (a malformed request, headers that
// are too large). HEAD is not routed to GET handlers: it is 405, or 404 without a route. Panics in other goroutines end
// the process. c.Error keeps the inner *gin.Error of an error that wraps one, and drops the wrapping.
package faultgin
