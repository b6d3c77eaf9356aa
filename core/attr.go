package fault

import (
	"log/slog"
	"net/http"
	"time"
)

// An Attr is one attribute of a [Fault], given to [Kind.New], [Kind.Wrap] and [Fault.With]. It is a
// small value in the manner of [slog.Attr]. The zero Attr says nothing and is ignored. When
// attributes of the same meaning (and name) repeat, the last one counts.
type Attr struct {
	op    op
	name  string
	num   int64
	value any
}

type op uint8

const (
	opNone op = iota
	opText
	opArg
	opCount
	opDetail
	opDetails
	opField
	opHeader
	opAddHeader
	opHeadersFunc
	opRetryAfter
	opCause
	opTraceID
	opSubtype
	opLog
	opInput
	opTexts
	opYields // to the end of the request's context: see [Occurrence.orContext]
)

// Text chooses another text constant than the kind's own. A text id that no loaded language has
// falls back to the kind's text, and then to those of its parents.
func Text(id string) Attr { return Attr{op: opText, name: id} }

// Arg is the value of the placeholder {{.name}} in the text, and a member of "params" in formats
// that carry them. Clients see it: strings, numbers, booleans, times and [fmt.Stringer] values are
// inserted as they are (control characters replaced, what is longer than 1024 bytes cut, in "params" too), other values are left out
// of the text. An argument that the text does not use is harmless; one that is missing renders as
// nothing.
func Arg(name string, value any) Attr { return Attr{op: opArg, name: safeName(name), value: value} }

// Count selects the plural form of the text by the language's CLDR rules, and is the value of
// {{.Count}}.
func Count(n int) Attr { return Attr{op: opCount, name: "Count", num: int64(n)} }

// Detail is one member of "details" in the body. The value is encoded as by [encoding/json] when a
// response is made, so it must not be changed afterwards. A *[Kind] or *[Fault] is localized as
// with [Details.AddError]; any other error, and what JSON cannot express (a channel, a function, a
// cycle), shows as "(not encodable)" and is noted in the log. What is longer than 4096 bytes is cut at a character, an item or
// a member, where "…" then stands: see [WithBodyLimit]. Of a name 1024 bytes are kept. Bidirectional controls become U+FFFD.
func Detail(name string, value any) Attr { return Attr{op: opDetail, name: name, value: value} }

// DetailsOf adds what d holds now; later changes of d do not count. A nil d adds nothing.
func DetailsOf(d *Details) Attr { return Attr{op: opDetails, value: d.snapshot()} }

// Header sets a header of the response, in place of one of the same name, the built-in
// Cache-Control: no-store included. Names that are not tokens, values with CR, LF, NUL or other
// control characters, and the headers that describe the body (Content-Type, Content-Length …) are
// refused: the response is sent without them and the log line says so.
func Header(name, value string) Attr { return Attr{op: opHeader, name: name, value: value} }

// AddHeader is [Header], but keeps earlier values of the same name.
func AddHeader(name, value string) Attr { return Attr{op: opAddHeader, name: name, value: value} }

// HeadersFunc computes headers per request, an authentication challenge for example. Each header
// that f returns replaces one of the same name; an empty list of values means that the response has none of that name.
// What f returns is copied. f must be safe for concurrent use; when it panics
// the response goes without its headers.
func HeadersFunc(f func(Request) http.Header) Attr { return Attr{op: opHeadersFunc, value: f} }

// RetryAfter sets Retry-After (RFC 9110, section 10.2.3) in whole seconds, rounded up, and says that repeating the
// request after that can help: see [Occurrence.Retryable]. A negative wait says nothing of it and sends no header.
func RetryAfter(d time.Duration) Attr { return Attr{op: opRetryAfter, num: int64(d)} }

// RetryAt is [RetryAfter] for a point in time, which the header gives as a date. One in the past, and the zero time, are
// like a negative wait.
func RetryAt(t time.Time) Attr { return Attr{op: opRetryAfter, value: t} }

// Cause is the error behind this one. [errors.Is], the log and observers find it; no client sees it.
func Cause(err error) Attr { return Attr{op: opCause, value: err} }

// TraceID sets the id that body, log line and observers share, in place of the request's. It may
// hold letters, digits and . _ ~ : + / = @ - and be 128 bytes long; any other is ignored.
func TraceID(id string) Attr { return Attr{op: opTraceID, name: id} }

// Subtype refines the kind's [Kind.Type] in formats that have a place for it.
func Subtype(s string) Attr { return Attr{op: opSubtype, name: safeName(s)} }

// Log adds attributes to the log line. No client sees them.
func Log(attrs ...slog.Attr) Attr { return Attr{op: opLog, value: attrs} }
