// Package faulthttp answers the errors and panics of net/http handlers, and of everything else that
// speaks [http.Handler] (chi, gorilla/mux …), with a [fault.Responder].
//
//	import (
//		fault "github.com/polyfault/polyfault/core"
//		faulthttp "github.com/polyfault/polyfault/nethttp"
//	)
//
//	mux := http.NewServeMux()
//	mux.Handle("GET /orders/{id}", faulthttp.Handler(nil, getOrder)) // func(http.ResponseWriter, *http.Request) error
//	http.ListenAndServe(addr, faulthttp.Middleware(nil)(faulthttp.Mux(nil, mux)))
//
// A chi router needs one line, before its routes:
//
//	router := chi.NewRouter()
//	faulthttp.InstallChi(router, nil)
//	router.Get("/orders/{id}", faulthttp.Handler(nil, getOrder))
//
// A nil responder means that of the innermost Middleware, Handler or Mux around that was given one, found
// through the writers of other middleware by Unwrap or an embedded ResponseWriter; without any, or behind a
// writer that hides what is below, it is [fault.Default], and a line at level Debug says so. An explicit
// responder answers for its own errors and panics.
//
// # Clients
//
// [Decode] gives the error of a response back, whatever format it is in and whatever server sent it. It has two forms for an
// [http.Client]: [Transport] makes the client return such errors by itself, and stands outside of whatever repeats requests, or measures or
// caches them. [ResponseTransport] keeps the contract of [http.RoundTripper], stands inside, and lets Decode tell the error of a
// response at any time. With retryablehttp:
//
//	client := &http.Client{Transport: faulthttp.Transport(&retryablehttp.RoundTripper{Client: retry})} // outside: errors
//	retry.HTTPClient.Transport = faulthttp.ResponseTransport(nil)                                      // inside: responses
//
// resty has no outside. With its retries it takes ResponseTransport, and Decode(resp.RawResponse) behind the request; without them
// Transport will do.
//
// Who decodes bodies of all languages into a structure of their own mind that encoding/json takes names of members in any letter case: the
// Indonesian text under "ID" is what a field with the tag "id" gets. Decode does not do that.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. An error that is returned then is logged, with committed=true. A
// panic is logged and the connection aborted by [http.ErrAbortHandler], so that the client sees a
// broken transfer and no clean half body. A panic with http.ErrAbortHandler itself is passed on
// without a log line. Informational responses (103 Early Hints) do not count as a beginning, a
// hijacked connection does.
//
// # After our answer, and after the request
//
// What handlers still write after our answer is dropped, and a late status is silent. An error is answered once: what
// comes second is ignored. [Error] answers at the exchange of the innermost Middleware, Handler or Mux: a writer in
// between that counts sees status and body pass, a compressor or a buffer in between is left out.
//
// Exchanges are made for each request and never pooled. A goroutine that goes on with its writer after the
// handler has returned reaches nobody: what it writes is dropped, and what it gives to [Error] is logged.
//
// # A client that left
//
// [context.Canceled] is 499, without a body, when nobody but the connection can have ended the request's
// context: its [http.Server] has neither BaseContext nor ConnContext. In all other cases it is 503 with a body, as
// the client may be waiting.
//
// # Order
//
// Outside of Middleware is what is put around it, inside what is around the handler that it gets; with chi, what is used before
// InstallChi and after it. The place of each kind of middleware, and what happens in the wrong one, is a table that the tests
// follow: docs/middleware.md of this repository. In short:
//
//   - Outside: access logs, tracing (otelhttp), recovering middleware (chi's Recoverer). Inside, they hear of panics and see no
//     answer, or answer first, with a bare 500, and let half a body end like a whole one. Sentry outside reports no panic, as
//     all are answered (report by [fault.WithObserver]); inside it needs Repanic, else it swallows them: an empty 200.
//   - Outside, better than inside: request ids and CORS, so that their headers are on 404, 405 and the refusals of others, too.
//     chi's request ids are in the context:
//     fault.WithTraceID(func(r fault.Request) string { return middleware.GetReqID(r.Context()) })
//   - Inside: chi's Timeout, whose bare 504 comes after our 503 and is dropped there; a context with a deadline.
//     [http.TimeoutHandler] answers by itself, in plain text, and goes outside: inside it hides the responder.
//   - In any order: compressors (chi's Compress, gzhttp), limits, authentication.
//
// Middleware that ends with a bare status, as BasicAuth, AllowContentType and Throttle of chi do, has answered: that stays, in
// every place, without a body and without a log line. Where it asks what to answer, call [Error] there, and put it inside.
//
// Handler and Mux recover as well as Middleware: what stands between them sees no panic.
//
// What breaks a half-sent response off, the panic with http.ErrAbortHandler, may be swallowed outside: the connection's deadline is
// in the past by then, and the client sees a broken transfer all the same.
//
// # Adopting step by step
//
// Middleware and Mux, or InstallChi, change 404, 405 and panics that nobody answers, and nothing else. Let the application's own
// function for errors call [Error] next. With [fault.WithForeignMessages], errors that have StatusCode() int and StatusMessage()
// string go on telling clients their text; convert handlers to [Handler] one by one, and leave the option out in the end.
//
// # What net/http keeps for itself
//
// Errors of its parser (a malformed request, a missing Host, headers that are too large) and
// "OPTIONS *" are answered before any handler runs. Panics in other goroutines end the process.
package faulthttp
