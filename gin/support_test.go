package faultgin_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
)

// A service is an engine on a listener, and what its responder has logged.
type service struct {
	t         *testing.T
	engine    *gin.Engine
	responder *fault.Responder
	url       string
	client    *http.Client

	mu       sync.Mutex
	lines    []string
	observed int
}

func (s *service) Enabled(context.Context, slog.Level) bool { return true }
func (s *service) WithAttrs([]slog.Attr) slog.Handler       { return s }
func (s *service) WithGroup(string) slog.Handler            { return s }

func (s *service) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	r.Attrs(func(a slog.Attr) bool { line.WriteString(a.Key + "=" + a.Value.String() + " "); return true })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line.String())
	return nil
}

func (s *service) observe(context.Context, *fault.Occurrence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observed++
}

// serve starts the engine that setup has set up; it installs the adapter itself.
func serve(t *testing.T, e *gin.Engine, setup func(e *gin.Engine, r *fault.Responder)) *service {
	t.Helper()
	s := prepare(t, e, setup)
	s.start(httptest.NewUnstartedServer(e), false)
	return s
}

// installed is serve with Install before the routes.
func installed(t *testing.T, routes func(e *gin.Engine)) *service {
	t.Helper()
	return serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
		faultgin.Install(e, r)
		routes(e)
	})
}

func prepare(t *testing.T, e *gin.Engine, setup func(e *gin.Engine, r *fault.Responder)) *service {
	t.Helper()
	s := &service{t: t, engine: e}
	r, err := fault.NewResponder(fault.WithLogger(slog.New(s)), fault.WithObserver(s.observe), fault.WithMembers(fault.MemberCode))
	require.NoError(t, err)
	s.responder = r
	e.HandleMethodNotAllowed = true // an application's own line
	setup(e, r)
	return s
}

func (s *service) start(server *httptest.Server, http2 bool) {
	server.Config.ErrorLog = silent
	server.EnableHTTP2 = http2
	if http2 {
		server.StartTLS()
	} else {
		server.Start()
	}
	s.t.Cleanup(server.Close)
	s.url, s.client = server.URL, server.Client()
	s.client.Timeout = 10 * time.Second
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// An answer is a response that was read to its end.
type answer struct {
	*http.Response
	body    string
	bodyErr error
}

func (s *service) ask(method, path, body string, headers ...string) (answer, error) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	s.mu.Lock()
	s.lines, s.observed = nil, 0
	s.mu.Unlock()
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	read, bodyErr := io.ReadAll(resp.Body)
	return answer{resp, string(read), bodyErr}, nil
}

func (s *service) get(path string, headers ...string) answer {
	s.t.Helper()
	a, err := s.ask(http.MethodGet, path, "", headers...)
	require.NoError(s.t, err)
	require.NoError(s.t, a.bodyErr)
	return a
}

func (s *service) postJSON(path, body string) answer {
	s.t.Helper()
	a, err := s.ask(http.MethodPost, path, body, "Content-Type", "application/json")
	require.NoError(s.t, err)
	return a
}

// failed checks an answer of ours: status, code, all languages, sound headers, one line, one observer
// call. It returns the line.
func (s *service) failed(a answer, status int, code string) string {
	s.t.Helper()
	assert.Equal(s.t, status, a.StatusCode)
	var body struct{ DE, EN, FR, PT, Code string }
	require.NoError(s.t, json.Unmarshal([]byte(a.body), &body), a.body)
	assert.Equal(s.t, code, body.Code)
	for _, text := range []string{body.DE, body.EN, body.FR, body.PT} {
		assert.NotEmpty(s.t, text)
	}
	assert.Equal(s.t, "application/json", a.Header.Get("Content-Type"))
	assert.Equal(s.t, "nosniff", a.Header.Get("X-Content-Type-Options"))
	assert.NotContains(s.t, a.body, canary)
	return s.logged(code)
}

func (s *service) logged(code string) string {
	s.t.Helper()
	var lines []string
	var observed int
	require.Eventually(s.t, func() bool { // the answer may be here before the line
		s.mu.Lock()
		defer s.mu.Unlock()
		lines, observed = s.lines, s.observed
		return len(lines) > 0
	}, 5*time.Second, time.Millisecond, "nothing was logged")
	require.Len(s.t, lines, 1)
	assert.Equal(s.t, 1, observed)
	assert.Contains(s.t, lines[0], "code="+code+" ")
	return lines[0]
}

func (s *service) unlogged() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Empty(s.t, s.lines)
	assert.Zero(s.t, s.observed)
}

// untouched checks an answer of the handler's own.
func (s *service) untouched(a answer, status int, body string) {
	s.t.Helper()
	assert.Equal(s.t, status, a.StatusCode)
	assert.Equal(s.t, body, a.body)
	for _, name := range []string{"X-Content-Type-Options", "Cache-Control", "Content-Language"} {
		assert.Empty(s.t, a.Header.Get(name))
	}
	s.unlogged()
}

// canary is in the texts of errors that no client may see.
const canary = "canary-7f3a"
