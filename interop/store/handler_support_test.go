package store_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// An api is a listening handler and its client. Its answers are checked for what all have in common.
type api struct {
	t   *testing.T
	url string
}

func newAPI(t *testing.T, h http.Handler) *api {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &api{t, server.URL}
}

// writing is the handler with leave to write.
func writing(s *store.Store, opts ...store.HandlerOption) http.Handler {
	return store.Handler(s, nil, append(opts, store.WithAuthorize(func(*http.Request, store.Action) error { return nil }))...)
}

// reading is the handler that lets everybody read, and nobody write.
func reading(s *store.Store, r *fault.Responder) http.Handler {
	return store.Handler(s, r, store.WithAuthorize(func(*http.Request, store.Action) error { return nil }), store.ReadOnly())
}

// A reply is an answer that was read whole.
type reply struct {
	Status int
	Header http.Header
	Body   string
	Length int64
}

// do sends a request. Errors come as problem+json, bodies go as JSON, unless headers say otherwise.
func (a *api) do(method, target, body string, headers ...string) reply {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+target, strings.NewReader(body))
	require.NoError(a.t, err)
	req.Header.Set("Accept", "application/problem+json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	require.NoError(a.t, err, "%s %s", method, target)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	r := reply{resp.StatusCode, resp.Header, string(content), resp.ContentLength}
	a.check(method+" "+target, method, r)
	return r
}

// check is for what all answers have in common.
func (a *api) check(what, method string, r reply) {
	a.t.Helper()
	assert.Less(a.t, r.Status, 500, "%s: %s", what, r.Body)
	if r.Status == http.StatusNoContent || r.Status == http.StatusNotModified {
		assert.Empty(a.t, r.Body, what)
		return
	}
	if method == http.MethodHead {
		assert.Empty(a.t, r.Body, what)
		assert.Positive(a.t, r.Length, what)
		return
	}
	assert.True(a.t, json.Valid([]byte(r.Body)), "%s: %s", what, r.Body)
	assert.Equal(a.t, int64(len(r.Body)), r.Length, what)
	assert.Equal(a.t, "nosniff", r.Header.Get("X-Content-Type-Options"), what)
	want := "application/json"
	if r.Status >= 400 {
		want = "application/problem+json"
		assert.Equal(a.t, "no-store", r.Header.Get("Cache-Control"), what)
	}
	assert.Equal(a.t, want, r.Header.Get("Content-Type"), what)
}

func (a *api) get(target string, headers ...string) reply {
	a.t.Helper()
	return a.do(http.MethodGet, target, "", headers...)
}

// A wireError is a record as clients see it.
type wireError struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	Scope        string `json:"scope"`
	Title        string `json:"title"`
	Description  string `json:"description"`
	Category     string `json:"category"`
	Builtin      bool   `json:"is_builtin"`
	Retryable    bool   `json:"should_be_retried"`
	Status       int    `json:"status"`
	ExitCode     int    `json:"exit_code"`
	Created      string `json:"created"`
	LastModified string `json:"last_modified"`
	Links        struct {
		Self string  `json:"self"`
		Logs *string `json:"logs"`
	} `json:"links"`
}

type wirePage struct {
	Count    *int        `json:"count"`
	Next     *string     `json:"next"`
	Previous *string     `json:"previous"`
	Results  []wireError `json:"results"`
}

// decode reads an answer strictly.
func decode[T any](t *testing.T, r reply) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(r.Body))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&v), r.Body)
	return v
}

// list is a page of errors.
func (a *api) list(target string) wirePage {
	a.t.Helper()
	r := a.get(target)
	require.Equal(a.t, 200, r.Status, "%s: %s", target, r.Body)
	p := decode[wirePage](a.t, r)
	require.NotNil(a.t, p.Results, target)
	require.NotNil(a.t, p.Count, target)
	return p
}

func wireNames(p wirePage) (list []string) {
	for _, e := range p.Results {
		list = append(list, e.Name)
	}
	return list
}

// A problem is a refusal.
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Errors []struct {
		In      string         `json:"in"`
		Name    string         `json:"name"`
		Pointer string         `json:"pointer"`
		Code    string         `json:"code"`
		Detail  string         `json:"detail"`
		Params  map[string]any `json:"params"`
	} `json:"errors"`
}

// refused is the code of a refusal, and its field errors: "query page min", "#/title required".
func refused(t *testing.T, r reply) (code string, fields []string) {
	t.Helper()
	var p problem
	require.NoError(t, json.NewDecoder(bytes.NewReader([]byte(r.Body))).Decode(&p), r.Body)
	assert.Equal(t, r.Status, p.Status)
	for _, e := range p.Errors {
		assert.NotEmpty(t, e.Detail, r.Body)
		if e.In == "" {
			fields = append(fields, e.Pointer+" "+e.Code)
			continue
		}
		fields = append(fields, e.In+" "+e.Name+" "+e.Code)
	}
	return p.Code, fields
}
