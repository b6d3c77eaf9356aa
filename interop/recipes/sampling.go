package recipes

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Sampling passes at most burst lines of one code and level per interval. The first line of the next interval has the number of
// lines that were left out. Lines without a code always pass.
func Sampling(h slog.Handler, burst int, interval time.Duration) slog.Handler {
	return &sampler{Handler: h, burst: burst, interval: interval, counts: &sync.Map{}}
}

type sampler struct {
	slog.Handler
	burst    int
	interval time.Duration
	counts   *sync.Map // equal → *count; there are as many as the process has kinds
}

type equal struct {
	code  string
	level slog.Level
}

type count struct {
	mu      sync.Mutex
	began   time.Time
	passed  int
	omitted int
}

// Handle counts the line, and hands it on or not.
func (s *sampler) Handle(ctx context.Context, r slog.Record) error {
	code := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "code" || a.Key == "error.type" {
			code = a.Value.String()
		}
		return code == ""
	})
	if code == "" {
		return s.Handler.Handle(ctx, r)
	}
	c, _ := s.counts.LoadOrStore(equal{code, r.Level}, &count{})
	omitted, pass := c.(*count).add(r.Time, s.burst, s.interval)
	if !pass {
		return nil
	}
	if omitted > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", omitted))
	}
	return s.Handler.Handle(ctx, r)
}

func (c *count) add(now time.Time, burst int, interval time.Duration) (omitted int, pass bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.began) >= interval {
		omitted = c.omitted
		c.began, c.passed, c.omitted = now, 0, 0
	}
	if c.passed++; c.passed > burst {
		c.omitted++
		return 0, false
	}
	return omitted, true
}

// WithAttrs shares the counts.
func (s *sampler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *s
	with.Handler = s.Handler.WithAttrs(attrs)
	return &with
}

// WithGroup shares the counts.
func (s *sampler) WithGroup(name string) slog.Handler {
	with := *s
	with.Handler = s.Handler.WithGroup(name)
	return &with
}
