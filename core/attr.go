package fault

import (
	"log/slog"
	"net/http"
	"time"
)

// An Attr is one attribute of a [Fault], given to [Kind.New], [Kind.Wrap] and [Fault.With]. It is a small value in
// the manner of [slog.Attr]. The zero Attr is ignored. If attributes of the same meaning (and name) repeat, the last
// one counts.
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

// Text chooses another text constant than the kind's own. If no loaded language has the text id, the kind's text is
// used, or else those of its parents.
func Text(id string) Attr { return Attr{op: opText, name: id} }

// Arg sets the value of the placeholder {{.name}} in the text, and a member of "params" in formats that have them.
// Clients see it. Strings, numbers, booleans, times and [fmt.Stringer] values are inserted as they are, but control
// characters are replaced and values of more than 1024 bytes are cut, in "params" too. Other values are left out of
// the text. An argument that the text does not use does no harm; a missing argument renders as nothing.
func Arg(name string, value any) Attr { return Attr{op: opArg, name: safeName(name), value: value} }

// Count chooses the plural form of the text by the language's CLDR rules, and is the value of {{.Count}}.
func Count(n int) Attr { return Attr{op: opCount, name: "Count", num: int64(n)} }

// Detail adds one member to "details" in the body. The value is encoded as by [encoding/json] when a response is
// made, so it must not be changed afterwards.
//
//   - A *[Kind] or *[Fault] is localized as by [Details.AddError].
//   - Any other error, and a value that JSON cannot express (a channel, a function, a cycle), shows as "(not
//     encodable)" and is noted in the log.
//   - A value of more than 4096 bytes is cut at a character, an item or a member, and "…" stands there: see
//     [WithBodyLimit].
//   - A name is cut after 1024 bytes. Bidirectional controls become U+FFFD.
func Detail(name string, value any) Attr { return Attr{op: opDetail, name: name, value: value} }

// DetailsOf adds the present members of d; later changes of d do not count. A nil d adds nothing.
func DetailsOf(d *Details) Attr { return Attr{op: opDetails, value: d.snapshot()} }

// Header sets a header of the response. It replaces one of the same name, also the built-in Cache-Control: no-store.
// Names that are not tokens, values with CR, LF, NUL or other control characters, and headers that describe the body
// (Content-Type, Content-Length …) are refused: the response is sent without them, and the log line tells so.
func Header(name, value string) Attr { return Attr{op: opHeader, name: name, value: value} }

// AddHeader is [Header], but keeps earlier values of the same name.
func AddHeader(name, value string) Attr { return Attr{op: opAddHeader, name: name, value: value} }

// HeadersFunc computes headers for each request, such as an authentication challenge. Each header that f returns
// replaces one of the same name; an empty list of values removes it. The result of f is copied. f must be safe for
// concurrent use; if it panics, the response has none of its headers.
func HeadersFunc(f func(Request) http.Header) Attr { return Attr{op: opHeadersFunc, value: f} }

// RetryAfter sets the header Retry-After (RFC 9110, section 10.2.3) in whole seconds, rounded up, and makes the error
// retryable: see [Occurrence.Retryable]. A negative wait does neither.
func RetryAfter(d time.Duration) Attr { return Attr{op: opRetryAfter, num: int64(d)} }

// RetryAt is [RetryAfter] for a point in time, which the header has as a date. A time in the past, and the zero time,
// are like a negative wait.
func RetryAt(t time.Time) Attr { return Attr{op: opRetryAfter, value: t} }

// Cause sets the error that this one wraps. [errors.Is], the log and observers find it; no client sees it.
func Cause(err error) Attr { return Attr{op: opCause, value: err} }

// TraceID sets the id that body, log line and observers share, in place of the request's. It may have letters, digits
// and . _ ~ : + / = @ - and up to 128 bytes; any other id is ignored.
func TraceID(id string) Attr { return Attr{op: opTraceID, name: id} }

// Subtype refines the kind's [Kind.Type] in formats that have a member for it.
func Subtype(s string) Attr { return Attr{op: opSubtype, name: safeName(s)} }

// Log adds attributes to the log line. No client sees them.
func Log(attrs ...slog.Attr) Attr { return Attr{op: opLog, value: attrs} }
