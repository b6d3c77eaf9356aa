// Command otel is the program of hello with OpenTelemetry. It has no SDK: put in yours, and the instrumentation of net/http
// around the handler.
package main

import (
	"log"
	"net/http"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
	faultotel "github.com/polyfault/polyfault/otel"
)

func main() {
	r, err := fault.NewResponder(append(faultotel.Options(), fault.WithLogNames(fault.OTelNames))...)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", faulthttp.Handler(nil, func(w http.ResponseWriter, req *http.Request) error {
		return fault.EntityNotFound.New(fault.Detail("order", req.PathValue("id")))
	}))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", faulthttp.Middleware(r)(faulthttp.Mux(nil, mux))))
}
