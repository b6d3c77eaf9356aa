package faulthttp_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/logtest"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func logging(t testing.TB) (*fault.Responder, *logtest.Lines) {
	t.Helper()
	l := &logtest.Lines{}
	r, err := fault.NewResponder(fault.WithLogger(slog.New(l)))
	require.NoError(t, err)
	return r, l
}

// serve starts a server on a listener and returns a client for it.
func serve(t *testing.T, h http.Handler) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, server.Client()
}

func serve2(t *testing.T, h http.Handler) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, server.Client()
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	resp, err := client.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

func assertLocked(t *testing.T, resp *http.Response, body string) {
	t.Helper()
	assert.Equal(t, http.StatusLocked, resp.StatusCode)
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	var texts map[string]string
	require.NoError(t, json.Unmarshal([]byte(body), &texts), body)
	assert.Equal(t, "This is not possible because the task is locked.", texts["EN"])
	assert.Equal(t, "task_locked", texts["code"])
	assert.Len(t, texts, 5)
}

func failing(http.ResponseWriter, *http.Request) error { return fault.TaskLocked }

func TestHTTP2(t *testing.T) {
	r, log := logging(t)
	mux := http.NewServeMux()
	mux.Handle("/locked", faulthttp.Handler(r, failing))
	mux.Handle("/half", faulthttp.Handler(r, func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("canary")
	}))
	url, client := serve2(t, mux)
	resp, body := get(t, client, url+"/locked")
	assert.Equal(t, 2, resp.ProtoMajor)
	assertLocked(t, resp, body)
	log.Clear()
	resp, err := client.Get(url + "/half")
	require.NoError(t, err)
	defer resp.Body.Close()
	part, err := io.ReadAll(resp.Body)
	assert.ErrorContains(t, err, "stream error", "the client must not take half a body for a whole one")
	assert.Equal(t, "half", string(part))
	assert.Contains(t, log.Only(t), "committed=true")
}

func TestOuterCompressor(t *testing.T) {
	compressing := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			next.ServeHTTP(compressedWriter{w, z}, req)
		})
	}
	url, client := serve(t, compressing(faulthttp.Middleware(nil)(faulthttp.Handler(nil, failing))))
	req, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, "gzip", resp.Header.Get("Content-Encoding"), "the compressor's own header stays")
	z, err := gzip.NewReader(resp.Body)
	require.NoError(t, err)
	body, err := io.ReadAll(z)
	require.NoError(t, err, "no Content-Length of the plain body cuts it")
	assertLocked(t, resp, string(body))

	url, client = serve(t, faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Encoding", "gzip")
		return fault.TaskLocked
	}))
	resp, plain := get(t, client, url)
	assert.Empty(t, resp.Header.Get("Content-Encoding"), "the failed handler's is removed")
	assertLocked(t, resp, plain)
}

type compressedWriter struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (w compressedWriter) Write(p []byte) (int, error) { return w.z.Write(p) }

func TestOneAnswerHoweverOftenInstalled(t *testing.T) {
	hiding := func(next http.Handler) http.Handler { // a wrapper without Unwrap
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, req)
		})
	}
	unwrapping := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { next.ServeHTTP(unwrapper{w}, req) })
	}
	for name, h := range map[string]func(*fault.Responder) http.Handler{
		"Handler":               func(r *fault.Responder) http.Handler { return faulthttp.Handler(r, failing) },
		"Handler in Middleware": func(r *fault.Responder) http.Handler { return faulthttp.Middleware(r)(faulthttp.Handler(r, failing)) },
		"behind a hiding wrapper": func(r *fault.Responder) http.Handler {
			return faulthttp.Middleware(r)(hiding(faulthttp.Handler(r, failing)))
		},
		"behind an unwrapping wrapper": func(r *fault.Responder) http.Handler {
			return faulthttp.Middleware(r)(unwrapping(faulthttp.Handler(r, failing)))
		},
		"Error and return": func(r *fault.Responder) http.Handler {
			return faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
				faulthttp.Error(r, w, req, fault.TaskLocked)
				return fault.Gone
			})
		},
		"Error twice": func(r *fault.Responder) http.Handler {
			return faulthttp.Middleware(r)(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				faulthttp.Error(r, w, req, fault.TaskLocked)
				faulthttp.Error(r, w, req, fault.Gone)
			}))
		},
		"Error twice behind a wrapper": func(r *fault.Responder) http.Handler {
			return faulthttp.Middleware(r)(unwrapping(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				faulthttp.Error(r, w, req, fault.TaskLocked)
				faulthttp.Error(r, w, req, fault.Gone)
			})))
		},
		"Error on a bare writer": func(r *fault.Responder) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				faulthttp.Error(r, w, req, nil)
				faulthttp.Error(r, w, req, fault.TaskLocked)
			})
		},
		"Middleware inside": func(r *fault.Responder) http.Handler {
			panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(fault.TaskLocked) })
			return faulthttp.Middleware(r)(unwrapping(faulthttp.Middleware(r)(panics)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, log := logging(t)
			url, client := serve(t, h(r))
			resp, body := get(t, client, url)
			assertLocked(t, resp, body)
			log.Only(t)
		})
	}
}

type unwrapper struct{ http.ResponseWriter }

func (u unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func TestTimeouts(t *testing.T) {
	untilDone := func(_ http.ResponseWriter, req *http.Request) error {
		<-req.Context().Done()
		return req.Context().Err()
	}
	t.Run("a deadline of the request's own context is 503", func(t *testing.T) {
		r, log := logging(t)
		deadline := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				ctx, cancel := context.WithTimeout(req.Context(), time.Millisecond)
				defer cancel()
				next.ServeHTTP(w, req.WithContext(ctx))
			})
		}
		url, client := serve(t, faulthttp.Middleware(r)(deadline(faulthttp.Handler(r, untilDone))))
		resp, body := get(t, client, url)
		assert.Equal(t, 503, resp.StatusCode)
		assert.Contains(t, body, "The service is currently not available.")
		log.Only(t)
	})
	t.Run("TimeoutHandler around answers by itself; the late error is no incident", func(t *testing.T) {
		r, log := logging(t)
		done := make(chan struct{})
		url, client := serve(t, http.TimeoutHandler(faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
			defer close(done)
			<-req.Context().Done()
			for { // until the answer of TimeoutHandler is out
				if _, err := io.WriteString(w, "late"); err != nil {
					return err
				}
			}
		}), time.Millisecond, "too late"))
		resp, body := get(t, client, url)
		<-done
		assert.Equal(t, 503, resp.StatusCode)
		assert.Equal(t, "too late", body)
		assert.True(t, strings.HasPrefix(log.Only(t), "DEBUG"), log.All())
	})
	t.Run("TimeoutHandler around an error that comes in time", func(t *testing.T) {
		url, client := serve(t, http.TimeoutHandler(faulthttp.Handler(nil, failing), time.Minute, ""))
		resp, body := get(t, client, url)
		assertLocked(t, resp, body)
	})
	t.Run("a panic through TimeoutHandler inside", func(t *testing.T) {
		r, log := logging(t)
		panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(fault.TaskLocked) })
		url, client := serve(t, faulthttp.Middleware(r)(http.TimeoutHandler(panics, time.Minute, "")))
		resp, body := get(t, client, url)
		assertLocked(t, resp, body)
		log.Only(t)
	})
}

func TestStreamsWorkThroughTheExchange(t *testing.T) {
	next := make(chan struct{})
	url, client := serve(t, faulthttp.Middleware(nil)(faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			_, _ = io.WriteString(w, "data: x\n\n")
			w.(http.Flusher).Flush()
			<-next
		}
		return nil
	})))
	resp, err := client.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	events := bufio.NewReader(resp.Body)
	for range 3 {
		line, err := events.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "data: x\n", line)
		_, _ = events.ReadString('\n')
		next <- struct{}{}
	}
}

func TestResponseControllerWorksThroughTheExchange(t *testing.T) {
	url, client := serve(t, faulthttp.Middleware(nil)(faulthttp.Handler(nil, func(w http.ResponseWriter, _ *http.Request) error {
		c := http.NewResponseController(w)
		return errors.Join(c.SetReadDeadline(time.Now().Add(time.Minute)),
			c.SetWriteDeadline(time.Now().Add(time.Minute)), c.EnableFullDuplex(), c.Flush())
	})))
	resp, _ := get(t, client, url)
	assert.Equal(t, 200, resp.StatusCode)
}

func TestSeveralHeaderLinesAndTheRoute(t *testing.T) {
	r, log := logging(t)
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", faulthttp.Handler(r, failing))
	url, client := serve(t, faulthttp.Middleware(r)(mux))
	req, err := http.NewRequest(http.MethodGet, url+"/orders/7", nil)
	require.NoError(t, err)
	req.Header["Accept"] = []string{"text/html;q=0.1", "application/problem+json"}
	req.Header["Accept-Language"] = []string{"tlh", "pt-BR;q=0.5"}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	assert.Equal(t, "pt", resp.Header.Get("Content-Language"))
	assert.Contains(t, log.Only(t), "path=/orders/{id} ")
}

func TestReturnedAbort(t *testing.T) {
	r, log := logging(t)
	url, client := serve(t, faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return http.ErrAbortHandler }))
	_, err := client.Get(url)
	assert.ErrorIs(t, err, io.EOF)
	log.None(t)
}

func TestNilsLeaveTheResponseAlone(t *testing.T) {
	for name, err := range map[string]error{"nil": nil, "typed nil": (*fault.Fault)(nil),
		"nil of a foreign type": (*tls.CertificateVerificationError)(nil)} {
		url, client := serve(t, faulthttp.Middleware(nil)(faulthttp.Handler(nil, func(w http.ResponseWriter, req *http.Request) error {
			faulthttp.Error(nil, w, req, err)
			w.WriteHeader(http.StatusTeapot)
			return err
		})))
		resp, body := get(t, client, url)
		assert.Equal(t, http.StatusTeapot, resp.StatusCode, name)
		assert.Empty(t, body)
	}
}

func TestLargeInputOverHTTP2(t *testing.T) {
	url, client := serve2(t, faulthttp.Handler(nil, func(w http.ResponseWriter, req *http.Request) error {
		_, err := io.Copy(io.Discard, http.MaxBytesReader(w, req.Body, 10))
		return err
	}))
	resp, err := client.Post(url, "text/plain", bytes.NewReader(make([]byte, 1000)))
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
}
