package fault

import (
	"bytes"
	"slices"
)

// prepareResponses renders the responses to all bare kinds of today once, for formats that carry all languages
// and allow it. Respond answers such an error with a table look-up and copies nothing.
func (r *Responder) prepareResponses(c *catalogue) {
	c.prepared = make([][]*Response, len(r.formats))
	if r.oneLanguage || len(r.observers) > 0 || r.retryable != nil { // those are asked anew each time
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

func (r *Responder) prepareKind(c *catalogue, f *configuredFormat, err error) *Response {
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
	if resp == nil || resp.Status >= 500 || r.log4xx(req, k) {
		return nil
	}
	if len(attrs) > 0 {
		return r.preparedFor(c, format, k, attrs)
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
	case t.whole != "" && (!args || r.formats[format].joins):
		return p.resp
	case !r.formats[format].joins:
		return nil
	}
	resp := *p.resp
	body := make([]byte, 0, len("{")+t.size+12*t.slots+len(p.suffix))
	body = t.appendMembers(append(body, '{'), c, attrs)
	body = append(body, p.suffix...)
	resp.Body = body
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
