package fault

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/polyfault/polyfault/internal/errtree"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// appendParams appends the arguments, the count among them, as one JSON object in order. Behind limit bytes there are no more.
func appendParams(dst []byte, attrs []Attr, limit int) (out []byte, complete bool) {
	complete = true
	dst = append(dst, '{')
	first, start, n := true, len(dst), 0
	for a := range lastOf(attrs) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if n++; n > maxArgs || len(dst)-start > limit {
			dst = append(dst, `"…":"…"`...)
			break
		}
		dst = jsontext.AppendQuoted(dst, memberName(a.name))
		dst = append(dst, ':')
		if a.op == opCount {
			dst, _ = jsontext.AppendValue(dst, a.num)
			continue
		}
		var all bool
		dst, all, _ = jsontext.AppendBounded(dst, a.value, maxArg)
		complete = complete && all
	}
	return append(dst, '}'), complete
}

type bodied interface{ ErrorBody(Localizer) any }

func asBodied(err error) (bodied, bool) {
	b, is := err.(bodied)
	return b, is
}

// bringsBody reports whether an error of the tree brings a body, or a code, of its own.
func (o *Occurrence) bringsBody() bool {
	if _, foreign := o.fault.Unwrap().(foreignCoded); foreign {
		return true
	}
	switch e := o.err.(type) {
	case *Kind:
		return false
	case *Fault:
		if e.Unwrap() == nil {
			return false
		}
		_, found := errtree.Find(o.err, asBodied)
		return found
	}
	_, found := errtree.First[bodied](o.tree())
	return found
}

// ownBody finds the body that the error brings itself, and encodes it.
func (o *Occurrence) ownBody() (body []byte, l *localizer) {
	switch e := o.err.(type) {
	case *Kind:
		return nil, nil
	case *Fault:
		if e.Unwrap() == nil {
			return nil, nil
		}
	}
	o.noted("ErrorBody", func() {
		own, found := errtree.Find(o.err, asBodied)
		if !found {
			return
		}
		localizer := &localizer{o: o, language: none}
		value := own.ErrorBody(localizer)
		if united, again := localizer.unite(); again {
			localizer, value = united, own.ErrorBody(united)
		}
		if !errtree.IsNil(value) {
			body, l = o.appendWhole(value), localizer
		}
	})
	return body, l
}

// AppendTexts appends the texts as JSON members: "DE":"…","EN":"…" in a body of all languages, the
// one member of its language otherwise.
func (o *Occurrence) AppendTexts(dst []byte) []byte {
	if o.allLanguages {
		return o.text.appendMembers(dst, o.catalogue, o.attrs())
	}
	dst = jsontext.AppendQuoted(dst, o.catalogue.languages[o.language].key)
	dst = append(dst, ':')
	return o.AppendText(dst)
}

// AppendText appends [Occurrence.Text] as a JSON string.
func (o *Occurrence) AppendText(dst []byte) []byte {
	return o.text.appendQuoted(dst, o.catalogue, o.languageOf(o.text), o.attrs())
}

// AppendParams appends the arguments as a JSON object.
func (o *Occurrence) AppendParams(dst []byte) []byte {
	dst, complete := appendParams(dst, o.attrs(), o.paramsLimit())
	if !complete {
		o.note("an argument cannot be encoded as JSON")
	}
	return dst
}

// AppendDetails appends the details as a JSON object.
//
// A field error is {"code", the languages, "params"}. It has "in" if it is not about the body, and "pointer" (a URI
// fragment, as in [Problem]) or "name" if its name among the details would be another place: "a.b" is "#/a/b" without
// a pointer "#/a.b". A field error has "error" in place of the languages if its text is of no known language, or if
// it has no code and declared texts ([Texts]).
//
// Another error is {"error": …}: a map of languages in a body of all languages, a string otherwise. It has the
// members code and params if [WithMembers] asks for them, and its own details.
func (o *Occurrence) AppendDetails(dst []byte) []byte {
	return o.appendEntries(dst, o.entries, 0)
}

// maxNesting bounds errors in details of errors.
const maxNesting = 8

func (o *Occurrence) appendEntries(dst []byte, entries []detail, nesting int) []byte {
	dst = append(dst, '{')
	first, start, left := true, len(dst), 0
	for i := range entries {
		d := &entries[i]
		left += d.others
		if nesting > 0 && len(dst)-start > o.bodyLimit()/nestedShare {
			left++
			continue
		}
		if d.again {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = jsontext.AppendQuoted(dst, d.name)
		dst = append(dst, ':')
		if nesting < maxNesting {
			if e, ok := o.errorOf(d); ok {
				dst = o.appendEntry(dst, &e, nesting)
				continue
			}
		}
		dst = o.appendValue(dst, d.name, d.value)
	}
	if nesting > 0 && left > 0 { // at the top the body tells
		dst = fmt.Appendf(dst, `,"…":%d`, left)
	}
	return append(dst, '}')
}

func (o *Occurrence) appendEntry(dst []byte, e *DetailError, nesting int) []byte {
	if e.field {
		return e.appendField(dst)
	}
	dst = e.appendError(append(dst, '{'))
	if e.fault != nil {
		dst = o.appendEntryMembers(dst, e, nesting)
	}
	return append(dst, '}')
}

func (o *Occurrence) appendEntryMembers(dst []byte, e *DetailError, nesting int) []byte {
	for _, m := range o.responder.entries {
		switch m {
		case MemberCode:
			dst = append(dst, `,"code":`...)
			dst = jsontext.AppendQuoted(dst, e.code)
		case MemberParams:
			if e.HasParams() {
				dst = append(dst, `,"params":`...)
				dst = e.AppendParams(dst)
			}
		}
	}
	if entries := e.fault.details(); len(entries) > 0 {
		dst = append(dst, `,"details":`...)
		dst = o.appendEntries(dst, entries, nesting+1)
	}
	return dst
}

// appendValue appends the value of the detail, as far as there is room. What JSON cannot express, and what was cut, is
// noted by name.
func (o *Occurrence) appendValue(dst []byte, name string, value any) []byte {
	dst, complete, whole := jsontext.AppendBounded(dst, value, o.bodyLimit()/detailShare)
	if !complete {
		o.note(fmt.Sprintf("detail %q cannot be encoded as JSON (%T)", name, value))
	}
	if !whole {
		o.note(fmt.Sprintf("detail %q is cut: it is too long", name))
	}
	return dst
}

// appendWhole appends the body that an error brings itself: its length and directions are the application's.
func (o *Occurrence) appendWhole(body any) []byte {
	encoded, complete := jsontext.AppendValue(nil, body)
	if !complete {
		o.note(fmt.Sprintf("ErrorBody cannot be encoded as JSON (%T)", body))
	}
	return encoded
}

// AppendJSON appends any value as JSON, like a detail: with the bytes of [encoding/json], and "(not encodable)" where
// that would fail. A value longer than a detail may be is cut, and bidirectional controls become U+FFFD.
func (o *Occurrence) AppendJSON(dst []byte, value any) []byte {
	return o.appendValue(dst, "", value)
}

// AppendMembers appends the members chosen by [WithMembers], each after a comma. Params are left out if there are
// none.
func (o *Occurrence) AppendMembers(dst []byte) []byte {
	for _, m := range o.responder.members {
		switch m {
		case MemberCode:
			dst = append(dst, `,"code":`...)
			dst = jsontext.AppendQuoted(dst, o.Code())
		case MemberTraceID:
			dst = append(dst, `,"trace_id":`...)
			dst = jsontext.AppendQuoted(dst, o.TraceID())
		case MemberParams:
			if o.HasParams() {
				dst = append(dst, `,"params":`...)
				dst = o.AppendParams(dst)
			}
		case MemberRetryable:
			dst = append(dst, `,"retryable":`...)
			dst = strconv.AppendBool(dst, o.Retryable())
		}
	}
	return dst
}

// render fills in status, body and the headers that describe the body.
func (o *Occurrence) render() {
	if o.resp == nil || o.resp.head == nil { // what observed occurrences bring has none
		o.resp = newResponse()
	}
	resp := o.resp
	resp.Status = o.status
	resp.contentType = o.format.contentType
	resp.vary = o.format.varyOne
	if o.allLanguages {
		resp.vary = o.format.varyAll
	}
	if o.committed || o.clientGone {
		return
	}
	if o.format == &o.responder.formats[0] && o.renderOwnBody() {
		return
	}
	resp.contentLanguage = o.contentLanguage()
	if o.append(); len(resp.Body) > o.bodyLimit() && (len(o.entries) > o.tail || o.fault.hasLongArgs()) {
		o.shorten()
		resp.contentLanguage = o.contentLanguage()
	}
	if resp.Body == nil {
		o.renderPlainly()
		return
	}
	resp.own = append(resp.own, o.format.header...)
}

// append lets the format append the body; it stays nil where that fails.
func (o *Occurrence) append() {
	o.resp.Body = nil
	o.noted("the format", func() {
		o.resp.Body = o.format.Append(o.buffer(o.sizeHint()), o)
	})
}

// buffer is empty and has room for so many bytes.
func (o *Occurrence) buffer(size int) []byte {
	if o.resp != nil && o.resp.head == nil && size <= cap(o.resp.Body) {
		return o.resp.Body[:0]
	}
	return make([]byte, 0, size)
}

func (o *Occurrence) renderOwnBody() bool {
	resp := o.resp
	body, l := o.ownBody()
	if body == nil {
		return false
	}
	resp.Body = body
	resp.contentLanguage = o.catalogue.header(&l.used)
	resp.vary = o.format.varyAll
	if l.negotiated {
		resp.vary = o.format.varyOne
	}
	return true
}

// renderPlainly is for a format that failed: the text in every language and nothing else.
func (o *Occurrence) renderPlainly() {
	resp := o.resp
	resp.contentType = multilingualContentType
	resp.contentLanguage = o.text.header
	resp.Body = append(o.appendCode(o.text.appendMembers([]byte{'{'}, o.catalogue, nil)), '}')
}

// appendCode appends the member "code" to a body of last resort, unless the application wants none.
func (o *Occurrence) appendCode(dst []byte) []byte {
	if !slices.Contains(o.responder.members, MemberCode) {
		return dst
	}
	return jsontext.AppendQuoted(append(dst, `,"code":`...), o.kind.Code())
}

var multilingualContentType = []string{Multilingual{}.ContentType()}

// sizeHint saves growing the body: exact for a plain text, generous for the rest.
func (o *Occurrence) sizeHint() int {
	if !o.allLanguages {
		return 512
	}
	size := o.text.size + len("{}") + 12*o.text.slots + 48*len(o.responder.members)
	for i := range o.entries {
		size += o.entrySize(&o.entries[i])
	}
	return min(size, o.bodyLimit())
}

// entrySize returns about what the detail adds to a body.
func (o *Occurrence) entrySize(d *detail) int {
	t := o.textOfDetail(d)
	if t == nil {
		return 64 + o.text.size
	}
	return 96 + len(d.name) + t.size + t.slots*(12+len(d.name))
}
