// Package faultotel lets OpenTelemetry see what clients see. It needs the API of traces and metrics only; SDK, exporters and
// the instrumentation of the framework are the application's.
//
//	r, err := fault.NewResponder(append(faultotel.Options(), fault.WithLogNames(fault.OTelNames))...)
//
// What the options do:
//
//   - The trace id of bodies and log lines is that of the active span. Without a valid span the next source counts: see
//     [fault.WithTraceID].
//   - error.type is the code of the kind, on the active span, on the counter, and with [WithLabeler] on the metrics of the
//     framework's instrumentation. There are as many codes as the process has kinds: a code that another service has sent
//     stands in the body and in no label.
//   - The status of the span is Error for incidents ([fault.Occurrence.Incident]): 5xx and panics. A 4xx leaves it unset,
//     as the semantic conventions want it of servers. There is no description: the status code says it all.
//   - The counter polyfault.errors counts failures by error.type, http.response.status_code and, where the adapter knows
//     it, http.route.
//   - A client that went away (499) is no error: neither span nor metrics hear of it.
//
// Exceptions are log records (semantic conventions 1.44), not span events: the log line is one, with
// [fault.OTelNames], when the logger is a bridge as otelslog is.
//
// What the framework's instrumentation has said of a span stays: an error.type that is there is not replaced, and setting
// the same status once more changes nothing. Put that instrumentation outside of polyfault's middleware:
// docs/middleware.md says where.
package faultotel
