package faulthttp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
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
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// embedding is the writer of middleware without Unwrap.
type embedding struct{ http.ResponseWriter }

// buffering keeps what is written, and leads to the writer below: middleware that runs handlers in goroutines.
type buffering struct {
	http.ResponseWriter
	mu     sync.Mutex
	body   bytes.Buffer
	status int
}

func (b *buffering) Unwrap() http.ResponseWriter { return b.ResponseWriter }
func (b *buffering) WriteHeader(status int)      { b.mu.Lock(); defer b.mu.Unlock(); b.status = status }
func (b *buffering) Header() http.Header         { return http.Header{} }
func (b *buffering) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.body.Write(p)
}

// Code that outlives its request reaches no other client, and ends no process.
func TestLateCallsReachNobody(t *testing.T) {
	const canary = "canary-7f3a"
	secret := fault.Conflict.New(fault.Detail("secret", canary))
	var late sync.WaitGroup
	over := make(chan struct{})
	r, lines := logging(t)
	afterwards := func(f func(w http.ResponseWriter, req *http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			late.Go(func() {
				<-over
				f(w, req)
			})
			w.WriteHeader(503)
			_, _ = io.WriteString(w, "gave up")
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/error", afterwards(func(w http.ResponseWriter, req *http.Request) { faulthttp.Error(r, w, req, secret) }))
	mux.Handle("/nil", afterwards(func(w http.ResponseWriter, req *http.Request) { faulthttp.Error(nil, embedding{w}, req, secret) }))
	mux.Handle("/buffer", afterwards(func(w http.ResponseWriter, req *http.Request) {
		faulthttp.Error(r, &buffering{ResponseWriter: w}, req, secret)
	}))
	mux.Handle("/handler", afterwards(func(w http.ResponseWriter, req *http.Request) {
		faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return secret })(w, req)
	}))
	mux.Handle("/panic", afterwards(func(w http.ResponseWriter, req *http.Request) {
		defer func() { _ = recover() }() // as whoever runs handlers in goroutines does
		faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { panic(secret) })(w, req)
	}))
	mux.Handle("/writes", afterwards(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Secret", canary)
		w.WriteHeader(409)
		_, _ = io.WriteString(w, canary)
		_ = http.NewResponseController(w).Flush()
		_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader(canary))
		controller := http.NewResponseController(w)
		_, _, err := controller.Hijack()
		assert.Error(t, err)
		past := time.Unix(1, 0) // whatever the connection serves by now would break off
		assert.ErrorIs(t, controller.SetReadDeadline(past), http.ErrNotSupported)
		assert.ErrorIs(t, controller.SetWriteDeadline(past), http.ErrNotSupported)
		assert.ErrorIs(t, controller.EnableFullDuplex(), http.ErrNotSupported)
	}))
	mux.HandleFunc("/fine", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") })
	mux.Handle("/locked", faulthttp.Handler(r, failing))
	url, client := serve(t, faulthttp.Middleware(r)(faulthttp.Mux(nil, mux)))
	for _, path := range []string{"/error", "/nil", "/buffer", "/handler", "/panic", "/writes"} {
		for range 8 {
			resp, body := get(t, client, url+path)
			assert.Equal(t, "503 gave up", fmt.Sprint(resp.StatusCode, " ", body), path)
		}
	}
	lines.None(t)
	var others sync.WaitGroup
	for range 16 {
		others.Go(func() {
			for i := range 60 {
				path, want := "/fine", "200 fine"
				if i%2 == 1 {
					path, want = "/locked", `423 {"DE"`
				}
				resp, err := client.Get(url + path)
				if !assert.NoError(t, err) {
					return
				}
				body, err := io.ReadAll(resp.Body)
				assert.NoError(t, err)
				_ = resp.Body.Close()
				got := fmt.Sprint(resp.StatusCode, " ", string(body))
				assert.True(t, strings.HasPrefix(got, want), got)
				assert.NotContains(t, fmt.Sprint(got, resp.Header), canary)
			}
		})
	}
	time.Sleep(5 * time.Millisecond) // while the others are at it
	close(over)
	late.Wait()
	others.Wait()
	late409 := 0
	for _, line := range lines.All() {
		if strings.Contains(line, "code=conflict ") {
			assert.Contains(t, line, "committed=true")
			late409++
		}
	}
	assert.Equal(t, 5*8, late409, "a late failure is logged")
}

// squeezing is a compressor: it keeps what it gets until it is closed.
type squeezing struct {
	http.ResponseWriter
	zip   *gzip.Writer
	began bool
}

func (s *squeezing) Unwrap() http.ResponseWriter { return s.ResponseWriter }
func (s *squeezing) WriteHeader(status int) {
	s.began = true
	s.Header().Set("Content-Encoding", "gzip")
	s.Header().Del("Content-Length")
	s.ResponseWriter.WriteHeader(status)
}
func (s *squeezing) Write(p []byte) (int, error) {
	if !s.began {
		s.WriteHeader(200)
	}
	return s.zip.Write(p)
}

func squeeze(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s := &squeezing{ResponseWriter: w, zip: gzip.NewWriter(w)}
		defer s.zip.Close()
		next.ServeHTTP(s, req)
	})
}

// After our answer nothing is added to it, wherever a compressor stands, and net/http has nothing to complain of.
func TestAfterTheAnswer(t *testing.T) {
	more := func(w http.ResponseWriter) {
		w.Header().Set("X-Late", "1")
		w.Header().Set("Trailer:X-Late", "1")
		w.WriteHeader(200)
		n, err := w.Write([]byte(`{"ok":true}`))
		assert.Equal(t, 11, n)
		assert.NoError(t, err)
		n, err = io.WriteString(w, `{"ok":true}`)
		assert.Equal(t, 11, n)
		assert.NoError(t, err)
		_ = http.NewResponseController(w).Flush()
	}
	r, lines := logging(t)
	byError := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		faulthttp.Error(r, w, req, fault.TaskLocked)
		faulthttp.Error(r, w, req, fault.Gone)
		more(w)
	})
	plain := func(h http.Handler) http.Handler { return h }
	embedded := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { h.ServeHTTP(embedding{w}, req) })
	}
	for name, h := range map[string]http.Handler{
		"alone":                     faulthttp.Middleware(r)(byError),
		"compressor outside":        squeeze(faulthttp.Middleware(r)(byError)),
		"compressor inside":         faulthttp.Middleware(r)(squeeze(byError)),
		"compressors on both sides": squeeze(faulthttp.Middleware(r)(squeeze(byError))),
		"a writer without Unwrap":   faulthttp.Middleware(r)(embedded(byError)),
		"Handler around": faulthttp.Handler(r,
			func(w http.ResponseWriter, req *http.Request) error { byError(w, req); return fault.Gone }),
		"Handler around a compressor": faulthttp.Handler(r,
			func(w http.ResponseWriter, req *http.Request) error { squeeze(byError).ServeHTTP(w, req); return nil }),
		"Middleware twice": faulthttp.Middleware(nil)(plain(faulthttp.Middleware(r)(byError))),
		"panic afterwards": faulthttp.Middleware(r)(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			byError(w, req)
			panic(http.ErrBodyNotAllowed)
		})),
	} {
		lines.Clear()
		var complaints logtest.Lines
		server := httptest.NewUnstartedServer(h)
		server.Config.ErrorLog = slog.NewLogLogger(&complaints, slog.LevelError)
		server.Start()
		resp, body := get(t, server.Client(), server.URL)
		server.Close()
		assertLocked(t, resp, body)
		assert.Empty(t, resp.Header.Get("X-Late"), name)
		assert.Empty(t, resp.Trailer, name)
		if name != "panic afterwards" {
			lines.Only(t)
		}
		complaints.None(t)
	}
}

// Nil means the responder around, wherever that is found; an explicit one answers for its own.
func TestNilIsTheResponderAround(t *testing.T) {
	made := func(name string) *fault.Responder {
		r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)), fault.WithMapper(func(error) *fault.Fault {
			return fault.Conflict.New(fault.Header("X-Responder", name))
		}))
		require.NoError(t, err)
		return r
	}
	r1, r2 := made("r1"), made("r2")
	foreign := fmt.Errorf("of nobody")
	returns := func(r *fault.Responder) http.Handler {
		return faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return foreign })
	}
	panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(foreign) })
	calls := func(r *fault.Responder) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { faulthttp.Error(r, w, req, foreign) })
	}
	mw := faulthttp.Middleware
	embedded := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { h.ServeHTTP(embedding{w}, req) })
	}
	hiding := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { h.ServeHTTP(hidden{w}, req) })
	}
	mux := http.NewServeMux()
	mux.Handle("/", returns(nil))
	for name, c := range map[string]struct {
		h    http.Handler
		want string
	}{
		"Handler(nil) in Middleware(r1)": {mw(r1)(returns(nil)), "r1"},
		"Error(nil) in Middleware(r1)":   {mw(r1)(calls(nil)), "r1"},
		"Error(nil) in Handler(r2) in Middleware(r1)": {mw(r1)(faulthttp.Handler(r2,
			func(w http.ResponseWriter, req *http.Request) error { calls(nil).ServeHTTP(w, req); return nil })), "r2"},
		"Handler(r2) in Middleware(r1)":                {mw(r1)(returns(r2)), "r2"},
		"Error(r2) in Middleware(r1)":                  {mw(r1)(calls(r2)), "r2"},
		"a panic in Middleware(nil) in Middleware(r1)": {mw(r1)(mw(nil)(panics)), "r1"},
		"a panic in Middleware(r2) in Middleware(r1)":  {mw(r1)(mw(r2)(panics)), "r2"},
		"a panic in Handler(r2) in Middleware(r1)": {mw(r1)(faulthttp.Handler(r2,
			func(http.ResponseWriter, *http.Request) error { panic(foreign) })), "r2"},
		"Mux(nil) in Middleware(r1)":                      {mw(r1)(faulthttp.Mux(nil, mux)), "r1"},
		"Handler(nil) in Mux(r2) in Middleware(r1)":       {mw(r1)(faulthttp.Mux(r2, mux)), "r2"},
		"Handler(nil) behind an embedded writer":          {mw(r1)(embedded(returns(nil))), "r1"},
		"Error(nil) behind two wrappers":                  {mw(r1)(embedded(squeeze(calls(nil)))), "r1"},
		"Middleware(nil) between":                         {mw(r1)(embedded(mw(nil)(embedded(calls(nil))))), "r1"},
		"Handler(nil) behind a writer that hides":         {mw(r1)(hiding(returns(nil))), ""},
		"Error(nil) without anything around":              {calls(nil), ""},
		"NotFound(nil) in Middleware(r1), of ours anyway": {mw(r1)(faulthttp.NotFound(nil)), ""},
	} {
		url, client := serve(t, c.h)
		resp, _ := get(t, client, url)
		assert.Equal(t, c.want, resp.Header.Get("X-Responder"), name)
	}
}

// hidden is a writer that does not tell what is below.
type hidden struct{ below http.ResponseWriter }

func (h hidden) Header() http.Header         { return h.below.Header() }
func (h hidden) Write(p []byte) (int, error) { return h.below.Write(p) }
func (h hidden) WriteHeader(status int)      { h.below.WriteHeader(status) }

// If no enclosing exchange has a responder, a line at Debug tells it, because that is rarely intended.
func TestTheDefaultResponderIsToldOf(t *testing.T) {
	var lines logtest.Lines
	before := slog.Default()
	slog.SetDefault(slog.New(&messages{&lines}))
	defer slog.SetDefault(before)
	url, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		faulthttp.Error(nil, w, req, fault.TaskLocked)
	}))
	get(t, client, url)
	assert.Contains(t, strings.Join(lines.All(), "\n"), "no responder was given")
}

// messages keeps the messages of records.
type messages struct{ *logtest.Lines }

func (m *messages) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.String("message", r.Message))
	return m.Lines.Handle(ctx, r)
}

// An answer is never appended to another one, though the writer has no Unwrap.
func TestNoTwoAnswersInOneResponse(t *testing.T) {
	r, lines := logging(t)
	url, client := serve(t, faulthttp.Middleware(r)(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		faulthttp.Error(r, w, req, fault.TaskLocked)
		faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return fault.Gone })(embedding{w}, req)
		faulthttp.Error(nil, embedding{embedding{w}}, req, fault.Conflict)
	})))
	resp, body := get(t, client, url)
	assertLocked(t, resp, body)
	for _, line := range lines.All()[1:] {
		assert.Contains(t, line, "committed=true", line)
	}
}

// Tests call handlers without a request.
func TestNilRequest(t *testing.T) {
	r, lines := logging(t)
	for _, h := range []http.Handler{
		faulthttp.Handler(r, failing),
		faulthttp.Middleware(r)(faulthttp.Handler(nil, failing)),
		http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { faulthttp.Error(r, w, req, fault.TaskLocked) }),
		faulthttp.Middleware(r)(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			faulthttp.Error(nil, w, req, fault.TaskLocked)
		})),
		faulthttp.Middleware(r)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(fault.TaskLocked) })),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, nil)
		assert.Equal(t, 423, w.Code)
		lines.Take(t)
	}
}

// Middleware replaces the writer halfway: the answer is still one, and the first.
func TestAWriterReplacedHalfway(t *testing.T) {
	r, lines := logging(t)
	url, client := serve(t, faulthttp.Middleware(r)(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		first := w
		w = embedding{w}
		faulthttp.Error(nil, w, req, fault.TaskLocked)
		w = hidden{first}
		faulthttp.Error(nil, w, req, fault.Gone)
		_, _ = io.WriteString(first, "more")
	})))
	resp, body := get(t, client, url)
	assertLocked(t, resp, body)
	lines.Only(t)
}
