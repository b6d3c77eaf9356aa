// Package canary_test sends one word through every source of text, on all adapters and in all formats, and looks for it
// in bodies, headers and log lines.
package canary_test

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	"github.com/polyfault/polyfault/internal/logtest"
	"github.com/polyfault/polyfault/interop/adapters"
)

const canary = "canary5b1e"

// A source brings the word. Logs are for causes: only what a client has sent, and secrets, stand in none.
type source struct {
	name   string
	logged bool // the log may have it
	fail   func(adapters.Exchange) error
}

type stringer struct{}

func (stringer) String() string { return canary }

type refusing struct{}

func (refusing) MarshalJSON() ([]byte, error) { return nil, errors.New(canary) }

type panicking struct{}

func (panicking) Error() string { panic(canary) }

type status int

func (status) Error() string     { return canary }
func (s status) StatusCode() int { return int(s) }

func always(err error) func(adapters.Exchange) error {
	return func(adapters.Exchange) error { return err }
}

var sources = []source{
	{"unknown error", true, always(errors.New("dial tcp 10.0.0.1: " + canary))},
	{"wrapped", true, always(fmt.Errorf("%s: %w", canary, fault.TaskLocked))},
	{"joined", true, always(errors.Join(errors.New(canary), fault.Gone.New()))},
	{"cause", true, always(fault.Conflict.Wrap(errors.New(canary)))},
	{"log attribute", true, always(fault.Conflict.New(fault.Log(slog.String("a", canary))))},
	{"status of its own", true, always(status(418))},
	{"status out of range", true, always(status(99))},
	{"bad connection", true, always(fmt.Errorf("%s: %w", canary, driver.ErrBadConn))},
	{"deadline", true, always(fmt.Errorf("%s: %w", canary, context.DeadlineExceeded))},
	{"cancelled elsewhere", true, always(fmt.Errorf("%s: %w", canary, context.Canceled))},
	{"too large", true, always(fmt.Errorf("%s: %w", canary, &http.MaxBytesError{Limit: 3}))},
	{"panic of a text", true, func(adapters.Exchange) error { panic(canary) }},
	{"panic of an error", true, func(adapters.Exchange) error { panic(errors.New(canary)) }},
	{"panic of a struct", true, func(adapters.Exchange) error { panic(struct{ A string }{canary}) }},
	{"panic of a stringer", true, func(adapters.Exchange) error { panic(stringer{}) }},
	{"panic in Error", true, always(panicking{})},
	{"detail that cannot be encoded", true, always(fault.TaskLocked.New(fault.Detail("a", refusing{})))},
	{"error among details", true, always(new(fault.Details).AddError("a", errors.New("pq: "+canary)).Err(fault.ValidationFailed))},
	{"header function that panics", true, always(fault.TaskLocked.New(fault.HeadersFunc(func(fault.Request) http.Header { panic(canary) })))},
	{"header with a line break", false, always(fault.TaskLocked.New(fault.Header("X-A", "a\r\nX-B: "+canary)))},
	{"secret argument", false, always(fault.TaskLocked.New(fault.Arg("A", fault.Secret(canary))))},
	{"secret detail", false, always(fault.TaskLocked.New(fault.Detail("a", fault.Secret(canary))))},
	{"refused JSON", false, func(adapters.Exchange) error {
		var v struct{ A int }
		return fault.BindJSON(strings.NewReader(`{"A":"`+canary+`"}`), &v)
	}},
	{"broken JSON", false, func(adapters.Exchange) error {
		var v struct{ A string }
		return fault.BindJSON(strings.NewReader(`{"A":"`+canary+`"`), &v)
	}},
	{"encoding/json", false, func(adapters.Exchange) error {
		var v struct{ A int }
		return fault.Binding(json.Unmarshal([]byte(`{"A":"`+canary+`"}`), &v))
	}},
	{"refused number", false, func(adapters.Exchange) error {
		_, err := strconv.Atoi(canary)
		return fault.Binding(err)
	}},
	{"refused time", false, func(adapters.Exchange) error {
		_, err := time.Parse(time.RFC3339, canary)
		return fault.Binding(err)
	}},
	{"headers of the failed answer", false, func(x adapters.Exchange) error {
		for _, name := range []string{"Location", "Refresh", "X-Accel-Redirect", "ETag", "Content-Disposition", "HX-Redirect", "Trailer:X"} {
			x.SetHeader(name, canary)
		}
		return fault.Gone
	}},
	{"answer of another", true, func(adapters.Exchange) error {
		return fault.BadGateway.Wrap(fmt.Errorf("upstream said %q", canary))
	}},
}

// The request's own words are nobody's either.
var requestHeaders = map[string]string{
	"Authorization": "Bearer " + canary, "Cookie": "s=" + canary, "Traceparent": canary,
	"Accept-Language": canary + ",de", "Referer": "https://" + canary + ".example", "User-Agent": canary, "X-Forwarded-For": canary,
}

func TestTheWordIsNowhere(t *testing.T) {
	all := []fault.Format{fault.Multilingual{}, fault.Problem{}, formats.Envelope{}, formats.WebAPI{}, formats.RPCStatus{}, formats.JSONAPI{},
		formats.Text{}, formats.HTML{}}
	log := &logtest.Output{}
	for _, a := range adapters.All() {
		t.Run(a.Name, func(t *testing.T) {
			for _, format := range all {
				r, err := fault.NewResponder(fault.WithFormats(format), fault.WithLogger(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{
					Level: slog.LevelDebug}))), fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams, fault.MemberRetryable))
				require.NoError(t, err)
				base := "http://" + a.Start(t, r, routes())
				for i, s := range sources {
					log.Take()
					seen := ask(t, fmt.Sprintf("%s/%d", base, i))
					what := fmt.Sprintf("%T, %s", format, s.name)
					assert.NotContains(t, seen, canary, what)
					written := log.Take()
					assert.Contains(t, written, `"request failed"`, what)
					if !s.logged {
						assert.NotContains(t, written, canary, what)
					}
				}
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}

func routes() (all []adapters.Route) {
	for i, s := range sources {
		all = append(all, adapters.Route{Method: http.MethodGet, Path: "/" + strconv.Itoa(i), Handle: s.fail})
	}
	return all
}

// ask returns status, headers, body and trailers as one text.
func ask(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for name, value := range requestHeaders {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, resp.StatusCode, 400, url)
	assert.NotEmpty(t, body, url)
	return fmt.Sprint(resp.Status, resp.Header, string(body), resp.Trailer)
}
