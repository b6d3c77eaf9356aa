// Package soak_test asks all adapters for everything at once, for a while, and looks whether anything was mixed up, and
// whether anything has grown: goroutines, descriptors, heap.
package soak_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/adapters"
)

// POLYFAULT_SOAK is how long it goes on in CI; the flag has the last word: go test ./soak -soak 8h -timeout 0.
var duration = flag.Duration("soak", fromEnvironment(), "how long the soak goes on")

func fromEnvironment() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("POLYFAULT_SOAK")); err == nil {
		return d
	}
	return 3 * time.Second
}

// A failing is a way to fail, and what the client must see of it.
type failing struct {
	path   string
	status int
	code   string
	echoed bool // details.id is the id of the request
	fail   func(id string) error
}

var failings = []failing{
	{"/kind", 423, "task_locked", false, func(string) error { return fault.TaskLocked }},
	{"/detail", 409, "conflict", true, func(id string) error { return fault.Conflict.New(fault.Detail("id", id)) }},
	{"/field", 400, "validation_failed", false, func(id string) error {
		return fault.ValidationFailed.New(fault.Field(fault.InQuery(id), "invalid"))
	}},
	{"/argument", 410, "gone", false, func(id string) error { return fault.Gone.New(fault.Text("soaked"), fault.Arg("ID", id)) }},
	{"/unknown", 500, "unhandled", false, func(id string) error { return errors.New("secret of " + id) }},
	{"/panic", 500, "unhandled", false, func(id string) error { panic("secret of " + id) }},
	{"/wait", 503, "service_unavailable", false, func(string) error {
		return fault.ServiceUnavailable.New(fault.RetryAfter(2 * time.Second))
	}},
}

func routes() []adapters.Route {
	all := []adapters.Route{{Method: http.MethodGet, Path: "/fine", Handle: func(x adapters.Exchange) error {
		_, err := io.WriteString(x, "fine "+x.Header("X-Id"))
		return err
	}}, {Method: http.MethodPost, Path: "/upload", Handle: func(x adapters.Exchange) error {
		var v struct{ A int }
		return fault.BindJSON(x.Body(), &v)
	}}}
	for _, f := range failings {
		all = append(all, adapters.Route{Method: http.MethodGet, Path: f.path, Handle: func(x adapters.Exchange) error {
			return f.fail(strings.Clone(x.Header("X-Id"))) // fiber's strings end with the request
		}})
	}
	return all
}

// changing are locale files that somebody edits.
type changing struct{ now atomic.Pointer[fstest.MapFS] }

func (c *changing) Open(name string) (fs.File, error) { return c.now.Load().Open(name) }

func (c *changing) edit(round int64) {
	c.now.Store(&fstest.MapFS{
		"active.en.toml": {Data: fmt.Appendf(nil, "soaked = \"%d {{.ID}} %d.\"\n", round, round)},
		"active.de.toml": {Data: fmt.Appendf(nil, "soaked = \"%d {{.ID}} %d!\"\n", round, round)},
	})
}

// A soak is one run.
type soak struct {
	t       *testing.T
	ctx     context.Context
	r       *fault.Responder
	files   *changing
	answers atomic.Int64
	ids     atomic.Int64
	rounds  int64
}

func (s *soak) id() string { return "id" + strconv.FormatInt(s.ids.Add(1), 10) + "x" }

func TestSoak(t *testing.T) {
	files := &changing{}
	files.edit(0)
	r, err := fault.NewResponder(fault.WithLocales(files), fault.WithLogger(slog.New(slog.NewJSONHandler(&written{}, nil))),
		fault.WithMembers(fault.MemberCode, fault.MemberTraceID), fault.WithLanguages("en", "de"))
	require.NoError(t, err)
	for _, a := range adapters.All() {
		addr := a.Start(t, r, routes())
		(&soak{t: t, ctx: t.Context(), r: r, files: files}).everything(a, addr, 300*time.Millisecond) // what is made once is made now
		before := measure()
		s := &soak{t: t, ctx: t.Context(), r: r, files: files}
		s.everything(a, addr, *duration/time.Duration(len(adapters.All())))
		after := before
		assert.Eventually(t, func() bool {
			after = measure()
			return after.goroutines <= before.goroutines+5 && after.descriptors <= before.descriptors+5
		}, 15*time.Second, 200*time.Millisecond, "%s: from %+v to %+v", a.Name, before, after)
		assert.Less(t, after.heap, before.heap+16<<20, "%s: from %+v to %+v", a.Name, before, after)
		assert.Greater(t, s.answers.Load(), int64(50), a.Name)
		t.Logf("%s: %d answers, from %+v to %+v", a.Name, s.answers.Load(), before, after)
	}
}

// written throws lines away once they are made.
type written struct{}

func (*written) Write(p []byte) (int, error) { return len(p), nil }

type measured struct {
	goroutines, descriptors int
	heap                    uint64
}

func measure() measured {
	http.DefaultClient.CloseIdleConnections()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, _ := os.ReadDir("/proc/self/fd") // on Linux
	return measured{runtime.NumGoroutine(), len(open), m.HeapAlloc}
}

// everything lets all kinds of clients loose on one service.
func (s *soak) everything(a adapters.Adapter, addr string, howLong time.Duration) {
	ctx, cancel := context.WithTimeout(s.ctx, howLong)
	defer cancel()
	protocols := []*http.Protocols{{}}
	protocols[0].SetHTTP1(true)
	if a.HTTP2 {
		second := &http.Protocols{}
		second.SetUnencryptedHTTP2(true)
		protocols = append(protocols, second)
	}
	work := []func(){
		func() { s.pipeline(addr) }, func() { s.reset(addr) }, func() { s.trickle(addr) },
		s.reload,
	}
	for _, p := range protocols {
		transport := &http.Transport{Protocols: p}
		defer transport.CloseIdleConnections() //nolint:gocritic // two of them
		client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
		work = append(work, func() { s.ask(client, addr) }, func() { s.ask(client, addr) }, func() { s.succeed(client, addr) })
	}
	var all sync.WaitGroup
	for _, one := range work {
		all.Go(func() {
			for ctx.Err() == nil && !s.t.Failed() {
				one()
			}
		})
	}
	all.Wait()
}

func (s *soak) request(addr, path, id string) *http.Request {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodGet, "http://"+addr+path, nil)
	assert.NoError(s.t, err)
	req.Header.Set("X-Id", id)
	req.Header.Set("X-Request-Id", "trace-"+id)
	return req
}

// ask asks for one failure, and holds the answer to its request.
func (s *soak) ask(client *http.Client, addr string) {
	f, id := failings[rand.IntN(len(failings))], s.id() //nolint:gosec // any will do
	resp, err := client.Do(s.request(addr, f.path, id))
	if !assert.NoError(s.t, err, f.path) {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	s.check(f, id, resp)
}

func (s *soak) check(f failing, id string, resp *http.Response) {
	body, err := io.ReadAll(resp.Body)
	assert.NoError(s.t, err, f.path)
	var got struct {
		Code    string         `json:"code"`
		TraceID string         `json:"trace_id"`
		Details map[string]any `json:"details"`
	}
	assert.NoError(s.t, json.Unmarshal(body, &got), "%s: %s", f.path, body)
	assert.Equal(s.t, []any{f.status, f.code, "trace-" + id}, []any{resp.StatusCode, got.Code, got.TraceID}, "%s: %s", f.path, body)
	assert.NotContains(s.t, string(body), "secret")
	if f.echoed {
		assert.Equal(s.t, map[string]any{"id": id}, got.Details, f.path)
	}
	for _, other := range strings.Split(strings.ReplaceAll(string(body), "trace-"+id, ""), "id")[1:] {
		if digits, _, ok := strings.Cut(other, "x"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
			assert.Equal(s.t, id, "id"+digits+"x", "another request's: %s", body)
		}
	}
	if f.path == "/argument" {
		s.checkReloaded(id, body)
	}
	s.answers.Add(1)
}

// checkReloaded holds a text to one catalogue: all of its languages are of the same reload.
func (s *soak) checkReloaded(id string, body []byte) {
	var texts map[string]any
	assert.NoError(s.t, json.Unmarshal(body, &texts))
	en, _ := texts["EN"].(string)
	de, _ := texts["DE"].(string)
	round, _, _ := strings.Cut(en, " ")
	assert.Contains(s.t, en, id)
	assert.Contains(s.t, de, id)
	assert.True(s.t, strings.HasSuffix(en, round+".") && strings.HasPrefix(de, round+" ") && strings.HasSuffix(de, round+"!"), "%s", body)
}

func (s *soak) succeed(client *http.Client, addr string) {
	id := s.id()
	resp, err := client.Do(s.request(addr, "/fine", id))
	if !assert.NoError(s.t, err) {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	assert.NoError(s.t, err)
	assert.Equal(s.t, "fine "+id, string(body))
	s.answers.Add(1)
}

// pipeline sends several requests at once, and holds each answer to its own.
func (s *soak) pipeline(addr string) {
	conn, err := net.Dial("tcp", addr)
	if !assert.NoError(s.t, err) {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	var sent bytes.Buffer
	var want []failing
	var ids []string
	for range 10 {
		f, id := failings[rand.IntN(len(failings))], s.id() //nolint:gosec // any will do
		want, ids = append(want, f), append(ids, id)
		fmt.Fprintf(&sent, "GET %s HTTP/1.1\r\nHost: a\r\nX-Id: %s\r\nX-Request-Id: trace-%s\r\n\r\n", f.path, id, id)
	}
	_, err = conn.Write(sent.Bytes())
	assert.NoError(s.t, err)
	from := bufio.NewReader(conn)
	for i, f := range want {
		resp, err := http.ReadResponse(from, nil)
		if !assert.NoError(s.t, err, f.path) {
			return
		}
		s.check(f, ids[i], resp)
		_ = resp.Body.Close()
	}
}

// reset goes away in the middle of something.
func (s *soak) reset(addr string) {
	conn, err := net.Dial("tcp", addr)
	if !assert.NoError(s.t, err) {
		return
	}
	sent := "POST /upload HTTP/1.1\r\nHost: a\r\nX-Id: gone\r\nContent-Length: 60\r\n\r\n{\"A\": 12345"
	_, _ = io.WriteString(conn, sent[:rand.IntN(len(sent))]) //nolint:gosec // any will do
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
	time.Sleep(time.Millisecond) // there are only so many ports
}

// trickle is a slow client: a few bytes at a time, both ways.
func (s *soak) trickle(addr string) {
	conn, err := net.Dial("tcp", addr)
	if !assert.NoError(s.t, err) {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	id := s.id()
	text := "GET /detail HTTP/1.1\r\nHost: a\r\nX-Id: " + id + "\r\nX-Request-Id: trace-" + id + "\r\n\r\n"
	for len(text) > 0 {
		n := min(16, len(text))
		_, err = io.WriteString(conn, text[:n])
		assert.NoError(s.t, err)
		text = text[n:]
		time.Sleep(time.Millisecond)
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	if assert.NoError(s.t, err) {
		s.check(failings[1], id, resp)
		_ = resp.Body.Close()
	}
}

func (s *soak) reload() {
	s.rounds++
	s.files.edit(s.rounds)
	assert.NoError(s.t, s.r.Reload())
	time.Sleep(5 * time.Millisecond)
}
