// Package api is the time-booking service on net/http.
package api

import (
	"encoding/json"
	"net/http"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
	"github.com/polyfault/polyfault/examples/booking"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Operations are the kinds that each operation gives, besides what the framework itself answers. New fills it.
var Operations = openapi.NewOperations(fault.Unhandled)

// New returns the service's handler. Every error ends in r.
func New(r *fault.Responder, s *booking.Service) http.Handler {
	mux := http.NewServeMux()
	handle := func(method, path string, kinds []*fault.Kind, h func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(method+" "+Operations.Gives(method, path, kinds...), faulthttp.Handler(r, h))
	}
	handle("GET", "/bookings", nil, func(w http.ResponseWriter, _ *http.Request) error {
		return send(w, http.StatusOK, s.Bookings())
	})
	handle("POST", "/bookings", booking.CreateGives, func(w http.ResponseWriter, req *http.Request) error {
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
	handle("GET", "/bookings/{id}", booking.FindGives, func(w http.ResponseWriter, req *http.Request) error {
		b, err := s.Booking(req.PathValue("id"))
		if err != nil {
			return err
		}
		return send(w, http.StatusOK, b)
	})
	handle("DELETE", "/bookings/{id}", booking.DeleteGives, func(w http.ResponseWriter, req *http.Request) error {
		if err := s.Delete(req.PathValue("id")); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	handle("GET", "/report", nil, func(w http.ResponseWriter, _ *http.Request) error {
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
