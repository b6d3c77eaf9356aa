package main

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	fault "github.com/polyfault/polyfault/core"
)

// No lock is contended while failures of clients are answered: what they share is read only. The last contestant is the
// control: an observer with a lock of its own is found.
func TestHotPathSharesNoLock(t *testing.T) {
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	all := productionScenarios()
	for _, name := range scalingScenarios {
		s := all[indexOf(all, name)]
		for i := range s.contestants {
			c := &s.contestants[i]
			if found := contended(s, c); len(found) > 0 {
				t.Errorf("%s: %s waits in\n%s", s.name, c.name, strings.Join(found, "\n"))
			}
		}
	}
	var mu sync.Mutex
	counts := 0
	locking := production(four, fault.WithObserver(func(context.Context, *fault.Occurrence) {
		mu.Lock()
		defer mu.Unlock()
		counts++
		runtime.Gosched() // with the lock: the others come to wait
	}))
	control := polyfault("", locking, lockedFault)
	if found := contended(all[0], &control); len(found) == 0 {
		t.Error("the lock of an observer was not found")
	}
}

// contended runs c in parallel and returns the stacks of ours that have unlocked what others waited for.
func contended(s *scenario, c *contestant) []string {
	first, _ := s.client(nil, c)
	first() // makes what is made once
	before := lockStacks()
	var group sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			step, _ := s.client(nil, c)
			for range 5000 {
				step()
			}
		})
	}
	group.Wait()
	after := lockStacks()
	maps.DeleteFunc(after, func(stack string, n int64) bool { return n == before[stack] })
	return slices.Sorted(maps.Keys(after))
}

// lockStacks are the stacks of package sync below code of ours by how often others waited. Locks of the runtime, of the
// memory allocator say, are not in it, nor is that of sync.Pool, which is met once for each CPU and collection.
func lockStacks() map[string]int64 {
	records := make([]runtime.BlockProfileRecord, 10_000)
	n, ok := runtime.MutexProfile(records)
	if !ok {
		panic("more stacks than expected")
	}
	stacks := map[string]int64{}
	for _, r := range records[:n] {
		var names []string
		frames := runtime.CallersFrames(r.Stack())
		for {
			frame, more := frames.Next()
			names = append(names, frame.Function)
			if !more {
				break
			}
		}
		stack := strings.Join(names, "\n")
		if strings.HasPrefix(stack, "sync.") && !strings.Contains(stack, "sync.(*Pool)") && strings.Contains(stack, "polyfault/polyfault/core") {
			stacks[stack] += r.Count
		}
	}
	return stacks
}
