// Bench compares polyfault with hand-written handlers, with the usual way to localized errors, and
// with recovery middleware, and prints the ratios:
//
//	go run .
//	go run . -short
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

func main() {
	testing.Init()
	short := flag.Bool("short", false, "measure quickly and roughly")
	only := flag.String("only", "", "regular expression: scenarios to run, without budgets")
	show := flag.Bool("answers", false, "print what each contestant answers, and measure nothing")
	growing := flag.Bool("growth", false, "measure how the cost grows, print a table, and draw growth/*.svg")
	loading := flag.Bool("loopback", false, "let wrk measure throughput and latency over loopback")
	scaling := flag.Bool("scaling", false, "measure the same on one CPU and on two")
	kinds := flag.Int("kinds", 0, "for the program's own use: measure a process of so many kinds and print it")
	coldName := flag.String("cold", "", "for the program's own use: measure one start and print it")
	flag.Parse()
	if *coldName != "" {
		beCold(*coldName)
		return
	}
	if *kinds > 0 {
		beKinds(os.Stdout, *kinds)
		return
	}
	if *growing {
		grow(os.Stdout, "growth")
		return
	}
	rounds, each := 11, 25*time.Millisecond
	if *short {
		rounds, each = 3, 10*time.Millisecond
	}
	check(flag.Set("test.benchtime", each.String()))
	switch {
	case *loading:
		if err := loopback(os.Stdout, rounds, time.Second); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	case *scaling:
		check(flag.Set("test.benchtime", "10ms"))
		scale(os.Stdout, 2*rounds)
		return
	}
	defer removeLogs()
	chosen := func(*scenario) bool { return true }
	if *only != "" {
		expression := regexp.MustCompile(*only)
		chosen = func(s *scenario) bool { return expression.MatchString(s.name) }
	}
	if *show {
		printAnswers(os.Stdout, slices.DeleteFunc(scenarios(), func(s *scenario) bool { return !chosen(s) }))
		return
	}
	fmt.Println("÷ hand: time as a multiple of the hand-written answer's; usual ÷: how many times faster than the usual way")
	fmt.Printf("%s %s/%s, %d CPUs, %s, median of %d rounds of %v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.GOMAXPROCS(0), time.Now().Format(time.DateOnly), rounds, each)
	m := measurements{}
	for _, topic := range scenarioTopics { // what is measured is garbage: each measurement begins with a collection
		for _, s := range topic() {
			if chosen(s) {
				m.measure(s, rounds)
				printScenario(os.Stdout, s, m)
			}
		}
	}
	if *only == "" {
		m.measureStarts(rounds)
		printBudgets(os.Stdout, m)
	}
}

type key struct{ scenario, contestant string }

// A measurement has nanoseconds per operation, one value a round.
type measurement struct {
	sequential, parallel []float64
	allocs               int64
}

type measurements map[key]*measurement

func (m measurements) at(scenario, contestant string) *measurement {
	k := key{scenario, contestant}
	if m[k] == nil {
		m[k] = &measurement{}
	}
	return m[k]
}

// measure lets the contestants of a scenario take turns: what disturbs the machine for longer than a
// turn disturbs all of them, and cancels out in the ratios.
func (m measurements) measure(s *scenario, rounds int) {
	fmt.Fprintln(os.Stderr, s.name)
	for range rounds {
		for i := range s.contestants {
			c := &s.contestants[i]
			got := m.at(s.name, c.name)
			result := testing.Benchmark(func(b *testing.B) { s.sequential(b, c) })
			got.sequential = append(got.sequential, nanoseconds(result))
			got.allocs = result.AllocsPerOp()
			if !c.isParallel() {
				continue
			}
			result = testing.Benchmark(func(b *testing.B) { s.parallel(b, c) })
			got.parallel = append(got.parallel, nanoseconds(result))
		}
	}
}

// measureStarts measures processes that start.
func (m measurements) measureStarts(rounds int) {
	for range rounds {
		for name := range starts {
			got := m.at(cold, name)
			got.sequential = append(got.sequential, float64(coldStart(name)))
		}
	}
}

func nanoseconds(r testing.BenchmarkResult) float64 { return float64(r.T.Nanoseconds()) / float64(r.N) }

func printScenario(w io.Writer, s *scenario, m measurements) {
	fmt.Fprintf(w, "\n%-50s %10s %7s %8s %8s   %10s %8s %8s\n", s.name, "ns/op", "allocs", "÷ hand", "usual ÷",
		"parallel", "÷ hand", "usual ÷")
	byHand, usualWay := m.of(s, hand), m.of(s, usual)
	for _, c := range s.contestants {
		got := m[key{s.name, c.name}]
		fmt.Fprintf(w, "  %-48s %10.0f %7d %8s %8s", c.name, median(got.sequential), got.allocs,
			share(got, byHand, sequentially), share(usualWay, got, sequentially))
		if len(got.parallel) > 0 {
			fmt.Fprintf(w, "   %10.0f %8s %8s", median(got.parallel), share(got, byHand, inParallel), share(usualWay, got, inParallel))
		}
		fmt.Fprintln(w)
	}
}

// printAnswers shows each answer once, below the contestants that give it.
func printAnswers(w io.Writer, all []*scenario) {
	for _, s := range all {
		var last string
		fmt.Fprintf(w, "\n%s\n", s.name)
		for i := range s.contestants {
			c := &s.contestants[i]
			if c.op != nil && c.sent == nil {
				continue
			}
			fmt.Fprintf(w, "\n  %s\n", c.name)
			if c.differs != "" {
				fmt.Fprintf(w, "  (%s)\n", c.differs)
			}
			if answer := s.answer(c); answer != last {
				fmt.Fprintf(w, "%s\n", answer)
				last = answer
			}
		}
	}
}

func sequentially(m *measurement) []float64 { return m.sequential }
func inParallel(m *measurement) []float64   { return m.parallel }

// share is a ÷ b, "" where one of them was not measured.
func share(a, b *measurement, values func(*measurement) []float64) string {
	if a == nil || b == nil {
		return ""
	}
	return decimal(median(ratios(values(a), values(b))))
}

func (m measurements) of(s *scenario, r role) *measurement {
	for _, c := range s.contestants {
		if c.role == r {
			return m[key{s.name, c.name}]
		}
	}
	return nil
}

func printBudgets(w io.Writer, m measurements) {
	fmt.Fprintln(w, "\nbudgets")
	for _, b := range budgets {
		found, reached := b.judge(m)
		verdict := "missed "
		if reached {
			verdict = "reached"
		}
		fmt.Fprintf(w, "  %s  %-62s %-42s %-36s %s\n", verdict, b.claim, b.scenario, b.contestant, found)
	}
}

// ratios divides round by round.
func ratios(a, b []float64) []float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = a[i] / b[i]
	}
	return all
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// decimal has three digits that count, or two behind the point.
func decimal(f float64) string {
	switch {
	case f == float64(int64(f)):
		return strconv.FormatInt(int64(f), 10)
	case f < 10:
		return strconv.FormatFloat(f, 'f', 2, 64)
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}
