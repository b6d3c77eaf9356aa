package fault

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
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
	r := o.responder
	if k, ok := o.err.(*Kind); ok && k != nil {
		o.become(k, nil)
		return
	}
	o.findPanic()
	if f, ok := From(o.err); ok {
		o.become(f.Kind(), f)
		return
	}
	o.noted("an error's Unwrap, Is or As", func() {
		if f := ask(r.mappers, o.err, o.mapperPanicked); f != nil {
			o.become(f.Kind(), f)
		} else if f := o.foreign(); f != nil {
			o.become(f.Kind(), f)
		}
	})
	if o.kind == nil {
		o.unknown = true
		o.become(r.defaultKind, nil)
	}
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

// foreign classifies errors of the standard library and of anybody who tells a status.
func (o *Occurrence) foreign() *Fault {
	if tooLarge, ok := errtree.As[*http.MaxBytesError](o.err); ok {
		o.closes = true // net/http closes only when it sees its own writer
		return ContentTooLarge.New(Arg("Limit", tooLarge.Limit))
	}
	if errtree.Is(o.err, http.ErrHandlerTimeout) {
		o.quiet = true // the TimeoutHandler around has answered
		return ServiceUnavailable.New()
	}
	inferred := o.infer()
	status, ok := statusCode(o.err)
	if !ok {
		return inferred
	}
	if !isErrorStatus(status) {
		return nil
	}
	if inferred == nil && status == http.StatusBadRequest && !isEncoding(o.err) {
		inferred = o.inferBinding()
	}
	if inferred != nil && inferred.StatusCode() == status {
		return inferred
	}
	o.status = status
	k := KindByStatus(status)
	if k.Status() == status {
		o.status = 0 // the kind's own, which may be remapped
	}
	return &Fault{kind: k, attrs: o.foreignMessage()}
}

// foreignMessage is the message of a framework's error, for applications that have said that theirs
// are meant for clients.
func (o *Occurrence) foreignMessage() []Attr {
	if !o.responder.foreignMessages {
		return nil
	}
	message, _ := errtree.Find(o.err, func(e error) (string, bool) {
		m, ok := e.(interface{ StatusMessage() string })
		if !ok {
			return "", false
		}
		return m.StatusMessage(), true
	})
	if message == "" {
		return nil
	}
	return []Attr{Detail("message", message)}
}

// statusCode finds the status that a foreign error carries.
func statusCode(err error) (int, bool) {
	return errtree.Find(err, func(e error) (int, bool) {
		if s, ok := e.(interface{ StatusCode() int }); ok {
			return s.StatusCode(), true
		}
		return 0, false
	})
}

// isEncoding tells a failure to encode an answer, which wraps the same errors as one to decode input.
func isEncoding(err error) bool {
	_, ok := errtree.As[*json.MarshalerError](err)
	return ok
}

// infer reads the status from what the error is; nil when nothing can be told.
func (o *Occurrence) infer() *Fault {
	if isEncoding(o.err) {
		return nil
	}
	if f := inferContext(o); f != nil {
		return f
	}
	for _, rule := range []func(error) *Fault{inferValidation, inferJSON, inferSentinel} {
		if f := rule(o.err); f != nil {
			return f
		}
	}
	if _, binding := errtree.As[*bindingError](o.err); binding {
		if f := o.inferBinding(); f != nil {
			return f
		}
		return &Fault{kind: BadRequest}
	}
	return nil
}

// inferContext tells the client that left from a call that somebody else has cancelled, and the request's
// own deadline from a downstream one.
func inferContext(o *Occurrence) *Fault {
	own := contextError(o.request)
	cancelled := errtree.Is(o.err, context.Canceled)
	broken := errtree.Is(o.err, syscall.EPIPE) || errtree.Is(o.err, syscall.ECONNRESET)
	ended, left := arrival(o.request)
	switch {
	case left && (cancelled || broken):
		o.clientGone = true
		return &Fault{kind: ClientClosedRequest}
	case cancelled && ended: // by the server, perhaps, while the client waits
		o.quiet = true
		return &Fault{kind: ServiceUnavailable}
	case cancelled:
		return ServiceUnavailable.New()
	case !isTimeout(o.err):
		return nil
	case errors.Is(own, context.DeadlineExceeded):
		return ServiceUnavailable.New()
	}
	if _, binding := errtree.As[*bindingError](o.err); binding {
		return &Fault{kind: RequestTimeout} // the client was too slow in sending
	}
	return GatewayTimeout.New()
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

// arrival reports whether the context of the request as it came is cancelled, and whether nobody but the connection
// can have done that: net/http derives it from the listener's context, which BaseContext and ConnContext replace
// by one that others may end.
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

func isTimeout(err error) bool {
	if errtree.Is(err, context.DeadlineExceeded) || errtree.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	timeout, ok := errtree.As[net.Error](err)
	return ok && timeout.Timeout()
}

// sentinels of the standard library that always mean the request.
var sentinels = []struct {
	err  error
	kind *Kind
}{
	{multipart.ErrMessageTooLarge, ContentTooLarge},
	{http.ErrNotMultipart, UnsupportedMediaType},
	{http.ErrMissingBoundary, BadRequest},
	{http.ErrMissingFile, MissingAttribute},
}

func inferSentinel(err error) *Fault {
	for _, s := range sentinels {
		if errtree.Is(err, s.err) {
			return &Fault{kind: s.kind}
		}
	}
	return nil
}

// inferBinding knows errors that mean the request only while its input is read.
func (o *Occurrence) inferBinding() *Fault {
	err := o.err
	if errtree.Is(err, io.EOF) || errtree.Is(err, io.ErrUnexpectedEOF) {
		if !o.mayBeJSON() {
			return &Fault{kind: BadRequest}
		}
		return &Fault{kind: InvalidJSON}
	}
	if _, ok := errtree.As[*strconv.NumError](err); ok {
		return &Fault{kind: BadParamValue}
	}
	if _, ok := errtree.As[*time.ParseError](err); ok {
		return &Fault{kind: BadParamValue}
	}
	return nil
}

// mayBeJSON reports whether the request does not say that its body is something else.
func (o *Occurrence) mayBeJSON() bool {
	if o.request == nil {
		return true
	}
	contentType := strings.ToLower(o.request.Header("Content-Type"))
	return contentType == "" || strings.Contains(contentType, "json")
}
