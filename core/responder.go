package fault

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/polyfault/polyfault/internal/negotiate"
)

// A Responder turns errors into responses. [NewResponder] makes one, with all its configuration. It is safe for
// concurrent use. A nil *Responder and the zero Responder act like [Default].
type Responder struct {
	catalogue atomic.Pointer[catalogue]

	locales         []fs.FS
	languages       []string
	defaultLanguage string
	oneLanguage     bool

	formats    []configuredFormat
	mediaTypes []string

	members     []Member // of the body; nil while NewResponder has not read the options
	entries     []Member // of errors among the details: only what WithMembers asks for
	mappers     []Mapper
	observers   []func(context.Context, *Occurrence)
	retryable   func(*Kind) bool
	exposure    Exposure
	bodyLimit   int          // 0 for the default
	challenges  []string     // WWW-Authenticate
	clientLevel slog.Leveler // of lines about 4xx; nil for Debug
	logger      *slog.Logger
	traceIDs    []func(Request) string
	logNames    LogNames // all of them
	status      map[*Kind]int
	defaultKind *Kind

	foreignMessages bool

	stacks stackCache
}

type configuredFormat struct {
	Format
	use          TextUse
	statusTitles bool // the title is that of the status
	joins        bool // the body is the texts and what follows from the kind, when there are no details
	reusable     bool
	contentType  []string
	header       []headerField // beside the headers of every response
	varyAll      []string      // for a body that does not depend on the language
	varyOne      []string
}

// Default returns the responder without options: with the built-in locales, the formats [Multilingual] and [Problem],
// and slog's default logger.
func Default() *Responder { return defaultResponder() }

var defaultResponder = sync.OnceValue(func() *Responder {
	r, err := newResponder()
	if err != nil {
		panic(err) // without options nothing can be wrong
	}
	return r
})

// NewResponder makes a responder. On an error the responder is nil, and the error names the wrong option, or the
// file, key and rule of a locale file (a *[LocaleError]).
//
// One line at level Info tells the chosen languages, also after [Responder.Reload].
func NewResponder(opts ...Option) (*Responder, error) {
	r, err := newResponder(opts...)
	if err != nil {
		return nil, err
	}
	r.logLanguages()
	return r, nil
}

func newResponder(opts ...Option) (*Responder, error) {
	r := &Responder{defaultKind: Unhandled, status: map[*Kind]int{}, logNames: defaultNames}
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
	r.entries = r.members
	if r.members == nil {
		r.members = []Member{MemberCode}
	}
	r.configureFormats()
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Responder) configureFormats() {
	for i := range r.formats {
		f := &r.formats[i]
		_, multilingual := f.Format.(Multilingual)
		problem, is := f.Format.(Problem)
		f.statusTitles = is && problem.TypeBase == ""
		once, ok := f.Format.(reusable)
		f.reusable = ok && once.Reusable() && !embedsReusable(reflect.TypeOf(f.Format))
		f.joins = multilingual && !slices.Contains(r.members, MemberParams)
		f.varyOne = []string{"Accept-Language"}
		if len(r.formats) > 1 {
			f.varyAll = []string{"Accept"}
			f.varyOne = []string{"Accept, Accept-Language"}
		}
		r.mediaTypes = append(r.mediaTypes, mediaType(f.ContentType()))
	}
}

type reusable interface{ Reusable() bool }

// embedsReusable reports whether the type may have its Reusable from a format that it embeds, which knows nothing of the
// Append around it.
func embedsReusable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	says := reflect.TypeFor[reusable]()
	for f := range t.Fields() {
		if f.Anonymous && (f.Type.Implements(says) || reflect.PointerTo(f.Type).Implements(says)) {
			return true
		}
	}
	return false
}

func mediaType(contentType string) string {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// Reload reads the file systems of [WithLocales] again and publishes a new catalogue, while running requests keep the
// old one. It chooses the languages again. If a file is wrong, it returns the error that [NewResponder] would, and
// the old catalogue stays.
func (r *Responder) Reload() error {
	if r == nil {
		return nil // Default has built-in texts only
	}
	if err := r.load(); err != nil {
		return err
	}
	r.logLanguages()
	return nil
}

func (r *Responder) load() error {
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
	r.prepareResponses(c)
	r.catalogue.Store(c)
	return nil
}

// statusOf returns the status of k: what WithStatus says of k or of the ancestor it has its status from,
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

// Respond makes the response to err. Before it returns, it logs the failure and calls the observers. It returns nil
// only for a nil err; adapters check [IsNil] first, since a typed nil is no error either.
//
// Respond never panics. Foreign code in it may panic: an Error method, a MarshalJSON, a mapper, an observer, the
// logger. Then only its contribution is lost, and the client still gets the right status and a valid, localized body.
func (r *Responder) Respond(req Request, err error) *Response {
	if err == nil {
		return nil
	}
	r = r.orDefault()
	c := r.catalogue.Load()
	format := r.formatOf(req)
	if resp := r.quick(c, format, req, err); resp != nil {
		return resp
	}
	if len(r.observers) > 0 { // they may keep the occurrence
		return r.respond(newObserved(err), c, format, req, err)
	}
	o := occurrences.Get().(*Occurrence)
	resp := r.respond(o, c, format, req, err)
	*o = Occurrence{}
	occurrences.Put(o)
	return resp
}

// Preview returns the response that [Responder.Respond] would make, for documentation: it writes no log line and
// calls no observer, because nothing has failed. It does call mappers, and functions of the error itself. It returns
// nil only for a nil err.
func (r *Responder) Preview(req Request, err error) *Response {
	if err == nil {
		return nil
	}
	r = r.orDefault()
	return r.respond(&Occurrence{preview: true}, r.catalogue.Load(), r.formatOf(req), req, err)
}

// Status returns the status of responses to k: that of [WithStatus], or else the kind's own.
func (r *Responder) Status(k *Kind) int { return r.orDefault().statusOf(k.orAny()) }

// Retryable reports whether responses to k tell that repeating the request can help: [WithRetryable] decides, or else
// the kind itself.
func (r *Responder) Retryable(k *Kind) bool {
	o := &Occurrence{responder: r.orDefault(), kind: k.orAny()}
	return o.Retryable()
}

// Level returns the level of log lines about k: the kind's own ([Spec].Level), or else Error from status 500 on and that of
// [WithClientErrorLevel] below.
func (r *Responder) Level(k *Kind) slog.Level {
	r, k = r.orDefault(), k.orAny()
	return r.levelOf(k, r.statusOf(k))
}

// Challenged reports whether [WithChallenge] was given, for checks at start-up.
func (r *Responder) Challenged() bool { return r.orDefault().challenges != nil }

func (r *Responder) orDefault() *Responder {
	if r == nil || r.catalogue.Load() == nil {
		return Default()
	}
	return r
}

// newObserved returns an occurrence that observers may keep, so that it cannot be used again. It is one piece with its response, and
// with room for the body of an error without details.
func newObserved(err error) *Occurrence {
	if f, ok := err.(*Fault); ok && slices.ContainsFunc(f.all(), isDetail) {
		o := &struct {
			Occurrence
			Response
		}{}
		o.resp = &o.Response
		return &o.Occurrence
	}
	o := &struct {
		Occurrence
		Response
		room [352]byte // with the 8 of the allocator 640 in all, a size that it has
	}{}
	o.resp, o.Response.Body = &o.Response, o.room[:0]
	return &o.Occurrence
}

func isDetail(a Attr) bool { return a.op == opDetail || a.op == opField || a.op == opDetails }

// occurrences are reused if no observer can have kept them. They are half of a response's allocations.
var occurrences = sync.Pool{New: func() any { return &Occurrence{} }}

func (r *Responder) respond(o *Occurrence, c *catalogue, format int, req Request, err error) *Response {
	o.responder, o.catalogue, o.format, o.request, o.err = r, c, &r.formats[format], req, err
	o.allLanguages = o.format.use == AllLanguages && !r.oneLanguage
	if p, ok := err.(*panicError); ok {
		o.panicked, o.besides().stack, o.err = true, p.stack, p.unwrapped()
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
