package store_test

import (
	"context"
	"fmt"
	"log/slog"
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

func ExamplePagesAuthorizeEdit() {
	s, end := openMemory()
	defer end()
	pages := store.Pages(s, nil, store.PagesAuthorize(operator),
		store.PagesAuthorizeEdit(func(req *http.Request, _ store.Action) error {
			if name, _, _ := req.BasicAuth(); name != "ann" { // she may edit, all others only read
				return fault.PermissionDenied
			}
			return nil
		}))
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest(method, "/logs/1", nil))
		fmt.Println(method, w.Code)
	}
	// Output:
	// GET 404
	// POST 403
}

func ExamplePagesTraceURL() {
	s, end := openMemory()
	defer end()
	logs, _ := store.NewLogHandler(s, store.LogOptions{})
	slog.New(logs).Error("no connection", "trace_id", "4bf92f3577b34da6a3ce929d0e0e4736")
	_ = logs.Close(context.Background())

	pages := store.Pages(s, nil, store.PagesAuthorize(operator), store.PagesTraceURL("https://tracing.example.com/trace/{trace_id}"))
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/logs/1", nil))
	fmt.Println(strings.Contains(w.Body.String(), `href="https://tracing.example.com/trace/4bf92f3577b34da6a3ce929d0e0e4736"`))
	// Output: true
}
