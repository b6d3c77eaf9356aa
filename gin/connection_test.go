package faultgin_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
)

// breaking are routes whose response must break off, or be answered, or be gone altogether.
func breaking(e *gin.Engine) {
	half := func(c *gin.Context) {
		c.Header("Content-Type", "text/plain")
		_, _ = c.Writer.WriteString("half")
		c.Writer.Flush()
	}
	e.GET("/half-panic", func(c *gin.Context) { half(c); panic(canary) })
	e.GET("/unflushed-panic", func(c *gin.Context) { c.String(200, "half"); panic(canary) })
	e.GET("/half-abort", func(c *gin.Context) { half(c); panic(http.ErrAbortHandler) })
	e.GET("/half-error", faultgin.Handler(func(c *gin.Context) error { half(c); return errCanary }))
	e.GET("/abort", func(*gin.Context) { panic(http.ErrAbortHandler) })
	e.GET("/abort-returned", faultgin.Handler(func(*gin.Context) error { return http.ErrAbortHandler }))
	e.GET("/panic", func(*gin.Context) { panic(canary) }, func(c *gin.Context) { c.String(200, "the next handler ran") })
	e.GET("/panic-kind", func(*gin.Context) { panic(fault.TaskLocked) })
	e.GET("/panic-nil", func(*gin.Context) { panic(nil) })
	e.GET("/panic-pipe", func(*gin.Context) { panic(fmt.Errorf("%s: %w", canary, syscall.EPIPE)) })
	e.GET("/panic-after", func(c *gin.Context) { faultgin.Abort(c, fault.TaskLocked); panic(canary) })
	e.GET("/fine", func(c *gin.Context) { c.String(200, "fine") })
}

func checkBreaking(t *testing.T, s *service) {
	t.Helper()
	broken := func(path string) answer {
		a, err := s.ask(http.MethodGet, path, "")
		require.False(t, err == nil && a.bodyErr == nil, "%s: the client takes a broken response for a whole one: %q", path, a.body)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "%s: the connection stays open", path)
		return a
	}
	broken("/half-panic")
	assert.Contains(t, s.logged("unhandled"), "committed=true")
	broken("/unflushed-panic")
	assert.Contains(t, s.logged("unhandled"), "committed=true")
	for _, path := range []string{"/half-abort", "/abort", "/abort-returned"} {
		broken(path)
		s.unlogged()
	}
	s.failed(s.get("/panic"), 500, "unhandled")
	s.failed(s.get("/panic-kind"), 423, "task_locked")
	s.failed(s.get("/panic-nil"), 500, "unhandled")
	s.failed(s.get("/panic-pipe"), 500, "unhandled")
	a := s.get("/half-error")
	assert.Equal(t, "half", a.body)
	assert.Contains(t, s.logged("unhandled"), "committed=true")
	_, _ = s.ask(http.MethodGet, "/panic-after", "")
	assert.Equal(t, "fine", s.get("/fine").body)
}

// Recovery of gin, or of anybody, around us must not end half a response as a whole one.
func TestBrokenResponses(t *testing.T) {
	own := func(c *gin.Context, _ any) { c.String(500, "custom") }
	silentCustom := func(c *gin.Context) {
		defer func() {
			if recover() != nil {
				c.AbortWithStatusJSON(500, gin.H{"own": true})
			}
		}()
		c.Next()
	}
	for name, outside := range map[string][]gin.HandlerFunc{
		"nothing outside":               nil,
		"Recovery outside":              {gin.Logger(), gin.Recovery()},
		"CustomRecovery outside":        {gin.CustomRecovery(own)},
		"a recovery that answers":       {silentCustom},
		"Recovery and a wrapper":        {gin.Recovery(), wrap},
		"Recovery and our own Recovery": {gin.Recovery(), faultgin.Middleware(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, http2 := range []bool{false, true} {
				e := gin.New()
				s := prepare(t, e, func(e *gin.Engine, r *fault.Responder) {
					e.Use(outside...)
					faultgin.Install(e, r)
					breaking(e)
				})
				s.start(httptest.NewUnstartedServer(e), http2)
				checkBreaking(t, s)
			}
		})
	}
}

func TestHTTP2StreamError(t *testing.T) {
	e := gin.Default()
	s := prepare(t, e, func(e *gin.Engine, r *fault.Responder) {
		faultgin.Install(e, r)
		breaking(e)
		e.GET("/hijack", faultgin.Handler(func(c *gin.Context) error {
			_, _, err := c.Writer.Hijack()
			return err
		}))
	})
	s.start(httptest.NewUnstartedServer(e), true)
	a, err := s.ask(http.MethodGet, "/half-panic", "")
	require.NoError(t, err)
	assert.Equal(t, 2, a.ProtoMajor)
	assert.ErrorContains(t, a.bodyErr, "stream error")
	assert.Equal(t, "half", a.body)
	s.failed(s.get("/panic"), 500, "unhandled")
	s.failed(s.get("/hijack"), 500, "unhandled")
}

// Recovery inside renders first; what it leaves is answered in our form all the same.
func TestRecoveryInside(t *testing.T) {
	s := installed(t, func(e *gin.Engine) {
		e.Use(gin.Recovery())
		breaking(e)
	})
	s.failed(s.get("/panic"), 500, "internal_server_error")
	if recoversAborts { // and answers with an empty 500, which is an error to us
		s.failed(s.get("/abort"), 500, "internal_server_error")
	} else {
		_, err := s.ask(http.MethodGet, "/abort", "")
		require.Error(t, err)
		s.unlogged()
	}
	a, err := s.ask(http.MethodGet, "/half-abort", "")
	assert.Equal(t, recoversAborts, err == nil && a.bodyErr == nil)
	if !recoversAborts {
		s.unlogged()
	}

	s = installed(t, func(e *gin.Engine) {
		e.Use(gin.CustomRecovery(func(c *gin.Context, _ any) { faultgin.Abort(c, fault.Unhandled.New()) }))
		breaking(e)
	})
	s.failed(s.get("/panic"), 500, "unhandled")

	s = installed(t, func(e *gin.Engine) {
		e.Use(gin.CustomRecovery(func(c *gin.Context, _ any) { c.AbortWithStatusJSON(500, gin.H{"own": true}) }))
		breaking(e)
	})
	s.untouched(s.get("/panic"), 500, `{"own":true}`)
}

// Early hints are sent at once, in gin's way and in that of net/http, and begin nothing.
func TestEarlyHints(t *testing.T) {
	hint := func(c *gin.Context, now bool) {
		c.Header("Link", "</a.css>; rel=preload")
		c.Status(http.StatusEarlyHints)
		if now {
			c.Writer.WriteHeaderNow()
		}
	}
	s := installed(t, func(e *gin.Engine) {
		for _, now := range []bool{false, true} {
			e.GET(fmt.Sprintf("/%t/error", now), faultgin.Handler(func(c *gin.Context) error { hint(c, now); return fault.TaskLocked }))
			e.GET(fmt.Sprintf("/%t/status", now), func(c *gin.Context) { hint(c, now); c.AbortWithStatus(423) })
			e.GET(fmt.Sprintf("/%t/success", now), func(c *gin.Context) { hint(c, now); hint(c, now); c.String(201, "fine") })
			e.GET(fmt.Sprintf("/%t/empty", now), func(c *gin.Context) { hint(c, now); c.AbortWithStatus(204) })
			e.GET(fmt.Sprintf("/%t/late", now), func(c *gin.Context) { c.String(200, "fine"); hint(c, now) })
		}
		e.GET("/wrapped", gin.WrapF(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "fine")
		}))
	})
	for path, want := range map[string]struct{ hints, status int }{
		"/false/error": {1, 423}, "/true/error": {1, 423}, "/false/status": {1, 423}, "/true/status": {1, 423},
		"/false/success": {2, 201}, "/true/success": {2, 201}, "/false/empty": {1, 204}, "/true/empty": {1, 204},
		"/false/late": {0, 200}, "/true/late": {0, 200}, "/wrapped": {1, 201},
	} {
		var hints int
		trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			assert.Equal(t, 103, code)
			hints++
			return nil
		}}
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, s.url+path, nil)
		require.NoError(t, err)
		resp, err := s.client.Do(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, want.status, resp.StatusCode, path)
		assert.Equal(t, want.hints, hints, path)
	}
}

// Streaming, server-sent events, deadlines and hijacking work through our writer.
func TestWriterCapabilities(t *testing.T) {
	more := make(chan struct{})
	s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
		faultgin.Install(e, r)
		e.GET("/sse", func(c *gin.Context) {
			n := 0
			c.Stream(func(io.Writer) bool {
				if n++; n > 1 {
					<-more
				}
				c.SSEvent("tick", n)
				return n < 2
			})
		})
		e.GET("/controller", faultgin.Handler(func(c *gin.Context) error {
			controller := http.NewResponseController(c.Writer)
			assert.NoError(t, controller.SetWriteDeadline(time.Now().Add(time.Minute)))
			assert.NoError(t, controller.SetReadDeadline(time.Now().Add(time.Minute)))
			assert.NoError(t, controller.EnableFullDuplex())
			c.Status(202)
			return controller.Flush()
		}))
		e.GET("/state", func(c *gin.Context) {
			assert.False(t, c.Writer.Written())
			assert.Nil(t, c.Writer.Pusher(), "HTTP/1.1 has none")
			c.Status(404)
			assert.Equal(t, 404, c.Writer.Status())
			c.String(200, "four")
			assert.Equal(t, 4, c.Writer.Size())
			assert.True(t, c.Writer.Written())
		})
	})
	resp, err := s.client.Get(s.url + "/sse")
	require.NoError(t, err)
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	first, err := lines.ReadString('\n')
	require.NoError(t, err, "the first event comes before the second is made")
	assert.Equal(t, "event:tick\n", first)
	close(more)
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	assert.Contains(t, string(rest), "data:2")
	assert.Equal(t, 202, s.get("/controller").StatusCode)
	s.get("/state")
	s.unlogged()
}

// A hijacked connection is its taker's: a panic after it is logged, and the connection left alone.
func TestHijacked(t *testing.T) {
	var outside any // what a recovery around us would see
	var takers sync.WaitGroup
	s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
		finished := make(chan struct{})
		e.Use(func(c *gin.Context) {
			defer func() {
				outside = recover()
				finished <- struct{}{}
			}()
			c.Next()
		})
		faultgin.Install(e, r)
		e.GET("/:value", func(c *gin.Context) {
			conn, _, err := http.NewResponseController(c.Writer).Hijack()
			if !assert.NoError(t, err) {
				return
			}
			takers.Go(func() {
				defer conn.Close()
				<-finished
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine")
			})
			if c.Param("value") == "abort" {
				panic(http.ErrAbortHandler)
			}
			panic(canary)
		})
	})
	assert.Equal(t, "mine", s.get("/text").body)
	assert.Contains(t, s.logged("unhandled"), "committed=true")
	assert.Nil(t, outside)
	assert.Equal(t, "mine", s.get("/abort").body)
	s.unlogged()
	assert.Equal(t, http.ErrAbortHandler, outside)
	takers.Wait()
}

// compressor is built like gin-contrib/gzip: it sets the header before the handlers, embeds the
// writer, and closes in a defer. plain is what recent versions do from 400 on.
func compressor(plain bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Content-Encoding", "gzip")
		c.Header("Vary", "Accept-Encoding")
		w := &compressing{ResponseWriter: c.Writer, z: gzip.NewWriter(c.Writer), plain: plain}
		c.Writer = w
		defer func() {
			if w.Size() < 0 || plain && w.Status() >= 400 {
				w.z.Reset(io.Discard)
			}
			_ = w.z.Close()
		}()
		c.Next()
	}
}

type compressing struct {
	gin.ResponseWriter
	z     *gzip.Writer
	plain bool
}

func (w *compressing) Write(p []byte) (int, error) {
	if w.plain && w.Status() >= 400 {
		w.Header().Del("Content-Encoding")
		w.Header().Del("Vary")
		return w.ResponseWriter.Write(p)
	}
	return w.z.Write(p)
}

func (w *compressing) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

func TestCompressors(t *testing.T) {
	routes := func(e *gin.Engine) {
		e.GET("/error", faultgin.Handler(func(*gin.Context) error { return fault.TaskLocked }))
		e.GET("/panic", func(*gin.Context) { panic(fault.TaskLocked) })
		e.GET("/collected", func(c *gin.Context) { _ = c.Error(fault.TaskLocked) })
		e.GET("/aborted", func(c *gin.Context) { c.AbortWithStatus(423) })
		e.GET("/late", func(c *gin.Context) {
			faultgin.Abort(c, fault.TaskLocked)
			c.JSON(200, gin.H{"late": true})
			c.String(200, "late")
		})
		e.GET("/success", func(c *gin.Context) { c.String(200, "fine") })
	}
	for _, plain := range []bool{false, true} {
		for _, inside := range []bool{false, true} {
			t.Run(fmt.Sprintf("plain %t, inside %t", plain, inside), func(t *testing.T) {
				s := serve(t, gin.New(), func(e *gin.Engine, r *fault.Responder) {
					if !inside {
						e.Use(compressor(plain))
					}
					faultgin.Install(e, r)
					if inside {
						e.Use(compressor(plain))
					}
					routes(e)
				})
				assert.Equal(t, "fine", unzip(t, s.get("/success", "Accept-Encoding", "gzip")))
				for _, path := range []string{"/error", "/panic", "/collected", "/aborted", "/late", "/none"} {
					a := s.get(path, "Accept-Encoding", "gzip") // asked for so, the client leaves it as it is
					assert.Equal(t, !plain && !inside, a.Header.Get("Content-Encoding") == "gzip", path)
					body := unzip(t, a)
					assert.True(t, strings.HasPrefix(body, `{"DE":"`) && strings.HasSuffix(body, "}"), "%s: %q", path, body)
				}
			})
		}
	}
}

func unzip(t *testing.T, a answer) string {
	t.Helper()
	if a.Header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	z, err := gzip.NewReader(strings.NewReader(a.body))
	require.NoError(t, err)
	body, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(body)
}

// Contexts and writers are pooled: every answer is that of its own request.
func TestKeepAlive(t *testing.T) {
	s := serve(t, gin.Default(), func(e *gin.Engine, r *fault.Responder) {
		faultgin.Install(e, r)
		breaking(e)
		e.GET("/locked", faultgin.Handler(func(*gin.Context) error { return fault.TaskLocked }))
		e.GET("/bad", func(c *gin.Context) { _ = c.AbortWithError(400, errCanary) })
	})
	titles := map[string]string{"de": "Gesperrt", "en": "Locked", "fr": "Ressource verrouillée", "pt": "Bloqueado"}
	languages := []string{"de", "en", "fr", "pt"}
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			in := bufio.NewReader(conn)
			for n := range 100 {
				language := languages[(i+n)%len(languages)]
				path := []string{"/locked", "/panic-kind", "/bad", "/fine", "/missing"}[n%5]
				fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAccept: application/problem+json\r\nAccept-Language: %s\r\nX-Request-Id: %d-%d\r\n\r\n", path, language, i, n)
				resp, err := http.ReadResponse(in, nil)
				if !assert.NoError(t, err) {
					return
				}
				body, err := io.ReadAll(resp.Body)
				assert.NoError(t, err)
				if path == "/fine" {
					assert.Equal(t, "fine", string(body))
					continue
				}
				assert.Equal(t, language, resp.Header.Get("Content-Language"))
				assert.Contains(t, string(body), fmt.Sprintf(`"trace_id":"%d-%d"`, i, n))
				if n%5 < 2 {
					assert.Contains(t, string(body), titles[language])
				}
			}
		})
	}
	clients.Wait()
}
