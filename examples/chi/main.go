// Command chi serves the time-booking service on chi.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	"github.com/polyfault/polyfault/examples/chi/api"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s/bookings", *addr)
	server := &http.Server{Addr: *addr, Handler: api.New(r, booking.New()), ReadTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
