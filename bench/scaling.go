package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
)

// scalingScenarios are those whose path must not share anything between requests.
var scalingScenarios = []string{prodStatic, prodStatic20, prodArgument, prodArguments, prodProblem, prodSuccess}

// scale runs the same in parallel on one CPU and on two: what scales takes half the time on two.
func scale(w io.Writer, rounds int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	fmt.Fprintf(w, "%s %s/%s, %d CPUs, %s, minima of %d rounds; 2 is what two CPUs can give\n", runtime.Version(), runtime.GOOS,
		runtime.GOARCH, runtime.NumCPU(), time.Now().Format(time.DateOnly), rounds)
	all := productionScenarios()
	for _, name := range scalingScenarios {
		s := all[indexOf(all, name)]
		fmt.Fprintf(w, "\n%-40s %12s %12s %8s\n", s.name, "ns, 1 CPU", "ns, 2 CPUs", "1 ÷ 2")
		times := make([][2][]float64, len(s.contestants))
		for range rounds {
			for i := range s.contestants {
				for procs := range 2 {
					runtime.GOMAXPROCS(procs + 1)
					result := testing.Benchmark(func(b *testing.B) { s.parallel(b, &s.contestants[i]) })
					times[i][procs] = append(times[i][procs], nanoseconds(result))
				}
			}
		}
		for i, c := range s.contestants {
			fmt.Fprintf(w, "  %-38s %12.0f %12.0f %8s\n", c.name, slices.Min(times[i][0]), slices.Min(times[i][1]),
				decimal(slices.Min(times[i][0])/slices.Min(times[i][1])))
		}
		fmt.Fprintln(os.Stderr, name)
	}
}
