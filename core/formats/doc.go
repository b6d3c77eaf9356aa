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
// Give them to a responder. The first format is the default; the client chooses another one with Accept:
//
//	fault.NewResponder(fault.WithFormats(fault.Multilingual{}, fault.Problem{}, formats.HTML{}))
//
// Every body is in one language, the one negotiated with the client. The formats are values without state, safe for
// concurrent use.
package formats
