package fault

import (
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
// swaps its page), what makes caches keep it, and trailers.
func isStale(name string) bool {
	name = http.CanonicalHeaderKey(name) // handlers write "ETag" past http.Header's methods
	switch name {
	case "Accept-Ranges", "Age", "Cache-Control", "Content-Digest", "Content-Disposition",
		"Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Md5",
		"Content-Range", "Content-Type", "Digest", "Etag", "Expires", "Last-Modified", "Pragma",
		"Repr-Digest", "Trailer", "Transfer-Encoding",
		"Location", "Refresh", "X-Sendfile", "X-Lighttpd-Send-File", "X-Lighttpd-Send-Tempfile",
		"Hx-Redirect", "Hx-Location", "Hx-Refresh", "Hx-Push-Url", "Hx-Replace-Url",
		"Edge-Control":
		return true
	}
	return strings.HasPrefix(name, "X-Accel-") || strings.HasPrefix(name, "Surrogate-") ||
		strings.HasSuffix(name, "Cdn-Cache-Control") || strings.HasPrefix(name, http.TrailerPrefix)
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
	if wait := o.kindWait(); wait > 0 {
		o.ownRetryAfter(wait)
	}
	for _, attr := range o.attrs() {
		switch attr.op {
		case opHeader, opAddHeader:
			value, _ := attr.value.(string)
			o.own(attr.name, []string{value}, attr.op == opAddHeader)
		case opHeadersFunc:
			o.noted("a function of HeadersFunc", func() {
				f, _ := attr.value.(func(Request) http.Header)
				if f == nil {
					return
				}
				for name, values := range f(o.request) {
					o.own(name, values, false)
				}
			})
		case opRetryAfter:
			o.ownRetryAfter(time.Duration(attr.num))
		}
	}
}

// ownRetryAfter sets Retry-After, or leaves it away for a negative wait.
func (o *Occurrence) ownRetryAfter(wait time.Duration) {
	if wait < 0 {
		o.resp.own = slices.DeleteFunc(o.resp.own, func(f headerField) bool { return f.name == "Retry-After" })
		return
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	o.own("Retry-After", []string{strconv.FormatInt(seconds, 10)}, false)
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
	if name == "Cache-Control" && !add {
		resp.cacheControl = values
		return
	}
	for i := range resp.own {
		if resp.own[i].name == name {
			if add {
				values = append(slices.Clip(resp.own[i].values), values...)
			}
			resp.own[i].values = values
			return
		}
	}
	resp.own = append(resp.own, headerField{name, values})
}
