package main

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

func BenchmarkSequential(b *testing.B) { run(b, (*scenario).sequential) }

// BenchmarkParallel has what serves requests.
func BenchmarkParallel(b *testing.B) {
	run(b, func(s *scenario, b *testing.B, c *contestant) {
		if !c.isParallel() {
			b.Skip("one at a time")
		}
		s.parallel(b, c)
	})
}

func run(b *testing.B, with func(*scenario, *testing.B, *contestant)) {
	for _, topic := range scenarioTopics { // what is done is garbage: each benchmark begins with a collection
		for _, s := range topic() {
			for _, c := range s.contestants {
				b.Run(s.name+"/"+c.name, func(b *testing.B) { with(s, b, &c) })
			}
		}
	}
}

// Contestants that claim the same answer give the same status, headers and bytes; the others differ
// as they say.
func TestAnswers(t *testing.T) {
	for _, s := range scenarios() {
		var want, wantOther string
		for _, c := range s.contestants {
			if c.op != nil && c.sent == nil {
				continue
			}
			before := failures.Load()
			got := s.answer(&c)
			if counted := failures.Load() - before; isFailure(s) && counted != 1 {
				t.Errorf("%s: %s counts %d failures", s.name, c.name, counted)
			}
			switch {
			case c.differs != "" && got == want:
				t.Errorf("%s: %s does not differ by %q", s.name, c.name, c.differs)
			case c.differs != "":
			case want == "":
				want = got
			case got != want:
				t.Errorf("%s: %s answers\n%s\n\nnot\n%s", s.name, c.name, got, want)
			}
			if first, second := s.answer(&c), s.answer(&c); first != second {
				t.Errorf("%s: %s answers something else each time", s.name, c.name)
			}
			if c.op != nil {
				continue
			}
			if got := otherTrace(s, &c); c.differs == "" && wantOther == "" {
				wantOther = got
			} else if c.differs == "" && got != wantOther {
				t.Errorf("%s: %s answers another trace with\n%s\n\nnot\n%s", s.name, c.name, got, wantOther)
			}
			w := httptest.NewRecorder()
			c.handler.ServeHTTP(w, s.request)
			if w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %s answers no JSON: %s", s.name, c.name, w.Body)
			}
		}
	}
}

// Budgets name contestants that exist.
func TestBudgets(t *testing.T) {
	all := scenarios()
	for _, b := range budgets {
		if !b.cold && find(all, b.scenario, b.contestant) == nil {
			t.Errorf("%s: no contestant %s in %s", b.claim, b.contestant, b.scenario)
		}
		if b.against != "" && find(all, b.scenario, b.against) == nil {
			t.Errorf("%s: no contestant %s in %s", b.claim, b.against, b.scenario)
		}
	}
}

func find(all []*scenario, name, contestant string) *contestant {
	for _, s := range all {
		for i := range s.contestants {
			if s.name == name && s.contestants[i].name == contestant {
				return &s.contestants[i]
			}
		}
	}
	return nil
}

// isFailure reports whether the answers of s are counted.
func isFailure(s *scenario) bool {
	return strings.HasPrefix(s.name, "production: ") && !strings.HasSuffix(s.name, "success")
}

// otherTrace is the answer to the same request of another trace.
func otherTrace(s *scenario, c *contestant) string {
	other := *s
	other.request = s.request.Clone(s.request.Context())
	other.request.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	return other.answer(c)
}
