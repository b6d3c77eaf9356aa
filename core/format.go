package fault

import (
	"strconv"
)

// A Format is one wire representation of errors. [Multilingual] and [Problem] are built in; package formats has more,
// and applications can have their own.
//
// The rules:
//   - A Format is safe for concurrent use; its methods ContentType and Use always give the same answers.
//   - Append appends the body to dst and returns it. It keeps neither dst nor o. It may panic or return nil: then the
//     response is a Multilingual body without details.
//   - Append uses the occurrence's Append methods where it can: they copy prepared bytes.
//   - A method Check() error is optional. NewResponder fails with its error.
//   - A method SetHeader(set func(name, value string)) is optional. It sets headers that go with each body, such as a
//     Content-Security-Policy, in place of those of the failed handler. NewResponder calls it once.
//   - A method Reusable() bool is optional. True means that a body depends only on what the occurrence tells. The
//     responder then renders the body of errors without details once for each kind, text and language, and puts the
//     trace id into its places. It notices if a body holds the error or the request, and renders such bodies each
//     time. The rest of the body must not depend on what the id looks like, unless on whether it is of 32 hexadecimal digits.
//     A format that embeds one with this method, such as a [Problem], is not reusable, whatever the method returns: the
//     embedded one does not know what the Append around it adds.
type Format interface {
	// ContentType returns the value of Content-Type. The part before a ";" is the media type for the negotiation by
	// Accept.
	ContentType() string
	// Use tells which texts the body needs.
	Use() TextUse
	// Append appends the body for o to dst.
	Append(dst []byte, o *Occurrence) []byte
}

// A TextUse tells which texts a format puts into a body: [AllLanguages], [OneLanguage] or [OneLanguageTitled].
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
