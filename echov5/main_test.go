package faultecho_test

import (
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
	"github.com/polyfault/polyfault/internal/logtest"
)

// canary is in every text that no client may see.
const canary = "canary-7f3a"

// A service is an Echo on a listener.
type service struct {
	*echo.Echo
	t      *testing.T
	r      *fault.Responder
	log    *logtest.Lines
	url    string
	client *http.Client
}

// installed starts a service with Install. Routes and middleware may still be added.
func installed(t *testing.T, opts ...fault.Option) *service {
	t.Helper()
	s := bare(t, opts...)
	faultecho.Install(s.Echo, s.r)
	return s
}

// bare starts one without.
func bare(t *testing.T, opts ...fault.Option) *service {
	t.Helper()
	s := prepared(t, opts...)
	server := httptest.NewUnstartedServer(s.Echo)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // net/http tells of hijacked connections
	server.Start()
	t.Cleanup(server.Close)
	s.url, s.client = server.URL, server.Client()
	return s
}

// installed2 is installed with HTTP/2.
func installed2(t *testing.T) *service {
	t.Helper()
	s := prepared(t)
	faultecho.Install(s.Echo, s.r)
	server := httptest.NewUnstartedServer(s.Echo)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url, s.client = server.URL, server.Client()
	return s
}

func prepared(t *testing.T, opts ...fault.Option) *service {
	t.Helper()
	s := &service{Echo: quiet(), t: t, log: &logtest.Lines{}}
	r, err := fault.NewResponder(append([]fault.Option{fault.WithLogger(slog.New(s.log)), fault.WithMembers(fault.MemberCode)}, opts...)...)
	require.NoError(t, err)
	s.r = r
	return s
}

func (s *service) do(method, path, body string, header ...string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := s.client.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp, string(all)
}

func (s *service) get(path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", header...)
}

// answered checks an answer of ours: status, code and that nothing leaks.
func answered(t *testing.T, resp *http.Response, body string, status int, code string) map[string]any {
	t.Helper()
	assert.Equal(t, status, resp.StatusCode)
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	members := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(body), &members), body)
	assert.Equal(t, code, members["code"])
	assert.NotEmpty(t, members["DE"])
	assert.NotContains(t, body, canary)
	for _, values := range resp.Header {
		assert.NotContains(t, strings.Join(values, "\n"), canary)
	}
	return members
}

func returning(err error) echo.HandlerFunc { return func(*echo.Context) error { return err } }

// fail does what c.Error did in echo v4.
func fail(c *echo.Context, err error) { c.Echo().HTTPErrorHandler(c, err) }

// response is the echo.Response that the context's leads to.
func response(c *echo.Context) *echo.Response {
	r, err := echo.UnwrapResponse(c.Response())
	if err != nil {
		panic(err)
	}
	return r
}

func flush(c *echo.Context) { _ = http.NewResponseController(c.Response()).Flush() }
