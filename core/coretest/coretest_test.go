package coretest

import (
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

var update = flag.Bool("update", false, "rewrite the golden answers")

// reference is a small adapter of the suite's own, over net/http. With a defect it does one thing
// wrong.
type reference struct{ defect string }

func (ref reference) start(r *fault.Responder, routes []Route) (string, func(), error) {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.Handle(route.Method+" "+route.Path, ref.handler(r, route.Handle))
	}
	root := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		handler, pattern := mux.Handler(req)
		if pattern != "" || ref.defect == "leaves 404 to the framework" {
			mux.ServeHTTP(w, req)
			return
		}
		ref.handler(r, func(Exchange) error {
			found := &status{header: http.Header{}}
			handler.ServeHTTP(found, req)
			if found.code == http.StatusMethodNotAllowed {
				if ref.defect == "loses Allow" {
					return fault.MethodNotAllowed
				}
				return fault.MethodNotAllowed.New(fault.Header("Allow", found.header.Get("Allow")))
			}
			return fault.NotFound
		}).ServeHTTP(w, req)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: http.MaxBytesHandler(root, BodyLimit), ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { _ = server.Serve(listener); close(done) }()
	return listener.Addr().String(), func() { _ = server.Close(); <-done }, nil
}

func (ref reference) handler(r *fault.Responder, handle func(Exchange) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		x := &exchange{w: w, req: req, defect: ref.defect}
		defer func() {
			v := recover()
			switch {
			case v == nil:
			case v == http.ErrAbortHandler && ref.defect == "swallows ErrAbortHandler":
				ref.answer(r, x, func() *fault.Response { return r.Recovered(x, v) })
			case v == http.ErrAbortHandler:
				panic(v)
			case ref.defect == "hides panics":
				w.WriteHeader(http.StatusInternalServerError)
			default:
				committed := x.committed
				ref.answer(r, x, func() *fault.Response { return r.Recovered(x, v) })
				if committed && !x.hijacked && ref.defect != "ends half a body cleanly" {
					panic(http.ErrAbortHandler)
				}
			}
		}()
		if err := handle(x); err != nil && (ref.defect == "takes a typed nil for an error" || !fault.IsNil(err)) {
			ref.answer(r, x, func() *fault.Response { return r.Respond(x, err) })
		}
	})
}

func (ref reference) answer(_ *fault.Responder, x *exchange, respond func() *fault.Response) {
	if ref.defect == "forgets the commit" {
		x.committed = false
	}
	resp := respond()
	if ref.defect == "logs twice" {
		respond()
	}
	if x.committed || x.hijacked {
		if ref.defect == "appends after commit" {
			_, _ = io.WriteString(x.w, `{"error":"late"}`)
		}
		return
	}
	header := x.w.Header()
	length, vary := header.Get("Content-Length"), header.Values("Vary")
	kept := header.Clone()
	resp.SetHeader(header, false)
	switch ref.defect {
	case "forgets nosniff":
		header.Del("X-Content-Type-Options")
	case "keeps a stale Content-Length":
		if length != "" {
			header.Set("Content-Length", length)
		}
	case "keeps stale headers":
		if etag := kept.Get("Etag"); etag != "" {
			header.Set("Etag", etag)
		}
	case "keeps what makes somebody act":
		if file := kept.Get("X-Accel-Redirect"); file != "" {
			header.Set("X-Accel-Redirect", file)
		}
	case "drops all headers":
		for name := range kept {
			if name != "Vary" {
				header.Del(name)
			}
		}
		resp.SetHeader(header, false)
	case "overwrites Vary":
		if len(vary) > 0 {
			header.Set("Vary", "Accept")
		}
	case "sets no length":
		header.Del("Content-Length")
	}
	x.w.WriteHeader(resp.Status)
	body := resp.Body
	if ref.defect == "leaks the error" {
		body = []byte(strings.Replace(string(body), "}", `,"cause":"`+canary+`"}`, 1))
	}
	if x.req.Method != http.MethodHead {
		_, _ = x.w.Write(body)
		if ref.defect == "writes twice" {
			_, _ = x.w.Write(body)
		}
	} else if ref.defect == "answers HEAD with a body" {
		if conn, _, err := http.NewResponseController(x.w).Hijack(); err == nil { // net/http itself would not
			_, _ = io.WriteString(conn, "HTTP/1.1 423 Locked\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 2\r\n\r\n{}")
		}
	}
}

// status takes the answer of the mux's own handlers.
type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header         { return s.header }
func (s *status) WriteHeader(code int)        { s.code = code }
func (s *status) Write(p []byte) (int, error) { return len(p), nil }

// exchange is both the suite's view and the core's.
type exchange struct {
	w                   http.ResponseWriter
	req                 *http.Request
	committed, hijacked bool
	defect              string
}

func (x *exchange) Context() context.Context  { return x.req.Context() }
func (x *exchange) Method() string            { return x.req.Method }
func (x *exchange) Path() string              { return x.req.URL.Path }
func (x *exchange) Header(name string) string { return strings.Join(x.req.Header.Values(name), ", ") }
func (x *exchange) Committed() bool           { return x.committed }
func (x *exchange) Body() io.Reader           { return x.req.Body }

func (x *exchange) ResponseHeader(name string) string {
	if x.defect == "overlooks the given id" {
		return ""
	}
	return x.w.Header().Get(name)
}

func (x *exchange) SetHeader(name, value string) { x.w.Header().Set(name, value) }
func (x *exchange) Flush()                       { _ = http.NewResponseController(x.w).Flush() }

func (x *exchange) Status(code int) {
	x.committed = x.committed || code >= 200
	x.w.WriteHeader(code)
}

func (x *exchange) Write(p []byte) (int, error) {
	x.committed = true
	return x.w.Write(p)
}

func (x *exchange) Hijack() (net.Conn, error) {
	x.committed, x.hijacked = true, true
	conn, _, err := http.NewResponseController(x.w).Hijack()
	return conn, err
}

var referenceFeatures = Features{HeadRoutes: true, Streaming: true, Informational: true, Hijack: true, ClientCancel: true, AllMethods: true,
	FrameworkError: func(status int, message string) error { return &ownError{statusOnly{status}, message} }}

// ownError is what an adapter makes of a framework's error; statusOnly is half of it.
type ownError struct {
	statusOnly
	message string
}

func (e *ownError) StatusMessage() string { return e.message }

type statusOnly struct{ status int }

func (statusOnly) Error() string     { return canary }
func (e statusOnly) StatusCode() int { return e.status }

func TestReferenceAdapterPasses(t *testing.T) {
	if *update {
		rewrite = func(file, content string) {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Error(err)
			}
		}
		defer func() { rewrite = nil }()
	}
	Run(t, Adapter{Start: reference{}.start, Features: referenceFeatures})
}

// Each broken adapter fails on the case that is about its defect.
func TestBrokenAdaptersFail(t *testing.T) {
	for defect, want := range map[string]string{
		"forgets nosniff":                "kind",
		"writes twice":                   "keep-alive",
		"appends after commit":           "bytes-then-error",
		"leaks the error":                "unknown",
		"swallows ErrAbortHandler":       "abort",
		"keeps a stale Content-Length":   "stale-length",
		"keeps stale headers":            "stale-headers",
		"drops all headers":              "stale-headers",
		"keeps what makes somebody act":  "stale-headers",
		"overlooks the given id":         "given-id",
		"takes a redirection for 500":    "framework-redirect",
		"tells no message":               "framework-message",
		"loses the status":               "framework-error",
		"overwrites Vary":                "stale-headers",
		"sets no length":                 "large",
		"answers HEAD with a body":       "head",
		"ends half a body cleanly":       "bytes-then-panic",
		"hides panics":                   "panic",
		"takes a typed nil for an error": "typed-nil",
		"leaves 404 to the framework":    "not-found",
		"loses Allow":                    "method-not-allowed",
		"logs twice":                     "kind",
		"forgets the commit":             "bytes-then-panic",
	} {
		t.Run(defect, func(t *testing.T) {
			features := referenceFeatures
			switch defect {
			case "takes a redirection for 500", "tells no message":
				features.FrameworkError = func(status int, _ string) error { return statusOnly{status} }
			case "loses the status":
				features.FrameworkError = func(int, string) error { return errCanary }
			}
			s, err := start(Adapter{Start: reference{defect}.start, Features: features})
			if err != nil {
				t.Fatal(err)
			}
			defer s.stop()
			i := slices.IndexFunc(cases, func(c testCase) bool { return c.name == want })
			failure := s.run(cases[i])
			if failure == nil {
				t.Fatalf("the case %s passes it", want)
			}
			if !strings.Contains(failure.Error(), cases[i].rule) || !strings.Contains(failure.Rule, "cases.go:") {
				t.Errorf("the failure does not name the rule and its place: %v", failure)
			}
		})
	}
}

func TestCheckJoinsAllFailures(t *testing.T) {
	if err := Check(Adapter{Start: reference{}.start, Features: referenceFeatures}); err != nil {
		t.Errorf("the sound adapter fails: %v", err)
	}
	err := Check(Adapter{Start: reference{"forgets nosniff"}.start, Features: referenceFeatures})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) < 10 {
		t.Fatalf("not a list of many failures: %v", err)
	}
	for _, e := range joined.Unwrap() {
		if _, ok := errors.AsType[*Failure](e); !ok {
			t.Errorf("no *Failure: %v", e)
		}
	}
}

func TestStartFailures(t *testing.T) {
	err := Check(Adapter{Start: func(*fault.Responder, []Route) (string, func(), error) { return "", nil, errCanary }})
	if !errors.Is(err, errCanary) {
		t.Error(err)
	}
}
