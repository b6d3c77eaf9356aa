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
// Two further methods are optional:
//   - Route() string is the path template ("/orders/{id}"); the log line has it in place of the path;
//   - Committed() bool reports that the response has already begun, so that nothing can be sent any
//     more. The responder then renders nothing, logs, and calls the observers.
type Request interface {
	// Context is the request's own context: its end tells a client that left from a downstream
	// call that was cancelled.
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
