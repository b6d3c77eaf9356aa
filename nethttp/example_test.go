package faulthttp_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// ask sends a request to the handler and prints status and Content-Language.
func ask(h http.Handler, method, path string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	fmt.Println(w.Code, w.Header().Get("Content-Language"))
}

func ExampleHandler() {
	h := faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error {
		return fault.EntityNotFound.New(fault.Detail("order", 7))
	})
	ask(h, http.MethodGet, "/orders/7")
	// Output: 404 de, en, fr, pt
}

func ExampleMiddleware() {
	r, _ := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	h := faulthttp.Middleware(r)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("the text of the panic stays inside")
	}))
	ask(h, http.MethodGet, "/")
	// Output: 500 de, en, fr, pt
}

func ExampleError() {
	h := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if err := errors.Join(fault.TaskLocked); err != nil {
			faulthttp.Error(nil, w, req, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	ask(h, http.MethodGet, "/")
	// Output: 423 de, en, fr, pt
}

func ExampleMux() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders", func(http.ResponseWriter, *http.Request) {})
	h := faulthttp.Mux(nil, mux)
	ask(h, http.MethodGet, "/nowhere")
	ask(h, http.MethodPost, "/orders")
	// Output:
	// 404 de, en, fr, pt
	// 405 de, en, fr, pt
}

func ExampleNotFound() {
	ask(faulthttp.NotFound(nil), http.MethodGet, "/nowhere") // for chi's router.NotFound
	// Output: 404 de, en, fr, pt
}

func ExampleMethodNotAllowed() {
	ask(faulthttp.MethodNotAllowed(nil, http.MethodGet, http.MethodHead), http.MethodPost, "/orders")
	// Output: 405 de, en, fr, pt
}

// Inside of what repeats requests the response stays one, and Decode tells its error, as often as it is asked.
func ExampleResponseTransport() {
	server := httptest.NewServer(faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error {
		return fault.TaskLocked
	}))
	defer server.Close()

	client := &http.Client{Transport: faulthttp.ResponseTransport(nil)}
	resp, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, errors.Is(faulthttp.Decode(resp), fault.TaskLocked), errors.Is(faulthttp.Decode(resp), fault.Locked))
	// Output: 423 true true
}
