package fault

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/polyfault/polyfault/internal/errtree"
)

// classify resolves the error to kind, status and, where there is more to say than the kind, fault.
// The precedence: an error of ours; the application's mappers; a body that is too large; a status
// that the error carries; what the cause tells.
func (o *Occurrence) classify() {
	if k, ok := o.err.(*Kind); ok && k != nil {
		o.become(k, nil)
		return
	}
	o.findPanic()
	if f := o.resolve(); f != nil {
		o.become(f.Kind(), f)
		return
	}
	o.unknown = true
	o.become(o.responder.defaultKind, nil)
}

// resolve makes one of ours of the error: it is one, a mapper knows it, or the rules for foreign errors do; else nil.
func (o *Occurrence) resolve() *Fault {
	f := o.ours()
	if f != nil {
		return f
	}
	o.noted("an error's Unwrap, Cause, Is or As", func() {
		if f = o.orContext(ask(o.responder.mappers, o.err, o.mapperPanicked)); f == nil {
			f = o.foreign()
		}
	})
	return f
}

// tree returns the error's tree. It is walked only once, because the methods of its errors may be slow.
func (o *Occurrence) tree() errtree.List {
	besides := o.besides()
	if besides.errs.Errors == nil {
		besides.errs = errtree.Flatten(o.err, func(value any) { o.notePanic("an error's Unwrap, Cause, Is or As", value) })
	}
	return besides.errs
}

// ours is what [From] finds.
func (o *Occurrence) ours() *Fault {
	if f, ok := o.err.(*Fault); ok && f != nil {
		return f
	}
	errs := o.tree()
	calls := errs.Calls()
	for _, e := range errs.Errors {
		if f := faultOf(e, &calls); f != nil {
			return f
		}
	}
	return nil
}

func (o *Occurrence) mapperPanicked(value any) { o.notePanic("a mapper", value) }

func (o *Occurrence) become(k *Kind, f *Fault) {
	o.kind, o.fault = k, f
	if o.status == 0 {
		o.status = o.responder.statusOf(k)
	}
	if k == Unhandled {
		o.unknown = true
	}
}

// foreign classifies errors of the standard library, and foreign errors that have a status.
func (o *Occurrence) foreign() *Fault {
	errs := o.tree()
	if tooLarge, ok := errtree.FirstAs[*http.MaxBytesError](errs); ok {
		o.closes = true // net/http closes only when it sees its own writer
		return ContentTooLarge.New(Arg("Limit", tooLarge.Limit))
	}
	if errs.Is(http.ErrHandlerTimeout) {
		o.quiet = true // the enclosing TimeoutHandler has answered
		return ServiceUnavailable.New()
	}
	status, frameworks, explicit := statusOf(errs)
	inferred := o.infer(errs, status)
	switch {
	case !explicit:
		return o.withMessage(inferred, errs, 0)
	case isRedirect(status) && frameworks && !o.panicked:
		o.redirect, o.status = true, status
		return &Fault{kind: Any} // no client learns of it
	case !isErrorStatus(status):
		return nil
	case inferred != nil && inferred.StatusCode() == status:
		return inferred
	case inferred != nil && len(inferred.attrs) > 0 && inferred.StatusCode()/100 == status/100:
		o.status = status // in place of the status, not of what there is to say
		return inferred
	}
	k := KindByStatus(status)
	if k.Status() != status { // of the kind's own, WithStatus may say another
		o.status = status
	}
	return o.withMessage(&Fault{kind: k}, errs, status)
}

func isRedirect(status int) bool { return status >= 300 && status <= 399 }

type messaged = interface{ StatusMessage() string }

// withMessage adds the message of a framework's error, for applications that have said that theirs are meant for
// clients. The name of the status is the framework's filling, and none. Without a fault, the error is unknown, and
// the message is what the framework calls public of it.
func (o *Occurrence) withMessage(f *Fault, errs errtree.List, status int) *Fault {
	if !o.responder.foreignMessages {
		return f
	}
	e, ok := errtree.FirstAs[messaged](errs)
	if !ok {
		return f
	}
	var message string
	o.noted("a framework's error", func() { message = e.StatusMessage() })
	if message == "" || strings.EqualFold(message, http.StatusText(status)) {
		return f
	}
	if f == nil {
		f = &Fault{kind: o.responder.defaultKind}
		o.unknown = true
	}
	return f.With(Detail("message", message))
}

// statusOf returns the status of a foreign error. The error is a framework's own if it also has a message: an adapter gives
// it both.
func statusOf(errs errtree.List) (status int, frameworks, ok bool) {
	if s, ok := errtree.FirstAs[statusCoder](errs); ok {
		_, frameworks = s.(messaged)
		return s.StatusCode(), frameworks, true
	}
	if s, ok := errtree.FirstAs[interface{ GetStatus() int }](errs); ok { // huma
		return s.GetStatus(), false, true
	}
	return 0, false, false
}

type statusCoder = interface{ StatusCode() int } // no type of its own: methods As know it

// isEncoding reports a failure to encode an answer, which wraps the same errors as a failure to decode input.
func isEncoding(errs errtree.List) bool {
	_, ok := errtree.FirstAs[*json.MarshalerError](errs)
	return ok
}

// infer derives the status from the type of the error, and returns nil if that is not possible. status is a status that the
// error has already, or 0.
func (o *Occurrence) infer(errs errtree.List, status int) *Fault {
	if isEncoding(errs) {
		return nil
	}
	input := o.inferInput(errs)
	_, reading := errtree.First[*bindingError](errs)
	reading = reading || input != nil
	if f := inferContext(o, errs, reading); f != nil {
		return f
	}
	for _, rule := range []func(errtree.List) *Fault{inferValidation, inferJSON} {
		if f := rule(errs); f != nil {
			return f
		}
	}
	switch {
	case o.nested, input != nil && input.kind != BadRequest:
		return input
	case !reading && status != http.StatusBadRequest && status != http.StatusUnprocessableEntity:
		return nil
	}
	if f := o.inferBinding(errs); f != nil || !reading {
		return f
	}
	return &Fault{kind: BadRequest}
}

// inferContext distinguishes a client that has left from a call that was cancelled otherwise, and the request's own deadline
// from a downstream one.
func inferContext(o *Occurrence, errs errtree.List, input bool) *Fault {
	cancelled := errs.Is(context.Canceled)
	ended, left := arrival(o.request)
	switch {
	case left && (cancelled || isHangUp(errs)):
		o.clientGone = true
		return &Fault{kind: ClientClosedRequest}
	case left && errs.Is(io.ErrUnexpectedEOF): // it has ended its body too early, and may wait for an answer
		return &Fault{kind: BadRequest}
	case cancelled && ended: // by the server, perhaps, while the client waits
		o.quiet = true
		return &Fault{kind: ServiceUnavailable}
	case cancelled:
		return ServiceUnavailable.New()
	case !isTimeout(errs):
		return nil
	case isOverdue(o.request):
		return ServiceUnavailable.New()
	case input:
		return &Fault{kind: RequestTimeout} // the client was too slow in sending
	}
	return GatewayTimeout.New()
}

// isHangUp reports whether a connection, or a stream of HTTP/2, was broken off.
func isHangUp(errs errtree.List) bool {
	if errs.Is(syscall.EPIPE) || errs.Is(syscall.ECONNRESET) {
		return true
	}
	for text := range plainTexts(errs) {
		if text == "client disconnected" || text == "http2: stream closed" { // of net/http, without a type
			return true
		}
	}
	return slices.ContainsFunc(errs.Errors, func(e error) bool {
		t := reflect.TypeOf(e)
		return t.Name() == "http2StreamError" && t.PkgPath() == "net/http" || t.Name() == "StreamError" && t.PkgPath() == "golang.org/x/net/http2"
	})
}

// orContext is what a mapper says, unless that yields to the request's context and the context has ended.
func (o *Occurrence) orContext(f *Fault) *Fault {
	if f == nil || !f.yields() {
		return f
	}
	switch ended, left := arrival(o.request); {
	case left:
		o.clientGone = true
		return &Fault{kind: ClientClosedRequest}
	case ended:
		o.quiet = true
		return &Fault{kind: ServiceUnavailable}
	case isOverdue(o.request), contextError(o.request) != nil:
		return ServiceUnavailable.New()
	}
	return f
}

// isOverdue reports whether the request's own deadline has passed. Those of connections are set to the same time, and may
// be noticed before the context's, which can have been cancelled since.
func isOverdue(req Request) bool {
	if errors.Is(contextError(req), context.DeadlineExceeded) {
		return true
	}
	if req == nil || req.Context() == nil {
		return false
	}
	deadline, ok := req.Context().Deadline()
	return ok && !time.Now().Before(deadline)
}

func contextError(req Request) error {
	if req == nil {
		return nil
	}
	if ctx := req.Context(); ctx != nil {
		return ctx.Err()
	}
	return nil
}

// arrival reports whether the context that the request came with has ended, and whether only the connection can have ended
// it: net/http derives it from the listener's context, which BaseContext and ConnContext replace with one that others may
// end.
func arrival(req Request) (ended, left bool) {
	if req == nil {
		return false, false
	}
	ctx := req.Context()
	if r, ok := req.(interface{ ArrivalContext() context.Context }); ok {
		ctx = r.ArrivalContext()
	}
	if ctx == nil || !errors.Is(ctx.Err(), context.Canceled) {
		return false, false
	}
	server, ok := ctx.Value(http.ServerContextKey).(*http.Server)
	return true, ok && server != nil && server.BaseContext == nil && server.ConnContext == nil
}

// isTimeout reports whether one of the errors is a timeout by its own method, like those of package net and of contexts.
func isTimeout(errs errtree.List) bool {
	for _, e := range errs.Errors {
		if t, ok := e.(interface{ Timeout() bool }); ok && !errs.Over() && t.Timeout() {
			return true
		}
	}
	t, ok := errtree.FirstAs[interface{ Timeout() bool }](errs)
	return ok && t.Timeout()
}

// inferBinding knows errors that mean the request only while its input is read.
func (o *Occurrence) inferBinding(errs errtree.List) *Fault {
	if errs.Is(io.EOF) || errs.Is(io.ErrUnexpectedEOF) {
		if !o.mayBeJSON() {
			return &Fault{kind: BadRequest}
		}
		return &Fault{kind: InvalidJSON}
	}
	if _, ok := errtree.FirstAs[*strconv.NumError](errs); ok {
		return &Fault{kind: BadParamValue}
	}
	if _, ok := errtree.FirstAs[*time.ParseError](errs); ok {
		return &Fault{kind: BadParamValue}
	}
	return nil
}

// mayBeJSON reports whether the request does not say that its body is something else.
func (o *Occurrence) mayBeJSON() bool {
	contentType := strings.ToLower(o.header("Content-Type"))
	return contentType == "" || strings.Contains(contentType, "json")
}
