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
// Access logs, tracing, request ids, CORS and compressors go outside of Middleware; timeouts and
// other recovering middleware inside it; with chi they are used before and after InstallChi. chi's request ids are in the
// context:
//
//	fault.WithTraceID(func(r fault.Request) string { return middleware.GetReqID(r.Context()) })
//
// [http.TimeoutHandler] answers by itself, in plain text: a
// context with a deadline inside gives the localized 503 instead.
//
// # What net/http keeps for itself
//
// Errors of its parser (a malformed request, a missing Host, headers that are too large) and
// "OPTIONS *" are answered before any handler runs. Panics in other goroutines end the process.
package faulthttp
