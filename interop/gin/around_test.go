package gin_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	faultgin "github.com/polyfault/polyfault/gin"
	"github.com/polyfault/polyfault/interop/compose"
)

// engine has all ways to fail, and one to succeed.
func engine(s *compose.Service) *gin.Engine {
	e := gin.New()
	faultgin.Install(e, s.Responder)
	for path, w := range ways {
		e.GET(path, w.handler)
	}
	e.GET("/fine", func(c *gin.Context) { c.String(200, page) })
	e.GET("/half", func(c *gin.Context) { c.String(200, "half"); c.Writer.Flush(); panic(locked) })
	return e
}

// Middleware of net/http around the whole engine.
func TestAroundTheEngine(t *testing.T) {
	compressed, err := gzhttp.NewWrapper(gzhttp.MinSize(100), gzhttp.EnableZstd(false))
	require.NoError(t, err)
	for name, around := range map[string]func(http.Handler) http.Handler{
		"gzhttp":   func(h http.Handler) http.Handler { return compressed(h) },
		"otelhttp": otelhttp.NewMiddleware("service"),
	} {
		t.Run(name, func(t *testing.T) {
			s := compose.New(t)
			s.Serve(t, around(engine(s)))
			for _, path := range paths() {
				a := s.Ask(t, "GET", path, "", "Accept-Encoding", "gzip")
				s.Failed(t, a, ways[path].want)
				assert.Equal(t, name == "gzhttp", a.Header.Get("Content-Encoding") == "gzip")
			}
			s.Passed(t, s.Ask(t, "GET", "/fine", "", "Accept-Encoding", "gzip"), 200, page)
			assert.Error(t, s.Ask(t, "GET", "/half", "", "Accept-Encoding", "gzip").Broken)
		})
	}
}

// HTTP/2, with TLS and without.
func TestHTTP2(t *testing.T) {
	for name, secure := range map[string]bool{"TLS": true, "h2c": false} {
		t.Run(name, func(t *testing.T) {
			s := compose.New(t)
			server := httptest.NewUnstartedServer(engine(s))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			client := start(t, server, secure)
			for _, path := range paths() {
				want := ways[path].want
				a, err := ask(t.Context(), client, server.URL+path)
				require.NoError(t, err)
				require.NoError(t, a.Broken)
				s.Failed(t, a, want)
			}
			a, err := ask(t.Context(), client, server.URL+"/half")
			require.NoError(t, err)
			assert.ErrorContains(t, a.Broken, "INTERNAL_ERROR")
			s.Log.Take(t)
			a, err = ask(t.Context(), client, server.URL+"/fine")
			require.NoError(t, err)
			s.Passed(t, a, 200, page)
		})
	}
}

// start starts a server for HTTP/2 and returns a client that speaks nothing else.
func start(t *testing.T, server *httptest.Server, secure bool) *http.Client {
	t.Helper()
	t.Cleanup(server.Close)
	protocols := &http.Protocols{}
	if secure {
		server.EnableHTTP2 = true
		server.StartTLS()
		protocols.SetHTTP2(true)
	} else {
		protocols.SetUnencryptedHTTP2(true)
		server.Config.Protocols = protocols
		server.Start()
	}
	client := server.Client()
	client.Transport.(*http.Transport).Protocols = protocols
	return client
}

func ask(ctx context.Context, client *http.Client, url string) (compose.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return compose.Answer{}, err
	}
	req.Header.Set("Traceparent", "00-"+compose.TraceID+"-00f067aa0ba902b7-01")
	resp, err := client.Do(req)
	if err != nil {
		return compose.Answer{}, err
	}
	defer resp.Body.Close()
	if resp.ProtoMajor != 2 {
		return compose.Answer{}, fmt.Errorf("it is %s", resp.Proto)
	}
	body, broken := io.ReadAll(resp.Body)
	return compose.Answer{Status: resp.StatusCode, Header: resp.Header, Trailer: resp.Trailer, Body: string(body), Broken: broken}, nil
}

// A websocket that cannot be opened fails like anything else; when it is open, it is not ours.
func TestWebsocket(t *testing.T) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	s := composition{}.serve(t, func(e *gin.Engine) {
		e.GET("/refused", faultgin.Handler(func(*gin.Context) error { return locked }))
		e.GET("/socket", faultgin.Handler(func(c *gin.Context) error {
			conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
			if err != nil {
				return nil // it has answered
			}
			defer conn.Close()
			_ = conn.WriteMessage(websocket.TextMessage, []byte("hello"))
			if c.Query("panic") != "" {
				panic(locked)
			}
			return locked
		}))
	})
	_, resp, err := websocket.DefaultDialer.Dial("ws://"+s.Addr+"/refused", nil)
	require.ErrorIs(t, err, websocket.ErrBadHandshake)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 423, resp.StatusCode)
	assert.Contains(t, s.Log.Take(t), "status=423")
	assert.Equal(t, []int{423}, s.Seen.Take())
	s.Passed(t, s.Ask(t, "GET", "/socket", ""), 400, "Bad Request\n")
	for _, query := range []string{"", "?panic=1"} {
		conn, resp, err := websocket.DefaultDialer.Dial("ws://"+s.Addr+"/socket"+query, nil)
		require.NoError(t, err)
		_ = resp.Body.Close()
		_, message, err := conn.ReadMessage()
		require.NoError(t, err)
		assert.Equal(t, "hello", string(message))
		_, message, err = conn.ReadMessage()
		assert.Error(t, err)
		assert.Empty(t, message, "nothing of ours is on the connection")
		assert.Contains(t, s.Log.Take(t), "committed=true")
		_ = conn.Close()
	}
}

// Events that were sent stay as they are; an error before the first is answered.
func TestServerSentEvents(t *testing.T) {
	s := composition{}.serve(t, func(e *gin.Engine) {
		e.GET("/events", faultgin.Handler(func(c *gin.Context) error {
			if c.Query("early") != "" {
				c.Header("Content-Type", "text/event-stream")
				return locked
			}
			c.SSEvent("tick", "1")
			c.Writer.Flush()
			return locked
		}))
	})
	s.Failed(t, s.Ask(t, "GET", "/events?early=1", ""), ways["/returned"].want)
	a := s.Ask(t, "GET", "/events", "")
	assert.NoError(t, a.Broken)
	assert.Equal(t, []any{200, "event:tick\ndata:1\n\n"}, []any{a.Status, a.Body})
	assert.Contains(t, s.Log.Take(t), "committed=true")
}

// What middleware does wrong.
func TestBadMiddleware(t *testing.T) {
	type key struct{}
	for name, c := range map[string]struct {
		middleware gin.HandlerFunc
		path       string
		want       compose.Failure
	}{
		"panics before":                      {func(*gin.Context) { panic(locked) }, "/fine", ways["/returned"].want},
		"panics with nothing of ours before": {func(*gin.Context) { panic(compose.Canary) }, "/fine", ways["/collected"].want},
		"forgets to go on, after an error":   {func(c *gin.Context) { _ = c.Error(errCanary); c.Abort() }, "/fine", ways["/collected"].want},
		"empties c.Errors after our answer":  {func(c *gin.Context) { c.Next(); c.Errors = nil }, "/returned", ways["/returned"].want},
		"replaces the request": {func(c *gin.Context) {
			c.Request = c.Request.WithContext(context.WithValue(context.Background(), key{}, 1))
			c.Next()
		}, "/panicked", ways["/panicked"].want},
		"replaces the request with none": {func(c *gin.Context) { c.Request = nil; c.Next() }, "/returned", ways["/returned"].want},
		"replaces the writer, and does not put it back": {func(c *gin.Context) {
			c.Writer = struct{ gin.ResponseWriter }{c.Writer}
			c.Next()
		}, "/collected", ways["/collected"].want},
		"replaces the writer with one that hides ours": {func(c *gin.Context) {
			c.Writer = hiding{w: c.Writer}
			c.Next()
		}, "/collected", ways["/collected"].want},
		"answers again": {func(c *gin.Context) {
			c.Next()
			c.JSON(500, gin.H{"again": compose.Canary})
			_, _ = c.Writer.WriteString(compose.Canary)
			c.Writer.Flush()
			faultgin.Abort(c, errCanary)
			_ = c.Error(errCanary)
		}, "/returned", ways["/returned"].want},
		"answers what it finds in c.Errors, too": {func(c *gin.Context) {
			c.Next()
			for _, err := range c.Errors {
				faultgin.Abort(c, err)
			}
		}, "/collected", ways["/collected"].want},
	} {
		t.Run(name, func(t *testing.T) {
			s := composition{inside: []gin.HandlerFunc{c.middleware}}.serve(t, nil)
			s.Failed(t, s.Ask(t, "GET", c.path, ""), c.want)
		})
	}
}

// A panic after our answer is a failure of its own: a line more, and no bytes.
func TestPanicAfterTheAnswer(t *testing.T) {
	s := composition{inside: []gin.HandlerFunc{func(c *gin.Context) { c.Next(); panic(compose.Canary) }}}.serve(t, nil)
	a := s.Ask(t, "GET", "/aborted", "")
	assert.Equal(t, 423, a.Status)
	assert.NoError(t, a.Broken)
	assert.NotContains(t, a.Raw, compose.Canary)
	lines := s.Log.All()
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], "code=task_locked")
	assert.Contains(t, lines[1], "committed=true")
}

// hiding has none of the ways by which writers are seen through.
type hiding struct{ w gin.ResponseWriter }

func (h hiding) Header() http.Header               { return h.w.Header() }
func (h hiding) Write(p []byte) (int, error)       { return h.w.Write(p) }
func (h hiding) WriteString(s string) (int, error) { return h.w.WriteString(s) }
func (h hiding) WriteHeader(status int)            { h.w.WriteHeader(status) }
func (h hiding) WriteHeaderNow()                   { h.w.WriteHeaderNow() }
func (h hiding) Status() int                       { return h.w.Status() }
func (h hiding) Size() int                         { return h.w.Size() }
func (h hiding) Written() bool                     { return h.w.Written() }
func (h hiding) Flush()                            { h.w.Flush() }
func (h hiding) CloseNotify() <-chan bool          { return nil }
func (h hiding) Pusher() http.Pusher               { return h.w.Pusher() }

func (h hiding) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.w.Hijack() }
