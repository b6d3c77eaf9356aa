package fault

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

const maxTraceID = 128

// identify finds the trace id: the error's own, else that of the options, else a valid traceparent (W3C Trace
// Context), else a valid X-Request-ID, that of the response before that of the request, else a random one.
func (o *Occurrence) identify() {
	if o.identified || o.preparing {
		return
	}
	o.identified = true
	if a, ok := o.fault.lookup(opTraceID); ok && isTraceID(a.name) {
		o.setTraceID(a.name)
		return
	}
	o.noted("the request", o.takeRequestTraceID)
	if o.hexID[0] == 0 && o.traceID == "" {
		o.hexID = randomTraceID()
	}
}

// setTraceID keeps the id, a copy of it: strings of a request may change when it is over.
func (o *Occurrence) setTraceID(id string) {
	if len(id) == len(o.hexID) && isLowerHex(id) {
		copy(o.hexID[:], id)
		return
	}
	o.traceID = strings.Clone(id)
}

// hasHexID reports whether the trace id is of 32 hexadecimal digits, in lower case.
func (o *Occurrence) hasHexID() bool {
	o.identify()
	return o.hexID[0] != 0
}

// appendTraceID appends the trace id, which is hexadecimal where hyphens are asked for.
func (o *Occurrence) appendTraceID(dst []byte, hyphens bool) []byte {
	id := o.hexID[:]
	switch {
	case id[0] == 0:
		return append(dst, o.traceID...)
	case !hyphens:
		return append(dst, id...)
	}
	start := 0
	for _, end := range [...]int{8, 12, 16, 20, 32} {
		if start > 0 {
			dst = append(dst, '-')
		}
		dst = append(dst, id[start:end]...)
		start = end
	}
	return dst
}

func (o *Occurrence) takeRequestTraceID() {
	if o.request == nil {
		return
	}
	for _, f := range o.responder.traceIDs {
		var id string
		o.noted("WithTraceID", func() { id = f(o.request) })
		if isTraceID(id) {
			o.setTraceID(id)
			return
		}
	}
	if id, ok := traceOfParent(o.request.Header("Traceparent")); ok {
		copy(o.hexID[:], id)
		return
	}
	if r, ok := o.request.(interface{ ResponseHeader(name string) string }); ok {
		if id := r.ResponseHeader("X-Request-ID"); isTraceID(id) {
			o.setTraceID(id)
			return
		}
	}
	if id := o.request.Header("X-Request-Id"); isTraceID(id) {
		o.setTraceID(id)
	}
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
	if isZero(trace) || isZero(parent) {
		return "", false
	}
	if len(s) > length && (version == "00" || s[length] != '-') {
		return "", false
	}
	return trace, true
}

func isZero(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}

// hexDigits tells hexadecimal digits: 1 in lower case, 2 in upper case.
var hexDigits = func() (digits [256]byte) {
	for _, c := range "0123456789abcdef" {
		digits[c] = 1
	}
	for _, c := range "ABCDEF" {
		digits[c] = 2
	}
	return digits
}()

func isHex(s string) bool {
	for i := range len(s) {
		if hexDigits[s[i]] == 0 {
			return false
		}
	}
	return true
}

func isLowerHex(s string) bool {
	for i := range len(s) {
		if hexDigits[s[i]] != 1 {
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

func randomTraceID() (text [32]byte) {
	var id [16]byte
	_, _ = rand.Read(id[:])   // never fails: see crypto/rand
	id[6] = id[6]&0x0f | 0x40 // the bits that make it a UUID of version 4 (RFC 9562, section 5.4),
	id[8] = id[8]&0x3f | 0x80 // as Problem's instance shows it
	hex.Encode(text[:], id[:])
	return text
}

// TraceID returns the id that body, log line and observers share.
func (o *Occurrence) TraceID() string {
	o.identify()
	if o.preparing { // else nothing is written: observers may keep the occurrence
		o.traced = true
	}
	if o.traceID != "" {
		return o.traceID
	}
	id := string(o.hexID[:])
	if !o.made {
		o.traceID = id // which is asked for more than once
	}
	return id
}

// uuid formats 32 hexadecimal digits as a UUID.
func uuid(traceID string) (string, bool) {
	if len(traceID) != 32 || !isHex(traceID) {
		return "", false
	}
	return traceID[:8] + "-" + traceID[8:12] + "-" + traceID[12:16] + "-" + traceID[16:20] + "-" + traceID[20:], true
}
