package store

import (
	"cmp"
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

// A FullPolicy is what a [LogHandler] does with a record while its queue is full: [Drop], the zero value, or [Block].
type FullPolicy int

// The policies.
const (
	// Drop counts the record and its occurrence, and drops it.
	Drop FullPolicy = iota
	// Block waits for room until the context of the record ends, but at most 30 s; then the record is
	// dropped. The context of [slog.Info] and the like never ends.
	Block
)

// LogOptions configure a [LogHandler]. The zero value means the defaults.
type LogOptions struct {
	Level         slog.Leveler  // lowest level; nil means [slog.LevelInfo]
	QueueSize     int           // greatest number of waiting records (and 64 MiB at most); 0 means 8,192
	BatchSize     int           // greatest number of records in one transaction, up to 2,000; 0 means 512
	FlushInterval time.Duration // time that a record waits for others, at least 1 ms; 0 means 200 ms
	WhenFull      FullPolicy    // the zero value is [Drop]
	// Fallback gets each record that cannot be written: after the database has failed for RetryFor, after
	// Close, and the records that a driver logs while it writes the log. Nil means text on standard error.
	// The fallback must not log through this handler. After [slog.SetDefault], the first handler of
	// [slog.Default] does that, and is refused.
	Fallback slog.Handler
	RetryFor time.Duration // time for which writes to a failing database are repeated; 0 means 10 s
	// Deduplicate keeps one row for all records that have the same fingerprint, until retention deletes the row. The row has
	// the first record's attributes and stack, the highest level, the counter [LogRecord].Repeats, the first and the last time,
	// the number of records in each hour ([Store.LogHours]), and the latest occurrences ([Store.LogOccurrences]).
	//
	// The fingerprint of a record with a code is made of code, scope and message. If nobody classified the error, it also
	// contains the types of the error, its innermost frame in the application, and its text without numbers, ids and quoted
	// values. The fingerprint of a record without a code is made of level, scope, message, and the first error among the
	// attributes.
	//
	// Each handler writes at most 1,000 new fingerprints a minute. Records with further ones share the row with
	// [OthersFingerprint].
	Deduplicate bool
	// Fingerprint replaces the fingerprint of a record, which [LogRecord].Fingerprint has; "" keeps it. A fingerprint has at most
	// 250 characters. The record has no id yet. The goroutine that writes calls the function, so that no request waits for it.
	// If the function panics, or takes longer than a second for a batch, its result is ignored, and the logger of the store
	// gets one line. Nil keeps all fingerprints.
	Fingerprint func(LogRecord) string
	// Recent is the number of occurrences that a row keeps with [Deduplicate]: their trace ids find the row. 0 means 50; the
	// limit is 1,000.
	Recent int
	// OnNew is called for each new row, and for each row that was resolved and happens again: its Regressions are positive.
	// It is called once for each, in one of the instances that share the database and have the option. If an instance ends
	// during the call, another one calls its function after two minutes. Rows that were last seen more than a day ago are left
	// out. OnNew requires Deduplicate. The function runs in its own goroutine, for one row after the other; Close ends ctx. A
	// panic affects only its row. The function may log through this handler.
	OnNew         func(ctx context.Context, r LogRecord)
	Host          string        // host of all records; "" means [os.Hostname]
	Scope         string        // scope of records without an attribute "scope"
	MaxAge        time.Duration // older records are deleted; 0 means never
	MaxRows       int           // older records than this many are deleted; 0 means never
	CleanInterval time.Duration // time between two deletions; 0 means 10 minutes
}

// LogStats are the counters of a [LogHandler]. Each record counts in exactly one of Written, Dropped, Fallback and Queued.
type LogStats struct {
	Accepted uint64 // records that the queue has accepted
	Written  uint64 // records in the database; with deduplication there are fewer rows
	Dropped  uint64 // records that are lost
	Fallback uint64 // records that the fallback got
	Retries  uint64 // repeated attempts to write
	Queued   int    // accepted records that are not written yet
}

// A LogHandler is a [slog.Handler] that writes to the log of a [Store]. [NewLogHandler] makes one. Handle copies the record
// into a queue: it never fails, never panics, and never waits for the database, except with [Block]. One goroutine writes
// batches. All methods are safe for concurrent use.
//
// An accepted record is written once, even if a connection dies within a commit, or goes to the fallback. There is one
// exception: the outcome of an attempt that has not ended after RetryFor is unknown. Its records go to the fallback, and may
// be in the database, too. A batch that the database refuses is divided until only the refused record goes to the fallback.
//
// The attributes "code", "scope", "trace_id" and "stack" outside of groups, as in a responder's log lines, go to columns of
// their own if they are texts; the last one of a name counts. So do "error.type" and "exception.stacktrace", the names of code
// and stack in [fault.OTelNames]; with other names of [fault.LogNames], code and stack stay among the attributes. The others
// are stored as JSON, in the form of [slog.JSONHandler]; the texts "params", "details" and "detail_causes" of a responder's
// lines are stored as the JSON that they contain. Handle resolves and encodes values before it returns, because they may
// belong to the request and change afterwards. The caller's goroutine spends that time.
//
// Lists are also filtered by the status, and sorted by it, the method, the route and the cause. These stay among the
// attributes: "status" or "http.response.status_code", a number from 100 to 599 or a text of its digits; "method" or
// "http.request.method"; "route" or "http.route", else "path" or "url.path"; "cause" or "exception.message", or an error. Of
// texts the first 250 characters count. A row of several records has the values of the first one.
//
// A message is cut after 8 KiB, a stack after 32 KiB, a text among the attributes after 8 KiB, a code,
// a scope and a trace id after 250 characters. Attributes beyond 32 KiB of JSON, or in groups deeper
// than 16, are left out; the member "!OMITTED" counts them. NUL, and bytes that are not UTF-8, become
// U+FFFD.
type LogHandler struct {
	core *logCore

	// The results of WithAttrs and WithGroup.
	attrs   []byte          // members of the object, with groups that are open
	open    int             // groups that are open in attrs
	groups  []string        // groups that have nothing in them yet
	columns [columns]string // attributes that are columns
	has     [columns]bool
	status  int
	omitted int
}

var _ slog.Handler = (*LogHandler)(nil)

// A logCore is the part that a handler shares with the handlers that its With methods return.
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

// NewLogHandler starts a handler that writes its log into the store's database. [LogHandler.Close] ends it; close it before
// the store and the database. The error reports a nil store or an invalid option.
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

// Handle copies the record into the queue. It always returns nil. A record without a time gets the store's time.
//
// Writing the log may cause log records, of the driver for example. Such records go to the fallback at once, since writing
// them would cause further ones; they are recognised by the context of the transaction. A driver may log without that
// context: its records go to the fallback after 64 batches in a row of nothing but such records. Records with the context
// that a fallback was given are dropped.
func (h *LogHandler) Handle(ctx context.Context, r slog.Record) error {
	if ctx == nil {
		ctx = context.Background()
	}
	e := newEntry()
	defer func() {
		if p := recover(); p != nil { // foreign code: a leveler, a context
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

// echoed keeps records that the writer itself has caused out of the queue.
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
	e.status, e.omitted = h.status, h.omitted
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

// WithAttrs returns a handler that adds the attributes to each record. It encodes them at once, and leaves out attributes
// beyond 16 KiB.
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
	derived.status = cmp.Or(e.status, h.status)
	derived.omitted += e.omitted
	if found {
		derived.attrs = append([]byte(nil), e.json[1:]...)
		derived.open, derived.groups = h.open+len(h.groups), nil
	}
	return &derived
}

// WithGroup returns a handler that puts later attributes into the group.
func (h *LogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	derived := *h
	derived.groups = append(append([]string(nil), h.groups...), strings.Clone(name))
	return &derived
}

// Flush waits until every record accepted so far is in the database or was given to the fallback. If ctx ends before that, it
// returns ctx's error.
func (h *LogHandler) Flush(ctx context.Context) error { return h.core.queue.flush(ctx) }

// closeGrace is the time that Close waits for drivers and fallbacks that ignore the end of their context.
const closeGrace = 5 * time.Second

// Close writes the accepted records, and ends the handler's goroutines. If ctx ends earlier, the remaining records go to the
// fallback, and Close returns ctx's error. Later records go to the fallback at once. Further calls wait for the same end.
// Close also closes all handlers made by With methods from the same one.
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

// Stats returns the present counters.
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

// scopeOf returns the scope of a record whose attribute is given.
func (c *logCore) scopeOf(attribute string) string {
	if attribute == "" {
		return c.options.Scope
	}
	return cleanScope(attribute)
}
