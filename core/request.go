package fault

import (
	"context"
	"net/http"
	"strings"
)

// A Request is the small view of a request that the responder needs: with [Response] it is the port
// that an adapter implements for its framework. The values need to hold for the length of one call
// of the responder; strings that outlive it are copied.
//
// Five further methods are optional:
//   - Route() string is the path template ("/orders/{id}"); the log line has it in place of the path;
//   - Committed() bool reports that the response has already begun, so that nothing can be sent any
//     more. The responder then renders nothing, logs, and calls the observers.
//   - ArrivalContext() context.Context is the context of the request as it came, before middleware has
//     replaced it; without the method it is Context. When it is cancelled, and has the [http.Server] under
//     [http.ServerContextKey] with neither BaseContext nor ConnContext, the client has left.
//   - SentStatus() int is the status of an answer that the handlers have given themselves, beside an error that they
//     only noted; 0 for none. The log line and observers have it in place of the error's.
//   - ResponseHeader(name string) string is a header that the response carries already: middleware has
//     given the request an id there.
type Request interface {
	// Context is the request's own context, with the deadline and the values that middleware has
	// given it: loggers and observers get it.
	Context() context.Context
	Method() string
	// Path is the path as it was asked for, without the query.
	Path() string
	// Header returns the value of a request header, several lines joined by commas, "" without any.
	// Names are compared without regard to letter case.
	Header(name string) string
}

// JoinedHeader is what [Request.Header] has to return, for requests with an [http.Header].
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
