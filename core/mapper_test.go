package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// statusError is a foreign error that tells its status.
type statusError int

func (statusError) Error() string     { return "status canary" }
func (e statusError) StatusCode() int { return int(e) }

func TestForeignStatus(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{statusError(404), 404, "not_found"},
		{fmt.Errorf("w: %w", statusError(423)), 423, "locked"},
		{errors.Join(errors.New("x"), statusError(409)), 409, "conflict"},
		{statusError(418), 418, "client_error"}, {statusError(499), 499, "client_closed_request"},
		{statusError(533), 533, "server_error"}, {statusError(599), 599, "server_error"},
		{statusError(0), 500, "unhandled"}, {statusError(99), 500, "unhandled"}, {statusError(600), 500, "unhandled"},
		{statusError(200), 500, "unhandled"}, {statusError(302), 500, "unhandled"}, {statusError(-1), 500, "unhandled"},
		{statusError(1 << 30), 500, "unhandled"},
		{statusWith{400, io.ErrUnexpectedEOF}, 400, "invalid_json"}, // the cause refines the kind within the status
		{statusWith{400, &strconv.NumError{Err: strconv.ErrSyntax}}, 400, "bad_param_value"},
		{statusWith{409, io.ErrUnexpectedEOF}, 409, "conflict"},
		{statusWith{400, fault.TaskLocked}, 423, "task_locked"}, // ours first
		{statusWith{400, &http.MaxBytesError{Limit: 5}}, 413, "content_too_large"},
	} {
		r, log := logged(t)
		resp := r.Respond(with(), c.err)
		assert.Equal(t, c.status, resp.Status, "%v", c.err)
		assert.Equal(t, c.code, log.only(t)["code"])
		assert.NotContains(t, string(resp.Body), "canary")
	}
}

type statusWith struct {
	statusError
	cause error
}

func (e statusWith) Unwrap() error { return e.cause }

// inputError is what decoding really returns.
func inputError(t *testing.T, body string, into any, unknownFields bool) error {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	if !unknownFields {
		d.DisallowUnknownFields()
	}
	err := d.Decode(into)
	require.Error(t, err)
	return err
}

// unencodable is part of an answer; its error is one that binding returns, too.
type unencodable struct{ err error }

func (u unencodable) MarshalJSON() ([]byte, error) { return nil, u.err }

type order struct {
	Qty   int            `json:"qty"`
	Name  string         `json:"name"`
	Items []item         `json:"items"`
	Flag  bool           `json:"flag"`
	Extra map[string]any `json:"extra"`
}

type item struct {
	Count int `json:"count"`
}

func TestKnownForeignErrors(t *testing.T) {
	tooLarge := func() error {
		w := httptest.NewRecorder()
		_, err := io.ReadAll(http.MaxBytesReader(w, io.NopCloser(strings.NewReader("canary canary")), 5))
		require.Error(t, err)
		return err
	}()
	_, notMultipart := httptest.NewRequest("POST", "/", strings.NewReader("canary")).MultipartReader()
	form := httptest.NewRequest("POST", "/", strings.NewReader("--x--"))
	form.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	_, _, missingFile := form.FormFile("canary")
	_, number := strconv.Atoi("canary")
	_, date := time.Parse(time.DateOnly, "canary")
	_, encodingError := json.Marshal(json.RawMessage("{canary"))
	_, encodingNumber := json.Marshal(unencodable{number})
	for _, c := range []struct {
		name    string
		err     error
		status  int
		code    string
		input   string // JSON; "" for none
		details string
	}{
		{"too large", tooLarge, 413, "content_too_large", "", ""},
		{"too large, while binding", fault.Binding(fmt.Errorf("w: %w", tooLarge)), 413, "content_too_large", "", ""},
		{"multipart too large", multipart.ErrMessageTooLarge, 413, "content_too_large", "", ""},
		{"not multipart", notMultipart, 415, "unsupported_media_type", "", ""},
		{"missing file", missingFile, 400, "missing_attribute", "", ""},
		{"syntax", inputError(t, `{"qty":canary}`, &order{}, true), 400, "invalid_json", `{"position":8}`, ""},
		{"type", inputError(t, `{"qty":"canary"}`, &order{}, true), 400, "invalid_json",
			`{"position":15,"field":"/qty"}`,
			`{"qty":{"code":"type","params":{"Expected":"number","Got":"string"}}}`},
		{"number that does not fit", inputError(t, `{"qty":1.25}`, &order{}, true), 400, "invalid_json",
			`{"position":11,"field":"/qty"}`,
			`{"qty":{"code":"type","params":{"Expected":"number","Got":"number"}}}`},
		{"nested type", inputError(t, `{"items":[{"count":{}}]}`, &order{}, true), 400, "invalid_json",
			`{"position":20}`, `{"":{"code":"type"}}`},
		{"nested type, of a known target", fault.BindingTo(order{}, inputError(t, `{"items":[{"count":{}}]}`, &order{}, true)), 400,
			"invalid_json",
			`{"position":20,"field":"/items"}`, `{"items":{"code":"type"}}`},
		{"boolean expected", inputError(t, `{"flag":1}`, &order{}, true), 400, "invalid_json",
			`{"position":9,"field":"/flag"}`,
			`{"flag":{"code":"type","params":{"Expected":"boolean","Got":"number"}}}`},
		{"list expected", inputError(t, `{"items":1}`, &order{}, true), 400, "invalid_json",
			`{"position":10,"field":"/items"}`,
			`{"items":{"code":"type","params":{"Expected":"array","Got":"number"}}}`},
		{"object expected", inputError(t, `{"extra":1}`, &order{}, true), 400, "invalid_json",
			`{"position":10,"field":"/extra"}`,
			`{"extra":{"code":"type","params":{"Expected":"object","Got":"number"}}}`},
		{"whole document", inputError(t, `"canary"`, &order{}, true), 400, "invalid_json",
			`{"position":8}`, `{"":{"code":"type","params":{"Expected":"object","Got":"string"}}}`},
		{"truncated, while binding", fault.Binding(inputError(t, `{"qty":`, &order{}, true)), 400, "invalid_json", "", ""},
		{"empty, while binding", fault.Binding(inputError(t, ``, &order{}, true)), 400, "invalid_json", "", ""},
		{"truncated, somewhere else", inputError(t, `{"qty":`, &order{}, true), 500, "unhandled", "", "*"},
		{"end of file from somewhere", io.EOF, 500, "unhandled", "", "*"},
		{"json.Unmarshal of truncated text", json.Unmarshal([]byte(`{"a":`), &order{}), 400, "invalid_json", `{"position":5}`, ""},
		{"unknown field", inputError(t, `{"colour":"canary"}`, &order{}, false), 400, "superfluous_attributes_in_request", "",
			`{"":{"code":"unknown_field","params":{"Member":"colour"}}}`},
		{"number, while binding", fault.Binding(number), 400, "bad_param_value", "", ""},
		{"number, somewhere else", number, 500, "unhandled", "", "*"},
		{"date, while binding", fault.Binding(date), 400, "bad_param_value", "", ""},
		{"anything else, while binding", fault.Binding(errors.New("canary")), 400, "bad_request", "", ""},
		{"downstream JSON behind an explicit kind", fault.BadGateway.Wrap(inputError(t, `{"qty":x}`, &order{}, true)), 502, "bad_gateway",
			"", ""},
		{"an answer that cannot be encoded", encodingError, 500, "unhandled", "", "*"},
		{"an answer whose number cannot be encoded, with a status", statusWith{400, encodingNumber}, 400, "bad_request", "", ""},
		{"the same with a status", statusWith{400, encodingError}, 400, "bad_request", "", ""},
		{"timeout of TimeoutHandler", http.ErrHandlerTimeout, 503, "service_unavailable", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, log := logged(t)
			resp := r.Respond(with(), c.err)
			assert.Equal(t, c.status, resp.Status)
			line := log.only(t)
			assert.Equal(t, c.code, line["code"])
			assert.Equal(t, map[bool]string{true: "ERROR", false: "DEBUG"}[c.status >= 500 && c.err != http.ErrHandlerTimeout], line["level"])
			assert.NotContains(t, string(resp.Body)+fmt.Sprint(resp.Header()), "canary")
			assert.NotContains(t, string(resp.Body), "1.25")
			var body struct{ Input, Details json.RawMessage }
			require.NoError(t, json.Unmarshal(resp.Body, &body))
			assert.Equal(t, c.input, string(body.Input))
			switch c.details {
			case "*":
			case "":
				assert.Empty(t, body.Details)
			default:
				assert.JSONEq(t, c.details, withoutTexts(t, body.Details))
			}
		})
	}
	xml := responder(t).Respond(with("Content-Type", "application/xml"), fault.Binding(io.EOF))
	assert.Contains(t, string(xml.Body), "The request is not valid.", "an empty body that is not meant to be JSON")
	json := responder(t).Respond(with("Content-Type", "application/problem+JSON"), fault.Binding(io.EOF))
	assert.Contains(t, string(json.Body), "not valid JSON")
	assert.NoError(t, fault.Binding(nil))
	assert.ErrorIs(t, fault.Binding(io.EOF), io.EOF)
	assert.Equal(t, "EOF", fault.Binding(io.EOF).Error())
	assertHeader(t, responder(t).Respond(with(), tooLarge), "Connection", "close")
	assert.Contains(t, string(responder(t, fault.WithMembers(fault.MemberParams)).Respond(with(), tooLarge).Body), `"params":{"Limit":5}`)
}

// withoutTexts is the details without the languages in them, each of which must have its text.
func withoutTexts(t *testing.T, details json.RawMessage) string {
	t.Helper()
	var entries map[string]any
	require.NoError(t, json.Unmarshal(details, &entries))
	for name, value := range entries {
		field, ok := value.(map[string]any)
		if !ok {
			continue
		}
		for _, language := range []string{"DE", "EN", "FR", "PT"} {
			assert.NotEmpty(t, field[language], name)
			delete(field, language)
		}
	}
	rest, err := json.Marshal(entries)
	require.NoError(t, err)
	return string(rest)
}

func TestContextsAndTimeouts(t *testing.T) {
	cancelled := cancelledBy(&http.Server{})
	expired, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	_, clientTimeout := (&http.Client{Timeout: time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}).Get(slow.URL)
	require.Error(t, clientTimeout)
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetReadDeadline(time.Unix(1, 0)))
	_, readTimeout := conn.Read(make([]byte, 1))
	require.Error(t, readTimeout)
	for _, c := range []struct {
		name   string
		own    context.Context
		err    error
		status int
		code   string
		body   bool
	}{
		{"cancelled below, when the own time was over", expired, context.Canceled, 503, "service_unavailable", true},
		{"the client left", cancelled, context.Canceled, 499, "client_closed_request", false},
		{"the client left, wrapped", cancelled, fmt.Errorf("query: %w", context.Canceled), 499, "client_closed_request", false},
		{"the client left, broken pipe", cancelled,
			&net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)}, 499, "client_closed_request", false},
		{"the client left, another error", cancelled, errors.New("disk full"), 500, "unhandled", true},
		{"a downstream call was cancelled", context.Background(), context.Canceled, 503, "service_unavailable", true},
		{"the request's own deadline", expired, context.DeadlineExceeded, 503, "service_unavailable", true},
		{"a downstream deadline", context.Background(), context.DeadlineExceeded, 504, "gateway_timeout", true},
		{"an http.Client's timeout", context.Background(), clientTimeout, 504, "gateway_timeout", true},
		{"a connection's deadline", context.Background(), readTimeout, 504, "gateway_timeout", true},
		{"reading the body was too slow", context.Background(), fault.Binding(readTimeout), 408, "request_timeout", true},
		{"an explicit kind wins", cancelled, fault.Conflict.Wrap(context.Canceled), 409, "conflict", true},
		{"a kind returned by the handler", context.Background(), fault.ClientClosedRequest, 499, "client_closed_request", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, log := logged(t)
			req := with()
			req.ctx = c.own
			resp := r.Respond(req, c.err)
			assert.Equal(t, c.status, resp.Status)
			assert.Equal(t, c.body, resp.Body != nil, "nobody reads the body when the client left")
			line := log.only(t)
			assert.Equal(t, c.code, line["code"])
			assert.Equal(t, map[bool]string{true: "ERROR", false: "DEBUG"}[c.status >= 500], line["level"])
		})
	}
}

// cancelledBy is a context as the server gives it to a request, cancelled.
func cancelledBy(server *http.Server) context.Context {
	ctx := context.Background()
	if server != nil {
		ctx = context.WithValue(ctx, http.ServerContextKey, server)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

type arrivingRequest struct {
	*request
	arrival context.Context
}

func (r arrivingRequest) ArrivalContext() context.Context { return r.arrival }

// "Cancelled" is not "the client left": whenever somebody else can have ended the context, the client is answered.
func TestWhoEndedTheContext(t *testing.T) {
	base := &http.Server{BaseContext: func(net.Listener) context.Context { return context.Background() }}
	conn := &http.Server{ConnContext: func(ctx context.Context, _ net.Conn) context.Context { return ctx }}
	for _, c := range []struct {
		name         string
		own, arrival context.Context
		status       int
		level        string
		stack        bool
	}{
		{"nobody but the connection", cancelledBy(&http.Server{}), nil, 499, "DEBUG", false},
		{"the server's base context, perhaps", cancelledBy(base), nil, 503, "DEBUG", false},
		{"the connection's context, perhaps", cancelledBy(conn), nil, 503, "DEBUG", false},
		{"another server, who knows why", cancelledBy(nil), nil, 503, "DEBUG", false},
		{"middleware", cancelledBy(&http.Server{}), context.Background(), 503, "ERROR", true},
		{"middleware that keeps what it was given, and the client", cancelledBy(nil), cancelledBy(&http.Server{}), 499, "DEBUG", false},
		{"nothing is over", context.Background(), context.Background(), 503, "ERROR", true},
		{"no context at all", context.Background(), nil, 503, "ERROR", true},
	} {
		for _, err := range []error{context.Canceled, fmt.Errorf("query: %w", context.Canceled)} {
			r, log := logged(t)
			req := with()
			req.ctx = c.own
			var asked fault.Request = req
			if c.arrival != nil || c.name == "no context at all" {
				asked = arrivingRequest{req, c.arrival}
			}
			resp := r.Respond(asked, err)
			assert.Equal(t, c.status, resp.Status, c.name)
			assert.Equal(t, c.status == 503, resp.Body != nil, c.name)
			line := log.only(t)
			assert.Equal(t, c.level, line["level"], c.name)
			assert.Equal(t, c.stack, line["stack"] != nil, c.name)
		}
	}
}

func TestMappers(t *testing.T) {
	sentinel := errors.New("sentinel-canary")
	order := []string{}
	r, log := logged(t,
		fault.WithMapper(
			func(error) *fault.Fault { order = append(order, "first"); panic("mapper") },
			fault.MapIs(sentinel, fault.Gone),
			fault.MapAs(func(e *os.PathError) *fault.Fault { return fault.IOFailure.New(fault.Arg("Op", e.Op)) }),
			fault.MapAs(func(statusError) *fault.Fault { return nil }),
			fault.MapIs(statusError(404), fault.TaskLocked),
		), fault.WithMembers(fault.MemberParams))
	resp := r.Respond(with(), fmt.Errorf("w: %w", sentinel))
	assert.Equal(t, 410, resp.Status, "a mapper that panics is passed over")
	line := log.only(t)
	assert.Equal(t, "w: sentinel-canary", line["cause"], "the foreign error stays the cause")
	assert.Equal(t, []any{"a mapper panicked: mapper"}, line["notes"])
	assert.Contains(t, string(r.Respond(with(), fmt.Errorf("w: %w", &os.PathError{Op: "open"})).Body), `"params":{"Op":"open"}`)
	assert.Equal(t, 423, r.Respond(with(), statusError(404)).Status, "a mapper beats the error's own status")
	assert.Equal(t, 404, r.Respond(with(), errors.Join(errors.New("x"), statusWith{404, nil})).Status, "MapAs may pass")
	order = nil
	r.Respond(with(), fault.Conflict.Wrap(sentinel))
	assert.Empty(t, order, "mappers are not asked about errors of ours")
	assert.Equal(t, 410, r.Respond(with(), errors.Join(&http.MaxBytesError{}, sentinel)).Status, "a mapper beats what the library knows")

	cyclic := &cyclicError{}
	cyclic.next = cyclic
	assert.Equal(t, 500, r.Respond(with(), cyclic).Status)
	assert.Equal(t, 500, r.Respond(with(), panickingUnwrap{}).Status)
	assert.Contains(t, panicMessage(t, func() { fault.MapIs(sentinel, nil) }), "MapIs: the kind is nil")
	assert.Contains(t, panicMessage(t, func() { fault.MapAs[*os.PathError](nil) }), "MapAs")
}
