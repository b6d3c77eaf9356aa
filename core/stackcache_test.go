package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Two stacks that have one slot are not taken for each other, and a stack takes its part of the line.
func TestStackCache(t *testing.T) {
	var cache stackCache
	first := callers(-1)
	second := append(Stack{}, first...)
	for second[0]++; second.hash()%uint64(len(cache)) != first.hash()%uint64(len(cache)); second[len(second)-1]++ {
		assert.NotEqual(t, first, second)
	}
	for range 2 {
		assert.Equal(t, first.String(), cache.of(first).text)
		assert.Equal(t, second.String(), cache.of(second).text)
		kept := cache.of(second)
		assert.Same(t, kept, cache.of(second))
	}
	key := first.String()
	reused := append(Stack{}, first...) // by a pool of the application, say
	cache = stackCache{}
	kept := cache.of(reused)
	reused[0] = second[0]
	assert.Equal(t, first, kept.stack)
	assert.Equal(t, key, cache.of(first).text)
	text := cache.of(first)
	known, written := line{left: maxLine}, line{left: maxLine}
	known.stack("stack", text)
	written.text("stack", first.String(), maxStack)
	assert.Equal(t, written, known)
	short := line{left: 10}
	short.stack("stack", text)
	assert.LessOrEqual(t, len(short.attrs[0].Value.String()), 10+len(omitted))
}
