package faulthttp

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

// Catalog serves what the service's errors mean, for people and programs: a list of the kinds, and a
// page for each. It is what the "type" of a problem+json body points to, when [fault.Problem] has the
// address of the list as its TypeBase ([RFC 9457, section 3.1.1]):
//
//	r, err := fault.NewResponder(fault.WithFormats(fault.Multilingual{}, fault.Problem{TypeBase: "https://example.com/errors/"}))
//	mux.Handle("/errors/", faulthttp.Catalog(r))
//
// It can stand below any path, with and without [http.StripPrefix]: only the last segment of the path
// counts. An empty one is the list; any other is the code of a kind ("task_locked") or its type
// ("task-locked"), the code first. All links are relative. Routers that know wildcards mount it at
// "/errors/" and everything below, not at "/errors".
//
// Accept chooses between text/html (the default), application/json and text/markdown; 406 is never
// answered. The language is that of the parameter "language" ("?language=pt-BR"), else Accept-Language
// chooses, as it does for the responder's own responses. A text that the language lacks stands there in
// another one, marked as such.
//
// The JSON of the list has lang, dir, count and results; an entry has code, status, title, text (with
// their lang and dir), type, number (when there is one), category, retryable and href, the relative
// link to its page. The JSON of one kind has the same members and
//   - retry_after, the seconds of the kind's own Retry-After, when there are some;
//   - exit_code, text_id, placeholders, and parent, the code of the more general kind (not for the root);
//   - texts, by wire key ("DE", "PT-BR") an object of lang, dir, title and text for each language that
//     has the text;
//   - example, a response of the responder's first format: status, headers, and body, as JSON where it
//     is JSON and as a string otherwise. Placeholders are filled with their own names, "{ID}".
//
// Texts come from the responder's catalogue at the time of the request, so that [fault.Responder.Reload]
// shows; kinds are those of the process. Nothing is shown that clients do not get in responses anyway,
// but who must not know the whole list has to be kept away by the application.
//
// Responses have an ETag and "Cache-Control: no-cache": caches keep them and ask each time. HEAD is
// answered as GET; an unknown code with 404 and other methods with 405, by the responder, in its own
// formats. A nil responder means [fault.Default]. The handler is safe for concurrent use.
//
// [RFC 9457, section 3.1.1]: https://www.rfc-editor.org/rfc/rfc9457#section-3.1.1
func Catalog(r *fault.Responder, opts ...CatalogOption) http.Handler {
	c := &catalog{responder: r, shows: func(*fault.Kind) bool { return true }, forms: catalogForms()}
	for _, opt := range opts {
		if opt != nil {
			opt(c)
		}
	}
	return Handler(r, c.serve)
}

// A CatalogOption changes what [Catalog] serves.
type CatalogOption func(*catalog)

// CatalogKinds chooses the kinds that are shown; for others the catalogue answers 404. Without it all
// kinds of the process are shown. A nil function changes nothing. It must be safe for concurrent use.
func CatalogKinds(shows func(*fault.Kind) bool) CatalogOption {
	return func(c *catalog) {
		if shows != nil {
			c.shows = shows
		}
	}
}

// catalog is the handler of Catalog.
type catalog struct {
	responder *fault.Responder
	shows     func(*fault.Kind) bool
	forms     map[string]catalogForm // by media type
}

// A catalogForm writes the catalogue in one media type.
type catalogForm struct {
	list func(*catalogVisit, *catalogList) (page.Body, error)
	one  func(*catalogVisit, *catalogKind) (page.Body, error)
}

var (
	errUnknownCode  = fault.NotFound.New()
	errOnlyReadable = fault.MethodNotAllowed.New(fault.Header("Allow", "GET, HEAD"))
)

func (c *catalog) serve(w http.ResponseWriter, req *http.Request) error {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return errOnlyReadable
	}
	v := &catalogVisit{page.NewVisit(c.responder.Catalogue(), req), c.responder}
	mediaType := page.Accepted(fault.JoinedHeader(req.Header, "Accept"), page.HTML, page.JSON, page.Markdown)
	body, err := c.body(v, mediaType, req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:])
	if err != nil {
		return err
	}
	body.Send(w, req, http.StatusOK, page.Revalidated)
	return nil
}

func (c *catalog) body(v *catalogVisit, mediaType, name string) (page.Body, error) {
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

// find finds the kind that has the name as its code, or else the first that has it as its type.
func (c *catalog) find(name string) *fault.Kind {
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

// kinds are those that are shown, by status; those of one status in the order of registration.
func (c *catalog) kinds() (kinds []*fault.Kind) {
	for k := range fault.Kinds() {
		if c.shows(k) {
			kinds = append(kinds, k)
		}
	}
	statuses := statusesOf(c.responder)
	slices.SortStableFunc(kinds, func(a, b *fault.Kind) int { return cmp.Compare(statuses(a), statuses(b)) })
	return kinds
}
