package fault

import (
	"context"
	"net/http"
	"strings"
)

// A Request is the small view of a request that the responder needs. With [Response] it is the port that an adapter
// implements for its framework. The values have to stay valid during one call of the responder, which copies strings
// that outlive it.
//
// Five further methods are optional:
//   - Route() string returns the path template ("/orders/{id}"), which the log line has in place of the path;
//   - Committed() bool reports whether the response has begun, so that nothing can be sent any more. The responder
//     then renders nothing, logs, and calls the observers.
//   - ArrivalContext() context.Context returns the context that the request came with, before middleware has replaced
//     it; without the method it is Context. If it is cancelled, and has the [http.Server] under
//     [http.ServerContextKey] with neither BaseContext nor ConnContext, the client has left.
//   - SentStatus() int returns the status of the handlers' own answer, beside which an error is only logged, or 0.
//     The log line and observers have it in place of the error's.
//   - ResponseHeader(name string) string returns a header that the response already has, such as the request id of
//     middleware.
type Request interface {
	// Context returns the request's own context, with the deadline and the values of middleware. Loggers and
	// observers get it.
	Context() context.Context
	Method() string
	// Path returns the path as the client sent it, without the query.
	Path() string
	// Header returns the value of a request header, with several lines joined by commas, or "". Names are compared in
	// any letter case.
	Header(name string) string
}

// JoinedHeader returns a header in the form that [Request] demands of its method Header, from an [http.Header].
func JoinedHeader(header http.Header, name string) string {
	values := header[name] // most names come in canonical form
	if values == nil {
		values = header.Values(name)
	}
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return strings.Join(values, ", ")
}
