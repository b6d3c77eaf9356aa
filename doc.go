// Package polyfault is the overview of a library: a Go web service returns or panics an error, and on every framework the client
// gets the right status, the right headers and one JSON body that says what went wrong in every language of the service. Internal
// details go to the log only. This package itself has no code: import the packages below.
//
//	import (
//		fault "github.com/polyfault/polyfault/core"
//		faulthttp "github.com/polyfault/polyfault/nethttp"
//	)
//
//	mux := http.NewServeMux()
//	mux.Handle("GET /orders/{id}", faulthttp.Handler(nil, func(w http.ResponseWriter, r *http.Request) error {
//		return fault.EntityNotFound.New(fault.Detail("order", r.PathValue("id")))
//	}))
//	http.ListenAndServe("127.0.0.1:8080", faulthttp.Middleware(nil)(faulthttp.Mux(nil, mux)))
//
// The answer to GET /orders/7 has status 404 and the body
//
//	{"DE":"…","EN":"The requested object does not exist.","FR":"…","PT":"…","code":"entity_not_found","details":{"order":"7"}}
//
// # The packages
//
//   - [github.com/polyfault/polyfault/core] (package fault): kinds, errors, texts, negotiation, responses. All decisions are made here,
//     without any framework.
//   - [github.com/polyfault/polyfault/core/formats]: more wire formats than the two that core brings.
//   - [github.com/polyfault/polyfault/core/checks]: the lock file of codes, and checks at start-up.
//   - [github.com/polyfault/polyfault/core/localetest]: the lint of locale files, for go test.
//   - [github.com/polyfault/polyfault/core/openapi]: the errors as components of an OpenAPI document.
//   - [github.com/polyfault/polyfault/core/typescript]: the errors as one TypeScript file for a front end.
//   - [github.com/polyfault/polyfault/core/coretest]: the tests that every adapter passes; run them on your own adapter, too.
//   - [github.com/polyfault/polyfault/nethttp/catalog]: a handler that serves a page for each error, in the reader's language.
//   - [github.com/polyfault/polyfault/locales]: the texts in 33 languages. No native speaker has reviewed the translations yet.
//
// # The adapters
//
// Each adapter is a module of its own, so that a service gets no other framework. Install it with go get and its path, for example
// go get github.com/polyfault/polyfault/gin. The path of this package brings core and nethttp.
//
//   - net/http, chi and every router with http.Handler: [github.com/polyfault/polyfault/nethttp], part of this module. It also has
//     the functions with which a Go client reads the errors.
//   - gin: [github.com/polyfault/polyfault/gin]
//   - echo v4: [github.com/polyfault/polyfault/echo]
//   - echo v5: [github.com/polyfault/polyfault/echov5]
//   - fiber v2: [github.com/polyfault/polyfault/fiber]
//   - fiber v3: [github.com/polyfault/polyfault/fiberv3]
//
// Further modules: [github.com/polyfault/polyfault/otel] connects traces and metrics of OpenTelemetry,
// [github.com/polyfault/polyfault/store] keeps errors and their log in SQLite or PostgreSQL, and
// [github.com/polyfault/polyfault/cmd/polyfault] is the command for locale files, codes and OpenAPI.
//
// # Read on
//
// The folder [docs] of the repository has one page per question; all its programs are tested. The folder [examples] has a small
// service on every framework: in a clone, go run ./examples/tour starts it and shows its responses.
//
// [docs]: https://github.com/polyfault/polyfault/tree/main/docs
// [examples]: https://github.com/polyfault/polyfault/tree/main/examples
package polyfault

import _ "github.com/polyfault/polyfault/nethttp" // "go get" of this package then gets what its programs need
