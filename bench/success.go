package main

import (
	"net/http"

	"github.com/go-chi/chi/v5/middleware"

	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// successScenarios are what the safety net costs requests that do not fail.
func successScenarios() []*scenario {
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeOK(w) })
	r := responder(four)
	returning := faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error { writeOK(w); return nil })
	tracking := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			next.ServeHTTP(middleware.NewWrapResponseWriter(w, req.ProtoMajor), req)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", bare)
	direct := &scenario{name: "success", request: browse("application/json"), contestants: []contestant{
		{name: "bare handler", handler: bare},
		{name: "plain recover", role: hand, handler: recovering(bare, true)},
		{name: "chi Recoverer", role: usual, handler: middleware.Recoverer(bare)},
		{name: "chi Recoverer, WrapResponseWriter", handler: middleware.Recoverer(tracking(bare))},
		{name: "polyfault Middleware", handler: faulthttp.Middleware(r)(bare)},
		{name: "polyfault Handler", handler: returning},
		{name: "polyfault Middleware and Handler", handler: faulthttp.Middleware(r)(returning)},
	}}
	loopback := *direct
	loopback.name, loopback.loopback = "success, loopback", true
	return []*scenario{
		direct,
		&loopback,
		{name: "success through a mux", request: browse("application/json"), contestants: []contestant{
			{name: "ServeMux", handler: mux},
			{name: "ServeMux, plain recover", role: hand, handler: recovering(mux, true)},
			{name: "ServeMux, chi Recoverer", role: usual, handler: middleware.Recoverer(mux)},
			{name: "polyfault Mux", handler: faulthttp.Mux(r, mux)},
			{name: "polyfault Middleware and Mux", handler: faulthttp.Middleware(r)(faulthttp.Mux(r, mux))},
		}},
	}
}

var okType, okLength, okBody = []string{"text/plain"}, []string{"2"}, []byte("ok")

func writeOK(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"] = okType
	h["Content-Length"] = okLength
	_, _ = w.Write(okBody)
}
