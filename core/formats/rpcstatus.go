package formats

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// RPCStatus is google.rpc.Status as JSON over HTTP (AIP-193): error.code is the HTTP status, status the name of the
// google.rpc.Code, message the English text. Its details are
//
//   - ErrorInfo: reason (the code in upper case), domain, and metadata (below)
//   - LocalizedMessage: the text in the client's language
//   - BadRequest: the field errors
//   - RetryInfo: the wait, if the response advertises one
//   - RequestInfo: the trace id
//   - google.protobuf.Struct: other details
//
// The metadata holds
//
//   - the arguments as strings
//   - code, if the reason is not the whole code
//   - inputPosition and inputField, if there is something to say about the request's body as such
//   - fieldViolation0 and so on, the place of that violation if its field does not tell it completely: a JSON Pointer as a
//     fragment ("#/a.b"), or the part of the request and the name ("query page")
//
// A reason matches [A-Z][A-Z0-9_]+[A-Z0-9] and has at most 63 bytes. A key of metadata matches [a-z][a-zA-Z0-9-_]+ and has
// at most 64. Other reasons and keys are changed to match, and different keys stay different. The zero value is ready.
type RPCStatus struct {
	// Domain is the domain of the reasons, usually the service's name ("booking.example.com"); "local"
	// if empty.
	Domain string
	// MediaType is the media type, "application/json" if empty. Two formats of a responder cannot
	// have the same one.
	MediaType string
}

// ContentType returns "application/json" or the MediaType.
func (f RPCStatus) ContentType() string { return mediaType(f.MediaType) }

// Use returns [fault.OneLanguage].
func (RPCStatus) Use() fault.TextUse { return fault.OneLanguage }

// Reusable returns true.
func (RPCStatus) Reusable() bool { return true }

// rpcCodes are the names of google.rpc.Code by HTTP status, as google/rpc/code.proto maps them, and fitting names for the
// statuses that it does not mention.
var rpcCodes = map[int]string{
	400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 405: "UNIMPLEMENTED",
	408: "DEADLINE_EXCEEDED", 409: "ABORTED", 410: "NOT_FOUND", 411: "INVALID_ARGUMENT", 413: "OUT_OF_RANGE", 414: "INVALID_ARGUMENT",
	415: "INVALID_ARGUMENT", 416: "OUT_OF_RANGE", 422: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 431: "INVALID_ARGUMENT",
	499: "CANCELLED", 501: "UNIMPLEMENTED", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED", 507: "RESOURCE_EXHAUSTED",
}

func rpcCode(o *fault.Occurrence) string {
	if o.Kind().Is(fault.DuplicateItem) || o.Kind().Is(fault.ExtensionInstalled) {
		return "ALREADY_EXISTS"
	}
	if code, ok := rpcCodes[o.Status()]; ok {
		return code
	}
	if o.Status() < 500 {
		return "FAILED_PRECONDITION"
	}
	return "INTERNAL"
}

// Append appends the body.
func (f RPCStatus) Append(dst []byte, o *fault.Occurrence) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = strconv.AppendInt(dst, int64(o.Status()), 10)
	dst = append(dst, `,"message":`...)
	dst = appendEnglish(dst, o.TextIn, o.Text)
	dst = append(dst, `,"status":`...)
	dst = jsontext.AppendQuoted(dst, rpcCode(o))
	dst = append(dst, `,"details":[`...)
	dst = f.appendErrorInfo(dst, o)
	dst = appendType(append(dst, ','), "google.rpc.LocalizedMessage")
	dst = appendLocalized(dst, o.Language(), o.AppendText)
	dst = f.appendBadRequest(dst, o)
	if wait, ok := o.RetryAfter(); ok {
		dst = appendType(append(dst, ','), "google.rpc.RetryInfo")
		dst = fmt.Appendf(dst, `"retryDelay":"%ss"}`, strconv.FormatFloat(wait.Seconds(), 'f', -1, 64))
	}
	dst = appendType(append(dst, ','), "google.rpc.RequestInfo")
	dst = append(dst, `"requestId":`...)
	dst = jsontext.AppendQuoted(dst, o.TraceID())
	dst = append(dst, '}')
	dst = f.appendStruct(dst, o)
	return append(dst, `]}}`...)
}

// appendType begins a detail.
func appendType(dst []byte, name string) []byte {
	dst = append(dst, `{"@type":"type.googleapis.com/`...)
	dst = append(dst, name...)
	return append(dst, `",`...)
}

// appendEnglish appends the text in English, or in the response's language if there is no English text.
func appendEnglish(dst []byte, in func(tag string) (string, bool), otherwise func() string) []byte {
	if english, ok := in("en"); ok {
		return jsontext.AppendQuoted(dst, english)
	}
	return jsontext.AppendQuoted(dst, otherwise())
}

// appendLocalized appends the members of a LocalizedMessage, and its end.
func appendLocalized(dst []byte, language string, text func([]byte) []byte) []byte {
	dst = append(dst, `"locale":`...)
	dst = jsontext.AppendQuoted(dst, language)
	dst = append(dst, `,"message":`...)
	return append(text(dst), '}')
}

func (f RPCStatus) appendErrorInfo(dst []byte, o *fault.Occurrence) []byte {
	domain := f.Domain
	if domain == "" {
		domain = "local"
	}
	named := reason(o.Code(), "ERROR")
	dst = appendType(dst, "google.rpc.ErrorInfo")
	dst = append(dst, `"reason":`...)
	dst = jsontext.AppendQuoted(dst, named)
	dst = append(dst, `,"domain":`...)
	dst = jsontext.AppendQuoted(dst, domain)
	dst = append(dst, `,"metadata":`...)
	m := metadata{newObject(dst), map[string]bool{}}
	if strings.ToLower(named) != o.Code() {
		m.text("code", o.Code())
	}
	if position, at, ok := o.Input(); ok {
		m.text("inputPosition", strconv.FormatInt(position, 10))
		m.text("inputField", rpcField(at))
	}
	n := 0
	for e := range o.Errors() {
		if at := e.At(); !isTold(rpcPath.Replace(rpcField(at)), at) || strings.ContainsAny(at.Name(), "/$#[]'\"") {
			m.text("fieldViolation"+strconv.Itoa(n), notation(at))
		}
		n++
	}
	for name, value := range o.Args() {
		m.key(metadataKey(name))
		m.dst = appendAsString(m.dst, o, value)
	}
	return append(m.end(), '}')
}

// Lengths that AIP-193 allows.
const (
	maxReason      = 63
	maxMetadataKey = 64
)

// reason returns the code as [A-Z][A-Z0-9_]+[A-Z0-9], of at most 63 bytes. A code that is cut ends in its hash, to keep it
// distinct. If nothing is left of the code, reason returns otherwise.
func reason(code, otherwise string) string {
	s := strings.Trim(strings.Map(reasonRune, code), "_")
	if s != "" && s[0] <= '9' {
		s = "CODE_" + s
	}
	switch {
	case s == "":
		return otherwise
	case len(s) < len("A_1"):
		return "CODE_" + s
	case len(s) > maxReason:
		hash := fmt.Sprintf("_%08X", crc32.ChecksumIEEE([]byte(code)))
		return s[:maxReason-len(hash)] + hash
	}
	return s
}

func reasonRune(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A'
	case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return r
	}
	return '_'
}

// metadata appends the members of a map. Its keys match [a-z][a-zA-Z0-9-_]+, have at most 64 bytes, and are distinct.
type metadata struct {
	object
	taken map[string]bool
}

func (m *metadata) key(name string) {
	unique := name
	for n := 2; m.taken[unique]; n++ {
		suffix := "_" + strconv.Itoa(n)
		unique = name[:min(len(name), maxMetadataKey-len(suffix))] + suffix
	}
	m.taken[unique] = true
	m.object.key(unique)
}

func (m *metadata) text(name, value string) {
	m.key(name)
	m.dst = jsontext.AppendQuoted(m.dst, value)
}

// metadataKey returns the name with a lower-case beginning, as AIP-193 demands: "ID" → "id", "UserID" → "userID".
func metadataKey(name string) string {
	end := 0
	for end < len(name) && 'A' <= name[end] && name[end] <= 'Z' {
		end++
	}
	if end > 1 && end < len(name) && 'a' <= name[end] && name[end] <= 'z' {
		end-- // the last capital begins the next word
	}
	key := strings.ToLower(name[:end]) + strings.Map(metadataRune, name[end:])
	if key == "" || key[0] < 'a' || key[0] > 'z' || len(key) < len("a1") {
		key = "arg_" + key
	}
	return key[:min(len(key), maxMetadataKey)]
}

func metadataRune(r rune) rune {
	if strings.ContainsRune("-_", r) || 'a' <= r && r <= 'z' || reasonRune(r) != '_' {
		return r
	}
	return '_'
}

// appendAsString appends any value as a JSON string: metadata is a map of strings.
func appendAsString(dst []byte, o *fault.Occurrence, value any) []byte {
	encoded := o.AppendJSON(nil, value)
	if len(encoded) > 0 && encoded[0] == '"' {
		return append(dst, encoded...)
	}
	return jsontext.AppendQuoted(dst, string(encoded))
}

func (RPCStatus) appendBadRequest(dst []byte, o *fault.Occurrence) []byte {
	if o.ErrorCount() == 0 {
		return dst
	}
	dst = appendType(append(dst, ','), "google.rpc.BadRequest")
	dst = append(dst, `"fieldViolations":[`...)
	first := true
	for e := range o.Errors() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		violation := newObject(dst)
		violation.text("field", rpcField(e.At()))
		violation.key("description")
		violation.dst = appendEnglish(violation.dst, e.TextIn, e.Text)
		if e.Code() != "" {
			violation.text("reason", reason(e.Code(), "INVALID"))
		}
		violation.key("localizedMessage")
		violation.dst = appendLocalized(append(violation.dst, '{'), o.Language(), e.AppendText)
		dst = violation.end()
	}
	return append(dst, `]}`...)
}

// rpcField returns the path of a field in the form of BadRequest.FieldViolation: "items[0].qty".
func rpcField(at fault.Location) string {
	if at.In() != "body" {
		return at.Name()
	}
	var path strings.Builder
	for i, step := range at.Segments() {
		switch {
		case isIndex(step) && i > 0:
			path.WriteString("[" + step + "]")
			continue
		case i > 0:
			path.WriteByte('.')
		}
		path.WriteString(step)
	}
	return path.String()
}

// rpcPath turns such a path into one with dots only.
var rpcPath = strings.NewReplacer("[", ".", "]", "")

func isIndex(step string) bool {
	return step != "" && strings.Trim(step, "0123456789") == ""
}

func (RPCStatus) appendStruct(dst []byte, o *fault.Occurrence) []byte {
	var members object
	begin := func() {
		if !members.comma {
			dst = appendType(append(dst, ','), "google.protobuf.Struct")
			members = newObject(append(dst, `"value":`...))
		}
	}
	total := incomplete(o)
	for name, value := range o.Details() {
		if total && name == "errors_total" { // the format itself has this member
			continue
		}
		begin()
		members.key(name)
		members.dst = o.AppendJSON(members.dst, value)
	}
	if total {
		begin()
		members.number("errors_total", o.ErrorCount())
	}
	if !members.comma {
		return dst
	}
	return append(members.end(), '}')
}
