package faulthttp_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/logtest"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// hiding is a middleware with a writer that does not unwrap.
func hiding(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		next.ServeHTTP(struct{ http.ResponseWriter }{w}, req)
	})
}

// A copy whose source fails before its first byte has sent nothing: the client must not take the
// empty 200 for the answer. Afterwards the response has begun.
func TestCopyFromASourceThatFails(t *testing.T) {
	upstream := errors.New("upstream: connection reset")
	for name, around := range map[string]func(http.Handler) http.Handler{
		"net/http":    func(h http.Handler) http.Handler { return h },
		"no ReadFrom": hiding,
	} {
		for begun, source := range map[bool]io.Reader{
			false: iotest.ErrReader(upstream),
			true:  io.MultiReader(strings.NewReader("half"), iotest.ErrReader(upstream)),
		} {
			t.Run(fmt.Sprintf("%s, begun %t", name, begun), func(t *testing.T) {
				r, log := logging(t)
				all := answerTo(t, around(faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
					_, err := io.Copy(w, source)
					return fault.BadGateway.Wrap(err)
				})), closing)
				assert.Equal(t, begun, strings.HasPrefix(all, "HTTP/1.1 200"), all)
				assert.Equal(t, begun, strings.HasSuffix(all, "half"), all)
				assert.Equal(t, begun, strings.Contains(log.Only(t), "committed=true"))
			})
		}
	}
}

// Copies of any length arrive whole, also after a first write and from a source that gives little at
// a time.
func TestCopiesArriveWhole(t *testing.T) {
	for _, size := range []int{0, 1, 511, 512, 513, 1024, 100_000} {
		for name, reader := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "one byte at a time": iotest.OneByteReader, "with EOF": iotest.DataErrReader,
		} {
			for _, before := range []string{"", "before "} {
				text := strings.Repeat("x", size)
				url, client := serve(t, faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
					if before != "" {
						_, _ = io.WriteString(w, before)
					}
					n, err := io.Copy(w, reader(strings.NewReader(text)))
					assert.Equal(t, int64(size), n)
					return err
				}))
				_, body := get(t, client, url)
				assert.True(t, body == before+text, "%d %s %q: %d bytes", size, name, before, len(body))
			}
		}
	}
}

// However the connection is hijacked, also past the writer of a middleware that unwraps but is no
// Hijacker: nothing of ours is written, and net/http has nothing to complain of.
func TestHijackedHoweverDeep(t *testing.T) {
	twice := func(h http.Handler) http.Handler { return unwrapping(unwrapping(h)) }
	for name, around := range map[string]func(http.Handler) http.Handler{
		"net/http's writer": func(h http.Handler) http.Handler { return h }, "an unwrapping writer": unwrapping, "two of them": twice,
	} {
		for _, panics := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, panic %t", name, panics), func(t *testing.T) {
				r, log := logging(t)
				all := answerTo(t, around(faulthttp.Middleware(r)(faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
					conn, _, err := http.NewResponseController(w).Hijack()
					if err != nil {
						return err
					}
					defer conn.Close()
					_, _ = io.WriteString(conn, "mine")
					if panics {
						panic(fault.Gone)
					}
					return fault.Gone
				}))), closing)
				assert.Equal(t, "mine", all)
				assert.Contains(t, log.Only(t), "committed=true")
			})
		}
	}
}

// A writer that cannot be hijacked returns an error, which is answered.
func TestNotHijackable(t *testing.T) {
	for name, h := range map[string]func(http.Handler) http.Handler{"hidden": hiding, "unwrapping a recorder": unwrapping} {
		w := httptest.NewRecorder()
		h(faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
			_, ok := w.(http.Hijacker)
			assert.False(t, ok, name)
			_, _, err := http.NewResponseController(w).Hijack()
			assert.ErrorIs(t, err, http.ErrNotSupported, name)
			return fault.TaskLocked
		})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		assertLocked(t, w.Result(), w.Body.String())
	}
}

// Unwrap leads to the writer below.
func TestUnwrapLeadsToTheWriterUnderneath(t *testing.T) {
	under := &teller{ResponseRecorder: httptest.NewRecorder()}
	faulthttp.Middleware(nil)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 5 {
			if w == http.ResponseWriter(under) {
				return
			}
			u, ok := w.(interface{ Unwrap() http.ResponseWriter })
			if !ok {
				break
			}
			w = u.Unwrap()
		}
		t.Error("the chain of Unwrap does not reach it")
	})).ServeHTTP(under, httptest.NewRequest(http.MethodGet, "/", nil))
}

// brokenFlush sends the header and then loses the connection.
type brokenFlush struct{ *teller }

var errGone = errors.New("broken pipe")

func (w brokenFlush) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return errGone
}

func TestAFlushThatFailsHasBegunTheResponse(t *testing.T) {
	r, log := logging(t)
	w := brokenFlush{&teller{ResponseRecorder: httptest.NewRecorder()}}
	faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
		return http.NewResponseController(w).Flush()
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, []int{200}, w.statuses)
	assert.Empty(t, w.Body.String())
	assert.Contains(t, log.Only(t), "committed=true")
}

func TestAFlushThatIsNotSupportedHasNot(t *testing.T) {
	url, client := serve(t, hiding(faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		_, ok := w.(http.Flusher)
		assert.False(t, ok)
		assert.ErrorIs(t, http.NewResponseController(w).Flush(), http.ErrNotSupported)
		return fault.TaskLocked
	})))
	resp, body := get(t, client, url)
	assertLocked(t, resp, body)
}

// net/http panics at a status that does not exist. Nothing has been sent then.
func TestAStatusThatDoesNotExist(t *testing.T) {
	for _, status := range []int{-1, 0, 99, 1000} {
		r, log := logging(t)
		writes := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		all := answerTo(t, faulthttp.Middleware(r)(writes), closing)
		assert.True(t, strings.HasPrefix(all, "HTTP/1.1 500 "), "%d: %s", status, all)
		assert.NotContains(t, log.Only(t), "committed")
	}
}

// Errors that are exactly http.ErrAbortHandler abort the connection on every path, without a log
// line. One that is wrapped is an ordinary error.
func TestAbort(t *testing.T) {
	wrapped := fmt.Errorf("proxy: %w", http.ErrAbortHandler)
	type failing func(*fault.Responder, http.ResponseWriter, *http.Request, error) error
	through := func(err error, fail failing) func(*fault.Responder) http.Handler {
		return func(r *fault.Responder) http.Handler {
			return faulthttp.Middleware(r)(faulthttp.Handler(r,
				func(w http.ResponseWriter, req *http.Request) error { return fail(r, w, req, err) }))
		}
	}
	returned := func(_ *fault.Responder, _ http.ResponseWriter, _ *http.Request, err error) error { return err }
	panicked := func(_ *fault.Responder, _ http.ResponseWriter, _ *http.Request, err error) error { panic(err) }
	called := func(r *fault.Responder, w http.ResponseWriter, req *http.Request, err error) error {
		faulthttp.Error(r, w, req, err)
		return nil
	}
	behind := func(r *fault.Responder, w http.ResponseWriter, req *http.Request, err error) error {
		faulthttp.Error(r, struct{ http.ResponseWriter }{w}, req, err)
		return nil
	}
	for name, fail := range map[string]func(*fault.Responder, http.ResponseWriter, *http.Request, error) error{
		"returned": returned, "panicked": panicked, "given to Error": called, "given to Error behind a wrapper": behind,
	} {
		t.Run(name, func(t *testing.T) {
			r, log := logging(t)
			assert.Empty(t, answerTo(t, through(http.ErrAbortHandler, fail)(r), closing))
			log.None(t)
			all := answerTo(t, through(wrapped, fail)(r), closing)
			assert.True(t, strings.HasPrefix(all, "HTTP/1.1 500 "), all)
			assert.Contains(t, log.Only(t), "code=unhandled")
		})
	}
}

// A failure ends a response that has begun on both protocols: returned, it leaves the bytes alone;
// panicked, it breaks the transfer.
func TestHalfAResponse(t *testing.T) {
	for protocol, start := range map[string]func(*testing.T, http.Handler) (string, *http.Client){"HTTP/1.1": serve, "HTTP/2": serve2} {
		for _, panics := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, panic %t", protocol, panics), func(t *testing.T) {
				r, log := logging(t)
				url, client := start(t, faulthttp.Middleware(r)(faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
					w.Header().Set("ETag", `"x"`)
					_, _ = io.WriteString(w, "[1,2")
					w.(http.Flusher).Flush()
					if panics {
						panic("canary")
					}
					return errors.New("canary")
				})))
				resp, err := client.Get(url)
				require.NoError(t, err)
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				assert.Equal(t, panics, err != nil, "%v", err)
				assert.Equal(t, 200, resp.StatusCode)
				assert.Equal(t, `"x"`, resp.Header.Get("ETag"))
				assert.Equal(t, "[1,2", string(body))
				assert.Contains(t, log.Only(t), "committed=true")
			})
		}
	}
}

func TestHTTP2OffersItsPusher(t *testing.T) {
	var late http.Pusher
	url, client := serve2(t, faulthttp.Middleware(nil)(faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		p, ok := w.(http.Pusher)
		if !assert.True(t, ok) {
			return fault.NotImplemented
		}
		late = p
		_, hijacks := w.(http.Hijacker)
		assert.False(t, hijacks)
		assert.ErrorIs(t, p.Push("/style.css", nil), http.ErrNotSupported, "this client has switched pushes off")
		return fault.TaskLocked
	})))
	resp, body := get(t, client, url)
	assert.Equal(t, 2, resp.ProtoMajor)
	assertLocked(t, resp, body)
	assert.NotPanics(t, func() { assert.ErrorIs(t, late.Push("/style.css", nil), http.ErrNotSupported) }, "net/http's own would")
}

// A compressor outside gets plain bytes from every path: error, panic, and a mux without the route.
func TestCompressorOutsideOfEverything(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/error", faulthttp.Handler(nil, failing))
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic(fault.TaskLocked) })
	mux.HandleFunc("/Error", func(w http.ResponseWriter, req *http.Request) { faulthttp.Error(nil, w, req, fault.TaskLocked) })
	compressing := func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		faulthttp.Middleware(nil)(faulthttp.Mux(nil, mux)).ServeHTTP(compressedWriter{w, z}, req)
	}
	url, client := serve(t, http.HandlerFunc(compressing))
	for path, status := range map[string]int{"/error": 423, "/panic": 423, "/Error": 423, "/nowhere": 404} {
		resp, body := get(t, client, url+path) // the client decodes what says gzip
		assert.True(t, resp.Uncompressed, path)
		assert.Equal(t, status, resp.StatusCode, path)
		assert.Contains(t, body, `{"DE":"`, path)
	}
}

// The observer of a client that left sees its kind; nothing above Debug is logged. A deadline of the
// request's own context is another matter.
func TestClientLeaves(t *testing.T) {
	log, observed := &logtest.Lines{}, make(chan *fault.Kind, 1)
	r, err := fault.NewResponder(fault.WithLogger(slog.New(log)),
		fault.WithObserver(func(_ context.Context, o *fault.Occurrence) { observed <- o.Kind() }))
	require.NoError(t, err)
	entered := make(chan struct{})
	url, client := serve(t, faulthttp.Handler(r, func(_ http.ResponseWriter, req *http.Request) error {
		close(entered)
		<-req.Context().Done()
		return fmt.Errorf("query: %w", req.Context().Err())
	}))
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	go func() {
		<-entered
		leave()
	}()
	_, err = client.Do(req)
	assert.ErrorIs(t, err, context.Canceled)
	select {
	case kind := <-observed:
		assert.Equal(t, fault.ClientClosedRequest, kind)
	case <-time.After(10 * time.Second):
		t.Fatal("nobody observed it")
	}
	assert.True(t, strings.HasPrefix(log.Only(t), "DEBUG "), log.All())
}
