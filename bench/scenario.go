package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A scenario is one answer that several contestants give to the same request.
type scenario struct {
	name        string
	request     *http.Request // nil when the contestants are operations and not handlers
	loopback    bool          // over a keep-alive connection in place of a discarding writer
	contestants []contestant
}

// isParallel reports whether several goroutines may run c: it serves requests, and nothing is to be done in between.
func (c *contestant) isParallel() bool { return (c.op == nil || c.sent != nil) && c.rest == nil }

type contestant struct {
	name    string
	role    role
	handler http.Handler
	op      func()
	sent    func() string // what the last op sent, of one that answers
	differs string        // why its answer is not the one of the others; "" claims the same bytes
	rest    func()        // after each 1,000 operations, or after each one of many steps, outside of the measured time
	many    bool          // an operation is of many steps
}

// A role makes a contestant a yardstick of its scenario.
type role int

const (
	other role = iota
	hand       // hand-written for this one answer
	usual      // what services do who have no library for it
)

// scenarioTopics make the scenarios, topic by topic.
var scenarioTopics = []func() []*scenario{
	productionScenarios, productionLogScenarios, productionFrameworkScenarios, peers,
	staticScenarios, argumentScenarios, detailScenarios, pluralScenarios, oneLanguageScenarios,
	formatScenarios, fieldScenarios,
	panicScenarios, successScenarios, frameworkScenarios, startScenarios, lintScenarios, storeScenarios,
}

func scenarios() []*scenario {
	var all []*scenario
	for _, topic := range scenarioTopics {
		all = append(all, topic()...)
	}
	return all
}

func (s *scenario) sequential(b *testing.B, c *contestant) {
	b.ReportAllocs()
	step, end := s.client(b, c)
	defer end()
	for i := 1; b.Loop(); i++ {
		step()
		if c.rest != nil && (c.many || i%1000 == 0) {
			b.StopTimer()
			c.rest()
			b.StartTimer()
		}
	}
	if c.rest != nil {
		c.rest()
	}
}

func (s *scenario) parallel(b *testing.B, c *contestant) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		step, end := s.client(b, c)
		defer end()
		for pb.Next() {
			step()
		}
	})
}

// client returns a function that makes one request, for one goroutine, and one that cleans up.
func (s *scenario) client(tb testing.TB, c *contestant) (step, end func()) {
	switch {
	case c.op != nil:
		return c.op, func() {}
	case s.loopback:
		return dial(tb, s.request, c.handler)
	}
	w := &discard{header: http.Header{}}
	return func() {
		clear(w.header)
		c.handler.ServeHTTP(w, s.request)
	}, func() {}
}

// dial returns a client that costs next to nothing besides its system calls: it writes a prepared
// request and reads as many bytes as the first response had.
func dial(tb testing.TB, req *http.Request, h http.Handler) (step, end func()) {
	server := httptest.NewServer(h)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	check(err)
	var request bytes.Buffer
	check(req.Write(&request))
	_, err = conn.Write(request.Bytes())
	check(err)
	var first bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &first)), req) //nolint:bodyclose // end closes the connection
	check(err)
	_, err = io.Copy(io.Discard, resp.Body)
	check(err)
	response := make([]byte, first.Len())
	step = func() {
		if _, err := conn.Write(request.Bytes()); err != nil {
			tb.Error(err)
		}
		if _, err := io.ReadFull(conn, response); err != nil {
			tb.Error(err)
		}
	}
	return step, func() {
		_ = conn.Close()
		server.Close()
	}
}

// discard is a writer with the capabilities of net/http's own for HTTP/1.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header                 { return d.header }
func (d *discard) WriteHeader(int)                     {}
func (d *discard) Write(p []byte) (int, error)         { return len(p), nil }
func (d *discard) WriteString(s string) (int, error)   { return len(s), nil }
func (d *discard) ReadFrom(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }
func (d *discard) Flush()                              {}
func (d *discard) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, http.ErrNotSupported
}

// browse is the request of a browser's script, as a client of a JSON API sends it.
func browse(accept string) *http.Request {
	req := httptest.NewRequest(http.MethodGet, "http://example.com/orders/4711", nil)
	req.RequestURI = "" // also used by a client
	req.Header.Set("Accept", accept)
	req.Header.Set("Accept-Language", "de-DE,de;q=0.9,en;q=0.8")
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	req.Header.Set("Traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
	return req
}

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// answer is what a client sees.
func (s *scenario) answer(c *contestant) string {
	if c.sent != nil {
		return c.sent()
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, s.request)
	w.Header().Del("Server-Timing") // a duration
	var seen strings.Builder
	fmt.Fprintln(&seen, w.Code)
	check(w.Header().Write(&seen))
	return seen.String() + w.Body.String()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}
