// Command echov5 serves the time-booking service on echo v5.
package main

import (
	"flag"
	"log"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	"github.com/polyfault/polyfault/examples/echov5/api"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s/bookings", *addr)
	log.Fatal(api.New(r, booking.New()).Start(*addr))
}
