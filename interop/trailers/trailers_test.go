// Package trailers_test proves that trailers which a handler has declared or set do not outlive its failure.
package trailers_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
	echov5 "github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultgin "github.com/polyfault/polyfault/gin"
	"github.com/polyfault/polyfault/interop/adapters"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

const secret = "sum-of-a-body-that-never-came"

// declare sets trailers in each way that net/http knows.
func declare(x adapters.Exchange) {
	x.SetHeader("Trailer", "X-Checksum, x-lower")
	x.SetHeader("X-Checksum", secret)
	x.SetHeader("X-Lower", secret)
	x.SetHeader(http.TrailerPrefix+"X-Undeclared", secret)
	x.SetHeader("X-Kept", "kept")
}

var routes = []adapters.Route{
	{Method: "GET", Path: "/returned", Handle: func(x adapters.Exchange) error { declare(x); return fault.TaskLocked }},
	{Method: "GET", Path: "/panicked", Handle: func(x adapters.Exchange) error { declare(x); panic("after trailers") }},
	{Method: "GET", Path: "/unknown", Handle: func(x adapters.Exchange) error { declare(x); return io.ErrClosedPipe }},
	{Method: "GET", Path: "/forwarded", Handle: func(x adapters.Exchange) error { declare(x); return http.ErrHandlerTimeout }},
	{Method: "GET", Path: "/fine", Handle: func(x adapters.Exchange) error {
		declare(x)
		_, err := io.WriteString(x, strings.Repeat("fine ", 2000))
		x.Flush()
		return err
	}},
}

// clients are one for each protocol.
func clients(t *testing.T, a adapters.Adapter) map[string]*http.Client {
	t.Helper()
	protocols := map[string]*http.Protocols{"HTTP/1.1": {}}
	protocols["HTTP/1.1"].SetHTTP1(true)
	if a.HTTP2 {
		protocols["HTTP/2.0"] = &http.Protocols{}
		protocols["HTTP/2.0"].SetUnencryptedHTTP2(true)
	}
	all := map[string]*http.Client{}
	for name, p := range protocols {
		transport := &http.Transport{Protocols: p}
		t.Cleanup(transport.CloseIdleConnections)
		all[name] = &http.Client{Transport: transport, Timeout: 10 * time.Second}
	}
	return all
}

func get(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	require.NoError(t, err)
	req.Header.Set("TE", "trailers")
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	_, err = io.ReadAll(resp.Body) // trailers come after it
	require.NoError(t, err)
	return resp
}

func TestTrailersEndWithTheHandler(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for _, a := range adapters.All() {
		base := "http://" + a.Start(t, r, routes)
		for protocol, client := range clients(t, a) {
			t.Run(a.Name+" by "+protocol, func(t *testing.T) {
				fine := get(t, client, base+"/fine")
				assert.Equal(t, protocol, fine.Proto)
				if !a.Fast { // fasthttp sends none without a stream
					assert.Equal(t, secret, fine.Trailer.Get("X-Checksum"), "the test would prove nothing")
					assert.Equal(t, secret, fine.Trailer.Get("X-Undeclared"), "the test would prove nothing")
				}
				for _, path := range []string{"/returned", "/panicked", "/unknown", "/forwarded"} {
					resp := get(t, client, base+path)
					assert.GreaterOrEqual(t, resp.StatusCode, 400, path)
					assert.Empty(t, resp.Trailer, path)
					for name, values := range resp.Header {
						assert.NotContains(t, strings.Join(values, ""), secret, "%s: %s", path, name)
					}
					assert.Empty(t, resp.Header.Values("Trailer"), path)
					assert.Equal(t, "kept", resp.Header.Get("X-Kept"), path)
				}
			})
		}
	}
}

// A handler that answers by itself and keeps the header can still set what HTTP/2 sends as trailers.
func TestTrailersAfterTheAnswer(t *testing.T) {
	gin.SetMode(gin.TestMode)
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	late := func(kept http.Header) {
		kept.Set(http.TrailerPrefix+"X-Late", secret)
		kept.Set("Trailer", "X-Declared-Late")
		kept.Set("X-Declared-Late", secret)
	}
	e4, e5, g := echo.New(), echov5.New(), gin.New()
	faultecho.Install(e4, r)
	faultechov5.Install(e5, r)
	faultgin.Install(g, r)
	e4.GET("/late", func(c echo.Context) error {
		kept := c.Response().Header()
		c.Error(fault.TaskLocked)
		late(kept)
		late(c.Response().Header())
		return nil
	})
	e5.GET("/late", func(c *echov5.Context) error {
		kept := c.Response().Header()
		faultechov5.ErrorHandler(r)(c, fault.TaskLocked)
		late(kept)
		late(c.Response().Header())
		return nil
	})
	g.GET("/late", func(c *gin.Context) {
		kept := c.Writer.Header()
		faultgin.Abort(c, fault.TaskLocked)
		late(kept)
		late(c.Writer.Header())
	})
	for name, h := range map[string]http.Handler{
		"net/http": faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
			kept := w.Header()
			faulthttp.Error(r, w, req, fault.TaskLocked)
			late(kept)
			late(w.Header())
			return nil
		}),
		"gin": g, "echo": e4, "echo v5": e5,
	} {
		base := "http://" + adapters.Serve(t, h)
		for protocol, client := range clients(t, adapters.Adapter{HTTP2: true}) {
			resp := get(t, client, base+"/late")
			assert.Equal(t, http.StatusLocked, resp.StatusCode, name+protocol)
			assert.Empty(t, resp.Trailer, name+" by "+protocol)
		}
	}
}
