package store

import (
	"context"
	"time"
)

// An HourCount is the number of occurrences in an hour.
type HourCount struct {
	Hour  time.Time `json:"hour"` // its beginning, UTC
	Count int       `json:"count"`
}

// An OccurrenceKey is the code and the scope of counted occurrences.
type OccurrenceKey struct{ Code, Scope string }

// An OccurrenceSummary has the occurrences of one code in one scope.
type OccurrenceSummary struct {
	Count    int         // the sum of the hours
	LastSeen time.Time   // the time of the latest record, UTC
	Hours    []HourCount // hours without an occurrence are left out; the oldest first
}

// Occurrences returns the number of logged records with the code for each hour, the oldest first, never nil. Hours without
// records are left out. A nil scope means all scopes together. The first hour is the one that contains since; the zero time
// means from the beginning.
//
// Each record with a code counts in the hour of the record's own time; with deduplication, each repeat counts. Records that a
// full queue has dropped, or that went to the fallback while the database was down, count if the process lives until the
// counts are written. At most 1,024 different codes, scopes and hours of them wait for that, beside those of a batch that is
// being repeated. Counts are kept for 400 days: see [Store.Purge].
func (s *Store) Occurrences(ctx context.Context, scope *string, code string, since time.Time) (hours []HourCount, err error) {
	query := "SELECT hour, CAST(sum(count) AS bigint) FROM polyfault_occurrences WHERE code = ? AND hour >= ?"
	args := []any{storable(code, maxColumn), hourOf(clampedMicros(since))}
	if scope != nil {
		query += " AND scope = ?"
		args = append(args, cleanScope(*scope))
	}
	query += " GROUP BY hour ORDER BY hour"
	err = s.read(ctx, "reading occurrences", func(ctx context.Context, db querier) error {
		hours = []HourCount{}
		rows, err := db.QueryContext(ctx, s.q(query), args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var hour int64
			var h HourCount
			if err := rows.Scan(&hour, &h.Count); err != nil {
				return err
			}
			h.Hour = fromMicros(hour)
			hours = append(hours, h)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return hours, nil
}

// OccurrenceCounts is [Store.Occurrences] for all codes and scopes in one query, for a list with counts and sparklines. It
// reads a row for each code, scope and hour, so choose since no earlier than needed. The map is never nil.
func (s *Store) OccurrenceCounts(ctx context.Context, since time.Time) (counts map[OccurrenceKey]OccurrenceSummary, err error) {
	err = s.read(ctx, "reading occurrences", func(ctx context.Context, db querier) error {
		counts = map[OccurrenceKey]OccurrenceSummary{}
		rows, err := db.QueryContext(ctx, s.q(occurrenceCounts), hourOf(clampedMicros(since)))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var key OccurrenceKey
			var hour, seen int64
			var count int
			if err := rows.Scan(&key.Code, &key.Scope, &hour, &count, &seen); err != nil {
				return err
			}
			summary := counts[key]
			summary.Count += count
			summary.Hours = append(summary.Hours, HourCount{fromMicros(hour), count})
			if t := fromMicros(seen); t.After(summary.LastSeen) || len(summary.Hours) == 1 {
				summary.LastSeen = t
			}
			counts[key] = summary
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return counts, nil
}

const occurrenceCounts = "SELECT code, scope, hour, count, last_seen FROM polyfault_occurrences WHERE hour >= ? ORDER BY hour"

const hourMicros = int64(time.Hour / time.Microsecond)

// hourOf returns the beginning of the hour.
func hourOf(micros int64) int64 {
	rest := micros % hourMicros
	if rest < 0 {
		rest += hourMicros
	}
	return micros - rest
}

// An hourKey is a row of polyfault_occurrences.
type hourKey struct {
	code, scope string
	hour        int64
}

// An hourTally is the increase of a row of polyfault_occurrences.
type hourTally struct {
	count int
	seen  int64
}

// tallies are counts that wait to be written.
type tallies map[hourKey]hourTally

// maxTallies bounds the counts that wait while nothing can be written.
const maxTallies = 1024

func (t tallies) add(key hourKey, tally hourTally) {
	old, ok := t[key]
	if ok {
		tally = hourTally{old.count + tally.count, max(old.seen, tally.seen)}
	}
	t[key] = tally
}

// addBounded adds a tally, unless too many wait.
func (t tallies) addBounded(key hourKey, tally hourTally) {
	if _, ok := t[key]; ok || len(t) < maxTallies {
		t.add(key, tally)
	}
}
