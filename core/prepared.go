package fault

import (
	"bytes"
	"slices"
	"sync/atomic"

	"github.com/polyfault/polyfault/internal/errtree"
)

// A template is the response to all failures of one key, rendered once. Only the trace id differs between them; its places
// in the body are left open.
type template struct {
	key   templateKey
	resp  *Response // its body lacks the trace ids; nil when something else differs, too
	holes []hole    // in order
	texts int       // the length of the body's texts, for formats that join them and a suffix: arguments change nothing else
}

// A templateKey is what the response to a failure without details and arguments depends on, beside text and language.
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

// prepareResponses prepares the responses to all bare kinds of today, for formats that carry all languages. Respond answers
// such an error with a table look-up and copies nothing, unless somebody has to be told of it.
func (r *Responder) prepareResponses(c *catalogue) {
	c.prepared = make([][]*template, len(r.formats))
	if r.oneLanguage || len(r.observers) > 0 || r.retryable != nil {
		return
	}
	for i := range r.formats {
		if f := &r.formats[i]; f.reusable && f.use == AllLanguages {
			c.prepared[i] = r.prepareKinds(c, f)
		}
	}
}

func (r *Responder) prepareKinds(c *catalogue, f *configuredFormat) (list []*template) {
	for k := range Kinds() {
		o := r.bare(c, f, k)
		o.text = c.resolve("", k, true)
		t := o.newTemplate(o.templateKey())
		if o.unknown || t.resp == nil || len(t.holes) > 0 {
			t = nil
		}
		list = append(list, t)
	}
	return list
}

// bare is an occurrence of the kind itself, in all languages.
func (r *Responder) bare(c *catalogue, f *configuredFormat, k *Kind) *Occurrence {
	o := &Occurrence{responder: r, catalogue: c, format: f, allLanguages: true, err: k}
	o.become(k, nil)
	return o
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
	t := c.prepared[format][k.index]
	if t == nil || t.resp.Status >= 500 || r.log4xx(req, k) {
		return nil
	}
	if len(attrs) > 0 {
		return r.preparedFor(c, format, k, attrs)
	}
	return t.resp
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
	text := c.texts[id]
	if text == nil || !text.configured {
		return nil
	}
	o := r.bare(c, &r.formats[format], k)
	o.text, o.fault = text, &Fault{kind: k, attrs: attrs}
	t := o.template()
	switch {
	case t == nil || len(t.holes) > 0:
		return nil
	case text.whole != "" && (!args || t.key.format.joins):
		return t.resp
	}
	resp := *t.resp
	body, ok := t.with(nil, o, nil)
	if !ok {
		return nil
	}
	resp.Body, resp.length[0] = body, decimal(len(body))
	return &resp
}
