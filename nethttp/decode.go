package faulthttp

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/family"
)

// A RemoteError is what a server said about an error. It is the cause of the *[fault.Fault] that [Decode] returns;
// [errors.As] finds it. Decode does not change it afterwards, so it is safe for concurrent use.
type RemoteError struct {
	Status     int               // of the status line
	Code       string            // the code in the form of the kinds ("task_locked"); "" if the server sent none
	Texts      map[string]string // by BCP 47 tag; "und" for a text of unknown language
	Title      string            // in formats that have one
	Type       string            // the URI of the type of a problem (RFC 9457, section 3.1.1), or of JSON:API's links
	Instance   string            // the URI of the occurrence of a problem
	TraceID    string
	Subtype    string
	Retryable  bool
	RetryAfter time.Duration  // -1 if there is no such header
	Params     []RemoteMember // the arguments of the text
	Details    []RemoteMember // details that are not errors, in order
	Input      []RemoteMember // what the server said about the request's body: position, field
	Fields     []RemoteField  // field errors, in order
	MediaType  string         // of the body
	Problem    string         // why Decode could not read all of the body; "" if it could

	told  bool // the body had Retryable
	depth int  // of the value being read, see deeper
}

// A RemoteMember is a named value: nil, bool, int64, float64, string, []any or map[string]any.
type RemoteMember struct {
	Name  string
	Value any
}

// A RemoteField says what is wrong with one part of the request.
type RemoteField struct {
	At      fault.Location
	Code    string
	Texts   map[string]string // as in RemoteError
	Params  []RemoteMember
	Details []RemoteMember // of the field error itself
	Rest    []RemoteMember // members of the entry that mean nothing to Decode; they are not passed on
}

// Error returns a line for logs: status, code and a text, in English if there is one.
func (e *RemoteError) Error() string {
	line := strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
	if e.Code != "" {
		line += " (" + e.Code + ")"
	}
	if text := e.Text("en"); text != "" {
		line += ": " + text
	}
	return line
}

// StatusCode returns the status of the status line.
func (e *RemoteError) StatusCode() int { return e.Status }

// ForeignCode returns Code if this process has no kind for it, and else "". Bodies of the error carry it on, see
// [fault.Occurrence.Code].
func (e *RemoteError) ForeignCode() string {
	if _, known := fault.KindByCode(e.Code); known {
		return ""
	}
	return e.Code
}

// RetryHint reports whether the server said that the request can be repeated; told is false if its body said nothing
// about it. [fault.Retry] uses it.
func (e *RemoteError) RetryHint() (retryable, told bool) { return e.Retryable, e.told }

// Text returns the text in the first of the languages (BCP 47 tags) that was received. A related language counts, too:
// "pt" finds pt-BR, and "de-AT" finds de. If none was received, Text returns the English text, else the first one, else "".
func (e *RemoteError) Text(tags ...string) string { return anyText(e.Texts, tags) }

// Text returns the text in the nearest language, like [RemoteError.Text].
func (f RemoteField) Text(tags ...string) string { return anyText(f.Texts, tags) }

func anyText(texts map[string]string, tags []string) string {
	received := slices.Sorted(maps.Keys(texts))
	for _, tag := range slices.Concat(tags, []string{"en"}) {
		if text, ok := texts[tag]; ok {
			return text
		}
		if name, ok := family.Nearest(tag, received); ok {
			return texts[name]
		}
	}
	if len(received) == 0 {
		return ""
	}
	return texts[received[0]] // sorted, so it is always the same one
}

// MaxErrorBody is the number of bytes of an error's body that [Decode] reads, before and after decompression. Decode does
// not understand a longer body.
const MaxErrorBody = 1 << 20

// Decode turns an error response into the error that the server answered with. It returns nil for a nil response and for
// statuses below 400, and otherwise a *[fault.Fault]. [errors.Is] finds the kind of the code that the server sent. The kind
// is that of the status if the server sent no code, a code that this process does not know, or one of another status family
// than the status line.
//
// Decode reads these bodies, by content type and shape, from any server:
//   - [fault.Multilingual], [fault.Problem] and every format of package formats;
//   - problem details (RFC 9457) of ASP.NET, Spring, huma and others;
//   - errors of FastAPI, Django REST framework, Spring Boot, Rails, Laravel, NestJS, JSON:API, Google, Microsoft, Stripe and
//     GitHub;
//   - objects with members like message, code, error and errors.
//
// Field errors become Fields, with place and text. Members that mean nothing to Decode go into Details, those of a field
// error into its Rest; members of an unexpected type are ignored. Any other body, and one that is truncated or too long,
// still gives the kind of the status, and RemoteError.Problem says why. Decode undoes gzip and deflate.
//
// The fault has the code, params, details, field errors, texts, trace id, subtype and Retry-After of the response. A service
// that returns it to its own clients passes them on; [fault.BadGateway].Wrap(err) passes nothing on. If this service has
// the same texts itself, its clients read them in all its languages; see [fault.Texts]. A text of unknown language goes into
// the detail "message". Not passed on are Rest, the details of a body that was not understood, and what servers tell their
// developers, such as stack traces. [fault.Retry] follows what the response said about repeating.
//
// Everything received is in the *[RemoteError] that the fault wraps:
//
//	var remote *faulthttp.RemoteError
//	if errors.As(err, &remote) { show(remote.Text("fr")) }
//
// Decode reads at most [MaxErrorBody] bytes of the body, and stops when the context of the request ends. The caller closes
// the body. Decode may be called more than once for a response of [ResponseTransport]. It is safe for concurrent use with
// different responses.
func Decode(resp *http.Response) error {
	if resp == nil || resp.StatusCode < 400 {
		return nil
	}
	remote := &RemoteError{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header), Texts: map[string]string{}}
	remote.MediaType = mediaType(resp.Header.Get("Content-Type"))
	if body, err := readBody(resp); err != nil {
		remote.Problem = err.Error()
	} else {
		remote.decode(body, resp.Header.Get("Content-Language"))
	}
	return remote.fault()
}

// mediaType returns the media type without its parameters, which may be invalid.
func mediaType(contentType string) string {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

var (
	errTooLong  = errors.New("the body is too long")
	errEncoding = errors.New("its encoding is not known")
)

func readBody(resp *http.Response) ([]byte, error) {
	var raw io.Reader = resp.Body
	if kept := keptOf(resp); kept != nil {
		raw = kept.whole()
	} else if resp.Body == nil {
		return nil, nil
	}
	plain, err := decompressed(io.LimitReader(raw, MaxErrorBody+1), resp.Header)
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(plain, MaxErrorBody+1))
	if len(body) > MaxErrorBody {
		return nil, errTooLong
	}
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	return body, nil
}

// decompressed returns a reader of the decompressed body: net/http decompresses only if it has asked for compression
// itself. It reads no more than its caller asks for.
func decompressed(body io.Reader, header http.Header) (io.Reader, error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(header.Values("Content-Encoding"), ",")))
	if encoding == "" || encoding == "identity" {
		return body, nil
	}
	buffered := bufio.NewReader(body)
	start, err := buffered.Peek(2)
	switch {
	case errors.Is(err, io.EOF) && len(start) == 0: // for example, the answer to HEAD
		return buffered, nil
	case encoding == "gzip" || encoding == "x-gzip":
		return gzip.NewReader(buffered)
	case encoding == "deflate" && len(start) == 2 && (int(start[0])<<8|int(start[1]))%31 == 0:
		return zlib.NewReader(buffered)
	case encoding == "deflate": // raw, without zlib's header, as some servers send it
		return flate.NewReader(buffered), nil
	}
	return nil, errEncoding
}

// retryAfter reads Retry-After, in seconds or as a date (RFC 9110, section 10.2.3).
func retryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			seconds = maxWait // beyond int64
		}
		return time.Duration(min(seconds, maxWait)) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return -1
	}
	now := time.Now()
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date // by the server's clock
	}
	return min(max(at.Sub(now), 0), maxWait*time.Second)
}

// maxWait is a year.
const maxWait = 365 * 24 * 60 * 60

// fault returns the error that was received.
func (e *RemoteError) fault() error {
	attrs := append(arguments(e.Params), e.details()...)
	for _, f := range e.Fields {
		attrs = append(attrs, f.attr())
	}
	if texts := e.ownTexts(); len(texts) > 0 {
		attrs = append(attrs, fault.Texts(texts))
	}
	if e.TraceID != "" {
		attrs = append(attrs, fault.TraceID(e.TraceID))
	}
	if e.Subtype != "" {
		attrs = append(attrs, fault.Subtype(e.Subtype))
	}
	if e.RetryAfter >= 0 {
		attrs = append(attrs, fault.RetryAfter(e.RetryAfter))
	}
	return e.kind().Wrap(e, attrs...)
}

// ownTexts returns the texts that say more than the status.
func (e *RemoteError) ownTexts() map[string]string {
	texts := map[string]string{}
	for tag, text := range e.Texts {
		if tag != undetermined && !e.isPhrase(text) {
			texts[tag] = text
		}
	}
	return texts
}

const undetermined = "und"

func (e *RemoteError) isPhrase(text string) bool {
	return strings.EqualFold(text, http.StatusText(e.Status))
}

// details returns the details that are passed on: none of a body that was not understood, and nothing that servers tell
// their developers. A text of unknown language becomes the detail "message".
func (e *RemoteError) details() (attrs []fault.Attr) {
	if e.Problem != "" {
		return nil
	}
	text, named := e.Texts[undetermined], false
	for _, m := range e.Details {
		named = named || m.Name == "message"
		if !isInternal(m.Name) {
			attrs = append(attrs, fault.Detail(m.Name, withoutInternals(m.Value)))
		}
	}
	if text != "" && !named && !e.isPhrase(text) && len(e.Texts) == 1 {
		attrs = append(attrs, fault.DetailsOf((*fault.Details)(nil).Add("message", text)))
	}
	return attrs
}

// internals are names of details for the server's developers, in lower case, without separators of words.
var internals = []string{"trace", "traces", "exception", "exceptions", "exceptiondetails", "exceptionmessage", "exceptiontype",
	"innerexception", "stack", "stacktrace", "stackentries", "backtrace", "traceback", "innererror", "debug", "debugmessage", "debuginfo",
	"google.rpc.debuginfo"}

var unparted = strings.NewReplacer("_", "", "-", "", " ", "")

func isInternal(name string) bool {
	const longest = 40 // with separators
	return len(name) <= longest && slices.Contains(internals, strings.ToLower(unparted.Replace(name)))
}

// withoutInternals returns the value without such members, at any depth. It copies what it changes.
func withoutInternals(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = withoutInternals(v[i])
		}
		return list
	case map[string]any:
		rest := make(map[string]any, len(v))
		for name := range v {
			if !isInternal(name) {
				rest[name] = withoutInternals(v[name])
			}
		}
		return rest
	}
	return value
}

// attr returns the entry as the server put it into its error.
func (f RemoteField) attr() fault.Attr {
	attrs := append(arguments(f.Params), fault.Texts(f.Texts))
	k, isKind := fault.KindByCode(f.Code)
	steps := f.At.Segments()
	switch {
	case !isKind:
		return fault.Field(f.At, f.Code, attrs...)
	case f.At.In() != "body" || len(steps) != 1:
		return fault.Field(f.At, f.Code, slices.Insert(attrs, 0, fault.Text(k.TextID()))...)
	}
	for _, m := range f.Details {
		if !isInternal(m.Name) {
			attrs = append(attrs, fault.Detail(m.Name, withoutInternals(m.Value)))
		}
	}
	return fault.Detail(steps[0], k.New(attrs...))
}

func arguments(params []RemoteMember) (attrs []fault.Attr) {
	for _, m := range params {
		if count, ok := m.Value.(int64); ok && m.Name == "Count" && int64(int(count)) == count {
			attrs = append(attrs, fault.Count(int(count)))
			continue
		}
		attrs = append(attrs, fault.Arg(m.Name, m.Value))
	}
	return attrs
}

// kind returns the kind of the code if this process knows it and its status is of the same family, else the kind of the
// status.
func (e *RemoteError) kind() *fault.Kind {
	if k, ok := fault.KindByCode(e.Code); ok && k.Status()/100 == e.Status/100 {
		return k
	}
	return fault.KindByStatus(e.Status)
}
