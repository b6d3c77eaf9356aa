package store_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// Nobody said who may do what: errors are read, logs and pages are not, nothing is written, and one line says so.
func TestNothingIsOpenByDefault(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	d := newSQLite(t)
	s := d.open(t, store.WithLogger(slog.New(slog.NewTextHandler(&lines, nil))))
	require.NoError(t, s.SyncKinds(t.Context()))
	h := newLog(t, s, store.LogOptions{})
	write(t, h, line{0, slog.LevelError, "secret", []any{"trace_id", "t"}})
	secret := map[string]*api{
		"handler": newAPI(t, store.Handler(s, quietResponder(t))), "read-only": newAPI(t, store.Handler(s, quietResponder(t), store.ReadOnly())),
	}
	assert.Equal(t, 2, strings.Count(lines.String(), "\n"), lines.String())
	assert.Contains(t, lines.String(), "Handler without WithAuthorize")
	pages := newAPI(t, store.Pages(s, quietResponder(t)))
	assert.Equal(t, 3, strings.Count(lines.String(), "\n"), lines.String())
	assert.Contains(t, lines.String(), "Pages without PagesAuthorize: nobody reads them (403)")
	for name, a := range secret {
		for target, want := range map[string]int{
			"GET /errors/": 200, "GET /errors/1/": 200, "HEAD /errors/1/": 200, "POST /errors/": 404, "PATCH /errors/1/": 404,
			"GET /logs/": 403, "GET /logs/1/": 403, "GET /logs/99/": 403, "GET /logs/?search=x&y=z": 403, "HEAD /logs/": 403, "PATCH /logs/1/": 404,
		} {
			method, path, _ := strings.Cut(target, " ")
			r := a.do(method, path, "")
			assert.Equal(t, want, r.Status, "%s: %s", name, target)
			assert.NotContains(t, r.Body, "secret")
			if want == 403 && method != "HEAD" {
				code, _ := refused(t, r)
				assert.Equal(t, "permission_denied", code)
			}
		}
	}
	for _, path := range []string{"/errors/", "/errors/1", "/logs/", "/logs/1", "/", "/x/y"} {
		assert.Equal(t, 403, pages.get(path).Status, path)
	}
	lines.Reset()
	writing(s)
	store.Pages(s, nil, everybody)
	assert.Empty(t, lines.String())
}

// An operator resolves what the page shows; the state is the operator's who knew the latest one.
func TestHandlerTriage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{Deduplicate: true, Host: "web-1"})
		for i := range 60 {
			write1(t, h, line{i, slog.LevelError, "\x1b[31m<script>alert(1)</script>",
				[]any{"code", "c", "trace_id", fmt.Sprint("t", i), "path", "/p\u202e"}})
		}
		flush(t, h)
		a := newAPI(t, writing(s))
		id := a.logs("/logs/?trace_id=t59").Results[0].ID
		target := fmt.Sprintf("/logs/%d/", id)
		r := a.get(target)
		e := decode[wireLog](t, r)
		assert.Equal(t, []any{"new", int64(1), 60, "t0", 50, 1},
			[]any{e.State, e.Version, e.Repeats, e.TraceID, len(e.Occurrences), len(e.Hours)})
		assert.Equal(t, wireOccurrence{"t59", "2026-11-21T09:59:00.000000Z", "/p\u202e", "web-1"}, e.Occurrences[0])
		assert.Equal(t, wireHour{"2026-11-21T09:00:00.000000Z", 60}, e.Hours[0])
		assert.NotContains(t, r.Body, "<script>", "JSON in a page is no markup")
		assert.NotContains(t, r.Body, "\x1b")
		tag := r.Header.Get("ETag")
		write(t, h, line{30, slog.LevelError, "\x1b[31m<script>alert(1)</script>", []any{"code", "c"}})
		assert.Equal(t, tag, a.get(target).Header.Get("ETag"), "a repeat takes nothing from anybody")

		for _, c := range []struct {
			body   string
			code   string
			fields []string
		}{
			{`{"state":"open"}`, "validation_failed", []string{"#/state oneof"}},
			{`{"state":""}`, "validation_failed", []string{"#/state oneof"}},
			{`{"state":"\ud800"}`, "validation_failed", []string{"#/state invalid", "#/state oneof"}},
			{`{"state":7}`, "invalid_json", []string{"#/state type"}},
			{`{"state":null}`, "mandatory_attributes_missing", []string{"#/state required"}},
			{`{}`, "mandatory_attributes_missing", []string{"#/state required"}},
			{`{"message":"x","state":"x","y":1}`, "validation_failed", []string{"#/message readonly", "#/y unknown_field", "#/state oneof"}},
			{`{"state":"ignored","id":1}`, "field_is_readonly", []string{"#/id readonly"}},
			{`[]`, "invalid_json", []string{"# type"}},
			{`{`, "invalid_json", nil},
		} {
			r := a.do("PATCH", target, c.body)
			code, fields := refused(t, r)
			if strings.Contains(c.body, "ud800") {
				fields, c.fields = fields[:1], c.fields[:1]
			}
			assert.Equal(t, []any{400, c.code, c.fields}, []any{r.Status, code, fields}, c.body)
		}
		_, fields := refused(t, a.do("PATCH", target+"?a=1&b=2", `{"state":"x","c":1}`))
		assert.Equal(t, []string{"query a unknown_field", "query b unknown_field", "#/c unknown_field", "#/state oneof"}, fields)
		_, fields = refused(t, a.do("POST", "/errors/?a=1", `{"title":1,"category":"SYSTEM","status":1}`))
		assert.Equal(t, []string{"query a unknown_field", "#/title type", "#/name required", "#/description required",
			"#/category not_allowed", "#/status min"}, fields)
		_, fields = refused(t, a.do("POST", "/errors/?a=1", `{`))
		assert.Equal(t, []string{"query a unknown_field", "# invalid"}, fields)
		assert.Contains(t, a.do("POST", "/errors/", strings.ReplaceAll(newError, "DATA", "SYSTEM")).Body, "cannot be created")
		assert.Equal(t, 415, a.do("PATCH", target, `{"state":"ignored"}`, "Content-Type", "text/plain").Status)
		assert.Equal(t, 404, a.do("PATCH", "/logs/9999/", `{"state":"ignored"}`).Status)

		var group sync.WaitGroup // several operators at one row
		statuses := make([]int, 8)
		for i := range statuses {
			state := []string{"resolved", "ignored"}[i%2]
			group.Go(func() {
				statuses[i] = a.do("PATCH", target, `{"state":"`+state+`"}`, "If-Match", tag).Status
			})
		}
		group.Wait()
		won := map[int]int{}
		for _, status := range statuses {
			won[status]++
		}
		assert.Equal(t, map[int]int{200: 1, 412: 7}, won)
		changed := a.get(target)
		assert.Equal(t, int64(2), decode[wireLog](t, changed).Version)
		assert.Equal(t, 412, a.do("PATCH", target, `{"state":"new"}`, "If-Match", tag).Status)
		r = a.do("PATCH", target, `{"state":"resolved"}`, "If-Match", changed.Header.Get("ETag"), "Content-Type", "application/merge-patch+json")
		assert.Equal(t, 200, r.Status)
		assert.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		assert.Len(t, a.logs("/logs/?state=resolved").Results, 1)
		assert.Empty(t, a.logs("/logs/?state=new").Results)
		strict := newAPI(t, writing(s, store.WithIfMatchRequired()))
		assert.Equal(t, 428, strict.do("PATCH", target, `{"state":"new"}`).Status)
		assert.Equal(t, 412, strict.do("PATCH", target, `{"state":"new"}`, "If-Match", `"x"`).Status)
	})
}

// Pages of what was seen last stay whole while it is seen again.
func TestHandlerSortsByLastSeen(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		h := newLog(t, s, store.LogOptions{Deduplicate: true})
		for i := range 9 {
			name := string(rune('a' + i))
			write(t, h, line{i, slog.LevelError, "m", []any{"code", "c_" + name, "path", "/p/" + name}})
		}
		write(t, h, line{20, slog.LevelError, "m", []any{"code", "c_b"}})
		a := newAPI(t, writing(s))
		codes := func(p wireLogs) (list string) {
			for _, e := range p.Results {
				list += strings.TrimPrefix(e.Code, "c_")
			}
			return list
		}
		assert.Equal(t, "ihgfedcba", codes(a.logs("/logs/")))
		assert.Equal(t, "bihgfedca", codes(a.logs("/logs/?order=-last_seen")))
		assert.Equal(t, "acdefghib", codes(a.logs("/logs/?order=last_seen&code_prefix=c_")))
		assert.Equal(t, "b", codes(a.logs("/logs/?order=-last_seen&started=2026-11-21T09:10:00Z")))
		assert.Empty(t, codes(a.logs("/logs/?code_prefix=C_")))
		assert.Equal(t, "e", codes(a.logs("/logs/?search=/P/E")))
		assert.Equal(t, "c", codes(a.logs("/logs/?search=C_C")))
		var seen string
		for next := "/logs/?order=-last_seen&page_size=2"; len(seen) < 20; {
			p := a.logs(next)
			seen += codes(p)
			write(t, h, line{30 + len(seen), slog.LevelError, "m", []any{"code", p.Results[len(p.Results)-1].Code}}) // it happens again
			if p.Next == nil {
				break
			}
			next = *p.Next
		}
		assert.Equal(t, "bihgfedca", seen)
		write(t, h, line{0, slog.LevelError, "m", []any{"code", "entity_not_found"}}, line{1, slog.LevelError, "m", []any{"code", "bad_request"}},
			line{2, slog.LevelError, "m", []any{"code", "not_found"}})
		list := func(query string) (list []string) {
			for _, e := range a.logs("/logs/?" + query).Results {
				list = append(list, e.Code)
			}
			return list
		}
		assert.Equal(t, []string{"not_found", "entity_not_found"}, list("family=not_found"))
		assert.Equal(t, []string{"not_found", "bad_request", "entity_not_found"}, list("family=client_error"))
		assert.Empty(t, list("family=server_error"))
		assert.Equal(t, []string{"entity_not_found"}, list("code_prefix=entity&family=unknown_error&level=ERROR"))
	})
}

// Filters of whatever content are answered, and change nothing.
func TestHostileLogFilters(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := fillFiveEntries(t, d)
		for _, evil := range []string{"' OR 1=1 --", "?", "$1", "\\", "%", `"`, "'; DROP TABLE polyfault_log; --", "{1,2}", "]::integer[]", "\U0010FFFF\U0010FFFF\U0010FFFF"} {
			for _, f := range []store.LogFilter{
				{CodePrefix: evil}, {Fingerprint: evil}, {Search: evil + evil + evil, Order: store.ByLastSeen},
				{Search: evil, TraceID: evil, State: store.LogResolved},
			} {
				assert.Empty(t, logged(t, s, f), "%+v", f)
			}
		}
		for field, f := range map[string]store.LogFilter{
			"code_prefix": {CodePrefix: "\xff"}, "family": {Family: "' OR 1=1"}, "fingerprint": {Fingerprint: strings.Repeat("x", 251)},
			"state": {State: "open"}, "order": {Order: "id"},
		} {
			_, _, err := s.Logs(t.Context(), f)
			var wrong *store.FilterError
			require.ErrorAs(t, err, &wrong)
			assert.Equal(t, field, wrong.Field)
			assertAnswer(t, err, fault.BadParamValue, 400)
		}
		assert.Len(t, logged(t, s, store.LogFilter{}), 5)
	})
}

// Retention of a large log does not hold up what is written meanwhile: records arrive before it has ended.
func TestPurgeBesideWriting(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		many := 20_000
		if raceEnabled {
			many = 6_000
		}
		fillLog(t, d, many, "false")
		h := newLog(t, s, store.LogOptions{
			Deduplicate: true, FlushInterval: time.Millisecond,
			RetryFor: 5 * time.Minute, // SQLite is slow under the race detector
		})
		ended := make(chan error, 1)
		go func() {
			_, err := s.Purge(context.Background(), 0, 10)
			ended <- err
		}()
		rows := func() (n int) {
			require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM polyfault_log").Scan(&n))
			return n
		}
		for rows() == many { // until a part is gone
			time.Sleep(time.Millisecond)
		}
		for i := range 60 {
			write(t, h, line{i, slog.LevelError, "x", []any{"code", fmt.Sprint("c", i%10), "trace_id", fmt.Sprint(i)}})
			if i == 0 {
				flush(t, h)
				assert.Equal(t, uint64(1), h.Stats().Written)
				assert.Empty(t, ended, "the first record waited for the whole purge")
			}
		}
		closeLog(t, h)
		assertAccounted(t, h, 60)
		require.NoError(t, <-ended)
		assert.LessOrEqual(t, rows(), 30)
	})
}
