// Package formats holds the wire formats beyond the two that package core brings, for services whose
// clients expect another shape:
//
//   - [Envelope]: {"error":{"code":"TASK_LOCKED","details":{}}}
//   - [WebAPI]: {"err":{"code":100,"msg":"…","type":"…"},"stat":"fail"}
//   - [RPCStatus]: google.rpc.Status as JSON (AIP-193)
//   - [JSONAPI]: JSON:API 1.1
//   - [HTML]: a page for people
//   - [Text]: plain text for terminals
//
// They are options of a responder; the first is the default, the client chooses by Accept:
//
//	fault.NewResponder(fault.WithFormats(fault.Multilingual{}, fault.Problem{}, formats.HTML{}))
//
// All of them speak the one language that the client negotiated. They are values without state, safe
// for concurrent use.
package formats
