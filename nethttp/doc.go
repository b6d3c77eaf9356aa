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
// A nil responder means the responder of the innermost enclosing Middleware, Handler or Mux that was given one. It is found
// through the writers of other middleware, by Unwrap or an embedded ResponseWriter. Without one, or behind a writer that
// hides the one below, it is [fault.Default], and a line at level Debug says so. An explicit responder answers its own
// errors and panics.
//
// # Clients
//
// [Decode] turns an error response back into an error, in any format and from any server. For an [http.Client] there are
// two forms of it. [Transport] makes the client return such errors, and stands outside of everything that repeats,
// measures or caches requests. [ResponseTransport] keeps the contract of [http.RoundTripper] and stands inside; Decode reads
// the error of its responses at any time. With retryablehttp:
//
//	client := &http.Client{Transport: faulthttp.Transport(&retryablehttp.RoundTripper{Client: retry})} // outside: errors
//	retry.HTTPClient.Transport = faulthttp.ResponseTransport(nil)                                      // inside: responses
//
// resty has no outside. With its retries, use ResponseTransport, and Decode(resp.RawResponse) after the request. Without
// them, use Transport.
//
// Take care if you decode bodies of all languages into a struct of your own: encoding/json ignores the letter case of
// member names, so a field with the tag "id" gets the Indonesian text under "ID". Decode does not do that.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. A later error is logged with committed=true. A panic is logged and the connection is
// aborted by [http.ErrAbortHandler], so that the client sees a broken transfer and not half a body that looks whole. A
// panic with http.ErrAbortHandler itself is passed on without a log line. Informational responses (103 Early Hints) do not
// count as a beginning. A hijacked connection does.
//
// # After our answer, and after the request
//
// An error is answered once; later ones are ignored. After our answer, writes of handlers are dropped, and so is a late
// status. [Error] answers at the exchange of the innermost Middleware, Handler or Mux. A writer in between that counts
// sees status and body pass; a compressor or a buffer in between is left out.
//
// Each request has a new exchange, never pooled. A goroutine may keep its writer after the handler has returned: what it
// writes is dropped, what it gives to [Error] is logged, and nothing reaches another client.
//
// # A client that left
//
// [context.Canceled] is 499 without a body if only the connection can have ended the request's context: its [http.Server]
// has neither BaseContext nor ConnContext. In all other cases it is 503 with a body, since the client may be waiting.
//
// # Order
//
// Middleware that wraps faulthttp.Middleware stands outside of it; middleware that it wraps stands inside. With chi, what
// is used before InstallChi is outside, and what is used after it inside. docs/middleware.md of this repository is a
// table, held by tests, of where each kind of middleware belongs and what happens in the wrong place. In short:
//
//   - Outside: access logs, tracing (otelhttp), recovering middleware (chi's Recoverer). Inside, they see a panic but no
//     answer; or they answer first, with a bare 500, and let half a body end like a whole one. Sentry outside reports no
//     panic, since all are answered (report with [fault.WithObserver]); inside it needs Repanic, or it swallows them with
//     an empty 200.
//   - Outside, better than inside: request ids and CORS, so that 404, 405 and refusals of other middleware have their
//     headers, too. chi's request ids are in the context:
//     fault.WithTraceID(func(r fault.Request) string { return middleware.GetReqID(r.Context()) })
//   - Inside: chi's Timeout, whose bare 504 comes after our 503 and is dropped; a context with a deadline.
//     [http.TimeoutHandler] answers itself, in plain text, and goes outside: inside it hides the responder.
//   - In any order: compressors (chi's Compress, gzhttp), limits, authentication.
//
// Some middleware ends a request with a bare status: BasicAuth, AllowContentType and Throttle of chi, for example. That is
// an answer and stays, wherever the middleware stands, without a body and without a log line. If such middleware has a
// hook for its answer, call [Error] there, and put the middleware inside.
//
// Handler and Mux recover panics, too: middleware between them and Middleware sees none.
//
// A half-sent response is broken off by a panic with http.ErrAbortHandler. Middleware outside may swallow it. The
// connection's deadline is in the past by then, so the client sees a broken transfer all the same.
//
// # Adopting step by step
//
// Middleware and Mux, or InstallChi, change 404, 405 and panics that nobody answers, and nothing else. Next, let the
// application's own error function call [Error]. With [fault.WithForeignMessages], errors that have StatusCode() int and
// StatusMessage() string still tell clients their text. Convert handlers to [Handler] one by one, and drop the option in
// the end.
//
// # What net/http keeps for itself
//
// Errors of its parser (a malformed request, a missing Host, headers that are too large) and
// "OPTIONS *" are answered before any handler runs. Panics in other goroutines end the process.
package faulthttp
