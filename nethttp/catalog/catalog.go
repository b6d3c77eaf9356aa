// Package catalog serves a service's catalogue of errors: what each kind means, in the reader's language, as pages
// for people and as JSON and Markdown for programs:
//
//	mux.Handle("/errors/", catalog.Handler(r))
//
// It is a package of its own because it imports html/template, which programs without it need not carry.
package catalog

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/negotiate"
	"github.com/polyfault/polyfault/internal/page"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Handler serves the catalogue: a list of the kinds, and a page for each. The "type" of a problem+json body points to
// such a page if [fault.Problem] has the address of the list as its TypeBase ([RFC 9457, section 3.1.1]):
//
//	r, err := fault.NewResponder(fault.WithFormats(fault.Multilingual{}, fault.Problem{TypeBase: "https://example.com/errors/"}))
//	mux.Handle("/errors/", catalog.Handler(r))
//
// The handler works below any path, with and without [http.StripPrefix]: only the last segment of the path counts. An empty
// segment is the list; any other is the code of a kind ("task_locked") or its type ("task-locked"), the code first. All
// links are relative. A router with wildcards mounts it at "/errors/" and everything below, not at "/errors".
//
// Accept chooses between text/html (the default), application/json and text/markdown; the handler never answers 406. The
// parameter "language" ("?language=pt-BR") chooses the language, or else Accept-Language, as for the responder's own
// responses. If the language lacks a text, another language stands in and is marked.
//
// The JSON of the list has lang, dir, count and results; an entry has code, status, title, text (with
// their lang and dir), type, number (if there is one), category, retryable and href, the relative
// link to its page. The JSON of one kind has the same members and
//   - retry_after, the seconds of the kind's own Retry-After, if it has one;
//   - exit_code, text_id, placeholders, and parent, the code of the more general kind (not for the root);
//   - texts, by wire key ("DE", "PT-BR") an object of lang, dir, title and text for each language that
//     has the text;
//   - example, a response of the responder's first format: status, headers, and body, as JSON where it
//     is JSON and as a string otherwise. Placeholders are filled with their own names, "{ID}".
//
// The kinds are those of the process. Texts come from the responder's catalogue at the time of the request, so changes by
// [fault.Responder.Reload] show. The catalogue shows nothing that clients do not get in responses anyway; if some clients
// must not see the whole list, the application has to keep them away.
//
// Responses have an ETag and "Cache-Control: no-cache": caches keep them and ask each time. HEAD is answered like GET. The
// responder answers an unknown code with 404 and other methods with 405, in its own formats. A nil responder means
// [fault.Default]; a nil option panics. The handler is safe for concurrent use.
//
// [RFC 9457, section 3.1.1]: https://www.rfc-editor.org/rfc/rfc9457#section-3.1.1
func Handler(r *fault.Responder, opts ...Option) http.Handler {
	c := &handler{responder: r, shows: func(*fault.Kind) bool { return true }, forms: newForms()}
	for i, opt := range opts {
		if opt == nil {
			panic(fmt.Sprintf("catalog: option %d of Handler is nil", i+1))
		}
		opt(c)
	}
	return faulthttp.Handler(r, c.serve)
}

// An Option changes what [Handler] serves.
type Option func(*handler)

// Kinds chooses the kinds that are shown; the catalogue answers 404 for others. Without it, all kinds of the process are
// shown. Kinds panics if shows is nil; shows must be safe for concurrent use.
func Kinds(shows func(*fault.Kind) bool) Option {
	if shows == nil {
		panic("catalog: Kinds: the function is nil")
	}
	return func(c *handler) { c.shows = shows }
}

// handler is the implementation of Handler.
type handler struct {
	responder *fault.Responder
	shows     func(*fault.Kind) bool
	forms     map[string]form // by media type
}

// A form writes the catalogue in one media type.
type form struct {
	list func(*visit, *listing) (page.Body, error)
	one  func(*visit, *kind) (page.Body, error)
}

var (
	errUnknownCode  = fault.NotFound.New()
	errOnlyReadable = fault.MethodNotAllowed.New(fault.Header("Allow", "GET, HEAD"))
)

// mediaTypes are the media types of the catalogue; browsers get the first.
var mediaTypes = []string{page.HTML, page.JSON, page.Markdown}

func (c *handler) serve(w http.ResponseWriter, req *http.Request) error {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return errOnlyReadable
	}
	v := &visit{page.NewVisit(c.responder.Catalogue(), req), c.responder}
	mediaType := mediaTypes[negotiate.MediaType(fault.JoinedHeader(req.Header, "Accept"), mediaTypes)]
	body, err := c.body(v, mediaType, req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:])
	if err != nil {
		return err
	}
	body.Send(w, req, http.StatusOK, page.Revalidated)
	return nil
}

func (c *handler) body(v *visit, mediaType, name string) (page.Body, error) {
	form := c.forms[mediaType]
	if name == "" {
		return form.list(v, v.list(c.kinds()))
	}
	k := c.find(name)
	if k == nil {
		return page.Body{}, errUnknownCode
	}
	return form.one(v, v.one(k))
}

// find returns the kind with the name as its code, or else the first with the name as its type.
func (c *handler) find(name string) *fault.Kind {
	if k, ok := fault.KindByCode(name); ok && c.shows(k) {
		return k
	}
	for k := range fault.Kinds() {
		if k.Type() == name && c.shows(k) {
			return k
		}
	}
	return nil
}

// kinds returns the kinds that are shown, by status, and in the order of registration within a status.
func (c *handler) kinds() (kinds []*fault.Kind) {
	for k := range fault.Kinds() {
		if c.shows(k) {
			kinds = append(kinds, k)
		}
	}
	status := c.responder.Status
	slices.SortStableFunc(kinds, func(a, b *fault.Kind) int { return cmp.Compare(status(a), status(b)) })
	return kinds
}
