package exchange

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

func response(t *testing.T) *fault.Response {
	t.Helper()
	r, err := fault.NewResponder(fault.WithLanguages("en"), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	return r.Respond(nil, fault.TaskLocked)
}

func started(w http.ResponseWriter) *Writer {
	x := &Writer{}
	x.Start(w, httptest.NewRequest(http.MethodGet, "/", nil), nil)
	return x
}

// Each event, and what may still happen after it.
func TestStates(t *testing.T) {
	for name, c := range map[string]struct {
		event                 func(*State)
		begun, claims, enters bool
		answers               bool
	}{
		"nothing":        {func(*State) {}, false, true, true, true},
		"informed":       {func(s *State) { s.Inform(true) }, false, true, true, true},
		"begun":          {(*State).Begin, true, true, true, false},
		"hijacked":       {(*State).Take, true, true, true, false},
		"claimed":        {func(s *State) { s.Claim() }, false, false, true, true},
		"being answered": {func(s *State) { s.Answer() }, true, false, false, false},
		"answered":       {func(s *State) { s.Answer(); s.Answered() }, true, false, false, false},
		"over":           {(*State).End, true, true, false, false},
		"claimed, over":  {func(s *State) { s.Claim(); s.End() }, true, true, false, false},
		"answered, over": {func(s *State) { s.Answer(); s.Answered(); s.End() }, true, true, false, false},
	} {
		s := &State{}
		c.event(s)
		assert.Equal(t, c.begun, s.Begun(), name)
		assert.Equal(t, c.claims, s.Claim(), name)
		entered := s.Enter()
		assert.Equal(t, c.enters, entered, name)
		if entered {
			s.Leave()
		}
		answers := s.Answer()
		assert.Equal(t, c.answers, answers, name)
		if answers {
			s.Answered()
		}
		s.Reset()
		assert.False(t, s.Begun() || s.Claimed() || s.Closed() || s.Over() || s.Hijacked() || s.Informed(), name)
	}
	s := &State{}
	s.Inform(true)
	s.Inform(false)
	assert.False(t, s.Informed())
}

// Of many who fail at once, one answers; nobody who writes is among the bytes of the answer; after the end nobody
// writes.
func TestOneAnswer(t *testing.T) {
	resp := response(t)
	for range 200 {
		w := httptest.NewRecorder()
		x := started(w)
		var sent, claimed atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if x.Claim() {
					claimed.Add(1)
					if x.Send(resp, nil) {
						sent.Add(1)
					}
				}
			})
			all.Go(func() { _, _ = x.Write([]byte("w")) })
		}
		all.Go(x.End)
		all.Wait()
		body := w.Body.String()
		assert.LessOrEqual(t, sent.Load(), int32(1))
		assert.True(t, strings.Trim(body, "w") == "" || strings.HasPrefix(body, `{"EN"`) && strings.HasSuffix(body, "}"), body)
		n, err := x.Write([]byte("late"))
		assert.Equal(t, 4, n)
		assert.NoError(t, err)
		x.WriteHeader(500)
		x.Header().Set("X-Late", "1")
		assert.NoError(t, x.FlushError())
		_, _, err = x.TakeOver()
		assert.ErrorIs(t, err, http.ErrHijacked)
		assert.Equal(t, body, w.Body.String())
		assert.Empty(t, w.Header().Get("X-Late"))
	}
}

type unwrapping struct{ next http.ResponseWriter }

func (u unwrapping) Header() http.Header         { return u.next.Header() }
func (u unwrapping) Write(p []byte) (int, error) { return u.next.Write(p) }
func (u unwrapping) WriteHeader(status int)      { u.next.WriteHeader(status) }
func (u unwrapping) Unwrap() http.ResponseWriter { return u.next }

type embedding struct{ http.ResponseWriter }

type pointing struct{ http.ResponseWriter }

type hiding struct{ below http.ResponseWriter }

func (h hiding) Header() http.Header         { return h.below.Header() }
func (h hiding) Write(p []byte) (int, error) { return h.below.Write(p) }
func (h hiding) WriteHeader(status int)      { h.below.WriteHeader(status) }

type cyclic struct{ embedding }

func (c *cyclic) Unwrap() http.ResponseWriter { return c }

func TestFind(t *testing.T) {
	inner, outer := started(httptest.NewRecorder()), started(httptest.NewRecorder())
	inner.ResponseWriter = embedding{unwrapping{outer}}
	for name, w := range map[string]http.ResponseWriter{
		"itself": inner, "unwrapped": unwrapping{inner}, "embedded": embedding{inner}, "by pointer": &pointing{inner},
		"deep": embedding{unwrapping{&pointing{inner}}},
	} {
		assert.Equal(t, []Exchange{inner, outer}, slices.Collect(All(w)), name)
	}
	var none *pointing
	for name, w := range map[string]http.ResponseWriter{
		"nil": nil, "nil pointer": none, "hidden": hiding{inner}, "a recorder": httptest.NewRecorder(),
		"a circle": &cyclic{}, "nothing embedded": embedding{},
	} {
		assert.Nil(t, Find(w), name)
	}
	outer.Begin()
	assert.True(t, Begun(embedding{inner}))
	assert.True(t, inner.TooLate())
	assert.False(t, inner.Send(response(t), nil), "nothing is appended to another answer")
	assert.True(t, inner.Claim())
	assert.True(t, outer.Claimed(), "it has nothing to add")
	pooled := started(httptest.NewRecorder())
	pooled.Pooled = true
	ClaimAround(pooled)
	assert.False(t, pooled.Claimed(), "it may be another request's by now")
}

func TestResponder(t *testing.T) {
	r1, r2 := &fault.Responder{}, &fault.Responder{}
	outer, inner := started(httptest.NewRecorder()), started(nil2{})
	outer.Responder = r1
	inner.ResponseWriter = embedding{outer}
	ctx := t.Context()
	assert.Same(t, r2, Responder(ctx, r2, inner))
	assert.Same(t, r1, Responder(ctx, nil, inner))
	inner.Responder = r2
	assert.Same(t, r2, Responder(ctx, nil, embedding{inner}))
	assert.Same(t, fault.Default(), Responder(ctx, nil, httptest.NewRecorder()))
}

type nil2 struct{ http.ResponseWriter }

func (nil2) Header() http.Header { return nil }

func TestWriter(t *testing.T) {
	resp := response(t)
	t.Run("informational statuses begin nothing", func(t *testing.T) {
		x := started(httptest.NewRecorder())
		x.WriteHeader(103)
		assert.False(t, x.Begun())
		x.WriteHeader(101)
		assert.True(t, x.Begun())
	})
	t.Run("a copy whose source fails at once begins nothing", func(t *testing.T) {
		x := started(httptest.NewRecorder())
		_, err := x.Copy(iotest.ErrReader(io.ErrClosedPipe))
		assert.ErrorIs(t, err, io.ErrClosedPipe)
		assert.False(t, x.Begun())
		n, err := x.Copy(strings.NewReader(strings.Repeat("x", 1000)))
		assert.NoError(t, err)
		assert.Equal(t, int64(1000), n)
		assert.True(t, x.Begun())
	})
	t.Run("a copy after the answer is dropped", func(t *testing.T) {
		w := httptest.NewRecorder()
		x := started(w)
		require.True(t, x.Send(resp, nil))
		n, err := x.Copy(strings.NewReader(strings.Repeat("x", 1000)))
		assert.NoError(t, err)
		assert.Equal(t, int64(1000), n)
		assert.Equal(t, string(resp.Body), w.Body.String())
	})
	t.Run("HEAD has no body", func(t *testing.T) {
		w := httptest.NewRecorder()
		x := &Writer{}
		x.Start(w, httptest.NewRequest(http.MethodHead, "/", nil), nil)
		require.True(t, x.Send(resp, x))
		assert.Equal(t, 423, w.Code)
		assert.Zero(t, w.Body.Len())
	})
	t.Run("a panic below does not keep others out", func(t *testing.T) {
		x := started(panicking{})
		assert.Panics(t, func() { _, _ = x.Write([]byte("x")) })
		assert.Panics(t, func() { x.WriteHeader(200) })
		assert.True(t, x.Enter())
		x.Leave()
		x.Reset()
		assert.Panics(t, func() { x.Send(resp, nil) })
		x.End()
	})
	t.Run("the header is open while the status passes, for those who want it so", func(t *testing.T) {
		for _, live := range []bool{false, true} {
			w := httptest.NewRecorder()
			x := started(w)
			x.Live = live
			require.True(t, x.Send(resp, &hooking{x}))
			assert.Equal(t, map[bool]string{false: "", true: "1"}[live], w.Result().Header.Get("X-Hook"))
			assert.Equal(t, string(resp.Body), w.Body.String())
			x.Header().Set("X-Late", "1")
			assert.Empty(t, w.Header().Get("X-Late"))
		}
	})
	t.Run("what stands between sees status and body; what keeps them is left out", func(t *testing.T) {
		w := httptest.NewRecorder()
		x := started(w)
		logger, buffer := &counting{ResponseWriter: x}, &counting{ResponseWriter: x, keeps: true}
		require.True(t, x.Send(resp, logger))
		assert.Equal(t, []int{423, len(resp.Body)}, []int{logger.status, logger.size})
		assert.Equal(t, string(resp.Body), w.Body.String())
		w = httptest.NewRecorder()
		x = started(w)
		buffer.ResponseWriter = x
		require.True(t, x.Send(resp, buffer))
		assert.Equal(t, string(resp.Body), w.Body.String())
		_, _ = x.Write(resp.Body) // the same bytes, late
		assert.Equal(t, string(resp.Body), w.Body.String())
	})
}

type panicking struct{}

func (panicking) Header() http.Header       { return http.Header{} }
func (panicking) Write([]byte) (int, error) { panic(errors.New("below")) }
func (panicking) WriteHeader(int)           { panic(errors.New("below")) }

// hooking sets a header when the status passes.
type hooking struct{ http.ResponseWriter }

func (h *hooking) WriteHeader(status int) {
	h.Header().Set("X-Hook", "1")
	h.ResponseWriter.WriteHeader(status)
}

type counting struct {
	http.ResponseWriter
	keeps        bool
	status, size int
}

func (c *counting) WriteHeader(status int) {
	c.status = status
	if !c.keeps {
		c.ResponseWriter.WriteHeader(status)
	}
}

func (c *counting) Write(p []byte) (int, error) {
	c.size += len(p)
	if c.keeps {
		return len(p), nil
	}
	return c.ResponseWriter.Write(p)
}

// A request that succeeds pays for the exchange, and for nothing else.
func TestAllocations(t *testing.T) {
	w := &discarding{http.Header{}}
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	body := []byte("fine")
	var x *Writer
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		x = &Writer{}
		x.Start(w, req, nil)
		_, _ = x.Write(body)
		x.End()
	}), 1.0)
}

type discarding struct{ header http.Header }

func (d *discarding) Header() http.Header         { return d.header }
func (d *discarding) Write(p []byte) (int, error) { return len(p), nil }
func (d *discarding) WriteHeader(int)             {}

// A failure that comes after the end of a request is nobody's but its own: what is around has its own failures.
func TestALateClaimLeavesTheOnesAroundAlone(t *testing.T) {
	for _, over := range []bool{false, true} {
		around := started(httptest.NewRecorder())
		x := started(around)
		if over {
			x.End()
		}
		assert.True(t, x.Claim())
		assert.Equal(t, !over, around.Claimed())
	}
}

type pusher struct {
	http.ResponseWriter
	pushed *string
}

func (p pusher) Push(target string, _ *http.PushOptions) error { *p.pushed = target; return nil }

// A writer that cannot push does not hide one that can.
func TestPromises(t *testing.T) {
	pushed := ""
	x := started(struct{ http.ResponseWriter }{pusher{httptest.NewRecorder(), &pushed}})
	require.NoError(t, x.Promise("/style.css", nil))
	assert.Equal(t, "/style.css", pushed)
	x.End()
	assert.ErrorIs(t, x.Promise("/late.css", nil), http.ErrNotSupported)
	assert.Equal(t, "/style.css", pushed)
	assert.ErrorIs(t, started(httptest.NewRecorder()).Promise("/", nil), http.ErrNotSupported)
}

// What breaks a response off is not to be swallowed: neither on the way down nor by a server that ends it as a whole one.
func TestAbort(t *testing.T) {
	for name, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			defer func() { assert.Equal(t, http.ErrAbortHandler, recover(), name) }() // as reporters do
			x := &Writer{}
			x.Start(w, req, nil)
			_, _ = io.WriteString(x, "half")
			_ = x.FlushError()
			Abort(struct{ http.ResponseWriter }{x})
		}))
		server.EnableHTTP2 = secure
		if secure {
			server.StartTLS()
		} else {
			server.Start()
		}
		resp, err := server.Client().Get(server.URL)
		require.NoError(t, err, name)
		half, err := io.ReadAll(resp.Body)
		assert.Error(t, err, name)
		assert.Equal(t, "half", string(half), name)
		_ = resp.Body.Close()
		server.Close()
	}
}
