package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// The scenarios of this file have what a service in production has: an observer that counts, the code and the trace id
// in the body, a traceparent in the request, and a JSON log at level Info. What is written by hand has the same.

// jsonLogger is the log of production: it encodes into nothing.
var jsonLogger = slog.New(slog.NewJSONHandler(discardWriter{}, nil))

// failures is the metric of all contestants.
var failures atomic.Int64

func countFailure(context.Context, *fault.Occurrence) { failures.Add(1) }

// production is a responder as services configure it.
func production(languages []language, opts ...fault.Option) *fault.Responder {
	opts = append(opts, fault.WithLocales(files(languages)), fault.WithLanguages(tags(languages)...),
		fault.WithMembers(fault.MemberCode, fault.MemberTraceID), fault.WithObserver(countFailure))
	return must(fault.NewResponder(slices.Concat([]fault.Option{fault.WithLogger(jsonLogger)}, opts)...)) // one of opts wins
}

// inFour is what most contestants share, as the handlers of a service do.
var inFour = sync.OnceValue(func() *fault.Responder { return production(four) })

func productionScenarios() []*scenario {
	return []*scenario{
		productionStatic(prodStatic, four),
		productionStatic(prodStatic20, twenty),
		productionArgument(prodArgument, four),
		productionArgument(prodArgument20, twenty),
		productionArguments(),
		productionProblem(),
		productionFormats(),
		productionUnknown(),
		productionPanic(),
		productionSuccess(),
	}
}

const (
	prodStatic     = "production: static, 4 languages"
	prodStatic20   = "production: static, 20 languages"
	prodArgument   = "production: 1 argument, 4 languages"
	prodArgument20 = "production: 1 argument, 20 languages"
	prodArguments  = "production: 3 arguments, 4 languages"
	prodProblem    = "production: problem+json"
	prodFormats    = "production: formats, a kind"
	prodUnknown    = "production: unknown error"
	prodPanic      = `production: panic("boom")`
	prodSuccess    = "production: success"

	handFmt       = "by hand, fmt"
	bareKind      = "polyfault, kind"
	newFault      = "polyfault, New()"
	withPolicy    = "polyfault, New(), WithRetryable"
	slogByHand    = "by hand, debug.Stack, slog"
	slogNoStack   = "by hand, slog without a stack"
	slogHTTPError = "debug.Stack, slog, http.Error"
	allOfThem     = "Multilingual, 4 languages"
	otherShape    = "another shape"
	handMatcher   = "by hand, x/text matcher"
)

// Static.

func productionStatic(name string, languages []language) *scenario {
	f := multilingual(http.StatusLocked, languages)
	text := traced(body(languages, func(l language) string { return l.locked }), "task_locked")
	kind := func() error { return fault.TaskLocked }
	made := func() error { return fault.TaskLocked.New() }
	r := production(languages)
	policy := production(languages, fault.WithRetryable(operatorsPolicy()))
	return &scenario{name: name, request: browse("application/json"), contestants: []contestant{
		{name: byHand, role: hand, handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			failures.Add(1)
			body := text.with(traceOf(req.Header.Get("Traceparent")))
			f.send(w, body, strconv.Itoa(len(body)))
		})},
		f.prebuiltFor("by hand, prebuilt header", func(req *http.Request) ([]byte, []string) {
			failures.Add(1)
			return text.with(traceOf(req.Header.Get("Traceparent"))), text.lengths
		}),
		polyfault(bareKind, r, kind),
		polyfault(newFault, r, made),
		polyfault("polyfault, New(Text)", r, func() error { return fault.TaskLocked.New(fault.Text("order_locked")) }),
		polyfault("polyfault, kind, WithRetryable", policy, kind),
		polyfault(withPolicy, policy, made),
		polyfault("polyfault, New(), the store's log", production(languages, fault.WithLogger(storeLog().logger)), made),
	}}
}

// operatorsPolicy is what operators have set, which a service reads through an atomic pointer.
func operatorsPolicy() func(*fault.Kind) bool {
	var set atomic.Pointer[map[string]bool]
	set.Store(&map[string]bool{"gateway_timeout": true})
	return func(k *fault.Kind) bool { return (*set.Load())[k.Code()] }
}

// A tracedBody is a prepared body with gaps for the trace id.
type tracedBody struct {
	pieces  []string
	size    int
	lengths []string // the value of Content-Length
}

// traced adds the members code and trace_id to a JSON object.
func traced(object, code string) tracedBody {
	return cut(object[:len(object)-1] + `,"code":"` + code + `","trace_id":"` + traceID + `"}`)
}

func cut(body string) tracedBody {
	return tracedBody{strings.Split(body, traceID), len(body), []string{strconv.Itoa(len(body))}}
}

func (t tracedBody) with(id string) []byte {
	b := append(make([]byte, 0, t.size), t.pieces[0]...)
	for _, piece := range t.pieces[1:] {
		b = append(append(b, id...), piece...)
	}
	return b
}

// traceOf is the trace id of the traceparent, as one reads it by hand.
func traceOf(parent string) string {
	if len(parent) >= 55 && parent[2] == '-' && parent[35] == '-' {
		return parent[3:35]
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// Arguments.

func productionArgument(name string, languages []language) *scenario {
	f := multilingual(http.StatusNotFound, languages)
	text := body(languages, func(l language) string { return l.missing })
	text = text[:len(text)-1] + `,"code":"not_found","trace_id":"{{.Trace}}"}`
	format, pieces := verbs(text, "ID", "Trace"), strings.Split(strings.TrimSuffix(text, `{{.Trace}}"}`), "{{.ID}}")
	return &scenario{name: name, request: browse("application/json"), contestants: []contestant{
		f.counted(handFmt, func(req *http.Request) []byte {
			return fmt.Appendf(nil, format, orderID, traceOf(req.Header.Get("Traceparent")))
		}),
		f.prebuiltFor("by hand, append, prebuilt header", func(req *http.Request) ([]byte, []string) {
			failures.Add(1)
			b := append(make([]byte, 0, len(text)+len(traceID)), pieces[0]...)
			for _, piece := range pieces[1:] {
				b = append(strconv.AppendInt(b, int64(orderID), 10), piece...)
			}
			b = append(append(b, traceOf(req.Header.Get("Traceparent"))...), `"}`...)
			return b, []string{strconv.Itoa(len(b))}
		}),
		polyfault(ours, production(languages), func() error {
			return fault.NotFound.New(fault.Text("order_missing"), fault.Arg("ID", orderID))
		}),
		polyfault("polyfault, WithRetryable", production(languages, fault.WithRetryable(operatorsPolicy())), func() error {
			return fault.NotFound.New(fault.Text("order_missing"), fault.Arg("ID", orderID))
		}),
	}}
}

func productionArguments() *scenario {
	f := multilingual(http.StatusConflict, four)
	text := body(four, func(l language) string { return l.hours })
	format := verbs(text[:len(text)-1]+`,"code":"conflict","trace_id":"{{.Trace}}"}`, "User", "Hours", "Date", "Trace")
	return &scenario{name: prodArguments, request: browse("application/json"), contestants: []contestant{
		f.counted(handFmt, func(req *http.Request) []byte {
			return fmt.Appendf(nil, format, escape(user), hours, escape(date), traceOf(req.Header.Get("Traceparent")))
		}),
		polyfault(ours, inFour(), func() error {
			return fault.Conflict.New(fault.Text("hours_booked"),
				fault.Arg("User", user), fault.Arg("Hours", hours), fault.Arg("Date", date))
		}),
	}}
}

// counted is handWritten with a metric and the request.
func (f form) counted(name string, build func(*http.Request) []byte) contestant {
	return contestant{name: name, role: hand, handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		failures.Add(1)
		body := build(req)
		f.send(w, body, strconv.Itoa(len(body)))
	})}
}

// One language.

func productionProblem() *scenario {
	f := form{http.StatusLocked, "application/problem+json", "de", "Accept, Accept-Language"}
	matcher := newMatcher(four)
	request := browse("application/problem+json")
	r := inFour()
	titles := map[string]string{} // the titles are built in
	for _, l := range four {
		req := browse("application/problem+json")
		req.Header.Set("Accept-Language", l.tag)
		w := httptest.NewRecorder()
		faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return fault.TaskLocked }).ServeHTTP(w, req)
		_, title, _ := strings.Cut(w.Body.String(), `"title":"`)
		titles[l.tag], _, _ = strings.Cut(title, `"`)
	}
	bodies := make([]string, len(four)) // up to the instance
	for i, l := range four {
		bodies[i] = `{"type":"about:blank","title":"` + titles[l.tag] + `","status":423,"detail":"` + l.locked + `","instance":"urn:uuid:`
	}
	return &scenario{name: prodProblem, request: request, contestants: []contestant{
		f.counted(handMatcher, func(req *http.Request) []byte {
			i := matcher.match(req)
			id := traceOf(req.Header.Get("Traceparent"))
			body := append(make([]byte, 0, 512), bodies[i]...)
			body = append(append(body, uuid(id)...), `","code":"task_locked","lang":"`...)
			body = append(append(body, four[i].tag...), `","dir":"ltr","retryable":false,"trace_id":"`...)
			return append(append(body, id...), `"}`...)
		}),
		polyfault(bareKind, r, func() error { return fault.TaskLocked }),
		polyfault(newFault, r, func() error { return fault.TaskLocked.New() }),
		polyfault(withPolicy, production(four, fault.WithRetryable(operatorsPolicy())),
			func() error { return fault.TaskLocked.New() }),
	}}
}

// productionFormats has the answer in all languages as its yardstick, for a kind without arguments. Each client asks
// for the format by Accept.
func productionFormats() *scenario {
	request := browse("application/json")
	kind := func() error { return fault.TaskLocked }
	format := func(name, accept string, f fault.Format) contestant {
		own := browse(accept)
		c := polyfault(name, production(four, fault.WithFormats(f)), kind)
		h := c.handler
		c.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { h.ServeHTTP(w, own) })
		c.differs = otherShape
		return c
	}
	yardstick := polyfault(allOfThem, inFour(), kind)
	yardstick.role = hand
	negotiated := polyfault("Multilingual, negotiated", production(four, fault.WithNegotiatedLanguage()), kind)
	negotiated.differs = "one language"
	return &scenario{name: prodFormats, request: request, contestants: []contestant{
		yardstick,
		negotiated,
		format("Problem", "application/problem+json", fault.Problem{}),
		format("formats.Envelope", "application/json", formats.Envelope{}),
		format("formats.WebAPI", "application/json", formats.WebAPI{}),
		format("formats.RPCStatus", "application/json", formats.RPCStatus{}),
		format("formats.JSONAPI", "application/vnd.api+json", formats.JSONAPI{}),
		format("formats.Text", "text/plain", formats.Text{}),
		format("formats.HTML", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", formats.HTML{}),
	}}
}

// Unknown errors and panics.

// errLost is an error that nobody has classified.
var errLost = errors.New("dial tcp 10.1.2.3:5432: connection refused")

// deep puts h below eight plain middlewares: what a stack costs depends on its depth.
func deep(h http.Handler) http.Handler {
	for range 8 {
		h = passing(h)
	}
	return h
}

func productionUnknown() *scenario {
	noStack, answer := unknownByHand(jsonLogger), internalError()
	noStack.name, noStack.role = slogNoStack, other
	noStack.handler = deep(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer.fail(w, req, errLost.Error(), nil)
	}))
	return &scenario{name: prodUnknown, request: browse("application/json"), contestants: []contestant{
		unknownByHand(jsonLogger),
		noStack,
		{name: slogHTTPError, role: usual, differs: "English text", handler: deep(http.HandlerFunc(
			func(w http.ResponseWriter, req *http.Request) {
				failures.Add(1)
				id := traceOf(req.Header.Get("Traceparent"))
				logFailure(req.Context(), jsonLogger, req.Method, req.URL.Path, id, errLost.Error(), debug.Stack())
				http.Error(w, "internal server error", http.StatusInternalServerError)
			}))},
		unknownByPolyfault(jsonLogger),
	}}
}

func unknownByHand(l *slog.Logger) contestant {
	answer := internalError()
	answer.logger = l
	return contestant{name: slogByHand, role: hand, handler: deep(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer.fail(w, req, errLost.Error(), debug.Stack())
	}))}
}

func unknownByPolyfault(l *slog.Logger) contestant {
	r := production(four, fault.WithLogger(l))
	return contestant{name: ours, handler: deep(polyfault("", r, func() error { return errLost }).handler)}
}

func productionPanic() *scenario {
	noStack := panicByHand(nil)
	noStack.name, noStack.role = slogNoStack, other
	return &scenario{name: prodPanic, request: browse("application/json"), contestants: []contestant{
		panicByHand(jsonLogger),
		noStack,
		panicByPolyfault(jsonLogger),
	}}
}

var boom = deep(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))

// panicByHand logs the stack to l; without l it logs to the JSON log, and no stack.
func panicByHand(l *slog.Logger) contestant {
	answer := internalError()
	answer.logger = cmp.Or(l, jsonLogger)
	return contestant{name: slogByHand, role: hand, handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer func() {
			switch v := recover(); {
			case v == nil:
			case v == http.ErrAbortHandler:
				panic(v)
			case l != nil:
				answer.fail(w, req, fmt.Sprint("panic: ", v), debug.Stack())
			default:
				answer.fail(w, req, fmt.Sprint("panic: ", v), nil)
			}
		}()
		boom.ServeHTTP(w, req)
	})}
}

func panicByPolyfault(l *slog.Logger) contestant {
	return contestant{name: ours, handler: faulthttp.Middleware(production(four, fault.WithLogger(l)))(boom)}
}

// A handAnswer is an answer of production, written by hand.
type handAnswer struct {
	form
	text   tracedBody
	logger *slog.Logger
}

// lockedAnswer is that of a static 4xx.
func lockedAnswer() handAnswer {
	texts := body(four, func(l language) string { return l.locked })
	return handAnswer{multilingual(http.StatusLocked, four), traced(texts, "task_locked"), jsonLogger}
}

// internalError is that of what nobody knows. The texts are built in, so they are taken from an answer of polyfault.
func internalError() handAnswer {
	w := httptest.NewRecorder()
	polyfault("", inFour(), func() error { return errLost }).handler.ServeHTTP(w, browse("application/json"))
	return handAnswer{multilingual(http.StatusInternalServerError, four), cut(w.Body.String()), jsonLogger}
}

// fail counts, logs, and answers.
func (a handAnswer) fail(w http.ResponseWriter, req *http.Request, cause string, stack []byte) {
	failures.Add(1)
	id := traceOf(req.Header.Get("Traceparent"))
	logFailure(req.Context(), a.logger, req.Method, req.URL.Path, id, cause, stack)
	body := a.text.with(id)
	a.send(w, body, strconv.Itoa(len(body)))
}

// answer counts and answers.
func (a handAnswer) answer(w http.ResponseWriter, req *http.Request) {
	failures.Add(1)
	body := a.text.with(traceOf(req.Header.Get("Traceparent")))
	a.send(w, body, strconv.Itoa(len(body)))
}

// logFailure writes the line that polyfault writes.
func logFailure(ctx context.Context, l *slog.Logger, method, path, id, cause string, stack []byte) {
	attrs := []slog.Attr{slog.String("code", "unhandled"), slog.Int("status", http.StatusInternalServerError), slog.String("trace_id", id),
		slog.String("method", method), slog.String("path", path), slog.String("cause", cause)}
	if stack != nil {
		attrs = append(attrs, slog.String("stack", string(stack)))
	}
	l.LogAttrs(ctx, slog.LevelError, "request failed", attrs...)
}

// Success.

func productionSuccess() *scenario {
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeOK(w) })
	r := inFour()
	returning := faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error { writeOK(w); return nil })
	return &scenario{name: prodSuccess, request: browse("application/json"), contestants: []contestant{
		{name: "bare handler", handler: bare},
		{name: recovery, role: hand, handler: recovering(bare, true)},
		{name: "polyfault Middleware", handler: faulthttp.Middleware(r)(bare)},
		{name: "polyfault Handler", handler: returning},
		{name: "polyfault Middleware and Handler", handler: faulthttp.Middleware(r)(returning)},
	}}
}
