package store_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

func ExamplePages() {
	s, end := openMemory()
	defer end()
	_ = s.SyncKinds(context.Background()) // every kind is a record now

	mux := http.NewServeMux()
	mux.Handle("/admin/", store.Pages(s, nil, store.PagesAuthorize(operator))) // http.ListenAndServe(addr, mux), and open /admin/

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/admin/errors/?name=task_locked&language=de", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Header().Get("Content-Language"))
	fmt.Println(strings.Contains(w.Body.String(), "Aufgabe gesperrt"))
	// Output:
	// 200 text/html; charset=utf-8 de
	// true
}

// operator lets everybody in; your own sign-in stands here.
func operator(*http.Request) error { return nil }

func ExamplePagesAuthorize() {
	s, end := openMemory()
	defer end()
	pages := store.Pages(s, nil, store.PagesAuthorize(func(req *http.Request) error {
		if name, _, _ := req.BasicAuth(); name != "ann" { // and check the password
			return fault.Unauthorized.New(fault.Header("WWW-Authenticate", `Basic realm="errors"`))
		}
		return nil
	}))
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/logs/", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Basic realm="errors"
}
