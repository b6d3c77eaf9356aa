// Package fault turns the errors of web services into localized responses.
//
//	import fault "github.com/polyfault/polyfault/core"
//
//	return fault.NotFound.New(fault.Text("order_not_found"), fault.Arg("ID", id), fault.Detail("order", id))
//
// The way of an error through the package:
//
//   - A [Kind] is a node of the hierarchy of errors. [Kind.New] and [Kind.Wrap] make a [Fault]: the
//     kind with arguments, details, headers and cause. [Field] says what is wrong with one part of
//     the request; [Details] collects failing attributes; [BindJSON] decodes and finds them.
//   - A [Responder] resolves any error or panic value to a kind: its own errors anywhere in the tree,
//     then [Mapper] functions, then what the standard library's errors mean. What nobody knows is
//     [Unhandled], and its text stays inside.
//   - The texts come from locale files: the built-in ones, and those of the application over them
//     ([WithLocales]). A text that is missing falls back to that of the parent kind.
//   - A [Format] writes the body: [Multilingual] in all configured languages, [Problem] in the one
//     that Accept-Language prefers. Accept chooses among the formats.
//   - An adapter (packages nethttp, gin, echo, echov5, fiber, fiberv3) gives the framework's request as a [Request]
//     and writes the [Response].
//
// Around it: package formats has more wire formats, package checks holds what clients were promised and
// finds contradictions, package openapi describes the responses, and faulthttp.Decode brings errors
// back to the programs that call the service. Module otel shows failures to OpenTelemetry. [Retry] and [Exit] use the
// kinds without any HTTP.
//
// # Nil
//
// Set-up refuses nil: an option, a kind or a function that is nil where one is needed is an error of the
// constructor, or a panic where the constructor returns no error. Two nils mean something: a nil
// *[Responder] is [Default], and a nil logger is [slog.Default]. While a request is handled, nil says
// nothing: a nil error is none, and nil details, functions and arguments add nothing. A nil *Kind and a
// nil *Fault are read as [Any].
//
// # Design
//
// Everything is decided here; adapters translate. Kinds are compared by pointer and found through
// any wrapping, so that errors.Is(err, fault.Locked) holds for every descendant.
//
// Work is done at start-up: locale files are compiled into JSON-escaped segments, and the responses
// to bare 4xx kinds are rendered once. A catalogue is immutable; [Responder.Reload] publishes a new
// one atomically.
//
// The responder is total. Error methods, encoders, mappers, observers and loggers belong to others
// and may panic; each costs its own contribution only. err.Error() of an error that nobody
// classified never reaches a client, unless [WithExposure] says so.
package fault
