package fault

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	noSniff    = []string{"nosniff"}
	noStore    = []string{"no-store"}
	emptyAllow = []string{""}
)

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

// isStale names the headers that go with the body of the handler that failed: what describes it, what makes somebody
// act instead of reading our body (a browser that is sent elsewhere, a proxy that serves a file, a front end that
// swaps its page), what makes caches keep it, and trailers. A name that is no token is one of them: net/http has trailers
// under such names, and fasthttp sends it as it is, as the header before its colon.
func isStale(name string) bool {
	name = http.CanonicalHeaderKey(name) // handlers write "ETag" past http.Header's methods
	switch name {
	case "Accept-Ranges", "Age", "Cache-Control", "Content-Digest", "Content-Disposition",
		"Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Md5",
		"Content-Range", "Content-Type", "Digest", "Etag", "Expires", "Last-Modified", "Pragma",
		"Repr-Digest", "Trailer", "Transfer-Encoding",
		"Location", "Refresh", "X-Sendfile", "X-Lighttpd-Send-File", "X-Lighttpd-Send-Tempfile",
		"X-Sendfile2", "X-Inertia-Location", "X-Pjax-Url", "Turbolinks-Location",
		"Hx-Redirect", "Hx-Location", "Hx-Refresh", "Hx-Push-Url", "Hx-Replace-Url",
		"Edge-Control":
		return true
	}
	return strings.HasPrefix(name, "X-Accel-") || strings.HasPrefix(name, "X-Reproxy-") || strings.HasPrefix(name, "X-Litespeed-") ||
		strings.HasPrefix(name, "Surrogate-") ||
		strings.HasSuffix(name, "Cdn-Cache-Control") || !isToken(name)
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

// setHeader fills in the rest of the header.
func (o *Occurrence) setHeader() {
	resp := o.resp
	resp.length[0] = decimal(len(resp.Body))
	resp.cacheControl = noStore
	resp.allow = resp.Status == http.StatusMethodNotAllowed
	if o.closes || resp.Status == http.StatusRequestEntityTooLarge { // the rest of the body is not read
		resp.own = append(resp.own, headerField{"Connection", []string{"close"}})
	}
	o.kindHeaders()
	retryable := o.Retryable()
	if wait := o.kind.spec.RetryAfter; wait > 0 && retryable {
		o.ownRetryAfter(wait)
	}
	attrs := o.attrs()
	for i := range attrs {
		o.attrHeaders(&attrs[i])
	}
	if !retryable {
		o.disown("Retry-After")
	}
}

// kindHeaders takes over the headers of the kind. A challenge on a 401 is one that others may have set before: see
// [WithChallenge].
func (o *Occurrence) kindHeaders() {
	resp := o.resp
	for _, f := range o.kind.headers {
		if f.name == challengeHeader && resp.Status == http.StatusUnauthorized {
			resp.challenges = f.values
			continue
		}
		o.own(f.name, f.values, false)
	}
	if resp.Status == http.StatusUnauthorized && resp.challenges == nil {
		resp.challenges = o.responder.challenges
	}
}

const challengeHeader = "Www-Authenticate"

// attrHeaders takes over what an attribute says of the header.
func (o *Occurrence) attrHeaders(a *Attr) {
	switch a.op {
	case opHeader, opAddHeader:
		value, _ := a.value.(string)
		o.own(a.name, []string{value}, a.op == opAddHeader)
	case opHeadersFunc:
		f, _ := a.value.(func(Request) http.Header)
		if f == nil {
			return
		}
		o.noted("a function of HeadersFunc", func() {
			for name, values := range f(o.request) {
				o.own(name, slices.Clone(values), false)
			}
		})
	case opRetryAfter:
		o.attrRetryAfter(a)
	}
}

func (o *Occurrence) attrRetryAfter(a *Attr) {
	at, isTime := a.value.(time.Time)
	switch wait := a.wait(); {
	case wait < 0 || isTime && at.UTC().Year() > maxYear:
		o.disown("Retry-After")
	case isTime:
		o.own("Retry-After", []string{at.UTC().Format(http.TimeFormat)}, false)
	default:
		o.ownRetryAfter(wait)
	}
}

const maxYear = 9999 // that an HTTP-date can have

// ownRetryAfter sets Retry-After in whole seconds, rounded up.
func (o *Occurrence) ownRetryAfter(wait time.Duration) {
	seconds := int64(wait / time.Second)
	if wait%time.Second > 0 {
		seconds++
	}
	o.own("Retry-After", []string{strconv.FormatInt(seconds, 10)}, false)
}

func (o *Occurrence) disown(name string) {
	o.resp.own = slices.DeleteFunc(o.resp.own, func(f headerField) bool { return f.name == name })
}

// own takes over a header of the error, or refuses it: a value with a line break would split the
// response.
func (o *Occurrence) own(name string, values []string, add bool) {
	resp := o.resp
	if !isToken(name) {
		o.note(fmt.Sprintf("header name %q refused", name))
		return
	}
	name = http.CanonicalHeaderKey(name)
	if describesBody(name) {
		o.note("header " + name + " refused: it belongs to the body")
		return
	}
	for _, value := range values {
		if !isFieldValue(value) {
			o.note("header " + name + " refused: its value has control characters")
			return
		}
	}
	if name == "Retry-After" && !isWait(values) {
		o.note("header Retry-After refused: it is no number of seconds and no date")
		return
	}
	if len(values) > maxOwn {
		o.note("header " + name + " refused: it has too many values")
		return
	}
	if name == "Cache-Control" && !add {
		resp.cacheControl = values
		return
	}
	for i := range resp.own {
		if resp.own[i].name == name {
			if add && len(resp.own[i].values) >= maxOwn {
				return
			}
			if add {
				values = append(slices.Clip(resp.own[i].values), values...)
			}
			resp.own[i].values = values
			return
		}
	}
	if len(resp.own) == maxOwn {
		o.note("there are more headers than a response can have")
		return
	}
	resp.own = append(resp.own, headerField{name, values})
}

// maxOwn bounds how many headers an error can set, and how many values of one.
const maxOwn = 500

// isWait reports whether the values say when to come back (RFC 9110, section 10.2.3).
func isWait(values []string) bool {
	return !slices.ContainsFunc(values, func(value string) bool {
		_, err := strconv.ParseInt(value, 10, 64)
		_, ok := waitOf(value, time.Time{})
		return !ok || errors.Is(err, strconv.ErrRange)
	})
}
