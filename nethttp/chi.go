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

// InstallChi makes r answer the panics of a chi router's handlers and its 404 and 405, the latter with the right Allow:
//
//	router := chi.NewRouter()
//	faulthttp.InstallChi(router, nil)
//	router.Get("/orders/{id}", faulthttp.Handler(nil, getOrder))
//
// Call it before the routes, like all of chi's middleware, and on the router itself: its Group and With pass nothing on to
// the routers inside. InstallChi uses [Middleware], [NotFound] and [Error], and a nil responder means what it means there.
// Sub-routers without a NotFound and MethodNotAllowed of their own inherit these from chi. To have your own on m, such as a
// page for every path, set it after InstallChi: the last one counts. InstallChi panics if m is nil.
//
// Allow holds the methods that the router has a handler for, those of chi.RegisterMethod too. A GET adds neither HEAD nor
// OPTIONS. InstallChi asks the router about the path as it came and as chi's StripSlashes, CleanPath and URLFormat leave
// it, and then about the ends of the path, for a router that is mounted itself. On a mounted router a catch-all route can
// match the whole path: call InstallChi on the outermost router if you can. Allow is empty in two cases: for a method that
// chi does not know on a path without a handler, and on a mounted router for a method of chi.RegisterMethod that it has no
// route for. Register routes of such methods before the first request.
//
// This package does not import chi: C is chi's Context, and m is any router with these methods of chi 5.
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

// A matcher is a router that reports whether it has a handler, and records the way there in its context.
type matcher[C any] interface {
	Match(ctx *C, method, path string) bool
}

// chiMethods are the methods that chi knows without RegisterMethod.
var chiMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, "QUERY",
	http.MethodConnect, http.MethodOptions, http.MethodTrace,
}

// allowed returns the methods for which the router has a handler at the path of the request.
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

// maxMounts is the number of steps of the path that may belong to mounts.
const maxMounts = 16

// paths yields the paths that a router may have matched: the whole path, and up to ends of its ends.
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

// allowedAt returns the methods for which m has a handler at the path.
func allowedAt[C any](m matcher[C], methods []string, at string) (found []string) {
	var last *C
	for _, method := range methods {
		ctx := new(C) // it records parameters, so each question has its own
		if m.Match(ctx, method, at) {
			found, last = append(found, method), ctx
		}
	}
	if !slices.Contains(found, http.MethodConnect) {
		return found
	}
	if sub := mountedAt(m, last); sub != nil { // chi itself has a handler for all methods at the root of a mount
		return allowedAt(sub, methods, "/")
	}
	return found
}

// mountedAt returns the mounted router whose root m has matched, or nil if m has matched something else.
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

// methodsOf returns the methods that chi knows, and those of RegisterMethod for which m has a handler.
func methodsOf(m any) []string {
	own := map[string]bool{}
	addMethods(own, m, maxMounts)
	for _, method := range chiMethods {
		delete(own, method)
	}
	delete(own, "*") // the method of Handle and Mount
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

// A route is a chi.Route.
type route struct {
	pattern string
	methods []string
	sub     any // Routes
}

// routesOf returns the routes of a chi router, and none for anything else.
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

// patternsOf returns the patterns that a chi Context has recorded.
func patternsOf(ctx any) (patterns []string) {
	defer func() { _ = recover() }() // it has another shape
	patterns, _ = reflect.TypeAssert[[]string](reflect.ValueOf(ctx).Elem().FieldByName("RoutePatterns"))
	return patterns
}
