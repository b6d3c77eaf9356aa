package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The row of a fingerprint grows by what is written: times of hosts whose clocks had jumped ahead do not stay, and
// a row that was resolved is new again, unless the record is from the minute before that and was only late. Status, method,
// route and cause stay those of the first record, as its attributes do.
const (
	onRepeat = " ON CONFLICT (fingerprint) WHERE fingerprint IS NOT NULL DO UPDATE SET repeats = polyfault_log.repeats + excluded.repeats, " +
		"level = CASE WHEN excluded.level > polyfault_log.level THEN excluded.level ELSE polyfault_log.level END, " +
		"last_seen = CASE WHEN excluded.last_seen > polyfault_log.last_seen OR polyfault_log.last_seen > ? " +
		"THEN excluded.last_seen ELSE polyfault_log.last_seen END, " +
		"state = CASE WHEN " + regressed + " THEN 0 ELSE polyfault_log.state END, " +
		"version = CASE WHEN " + regressed + " THEN polyfault_log.version + 1 ELSE polyfault_log.version END, " +
		"regressions = CASE WHEN " + regressed + " THEN polyfault_log.regressions + 1 ELSE polyfault_log.regressions END, " +
		"announce = CASE WHEN " + regressed + " THEN excluded.announce ELSE polyfault_log.announce END " +
		"RETURNING id, fingerprint, repeats, announce"

	regressed = "polyfault_log.state = 1 AND (excluded.last_seen >= polyfault_log.triaged OR " +
		"excluded.last_seen < polyfault_log.triaged - 60000000)"

	insertRecent = "INSERT INTO polyfault_log_recent (log_id, slot, trace_id, path, host, created) VALUES "
	onRecent     = " ON CONFLICT (log_id, slot) DO UPDATE SET trace_id = excluded.trace_id, path = excluded.path, host = excluded.host, " +
		"created = excluded.created"

	insertHours = "INSERT INTO polyfault_log_hours (log_id, hour, count) VALUES "
	onHour      = " ON CONFLICT (log_id, hour) DO UPDATE SET count = polyfault_log_hours.count + excluded.count"

	// aheadOfTime is how far clocks of hosts may differ.
	aheadOfTime = time.Hour
)

// upsertRows adds the rows of the batch to those of their fingerprints.
func (b *logBatch) upsertRows(ctx context.Context, tx querier) error {
	rows, err := b.admitted(ctx, tx)
	if err != nil {
		return err
	}
	ids, err := b.upsertAll(ctx, tx, rows)
	if err != nil {
		return err
	}
	if err := b.upsertRecent(ctx, tx, rows, ids); err != nil {
		return err
	}
	type hour struct {
		id int64
		hourCount
	}
	var hours []hour
	for i := range rows {
		for _, h := range rows[i].hours {
			hours = append(hours, hour{ids[i].id, h})
		}
	}
	err = b.insertAll(ctx, tx, insertHours, onHour, "(?, ?, ?)", len(hours), func(i int) {
		b.args = append(b.args, hours[i].id, hours[i].hour, hours[i].count)
	})
	if err == nil {
		for i := range rows {
			b.budget.learn(rows[i].mark)
		}
	}
	return err
}

// admitted are the rows, those joined that would be too many new ones.
func (b *logBatch) admitted(ctx context.Context, tx querier) ([]logRow, error) {
	var unknown []any
	for i := range b.rows {
		if mark := b.rows[i].mark; mark != OthersFingerprint && !b.granted[mark] && !b.budget.isKnown(mark) {
			unknown = append(unknown, mark)
		}
	}
	there, err := b.existing(ctx, tx, unknown)
	if err != nil {
		return nil, err
	}
	rows, others := make([]logRow, 0, len(b.rows)), -1
	for _, r := range b.rows {
		r.recent, r.hours = slices.Clone(r.recent), slices.Clone(r.hours) // the next attempt begins anew
		switch {
		case r.mark == OthersFingerprint || b.granted[r.mark] || b.budget.isKnown(r.mark) || there[r.mark]:
		case b.budget.grant():
			b.granted[r.mark] = true
		default:
			r.mark = OthersFingerprint
		}
		if r.mark != OthersFingerprint {
			rows = append(rows, r)
			continue
		}
		if others < 0 {
			others = len(rows)
			r.message, r.code, r.scope, r.stack, r.traceID = othersMessage, "", "", "", ""
			r.path, r.cause, r.attributes, r.method, r.route, r.status = "", "", "{}", "", "", 0
			rows = append(rows, r)
			continue
		}
		rows[others].join(&r, b.options.Recent)
	}
	sortByPrint(rows)
	return rows, nil
}

// existing are those of the fingerprints that have a row.
func (b *logBatch) existing(ctx context.Context, tx querier, prints []any) (there map[string]bool, err error) {
	there = map[string]bool{}
	for chunk := range slices.Chunk(prints, sqliteRows*16) {
		query := "SELECT fingerprint FROM polyfault_log WHERE fingerprint IS NOT NULL AND fingerprint IN (" + placeholders(len(chunk)) + ")"
		err := eachRow(ctx, tx, b.store.q(query), chunk, func(row scanner) error {
			var mark string
			err := row.Scan(&mark)
			there[mark] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return there, nil
}

// An upserted is what the database says of a row.
type upserted struct{ id, repeats int64 }

// upsertAll writes the rows, and returns what the database says of each.
func (b *logBatch) upsertAll(ctx context.Context, tx querier, rows []logRow) ([]upserted, error) {
	b.fresh = false
	begin, values := b.logInsert()
	begin, values = begin+", fingerprint, announce) VALUES ", "("+values+", ?, 1)"
	size := postgresRows
	if b.store.dialect == SQLite {
		size = sqliteRows
	}
	found, latest := make(map[string]upserted, len(rows)), toMicros(b.store.now().Add(aheadOfTime))
	for i := 0; size > 0; size /= 2 {
		for len(rows)-i >= size {
			b.args = b.args[:0]
			for j := range size {
				b.addRow(&rows[i+j])
				b.args = append(b.args, rows[i+j].mark)
			}
			if err := b.upsert(ctx, tx, b.statement(begin, onRepeat, values, size), append(b.args, latest), found); err != nil {
				return nil, err
			}
			i += size
		}
	}
	ids := make([]upserted, len(rows))
	for i := range rows {
		ids[i] = found[rows[i].mark]
	}
	return ids, nil
}

func (b *logBatch) upsert(ctx context.Context, tx querier, query string, args []any, found map[string]upserted) error {
	result, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = result.Close() }()
	for result.Next() {
		var u upserted
		var mark string
		var announce int64
		if err := result.Scan(&u.id, &mark, &u.repeats, &announce); err != nil {
			return err
		}
		found[mark] = u
		b.fresh = b.fresh || announce == 1
	}
	return result.Err()
}

// upsertRecent writes the latest occurrences into the ring of their row: the counter, whose row the transaction has
// locked, says into which slots.
func (b *logBatch) upsertRecent(ctx context.Context, tx querier, rows []logRow, ids []upserted) error {
	type slot struct {
		id, slot int64
		occurrence
	}
	var slots []slot
	ring := int64(b.options.Recent)
	for i := range rows {
		recent := rows[i].recent
		recent = recent[max(0, len(recent)-b.options.Recent):]
		for n, o := range recent {
			slots = append(slots, slot{ids[i].id, (ids[i].repeats - int64(len(recent)) + int64(n)) % ring, o})
		}
	}
	return b.insertAll(ctx, tx, insertRecent, onRecent, "(?, ?, ?, ?, ?, ?)", len(slots), func(i int) {
		s := &slots[i]
		b.args = append(b.args, s.id, s.slot, s.traceID, s.path, b.options.Host, s.created)
	})
}

// searched is the text that searches look at.
func searched(r *logRow) string {
	text := r.message + "\n" + r.code + "\n" + r.path + "\n" + r.cause
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return folded(text)
		}
	}
	return strings.ToLower(text)
}

// gramsOf are the numbers of all runs of three characters, each once: what a text contains, its grams contain.
func gramsOf(text string) []int32 {
	var grams []int32
	var a, b rune
	n := 0
	for _, c := range text {
		if n++; n > 2 {
			grams = append(grams, a*1849+b*43+c) // below 2^31 for all characters; the migration counts in the same way
		}
		a, b = b, c
	}
	slices.Sort(grams)
	return slices.Compact(grams)
}

func gramsLiteral(text string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, gram := range gramsOf(text) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(int(gram)))
	}
	b.WriteByte('}')
	return b.String()
}

// A memory keeps what was made of texts that come again and again.
type memory struct {
	prints   map[[3]string]string
	searches map[[4]string]searchText
}

// A searchText is what searches look at, and its grams as PostgreSQL reads them.
type searchText struct{ text, grams string }

const maxMemory = 500

// printOf is printOf of a record whose error somebody has classified from memory.
func (m *memory) printOf(r *logRow) string {
	if r.code == "" || isUnknown(r.code) {
		return printOf(r)
	}
	key := [3]string{r.code, r.scope, r.message}
	mark, ok := m.prints[key]
	if ok {
		return mark
	}
	if m.prints == nil || len(m.prints) == maxMemory {
		m.prints = make(map[[3]string]string, maxMemory)
	}
	mark = printOf(r)
	m.prints[key] = mark
	return mark
}

func (m *memory) searched(r *logRow, grams bool) searchText {
	key := [4]string{r.message, r.code, r.path, r.cause}
	search, ok := m.searches[key]
	if ok {
		return search
	}
	if m.searches == nil || len(m.searches) == maxMemory {
		m.searches = make(map[[4]string]searchText, maxMemory)
	}
	search.text = searched(r)
	if grams {
		search.grams = gramsLiteral(search.text)
	}
	m.searches[key] = search
	return search
}
