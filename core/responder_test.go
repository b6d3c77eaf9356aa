package fault_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	parent  = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// Golden bodies: the bytes are contract.
func TestGoldenBodies(t *testing.T) {
	locales := fault.WithLocales(files(
		"active.de.toml", "[left]\none = \"Noch {{.Count}} Stunde für {{.Who}}.\"\nother = \"Noch {{.Count}} Stunden für {{.Who}}.\"",
		"active.en.toml", "[left]\none = \"{{.Count}} hour left for {{.Who}}.\"\nother = \"{{.Count}} hours left for {{.Who}}.\"",
	))
	all := fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams, fault.MemberRetryable)
	plural := fault.MaxHoursReached.New(fault.Text("left"), fault.Count(1), fault.Arg("Who", `<R&D> "x"`))
	details := fault.Transformation.New(
		fault.Detail("date", map[string]any{"b": 1, "a": []any{"x", nil, true, 1.5}}),
		fault.Detail("user", fault.EntityNotFound), fault.Detail("hours", 7))
	for _, c := range []struct {
		name string
		opts []fault.Option
		err  error
	}{
		{"static", nil, fault.TaskLocked},
		{"plural", []fault.Option{locales}, plural},
		{"members", []fault.Option{locales, all}, plural.With(fault.Detail("a", 1))},
		{"members-static", []fault.Option{all}, fault.DatabaseOperation},
		{"details", nil, details},
		{"unknown", nil, errors.New("secret")},
		{"unknown-exception", []fault.Option{fault.WithExposure(fault.ExposeException)}, errors.New("shown")},
		{"type-base", []fault.Option{fault.WithFormats(fault.Multilingual{},
			fault.Problem{TypeBase: "https://example.org/errors/"})}, fault.TaskLocked},
	} {
		r := responder(t, c.opts...)
		for _, format := range []string{"json", "problem"} {
			t.Run(c.name+"-"+format, func(t *testing.T) {
				req := with("Traceparent", parent, "Accept-Language", "de")
				if format == "problem" {
					req.headers["Accept"] = problemJSON
				}
				resp := r.Respond(req, c.err)
				got := fmt.Sprintf("%d\n%s\n", resp.Status, resp.Body)
				decode(t, resp)
				assert.Equal(t, resp.Body, r.Respond(req, c.err).Body, "the same bytes every time")
				golden := filepath.Join("testdata", "golden", c.name+"-"+format+".txt")
				if *update {
					require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
					t.Skip("rewritten")
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				assert.Equal(t, string(want), got)
			})
		}
	}
}

func TestHeadersOfEveryResponse(t *testing.T) {
	resp := responder(t).Respond(with(), fault.TaskLocked)
	assert.Equal(t, http.Header{
		"Content-Type": {"application/json"}, "Content-Length": {fmt.Sprint(len(resp.Body))}, "X-Content-Type-Options": {"nosniff"},
		"Cache-Control": {"no-store"}, "Content-Language": {"de, en, fr, pt"}, "Vary": {"Accept"},
	}, resp.Header())
	one := responder(t, fault.WithFormats(fault.Multilingual{})).Respond(with(), fault.TaskLocked)
	assert.NotContains(t, one.Header(), "Vary", "one format, all languages: nothing to vary by")
}

func TestTheErrorsOwnHeaders(t *testing.T) {
	challenge := func(r fault.Request) http.Header {
		return http.Header{"Www-Authenticate": {`Basic realm="` + r.Path() + `"`, "Bearer"}}
	}
	for _, c := range []struct {
		name  string
		attrs []fault.Attr
		want  http.Header // nil values: absent
		notes []string
	}{
		{"set", []fault.Attr{fault.Header("x-rate-limit", "5")}, http.Header{"X-Rate-Limit": {"5"}}, nil},
		{"the last one replaces", []fault.Attr{fault.Header("X-A", "1"), fault.Header("X-A", "2")}, http.Header{"X-A": {"2"}}, nil},
		{"added", []fault.Attr{fault.Header("X-A", "1"), fault.AddHeader("X-A", "2"), fault.AddHeader("X-A", "3")},
			http.Header{"X-A": {"1", "2", "3"}}, nil},
		{"computed", []fault.Attr{fault.HeadersFunc(challenge)}, http.Header{"Www-Authenticate": {`Basic realm="/orders/7"`, "Bearer"}}, nil},
		{"cache policy", []fault.Attr{fault.Header("Cache-Control", "max-age=60")}, http.Header{"Cache-Control": {"max-age=60"}}, nil},
		{"vary is added to", []fault.Attr{fault.Header("Vary", "Cookie")}, http.Header{"Vary": {"Accept", "Cookie"}}, nil},
		{"wait, rounded up", []fault.Attr{fault.RetryAfter(1500 * time.Millisecond)}, http.Header{"Retry-After": {"2"}}, nil},
		{"whole seconds", []fault.Attr{fault.RetryAfter(2 * time.Second)}, http.Header{"Retry-After": {"2"}}, nil},
		{"no wait", []fault.Attr{fault.RetryAfter(0)}, http.Header{"Retry-After": {"0"}}, nil},
		{"negative wait", []fault.Attr{fault.RetryAfter(-time.Second)}, http.Header{"Retry-After": nil}, nil},
		{"carriage return", []fault.Attr{fault.Header("X-A", "1\r\nX-B: 2")}, http.Header{"X-A": nil, "X-B": nil},
			[]string{"header X-A refused: its value has control characters"}},
		{"line feed", []fault.Attr{fault.AddHeader("X-A", "1\nX-B: 2")}, http.Header{"X-A": nil, "X-B": nil},
			[]string{"header X-A refused: its value has control characters"}},
		{"NUL", []fault.Attr{fault.Header("X-A", "1\x00")}, http.Header{"X-A": nil},
			[]string{"header X-A refused: its value has control characters"}},
		{"line break from a function",
			[]fault.Attr{fault.HeadersFunc(func(fault.Request) http.Header { return http.Header{"X-A": {"ok", "\r"}} })},
			http.Header{"X-A": nil}, []string{"header X-A refused: its value has control characters"}},
		{"name", []fault.Attr{fault.Header("X A:", "1"), fault.Header("", "1")},
			http.Header{"X-A": nil, "X A:": nil, "": nil},
			[]string{`header name "X A:" refused`, `header name "" refused`}},
		{"line break in a name", []fault.Attr{fault.Header("X-A\r\nX-B", "1")}, http.Header{"X-A": nil, "X-B": nil},
			[]string{`header name "X-A\r\nX-B" refused`}},
		{"headers of the body", []fault.Attr{fault.Header("Content-Type", "text/html"), fault.Header("content-length", "1")},
			http.Header{"Content-Type": {"application/json"}},
			[]string{"header Content-Type refused: it belongs to the body", "header Content-Length refused: it belongs to the body"}},
		{"panicking function",
			[]fault.Attr{fault.HeadersFunc(func(fault.Request) http.Header { panic("no") }), fault.Header("X-A", "1")},
			http.Header{"X-A": {"1"}}, []string{"a function of HeadersFunc panicked: no"}},
		{"nil function", []fault.Attr{fault.HeadersFunc(nil)}, http.Header{"Content-Type": {"application/json"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, log := logged(t)
			resp := r.Respond(with(), fault.Unauthorized.New(c.attrs...))
			for name, want := range c.want {
				assert.Equal(t, want, resp.Header()[name], name)
			}
			assert.Equal(t, fmt.Sprint(len(resp.Body)), resp.Header().Get("Content-Length"))
			notes, _ := log.only(t)["notes"].([]any)
			var got []string
			for _, n := range notes {
				got = append(got, n.(string))
			}
			assert.Equal(t, c.notes, got)
		})
	}
}

func TestSetHeader(t *testing.T) {
	resp := responder(t).Respond(with(), fault.TaskLocked)
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = append(h[pairs[i]], pairs[i+1])
		}
		return h
	}
	stale := []string{"Content-Encoding", "gzip", "Etag", "x", "Last-Modified", "x", "Content-Range", "x", "Accept-Ranges", "x",
		"Content-Disposition", "x", "Content-Location", "x", "Expires", "x", "Digest", "x", "Repr-Digest", "x",
		"Content-Digest", "x", "Content-Md5", "x",
		"Cdn-Cache-Control", "max-age=9", "Surrogate-Control", "x", "Pragma", "x", "Trailer", "x", "etag", "x",
		"content-encoding", "br", "ETag", "x", "CONTENT-LENGTH", "5", "Age", "1", "Transfer-Encoding", "chunked"}
	h := header(append([]string{"Content-Length", "5", "Content-Type", "text/csv", "Cache-Control", "public",
		"Content-Language", "ja"}, stale...)...)
	kept := header("Set-Cookie", "a", "Access-Control-Allow-Origin", "*", "X-Request-Id", "1", "Ratelimit-Limit", "5",
		"Strict-Transport-Security", "x", "Content-Security-Policy", "x", "Server-Timing", "x", "Allow", "GET",
		"Www-Authenticate", "x", "Retry-After", "1")
	maps.Copy(h, kept)
	resp.SetHeader(h, false)
	want := resp.Header()
	maps.Copy(want, kept)
	assert.Equal(t, want, h)

	outer := header("Content-Encoding", "gzip", "Etag", "x")
	resp.SetHeader(outer, true)
	assert.Equal(t, []string{"gzip"}, outer["Content-Encoding"], "an outer compressor's")
	assert.NotContains(t, outer, "Content-Length", "of the compressed body: not ours to tell")
	assert.NotContains(t, outer, "Etag")

	for _, c := range []struct{ before, want []string }{
		{nil, []string{"Accept"}},
		{[]string{"Origin"}, []string{"Origin", "Accept"}},
		{[]string{"Origin, accept"}, []string{"Origin, accept"}},
		{[]string{"Origin", "ACCEPT"}, []string{"Origin", "ACCEPT"}},
		{[]string{"*"}, []string{"*"}},
		{[]string{"Accept-Language"}, []string{"Accept-Language", "Accept"}},
	} {
		h := http.Header{"Vary": c.before}
		resp.SetHeader(h, false)
		assert.Equal(t, c.want, h["Vary"])
	}
	h = http.Header{}
	resp.SetHeader(h, false)
	h.Add("Vary", "Cookie")
	h.Add("Cache-Control", "x")
	assertHeader(t, resp, "Vary", "Accept")
	assertHeader(t, resp, "Cache-Control", "no-store")
}

func TestAllowOn405(t *testing.T) {
	r := responder(t)
	assertHeader(t, r.Respond(with(), fault.MethodNotAllowed), "Allow", "")
	assertHeader(t, r.Respond(with(), fault.MethodNotAllowed.New(fault.Header("Allow", "GET, HEAD"))), "Allow", "GET, HEAD")
	h := http.Header{"Allow": {"POST"}}
	r.Respond(with(), fault.MethodNotAllowed).SetHeader(h, false)
	assert.Equal(t, []string{"POST"}, h["Allow"], "the router's own")
	assert.NotContains(t, r.Respond(with(), fault.NotFound).Header(), "Allow")
}

func TestExposure(t *testing.T) {
	causes := map[string]error{
		"returned":             errors.New("boom-canary"),
		"wrapped in Unhandled": fault.Unhandled.Wrap(errors.New("boom-canary")),
		"defaulted":            fmt.Errorf("x: %w", errors.New("boom-canary")),
	}
	for name, err := range causes {
		for exposure, members := range map[fault.Exposure][]string{
			fault.ExposeNone: {"trace_id"}, fault.ExposeException: {"trace_id", "exception"},
			fault.ExposeTraceback: {"trace_id", "exception", "traceback"},
		} {
			t.Run(fmt.Sprint(name, exposure), func(t *testing.T) {
				r, log := logged(t, fault.WithExposure(exposure))
				resp := r.Respond(with("Traceparent", parent, "X-Debug", "1", "Accept", "*/*;debug=1"), err)
				assert.Equal(t, 500, resp.Status)
				details := decode(t, resp)["details"].(map[string]any)
				assert.Len(t, details, len(members))
				for _, m := range members {
					assert.Contains(t, details, m)
				}
				assert.Equal(t, traceID, details["trace_id"])
				assert.Equal(t, exposure >= fault.ExposeException, strings.Contains(string(resp.Body)+fmt.Sprint(resp.Header()), "canary"))
				line := log.only(t)
				assert.Equal(t, traceID, line["trace_id"])
				assert.Contains(t, line["cause"], "boom-canary")
			})
		}
	}
	r := responder(t, fault.WithExposure(fault.ExposeTraceback))
	known := string(r.Respond(with(), fault.Database.Wrap(errors.New("boom-canary"))).Body)
	assert.NotContains(t, known, "canary", "the exposure is for errors that nobody classified")
	assert.NotContains(t, known, "details", "an intended 5xx keeps its own text")
}

func TestRecovered(t *testing.T) {
	var nilMap map[string]int
	list := []int{}
	for _, c := range []struct {
		name   string
		panics func()
		status int
		code   string
		cause  string
	}{
		{"string", func() { panic("text-canary") }, 500, "unhandled", "panic: text-canary"},
		{"error", func() { panic(errors.New("error-canary")) }, 500, "unhandled", "error-canary"},
		{"structure", func() { panic(struct{ A string }{"structure-canary"}) }, 500, "unhandled",
			`panic: struct { A string } {"A":"structure-canary"}`},
		{"number", func() { panic(7) }, 500, "unhandled", "panic: int 7"},
		{"nil", func() { panic(nil) }, 500, "unhandled", "panic called with nil argument"},
		{"nil map", func() { nilMap["a"] = 1 }, 500, "unhandled", "assignment to entry in nil map"},
		{"index", func() { _ = list[len(list)] }, 500, "unhandled", "index out of range"},
		{"kind", func() { panic(fault.TaskLocked) }, 423, "task_locked", "task_locked"},
		{"fault", func() { panic(fault.Gone.New()) }, 410, "gone", "gone: "},
		{"wrapped fault", func() { panic(fmt.Errorf("w: %w", fault.Gone.New())) }, 410, "gone", "w: gone"},
		{"server fault", func() { panic(fault.Database.New()) }, 500, "database", "database: "},
		{"typed nil", func() { panic((*fault.Fault)(nil)) }, 500, "unhandled", "panic: *fault.Fault"},
		{"wrapped abort", func() { panic(fmt.Errorf("w: %w", http.ErrAbortHandler)) }, 500, "unhandled", "net/http: abort Handler"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen *fault.Occurrence
			r, log := logged(t, fault.WithExposure(fault.ExposeNone), fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { seen = o }))
			resp := recovering(r, c.panics)
			assert.Equal(t, c.status, resp.Status)
			line := log.only(t)
			assert.Equal(t, c.code, line["code"])
			assert.Contains(t, line["cause"], c.cause)
			assert.Equal(t, true, line["panic"])
			assert.NotContains(t, string(resp.Body), "canary")
			require.NotNil(t, seen)
			assert.True(t, seen.Panicked())
			if c.status < 500 {
				assert.NotContains(t, line, "stack", "a stack for 5xx only")
				return
			}
			const first = "github.com/polyfault/polyfault/core_test.TestRecovered.func"
			assert.True(t, strings.HasPrefix(line["stack"].(string), first),
				"the first frame is the one that panicked: %s", line["stack"])
		})
	}
	assert.Nil(t, responder(t).Recovered(with(), nil))
	r := responder(t, fault.WithExposure(fault.ExposeTraceback))
	body := decode(t, recovering(r, func() { panickingHandler() }))
	assert.Contains(t, body["details"].(map[string]any)["traceback"], "core_test.panickingHandler")
}

func panickingHandler() { panic("x") }

func recovering(r *fault.Responder, f func()) (resp *fault.Response) {
	defer func() { resp = r.Recovered(with(), recover()) }()
	f()
	return nil
}

func TestStatusOverride(t *testing.T) {
	r := responder(t, fault.WithStatus(fault.Locked, 409), fault.WithStatus(fault.ProjectLocked, 410),
		fault.WithStatus(fault.Gone, 503), fault.WithStatus(fault.ClientError, 418))
	for _, c := range []struct {
		err  error
		want int
	}{
		{fault.Locked, 409}, {fault.TaskLocked, 409}, {fault.ProjectLocked.New(), 410}, {fault.Gone, 503},
		{fault.NotFound, 404}, // a status of its own is not inherited
		{fault.ClientError.New(), 418},
		{statusError(423), 409},
	} {
		resp := r.Respond(with("Accept", problemJSON), c.err)
		assert.Equal(t, c.want, resp.Status, "%v", c.err)
		assert.EqualValues(t, c.want, decode(t, resp)["status"], "the body says what the status line says")
	}
}

func TestDefaultKind(t *testing.T) {
	r := responder(t, fault.WithDefaultKind(fault.BadGateway))
	resp := r.Respond(with("Traceparent", parent), errors.New("canary"))
	assert.Equal(t, 502, resp.Status)
	assert.Equal(t, map[string]any{"trace_id": traceID}, decode(t, resp)["details"], "it stays an unknown error")
	assert.NotContains(t, string(resp.Body), "canary")
}

// The stack of a plain error begins where somebody called the responder: the frames of the responder itself would
// tell nothing.
func TestTheStackOfAPlainError(t *testing.T) {
	var first string
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)),
		fault.WithObserver(func(_ context.Context, o *fault.Occurrence) {
			for frame := range o.Stack().Frames() {
				first = frame.Function
				return
			}
		}))
	require.NoError(t, err)
	r.Respond(with(), errors.New("x"))
	assert.True(t, strings.HasSuffix(first, ".TestTheStackOfAPlainError"), first)
}

// The rest of a body that is too large is not read: the connection closes.
func TestTooLargeClosesTheConnection(t *testing.T) {
	r := responder(t, fault.WithStatus(fault.Conflict, 413))
	assertHeader(t, r.Respond(with(), fault.ContentTooLarge), "Connection", "close")
	assertHeader(t, r.Respond(with(), fault.Conflict.New(fault.Detail("a", 1))), "Connection", "close")
	assert.Empty(t, r.Respond(with(), fault.Gone).Header().Values("Connection"))
}

func TestObservers(t *testing.T) {
	type key struct{}
	var seen []*fault.Occurrence
	log := newRecords()
	r, err := fault.NewResponder(fault.WithLogger(slog.New(log)), fault.WithObserver(func(ctx context.Context, o *fault.Occurrence) {
		assert.Equal(t, "value", ctx.Value(key{}))
		seen = append(seen, o)
	}))
	require.NoError(t, err)
	req := with("X-Request-ID", "req-1", "Accept", problemJSON, "Accept-Language", "pt")
	req.ctx = context.WithValue(context.Background(), key{}, "value")
	cause := errors.New("disk full")
	returned := fault.Database.Wrap(cause, fault.Arg("Table", "orders"), fault.Detail("a", 1), fault.Subtype("x-sub"),
		fault.Detail("b", fault.Gone))
	r.Respond(req, returned)
	req.committed = true
	assert.Nil(t, r.Respond(req, fault.Gone).Body, "nothing can be sent any more")

	require.Len(t, seen, 2)
	o := seen[0]
	assert.Same(t, returned, o.Err())
	assert.Equal(t, fault.Database, o.Kind())
	assert.Equal(t, 500, o.Status())
	assert.Equal(t, "req-1", o.TraceID())
	assert.Equal(t, "pt", o.Language())
	assert.Equal(t, "ltr", o.Dir())
	assert.False(t, o.AllLanguages())
	assert.Equal(t, "Ocorreu um erro no banco de dados.", o.Text())
	assert.Equal(t, "Erro no banco de dados", o.Title())
	assert.Equal(t, "x-sub", o.Subtype())
	assert.Equal(t, "/orders/7", o.Request().Path())
	assert.Equal(t, fault.ExposeNone, o.Exposure())
	assert.Contains(t, o.Stack().String(), "TestObservers")
	assert.False(t, o.Committed())
	assert.True(t, seen[1].Committed())
	assert.Empty(t, seen[1].Stack())
	for name, value := range o.Args() {
		assert.Equal(t, "Table=orders", fmt.Sprint(name, "=", value))
	}
	var names []string
	for name := range o.Details() {
		names = append(names, name)
	}
	for e := range o.Errors() {
		names = append(names, e.Name())
		assert.Equal(t, "gone", e.Code())
		assert.Equal(t, "O recurso solicitado não está mais disponível.", e.Text())
	}
	assert.Equal(t, []string{"a", "b"}, names)
	assert.Equal(t, 2, log.count, "one line each")
	assert.Contains(t, log.text(), `"committed":true`)
}

// While observers that keep the occurrence read it elsewhere, the rest of the answer goes on: another observer that panics, and
// the log line. The race detector tells.
func TestKeptOccurrencesAreReadWhileTheAnswerGoesOn(t *testing.T) {
	var readers sync.WaitGroup
	r, _ := logged(t, fault.WithClientErrorLevel(slog.LevelError),
		fault.WithObserver(func(_ context.Context, o *fault.Occurrence) {
			for range 4 {
				readers.Go(func() {
					for range 20 {
						_, _, _, _, _ = o.Stack(), o.Cause(), o.TraceID(), o.Route(), o.Title()
						runtime.Gosched()
					}
				})
			}
		}),
		fault.WithObserver(func(context.Context, *fault.Occurrence) { panic("observer") }))
	for _, err := range []error{fault.Gone, fault.Gone.New(), fault.Gone.Wrap(errors.New("x")), errors.New("x"), fault.BadGateway.New()} {
		r.Respond(with(), err)
	}
	readers.Wait()
}

func TestLogLine(t *testing.T) {
	r, log := logged(t)
	req := with("Traceparent", parent)
	req.route = "/orders/{id}"
	r.Respond(req, fmt.Errorf("loading: %w", fault.Database.Wrap(errors.New("disk full"),
		fault.Log(slog.String("query", "q7")), fault.Detail("a", 1))))
	line := log.only(t)
	for name, want := range map[string]any{"level": "ERROR", "msg": "request failed", "code": "database", "status": 500.0, "trace_id": traceID,
		"method": "GET", "path": "/orders/{id}",
		"cause": "loading: database: An error occurred in the database.: disk full", "query": "q7", "details": `{"a":1}`} {
		assert.Equal(t, want, line[name], name)
	}
	assert.Contains(t, line["stack"], "TestLogLine")

	loud := derived(fault.Gone, fault.Spec{Code: "test_loud", Level: slog.LevelWarn})
	r, log = logged(t)
	r.Respond(with(), derived(loud, fault.Spec{Code: "test_louder"}))
	assert.Equal(t, "WARN", log.only(t)["level"], "inherited")
	r, log = logged(t)
	r.Respond(with(), fault.Gone)
	line = log.only(t)
	assert.Equal(t, "DEBUG", line["level"])
	assert.NotContains(t, line, "stack")
	assert.Equal(t, "/orders/7", line["path"])
}

// The level of a kind is that of its log lines.
func TestLevel(t *testing.T) {
	r, err := fault.NewResponder(fault.WithClientErrorLevel(slog.LevelInfo), fault.WithStatus(fault.Gone, 503),
		fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	own := derived(fault.NotFound, fault.Spec{Code: "test_own_level", Level: slog.LevelWarn})
	for k, want := range map[*fault.Kind]slog.Level{
		fault.NotFound: slog.LevelInfo, fault.Database: slog.LevelError, fault.Gone: slog.LevelError, own: slog.LevelWarn,
		derived(own, fault.Spec{Code: "test_inherited_level"}): slog.LevelWarn, nil: slog.LevelError,
	} {
		assert.Equal(t, want, r.Level(k), k)
	}
	var none *fault.Responder
	assert.Equal(t, slog.LevelDebug, none.Level(fault.NotFound), "the default")
}

func TestTheDefaultLoggerIsAskedAtTheTime(t *testing.T) {
	log := newRecords()
	old := slog.Default()
	defer slog.SetDefault(old)
	slog.SetDefault(slog.New(log))
	fault.Default().Respond(with(), errors.New("x"))
	(*fault.Responder)(nil).Respond(with(), errors.New("x"))
	(*fault.Responder)(nil).Recovered(with(), "x")
	assert.Equal(t, 3, log.count)
}

func TestTraceIDs(t *testing.T) {
	const random = `^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$`
	for _, c := range []struct {
		name, header, value, want string
		opts                      []fault.Option
		attr                      fault.Attr
	}{
		{"the error's own", "Traceparent", parent, "^mine-1$", nil, fault.TraceID("mine-1")},
		{"the error's own is malformed", "Traceparent", parent, "^" + traceID + "$", nil, fault.TraceID("no\r\nway")},
		{"option", "Traceparent", parent, "^GET-span$",
			[]fault.Option{fault.WithTraceID(func(r fault.Request) string { return r.Method() + "-span" })}, fault.Attr{}},
		{"option without answer", "Traceparent", parent, "^" + traceID + "$",
			[]fault.Option{fault.WithTraceID(func(fault.Request) string { return "" })}, fault.Attr{}},
		{"option with a malformed answer", "X-Request-ID", "r1", "^r1$",
			[]fault.Option{fault.WithTraceID(func(fault.Request) string { return "a b" })}, fault.Attr{}},
		{"panicking option", "", "", random, []fault.Option{fault.WithTraceID(func(fault.Request) string { panic("x") })}, fault.Attr{}},
		{"traceparent", "Traceparent", parent, "^" + traceID + "$", nil, fault.Attr{}},
		{"later version", "Traceparent", "01" + parent[2:] + "-more", "^" + traceID + "$", nil, fault.Attr{}},
		{"version 00 with more", "Traceparent", parent + "-more", random, nil, fault.Attr{}},
		{"version ff", "Traceparent", "ff" + parent[2:], random, nil, fault.Attr{}},
		{"zero trace id", "Traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", random, nil, fault.Attr{}},
		{"zero parent id", "Traceparent", "00-" + traceID + "-0000000000000000-01", random, nil, fault.Attr{}},
		{"upper case", "Traceparent", strings.ToUpper(parent), random, nil, fault.Attr{}},
		{"short", "Traceparent", parent[:54], random, nil, fault.Attr{}},
		{"request id", "X-Request-ID", "Root=1-67891233-abcdef012345678912345678",
			"^Root=1-67891233-abcdef012345678912345678$", nil, fault.Attr{}},
		{"request id with markup", "X-Request-ID", "<script>", random, nil, fault.Attr{}},
		{"request id too long", "X-Request-ID", strings.Repeat("a", 129), random, nil, fault.Attr{}},
		{"nothing", "", "", random, nil, fault.Attr{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var observed string
			r, log := logged(t, append(c.opts, fault.WithMembers(fault.MemberTraceID),
				fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { observed = o.TraceID() }))...)
			resp := r.Respond(with(c.header, c.value), fault.Gone.New(c.attr))
			id := decode(t, resp)["trace_id"].(string)
			assert.Regexp(t, c.want, id)
			if c.want == random {
				assert.NotEqual(t, traceID, id)
			}
			assert.Equal(t, id, observed)
			assert.Equal(t, id, log.only(t)["trace_id"])
		})
	}
	instance := decode(t, responder(t).Respond(with("Accept", problemJSON, "Traceparent", parent), fault.Gone))["instance"]
	assert.Equal(t, "urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736", instance)
	assert.NotContains(t, decode(t, responder(t).Respond(with("Accept", problemJSON, "X-Request-ID", "r1"), fault.Gone)),
		"instance", "an id that is no UUID")
}

type carrying struct {
	*request
	header http.Header
}

func (r carrying) ResponseHeader(name string) string { return r.header.Get(name) }

// One response has one id: that which middleware has given the request before.
func TestAFunctionThatPanicsCostsItsTraceIDOnly(t *testing.T) {
	panics := fault.WithTraceID(func(fault.Request) string { panic("x") })
	opts := []fault.Option{panics, fault.WithMembers(fault.MemberTraceID)}
	r := responder(t, opts...)
	assert.Equal(t, "r1", decode(t, r.Respond(with("X-Request-ID", "r1"), fault.Gone))["trace_id"])
	r = responder(t, append(opts, fault.WithTraceID(func(fault.Request) string { return "second" }))...)
	assert.Equal(t, "second", decode(t, r.Respond(with("X-Request-ID", "r1"), fault.Gone))["trace_id"])
}

func TestTraceIDThatTheResponseCarries(t *testing.T) {
	r, log := logged(t, fault.WithMembers(fault.MemberTraceID))
	for i, c := range []struct {
		err    error
		req    *request
		header string
		want   string
	}{
		{fault.Gone, with("X-Request-ID", "of-the-request"), "of-the-response", "of-the-response"},
		{fault.Gone, with("X-Request-ID", "of-the-request"), "", "of-the-request"},
		{fault.Gone, with("X-Request-ID", "of-the-request"), "mal formed", "of-the-request"},
		{fault.Gone, with("Traceparent", parent), "of-the-response", traceID},
		{fault.Gone.New(fault.TraceID("its-own")), with(), "of-the-response", "its-own"},
	} {
		resp := r.Respond(carrying{c.req, http.Header{"X-Request-Id": {c.header}}}, c.err)
		assert.Equal(t, c.want, decode(t, resp)["trace_id"], i)
		assert.Contains(t, log.text(), `"trace_id":"`+c.want+`"`, i)
	}
}

// What the failed handler has set for its own body goes with it: a proxy would serve the file that was refused.
func TestWhatGoesWithTheFailedBody(t *testing.T) {
	gone := []string{
		"X-Accel-Redirect", "X-Accel-Buffering", "x-accel-expires", "X-Reproxy-URL", "X-LiteSpeed-Location", "X-Sendfile2", "X-Inertia-Location",
		"X-Sendfile", "X-LIGHTTPD-send-file", "X-Lighttpd-Send-Tempfile",
		"Location", "Refresh", "HX-Redirect", "HX-Location", "HX-Refresh", "HX-Push-Url", "hx-replace-url",
		"Surrogate-Control", "Surrogate-Key", "CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Edge-Control", "Expires",
		"Trailer", "Trailer:Checksum", "trailer:checksum", "X-Accel-Redirect:/secret", "X-Accel-Redirect ", "ETag", "Content-Disposition",
	}
	kept := []string{
		"HX-Retarget", "HX-Reswap", "HX-Trigger", "Set-Cookie", "X-Request-Id", "Access-Control-Allow-Origin",
		"Strict-Transport-Security", "X-RateLimit-Limit", "Location-Hint", "X-Accelerated", "Link",
	}
	header := http.Header{}
	for _, name := range append(gone, kept...) {
		header[name] = []string{"x"} // as it is written, past http.Header's methods
	}
	responder(t).Respond(with(), fault.PermissionDenied).SetHeader(header, false)
	for _, name := range gone {
		assert.NotContains(t, header, name)
	}
	for _, name := range kept {
		assert.Contains(t, header, name)
	}
	own := responder(t).Respond(with(), fault.Conflict.New(fault.Header("Location", "/orders/7"))).Header()
	assert.Equal(t, "/orders/7", own.Get("Location"), "the error's own")
}

func TestFormatsAreNegotiated(t *testing.T) {
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "application/json": "application/json", problemJSON: problemJSON,
		"application/vnd.x+json": "application/json", "text/html": "application/json", "image/png": "application/json",
		"application/*": "application/json", "application/json;q=0.1, application/problem+json": problemJSON,
		"application/json;q=0": "application/json", "*/*;q=0": "application/json", ";;,/,\x00": "application/json",
		"application/json;q=0, */*": problemJSON,
	} {
		resp := responder(t).Respond(with("Accept", accept), fault.TaskLocked)
		assertHeader(t, resp, "Content-Type", want)
		assert.Equal(t, 423, resp.Status)
	}
	first := responder(t, fault.WithFormats(fault.Problem{}, fault.Multilingual{}))
	assertHeader(t, first.Respond(with(), fault.Gone), "Content-Type", problemJSON)
}

func TestTexts(t *testing.T) {
	r := responder(t, fault.WithLocales(files("active.en.toml", "x = \"[{{.A}}] {{ .B }} {{.A}}\"\ny = \"<plain> & \\\"quoted\\\" \\u2028\"")),
		fault.WithMembers())
	at := time.Date(2026, 11, 21, 3, 4, 5, 0, time.UTC)
	type id string
	for _, c := range []struct {
		name string
		a    any
		want string
	}{
		{"string", "order", "order"},
		{"markup stays data", `<b>{{.B}}</b> %s $1 "`, `<b>{{.B}}</b> %s $1 "`},
		{"integer", 7, "7"}, {"uint8", uint8(7), "7"}, {"big", uint64(1 << 63), "9223372036854775808"}, {"float", 1.5, "1.5"},
		{"float32", float32(0.1), "0.1"}, {"huge float", 1e300, "1e+300"},
		{"bool", true, "true"}, {"time", at, "2026-11-21T03:04:05Z"}, {"duration", 90 * time.Second, "1m30s"},
		{"own string type", id("x"), "x"}, {"list", []string{"a", "b"}, "a, b"}, {"mixed list", []any{1, "b"}, "1, b"},
		{"nested list", []any{[]int{1}}, ""}, {"nil", nil, ""}, {"structure", struct{ A int }{1}, ""}, {"channel", make(chan int), ""},
		{"function", func() {}, ""}, {"bare error", errors.New("canary"), ""}, {"panicking Stringer", panickingStringer{}, ""},
		{"nil Stringer", (*panickingStringer)(nil), ""},
		{"control characters", "a\nb\x00c\x7f\u0085", "a\ufffdb\ufffdc\ufffd\ufffd"},
		{"bidi override", "a\u202eb\u2066", "a\ufffdb\ufffd"}, {"invalid UTF-8", "a\xffb", "a\ufffdb"}, {"emoji", "🙂", "🙂"},
		{"very long", strings.Repeat("ä", 1000), strings.Repeat("ä", 510) + "…"},
	} {
		body := decode(t, r.Respond(with(), fault.Gone.New(fault.Text("x"), fault.Arg("A", c.a), fault.Arg("unused", 1))))
		assert.Equal(t, "["+c.want+"]  "+c.want, body["EN"], c.name)
		assert.NotContains(t, string(r.Respond(with("Accept", problemJSON), fault.Gone.New(fault.Text("x"), fault.Arg("A", c.a))).Body), "canary")
	}
	body := r.Respond(with(), fault.Gone.New(fault.Text("y"))).Body
	assert.Equal(t, `{"EN":"\u003cplain\u003e \u0026 \"quoted\" \u2028"}`, string(body), "escaped as encoding/json does")
	assert.Equal(t, "[]  ", decode(t, r.Respond(with(), fault.Gone.New(fault.Text("x"))))["EN"], "missing arguments read as nothing")
	assert.Equal(t, "[2]  2",
		decode(t, r.Respond(with(), fault.Gone.New(fault.Text("x"), fault.Arg("A", 1), fault.Arg("A", 2))))["EN"], "the last one counts")
}

type panickingStringer struct{ _ int }

func (p panickingStringer) String() string { panic("String method") }

func TestRespondNil(t *testing.T) {
	r := responder(t)
	assert.Nil(t, r.Respond(with(), nil))
	resp := r.Respond(with(), (*fault.Fault)(nil))
	assert.Equal(t, 500, resp.Status, "adapters ask IsNil first; whoever comes this far gets an answer")
	decode(t, resp)
	assert.Equal(t, 423, r.Respond(nil, fault.TaskLocked).Status, "no request: the defaults")
	assert.Equal(t, 500, r.Respond(nil, errors.New("x")).Status)
	assert.Equal(t, 423, (&fault.Responder{}).Respond(with(), fault.TaskLocked).Status, "the zero Responder is the default one")
}

func TestOptionsRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		opt  fault.Option
		want string
	}{
		"nil option":            {nil, "option 1 of NewResponder is nil"},
		"no languages":          {fault.WithLanguages(), "WithLanguages: no language"},
		"unknown language":      {fault.WithLanguages("english"), `"english" is not a known`},
		"language not loaded":   {fault.WithLanguages("de", "is"), "no locale file active.is.toml is loaded; loaded are "},
		"language twice":        {fault.WithLanguages("de", "DE"), "twice"},
		"default not loaded":    {fault.WithDefaultLanguage("is"), "WithDefaultLanguage"},
		"empty default":         {fault.WithDefaultLanguage(""), "WithDefaultLanguage"},
		"no formats":            {fault.WithFormats(), "no format"},
		"nil format":            {fault.WithFormats(fault.Problem{}, nil), "format 2 is nil"},
		"typed nil format":      {fault.WithFormats((*fault.Problem)(nil)), "format 1 is nil"},
		"two of one type":       {fault.WithFormats(fault.Problem{}, fault.Problem{TypeBase: "urn:x:"}), "two formats"},
		"bad content type":      {fault.WithFormats(odd{contentType: "no type\r\n"}), "no media type"},
		"bad use":               {fault.WithFormats(odd{contentType: "a/b", use: 9}), "TextUse 9"},
		"unknown member":        {fault.WithMembers(99), "member 99"},
		"member twice":          {fault.WithMembers(fault.MemberCode, fault.MemberCode), "twice"},
		"nil mapper":            {fault.WithMapper(fault.MapIs(errors.New("x"), fault.Gone), nil), "mapper 2 is nil"},
		"unknown exposure":      {fault.WithExposure(9), "exposure 9"},
		"nil observer":          {fault.WithObserver(nil), "WithObserver"},
		"nil trace id function": {fault.WithTraceID(nil), "WithTraceID"},
		"status of nil kind":    {fault.WithStatus(nil, 400), "the kind is nil"},
		"status out of range":   {fault.WithStatus(fault.Gone, 200), `status 200 for kind "gone"`},
		"nil default kind":      {fault.WithDefaultKind(nil), "WithDefaultKind"},
	} {
		r, err := fault.NewResponder(c.opt)
		assert.Nil(t, r, name)
		assert.ErrorContains(t, err, c.want, name)
	}
	r, err := fault.NewResponder(fault.WithLogger(nil))
	assert.NoError(t, err, "nil is slog's default logger")
	assert.NotNil(t, r)
}

// odd is a format outside core.
type odd struct {
	contentType string
	use         fault.TextUse
	append      func([]byte, *fault.Occurrence) []byte
}

func (f odd) ContentType() string                           { return f.contentType }
func (f odd) Use() fault.TextUse                            { return f.use }
func (f odd) Append(dst []byte, o *fault.Occurrence) []byte { return f.append(dst, o) }

func TestAFormatOutsideCore(t *testing.T) {
	lines := func(dst []byte, o *fault.Occurrence) []byte {
		dst = append(dst, o.Kind().Code()+"|"+o.Language()+"|"+o.Text()+"|"+o.Title()+"\n"...)
		for key, text := range o.Texts() {
			dst = append(dst, key+"="+text+"\n"...)
		}
		for name, value := range o.Args() {
			dst = append(dst, fmt.Sprint(name, "=", value, "\n")...)
		}
		for name, value := range o.Details() {
			dst = append(dst, fmt.Sprint(name, "=", value, "\n")...)
		}
		for e := range o.Errors() {
			for key, text := range e.Texts() {
				dst = append(dst, e.Name()+"."+key+"="+text+"\n"...)
			}
			dst = append(dst, fmt.Sprint(e.Name(), "=", e.Text(), "\n")...)
		}
		return append(o.AppendDetails(o.AppendParams(dst)), o.TraceID()...)
	}
	err := fault.Gone.New(fault.Arg("A", 1), fault.Count(2), fault.Detail("x", fault.TaskLocked),
		fault.Detail("y", []int{1}), fault.Detail("z", fmt.Errorf("w: %w", fault.Gone)))
	req := with("Accept", "text/lines", "Accept-Language", "fr", "X-Request-ID", "r1")
	for _, use := range []fault.TextUse{fault.AllLanguages, fault.OneLanguage, fault.OneLanguageTitled} {
		r := responder(t, fault.WithLanguages("de", "en"), fault.WithFormats(fault.Multilingual{}, odd{"text/lines; charset=utf-8", use, lines}))
		resp := r.Respond(req, err)
		assertHeader(t, resp, "Content-Type", "text/lines; charset=utf-8")
		text := string(resp.Body)
		if use == fault.AllLanguages {
			assert.Contains(t, text,
				"gone||The requested resource is no longer available.|Gone\nDE=Die angeforderte Ressource ist nicht mehr verfügbar.\nEN=The")
			assert.Contains(t, text, "x.DE=Dies ist nicht möglich, weil die Aufgabe gesperrt ist.\n")
			assertHeader(t, resp, "Content-Language", "de, en")
		} else {
			assert.Contains(t, text, "gone|fr|La ressource demandée n’est plus disponible.|Ressource devenue indisponible\n")
			assert.Contains(t, text, "x=Cette opération est impossible, car la tâche est verrouillée.\n")
			assertHeader(t, resp, "Content-Language", "fr")
		}
		assert.Contains(t, text, "A=1\nCount=2\n")
		assert.Contains(t, text, `{"A":1,"Count":2}{"x":{"error":`)
		assert.True(t, strings.HasSuffix(text, "r1"))
	}
}

func TestAReusableFormatIsRenderedOnce(t *testing.T) {
	calls := 0
	format := reusable{odd{"text/once", fault.AllLanguages,
		func(dst []byte, o *fault.Occurrence) []byte { calls++; return append(dst, o.Text()...) }}}
	r, err := fault.NewResponder(fault.WithFormats(format), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	before := calls
	for range 3 {
		assert.Equal(t, "The requested resource is no longer available.", string(r.Respond(with(), fault.Gone.New()).Body))
	}
	assert.Equal(t, before, calls)
	tracing := reusable{odd{"text/traced", fault.AllLanguages,
		func(dst []byte, o *fault.Occurrence) []byte { return append(dst, o.TraceID()...) }}}
	r, err = fault.NewResponder(fault.WithFormats(tracing), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	assert.Equal(t, "r1", string(r.Respond(with("X-Request-ID", "r1"), fault.Gone).Body))
	assert.Equal(t, "r2", string(r.Respond(with("X-Request-ID", "r2"), fault.Gone).Body), "it asked for the trace id: rendered each time")
}

// A format that embeds a reusable one adds what that one knows nothing of.
func TestAFormatThatEmbedsAReusableOneIsRenderedAnew(t *testing.T) {
	format := &counting{}
	for _, format := range []fault.Format{format, struct{ *counting }{format}} {
		r := responder(t, fault.WithFormats(format))
		first := decode(t, r.Respond(with(), fault.Gone.New()))
		for range 3 {
			r.Respond(with(), fault.Gone.New())
		}
		assert.NotEqual(t, first["count"], decode(t, r.Respond(with(), fault.Gone.New()))["count"])
	}
}

type counting struct {
	fault.Problem
	count int
}

func (f *counting) Append(dst []byte, o *fault.Occurrence) []byte {
	f.count++
	dst = f.Problem.Append(dst, o)
	return fmt.Appendf(dst[:len(dst)-1], `,"count":%d}`, f.count/4) // as a clock: the same for some time
}

func TestNothingIsRenderedBesideAnAnswer(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	beside := with()
	beside.committed = true
	argument, cause := fault.Gone.New(fault.Arg("A", 1)), fault.Gone.Wrap(errors.New("x"))
	for _, err := range []error{fault.Gone, fault.Gone.New(), argument, cause, errors.New("x")} {
		assert.Nil(t, r.Respond(beside, err).Body)
	}
}

type reusable struct{ odd }

func (reusable) Reusable() bool { return true }

func TestErrorBody(t *testing.T) {
	r := responder(t, fault.WithLocales(files("active.en.toml", "x = \"Hello {{.N}}.\"", "active.de.toml", "x = \"Hallo {{.N}}.\"")))
	resp := r.Respond(with(), fmt.Errorf("w: %w", &UserNotSynced{fault.BadRequest.New(fault.Header("X-A", "1"), fault.Detail("d", 1)), "R41"}))
	assert.Equal(t, 400, resp.Status)
	assert.Equal(t, `{"error":"user-not-synced","user":"R41"}`, string(resp.Body))
	assertHeader(t, resp, "X-A", "1")
	assert.NotContains(t, resp.Header(), "Content-Language", "no text of ours is in the body")

	problem := decode(t, r.Respond(with("Accept", problemJSON), &UserNotSynced{fault.BadRequest.New(), "R41"}))
	assert.Equal(t, "bad_request", problem["code"], "the own body is that of the default format")

	for _, c := range []struct {
		name                 string
		body                 func(fault.Localizer) any
		want, language, vary string
	}{
		{"negotiated text", func(l fault.Localizer) any { return l.Text("x", fault.Arg("N", 1)) }, `"Hallo 1."`, "de", "Accept, Accept-Language"},
		{"all texts", func(l fault.Localizer) any { return l.Texts("x", fault.Arg("N", 1)) },
			`{"DE":"Hallo 1.","EN":"Hello 1."}`, "de, en", "Accept"},
		{"unknown id", func(l fault.Localizer) any { return []any{l.Text("nope"), l.Texts("nope")} }, `["nope",{}]`,
			"", "Accept, Accept-Language"},
		{"nil", func(fault.Localizer) any { return nil },
			`{"DE":"Die Anfrage ist ungültig.","EN":"The request is not valid.","code":"bad_request"}`, "de, en", "Accept"},
		{"typed nil", func(fault.Localizer) any { return (*UserNotSynced)(nil) },
			`{"DE":"Die Anfrage ist ungültig.","EN":"The request is not valid.","code":"bad_request"}`, "de, en", "Accept"},
		{"panic", func(fault.Localizer) any { panic("x") },
			`{"DE":"Die Anfrage ist ungültig.","EN":"The request is not valid.","code":"bad_request"}`, "de, en", "Accept"},
		{"not encodable", func(fault.Localizer) any { return func() {} }, `"(not encodable)"`, "", "Accept"},
	} {
		resp := r.Respond(with("Accept-Language", "de"), &bodied{fault.BadRequest.New(), c.body})
		assert.Equal(t, 400, resp.Status, c.name)
		assert.Equal(t, c.want, string(resp.Body), c.name)
		assert.Equal(t, c.language, resp.Header().Get("Content-Language"), c.name)
		assert.Equal(t, c.vary, resp.Header().Get("Vary"), c.name)
	}
}

type bodied struct {
	*fault.Fault
	body func(fault.Localizer) any
}

func (e *bodied) ErrorBody(l fault.Localizer) any { return e.body(l) }

// editor is a framework's header that is no http.Header.
type editor struct{ http.Header }

func (e editor) Prune(stale func(string) bool) {
	maps.DeleteFunc(e.Header, func(name string, _ []string) bool { return stale(name) })
}
func (e editor) Get(name string) string { return strings.Join(e.Values(name), ", ") }

func TestEditHeaderDoesWhatSetHeaderDoes(t *testing.T) {
	r := responder(t)
	for _, err := range []error{
		fault.TaskLocked, fault.MethodNotAllowed, fault.MethodNotAllowed.New(fault.Header("Allow", "GET")),
		fault.Unauthorized.New(
			fault.AddHeader("WWW-Authenticate", "Basic"), fault.AddHeader("WWW-Authenticate", "Bearer"),
			fault.Header("Vary", "Cookie, accept"), fault.Header("Cache-Control", "private")),
		&UserNotSynced{fault.BadRequest.New(), "R41"},
	} {
		for _, compressed := range []bool{false, true} {
			for _, vary := range []string{"", "*", "Origin, ACCEPT", "Origin"} {
				resp := r.Respond(with("Accept-Language", "fr"), err)
				before := http.Header{"Etag": {"x"}, "content-md5": {"x"}, "Content-Encoding": {"gzip"},
					"Www-Authenticate": {"Digest"}, "X-Kept": {"1"}}
				if vary != "" {
					before.Set("Vary", vary)
				}
				set, edited := before.Clone(), editor{before.Clone()}
				resp.SetHeader(set, compressed)
				resp.EditHeader(edited, compressed)
				set.Del("Content-Length")
				set["Vary"], edited.Header["Vary"] = []string{strings.Join(set["Vary"], ", ")}, []string{edited.Get("Vary")}
				assert.Equal(t, set, edited.Header, "%v, compressed %t, Vary %q", err, compressed, vary)
			}
		}
	}
}

func TestForeignMessages(t *testing.T) {
	err := fmt.Errorf("w: %w", messageError{statusError(409)})
	assert.NotContains(t, string(responder(t).Respond(with(), err).Body), "for clients")
	body := decode(t, responder(t, fault.WithForeignMessages()).Respond(with(), err))
	assert.Equal(t, map[string]any{"message": "for clients"}, body["details"])
	body = decode(t, responder(t, fault.WithForeignMessages()).Respond(with(), statusError(409)))
	assert.NotContains(t, body, "details")
}

type messageError struct{ statusError }

func (messageError) StatusMessage() string { return "for clients" }

func TestPanicked(t *testing.T) {
	caught := func(v any) (err error) {
		defer func() { err = fault.Panicked(recover()) }()
		panic(v)
	}
	r, log := logged(t)
	assert.Equal(t, 423, r.Respond(with(), caught(fault.TaskLocked)).Status)
	assert.Equal(t, true, log.only(t)["panic"])
	r, log = logged(t)
	assert.Equal(t, 500, r.Respond(with(), fmt.Errorf("by middleware: %w", caught("canary"))).Status)
	line := log.only(t)
	assert.Equal(t, true, line["panic"])
	assert.Equal(t, "by middleware: panic: canary", line["cause"])
	assert.True(t, strings.HasPrefix(line["stack"].(string), "github.com/polyfault/polyfault/core_test.TestPanicked.func1\n"))
	for _, wrapped := range []error{
		fmt.Errorf("by middleware: %w", caught(fault.Database.Wrap(errors.New("x")))),
		fault.BadGateway.Wrap(caught("canary")),
	} {
		r, log = logged(t)
		r.Respond(with(), wrapped)
		line = log.only(t)
		assert.Equal(t, true, line["panic"], "%v", wrapped)
		assert.True(t, strings.HasPrefix(line["stack"].(string), "github.com/polyfault/polyfault/core_test.TestPanicked.func1\n"), line["stack"])
	}
	assert.NoError(t, fault.Panicked(nil))
	assert.ErrorIs(t, caught(fault.TaskLocked), fault.Locked)
}

func TestJoinedHeader(t *testing.T) {
	h := http.Header{"Accept": {"a", "b"}, "X-Request-Id": {"1"}}
	assert.Equal(t, "a, b", fault.JoinedHeader(h, "Accept"))
	assert.Equal(t, "1", fault.JoinedHeader(h, "x-request-id"))
	assert.Empty(t, fault.JoinedHeader(h, "Vary"))
	assert.Empty(t, fault.JoinedHeader(nil, "Vary"))
}
