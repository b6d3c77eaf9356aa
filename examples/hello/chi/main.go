// Command chi is the smallest program for chi.
package main

import (
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func main() {
	router := chi.NewRouter()
	faulthttp.InstallChi(router, nil) // before the routes
	router.Get("/orders/{id}", faulthttp.Handler(nil, func(w http.ResponseWriter, r *http.Request) error {
		return fault.EntityNotFound.New(fault.Detail("order", chi.URLParam(r, "id")))
	}))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", router))
}
