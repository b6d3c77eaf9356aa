package fault_test

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// delegate finds what it holds by its methods Is and As alone, as lists of errors of several libraries do.
type delegate struct{ errs []error }

func (delegate) Error() string { return "delegate canary" }
func (d delegate) Is(target error) bool {
	return errors.Is(errors.Join(d.errs...), target)
}
func (d delegate) As(target any) bool { return errors.As(errors.Join(d.errs...), target) }

// causer is of the time before Unwrap; opaque has an Unwrap that hides.
type causer struct{ cause error }

func (causer) Error() string  { return "causer canary" }
func (c causer) Cause() error { return c.cause }

type opaque struct{ causer }

func (opaque) Unwrap() error { return nil }

type getStatus int

func (getStatus) Error() string    { return "status canary" }
func (s getStatus) GetStatus() int { return int(s) }

type hostile struct{}

func (hostile) Error() string   { panic("Error") }
func (hostile) Is(error) bool   { panic("Is") }
func (hostile) As(any) bool     { panic("As") }
func (hostile) Unwrap() []error { panic("Unwrap") }

// layer is what fmt.Errorf makes, without a text that grows.
type layer struct{ error }

func (l layer) Unwrap() error { return l.error }

// polyfault finds everything in a tree that errors.As finds.
func TestTreesOfOthers(t *testing.T) {
	type booking struct{ *fault.Fault }
	mine := booking{fault.TaskLocked.New()}
	deep := error(fault.TaskLocked)
	for range 16_000 {
		deep = layer{deep}
	}
	wide := slices.Repeat([]error{io.EOF}, 100_000)
	for name, err := range map[string]error{
		"kind through As":          delegate{[]error{io.EOF, fault.TaskLocked}},
		"fault through As":         delegate{[]error{io.EOF, fault.TaskLocked.New()}},
		"own type through As":      fmt.Errorf("w: %w", delegate{[]error{mine}}),
		"status through As":        delegate{[]error{statusError(423)}},
		"GetStatus":                fmt.Errorf("w: %w", getStatus(423)),
		"GetStatus through As":     delegate{[]error{getStatus(423)}},
		"Cause":                    fmt.Errorf("w: %w", causer{fault.TaskLocked.New()}),
		"Cause behind Unwrap":      opaque{causer{errors.Join(io.EOF, causer{fault.TaskLocked})}},
		"behind one that panics":   errors.Join(hostile{}, fault.TaskLocked.New()),
		"status behind that":       errors.Join(hostile{}, statusError(423)),
		"16,000 deep":              deep,
		"100,000 wide":             errors.Join(append(wide, fault.TaskLocked.New())...),
		"a status, 100,000 wide":   errors.Join(append(wide, statusError(423))...),
		"the outermost one counts": fmt.Errorf("w: %w", fault.TaskLocked.Wrap(fault.NotFound)),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			resp := responder(t).Respond(with(), err)
			assert.Equal(t, 423, resp.Status)
			assert.NotContains(t, string(resp.Body), "canary")
			assert.Less(t, time.Since(begin), 5*time.Second, "not a measurement: something quadratic takes minutes")
		})
	}
	f, ok := fault.From(delegate{[]error{io.EOF, fault.TaskLocked}})
	require.True(t, ok)
	assert.Equal(t, "task_locked", f.Code())
	_, ok = fault.From(delegate{[]error{io.EOF}})
	assert.False(t, ok)
}

// message makes its text of its cause's, each time, and counts.
type message struct {
	cause error
	asked *int
}

func (m message) Error() string { *m.asked++; return "w: " + m.cause.Error() }
func (m message) Cause() error  { return m.cause }

// tail is a list whose Unwrap is the rest of it.
type tail []error

func (t tail) Error() string        { return t[0].Error() }
func (t tail) As(target any) bool   { return errors.As(t[0], target) }
func (t tail) Is(target error) bool { return errors.Is(t[0], target) }
func (t tail) Unwrap() error {
	if len(t) == 1 {
		return nil
	}
	return t[1:]
}

// blocking takes its time whatever it is asked, and counts.
type blocking struct {
	error
	asked *int
}

func (b blocking) wait()           { *b.asked++; time.Sleep(10 * time.Millisecond) }
func (b blocking) Error() string   { b.wait(); return "blocking" }
func (b blocking) Is(error) bool   { b.wait(); return false }
func (b blocking) As(any) bool     { b.wait(); return false }
func (b blocking) Unwrap() error   { b.wait(); return b.error }
func (b blocking) StatusCode() int { return 423 }

// Nothing about a tree takes quadratic time, and methods that block are asked for a while only.
func TestTreesTakeBoundedTime(t *testing.T) {
	const depth = 4_000
	asked := 0
	var deep error = statusError(423)
	for range depth {
		deep = message{deep, &asked}
	}
	r := responder(t)
	assert.Equal(t, 423, r.Respond(with(), deep).Status)
	assert.LessOrEqual(t, asked, 4*depth, "the whole text a few times, not that of each error")

	asked = 0
	assert.Equal(t, 423, r.Respond(with(), blocking{fmt.Errorf("w: %w", statusError(423)), &asked}).Status)
	assert.LessOrEqual(t, asked, 50)
	for _, wrap := range []func(error) error{
		func(err error) error { return err }, func(err error) error { return fault.TaskLocked.Wrap(err) },
	} {
		asked = 0
		assert.Equal(t, 423, r.Respond(with(), wrap(errors.Join(slices.Repeat([]error{blocking{io.EOF, &asked}}, 100)...))).Status)
		assert.LessOrEqual(t, asked, 500, "the text of all, and half a second of each walk")
	}

	begin := time.Now() // of what cannot be counted: not a measurement either
	wide := slices.Repeat(tail{io.EOF}, 100_000)
	wide[99_999] = fault.TaskLocked
	assert.Equal(t, 423, r.Respond(with(), wide).Status)
	ours := error(fault.Database.New())
	for range 16_000 {
		ours = fault.Database.Wrap(ours)
	}
	assert.Equal(t, 500, r.Respond(with(), ours).Status)
	assert.Less(t, time.Since(begin), 8*time.Second)

	many := make([]fault.Attr, 20_000)
	for i := range many {
		many[i] = fault.Header(fmt.Sprint("X-", i), "v")
	}
	r, log := logged(t)
	resp := r.Respond(with(), fault.TaskLocked.New(many...))
	assert.Less(t, len(resp.Header()), 600)
	assert.Contains(t, fmt.Sprint(log.only(t)["notes"]), "more headers than a response can have")
}

// asStatus is found by errors.As as an interface without a name.
type asStatus struct{}

func (asStatus) Error() string { return "as status" }
func (asStatus) As(target any) bool {
	s, ok := target.(*interface{ StatusCode() int })
	if ok {
		*s = statusError(410)
	}
	return ok
}

func TestStatusThroughAs(t *testing.T) {
	assert.Equal(t, 410, responder(t).Respond(with(), fmt.Errorf("w: %w", asStatus{})).Status)
}

func TestWalkingDoesNotAllocate(t *testing.T) {
	err := error(fault.TaskLocked.New())
	for range 100 {
		err = fmt.Errorf("w: %w", err)
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = fault.From(err) }))
	bare := fmt.Errorf("w: %w", fault.TaskLocked)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = fault.From(bare) }))
}

func BenchmarkFrom100(b *testing.B) {
	err := error(fault.TaskLocked.New())
	for range 100 {
		err = fmt.Errorf("w: %w", err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = fault.From(err)
	}
}

// statused gives another error a status, as handlers and frameworks do.
type statused struct {
	error
	status int
}

func (s statused) StatusCode() int { return s.status }
func (s statused) Unwrap() error   { return s.error }

// A violation has the shape of a validator's field error.
type violation struct{ field string }

func (violation) Error() string             { return "violation canary" }
func (violation) Tag() string               { return "required" }
func (violation) ActualTag() string         { return "required" }
func (v violation) Namespace() string       { return "Order." + v.field }
func (v violation) StructNamespace() string { return "Order.Field" }
func (v violation) Field() string           { return v.field }
func (violation) Param() string             { return "" }
func (violation) Kind() reflect.Kind        { return reflect.Int }
func (violation) Type() reflect.Type        { return reflect.TypeFor[int]() }

type violations []violation

func (violations) Error() string { return "violations canary" }

// A status beside an error that tells something replaces its status and nothing else.
func TestAnExplicitStatusKeepsTheContent(t *testing.T) {
	var target struct{ Qty int }
	typed := json.Unmarshal([]byte(`{"Qty":"many"}`), &target)
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
		holds  string
	}{
		{"validation", statused{fault.Binding(violations{{"qty"}}), 422}, 422,
			"validation_failed", `"code":"required"`},
		{"type of a member", statused{typed, 422}, 422, "invalid_json", `"position":13`},
		{"the same status", statused{typed, 400}, 400, "invalid_json", `"position":13`},
		{"wrapped", fmt.Errorf("w: %w", statused{fmt.Errorf("w: %w", typed), 415}), 415, "invalid_json", `"position":13`},
		{"nothing to keep", statused{fault.Binding(io.EOF), 422}, 422, "unprocessable_content", ""},
		{"another family", statused{typed, 503}, 503, "service_unavailable", ""},
		{"a timeout of ours", statused{context.DeadlineExceeded, 502}, 502, "bad_gateway", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := responder(t, fault.WithMembers(fault.MemberCode)).Respond(with(), c.err)
			assert.Equal(t, c.status, resp.Status)
			assert.Equal(t, c.code, decode(t, resp)["code"])
			assert.Contains(t, string(resp.Body), c.holds)
			if c.holds == "" {
				assert.NotContains(t, string(resp.Body), "position")
			}
		})
	}
}

// Errors of reading a request's input that have no type of their own are the client's mistake, in any package.
func TestInputErrorsWithoutAType(t *testing.T) {
	ask := func(contentType, body string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		return r
	}
	form := func(contentType, body string) error { return ask(contentType, body).ParseMultipartForm(1 << 10) }
	const multi = "multipart/form-data; boundary=x"
	_, noCookie := ask("", "").Cookie("session")
	_, _, noFile := ask(multi, "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n").FormFile("b")
	_, _, badType := mime.ParseMediaType("text/plain; a=b; a=c")
	_, badGzip := gzip.NewReader(strings.NewReader("canary canary canary"))
	_, badFlate := io.ReadAll(flate.NewReader(strings.NewReader("canary")))
	_, badQuery := url.ParseQuery("a=%zz-canary")
	_, semicolon := url.ParseQuery("a=1;canary=2")
	address := &url.Error{Op: "parse", URL: "http://a/%zz", Err: url.EscapeError("%zz")}
	malformed := form(multi, "--x\r\nbad canary\r\n\r\n1\r\n--x--\r\n")
	for _, c := range []struct {
		name    string
		err     error
		headers []string
		status  int
	}{
		{"multipart cut", form(multi, "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1"), []string{"Content-Type", multi}, 400},
		{"multipart of nothing", form(multi, ""), []string{"Content-Type", multi}, 400},
		{"multipart header", malformed, []string{"Content-Type", multi}, 400},
		{"no multipart", form("text/plain", "canary"), nil, 415},
		{"no boundary", form("multipart/form-data", "canary"), nil, 400},
		{"no file", noFile, []string{"Content-Type", multi}, 400},
		{"no cookie", noCookie, nil, 400},
		{"media type", badType, []string{"Content-Type", "text/plain; a=b; a=c"}, 415},
		{"media type of somebody else", badType, []string{"Content-Type", "text/plain"}, 500},
		{"form of a bad type", form("text/plain; a=b; a=c", "x"), []string{"Content-Type", "text/plain; a=b; a=c"}, 415},
		{"escape in the query", badQuery, nil, 400},
		{"escape in the form", ask("application/x-www-form-urlencoded", "a=%zz").ParseForm(), nil, 400},
		{"semicolon", semicolon, nil, 400},
		{"an address that the service made", address, nil, 500},
		{"gzip", badGzip, []string{"Content-Encoding", "gzip"}, 400},
		{"gzip from elsewhere", badGzip, nil, 500},
		{"flate", badFlate, []string{"Content-Encoding", "deflate"}, 400},
		{"xml", xml.Unmarshal([]byte("<canary"), new(struct{})), []string{"Content-Type", "application/xml"}, 400},
		{"xml from elsewhere", xml.Unmarshal([]byte("<canary"), new(struct{})), nil, 500},
		{"too large", fmt.Errorf("w: %w", multipart.ErrMessageTooLarge), nil, 413},
		{"a key that middleware refuses", fmt.Errorf("%w: length 3", errors.New("invalid idempotency key")), nil, 400},
		{"writing a multipart", errors.New("multipart: can't write to finished part"), []string{"Content-Type", multi}, 500},
		{"nothing of the kind", errors.New("the multipart: canary"), []string{"Content-Type", multi}, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Error(t, c.err)
			for _, err := range []error{c.err, fmt.Errorf("wrapped: %w", c.err), errors.Join(errors.New("first"), c.err)} {
				resp := responder(t).Respond(with(c.headers...), err)
				assert.Equal(t, c.status, resp.Status, "%v", err)
				assert.NotContains(t, string(resp.Body), "canary")
			}
		})
	}
}

// late is a timeout that is no net.Error.
type late struct{ yes bool }

func (late) Error() string   { return "late canary" }
func (l late) Timeout() bool { return l.yes }

func TestWhatCallsItselfATimeoutIsOne(t *testing.T) {
	r := responder(t)
	assert.Equal(t, 504, r.Respond(with(), late{true}).Status)
	assert.Equal(t, 504, r.Respond(with(), errors.Join(late{false}, fmt.Errorf("w: %w", late{true}))).Status)
	assert.Equal(t, 504, r.Respond(with(), delegate{[]error{late{true}}}).Status)
	assert.Equal(t, 500, r.Respond(with(), late{false}).Status)
	assert.Equal(t, 408, r.Respond(with(), fault.Binding(late{true})).Status, "while the request is read, the client is late")
	assert.Equal(t, 408, r.Respond(with("Content-Type", "multipart/form-data"),
		fmt.Errorf("multipart: NextPart: %w", late{true})).Status)
	req := with()
	ctx, cancel := context.WithDeadline(context.Background(), time.Now())
	defer cancel()
	req.ctx = ctx
	assert.Equal(t, 503, r.Respond(req, late{true}).Status, "the request's own time is over")
}

// framework is what an adapter makes of a framework's own error.
type framework struct {
	status  int
	message string
	below   error
}

func (framework) Error() string           { return "framework canary" }
func (f framework) StatusCode() int       { return f.status }
func (f framework) StatusMessage() string { return f.message }
func (f framework) Unwrap() error         { return f.below }

// A framework's own redirection stays one: with its header, without a body, and it is no failure.
func TestRedirectionsOfFrameworks(t *testing.T) {
	r, log := logged(t, fault.WithObserver(func(context.Context, *fault.Occurrence) { t.Error("observed") }))
	for status := 300; status < 309; status++ {
		resp := r.Respond(with(), fmt.Errorf("w: %w", framework{status: status, message: "moved"}))
		assert.Equal(t, status, resp.Status)
		assert.Empty(t, resp.Body)
		header := http.Header{"Location": {"/there"}, "Set-Cookie": {"a=b"}, "Cache-Control": {"max-age=60"},
			"Content-Type": {"text/html"}, "Content-Length": {"7"}}
		resp.SetHeader(header, false)
		assert.Equal(t, http.Header{"Location": {"/there"}, "Set-Cookie": {"a=b"}, "Cache-Control": {"max-age=60"}}, header)
	}
	assert.Empty(t, log.text())
	assert.Equal(t, 500, responder(t).Respond(with(), statusError(302)).Status, "a status of anybody else is none for clients")
	assert.Equal(t, 500, responder(t).Respond(with(), framework{status: 204}).Status)
	beside := statused{framework{status: 404, message: "x"}, 302}
	assert.Equal(t, 500, responder(t).Respond(with(), beside).Status, "nor beside a framework's error of another status")
	resp := responder(t).Respond(with(), framework{status: 302, message: "moved"})
	header := http.Header{"content-length": {"7"}, "Content-Encoding": {"gzip"}}
	resp.SetHeader(header, true)
	assert.Equal(t, http.Header{"Content-Encoding": {"gzip"}}, header, "in any letter case; a compressor around keeps its own")
}

// One rule says which messages of frameworks are meant for clients.
func TestForeignMessagesOfFrameworks(t *testing.T) {
	r := responder(t, fault.WithForeignMessages())
	for _, c := range []struct {
		err     error
		status  int
		message any
	}{
		{framework{409, "already paid", nil}, 409, "already paid"},
		{fmt.Errorf("w: %w", framework{409, "already paid", io.EOF}), 409, "already paid"},
		{framework{409, "Conflict", nil}, 409, nil},
		{framework{409, "conflict", nil}, 409, nil},
		{framework{413, "Request Entity Too Large", nil}, 413, nil},
		{framework{404, "", nil}, 404, nil},
		{framework{404, "Conflict", nil}, 404, "Conflict"},
	} {
		resp := r.Respond(with(), c.err)
		assert.Equal(t, c.status, resp.Status)
		details, _ := decode(t, resp)["details"].(map[string]any)
		assert.Equal(t, c.message, details["message"], "%v", c.err)
		assert.NotContains(t, string(responder(t).Respond(with(), c.err).Body), "already paid", "nobody has asked for them")
	}
}
