package compose

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

// Unhandled is the answer to an error that nobody classified.
var Unhandled = Failure{Err: errors.New(""), Status: 500, Code: "unhandled"}

// Refused is the answer to a kind.
func Refused(kind *fault.Kind) Failure {
	return Failure{Err: kind, Status: kind.Status(), Code: kind.Code()}
}

// WithCORS are the headers of CORS for [Origin], and more.
func WithCORS(more map[string]string) map[string]string {
	kept := map[string]string{"Access-Control-Allow-Origin": Origin, "Vary": "Origin"}
	maps.Copy(kept, more)
	return kept
}

// Keeping is the failure with the headers of CORS.
func Keeping(f Failure) Failure {
	f.Kept = WithCORS(f.Kept)
	return f
}

// A Request is one to send, and what must come of it.
type Request struct {
	Method, Path, Body string
	Headers            []string
	Want               Failure
}

// A Composition is middleware of others and its place. M is what the framework takes for middleware.
type Composition[M any] struct {
	Name       string // in the table
	Place      Place
	Use        func(seen *Seen) []M // which notes what it reads of statuses
	RoutesOnly bool                 // it reads those of routes alone
	Headers    []string             // without which it refuses
	Kept       map[string]string    // its own headers
	Refusals   []Request            // its own
	Loses      []string             // paths at which it drops headers of others
}

// Using is the Use of middleware that reads no statuses.
func Using[M any](m ...M) func(*Seen) []M { return func(*Seen) []M { return m } }

// Compositions tries each composition in each order that its place allows: the failures of handlers and of the router, the
// middleware's own refusals, and successes. composed serves an application with middleware outside of ours and inside of
// it, CORS first.
func Compositions[M any](t *testing.T, list []Composition[M], failures []Request,
	composed func(t *testing.T, outside, inside []M, opts ...fault.Option) *Service,
) {
	for _, c := range list {
		for _, at := range []Place{Outside, Inside} {
			if !c.Place.Has(at) {
				continue
			}
			t.Run(c.Name+", "+string(at), func(t *testing.T) {
				var read Seen
				var outside, inside []M
				if at == Outside {
					outside = c.Use(&read)
				} else {
					inside = c.Use(&read)
				}
				c.check(t, composed(t, outside, inside), &read, failures)
			})
		}
	}
}

func (c Composition[M]) check(t *testing.T, s *Service, read *Seen, failures []Request) {
	for _, r := range slices.Concat(failures, c.Refusals) {
		answer := s.Ask(t, r.Method, r.Path, r.Body, slices.Concat(c.Headers, r.Headers)...)
		if !slices.Contains(c.Loses, r.Path) {
			r.Want.Kept = WithCORS(r.Want.Kept)
		}
		s.Failed(t, answer, r.Want)
		if c.Kept != nil {
			assert.Subset(t, items(answer.Header), items(header(c.Kept)), r.Path)
		}
		c.reads(t, read, r.Path, r.Want.Status)
	}
	s.Passed(t, s.Ask(t, "GET", "/fine", "", c.Headers...), 200, "fine")
	c.reads(t, read, "/fine", 200)
	s.Passed(t, s.Ask(t, "GET", "/empty", "", c.Headers...), 204, "")
	c.reads(t, read, "/empty", 204)
}

// reads checks the status that the middleware itself has read, when it is one that reads it.
func (c Composition[M]) reads(t *testing.T, read *Seen, path string, status int) {
	t.Helper()
	if c.RoutesOnly && (path == "/nowhere" || status == http.StatusMethodNotAllowed) {
		return
	}
	if read.Used() {
		assert.Equal(t, []int{status}, read.Take(), "read by %s at %s", c.Name, path)
	}
}

func header(values map[string]string) http.Header {
	h := http.Header{}
	for name, value := range values {
		h.Set(name, value)
	}
	return h
}

// items has a line for each value of a header, and for each item of a list.
func items(h http.Header) (lines []string) {
	for name, values := range h {
		for _, value := range values {
			lines = append(lines, name+": "+value)
			for item := range strings.SplitSeq(value, ",") {
				lines = append(lines, name+": "+strings.TrimSpace(item))
			}
		}
	}
	return lines
}

// Tabled checks that a column of the table under the heading says of each composition what its tests say.
func Tabled[M any](t *testing.T, heading string, column int, list []Composition[M]) {
	t.Helper()
	tested := map[string]Place{}
	for _, c := range list {
		tested[c.Name] = c.Place
	}
	documented := Documented(t, heading, column)
	maps.DeleteFunc(documented, func(name string, p Place) bool { return p == Missing || p == Not && tested[name] != Not })
	assert.Equal(t, tested, documented)
}
