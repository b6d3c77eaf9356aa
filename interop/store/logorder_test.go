package store_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

var logOrders = []store.LogOrder{
	store.ByCreated, store.ByLastSeen, store.ByRepeats, store.ByLevel, store.ByStatus, store.ByMethod, store.ByRoute, store.ByCode,
	store.ByCause, store.ByHost, store.ByScope, store.ByState,
}

// A column is what a test has put into a row: a number or a text.
type column struct {
	number int64
	text   string
}

func (c column) value() any {
	if c.text != "" {
		return strings.TrimPrefix(c.text, "=")
	}
	return c.number
}

// columnsOf are the columns of row i: few different values, among them the empty text.
func columnsOf(i int) map[store.LogOrder]column {
	number := func(values ...int64) column { return column{number: values[i%len(values)]} }
	text := func(values ...string) column { return column{text: "=" + values[i%len(values)]} }
	at := logStart.UnixMicro()
	return map[store.LogOrder]column{
		store.ByCreated: number(at, at+1, at+2), store.ByLastSeen: number(at+5, at+4, at+9, at+5), store.ByRepeats: number(1, 1, 2, 1000),
		store.ByLevel: number(8, 0, 4, 8, 8), store.ByStatus: number(0, 404, 500, 200, 404, 0, 503), store.ByMethod: text("GET", "", "POST"),
		store.ByRoute: text("/a", "/b/{id}", "", "/a", "/é\n\x1b"), store.ByCode: text("not_found", "", "database", "Not"),
		store.ByCause: text("", "", "boom", "=boom", "ÄRGER"), store.ByHost: text("web-1", "web-2"), store.ByScope: text("", "jobs"),
		store.ByState: number(0, 0, 1, 2),
	}
}

const orderedRows = 130

// fillColumns writes the rows past the handler, and returns their ids.
func fillColumns(t *testing.T, d *database) []int64 {
	t.Helper()
	d.exec(t, "DELETE FROM polyfault_log")
	ids := make([]int64, orderedRows)
	var names []string
	for _, o := range logOrders {
		names = append(names, string(o))
	}
	row := "(?, ?, '', '{}', '', ?" + strings.Repeat(", ?", len(names)) + "), "
	searched := func(message string) any { return message }
	if d.Dialect == store.PostgreSQL {
		searched = func(string) any { return nil } // as of a program from before: its text is the message
	}
	var args []any
	for i := range ids {
		ids[i] = int64(1000 + (i*37)%orderedRows) // of no order
		args = append(args, ids[i], fmt.Sprint("message ", i), searched(fmt.Sprint("message ", i)))
		for _, o := range logOrders {
			args = append(args, columnsOf(i)[o].value())
		}
	}
	d.exec(t, d.q("INSERT INTO polyfault_log (id, message, trace_id, attributes, stacktrace, search, "+strings.Join(names, ", ")+") VALUES "+
		strings.TrimSuffix(strings.Repeat(row, orderedRows), ", ")), args...)
	return ids
}

// inOrder are the ids as the list has them.
func inOrder(ids []int64, f store.LogFilter) []int64 {
	rows := make([]int, len(ids))
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int {
		x, y := columnsOf(a)[f.Order], columnsOf(b)[f.Order]
		c := cmp.Or(cmp.Compare(x.number, y.number), strings.Compare(x.text, y.text), cmp.Compare(ids[a], ids[b]))
		if f.Ascending {
			return c
		}
		return -c
	})
	sorted := make([]int64, len(rows))
	for i, row := range rows {
		sorted[i] = ids[row]
	}
	return sorted
}

// eachOrder calls f for all orders in both directions.
func eachOrder(f func(o store.LogFilter)) {
	for _, order := range logOrders {
		f(store.LogFilter{Order: order})
		f(store.LogFilter{Order: order, Ascending: true})
	}
}

// idsOf reads all pages.
func idsOf(t *testing.T, s *store.Store, f store.LogFilter) (ids []int64) {
	t.Helper()
	for {
		records, next, err := s.Logs(t.Context(), f)
		require.NoError(t, err, "%+v", f)
		for _, r := range records {
			ids = append(ids, r.ID)
		}
		if next == 0 {
			return ids
		}
		require.Len(t, records, f.PageSize, "%+v", f)
		require.Equal(t, records[len(records)-1].ID, next)
		f.Before = next
	}
}

// linkedIDs reads all pages by the links of the handler, which say where a page has ended; between is called after each with
// its last entry.
func linkedIDs(t *testing.T, s *store.Store, f store.LogFilter, between func(last wireLog)) (ids []int64) {
	t.Helper()
	require.Equal(t, store.LogFilter{Order: f.Order, Ascending: f.Ascending, PageSize: f.PageSize, Search: f.Search}, f)
	q := url.Values{"page_size": {strconv.Itoa(f.PageSize)}, "order": {map[bool]string{false: "-"}[f.Ascending] + string(f.Order)}}
	if f.Search != "" {
		q.Set("search", f.Search)
	}
	a := newAPI(t, reading(s, nil))
	for target := "/logs/?" + q.Encode(); ; {
		page := a.logs(target)
		for _, e := range page.Results {
			ids = append(ids, e.ID)
		}
		if page.Next == nil {
			return ids
		}
		require.Len(t, page.Results, f.PageSize, "%+v", f)
		last := page.Results[len(page.Results)-1]
		target = valued(t, *page.Next, last)
		between(last)
	}
}

// valued is the link with the place as a value, which the links of times have only in the pages.
func valued(t *testing.T, link string, last wireLog) string {
	t.Helper()
	path, query, _ := strings.Cut(link, "?")
	q, err := url.ParseQuery(query)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(last.ID), q.Get("before"))
	times := map[string]string{"created": last.Created, "last_seen": last.LastSeen}
	if written, ok := times[strings.TrimPrefix(q.Get("order"), "-")]; ok {
		at, err := time.Parse(time.RFC3339Nano, written)
		require.NoError(t, err)
		q.Del("before_seen")
		q.Set("before_value", strconv.FormatInt(at.UnixMicro(), 10))
	}
	require.True(t, q.Has("before_value"), link)
	return path + "?" + q.Encode()
}

// nothing happens between two pages.
func nothing(wireLog) {}

// requestOf are the columns of a row that say what the request was: status, method, route and cause.
func requestOf(t *testing.T, d *database, id int64) []string {
	t.Helper()
	row := make([]string, 4)
	query := d.q("SELECT coalesce(status, -1), method, route, cause FROM polyfault_log WHERE id = ?")
	require.NoError(t, d.DB.QueryRowContext(t.Context(), query, id).Scan(&row[0], &row[1], &row[2], &row[3]))
	return row
}

// Every order has every record once, in both directions, page by page, whether a page says where the last one has ended or
// not, and with a search.
func TestLogOrders(t *testing.T) {
	sequential(t)
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		ids := fillColumns(t, d)
		eachOrder(func(f store.LogFilter) {
			want := inOrder(ids, f)
			for _, search := range []string{"", "me", "MESSAGE"} {
				f.PageSize, f.Search = 7, search
				assert.Equal(t, want, idsOf(t, s, f), "%+v", f)
				assert.Equal(t, want, linkedIDs(t, s, f, nothing), "%+v", f)
				f.PageSize = store.MaxPageSize
				assert.Equal(t, want, idsOf(t, s, f), "%+v", f)
			}
			f.PageSize, f.Search, f.Code, f.Level = 3, "", "not_found", new(slog.LevelError)
			some := slices.DeleteFunc(want, func(id int64) bool {
				of := columnsOf(slices.Index(ids, id))
				return of[store.ByCode].text != "=not_found" || of[store.ByLevel].number < 8
			})
			assert.Equal(t, some, idsOf(t, s, f), "%+v", f)
		})
		f := store.LogFilter{Order: store.ByRepeats, Started: logStart.Add(9 * time.Microsecond), Ended: logStart.Add(time.Second)}
		assert.Len(t, logged(t, s, f), 32, "the bounds are those of the time last seen")
	})
}

// Pages go on where they ended although that record is deleted, or is elsewhere by now, and others are deleted.
func TestLogOrdersWhileRecordsGo(t *testing.T) {
	sequential(t)
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		eachOrder(func(f store.LogFilter) {
			ids := fillColumns(t, d)
			want, page := inOrder(ids, f), 0
			f.PageSize = 7
			got := linkedIDs(t, s, f, func(last wireLog) {
				page++
				behind := page*f.PageSize + 3
				if behind < len(want) {
					d.exec(t, d.q("DELETE FROM polyfault_log WHERE id = ?"), want[behind])
					want[behind] = 0 // nobody sees it
					want = append(want[:behind], want[behind+1:]...)
				}
				if page%2 == 0 {
					d.exec(t, d.q("DELETE FROM polyfault_log WHERE id = ?"), last.ID)
					return
				}
				value := column{number: 2}
				switch {
				case columnsOf(0)[f.Order].text != "":
					value = map[bool]column{true: {text: "="}, false: {text: "=\U0010FFFF"}}[f.Ascending]
				case f.Ascending:
					value.number = 0
				case f.Order != store.ByState:
					value.number = math.MaxInt32
					if f.Order == store.ByCreated || f.Order == store.ByLastSeen {
						value.number = math.MaxInt64
					}
				}
				d.exec(t, d.q("UPDATE polyfault_log SET "+string(f.Order)+" = ? WHERE id = ?"), value.value(), last.ID)
			})
			assert.Equal(t, want, got, "%+v", f)
		})
	})
}

// The Go API asks where the record of Before is: it may be elsewhere by now, and nothing follows one that was deleted, unless
// BeforeSeen says where it was.
func TestLogsAskForBefore(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		eachOrder(func(f store.LogFilter) {
			want := inOrder(fillColumns(t, d), f)
			f.PageSize = 7
			last := logged(t, s, f)[6]
			f.Before = last.ID
			read := func(seen time.Time) (ids []int64) {
				f.BeforeSeen = seen
				for _, r := range logged(t, s, f) {
					ids = append(ids, r.ID)
				}
				return ids
			}
			assert.Equal(t, want[7:14], read(time.Time{}), "%+v", f)
			assert.Equal(t, want[7:14], read(last.LastSeen), "%+v", f)
			seen := f.Order == store.ByLastSeen
			if f.Order == store.ByRepeats || seen {
				first := map[bool]int64{false: logStart.Add(time.Hour).UnixMicro()}[f.Ascending]
				if !seen {
					first = min(first, math.MaxInt32)
				}
				d.exec(t, d.q("UPDATE polyfault_log SET "+string(f.Order)+" = ? WHERE id = ?"), first, last.ID)
				assert.Equal(t, append(slices.Clone(want[:6]), want[7]), read(time.Time{}), "it is the first one now: %+v", f)
			}
			d.exec(t, d.q("DELETE FROM polyfault_log WHERE id = ?"), last.ID)
			assert.Empty(t, read(time.Time{}), "%+v", f)
			assert.Equal(t, map[bool][]int64{true: want[7:14]}[seen], read(last.LastSeen), "%+v", f)
		})
	})
}

// The links of pages go on where a page ended, whatever becomes of its last record.
func TestPagesOfTheLogWhileRecordsGo(t *testing.T) {
	sequential(t)
	t.Parallel()
	entry := regexp.MustCompile(`href="\.\./logs/(\d+)"`)
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		eachOrder(func(f store.LogFilter) {
			if f.Order == store.ByScope {
				return // no column of the pages
			}
			want := inOrder(fillColumns(t, d), f)
			var got []int64
			for path := "/logs/?order=" + map[bool]string{false: "-"}[f.Ascending] + string(f.Order); ; {
				_, body := s.ask(http.MethodGet, path)
				for _, link := range entry.FindAllStringSubmatch(body, -1) {
					id, err := strconv.ParseInt(link[1], 10, 64)
					require.NoError(t, err)
					got = append(got, id)
				}
				if !strings.Contains(body, `rel="next"`) {
					break
				}
				require.NotEmpty(t, got, path)
				path = "/logs" + pageLink(t, s.page(path), "Next page")[1:]
				d.exec(t, d.q("DELETE FROM polyfault_log WHERE id = ?"), got[len(got)-1])
			}
			assert.Equal(t, want, got, "%+v", f)
		})
	})
}

// A search in an order that is no time looks at what was seen last, and goes no further.
func TestSearchDepthOfOrders(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	s := d.open(t)
	const rows = 2*store.SearchDepth + 10
	fillLog(t, d, rows, "i % 100 = 0")
	for _, ascending := range []bool{false, true} {
		f := store.LogFilter{Search: "needle", Order: store.ByLevel, Ascending: ascending, PageSize: 7}
		got := linkedIDs(t, s, f, nothing)
		assert.GreaterOrEqual(t, len(got), store.SearchDepth/100)
		seen := slices.Clone(got)
		slices.Sort(seen)
		assert.Len(t, slices.Compact(seen), len(got), "no record twice")
		for id := rows / 100 * 100; id > rows-store.SearchDepth; id -= 100 {
			assert.Contains(t, got, int64(id))
		}
	}
}

func TestLogStatus(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{})
		for i, status := range []int{200, 404, 499, 500, 400, 404, 599, 100} {
			write(t, h, line{i, slog.LevelError, fmt.Sprint(i, "-", status), []any{"status", status, "code", "c", "scope", "s"}})
		}
		write(t, h, line{9, slog.LevelError, "none", nil})
		for status, want := range map[int]string{
			0: "none 7-100 6-599 5-404 4-400 3-500 2-499 1-404 0-200", 404: "5-404 1-404", 4: "5-404 4-400 2-499 1-404", 5: "6-599 3-500",
			1: "7-100", 2: "0-200", 3: "", 418: "",
		} {
			f := store.LogFilter{Status: status}
			assert.Equal(t, strings.Fields(want), append([]string{}, messages(logged(t, s, f))...), status)
			eachOrder(func(f store.LogFilter) {
				f.Status = status
				assert.Len(t, logged(t, s, f), len(strings.Fields(want)), "%+v", f)
			})
			if status != 0 {
				for _, f := range []store.LogFilter{
					{Code: "c"}, {Level: new(slog.LevelError)}, {Scope: "s"}, {CodePrefix: "c"}, {Search: "-"}, {State: store.LogNew},
				} {
					f.Status = status
					assert.Len(t, logged(t, s, f), len(strings.Fields(want)), "%+v", f)
				}
			}
		}
		eachOrder(func(f store.LogFilter) { // by the index of grams, where there is one
			f.Search, f.PageSize = "-40", 2
			assert.Len(t, linkedIDs(t, s, f, nothing), 3, "%+v", f)
		})
		for field, filters := range map[string][]store.LogFilter{
			"status": {{Status: -1}, {Status: 6}, {Status: 99}, {Status: 600}, {Status: math.MaxInt}, {Status: math.MinInt}},
			"order":  {{Order: "-created"}, {Order: "id"}, {Order: "status; DROP TABLE polyfault_log"}},
		} {
			for _, f := range filters {
				_, _, err := s.Logs(t.Context(), f)
				var wrong *store.FilterError
				require.ErrorAs(t, err, &wrong, "%+v", f)
				assert.Equal(t, field, wrong.Field)
				assertAnswer(t, err, fault.BadParamValue, 400)
			}
		}
	})
}

// What attributes hold is in the columns as databases can have it; what is no status is none.
func TestHostileColumns(t *testing.T) {
	t.Parallel()
	type status int
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{})
		values := func(attrs ...any) []string {
			r := one(t, s, h, func(l *slog.Logger) { l.Error("x", attrs...) })
			assert.True(t, json.Valid(r.Attributes), "%s", r.Attributes)
			return requestOf(t, d, r.ID)
		}
		for _, c := range []struct {
			value any
			want  string
		}{
			{404, "404"}, {"404", "404"}, {404.0, "404"}, {uint8(200), "200"}, {status(503), "503"}, {slog.IntValue(500), "500"},
			{404.5, "0"}, {-404, "0"}, {1e99, "0"}, {math.NaN(), "0"}, {math.Inf(1), "0"},
			{uint64(math.MaxUint64), "0"}, {"1e2", "0"}, {"resolved", "0"},
			{"404 ", "0"}, {"٤٠٤", "0"}, {"+99", "0"}, {99, "0"}, {600, "0"}, {0, "0"}, {true, "0"},
			{nil, "0"}, {[]int{404}, "0"}, {"", "0"}, {"\x00", "0"},
			{errors.New("404"), "404"}, {time.Duration(404), "404"}, {map[string]int{"status": 404}, "0"},
		} {
			assert.Equal(t, c.want, values("status", c.value)[0], "%v", c.value)
			assert.Equal(t, c.want, values("http.response.status_code", c.value)[0], "%v", c.value)
		}
		long := strings.Repeat("é", 5000)
		cut := strings.Repeat("é", 249) + "…"
		for _, c := range []struct {
			attrs []any
			want  []string
		}{
			{[]any{"method", "GET", "route", "/a/{id}", "path", "/a/7", "cause", "boom"}, []string{"0", "GET", "/a/{id}", "boom"}},
			{[]any{"http.request.method", "GET", "http.route", "/a/{id}", "url.path", "/a/7", "exception.message", "boom"},
				[]string{"0", "GET", "/a/{id}", "boom"}},
			{[]any{"path", "/a/7", "method", 7, "cause", errors.New("boom")}, []string{"0", "", "/a/7", "boom"}},
			{[]any{"method", long, "route", long, "cause", long}, []string{"0", cut, cut, cut}},
			{[]any{"path", "/a\x00\xed\xa0\x80b", "method", "\xff", "cause", "x\x00"}, []string{"0", "\uFFFD", "/a\uFFFD\uFFFDb", "x\uFFFD"}},
			{[]any{slog.Group("r", "status", 404, "method", "GET", "path", "/a"), "status", "no", "status", 404, "status", "no"},
				[]string{"404", "", "", ""}},
		} {
			assert.Equal(t, c.want, values(c.attrs...), "%v", c.attrs)
		}
		r := one(t, s, h, func(l *slog.Logger) { l.With("status", 404, "method", "GET").With("path", "/p").Error("x") })
		assert.Equal(t, []string{"404", "GET", "/p", ""}, requestOf(t, d, r.ID))
		total := len(logged(t, s, store.LogFilter{PageSize: store.MaxPageSize}))
		eachOrder(func(f store.LogFilter) {
			f.PageSize = 5
			assert.Len(t, linkedIDs(t, s, f, nothing), total, "%+v", f)
		})
	})
}

// The columns of a row are those of the first record, and the line of a responder has them by all its names.
func TestColumnsOfAService(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]fault.Option{"own names": nil, "OpenTelemetry's": {fault.WithLogNames(fault.OTelNames)}} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, d *database) {
				s := newService(t, d, store.LogOptions{}, append(opts, fault.WithClientErrorLevel(slog.LevelInfo))...)
				s.get("/disk", "1", "a")
				s.get("/disk", "2", "b")
				s.get("/gone", "3", "c")
				flush(t, s.log)
				r := logged(t, s.s, store.LogFilter{Status: 500})
				require.Len(t, r, 1)
				assert.Equal(t, 2, r[0].Repeats)
				assert.Equal(t, []string{"500", "GET", "/disk", "order 1: no space left on device"}, requestOf(t, d, r[0].ID))
				assert.Len(t, logged(t, s.s, store.LogFilter{Status: http.StatusGone}), 1)
				assert.Len(t, logged(t, s.s, store.LogFilter{Status: 4}), 1)
			})
		})
	}
}

// Rows of programs from before get their columns in the background; until then no status finds them.
func TestColumnsOfOldRows(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		d.migrateTo(t, 3)
		old := func(i int, attributes string) {
			d.exec(t, d.q("INSERT INTO polyfault_log (host, level, message, code, scope, trace_id, attributes, stacktrace, created, repeats, last_seen, "+
				"print, search) VALUES ('h', 8, ?, '', '', '', ?, '', ?, 1, ?, '', 'what it has')"), fmt.Sprint("m", i), attributes, i+1, i+1)
		}
		for i := range 450 {
			old(i, fmt.Sprintf(`{"status":%d,"method":"GET","path":"/p/%d","cause":"a \"b\" \u0000\ud800"}`, 400+i%3, i))
		}
		s := d.open(t)
		old(450, `{"http.response.status_code":"503","http.request.method":"POST","http.route":"/r","url.path":"/x","exception.message":"boom"}`)
		old(451, `{"status":1e99,"method":7,"path":["x"],"cause":null}`)
		old(452, `no JSON`)
		assert.Empty(t, logged(t, s, store.LogFilter{Status: 4}))
		assert.Empty(t, logged(t, s, store.LogFilter{Status: 503}))
		assert.Len(t, idsOf(t, s, store.LogFilter{Order: store.ByStatus, PageSize: 100}), 453)
		newLog(t, s, store.LogOptions{})
		require.Eventually(t, func() bool {
			return d.count(t, "SELECT count(*) FROM polyfault_log WHERE status IS NULL") == 0
		}, hang, 20*time.Millisecond)
		assert.Len(t, logged(t, s, store.LogFilter{Status: 401, PageSize: 1000}), 150)
		r := logged(t, s, store.LogFilter{Status: 402, PageSize: 1})[0]
		assert.Equal(t, []string{"402", "GET", "/p/449", "a \"b\" \uFFFD\uFFFD"}, requestOf(t, d, r.ID))
		r = logged(t, s, store.LogFilter{Status: 5})[0]
		assert.Equal(t, []string{"503", "POST", "/r", "boom"}, requestOf(t, d, r.ID))
		r = logged(t, s, store.LogFilter{PageSize: 2})[1]
		assert.Equal(t, []string{"0", "", "", ""}, requestOf(t, d, r.ID))
		assert.Equal(t, 453, d.count(t, "SELECT count(*) FROM polyfault_log WHERE search = 'what it has'"), "what a row has stays")
	})
}

func TestHandlerSortsLogs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		ids := fillColumns(t, d)
		a := newAPI(t, http.StripPrefix("/x", reading(s, nil)))
		eachOrder(func(f store.LogFilter) {
			order := map[bool]string{false: "-"}[f.Ascending] + string(f.Order)
			var got []int64
			for next := new("/x/logs/?page_size=7&order=" + order); next != nil; {
				page := a.logs(*next)
				for _, e := range page.Results {
					got = append(got, e.ID)
				}
				next = page.Next
				require.NotEmpty(t, page.Results, order)
				if last := page.Results[len(page.Results)-1]; next != nil && (f.Order != store.ByCreated || f.Ascending) {
					d.exec(t, d.q("DELETE FROM polyfault_log WHERE id = ?"), last.ID)
				}
			}
			assert.Equal(t, inOrder(ids, f), got, order)
			fillColumns(t, d)
		})
		page := a.logs("/x/logs/?page_size=7")
		assert.NotContains(t, *page.Next, "before_")
		page = a.logs("/x/logs/?page_size=7&order=-last_seen")
		assert.Contains(t, *page.Next, "before_seen=2026-11-21T09%3A00%3A00.000009Z")
		assert.NotContains(t, *page.Next, "before_value")
		for query, want := range map[string]int{
			"status=404": 37, "status=4xx": 37, "status=5XX": 37, "status=5xX": 37, "status=3xx": 0, "status=418": 0,
			"status=404&order=route": 37, "status=4xx&order=-cause&level=ERROR&search=mess": 22,
		} {
			assert.Len(t, a.logs("/x/logs/?page_size=1000&"+query).Results, want, query)
		}
		for query, want := range map[string]string{
			"status=": "status invalid", "status=0": "status invalid", "status=4": "status invalid", "status=0404": "status invalid",
			"status=600": "status invalid", "status=6xx": "status invalid", "status=0xx": "status invalid", "status=xx": "status invalid",
			"status=4xxx": "status invalid", "status=404xx": "status invalid", "status=%2B404": "status invalid", "status=40x": "status invalid",
			"status=99999999999999999999": "status invalid", "status=4xx&status=5xx": "status unique", "status=%00": "status invalid",
			"order=message": "order oneof", "order=--level": "order oneof", "order=-": "order oneof", "order=+level": "order oneof",
			"before_value=": "before_value required", "before_value=x": "before_value integer", "order=level&before_value=": "before_value required",
			"order=code&before_value=x": "before_value invalid", "order=code&before_value=%3D%00": "before_value invalid",
			"order=x&before_value=x": "order oneof", "before_value=%3Dx": "before_value integer",
			"order=-level&before_value=1.5": "before_value integer", "order=-status&before_value=1e9": "before_value integer",
			"order=repeats&before_value=99999999999999999999": "before_value integer",
			"order=-cause&before_value=%3D%00":                "before_value invalid", "order=-route&before_value=%3D%FF": "before_value invalid",
			"order=-route&before_value=%3D" + strings.Repeat("%C3%A9", 251): "before_value max.string",
		} {
			r := a.get("/x/logs/?" + query)
			name, fields := refused(t, r)
			assert.Equal(t, "400 bad_param_value", fmt.Sprint(r.Status, " ", name), query)
			assert.Equal(t, []string{"query " + want}, fields, query)
		}
	})
}
