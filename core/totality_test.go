package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// Types that panic wherever the responder calls them.
type (
	panickingMarshaler struct{}
	panickingIs        struct{ error }
	panickingStatus    struct{ error }
	panickingLog       struct{ slog.Handler }
	panickingRequest   struct{}
)

func (panickingMarshaler) MarshalJSON() ([]byte, error)        { panic("MarshalJSON") }
func (panickingIs) Is(error) bool                              { panic("Is") }
func (panickingIs) As(any) bool                                { panic("As") }
func (panickingStatus) StatusCode() int                        { panic("StatusCode") }
func (panickingLog) Enabled(context.Context, slog.Level) bool  { return true }
func (panickingLog) Handle(context.Context, slog.Record) error { panic("Handle") }
func (panickingRequest) Context() context.Context              { panic("Context") }
func (panickingRequest) Method() string                        { panic("Method") }
func (panickingRequest) Path() string                          { panic("Path") }
func (panickingRequest) Header(string) string                  { panic("Header") }
func (panickingRequest) Committed() bool                       { panic("Committed") }

type invalidMarshaler string

func (m invalidMarshaler) MarshalJSON() ([]byte, error) { return []byte(m), nil }

func TestWhateverPanicsCostsItsContributionOnly(t *testing.T) {
	panicking := func(context.Context, *fault.Occurrence) { panic("observer") }
	for _, c := range []struct {
		name   string
		opts   []fault.Option
		err    error
		status int
		note   string
	}{
		{"Error", nil, panickingError{}, 500, ""},
		{"Error of a cause", nil, fault.Gone.Wrap(panickingError{}), 410, ""},
		{"Error, exposed", []fault.Option{fault.WithExposure(fault.ExposeTraceback)}, panickingError{}, 500, ""},
		{"Unwrap", nil, panickingUnwrap{}, 500, "an error's Unwrap, Cause, Is or As panicked: no"},
		{"Is and As", nil, panickingIs{errors.New("x")}, 500, "an error's Unwrap, Cause, Is or As panicked: As"},
		{"StatusCode", nil, panickingStatus{errors.New("x")}, 500, "an error's Unwrap, Cause, Is or As panicked: StatusCode"},
		{"MarshalJSON of a detail", nil, fault.Gone.New(fault.Detail("a", panickingMarshaler{})), 410,
			`detail "a" cannot be encoded as JSON (fault_test.panickingMarshaler)`},
		{"String of an argument", nil, fault.Gone.New(fault.Arg("a", panickingStringer{})), 410, ""},
		{"ErrorBody", nil, &bodied{fault.Gone.New(), func(fault.Localizer) any { panic("body") }}, 410, "ErrorBody panicked: body"},
		{"Error of an entry", nil, (&fault.Details{}).AddError("a", panickingError{}).Err(fault.Gone), 410, ""},
		{"mapper", []fault.Option{fault.WithMapper(func(error) *fault.Fault { panic("map") })}, statusError(410), 410, "a mapper panicked: map"},
		{"observer", []fault.Option{fault.WithObserver(panicking)}, fault.Gone, 410, "an observer panicked: observer"},
		{"format", []fault.Option{fault.WithFormats(odd{"text/odd", fault.AllLanguages,
			func([]byte, *fault.Occurrence) []byte { panic(errors.New("format")) }})}, fault.Gone, 410, "the format panicked: format"},
		{"format that returns nothing", []fault.Option{fault.WithFormats(odd{"text/odd", fault.OneLanguage,
			func([]byte, *fault.Occurrence) []byte { return nil }})}, fault.Gone, 410, ""},
		{"trace id function", []fault.Option{fault.WithTraceID(func(fault.Request) string { panic("trace") }),
			fault.WithMembers(fault.MemberTraceID)}, fault.Gone, 410, "WithTraceID panicked: trace"},
		{"headers function", nil,
			fault.Gone.New(fault.HeadersFunc(func(fault.Request) http.Header { panic(struct{}{}) })), 410,
			"a function of HeadersFunc panicked: struct {}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, log := logged(t, c.opts...)
			resp := r.Respond(with(), c.err)
			assertSound(t, resp, c.status)
			line := log.only(t)
			if c.note != "" {
				assert.Contains(t, fmt.Sprint(line["notes"]), c.note)
			}
		})
	}
}

func TestPanickingLoggerAndRequest(t *testing.T) {
	calls := 0
	observe := fault.WithObserver(func(context.Context, *fault.Occurrence) { calls++ })
	r, err := fault.NewResponder(fault.WithLogger(slog.New(panickingLog{slog.DiscardHandler})), observe)
	require.NoError(t, err)
	assertSound(t, r.Respond(with(), fault.Gone), 410)
	assertSound(t, r.Respond(with(), errors.New("x")), 500)
	assert.Equal(t, 2, calls)
	quick, err := fault.NewResponder(fault.WithLogger(slog.New(panickingLog{slog.DiscardHandler})))
	require.NoError(t, err)
	assertSound(t, quick.Respond(with(), fault.Gone), 410)

	for _, opts := range [][]fault.Option{nil, {observe}, {fault.WithMembers(fault.MemberTraceID)}, {fault.WithFormats(fault.Problem{})}} {
		log := newRecords()
		r, err := fault.NewResponder(append(opts, fault.WithLogger(slog.New(log)))...)
		require.NoError(t, err)
		assertSound(t, r.Respond(panickingRequest{}, fault.Gone), 410)
		assertSound(t, r.Respond(panickingRequest{}, context.Canceled), 500)
		assert.Equal(t, 2, log.count, "logged all the same: %s", log.text())
	}
}

// assertSound checks the rules that hold for every response.
func assertSound(t testing.TB, resp *fault.Response, status int) {
	t.Helper()
	require.NotNil(t, resp)
	assert.Equal(t, status, resp.Status)
	require.True(t, json.Valid(resp.Body), "body: %q", resp.Body)
	require.True(t, utf8.Valid(resp.Body))
	var body map[string]any
	require.NoError(t, json.Unmarshal(resp.Body, &body))
	if _, problem := body["detail"]; !problem {
		assert.NotEmpty(t, body["EN"], "a localized text: %s", resp.Body)
	}
	header := resp.Header()
	assert.Equal(t, fmt.Sprint(len(resp.Body)), header.Get("Content-Length"))
	assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
}

func TestValuesThatJSONCannotExpress(t *testing.T) {
	cyclicMap := map[string]any{}
	cyclicMap["self"] = cyclicMap
	cyclicList := make([]any, 1)
	cyclicList[0] = cyclicList
	type node struct{ Next *node }
	cyclicPointer := &node{}
	cyclicPointer.Next = cyclicPointer
	shared := any("x")
	for range 40 { // 2^40 strings, if written out
		shared = []any{shared, shared}
	}
	const stand = `"(not encodable)"`
	for _, c := range []struct {
		name  string
		value any
		want  string // "" when only soundness counts
	}{
		{"channel", make(chan int), stand}, {"function", func() {}, stand}, {"complex number", 1i, stand},
		{"NaN", math.NaN(), `"NaN"`}, {"infinity", math.Inf(1), `"+Inf"`}, {"negative infinity", float32(math.Inf(-1)), `"-Inf"`},
		{"NaN inside a structure", struct{ F float64 }{math.NaN()}, stand},
		{"channel inside a map", map[string]any{"a": 1, "b": make(chan int)}, `{"a":1,"b":` + stand + `}`},
		{"cyclic map", cyclicMap, ""}, {"cyclic list", cyclicList, ""}, {"cyclic pointer", cyclicPointer, stand},
		{"graph of shared lists", shared, ""},
		{"invalid UTF-8", "a\xffb", `"a\ufffdb"`}, {"invalid UTF-8 in raw JSON", json.RawMessage("\"a\xffb\""), "\"a\ufffdb\""},
		{"broken raw JSON", json.RawMessage(`{"a":`), stand}, {"broken MarshalJSON", invalidMarshaler("{"), stand},
		{"typed nil marshaler", (*panickingMarshaler)(nil), "null"}, {"bare error", errors.New("canary"), stand},
		{"map with keys of other types", map[int]string{1: "a"}, `{"1":"a"}`}, {"nil map", map[string]any(nil), "null"},
		{"nil list", []any(nil), "null"},
		{"markup", "<&>\u2028\u2029", `"\u003c\u0026\u003e\u2028\u2029"`},
		{"integers", []any{int8(1), uint64(math.MaxUint64), int64(math.MinInt64)}, `[1,18446744073709551615,-9223372036854775808]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, log := logged(t, fault.WithMembers(fault.MemberParams))
			resp := r.Respond(with(), fault.Gone.New(fault.Detail("a", c.value), fault.Arg("b", c.value)))
			assertSound(t, resp, 410)
			log.only(t)
			assert.NotContains(t, string(resp.Body), "canary")
			assert.Less(t, len(resp.Body), 3<<20)
			if c.want != "" {
				assert.Contains(t, string(resp.Body), `"params":{"b":`+c.want+`}`)
				assert.Contains(t, string(resp.Body), `"details":{"a":`+c.want+`}`)
			}
			assertSound(t, r.Respond(with("Accept", problemJSON), fault.Gone.New(fault.Detail("a", c.value), fault.Arg("b", c.value))), 410)
		})
	}
}

func TestHostileRequests(t *testing.T) {
	long := strings.Repeat("de-a-", 20_000)
	for _, header := range []string{long, strings.Repeat("de;q=0.1,", 12_000), strings.Repeat("\"", 100_000),
		strings.Repeat("-", 100_000), "\x00\r\n\xff", strings.Repeat(",", 100_000)} {
		for _, err := range []error{fault.Gone, errors.New("x")} {
			resp := responder(t).Respond(with("Accept", header+","+problemJSON, "Accept-Language", header,
				"Traceparent", header, "X-Request-ID", header), err)
			require.True(t, json.Valid(resp.Body))
			for name, values := range resp.Header() {
				assert.NotContains(t, strings.Join(values, ""), "de-a-", name)
			}
		}
	}
}

// One responder, one package-level fault, requests in alternating languages and formats.
func TestConcurrentRequests(t *testing.T) {
	r := responder(t, fault.WithMembers(fault.MemberTraceID))
	shared := fault.TaskLocked.New(fault.Arg("A", 1), fault.Detail("d", fault.Gone))
	titles := map[string]string{"de": "Gesperrt", "en": "Locked", "fr": "Ressource verrouillée", "pt": "Bloqueado"}
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 50 {
				tag := []string{"de", "en", "fr", "pt"}[(worker+i)%4]
				id := fmt.Sprintf("%d-%d", worker, i)
				body := decode(t, r.Respond(with("Accept", problemJSON, "Accept-Language", tag, "X-Request-ID", id), shared.With(fault.Arg("B", i))))
				if body["title"] != titles[tag] || body["trace_id"] != id || body["params"].(map[string]any)["B"] != float64(i) {
					t.Errorf("%s %s: %v", tag, id, body)
				}
			}
		})
	}
	all.Wait()
}
