package main

import (
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/examples/frameworks"
)

func serve(t *testing.T) string {
	t.Helper()
	s, err := start(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(s.stop)
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	return server.URL
}

func ask(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Accept", "application/problem+json")
	req.Header.Set("Accept-Language", "ar")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(content)
}

func TestThePageIsThere(t *testing.T) {
	url := serve(t)
	for path, says := range map[string]string{"/": "<form id=\"form\"", "/app.js": "Retry-After", "/style.css": "[dir=rtl]"} {
		resp, body := ask(t, http.MethodGet, url+path, "")
		assert.Equal(t, 200, resp.StatusCode, path)
		assert.Contains(t, body, says, path)
		assert.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'self'")
	}
}

// Each framework answers, by its own address and through the page's server, in Arabic too.
func TestEachFrameworkAnswers(t *testing.T) {
	url := serve(t)
	_, list := ask(t, http.MethodGet, url+"/frameworks.json", "")
	var choices []choice
	require.NoError(t, json.Unmarshal([]byte(list), &choices))
	require.Len(t, choices, len(frameworks.All))
	for _, c := range choices {
		for _, address := range []string{url + c.Path, c.URL} {
			resp, body := ask(t, http.MethodPost, address+"/bookings", `{"task":"T-400","resource":"R12","date":"2026-11-19","hours":1}`)
			assert.Equal(t, 503, resp.StatusCode, address)
			assert.Equal(t, "3", resp.Header.Get("Retry-After"), address)
			assert.Contains(t, body, `"lang":"ar","dir":"rtl"`, address)
			resp, body = ask(t, http.MethodGet, address+"/bookings/B-9", "")
			assert.Equal(t, 404, resp.StatusCode, address)
			assert.Contains(t, body, "لا يوجد حجز \u2068B-9\u2069.", address)
		}
	}
}

func TestAServiceThatIsGone(t *testing.T) {
	s, err := start(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	s.stop()
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	resp, body := ask(t, http.MethodGet, server.URL+"/api/gin/bookings", "")
	assert.Equal(t, 502, resp.StatusCode)
	assert.Contains(t, body, `"code":"bad_gateway"`)
}

// The Arabic texts pass the lint, beside the service's own.
func TestLocales(t *testing.T) {
	own, err := fs.Sub(files, "arabic")
	require.NoError(t, err)
	localetest.Test(t, own, localetest.Options{}, checks.Error)
}
