package compose_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// A watched test is one that may fail.
type watched struct {
	testing.TB
	complaints []string
}

func (w *watched) Helper() {}
func (w *watched) Errorf(format string, args ...any) {
	w.complaints = append(w.complaints, fmt.Sprintf(format, args...))
}
func (w *watched) Fatalf(format string, args ...any) { w.Errorf(format, args...); panic(w) }
func (w *watched) FailNow()                          { panic(w) }

// failures are the complaints of a check.
func failures(t *testing.T, check func(t testing.TB)) (complaints []string) {
	w := &watched{TB: t}
	defer func() {
		if v := recover(); v != nil && v != any(w) {
			panic(v)
		}
		complaints = w.complaints
	}()
	check(w)
	return
}

// The check of failures sees what is wrong with an answer.
func TestFailedSeesWhatIsWrong(t *testing.T) {
	before := func(f func(w http.ResponseWriter)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			f(w)
			panic(fault.TaskLocked.Wrap(errors.New(compose.Canary)))
		}
	}
	want := compose.Failure{Err: fault.TaskLocked, Status: 423, Code: "task_locked", Kept: map[string]string{"Vary": "Origin"}}
	for name, c := range map[string]struct {
		outside http.HandlerFunc
		handler http.HandlerFunc
		right   bool
	}{
		"right":        {nil, before(func(w http.ResponseWriter) { w.Header().Add("Vary", "Origin") }), true},
		"Vary lost":    {nil, before(func(http.ResponseWriter) {}), false},
		"another body": {nil, func(w http.ResponseWriter, _ *http.Request) { w.Header().Add("Vary", "Origin"); panic(fault.Gone) }, false},
		"a leak":       {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Cause", compose.Canary) }, before(vary), false},
		"seen twice":   {func(http.ResponseWriter, *http.Request) {}, before(vary), false},
	} {
		s := compose.New(t)
		inner := faulthttp.Middleware(s.Responder)(c.handler)
		s.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if c.outside != nil {
				c.outside(w, req)
			}
			inner.ServeHTTP(w, req)
			s.Seen.Note(423)
			if name == "seen twice" {
				s.Seen.Note(200)
			}
		}))
		a := s.Ask(t, "GET", "/", "")
		complaints := failures(t, func(t testing.TB) { s.Failed(t, a, want) })
		assert.Equal(t, c.right, len(complaints) == 0, "%s: %q", name, complaints)
	}
}

func vary(w http.ResponseWriter) { w.Header().Add("Vary", "Origin") }

// A second answer on the connection is seen, and one that breaks off.
func TestAskReadsToTheEnd(t *testing.T) {
	for name, sent := range map[string]string{
		"Rest":   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 X\r\n\r\n",
		"Broken": "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok",
		"none":   "",
	} {
		s := compose.New(t)
		s.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, sent)
				_ = conn.Close()
			}
		}))
		a := s.Ask(t, "GET", "/", "")
		assert.Equal(t, []bool{name == "Rest", name != "Rest"}, []bool{a.Rest != "", a.Broken != nil}, name)
	}
}
