package fault

import (
	"fmt"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/errtree"
)

// An inputRule tells an error that always means the input of the request, without anybody having said that it was met
// while reading that. Most of these errors have no type: they are known by how their text begins, and some of them
// only beside what the request itself says, as a response from elsewhere can be read with the same code.
type inputRule struct {
	err      error  // or
	prefix   string // of the text of one error
	kind     *Kind
	evidence func(*Occurrence, errtree.List) bool // nil: the error is enough
}

var inputRules = []inputRule{
	{err: multipart.ErrMessageTooLarge, kind: ContentTooLarge},
	{err: http.ErrNotMultipart, kind: UnsupportedMediaType},
	{err: http.ErrMissingBoundary, kind: BadRequest},
	{err: http.ErrMissingFile, kind: MissingAttribute},
	{err: http.ErrNoCookie, kind: MissingAttribute},

	{prefix: "multipart: message too large", kind: ContentTooLarge},
	{prefix: "multipart: can't write", kind: nil}, // to write one is the service's own work
	{prefix: "multipart: ", kind: BadRequest, evidence: sendsMultipart},
	{prefix: "malformed MIME header", kind: BadRequest, evidence: sendsMultipart},

	// fasthttp, which has had two ways to write of each
	{prefix: "cannot read multipart/form-data body: body size exceeds ", kind: ContentTooLarge},
	{prefix: "cannot read multipart/form-data body: fasthttp: body size exceeds ", kind: ContentTooLarge},
	{prefix: "cannot read multipart/form-data body: ", kind: BadRequest},
	{prefix: "cannot gunzip request body: body size exceeds ", kind: ContentTooLarge},
	{prefix: "cannot gunzip request body: fasthttp: body size exceeds ", kind: ContentTooLarge},
	{prefix: "cannot gunzip request body: ", kind: BadRequest},
	{prefix: "form size must be greater than 0", kind: BadRequest, evidence: sendsMultipart},
	{prefix: "unsupported Content-Encoding: ", kind: BadRequest, evidence: sendsCompressed},
	{prefix: "unsupported content-encoding: ", kind: BadRequest, evidence: sendsCompressed},
	{prefix: "request Content-Type has bad boundary or is not ", kind: BadRequest, evidence: sendsMultipart},
	{prefix: "request Content-Type has bad boundary or is not ", kind: UnsupportedMediaType},
	{prefix: "fasthttp: request content-type has bad boundary or is not ", kind: BadRequest, evidence: sendsMultipart},
	{prefix: "fasthttp: request content-type has bad boundary or is not ", kind: UnsupportedMediaType},

	{prefix: "missing form body", kind: BadRequest},
	{prefix: "http: POST too large", kind: ContentTooLarge},

	{prefix: "invalid URL escape ", kind: BadRequest, evidence: isNoAddress},
	{prefix: "invalid semicolon separator in query", kind: BadRequest},
	{prefix: "number of URL query parameters exceeded limit", kind: BadRequest},

	{prefix: "gzip: ", kind: BadRequest, evidence: sendsCompressed},
	{prefix: "flate: ", kind: BadRequest, evidence: sendsCompressed},
	{prefix: "zlib: ", kind: BadRequest, evidence: sendsCompressed},
	{prefix: "brotli: ", kind: BadRequest, evidence: sendsCompressed},
	{prefix: "zstd: ", kind: BadRequest, evidence: sendsCompressed},
	{prefix: "unexpected EOF", kind: BadRequest, evidence: sendsParts}, // of either, cut

	{prefix: "mime: ", kind: UnsupportedMediaType, evidence: sendsBadMediaType},
	{prefix: "XML syntax error on line ", kind: BadRequest, evidence: sendsXML},
	{prefix: "expected element type <", kind: BadRequest, evidence: sendsXML},

	// fiber
	{prefix: "failed to unmarshal", kind: BadRequest, evidence: sendsXML},
	{prefix: "unmatched brackets", kind: BadRequest},
	{prefix: "invalid idempotency key", kind: BadRequest},
	{prefix: "missing or malformed API Key", kind: Unauthorized},
}

// maxTexts is how many errors of a tree are asked for their texts.
const maxTexts = 64

// plainTexts yields the texts of errors that need no other one to make them: those that stand for themselves, and those
// of fmt, which have theirs ready. Others make one that is as long as the tree is deep.
func plainTexts(errs errtree.List) iter.Seq[string] {
	return func(yield func(string) bool) {
		leaves, wrappers := maxTexts, maxTexts
		for _, e := range errs.Errors {
			left := &leaves
			if isInner(e) {
				left = &wrappers
			}
			if *left <= 0 || left == &wrappers && !isOfFmt(e) {
				continue
			}
			if *left--; errs.Over() || !yield(rawText(e)) {
				return
			}
		}
	}
}

var (
	fmtWrap  = reflect.TypeOf(fmt.Errorf("%w", io.EOF))
	fmtWraps = reflect.TypeOf(fmt.Errorf("%w %w", io.EOF, io.EOF))
)

func isOfFmt(err error) bool {
	t := reflect.TypeOf(err)
	return t == fmtWrap || t == fmtWraps
}

// inferInput goes through the rules; nil when none holds.
func (o *Occurrence) inferInput(errs errtree.List) *Fault {
	for i := range inputRules {
		if r := &inputRules[i]; r.err != nil && errs.Is(r.err) {
			return &Fault{kind: r.kind}
		}
	}
	for text := range plainTexts(errs) {
		for i := range inputRules {
			r := &inputRules[i]
			if r.err != nil || !strings.HasPrefix(text, r.prefix) || r.evidence != nil && !r.evidence(o, errs) {
				continue
			}
			if r.kind == nil {
				break
			}
			return &Fault{kind: r.kind}
		}
	}
	return nil
}

// speaksOfInput reports whether the text begins as one of a rule.
func speaksOfInput(text string) bool {
	return slices.ContainsFunc(inputRules, func(r inputRule) bool { return r.err == nil && strings.HasPrefix(text, r.prefix) })
}

func (o *Occurrence) header(name string) string {
	if o.request == nil {
		return ""
	}
	return o.request.Header(name)
}

func sendsMultipart(o *Occurrence, _ errtree.List) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(o.header("Content-Type"))), "multipart/")
}

func sendsCompressed(o *Occurrence, _ errtree.List) bool {
	coding := strings.TrimSpace(o.header("Content-Encoding"))
	return coding != "" && !strings.EqualFold(coding, "identity")
}

func sendsParts(o *Occurrence, errs errtree.List) bool {
	return sendsMultipart(o, errs) || sendsCompressed(o, errs)
}

func sendsXML(o *Occurrence, _ errtree.List) bool {
	return strings.Contains(strings.ToLower(o.header("Content-Type")), "xml")
}

func sendsBadMediaType(o *Occurrence, _ errtree.List) bool {
	contentType := o.header("Content-Type")
	_, _, err := mime.ParseMediaType(contentType)
	return contentType != "" && err != nil
}

// isNoAddress reports that no address was parsed, as of a service that is called: it holds the same error.
func isNoAddress(_ *Occurrence, errs errtree.List) bool {
	_, ok := errtree.FirstAs[*url.Error](errs)
	return !ok
}
