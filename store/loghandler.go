package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/polyfault/polyfault/internal/errtree"
)

// A FullPolicy is what a [LogHandler] does with a record when its queue is full: [Drop], the zero value, or
// [Block].
type FullPolicy int

// The policies.
const (
	// Drop counts the record, and its occurrence, and forgets it.
	Drop FullPolicy = iota
	// Block waits for room, until the context of the record ends, but no longer than 30 s: then the
	// record is dropped. Mind that [slog.Info] and the like have a context that never ends.
	Block
)

// LogOptions configure a [LogHandler]. The zero LogOptions have the defaults.
type LogOptions struct {
	Level         slog.Leveler  // the least level; nil is [slog.LevelInfo]
	QueueSize     int           // records that wait at most, and 64 MiB; 0 is 8,192
	BatchSize     int           // records in one transaction at most, up to 2,000; 0 is 512
	FlushInterval time.Duration // how long a record waits for others; 0 is 200 ms, the least 1 ms
	WhenFull      FullPolicy    // the zero value is [Drop]
	// Fallback gets each record that cannot be written: when the database has failed for RetryFor,
	// after Close, and what a driver logs while it writes the log. Nil means text on standard error. It
	// must not log through this handler; [slog.Default]'s first handler does so in secret after
	// [slog.SetDefault], and is refused.
	Fallback slog.Handler
	RetryFor time.Duration // how long a failing database is tried again; 0 is 10 s
	// Deduplicate keeps one row for records that have the same fingerprint, for as long as retention keeps it: the
	// first one's attributes and stack, the highest level, the counter [LogRecord].Repeats, when it was seen first
	// and last, how often in which hour ([Store.LogHours]), and its latest occurrences ([Store.LogOccurrences]).
	//
	// The fingerprint of a record with a code is made of code, scope and message; when the code is that of an error that
	// nobody classified, also of the types of the error, its innermost frame of the application, and its text without
	// numbers, ids and quoted values. Without a code it is level, scope, message, and the first error among the attributes.
	//
	// Of one handler, 1,000 fingerprints that are not in the database are written a minute: what comes after
	// them is the row with [OthersFingerprint].
	Deduplicate bool
	// Fingerprint decides what is the same in place of the rule above, which has filled in [LogRecord].Fingerprint;
	// "" leaves it as it is. A fingerprint has 250 characters at most. The record has no id yet. The function is called by
	// the goroutine that writes, never while a request waits. One that panics, or takes longer than a second for a batch,
	// is left out of account, and told once to the logger of the store. Nil is the rule above.
	Fingerprint func(LogRecord) string
	// Recent is how many occurrences of a row [Deduplicate] keeps: their trace ids find the row. 0 is 50, 1,000 the most.
	Recent int
	// OnNew is told of rows that are new, and of rows that had been resolved and happen again, whose Regressions is
	// positive: each once, by one of the instances that share the database and have the option. An instance that dies while
	// it tells leaves it to another one, after two minutes. What happened more than a day ago is not told. It needs
	// Deduplicate. The function is called by a goroutine of its own, one row after the other; ctx ends with Close. A panic
	// costs that row. It may log through this handler.
	OnNew         func(ctx context.Context, r LogRecord)
	Host          string        // of all records; "" is [os.Hostname]
	Scope         string        // of records without an attribute "scope"
	MaxAge        time.Duration // older records are deleted; 0 is never
	MaxRows       int           // only so many of the newest records stay; 0 is all
	CleanInterval time.Duration // between two deletions; 0 is 10 minutes
}

// LogStats count what a [LogHandler] has done so far. Each record is in exactly one of Written, Dropped,
// Fallback and Queued.
type LogStats struct {
	Accepted uint64 // records that the queue has taken
	Written  uint64 // records in the database; with deduplication there are fewer rows
	Dropped  uint64 // records that are lost
	Fallback uint64 // records that the fallback got
	Retries  uint64 // attempts to write that were not the first
	Queued   int    // records that are accepted and nowhere yet
}

// A LogHandler is a [slog.Handler] that writes to the log of a [Store]. Handing over a record costs a
// copy of it into a queue: it never waits for the database, unless [Block] says so, it never fails and
// never panics. One goroutine writes batches. [NewLogHandler] makes one; all methods are safe for
// concurrent use.
//
// What the queue has accepted is written once, also when connections die within a commit, or goes to the
// fallback. Only the outcome of an attempt that had not ended after RetryFor is unknown: its records go to the
// fallback, and may be in the database too. A batch that the database refuses is divided until only the
// record to blame goes to the fallback.
//
// The attributes "code", "scope", "trace_id" and "stack" outside of groups, as a responder's log lines
// have them, go to columns of their own when they are texts; the last one counts. So do "error.type" and
// "exception.stacktrace", as [fault.OTelNames] calls code and stack; with other names of [fault.LogNames] code and
// stack stay among the attributes. The others are kept as JSON, as [slog.JSONHandler] writes them; "params",
// "details" and "detail_causes" of a responder's lines, which are texts there, are kept as the JSON that they are.
// Values are resolved and encoded before Handle returns: they may belong to the request, and change after it. The
// code that does so is the caller's, and so is its time.
//
// A message is cut after 8 KiB, a stack after 32 KiB, a text among the attributes after 8 KiB, a code,
// a scope and a trace id after 250 characters. Attributes beyond 32 KiB of JSON, or in groups deeper
// than 16, are left out; the member "!OMITTED" counts them. NUL, and bytes that are not UTF-8, become
// U+FFFD.
type LogHandler struct {
	core *logCore

	// What WithAttrs and WithGroup have said.
	attrs   []byte          // members of the object, with groups that are open
	open    int             // groups that are open in attrs
	groups  []string        // groups that have nothing in them yet
	columns [columns]string // attributes that are columns
	has     [columns]bool
	omitted int
}

var _ slog.Handler = (*LogHandler)(nil)

// A logCore is what a handler shares with those that its With methods return.
type logCore struct {
	store    *Store
	options  LogOptions
	queue    *logQueue
	writer   *logWriter
	patience time.Duration // of Block

	busy    atomic.Int32 // what the writer does: see inDatabase
	looping atomic.Bool  // what comes while it is busy is its own echo
	nested  atomic.Int32 // calls of the fallback

	dropped, written, fell, retries atomic.Uint64

	stop  context.CancelFunc // ends what the goroutines do
	tasks sync.WaitGroup
	ended chan struct{} // closed when the goroutines have ended
	once  sync.Once

	asker  printAsker
	budget printBudget
	news   chan struct{} // rows may be to be announced

	mu      sync.Mutex
	pending tallies // occurrences of records that are not written
}

// The least and the most of options.
const (
	maxBatch         = 2000 // SQLite takes 32,766 parameters
	maxRecent        = 1000
	minFlushInterval = time.Millisecond
	blockPatience    = 30 * time.Second
)

// NewLogHandler starts to write a log into the store's database. [LogHandler.Close] ends it; close it
// before the store and the database. The error says what is wrong: a store that is nil, or an option.
func NewLogHandler(s *Store, o LogOptions) (*LogHandler, error) {
	if s == nil {
		return nil, errors.New("store: NewLogHandler: the store is nil; Open makes one")
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("store: NewLogHandler: %w", err)
	}
	o.setDefaults()
	ctx, stop := context.WithCancel(context.WithValue(context.Background(), echoKey{}, inDatabase))
	c := &logCore{
		store: s, options: o, queue: newLogQueue(o.QueueSize, o.BatchSize), patience: blockPatience,
		stop: stop, ended: make(chan struct{}), pending: tallies{}, news: make(chan struct{}, 1),
		asker: printAsker{ask: o.Fingerprint, busy: make(chan struct{}, 1)},
	}
	c.writer = newLogWriter(c, rand.Text())
	closing, closed := context.WithCancel(ctx)
	c.tasks.Go(func() {
		defer closed()
		c.writer.run(ctx)
	})
	if o.MaxAge > 0 || o.MaxRows > 0 {
		c.tasks.Go(func() { c.clean(closing) })
	}
	if o.OnNew != nil {
		c.tasks.Go(func() { c.announce(ctx, closing) })
	}
	c.tasks.Go(func() { c.complete(closing) })
	return &LogHandler{core: c}, nil
}

func (o *LogOptions) check() error {
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"QueueSize", int64(o.QueueSize)}, {"BatchSize", int64(o.BatchSize)}, {"FlushInterval", int64(o.FlushInterval)},
		{"RetryFor", int64(o.RetryFor)}, {"MaxAge", int64(o.MaxAge)}, {"MaxRows", int64(o.MaxRows)}, {"CleanInterval", int64(o.CleanInterval)},
		{"Recent", int64(o.Recent)},
	} {
		if n.value < 0 {
			return fmt.Errorf("%s is negative", n.name)
		}
	}
	for _, f := range []struct {
		name  string
		value any
	}{{"Level", o.Level}, {"Fallback", o.Fallback}} {
		if f.value != nil && errtree.IsNil(f.value) {
			return fmt.Errorf("%s is a nil %T", f.name, f.value)
		}
	}
	switch {
	case o.Recent > maxRecent:
		return fmt.Errorf("the option Recent is %d, more than %d", o.Recent, maxRecent)
	case o.OnNew != nil && !o.Deduplicate:
		return errors.New("OnNew needs Deduplicate: without it each record is a row of its own")
	case o.BatchSize > maxBatch:
		return fmt.Errorf("BatchSize is %d, more than %d", o.BatchSize, maxBatch)
	case o.FlushInterval != 0 && o.FlushInterval < minFlushInterval:
		return fmt.Errorf("FlushInterval is %s, less than %s", o.FlushInterval, minFlushInterval)
	case o.WhenFull != Drop && o.WhenFull != Block:
		return fmt.Errorf("WhenFull is %d; use store.Drop or store.Block", o.WhenFull)
	case fmt.Sprintf("%T", o.Fallback) == "*slog.defaultHandler":
		return errors.New("the fallback is slog's default handler, which after slog.SetDefault logs through this one: " +
			"use slog.NewTextHandler(os.Stderr, nil)")
	}
	return nil
}

func (o *LogOptions) setDefaults() {
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	if o.Fallback == nil {
		o.Fallback = slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: o.Level})
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname()
	}
	o.Host, o.Scope = storable(o.Host, maxColumn), cleanScope(o.Scope)
	o.QueueSize = orDefault(o.QueueSize, 8192)
	o.BatchSize = orDefault(o.BatchSize, 512)
	o.Recent = orDefault(o.Recent, 50)
	o.FlushInterval = orDefault(o.FlushInterval, 200*time.Millisecond)
	o.RetryFor = orDefault(o.RetryFor, 10*time.Second)
	o.CleanInterval = orDefault(o.CleanInterval, 10*time.Minute)
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value == 0 {
		return otherwise
	}
	return value
}

// echoKey marks contexts in which the log is written, with inDatabase or inFallback: what is logged there
// is an echo.
type echoKey struct{}

// Enabled reports whether records of the level are written.
func (h *LogHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.core.options.Level.Level()
}

// Handle takes a copy of the record into the queue. It always returns nil.
//
// A record whose time is zero has the store's time. Records that are logged with the context of a
// writing transaction go to the fallback at once: writing them would cause the next ones. Those with the
// context that a fallback was given are dropped. A driver that forgets the context is recognised when 64
// batches in a row had nothing but what came while they were written; then its records go to the fallback too.
func (h *LogHandler) Handle(ctx context.Context, r slog.Record) error {
	if ctx == nil {
		ctx = context.Background()
	}
	e := newEntry()
	defer func() {
		if p := recover(); p != nil { // a leveler, a context: code of others
			h.core.dropped.Add(1)
		}
	}()
	h.fill(e, &r)
	busy := h.core.busy.Load()
	e.echo = busy != idle
	if mark, ok := ctx.Value(echoKey{}).(int32); ok {
		h.echoed(ctx, e, mark)
		return nil
	}
	if h.core.looping.Load() {
		if e.echo {
			h.echoed(ctx, e, busy)
			return nil
		}
		h.core.looping.Store(false)
	}
	h.enqueue(ctx, e)
	return nil
}

// echoed keeps a record that the writer itself has caused out of the queue.
func (h *LogHandler) echoed(ctx context.Context, e *entry, busy int32) {
	if busy == inFallback {
		h.core.dropped.Add(1)
		e.free()
		return
	}
	h.core.fallBack(ctx, e)
}

func (h *LogHandler) enqueue(ctx context.Context, e *entry) {
	got := h.core.queue.put(e)
	if got == full && h.core.options.WhenFull == Block {
		got = h.core.queue.putWaiting(ctx, e, h.core.patience)
	}
	switch got {
	case accepted:
	case closed:
		h.core.fallBack(ctx, e)
	case full:
		h.core.dropped.Add(1)
		h.core.keepCount(e)
		e.free()
	}
}

// fill copies the record.
func (h *LogHandler) fill(e *entry, r *slog.Record) {
	e.level = int(clampedLevel(r.Level))
	t := r.Time
	if t.IsZero() {
		t = h.core.store.now()
	}
	e.created = clampedMicros(t)
	e.setMessage(r.Message)
	for c := range columns {
		if h.has[c] {
			e.setColumn(c, h.columns[c])
		}
	}
	e.omitted = h.omitted
	e.json = append(append(e.json, '{'), h.attrs...)
	open := h.open
	e.top = open == 0 && len(h.groups) == 0
	if r.NumAttrs() > 0 {
		open = h.fillAttrs(e, r)
	}
	for range open {
		e.json = append(e.json, '}')
	}
	if e.omitted > 0 {
		e.key("!OMITTED")
		e.value(slog.IntValue(e.omitted))
	}
	e.json = append(e.json, '}')
}

// fillAttrs copies the record's own attributes; groups are opened when there is something in them.
func (h *LogHandler) fillAttrs(e *entry, r *slog.Record) (open int) {
	mark := len(e.json)
	for _, group := range h.groups {
		e.key(group)
		e.json = append(e.json, '{')
	}
	found := false
	r.Attrs(func(a slog.Attr) bool {
		found = e.attr(a) || found
		return true
	})
	if !found {
		e.json = e.json[:mark]
		return h.open
	}
	return h.open + len(h.groups)
}

// WithAttrs returns a handler that adds the attributes to each record. They are encoded now; of more
// than 16 KiB the rest is left out.
func (h *LogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	e := newEntry()
	defer e.free()
	e.limit = maxAttributes / 2
	e.json = append(append(e.json, '{'), h.attrs...)
	e.top = h.open == 0 && len(h.groups) == 0
	for _, group := range h.groups {
		e.key(group)
		e.json = append(e.json, '{')
	}
	found := false
	for _, a := range attrs {
		found = e.attr(a) || found
	}
	derived := *h
	for c, s := range e.columns {
		if s != (span{}) {
			derived.columns[c], derived.has[c] = string(e.text[s.from:s.to]), true
		}
	}
	derived.omitted += e.omitted
	if found {
		derived.attrs = append([]byte(nil), e.json[1:]...)
		derived.open, derived.groups = h.open+len(h.groups), nil
	}
	return &derived
}

// WithGroup returns a handler that puts the attributes that follow into the group.
func (h *LogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	derived := *h
	derived.groups = append(append([]string(nil), h.groups...), strings.Clone(name))
	return &derived
}

// Flush waits until each record that was accepted before is in the database or with the fallback, or
// until ctx ends; then it returns ctx's error.
func (h *LogHandler) Flush(ctx context.Context) error { return h.core.queue.flush(ctx) }

// closeGrace is how long Close waits for drivers and fallbacks that do not hear of the end.
const closeGrace = 5 * time.Second

// Close writes what was accepted, and ends the handler's goroutines. When ctx ends earlier, what is not
// written goes to the fallback, and ctx's error is returned. Records that are logged afterwards go to
// the fallback at once. Further calls wait for the same. It is for all handlers that With methods have
// made of this one.
func (h *LogHandler) Close(ctx context.Context) error {
	h.core.once.Do(func() {
		h.core.queue.close()
		go func() {
			h.core.tasks.Wait()
			h.core.stop()
			close(h.core.ended)
		}()
	})
	select {
	case <-h.core.ended:
		return nil
	case <-ctx.Done():
	}
	h.core.stop()
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-h.core.ended:
	case <-grace.C:
	}
	return context.Cause(ctx)
}

// Stats returns the counters at this moment.
func (h *LogHandler) Stats() LogStats {
	in, queued := h.core.queue.counts()
	return LogStats{
		Accepted: in, Queued: queued, Written: h.core.written.Load(), Dropped: h.core.dropped.Load(),
		Fallback: h.core.fell.Load(), Retries: h.core.retries.Load(),
	}
}

// keepCount counts the occurrence of a record that is not written, if it has a code.
func (c *logCore) keepCount(e *entry) {
	code := e.columnText(columnCode)
	if code == "" {
		return
	}
	key := hourKey{storable(code, maxColumn), c.scopeOf(e.columnText(columnScope)), hourOf(e.created)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.addBounded(key, hourTally{1, e.created})
}

// scopeOf is the scope of a record whose attribute is given.
func (c *logCore) scopeOf(attribute string) string {
	if attribute == "" {
		return c.options.Scope
	}
	return cleanScope(attribute)
}
