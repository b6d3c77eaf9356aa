package faultecho_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

// A writer that outlives its request reaches no other client: it belongs to one request.
func TestLateCallsReachNobody(t *testing.T) {
	var late sync.WaitGroup
	over := make(chan struct{})
	keep := func(w http.ResponseWriter) {
		late.Go(func() {
			<-over
			w.Header().Set("X-Secret", canary)
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte(canary))
			_, _ = io.WriteString(w, canary)
			_, _ = io.Copy(w, strings.NewReader(canary))
			controller := http.NewResponseController(w)
			_ = controller.Flush()
			_, _, err := controller.Hijack()
			assert.Error(t, err)
			past := time.Unix(1, 0) // whatever the connection serves by now would break off
			assert.ErrorIs(t, controller.SetReadDeadline(past), http.ErrNotSupported)
			assert.ErrorIs(t, controller.SetWriteDeadline(past), http.ErrNotSupported)
		})
	}
	s := installed(t)
	s.GET("/gave-up", func(c echo.Context) error {
		keep(c.Response().Writer)
		return c.String(http.StatusAccepted, "fine")
	})
	s.GET("/failed", func(c echo.Context) error {
		keep(c.Response().Writer)
		return fault.TaskLocked
	})
	s.GET("/panicked", func(c echo.Context) error {
		keep(c.Response().Writer)
		panic(fault.TaskLocked)
	})
	s.GET("/empty", func(c echo.Context) error {
		keep(c.Response().Writer)
		return nil
	})
	s.GET("/fine", func(c echo.Context) error { return c.String(http.StatusOK, "fine") })
	s.GET("/locked", returning(fault.TaskLocked))

	for path, want := range map[string]string{"/gave-up": "202 fine", "/failed": "423 {", "/panicked": "423 {", "/empty": "200 "} {
		for range 8 {
			resp, body := s.get(path)
			assert.True(t, strings.HasPrefix(fmt.Sprint(resp.StatusCode, " ", body), want), path)
		}
	}
	var others sync.WaitGroup
	for range 16 {
		others.Go(func() {
			for i := range 60 {
				path, want := "/fine", "200 fine"
				if i%2 == 1 {
					path, want = "/locked", "423 {"
				}
				resp, err := http.Get(s.url + path)
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
}
