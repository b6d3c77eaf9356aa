package fault

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A Request is the small view of a request that the responder needs: with [Response] it is the port
// that an adapter implements for its framework. The values need to hold for the length of one call
// of the responder; strings that outlive it are copied.
//
// Two further methods are optional:
//   - Route() string is the path template ("/orders/{id}"); the log line has it in place of the path;
//   - Committed() bool reports that the response has already begun, so that nothing can be sent any
//     more. The responder then renders nothing, logs, and calls the observers.
type Request interface {
	// Context is the request's own context: its end tells a client that left from a downstream
	// call that was cancelled.
	Context() context.Context
	Method() string
	// Path is the path as it was asked for, without the query.
	Path() string
	// Header returns the value of a request header, several lines joined by commas, "" without any.
	// Names are compared without regard to letter case.
	Header(name string) string
}

// JoinedHeader is what [Request.Header] has to return, for requests with an [http.Header].
func JoinedHeader(header http.Header, name string) string {
	values := header[name] // most names come in canonical form
	if values == nil {
		values = header.Values(name)
	}
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return strings.Join(values, ", ")
}

// A Response is an error response, ready to be written by anything: status, header and body. It
// must not be changed: parts of it are shared between responses.
type Response struct {
	Status int
	Body   []byte // nil when nobody is left to read it

	contentType     []string
	contentLanguage []string
	vary            []string
	cacheControl    []string
	length          [1]string
	own             []headerField
	allow           bool // 405 needs an Allow header
}

type headerField struct {
	name   string
	values []string
}

var (
	noSniff    = []string{"nosniff"}
	noStore    = []string{"no-store"}
	emptyAllow = []string{""}
)

// SetHeader makes header, which the failed handler may have filled, the header of r.
//
// It sets Content-Type, Content-Length, X-Content-Type-Options, Cache-Control, Content-Language and
// the error's own headers, appends to Vary, and gives a 405 an empty Allow when there is none (RFC
// 9110, section 15.5.6). It removes what described the body that failed: Content-Encoding, ETag,
// Last-Modified, Content-Disposition and the like. Everything else stays: cookies, CORS, request
// ids, rate limits, security headers.
//
// compressed says that Content-Encoding was there before the handler ran: it belongs to a compressor
// around it. Content-Encoding then stays, and Content-Length is left to the compressor.
func (r *Response) SetHeader(header http.Header, compressed bool) {
	for name := range header {
		if isStale(name) && !(compressed && http.CanonicalHeaderKey(name) == "Content-Encoding") {
			delete(header, name)
		}
	}
	if r.Body != nil {
		header["Content-Type"] = r.contentType
		header["X-Content-Type-Options"] = noSniff
		if r.contentLanguage != nil {
			header["Content-Language"] = r.contentLanguage
		}
		if r.vary != nil {
			addVary(header, r.vary)
		}
	}
	if !compressed {
		header["Content-Length"] = r.length[:]
	}
	header["Cache-Control"] = r.cacheControl
	for _, f := range r.own {
		if f.name == "Vary" {
			addVary(header, f.values)
			continue
		}
		header[f.name] = f.values
	}
	if r.allow && header["Allow"] == nil {
		header["Allow"] = emptyAllow
	}
}

// A HeaderEditor is the response header of a framework that has no [http.Header]. Names are given in
// canonical form and compared without regard to letter case.
type HeaderEditor interface {
	Prune(stale func(name string) bool) // deletes the headers whose names are stale
	Get(name string) string             // several lines joined by commas
	Set(name, value string)             // in place of all lines of the name
	Add(name, value string)
}

// EditHeader is [Response.SetHeader] for other header types. Content-Length is left to the
// framework.
func (r *Response) EditHeader(header HeaderEditor, compressed bool) {
	if compressed {
		header.Prune(func(name string) bool { return isStale(name) && !strings.EqualFold(name, "Content-Encoding") })
	} else {
		header.Prune(isStale)
	}
	if r.Body != nil {
		header.Set("Content-Type", r.contentType[0])
		header.Set("X-Content-Type-Options", "nosniff")
		for _, tags := range r.contentLanguage {
			header.Set("Content-Language", tags)
		}
		editVary(header, r.vary)
	}
	header.Set("Cache-Control", strings.Join(r.cacheControl, ", "))
	for _, f := range r.own {
		if f.name == "Vary" {
			editVary(header, f.values)
			continue
		}
		for i, value := range f.values {
			if i == 0 {
				header.Set(f.name, value)
			} else {
				header.Add(f.name, value)
			}
		}
	}
	if r.allow && header.Get("Allow") == "" {
		header.Set("Allow", "")
	}
}

func editVary(header HeaderEditor, names []string) {
	old := header.Get("Vary")
	if old == "" {
		for _, value := range names {
			header.Set("Vary", value)
		}
		return
	}
	merged := http.Header{"Vary": {old}}
	addVary(merged, names)
	header.Set("Vary", strings.Join(merged["Vary"], ", "))
}

// Header returns the header of r by itself, as a copy.
func (r *Response) Header() http.Header {
	header := http.Header{}
	r.SetHeader(header, false)
	return header.Clone()
}

// isStale names the headers that describe the body of the handler that failed.
func isStale(name string) bool {
	switch http.CanonicalHeaderKey(name) { // handlers write "ETag" past http.Header's methods
	case "Accept-Ranges", "Age", "Cache-Control", "Cdn-Cache-Control", "Content-Digest", "Content-Disposition",
		"Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Md5",
		"Content-Range", "Content-Type", "Digest", "Etag", "Expires", "Last-Modified", "Pragma",
		"Repr-Digest", "Surrogate-Control", "Trailer", "Transfer-Encoding":
		return true
	}
	return false
}

// addVary appends to Vary what it does not name yet. "*" says everything and stays alone (RFC 9110,
// section 12.5.5).
func addVary(header http.Header, names []string) {
	old := header["Vary"]
	if len(old) == 0 {
		header["Vary"] = names
		return
	}
	if listed(old, "*") {
		return
	}
	merged := slices.Clone(old)
	for _, line := range names {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); !listed(merged, name) {
				merged = append(merged, name)
			}
		}
	}
	header["Vary"] = merged
}

func listed(lines []string, name string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), name) {
				return true
			}
		}
	}
	return false
}

// describesBody names the headers that an error cannot set: they would garble the body.
func describesBody(name string) bool {
	switch name {
	case "Connection", "Content-Encoding", "Content-Language", "Content-Length", "Content-Range", "Content-Type",
		"Trailer", "Transfer-Encoding", "X-Content-Type-Options":
		return true
	}
	return false
}

func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return name != ""
}

// isFieldValue refuses CR, LF, NUL and the other control characters (RFC 9110, section 5.5).
func isFieldValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// lengths3 and lengths4 hold the decimal numbers from 100 to 999 and from 1000 to 4095, so that Content-Length of
// an ordinary body is a substring and costs no allocation.
var lengths3, lengths4 = decimals(100, 1000), decimals(1000, 4096)

func decimals(from, to int) string {
	var b []byte
	for n := from; n < to; n++ {
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(b)
}

func decimal(n int) string {
	switch {
	case n >= 100 && n < 1000:
		i := (n - 100) * 3
		return lengths3[i : i+3]
	case n >= 1000 && n < 4096:
		i := (n - 1000) * 4
		return lengths4[i : i+4]
	}
	return strconv.Itoa(n)
}
