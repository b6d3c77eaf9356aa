// Package api is the time-booking service on net/http.
package api

import (
	"encoding/json"
	"net/http"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// New returns the service's handler. Every error ends in r.
func New(r *fault.Responder, s *booking.Service) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(pattern, faulthttp.Handler(r, h))
	}
	handle("GET /bookings", func(w http.ResponseWriter, _ *http.Request) error {
		return send(w, http.StatusOK, s.Bookings())
	})
	handle("POST /bookings", func(w http.ResponseWriter, req *http.Request) error {
		in, err := booking.Read(http.MaxBytesReader(w, req.Body, booking.MaxBody))
		if err != nil {
			return err
		}
		b, err := s.Create(req.Context(), in)
		if err != nil {
			return err
		}
		return send(w, http.StatusCreated, b)
	})
	handle("GET /bookings/{id}", func(w http.ResponseWriter, req *http.Request) error {
		b, err := s.Booking(req.PathValue("id"))
		if err != nil {
			return err
		}
		return send(w, http.StatusOK, b)
	})
	handle("DELETE /bookings/{id}", func(w http.ResponseWriter, req *http.Request) error {
		if err := s.Delete(req.PathValue("id")); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	handle("GET /report", func(w http.ResponseWriter, _ *http.Request) error {
		return send(w, http.StatusOK, s.Report())
	})
	return faulthttp.Middleware(r)(faulthttp.Mux(r, mux))
}

func send(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}
