// Package fault turns the errors and panics of a web service into responses: the right status, the right headers, and a
// body that says what went wrong in every language of the service.
//
// A handler returns an error, and an adapter answers it:
//
//	import (
//		fault "github.com/polyfault/polyfault/core"
//		faulthttp "github.com/polyfault/polyfault/nethttp"
//	)
//
//	mux.Handle("GET /orders/{id}", faulthttp.Handler(nil, func(w http.ResponseWriter, r *http.Request) error {
//		return fault.NotFound.New(fault.Text("order_not_found"), fault.Arg("ID", r.PathValue("id")))
//	}))
//
// # The types
//
//   - A [Kind] is a node in the hierarchy of errors: code, status and the id of a text. [Kind.New] and [Kind.Wrap] make a
//     [Fault], which is a kind with arguments, details, headers and a cause. [Kind.Derive] makes your own kinds.
//   - [Field] describes a mistake in one part of the request. [Details] collects several mistakes. [BindJSON] decodes a body
//     and finds them.
//   - A [Responder] resolves every error and panic to a kind. It looks for an error of ours anywhere in the tree, then asks
//     the [Mapper] functions, then knows the errors of the standard library. Any other error is [Unhandled], and its text
//     is not sent.
//   - Texts come from locale files: the built-in ones, and those of the application, which override them ([WithLocales]).
//     If a text is missing, the text of the parent kind is used.
//   - A [Format] writes the body: [Multilingual] in all configured languages, [Problem] in the language that Accept-Language
//     prefers. Accept chooses the format.
//   - An adapter (packages nethttp, gin, echo, echov5, fiber, fiberv3) passes the framework's request as a [Request], and
//     writes the [Response].
//
// Other packages build on this one: formats has more wire formats, checks finds broken promises and contradictions, openapi
// describes the responses, and faulthttp.Decode turns responses back into errors in the programs that call the service.
// Module otel shows failures to OpenTelemetry. [Retry] and [Exit] use kinds without HTTP.
//
// # Nil
//
// Set-up refuses nil: if an option, a kind or a function is nil where one is needed, the constructor returns an error, or
// panics if it returns none. Two nils have a meaning: a nil *[Responder] is [Default], and a nil logger is [slog.Default].
//
// While a request is handled, nil is ignored: a nil error is no error, and nil details, functions and arguments add nothing.
// A nil *Kind and a nil *Fault are read as [Any].
//
// # Design
//
// Everything is decided here; adapters translate. Kinds are compared by pointer and found through any wrapping, so
// errors.Is(err, fault.Locked) holds for every descendant.
//
// Work is done once: locale files are compiled into JSON-escaped segments when a responder is made, and the response to an
// error without details is rendered once for each format, kind, text and language. A response is then a copy with the trace id
// in its place. A catalogue is immutable; [Responder.Reload] publishes a new one atomically.
//
// The responder always answers. Error methods, encoders, mappers, observers and loggers are foreign code and may panic; then
// only their own contribution is lost. err.Error() of an unknown error never reaches a client, unless [WithExposure] allows
// it.
package fault
