package gin_test

import (
	"bytes"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-contrib/requestid"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	faultgin "github.com/polyfault/polyfault/gin"
	"github.com/polyfault/polyfault/interop/compose"
)

// The registries do not serve gin-contrib/timeout. These are its two techniques: the handlers run in a goroutine, on the
// same context or on a copy, behind a writer that keeps what they write until they are done.

// kept is such a writer.
type kept struct {
	gin.ResponseWriter
	mu     sync.Mutex
	header http.Header
	body   bytes.Buffer
	status int
	over   bool
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.status == 0 {
		k.status = status
	}
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		return 0, nil
	}
	return k.body.Write(p)
}

func (k *kept) WriteString(s string) (int, error) { return k.Write([]byte(s)) }
func (k *kept) WriteHeaderNow()                   {}

// pass gives what was kept to the writer below.
func (k *kept) pass() {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.Copy(k.ResponseWriter.Header(), k.header)
	if k.status != 0 {
		k.ResponseWriter.WriteHeader(k.status)
	}
	if k.body.Len() > 0 {
		_, _ = k.ResponseWriter.Write(k.body.Bytes())
	}
}

// giveUp drops it.
func (k *kept) giveUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	k.ResponseWriter.WriteHeader(http.StatusRequestTimeout)
	_, _ = k.ResponseWriter.WriteString("too late")
}

// within runs f for at most the limit, behind a writer of its own.
func within(c *gin.Context, limit time.Duration, running *sync.WaitGroup, f func(w *kept)) {
	below := c.Writer
	w := &kept{ResponseWriter: below, header: http.Header{}}
	done, panicked := make(chan struct{}), make(chan any, 1)
	running.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				panicked <- v
				return
			}
			close(done)
		}()
		f(w)
	})
	select {
	case v := <-panicked:
		c.Writer = below
		panic(v)
	case <-done:
		c.Writer = below
		w.pass()
	case <-time.After(limit):
		w.giveUp()
	}
	c.Abort()
}

// limit is a timeout on the same context.
func limit(t *testing.T) gin.HandlerFunc {
	running := &sync.WaitGroup{}
	t.Cleanup(running.Wait)
	return func(c *gin.Context) {
		within(c, 10*time.Second, running, func(w *kept) { c.Writer = w; c.Next() })
	}
}

// A timeout on the same context, on either side. Inside, what panics goes on to us; outside, it is answered in the
// goroutine. CORS and request ids stay, although the writer has a header of its own.
func TestTimeoutOnTheSameContext(t *testing.T) {
	crossOrigin := cors.New(cors.Config{AllowOrigins: []string{compose.Origin}, AllowMethods: []string{"GET"}})
	headers := map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": compose.Origin}
	t.Run("outside", func(t *testing.T) {
		composition{outside: []gin.HandlerFunc{crossOrigin, limit(t)}, kept: headers}.check(t)
	})
	t.Run("inside", func(t *testing.T) {
		composition{outside: []gin.HandlerFunc{crossOrigin}, inside: []gin.HandlerFunc{limit(t)}, kept: headers}.check(t)
	})
	s := composition{outside: []gin.HandlerFunc{requestid.New(), limit(t)}}.serve(t, func(e *gin.Engine) {
		e.GET("/half", func(c *gin.Context) { c.String(200, "half"); faultgin.Abort(c, locked) })
		e.GET("/changed", func(c *gin.Context) { c.Status(202); c.Status(201) })
	})
	a := s.Ask(t, "GET", "/returned", "", "Traceparent", "")
	assert.Contains(t, s.Log.Take(t), "trace_id="+a.Header.Get("X-Request-Id"))
	a = s.Ask(t, "GET", "/half", "")
	assert.Equal(t, []any{200, "half"}, []any{a.Status, a.Body}, "nothing is appended to what the buffer holds")
	assert.Contains(t, s.Log.Take(t), "committed=true")
	assert.Equal(t, 201, s.Ask(t, "GET", "/changed", "").Status, "the last status, as ever")
}

// A timeout that runs one handler on a copy of the context, as routes do: what the handler reports by the copy is answered
// through the writer of the copy. What it leaves in the copy's Errors nobody sees.
func TestTimeoutOnACopy(t *testing.T) {
	var running sync.WaitGroup
	defer running.Wait()
	limited := func(limit time.Duration, h gin.HandlerFunc) gin.HandlerFunc {
		return func(c *gin.Context) {
			copied := c.Copy()
			within(c, limit, &running, func(w *kept) { copied.Writer = w; h(copied) })
		}
	}
	over := make(chan struct{})
	late := func(h gin.HandlerFunc) gin.HandlerFunc { return func(c *gin.Context) { <-over; h(c) } }
	tooLate := []string{"/returned", "/aborted", "/collected", "/with-error", "/panicked"}
	s := composition{}.serve(t, func(e *gin.Engine) {
		for path, w := range ways {
			e.GET("/copy"+path, limited(10*time.Second, w.handler))
		}
		for _, path := range tooLate {
			e.GET("/late"+path, limited(time.Millisecond, late(ways[path].handler)))
		}
	})
	for _, path := range []string{"/returned", "/aborted", "/panicked", "/panicked-with-text"} {
		s.Failed(t, s.Ask(t, "GET", "/copy"+path, ""), ways[path].want)
	}
	for _, path := range tooLate {
		s.Passed(t, s.Ask(t, "GET", "/late"+path, ""), 408, "too late")
	}
	close(over)
	running.Wait()
	for range 20 { // nobody else gets it
		s.Log.Clear()
		s.Passed(t, s.Ask(t, "GET", "/fine", ""), 200, page)
	}
}

// net/http's own timeout around the engine: what is answered in time passes, what is not has net/http's answer, and
// a deadline inside gives ours.
func TestTimeoutHandlerAround(t *testing.T) {
	s := compose.New(t)
	e := gin.New()
	faultgin.Install(e, s.Responder)
	for path, w := range ways {
		e.GET(path, w.handler)
	}
	released := make(chan struct{})
	e.GET("/slow", faultgin.Handler(func(c *gin.Context) error {
		<-c.Request.Context().Done()
		defer close(released)
		return c.Request.Context().Err()
	}))
	s.Serve(t, http.TimeoutHandler(e, 200*time.Millisecond, "too late"))
	for _, path := range paths() {
		s.Failed(t, s.Ask(t, "GET", path, ""), ways[path].want)
	}
	a := s.Ask(t, "GET", "/slow", "")
	assert.Equal(t, []any{503, "too late", ""}, []any{a.Status, a.Body, a.Rest})
	<-released
	assert.Contains(t, s.Log.Take(t), "code=service_unavailable status=503")
}
