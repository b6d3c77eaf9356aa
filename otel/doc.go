// Package faultotel lets OpenTelemetry see what clients see. It needs the API of traces and metrics only; SDK, exporters and
// the instrumentation of the framework are the application's.
//
//	r, err := fault.NewResponder(append(faultotel.Options(), fault.WithLogNames(fault.OTelNames))...)
//
// What the options do:
//
//   - The trace id of bodies and log lines is that of the active span. Without a valid span the next source is used: see
//     [fault.WithTraceID].
//   - error.type is the code of the kind, on the active span, on the counter, and with [WithLabeler] on the metrics of the
//     framework's instrumentation. The number of codes is that of the process's kinds: a code of another service is in the
//     body and in no label.
//   - The status of the span is Error for incidents ([fault.Occurrence.Incident]): 5xx and panics. A 4xx leaves it unset,
//     as the semantic conventions demand for servers. There is no description, because the status code is enough.
//   - The counter polyfault.errors counts failures by error.type, http.response.status_code and, if the adapter knows it,
//     http.route.
//   - A client that went away (499) is no error: neither span nor metrics show it.
//
// Exceptions are log records (semantic conventions 1.44), not span events. With [fault.OTelNames] and a bridge such as
// otelslog as the logger, the log line is one.
//
// Values that the framework's instrumentation has set on a span stay: an existing error.type is not replaced, and setting the
// same status again changes nothing. Put that instrumentation outside of polyfault's middleware: see docs/middleware.md.
package faultotel
