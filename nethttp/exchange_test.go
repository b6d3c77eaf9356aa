package faulthttp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// A writer with one capability each, and what was called.
type (
	base    struct{ http.ResponseWriter }
	flushes struct{ called *[]string }
	hijacks struct{ called *[]string }
	reads   struct{ called *[]string }
	pushes  struct{ called *[]string }
)

func (f flushes) Flush() { *f.called = append(*f.called, "flush") }
func (h hijacks) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	*h.called = append(*h.called, "hijack")
	return nil, nil, nil
}
func (r reads) ReadFrom(src io.Reader) (int64, error) {
	*r.called = append(*r.called, "read")
	return io.Copy(io.Discard, src)
}
func (p pushes) Push(string, *http.PushOptions) error {
	*p.called = append(*p.called, "push")
	return nil
}

// Every combination of capabilities is passed on: no more and no fewer.
func TestCapabilitiesAreThoseOfTheWriterBelow(t *testing.T) {
	var called []string
	b, f, h, r, p := base{httptest.NewRecorder()}, flushes{&called}, hijacks{&called}, reads{&called}, pushes{&called}
	writers := []http.ResponseWriter{
		b, struct {
			base
			flushes
		}{b, f}, struct {
			base
			hijacks
		}{b, h}, struct {
			base
			flushes
			hijacks
		}{b, f, h},
		struct {
			base
			reads
		}{b, r}, struct {
			base
			flushes
			reads
		}{b, f, r}, struct {
			base
			hijacks
			reads
		}{b, h, r}, struct {
			base
			flushes
			hijacks
			reads
		}{b, f, h, r},
		struct {
			base
			pushes
		}{b, p}, struct {
			base
			flushes
			pushes
		}{b, f, p}, struct {
			base
			hijacks
			pushes
		}{b, h, p}, struct {
			base
			flushes
			hijacks
			pushes
		}{b, f, h, p},
		struct {
			base
			reads
			pushes
		}{b, r, p}, struct {
			base
			flushes
			reads
			pushes
		}{b, f, r, p}, struct {
			base
			hijacks
			reads
			pushes
		}{b, h, r, p}, struct {
			base
			flushes
			hijacks
			reads
			pushes
		}{b, f, h, r, p},
	}
	for i, w := range writers {
		for range 2 { // the second time from the pool
			faulthttp.Middleware(nil)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				assert.Equal(t, capabilities(t, writers[i], &called), capabilities(t, w, &called), "combination %d", i)
			})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		}
	}
}

// capabilities uses what w offers and lists what arrived below.
func capabilities(t *testing.T, w http.ResponseWriter, called *[]string) string {
	*called = nil
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	if r, ok := w.(io.ReaderFrom); ok {
		_, err := r.ReadFrom(strings.NewReader(strings.Repeat("x", 1000))) // more than goes through Write
		assert.NoError(t, err)
	}
	if p, ok := w.(http.Pusher); ok {
		assert.NoError(t, p.Push("/", nil))
	}
	if h, ok := w.(http.Hijacker); ok {
		_, _, err := h.Hijack()
		assert.NoError(t, err)
	}
	return fmt.Sprint(*called)
}

// Each way to begin a response makes the error that follows a matter of the log only.
func TestEveryWayToBegin(t *testing.T) {
	for name, begin := range map[string]func(http.ResponseWriter){
		"WriteHeader": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"Write":       func(w http.ResponseWriter) { _, _ = w.Write(nil) },
		"WriteString": func(w http.ResponseWriter) { _, _ = io.WriteString(w, "") },
		"Flush":       func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"controller":  func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		"ReadFrom": func(w http.ResponseWriter) {
			_, _ = w.(io.ReaderFrom).ReadFrom(struct{ io.Reader }{strings.NewReader("x")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, log := logging(t)
			url, client := serve(t, faulthttp.Middleware(r)(faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
				begin(w)
				return fault.Gone
			})))
			resp, body := get(t, client, url)
			assert.Equal(t, 200, resp.StatusCode)
			assert.Equal(t, map[bool]string{true: "x"}[name == "ReadFrom"], body)
			assert.Contains(t, log.Only(t), "committed=true")
		})
	}
}

func TestFilesAreCopiedByTheConnection(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("x", 100_000)), 0o600))
	url, client := serve(t, faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		_, ok := w.(io.ReaderFrom)
		assert.True(t, ok, "sendfile is reached through ReadFrom")
		_, err = io.Copy(w, file)
		return err
	}))
	_, body := get(t, client, url)
	assert.Len(t, body, 100_000)
}

// teller is a writer that tells what net/http would put right or hide.
type teller struct {
	*httptest.ResponseRecorder
	statuses []int
}

func (w *teller) WriteHeader(status int) {
	w.statuses = append(w.statuses, status)
	w.ResponseRecorder.WriteHeader(status)
}

func TestNothingIsLeftToNetHTTPToPutRight(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/locked", faulthttp.Handler(nil, failing))
	mux.Handle("/committed", faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusAccepted)
		return fault.Gone
	}))
	mux.HandleFunc("/committed-error", func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		faulthttp.Error(nil, w, req, fault.Gone)
	})
	h := faulthttp.Middleware(nil)(faulthttp.Mux(nil, mux))
	for _, c := range []struct {
		method, path string
		status       int
		body         bool
	}{
		{"GET", "/locked", 423, true}, {"HEAD", "/locked", 423, false}, {"GET", "/committed", 202, false},
		{"GET", "/committed-error", 202, false},
		{"GET", "/nowhere", 404, true}, {"HEAD", "/nowhere", 404, false},
	} {
		w := &teller{ResponseRecorder: httptest.NewRecorder()}
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		assert.Equal(t, []int{c.status}, w.statuses, c.path)
		assert.Equal(t, c.body, w.Body.Len() > 0, c.path)
		if c.body {
			assert.Equal(t, w.Header().Get("Content-Length"), fmt.Sprint(w.Body.Len()), c.path)
		}
	}
}

func TestAPanicOnAHijackedConnectionIsOver(t *testing.T) {
	var escaped any = "nothing yet"
	done := make(chan struct{})
	outer := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer close(done)
		defer func() { escaped = recover() }()
		faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return err
			}
			_ = conn.Close()
			panic("after the websocket")
		}).ServeHTTP(w, req)
	})
	url, client := serve(t, outer)
	_, err := client.Get(url)
	assert.Error(t, err)
	<-done
	assert.Nil(t, escaped, "the connection is nobody's to abort")
}

// Writers of other middleware between the exchange and the handler see the answer, too.
func TestErrorWritesThroughTheWriterItIsGiven(t *testing.T) {
	seen := 0
	between := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { next.ServeHTTP(counting{w, &seen}, req) })
	}
	url, client := serve(t, faulthttp.Middleware(nil)(between(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		faulthttp.Error(nil, w, req, fault.TaskLocked)
	}))))
	resp, body := get(t, client, url)
	assertLocked(t, resp, body)
	assert.Equal(t, len(body), seen)
}

type counting struct {
	http.ResponseWriter
	bytes *int
}

func (w counting) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w counting) Write(p []byte) (int, error) {
	*w.bytes += len(p)
	return w.ResponseWriter.Write(p)
}
