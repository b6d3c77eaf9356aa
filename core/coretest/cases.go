package coretest

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// A testCase is one rule and how to check it.
type testCase struct {
	name   string
	rule   string
	source string              // file and line of the rule
	needs  func(Features) bool // nil: every framework
	check  func(*probe)
}

// rule makes a case and records the place in the source from which it was called.
func rule(name, words string, needs func(Features) bool, check func(*probe)) testCase {
	_, file, line, _ := runtime.Caller(1)
	return testCase{name, words, fmt.Sprintf("%s:%d", filepath.Base(file), line), needs, check}
}

func streaming(f Features) bool     { return f.Streaming }
func buffering(f Features) bool     { return !f.Streaming }
func informational(f Features) bool { return f.Informational }
func hijack(f Features) bool        { return f.Hijack }
func clientCancel(f Features) bool  { return f.ClientCancel }
func headRoutes(f Features) bool    { return f.HeadRoutes }
func noHeadRoutes(f Features) bool  { return !f.HeadRoutes }
func allMethods(f Features) bool    { return f.AllMethods }

func frameworkErrors(f Features) bool { return f.FrameworkError != nil }

const problemJSON = "application/problem+json"

// answered checks a route by its golden answers and the code in the log. It asks for the default format and for problem
// details in German.
func answered(path, code string) func(*probe) {
	return func(p *probe) {
		p.golden(path, p.get(path))
		p.logged(code)
		p.next()
		p.golden(path+"-problem", p.get(path, "Accept", problemJSON, "Accept-Language", "de-AT,de;q=0.9"))
		p.logged(code)
	}
}

var cases = []testCase{
	rule("success", "a handler that succeeds is left alone: status, header and body are its own", nil, func(p *probe) {
		a := p.get("success")
		p.equal("status", a.status, 200)
		p.equal("body", string(a.body), "fine")
		p.header(a, "Content-Type", "text/plain")
		for _, name := range []string{"Content-Language", "Cache-Control", "X-Content-Type-Options", "Vary"} {
			p.header(a, name)
		}
		p.unlogged()
	}),
	rule("typed-nil", "a typed nil is not an error: the handler's own response stays", nil, func(p *probe) {
		a := p.get("typed-nil")
		p.equal("status", a.status, 202)
		p.equal("body", string(a.body), "fine")
		p.unlogged()
	}),
	rule("deliberate-answer", "a handler's own body with an error status is left alone", nil, func(p *probe) {
		a := p.get("own-404")
		p.equal("status", a.status, 404)
		p.equal("body", string(a.body), "my own words")
		p.unlogged()
	}),

	rule("kind", "a returned kind is answered with its status and text", nil, answered("kind", "task_locked")),
	rule("fault", "a returned fault is answered like its kind", nil, answered("fault", "task_locked")),
	rule("wrapped", "an error of ours is found through wrapping; neither the wrapping nor the cause is shown", nil,
		answered("wrapped", "task_locked")),
	rule("joined", "an error of ours is found in a joined error", nil, answered("joined", "task_locked")),
	rule("details", "arguments, details, localized entries and the error's own headers are in the answer", nil,
		answered("details", "transformation")),
	rule("server-fault", "a 5xx of ours keeps its own text; its cause is not sent; the log has a stack", nil, func(p *probe) {
		p.golden("server-fault", p.get("server-fault"))
		line := p.logged("database")
		if line["stack"] == nil || !strings.Contains(fmt.Sprint(line["cause"]), canary) {
			p.fail("the log line lacks stack or cause: %v", line)
		}
	}),
	rule("unknown", "an unknown error is 500 with the generic text and a trace id; its own text is in the log only", nil, func(p *probe) {
		answered("unknown", "unhandled")(p)
		if line := p.logged("unhandled"); !strings.Contains(fmt.Sprint(line["cause"]), canary) {
			p.fail("the log line lacks the cause: %v", line)
		}
	}),
	rule("own-body", "an error's own body is the whole body", nil, answered("own-body", "bad_request")),
	rule("foreign-status", "a foreign error with StatusCode() has that status' kind; "+
		"a status that is no error status is 500", nil, func(p *probe) {
		for path, code := range map[string]string{"status-404": "not_found", "status-418": "client_error", "status-600": "unhandled"} {
			p.next()
			p.golden(path, p.get(path))
			p.logged(code)
		}
	}),
	rule("downstream-timeouts", "a downstream deadline is 504, a downstream cancellation 503 while the client is there", nil, func(p *probe) {
		p.golden("deadline", p.get("deadline"))
		p.logged("gateway_timeout")
		p.next()
		p.golden("downstream-cancel", p.get("downstream-cancel"))
		p.logged("service_unavailable")
	}),
	rule("large", "the answer with a large body has Content-Length", nil, func(p *probe) { p.golden("large", p.get("large")) }),

	rule("panic-of-ours", "a panic with an error of ours is answered like a returned one, "+
		"and logged without a stack below 500", nil, func(p *probe) {
		for _, path := range []string{"panic-kind", "panic-fault"} {
			p.next()
			p.golden("kind", p.get(path))
			line := p.logged("task_locked")
			p.equal("panic in the log", line["panic"], true)
			p.equal("stack in the log", line["stack"], nil)
		}
	}),
	rule("panic", "any other panic is answered like an unknown error; the log has the stack of the panic", nil, func(p *probe) {
		for _, path := range []string{"panic-text", "panic-error", "panic-runtime", "panic-wrapped-abort"} {
			p.next()
			p.golden("unknown", p.get(path))
			line := p.logged("unhandled")
			p.equal("panic in the log", line["panic"], true)
			if stack := fmt.Sprint(line["stack"]); !strings.Contains(firstLine(stack), "/coretest.") {
				p.fail("the stack begins at %s instead of the handler", firstLine(stack))
			}
			p.alive()
		}
	}),
	rule("abort", "a panic with http.ErrAbortHandler itself aborts the connection, "+
		"without an answer and without a log line", nil, func(p *probe) {
		w := p.connect()
		defer w.Close()
		w.hurry()
		w.send(http.MethodGet, "abort", "")
		if rest, err := io.ReadAll(w.r); len(rest) > 0 || isTimeout(err) {
			p.fail("the connection was not aborted: %q, %v", rest, err)
		}
		p.unlogged()
		p.alive()
	}),

	rule("not-found", "a path without a route is answered in the same form", nil, func(p *probe) {
		p.golden("not-found", p.get("no/such/route"))
		p.logged("not_found")
	}),
	rule("method-not-allowed", "a method without a route is 405 with Allow", nil, func(p *probe) {
		a := p.ask(http.MethodDelete, "kind", "")
		p.golden("method-not-allowed", a)
		if allow := a.header.Get("Allow"); !strings.Contains(allow, http.MethodGet) {
			p.fail("Allow is %q, without GET", allow)
		}
		p.logged("method_not_allowed")
	}),
	rule("unknown-method", "an unknown method is answered in the same form", allMethods, func(p *probe) {
		a := p.ask("BREW", "kind", "")
		p.sound(a)
		if a.status != 404 && a.status != 405 {
			p.fail("status %d", a.status)
		}
	}),
	rule("head", "HEAD has the status and headers of GET, and no body", headRoutes, func(p *probe) {
		for _, path := range []string{"kind", "unknown", "large", "panic-kind"} {
			want := p.get(path)
			w := p.connect()
			w.send(http.MethodHead, path, "")
			got, err := w.receive(http.MethodHead)
			p.must(err)
			p.equal("status", got.status, want.status)
			for _, name := range chosen {
				p.header(got, name, want.header.Values(name)...)
			}
			w.nothingLeft()
			_ = w.Close()
		}
	}),
	rule("head-without-route", "HEAD without a route is answered without a body", noHeadRoutes, func(p *probe) {
		w := p.connect()
		defer w.Close()
		w.send(http.MethodHead, "kind", "")
		a, err := w.receive(http.MethodHead)
		p.must(err)
		if a.status != 404 && a.status != 405 {
			p.fail("status %d", a.status)
		}
		p.header(a, "X-Content-Type-Options", "nosniff")
		w.nothingLeft()
	}),

	rule("stale-headers", "headers of the failed body are removed, those of the exchange are kept, "+
		"Vary is added to", nil, func(p *probe) {
		a := p.get("stale")
		p.equal("status", a.status, 423)
		p.sound(a)
		for name := range stale {
			switch name {
			case "Content-Type":
				p.header(a, name, "application/json")
			case "Cache-Control":
				p.header(a, name, "no-store")
			default:
				p.header(a, name)
			}
		}
		for name, value := range kept {
			p.header(a, name, value)
		}
		p.equal("Vary", strings.Join(a.header.Values("Vary"), ", "), "Origin, Accept")
		p.next()
		a = p.get("stale-panic")
		p.sound(a)
		p.header(a, "Content-Encoding")
		p.header(a, "Content-Type", "application/json")
	}),
	rule("framework-error", "the framework's own error keeps its status; its message is not sent", frameworkErrors, func(p *probe) {
		p.golden("framework-error", p.get("framework-error"))
		p.logged("conflict")
	}),
	rule("framework-message", "its message reaches clients where the application has said that such messages may; "+
		"the name of the status is no message", frameworkErrors, func(p *probe) {
		p.elsewhere(func(p *probe) {
			if a := p.get("framework-error"); !bytes.Contains(a.body, []byte(`"details":{"message":"`+frameworkMessage+`"}`)) {
				p.fail("the message is not there: %s", a.body)
			}
			p.next()
			if a := p.get("framework-name"); bytes.Contains(a.body, []byte("details")) {
				p.fail("the name of the status is there: %s", a.body)
			}
		}, fault.WithForeignMessages())
	}),
	rule("framework-redirect", "a redirection that is an error of the framework's own keeps its status and Location, "+
		"has no body, and is no failure", frameworkErrors, func(p *probe) {
		a := p.get("framework-redirect")
		p.equal("status", a.status, http.StatusSeeOther)
		p.equal("body", string(a.body), "")
		p.header(a, "Location", "/there")
		p.header(a, "Set-Cookie", "a=b")
		p.unlogged()
	}),
	rule("given-id", "an id that middleware has set on the response is the trace id: one response has one id", nil, func(p *probe) {
		p.lines.drop(givenID)
		a := p.get("given-id")
		p.equal("status", a.status, 423)
		p.header(a, "X-Request-Id", givenID)
		if !bytes.Contains(a.body, []byte(`"trace_id":"`+givenID+`"`)) {
			p.fail("the body has another id: %s", a.body)
		}
		if lines, observed := p.lines.of(givenID); len(lines) != 1 || observed != 1 {
			p.fail("%d log lines and %d observer calls with the id instead of one each", len(lines), observed)
		}
	}),
	rule("stale-length", "a Content-Length that the handler had set does not cut the answer", nil, func(p *probe) {
		p.golden("kind", p.get("stale-length"))
	}),
	rule("header-injection", "header values with line breaks or NUL are refused; the rest of the answer stays", nil, func(p *probe) {
		a := p.get("injected-header")
		p.equal("status", a.status, 423)
		p.sound(a)
		for _, name := range []string{"X-Own", "X-Injected", "X-Nul"} {
			p.header(a, name)
		}
		p.header(a, "X-Fine", "c")
	}),
	rule("request-header", "header functions see method, path and headers of the request", nil, func(p *probe) {
		a := p.get("request-header", "X-Realm", "?")
		p.header(a, "Www-Authenticate", `Basic realm="GET/coretest/request-header?"`)
		p.sound(a)
	}),

	rule("bytes-then-error", "nothing is appended to a response that has begun; the error is logged as committed", streaming, func(p *probe) {
		a := p.get("status-then-error")
		p.equal("status", a.status, 200)
		p.equal("body", string(a.body), "half of the ")
		p.header(a, "Content-Type", "text/plain")
		p.equal("committed in the log", p.logged("unhandled")["committed"], true)
	}),
	rule("bytes-then-panic", "a panic after the first byte aborts the connection: "+
		"the client must not take half a body for a whole one", streaming, func(p *probe) {
		p.truncated("bytes-then-panic")
		p.equal("committed in the log", p.logged("unhandled")["committed"], true)
		p.alive()
	}),
	rule("bytes-then-abort", "http.ErrAbortHandler after the first byte aborts the connection, without a log line", streaming, func(p *probe) {
		p.truncated("bytes-then-abort")
		p.unlogged()
		p.alive()
	}),
	rule("buffered-then-error", "an error replaces what the framework has buffered", buffering, func(p *probe) {
		for _, path := range []string{"status-then-error", "bytes-then-panic"} {
			p.next()
			p.golden("unknown", p.get(path))
			p.logged("unhandled")
		}
	}),
	rule("informational", "103 Early Hints does not begin the response: the error is still answered", informational, func(p *probe) {
		for _, path := range []string{"hints", "hints-panic"} {
			p.next()
			w := p.connect()
			w.send(http.MethodGet, path, "")
			hints, err := w.receive(http.MethodHead)
			p.must(err)
			p.equal("status of the hints", hints.status, 103)
			a, err := w.receive(http.MethodGet)
			p.must(err)
			p.golden("kind", a)
			p.logged("task_locked")
			_ = w.Close()
		}
	}),
	rule("hijack", "nothing is written to a hijacked connection; the failure is logged as committed", hijack, func(p *probe) {
		for _, path := range []string{"hijack-error", "hijack-panic"} {
			p.next()
			w := p.connect()
			w.send(http.MethodGet, path, "")
			all, err := io.ReadAll(w.r)
			p.must(err)
			p.equal("what arrives", string(all), hijacked)
			p.equal("committed in the log", p.logged("unhandled")["committed"], true)
			_ = w.Close()
		}
		p.alive()
	}),

	rule("bad-input", "malformed, empty, truncated, ill-typed and unknown input is 400 with texts of the catalogue", nil, func(p *probe) {
		for name, body := range map[string]string{
			"syntax": `{"hours":` + canary + `}`, "empty": ``, "truncated": `{"hours":`,
			"type": `{"hours":"` + canary + `"}`, "field": `{"colour":"` + canary + `"}`,
		} {
			p.next()
			a := p.ask(http.MethodPost, "booking", body, "Content-Type", "application/json")
			p.equal("status", a.status, 400)
			p.golden("input-"+name, a)
		}
		p.equal("status of good input", p.ask(http.MethodPost, "booking", `{"hours":1}`, "Content-Type", "application/json").status, 201)
	}),
	rule("input-too-large", "a body over the limit is 413, and the connection is closed: the rest is not read", nil, func(p *probe) {
		w := p.connect()
		defer w.Close()
		w.send(http.MethodPost, "booking", `{"hours":"`+strings.Repeat("x", 4*BodyLimit)+`"}`, "Content-Type", "application/json")
		a, err := w.receive(http.MethodPost)
		p.must(err)
		p.equal("status", a.status, 413)
		p.sound(a)
		w.hurry()
		if rest, err := io.ReadAll(w.r); len(rest) > 0 || isTimeout(err) {
			p.fail("the connection stays open: %q, %v", rest, err)
		}
	}),
	rule("unread-input", "an error before the body is read leaves the connection usable or closes it, "+
		"and never answers twice", nil, func(p *probe) {
		w := p.connect()
		defer w.Close()
		w.send(http.MethodPost, "unread", strings.Repeat("x", 100))
		a, err := w.receive(http.MethodPost)
		p.must(err)
		p.golden("kind", a)
		w.send(http.MethodGet, "kind", "")
		if a, err = w.receive(http.MethodGet); err == nil {
			p.golden("kind", a)
		}
	}),

	rule("languages", "Accept-Language decides by weight and lookup, a refused language is not used, junk is harmless", nil, func(p *probe) {
		for header, want := range map[string]string{
			"": "en", "de": "de", "DE-at": "de", "fr;q=0.2,de;q=0.8,*;q=0.1": "de", "pt-BR,pt;q=0.9": "pt", "tlh, fr;q=0.1": "fr", "*": "en",
			"en;q=0, fr;q=0.1": "fr", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7": "de", "pt_BR": "pt",
			";;,,q=": "en", "\xff\xfe": "en", strings.Repeat("x-", 1000) + ",de": "en",
		} {
			a := p.get("kind", "Accept", problemJSON, "Accept-Language", header)
			p.sound(a)
			if got := a.header.Get("Content-Language"); got != want || !bytes.Contains(a.body, []byte(`"lang":"`+want+`"`)) {
				p.fail("Accept-Language %.40q: Content-Language %s, body %s", header, got, a.body)
			}
			p.header(a, "Vary", "Accept, Accept-Language")
		}
	}),
	rule("formats", "Accept chooses the format; other media types get the default, never 406", nil, func(p *probe) {
		for header, want := range map[string]string{
			"": "application/json", "*/*": "application/json", "text/html": "application/json", problemJSON: problemJSON,
			"application/json;q=0.1, application/problem+json": problemJSON, "*/*;q=0": "application/json", "/;,": "application/json",
		} {
			a := p.get("kind", "Accept", header)
			p.header(a, "Content-Type", want)
			p.sound(a)
		}
	}),
	rule("broken-values", "a panic of foreign code loses only its own contribution: "+
		"the status stands, the body is sound, one log line", nil, func(p *probe) {
		for path, code := range map[string]string{
			"broken-error": "unhandled", "broken-detail": "task_locked", "broken-header-function": "task_locked",
		} {
			p.next()
			p.golden(path, p.get(path))
			p.logged(code)
		}
		p.alive()
	}),

	rule("keep-alive", "errors in a row and pipelined on one connection are answered in order, "+
		"each with its own language and id", nil, func(p *probe) {
		w := p.connect()
		defer w.Close()
		paths := []string{"kind", "unknown", "panic-kind", "success", "large", "kind"}
		for _, path := range paths {
			w.send(http.MethodGet, path, "")
		}
		for _, path := range paths {
			a, err := w.receive(http.MethodGet)
			p.must(err)
			p.must(a.err)
			if path == "success" {
				p.equal("status", a.status, 200)
				continue
			}
			p.golden(strings.Replace(path, "panic-", "", 1), a)
		}
	}),
	rule("client-leaves", "a client that leaves is not an error of the service: nothing above Debug is logged", clientCancel, func(p *probe) {
		w := p.connect()
		w.send(http.MethodGet, "wait", "")
		_ = w.Close()
		line := p.logged("client_closed_request")
		p.equal("level", line[slog.LevelKey], slog.LevelDebug)
		p.alive()
	}),
	rule("half-requests", "clients that send half a request, or leave before the answer, do no harm", nil, func(p *probe) {
		for _, half := range []string{
			"GET /coretest/kind HTTP/1.1\r\nHost: x\r\n", "GET /coretest/unknown HTTP/1.1\r\nHost: x\r\n\r\n",
			"POST /coretest/booking HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
			"\x16\x03\x01", "GET " + canary + "\r\n\r\n",
		} {
			w := p.connect()
			_, _ = io.WriteString(w, half)
			_ = w.Close()
		}
		p.alive()
	}),
	rule("malformed-request", "a request that is not HTTP is never echoed", nil, func(p *probe) {
		w := p.connect()
		defer w.Close()
		_, _ = io.WriteString(w, canary+" \x00 nonsense\r\n\r\n")
		all, _ := io.ReadAll(w.r)
		if bytes.Contains(all, []byte(canary)) {
			p.fail("the answer echoes the request: %q", all)
		}
		p.alive()
	}),
	rule("header-flood", "many and long request headers are answered soundly, or refused by the server itself", nil, func(p *probe) {
		var headers []string
		for i := range 60 {
			headers = append(headers, fmt.Sprintf("X-Flood-%d", i), strings.Repeat("x", 200))
		}
		w := p.connect()
		defer w.Close()
		w.send(http.MethodGet, "kind", "", headers...)
		if a, err := w.receive(http.MethodGet); err == nil {
			p.silent(a)
			if a.status != 423 && a.status != 431 {
				p.fail("status %d", a.status)
			}
		}
		p.alive()
	}),
	rule("no-growth", "10,000 errors over 64 keep-alive connections, in alternating languages and formats, "+
		"are each answered in their own; no goroutine, descriptor or memory stays behind", nil, checkGrowth),
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func isTimeout(err error) bool {
	timeout, ok := err.(interface{ Timeout() bool })
	return ok && timeout.Timeout()
}

// nothingLeft checks that no byte of a body follows: the next response on the connection begins
// right away.
func (w *wire) nothingLeft() {
	w.send(http.MethodGet, "success", "")
	a, err := w.receive(http.MethodGet)
	if err != nil || a.status != 200 || string(a.body) != "fine" {
		w.p.fail("something stands between the responses: %v, %d %q", err, a.status, a.body)
	}
}

// truncated checks that the client sees a broken transfer.
func (p *probe) truncated(path string) {
	w := p.connect()
	defer w.Close()
	w.hurry()
	w.send(http.MethodGet, path, "")
	a, err := w.receive(http.MethodGet)
	if err == nil && a.err == nil {
		p.fail("the client takes the half body for a whole one: %d %q", a.status, a.body)
	}
	if isTimeout(err) || isTimeout(a.err) {
		p.fail("the connection stays open")
	}
	p.silent(a)
}

const (
	connections = 64
	perClient   = 156 // 64 × 156 ≈ 10,000
)

func checkGrowth(p *probe) {
	languages := []string{"de", "en", "fr", "pt"}
	titles := map[string]string{"de": "Gesperrt", "en": "Locked", "fr": "Ressource verrouillée", "pt": "Bloqueado"}
	p.flood(2, languages, titles) // to warm the pools
	before := measure()
	p.flood(perClient, languages, titles)
	var after usage
	for wait := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) { // connections close after we do
		if after = measure(); after.goroutines <= before.goroutines+2 && after.descriptors <= before.descriptors+2 || time.Now().After(wait) {
			break
		}
	}
	if after.goroutines > before.goroutines+2 {
		p.fail("goroutines grew from %d to %d", before.goroutines, after.goroutines)
	}
	if after.descriptors > before.descriptors+2 {
		p.fail("descriptors grew from %d to %d", before.descriptors, after.descriptors)
	}
	const slack = 8 << 20
	if after.heap > before.heap+slack {
		p.fail("the heap grew from %d to %d bytes", before.heap, after.heap)
	}
}

// flood sends times requests on each of the connections.
func (p *probe) flood(times int, languages []string, titles map[string]string) {
	var all sync.WaitGroup
	probes := make([]*probe, connections)
	for i := range probes {
		q := &probe{service: p.service, name: p.name, id: fmt.Sprintf("%s-%d", p.name, i)}
		probes[i] = q
		all.Go(func() {
			defer func() {
				if v := recover(); v != nil && v != errStop {
					q.fail("%v", v)
				}
			}()
			w := q.connect()
			defer w.Close()
			_ = w.SetDeadline(time.Now().Add(2 * time.Minute))
			for n := range times {
				language := languages[(i+n)%len(languages)]
				q.id = fmt.Sprintf("%s-%d-%d", p.name, i, n)
				w.send(http.MethodGet, []string{"kind", "panic-kind", "wrapped"}[n%3], "", "Accept", problemJSON, "Accept-Language", language)
				a, err := w.receive(http.MethodGet)
				q.must(err)
				if !bytes.Contains(a.body, []byte(titles[language])) || !bytes.Contains(a.body, []byte(`"trace_id":"`+q.id+`"`)) {
					q.fail("%s %s: %s", language, q.id, a.body)
				}
				p.lines.drop(q.id)
			}
		})
	}
	all.Wait()
	for _, q := range probes {
		p.errs = append(p.errs, q.errs...)
	}
}

// usage is the resources that could grow.
type usage struct {
	goroutines, descriptors int
	heap                    uint64
}

func measure() usage {
	runtime.GC()
	runtime.GC() // the second run empties what pools have kept over the first
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	files, _ := os.ReadDir("/proc/self/fd") // empty on systems other than Linux
	return usage{runtime.NumGoroutine(), len(files), memory.HeapAlloc}
}
