package page

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// The media types that pages and catalogues are offered in.
const (
	HTML     = "text/html"
	JSON     = "application/json"
	Markdown = "text/markdown"
)

// A Body is a page, or the same as JSON or Markdown, ready to be sent.
type Body struct {
	ContentType string
	Content     []byte
	Policy      string // Content-Security-Policy; "" for what is no page
	Language    string // Content-Language: a BCP 47 tag
	Private     bool   // it may have forms that change something
}

// Caching says what caches may do with a body.
type Caching uint8

// The cachings.
const (
	Revalidated Caching = iota // kept, and asked about with its ETag before each use
	Unstored                   // not kept anywhere: it may hold secrets
)

// plainPolicy is for bodies that browsers show but that are no pages.
const plainPolicy = "default-src 'none'; frame-ancestors 'none'"

// Send sends the body with the status. A body that may be kept has an ETag, a weak one, as middleware
// may compress the body: 304 answers a client that has it already ([RFC 9110, section 13.1.2]). HEAD
// gets the header of GET. Vary is added to what other handlers have put there.
//
// [RFC 9110, section 13.1.2]: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
func (b Body) Send(w http.ResponseWriter, req *http.Request, status int, c Caching) {
	header := w.Header()
	header.Set("Content-Language", b.Language)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", b.referrer())
	header.Set("Content-Security-Policy", b.Policy)
	if b.Policy == "" {
		header.Set("Content-Security-Policy", plainPolicy)
	}
	header.Add("Vary", "Accept, Accept-Language")
	header.Set("Cache-Control", "no-store")
	if c == Revalidated {
		tag := b.tag()
		header.Set("Cache-Control", "no-cache")
		header.Set("ETag", tag)
		if listed(req.Header.Values("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	header.Set("Content-Type", b.ContentType)
	header.Set("Content-Length", strconv.Itoa(len(b.Content)))
	w.WriteHeader(status)
	if req.Method != http.MethodHead {
		_, _ = w.Write(b.Content) // an error means that the client has gone
	}
}

// referrer returns the Referrer-Policy. Without a referrer, browsers name "null" as the origin of a form, and nobody could
// tell it from a form of a foreign page ([Fetch], section 3.2).
//
// [Fetch]: https://fetch.spec.whatwg.org/#origin-header
func (b Body) referrer() string {
	if b.Private {
		return "same-origin"
	}
	return "no-referrer"
}

func (b Body) tag() string {
	hash := sha256.Sum256(b.Content)
	return `W/"` + base64.RawURLEncoding.EncodeToString(hash[:15]) + `"`
}

// listed compares weakly, as If-None-Match does.
func listed(lines []string, tag string) bool {
	for _, line := range lines {
		for member := range strings.SplitSeq(line, ",") {
			if member = strings.TrimSpace(member); member == "*" || strings.TrimPrefix(member, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}
