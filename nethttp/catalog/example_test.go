package catalog_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/nethttp/catalog"
)

func ExampleHandler() {
	r, _ := fault.NewResponder(fault.WithFormats(fault.Problem{TypeBase: "https://example.com/errors/"}))
	mux := http.NewServeMux()
	mux.Handle("/errors/", catalog.Handler(r))

	req := httptest.NewRequest(http.MethodGet, "/errors/task-locked", nil) // what a response's "type" says
	req.Header.Set("Accept", "text/markdown")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body.String()[:len("# Task locked")])
	// Output:
	// 200 text/markdown; charset=utf-8
	// # Task locked
}

func ExampleKinds() {
	h := catalog.Handler(nil, catalog.Kinds(func(k *fault.Kind) bool { return k.Is(fault.Locked) }))
	for _, path := range []string{"/locked", "/task_locked", "/not_found"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(w.Code, path)
	}
	// Output:
	// 200 /locked
	// 200 /task_locked
	// 404 /not_found
}
