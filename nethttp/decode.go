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

// A RemoteError is what a server said of an error: the cause of the *[fault.Fault] that [Decode]
// returns, found by [errors.As]. It is not changed after Decode and so safe for concurrent use.
type RemoteError struct {
	Status     int               // of the status line
	Code       string            // the code as the kinds have it ("task_locked"); "" when none was sent
	Texts      map[string]string // by BCP 47 tag; under "und" a text whose language is not known
	Title      string            // in formats that have one
	Type       string            // the URI of the type of a problem (RFC 9457, section 3.1.1), or of JSON:API's links
	Instance   string            // the URI of the occurrence of a problem
	TraceID    string
	Subtype    string
	Retryable  bool
	RetryAfter time.Duration  // -1 when there is no such header
	Params     []RemoteMember // the arguments of the text
	Details    []RemoteMember // those that are no errors, in order
	Input      []RemoteMember // what the server said of the body that it was sent: position, field
	Fields     []RemoteField  // field errors, in order
	MediaType  string         // of the body
	Problem    string         // why the body told less than it might; "" for a body that was understood

	told  bool // Retryable was in the body
	depth int  // of what is being read, see deeper
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
	Details []RemoteMember // of the error itself
	Rest    []RemoteMember // members of the entry that Decode has no use for; they are not passed on
}

// Error is the line for logs: status, code and a text, the English one if there is one.
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

// StatusCode is the status of the status line.
func (e *RemoteError) StatusCode() int { return e.Status }

// ForeignCode is Code when this process has no kind for it: bodies of the error carry it on, see
// [fault.Occurrence.Code].
func (e *RemoteError) ForeignCode() string {
	if _, known := fault.KindByCode(e.Code); known {
		return ""
	}
	return e.Code
}

// RetryHint is what the server said of repeating the request; told is false when its body said nothing of it. It is
// for [fault.Retry].
func (e *RemoteError) RetryHint() (retryable, told bool) { return e.Retryable, e.told }

// Text is the text in the first of the languages, given as BCP 47 tags, that was received or has a relative among those:
// "pt" finds pt-BR, "de-AT" de, as for a client of the server. Without any it is English, else what comes first; ""
// without texts.
func (e *RemoteError) Text(tags ...string) string { return anyText(e.Texts, tags) }

// Text is the text in the nearest language, as [RemoteError.Text] has it.
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
	return texts[received[0]] // the same one each time
}

// MaxErrorBody is how many bytes of an error's body [Decode] reads, before and after decompression. A longer one counts as not
// understood.
const MaxErrorBody = 1 << 20

// Decode turns an error response into the error that the server answered with: a *[fault.Fault] for
// which [errors.Is] finds the kind whose code the server sent, or the kind of the status when it sent
// none, one that this process does not know, or one of another status family than the status line. It
// is nil for a nil response and for statuses below 400.
//
// It understands [fault.Multilingual], [fault.Problem] and every format of package formats, by content type and shape,
// whoever sent them, and what other servers send: problem details (RFC 9457) of ASP.NET, Spring, huma and others,
// FastAPI, Django REST framework, Spring Boot, Rails, Laravel, NestJS, JSON:API, the errors of Google, Microsoft, Stripe and GitHub,
// and objects with members like message, code, error and errors. Errors of fields become Fields, with place and text;
// members that mean nothing to Decode are in Details, those of a field in its Rest. A body that is something else,
// truncated or too long still gives the kind of the status, and Problem says why; members of an unexpected
// type are passed over. gzip and deflate are undone.
//
// The fault has params, details, field errors, texts, trace id, subtype and Retry-After of the response, so a
// service that returns it to its own clients passes them on, and with the code that was received;
// wrap it, as by [fault.BadGateway].Wrap(err), not to. Where the texts say what this service says itself, its clients
// read that in all its languages; see [fault.Texts]. Not passed on are the details of a body that was not
// understood, what servers tell their own developers (stack traces, say), and Rest. A text of no known language goes into the
// detail "message". [fault.Retry] does what the response said of repeating.
// Everything received, the texts among it, is in the *[RemoteError] behind it:
//
//	var remote *faulthttp.RemoteError
//	if errors.As(err, &remote) { show(remote.Text("fr")) }
//
// Decode reads the body, [MaxErrorBody] bytes at most, and as long as the context of the request lasts. Closing it stays with the
// caller. It may be called more than once for a response of [ResponseTransport].
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

// mediaType is what stands before the parameters, whatever is wrong with these.
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

// decompressed is the body as it was before it was compressed: package net/http does that only for requests of its own making. Nothing
// is read beyond what the reader of it asks for.
func decompressed(body io.Reader, header http.Header) (io.Reader, error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(header.Values("Content-Encoding"), ",")))
	if encoding == "" || encoding == "identity" {
		return body, nil
	}
	buffered := bufio.NewReader(body)
	start, err := buffered.Peek(2)
	switch {
	case errors.Is(err, io.EOF) && len(start) == 0: // the answer to HEAD, say
		return buffered, nil
	case encoding == "gzip" || encoding == "x-gzip":
		return gzip.NewReader(buffered)
	case encoding == "deflate" && len(start) == 2 && (int(start[0])<<8|int(start[1]))%31 == 0:
		return zlib.NewReader(buffered)
	case encoding == "deflate": // as some send it
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
		now = date // the server's clock
	}
	return min(max(at.Sub(now), 0), maxWait*time.Second)
}

// maxWait is a year.
const maxWait = 365 * 24 * 60 * 60

// fault makes the error of what was received.
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

// ownTexts are the texts that say more than the status does.
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

// details are what is passed on of the details. Nothing is of a body that was not understood, nor what servers tell their
// own developers. The text of which nobody knows the language is among them: it can stand for none.
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

// internals are names of details that are meant for the developers of the server, in lower case, without what parts words.
var internals = []string{"trace", "traces", "exception", "exceptions", "exceptiondetails", "exceptionmessage", "exceptiontype",
	"innerexception", "stack", "stacktrace", "stackentries", "backtrace", "traceback", "innererror", "debug", "debugmessage", "debuginfo",
	"google.rpc.debuginfo"}

var unparted = strings.NewReplacer("_", "", "-", "", " ", "")

func isInternal(name string) bool {
	const longest = 40 // with what parts words
	return len(name) <= longest && slices.Contains(internals, strings.ToLower(unparted.Replace(name)))
}

// withoutInternals is the value without such members, at any depth. A value is changed only as a copy.
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

// attr is the entry as it was when the server put it into its error.
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

// kind is that of the code, when this process knows it and it is of the status' family.
func (e *RemoteError) kind() *fault.Kind {
	if k, ok := fault.KindByCode(e.Code); ok && k.Status()/100 == e.Status/100 {
		return k
	}
	return fault.KindByStatus(e.Status)
}
