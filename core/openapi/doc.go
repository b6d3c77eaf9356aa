// Package openapi describes the error responses of a responder as components of an OpenAPI document:
// a response for each kind, and the schemas of the bodies.
//
//	import "github.com/polyfault/polyfault/core/openapi"
//
// [Components] makes the document. An application writes it to a file beside its own document, in a
// test or by go generate, and refers to the responses that an operation can give:
//
//	responses:
//	  "423":
//	    $ref: 'errors.json#/components/responses/TaskLocked'
//
// For the built-in kinds and texts, polyfault catalog openapi writes the same.
//
// The examples are what the responder really answers: its formats, languages, statuses and members.
// Nothing in them is written by hand, so they cannot differ from the service, and a test that makes
// the document again and compares notices every change of what clients see.
//
// # Linters
//
// The documents have no errors by the rules of Spectral, those for OWASP's list included when
// [Options].Headers names the headers of CORS and rate limits that the service sends. In version 2.0.1
// of the latter, owasp:api2:2023-no-credentials-in-url ends with "value.in.match is not a function" at
// any schema with a property named in, as field errors have one: switch that rule off
// (stoplightio/spectral-owasp-ruleset, issue 76).
package openapi
