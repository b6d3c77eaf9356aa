package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// A topic is one way for an answer to grow: with the languages of the body, say.
type topic struct {
	file, title, unit string
	sizes             []int
	logarithmic       bool // sizes are powers, and growth is measured by power of ten
	rounds            int
	curves            []curve
	withCopy          bool   // beside a copy of the first curve's body
	measures          string // what the values are; "" is ns
}

// A curve is the cost of one thing by size.
type curve struct {
	name string
	at   func(size int) sample
}

// A sample returns one measurement, in nanoseconds as a rule. bytes are those of the body, 0 for what has none.
type sample struct {
	take  func() float64
	bytes int
}

const sampleTime = 2 * time.Millisecond

// sampled measures op for a short time.
func sampled(op func(), bytes int) sample {
	begin := time.Now()
	for range 10 {
		op()
	}
	n := max(1, int(10*sampleTime/max(1, time.Since(begin))))
	return sample{bytes: bytes, take: func() float64 {
		begin := time.Now()
		for range n {
			op()
		}
		return float64(time.Since(begin).Nanoseconds()) / float64(n)
	}}
}

// answering measures the exchange of one request with the error that fail makes.
func answering(r *fault.Responder, accept string, fail func() error) sample {
	s := &scenario{request: browse(accept)}
	c := polyfault("", r, fail)
	w := &counting{discard: discard{header: http.Header{}}}
	c.handler.ServeHTTP(w, s.request)
	step, _ := s.client(nil, &c)
	return sampled(step, w.bytes)
}

// counting counts the bytes of the body.
type counting struct {
	discard
	bytes int
}

func (c *counting) Write(p []byte) (int, error) { c.bytes += len(p); return len(p), nil }

// copied is what nothing that sends a body of its own can be cheaper than: memory for it, and a copy.
func copied(bytes int) sample {
	source := make([]byte, bytes)
	return sampled(func() { sink = append(make([]byte, 0, bytes), source...) }, bytes)
}

// sink keeps what is only measured: the compiler cannot leave it away.
var sink []byte //nolint:unused // it is written

func topics() []topic {
	return []topic{languagesTopic(), catalogueTopic(), argumentsTopic(), detailsTopic(), fieldsTopic(), depthTopic(), kindsTopic(),
		kindsStartTopic(), kindsHeapTopic()}
}

const growthRounds = 60

func languagesTopic() topic {
	all := shipped()
	with := func(n int) *fault.Responder {
		return must(fault.NewResponder(fault.WithLocales(sameTexts(all, map[string]string{"order_missing": "Order {{.ID}} was not found."})),
			fault.WithLanguages(all[:n]...), fault.WithMembers(fault.MemberCode, fault.MemberTraceID),
			fault.WithObserver(countFailure), fault.WithLogger(jsonLogger)))
	}
	return topic{file: "languages", title: "languages of the body", unit: "language", rounds: growthRounds, withCopy: true,
		sizes: []int{1, 2, 4, 8, 12, 16, 20, 24, 28, len(all)},
		curves: []curve{
			{"polyfault, static", func(n int) sample { return answering(with(n), "application/json", lockedFault) }},
			{"polyfault, 1 argument", func(n int) sample {
				return answering(with(n), "application/json", func() error {
					return fault.NotFound.New(fault.Text("order_missing"), fault.Arg("ID", orderID))
				})
			}},
			{"fmt, 1 argument", func(n int) sample {
				format := strings.Repeat(`"EN":"Order %[1]v was not found.",`, n)
				return sampled(func() { sink = fmt.Appendf(nil, format, orderID) }, 0)
			}},
			{"polyfault, problem+json", func(n int) sample { return answering(with(n), "application/problem+json", lockedFault) }},
		}}
}

// sameTexts are locale files that have the texts in each language.
func sameTexts(tags []string, texts map[string]string) fs.FS {
	content := must(json.Marshal(texts))
	all := fstest.MapFS{}
	for _, tag := range tags {
		all["active."+tag+".json"] = &fstest.MapFile{Data: content}
	}
	return all
}

func catalogueTopic() topic {
	responders := map[int]*fault.Responder{}
	with := func(n int) *fault.Responder {
		if responders[n] == nil {
			opts := []fault.Option{fault.WithLanguages(tags(four)...), fault.WithMembers(fault.MemberCode, fault.MemberTraceID),
				fault.WithObserver(countFailure), fault.WithLogger(jsonLogger)}
			const inOneFile = 5000 // a locale file has 1 MiB at most
			for from := 0; from < n; from += inOneFile {
				texts := map[string]string{}
				for i := from; i < min(n, from+inOneFile); i++ {
					texts[textID(i)] = "Order {{.ID}} was not found."
					texts[textID(i)+"_static"] = "The order was not found."
				}
				opts = append(opts, fault.WithLocales(sameTexts(tags(four), texts)))
			}
			responders[n] = must(fault.NewResponder(opts...))
		}
		return responders[n]
	}
	one := func(n int, accept, id string, attrs ...fault.Attr) sample {
		return answering(with(n), accept, func() error {
			return fault.NotFound.New(append([]fault.Attr{fault.Text(id)}, attrs...)...)
		})
	}
	return topic{file: "catalogue", title: "texts of the catalogue, in each of 4 languages", unit: "power of ten", logarithmic: true,
		rounds: growthRounds, sizes: []int{10, 100, 1000, 10_000, 100_000},
		curves: []curve{
			{"polyfault, static", func(n int) sample { return one(n, "application/json", textID(n/2)+"_static") }},
			{"polyfault, 1 argument", func(n int) sample { return one(n, "application/json", textID(n/2), fault.Arg("ID", orderID)) }},
			{"polyfault, problem+json", func(n int) sample { return one(n, "application/problem+json", textID(n/2)+"_static") }},
			{"polyfault, 1 argument, any text each time", func(n int) sample {
				ids := make([]string, n)
				for i, at := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
					ids[i] = textID(at)
				}
				i := 0
				fail := func() error {
					i = (i + 1) % n
					return fault.NotFound.New(fault.Text(ids[i]), fault.Arg("ID", orderID))
				}
				warm := polyfault("", with(n), fail).handler
				for range n {
					warm.ServeHTTP(&discard{header: http.Header{}}, browse("application/json"))
				}
				return answering(with(n), "application/json", fail)
			}},
			{"a Go map of prepared bodies, any text each time", func(n int) sample {
				bodies := make(map[string][]byte, n)
				ids := make([]string, n)
				for i, at := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
					ids[i] = textID(at)
					bodies[textID(i)] = make([]byte, 200)
				}
				i := 0
				return sampled(func() {
					i = (i + 1) % n
					sink = slices.Clone(bodies[ids[i]])
				}, 0)
			}},
		}}
}

func textID(i int) string { return "text_" + strconv.Itoa(i) }

func argumentsTopic() topic {
	const most = 8
	names := make([]string, most)
	for i := range names {
		names[i] = "A" + strconv.Itoa(i)
	}
	text := func(n int) string {
		s := []string{"Not possible"}
		for _, name := range names[:n] {
			s = append(s, "{{."+name+"}}")
		}
		return strings.Join(s, ", as of ") + "."
	}
	texts := map[string]string{}
	for n := range most + 1 {
		texts[textID(n)] = text(n)
	}
	r := must(fault.NewResponder(fault.WithLocales(sameTexts(tags(four), texts)), fault.WithLanguages(tags(four)...),
		fault.WithMembers(fault.MemberCode, fault.MemberTraceID), fault.WithObserver(countFailure), fault.WithLogger(jsonLogger)))
	return topic{file: "arguments", title: "arguments, 4 languages", unit: "argument", rounds: growthRounds, withCopy: true,
		sizes: []int{0, 1, 2, 3, 4, 5, 6, 7, 8},
		curves: []curve{
			{ours, func(n int) sample {
				return answering(r, "application/json", func() error {
					attrs := append(make([]fault.Attr, 0, 1+most), fault.Text(textID(n)))
					for i, name := range names[:n] {
						attrs = append(attrs, fault.Arg(name, orderID+i))
					}
					return fault.Conflict.New(attrs...)
				})
			}},
			{"fmt", func(n int) sample {
				format := verbs(body(four, func(language) string { return text(n) }), names[:n]...)
				return sampled(func() {
					args := make([]any, 0, most)
					for i := range n {
						args = append(args, orderID+i)
					}
					sink = fmt.Appendf(nil, format, args...)
				}, 0)
			}},
		}}
}

var detailSizes = []int{0, 1, 10, 50, 100, 200, 400, 600, 800, 1000}

func detailsTopic() topic {
	names := detailNames()
	return topic{file: "details", title: "details, a number each", unit: "detail", rounds: growthRounds, withCopy: true, sizes: detailSizes,
		curves: []curve{
			{"polyfault, collecting and answering", func(n int) sample {
				return answering(inFour(), "application/json", func() error {
					var d fault.Details
					for i, name := range names[:n] {
						d.Add(name, orderID+i)
					}
					return fault.Conflict.New(fault.DetailsOf(&d))
				})
			}},
			{"polyfault, answering", func(n int) sample {
				var d fault.Details
				for i, name := range names[:n] {
					d.Add(name, orderID+i)
				}
				err := fault.Conflict.New(fault.DetailsOf(&d))
				return answering(inFour(), "application/json", func() error { return err })
			}},
			{"a map and encoding/json", func(n int) sample {
				return sampled(func() {
					d := make(map[string]any, n)
					for i, name := range names[:n] {
						d[name] = orderID + i
					}
					sink = must(json.Marshal(d))
				}, 0)
			}},
		}}
}

func detailNames() []string {
	names := make([]string, detailSizes[len(detailSizes)-1])
	for i := range names {
		names[i] = fmt.Sprintf("item_%04d", i)
	}
	return names
}

// fieldsTopic ends where the response ends: it has 100 errors at most.
func fieldsTopic() topic {
	var at []fault.Location
	for i := range 100 {
		at = append(at, fault.InBody("/items/"+strconv.Itoa(i)+"/qty"))
	}
	return topic{file: "fields", title: "field errors in 4 languages, an argument each", unit: "field", rounds: growthRounds, withCopy: true,
		sizes: []int{1, 10, 20, 40, 60, 80, 100},
		curves: []curve{{ours, func(n int) sample {
			return answering(inFour(), "application/json", func() error {
				attrs := make([]fault.Attr, n)
				for i := range attrs {
					attrs[i] = fault.Field(at[i], "max", fault.Arg("Limit", maxHours))
				}
				return fault.ValidationFailed.New(attrs...)
			})
		}}}}
}

func depthTopic() topic {
	wrapped := func(err error, n int) error {
		for range n {
			err = fmt.Errorf("a: %w", err)
		}
		return err
	}
	return topic{file: "depth", title: "times that an error is wrapped", unit: "level", rounds: growthRounds,
		sizes: []int{1, 10, 25, 50, 75, 100},
		curves: []curve{
			{"polyfault, static", func(n int) sample {
				err := wrapped(lockedFault(), n)
				return answering(inFour(), "application/json", func() error { return err })
			}},
			{"polyfault, unknown error, logged with its stack", func(n int) sample {
				err := wrapped(errLost, n)
				return answering(inFour(), "application/json", func() error { return err })
			}},
			{"errors.AsType alone", func(n int) sample {
				err := wrapped(lockedFault(), n)
				return sampled(func() {
					if _, ok := errors.AsType[*fault.Fault](err); !ok {
						panic("not found")
					}
				}, 0)
			}},
		}}
}

// The kinds are those of the process: each size is a process of its own, this program again with the flag -kinds.

var kindSizes = []int{100, 300, 1000, 3000, 10_000}

// A kindsReport is what such a process finds.
type kindsReport struct{ Static, Problem, Start, Heap float64 }

const childRounds = 5

func kindsTopic() topic {
	t := topic{file: "kinds", title: "kinds of the process", unit: "power of ten", logarithmic: true, rounds: childRounds, sizes: kindSizes}
	for _, c := range []struct {
		name string
		of   func(kindsReport) float64
	}{
		{"polyfault, a kind", func(r kindsReport) float64 { return r.Static }},
		{"polyfault, problem+json", func(r kindsReport) float64 { return r.Problem }},
	} {
		t.curves = append(t.curves, curve{c.name, func(n int) sample {
			return sample{take: func() float64 { return c.of(kindsChild(n)) }}
		}})
	}
	return t
}

func kindsStartTopic() topic {
	return topic{file: "kinds-start", title: "making a responder, by kinds of the process", unit: "kind", rounds: childRounds,
		sizes: kindSizes, curves: []curve{{"polyfault", func(n int) sample {
			return sample{take: func() float64 { return kindsChild(n).Start }}
		}}}}
}

func kindsHeapTopic() topic {
	return topic{file: "kinds-heap", title: "memory of a responder, by kinds of the process", unit: "kind", measures: "bytes", rounds: 3,
		sizes: kindSizes, curves: []curve{{"polyfault", func(n int) sample {
			return sample{take: func() float64 { return kindsChild(n).Heap }}
		}}}}
}

func kindsChild(n int) (r kindsReport) {
	out := must(exec.Command(must(os.Executable()), "-kinds", strconv.Itoa(n)).Output())
	check(json.Unmarshal(out, &r))
	return r
}

// beKinds is what that process does: it derives n kinds, and measures an answer by the last one.
func beKinds(w io.Writer, n int) {
	var last *fault.Kind
	for i := range n {
		last = fault.Conflict.Derive(fault.Spec{Code: "own_" + strconv.Itoa(i)})
	}
	var before, after runtime.MemStats
	production(four) // reads the built-in texts, which all responders share
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	r := production(four)
	start := time.Since(begin)
	runtime.GC()
	runtime.ReadMemStats(&after)
	kind := func() error { return last }
	static, problem := answering(r, "application/json", kind), answering(r, "application/problem+json", kind)
	var statics, problems []float64
	for range growthRounds {
		statics, problems = append(statics, static.take()), append(problems, problem.take())
	}
	runtime.KeepAlive(r)
	check(json.NewEncoder(w).Encode(kindsReport{Static: slices.Min(statics), Problem: slices.Min(problems), Start: float64(start),
		Heap: float64(after.HeapAlloc) - float64(before.HeapAlloc)}))
}

// grow measures all topics, and writes a table and, for each, a plot.
func grow(w io.Writer, folder string) {
	check(os.MkdirAll(folder, 0o755))
	fmt.Fprintf(w, "%s %s/%s, %d CPUs, %s; minima of %d rounds in which the sizes take turns (%d processes for kinds)\n", runtime.Version(),
		runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), time.Now().Format(time.DateOnly), growthRounds, childRounds)
	for _, t := range topics() {
		fmt.Fprintln(os.Stderr, t.title)
		lines := t.measure()
		t.print(w, lines)
		t.plot(filepath.Join(folder, t.file+".svg"), lines)
	}
}

// A line is what was measured of one curve, a value a size.
type line struct {
	name   string
	values []float64
}

// measure lets sizes and curves take turns.
func (t topic) measure() []line {
	curves := t.curves
	var samples [][]sample
	for _, c := range curves {
		var row []sample
		for _, size := range t.sizes {
			row = append(row, c.at(size))
		}
		samples = append(samples, row)
	}
	if t.withCopy {
		var row []sample
		for i := range t.sizes {
			row = append(row, copied(samples[0][i].bytes))
		}
		curves, samples = append(slices.Clip(curves), curve{name: copyName}), append(samples, row)
	}
	taken := make([][][]float64, len(samples))
	for range t.rounds {
		for i, row := range samples {
			if taken[i] == nil {
				taken[i] = make([][]float64, len(row))
			}
			for j := range row {
				taken[i][j] = append(taken[i][j], row[j].take())
			}
		}
	}
	lines := make([]line, len(curves))
	for i := range curves {
		lines[i].name = curves[i].name
		for _, values := range taken[i] {
			lines[i].values = append(lines[i].values, slices.Min(values))
		}
	}
	return lines
}

const copyName = "memory and a copy of the same bytes"
