package store_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// editAll are forms for each of the changes, filled in.
func (s *pageServer) editAll() []*editForm {
	s.t.Helper()
	path, entry := "/errors/"+pageID(s.t, s.store, "", "task_locked"), s.entry(store.LogRecord{Message: "m"})
	state := s.form(entry, "state")
	state.fields.Set("state", "resolved")
	return []*editForm{
		s.form(path+"?edit=de", "texts").with(s.t, "title", "Meiner"), s.form(path, "retry").with(s.t, "should_be_retried", "true"), state,
	}
}

// Forms of foreign pages change nothing.
func TestPagesEditFromElsewhere(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	host := strings.TrimPrefix(s.url, "http://")
	for _, f := range s.editAll() {
		before := s.everything()
		for _, header := range [][]string{
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
			{"Sec-Fetch-Site", "cross-site", "Origin", s.url},
			{"Sec-Fetch-Site", "nonsense"},
			{"Origin", "null"},
			{"Origin", "https://evil.example"},
			{"Origin", "http://" + host + ".evil.example"},
			{"Origin", "http://127.0.0.1:1"},
			{"Origin", "%"},
		} {
			resp, body := s.post(f.target(t), editMedia, f.fields.Encode(), append(header, "Accept-Language", "de")...)
			assert.Equal(t, 403, resp.StatusCode, header)
			editFailure(t, s, resp, body, "de")
			assert.Contains(t, body, "permission_denied")
			assert.NotContains(t, body, "evil")
		}
		assert.Equal(t, before, s.everything())
	}
	for _, header := range [][]string{
		nil, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", s.url}, {"Origin", "https://" + host},
		{"Sec-Fetch-Site", "same-origin", "Origin", "null"},
	} {
		for i := range 3 {
			f := s.editAll()[i] // with the present version
			resp, _ := s.post(f.target(t), editMedia, f.fields.Encode(), header...)
			assert.Equal(t, 303, resp.StatusCode, header)
		}
	}
}

// A proxy that passes the Host header on is the origin of the forms.
func TestPagesEditOverAProxy(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	inner, err := url.Parse(s.url)
	require.NoError(t, err)
	for _, keeps := range []bool{true, false} {
		proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(inner)
			if keeps {
				r.Out.Host = r.In.Host
			}
		}})
		t.Cleanup(proxy.Close)
		over := *s
		over.url = proxy.URL
		f := over.editAll()[1]
		resp, _ := over.post(f.target(t), editMedia, f.fields.Encode(), "Origin", proxy.URL)
		if keeps {
			assert.Equal(t, 303, resp.StatusCode)
			continue
		}
		assert.Equal(t, 403, resp.StatusCode)
		resp, _ = over.post(f.target(t), editMedia, f.fields.Encode(), "Origin", proxy.URL, "Sec-Fetch-Site", "same-origin")
		assert.Equal(t, 303, resp.StatusCode, "with HTTPS, browsers say so themselves")
	}
}

// Who may read and not write sees no forms, and changes nothing by hand.
func TestPagesEditNeedTheRight(t *testing.T) {
	t.Parallel()
	var asked sync.Map
	s := newPageServer(t, newSQLite(t), store.PagesAuthorizeEdit(func(req *http.Request, a store.Action) error {
		asked.Store(req.Method+" "+a.String(), true)
		switch req.Header.Get("X-Who") {
		case "reader":
			return fault.PermissionDenied
		case "errors only":
			if a != store.UpdateError {
				return fault.Forbidden
			}
		case "typed nil":
			var none *fault.Fault
			return none
		case "panic":
			panic("canary")
		}
		return nil
	}))
	forms := s.editAll()
	before := s.everything()
	for who, want := range map[string]struct {
		status [3]int
		forms  [3]bool
	}{
		"reader":      {[3]int{403, 403, 403}, [3]bool{}},
		"typed nil":   {[3]int{403, 403, 403}, [3]bool{}},
		"errors only": {[3]int{0, 0, 403}, [3]bool{true, true, false}},
		"panic":       {[3]int{500, 500, 500}, [3]bool{}},
	} {
		for i, f := range forms {
			resp, body := s.ask("GET", f.page, "X-Who", who, "Accept", "text/html")
			if want.status[i] == 500 {
				assert.Equal(t, 500, resp.StatusCode)
				assert.NotContains(t, body, "canary")
			} else {
				found := editForms(s.checked(resp, body), f.page)
				assert.Equal(t, want.forms[i], found[f.fields.Get("change")] != nil, "%s: %s", who, f.page)
				assert.Equal(t, want.forms[i], len(found) > 0, "%s: %s", who, f.page)
				assert.Equal(t, want.forms[i], editLink.MatchString(body) || i == 1 && len(found) > 0 || strings.Contains(body, `id="edit"`), "%s: %s", who, f.page)
			}
			if want.status[i] == 0 {
				continue
			}
			resp, body = s.post(f.target(t), editMedia, f.fields.Encode(), "X-Who", who)
			assert.Equal(t, want.status[i], resp.StatusCode, who)
			assert.NotContains(t, body, "canary")
			resp, _ = s.post(f.target(t), "text/plain", "no form", "X-Who", who)
			assert.Equal(t, want.status[i], resp.StatusCode, "%s: nothing of the body is read before", who)
		}
	}
	assert.Equal(t, before, s.everything())
	var list []string
	asked.Range(func(key, _ any) bool { list = append(list, key.(string)); return true })
	slices.Sort(list)
	assert.Equal(t, []string{"GET update a log entry", "GET update an error", "POST update a log entry", "POST update an error"}, list)
	for _, f := range s.editAll()[1:] {
		resp, _ := s.post(f.target(t), editMedia, f.fields.Encode(), "X-Who", "ann")
		assert.Equal(t, 303, resp.StatusCode)
	}
}

// The function that says who may read says so for changes, too.
func TestPagesAuthorizeByMethod(t *testing.T) {
	t.Parallel()
	edited := 0
	s := newPageServer(t, newSQLite(t), store.PagesAuthorize(func(req *http.Request) error {
		if req.Method == http.MethodPost {
			return fault.Unauthorized.New(fault.Header("WWW-Authenticate", `Basic realm="errors"`))
		}
		return nil
	}), store.PagesAuthorizeEdit(func(req *http.Request, _ store.Action) error {
		if req.Method == http.MethodPost {
			edited++
		}
		return nil
	}))
	forms := s.editAll()
	before := s.everything()
	for _, f := range forms {
		resp, _ := s.post(f.target(t), editMedia, f.fields.Encode())
		assert.Equal(t, 401, resp.StatusCode)
		assert.Equal(t, `Basic realm="errors"`, resp.Header.Get("WWW-Authenticate"))
	}
	assert.Equal(t, before, s.everything())
	assert.Zero(t, edited, "the first refusal is enough")

	closed := httptest.NewServer(store.Pages(s.store, nil, store.PagesAuthorizeEdit(func(*http.Request, store.Action) error { return nil })))
	t.Cleanup(closed.Close)
	s.url = closed.URL
	for _, f := range forms {
		resp, _ := s.post(f.target(t), editMedia, f.fields.Encode())
		assert.Equal(t, 403, resp.StatusCode, "without PagesAuthorize")
	}
	assert.Equal(t, before, s.everything())
}

func TestPagesOptionsNeedFunctions(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "store: PagesAuthorize: the function is nil", func() { store.PagesAuthorize(nil) })
	assert.PanicsWithValue(t, "store: PagesAuthorizeEdit: the function is nil", func() { store.PagesAuthorizeEdit(nil) })
	s := newSQLite(t).open(t)
	assert.PanicsWithValue(t, "store: option 2 of Pages is nil", func() { store.Pages(s, nil, everybody, nil) })
}

// Lists are read only, and items know no other methods than those of forms.
func TestPagesKnowTwoMethods(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	forms := s.editAll()
	before := s.everything()
	for path, allow := range map[string]string{
		"/errors/": "GET, HEAD", "/logs/": "GET, HEAD", "/": "GET, HEAD", "/errors": "GET, HEAD", "/nowhere": "GET, HEAD",
		"/errors/5/":       "GET, HEAD",
		forms[1].target(t): "GET, HEAD, POST", forms[2].target(t): "GET, HEAD, POST",
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get"} {
			if method == "POST" && strings.HasSuffix(allow, "POST") {
				continue
			}
			resp, _ := s.ask(method, path, "Accept", "text/html")
			assert.Equal(t, 405, resp.StatusCode, "%s %s", method, path)
			assert.Equal(t, allow, resp.Header.Get("Allow"), "%s %s", method, path)
		}
	}
	for _, f := range forms {
		resp, _ := s.post("/errors/", editMedia, f.fields.Encode())
		assert.Equal(t, 405, resp.StatusCode)
		resp, _ = s.post("/logs/", editMedia, f.fields.Encode())
		assert.Equal(t, 405, resp.StatusCode)
	}
	assert.Equal(t, before, s.everything())
}

// editLink is a link to a form for texts.
var editLink = regexp.MustCompile(`href="\d+\?edit=`)
