// Command tour starts the time-booking service, sends it the requests that a newcomer would try, and
// prints the answers. It needs no set-up, listens on loopback only, and then ends.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	"github.com/polyfault/polyfault/examples/frameworks"
)

func main() {
	if err := run(os.Stdout, colourful()); err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

// colourful reports whether the output is a terminal, and the user has not switched colours off.
func colourful() bool {
	info, err := os.Stdout.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
}

// run gives the tour.
func run(out io.Writer, colour bool) error {
	p := &printer{out: out, colour: colour}
	var services []*service
	for _, f := range frameworks.All {
		s, err := start(f, &p.log)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		defer s.stop() //nolint:gocritic // all services run until the tour is over
		services = append(services, s)
	}
	p.introduce(services)
	for i, step := range steps {
		if err := p.show(i+1, step, services); err != nil {
			return err
		}
	}
	p.printf("\nThat was the tour. The service behind it is examples/booking; README.md goes on from here.\n")
	return nil
}

// service is one running service.
type service struct {
	name string
	addr string
	stop func()
}

func start(f frameworks.Framework, log *logLine) (*service, error) {
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()), fault.WithLogger(slog.New(log)))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	stop := f.Serve(listener, r, booking.New())
	return &service{f.Name, listener.Addr().String(), stop}, nil
}

// answer is the answer of one service.
type answer struct {
	status string
	code   int
	header http.Header
	closes bool // the connection
	body   []byte
}

func (s *service) ask(step step) (a answer, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, step.method, "http://"+s.addr+step.path, strings.NewReader(step.body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Traceparent", traceparent)
	for name, value := range step.headers() {
		req.Header.Set(name, value)
	}
	if step.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	a = answer{status: resp.Status, code: resp.StatusCode, header: resp.Header, closes: resp.Close}
	a.body, err = io.ReadAll(resp.Body)
	return a, err
}

// check compares the answer with the expectations of the step.
func (a answer) check(step step) error {
	if a.code != step.status {
		return fmt.Errorf("answers %s instead of %d: %s", a.status, step.status, a.body)
	}
	if !bytes.Contains(a.body, []byte(step.says)) {
		return fmt.Errorf("answers without %q: %s", step.says, a.body)
	}
	return nil
}

// interesting are the headers that the tour shows and compares.
var interesting = []string{"Content-Type", "Content-Language", "Vary", "Cache-Control", "Allow"}

// printer prints the tour.
type printer struct {
	out    io.Writer
	colour bool
	log    logLine
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p.out, format, args...) }

const (
	bold  = "1"
	green = "32"
	red   = "31"
	faint = "2"
)

func (p *printer) paint(style, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (p *printer) introduce(services []*service) {
	var names []string
	for _, s := range services {
		names = append(names, s.name)
	}
	p.printf("A small time-booking service runs on %s.\n", strings.Join(names, ", "))
	p.printf("It speaks German, English, French, Italian and Portuguese.\n")
	p.printf("Below, > is what the client sends and < what comes back.\n")
}

// show sends the step's request to all services and prints the answer, which has to be the same.
func (p *printer) show(number int, step step, services []*service) error {
	p.printf("\n%s\n", p.paint(bold, fmt.Sprintf("%d. %s", number, step.headline)))
	p.request(step)
	if step.alone {
		services = services[:1]
	}
	var first answer
	for i, s := range services {
		p.log.take()
		a, err := s.ask(step)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", step.headline, s.name, err)
		}
		if err := a.check(step); err != nil {
			return fmt.Errorf("%s: %s %w", step.headline, s.name, err)
		}
		if i == 0 {
			first = a
			p.answer(a)
			continue
		}
		if difference := compare(first, a); difference != "" && a.code >= 400 { // success is each framework's own
			return fmt.Errorf("%s: %s and %s differ in %s", step.headline, services[0].name, s.name, difference)
		}
	}
	if len(services) > 1 && first.code >= 400 {
		p.printf("%s\n", p.paint(faint, "  "+same(services)))
	}
	return nil
}

func same(services []*service) string {
	var names []string
	for _, s := range services[1:] {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ") + ": the same bytes"
}

// compare names the differences. It ignores the methods in Allow, which depend on the framework.
func compare(a, b answer) string {
	for _, name := range interesting {
		if name == "Allow" {
			continue
		}
		if a.header.Get(name) != b.header.Get(name) {
			return fmt.Sprintf("%s: %q and %q", name, a.header.Get(name), b.header.Get(name))
		}
	}
	if !bytes.Equal(a.body, b.body) {
		return fmt.Sprintf("the body:\n%s\n%s", a.body, b.body)
	}
	return ""
}

func (p *printer) request(step step) {
	p.printf("  > %s %s\n", step.method, step.path)
	for name, value := range step.headers() {
		p.printf("  > %s: %s\n", name, value)
	}
	if step.body != "" {
		p.printf("  > %s\n", step.shownBody())
	}
}

func (p *printer) answer(a answer) {
	style := green
	if a.code >= 400 {
		style = red
	}
	p.printf("  < %s\n", p.paint(style, a.status))
	for _, name := range interesting {
		for _, value := range a.header.Values(name) {
			p.printf("  < %s: %s\n", name, value)
		}
	}
	if a.closes {
		p.printf("  < Connection: close\n")
	}
	if len(a.body) == 0 {
		p.printf("    (no body)\n")
	} else {
		p.printf("%s\n", indent(a.body))
	}
	if line := p.log.take(); line != "" {
		p.printf("%s\n", p.paint(faint, "  the log has: "+line))
	}
}

func indent(body []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, body, "    ", "  ") != nil {
		return "    " + string(body)
	}
	return "    " + b.String()
}

// logLine is a slog handler that keeps the last line, shortened for the tour.
type logLine struct {
	mu   sync.Mutex
	line string
}

// Enabled reports whether the level is at least Error, like that of a real logger.
func (l *logLine) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// WithAttrs is not needed here.
func (l *logLine) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup is not needed here.
func (l *logLine) WithGroup(string) slog.Handler { return l }

// Handle keeps the line.
func (l *logLine) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "code", "trace_id", "cause", "panic":
			line += fmt.Sprintf(" %s=%q", a.Key, a.Value)
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = line
	return nil
}

func (l *logLine) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := l.line
	l.line = ""
	return line
}
