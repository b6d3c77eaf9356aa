package fault

import (
	"strconv"
	"strings"

	"github.com/polyfault/polyfault/core/internal/jsontext"
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
//   - A method Reusable() bool is optional. True says that a body depends on nothing but the kind, its
//     text, and what the occurrence tells: the responder then renders the bodies of bare kinds once,
//     when it is made, unless one turns out to hold the trace id, the error or the request.
type Format interface {
	// ContentType is the value of Content-Type. What stands before a ";" is the media type that
	// takes part in the negotiation by Accept.
	ContentType() string
	// Use says which texts the body needs.
	Use() TextUse
	// Append appends the body for o to dst.
	Append(dst []byte, o *Occurrence) []byte
}

// TextUse says which texts a format puts into a body.
type TextUse uint8

// The uses of texts.
const (
	AllLanguages      TextUse = iota // the text in every language of the body
	OneLanguage                      // the text in the negotiated language
	OneLanguageTitled                // text and title in the negotiated language
)

// A Member is an optional top-level member of the Multilingual body, see [WithMembers].
type Member uint8

// The members, with their names on the wire.
const (
	MemberCode      Member = iota + 1 // "code": the kind's code
	MemberTraceID                     // "trace_id"
	MemberParams                      // "params": the arguments, absent without any
	MemberRetryable                   // "retryable": true or false
)

// Multilingual is the default format, application/json: the text in every configured language under
// its upper-cased tag, then the members of [WithMembers], then "details" when there are any. With
// [WithNegotiatedLanguage] it carries the client's language alone. The zero value is ready.
type Multilingual struct{}

// ContentType is "application/json".
func (Multilingual) ContentType() string { return "application/json" }

// Use is AllLanguages.
func (Multilingual) Use() TextUse { return AllLanguages }

// Reusable is true.
func (Multilingual) Reusable() bool { return true }

// Append appends the body.
func (Multilingual) Append(dst []byte, o *Occurrence) []byte {
	dst = append(dst, '{')
	dst = o.AppendTexts(dst)
	dst = o.AppendMembers(dst)
	if o.HasDetails() {
		dst = append(dst, `,"details":`...)
		dst = o.AppendDetails(dst)
	}
	return append(dst, '}')
}

// Problem is problem details for HTTP APIs, application/problem+json (RFC 9457), in the client's
// language: type, title, status, detail and instance as the RFC has them, and the extensions code,
// lang, dir, params, errors, details and trace_id. The zero value is ready.
type Problem struct {
	// TypeBase is what "type" starts with; the kind's type ("task-locked") follows. It is an
	// absolute URI that ends in "/" or "#", best one that leads to documentation (RFC 9457,
	// section 3.1.1). Empty means the type "about:blank".
	TypeBase string
}

// ContentType is "application/problem+json".
func (Problem) ContentType() string { return "application/problem+json" }

// Use is OneLanguageTitled.
func (Problem) Use() TextUse { return OneLanguageTitled }

// Append appends the body.
func (p Problem) Append(dst []byte, o *Occurrence) []byte {
	dst = append(dst, `{"type":`...)
	if p.TypeBase == "" {
		dst = append(dst, `"about:blank"`...)
	} else {
		dst = jsontext.AppendQuoted(dst, p.TypeBase+o.kind.Type())
	}
	dst = append(dst, `,"title":`...)
	dst = o.AppendTitle(dst)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(o.status), 10)
	dst = append(dst, `,"detail":`...)
	dst = o.AppendText(dst)
	if id, ok := uuid(o.TraceID()); ok {
		dst = append(dst, `,"instance":`...)
		dst = jsontext.AppendQuoted(dst, "urn:uuid:"+id)
	}
	dst = append(dst, `,"code":`...)
	dst = jsontext.AppendQuoted(dst, o.kind.Code())
	dst = append(dst, `,"lang":`...)
	dst = jsontext.AppendQuoted(dst, o.Language())
	dst = append(dst, `,"dir":`...)
	dst = jsontext.AppendQuoted(dst, o.Dir())
	if o.HasParams() {
		dst = append(dst, `,"params":`...)
		dst = o.AppendParams(dst)
	}
	dst = p.appendErrors(dst, o)
	dst = append(dst, `,"trace_id":`...)
	dst = jsontext.AppendQuoted(dst, o.TraceID())
	return append(dst, '}')
}

// appendErrors appends details that are errors as "errors", as the RFC's own example does, and the
// others as "details".
func (p Problem) appendErrors(dst []byte, o *Occurrence) []byte {
	var plain []detail
	opened := false
	for _, e := range o.entries {
		err, ok := detailError(e.value)
		if !ok {
			plain = append(plain, e)
			continue
		}
		if !opened {
			dst = append(dst, `,"errors":[`...)
		} else {
			dst = append(dst, ',')
		}
		opened = true
		dst = p.appendError(dst, o.entry(err), e.name)
	}
	if opened {
		dst = append(dst, ']')
	}
	if len(plain) > 0 {
		dst = append(dst, `,"details":`...)
		dst = o.appendEntries(dst, plain, 0)
	}
	return dst
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

func (Problem) appendError(dst []byte, e DetailError, name string) []byte {
	dst = append(dst, `{"detail":`...)
	if e.text == nil {
		dst = jsontext.AppendQuoted(dst, e.plain)
	} else {
		dst = e.text.appendQuoted(dst, e.o.catalogue, e.o.languageOf(e.text), e.fault.all())
	}
	dst = append(dst, `,"pointer":`...)
	dst = jsontext.AppendQuoted(dst, "#/"+escapePointer.Replace(name))
	if e.fault != nil {
		dst = append(dst, `,"code":`...)
		dst = jsontext.AppendQuoted(dst, e.Code())
		if params, _ := e.fault.appendParams(nil); len(params) > len("{}") {
			dst = append(dst, `,"params":`...)
			dst = append(dst, params...)
		}
		if entries := e.fault.details(); len(entries) > 0 {
			dst = append(dst, `,"details":`...)
			dst = e.o.appendEntries(dst, entries, 1)
		}
	}
	return append(dst, '}')
}
