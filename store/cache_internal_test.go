package store

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// These orders of events happen once in a million calls; here they are made.

func filledCache(counter int64, records ...Record) *cache {
	c := &cache{}
	n := newSnapshot(counter, 0)
	for i := range records {
		n.add(&records[i])
	}
	c.replace(n)
	return c
}

// The writer that committed first may put last.
func TestCacheKeepsTheNewerState(t *testing.T) {
	t.Parallel()
	c := filledCache(4)
	assert.False(t, c.put(6, Record{ID: 1, Title: "new", Version: 6}), "what version 5 wrote is not there yet")
	c.put(5, Record{ID: 1, Title: "old", Version: 5})
	assert.Equal(t, "new", c.now.Load().byID[1].Title)
}

// A load that began before a write may end after it.
func TestCacheKeepsWhatWasPutWhileLoading(t *testing.T) {
	t.Parallel()
	c := filledCache(4, Record{ID: 1, Title: "first", Version: 4}, Record{ID: 2, Title: "deleted", Version: 9, key: "deleted"})
	c.track(true)
	assert.True(t, c.put(5, Record{ID: 1, Title: "put", Version: 5, ExitCode: 7}))
	assert.Equal(t, int64(5), c.now.Load().counter)
	loaded := newSnapshot(4, 0)
	loaded.add(&Record{ID: 1, Title: "first", Version: 4})
	c.replace(loaded)
	n := c.now.Load()
	assert.Equal(t, "put", n.byID[1].Title)
	assert.Equal(t, "put", n.byExit[exitKey{"", 7}].Title)
	assert.Equal(t, int64(4), n.counter, "the next poll loads again")
	assert.Nil(t, n.byID[2], "what was not put while loading goes")
	assert.Nil(t, n.byKey[recordKey{"", "deleted"}])

	c.track(false)
	c.put(5, Record{ID: 3, Version: 5})
	c.track(true)
	c.replace(newSnapshot(6, 0))
	assert.Empty(t, c.now.Load().byID, "what was put before the load is in it, or deleted")
}

// A name that one record has given up may be another one's before the cache hears of the first.
func TestCacheFindsTheNewOwnerOfAName(t *testing.T) {
	t.Parallel()
	c := filledCache(1, Record{ID: 1, Version: 1, key: "name"})
	c.put(0, Record{ID: 2, Version: 3, key: "name"})
	c.put(0, Record{ID: 1, Version: 2, key: "other"})
	assert.Equal(t, int64(2), c.now.Load().byKey[recordKey{"", "name"}].ID)
	assert.Equal(t, int64(1), c.now.Load().byKey[recordKey{"", "other"}].ID)
}

// Of two records with one exit code an operator's comes first, then the older one.
func TestCacheChoosesAmongExitCodes(t *testing.T) {
	t.Parallel()
	for range 10 { // maps have no order
		c := filledCache(1,
			Record{ID: 1, ExitCode: 7, Builtin: true, key: "a"}, Record{ID: 2, ExitCode: 7, key: "b"}, Record{ID: 3, ExitCode: 7, key: "c"},
			Record{ID: 4, ExitCode: 8, Builtin: true, key: "d"}, Record{ID: 5, ExitCode: 8, Builtin: true, key: "e"})
		assert.Equal(t, []int64{2, 4}, []int64{c.now.Load().byExit[exitKey{"", 7}].ID, c.now.Load().byExit[exitKey{"", 8}].ID})
	}
}
