package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// A snapshot is all records at one moment. It never changes once it is published.
//
// Its age is the counter of polyfault_changes, which every write increases in its transaction: no clock
// decides what is newer.
type snapshot struct {
	counter int64
	byID    map[int64]*Record
	byKey   map[recordKey]*Record
	byExit  map[exitKey]*Record
}

type recordKey struct{ scope, name string } // name is folded

type exitKey struct {
	scope string
	code  int
}

func newSnapshot(counter int64, size int) *snapshot {
	return &snapshot{counter: counter, byID: make(map[int64]*Record, size), byKey: make(map[recordKey]*Record, size)}
}

// add puts the record in place of an older one.
func (n *snapshot) add(r *Record) {
	if old := n.byID[r.ID]; old != nil {
		if key := (recordKey{old.Scope, old.key}); n.byKey[key] == old {
			delete(n.byKey, key)
		}
	}
	n.byID[r.ID] = r
	n.byKey[recordKey{r.Scope, r.key}] = r
}

// addNewer adds the record unless a newer state of it is there.
func (n *snapshot) addNewer(r *Record) {
	if known := n.byID[r.ID]; known == nil || known.Version < r.Version {
		n.add(r)
	}
}

// finish indexes the exit codes, after all records are there: they may have exchanged theirs.
func (n *snapshot) finish() *snapshot {
	n.byExit = map[exitKey]*Record{}
	for _, r := range n.byID {
		if r.ExitCode == 0 {
			continue
		}
		key := exitKey{r.Scope, r.ExitCode}
		if other := n.byExit[key]; other == nil || r.before(other) {
			n.byExit[key] = r
		}
	}
	return n
}

// before decides between two records with one exit code: an operator's may have the code of a kind that
// came later.
func (r *Record) before(other *Record) bool {
	if r.Builtin != other.Builtin {
		return !r.Builtin
	}
	return r.ID < other.ID
}

// cache holds the newest snapshot.
type cache struct {
	now     atomic.Pointer[snapshot]
	loading sync.Mutex // one load at a time

	writing  sync.Mutex // for what follows, and for storing into now
	tracking bool       // a load is under way
	recent   []*Record  // put since it began: it may have read older states of them
}

// put adds records that the change with this counter has written, or that were read one by one, with a counter of 0. It
// never restores an older state of a record. It reports whether the cache has everything up to the counter.
func (c *cache) put(counter int64, records ...Record) (complete bool) {
	c.writing.Lock()
	defer c.writing.Unlock()
	old := c.now.Load()
	n := &snapshot{counter: old.counter, byID: maps.Clone(old.byID), byKey: maps.Clone(old.byKey)}
	if counter == old.counter+1 { // nobody else has written in between
		n.counter = counter
	}
	for i := range records {
		n.addNewer(&records[i])
		if c.tracking {
			c.recent = append(c.recent, &records[i])
		}
	}
	c.now.Store(n.finish())
	return n.counter >= counter
}

// track begins or ends the time of a load.
func (c *cache) track(on bool) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.tracking, c.recent = on, nil
}

// replace publishes what was loaded. What was put since the load began stays.
func (c *cache) replace(n *snapshot) {
	c.writing.Lock()
	defer c.writing.Unlock()
	for _, r := range c.recent {
		n.addNewer(r)
	}
	c.now.Store(n.finish())
}

// refresh loads the records if another instance has written since the last time.
func (s *Store) refresh(ctx context.Context) error {
	s.cache.loading.Lock()
	defer s.cache.loading.Unlock()
	defer s.cache.track(false)
	return s.read(ctx, "loading the records", func(ctx context.Context, db querier) error {
		var counter int64 // read first: the records are at least as new
		if err := db.QueryRowContext(ctx, "SELECT counter FROM polyfault_changes").Scan(&counter); err != nil {
			return err
		}
		old := s.cache.now.Load()
		if old != nil && old.counter == counter {
			return nil
		}
		s.cache.track(true) // what was put before this, the query finds
		rows, err := db.QueryContext(ctx, "SELECT "+recordColumns+" FROM polyfault_errors ORDER BY id")
		if err != nil {
			return err
		}
		n, err := loadSnapshot(rows, counter)
		if err != nil {
			return err
		}
		s.cache.replace(n)
		return nil
	})
}

func loadSnapshot(rows *sql.Rows, counter int64) (*snapshot, error) {
	defer func() { _ = rows.Close() }()
	n := newSnapshot(counter, 256)
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return nil, err
		}
		n.add(&r)
	}
	return n, rows.Err()
}

// watch starts the goroutines that learn of writes of others.
func (s *Store) watch() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.tasks.Go(func() { s.poll(ctx) })
	if s.listen != nil {
		s.tasks.Go(func() { s.keepListening(ctx) })
	}
}

// minPollTimeout is how long a poll may take, when the interval is not longer.
const minPollTimeout = 5 * time.Second

func (s *Store) poll(ctx context.Context) {
	ticker := time.NewTicker(s.interval)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-s.wake:
		}
		failing = s.pollOnce(ctx, failing)
	}
}

// pollOnce logs the first failure of a row, and its end.
func (s *Store) pollOnce(ctx context.Context, failing bool) bool {
	bounded, cancel := context.WithTimeout(ctx, max(s.interval, minPollTimeout))
	defer cancel()
	err := s.refresh(bounded)
	switch {
	case ctx.Err() != nil:
	case err != nil && !failing:
		s.log.Error("store: the records of errors may be stale: the database does not answer", "error", err)
	case err == nil && failing:
		s.log.Info("store: the records of errors are up to date again")
	}
	return err != nil
}

// changed makes the store look for changes at once. It does not block.
func (s *Store) changed() {
	select {
	case s.wake <- struct{}{}:
	default: // a look is due anyway
	}
}

const maxListenPause = 30 * time.Second

// keepListening starts the listener again whenever it returns; the pause doubles while it fails at
// once.
func (s *Store) keepListening(ctx context.Context) {
	const first = 100 * time.Millisecond
	for pause := first; ; pause = min(2*pause, maxListenPause) {
		begun := time.Now()
		err := s.listenOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("store: the listener has stopped, and is started again", "error", err)
		if time.Since(begun) > maxListenPause {
			pause = first
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

func (s *Store) listenOnce(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the listener has panicked: %v", v)
		}
	}()
	return s.listen(ctx, s.changed)
}
