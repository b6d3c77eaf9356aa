// Command hello is the program that README begins with.
package main

import (
	"log"
	"net/http"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func main() {
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", faulthttp.Handler(nil, func(w http.ResponseWriter, r *http.Request) error {
		return fault.EntityNotFound.New(fault.Detail("order", r.PathValue("id")))
	}))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", faulthttp.Middleware(nil)(faulthttp.Mux(nil, mux))))
}
