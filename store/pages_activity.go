package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/polyfault/polyfault/internal/page"
)

// dayHours are the hours that a sparkline shows, the current one last.
const dayHours = 24

// An activity counts the occurrences of an error in these hours. Nil means none.
type activity struct {
	Words page.Words
	Total int
	last  time.Time // of all times, not of these hours only; zero for never
	hours [dayHours]int
}

// firstHour returns the beginning of the first hour that is shown.
func firstHour(now time.Time) time.Time {
	return now.UTC().Truncate(time.Hour).Add(-(dayHours - 1) * time.Hour)
}

// add counts occurrences. A future hour, from another instance's clock, counts as the current one.
func (a *activity) add(first time.Time, s OccurrenceSummary) {
	for _, h := range s.Hours {
		a.hours[min(max(int(h.Hour.Sub(first)/time.Hour), 0), dayHours-1)] += h.Count
		a.Total += h.Count
	}
	a.seen(s.LastSeen)
}

func (a *activity) seen(t time.Time) {
	if t.After(a.last) {
		a.last = t
	}
}

// LastSeen returns the time of the last occurrence, or nil.
func (a *activity) LastSeen() *page.Time { return page.TimeOf(a.last) }

// Text returns the sparkline in words, for readers who do not see it.
func (a *activity) Text() string { return a.Words.N("sparkline", a.Total) }

// The size of a sparkline, in its own units: each hour has four, of which a bar takes three.
const (
	sparkHeight = 24
	sparkStep   = 4
)

// A bar is one hour of a sparkline.
type bar struct{ X, Y, Height int }

// Bars returns the hours with occurrences. The highest bar has the full height, and every bar is visible.
func (a *activity) Bars() (bars []bar) {
	highest := slices.Max(a.hours[:])
	for i, count := range a.hours {
		if count > 0 {
			height := max(2, int(float64(count)/float64(highest)*sparkHeight))
			bars = append(bars, bar{i * sparkStep, sparkHeight - height, height})
		}
	}
	return bars
}

// compare orders by number, then by the time of the last occurrence.
func (a *activity) compare(b *activity) int {
	return cmp.Or(cmp.Compare(a.Total, b.Total), a.last.Compare(b.last))
}

// activities are the activities of all records.
type activities struct {
	v    *visit
	byID map[int64]*activity
}

// activities reads the occurrences since the first hour.
func (v *visit) activities() (*activities, error) {
	first := firstHour(v.store.now())
	counts, err := v.store.OccurrenceCounts(v.ctx, first)
	if err != nil {
		return nil, err
	}
	all := &activities{v, map[int64]*activity{}}
	for key, summary := range counts {
		if r := v.recordOf(key.Scope, key.Code); r != nil {
			all.of(r.ID).add(first, summary)
		}
	}
	return all, nil
}

func (all *activities) of(id int64) *activity {
	a := all.byID[id]
	if a == nil {
		a = &activity{Words: all.v.Words}
		all.byID[id] = a
	}
	return a
}

// addEarlier looks up the last occurrence of records without one in these hours.
func (all *activities) addEarlier(records []Record) error {
	var names []any
	for _, r := range records {
		if all.of(r.ID).last.IsZero() {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	query := "SELECT code, scope, max(last_seen) FROM polyfault_occurrences WHERE code IN (?" +
		strings.Repeat(", ?", len(names)-1) + ") GROUP BY code, scope"
	return all.v.store.read(all.v.ctx, "reading occurrences", func(ctx context.Context, db querier) error {
		rows, err := db.QueryContext(ctx, all.v.store.q(query), names...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var code, scope string
			var seen int64
			if err := rows.Scan(&code, &scope, &seen); err != nil {
				return err
			}
			if r := all.v.recordOf(scope, code); r != nil {
				all.of(r.ID).seen(fromMicros(seen))
			}
		}
		return rows.Err()
	})
}
