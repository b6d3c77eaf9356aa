package fault

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A Response is an error response that any transport can write: status, header and body. It must not be changed,
// because responses share parts of it.
type Response struct {
	Status int
	Body   []byte // nil if the client has left

	length [1]string
	*head
}

// A head is what responses can share. It is not changed once one of them has left the responder.
type head struct {
	contentType     []string
	contentLanguage []string
	vary            []string
	cacheControl    []string
	own             []headerField
	challenges      []string // of a 401 that has none yet
	allow           bool     // 405 needs an Allow header
	redirect        bool     // not a failure: the handler's header stands
}

type headerField struct {
	name   string
	values []string
}

// newResponse returns a response with a head of its own, in one piece.
func newResponse() *Response {
	r := &struct {
		Response
		own head
	}{}
	r.head = &r.own
	return &r.Response
}

var noFacts = &head{} // made once: to make one here would cost each response

// facts returns the parts that responses share; they are empty for a Response that the responder has not made.
func (r *Response) facts() *head {
	if r.head == nil {
		return noFacts
	}
	return r.head
}

// SetHeader turns header, which the failed handler may have filled, into the header of r.
//
// It sets Content-Type, Content-Length, X-Content-Type-Options, Cache-Control, Content-Language and the error's own
// headers, and appends to Vary. A 405 without Allow gets an empty one (RFC 9110, section 15.5.6), and a 401 without a
// challenge gets those of [WithChallenge] (section 15.5.2).
//
// It removes headers that belonged to the failed body: those that describe it (Content-Encoding, ETag, Last-Modified,
// Content-Disposition and the like), those that make others act instead of reading the body (Location, Refresh,
// X-Accel-Redirect and its family, X-Sendfile, HX-Redirect and the like), those that make caches store it
// (Surrogate-Control, CDN-Cache-Control, Edge-Control, Expires), and trailers with their declaration. All others
// stay: cookies, CORS, request ids, rate limits, security headers.
//
// compressed means that Content-Encoding was set before the handler ran, by a compressor outside. Then
// Content-Encoding stays, and Content-Length is left to the compressor.
func (r *Response) SetHeader(header http.Header, compressed bool) {
	h := r.facts()
	if h.redirect {
		for name := range header {
			if goesWithout(name, compressed) {
				delete(header, name)
			}
		}
		return
	}
	pruneStale(header, compressed)
	if r.Body != nil {
		header["Content-Type"] = h.contentType
		header["X-Content-Type-Options"] = noSniff
		if h.contentLanguage != nil {
			header["Content-Language"] = h.contentLanguage
		}
		if h.vary != nil {
			addVary(header, h.vary)
		}
	}
	if !compressed {
		header["Content-Length"] = r.length[:]
	}
	header["Cache-Control"] = h.cacheControl
	for _, f := range h.own {
		if f.name == "Vary" {
			addVary(header, f.values)
			continue
		}
		header[f.name] = f.values
		if len(f.values) == 0 {
			delete(header, f.name)
		}
	}
	if h.challenges != nil && !h.owns(challengeHeader) && len(header[challengeHeader]) == 0 {
		header[challengeHeader] = h.challenges
	}
	if h.allow && header["Allow"] == nil {
		header["Allow"] = emptyAllow
	}
}

// pruneStale deletes what went with the body that failed, and the headers that were declared as trailers: without the
// declaration they would be sent as headers.
func pruneStale(header http.Header, compressed bool) {
	var trailers []string
	for name, values := range header {
		if !isStale(name) || compressed && http.CanonicalHeaderKey(name) == "Content-Encoding" {
			continue
		}
		if http.CanonicalHeaderKey(name) == "Trailer" {
			trailers = append(trailers, values...)
		}
		delete(header, name)
	}
	if trailers == nil {
		return
	}
	for name := range header {
		if listed(trailers, name) {
			delete(header, name)
		}
	}
}

// goesWithout names the headers that a redirection without a body cannot have. Content-Encoding may be a compressor's
// around, as in SetHeader.
func goesWithout(name string, compressed bool) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Length", "Content-Type", "Transfer-Encoding":
		return true
	case "Content-Encoding":
		return !compressed
	}
	return false
}

// A HeaderEditor is the response header of a framework that has no [http.Header]. Names are in canonical form and
// compared in any letter case.
type HeaderEditor interface {
	Prune(stale func(name string) bool) // deletes the headers whose names are stale
	Get(name string) string             // several lines joined by commas
	Set(name, value string)             // in place of all lines of the name
	Add(name, value string)
}

// EditHeader is [Response.SetHeader] for other header types. Content-Length is left to the
// framework.
func (r *Response) EditHeader(header HeaderEditor, compressed bool) {
	h := r.facts()
	if h.redirect {
		header.Prune(func(name string) bool { return goesWithout(name, compressed) })
		return
	}
	pruneTrailers(header)
	if compressed {
		header.Prune(func(name string) bool { return isStale(name) && !strings.EqualFold(name, "Content-Encoding") })
	} else {
		header.Prune(isStale)
	}
	if r.Body != nil {
		header.Set("Content-Type", h.contentType[0])
		header.Set("X-Content-Type-Options", "nosniff")
		for _, tags := range h.contentLanguage {
			header.Set("Content-Language", tags)
		}
		editVary(header, h.vary)
	}
	header.Set("Cache-Control", strings.Join(h.cacheControl, ", "))
	for _, f := range h.own {
		if f.name == "Vary" {
			editVary(header, f.values)
			continue
		}
		replace(header, f.name, f.values)
	}
	if h.challenges != nil && !h.owns(challengeHeader) && header.Get(challengeHeader) == "" {
		replace(header, challengeHeader, h.challenges)
	}
	if h.allow && header.Get("Allow") == "" {
		header.Set("Allow", "")
	}
}

// pruneTrailers is the part of pruneStale about trailers. The declaration goes first: what it names is kept elsewhere
// until then, as fasthttp does.
func pruneTrailers(header HeaderEditor) {
	declared := []string{header.Get("Trailer")}
	if declared[0] == "" {
		return
	}
	header.Prune(func(name string) bool { return strings.EqualFold(name, "Trailer") })
	header.Prune(func(name string) bool { return listed(declared, name) })
}

// replace makes values the lines of the name.
func replace(header HeaderEditor, name string, values []string) {
	if len(values) == 0 {
		header.Prune(func(other string) bool { return strings.EqualFold(other, name) })
	}
	for i, value := range values {
		if i == 0 {
			header.Set(name, value)
		} else {
			header.Add(name, value)
		}
	}
}

// owns reports whether the error sets or removes the header.
func (h *head) owns(name string) bool {
	return slices.ContainsFunc(h.own, func(f headerField) bool { return f.name == name })
}

// Header returns a copy of the header of r.
func (r *Response) Header() http.Header {
	header := http.Header{}
	r.SetHeader(header, false)
	return header.Clone()
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
