package faulthttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// allFormats are those of core and of package formats, each alone on its server.
var allFormats = map[string]fault.Format{
	"multilingual": fault.Multilingual{},
	"problem":      fault.Problem{},
	"typed":        fault.Problem{TypeBase: "https://errors.example.com/"},
	"envelope":     formats.Envelope{},
	"webapi":       formats.WebAPI{},
	"vendor":       formats.WebAPI{Vendor: "acme"},
	"rpcstatus":    formats.RPCStatus{Domain: "booking.example.com"},
	"jsonapi":      formats.JSONAPI{TypeBase: "https://errors.example.com/"},
	"text":         formats.Text{},
	"html":         formats.HTML{},
}

// sentTexts are the keys of the texts that the format sends, for a client that wants French.
var sentTexts = map[string][]string{
	"multilingual": {"de", "en", "fr", "pt"},
	"envelope":     {}, // only texts of the error's own
	"rpcstatus":    {"en", "fr"},
}

// tellsRetryable are the formats that say whether repeating helps.
var tellsRetryable = map[string]bool{"multilingual": true, "problem": true, "typed": true, "jsonapi": true}

func quietly(t testing.TB, opts ...fault.Option) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(append(opts, fault.WithLogger(slog.New(slog.DiscardHandler)))...)
	require.NoError(t, err)
	return r
}

// answering is a server that answers every request with what fail returns for its path.
func answering(t testing.TB, r *fault.Responder, fail func(path string) error) *httptest.Server {
	t.Helper()
	handler := faulthttp.Handler(r, func(_ http.ResponseWriter, req *http.Request) error { return fail(req.URL.Path[1:]) })
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func fetch(t testing.TB, server *httptest.Server, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/"+path, nil)
	require.NoError(t, err)
	req.Header.Set("Accept-Language", "fr")
	req.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	resp, err := server.Client().Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// Every kind comes back from every format, with its texts.
func TestRoundTripOfEveryKind(t *testing.T) {
	for name, format := range allFormats {
		t.Run(name, func(t *testing.T) {
			r := quietly(t, fault.WithFormats(format), fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberRetryable))
			server := answering(t, r, func(code string) error {
				k, ok := fault.KindByCode(code)
				if !ok {
					return errors.New("no such kind")
				}
				return k
			})
			c := r.Catalogue()
			for k := range fault.Kinds() {
				err := faulthttp.Decode(fetch(t, server, k.Code()))
				var f *fault.Fault
				require.ErrorAs(t, err, &f, k.Code())
				assert.Same(t, k, f.Kind(), k.Code())
				for a := k; a != nil; a = a.Parent() {
					assert.ErrorIs(t, err, a)
				}
				var remote *faulthttp.RemoteError
				require.ErrorAs(t, err, &remote)
				assert.Equal(t, k.Status(), remote.Status)
				if _, tells := tellsRetryable[name]; tells {
					assert.Equal(t, k.Retryable(), remote.Retryable, k.Code())
				}
				assert.Empty(t, remote.Problem, k.Code())
				if name != "envelope" {
					assert.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", remote.TraceID, k.Code())
				}
				want, limited := sentTexts[name]
				if !limited {
					want = []string{"fr"}
				}
				assert.Len(t, remote.Texts, len(want), k.Code())
				for _, tag := range want {
					text, _ := c.Text(k.TextID(), tag)
					assert.Equal(t, text, remote.Texts[tag], k.Code())
				}
			}
		})
	}
}

// The code alone is there in the default configuration of every format, and gives each built-in kind back.
func TestDefaultConfigurationsTellTheKind(t *testing.T) {
	for name, format := range allFormats {
		t.Run(name, func(t *testing.T) {
			r := quietly(t, fault.WithFormats(format))
			for k := range fault.Kinds() {
				resp := r.Preview(nil, k)
				err := faulthttp.Decode(&http.Response{StatusCode: resp.Status, Header: resp.Header(), Body: io.NopCloser(bytes.NewReader(resp.Body))})
				var f *fault.Fault
				require.ErrorAs(t, err, &f)
				assert.Same(t, k, f.Kind(), k.Code())
			}
		})
	}
}

// A code that this process does not know goes on to its own clients; log and observers have the kind.
func TestForeignCodesArePassedOn(t *testing.T) {
	received := func(body string) error {
		return faulthttp.Decode(reply(409, "application/json", body))
	}
	var kinds []string
	observe := func(_ context.Context, o *fault.Occurrence) { kinds = append(kinds, o.Kind().Code()) }
	for name, format := range allFormats {
		r := quietly(t, fault.WithFormats(format), fault.WithObserver(observe))
		body := strings.ToLower(string(r.Respond(nil, received(`{"EN":"Sold out.","code":"sold_out"}`)).Body))
		assert.Contains(t, body, "sold_out", name)
		for _, err := range []error{
			fault.Conflict.Wrap(received(`{"EN":"Sold out.","code":"sold_out"}`)),
			received(`{"EN":"None left.","code":"sold<out>"}`),
			received(`{"EN":"None left.","code":"` + strings.Repeat("x", 65) + `"}`),
			received(`{"EN":"None left.","code":"task_locked"}`),
		} {
			body := strings.ToLower(string(r.Respond(nil, err).Body))
			assert.NotContains(t, body, "sold", name)
			assert.NotContains(t, body, "xxx", name)
		}
	}
	for _, code := range kinds {
		assert.Contains(t, []string{"conflict", "task_locked"}, code)
	}
}

// Whether to repeat a call is what the called service said.
func TestRetryFollowsTheAnswer(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		runs   int
	}{
		{503, `{"EN":"x","code":"service_unavailable"}`, 3},
		{503, `{"EN":"x","code":"service_unavailable","retryable":false}`, 1},
		{409, `{"EN":"x","code":"conflict","retryable":true}`, 3},
		{409, `{"EN":"x","code":"conflict"}`, 1},
		{409, `{"type":"about:blank","title":"x","retryable":true}`, 3},
		{409, `{"EN":"x","code":"conflict","retryable":"true"}`, 1},
	} {
		runs := 0
		err := fault.Retry(t.Context(), fault.Backoff{Base: time.Microsecond}, func(context.Context) error {
			runs++
			return faulthttp.Decode(reply(c.status, "application/json", c.body))
		})
		require.Error(t, err)
		assert.Equal(t, c.runs, runs, c.body)
	}
}

// What is said of the input comes back apart from the details.
func TestInputIsReceived(t *testing.T) {
	for name, format := range allFormats {
		err := fault.Binding(json.Unmarshal([]byte(`{"Qty":"x"}`), &struct{ Qty int }{}))
		resp := quietly(t, fault.WithFormats(format)).Respond(nil, err)
		var remote *faulthttp.RemoteError
		require.ErrorAs(t, faulthttp.Decode(&http.Response{StatusCode: resp.Status, Header: resp.Header(),
			Body: io.NopCloser(bytes.NewReader(resp.Body))}), &remote)
		switch name {
		case "html", "text", "rpcstatus":
			continue // they have no place of that name
		}
		assert.Equal(t, []faulthttp.RemoteMember{{Name: "position", Value: int64(10)}, {Name: "field", Value: "/Qty"}}, remote.Input, name)
		assert.Empty(t, remote.Details, name)
	}
}

// rich is an error with everything that clients can be told.
func rich() error {
	return fault.ValidationFailed.New(
		fault.Text("order_refused"), fault.Arg("ID", "A-7"), fault.Count(3), fault.Subtype("x-late"),
		fault.Detail("order", map[string]any{"id": 7, "big": int64(1) << 60, "rate": 0.5, "tags": []string{"a"}, "none": nil}),
		fault.Field(fault.InBody("/items/0/qty"), "min", fault.Text("too_few"), fault.Arg("Limit", 1)),
		fault.Field(fault.InBody("a/b~c"), "required"),
		fault.Field(fault.InQuery("page"), "number"),
		fault.Field(fault.InHeader("X-Tenant"), "required"),
		fault.RetryAfter(90*time.Second),
	)
}

var ownLocales = fstest.MapFS{
	"active.en.toml": {Data: []byte("[counted]\none = \"one\"\nother = \"many: {{.Count}}\"\n" +
		"[order_refused]\nother = \"Order {{.ID}} is refused.\"\n[too_few]\nother = \"{{.Field}}: at least {{.Limit}}\"\n")},
	"active.fr.toml": {Data: []byte("[order_refused]\nother = \"La commande {{.ID}} est refusée.\"\n" +
		"[too_few]\nother = \"{{.Field}} : au moins {{.Limit}}\"\n")},
}

func TestRoundTripOfEverythingElse(t *testing.T) {
	wholeOrder := map[string]any{"id": int64(7), "big": int64(1) << 60, "rate": 0.5, "tags": []any{"a"}, "none": nil}
	for name, format := range allFormats {
		if name == "text" || name == "html" {
			continue // for people
		}
		t.Run(name, func(t *testing.T) {
			r := quietly(t, fault.WithFormats(format), fault.WithLocales(ownLocales),
				fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams, fault.MemberRetryable))
			server := answering(t, r, func(string) error { return fmt.Errorf("w: %w", rich()) })
			err := faulthttp.Decode(fetch(t, server, ""))
			require.ErrorIs(t, err, fault.ValidationFailed)
			var e *faulthttp.RemoteError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "La commande A-7 est refusée.", e.Text("fr"))
			assert.Equal(t, []faulthttp.RemoteMember{{Name: "order", Value: wholeOrder}}, e.Details)
			assert.Equal(t, 90*time.Second, e.RetryAfter)
			require.Len(t, e.Fields, 4)
			byName := map[string]faulthttp.RemoteField{}
			for _, f := range e.Fields {
				byName[f.At.Name()] = f
			}
			qty := byName["items.0.qty"]
			assert.Equal(t, "items.0.qty : au moins 1", qty.Text("fr"))
			switch name {
			case "webapi", "vendor": // names and texts alone
				return
			case "rpcstatus": // metadata has its own spelling
				assert.Equal(t, []faulthttp.RemoteMember{{Name: "id", Value: "A-7"}, {Name: "count", Value: "3"}}, e.Params)
			case "envelope": // has no place for them
			default:
				assert.Equal(t, []faulthttp.RemoteMember{{Name: "ID", Value: "A-7"}, {Name: "Count", Value: int64(3)}}, e.Params)
				assert.Equal(t, []faulthttp.RemoteMember{{Name: "Limit", Value: int64(1)}}, qty.Params)
			}
			assert.Equal(t, "min", qty.Code)
			assert.Equal(t, fault.InBody("/items/0/qty"), qty.At)
			if name == "rpcstatus" { // a field is a path without a place
				return
			}
			assert.Equal(t, fault.InQuery("page"), byName["page"].At)
			assert.Equal(t, "number", byName["page"].Code)
			assert.Equal(t, fault.InHeader("X-Tenant"), byName["X-Tenant"].At)
			if name == "problem" || name == "typed" || name == "jsonapi" {
				assert.Equal(t, fault.InBody("/a~1b~0c"), byName["a/b~c"].At)
			}
		})
	}
}

// What was decoded makes the same answer again, for a gateway that passes errors on.
func TestADecodedErrorCanBePassedOn(t *testing.T) {
	for name, format := range allFormats {
		if name == "text" || name == "html" || name == "envelope" {
			continue // has less to pass on
		}
		t.Run(name, func(t *testing.T) {
			r := quietly(t, fault.WithFormats(format), fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams))
			first := answering(t, r, func(string) error {
				d := (&fault.Details{}).AddText("date", "not a date").AddError("user", fault.TaskLocked).Add("n", 1)
				d.AddField(fault.InBody("/items/0/qty"), "unknown_field").AddField(fault.InBody("zip"), "required")
				return d.Err(fault.Transformation, fault.Arg("A", "x"), fault.Count(3), fault.TraceID("t-77"), fault.Subtype("x-sub"))
			})
			second := answering(t, r, func(string) error { return faulthttp.Decode(fetch(t, first, "")) })
			want, err := io.ReadAll(fetch(t, first, "").Body)
			require.NoError(t, err)
			got, err := io.ReadAll(fetch(t, second, "").Body)
			require.NoError(t, err)
			var wanted, passed faulthttp.RemoteError
			for i, e := range []*faulthttp.RemoteError{&wanted, &passed} {
				var remote *faulthttp.RemoteError
				body := string([][]byte{want, got}[i])
				require.ErrorAs(t, faulthttp.Decode(reply(400, format.ContentType(), body, "Content-Language", "fr")), &remote)
				*e = *remote
			}
			require.Len(t, wanted.Fields, 4)
			for _, field := range wanted.Fields {
				i := slices.IndexFunc(passed.Fields, func(f faulthttp.RemoteField) bool { return f.At == field.At })
				require.GreaterOrEqual(t, i, 0, "%s is missing in %s", field.At.Name(), got)
				assert.Equal(t, field.Texts, passed.Fields[i].Texts)
				assert.Equal(t, field.Code, passed.Fields[i].Code)
			}
			assert.Equal(t, wanted.Details, passed.Details)
			assert.Equal(t, wanted.Texts, passed.Texts)
			assert.Equal(t, "t-77", passed.TraceID)
			assert.Equal(t, wanted.Subtype, passed.Subtype)
			assert.Equal(t, name == "webapi" || name == "vendor", passed.Subtype == "x-sub")
			if name != "webapi" && name != "vendor" && name != "rpcstatus" {
				assert.Equal(t, []faulthttp.RemoteMember{{Name: "A", Value: "x"}, {Name: "Count", Value: int64(3)}}, wanted.Params)
			}
			assert.Equal(t, wanted.Params, passed.Params)
			again, ok := fault.From(faulthttp.Decode(reply(400, format.ContentType(), string(want))))
			require.True(t, ok)
			if name != "webapi" && name != "vendor" && name != "rpcstatus" {
				counted := quietly(t, fault.WithLocales(ownLocales)).Respond(nil, again.With(fault.Text("counted")))
				assert.Contains(t, string(counted.Body), "many: 3", "the count chooses the plural form again")
			}
		})
	}
}

// What pages and lines for people say to programs.
func TestFormatsForPeopleAreUnderstood(t *testing.T) {
	text := quietly(t, fault.WithFormats(formats.Text{}), fault.WithLocales(ownLocales)).Respond(nil, rich())
	err := faulthttp.Decode(reply(400, "text/plain; charset=utf-8", string(text.Body), "Content-Language", "en"))
	require.ErrorIs(t, err, fault.ValidationFailed)
	var e *faulthttp.RemoteError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "Order A-7 is refused.", e.Text("en"))
	require.Len(t, e.Fields, 4)
	assert.Equal(t, fault.InBody("/items/0/qty"), e.Fields[0].At)
	assert.Equal(t, "items.0.qty: at least 1", e.Fields[0].Text("en"))

	many := "Text.\n" + strings.Repeat("- a: b\n", 2000) + "no field\n- without a name\n\ncode: gone\nstatus: 410\ntrace_id: t\n"
	require.ErrorAs(t, faulthttp.Decode(reply(410, "text/plain", many)), &e)
	assert.Equal(t, "gone", e.Code)
	assert.Len(t, e.Fields, 1000)
	few := "Text.\nno field\n- without a name\n- x: y\n\ncode: gone\nstatus: 410\ntrace_id: t\n"
	require.ErrorAs(t, faulthttp.Decode(reply(410, "text/plain", few)), &e)
	require.Len(t, e.Fields, 2)
	assert.Equal(t, "without a name", e.Fields[0].Text())
	assert.Equal(t, "y", e.Fields[1].Text())
	require.ErrorAs(t, faulthttp.Decode(reply(409, "text/plain", few)), &e)
	assert.NotEmpty(t, e.Problem, "another status: somebody else's lines")

	page := `<html><head><meta name="error-code" content="gone"></head><body><h1>Gone &amp; lost</h1></body></html>`
	require.ErrorAs(t, faulthttp.Decode(reply(410, "text/html", page, "Content-Language", "en")), &e)
	assert.Equal(t, "Gone & lost", e.Text("en"))
	assert.Equal(t, "Gone & lost", e.Title)
}

func TestTraceIDsAmongTheDetails(t *testing.T) {
	for body, want := range map[string]string{
		`{"EN":"x","details":{"trace_id":"abc"}}`:                  "abc",
		`{"EN":"x","details":{"order":"abc"}}`:                     "",
		`{"EN":"x","trace_id":"own","details":{"trace_id":"abc"}}`: "own",
	} {
		var e *faulthttp.RemoteError
		require.ErrorAs(t, faulthttp.Decode(reply(500, "application/json", body)), &e)
		assert.Equal(t, want, e.TraceID)
	}
}

func reply(status int, contentType, body string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	if contentType != "" {
		resp.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

func TestSuccessIsNoError(t *testing.T) {
	assert.NoError(t, faulthttp.Decode(nil))
	for _, status := range []int{100, 200, 204, 301, 304, 399} {
		resp := reply(status, "application/problem+json", `{"code":"task_locked"}`)
		assert.NoError(t, faulthttp.Decode(resp))
		rest, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.NotEmpty(t, rest, "the body is not touched")
	}
}

// Whatever the body is, the error is of the right family and nothing panics.
func TestBodiesThatTellNothing(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 20000)
	for _, c := range []struct {
		name   string
		resp   *http.Response
		kind   *fault.Kind
		reason string
	}{
		{"empty", reply(404, "application/json", ""), fault.NotFound, "empty"},
		{"no body", &http.Response{StatusCode: 404, Header: http.Header{}}, fault.NotFound, "empty"},
		{"no header at all", &http.Response{StatusCode: 502}, fault.BadGateway, "empty"},
		{"a proxy's page", reply(502, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>"), fault.BadGateway, "no error format"},
		{"plain text", reply(500, "text/plain", "boom"), fault.InternalServerError, "no error format"},
		{"bytes", reply(500, "application/octet-stream", "\x00\xff\xfe"), fault.InternalServerError, "no error format"},
		{"truncated", reply(423, "application/problem+json", `{"code":"task_lo`), fault.Locked, "not valid JSON"},
		{"a list", reply(423, "application/json", `["task_locked"]`), fault.Locked, "no error format"},
		{"garbage behind", reply(423, "application/json", `{"code":"task_locked"} x`), fault.Locked, "not valid JSON"},
		{"two values", reply(423, "application/json", `{"code":"task_locked"}{}`), fault.Locked, "not valid JSON"},
		{"very deep", reply(400, "application/json", deep), fault.BadRequest, "not valid JSON"},
		{"another JSON", reply(400, "application/json", `{"foo":1}`), fault.BadRequest, "no error format"},
		{"unknown code", reply(404, "application/problem+json", `{"title":"x","code":"no_such_code"}`), fault.NotFound, ""},
		{"unknown code, unregistered status", reply(418, "application/problem+json",
			`{"title":"x","code":"no_such_code"}`), fault.ClientError, ""},
		{"status beyond", reply(799, "application/problem+json", `{"title":"x"}`), fault.ServerError, ""},
		{"a code of another family", reply(500, "application/problem+json", `{"title":"x","code":"task_locked"}`), fault.InternalServerError, ""},
		{"a code that was moved", reply(409, "application/problem+json", `{"title":"x","code":"task_locked"}`), fault.TaskLocked, ""},
		{"wrong types", reply(423, "application/problem+json",
			`{"title":1,"detail":[],"code":{},"errors":7,"params":"x","details":false,"trace_id":1,"lang":2,"retryable":"yes"}`), fault.Locked, ""},
		{"wrong types inside", reply(423, "application/problem+json",
			`{"code":"task_locked","errors":[1,{},{"pointer":3,"params":[]},null]}`), fault.TaskLocked, ""},
		{"wrong types, multilingual", reply(423, "application/json", `{"EN":1,"DE":"x","code":7,"details":{"a":{"error":1}}}`), fault.Locked, ""},
		{"wrong types, web api", reply(423, "application/json",
			`{"stat":"fail","err":{"code":"x","msg":1,"type":2},"fields":[1]}`), fault.Locked, ""},
		{"wrong types, rpc", reply(423, "application/json",
			`{"error":{"code":"x","status":1,"details":[{"@type":1},7,`+
				`{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":{}}]}}`), fault.Locked, ""},
		{"wrong types, JSON:API", reply(423, "application/vnd.api+json", `{"errors":[{"status":1,"code":[],"meta":7},9]}`), fault.Locked, ""},
		{"wrong types, envelope", reply(423, "application/json", `{"error":{"code":9,"details":[]}}`), fault.Locked, ""},
		{"byte order mark", reply(423, "application/problem+json", "\ufeff"+`{"title":"x","code":"task_locked"}`), fault.TaskLocked, ""},
		{"content type that lies", reply(423, "text/html", `{"title":"x","code":"task_locked"}`), fault.TaskLocked, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := faulthttp.Decode(c.resp)
			var f *fault.Fault
			require.ErrorAs(t, err, &f)
			assert.Equal(t, c.kind.Code(), f.Code())
			var remote *faulthttp.RemoteError
			require.ErrorAs(t, err, &remote)
			assert.Equal(t, c.resp.StatusCode, remote.StatusCode())
			assert.Contains(t, remote.Problem, c.reason)
			assert.Equal(t, c.reason == "", remote.Problem == "", remote.Problem)
			assert.NotEmpty(t, err.Error())
			assert.False(t, remote.Retryable)
			assert.NotNil(t, quietly(t).Respond(nil, err).Body, "what was decoded can be answered with")
		})
	}
}

type failingBody struct{ read int }

func (b *failingBody) Read(p []byte) (int, error) {
	b.read += len(p)
	return 0, errors.New("connection reset")
}
func (*failingBody) Close() error { return nil }

// endless gives spaces for ever and counts them.
type endless struct{ read int }

func (b *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	b.read += len(p)
	return len(p), nil
}
func (*endless) Close() error { return nil }

func TestBodiesAreReadToALimit(t *testing.T) {
	huge := &endless{}
	err := faulthttp.Decode(&http.Response{StatusCode: 503, Header: http.Header{}, Body: huge})
	require.ErrorIs(t, err, fault.ServiceUnavailable)
	assert.LessOrEqual(t, huge.read, 2*faulthttp.MaxErrorBody)
	var remote *faulthttp.RemoteError
	require.ErrorAs(t, err, &remote)
	assert.Contains(t, remote.Problem, "too long")

	fits := `{"code":"task_locked","title":"` + strings.Repeat("x", faulthttp.MaxErrorBody-len(`{"code":"task_locked","title":""}`)) + `"}`
	require.ErrorIs(t, faulthttp.Decode(reply(423, "application/problem+json", fits)), fault.TaskLocked)
	assert.NotErrorIs(t, faulthttp.Decode(reply(423, "application/problem+json", fits+" ")), fault.TaskLocked)

	err = faulthttp.Decode(&http.Response{StatusCode: 503, Header: http.Header{}, Body: &failingBody{}})
	require.ErrorAs(t, err, &remote)
	assert.Contains(t, remote.Problem, "connection reset")
	assert.NotContains(t, string(quietly(t).Respond(nil, err).Body), "connection reset")

	many := `{"EN":"x","code":"task_locked","details":{` + strings.TrimSuffix(strings.Repeat(`"k":{"EN":"x","code":"y"},`, 30000), ",") + `}}`
	require.ErrorAs(t, faulthttp.Decode(reply(423, "application/json", many)), &remote)
	assert.LessOrEqual(t, len(remote.Fields), 1000)
}

func TestRetryAfterOfEitherForm(t *testing.T) {
	for _, c := range []struct {
		header []string
		want   time.Duration
	}{
		{[]string{"Retry-After", "120"}, 2 * time.Minute},
		{[]string{"Retry-After", "0"}, 0},
		{[]string{"Retry-After", "-1"}, -1},
		{[]string{"Retry-After", "1.5"}, -1},
		{[]string{"Retry-After", "soon"}, -1},
		{[]string{"Retry-After", "99999999999999"}, 365 * 24 * time.Hour},
		{[]string{"Retry-After", strings.Repeat("9", 40)}, 365 * 24 * time.Hour},
		{nil, -1},
		{[]string{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT", "Date", "Wed, 21 Oct 2026 07:27:00 GMT"}, time.Minute},
		{[]string{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT", "Date", "Wed, 21 Oct 2026 07:29:00 GMT"}, 0},
		{[]string{"Retry-After", "Wed, 21 Oct 1998 07:28:00 GMT"}, 0},
	} {
		err := faulthttp.Decode(reply(503, "", "", c.header...))
		var remote *faulthttp.RemoteError
		require.ErrorAs(t, err, &remote)
		assert.Equal(t, c.want, remote.RetryAfter, c.header)
		header := quietly(t).Respond(nil, err).Header()
		assert.Equal(t, c.want >= 0, header.Get("Retry-After") != "", c.header)
	}
}

// Shapes of other libraries and services.
func TestForeignServersAreUnderstood(t *testing.T) {
	for _, c := range []struct {
		name string
		resp *http.Response
		kind *fault.Kind
		text string
	}{
		{"RFC 9457's own example", reply(403, "application/problem+json",
			`{"type":"https://example.com/probs/out-of-credit","title":"You do not have enough credit.",
			"detail":"Your current balance is 30, but that costs 50.","instance":"/account/12345/msgs/abc",
			"balance":30,"accounts":["/account/12345"]}`),
			fault.Forbidden, "Your current balance is 30, but that costs 50."},
		{"a type of ours without a code", reply(423, "application/problem+json",
			`{"type":"https://x.example/task-locked","title":"T"}`), fault.TaskLocked, "T"},
		{"Google", reply(404, "application/json; charset=UTF-8",
			`{"error":{"code":404,"message":"Not here.","status":"NOT_FOUND","details":[]}}`), fault.NotFound, "Not here."},
		{"blargh", reply(404, "application/json",
			`{"error":{"code":"OBJECT_DOES_NOT_EXIST","details":{"object_name":"jar","object_id":3}}}`), fault.EntityNotFound, ""},
		{"djblets", reply(401, "application/json",
			`{"err":{"code":103,"msg":"You are not logged in","type":"auth-not-logged-in"},"stat":"fail"}`),
			fault.NotLoggedIn, "You are not logged in"},
		{"JSON:API with a pointer first", reply(422, "application/vnd.api+json",
			`{"errors":[{"status":"422","source":{"pointer":"/data/attributes/title"},"title":"Invalid","detail":"Too short."}]}`),
			fault.UnprocessableContent, ""},
		{"weblink", reply(423, "application/json",
			`{"DE":"Gesperrt.","EN":"Locked.","ZH-HANT":"已鎖定。","details":{"date":{"error":"bad"}}}`), fault.Locked, "Locked."},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := faulthttp.Decode(c.resp)
			require.ErrorIs(t, err, c.kind)
			var remote *faulthttp.RemoteError
			require.ErrorAs(t, err, &remote)
			assert.Equal(t, c.text, remote.Text("en"))
			assert.Empty(t, remote.Problem)
			switch c.name {
			case "weblink":
				assert.Equal(t, "已鎖定。", remote.Text("zh-Hant"))
				assert.Equal(t, "bad", remote.Fields[0].Text())
			case "RFC 9457's own example":
				assert.Equal(t, []faulthttp.RemoteMember{{Name: "balance", Value: int64(30)},
					{Name: "accounts", Value: []any{"/account/12345"}}}, remote.Details)
			case "blargh":
				assert.Equal(t, []faulthttp.RemoteMember{{Name: "object_name", Value: "jar"}, {Name: "object_id", Value: int64(3)}}, remote.Details)
			case "JSON:API with a pointer first":
				assert.Equal(t, fault.InBody("/data/attributes/title"), remote.Fields[0].At)
			}
		})
	}
}

func TestAClientReturnsErrorsByItself(t *testing.T) {
	server := answering(t, quietly(t, fault.WithMembers(fault.MemberCode)), func(path string) error {
		if path == "ok" {
			return nil
		}
		return fault.TaskLocked
	})
	client := &http.Client{Transport: faulthttp.Transport(nil)}
	defer client.CloseIdleConnections()
	resp, err := client.Get(server.URL + "/locked")
	assert.Nil(t, resp)
	require.ErrorIs(t, err, fault.TaskLocked)
	require.ErrorIs(t, err, fault.Locked)
	assert.NotErrorIs(t, err, fault.NotFound)
	resp, err = client.Get(server.URL + "/ok")
	require.NoError(t, err)
	assert.Equal(t, 200, resp.StatusCode)
	require.NoError(t, resp.Body.Close())

	server.Close()
	_, err = client.Get(server.URL + "/gone")
	require.Error(t, err)
	_, ours := fault.From(err)
	assert.False(t, ours, "no answer is no error of the server's")
}

// closeNoted notes that it was closed.
type closeNoted struct {
	io.Reader
	closed bool
}

func (c *closeNoted) Close() error { c.closed = true; return nil }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportClosesTheBodyOfAnError(t *testing.T) {
	body := &closeNoted{Reader: strings.NewReader(`{"title":"x","code":"task_locked"}`)}
	client := &http.Client{Transport: faulthttp.Transport(roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 423, Header: http.Header{}, Body: body}, nil
	}))}
	_, err := client.Get("http://service.example/")
	require.ErrorIs(t, err, fault.TaskLocked)
	assert.True(t, body.closed)
	client.CloseIdleConnections()
}

// Whatever is sent, and however it is called and compressed, is decoded in bounds, passed on in any format, and then means the same.
func FuzzDecode(f *testing.F) {
	byName := map[string]*fault.Responder{}
	for name, format := range allFormats {
		byName[name] = quietly(f, fault.WithFormats(format))
	}
	names := slices.Sorted(maps.Keys(byName))
	for _, c := range append(sentByUs(f), sentElsewhere...) {
		f.Add(c.status, c.contentType, "", []byte(c.body))
	}
	f.Add(503, asJSON, "gzip", compressed(f, "gzip", strings.NewReader(`{"EN":"x","code":"conflict"}`)))
	f.Add(400, asJSON, "deflate", compressed(f, "zlib", &zeros{left: 1 << 21}))
	f.Fuzz(func(t *testing.T, status int, contentType, encoding string, body []byte) {
		resp := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}, "Content-Encoding": {encoding}},
			Body: io.NopCloser(bytes.NewReader(body))}
		err := faulthttp.Decode(resp)
		if status < 400 {
			require.NoError(t, err)
			return
		}
		var remote *faulthttp.RemoteError
		require.ErrorAs(t, err, &remote)
		if encoding == "" {
			_ = inBounds(t, status, string(body), err)
		}
		for _, name := range []string{"problem", names[len(body)%len(names)]} { // all of them take too long
			answered := byName[name].Respond(nil, err)
			require.NotEmpty(t, answered.Body)
			require.Less(t, len(answered.Body), 16<<20)
			var again *faulthttp.RemoteError
			require.ErrorAs(t, faulthttp.Decode(&http.Response{StatusCode: answered.Status, Header: answered.Header(),
				Body: io.NopCloser(bytes.NewReader(answered.Body))}), &again)
			if status >= 600 || len(answered.Body) > faulthttp.MaxErrorBody || len(remote.Fields) > 100 {
				continue
			}
			require.Empty(t, again.Problem, name)
			if name == "problem" && short(remote.Fields) {
				require.ElementsMatch(t, distinct(remote.Fields), distinct(again.Fields))
			}
		}
	})
}

// short reports whether no place is so long, or so odd, that core shortens or replaces what is in it.
func short(fields []faulthttp.RemoteField) bool {
	return !slices.ContainsFunc(fields, func(f faulthttp.RemoteField) bool {
		place := f.At.Pointer() + f.At.Name()
		return len(place) > 200 || strings.ContainsFunc(place, func(r rune) bool { return r < ' ' || r > '~' })
	})
}

func distinct(fields []faulthttp.RemoteField) (places []string) {
	for _, f := range fields {
		places = append(places, placeOf(f.At))
	}
	slices.Sort(places)
	return slices.Compact(places)
}

func ExampleDecode() {
	server := httptest.NewServer(faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error {
		return fault.TaskLocked.New(fault.Detail("task", "T1"))
	}))
	defer server.Close()

	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, nil)
	req.Header.Set("Accept", "application/problem+json")
	req.Header.Set("Accept-Language", "fr")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()

	err = faulthttp.Decode(resp)
	fmt.Println(errors.Is(err, fault.TaskLocked), errors.Is(err, fault.Locked), errors.Is(err, fault.NotFound))
	if remote, ok := errors.AsType[*faulthttp.RemoteError](err); ok {
		fmt.Println(remote.Text("fr"))
		fmt.Println(remote.Details)
	}
	// Output:
	// true true false
	// Cette opération est impossible, car la tâche est verrouillée.
	// [{task T1}]
}

func ExampleTransport() {
	server := httptest.NewServer(faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error {
		return fault.NotFound
	}))
	defer server.Close()

	client := &http.Client{Transport: faulthttp.Transport(nil)}
	_, err := client.Get(server.URL)
	fmt.Println(errors.Is(err, fault.NotFound))
	// Output: true
}

// What was received is found as a server would have found it for its client.
func TestTheNearestTextReceived(t *testing.T) {
	for _, c := range []struct {
		received string
		asked    []string
		want     string
	}{
		{"en pt-BR", []string{"pt"}, "pt-BR"},
		{"en pt", []string{"pt-BR"}, "pt"},
		{"en pt pt-PT", []string{"pt-AO"}, "pt-PT"},
		{"de en fr", []string{"de-AT", "fr"}, "de"},
		{"en zh-CN zh-Hant", []string{"zh-SG"}, "zh-CN"},
		{"en zh-Hans zh-Hant", []string{"zh-HK"}, "zh-Hant"},
		{"en zh-Hans", []string{"zh-TW"}, "en"},
		{"en zh-Hant", []string{"yue"}, "zh-Hant"},
		{"en nb", []string{"no"}, "nb"},
		{"en nb", []string{"nn-NO"}, "nb"},
		{"en he id", []string{"iw", "in"}, "he"},
		{"en es-MX", []string{"es"}, "es-MX"},
		{"en fr", []string{"de", "fr"}, "fr"},
		{"de en-GB", []string{"tlh"}, "en-GB"},
		{"de fr", []string{"tlh"}, "de"},
		{"de fr und", []string{"und"}, "und"},
		{"de fr", []string{"und"}, "de"},
		{"de en", []string{"", "x-private", "i-klingon", "mul", strings.Repeat("de-", 100) + "de", "d!e"}, "en"},
		{"de en", nil, "en"},
		{"", []string{"de"}, ""},
	} {
		texts := map[string]string{}
		for tag := range strings.FieldsSeq(c.received) {
			texts[tag] = tag
		}
		assert.Equal(t, c.want, (&faulthttp.RemoteError{Texts: texts}).Text(c.asked...), "%s for %q", c.received, c.asked)
		assert.Equal(t, c.want, faulthttp.RemoteField{Texts: texts}.Text(c.asked...), "%s for %q", c.received, c.asked)
	}
}
