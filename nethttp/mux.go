package faulthttp

import (
	"net/http"
	"strings"

	fault "github.com/polyfault/polyfault/core"
)

// Mux serves mux. With r it answers requests that mux has no handler for: 404, and 405 with mux's own Allow header.
// Redirects of mux and answers of its handlers stay as they are. Mux panics if mux is nil.
func Mux(r *fault.Responder, mux *http.ServeMux) http.Handler {
	if mux == nil {
		panic("faulthttp: Mux: the mux is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		x, began := begin(w, req, r)
		x.unmatched = unmatched{r: r, mux: mux, request: req}
		defer x.finish(r, began)
		mux.ServeHTTP(x.exposed, req)
	})
}

// unmatched watches for the mux's own 404 and 405, which cannot be configured (golang/go#65648). The zero value does not
// watch.
type unmatched struct {
	r       *fault.Responder
	mux     *http.ServeMux
	request *http.Request
}

// answers sends our response in place of the mux's, and reports whether it did.
func (u *unmatched) answers(x *tracker, status int) bool {
	if u.mux == nil || status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
		return false
	}
	if u.request.Pattern != "" || x.Begun() {
		return false // a handler's own answer; it may have changed the request's path since
	}
	if _, pattern := u.mux.Handler(u.request); pattern != "" {
		return false // likewise: with GODEBUG=httpmuxgo121=1 the request does not hold the pattern
	}
	kind := fault.NotFound
	if status == http.StatusMethodNotAllowed {
		kind = fault.MethodNotAllowed
	}
	x.fail(u.r, kind, nil)
	return true
}

// NotFound answers 404 with r. It fits the NotFound hook of chi and other routers.
func NotFound(r *fault.Responder) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) { Error(r, w, req, fault.NotFound) }
}

// MethodNotAllowed answers 405 with r. Allow lists the given methods in their order. Without any, it is the header that
// the router has set, or an empty one.
func MethodNotAllowed(r *fault.Responder, allow ...string) http.HandlerFunc {
	err := error(fault.MethodNotAllowed)
	if len(allow) > 0 {
		err = fault.MethodNotAllowed.New(fault.Header("Allow", strings.Join(allow, ", ")))
	}
	return func(w http.ResponseWriter, req *http.Request) { Error(r, w, req, err) }
}
