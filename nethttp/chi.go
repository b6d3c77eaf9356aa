package faulthttp

import (
	"cmp"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
)

// InstallChi makes r answer the panics of a chi router's handlers, and its 404 and 405, with the right Allow:
//
//	router := chi.NewRouter()
//	faulthttp.InstallChi(router, nil)
//	router.Get("/orders/{id}", faulthttp.Handler(nil, getOrder))
//
// It belongs before the routes, as all of chi's middleware does, and on the router itself, not on its Group or With, which
// hand nothing down to the routers inside. It uses [Middleware], [NotFound] and [Error], so that a nil responder means
// what it means there. Sub-routers that have no NotFound and MethodNotAllowed of their own inherit them, as chi has
// it. A NotFound or MethodNotAllowed of yours on m itself, a page for every path, say, comes after it: the last one counts.
// It panics when m is nil.
//
// Allow holds the methods that the router has a handler for, those of chi.RegisterMethod among them; a GET brings neither
// HEAD nor OPTIONS. The router is asked about the path as it came and as chi's StripSlashes, CleanPath and URLFormat
// leave it; then about the ends of it, for a router that is mounted itself. There a catch-all route can take the whole path
// for its own: where you can, leave InstallChi to the outermost router. When a method that chi does not know meets
// a path without a handler, Allow is empty; so it is on a mounted router for a method of chi.RegisterMethod that this
// router has no route for. Routes of such methods belong before the first request.
//
// chi is not imported: C is its Context, and m any router with these methods of chi 5.
func InstallChi[C any](m interface {
	Use(...func(http.Handler) http.Handler)
	NotFound(http.HandlerFunc)
	MethodNotAllowed(http.HandlerFunc)
	Match(*C, string, string) bool
}, r *fault.Responder) {
	if errtree.IsNil(m) {
		panic("faulthttp: InstallChi: the router is nil")
	}
	m.Use(Middleware(r))
	m.NotFound(NotFound(r))
	known := sync.OnceValue(func() []string { return methodsOf(m) })
	m.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) {
		allow := strings.Join(allowed(m, known(), req), ", ")
		Error(r, w, req, fault.MethodNotAllowed.New(fault.Header("Allow", allow)))
	})
}

// A matcher is a router that tells whether it has a handler, and notes in its context how it came there.
type matcher[C any] interface {
	Match(ctx *C, method, path string) bool
}

// chiMethods are those that chi knows without being told.
var chiMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, "QUERY",
	http.MethodConnect, http.MethodOptions, http.MethodTrace,
}

// allowed are those of the methods that the path of the request may be asked with.
func allowed[C any](m matcher[C], methods []string, req *http.Request) []string {
	ends := maxMounts
	if !slices.Contains(methods, req.Method) { // chi has not looked at the path
		ends = 0
	}
	for p := range paths(req.URL, ends) {
		found := allowedAt(m, methods, p)
		if len(found) > 0 && !slices.Contains(found, req.Method) {
			return found
		}
	}
	return nil
}

// maxMounts is how many steps are looked for the path of a mounted router.
const maxMounts = 16

// paths yields what a router may have taken for the path: the whole, and so many of its ends.
func paths(u *url.URL, ends int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for p := cmp.Or(u.RawPath, u.Path, "/"); ; ends-- {
			clean := path.Clean(p)
			if !yield(p) || clean != p && !yield(clean) || path.Ext(clean) != "" && !yield(strings.TrimSuffix(clean, path.Ext(clean))) {
				return
			}
			if p == "/" || ends == 0 {
				return
			}
			_, end, _ := strings.Cut(p[1:], "/")
			p = "/" + end
		}
	}
}

// allowedAt are those of the methods that m has a handler for.
func allowedAt[C any](m matcher[C], methods []string, at string) (found []string) {
	var last *C
	for _, method := range methods {
		ctx := new(C) // it notes the parameters: one for each question
		if m.Match(ctx, method, at) {
			found, last = append(found, method), ctx
		}
	}
	if !slices.Contains(found, http.MethodConnect) {
		return found
	}
	if sub := mountedAt(m, last); sub != nil { // at its root there is a handler of chi's own, for everything
		return allowedAt(sub, methods, "/")
	}
	return found
}

// mountedAt is the router whose root m has matched, nil when it has matched something else.
func mountedAt[C any](m any, ctx *C) matcher[C] {
	patterns := patternsOf(ctx)
	if len(patterns) == 0 {
		return nil
	}
	for i, pattern := range patterns {
		if i == len(patterns)-1 {
			pattern = strings.TrimSuffix(pattern, "/") + "/*"
		}
		routes := routesOf(m)
		at := slices.IndexFunc(routes, func(r route) bool { return r.pattern == pattern })
		if at < 0 {
			return nil
		}
		m = routes[at].sub
	}
	sub, _ := m.(matcher[C])
	return sub
}

// methodsOf are the methods that chi knows, and those with a handler of m that it knows from RegisterMethod.
func methodsOf(m any) []string {
	own := map[string]bool{}
	addMethods(own, m, maxMounts)
	for _, method := range chiMethods {
		delete(own, method)
	}
	delete(own, "*") // what Handle and Mount take
	return slices.Concat(chiMethods, slices.Sorted(maps.Keys(own)))
}

func addMethods(own map[string]bool, m any, depth int) {
	for _, r := range routesOf(m) {
		for _, method := range r.methods {
			own[method] = true
		}
		if depth > 0 {
			addMethods(own, r.sub, depth-1)
		}
	}
}

// A route is a Route of chi's.
type route struct {
	pattern string
	methods []string
	sub     any // Routes
}

// routesOf are the routes of a router of chi's, none of anything else.
func routesOf(m any) (routes []route) {
	defer func() { _ = recover() }() // it has another shape
	all := reflect.ValueOf(m).MethodByName("Routes").Call(nil)[0]
	for _, v := range all.Seq2() {
		r := route{pattern: v.FieldByName("Pattern").String(), sub: v.FieldByName("SubRoutes").Interface()}
		for method := range v.FieldByName("Handlers").Seq() {
			r.methods = append(r.methods, method.String())
		}
		routes = append(routes, r)
	}
	return routes
}

// patternsOf are the patterns that a Context of chi's has noted.
func patternsOf(ctx any) (patterns []string) {
	defer func() { _ = recover() }() // it has another shape
	patterns, _ = reflect.TypeAssert[[]string](reflect.ValueOf(ctx).Elem().FieldByName("RoutePatterns"))
	return patterns
}
