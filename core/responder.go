package fault

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/polyfault/polyfault/core/internal/negotiate"
)

// A Responder turns errors into responses. It is made once by [NewResponder], holds all
// configuration, and is safe for concurrent use. A nil *Responder is [Default].
type Responder struct {
	catalogue atomic.Pointer[catalogue]

	locales         []fs.FS
	languages       []string
	defaultLanguage string
	oneLanguage     bool

	formats    []preparedFormat
	mediaTypes []string

	members     []Member
	mappers     []Mapper
	observers   []func(context.Context, *Occurrence)
	exposure    Exposure
	logger      *slog.Logger
	traceID     func(Request) string
	status      map[*Kind]int
	defaultKind *Kind

	foreignMessages bool
}

type preparedFormat struct {
	Format
	use         TextUse
	joins       bool // the body is the texts and a constant suffix, as long as there are no details
	contentType []string
	varyAll     []string // for a body that does not depend on the language
	varyOne     []string
}

// Default is the responder without options: the built-in locales, the formats [Multilingual] and
// [Problem], slog's default logger.
func Default() *Responder { return defaultResponder() }

var defaultResponder = sync.OnceValue(func() *Responder {
	r, err := NewResponder()
	if err != nil {
		panic(err) // without options nothing can be wrong
	}
	return r
})

// NewResponder makes a responder. Its error names the option, or the file, key and rule of a locale
// file (a *[LocaleError]), that is wrong; the responder is nil then.
func NewResponder(opts ...Option) (*Responder, error) {
	r := &Responder{defaultKind: Unhandled, status: map[*Kind]int{}}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("fault: option %d of NewResponder is nil", i+1)
		}
		if err := opt(r); err != nil {
			return nil, fmt.Errorf("fault: %w", err)
		}
	}
	if len(r.formats) == 0 {
		if err := WithFormats(Multilingual{}, Problem{})(r); err != nil {
			return nil, fmt.Errorf("fault: %w", err)
		}
	}
	r.prepareFormats()
	if err := r.Reload(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Responder) prepareFormats() {
	for i := range r.formats {
		f := &r.formats[i]
		_, multilingual := f.Format.(Multilingual)
		f.joins = multilingual && !slices.Contains(r.members, MemberParams)
		f.varyOne = []string{"Accept-Language"}
		if len(r.formats) > 1 {
			f.varyAll = []string{"Accept"}
			f.varyOne = []string{"Accept, Accept-Language"}
		}
		r.mediaTypes = append(r.mediaTypes, mediaType(f.ContentType()))
	}
}

func mediaType(contentType string) string {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// Reload reads the file systems of [WithLocales] again and publishes a new catalogue, while requests
// go on with the old one. When a file is wrong it returns the error that [NewResponder] would, and
// the old catalogue stays.
func (r *Responder) Reload() error {
	if r == nil {
		return nil // Default has built-in texts only
	}
	var own []*localeFile
	for _, fsys := range r.locales {
		files, err := readLocales(fsys)
		if err != nil {
			return fmt.Errorf("fault: %w", err)
		}
		own = append(own, files...)
	}
	c, err := newCatalogue(own, r.languages, r.defaultLanguage)
	if err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	r.prepare(c)
	r.catalogue.Store(c)
	return nil
}

// prepare renders the bodies of all bare kinds of today once, for formats that carry all languages
// and allow it. To such an error Respond then is a lookup: nothing is cheaper than a copy but none.
func (r *Responder) prepare(c *catalogue) {
	c.prepared = make([][]*Response, len(r.formats))
	if r.oneLanguage || len(r.observers) > 0 {
		return
	}
	for i := range r.formats {
		reusable, ok := r.formats[i].Format.(interface{ Reusable() bool })
		if !ok || !reusable.Reusable() || r.formats[i].Use() != AllLanguages {
			continue
		}
		for k := range Kinds() {
			c.prepared[i] = append(c.prepared[i], r.prepareKind(c, &r.formats[i], k))
		}
	}
}

func (r *Responder) prepareKind(c *catalogue, f *preparedFormat, err error) *Response {
	o := &Occurrence{responder: r, catalogue: c, err: err, format: f, allLanguages: true, preparing: true}
	o.resp = &Response{}
	o.classify()
	o.text = c.resolve(o.fault.textID(), o.kind, true)
	o.render()
	o.setHeader()
	if o.individual || o.unknown || len(o.notes) > 0 {
		return nil
	}
	return o.resp
}

// preparedResponse finds the response to an error that is a kind, perhaps with a text of its own and
// arguments, and nothing else. There is none for 5xx, nor while failures of its level are logged:
// those take the long way.
func (r *Responder) preparedResponse(c *catalogue, format int, req Request, err error) *Response {
	k, _ := err.(*Kind)
	var attrs []Attr
	if f, ok := err.(*Fault); ok && f != nil {
		k, attrs = f.kind, f.attrs
	}
	if k == nil || k.spec.Status >= 500 || k.index >= len(c.prepared[format]) {
		return nil
	}
	resp := c.prepared[format][k.index]
	if len(attrs) > 0 && resp != nil {
		resp = r.preparedFor(c, format, k, attrs)
	}
	if resp == nil || resp.Status >= 500 || r.log4xx(req, k) {
		return nil
	}
	return resp
}

// preparedFor is preparedResponse for a fault with attributes.
func (r *Responder) preparedFor(c *catalogue, format int, k *Kind, attrs []Attr) *Response {
	id, args := k.spec.Text, false
	for i := range attrs {
		switch attrs[i].op {
		case opText:
			id = attrs[i].name
		case opArg, opCount:
			args = true
		default:
			return nil
		}
	}
	t := c.texts[id]
	if t == nil || !t.configured {
		return nil
	}
	p := r.preparedText(c, format, k, t)
	switch {
	case p == nil || p.resp == nil:
		return nil
	case t.whole != "" && !args:
		return p.resp
	case !r.formats[format].joins:
		return nil
	}
	resp := *p.resp
	body := make([]byte, 0, len("{")+t.size+12*t.slots+len(p.suffix))
	body = t.appendMembers(append(body, '{'), c, attrs)
	resp.Body = append(body, p.suffix...)
	resp.length[0] = decimal(len(resp.Body))
	return &resp
}

// maxPreparedTexts bounds what one text keeps: it is met with a kind or two.
const maxPreparedTexts = 16

// preparedText finds, or makes, the response to a fault of kind k with the text and no arguments.
func (r *Responder) preparedText(c *catalogue, format int, k *Kind, t *text) *preparedText {
	var list []preparedText
	if kept := t.prepared.Load(); kept != nil {
		list = *kept
	}
	for i := range list {
		if list[i].kind == k && list[i].format == format {
			return &list[i]
		}
	}
	if len(list) >= maxPreparedTexts {
		return nil
	}
	p := preparedText{kind: k, format: format}
	p.resp = r.prepareKind(c, &r.formats[format], &Fault{kind: k, attrs: []Attr{Text(t.id)}})
	if texts := t.appendMembers([]byte{'{'}, c, nil); p.resp != nil && bytes.HasPrefix(p.resp.Body, texts) {
		p.suffix = p.resp.Body[len(texts):]
	}
	longer := append(slices.Clip(list), p)
	t.prepared.Store(&longer) // two at a time may each store theirs: one is made again later
	return &p
}

// log4xx reports whether an error of kind k would be logged.
func (r *Responder) log4xx(req Request, k *Kind) bool {
	ctx := context.Background()
	if req != nil {
		if own := req.Context(); own != nil {
			ctx = own
		}
	}
	level := slog.LevelDebug
	if l := k.spec.Level; l != nil {
		level = l.Level()
	}
	return r.currentLogger().Enabled(ctx, level)
}

func (r *Responder) currentLogger() *slog.Logger {
	if r.logger != nil {
		return r.logger
	}
	return slog.Default()
}

// statusOf is the status of k: what WithStatus says of k or of the ancestor it has its status from,
// else the kind's own.
func (r *Responder) statusOf(k *Kind) int {
	if len(r.status) == 0 {
		return k.spec.Status
	}
	for a := k; a != nil; a = a.parent {
		if status, moved := r.status[a]; moved {
			return status
		}
		if !a.inherit {
			break
		}
	}
	return k.spec.Status
}

// Respond makes the response to err and, before it returns, logs the failure and calls the
// observers. It returns nil for a nil err and only then; adapters ask [IsNil] first, as a typed nil
// is no error either.
//
// Respond never panics: whatever panics inside it (an Error method, a MarshalJSON, a mapper, an
// observer, the logger …) costs its own contribution, and the client still gets the right status and
// a valid, localized body.
func (r *Responder) Respond(req Request, err error) *Response {
	if err == nil {
		return nil
	}
	if r == nil {
		r = Default()
	}
	c := r.catalogue.Load()
	format := r.formatOf(req)
	if resp := r.quick(c, format, req, err); resp != nil {
		return resp
	}
	if len(r.observers) > 0 { // they may keep the occurrence
		return r.respond(&Occurrence{}, c, format, req, err)
	}
	o := occurrences.Get().(*Occurrence)
	resp := r.respond(o, c, format, req, err)
	*o = Occurrence{}
	occurrences.Put(o)
	return resp
}

// occurrences are used again when nobody may have kept them: half of what a response allocates.
var occurrences = sync.Pool{New: func() any { return &Occurrence{} }}

func (r *Responder) respond(o *Occurrence, c *catalogue, format int, req Request, err error) *Response {
	o.responder, o.catalogue, o.format, o.request, o.err = r, c, &r.formats[format], req, err
	o.resp = &Response{}
	o.allLanguages = o.format.use == AllLanguages && !r.oneLanguage
	if p, ok := err.(*panicError); ok {
		o.panicked, o.stack, o.err = true, p.stack, p.unwrapped()
	}
	o.respond()
	return o.resp
}

// formatOf negotiates the format. A request that panics gets the default one.
func (r *Responder) formatOf(req Request) (format int) {
	if len(r.formats) == 1 || req == nil {
		return 0
	}
	defer func() {
		if recover() != nil {
			format = 0
		}
	}()
	return negotiate.MediaType(req.Header("Accept"), r.mediaTypes)
}

// quick is preparedResponse for requests and loggers that may panic: they take the long way.
func (r *Responder) quick(c *catalogue, format int, req Request, err error) (resp *Response) {
	defer func() {
		if recover() != nil {
			resp = nil
		}
	}()
	return r.preparedResponse(c, format, req, err)
}

// Recovered makes the response to a recovered panic value, as [Responder.Respond] does to an error.
// It is to be called in the deferred function that recovered: the stack in the log is then that of
// the panic. An error of ours keeps its status; anything else is [Unhandled]. It returns nil for a
// nil value, that is, without a panic.
//
// [http.ErrAbortHandler] is not for Recovered: adapters abort the connection.
func (r *Responder) Recovered(req Request, value any) *Response {
	return r.Respond(req, Panicked(value))
}

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
		o.entries = append(o.entries, o.unhandledEntries()...)
	}
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
		o.stack = callers(3)
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
	for _, e := range o.entries {
		err, ok := detailError(e.value)
		if !ok {
			continue
		}
		if f, ours := From(err); ours {
			needed.intersect(&o.catalogue.resolve(f.textID(), f.Kind(), false).available)
		}
	}
	return o.chooseLanguage(o.text, needed, titled)
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
	}
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
	if len(o.entries) > 0 {
		size += len(`,"details":{}`) + (64+o.text.size)*len(o.entries) // localized ones are about as long
	}
	return size
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
	for _, e := range o.entries {
		err, ok := detailError(e.value)
		if !ok {
			continue
		}
		if f, ours := From(err); ours {
			used.add(&o.catalogue.resolve(f.textID(), f.Kind(), true).bodySet)
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
	if o.closes {
		resp.own = append(resp.own, headerField{"Connection", []string{"close"}})
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
			if wait := time.Duration(attr.num); wait >= 0 {
				seconds := int64((wait + time.Second - 1) / time.Second)
				o.own("Retry-After", []string{fmt.Sprint(seconds)}, false)
			}
		}
	}
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
	if len(o.responder.observers) == 0 {
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
