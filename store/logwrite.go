package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The states of the writer, for records that come meanwhile.
const (
	idle int32 = iota
	inDatabase
	inFallback
)

// After so many batches of nothing but echoes, echoes are kept out.
const maxEchoes = 64

// The pauses between attempts, doubled each time and jittered, and between looks at a database that has
// failed for longer than RetryFor.
const (
	firstRetryPause = 25 * time.Millisecond
	maxRetryPause   = 2 * time.Second
	probePause      = 5 * time.Second
	attemptGrace    = time.Second
)

// A logWriter is the one goroutine that empties the queue.
type logWriter struct {
	*logCore
	id     string // in polyfault_writers
	number int64  // of the last batch
	echoes int    // batches of nothing but echoes, in a row
	down   bool   // the database has failed for RetryFor
	probe  time.Time

	batch []*entry
	next  *logBatch
}

// A logBatch is the records and counts of one transaction.
type logBatch struct {
	*logCore
	writer string
	number int64
	rows   []logRow
	counts tallies
	args   []any

	granted map[string]bool // new fingerprints that the budget has let pass: an attempt may be repeated
	fresh   bool            // the last attempt may have written something to announce

	statements map[string]string // by what they insert, and how much
	texts      memory
}

func newLogWriter(c *logCore, id string) *logWriter { return &logWriter{logCore: c, id: id} }

// run writes batches until the queue is closed and empty. ctx ends when waiting has to.
func (w *logWriter) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	waiting := false // the timer runs for the first record of a batch
	for {
		q := w.queue.state()
		switch {
		case q.waiting == 0 && q.closed:
			w.end(ctx)
			return
		case q.waiting >= w.options.BatchSize || q.waiting > 0 && q.hurry:
			waiting = false
			w.writeNext(ctx, q)
			continue
		case q.waiting > 0 && !waiting:
			waiting = true
			timer.Reset(w.options.FlushInterval)
		case q.waiting == 0:
			waiting = false
			timer.Reset(probePause)
		}
		select {
		case <-w.queue.wake:
		case <-timer.C:
			waiting = false
			w.writeNext(ctx, q)
		}
	}
}

// writeNext writes a batch, or only counts when there is none.
func (w *logWriter) writeNext(ctx context.Context, q queueState) {
	w.batch = w.queue.take(w.batch[:0], w.options.BatchSize)
	w.watchEchoes()
	if q.hurry {
		w.probe = time.Time{} // a caller waits, so try the database again
	}
	w.write(ctx, w.batch)
	n := len(w.batch)
	for i, e := range w.batch {
		e.free()
		w.batch[i] = nil
	}
	w.queue.finish(n)
}

// watchEchoes looks for a loop through a driver or a fallback that logs without the context it was
// given. Whoever logs for other reasons also does so in the pause between two batches; a full batch
// says nothing, as there is no pause.
func (w *logWriter) watchEchoes() {
	if len(w.batch) == 0 || len(w.batch) == w.options.BatchSize {
		return
	}
	if slices.ContainsFunc(w.batch, func(e *entry) bool { return !e.echo }) {
		w.echoes = 0
		return
	}
	w.echoes++
	if w.echoes >= maxEchoes {
		w.echoes = 0
		w.looping.Store(true)
	}
}

// end writes the last counts and takes the writer out of the table.
func (w *logWriter) end(ctx context.Context) {
	w.probe = time.Time{}
	w.write(ctx, nil)
	if w.number == 0 || w.down || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = w.store.transact(ctx, "ending the log", func(ctx context.Context, tx querier) error {
		_, err := tx.ExecContext(ctx, w.store.q("DELETE FROM polyfault_writers WHERE writer = ?"), w.id)
		return err
	})
}

// write brings the records, and counts that wait, into the database, or the records to the fallback.
func (w *logWriter) write(ctx context.Context, batch []*entry) {
	counts := w.takePending()
	if len(batch) > 0 || len(counts) > 0 {
		w.writeBoth(ctx, batch, counts)
	}
}

// writeBoth halves a batch that the database will never take, until it has found the record to blame.
func (w *logWriter) writeBoth(ctx context.Context, batch []*entry, counts tallies) {
	err := w.persist(ctx, batch, counts)
	switch {
	case err == nil:
		w.written.Add(uint64(len(batch)))
		return
	case isRefused(err) && len(batch) == 0:
		return // only counts, which the fallback does not take
	case isRefused(err) && len(counts) > 0:
		w.writeBoth(ctx, batch, nil)
		w.writeBoth(ctx, nil, counts)
		return
	case isRefused(err) && len(batch) > 1:
		w.writeBoth(ctx, batch[:len(batch)/2], nil)
		w.writeBoth(ctx, batch[len(batch)/2:], nil)
		return
	}
	w.keepPending(counts)
	for _, e := range batch {
		w.keepCount(e)
		w.busy.Store(inFallback)
		w.fallBack(ctx, e)
		w.busy.Store(idle)
	}
}

func (w *logWriter) takePending() tallies {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pending) == 0 {
		return nil
	}
	counts := w.pending
	w.pending = tallies{}
	return counts
}

func (w *logWriter) keepPending(counts tallies) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, tally := range counts {
		w.pending.addBounded(key, tally)
	}
}

// persist writes the records, and counts of others, in one transaction, and repeats it for RetryFor.
// When that has failed, further batches have one attempt every 5 s, until one succeeds: the fallback
// must not wait for the database.
func (w *logWriter) persist(ctx context.Context, batch []*entry, counts tallies) error {
	if w.down && time.Now().Before(w.probe) {
		return errDown
	}
	patience, cancel := context.WithTimeout(ctx, w.options.RetryFor)
	defer cancel()
	w.number++
	if w.next == nil {
		w.next = &logBatch{logCore: w.logCore, writer: w.id, counts: tallies{}, statements: map[string]string{}, granted: map[string]bool{}}
	}
	w.next.compose(ctx, w.number, batch, counts)
	for pause := firstRetryPause; ; pause = min(2*pause, maxRetryPause) {
		w.busy.Store(inDatabase)
		err := w.attempt(patience)
		w.busy.Store(idle)
		if err == nil {
			w.down = false
			w.tellNews()
			return nil
		}
		if isRefused(err) {
			return err
		}
		if w.down || !sleep(patience, pause) {
			w.down, w.probe = true, time.Now().Add(probePause)
			return err
		}
		w.retries.Add(1)
	}
}

// tellNews wakes the goroutine that announces rows.
func (w *logWriter) tellNews() {
	if !w.next.fresh {
		return
	}
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// attempt runs one transaction. If it ignores the end of ctx, it is left alone: it may still take effect, although its
// records also go to the fallback.
func (w *logWriter) attempt(ctx context.Context) error {
	batch := w.next
	ended := make(chan error, 1)
	go func() { ended <- w.store.transact(ctx, "writing the log", batch.insert) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace := time.NewTimer(attemptGrace)
	defer grace.Stop()
	select {
	case err := <-ended:
		return err
	case <-grace.C:
		w.next = nil
		return context.Cause(ctx)
	}
}

const errDown = refusal("store: the database has failed before")

type refusal string

func (r refusal) Error() string { return string(r) }

// isRefused reports whether the database does not want the values, and will not want them later:
// SQLSTATE classes 22, 23 and 54.
func isRefused(err error) bool {
	state := stateOf(err)
	if e, ok := errors.AsType[*databaseError](err); ok && state == "" {
		state = stateOf(e.err)
	}
	return len(state) == 5 && (state[:2] == "22" || state[:2] == "23" || state[:2] == "54")
}

// A logRow is an entry as the database has it.
type logRow struct {
	level                                int
	message, code, scope, traceID, stack string
	path, cause, types, place            string
	method, route                        string
	status                               int
	attributes                           string
	created, seen                        int64
	repeats                              int
	mark                                 string

	// With deduplication.
	recent []occurrence // the latest ones
	hours  []hourCount
}

// An occurrence is one record of a row.
type occurrence struct {
	traceID, path string
	created       int64
}

// An hourCount is how many records of a row belong to an hour.
type hourCount struct {
	hour  int64
	count int
}

// rowOf copies the entry: its text in one piece.
func (c *logCore) rowOf(e *entry) logRow {
	text := string(e.text)
	of := func(i column) string { return text[e.columns[i].from:e.columns[i].to] }
	r := logRow{
		level: e.level, message: storable(text[:e.message], 0), code: storable(of(columnCode), maxColumn), scope: c.scopeOf(of(columnScope)),
		traceID: storable(of(columnTraceID), maxColumn), stack: storable(of(columnStack), 0), attributes: string(e.json),
		path: storable(of(columnPath), 0), cause: storable(of(columnCause), 0), types: of(columnTypes), place: of(columnPlace),
		method: of(columnMethod), route: of(columnRoute), status: e.status, created: e.created, seen: e.created, repeats: 1,
	}
	return r
}

// A requestColumns is what columns have of the request, so that lists can be sorted by it and filtered: of the first record
// of a row. A row has a status, or 0; without a route it has the path.
type requestColumns struct {
	status               int
	method, route, cause string
}

// requestColumns are those of the row.
func (r *logRow) requestColumns() requestColumns {
	return requestColumns{r.status, storable(r.method, maxColumn), storable(cmp.Or(r.route, r.path), maxColumn), storable(r.cause, maxColumn)}
}

// record is the row for functions of the application.
func (r *logRow) record(host string) LogRecord {
	return LogRecord{
		Host: host, Level: slog.Level(r.level), Message: r.message, Code: r.code, Scope: r.scope, TraceID: r.traceID,
		Attributes: json.RawMessage(r.attributes), Stacktrace: r.stack, Created: fromMicros(r.created), Repeats: r.repeats,
		LastSeen: fromMicros(r.seen), Fingerprint: r.mark, State: LogNew,
	}
}

// compose makes the rows and counts of a batch.
func (b *logBatch) compose(ctx context.Context, number int64, batch []*entry, counts tallies) {
	b.number = number
	b.rows = b.rows[:0]
	clear(b.counts)
	clear(b.granted)
	maps.Copy(b.counts, counts)
	for _, e := range batch {
		r := b.rowOf(e)
		r.mark = b.texts.printOf(&r)
		b.rows = append(b.rows, r)
		if r.code != "" {
			b.counts.add(hourKey{r.code, r.scope, hourOf(r.created)}, hourTally{1, r.created})
		}
	}
	b.askAll(ctx, b.rows)
	if b.options.Deduplicate {
		b.rows = b.deduplicate(b.rows)
	}
}

// deduplicate joins the rows of one fingerprint, in the order of the fingerprints: instances that wait for each
// other's rows must not do so in a circle.
func (b *logBatch) deduplicate(rows []logRow) []logRow {
	first := make(map[string]int, len(rows))
	unique := rows[:0]
	for _, r := range rows {
		r.recent = append(r.recent, occurrence{r.traceID, r.path, r.created})
		r.hours = append(r.hours, hourCount{hourOf(r.created), 1})
		i, ok := first[r.mark]
		if !ok {
			first[r.mark] = len(unique)
			unique = append(unique, r)
			continue
		}
		unique[i].join(&r, b.options.Recent)
	}
	clear(rows[len(unique):])
	sortByPrint(unique)
	return unique
}

func sortByPrint(rows []logRow) {
	slices.SortFunc(rows, func(a, b logRow) int { return strings.Compare(a.mark, b.mark) })
}

// join adds what other stands for.
func (r *logRow) join(other *logRow, recent int) {
	r.repeats += other.repeats
	r.level = max(r.level, other.level)
	r.created, r.seen = min(r.created, other.created), max(r.seen, other.seen)
	r.recent = append(r.recent, other.recent...)
	if n := len(r.recent) - recent; n > recent { // not at each one
		r.recent = append(r.recent[:0], r.recent[n:]...)
	}
	for _, h := range other.hours {
		i := slices.IndexFunc(r.hours, func(known hourCount) bool { return known.hour == h.hour })
		if i < 0 {
			r.hours = append(r.hours, h)
			continue
		}
		r.hours[i].count += h.count
	}
}

// insert runs the statements of the transaction. A batch has a number and is written once, even if the answer to a commit
// was lost.
func (b *logBatch) insert(ctx context.Context, tx querier) error {
	result, err := tx.ExecContext(ctx, b.store.q(insertWriter), b.writer, b.number, toMicros(b.store.now()))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err // the batch was already written
	}
	if b.options.Deduplicate {
		err = b.upsertRows(ctx, tx)
	} else {
		err = b.insertRows(ctx, tx)
	}
	if err != nil {
		return err
	}
	return b.insertCounts(ctx, tx)
}

const insertWriter = "INSERT INTO polyfault_writers (writer, batch, seen) VALUES (?, ?, ?) ON CONFLICT (writer) DO UPDATE " +
	"SET batch = excluded.batch, seen = excluded.seen WHERE polyfault_writers.batch < excluded.batch"

const (
	insertLog = "INSERT INTO polyfault_log (host, level, message, code, scope, trace_id, attributes, stacktrace, created, repeats, " +
		"last_seen, print, search, status, method, route, cause"

	insertCounts = "INSERT INTO polyfault_occurrences (code, scope, hour, count, last_seen) VALUES "
	countValues  = "(?, ?, ?, ?, ?)"

	onCount = " ON CONFLICT (code, scope, hour) DO UPDATE SET count = polyfault_occurrences.count + excluded.count, " +
		"last_seen = CASE WHEN excluded.last_seen > polyfault_occurrences.last_seen THEN excluded.last_seen " +
		"ELSE polyfault_occurrences.last_seen END"
)

// logInsert is the beginning of the statement, and one row of its values.
func (b *logBatch) logInsert() (begin, row string) {
	begin, row = insertLog, placeholders(17)
	if b.store.dialect == PostgreSQL {
		begin, row = begin+", grams", row+", CAST(? AS integer[])"
	}
	return begin, row
}

// addRow appends the values of a row.
func (b *logBatch) addRow(r *logRow) {
	search, c := b.texts.searched(r, b.store.dialect == PostgreSQL), r.requestColumns()
	b.args = append(b.args, b.options.Host, r.level, r.message, r.code, r.scope, r.traceID, r.attributes, r.stack,
		r.created, r.repeats, r.seen, r.mark, search.text, c.status, c.method, c.route, c.cause)
	if b.store.dialect == PostgreSQL {
		b.args = append(b.args, search.grams)
	}
}

func (b *logBatch) insertRows(ctx context.Context, tx querier) error {
	begin, row := b.logInsert()
	return b.insertAll(ctx, tx, begin+") VALUES ", "", "("+row+")", len(b.rows), func(i int) { b.addRow(&b.rows[i]) })
}

func (b *logBatch) insertCounts(ctx context.Context, tx querier) error {
	keys := slices.SortedFunc(maps.Keys(b.counts), func(a, b hourKey) int {
		if c := strings.Compare(a.code, b.code); c != 0 {
			return c
		}
		if c := strings.Compare(a.scope, b.scope); c != 0 {
			return c
		}
		return int(min(max(a.hour-b.hour, -1), 1))
	})
	return b.insertAll(ctx, tx, insertCounts, onCount, countValues, len(keys), func(i int) {
		key := keys[i]
		tally := b.counts[key]
		b.args = append(b.args, key.code, key.scope, key.hour, tally.count, tally.seen)
	})
}

// Rows in one statement. SQLite compiles a statement each time it is not prepared, for longer than it
// inserts its rows; to PostgreSQL each statement is a journey.
const (
	sqliteRows   = 32
	postgresRows = 1024
)

// insertAll inserts n rows by statements for a power of two of rows each: so there are few different
// statements, and a driver can keep them prepared.
func (b *logBatch) insertAll(ctx context.Context, tx querier, begin, end, row string, n int, add func(i int)) error {
	i := 0
	exec := func(rows int, run func(args ...any) (sql.Result, error)) error {
		b.args = b.args[:0]
		for range rows {
			add(i)
			i++
		}
		_, err := run(b.args...)
		return err
	}
	rows := postgresRows
	if b.store.dialect == SQLite {
		rows = sqliteRows
	}
	prepared, ok := tx.(interface {
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	})
	if ok && n >= 2*rows {
		statement, err := prepared.PrepareContext(ctx, b.statement(begin, end, row, rows))
		if err != nil {
			return err
		}
		defer func() { _ = statement.Close() }()
		for n-i >= rows {
			if err := exec(rows, func(args ...any) (sql.Result, error) { return statement.ExecContext(ctx, args...) }); err != nil {
				return err
			}
		}
	}
	for ; rows > 0; rows /= 2 {
		for n-i >= rows {
			if err := exec(rows, func(args ...any) (sql.Result, error) {
				return tx.ExecContext(ctx, b.statement(begin, end, row, rows), args...)
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *logBatch) statement(begin, end, row string, count int) string {
	key := begin[:40] + strconv.Itoa(count)
	text, ok := b.statements[key]
	if !ok {
		text = b.store.q(begin + strings.TrimSuffix(strings.Repeat(row+", ", count), ", ") + end)
		b.statements[key] = text
	}
	return text
}
