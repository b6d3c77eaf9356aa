package fault

import (
	"strconv"
)

// A Format is one wire representation of errors. [Multilingual] and [Problem] are built in; package
// formats has more, and applications can bring their own.
//
// The rules:
//   - A Format is safe for concurrent use; its methods ContentType and Use give the same answers
//     always.
//   - Append appends the body to dst and returns it. It neither keeps dst nor o. It may panic or
//     return nil: the response is then a Multilingual body without details.
//   - Append uses the occurrence's Append methods where it can: they copy prepared bytes.
//   - A method Check() error is optional. NewResponder fails with its error.
//   - A method SetHeader(set func(name, value string)) is optional. It gives headers that go with each
//     body, a Content-Security-Policy for example, in place of those of the handler that failed. It
//     is called once, by NewResponder.
//   - A method Reusable() bool is optional. True says that a body depends on nothing but what the occurrence tells: the
//     responder then renders the body of errors without details once for each kind, text and language, and puts the trace id
//     into its places. It finds out by itself whether a body holds the error or the request, and renders such ones anew.
type Format interface {
	// ContentType is the value of Content-Type. What stands before a ";" is the media type that
	// takes part in the negotiation by Accept.
	ContentType() string
	// Use says which texts the body needs.
	Use() TextUse
	// Append appends the body for o to dst.
	Append(dst []byte, o *Occurrence) []byte
}

// A TextUse says which texts a format puts into a body: [AllLanguages], [OneLanguage] or [OneLanguageTitled].
type TextUse uint8

// The uses of texts.
const (
	AllLanguages      TextUse = iota // the text in every language of the body
	OneLanguage                      // the text in the negotiated language
	OneLanguageTitled                // text and title in the negotiated language
)

// A Member is an optional top-level member of the Multilingual body: [MemberCode], [MemberTraceID], [MemberParams] or
// [MemberRetryable]. See [WithMembers].
type Member uint8

// The members, with their names on the wire.
const (
	MemberCode      Member = iota + 1 // "code": the kind's code
	MemberTraceID                     // "trace_id"
	MemberParams                      // "params": the arguments, absent without any
	MemberRetryable                   // "retryable": true or false
)

// appendErrorCount tells how many errors there were when some of them were left away.
func (o *Occurrence) appendErrorCount(dst []byte) []byte {
	if o.errors == o.sent {
		return dst
	}
	dst = append(dst, `,"errors_total":`...)
	return strconv.AppendInt(dst, int64(o.errors), 10)
}
