package fault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// request is what an adapter would give.
type request struct {
	ctx       context.Context
	headers   map[string]string
	route     string
	committed bool
}

func (r *request) Context() context.Context { return r.ctx }
func (r *request) Method() string           { return http.MethodGet }
func (r *request) Path() string             { return "/orders/7" }
func (r *request) Header(name string) string {
	return r.headers[http.CanonicalHeaderKey(name)]
}
func (r *request) Route() string   { return r.route }
func (r *request) Committed() bool { return r.committed }

// with makes a request with headers given as name, value, …
func with(headers ...string) *request {
	r := &request{ctx: context.Background(), headers: map[string]string{}}
	for i := 0; i+1 < len(headers); i += 2 {
		r.headers[http.CanonicalHeaderKey(headers[i])] = headers[i+1]
	}
	return r
}

const problemJSON = "application/problem+json"

// languagesLine is the message of the line that NewResponder and Reload write.
const languagesLine = "languages of error responses"

// records is a slog handler that keeps what it gets.
type records struct {
	sync.Mutex
	slog.Handler
	buffer bytes.Buffer
	count  int
}

func newRecords() *records {
	r := &records{}
	r.Handler = slog.NewJSONHandler(&r.buffer, &slog.HandlerOptions{Level: slog.LevelDebug})
	return r
}

func (r *records) Handle(ctx context.Context, record slog.Record) error {
	if record.Message == languagesLine {
		return nil // about no failure
	}
	r.Lock()
	defer r.Unlock()
	r.count++
	return r.Handler.Handle(ctx, record)
}

func (r *records) reset() {
	r.Lock()
	defer r.Unlock()
	r.buffer.Reset()
	r.count = 0
}

// only returns the one record there is.
func (r *records) only(t *testing.T) map[string]any {
	t.Helper()
	r.Lock()
	defer r.Unlock()
	require.Equal(t, 1, r.count, "log lines: %s", r.buffer.String())
	var line map[string]any
	require.NoError(t, json.Unmarshal(r.buffer.Bytes(), &line))
	return line
}

func (r *records) text() string {
	r.Lock()
	defer r.Unlock()
	return r.buffer.String()
}

// logged makes a responder whose log lines are kept.
func logged(t testing.TB, opts ...fault.Option) (*fault.Responder, *records) {
	t.Helper()
	log := newRecords()
	r, err := fault.NewResponder(append(opts, fault.WithLogger(slog.New(log)))...)
	require.NoError(t, err)
	return r, log
}

func responder(t testing.TB, opts ...fault.Option) *fault.Responder {
	t.Helper()
	r, _ := logged(t, opts...)
	return r
}

// files makes a file system of locale files: name, content, …
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i+1 < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

func decode(t testing.TB, resp *fault.Response) map[string]any {
	t.Helper()
	require.NotNil(t, resp)
	var body map[string]any
	require.NoError(t, json.Unmarshal(resp.Body, &body), "body: %s", resp.Body)
	return body
}

// keys are the top-level member names in the order of the body.
func keys(t testing.TB, body []byte) (names []string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	_, err := d.Token()
	require.NoError(t, err)
	for d.More() {
		name, err := d.Token()
		require.NoError(t, err)
		names = append(names, name.(string))
		var value json.RawMessage
		require.NoError(t, d.Decode(&value))
	}
	return names
}

func assertHeader(t *testing.T, resp *fault.Response, name string, want ...string) {
	t.Helper()
	assert.Equal(t, want, resp.Header().Values(name), name)
}

// derived derives a kind once, however often the tests run in a process.
func derived(parent *fault.Kind, spec fault.Spec) *fault.Kind {
	if k, ok := fault.KindByCode(spec.Code); ok {
		return k
	}
	return parent.Derive(spec)
}
