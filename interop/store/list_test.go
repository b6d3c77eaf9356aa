package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// fillList saves five records, a minute apart.
func fillList(t *testing.T, d *database) (*store.Store, time.Time) {
	t.Helper()
	c := newClock()
	s := d.open(t, store.WithClock(c.now))
	for _, x := range []struct {
		scope string
		entry store.Entry
	}{
		{"type-1", store.Entry{Name: "beta", Category: new(fault.CategoryData), Status: new(404), ExitCode: new(3)}},
		{"type-1", store.Entry{Name: "Alpha", Category: new(fault.CategorySystem), Status: new(500), Title: new("z"), Retryable: new(true)}},
		{"", store.Entry{Name: "data", Category: new(fault.CategoryData), Status: new(404), ExitCode: new(9)}},
		{"type-2", store.Entry{Name: "data", Category: new(fault.CategoryAlgorithm), Title: new("Z")}},
		{"Type-1", store.Entry{Name: "zeta"}},
	} {
		save(t, s, x.scope, x.entry)
		c.move(time.Minute)
	}
	d.exec(t, "UPDATE polyfault_errors SET is_builtin = (id = 3), created = 100 - id")
	return s, newClock().now().Truncate(time.Microsecond)
}

// ids lists and returns the ids in the order of the answer, and the count.
func ids(t *testing.T, s *store.Store, f store.Filter) (list []int64, count int) {
	t.Helper()
	records, count, err := s.List(t.Context(), f)
	require.NoError(t, err)
	require.NotNil(t, records)
	for _, r := range records {
		list = append(list, r.ID)
	}
	return list, count
}

func TestList(t *testing.T) {
	t.Parallel()
	start := newClock().now().Truncate(time.Microsecond)
	inBerlin := time.FixedZone("", 3600)
	cases := []struct {
		name   string
		filter store.Filter
		want   []int64
		count  int // when it is not len(want)
	}{
		{"all", store.Filter{}, []int64{1, 2, 3, 4, 5}, 0},
		{"long ago", store.Filter{Started: start.AddDate(-10, 0, 0), Ended: start.AddDate(-9, 0, 0)}, nil, 0},
		{"until far away", store.Filter{Started: start.AddDate(-10, 0, 0), Ended: start.AddDate(100, 0, 0)}, []int64{1, 2, 3, 4, 5}, 0},
		{"started is inclusive", store.Filter{Started: start.Add(time.Minute)}, []int64{2, 3, 4, 5}, 0},
		{"a microsecond later", store.Filter{Started: start.Add(time.Minute + time.Microsecond)}, []int64{3, 4, 5}, 0},
		{"ended is inclusive", store.Filter{Ended: start.Add(time.Minute)}, []int64{1, 2}, 0},
		{"another zone", store.Filter{Ended: start.Add(time.Minute).In(inBerlin)}, []int64{1, 2}, 0},
		{"built-in", store.Filter{Builtin: new(true)}, []int64{3}, 0},
		{"not built-in", store.Filter{Builtin: new(false)}, []int64{1, 2, 4, 5}, 0},
		{"scope", store.Filter{Scope: new("type-1")}, []int64{1, 2}, 0},
		{"no scope", store.Filter{Scope: new("")}, []int64{3}, 0},
		{"name", store.Filter{Name: "Data"}, []int64{3, 4}, 0},
		{"category", store.Filter{Category: "SYSTEM"}, []int64{2}, 0},
		{"everything", store.Filter{
			Name: "data", Category: "DATA", Scope: new(""), Builtin: new(true), Started: start, Ended: start.Add(time.Hour),
		}, []int64{3}, 0},
		{"nothing", store.Filter{Name: "data", Category: "SYSTEM"}, nil, 0},
		{"first page", store.Filter{PageSize: 2}, []int64{1, 2}, 5},
		{"second page", store.Filter{PageSize: 2, Page: 2}, []int64{3, 4}, 5},
		{"last page", store.Filter{PageSize: 2, Page: 3}, []int64{5}, 5},
		{"behind the last page", store.Filter{PageSize: 2, Page: 4}, nil, 5},
		{"far behind, filtered", store.Filter{PageSize: 1000, Page: 1_000_000_000, Name: "data"}, nil, 2},
		{"down", store.Filter{Order: []string{"-last_modified"}}, []int64{5, 4, 3, 2, 1}, 0},
		{"name", store.Filter{Order: []string{"name"}}, []int64{2, 1, 3, 4, 5}, 0},
		{"name down, then scope", store.Filter{Order: []string{"-name", "-scope"}}, []int64{5, 4, 3, 1, 2}, 0},
		{"scope by code points, id", store.Filter{Order: []string{"scope", "-id"}}, []int64{3, 5, 2, 1, 4}, 0},
		{"title", store.Filter{Order: []string{"title"}}, []int64{1, 3, 5, 4, 2}, 0},
		{"category", store.Filter{Order: []string{"category"}}, []int64{4, 5, 1, 3, 2}, 0},
		{"built-ins last", store.Filter{Order: []string{"is_builtin"}}, []int64{1, 2, 4, 5, 3}, 0},
		{"retried first", store.Filter{Order: []string{"-should_be_retried", "id"}}, []int64{2, 1, 3, 4, 5}, 0},
		{"status down: ties down too", store.Filter{Order: []string{"-status"}}, []int64{2, 3, 1, 5, 4}, 0},
		{"exit code", store.Filter{Order: []string{"-exit_code", "created"}}, []int64{3, 1, 5, 4, 2}, 0},
		{"created", store.Filter{Order: []string{"created"}}, []int64{5, 4, 3, 2, 1}, 0},
		{"id", store.Filter{Order: []string{"-id"}}, []int64{5, 4, 3, 2, 1}, 0},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		s, _ := fillList(t, d)
		for _, c := range cases {
			got, count := ids(t, s, c.filter)
			assert.Equal(t, c.want, got, c.name)
			assert.Equal(t, max(c.count, len(c.want)), count, c.name)
		}
		records, _, err := s.List(t.Context(), store.Filter{Order: []string{"id"}})
		require.NoError(t, err)
		assert.Equal(t, get(t, d.other(t), 3), records[2], "lists have whole records")
		for _, field := range store.Orders() {
			_, _, err := s.List(t.Context(), store.Filter{Order: []string{field}})
			assert.NoError(t, err, field)
		}
	})
}

// What is wrong with a filter is told by parameter and rule.
func TestFilterErrors(t *testing.T) {
	t.Parallel()
	now := newClock().now()
	cases := []struct {
		name        string
		filter      store.Filter
		field, rule string
	}{
		{"unknown order", store.Filter{Order: []string{"version"}}, "order", "oneof"},
		{"the second order", store.Filter{Order: []string{"id", "edited"}}, "order", "oneof"},
		{"empty order", store.Filter{Order: []string{""}}, "order", "oneof"},
		{"two minus", store.Filter{Order: []string{"--id"}}, "order", "oneof"},
		{"plus", store.Filter{Order: []string{"+id"}}, "order", "oneof"},
		{"case", store.Filter{Order: []string{"ID"}}, "order", "oneof"},
		{"same order twice", store.Filter{Order: []string{"id", "-id"}}, "order", "unique"},
		{"category", store.Filter{Category: "data"}, "category", "oneof"},
		{"range is empty", store.Filter{Started: now, Ended: now}, "ended", "gtfield.time"},
		{"range is flipped", store.Filter{Started: now, Ended: now.Add(-1)}, "ended", "gtfield.time"},
		{"year 10000", store.Filter{Ended: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "ended", "invalid"},
		{"year 300000", store.Filter{Started: time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC)}, "started", "invalid"},
		{"page -1", store.Filter{Page: -1}, "page", "min"},
		{"page 1e9+1", store.Filter{Page: 1_000_000_001}, "page", "max"},
		{"page size -1", store.Filter{PageSize: -1}, "page_size", "min"},
		{"page size 1001", store.Filter{PageSize: 1001}, "page_size", "max"},
		{"NUL in the name", store.Filter{Name: "a\x00"}, "name", "invalid"},
		{"name is no UTF-8", store.Filter{Name: "\xff"}, "name", "invalid"},
		{"endless name", store.Filter{Name: strings.Repeat("a", 1<<20)}, "name", "max.string"},
		{"NUL in the scope", store.Filter{Scope: new("\x00")}, "scope", "invalid"},
		{"scope is no UTF-8", store.Filter{Scope: new("\xf0\x28\x8c\x28")}, "scope", "invalid"},
		{"endless scope", store.Filter{Scope: new(strings.Repeat("a", 251))}, "scope", "max.string"},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		for _, c := range cases {
			_, _, err := s.List(t.Context(), c.filter)
			e, ok := errors.AsType[*store.FilterError](err)
			require.True(t, ok, "%s: %v", c.name, err)
			assert.Equal(t, c.field+" "+c.rule, e.Field+" "+e.Rule, c.name)
			assert.NotEmpty(t, e.Problem)
			assertAnswer(t, err, fault.BadParamValue, 400)
		}
	})
}

// injections are values that would change a query that is put together from them.
var injections = []string{
	`' OR '1'='1`, `'; DROP TABLE polyfault_errors; --`, `" OR ""="`, `\' OR 1=1 --`, `') OR ('a'='a`, `%`, `_`, `?`, `$1`, `$$`,
	`id; DELETE FROM polyfault_errors`, `last_modified--`, `(SELECT name)`, `id DESC, id`, "id/**/", `1 UNION SELECT 1`, `E'\047'`, `name_key`,
}

// No value of a filter, and none that is written, becomes SQL.
func TestInjection(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s, _ := fillList(t, d)
		for _, text := range injections {
			for _, f := range []store.Filter{{Name: text}, {Scope: new(text)}} {
				_, count := ids(t, s, f)
				assert.Zero(t, count, text)
			}
			for _, f := range []store.Filter{
				{Category: text}, {Order: []string{text}}, {Order: []string{"-" + text}}, {Order: []string{"id", text}},
			} {
				_, _, err := s.List(t.Context(), f)
				_, ok := errors.AsType[*store.FilterError](err)
				assert.True(t, ok, "%s: %v", text, err)
			}
		}
		all, count := ids(t, s, store.Filter{})
		require.Equal(t, 5, count)
		assert.Equal(t, []int64{1, 2, 3, 4, 5}, all)
		for _, text := range injections {
			r := save(t, s, text, store.Entry{Name: text, Title: new(text), Description: new(text)})[0]
			assert.Equal(t, []string{text, text, text, text}, []string{r.Scope, r.Name, r.Title, r.Description})
			assert.Equal(t, r, get(t, d.other(t), r.ID))
			got, _ := ids(t, s, store.Filter{Name: text, Scope: &text})
			assert.Equal(t, []int64{r.ID}, got, text)
		}
		_, count = ids(t, s, store.Filter{})
		assert.Equal(t, 5+len(injections), count)
	})
}

// Every list reads an index, and none sorts the whole table.
func TestListsUseIndexes(t *testing.T) {
	sequential(t)
	t.Parallel()
	day := store.Filter{Started: time.UnixMicro(1_000), Ended: time.UnixMicro(2_000)}
	filters := map[string]store.Filter{
		"all": {}, "down": {Order: []string{"-last_modified"}}, "range": day, "name": {Name: "n77"}, "scope": {Scope: new("s7")},
		"category": {Category: "DATA"},
		"built-in": {Builtin: new(true)}, "scope and name": {Scope: new("s7"), Name: "n77"},
		"scope down": {Scope: new("s7"), Order: []string{"-last_modified"}},
	}
	for _, field := range store.Orders() {
		filters["order "+field] = store.Filter{Order: []string{field}}
		filters["order -"+field] = store.Filter{Order: []string{"-" + field}}
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		r, s := newRecorder(t, d)
		numbers := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
		d.exec(t, numbers+"INSERT INTO polyfault_errors (scope, name, name_key, title, description, category, is_builtin, should_be_retried, status, "+
			"exit_code, created, last_modified, version, edited) SELECT 's' || (i % 100), 'n' || i, 'n' || i, 't' || i, 'd', "+
			"CASE WHEN i % 50 = 0 THEN 'DATA' ELSE 'SYSTEM' END, i % 50 = 1, i % 2 = 0, 400 + i % 100, i % 256, i, i, i, 0 FROM n")
		d.exec(t, "ANALYZE polyfault_errors")
		for name, f := range filters {
			sorted := strings.HasPrefix(name, "order ")
			r.take()
			_, _, err := s.List(t.Context(), f)
			require.NoError(t, err)
			sent := r.take()
			require.Len(t, sent, 1, name)
			query, args := sent[0].query, sent[0].args
			plan := explain(t, d, query, args)
			page := plan
			if i := slices.IndexFunc(plan, func(l string) bool {
				return strings.Contains(l, "SCALAR SUBQUERY") || strings.Contains(l, "InitPlan")
			}); i >= 0 && len(args) == 2 {
				page = withoutCount(plan, i) // all rows are counted where nothing is filtered
			}
			bad := scans
			if sorted {
				bad = sorts
			}
			if !sorted || !strings.HasSuffix(name, "id") { // SQLite's tables are sorted by it
				assert.NotRegexp(t, bad, strings.Join(page, "\n"), name)
			}
		}
	})
}

var (
	scans = regexp.MustCompile(`(?m)Seq Scan|SCAN polyfault_errors$`)
	sorts = regexp.MustCompile(scans.String() + `|TEMP B-TREE|Sort Key`)
)

// withoutCount leaves away the plan of the subquery that begins at line i.
func withoutCount(plan []string, i int) []string {
	depth := len(plan[i]) - len(strings.TrimLeft(plan[i], " "))
	end := i + 1
	for end < len(plan) && len(plan[end])-len(strings.TrimLeft(plan[end], " ")) > depth {
		end++
	}
	return slices.Concat(plan[:i], plan[end:])
}

// explain is the plan, line by line; what is below a line is indented.
func explain(t *testing.T, d *database, query string, args []any) (plan []string) {
	t.Helper()
	if d.Dialect == store.PostgreSQL {
		rows, err := d.DB.QueryContext(t.Context(), "EXPLAIN "+query, args...)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			plan = append(plan, line)
		}
		require.NoError(t, rows.Err())
		return plan
	}
	rows, err := d.DB.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	require.NoError(t, err)
	defer rows.Close()
	depths := map[int]int{}
	for rows.Next() {
		var id, parent int
		var unused sql.RawBytes
		var line string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &line))
		depths[id] = depths[parent] + 1
		plan = append(plan, fmt.Sprintf("%*s%s", depths[id], "", line))
	}
	require.NoError(t, rows.Err())
	return plan
}
