package main

import (
	"iter"
	"net/http"
	"strings"
)

// A step is one request of the tour and the status that is expected.
type step struct {
	headline string
	method   string
	path     string
	accept   string
	language string
	body     string
	status   int
}

// headers yields the request headers that matter, in a fixed order.
func (s step) headers() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if s.accept != "" && !yield("Accept", s.accept) {
			return
		}
		if s.language != "" {
			yield("Accept-Language", s.language)
		}
	}
}

const problem = "application/problem+json"

var steps = []step{
	{headline: "A booking that is fine", method: http.MethodPost, path: "/bookings", status: 201,
		body: `{"task":"T-100","resource":"R41","date":"2026-11-20","hours":7}`},
	{headline: "Three bad attributes: all of them are named at once", method: http.MethodPost, path: "/bookings", status: 400,
		body: `{"task":"T-999","resource":"R99","date":"20.11.2026","hours":1}`},
	{headline: "The same as problem details (RFC 9457), in the client's language", method: http.MethodPost, path: "/bookings", status: 400,
		accept: problem, language: "it-IT,it;q=0.9,en;q=0.5",
		body: `{"task":"T-999","resource":"R99","date":"20.11.2026","hours":1}`},
	{headline: "A locked task", method: http.MethodPost, path: "/bookings", status: 423,
		body: `{"task":"T-200","resource":"R41","date":"2026-11-20","hours":1}`},
	{headline: "More hours than are left: singular and plural by each language's rules", method: http.MethodPost, path: "/bookings", status: 406,
		body: `{"task":"T-100","resource":"R41","date":"2026-11-20","hours":7}`},
	{headline: "A negative effort", method: http.MethodPost, path: "/bookings", status: 400,
		body: `{"task":"T-100","resource":"R41","date":"2026-11-20","hours":-1}`},
	{headline: "An error with a body of its own", method: http.MethodPost, path: "/bookings", status: 400,
		body: `{"task":"T-100","resource":"R42","date":"2026-11-20","hours":1}`},
	{headline: "A booking that does not exist: its id is in the text", method: http.MethodGet, path: "/bookings/4711", status: 404},
	{headline: "The same for a client from Brazil", method: http.MethodGet, path: "/bookings/4711", status: 404, accept: problem, language: "pt-BR"},
	{headline: "Malformed JSON: where it is wrong, not what stands there", method: http.MethodPost, path: "/bookings", status: 400, body: `{"task":T-100}`},
	{headline: "Too large a body", method: http.MethodPost, path: "/bookings", status: 413, body: `{"task":"` + strings.Repeat("x", 5000) + `"}`},
	{headline: "A path that nobody serves", method: http.MethodGet, path: "/nowhere", status: 404},
	{headline: "A method that the path does not have", method: http.MethodDelete, path: "/bookings", status: 405},
	{headline: "A panic: the client learns a trace id and nothing else", method: http.MethodGet, path: "/report", status: 500},
}
