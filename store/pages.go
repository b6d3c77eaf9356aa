package store

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Pages serves the store to people, as HTML that needs no script:
//
//   - errors/ lists the records of errors, the most frequent ones of the last 24 hours first;
//   - errors/{id} shows one of them with its texts in all languages, its recent occurrences and the
//     newest call stack;
//   - logs/ lists the entries of the log, the newest first;
//   - logs/{id} shows one of them; logs/{trace id} leads to the entries of a trace.
//
// The lists take the parameters of the REST handler ([Handler]): name, scope, category, is_builtin and
// page for the errors; level, code, scope, trace_id, search, started, ended and before for the log. For an invalid
// value the status is 400, and the page shows the mistake beside the field. All times are shown in UTC; times without a zone
// in parameters are UTC, too.
//
// The handler works below any path that does not itself end in errors/ or logs/, with and without [http.StripPrefix]: only
// the last two segments count, and all links are relative. The path itself, with a final slash, leads to errors/. The
// parameter "language" chooses the language, or else Accept-Language. The words are the responder's texts; a built-in error
// has its title and text in the reader's language until an operator writes others.
//
// The log shows internals of the service. [PagesAuthorize] decides who may see them: without it, all pages return 403, and Pages
// says so in one line, to the logger of [WithLogger] or else to [slog.Default]. Pages are sent with "Cache-Control: no-store",
// cannot be framed, ask not to be indexed, and change nothing: methods other than GET and HEAD are answered with 405.
//
// The responder answers failures in its own formats; [fault.SQLMappers] classify those of the database. A nil responder means
// [fault.Default]. The handler is safe for concurrent use. Pages panics if the store or an option is nil.
func Pages(s *Store, r *fault.Responder, opts ...PagesOption) http.Handler {
	if s == nil {
		panic("store: Pages: the store is nil; Open makes one")
	}
	p := &pages{store: s, responder: r, areas: newAreas()}
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
	return faulthttp.Handler(r, p.serve)
}

var errNobody = fault.PermissionDenied.New(fault.Cause(errors.New("store: Pages without PagesAuthorize: nobody reads them")))

// A PagesOption changes what [Pages] does.
type PagesOption func(*pages)

// PagesAuthorize calls allowed for every request for a page. If allowed returns nil, the request passes. If it returns an
// error, such as [fault.PermissionDenied], the responder answers with that. If it panics, the request does not pass. A typed
// nil, such as a nil *[fault.Fault], does not pass either: the client gets [fault.PermissionDenied]. Without the option, nobody
// may read. allowed must be safe for concurrent use. PagesAuthorize panics if allowed is nil.
func PagesAuthorize(allowed func(*http.Request) error) PagesOption {
	if allowed == nil {
		panic("store: PagesAuthorize: the function is nil")
	}
	return func(p *pages) { p.authorize = allowed }
}

// pages is the implementation of Pages.
type pages struct {
	store     *Store
	responder *fault.Responder
	authorize func(*http.Request) error
	areas     map[string]area
}

// A visit is one request for a page.
type visit struct {
	*page.Visit
	ctx    context.Context
	store  *Store
	name   string // the last segment: an id or a trace id
	status int
}

var errOnlyReadable = fault.MethodNotAllowed.New(fault.Header("Allow", "GET, HEAD"))

func (p *pages) serve(w http.ResponseWriter, req *http.Request) error {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return errOnlyReadable
	}
	if err := refusalOf(p.authorize(req)); err != nil {
		return err
	}
	area, name := lastSegments(req.URL.Path)
	v := &visit{page.NewVisit(p.responder.Catalogue(), req), req.Context(), p.store, name, http.StatusOK}
	shows, known := p.areas[area]
	if target := v.target(area, known); target != "" {
		w.Header().Set("Location", target) // relative: http.Redirect does not know the prefix
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	body, err := v.body(area, shows)
	if err != nil {
		return forClient(err)
	}
	body.Send(w, req, v.status, page.Unstored)
	return nil
}

// lastSegments returns the last two segments of the path.
func lastSegments(path string) (area, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[strings.LastIndexByte(path[:i], '/')+1 : i], path[i+1:]
}

// target returns the address to redirect to, or "".
func (v *visit) target(area string, known bool) string {
	switch {
	case !known && v.name == "":
		return v.URL("errors/")
	case area == "logs" && v.name != "" && v.id() == 0:
		return v.URL("./", "trace_id", v.name)
	}
	return ""
}

// id returns the name as a number, or 0.
func (v *visit) id() int64 {
	id, err := strconv.ParseInt(v.name, 10, 64)
	if err != nil || strconv.FormatInt(id, 10) != v.name {
		return 0
	}
	return id
}

func (v *visit) body(name string, a area) (page.Body, error) {
	view := a.list
	if v.name != "" {
		view = a.one
	}
	if view == nil {
		return page.Body{}, ErrNotFound
	}
	shown, err := view.show(v)
	if err != nil {
		return page.Body{}, err
	}
	return view.template.Render(&page.View{
		Visit: v.Visit, Title: shown.title, Navigation: v.navigation(name), Private: true, Main: shown.main,
	})
}

func (v *visit) navigation(area string) []page.Link {
	links := []page.Link{{Text: v.T("errors"), URL: v.URL("../errors/")}, {Text: v.T("logs"), URL: v.URL("../logs/")}}
	current := "page"
	if v.name != "" {
		current = "true"
	}
	if area == "errors" {
		links[0].Current = current
	} else {
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
}

// A shown is the content of a page.
type shown struct {
	title string
	main  any
}

// newAreas returns the areas by their segments of the path. It is a function and not a package variable, so that programs
// without pages do not carry html/template.
func newAreas() map[string]area {
	return map[string]area{
		"errors": {newView(errorsSource, (*visit).errorList), newView(errorSource, (*visit).oneError)},
		"logs":   {newView(logsSource, (*visit).logList), newView(logSource, (*visit).oneEntry)},
	}
}

func newView(source string, show func(*visit) (*shown, error)) *view {
	return &view{page.New(partsSource, source), show}
}

var (
	//go:embed pages/parts.html
	partsSource string
	//go:embed pages/errors.html
	errorsSource string
	//go:embed pages/error.html
	errorSource string
	//go:embed pages/logs.html
	logsSource string
	//go:embed pages/log.html
	logSource string
)
