// Package openapi describes the error responses of a responder as components of an OpenAPI document:
// a response for each kind, and the schemas of the bodies.
//
//	import "github.com/polyfault/polyfault/core/openapi"
//
// [Components] makes the document. An application writes it to a file beside its own document, in a
// test or with go generate, and refers to the responses of an operation:
//
//	responses:
//	  "423":
//	    $ref: 'errors.json#/components/responses/TaskLocked'
//
// With [Operations] a service says in code, beside each handler, which kinds an operation gives, and
// [Operations.Apply] writes these responses into its document.
//
// The command "polyfault catalog openapi" writes the same for the built-in kinds and texts.
//
// The examples are real answers of the responder, with its formats, languages, statuses and members. Nothing in them is
// written by hand, so they cannot differ from the service. A test that makes the document again and compares it notices
// every change that clients would see.
//
// # Linters
//
// Spectral's rules find no errors in the documents. Nor do its rules for OWASP's list, if [Options].Headers names the
// headers of CORS and rate limits that the service sends. In version 2.0.1 of the latter, the rule
// owasp:api2:2023-no-credentials-in-url fails with "value.in.match is not a function" at any schema with a property named
// in, such as that of field errors: switch that rule off (stoplightio/spectral-owasp-ruleset, issue 76).
package openapi
