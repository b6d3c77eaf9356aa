package coretest

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

//go:embed testdata
var golden embed.FS

// service is the running service under test, with its log lines and observer calls.
type service struct {
	addr    string
	stop    func()
	adapter Adapter
	lines   recorder
}

func start(a Adapter, more ...fault.Option) (*service, error) {
	s := &service{adapter: a}
	r, err := fault.NewResponder(append(more,
		fault.WithLogger(slog.New(&s.lines)),
		fault.WithObserver(s.lines.observe),
		fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams),
	)...)
	if err != nil {
		return nil, err
	}
	s.addr, s.stop, err = a.Start(r, append(allRoutes(), frameworkRoutes(a.Features.FrameworkError)...))
	if err != nil {
		return nil, fmt.Errorf("coretest: Start: %w", err)
	}
	return s, nil
}

// recorder keeps log lines and observer calls by trace id, which is the request id that the suite
// sends: cases do not see each other's.
type recorder struct {
	mu       sync.Mutex
	lines    map[string][]map[string]any
	observed map[string][]bool // committed or not
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *recorder) WithGroup(string) slog.Handler            { return r }

func (r *recorder) Handle(_ context.Context, record slog.Record) error {
	line := map[string]any{slog.LevelKey: record.Level}
	record.Attrs(func(a slog.Attr) bool {
		line[a.Key] = a.Value.Any()
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lines == nil {
		r.lines = map[string][]map[string]any{}
	}
	id := fmt.Sprint(line["trace_id"])
	r.lines[id] = append(r.lines[id], line)
	return nil
}

func (r *recorder) observe(_ context.Context, o *fault.Occurrence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.observed == nil {
		r.observed = map[string][]bool{}
	}
	r.observed[o.TraceID()] = append(r.observed[o.TraceID()], o.Committed())
}

func (r *recorder) of(id string) (lines []map[string]any, observed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines[id]), len(r.observed[id])
}

// drop forgets the log lines and observer calls of the id.
func (r *recorder) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lines, id)
	delete(r.observed, id)
}

// run runs one case and returns its failure.
func (s *service) run(c testCase) *Failure {
	p := &probe{service: s, name: c.name, id: c.name}
	func() {
		defer func() {
			if v := recover(); v != nil && v != errStop { // a panic of the suite itself is a failure, too
				p.fail("the case panicked: %v", v)
			}
		}()
		c.check(p)
	}()
	if err := errors.Join(p.errs...); err != nil {
		return &Failure{Case: c.name, Rule: c.rule + " (" + c.source + ")", Err: err}
	}
	return nil
}

var errStop = errors.New("stop")

// probe is one running case.
type probe struct {
	*service
	name  string
	id    string // request id, and so trace id
	asked int
	errs  []error
}

func (p *probe) fail(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

// elsewhere runs a part of the case on another service, whose responder has further options.
func (p *probe) elsewhere(check func(*probe), more ...fault.Option) {
	s, err := start(p.adapter, more...)
	p.must(err)
	defer s.stop()
	other := &probe{service: s, name: p.name, id: p.id}
	check(other)
	p.errs = append(p.errs, other.errs...)
}

// must ends the case at an error that leaves nothing to check.
func (p *probe) must(err error) {
	if err != nil {
		p.fail("%w", err)
		panic(errStop)
	}
}

func (p *probe) equal(what string, got, want any) {
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		p.fail("%s: got %v, want %v", what, got, want)
	}
}

// An answer is a response read from the connection.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error // of reading the body
}

const patience = 15 * time.Second

// connect opens a connection of its own.
func (p *probe) connect() *wire {
	conn, err := net.Dial("tcp", p.addr)
	p.must(err)
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &wire{p: p, Conn: conn, r: bufio.NewReader(conn)}
}

// wire is a raw connection to the service.
type wire struct {
	net.Conn
	p *probe
	r *bufio.Reader
}

// hurry shortens the deadline for connections that have to be closed by the service.
func (w *wire) hurry() { _ = w.SetDeadline(time.Now().Add(3 * time.Second)) }

// send writes a request: the case's id as request id, and headers given as name, value, …
func (w *wire) send(method, path, body string, headers ...string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s /coretest/%s HTTP/1.1\r\nHost: coretest\r\nX-Request-Id: %s\r\n", method, path, w.p.id)
	for i := 0; i+1 < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1])
	}
	if body != "" || method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	_, err := io.WriteString(w, b.String())
	w.p.must(err)
}

// receive reads the response to a request of the method.
func (w *wire) receive(method string) (a answer, err error) {
	resp, err := http.ReadResponse(w.r, &http.Request{Method: method}) //nolint:bodyclose // the connection is closed
	if err != nil {
		return a, err
	}
	a = answer{status: resp.StatusCode, header: resp.Header}
	a.body, a.err = io.ReadAll(resp.Body)
	return a, nil
}

// ask sends one request on a connection of its own and returns the answer.
func (p *probe) ask(method, path, body string, headers ...string) answer {
	w := p.connect()
	defer w.Close()
	w.send(method, path, body, headers...)
	a, err := w.receive(method)
	p.must(err)
	p.must(a.err)
	return a
}

func (p *probe) get(path string, headers ...string) answer {
	return p.ask(http.MethodGet, path, "", headers...)
}

// chosen are the headers that are the same with every framework.
var chosen = []string{"Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Retry-After", "Vary",
	"Www-Authenticate", "X-Content-Type-Options", "X-Own"}

// text returns the answer in the form of golden files.
func (a answer) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", a.status)
	for _, name := range chosen {
		for _, value := range a.header.Values(name) {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", a.body)
	return b.String()
}

// golden compares the answer byte by byte with the golden one of that name, and checks it with sound.
func (p *probe) golden(name string, a answer) {
	file := path.Join("testdata", name+".txt")
	got := strings.ReplaceAll(a.text(), p.id, "TRACE-ID")
	got = strings.ReplaceAll(got, fmt.Sprintf("Content-Length: %d\n", len(a.body)), "Content-Length: LENGTH\n") // the id's length is in it
	if rewrite != nil {
		rewrite(file, got)
		return
	}
	want, err := golden.ReadFile(file)
	p.must(err)
	if got != string(want) {
		p.fail("the answer differs from %s\n--- got\n%s--- want\n%s", file, got, want)
	}
	p.sound(a)
}

// rewrite is set by the suite's own test to write the golden files again.
var rewrite func(file, content string)

// sound checks the rules that hold for every error response.
func (p *probe) sound(a answer) {
	if a.status < 400 || a.status > 599 {
		p.fail("status %d", a.status)
	}
	if !json.Valid(a.body) {
		p.fail("the body is no JSON: %q", a.body)
	}
	p.header(a, "X-Content-Type-Options", "nosniff")
	p.header(a, "Content-Length", fmt.Sprint(len(a.body)))
	p.silent(a)
}

// silent checks that the answer holds nothing internal of an error.
func (p *probe) silent(a answer) {
	if all := fmt.Sprint(a.header) + string(a.body); strings.Contains(all, canary) || strings.Contains(all, "goroutine ") {
		p.fail("the answer leaks: %v %s", a.header, a.body)
	}
}

func (p *probe) header(a answer, name string, want ...string) {
	if got := a.header.Values(name); !slices.Equal(got, want) {
		p.fail("header %s: got %q, want %q", name, got, want)
	}
}

// logged checks that the failure wrote one line with the code and called the observer once, and
// returns the line.
func (p *probe) logged(code string) map[string]any {
	var lines []map[string]any
	var observed int
	for wait := time.Now().Add(2 * time.Second); ; time.Sleep(time.Millisecond) { // the answer may be here before the line
		if lines, observed = p.lines.of(p.id); len(lines) > 0 && observed > 0 || time.Now().After(wait) {
			break
		}
	}
	if len(lines) != 1 || observed != 1 {
		p.fail("%d log lines and %d observer calls instead of one each", len(lines), observed)
		panic(errStop)
	}
	p.equal("code in the log", lines[0]["code"], code)
	return lines[0]
}

// unlogged checks that nothing was logged, after another request has come through.
func (p *probe) unlogged() {
	lines, observed := p.lines.of(p.id)
	if len(lines)+observed > 0 {
		p.fail("%d log lines and %d observer calls instead of none: %v", len(lines), observed, lines)
	}
}

// next gives the following requests another request id.
func (p *probe) next() {
	p.asked++
	p.id = fmt.Sprintf("%s-%d", p.name, p.asked)
}

// alive checks that the service still answers.
func (p *probe) alive() {
	if a := p.get("success"); a.status != http.StatusOK || !bytes.Equal(a.body, []byte("fine")) {
		p.fail("the service does not answer any more: %d %q", a.status, a.body)
	}
}
