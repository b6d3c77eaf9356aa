package store_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

var logStart = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// A line is a record to log: minutes after logStart.
type line struct {
	minutes int
	level   slog.Level
	message string
	attrs   []any
}

func write(t testing.TB, h *store.LogHandler, lines ...line) {
	t.Helper()
	for _, l := range lines {
		r := slog.NewRecord(logStart.Add(time.Duration(l.minutes)*time.Minute), l.level, l.message, 0)
		r.Add(l.attrs...)
		require.NoError(t, h.Handle(t.Context(), r))
	}
	flush(t, h)
}

func messages(records []store.LogRecord) (list []string) {
	for _, r := range records {
		list = append(list, r.Message)
	}
	return list
}

// Records come out of order: several hosts, several clocks.
func TestLogs(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		filter store.LogFilter
		want   string
	}{
		{"all, by their own time", store.LogFilter{}, "i h g f e d c b a"},
		{"at least", store.LogFilter{Level: new(slog.LevelWarn)}, "i g f b a"},
		{"exactly the most", store.LogFilter{Level: new(slog.LevelError)}, "i f a"},
		{"a level that nothing has", store.LogFilter{Level: new(slog.Level(2))}, "i g f b a"},
		{"more than there is", store.LogFilter{Level: new(slog.Level(9))}, ""},
		{"any level", store.LogFilter{Level: new(slog.Level(math.MinInt))}, "i h g f e d c b a"},
		{"code", store.LogFilter{Code: "not_found"}, "i d a"},
		{"code and level", store.LogFilter{Code: "not_found", Level: new(slog.LevelWarn)}, "i a"},
		{"scope", store.LogFilter{Scope: "jobs"}, "i e c"},
		{"scope in another form", store.LogFilter{Scope: "caf\u0065\u0301"}, "f"},
		{"scope and level", store.LogFilter{Scope: "jobs", Level: new(slog.LevelError)}, "i"},
		{"code and scope", store.LogFilter{Scope: "jobs", Code: "not_found"}, "i"},
		{"code, scope and level", store.LogFilter{Scope: "jobs", Code: "not_found", Level: new(slog.LevelError + 1)}, ""},
		{"trace", store.LogFilter{TraceID: "t1"}, "i b a"},
		{"trace and everything", store.LogFilter{TraceID: "t1", Code: "not_found", Scope: "jobs", Level: new(slog.LevelError), Started: logStart, Ended: logStart.Add(time.Hour)}, "i"},
		{"no such code", store.LogFilter{Code: "nothing"}, ""},
		{"no such scope", store.LogFilter{Scope: "nothing"}, ""},
		{"letter case counts", store.LogFilter{Code: "Not_found"}, ""},
		{"started is inclusive", store.LogFilter{Started: logStart.Add(7 * time.Minute)}, "i h"},
		{"ended is inclusive", store.LogFilter{Ended: logStart.Add(2 * time.Minute)}, "c b a"},
		{"range and level", store.LogFilter{Started: logStart.Add(time.Minute), Ended: logStart.Add(6 * time.Minute), Level: new(slog.LevelWarn)}, "g f b"},
		{"range and code", store.LogFilter{Started: logStart.Add(time.Minute), Ended: logStart.Add(6 * time.Minute), Code: "not_found"}, "d"},
		{"range and scope", store.LogFilter{Started: logStart.Add(3 * time.Minute), Scope: "jobs"}, "i e"},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{Level: slog.Level(math.MinInt)})
		write(t, h,
			line{4, slog.LevelInfo, "e", []any{"scope", "jobs"}},
			line{0, slog.LevelError, "a", []any{"code", "not_found", "trace_id", "t1"}},
			line{8, slog.LevelError, "i", []any{"code", "not_found", "trace_id", "t1", "scope", "jobs"}},
			line{1, slog.LevelWarn, "b", []any{"trace_id", "t1"}},
			line{3, slog.LevelDebug, "d", []any{"code", "not_found"}},
			line{2, slog.LevelInfo, "c", []any{"scope", "jobs"}},
			line{7, slog.LevelInfo, "h", nil},
			line{5, slog.LevelError, "f", []any{"scope", "café"}},
			line{6, slog.LevelWarn, "g", nil},
		)
		for _, c := range cases {
			records, next, err := s.Logs(t.Context(), c.filter)
			require.NoError(t, err, c.name)
			assert.Equal(t, strings.Fields(c.want), append([]string{}, messages(records)...), c.name)
			assert.Zero(t, next, c.name)
			var paged []string
			f := c.filter
			for f.PageSize = 2; ; f.Before = next {
				records, next, err = s.Logs(t.Context(), f)
				require.NoError(t, err, c.name)
				paged = append(paged, messages(records)...)
				if next == 0 {
					break
				}
				require.Len(t, records, 2, c.name)
			}
			assert.Equal(t, strings.Fields(c.want), append([]string{}, paged...), c.name)
		}
		// Retention has deleted the rest while somebody was paging.
		records, next, err := s.Logs(t.Context(), store.LogFilter{PageSize: 8})
		require.NoError(t, err)
		require.Len(t, records, 8)
		_, err = s.Purge(t.Context(), 0, 7)
		require.NoError(t, err)
		records, next, err = s.Logs(t.Context(), store.LogFilter{Before: next})
		require.NoError(t, err)
		assert.Empty(t, records)
		assert.Zero(t, next)
	})
}

// Records of one moment come in the order of their ids, and no page misses one.
func TestLogsOfOneMoment(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{})
		var want []string
		for i := range 25 {
			write(t, h, line{0, slog.Level(4 * (i % 3)), fmt.Sprint(i), []any{"scope", "s"}})
			want = append([]string{fmt.Sprint(i)}, want...)
		}
		for _, f := range []store.LogFilter{{}, {Scope: "s"}, {Level: new(slog.LevelInfo)}} {
			var got []string
			for f.PageSize = 7; ; {
				records, next, err := s.Logs(t.Context(), f)
				require.NoError(t, err)
				got = append(got, messages(records)...)
				if f.Before = next; next == 0 {
					break
				}
			}
			assert.Equal(t, want, got)
		}
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{})
		texts := []string{
			"Connection Refused", "100% done", "a_b", "axb", "back\\slash", "ÄRGER in der Straße", "ça va", "'quoted'",
			"ΣΊΣΥΦΟΣ", "what?", "e\u0301tat",
		}
		for i, text := range texts {
			write(t, h, line{i, 0, text, []any{"code", "c"}})
		}
		for search, want := range map[string]string{
			"connection refused": texts[0], "REFUSED": texts[0], "tion ref": texts[0], "%": texts[1], "0% D": texts[1], "a_b": texts[2],
			"A_B": texts[2], "k\\s": texts[4],
			"ärger": texts[5], "STRASSE": texts[5], "ÇA": texts[6], "'": texts[7], "' OR 1=1 --": "", "σίσυφος": texts[8], "t?": texts[9],
			"état": texts[10], "nothing": "", "a%b": "", "_": texts[2],
		} {
			for _, f := range []store.LogFilter{{Search: search}, {Search: search, Code: "c"}, {Search: search, Level: new(slog.LevelInfo)}} {
				records, next, err := s.Logs(t.Context(), f)
				require.NoError(t, err)
				assert.Equal(t, want, strings.Join(messages(records), "|"), search)
				assert.Zero(t, next)
			}
		}
		assert.Len(t, logged(t, s, store.LogFilter{Search: "A"}), 7)
		assert.Empty(t, logged(t, s, store.LogFilter{Search: "refused", Code: "d"}))
	})
}

// A search goes as deep as it may, and goes on from there.
func TestSearchDepth(t *testing.T) {
	sequential(t)
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		fillLog(t, d, 2*store.SearchDepth+10, "i % 3001 = 0")
		var found []store.LogRecord
		pages, f := 0, store.LogFilter{Search: "NEEDLE"}
		for {
			records, next, err := s.Logs(t.Context(), f)
			require.NoError(t, err)
			found = append(found, records...)
			if pages++; next == 0 {
				break
			}
			f.Before = next
		}
		assert.Equal(t, map[store.Dialect]int{store.SQLite: 3, store.PostgreSQL: 1}[d.Dialect], pages, "PostgreSQL has an index")
		assert.Len(t, found, 3)
		records, next, err := s.Logs(t.Context(), store.LogFilter{Search: "needle", PageSize: 1, Ended: found[0].Created})
		require.NoError(t, err)
		require.Len(t, records, 1)
		assert.Equal(t, records[0].ID, next, "there may be another one")
	})
}

func TestLogFilterErrors(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		for _, c := range []struct {
			field  string
			filter store.LogFilter
		}{
			{"page_size", store.LogFilter{PageSize: -1}},
			{"page_size", store.LogFilter{PageSize: 1_000_000_000}},
			{"before", store.LogFilter{Before: -1}},
			{"ended", store.LogFilter{Started: logStart, Ended: logStart}},
			{"ended", store.LogFilter{Started: logStart, Ended: logStart.Add(-time.Hour)}},
			{"started", store.LogFilter{Started: time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)}},
			{"code", store.LogFilter{Code: "a\x00"}},
			{"code", store.LogFilter{Code: strings.Repeat("é", 251)}},
			{"scope", store.LogFilter{Scope: "\xff"}},
			{"trace_id", store.LogFilter{TraceID: "a\nb"}},
			{"search", store.LogFilter{Search: "a\x00"}},
			{"search", store.LogFilter{Search: strings.Repeat("é", 251)}},
		} {
			_, _, err := s.Logs(t.Context(), c.filter)
			var wrong *store.FilterError
			require.ErrorAs(t, err, &wrong, "%+v", c.filter)
			assert.Equal(t, c.field, wrong.Field)
			assertAnswer(t, err, fault.BadParamValue, 400)
		}
		for _, evil := range []string{"' OR 1=1 --", "?", "$1", "\\", "%", `"`, "'; DROP TABLE polyfault_log; --"} {
			for _, f := range []store.LogFilter{
				{Code: evil}, {Scope: evil}, {TraceID: evil}, {Search: evil},
				{Code: evil, Scope: evil, TraceID: evil, Search: evil},
			} {
				assert.Empty(t, logged(t, s, f))
			}
		}
		d.exec(t, "SELECT 1 FROM polyfault_log")
	})
}

// fillLog writes n rows past the handler: a second apart, of five codes, three scopes, four levels.
func fillLog(t testing.TB, d *database, n int, needle string) {
	t.Helper()
	start := logStart.UnixMicro()
	columns, values, from := "", "", "rows"
	if d.Dialect == store.PostgreSQL { // as the handler writes them
		columns, values, from = ", grams", ", grams", `rows JOIN (SELECT message, code, (SELECT array_agg(DISTINCT ascii(substr(t, i, 1)) * 1849 +
			ascii(substr(t, i + 1, 1)) * 43 + ascii(substr(t, i + 2, 1))) FROM generate_series(1, length(t) - 2) AS i) AS grams
			FROM (SELECT DISTINCT message, code, lower(message) || chr(10) || code || chr(10) || '/orders/{id}' AS t FROM rows) AS d) AS texts
			USING (message, code)`
	}
	d.exec(t, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d),
		rows AS (SELECT i, CASE WHEN i %% 1000 = 0 THEN 12 WHEN i %% 20 = 0 THEN 8 WHEN i %% 10 = 0 THEN 4 ELSE 0 END AS level,
		CASE WHEN %s THEN 'the Needle' ELSE 'request failed: connection refused by the other side' END AS message,
		CASE WHEN i %% 3 = 0 THEN '' WHEN i %% 5000 = 1 THEN 'rare' ELSE 'code_' || (i %% 5) END AS code,
		CASE WHEN i %% 4 = 0 THEN '' WHEN i %% 7919 = 1 THEN 'seldom' ELSE 'scope_' || (i %% 3) END AS scope,
		CASE WHEN i %% 2 = 0 THEN '' ELSE 'trace-' || (i / 4) END AS trace_id, %d + CAST(i AS bigint) * 1000000 AS created FROM n)
		INSERT INTO polyfault_log (host, level, message, code, scope, trace_id, attributes, stacktrace, created, last_seen, print, state,
		search, status, method, route%s)
		SELECT 'host', level, message, code, scope, trace_id, '{"status":404,"method":"GET","path":"/orders/{id}"}', '', created, created,
		'print-' || (i / 4), CASE WHEN i %% 9973 = 0 THEN 1 WHEN i %% 9973 = 1 THEN 2 ELSE 0 END,
		lower(message) || '
' || code || '
' || '/orders/{id}', CASE WHEN i %% 9001 = 0 THEN 418 WHEN i %% 2 = 0 THEN 0 WHEN i %% 10 = 1 THEN 500 ELSE 404 END,
		'GET', '/orders/{id}'%s FROM %s ORDER BY i`, n, needle, start, columns, values, from))
}

var (
	logScans = regexp.MustCompile(`(?m)Seq Scan on polyfault_log|SCAN polyfault_log$`)
	logSorts = regexp.MustCompile(`(?m)USE TEMP B-TREE FOR ORDER BY|Sort Key`)
)

// manyRows is how many rows a list has that an environment variable asks for: POLYFAULT_ROWS=1000000.
func manyRows(t testing.TB) int {
	rows, err := strconv.Atoi(cmp.Or(os.Getenv("POLYFAULT_ROWS"), strconv.Itoa(listRows)))
	require.NoError(t, err)
	return rows
}

// listRows is how many rows make the plans of both databases those of a large table.
const listRows = 50_000

// listFilters are filters for a log of so many rows of fillLog.
func listFilters(rows int) map[string]store.LogFilter {
	middle := logStart.Add(time.Duration(rows/2) * time.Second)
	hour := store.LogFilter{Started: middle, Ended: middle.Add(time.Hour)}
	day := store.LogFilter{Started: middle, Ended: middle.Add(24 * time.Hour)}
	return map[string]store.LogFilter{
		"newest":                  {},
		"largest page":            {PageSize: store.MaxPageSize},
		"range":                   hour,
		"long range":              day,
		"old":                     {Ended: logStart.Add(time.Hour)},
		"deep":                    {Before: int64(rows / 2)},
		"level":                   {Level: new(slog.LevelError)},
		"rare level":              {Level: new(slog.Level(12))},
		"no level":                {Level: new(slog.Level(13))},
		"all levels":              {Level: new(slog.LevelDebug)},
		"level in a range":        {Level: new(slog.LevelError), Started: hour.Started, Ended: hour.Ended},
		"level in a long range":   {Level: new(slog.LevelError), Started: day.Started, Ended: day.Ended},
		"code":                    {Code: "code_1"},
		"rare code":               {Code: "rare"},
		"no such code":            {Code: "none"},
		"code and level":          {Code: "code_1", Level: new(slog.LevelWarn)},
		"deep code":               {Code: "code_1", Before: int64(rows / 2)},
		"code in a range":         {Code: "code_1", Started: hour.Started, Ended: hour.Ended},
		"code in a long range":    {Code: "code_1", Started: day.Started, Ended: day.Ended},
		"scope":                   {Scope: "scope_1"},
		"rare scope":              {Scope: "seldom"},
		"no such scope":           {Scope: "none"},
		"scope and level":         {Scope: "scope_1", Level: new(slog.LevelError)},
		"scope and rare level":    {Scope: "seldom", Level: new(slog.LevelError)},
		"code and scope":          {Code: "code_1", Scope: "scope_1"},
		"code and rare scope":     {Code: "code_1", Scope: "seldom"},
		"rare code and scope":     {Code: "rare", Scope: "scope_1"},
		"trace":                   {TraceID: "trace-100"},
		"trace and all":           {TraceID: "trace-100", Code: "code_1", Scope: "scope_1", Level: new(slog.LevelInfo)},
		"search":                  {Search: "refused"},
		"search in vain":          {Search: "no such text"},
		"search for what is rare": {Search: "NEEDLE"},
		"search in a code":        {Search: "no such text", Code: "code_1"},
		"search in a scope":       {Search: "no such text", Scope: "scope_1"},
		"search in a level":       {Search: "no such text", Level: new(slog.LevelError)},
		"search in a range":       {Search: "no such text", Started: hour.Started, Ended: hour.Ended},
		"search in a long range":  {Search: "no such text", Started: day.Started, Ended: day.Ended},
		"search for a trace":      {Search: "trace-1000"},
		"short search":            {Search: "of"},
		"search in a trace":       {Search: "refused", TraceID: "trace-100"},

		"last seen":                  {Order: store.ByLastSeen},
		"last seen, range":           {Order: store.ByLastSeen, Started: hour.Started, Ended: hour.Ended},
		"last seen, deep":            {Order: store.ByLastSeen, Before: int64(rows / 2)},
		"last seen, from a page":     {Order: store.ByLastSeen, Before: int64(rows / 2), BeforeSeen: middle},
		"last seen, level":           {Order: store.ByLastSeen, Level: new(slog.LevelError)},
		"last seen, code":            {Order: store.ByLastSeen, Code: "code_1"},
		"last seen, rare code":       {Order: store.ByLastSeen, Code: "rare"},
		"last seen, scope and level": {Order: store.ByLastSeen, Scope: "scope_1", Level: new(slog.LevelError)},
		"last seen, search":          {Order: store.ByLastSeen, Search: "refused"},
		"last seen, search in vain":  {Order: store.ByLastSeen, Search: "no such text"},
		"state new":                  {State: store.LogNew},
		"state new, last seen":       {State: store.LogNew, Order: store.ByLastSeen},
		"state resolved":             {State: store.LogResolved},
		"state ignored, last seen":   {State: store.LogIgnored, Order: store.ByLastSeen},
		"state and code":             {State: store.LogResolved, Code: "code_1"},
		"fingerprint":                {Fingerprint: "print-1000"},
		"no such fingerprint":        {Fingerprint: "none"},
		"fingerprint, last seen":     {Fingerprint: "print-1000", Order: store.ByLastSeen},
		"prefix":                     {CodePrefix: "code_"},
		"rare prefix":                {CodePrefix: "ra"},
		"prefix, last seen":          {CodePrefix: "code_", Order: store.ByLastSeen},
		"no such prefix":             {CodePrefix: "zz"},
		"prefix and level":           {CodePrefix: "code_", Level: new(slog.LevelError)},
		"family":                     {Family: "client_error"},
		"whole family":               {Family: "unknown_error", Order: store.ByLastSeen},
		"family and level":           {Family: "not_found", Level: new(slog.LevelError)},
		"oldest":                     {Ascending: true},
		"oldest, deep":               {Ascending: true, Before: int64(rows / 2)},
		"oldest of a code":           {Ascending: true, Code: "code_1", Level: new(slog.LevelWarn)},
		"oldest, search in vain":     {Ascending: true, Search: "no such text"},
		"seen first":                 {Ascending: true, Order: store.ByLastSeen},
		"status":                     {Status: 404},
		"rare status":                {Status: 418},
		"no such status":             {Status: 599},
		"status, deep":               {Status: 404, Before: int64(rows / 2)},
		"status and level":           {Status: 500, Level: new(slog.LevelError)},
		"class":                      {Status: 4},
		"class and code":             {Status: 5, Code: "code_1"},
		"last seen, status":          {Status: 404, Order: store.ByLastSeen},
	}
}

// rareIndexes are the indexes for lists of few records: down another one, they would be looked for in the
// whole log.
var rareIndexes = map[string]string{
	"rare level": "level", "no level": "level", "rare code": "code|code_seen", "no such code": "code|code_seen", "rare scope": "scope",
	"no such scope": "scope", "scope and rare level": "scope",
	"code and rare scope": "code_scope", "rare code and scope": "code_scope", "trace": "trace_id", "trace and all": "trace_id",
	"state resolved": "state", "state ignored, last seen": "state", "fingerprint": "print", "no such fingerprint": "print",
	"rare prefix": "code|code_seen|level", "no such prefix": "code|code_seen",
	"last seen": "seen", "last seen, range": "seen", "search in vain": "grams|created",
	"last seen, from a page": "seen", "oldest": "created", "seen first": "seen", "rare status": "status", "no such status": "status",
}

// Every list of the log walks down an index: none reads the table from one end to the other, and none
// sorts but what is few. How long they take, BenchmarkLists says.
func TestListsWalkDownAnIndex(t *testing.T) {
	sequential(t)
	t.Parallel()
	few := regexp.MustCompile("Bitmap Index Scan on polyfault_log_(code|scope|trace|print|state|status|seen)")
	// Of these the database sorts what an index has found: codes of several names, and orders that the index does not have.
	sorted := regexp.MustCompile("trace|^last seen, |state|fingerprint|prefix|family")
	rows := manyRows(t)
	filters := listFilters(rows)
	for name := range rareIndexes {
		require.Contains(t, filters, name)
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		r, s := newRecorder(t, d)
		fillForLists(t, d, rows)
		for name, f := range filters {
			r.take()
			begun := time.Now()
			_, _, err := s.Logs(t.Context(), f)
			require.NoError(t, err)
			if took := time.Since(begun); took > 200*time.Millisecond {
				t.Logf("%s takes %s", name, took)
			}
			sent := r.take()
			require.NotEmpty(t, sent, name)
			for _, q := range sent {
				plan := strings.Join(explain(t, d, q.query, q.args), "\n")
				assert.NotRegexp(t, logScans, plan, "%s: %s", name, q.query)
				if index := rareIndexes[name]; index != "" {
					assert.Regexp(t, "polyfault_log_("+index+`)\b`, plan, "%s: %s", name, q.query)
				}
				if f.Search == "" && !sorted.MatchString(name) && !strings.Contains(q.query, "UNION ALL") && !few.MatchString(plan) {
					assert.NotRegexp(t, logSorts, plan, "%s: %s", name, q.query)
				}
			}
		}
	})
}

// fillForLists fills the log, and tells PostgreSQL's planner.
func fillForLists(t testing.TB, d *database, rows int) {
	t.Helper()
	fillLog(t, d, rows, "i % 100003 = 0")
	if d.Dialect == store.PostgreSQL {
		d.exec(t, "VACUUM ANALYZE polyfault_log")
	}
}
