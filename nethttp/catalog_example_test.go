package faulthttp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func ExampleCatalog() {
	r, _ := fault.NewResponder(fault.WithFormats(fault.Problem{TypeBase: "https://example.com/errors/"}))
	mux := http.NewServeMux()
	mux.Handle("/errors/", faulthttp.Catalog(r))

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

func ExampleCatalogKinds() {
	h := faulthttp.Catalog(nil, faulthttp.CatalogKinds(func(k *fault.Kind) bool { return k.Is(fault.Locked) }))
	ask(h, http.MethodGet, "/locked")
	ask(h, http.MethodHead, "/task_locked")
	// Output:
	// 200 en
	// 200 en
}
