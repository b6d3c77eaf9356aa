package main

import (
	"fmt"
	"iter"
	"net/http"
	"strings"
)

// A step is one request of the tour and what is expected of the answer.
type step struct {
	headline string
	method   string
	path     string
	accept   string
	language string
	body     string
	traced   bool // shows the trace id that all requests carry
	status   int
	says     string // is in the body
	alone    bool   // for the first framework only
}

// traceID is in every request, as a tracing client would send it: so it is the same in every tour.
const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

const traceparent = "00-" + traceID + "-00f067aa0ba902b7-01"

// headers yields the request headers that matter, in a fixed order.
func (s step) headers() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if s.accept != "" && !yield("Accept", s.accept) {
			return
		}
		if s.language != "" && !yield("Accept-Language", s.language) {
			return
		}
		if s.traced {
			yield("Traceparent", traceparent)
		}
	}
}

// shownBody returns the body, cut when it is long.
func (s step) shownBody() string {
	if len(s.body) <= 200 {
		return s.body
	}
	return fmt.Sprintf("%.40s… (%d bytes)", s.body, len(s.body))
}

const problem = "application/problem+json"

// book returns the body of a booking.
func book(task, resource, date string, hours int) string {
	return fmt.Sprintf(`{"task":%q,"resource":%q,"date":%q,"hours":%d}`, task, resource, date, hours)
}

var threeBad = book("T-999", "R99", "20.11.2026", 1)

var steps = []step{
	{headline: "What is booked already", method: http.MethodGet, path: "/bookings", status: 200, says: "B-1"},
	{headline: "A booking that is fine", method: http.MethodPost, path: "/bookings", status: 201, says: "B-3",
		body: book("T-100", "R12", "2026-11-19", 2)},
	{headline: "It can be read", method: http.MethodGet, path: "/bookings/B-3", status: 200, says: "B-3"},
	{headline: "And deleted", method: http.MethodDelete, path: "/bookings/B-3", status: 204},
	{headline: "Now it is gone: the text names it, in five languages", method: http.MethodGet, path: "/bookings/B-3", status: 404,
		says: "There is no booking B-3."},
	{headline: "Three bad attributes: one answer names them all", method: http.MethodPost, path: "/bookings", status: 400,
		body: threeBad, says: `"resource":{"error":{`},
	{headline: "Attributes that are missing", method: http.MethodPost, path: "/bookings", status: 400,
		body: `{"task":"T-100","resource":"R12"}`, says: `"hours":{"code":"required"`},
	{headline: "A locked task", method: http.MethodPost, path: "/bookings", status: 423,
		body: book("T-200", "R12", "2026-11-20", 1), says: `"task":"T-200"`},
	{headline: "A text that Italian lacks is left out", method: http.MethodPost, path: "/bookings", status: 423,
		body: book("T-300", "R12", "2026-11-20", 1), says: `"project":"P-2"`},
	{headline: "A negative effort", method: http.MethodPost, path: "/bookings", status: 400,
		body: book("T-100", "R12", "2026-11-20", -1), says: "Negative values"},
	{headline: "More hours than are left: the plural of each language", method: http.MethodPost, path: "/bookings", status: 406,
		body: book("T-100", "R12", "2026-11-20", 8), says: "Only 3 more hours"},
	{headline: "And the singular", method: http.MethodPost, path: "/bookings", status: 406,
		body: book("T-100", "R23", "2026-11-20", 2), says: "Only 1 more hour "},
	{headline: "An error that brings a body of its own", method: http.MethodPost, path: "/bookings", status: 400,
		body: book("T-100", "R41", "2026-11-20", 1), says: "user-not-synced"},
	{headline: "Malformed JSON: where it is wrong, not what stands there", method: http.MethodPost, path: "/bookings", status: 400,
		body: `{"task":T-100}`, says: `"position":9`},
	{headline: "An attribute that the service does not know", method: http.MethodPost, path: "/bookings", status: 400,
		body: `{"task":"T-100","comment":"overtime"}`, says: `"comment":{"code":"unknown_field"`},
	{headline: "Too large a body: the connection is closed, too", method: http.MethodPost, path: "/bookings", status: 413,
		body: `{"task":"` + strings.Repeat("x", 5000) + `"}`, says: "too large"},
	{headline: "A path that nobody serves", method: http.MethodGet, path: "/nowhere", status: 404, says: "not found"},
	{headline: "A method that the path does not have: Allow lists those it has", method: http.MethodPut, path: "/bookings", status: 405,
		says: "not allowed"},
	{headline: "A panic: the client gets a trace id, the log has the cause", method: http.MethodGet, path: "/report", status: 500,
		traced: true, says: traceID},
	{headline: "The three bad attributes as problem details (RFC 9457), in French", method: http.MethodPost, path: "/bookings", status: 400,
		accept: problem, language: "fr", body: threeBad, says: `"lang":"fr"`},
	{headline: "In Italian", method: http.MethodPost, path: "/bookings", status: 400,
		accept: problem, language: "it", body: threeBad, says: `"lang":"it"`},
	{headline: "For a client from Brazil: Portuguese is near enough", method: http.MethodPost, path: "/bookings", status: 400,
		accept: problem, language: "pt-BR", body: threeBad, says: `"lang":"pt"`},
	{headline: "The text that Italian lacks: all of it in the next language", method: http.MethodPost, path: "/bookings", status: 423,
		accept: problem, language: "it, fr;q=0.5", body: book("T-300", "R12", "2026-11-20", 1), says: `"lang":"fr"`},
	{headline: "HEAD on net/http: the same headers, no body (chi, gin and echo do not route HEAD to GET)",
		method: http.MethodHead, path: "/bookings/B-3", status: 404, alone: true},
}
