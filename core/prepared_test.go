package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// askingFor is a request with some headers.
type askingFor map[string]string

func (askingFor) Context() context.Context    { return context.Background() }
func (askingFor) Method() string              { return http.MethodGet }
func (askingFor) Path() string                { return "/" }
func (h askingFor) Header(name string) string { return h[http.CanonicalHeaderKey(name)] }
func traced(id, language string) askingFor {
	return askingFor{"X-Request-Id": id, "Accept-Language": language}
}
func rendered(r *Responder, reusable bool)                  { r.formats[0].reusable = reusable }
func shown(r *Response) string                              { return fmt.Sprint(r.Status, r.Header(), string(r.Body)) }
func (s ofStatus) Error() string                            { return "status" }
func (s ofStatus) StatusCode() int                          { return int(s) }
func observing(context.Context, *Occurrence)                {}
func silent(r *Responder) error                             { return WithLogger(slog.New(slog.DiscardHandler))(r) }
func withErrorBody(e error) error                           { return bodyBringer{e} }
func (bodyBringer) ErrorBody(Localizer) any                 { return map[string]string{"own": "body"} }
func (e bodyBringer) Unwrap() error                         { return e.error }
func (foreignError) ForeignCode() string                    { return "of_another_service" }
func (e foreignError) Error() string                        { return "foreign" }
func (oddFormat) ContentType() string                       { return "text/odd" }
func (oddFormat) Reusable() bool                            { return true }
func (oddFormat) Use() TextUse                              { return OneLanguage }
func (f oddFormat) Append(dst []byte, o *Occurrence) []byte { return f.append(dst, o) }

type (
	ofStatus     int
	bodyBringer  struct{ error }
	foreignError struct{}
	oddFormat    struct {
		append func(dst []byte, o *Occurrence) []byte
	}
)

// A response from a template equals the rendered one, for every format, language, error, trace id and policy.
func TestTemplates(t *testing.T) {
	bare := errors.New("refused")
	failures := map[string]error{
		"kind": TaskLocked, "5xx kind": ServiceUnavailable, "401": Unauthorized, "405": MethodNotAllowed, "413": ContentTooLarge,
		"429": RateLimitExceeded, "New": TaskLocked.New(), "a text": BadRequest.New(Text("gone")),
		"a text that is nowhere": Gone.New(Text("nowhere")), "a cause": Conflict.Wrap(bare),
		"a wrapped one": fmt.Errorf("in vain: %w", Conflict.New()), "unknown": bare, "Unhandled": Unhandled.Wrap(bare),
		"arguments":            BadRequest.New(Text("rule.gt"), Arg("Field", "qty <&\u202e"), Arg("Limit", 7)),
		"a count":              BadRequest.New(Text("rule.max.items"), Arg("Field", "x"), Count(3)),
		"an argument too much": TaskLocked.New(Arg("Other", 1)), "a missing argument": BadRequest.New(Text("rule.gt")),
		"long arguments": BadRequest.New(Text("rule.gt"), Arg("Field", strings.Repeat("<&x", 300)), Arg("Limit", strings.Repeat("9", 900))),
		"details":        TaskLocked.New(Detail("task", 7)), "a wait": TaskLocked.New(RetryAfter(5)), "an id": TaskLocked.New(TraceID("own-id")),
		"a subtype": TaskLocked.New(Subtype("x")), "a header": TaskLocked.New(Header("X-A", "b")),
		"declared texts": TaskLocked.New(Texts(map[string]string{"en": "x"})), "a body": withErrorBody(TaskLocked),
		"a body below": Conflict.Wrap(withErrorBody(bare)), "a foreign code": Conflict.Wrap(foreignError{}), "a status": ofStatus(418),
		"a field": BadRequest.New(Field(InBody("/a"), "required")), "a panic": Panicked("boom"), "a panicked kind": Panicked(TaskLocked),
	}
	ids := []string{"4bf92f3577b34da6a3ce929d0e0e4736", "4BF92F3577B34DA6A3CE929D0E0E4736", "0b8f3f1e-3f5e-4a6b-9d7f-2f7d3b6f0a11",
		"id+/=@:~", "x"}
	for name, options := range map[string][]Option{
		"all languages": {WithMembers(MemberCode, MemberTraceID, MemberParams, MemberRetryable)},
		"default":       nil, "no members": {WithMembers()}, "trace id": {WithMembers(MemberTraceID), WithChallenge("Bearer")},
		"one language": {WithNegotiatedLanguage(), WithMembers(MemberTraceID)}, "problem": {WithFormats(Problem{})},
		"problem with types": {WithFormats(Problem{TypeBase: "https://e.example/"})},
		"short":              {WithBodyLimit(minBodyLimit)},
		"exposed":            {WithExposure(ExposeException)}, "moved": {WithStatus(TaskLocked, 409), WithDefaultKind(BadGateway)},
		"never": {WithRetryable(func(*Kind) bool { return false })}, "always": {WithRetryable(func(*Kind) bool { return true })},
	} {
		for _, observed := range []bool{false, true} {
			all := append([]Option{silent}, options...)
			if observed {
				all = append(all, WithObserver(observing))
			}
			r, err := newResponder(all...)
			require.NoError(t, err)
			anew, err := newResponder(all...)
			require.NoError(t, err)
			rendered(anew, false)
			anew.catalogue.Load().prepared = make([][]*template, len(anew.formats))
			for what, failure := range failures {
				for _, id := range ids {
					for _, language := range []string{"", "de", "ar", "pt-BR,fr;q=0.5", "xx"} {
						for range 2 {
							require.Equal(t, shown(anew.Respond(traced(id, language), failure)), shown(r.Respond(traced(id, language), failure)),
								"%s: %s, %s, %s", name, what, id, language)
						}
					}
				}
			}
		}
	}
}

// What a format makes of the request, the error or the trace id is not taken for what it makes of all.
func TestTemplatesOfOddFormats(t *testing.T) {
	for name, f := range map[string]func(dst []byte, o *Occurrence) []byte{
		"half of the id":   func(dst []byte, o *Occurrence) []byte { return append(dst, o.TraceID()[:1]...) },
		"backwards":        func(dst []byte, o *Occurrence) []byte { id := o.TraceID(); return append(dst, id[len(id)-1]) },
		"the id twice":     func(dst []byte, o *Occurrence) []byte { return append(append(dst, o.TraceID()...), o.TraceID()...) },
		"the path":         func(dst []byte, o *Occurrence) []byte { return append(dst, o.Request().Path()...) },
		"the error":        func(dst []byte, o *Occurrence) []byte { return append(dst, o.Err().Error()...) },
		"panics":           func(dst []byte, o *Occurrence) []byte { return append(dst, fmt.Sprint(o.Panicked())...) },
		"incidents":        func(dst []byte, o *Occurrence) []byte { return append(dst, fmt.Sprint(o.Incident())...) },
		"the route":        func(dst []byte, o *Occurrence) []byte { return append(dst, "route"+o.Route()...) },
		"the stack":        func(dst []byte, o *Occurrence) []byte { return append(dst, fmt.Sprint(len(o.Stack()))...) },
		"nothing":          func([]byte, *Occurrence) []byte { return nil },
		"a panic":          func([]byte, *Occurrence) []byte { panic("odd") },
		"whose text":       func(dst []byte, o *Occurrence) []byte { return append(dst, fmt.Sprint(o.OwnText())...) },
		"id by its length": func(dst []byte, o *Occurrence) []byte { return append(dst, fmt.Sprint(len(o.TraceID()))...) },
	} {
		r, err := newResponder(silent, WithFormats(oddFormat{f}), WithObserver(observing))
		require.NoError(t, err)
		anew, err := newResponder(silent, WithFormats(oddFormat{f}), WithObserver(observing))
		require.NoError(t, err)
		rendered(anew, false)
		for range 2 {
			for _, failure := range []error{TaskLocked, TaskLocked.New(Text("task_locked")), Panicked(TaskLocked), Panicked("boom"), io.EOF} {
				for _, id := range []string{"4bf92f3577b34da6a3ce929d0e0e4736", "0b8f3f1e-3f5e-4a6b-9d7f-2f7d3b6f0a11"} {
					assert.Equal(t, shown(anew.Respond(traced(id, ""), failure)), shown(r.Respond(traced(id, ""), failure)), name)
				}
			}
		}
	}
}

// Whatever is asked for, texts and the whole keep no more than they may.
func TestTemplatesAreBounded(t *testing.T) {
	r, err := newResponder(silent, WithFormats(Problem{}))
	require.NoError(t, err)
	c := r.catalogue.Load()
	for k := range Kinds() {
		_ = r.Respond(traced("", "de"), k.New(Text("gone")))
	}
	list := c.texts["gone"].templatesIn(c.index("de"))
	assert.Len(t, list, maxTextTemplates)
	c.made.Store(maxTemplates)
	before := shown(r.Respond(traced("x", "fr"), TaskLocked))
	assert.Equal(t, before, shown(r.Respond(traced("x", "fr"), TaskLocked)))
	assert.Nil(t, c.texts["task_locked"].template(c.index("fr"), templateKey{}).resp, "there is room for no more")
}

// Templates are made by whoever needs one first, by several at a time.
func TestTemplatesAreMadeAtATime(t *testing.T) {
	r, err := newResponder(silent, WithFormats(Problem{}), WithObserver(observing))
	require.NoError(t, err)
	var group sync.WaitGroup
	for _, language := range []string{"de", "fr", "de", "en", "fr"} {
		group.Go(func() {
			for k := range Kinds() {
				resp := r.Respond(traced("4bf92f3577b34da6a3ce929d0e0e4736", language), k)
				assert.Contains(t, string(resp.Body), `"lang":"`+language+`"`)
				assert.Contains(t, string(resp.Body), "4bf92f35-77b3-4da6-a3ce-929d0e0e4736")
			}
		})
	}
	group.Wait()
}
