package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// loopbackScenarios are what wrk asks for: answers in production, over TCP.
var loopbackScenarios = []string{prodStatic, prodArgument, prodProblem, prodUnknown, prodSuccess}

// notLoaded are parts of the names of contestants that are left out: over a connection nobody can tell them from others.
var notLoaded = []string{"WithRetryable", "New(Text)", "the store's log", "prebuilt header", "Middleware and Handler"}

// A load is what wrk found in one run.
type load struct {
	perSecond float64
	p50, p99  time.Duration
}

var errNoWrk = errors.New("wrk is not installed: nothing is measured over loopback (Debian: apt-get install wrk)")

// loopback lets wrk load a server of each contestant, in turns, and prints throughput and latency.
func loopback(w io.Writer, rounds int, each time.Duration) error {
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		return errNoWrk
	}
	fmt.Fprintf(w, "%s %s/%s, %d CPUs for server and wrk, %s; wrk with 1 thread and 16 connections, medians of %d rounds of %v\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), time.Now().Format(time.DateOnly), rounds, each)
	all := productionScenarios()
	for _, name := range loopbackScenarios {
		s := all[indexOf(all, name)]
		s.contestants = slices.DeleteFunc(s.contestants, func(c contestant) bool {
			return slices.ContainsFunc(notLoaded, func(part string) bool { return strings.Contains(c.name, part) })
		})
		loads := make([][]load, len(s.contestants))
		for round := range rounds {
			fmt.Fprintf(os.Stderr, "%s, round %d of %d\n", name, round+1, rounds)
			for i := range s.contestants {
				loads[i] = append(loads[i], loaded(wrk, s.request, s.contestants[i].handler, each))
			}
		}
		printLoads(w, s, loads)
	}
	return nil
}

func indexOf(all []*scenario, name string) int {
	for i, s := range all {
		if s.name == name {
			return i
		}
	}
	panic("no scenario " + name)
}

// loaded is one run against a server of h.
func loaded(wrk string, req *http.Request, h http.Handler, each time.Duration) load {
	server := httptest.NewServer(h)
	defer server.Close()
	args := []string{"-t", "1", "-c", "16", "-d", strconv.Itoa(int(max(1, each.Seconds()))) + "s", "--latency"}
	for name, values := range req.Header {
		args = append(args, "-H", name+": "+values[0])
	}
	out := must(exec.Command(wrk, append(args, server.URL+req.URL.Path)...).Output())
	if errorsOfSocket.Match(out) {
		panic("wrk: " + string(out))
	}
	return load{
		perSecond: must(strconv.ParseFloat(field(out, `Requests/sec:\s+(\S+)`), 64)),
		p50:       must(time.ParseDuration(field(out, `(?m)^\s+50%\s+(\S+)`))),
		p99:       must(time.ParseDuration(field(out, `(?m)^\s+99%\s+(\S+)`))),
	}
}

var errorsOfSocket = regexp.MustCompile(`Socket errors`)

// field is what a line of wrk's says.
func field(out []byte, expression string) string {
	found := regexp.MustCompile(expression).FindSubmatch(out)
	if found == nil {
		panic("wrk: no " + expression + " in " + string(out))
	}
	return string(found[1])
}

func printLoads(w io.Writer, s *scenario, loads [][]load) {
	fmt.Fprintf(w, "\n%-44s %10s %8s %9s %9s %8s\n", s.name, "answers/s", "÷ hand", "p50", "p99", "÷ hand")
	byHand := 0
	for i, c := range s.contestants {
		if c.role == hand {
			byHand = i
		}
	}
	rate := func(l load) float64 { return l.perSecond }
	p50 := func(l load) float64 { return float64(l.p50) }
	p99 := func(l load) float64 { return float64(l.p99) }
	for i, c := range s.contestants {
		fmt.Fprintf(w, "  %-42s %10.0f %8s %9v %9v %8s\n", c.name, median(each(loads[i], rate)), decimal(shareOf(loads[i], loads[byHand], rate)),
			time.Duration(median(each(loads[i], p50))).Round(time.Microsecond), time.Duration(median(each(loads[i], p99))).Round(time.Microsecond),
			decimal(shareOf(loads[i], loads[byHand], p99)))
	}
}

func each[T any, N cmp.Ordered](list []T, value func(T) N) []N {
	values := make([]N, len(list))
	for i, v := range list {
		values[i] = value(v)
	}
	return values
}

func shareOf(a, b []load, value func(load) float64) float64 {
	return median(ratios(each(a, value), each(b, value)))
}
