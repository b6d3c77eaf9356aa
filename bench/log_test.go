package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	fault "github.com/polyfault/polyfault/core"
)

// What is written by hand logs what polyfault logs: a stack of its own, and all else the same.
func TestLogLines(t *testing.T) {
	line := func(h func(*slog.Logger) contestant) map[string]any {
		var written bytes.Buffer
		c := h(slog.New(slog.NewJSONHandler(&written, nil)))
		written.Reset() // the line about the languages
		(&scenario{request: browse("application/json")}).answer(&c)
		var line map[string]any
		if err := json.Unmarshal(written.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, written.String())
		}
		return line
	}
	for name, of := range map[string][2]func(*slog.Logger) contestant{
		"unknown error": {unknownByHand, unknownByPolyfault},
		"panic":         {panicByHand, panicByPolyfault},
	} {
		hand, ours := line(of[0]), line(of[1])
		for _, l := range []map[string]any{hand, ours} {
			if stack, _ := l["stack"].(string); !strings.Contains(stack, "passing") {
				t.Errorf("%s: no stack: %v", name, l)
			}
			delete(l, "stack")
			delete(l, "time")
		}
		delete(ours, "panic") // a mark that costs a few bytes
		if !maps.Equal(hand, ours) {
			t.Errorf("%s: %v\n\nnot\n%v", name, hand, ours)
		}
	}
}

// Each unknown error has one line, at Error, and a 4xx has none at Info.
func TestEachUnknownErrorIsLogged(t *testing.T) {
	var written bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&written, nil))
	c := unknownByPolyfault(l)
	written.Reset() // the line about the languages
	for range 3 {
		(&scenario{request: browse("application/json")}).answer(&c)
	}
	lines := slices.Collect(strings.Lines(written.String()))
	if len(lines) != 3 || strings.Count(written.String(), `"level":"ERROR"`) != 3 {
		t.Errorf("not three lines: %s", written.String())
	}
	c = polyfault("", production(four, fault.WithLogger(l)), func() error { return fault.TaskLocked })
	written.Reset()
	(&scenario{request: browse("application/json")}).answer(&c)
	if written.Len() > 0 {
		t.Errorf("a 4xx is logged at Info: %s", written.String())
	}
}
