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
package openapi
