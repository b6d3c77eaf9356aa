//go:build !race

package fault_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

type costNode struct {
	Name  string              `json:"name"`
	Qty   int                 `json:"qty"`
	Next  *costNode           `json:"next"`
	Items []costNode          `json:"items"`
	Map   map[string]costNode `json:"map"`
	Any   any                 `json:"any"`
}

type costList []costList

// hostileBodies are about 1 MiB each, and wrong.
func hostileBodies() map[string]struct {
	text string
	v    func() any
} {
	const size = 1 << 20
	node, list := func() any { return new(costNode) }, func() any { return new(costList) }
	deep := strings.Repeat(`{"next":`, 60)
	filler := `{"items":[` + strings.Repeat(`{"qty":1,"name":"x"},`, size/22) + `{"x":1}]}`
	var unknown, doubled strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&unknown, `"unknown member number %021d":1,`, i)
	}
	for i := 0; doubled.Len() < size; i++ {
		fmt.Fprintf(&doubled, `"%x":1,`, i)
	}
	many := func(text string) string { return strings.Repeat(text, size/len(text)) }
	return map[string]struct {
		text string
		v    func() any
	}{
		"depth 60":          {deep + filler + strings.Repeat("}", 60), node},
		"unknown members":   {`{` + unknown.String() + `"qty":1}`, node},
		"lists in lists":    {strings.Repeat("[", size), list},
		"lists of nothing":  {`[` + many("[],") + `{}]`, list},
		"wrong types":       {`{"items":[` + many(`{"qty":""},`) + `{}]}`, node},
		"wrong items":       {`{"items":[` + many(`1,`) + `{}]}`, node},
		"short names":       {`{"map":{` + doubled.String() + `"0":{}}}`, node},
		"short names, any":  {`{"x":1,"any":{` + doubled.String() + `"0":{}}}`, node},
		"escaped names":     {`{"map":{` + many(`"\u0061":{},`) + `"a":{}}}`, node},
		"names that repeat": {`{` + many(`"x":1,`) + `"qty":1}`, node},
		"deep names":        {strings.Repeat(`{"next":`, 9_000) + `{` + many(`"x":1,`) + `"y":[]}` + strings.Repeat("}", 9_000), node},
		"one long name":     {`{"` + many("x/") + `":1}`, node},
		"one long value":    {`{"qty":"` + many("x/") + `"}`, node},
		"not closed":        {`{"items":[` + many(`{"qty":1},`), node},
	}
}

// What a hostile body costs does not depend on the type it is read into, nor on what is wrong with it.
func TestBindJSONCostOfHostileBodies(t *testing.T) {
	for name, c := range hostileBodies() {
		t.Run(name, func(t *testing.T) {
			var err error
			start := time.Now()
			peak := peakHeap(func() { err = fault.BindJSON(strings.NewReader(c.text), c.v()) })
			t.Logf("%v, %.1f × the body", time.Since(start), float64(peak)/float64(len(c.text)))
			assert.Error(t, err)
			assert.Less(t, peak, 8*len(c.text)+1<<20, "bytes of heap")
			assert.Less(t, len(responder(t).Respond(with(), err).Body), 300_000)
		})
	}
}

// peakHeap is how much the heap grows at most while f runs.
func peakHeap(f func()) (peak int) {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			runtime.ReadMemStats(&now)
			peak = max(peak, int(now.HeapAlloc)-int(before.HeapAlloc)) //nolint:gosec // far from it
			select {
			case <-done:
				return
			case <-time.After(500 * time.Microsecond):
			}
		}
	})
	f()
	close(done)
	watching.Wait()
	return peak
}

// The cost of a valid body, beside that of json.Unmarshal: the best of all rounds counts, as machines are busy.
func BenchmarkBindJSON(b *testing.B) {
	for name, c := range validBodies() {
		b.Run(name, func(b *testing.B) {
			ours, theirs := time.Hour, time.Hour
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if err := fault.BindJSON(strings.NewReader(c.text), c.v()); err != nil {
					b.Fatal(err)
				}
				between := time.Now()
				if err := json.Unmarshal([]byte(c.text), c.v()); err != nil {
					b.Fatal(err)
				}
				ours, theirs = min(ours, between.Sub(start)), min(theirs, time.Since(between))
			}
			b.ReportMetric(float64(ours)/float64(theirs), "×Unmarshal")
		})
	}
}

func validBodies() map[string]struct {
	text string
	v    func() any
} {
	node := func() any { return new(costNode) }
	item := `{"name":"a name of some length","qty":12345},`
	return map[string]struct {
		text string
		v    func() any
	}{
		"small":   {`{"name":"x","qty":1,"items":[{"name":"y","qty":2}]}`, node},
		"medium":  {`{"items":[` + strings.Repeat(item, 50) + `{}]}`, node},
		"large":   {`{"items":[` + strings.Repeat(item, 20_000) + `{}]}`, node},
		"any":     {`{"any":[` + strings.Repeat(item, 5_000) + `{}]}`, node},
		"deep":    {strings.Repeat(`{"next":`, 5_000) + `{}` + strings.Repeat("}", 5_000), node},
		"numbers": {`{"any":[` + strings.Repeat(`1.5,`, 20_000) + `1]}`, node},
		"strings": {`{"any":["` + strings.Repeat(`some text and more of it, `, 20_000) + `"]}`, node},
	}
}
