package store

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/negotiate"
	"github.com/polyfault/polyfault/internal/page"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Pages serves the store to people, as HTML that needs no script:
//
//   - errors/ lists the records of errors that have occurred, the most frequent ones of the last 24 hours first; those that
//     never occurred are folded away;
//   - errors/{id} shows one of them with its recent occurrences, traces and newest call stack, and with its texts in all
//     languages. Operators edit its titles and descriptions, and say whether repeating helps;
//   - logs/ lists the entries of the log, the one that occurred last first. Each column sorts the list;
//   - logs/{id} shows one of them, which operators mark as resolved or ignored; logs/{trace id} leads to the entries of a
//     trace.
//
// The lists take the parameters of the REST handler ([Handler]): name, scope, category, is_builtin and page for the errors,
// and never=true for those that never occurred; level, status, code, code_prefix, family, scope, state, trace_id, search,
// started, ended, order and before for the log, and range, an ISO 8601 duration counted back from now. For an invalid value the
// status is 400, and the page shows the mistake beside the field.
//
// Times are in UTC and say so. The parameter "zone" chooses another time zone: a name of the IANA database, if the system has
// that, or a difference such as "+05:30". Times without a zone in parameters are in the chosen zone.
//
// The handler works below any path that does not itself end in errors/ or logs/, with and without [http.StripPrefix]: only
// the last two segments count, and all links are relative. The path itself, with a final slash, leads to errors/. The
// parameter "language" chooses the language, or else Accept-Language. The words are the responder's texts; an error has its
// title and text in the reader's language until an operator writes others in that language.
//
// The log shows internals of the service. [PagesAuthorize] decides who may see and change them: without it, all pages return
// 403, and Pages says so in one line, to the logger of [WithLogger] or else to [slog.Default]. [PagesAuthorizeEdit] limits
// who may change something. Pages are sent with "Cache-Control: no-store", cannot be framed, and ask not to be indexed.
//
// Changes are POST requests from the pages' own forms. Those of other origins are refused with 403, as
// [http.CrossOriginProtection] finds them: without HTTPS, a proxy has to pass the Host header on. Forms know the version that
// they show. If somebody else has changed the record meanwhile, nothing is saved, and a page with the status 409 shows both
// versions.
//
// What is not there is a page in the reader's language, as are other mistakes of those who may read, unless the client wants
// JSON more than HTML. The responder answers all other failures in its own formats; [fault.SQLMappers] classify those of the
// database. A nil responder means that of the enclosing Middleware, else [fault.Default]; the words are those of the latter.
// The handler is safe for concurrent use. Pages panics if the store or an option is nil.
func Pages(s *Store, r *fault.Responder, opts ...PagesOption) http.Handler {
	if s == nil {
		panic("store: Pages: the store is nil; Open makes one")
	}
	p := &pages{
		store: s, responder: r, areas: newAreas(),
		conflicts: page.New(editSource, conflictSource), failure: page.New(failureSource),
	}
	for i, option := range opts {
		if option == nil {
			panic("store: option " + strconv.Itoa(i+1) + " of Pages is nil")
		}
		option(p)
	}
	if p.authorize == nil {
		s.tellOpen("Pages", "nobody reads them (403)", "PagesAuthorize")
		p.authorize = func(*http.Request) error { return errNobody }
	}
	if p.mayEdit == nil {
		p.mayEdit = func(*http.Request, Action) error { return nil }
	}
	return faulthttp.Handler(r, p.serve)
}

var errNobody = fault.PermissionDenied.New(fault.Cause(errors.New("store: Pages without PagesAuthorize: nobody reads them")))

// A PagesOption changes what [Pages] does.
type PagesOption func(*pages)

// PagesAuthorize calls allowed for every request for a page, and for every change (POST). If allowed returns nil, the request
// passes. If it returns an error, such as [fault.PermissionDenied], the responder answers with that. If it panics, the request
// does not pass. A typed nil, such as a nil *[fault.Fault], does not pass either: the client gets [fault.PermissionDenied].
// Without the option, nobody may read. Who may read may also change something, unless [PagesAuthorizeEdit] says no. allowed
// must be safe for concurrent use. PagesAuthorize panics if allowed is nil.
func PagesAuthorize(allowed func(*http.Request) error) PagesOption {
	if allowed == nil {
		panic("store: PagesAuthorize: the function is nil")
	}
	return func(p *pages) { p.authorize = allowed }
}

// PagesAuthorizeEdit calls allowed, after the function of [PagesAuthorize], for every change: with [UpdateError] or
// [UpdateLog]. An error refuses the change, and the responder answers with it, as there. allowed also decides which forms a page
// shows, so it is called for requests for pages, too. Without the option, everybody who may read a page may change what it
// shows. allowed must be safe for concurrent use. PagesAuthorizeEdit panics if allowed is nil.
func PagesAuthorizeEdit(allowed func(*http.Request, Action) error) PagesOption {
	if allowed == nil {
		panic("store: PagesAuthorizeEdit: the function is nil")
	}
	return func(p *pages) { p.mayEdit = allowed }
}

// traceMark is what a template of links has in place of a trace id.
const traceMark = "{trace_id}"

// PagesTraceURL adds a link to each trace id: to the program that shows traces, such as
// "https://tracing.example.com/trace/{trace_id}". The trace id stands in place of "{trace_id}", with all characters escaped
// that mean something in a URL. PagesTraceURL panics if template is no absolute http or https URL, or lacks the mark in its path,
// query or fragment: no trace id chooses the host.
func PagesTraceURL(template string) PagesOption {
	u, err := url.Parse(strings.ReplaceAll(template, traceMark, markedTrace))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || !strings.Contains(template, traceMark) ||
		strings.Contains(u.User.String()+u.Host, markedTrace) {
		panic("store: PagesTraceURL: " + strconv.Quote(template) + " is no http URL with " + traceMark + " behind its host")
	}
	return func(p *pages) { p.traceURL = template }
}

// markedTrace is a trace id that no host has as a part.
const markedTrace = "-trace-id-"

// pages is the implementation of Pages.
type pages struct {
	store       *Store
	responder   *fault.Responder
	authorize   func(*http.Request) error
	mayEdit     func(*http.Request, Action) error
	crossOrigin http.CrossOriginProtection
	traceURL    string
	areas       map[string]area
	conflicts   *page.Template
	failure     *page.Template
}

// A visit is one request for a page.
type visit struct {
	*page.Visit
	*pages
	ctx    context.Context
	req    *http.Request
	root   string // the relative path to what the areas are below
	name   string // the last segment: an id or a trace id
	status int
}

func (p *pages) serve(w http.ResponseWriter, req *http.Request) error {
	above, segment, name := lastSegments(req.URL.Path)
	area, known := p.areas[segment]
	view := area.list
	if name != "" {
		view = area.one
	}
	if err := checkMethod(req.Method, view); err != nil {
		return err
	}
	if err := refusalOf(p.authorize(req)); err != nil {
		return err
	}
	if req.Method == http.MethodPost { // the application's own refusal, in its own words
		if err := refusalOf(p.mayEdit(req, view.action)); err != nil {
			return err
		}
	}
	v := &visit{page.NewVisit(p.responder.Catalogue(), req), p, req.Context(), req, "../", name, http.StatusOK}
	if !known {
		v.root = "" // the areas are below any path
	}
	if !v.ReadZone() {
		v.status = http.StatusBadRequest
	}
	if target := v.target(above, segment, known); target != "" {
		seeOther(w, target)
		return nil
	}
	err := v.answer(w, segment, view)
	if err == nil {
		return nil
	}
	return v.fail(w, segment, known, forClient(err))
}

// checkMethod lets only those methods pass that the view knows.
func checkMethod(method string, v *view) error {
	allowed := []string{http.MethodGet, http.MethodHead}
	if v != nil && v.change != nil {
		allowed = append(allowed, http.MethodPost)
	}
	if slices.Contains(allowed, method) {
		return nil
	}
	return fault.MethodNotAllowed.New(fault.Header("Allow", strings.Join(allowed, ", ")))
}

// lastSegments returns the last three segments of the path.
func lastSegments(path string) (above, area, name string) {
	segments := strings.Split("//"+path, "/")
	n := len(segments)
	return segments[n-3], segments[n-2], segments[n-1]
}

// seeOther redirects to a relative address: http.Redirect does not know the prefix.
func seeOther(w http.ResponseWriter, target string) {
	w.Header().Set("Location", target)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}

// target returns the address to redirect to, or "".
func (v *visit) target(above, segment string, known bool) string {
	_, isArea := v.areas[v.name]
	_, below := v.areas[above]
	switch {
	case known && segment == "logs" && v.name != "" && v.id() == 0 && v.req.Method != http.MethodPost:
		return v.URL("./", "trace_id", v.name)
	case known:
	case isArea: // without the final slash
		return v.WithQuery(v.name + "/")
	case v.name == "" && below && segment != "." && segment != "..": // an item with a final slash
		return v.WithQuery("../" + url.PathEscape(segment))
	case v.name == "":
		return v.URL("errors/")
	}
	return ""
}

// id returns the name as a number, or 0.
func (v *visit) id() int64 { return max(idOf(v.name), 0) }

// answer shows the page, or makes the change that a form asks for.
func (v *visit) answer(w http.ResponseWriter, segment string, view *view) error {
	if view == nil {
		return ErrNotFound
	}
	show := view.show
	if v.req.Method == http.MethodPost {
		show = func(v *visit) (*shown, error) { return v.change(w, view) }
	}
	shown, err := show(v)
	if err != nil {
		return err
	}
	if shown.target != "" {
		seeOther(w, shown.target)
		return nil
	}
	if shown.template == nil {
		shown.template = view.template
	}
	return v.send(w, segment, shown)
}

func (v *visit) send(w http.ResponseWriter, segment string, s *shown) error {
	body, err := s.template.Render(&page.View{
		Visit: v.Visit, Title: s.title, Navigation: v.navigation(segment), Private: true, Main: s.main,
	})
	if err != nil {
		return err
	}
	body.Send(w, v.req, v.status, page.Unstored)
	return nil
}

// fail answers with a page what the reader can mend, and leaves the rest to the responder.
func (v *visit) fail(w http.ResponseWriter, segment string, known bool, err error) error {
	f, ok := fault.From(err)
	x, reports := w.(reporting)
	if !ok || !reports || !v.wantsPage() {
		return err
	}
	r, req := x.Reporting(v.responder)
	if r.Status(f.Kind()) >= http.StatusInternalServerError {
		return err
	}
	resp := r.Respond(req, err) // with its line in the log, and its headers
	resp.SetHeader(w.Header(), w.Header().Get("Content-Encoding") != "")
	w.Header().Del("Content-Length")
	v.status = resp.Status
	text := page.TextsOf(v.Catalogue, f.Kind()).For(v.Reader)
	return v.send(w, segment, &shown{
		title: text.Title, main: &failureView{text, f.Code(), !known, v.navigation("")}, template: v.failure,
	})
}

// reporting is the writer of faulthttp.Handler.
type reporting interface {
	Reporting(r *fault.Responder) (*fault.Responder, fault.Request)
}

// A failureView is a page about what went wrong.
type failureView struct {
	page.Text
	Code    string
	Nowhere bool // the page belongs to no area
	Links   []page.Link
}

// wantsPage reports whether the client takes HTML at least as gladly as any JSON, as all browsers do.
func (v *visit) wantsPage() bool {
	types := []string{page.HTML, page.JSON, "application/problem+json", "application/vnd.api+json"}
	return negotiate.MediaType(fault.JoinedHeader(v.req.Header, "Accept"), types) == 0
}

func (v *visit) navigation(area string) []page.Link {
	links := []page.Link{{Text: v.T("errors"), URL: v.URL(v.root + "errors/")}, {Text: v.T("logs"), URL: v.URL(v.root + "logs/")}}
	current := "page"
	if v.name != "" {
		current = "true"
	}
	switch area {
	case "errors":
		links[0].Current = current
	case "logs":
		links[1].Current = current
	}
	return links
}

// An area is a part of the pages: a list, and a page for each of its items.
type area struct{ list, one *view }

// A view makes a page.
type view struct {
	template *page.Template
	show     func(*visit) (*shown, error)
	change   func(*visit, *submitted) (*shown, error) // nil where nothing changes
	action   Action                                   // what a change is
}

// A shown is the content of a page, or the address to go on to.
type shown struct {
	title    string
	main     any
	template *page.Template // nil means that of the view
	target   string
}

// newAreas returns the areas by their segments of the path. It is a function and not a package variable, so that programs
// without pages do not carry html/template.
func newAreas() map[string]area {
	return map[string]area{
		"errors": {
			&view{template: page.New(partsSource, errorsSource), show: (*visit).errorList},
			&view{page.New(partsSource, editSource, errorSource), (*visit).oneError, (*visit).changeError, UpdateError},
		},
		"logs": {
			&view{template: page.New(partsSource, logsSource), show: (*visit).logList},
			&view{page.New(partsSource, editSource, logSource), (*visit).oneEntry, (*visit).changeEntry, UpdateLog},
		},
	}
}

var (
	//go:embed pages/parts.html
	partsSource string
	//go:embed pages/edit.html
	editSource string
	//go:embed pages/errors.html
	errorsSource string
	//go:embed pages/error.html
	errorSource string
	//go:embed pages/logs.html
	logsSource string
	//go:embed pages/log.html
	logSource string
	//go:embed pages/conflict.html
	conflictSource string
	//go:embed pages/failure.html
	failureSource string
)
