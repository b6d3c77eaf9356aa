package store

import (
	"cmp"
	"context"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

// dayHours are the hours that a sparkline shows, the current one last.
const dayHours = 24

// An activity counts the occurrences of an error in these hours. The zero activity means none.
type activity struct {
	all   *activities
	Total int
	last  time.Time // of all times, not of these hours only; zero for never
	hours [dayHours]int
}

// firstHour returns the beginning of the first hour that is shown.
func firstHour(now time.Time) time.Time {
	return now.UTC().Truncate(time.Hour).Add(-(dayHours - 1) * time.Hour)
}

// hours returns the sentence that names the hours of the charts.
func (v *visit) hours(first time.Time) string {
	return v.Say("hours", fault.Arg("From", v.Hour(first)), fault.Arg("To", v.Hour(first.Add((dayHours-1)*time.Hour))))
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
func (a *activity) LastSeen() *page.Time { return a.all.v.Time(a.last) }

// Text returns the sparkline in words, for readers who do not see it.
func (a *activity) Text() string { return a.all.v.N("sparkline", a.Total) }

// The size of a sparkline, in its own units: each hour has four, of which a bar takes three.
const (
	sparkHeight = 24
	sparkStep   = 4
	sparkBar    = 3
	sparkWidth  = dayHours * sparkStep
)

// A bar is one hour of a sparkline.
type bar struct{ X, Y, Height int }

// Bars returns the hours with occurrences, in the reader's direction. The highest bar of all errors has the full height, and
// every bar is visible.
func (a *activity) Bars() (bars []bar) {
	for i, count := range a.hours {
		if count == 0 {
			continue
		}
		x := i * sparkStep
		if a.all.v.Words.Language.Dir == "rtl" {
			x = sparkWidth - sparkBar - x
		}
		height := max(2, int(float64(count)/float64(a.all.highest)*sparkHeight))
		bars = append(bars, bar{x, sparkHeight - height, height})
	}
	return bars
}

// compare orders by number, then by the time of the last occurrence.
func (a *activity) compare(b *activity) int {
	return cmp.Or(cmp.Compare(a.Total, b.Total), a.last.Compare(b.last))
}

// activities are the activities of all records.
type activities struct {
	v       *visit
	first   time.Time // the first hour
	byID    map[int64]*activity
	highest int // of the hours of all records
}

// activities reads the occurrences since the first hour.
func (v *visit) activities() (*activities, error) {
	all := &activities{v: v, first: firstHour(v.store.now()), byID: map[int64]*activity{}}
	counts, err := v.store.OccurrenceCounts(v.ctx, all.first)
	if err != nil {
		return nil, err
	}
	for key, summary := range counts {
		if r := v.recordOf(key.Scope, key.Code); r != nil {
			all.of(r.ID).add(all.first, summary)
		}
	}
	for _, a := range all.byID {
		for _, count := range a.hours {
			all.highest = max(all.highest, count)
		}
	}
	return all, nil
}

func (all *activities) of(id int64) *activity {
	a := all.byID[id]
	if a == nil {
		a = &activity{all: all}
		all.byID[id] = a
	}
	return a
}

// lastOccurrences walks down the primary key, one step for each code and scope: there may be ten thousand hours of each.
const lastOccurrences = "WITH RECURSIVE pairs(code, scope) AS (" +
	"SELECT * FROM (SELECT code, scope FROM polyfault_occurrences ORDER BY code, scope LIMIT 1) AS first UNION ALL SELECT " +
	"(SELECT o.code FROM polyfault_occurrences AS o WHERE (o.code, o.scope) > (pairs.code, pairs.scope) ORDER BY o.code, o.scope LIMIT 1), " +
	"(SELECT o.scope FROM polyfault_occurrences AS o WHERE (o.code, o.scope) > (pairs.code, pairs.scope) ORDER BY o.code, o.scope LIMIT 1) " +
	"FROM pairs WHERE pairs.code IS NOT NULL) SELECT code, scope, (SELECT o.last_seen FROM polyfault_occurrences AS o " +
	"WHERE o.code = pairs.code AND o.scope = pairs.scope ORDER BY o.hour DESC LIMIT 1) FROM pairs WHERE code IS NOT NULL"

// addEarlier looks up the last occurrence of each code in each scope, also before the first hour.
func (all *activities) addEarlier() error {
	s := all.v.store
	return s.read(all.v.ctx, "reading occurrences", func(ctx context.Context, db querier) error {
		return eachRow(ctx, db, s.q(lastOccurrences), nil, func(row scanner) error {
			var code, scope string
			var seen *int64
			if err := row.Scan(&code, &scope, &seen); err != nil || seen == nil {
				return err
			}
			if r := all.v.recordOf(scope, code); r != nil {
				all.of(r.ID).seen(fromMicros(*seen))
			}
			return nil
		})
	})
}
