package main

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func BenchmarkSequential(b *testing.B) { each(b, (*scenario).sequential) }

func BenchmarkParallel(b *testing.B) { each(b, (*scenario).parallel) }

func each(b *testing.B, run func(*scenario, *testing.B, *contestant)) {
	for _, s := range scenarios() {
		for _, c := range s.contestants {
			b.Run(s.name+"/"+c.name, func(b *testing.B) { run(s, b, &c) })
		}
	}
}

// Contestants that claim the same answer give the same status, headers and bytes; the others differ
// as they say.
func TestAnswers(t *testing.T) {
	for _, s := range scenarios() {
		var want string
		for _, c := range s.contestants {
			if c.op != nil {
				continue
			}
			switch got := c.answer(s.request); {
			case c.differs != "" && got == want:
				t.Errorf("%s: %s does not differ by %q", s.name, c.name, c.differs)
			case c.differs != "":
			case want == "":
				want = got
			case got != want:
				t.Errorf("%s: %s answers\n%s\n\nnot\n%s", s.name, c.name, got, want)
			}
			if first, second := c.answer(s.request), c.answer(s.request); first != second {
				t.Errorf("%s: %s answers something else each time", s.name, c.name)
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

// Fiber's contestants are no http.Handlers: what they send is compared here.
func TestFiberContestantsAnswerTheSame(t *testing.T) {
	observeFiber = true
	defer func() { observeFiber = false }()
	var answers []string
	for _, c := range fiberScenarios()[0].contestants {
		if c.name == ownDefault {
			continue
		}
		c.op()
		lines := strings.Split(lastFiberAnswer, "\r\n")
		slices.Sort(lines) // the order of headers is of no meaning
		answers = append(answers, strings.Join(lines, "\n"))
	}
	if len(answers) != 2 || answers[0] != answers[1] || answers[0] == "" {
		t.Errorf("different answers: %q", answers)
	}
}
