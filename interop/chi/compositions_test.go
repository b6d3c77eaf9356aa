package chi_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/cors"
	"github.com/go-chi/httprate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// locked is an error with details and with a cause that nobody may see.
var locked = fault.TaskLocked.Wrap(errors.New(compose.Canary), fault.Detail("task", "7"))

var errCanary = errors.New(compose.Canary)

// page is longer than what compressors leave alone.
var page = strings.Repeat("all is fine\n", 300)

// A way is one in which a handler fails.
type way struct {
	handler http.HandlerFunc
	want    compose.Failure
}

var ways = map[string]way{
	"/returned": {faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return locked }),
		compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/unknown": {faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return errCanary }),
		compose.Failure{Err: errCanary, Status: 500, Code: "unhandled"}},
	"/reported": {func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("ETag", `"7"`)
		w.Header().Set("Content-Disposition", "attachment")
		faulthttp.Error(nil, w, req, fmt.Errorf("wrapped: %w", locked))
		_, _ = w.Write([]byte(compose.Canary))
		w.WriteHeader(http.StatusOK)
	}, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/panicked": {func(http.ResponseWriter, *http.Request) { panic(locked) },
		compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/panicked-with-text": {func(http.ResponseWriter, *http.Request) { panic(compose.Canary) },
		compose.Failure{Err: errCanary, Status: 500, Code: "unhandled"}},
}

func paths() []string { return slices.Sorted(maps.Keys(ways)) }

// A composition is a router with middleware of others before InstallChi, and after it.
type composition struct {
	outside, inside []func(http.Handler) http.Handler
	options         []fault.Option
	ask             []string          // headers of the requests
	kept            map[string]string // headers of the middleware that failures keep
}

func (c composition) serve(t *testing.T, routes func(m chi.Router)) *compose.Service {
	t.Helper()
	s := compose.New(t, c.options...)
	m := chi.NewRouter()
	m.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			seen := middleware.NewWrapResponseWriter(w, req.ProtoMajor) // chi's loggers have it
			next.ServeHTTP(seen, req)
			s.Seen.Note(seen.Status())
		})
	})
	m.Use(c.outside...)
	faulthttp.InstallChi(m, s.Responder)
	m.Use(c.inside...)
	for path, w := range ways {
		m.Get(path, w.handler)
	}
	m.Get("/fine", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte(page))
	})
	m.Post("/fine", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) })
	m.Get("/empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	m.Get("/half", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		panic(locked)
	})
	if routes != nil {
		routes(m)
	}
	s.Serve(t, m)
	return s
}

// check asks for all that can fail, and for what does not.
func (c composition) check(t *testing.T) {
	t.Helper()
	s := c.serve(t, nil)
	for _, path := range paths() {
		t.Run(path[1:], func(t *testing.T) {
			want := ways[path].want
			want.Kept = c.kept
			s.Failed(t, s.Ask(t, "GET", path, "", c.ask...), want)
		})
	}
	t.Run("nowhere", func(t *testing.T) {
		s.Failed(t, s.Ask(t, "GET", "/nowhere", "", c.ask...), compose.Failure{Err: fault.NotFound, Status: 404, Code: "not_found", Kept: c.kept})
	})
	t.Run("wrong method", func(t *testing.T) {
		a := s.Ask(t, "PUT", "/fine", "", c.ask...)
		s.Failed(t, a, compose.Failure{Err: fault.MethodNotAllowed, Status: 405, Code: "method_not_allowed", Kept: c.kept})
		assert.Equal(t, "GET, POST", a.Header.Get("Allow"))
	})
	t.Run("fine", func(t *testing.T) {
		s.Passed(t, s.Ask(t, "GET", "/fine", "", c.ask...), 200, page)
		s.Passed(t, s.Ask(t, "GET", "/empty", "", c.ask...), 204, "")
	})
	t.Run("half", func(t *testing.T) {
		assert.Error(t, s.Ask(t, "GET", "/half", "", c.ask...).Broken)
		assert.Contains(t, s.Log.Take(t), "committed=true")
	})
}

// elsewhere is what may not stand on either side: each has a test of its own.
var elsewhere = map[string]compose.Place{"Timeout": compose.Inside, "RequestID": compose.Outside, "Recoverer": compose.Outside}

// anyOrder is what may stand before InstallChi and after it, by its names in the table.
func anyOrder() map[string]composition {
	crossOrigin := cors.Handler(cors.Options{AllowedOrigins: []string{compose.Origin}, AllowedMethods: []string{"GET", "PUT"},
		AllowCredentials: true})
	authorized := middleware.BasicAuth("tasks", map[string]string{"ann": "secret"})
	return map[string]composition{
		"Compress": {outside: []func(http.Handler) http.Handler{middleware.Compress(5, "application/json", "text/plain")},
			ask: []string{"Accept-Encoding", "gzip"}},
		"cors": {outside: []func(http.Handler) http.Handler{crossOrigin}, kept: map[string]string{"Vary": "Origin",
			"Access-Control-Allow-Origin": compose.Origin, "Access-Control-Allow-Credentials": "true"}},
		"Throttle": {outside: []func(http.Handler) http.Handler{middleware.Throttle(5)}},
		"httprate": {outside: []func(http.Handler) http.Handler{httprate.LimitBy(100, time.Minute, httprate.Key("*"))},
			kept: map[string]string{"X-RateLimit-Limit": "100"}},
		"AllowContentType": {outside: []func(http.Handler) http.Handler{middleware.AllowContentType("application/json")}},
		"BasicAuth":        {outside: []func(http.Handler) http.Handler{authorized}, ask: []string{"Authorization", "Basic YW5uOnNlY3JldA=="}},
		"NoCache":          {outside: []func(http.Handler) http.Handler{middleware.NoCache}},
	}
}

func TestAnyOrder(t *testing.T) {
	all := anyOrder()
	all["nothing"] = composition{}
	all["RequestID"] = composition{outside: []func(http.Handler) http.Handler{middleware.RequestID}}
	all["Timeout, in time"] = composition{outside: []func(http.Handler) http.Handler{middleware.Timeout(time.Minute)}}
	for name, c := range all {
		t.Run(name+" outside", func(t *testing.T) { c.check(t) })
		c.outside, c.inside = nil, c.outside
		t.Run(name+" inside", func(t *testing.T) { c.check(t) })
	}
}

// The table says what is tested.
func TestDocumented(t *testing.T) {
	tested := maps.Clone(elsewhere)
	for name := range anyOrder() {
		tested[name] = compose.AnyOrder
	}
	documented := compose.Documented(t, "## net/http and chi", 2)
	maps.DeleteFunc(documented, func(_ string, p compose.Place) bool { return p == compose.Missing })
	assert.Equal(t, tested, documented)
}

// Some middleware refuses with a bare status, or with a text of its own: those are answers, on either side, and stay.
func TestRefusals(t *testing.T) {
	limited := httprate.LimitBy(1, time.Hour, httprate.Key("*"))
	for name, c := range map[string]struct {
		middleware   func(http.Handler) http.Handler
		method, body string
		status       int
		text         string
		header       [2]string
	}{
		"AllowContentType": {middleware.AllowContentType("text/csv"), "POST", "{}", 415, "", [2]string{"Content-Type", ""}},
		"BasicAuth":        {middleware.BasicAuth("tasks", nil), "GET", "", 401, "", [2]string{"Www-Authenticate", `Basic realm="tasks"`}},
		"httprate":         {limited, "GET", "", 429, "Too Many Requests\n", [2]string{"Retry-After", "3600"}},
	} {
		for place, composed := range places(c.middleware) {
			t.Run(name+" "+place, func(t *testing.T) {
				s := composed.serve(t, nil)
				s.Ask(t, "GET", "/empty", "") // uses the limit up
				s.Seen.Take()
				a := s.Ask(t, c.method, "/fine", c.body)
				s.Passed(t, a, c.status, c.text)
				assert.Equal(t, c.header[1], a.Header.Get(c.header[0]))
			})
		}
	}
}

// places are the two sides.
func places(m func(http.Handler) http.Handler) map[string]composition {
	return map[string]composition{
		"outside": {outside: []func(http.Handler) http.Handler{m}}, "inside": {inside: []func(http.Handler) http.Handler{m}},
	}
}

// What asks for an answer gets ours, inside: there the responder is found.
func TestRefusalsOfOurs(t *testing.T) {
	refused := func(w http.ResponseWriter, req *http.Request) { faulthttp.Error(nil, w, req, fault.RateLimitExceeded) }
	limited := httprate.LimitBy(1, time.Hour, httprate.Key("*"), httprate.WithLimitHandler(refused))
	s := composition{inside: []func(http.Handler) http.Handler{limited}}.serve(t, nil)
	s.Ask(t, "GET", "/empty", "")
	s.Seen.Take()
	s.Failed(t, s.Ask(t, "GET", "/fine", ""), compose.Failure{Err: fault.RateLimitExceeded, Status: 429, Code: "rate_limit_exceeded",
		Kept: map[string]string{"Retry-After": "3600", "X-RateLimit-Remaining": "0"}})
}

// Throttle refuses by a text of its own while the place is taken.
func TestThrottle(t *testing.T) {
	for place, composed := range places(middleware.ThrottleBacklog(1, 0, time.Millisecond)) {
		t.Run(place, func(t *testing.T) {
			taken, leave := make(chan struct{}), make(chan struct{})
			s := composed.serve(t, func(m chi.Router) {
				m.Get("/slow", faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error {
					close(taken)
					<-leave
					return locked
				}))
			})
			answered := make(chan compose.Answer, 1)
			go func() { answered <- s.Ask(t, "GET", "/slow", "") }()
			<-taken
			s.Passed(t, s.Ask(t, "GET", "/fine", ""), 429, "Server capacity exceeded.\n")
			close(leave)
			s.Failed(t, <-answered, ways["/returned"].want)
		})
	}
}

// Timeout ends with a bare 504 when nobody answers. Inside, a handler that returns the error of its context is answered
// first, and what Timeout adds is dropped; outside, its status comes after ours, and net/http complains.
func TestTimeout(t *testing.T) {
	slow := func(m chi.Router) {
		m.Get("/slow", faulthttp.Handler(nil, func(_ http.ResponseWriter, req *http.Request) error {
			<-req.Context().Done()
			return req.Context().Err()
		}))
		m.Get("/silent", func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	}
	unavailable := compose.Failure{Err: fault.ServiceUnavailable, Status: 503, Code: "service_unavailable"}
	for place, composed := range places(middleware.Timeout(10 * time.Millisecond)) {
		s := composed.serve(t, slow)
		a := s.Ask(t, "GET", "/slow", "")
		if place == "outside" {
			assert.Equal(t, 503, a.Status)
			assert.Empty(t, a.Rest)
			s.Log.Take(t)
			assert.Len(t, s.Seen.Take(), 1)
			continue
		}
		s.Failed(t, a, unavailable)
		s.Passed(t, s.Ask(t, "GET", "/silent", ""), 504, "")
	}
}

// The id that RequestID makes is in the context only: WithTraceID asks for it. It has to be outside.
func TestRequestID(t *testing.T) {
	byContext := fault.WithTraceID(func(r fault.Request) string { return middleware.GetReqID(r.Context()) })
	c := composition{outside: []func(http.Handler) http.Handler{middleware.RequestID}, options: []fault.Option{byContext}}
	s := c.serve(t, nil)
	for _, path := range []string{"/unknown", "/panicked-with-text"} {
		a := s.Ask(t, "GET", path, "", "X-Request-Id", "r-7")
		assert.Contains(t, a.Body, `"trace_id":"r-7"`, path)
		assert.Contains(t, s.Log.Take(t), "trace_id=r-7 ", path)
	}
	a := s.Ask(t, "GET", "/unknown", "")
	require.NotContains(t, a.Body, compose.TraceID, "it made one")
}

// Recoverer outside has nothing to do; inside it answers a panic first, with a bare 500, and ends half a body as if it
// were whole.
func TestRecoverer(t *testing.T) {
	composition{outside: []func(http.Handler) http.Handler{middleware.Recoverer}}.check(t)
	s := composition{inside: []func(http.Handler) http.Handler{middleware.Recoverer}}.serve(t, nil)
	s.Passed(t, s.Ask(t, "GET", "/panicked", ""), 500, "")
	s.Failed(t, s.Ask(t, "GET", "/returned", ""), ways["/returned"].want)
	assert.NoError(t, s.Ask(t, "GET", "/half", "").Broken)
}

// A preflight is answered by cors, wherever it stands.
func TestPreflight(t *testing.T) {
	crossOrigin := cors.Handler(cors.Options{AllowedOrigins: []string{compose.Origin}, AllowedMethods: []string{"PUT"}})
	for place, composed := range places(crossOrigin) {
		s := composed.serve(t, nil)
		a := s.Ask(t, "OPTIONS", "/fine", "", "Access-Control-Request-Method", "PUT")
		s.Passed(t, a, 200, "")
		assert.Equal(t, "PUT", a.Header.Get("Access-Control-Allow-Methods"), place)
		a = s.Ask(t, "GET", "/returned", "", "Origin", "https://evil.example")
		assert.Empty(t, a.Header.Get("Access-Control-Allow-Origin"), place)
		s.Failed(t, a, ways["/returned"].want)
	}
}
