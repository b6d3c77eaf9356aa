package store_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// Without leave to write, there is nothing to write: S-05. Methods that never exist are 405.
func TestHandlerMethods(t *testing.T) {
	t.Parallel()
	s := fillThree(t, newSQLite(t))
	allow := func(*http.Request, store.Action) error { return nil }
	const reads, creates, updates = "GET, HEAD, OPTIONS", "GET, HEAD, OPTIONS, POST", "GET, HEAD, OPTIONS, PATCH"
	logs := map[bool]int{true: 200, false: 403} // nobody reads the log of whom nobody is asked about
	for name, h := range map[string]http.Handler{
		"no hook":              store.Handler(s, nil),
		"read-only":            store.Handler(s, nil, store.ReadOnly()),
		"read-only and a hook": store.Handler(s, nil, store.ReadOnly(), store.WithAuthorize(allow)),
		"a hook and read-only": store.Handler(s, nil, store.WithAuthorize(allow), store.ReadOnly()),
	} {
		a := newAPI(t, h)
		for _, c := range []struct {
			method, path string
			status       int
			allow        string
		}{
			{"POST", "/errors/", 404, ""}, {"PATCH", "/errors/1/", 404, ""}, {"PATCH", "/errors/99/", 404, ""},
			{"PATCH", "/errors/", 405, reads}, {"POST", "/errors/1/", 405, reads}, {"DELETE", "/errors/1/", 405, reads},
			{"PUT", "/errors/", 405, reads},
			{"POST", "/logs/", 405, reads}, {"PATCH", "/logs/", 405, reads}, {"PATCH", "/logs/1/", 404, ""},
			{"DELETE", "/logs/", 405, reads}, {"BREW", "/errors/", 405, reads},
			{"OPTIONS", "/errors/", 204, reads}, {"OPTIONS", "/errors/1/", 204, reads}, {"OPTIONS", "/logs/", 204, reads},
			{"OPTIONS", "/logs/1/", 204, reads},
			{"HEAD", "/errors/", 200, ""}, {"HEAD", "/errors/1/", 200, ""}, {"HEAD", "/errors/99/", 404, ""}, {"GET", "/errors/1/", 200, ""},
			{"GET", "/logs/", logs[strings.Contains(name, "a hook")], ""},
		} {
			r := a.do(c.method, c.path, "")
			assert.Equal(t, c.status, r.Status, "%s: %s %s", name, c.method, c.path)
			assert.Equal(t, c.allow, r.Header.Get("Allow"), "%s: %s %s", name, c.method, c.path)
			assert.Empty(t, r.Header.Get("Accept-Post")+r.Header.Get("Accept-Patch"))
		}
	}
	a := newAPI(t, writing(s))
	for _, c := range []struct{ method, path, allow, post, patch string }{
		{"OPTIONS", "/errors/", creates, "application/json", ""},
		{"OPTIONS", "/errors/1/", updates, "", "application/json, application/merge-patch+json"},
		{"OPTIONS", "/logs/", reads, "", ""},
		{"OPTIONS", "/logs/1/", updates, "", "application/json, application/merge-patch+json"},
		{"DELETE", "/errors/", creates, "", ""},
		{"POST", "/errors/1/", updates, "", ""},
	} {
		r := a.do(c.method, c.path, "")
		assert.Equal(t, []string{c.allow, c.post, c.patch},
			[]string{r.Header.Get("Allow"), r.Header.Get("Accept-Post"), r.Header.Get("Accept-Patch")}, c)
	}
	assert.Equal(t, 3, *a.list("/errors/").Count, "nothing was written")
}

// Everything else is not there.
func TestHandlerKnowsNoOtherPath(t *testing.T) {
	t.Parallel()
	a := newAPI(t, writing(fillThree(t, newSQLite(t))))
	for _, path := range []string{
		"/", "/error/", "/Errors/", "/errors/0/", "/errors/-1/", "/errors/01/", "/errors/+1/", "/errors/1.0/", "/errors/abc/", "/errors//",
		"/errors/1//", "/errors/1/2/", "/errors/%D9%A3/", "/errors/1%2F/", "/errors%2F1/", "/errors/9223372036854775808/", "/errors/1%00/",
		"/errors/logs/", "/logs/errors/", "/logs/abc/", "/errors/1/logs", "/logs/1/errors/1/", "/errorss", "/xerrors", "/errors;x=1/",
		"/%65rrors/x/",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PATCH", "OPTIONS", "DELETE"} {
			assert.Equal(t, 404, a.do(method, path, "").Status, "%s %s", method, path)
		}
	}
	assert.Equal(t, 404, a.get("/errors/9223372036854775807/").Status)
}

// HEAD has the header of GET, and nothing behind it.
func TestHandlerHead(t *testing.T) {
	t.Parallel()
	s := fillThree(t, newSQLite(t))
	a := newAPI(t, store.Handler(s, nil))
	for _, target := range []string{"/errors/", "/errors/?page_size=1", "/errors/1/", "/logs/", "/errors/?page=0", "/errors/77/"} {
		get, head := a.get(target), a.do(http.MethodHead, target, "")
		for _, r := range []reply{get, head} {
			r.Header.Del("Date")
		}
		assert.Equal(t, get.Status, head.Status, target)
		assert.Equal(t, get.Header, head.Header, target)
		assert.Equal(t, get.Length, head.Length, target)
		w := httptest.NewRecorder()
		store.Handler(s, nil).ServeHTTP(w, httptest.NewRequest(http.MethodHead, target, nil))
		assert.Empty(t, w.Body.String(), "not every server drops it")
	}
}

// The hook decides about everything, before anything is read or told, and its error is the answer.
func TestHandlerAuthorizes(t *testing.T) {
	t.Parallel()
	s := fillThree(t, newSQLite(t))
	var asked []store.Action
	hook := store.WithAuthorize(func(req *http.Request, a store.Action) error {
		asked = append(asked, a)
		switch req.Header.Get("Authorization") {
		case "":
			return fault.NotLoggedIn.New(fault.Header("WWW-Authenticate", "Bearer"))
		case "reader":
			if a.Writes() {
				return fault.PermissionDenied
			}
			return nil
		case "broken":
			panic("the hook")
		case "foreign":
			return errors.New("dial tcp 10.0.0.1:389: secret")
		case "typed nil":
			var none *fault.Fault
			return none
		}
		return nil
	})
	a := newAPI(t, store.Handler(s, quietResponder(t), hook))
	cases := []struct {
		method, target string
		action         store.Action
		passed         int
	}{
		{"GET", "/errors/", store.ReadErrors, 200}, {"HEAD", "/errors/1/", store.ReadErrors, 200}, {"GET", "/errors/99/", store.ReadErrors, 404},
		{"GET", "/errors/?page=0", store.ReadErrors, 400}, {"GET", "/logs/", store.ReadLogs, 200}, {"GET", "/logs/1/", store.ReadLogs, 404},
		{"POST", "/errors/", store.CreateError, 415}, {"PATCH", "/errors/1/", store.UpdateError, 415},
		{"PATCH", "/errors/99/", store.UpdateError, 404}, {"PATCH", "/logs/99/", store.UpdateLog, 404},
	}
	for _, c := range cases {
		asked = nil
		for authorization, want := range map[string]int{
			"": 401, "admin": c.passed, "typed nil": 403, "reader": map[bool]int{true: 403, false: c.passed}[c.action.Writes()],
		} {
			r := a.do(c.method, c.target, "", "Authorization", authorization)
			assert.Equal(t, want, r.Status, "%q: %v", authorization, c)
			assert.Equal(t, want == 401, r.Header.Get("WWW-Authenticate") == "Bearer")
		}
		assert.Equal(t, []store.Action{c.action, c.action, c.action, c.action}, asked)
		for _, authorization := range []string{"broken", "foreign"} {
			req := httptest.NewRequest(c.method, c.target, nil)
			req.Header.Set("Authorization", authorization)
			w := httptest.NewRecorder()
			store.Handler(s, quietResponder(t), hook).ServeHTTP(w, req)
			assert.Equal(t, 500, w.Code)
			assert.NotContains(t, w.Body.String(), "secret")
		}
	}
	asked = nil
	for _, c := range []struct{ method, target string }{{"OPTIONS", "/errors/"}, {"DELETE", "/errors/1/"}, {"GET", "/elsewhere/"}} {
		a.do(c.method, c.target, "")
	}
	assert.Empty(t, asked, "a browser asks for OPTIONS without credentials")
	assert.Equal(t, "read errors, create an error, update an error, read logs, update a log entry, Action(0)",
		fmt.Sprintf("%v, %v, %v, %v, %v, %v", store.ReadErrors, store.CreateError, store.UpdateError, store.ReadLogs, store.UpdateLog,
			store.Action(0)))
}

// quietResponder is a responder that logs nothing.
func quietResponder(t *testing.T) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	return r
}
