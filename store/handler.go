package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Handler serves the records of errors and the log as JSON:
//
//	GET   /errors/       a page of the records: count, next, previous, results
//	POST  /errors/       a new record: 201, its address in Location, the record
//	GET   /errors/{id}/  one record, with an ETag
//	PATCH /errors/{id}/  change what the body names: 200, the record
//	GET   /logs/         a page of the log, the newest entry first: next, results
//	GET   /logs/{id}/    one entry, with its latest occurrences, its hours, and an ETag of its state
//	PATCH /logs/{id}/    {"state": "resolved"}: also "ignored" and "new": 200, the entry
//
// HEAD is answered like GET. OPTIONS returns the methods; others are 405 with Allow, and any other path is 404. The final
// slash may be missing.
//
// The application decides who may read and write. Without [WithAuthorize] everybody reads the records of errors, and nobody
// reads the log, which holds what no client should know: it returns 403. Nobody writes: POST and PATCH return 404. Handler says
// so in one line, to the logger of [WithLogger] or else to [slog.Default].
//
// # Mounting
//
// The handler reads the path from its first segment "errors" or "logs" on. It can be mounted below any prefix, with
// [http.StripPrefix] or without, in any framework that takes an [http.Handler]. A prefix that has such a segment itself needs
// StripPrefix. Mount the prefix or the two paths: at a catch-all the handler would also answer /anything/errors/. Links have
// the paths that clients sent; use [WithBaseURL] behind a proxy that changes paths.
//
// # Parameters
//
// A parameter that is unknown, wrong, or given twice is 400; the answer names all of them at once. An empty value is a
// value.
//
//	started, ended     bounds, inclusive: of last_modified for errors, for entries of last_seen, or of created if they are
//	                   sorted by that. RFC 3339 with any offset, or an ISO 8601 duration counted back from now: "P1DT12H"
//	page, page_size    from 1; 1 to 1000, default 100 (of the log only page_size)
//	order              repeatable; "-" sorts downwards; one of Orders(); default last_modified. Of the log not repeatable: a
//	                   LogOrder, "-" before it; default -created
//	is_builtin         true, t, 1, false, f, 0
//	scope, name        the whole text; "scope=" means no scope (in the log every scope has a text)
//	category           SYSTEM, ALGORITHM or DATA
//	level              of the log: at least DEBUG, INFO, WARN, ERROR, or between them: "INFO+2"
//	code, trace_id     of the log: the whole text
//	code_prefix        of the log: what the code begins with
//	family             of the log: the code of a kind; entries with its code, and those of the kinds below it
//	fingerprint        of the log: the whole text
//	state              of the log: new, resolved, ignored
//	status             of the log: 404, or 4xx for all of the class
//	search             of the log: a part of message, code, path or cause, or the beginning of a trace id
//	before             of the log: where the page begins; it comes with next, as do before_seen and before_value
//
// # Bodies
//
// A body is a JSON object of the type application/json, or application/merge-patch+json for PATCH, of at most 64 KiB. All
// mistakes in the body and the parameters are named at once.
//
// POST requires name, title, description and category, and also takes scope, should_be_retried, status and exit_code. PATCH
// takes title, description, category, should_be_retried, status and exit_code. Clients cannot set the category SYSTEM, which
// belongs to the program. A name that the scope already has, in any letter case or normalisation, is 409.
//
// In built-in records, and in those of the category SYSTEM, category, status and exit_code are read-only; in the latter, title
// and description are, too. The operator always decides whether to retry. A read-only member is 400, unless these five have
// the record's present value.
//
// title and description are those of the default language, that of [WithResponder]. Other languages ([Store.ErrorTexts]) are no
// part of the API, but a change of theirs is one of the ETag.
//
// # Conditions
//
// The ETag of a record is strong, and differs after every change. If-None-Match is 304 if nothing has changed. PATCH with
// If-Match is 412 if anything has: send the ETag of the edited record, and no update is lost. [WithIfMatchRequired] demands
// that.
//
// # Answers
//
// Errors have r's formats and languages; wrong members and parameters are field errors. Failures of the database are
// classified by [fault.SQLMappers], whether r has them or not. A nil r means [fault.Default].
//
// Clients may store records and revalidate them; they must not store the log. GET of one record answers from memory, so it
// may be as stale as the store is. Lists and PATCH ask the database.
//
// The handler is safe for concurrent use. Handler panics if the store or an option is nil.
func Handler(s *Store, r *fault.Responder, opts ...HandlerOption) http.Handler {
	if s == nil {
		panic("store: Handler: the store is nil; Open makes one")
	}
	h := &handler{store: s}
	for i, option := range opts {
		if option == nil {
			panic("store: option " + strconv.Itoa(i+1) + " of Handler is nil")
		}
		option(h)
	}
	if h.authorize == nil {
		s.tellOpen("Handler", "errors may be read by everybody, the log by nobody (403), and nobody writes (404)", "WithAuthorize")
	}
	return faulthttp.Handler(r, h.serve)
}

// tellOpen says at start-up what a handler does of which nobody said who may do what.
func (s *Store) tellOpen(what, effect, option string) {
	logger := s.log
	if !s.tells {
		logger = slog.Default()
	}
	logger.Warn("store: " + what + " without " + option + ": " + effect)
}

// A HandlerOption changes what [Handler] does.
type HandlerOption func(*handler)

// WithAuthorize calls f for every request for a record, an entry or a list of them, before it reads anything else of the
// request. If f returns nil, the request passes. If f returns an error, such as one of [fault.NotLoggedIn] or
// [fault.PermissionDenied], the client gets it. If f panics, the request does not pass. A typed nil, such as a nil
// *[fault.Fault], does not pass either: the client gets [fault.PermissionDenied]. With f the handler also writes, unless it
// is [ReadOnly]. f must be safe for concurrent use. WithAuthorize panics if f is nil.
//
// A web page of another origin cannot write: bodies have to be JSON, for which browsers ask permission first.
func WithAuthorize(f func(req *http.Request, a Action) error) HandlerOption {
	if f == nil {
		panic("store: WithAuthorize: the function is nil")
	}
	return func(h *handler) { h.authorize = f }
}

// refusalOf returns the error for the client after an authorize function has returned err; nil lets the request pass. A typed
// nil refuses, because its meaning is not known.
func refusalOf(err error) error {
	if err == nil || !fault.IsNil(err) {
		return err
	}
	return fault.PermissionDenied.New(fault.Cause(fmt.Errorf("store: the authorize function returned a nil %T, which is an error", err)))
}

// ReadOnly makes the API read-only: POST and PATCH return 404.
func ReadOnly() HandlerOption { return func(h *handler) { h.readOnly = true } }

// WithMaxRange limits the time between started and ended; more is 400. If one of them is missing, there is no range.
// Without the option, or if most is not positive, any range is accepted.
func WithMaxRange(most time.Duration) HandlerOption {
	return func(h *handler) { h.maxRange = most }
}

// WithIfMatchRequired makes PATCH without If-Match a 428 ([RFC 6585, section 3]). Without the option such a PATCH changes the
// record even if it has changed since the client read it.
//
// [RFC 6585, section 3]: https://www.rfc-editor.org/rfc/rfc6585#section-3
func WithIfMatchRequired() HandlerOption { return func(h *handler) { h.conditional = true } }

// WithBaseURL sets the beginning of links and Location, before "/errors/": an absolute URL ("https://example.com/admin") or a
// path ("/admin"), without a query. Use it behind a proxy that changes the path. Without it, links have the path of the
// request. It panics if base is neither.
func WithBaseURL(base string) HandlerOption {
	u, err := url.Parse(base)
	absolute := err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
	path := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/")
	if !absolute && !path || u.RawQuery != "" || u.Fragment != "" {
		panic("store: WithBaseURL: " + strconv.Quote(base) + " is neither an http URL nor a path")
	}
	return func(h *handler) { h.base = new(strings.TrimRight(u.String(), "/")) }
}

// An Action is what a request asks for: [ReadErrors], [CreateError], [UpdateError], [ReadLogs] or [UpdateLog].
type Action int

// The actions.
const (
	ReadErrors  Action = iota + 1 // the list of records, or one of them
	CreateError                   // POST of a record
	UpdateError                   // PATCH of a record
	ReadLogs                      // the list of entries, or one of them
	UpdateLog                     // PATCH of an entry: its state
)

// String returns the name of the action, for logs.
func (a Action) String() string {
	switch a {
	case ReadErrors:
		return "read errors"
	case CreateError:
		return "create an error"
	case UpdateError:
		return "update an error"
	case ReadLogs:
		return "read logs"
	case UpdateLog:
		return "update a log entry"
	}
	return "Action(" + strconv.Itoa(int(a)) + ")"
}

// Writes reports whether the action changes something.
func (a Action) Writes() bool { return a == CreateError || a == UpdateError || a == UpdateLog }

// handler is the implementation of Handler.
type handler struct {
	store       *Store
	authorize   func(*http.Request, Action) error
	readOnly    bool
	conditional bool
	maxRange    time.Duration
	base        *string // nil: from the request
}

func (h *handler) writes() bool { return h.authorize != nil && !h.readOnly }

// An endpoint is a method of a resource.
type endpoint struct {
	method string
	action Action
	serve  func(*call) error
}

// endpoints are the methods of the resources, with a trailing slash for items. GET includes HEAD.
var endpoints = map[string][]endpoint{
	"errors":  {{http.MethodGet, ReadErrors, (*call).listErrors}, {http.MethodPost, CreateError, (*call).createError}},
	"errors/": {{http.MethodGet, ReadErrors, (*call).getError}, {http.MethodPatch, UpdateError, (*call).updateError}},
	"logs":    {{http.MethodGet, ReadLogs, (*call).listLogs}},
	"logs/":   {{http.MethodGet, ReadLogs, (*call).getLog}, {http.MethodPatch, UpdateLog, (*call).updateLog}},
}

// A call is one request.
type call struct {
	*handler
	w     http.ResponseWriter
	req   *http.Request
	id    int64 // of the item
	links links
}

func (h *handler) serve(w http.ResponseWriter, req *http.Request) error {
	resource, id, local := locate(req.URL)
	methods := endpoints[resource]
	if id < 0 {
		return fault.NotFound
	}
	if req.Method == http.MethodOptions {
		h.options(w, methods)
		return nil
	}
	method := req.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	i := slices.IndexFunc(methods, func(e endpoint) bool { return e.method == method })
	if i < 0 {
		return fault.MethodNotAllowed.New(fault.Header("Allow", h.allow(methods)))
	}
	if methods[i].action.Writes() && !h.writes() {
		return fault.NotFound
	}
	if h.authorize == nil && methods[i].action == ReadLogs {
		return fault.PermissionDenied.New(fault.Cause(errors.New("store: Handler without WithAuthorize: nobody reads the log")))
	}
	if h.authorize != nil {
		if err := refusalOf(h.authorize(req, methods[i].action)); err != nil {
			return err
		}
	}
	c := &call{handler: h, w: w, req: req, id: id, links: h.linksOf(req, local)}
	return forClient(methods[i].serve(c))
}

// locate returns the resource at the end of the path: a list ("errors"), or an item ("errors/") with its id, which is -1 if
// it is not a number. local is that end of the path.
func locate(u *url.URL) (resource string, id int64, local string) {
	segments := strings.Split(strings.TrimSuffix(u.EscapedPath(), "/"), "/") // an escaped slash is part of a name
	i := slices.IndexFunc(segments, func(name string) bool { return endpoints[name] != nil })
	if i < 0 {
		return "", -1, ""
	}
	local = strings.Join(segments[i:], "/")
	switch len(segments) - i {
	case 1:
		return segments[i], 0, local
	case 2:
		return segments[i] + "/", idOf(segments[i+1]), local
	}
	return "", -1, ""
}

// idOf reads an id in the form that links have, and no other: a record has one address.
func idOf(segment string) int64 {
	id, err := strconv.ParseInt(segment, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != segment {
		return -1
	}
	return id
}

func (h *handler) options(w http.ResponseWriter, methods []endpoint) {
	w.Header().Set("Allow", h.allow(methods))
	for _, e := range methods {
		if !e.action.Writes() || !h.writes() {
			continue
		}
		for name, value := range acceptedBy[e.method] {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// allow returns the methods of the endpoints.
func (h *handler) allow(methods []endpoint) string {
	list := []string{http.MethodGet, http.MethodHead, http.MethodOptions}
	for _, e := range methods {
		if e.action.Writes() && h.writes() {
			list = append(list, e.method)
		}
	}
	return strings.Join(list, ", ")
}

// What caches may do with an answer. Both depend on the client.
const (
	revalidated = "private, no-cache"
	unstored    = "no-store"
)

// send answers with the value as JSON. HEAD has the header of GET.
func (c *call) send(status int, caching string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	header := c.w.Header()
	header.Set("Content-Type", mediaJSON)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", caching)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if c.req.Method != http.MethodHead {
		_, _ = c.w.Write(body) // an error means that the client has gone
	}
	return nil
}
