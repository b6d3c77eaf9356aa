// Package api is the time-booking service on chi.
package api

import (
	"encoding/json"
	"net/http"

	"github.com/go-chi/chi/v5"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
	"github.com/polyfault/polyfault/examples/booking"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Operations are the kinds that each operation gives, besides what the framework itself answers. New fills it.
var Operations = openapi.NewOperations(fault.Unhandled)

// New returns the service's handler. Every error ends in r.
func New(r *fault.Responder, s *booking.Service) http.Handler {
	router := chi.NewRouter()
	faulthttp.InstallChi(router, r)
	router.Get(Operations.Gives("GET", "/bookings"),
		faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
			return send(w, http.StatusOK, s.Bookings())
		}))
	router.Post(Operations.Gives("POST", "/bookings", booking.CreateGives...),
		faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
			in, err := booking.Read(http.MaxBytesReader(w, req.Body, booking.MaxBody))
			if err != nil {
				return err
			}
			b, err := s.Create(req.Context(), in)
			if err != nil {
				return err
			}
			return send(w, http.StatusCreated, b)
		}))
	router.Get(Operations.Gives("GET", "/bookings/{id}", booking.FindGives...),
		faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
			b, err := s.Booking(chi.URLParam(req, "id"))
			if err != nil {
				return err
			}
			return send(w, http.StatusOK, b)
		}))
	router.Delete(Operations.Gives("DELETE", "/bookings/{id}", booking.DeleteGives...),
		faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
			if err := s.Delete(chi.URLParam(req, "id")); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		}))
	router.Get(Operations.Gives("GET", "/report"),
		faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
			return send(w, http.StatusOK, s.Report())
		}))
	return router
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
