package fault

import (
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/errtree"
)

// An Occurrence is one error in one request, as formats and observers see it.
//
// A [Format] must not keep it. An observer may keep it and read it later on any goroutine, except
// [Occurrence.Request] and [Occurrence.Route]: these belong to the request, which is over once the observer has
// returned. Strings of fiber that a handler has put into its error without a copy change with the connection, as
// everywhere. All methods are safe for concurrent use once the response is made; the methods Append… are for the
// format.
type Occurrence struct {
	responder *Responder
	catalogue *catalogue
	request   Request

	err     error
	fault   *Fault // nil for an unknown error, and for a bare kind
	kind    *Kind
	status  int
	aside   atomic.Pointer[aside]
	hexID   [32]byte // the trace id, when it has this form, which costs no allocation
	traceID string   // the trace id in other forms, or once somebody has asked for it as a string

	format   *configuredFormat
	language int // of a response in one language
	text     *text
	entries  []detail
	errors   int       // entries that are errors, those left away too
	sent     int       // of them
	tail     int       // entries at the end that are not the error's own
	resp     *Response // of an observed occurrence from the start, with room for a body

	unknown      bool // an unknown error: the exposure decides what clients see
	clientGone   bool
	nested       bool // an error among the details of another one
	redirect     bool // by a framework's own error: no failure, no body
	panicked     bool
	committed    bool
	closes       bool        // the connection: the rest of the request body is not read
	quiet        bool        // logged at Debug
	allLanguages bool        // the response is in
	retry        RetryPolicy // RetryInherit: not asked yet
	identified   bool        // the trace id is found
	made         bool        // the response is: from now on nothing changes
	preview      bool        // for documentation: neither logged nor observed
	preparing    bool        // a sample of all responses to come
	traced       bool        // while preparing: the trace id was asked for
	individual   bool        // while preparing: something of the one request was asked for
}

// An aside is what most failures have nothing of. It may be made, and filled in, after observers have got the occurrence: by
// the goroutine of Respond alone. Others read no more of it than the stack, which does not change any more.
type aside struct {
	errs  errtree.List // see tree
	stack Stack
	notes []string // what went wrong while answering
}

func (o *Occurrence) besides() *aside {
	a := o.aside.Load()
	if a == nil {
		a = &aside{}
		o.aside.Store(a)
	}
	return a
}

func (o *Occurrence) stack() Stack {
	if a := o.aside.Load(); a != nil {
		return a.stack
	}
	return nil
}

func (o *Occurrence) notes() []string {
	if a := o.aside.Load(); a != nil {
		return a.notes
	}
	return nil
}

// Err returns the error that was returned or panicked. A panic value that is not an error is wrapped. It is for logs:
// its text must not reach clients.
func (o *Occurrence) Err() error {
	o.askIndividual()
	return o.err
}

// Cause returns the text of the error as in the log line: at most 16 KiB, without refused input and secrets, even if
// Error() panics. It is for logs and trackers of errors, not for clients.
func (o *Occurrence) Cause() string { return clean.Shorten(errorText(o.Err()), maxCause) }

// Code returns the code that clients get: the kind's. For a decoded error of another service that is passed on, and
// whose code has no kind in this process, it is the code that was received. Use it for bodies: logs and counters take
// the kind's, of which there is a finite number.
func (o *Occurrence) Code() string {
	if received, ok := o.fault.Unwrap().(foreignCoded); ok {
		if code := received.ForeignCode(); isCode(code) {
			return code
		}
	}
	return o.kind.Code()
}

type foreignCoded interface{ ForeignCode() string }

const maxForeignCode = 64

// isCode reports whether a foreign code is safe to pass on.
func isCode(code string) bool {
	for i := range len(code) {
		c := code[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' && c != ':' {
			return false
		}
	}
	return code != "" && len(code) <= maxForeignCode
}

// Kind returns the kind that the error was resolved to.
func (o *Occurrence) Kind() *Kind { return o.kind }

// Status returns the status of the response. It differs from the kind's if a foreign error has a status without a
// kind, or if [WithStatus] has moved it.
func (o *Occurrence) Status() int { return o.status }

// Retryable reports whether it can help to repeat the same request. [WithRetryable] decides. Without it, an error is
// retryable if its kind is, or if it has a wait, unless the kind itself sets [RetryNever]. An unknown error is not
// retryable. An error that is not retryable advertises no wait, so header, member and text agree.
func (o *Occurrence) Retryable() bool {
	if o.unknown {
		return false
	}
	if o.retry == RetryInherit { // asked only once, so that header and member agree even if the policy changes its answer
		o.retry = RetryNever
		if o.askRetryable() {
			o.retry = RetryLater
		}
	}
	return o.retry == RetryLater
}

func (o *Occurrence) askRetryable() bool {
	policy, retryable := o.responder.retryable, o.kind.Retryable()
	if policy == nil && o.fault == nil {
		return retryable
	}
	if policy == nil {
		return o.fault.retryable()
	}
	o.noted("the retry policy", func() { retryable = policy(o.kind) })
	return retryable
}

// RetryAfter returns the wait that the response advertises: the error's own, or else the kind's. It returns false if
// there is none.
func (o *Occurrence) RetryAfter() (wait time.Duration, ok bool) {
	if !o.Retryable() {
		return 0, false
	}
	if wait, ok = o.fault.ownWait(); ok {
		return wait, true
	}
	if _, own := o.fault.lookup(opRetryAfter); own { // the error wants no wait to be sent
		return 0, false
	}
	wait = o.kind.spec.RetryAfter
	return wait, wait > 0
}

// Request returns the request. Observers must copy what they keep.
func (o *Occurrence) Request() Request {
	o.askIndividual()
	return o.request
}

// Route returns the path template ("/orders/{id}") if the adapter knows it, else "". Unlike the path it fits the
// label of a metric, because the number of routes is limited.
func (o *Occurrence) Route() string {
	o.askIndividual()
	defer func() {
		if v := recover(); v != nil && !o.made { // later on, the log line finds it out by itself
			o.notePanic("the request", v)
		}
	}()
	return strings.Clone(o.route())
}

// Incident reports whether operators may have to act: the status is 500 or more, or something panicked that is not an
// error of a client, also if the response had already begun. A 4xx is no incident, nor is a request that was
// cancelled because its client had left.
func (o *Occurrence) Incident() bool {
	o.askIndividual()
	if o.quiet || o.clientGone {
		return false
	}
	return o.status >= 500 || o.panicked && o.responder.statusOf(o.kind) >= 500
}

// Committed reports whether the response had already begun, so that the client saw something else.
func (o *Occurrence) Committed() bool { return o.committed }

// Panicked reports whether the error was recovered from a panic.
func (o *Occurrence) Panicked() bool {
	o.askIndividual()
	return o.panicked
}

// Stack returns the call stack: that of the panic, of the place where a 5xx fault was made, or, for other errors with
// a 5xx status, of the place that responded. It is empty for 4xx.
func (o *Occurrence) Stack() Stack {
	o.askIndividual()
	return o.stack()
}

func (o *Occurrence) askIndividual() {
	if o.preparing {
		o.individual = true
	}
}

// AllLanguages reports whether the body carries every configured language. Otherwise it is in [Occurrence.Language].
func (o *Occurrence) AllLanguages() bool { return o.allLanguages }

// Language returns the BCP 47 tag of a body in one language, or "" for one in all languages.
func (o *Occurrence) Language() string {
	if o.allLanguages {
		return ""
	}
	return o.catalogue.languages[o.language].tag
}

// Dir returns the base direction of that language, "ltr" or "rtl", or "" for a body in all languages.
func (o *Occurrence) Dir() string {
	if o.allLanguages {
		return ""
	}
	return o.catalogue.languages[o.language].dir
}

// Subtype returns the value of [Subtype].
func (o *Occurrence) Subtype() string {
	a, _ := o.fault.lookup(opSubtype)
	return a.name
}

// Text returns the text in the response's language (the default language for a body in all languages),
// not escaped for anything.
func (o *Occurrence) Text() string {
	return o.text.plain(o.catalogue, o.languageOf(o.text), o.attrs())
}

// TextIn returns the text in the language with exactly this tag. It returns false if that language lacks it.
func (o *Occurrence) TextIn(tag string) (string, bool) {
	return o.textIn(o.text, tag, o.attrs())
}

func (o *Occurrence) textIn(t *text, tag string, attrs []Attr) (string, bool) {
	i := o.catalogue.named(tag)
	if t == nil || i < 0 || !t.available.has(i) {
		return "", false
	}
	return t.plain(o.catalogue, i, attrs), true
}

// TextID returns the id of the text: the kind's, unless the error has chosen another.
func (o *Occurrence) TextID() string { return o.text.id }

// OwnText reports whether the error chose its text itself, with [Text] or [Texts].
func (o *Occurrence) OwnText() bool {
	return o.text.declared || o.fault.textID() != "" && o.fault.textID() == o.text.id
}

// Texts yields wire key ("DE", "PT-BR") and text for every language of the all-languages body.
func (o *Occurrence) Texts() iter.Seq2[string, string] {
	return o.textsOf(o.text, o.attrs())
}

func (o *Occurrence) textsOf(t *text, attrs []Attr) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, i := range t.languages {
			if !yield(o.catalogue.languages[i].key, t.plain(o.catalogue, i, attrs)) {
				return
			}
		}
	}
}

// Args yields the arguments by name, with Count, at most 100.
func (o *Occurrence) Args() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		n := 0
		for a := range lastOf(o.attrs()) {
			if n++; n > maxArgs {
				return
			}
			value := a.value
			if a.op == opCount {
				value = int(a.num)
			}
			if !yield(a.name, value) {
				return
			}
		}
	}
}

// Details yields the details that are not errors, in order. Long texts in them are cut.
func (o *Occurrence) Details() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, e := range o.entries {
			if isDetailError(e.value) {
				continue
			}
			value := e.value
			if s, ok := value.(string); ok {
				value = clean.Shorten(s, o.bodyLimit()/detailShare)
			}
			if !yield(e.name, value) {
				return
			}
		}
	}
}

// Errors yields the details that are errors, in order: those of [Field] and [Details.AddError]. It yields at most
// 100; see [Occurrence.ErrorCount].
func (o *Occurrence) Errors() iter.Seq[DetailError] {
	return func(yield func(DetailError) bool) {
		for i := range o.entries {
			if e, ok := o.errorOf(&o.entries[i]); ok && !yield(e) {
				return
			}
		}
	}
}

// ErrorCount returns the number of details that are errors, with those that [Occurrence.Errors] leaves out.
func (o *Occurrence) ErrorCount() int { return o.errors }

func (o *Occurrence) attrs() []Attr { return o.fault.all() }

// HasParams reports whether there are arguments.
func (o *Occurrence) HasParams() bool {
	return hasParams(o.attrs())
}

func hasParams(attrs []Attr) bool {
	return slices.ContainsFunc(attrs, isParam)
}

// isParam reports whether a is an argument that clients see by itself: the name of a field is not.
func isParam(a Attr) bool {
	if _, label := a.value.(*fieldLabel); label {
		return false
	}
	return a.op == opArg || a.op == opCount
}

// HasDetails reports whether there are details.
func (o *Occurrence) HasDetails() bool { return len(o.entries) > 0 }

// note keeps a problem of the answer, once, for the log line.
func (o *Occurrence) note(problem string) {
	const most = 100
	if notes := &o.besides().notes; len(*notes) < most && !slices.Contains(*notes, problem) {
		*notes = append(*notes, problem)
	}
}

// noted runs f, which calls code of the application; a panic in it costs its contribution only.
func (o *Occurrence) noted(what string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			o.notePanic(what, v)
		}
	}()
	f()
}

func (o *Occurrence) notePanic(what string, value any) {
	o.note(what + " panicked: " + describePanic(value))
}
