package fault

import (
	"context"
	"slices"
)

// respond runs the steps. Each step recovers its own panics; the last resort is a body without details of the error.
func (o *Occurrence) respond() {
	defer func() {
		if v := recover(); v != nil {
			o.lastResort(v)
		}
	}()
	o.classify()
	if o.redirect {
		o.resp = &Response{Status: o.status, head: &head{redirect: true}}
		return
	}
	o.collect()
	if !o.fill() {
		o.render()
		o.setHeader()
	}
	o.observe()
	o.log()
}

// collect finds the parts of the response.
func (o *Occurrence) collect() {
	o.noted("the request", func() {
		o.committed = isCommitted(o.request)
		if s, ok := o.request.(interface{ SentStatus() int }); ok && o.committed && s.SentStatus() > 0 {
			o.status = s.SentStatus()
		}
	})
	o.clientGone = o.clientGone && o.kind == ClientClosedRequest
	if o.status >= 500 && !o.quiet {
		o.recordStack()
	} else if !o.unknown {
		o.dropStack()
	}
	if len(o.attrs()) > 0 {
		o.entries = o.fault.details()
	}
	if o.unknown {
		own := o.unhandledEntries()
		o.entries, o.tail = append(slices.Clip(o.entries), own...), len(own)
	}
	o.countErrors()
	o.judgeEntries()
	o.boundMemory()
	o.text = o.catalogue.declare(o.attrs(), o.catalogue.resolve(o.fault.textID(), o.kind, o.allLanguages))
	if !o.allLanguages {
		o.negotiateLanguage()
	}
	if id := o.fault.textID(); id != "" && id != o.text.id {
		o.note("text " + id + " is in no language of the body; " + o.text.id + " stands in")
	}
}

func isCommitted(req Request) bool {
	c, ok := req.(interface{ Committed() bool })
	return ok && c.Committed()
}

func (o *Occurrence) observe() {
	if len(o.responder.observers) == 0 || o.preview {
		return
	}
	ctx := o.context()
	o.identify()
	o.made = true
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

// lastResort answers if a step of the responder itself fails: with the kind's text or the constant, and one log line.
func (o *Occurrence) lastResort(value any) {
	o.note("the responder panicked: " + describePanic(value))
	if o.kind == nil {
		o.kind = Unhandled
	}
	if !isErrorStatus(o.status) {
		o.status = o.kind.Status()
	}
	resp := &Response{Status: o.status, head: &head{contentType: multilingualContentType, cacheControl: noStore}}
	c := builtin()
	t := c.resolve("", o.kind, true)
	resp.contentLanguage = t.header
	resp.Body = append(o.appendCode(t.appendMembers([]byte{'{'}, c, nil)), '}')
	resp.length[0] = decimal(len(resp.Body))
	o.resp = resp
	o.log()
}
