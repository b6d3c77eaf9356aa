package fault

import (
	"bytes"
	"slices"
	"sync/atomic"
)

// A template is the response to all failures of one key, rendered once. Only the trace id differs between them: its places
// in the body are left open.
type template struct {
	key    templateKey
	resp   *Response // its body lacks the trace ids; nil if other parts differ, too
	traced bool      // the trace id was asked for
	holes  []hole    // in order
	texts  int       // length of the body's texts if a constant follows them, else 0: arguments change nothing after it
}

// A templateKey has everything that the response to a failure without details depends on, beside text and language.
type templateKey struct {
	kind    *Kind
	format  *configuredFormat
	retry   RetryPolicy
	own     bool // the error chose the text itself
	unknown bool
	other   bool // the trace id is not of 32 hexadecimal digits
}

// A hole is a place in the body for the trace id.
type hole struct {
	at   int
	uuid bool // with hyphens
}

// prepareResponses prepares the responses to all present bare kinds, for formats that carry all languages. Respond answers
// such an error with a table look-up and copies nothing, unless it has to log or observe.
func (r *Responder) prepareResponses(c *catalogue) {
	c.prepared = make([][]*template, len(r.formats))
	if r.oneLanguage || len(r.observers) > 0 {
		return
	}
	for i := range r.formats {
		if f := &r.formats[i]; f.reusable && f.use == AllLanguages {
			c.prepared[i] = r.prepareKinds(c, f)
		}
	}
	c.made.Store(0) // those of kinds take no place of others
}

func (r *Responder) prepareKinds(c *catalogue, f *configuredFormat) (list []*template) {
	for k := range Kinds() {
		t := r.templateOf(c, c.resolve("", k, true), templateKey{kind: k, format: f, retry: retryOf(k.Retryable())})
		if k == Unhandled || t.resp == nil || t.traced {
			t = nil
		}
		list = append(list, t)
	}
	return list
}

func retryOf(retryable bool) RetryPolicy {
	if retryable {
		return RetryLater
	}
	return RetryNever
}

// preparedResponse returns the prepared response to an error that is just a kind, perhaps with a text of its own and
// arguments. It returns nil for 5xx, and if failures of its level are logged: those take the long way.
func (r *Responder) preparedResponse(c *catalogue, format int, req Request, err error) *Response {
	k, _ := err.(*Kind)
	var attrs []Attr
	if f, ok := err.(*Fault); ok && f != nil {
		k, attrs = f.kind, f.attrs
	}
	if k == nil || k.spec.Status >= 500 || k.index >= len(c.prepared[format]) {
		return nil
	}
	t := c.prepared[format][k.index]
	if t == nil || t.resp.Status >= 500 || isCommitted(req) || r.log4xx(req, k) {
		return nil
	}
	if len(attrs) > 0 {
		return r.preparedFor(c, t.key, attrs)
	}
	if key := r.asked(t.key); key.retry != t.key.retry {
		t = r.templateOf(c, c.resolve("", k, true), key)
	}
	if t.traced {
		return nil
	}
	return t.resp
}

// asked returns the key with what the policy says of the kind. It is asked last: the long way asks it again.
func (r *Responder) asked(key templateKey) templateKey {
	if r.retryable != nil {
		key.retry = retryOf(r.retryable(key.kind))
	}
	return key
}

// preparedFor is preparedResponse for a fault with attributes. key is that of its kind.
func (r *Responder) preparedFor(c *catalogue, key templateKey, attrs []Attr) *Response {
	id, args := key.kind.spec.Text, false
	for i := range attrs {
		switch attrs[i].op {
		case opText:
			id, key.own = attrs[i].name, true
		case opArg, opCount:
			args = true
		default:
			return nil
		}
	}
	text := c.texts[id]
	if text == nil || !text.configured || args && !key.format.joins {
		return nil
	}
	t := r.templateOf(c, text, r.asked(key))
	switch {
	case t.resp == nil || t.traced || args && t.texts == 0:
		return nil
	case text.whole != "" || !args:
		return t.resp
	}
	resp := *t.resp
	resp.Body = t.appendRest(text.appendMembers(append(make([]byte, 0, t.size(text)), '{'), c, attrs), t.texts, nil)
	if len(resp.Body) > r.limit() {
		return nil
	}
	resp.length[0] = decimal(len(resp.Body))
	return &resp
}

// size returns about the length of a body with arguments.
func (t *template) size(text *text) int {
	return len(t.resp.Body) + 12*text.slots + 36*len(t.holes)
}

// appendRest appends the body after from, with the trace id of o.
func (t *template) appendRest(dst []byte, from int, o *Occurrence) []byte {
	body := t.resp.Body
	for _, h := range t.holes {
		dst = append(dst, body[from:h.at]...)
		dst = o.appendTraceID(dst, h.uuid)
		from = h.at
	}
	return append(dst, body[from:]...)
}

// fill takes the response from a template, if there is one for such failures. It runs no code of formats and encoders.
func (o *Occurrence) fill() bool {
	args, plain := o.plain()
	if !plain {
		return false
	}
	key := templateKey{kind: o.kind, format: o.format, retry: retryOf(o.Retryable()), own: o.OwnText(), unknown: o.unknown}
	t := o.template(key)
	if t.traced && !o.hasHexID() {
		key.other = true
		t = o.template(key)
	}
	if t.resp == nil || key.other && !isSimpleID(o.traceID) || args && t.texts == 0 {
		return false
	}
	args = args && o.text.whole == ""
	body, length := t.resp.Body, t.resp.length
	if args || len(t.holes) > 0 {
		body = o.assemble(t, args)
		length[0] = decimal(len(body))
	}
	if len(body) > o.bodyLimit() {
		return false
	}
	if o.resp == nil {
		o.resp = &Response{}
	}
	*o.resp = Response{t.resp.Status, body, length, t.resp.head}
	return true
}

// assemble returns the body of the template with the trace id, and with texts that have arguments.
func (o *Occurrence) assemble(t *template, args bool) []byte {
	rest := len(t.resp.Body) - t.texts + 36*len(t.holes)
	switch {
	case !args:
		return t.appendRest(o.buffer(t.texts+rest), 0, o)
	case o.text.program == nil:
		return t.appendRest(o.text.appendMembers(append(o.buffer(t.size(o.text)), '{'), o.catalogue, o.attrs()), t.texts, o)
	}
	var space [fewArgs]argText
	ready := o.text.argsOf(space[:0], o.attrs())
	return t.appendRest(o.text.write(append(o.buffer(len("{")+o.text.length(ready)+rest), '{'), ready), t.texts, o)
}

// plain reports whether the error has only a text, and whether that has arguments.
func (o *Occurrence) plain() (args, plain bool) {
	if !o.format.reusable || o.committed || o.clientGone || o.closes || len(o.entries) > o.tail ||
		o.status != o.responder.statusOf(o.kind) || o.unknown && o.responder.exposure > ExposeNone {
		return false, false
	}
	for _, a := range o.attrs() {
		switch a.op {
		case opText, opTraceID, opCause, opLog:
		case opArg, opCount:
			args = true
		default:
			return false, false
		}
	}
	return args, !o.bringsBody()
}

// templateOf finds, or makes, the template for the text in all languages.
func (r *Responder) templateOf(c *catalogue, text *text, key templateKey) *template {
	if t := text.template(none, key); t != nil {
		return t
	}
	o := Occurrence{responder: r, catalogue: c, allLanguages: true, text: text}
	return o.makeTemplate(key)
}

// template finds, or makes, the template for the text and the language of o. There always is one, perhaps without a
// response.
func (o *Occurrence) template(key templateKey) *template {
	if t := o.text.template(o.templateLanguage(), key); t != nil {
		return t
	}
	return o.makeTemplate(key)
}

func (o *Occurrence) templateLanguage() int {
	if o.allLanguages {
		return none
	}
	return o.language
}

// Bounds of what is kept: templates of one text in one language, and of a catalogue. Behind them a response is rendered.
const (
	maxTextTemplates = 16
	maxTemplates     = 1 << 13
)

// noTemplate stands for one that cannot be, or may not be kept.
var noTemplate = &template{}

// template returns nil for one that has to be made.
func (t *text) template(language int, key templateKey) *template {
	list := t.templatesIn(language)
	for _, kept := range list {
		if kept.key == key {
			return kept
		}
	}
	if len(list) >= maxTextTemplates || t.catalogue.made.Load() >= maxTemplates {
		return noTemplate
	}
	return nil
}

func (t *text) templatesIn(language int) []*template {
	if lists := t.templates.Load(); lists != nil {
		if list := (*lists)[language+1].Load(); list != nil {
			return *list
		}
	}
	return nil
}

// keep enters a template. Of two that are entered at a time one may be lost: it is made again later.
func (t *text) keep(language int, made *template) {
	if t.catalogue.made.Add(1) > maxTemplates {
		return
	}
	lists := t.templates.Load()
	if lists == nil {
		fresh := make([]atomic.Pointer[[]*template], len(t.catalogue.languages)+1)
		t.templates.CompareAndSwap(nil, &fresh)
		lists = t.templates.Load()
	}
	longer := append(slices.Clip(t.templatesIn(language)), made)
	(*lists)[language+1].Store(&longer)
}

// makeTemplate renders the response to a failure of the key with text and language of o twice, with two trace ids. Where
// nothing differs but these, it is a template.
func (o *Occurrence) makeTemplate(key templateKey) *template {
	t := &template{key: key}
	ids := hexIDs
	if key.other {
		ids = otherIDs
	}
	first, traced := o.sample(key, ids[0])
	second, again := o.sample(key, ids[1])
	t.traced = traced || again
	if first != nil && second != nil {
		body, holes := cutID(first.Body, ids[0])
		other, same := cutID(second.Body, ids[1])
		if bytes.Equal(body, other) && slices.Equal(holes, same) {
			first.Body, t.resp, t.holes, t.texts = slices.Clip(body), first, holes, o.textsIn(key, body, holes)
			first.length[0] = decimal(len(body))
		}
	}
	o.text.keep(o.templateLanguage(), t)
	return t
}

// textsIn returns the length of the texts at the start of a body that joins them and a constant.
func (o *Occurrence) textsIn(key templateKey, body []byte, holes []hole) int {
	if !key.format.joins || !o.allLanguages {
		return 0
	}
	texts := o.text.appendMembers([]byte{'{'}, o.catalogue, nil)
	if !bytes.HasPrefix(body, texts) || len(holes) > 0 && holes[0].at < len(texts) {
		return 0
	}
	return len(texts)
}

// Trace ids of samples. Those of other forms have the characters that encoders might write in another way.
var (
	hexIDs   = [2]string{"4a1c0d9e8b7f46253a5c6d7e8f901b2d", "b3e2f1607c8d9a4b5c6d70918e2f3a4c"}
	otherIDs = [2]string{"Sample-id_A.0~z", "1_other~Form.of-an-Id"}
)

// isSimpleID reports whether the id of another form has no more characters than those of the samples, and is no UUID for
// [uuid].
func isSimpleID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' && c != '~' {
			return false
		}
	}
	_, isUUID := uuid(id)
	return !isUUID
}

// sample returns the response with this trace id, and whether anybody has asked for that; nil when the response depends on something
// else of the one request, or something went wrong.
func (o *Occurrence) sample(key templateKey, traceID string) (resp *Response, traced bool) {
	s := &Occurrence{
		responder: o.responder, catalogue: o.catalogue, format: key.format, allLanguages: o.allLanguages, language: o.language,
		kind: key.kind, err: key.kind, status: o.responder.statusOf(key.kind), unknown: key.unknown, retry: key.retry, text: o.text,
		traceID: traceID, preparing: true,
	}
	if key.own {
		s.fault = &Fault{kind: key.kind, attrs: []Attr{Text(o.text.id)}}
	}
	if key.unknown {
		s.entries = s.unhandledEntries()
		s.tail = len(s.entries)
	}
	s.render()
	s.setHeader()
	if s.individual || s.notes() != nil || s.resp.Body == nil {
		return nil, s.traced
	}
	return s.resp, s.traced
}

// cutID cuts the id out of the body, and out of UUIDs.
func cutID(body []byte, id string) (rest []byte, holes []hole) {
	hyphenated, _ := uuid(id)
	for {
		at, form := bytes.Index(body, []byte(id)), id
		if i := bytes.Index(body, []byte(hyphenated)); hyphenated != "" && i >= 0 && (at < 0 || i < at) {
			at, form = i, hyphenated
		}
		if at < 0 {
			return append(rest, body...), holes
		}
		rest = append(rest, body[:at]...)
		holes = append(holes, hole{len(rest), form == hyphenated})
		body = body[at+len(form):]
	}
}
