package fault

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

const maxTraceID = 128

// findTraceID takes the error's own id, else that of the options, else a valid traceparent (W3C Trace
// Context), else a valid X-Request-ID, that of the response before that of the request, else a random one.
func (o *Occurrence) findTraceID() (id string) {
	if a, ok := o.fault.lookup(opTraceID); ok && isTraceID(a.name) {
		return a.name
	}
	o.noted("the request or WithTraceID", func() { id = o.requestTraceID() })
	if id != "" {
		return id
	}
	return randomTraceID()
}

func (o *Occurrence) requestTraceID() string {
	if o.request == nil {
		return ""
	}
	for _, f := range o.responder.traceIDs {
		if id := f(o.request); isTraceID(id) {
			return strings.Clone(id)
		}
	}
	if id, ok := traceOfParent(o.request.Header("traceparent")); ok {
		return strings.Clone(id)
	}
	if r, ok := o.request.(interface{ ResponseHeader(name string) string }); ok {
		if id := r.ResponseHeader("X-Request-ID"); isTraceID(id) {
			return strings.Clone(id)
		}
	}
	if id := o.request.Header("X-Request-ID"); isTraceID(id) {
		return strings.Clone(id)
	}
	return ""
}

// traceOfParent reads the trace id out of traceparent: "00-<32 hex>-<16 hex>-<2 hex>", lower case,
// neither id all zero. A later version may go on behind another hyphen; ff is no version.
func traceOfParent(s string) (string, bool) {
	const length = len("00-") + 32 + len("-") + 16 + len("-00")
	if len(s) < length || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return "", false
	}
	version, trace, parent, flags := s[:2], s[3:35], s[36:52], s[53:55]
	if !isLowerHex(version) || version == "ff" || !isLowerHex(trace) || !isLowerHex(parent) || !isLowerHex(flags) {
		return "", false
	}
	if strings.Trim(trace, "0") == "" || strings.Trim(parent, "0") == "" {
		return "", false
	}
	if len(s) > length && (version == "00" || s[length] != '-') {
		return "", false
	}
	return trace, true
}

func isLowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isTraceID(s string) bool {
	if s == "" || len(s) > maxTraceID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alphanumeric := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alphanumeric && strings.IndexByte("._~:+/=@-", c) < 0 {
			return false
		}
	}
	return true
}

func randomTraceID() string {
	var id [16]byte
	_, _ = rand.Read(id[:])   // never fails: see crypto/rand
	id[6] = id[6]&0x0f | 0x40 // the bits that make it a UUID of version 4 (RFC 9562, section 5.4),
	id[8] = id[8]&0x3f | 0x80 // as Problem's instance shows it
	return hex.EncodeToString(id[:])
}

// TraceID is the id that body, log line and observers share.
func (o *Occurrence) TraceID() string {
	o.askIndividual()
	if o.traceID == "" {
		o.traceID = o.findTraceID()
	}
	return o.traceID
}

// uuid formats 32 hexadecimal digits as a UUID.
func uuid(traceID string) (string, bool) {
	if len(traceID) != 32 {
		return "", false
	}
	if _, err := hex.DecodeString(traceID); err != nil {
		return "", false
	}
	return traceID[:8] + "-" + traceID[8:12] + "-" + traceID[12:16] + "-" + traceID[16:20] + "-" + traceID[20:], true
}
