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
// A nil responder means [fault.Default] everywhere.
//
// For clients, [Decode] gives the error of a response back, whatever format it is in, and [Transport]
// makes an [http.Client] return such errors by itself.
//
// # What happens to a response that has begun
//
// Nothing is ever appended to it. An error that is returned then is logged, with committed=true. A
// panic is logged and the connection aborted by [http.ErrAbortHandler], so that the client sees a
// broken transfer and no clean half body. A panic with http.ErrAbortHandler itself is passed on
// without a log line. Informational responses (103 Early Hints) do not count as a beginning, a
// hijacked connection does.
//
// # Order
//
// Access logs, tracing, request ids, CORS and compressors go outside of Middleware; timeouts and
// other recovering middleware inside it. [http.TimeoutHandler] answers by itself, in plain text: a
// context with a deadline inside gives the localized 503 instead.
//
// # What net/http keeps for itself
//
// Errors of its parser (a malformed request, a missing Host, headers that are too large) and
// "OPTIONS *" are answered before any handler runs. Panics in other goroutines end the process.
package faulthttp
