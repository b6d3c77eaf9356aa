package fault

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/polyfault/polyfault/internal/negotiate"
)

// respond runs the steps, each of which holds its own panics; the last line of defence is a body
// without anything of the error.
func (o *Occurrence) respond() {
	defer func() {
		if v := recover(); v != nil {
			o.lastResort(v)
		}
	}()
	o.classify()
	o.prepare()
	o.render()
	o.setHeader()
	o.observe()
	o.log()
}

// prepare finds what the response consists of.
func (o *Occurrence) prepare() {
	o.noted("the request", func() {
		c, ok := o.request.(interface{ Committed() bool })
		o.committed = ok && c.Committed()
	})
	o.clientGone = o.clientGone && o.kind == ClientClosedRequest
	if o.status >= 500 {
		o.recordStack()
	} else if !o.unknown {
		o.stack = nil
	}
	if len(o.attrs()) > 0 {
		o.entries = o.fault.details()
	}
	if o.unknown {
		o.entries = append(slices.Clip(o.entries), o.unhandledEntries()...)
	}
	o.limitErrors()
	o.text = o.catalogue.resolve(o.fault.textID(), o.kind, o.allLanguages)
	if id := o.fault.textID(); id != "" && id != o.text.id {
		o.note("text " + id + " is in no language of the body; " + o.text.id + " stands in")
	}
	if !o.allLanguages {
		o.language = o.negotiateLanguage()
	}
}

// recordStack keeps the panic's stack; else the fault's; else that of the responder's caller, which
// at least names the adapter and the route's function.
func (o *Occurrence) recordStack() {
	switch {
	case o.panicked:
	case o.fault != nil && len(o.fault.stack) > 0:
		o.stack = o.fault.stack
	default:
		o.stack = callers(5) // past prepare, respond, and the three of Respond
	}
}

// negotiateLanguage picks one language for the whole response: the first acceptable one that has
// all its texts. When there is none, entries and then the title may fall back within the language.
func (o *Occurrence) negotiateLanguage() int {
	titled := o.text.available
	if o.format.use == OneLanguageTitled {
		titled.intersect(&o.catalogue.resolveTitle(o.kind).available)
	}
	needed := titled
	for i := range o.entries {
		if t := o.textOfDetail(&o.entries[i]); t != nil {
			needed.intersect(&t.available)
		}
	}
	return o.chooseLanguage(o.text, needed, titled)
}

// textOfDetail is the text that the detail shows; nil for one without.
func (o *Occurrence) textOfDetail(d *detail) *text {
	if field, ok := d.value.(*fieldError); ok {
		return o.catalogue.rule(field.text, o.allLanguages)
	}
	err, ok := detailError(d.value)
	if !ok {
		return nil
	}
	f, ours := From(err)
	if !ours {
		return nil
	}
	return o.catalogue.resolve(f.textID(), f.Kind(), o.allLanguages)
}

// chooseLanguage goes through what the client accepts, the default language and the configured ones
// for a language in the first of sets, then in the next, then for one that has t.
func (o *Occurrence) chooseLanguage(t *text, sets ...languageSet) int {
	c := o.catalogue
	var preference negotiate.Preference
	if o.request != nil {
		o.noted("the request", func() {
			preference = c.negotiator.Prefer(o.request.Header("Accept-Language"), c.defaultLanguage, c.body)
		})
	}
	for _, set := range append(sets, t.available) {
		for i := range preference.Len() {
			if set.has(preference.At(i)) {
				return preference.At(i)
			}
		}
		if set.has(c.defaultLanguage) && !preference.Excludes(c.defaultLanguage) {
			return c.defaultLanguage
		}
		for _, i := range c.body {
			if set.has(i) && !preference.Excludes(i) {
				return i
			}
		}
		if set.has(c.defaultLanguage) {
			return c.defaultLanguage
		}
		if set.has(c.english) {
			return c.english
		}
	}
	return c.anyLanguage(t)
}

// render fills in status, body and the headers that describe the body.
func (o *Occurrence) render() {
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
	o.noted("the format", func() {
		resp.Body = o.format.Append(make([]byte, 0, o.sizeHint()), o)
	})
	if resp.Body == nil {
		o.renderPlainly()
		return
	}
	resp.own = append(resp.own, o.format.header...)
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
	resp.Body = append(o.text.appendMembers([]byte{'{'}, o.catalogue, nil), '}')
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
	return size
}

// entrySize is about what the detail adds to a body.
func (o *Occurrence) entrySize(d *detail) int {
	t := o.textOfDetail(d)
	if t == nil {
		return 64 + o.text.size
	}
	return 96 + len(d.name) + t.size + t.slots*(12+len(d.name))
}

// contentLanguage lists the languages that are in the body (RFC 9110, section 8.5).
func (o *Occurrence) contentLanguage() []string {
	if !o.allLanguages {
		return o.catalogue.languages[o.language].header
	}
	if len(o.entries) == 0 {
		return o.text.header
	}
	used := o.text.bodySet
	for i := range o.entries {
		if t := o.textOfDetail(&o.entries[i]); t != nil {
			used.add(&t.bodySet)
		}
	}
	if used == o.text.bodySet {
		return o.text.header
	}
	return o.catalogue.header(&used)
}

// setHeader fills in the rest of the header.
func (o *Occurrence) setHeader() {
	resp := o.resp
	resp.length[0] = decimal(len(resp.Body))
	resp.cacheControl = noStore
	resp.allow = resp.Status == http.StatusMethodNotAllowed
	if o.closes || resp.Status == http.StatusRequestEntityTooLarge { // the rest of the body is not read
		resp.own = append(resp.own, headerField{"Connection", []string{"close"}})
	}
	if wait := o.kindWait(); wait > 0 {
		o.ownRetryAfter(wait)
	}
	for _, attr := range o.attrs() {
		switch attr.op {
		case opHeader, opAddHeader:
			value, _ := attr.value.(string)
			o.own(attr.name, []string{value}, attr.op == opAddHeader)
		case opHeadersFunc:
			o.noted("a function of HeadersFunc", func() {
				f, _ := attr.value.(func(Request) http.Header)
				for name, values := range f(o.request) {
					o.own(name, values, false)
				}
			})
		case opRetryAfter:
			o.ownRetryAfter(time.Duration(attr.num))
		}
	}
}

// ownRetryAfter sets Retry-After, or leaves it away for a negative wait.
func (o *Occurrence) ownRetryAfter(wait time.Duration) {
	if wait < 0 {
		o.resp.own = slices.DeleteFunc(o.resp.own, func(f headerField) bool { return f.name == "Retry-After" })
		return
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	o.own("Retry-After", []string{strconv.FormatInt(seconds, 10)}, false)
}

// own takes over a header of the error, or refuses it: a value with a line break would split the
// response.
func (o *Occurrence) own(name string, values []string, add bool) {
	resp := o.resp
	if !isToken(name) {
		o.note(fmt.Sprintf("header name %q refused", name))
		return
	}
	name = http.CanonicalHeaderKey(name)
	if describesBody(name) {
		o.note("header " + name + " refused: it belongs to the body")
		return
	}
	for _, value := range values {
		if !isFieldValue(value) {
			o.note("header " + name + " refused: its value has control characters")
			return
		}
	}
	if name == "Cache-Control" && !add {
		resp.cacheControl = values
		return
	}
	for i := range resp.own {
		if resp.own[i].name == name {
			if add {
				values = append(resp.own[i].values[:len(resp.own[i].values):len(resp.own[i].values)], values...)
			}
			resp.own[i].values = values
			return
		}
	}
	resp.own = append(resp.own, headerField{name, values})
}

func (o *Occurrence) observe() {
	if len(o.responder.observers) == 0 || o.preview {
		return
	}
	ctx := o.context()
	o.TraceID()
	for _, observer := range o.responder.observers {
		o.noted("an observer", func() { observer(ctx, o) })
	}
}

func (o *Occurrence) context() (ctx context.Context) {
	ctx = context.Background()
	if o.request == nil {
		return ctx
	}
	o.noted("the request", func() {
		if own := o.request.Context(); own != nil {
			ctx = own
		}
	})
	return ctx
}

// log writes the one line of the failure.
func (o *Occurrence) log() {
	if o.preview {
		return
	}
	logger := o.responder.currentLogger()
	level := slog.LevelDebug
	if o.status >= 500 {
		level = slog.LevelError
	}
	defer func() {
		_ = recover() // a logger that panics cannot be told so
	}()
	if l := o.kind.spec.Level; l != nil {
		level = l.Level()
	}
	if o.quiet {
		level = slog.LevelDebug
	}
	ctx := o.context()
	if logger.Enabled(ctx, level) {
		logger.LogAttrs(ctx, level, "request failed", o.logLine()...)
	}
}

// lastResort is the answer when a step of the responder itself fails: the kind's text, or the
// constant, and one log line.
func (o *Occurrence) lastResort(value any) {
	resp := o.resp
	o.note("the responder panicked: " + describePanic(value))
	if o.kind == nil {
		o.kind = Unhandled
	}
	if !isErrorStatus(o.status) {
		o.status = o.kind.Status()
	}
	*resp = Response{Status: o.status, contentType: multilingualContentType, cacheControl: noStore}
	c := builtin()
	t := c.resolve("", o.kind, true)
	resp.contentLanguage = t.header
	resp.Body = append(t.appendMembers([]byte{'{'}, c, nil), '}')
	resp.length[0] = decimal(len(resp.Body))
	o.log()
}
