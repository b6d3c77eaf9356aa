// Package compose is what the tests of compositions share: a service on a real listener, requests over TCP, and one
// check of what an answer to a failure must be, whatever middleware of others stands around the adapter or inside it.
package compose

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/logtest"
)

// Canary stands in the texts of errors that no client may see.
const Canary = "canary-7f3a"

// Origin is that of each request, for CORS.
const Origin = "https://app.example"

// TraceID is that of each request, by its traceparent: so bodies are the same in all compositions.
const TraceID = "4bf92f3577b34da6a3ce929d0e0e4736"

const traceparent = "00-" + TraceID + "-00f067aa0ba902b7-01"

// A Service is a server, what its responder and the server itself have logged, and what was seen outside of it.
type Service struct {
	Responder *fault.Responder // for the adapter
	Log       logtest.Lines
	Seen      Seen   // noted by the outermost middleware of the test, where the test has one
	Addr      string // of the listener

	server logtest.Output
}

// New makes a service that is not served yet: the adapter is set up with its responder.
func New(t testing.TB, opts ...fault.Option) *Service {
	t.Helper()
	s := &Service{}
	r, err := fault.NewResponder(append([]fault.Option{fault.WithLogger(slog.New(&s.Log))}, opts...)...)
	require.NoError(t, err)
	s.Responder = r
	return s
}

// Serve serves h by net/http until the test ends. Servers of other kinds set Addr.
func (s *Service) Serve(t testing.TB, h http.Handler) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(&s.server, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	s.Addr = server.Listener.Addr().String()
}

// An Answer is all that came over a connection.
type Answer struct {
	Status  int
	Header  http.Header
	Trailer http.Header
	Body    string // without its compression, if it came whole
	Broken  error  // the transfer ended before the body did
	Rest    string // what came after the answer: a second one
	Raw     string
}

// Ask sends a request over a connection of its own and reads that to its end. Of headers, each name is followed by its
// value; "" leaves out one that is sent otherwise: Origin, Traceparent, Connection.
func (s *Service) Ask(t testing.TB, method, path, body string, headers ...string) Answer {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(conn, request(method, path, body, headers))
	require.NoError(t, err)
	raw, err := io.ReadAll(conn)
	if len(raw) == 0 {
		return Answer{Broken: fmt.Errorf("nothing came: %w", cause(err))}
	}
	return parse(t, method, raw)
}

func cause(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

func request(method, path, body string, headers []string) string {
	h := http.Header{"Host": {"service.example"}, "Origin": {Origin}, "Traceparent": {traceparent}, "Connection": {"close"}}
	if body != "" {
		h.Set("Content-Length", fmt.Sprint(len(body)))
		h.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, path)
	for name, values := range h {
		if values[0] != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, values[0])
		}
	}
	return b.String() + "\r\n" + body
}

func parse(t testing.TB, method string, raw []byte) Answer {
	t.Helper()
	reader, asked := bufio.NewReader(bytes.NewReader(raw)), &http.Request{Method: method}
	resp, err := http.ReadResponse(reader, asked) //nolint:bodyclose // no connection is below
	for err == nil && resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
		resp, err = http.ReadResponse(reader, asked) //nolint:bodyclose // likewise
	}
	require.NoError(t, err, string(raw))
	body, broken := io.ReadAll(resp.Body)
	rest, _ := io.ReadAll(reader)
	a := Answer{Status: resp.StatusCode, Header: resp.Header, Trailer: resp.Trailer, Broken: broken, Rest: string(rest), Raw: string(raw)}
	if a.Body = string(body); broken == nil {
		a.Body = unpacked(t, resp.Header.Get("Content-Encoding"), body)
	}
	return a
}

func unpacked(t testing.TB, encoding string, body []byte) string {
	t.Helper()
	if encoding == "" || len(body) == 0 {
		return string(body)
	}
	require.Equal(t, "gzip", encoding, "Content-Encoding of %q", body)
	z, err := gzip.NewReader(bytes.NewReader(body))
	require.NoError(t, err, "it says gzip and is %q", body)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(plain)
}

// A Failure is what an answer must be.
type Failure struct {
	Err    error             // what the handler failed with, or the kind that somebody's refusal has
	Status int               // that it is answered with
	Code   string            // of the body and of the log line
	Kept   map[string]string // header fields of others that must be there; each value is one of the list, or the whole
	Seen   int               // the status seen outside, when the test notes it and it is another one than Status
}

// Failed checks an answer to a failure: status, headers and bytes, one answer, no leak, the status seen outside, one
// log line, Vary and CORS kept, nothing cached.
func (s *Service) Failed(t testing.TB, a Answer, want Failure) {
	t.Helper()
	assert.NoError(t, a.Broken)
	assert.Equal(t, want.Status, a.Status, a.Raw)
	assert.Equal(t, string(s.body(want.Err)), a.Body, "the body of %v", want.Err)
	assert.Empty(t, a.Rest, "after the answer")
	assert.NotContains(t, a.Raw+a.Body, Canary)
	assert.Equal(t, []string{"application/json"}, a.Header.Values("Content-Type"))
	assert.Equal(t, []string{"nosniff"}, a.Header.Values("X-Content-Type-Options"))
	assert.Equal(t, []string{"de, en, fr, pt"}, a.Header.Values("Content-Language"))
	s.uncached(t, a)
	kept(t, a, map[string]string{"Vary": "Accept"})
	kept(t, a, want.Kept)
	line := s.Log.Take(t)
	assert.Contains(t, line, fmt.Sprintf("code=%s status=%d ", want.Code, want.Status))
	s.outside(t, want.Status, want.Seen)
}

// uncached checks that no cache keeps the answer, and that nothing of the failed body describes it.
func (s *Service) uncached(t testing.TB, a Answer) {
	t.Helper()
	assert.Equal(t, []string{"no-store"}, a.Header.Values("Cache-Control"))
	for _, name := range []string{"Etag", "Last-Modified", "Expires", "Content-Disposition", "Location", "Age"} {
		assert.Empty(t, a.Header.Values(name), name)
	}
	assert.Empty(t, a.Trailer)
}

// outside checks the status that was seen there, and that the server itself had nothing to complain about.
func (s *Service) outside(t testing.TB, status, seen int) {
	t.Helper()
	if seen == 0 {
		seen = status
	}
	if s.Seen.Used() {
		assert.Equal(t, []int{seen}, s.Seen.Take(), "seen outside")
	}
	assert.Empty(t, s.server.Take(), "the server complains")
}

// body is what the error is in bytes, without any framework.
func (s *Service) body(err error) []byte { return s.Responder.Preview(plain{}, err).Body }

// plain is a request of no framework.
type plain struct{}

func (plain) Context() context.Context { return context.Background() }
func (plain) Method() string           { return http.MethodGet }
func (plain) Path() string             { return "/" }

func (plain) Header(name string) string {
	if http.CanonicalHeaderKey(name) == "Traceparent" {
		return traceparent
	}
	return ""
}

func kept(t testing.TB, a Answer, headers map[string]string) {
	t.Helper()
	for name, value := range headers {
		values := a.Header.Values(name)
		var items []string
		for _, v := range values {
			items = append(items, v)
			for item := range strings.SplitSeq(v, ",") {
				items = append(items, strings.TrimSpace(item))
			}
		}
		assert.Contains(t, items, value, "%s is kept", name)
	}
}

// Passed checks an answer that is the handler's own: it has no headers of ours, and nothing is logged.
func (s *Service) Passed(t testing.TB, a Answer, status int, body string) {
	t.Helper()
	assert.NoError(t, a.Broken)
	assert.Equal(t, status, a.Status, a.Raw)
	assert.Equal(t, body, a.Body)
	assert.Empty(t, a.Rest, "after the answer")
	assert.Empty(t, a.Header.Values("Content-Language"))
	s.Log.None(t)
	s.outside(t, status, 0)
}

// Seen are the statuses that somebody outside has seen. It is safe for concurrent use.
type Seen struct {
	mu    sync.Mutex
	list  []int
	noted bool
}

// Note notes one.
func (s *Seen) Note(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.noted = append(s.list, status), true
}

// Take returns what was noted since the last call. Who notes may be later than the client: it waits for the first.
func (s *Seen) Take() []int {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		list := s.list
		s.list = nil
		s.mu.Unlock()
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// Used reports whether anything was noted ever.
func (s *Seen) Used() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.noted
}
