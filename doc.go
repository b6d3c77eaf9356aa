// Package polyfault is the front door of a suite: a Go web service returns or panics an error, and whatever framework it uses, the
// client gets the right status, the right headers and one JSON body that says what went wrong in every language of the service.
// What should stay inside stays inside. This package itself has no code; import the ones below.
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
//   - [github.com/polyfault/polyfault/core] (package fault): kinds, errors, texts, negotiation, responses. It decides everything, and
//     knows no framework.
//   - [github.com/polyfault/polyfault/core/formats]: more wire formats than the two that core brings.
//   - [github.com/polyfault/polyfault/core/checks]: the lock file of codes, and checks at start-up.
//   - [github.com/polyfault/polyfault/core/localetest]: the lint of locale files, for go test.
//   - [github.com/polyfault/polyfault/core/openapi]: the errors as components of an OpenAPI document.
//   - [github.com/polyfault/polyfault/core/coretest]: the suite that every adapter passes, for adapters of your own, too.
//   - [github.com/polyfault/polyfault/nethttp/catalog]: a served page for each error, in the reader's language.
//   - [github.com/polyfault/polyfault/locales]: the texts in 33 languages. No native speaker has reviewed the translations yet.
//
// # The adapters
//
// Each framework's adapter is a module of its own, so that a service gets the framework that it uses and no other. Get it by go get with
// its path.
//
//   - net/http, chi and whatever speaks http.Handler: [github.com/polyfault/polyfault/nethttp], which also reads errors on the side of
//     the client. It belongs to this module.
//   - gin: [github.com/polyfault/polyfault/gin]
//   - echo v4: [github.com/polyfault/polyfault/echo]
//   - echo v5: [github.com/polyfault/polyfault/echov5]
//   - fiber v2: [github.com/polyfault/polyfault/fiber]
//   - fiber v3: [github.com/polyfault/polyfault/fiberv3]
//
// Further modules: [github.com/polyfault/polyfault/otel] shows failures to OpenTelemetry,
// [github.com/polyfault/polyfault/store] keeps errors and their log in SQLite or PostgreSQL, and
// [github.com/polyfault/polyfault/cmd/polyfault] is the command for locale files, codes and OpenAPI.
//
// # Where to read on
//
// The folder [docs] of the repository answers one question a page, with programs that its tests run. The folder [examples] has a small
// service on every framework; in a clone, go run ./examples/tour starts it and shows what comes back.
//
// [docs]: https://github.com/polyfault/polyfault/tree/main/docs
// [examples]: https://github.com/polyfault/polyfault/tree/main/examples
package polyfault
