// Package logtest keeps log lines, for tests that count and read them.
package logtest

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Lines is a [slog.Handler] that keeps what it handles, a string a record: the level, then the attributes
// as "key=value", in their order. The zero value is ready. It is safe for concurrent use.
type Lines struct {
	mu    sync.Mutex
	lines []string
}

// Enabled is true: every level is kept.
func (l *Lines) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs returns l: what a logger carries is not kept.
func (l *Lines) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup returns l.
func (l *Lines) WithGroup(string) slog.Handler { return l }

// start is the message of the line about languages, which each responder writes when it is made.
const start = "languages of error responses"

// Handle keeps the record, unless it is about no failure but the start of a responder.
func (l *Lines) Handle(_ context.Context, r slog.Record) error {
	if r.Message == start {
		return nil
	}
	line := r.Level.String()
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.Key + "=" + a.Value.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

// All returns the lines so far.
func (l *Lines) All() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// Clear forgets the lines.
func (l *Lines) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
}

// Only returns the one line there is. A server may write it after its client has the answer, so Only waits
// for it. None, and more than one, end the test.
func (l *Lines) Only(t testing.TB) string {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); len(l.All()) == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	all := l.All()
	if len(all) != 1 {
		t.Fatalf("there are %d log lines instead of one: %q", len(all), all)
	}
	return all[0]
}

// Take is [Lines.Only], and forgets the line.
func (l *Lines) Take(t testing.TB) string {
	t.Helper()
	line := l.Only(t)
	l.Clear()
	return line
}

// None fails the test for each line there is.
func (l *Lines) None(t testing.TB) {
	t.Helper()
	for _, line := range l.All() {
		t.Errorf("unexpected log line: %s", line)
	}
}

// An Output is a text that some write while others read it. The zero value is ready. It is safe for concurrent use.
type Output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write appends to the text.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns the text so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Take returns the text so far, and forgets it.
func (o *Output) Take() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.text.Reset()
	return o.text.String()
}
