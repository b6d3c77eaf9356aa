// Command fiberv3 serves the time-booking service on fiber v3.
package main

import (
	"flag"
	"log"

	"github.com/gofiber/fiber/v3"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	"github.com/polyfault/polyfault/examples/fiberv3/api"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s/bookings", *addr)
	log.Fatal(api.New(r, booking.New()).Listen(*addr, fiber.ListenConfig{DisableStartupMessage: true}))
}
