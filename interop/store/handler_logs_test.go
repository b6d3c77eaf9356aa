package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// A wireLog is an entry as clients see it.
type wireLog struct {
	ID         int64          `json:"id"`
	Host       string         `json:"host"`
	Level      string         `json:"level"`
	Message    string         `json:"message"`
	Code       string         `json:"code"`
	Scope      string         `json:"scope"`
	TraceID    string         `json:"trace_id"`
	Attributes map[string]any `json:"attributes"`
	Stacktrace string         `json:"stacktrace"`
	Created    string         `json:"created"`
	Repeats    int            `json:"repeats"`
	LastSeen   string         `json:"last_seen"`

	Fingerprint string           `json:"fingerprint"`
	State       string           `json:"state"`
	Regressions int              `json:"regressions"`
	Version     int64            `json:"version"`
	Occurrences []wireOccurrence `json:"occurrences"`
	Hours       []wireHour       `json:"hours"`

	Links struct {
		Self  string  `json:"self"`
		Error *string `json:"error"`
		Code  *string `json:"code"`
		Trace *string `json:"trace"`
	} `json:"links"`
}

type wireOccurrence struct {
	TraceID string `json:"trace_id"`
	Time    string `json:"time"`
	Path    string `json:"path"`
	Host    string `json:"host"`
}

type wireHour struct {
	Hour  string `json:"hour"`
	Count int    `json:"count"`
}

type wireLogs struct {
	Next    *string   `json:"next"`
	Results []wireLog `json:"results"`
}

func (a *api) logs(target string) wireLogs {
	a.t.Helper()
	r := a.get(target)
	require.Equal(a.t, 200, r.Status, "%s: %s", target, r.Body)
	assert.Equal(a.t, "no-store", r.Header.Get("Cache-Control"))
	p := decode[wireLogs](a.t, r)
	require.NotNil(a.t, p.Results, target)
	return p
}

func wireMessages(p wireLogs) (list []string) {
	for _, e := range p.Results {
		list = append(list, e.Message)
	}
	return list
}

// writeLog writes records, a second apart, the last one at the clock's time.
func writeLog(t *testing.T, s *store.Store, records ...[]slog.Attr) {
	t.Helper()
	h, err := store.NewLogHandler(s, store.LogOptions{Host: "host-1", Level: slog.LevelDebug})
	require.NoError(t, err)
	moment := newClock().now().Add(-time.Duration(len(records)) * time.Second)
	for _, attrs := range records {
		moment = moment.Add(time.Second)
		level, _ := attrs[0].Value.Any().(slog.Level)
		r := slog.NewRecord(moment, level, attrs[0].Key, 0)
		r.AddAttrs(attrs[1:]...)
		require.NoError(t, h.Handle(t.Context(), r))
	}
	require.NoError(t, h.Close(t.Context()))
}

func entryOf(level slog.Level, message string, attrs ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{slog.Any(message, level)}, attrs...)
}

func codeAttr(c string) slog.Attr  { return slog.String("code", c) }
func traceAttr(c string) slog.Attr { return slog.String("trace_id", c) }

func fillFiveEntries(t *testing.T, d *database) *store.Store {
	t.Helper()
	s := d.open(t, store.WithClock(newClock().now))
	writeLog(t, s,
		entryOf(slog.LevelDebug, "debugging"),
		entryOf(slog.LevelInfo, "Order placed", slog.Int("order", 7), traceAttr("t1")),
		entryOf(slog.LevelWarn, "slow & <late>", codeAttr("gateway_timeout"), slog.String("scope", "resize"), traceAttr("t1")),
		entryOf(slog.LevelError, "failed", codeAttr("not_found"), traceAttr("t+2"), slog.String("stack", "main.go:1")),
		entryOf(slog.LevelError+2, "failed 100%", codeAttr("own"), slog.String("scope", "resize")),
	)
	return s
}

func TestHandlerListsLogs(t *testing.T) {
	t.Parallel()
	all := []string{"failed 100%", "failed", "slow & <late>", "Order placed", "debugging"}
	start := newClock().now().UTC().Truncate(time.Microsecond)
	at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339Nano) }
	cases := []struct {
		query string
		want  []string
	}{
		{"", all},
		{"level=DEBUG", all},
		{"level=info", all[:4]},
		{"level=WARN", all[:3]},
		{"level=ERROR", all[:2]},
		{"level=error+1", all[:1]},
		{"level=ERROR%2B2", all[:1]},
		{"level=ERROR%202", all[:1]},
		{"level=ERROR-5", all[:3]},
		{"level=ERROR%2B3", nil},
		{"code=not_found", all[1:2]},
		{"code=unknown", nil},
		{"scope=resize", []string{"failed 100%", "slow & <late>"}},
		{"trace_id=t1", []string{"slow & <late>", "Order placed"}},
		{"trace_id=t%2B2", all[1:2]},
		{"search=FAILED", all[:2]},
		{"search=100%25", all[:1]},
		{"search=%25", all[:1]},
		{"search=_", []string{"failed", "slow & <late>"}},
		{"started=" + at(-2*time.Second), all[:3]},
		{"ended=" + at(-2*time.Second), all[2:]},
		{"started=PT2S&ended=PT1S", all[1:3]},
		{"page_size=2", all[:2]},
		{"level=WARN&scope=resize&code=own&search=fail&started=P1D&ended=PT0S&page_size=1000", all[:1]},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		a := newAPI(t, reading(fillFiveEntries(t, d), nil))
		for _, c := range cases {
			assert.Equal(t, c.want, wireMessages(a.logs("/logs/?"+c.query)), c.query)
		}
		assert.Equal(t, all, wireMessages(a.logs("/logs")))
	})
}

// Following next visits every entry once, with the filter.
func TestHandlerPagesLogs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t, store.WithClock(newClock().now))
		var records [][]slog.Attr
		for i := range 10 {
			records = append(records, entryOf(slog.LevelInfo, fmt.Sprint("entry ", i), codeAttr([]string{"a & b", "c"}[i%2])))
		}
		writeLog(t, s, records...)
		a := newAPI(t, http.StripPrefix("/x/y", reading(s, nil)))
		target := "/x/y/logs/?code=a+%26+b&page_size=2&started=P1D"
		var visited []string
		for next := &target; next != nil; {
			page := a.logs(*next)
			visited = append(visited, wireMessages(page)...)
			if next = page.Next; next != nil {
				assert.True(t, strings.HasPrefix(*next, "/x/y/logs/?before="), *next)
				assert.NotContains(t, *next, "P1D", "the pages of the last day are those of one day")
			}
		}
		assert.Equal(t, []string{"entry 8", "entry 6", "entry 4", "entry 2", "entry 0"}, visited)
	})
}

// What one entry looks like, and its way to the error and to the other entries.
func TestHandlerShowsLogs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := fillFiveEntries(t, d)
		require.NoError(t, s.SyncKinds(t.Context()))
		own := save(t, s, "resize", store.Entry{Name: "own"})[0]
		save(t, s, "", store.Entry{Name: "own"})
		builtin, err := s.GetNamed(t.Context(), "", "not_found")
		require.NoError(t, err)
		a := newAPI(t, http.StripPrefix("/admin", reading(s, nil)))
		entries := a.logs("/admin/logs/").Results
		at := newClock().now().UTC().Add(-time.Second).Format("2006-01-02T15:04:05.000000Z")
		failed := entries[1]
		r := a.get(failed.Links.Self)
		assert.Equal(t, fmt.Sprintf(`{"id":%d,"host":"host-1","level":"ERROR","message":"failed","code":"not_found","scope":"","trace_id":"t+2",`+
			`"attributes":{},"stacktrace":"main.go:1","created":"%s","repeats":1,"last_seen":"%s",`+
			`"fingerprint":"%s","state":"new","regressions":0,"version":1,`+
			`"occurrences":[{"trace_id":"t+2","time":"%s","path":"","host":"host-1"}],"hours":[{"hour":"2026-11-21T08:00:00.000000Z","count":1}],`+
			`"links":{"self":"/admin/logs/%d/","error":"/admin/errors/%d/","code":"/admin/logs/?code=not_found","trace":"/admin/logs/?trace_id=t%%2B2"}}`,
			failed.ID, at, at, failed.Fingerprint, at, failed.ID, builtin.ID), r.Body)
		whole := decode[wireLog](t, r)
		whole.Occurrences, whole.Hours = nil, nil
		assert.Equal(t, failed, whole, "lists have whole entries but for these")
		assert.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		assert.Equal(t, r.Body, a.get(strings.TrimSuffix(failed.Links.Self, "/")).Body)
		assert.Equal(t, []string{"failed"}, wireMessages(a.logs(*failed.Links.Trace)))
		assert.Equal(t, []string{"failed"}, wireMessages(a.logs(*failed.Links.Code)))

		e := decode[wireError](t, a.get(*failed.Links.Error))
		assert.Equal(t, "not_found", e.Name)
		assert.Equal(t, []string{"failed"}, wireMessages(a.logs(*e.Links.Logs)))
		assert.Equal(t, fmt.Sprintf("/admin/errors/%d/", own.ID), *entries[0].Links.Error, "the scope's own")
		assert.Equal(t, "ERROR+2", entries[0].Level)
		assert.Contains(t, a.get(*entries[2].Links.Error).Body, `"name":"gateway_timeout","scope":""`, "else the built-in one")
		scoped := decode[wireError](t, a.get(*entries[0].Links.Error))
		assert.Equal(t, []string{"failed 100%"}, wireMessages(a.logs(*scoped.Links.Logs)))

		plain := entries[4]
		assert.Nil(t, plain.Links.Error)
		assert.Nil(t, plain.Links.Code)
		assert.Nil(t, plain.Links.Trace)
		assert.Equal(t, map[string]any{"order": 7.0}, entries[3].Attributes)
		missing := a.get("/admin/logs/9999/")
		name, _ := refused(t, missing)
		assert.Equal(t, "404 entity_not_found", fmt.Sprint(missing.Status, " ", name))
	})
}

// A responder that logs into the store: the trace id of the body leads to the entry, the entry to the
// error.
func TestHandlerLinksFailuresToEntries(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		require.NoError(t, s.SyncKinds(t.Context()))
		h, err := store.NewLogHandler(s, store.LogOptions{})
		require.NoError(t, err)
		r, err := fault.NewResponder(fault.WithLogger(slog.New(h)), fault.WithFormats(fault.Problem{}))
		require.NoError(t, err)
		var body struct {
			TraceID string `json:"trace_id"`
		}
		require.NoError(t, json.Unmarshal(r.Respond(nil, fault.BadGateway.New(fault.TraceID("abc-1"))).Body, &body))
		require.NoError(t, h.Close(t.Context()))
		a := newAPI(t, reading(s, r))
		entries := a.logs("/logs/?trace_id=" + body.TraceID).Results
		require.Len(t, entries, 1)
		assert.Equal(t, "bad_gateway", decode[wireError](t, a.get(*entries[0].Links.Error)).Name)
	})
}

// The log knows a failure by the names of OpenTelemetry as well, and keeps what has other names among the attributes.
func TestLogNamesInTheStore(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		for name, c := range map[string]struct {
			names       fault.LogNames
			code, stack string
			attributes  []string
		}{
			"today's": {fault.LogNames{}, "database", "TestLogNamesInTheStore", []string{"status", "cause"}},
			"OpenTelemetry's": {fault.OTelNames, "database", "TestLogNamesInTheStore",
				[]string{"http.response.status_code", "exception.message", "exception.type"}},
			"others": {fault.LogNames{Code: "error_code", Stack: "frames"}, "", "", []string{"status", "cause", "error_code", "frames"}},
		} {
			h := newLog(t, s, store.LogOptions{Scope: name})
			r, err := fault.NewResponder(fault.WithLogger(slog.New(h)), fault.WithLogNames(c.names))
			require.NoError(t, err)
			r.Respond(nil, fault.Database.Wrap(errors.New("no connection"), fault.TraceID("abc-2")))
			flush(t, h)
			found, _, err := s.Logs(t.Context(), store.LogFilter{Scope: name, TraceID: "abc-2"})
			require.NoError(t, err)
			require.Len(t, found, 1, name)
			assert.Equal(t, c.code, found[0].Code, name)
			assert.Contains(t, found[0].Stacktrace, c.stack, name)
			var attributes map[string]any
			require.NoError(t, json.Unmarshal(found[0].Attributes, &attributes))
			assert.ElementsMatch(t, c.attributes, slices.Collect(maps.Keys(attributes)), name)
			for _, cause := range []string{"cause", "exception.message"} {
				if text, ok := attributes[cause]; ok {
					assert.Contains(t, text, "no connection", name)
				}
			}
		}
	})
}

func TestHandlerRefusesLogParameters(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 251)
	cases := []struct {
		query string
		want  []string
	}{
		{"level=LOUD", []string{"query level oneof"}},
		{"level=", []string{"query level oneof"}},
		{"level=4", []string{"query level oneof"}},
		{"level=ERROR%2B1001", []string{"query level oneof"}},
		{"level=ERROR-99999999999", []string{"query level oneof"}},
		{"level=INFO&level=WARN", []string{"query level unique"}},
		{"code=", []string{"query code required"}},
		{"code=%00", []string{"query code invalid"}},
		{"code=" + long, []string{"query code max.string"}},
		{"scope=", []string{"query scope required"}},
		{"scope=%ff", []string{"query scope invalid"}},
		{"trace_id=", []string{"query trace_id required"}},
		{"trace_id=%0d%0a", []string{"query trace_id invalid"}},
		{"search=", []string{"query search required"}},
		{"search=" + long, []string{"query search max.string"}},
		{"search=%00", []string{"query search invalid"}},
		{"before=0", []string{"query before invalid"}},
		{"before=-1", []string{"query before invalid"}},
		{"before=abc", []string{"query before invalid"}},
		{"before=9223372036854775808", []string{"query before invalid"}},
		{"page=2", []string{"query page unknown_field"}},
		{"order=id", []string{"query order oneof"}},
		{"order=", []string{"query order oneof"}},
		{"order=--created", []string{"query order oneof"}},
		{"order=-last_seen&order=-created", []string{"query order unique"}},
		{"state=open", []string{"query state oneof"}},
		{"state=", []string{"query state oneof"}},
		{"family=nothing", []string{"query family not_found"}},
		{"family=", []string{"query family required"}},
		{"family=a%00", []string{"query family invalid"}},
		{"code_prefix=", []string{"query code_prefix required"}},
		{"code_prefix=%ff", []string{"query code_prefix invalid"}},
		{"fingerprint=", []string{"query fingerprint required"}},
		{"fingerprint=%ED%A0%80", []string{"query fingerprint invalid"}},
		{"before_seen=yesterday", []string{"query before_seen datetime"}},
		{"page_size=1001", []string{"query page_size max"}},
		{"started=PT1H&ended=PT2H", []string{"query ended gtfield.time"}},
		{"started=yesterday&ended=2017-01-01T00:00:00&level=x&code=&scope=%00&trace_id=%00&search=%00&before=x&page_size=0", []string{
			"query started datetime", "query ended datetime", "query level oneof", "query code required", "query scope invalid",
			"query trace_id invalid", "query search invalid", "query before invalid", "query page_size min",
		}},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		a := newAPI(t, reading(fillFiveEntries(t, d), nil))
		for _, c := range cases {
			r := a.get("/logs/?" + c.query)
			name, fields := refused(t, r)
			assert.Equal(t, "400 bad_param_value", fmt.Sprint(r.Status, " ", name), c.query)
			assert.Equal(t, c.want, fields, c.query)
		}
		assert.Empty(t, a.logs("/logs/?before=1&page_size=1").Results)
		assert.Empty(t, a.logs("/logs/?before=9223372036854775807").Results)
	})
}

// What somebody has written into the table by hand does not break the answer.
func TestHandlerShowsForeignAttributes(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := fillFiveEntries(t, d)
		a := newAPI(t, reading(s, nil))
		for _, attributes := range []string{"", "no JSON", "[]", "null", `{"a":`} {
			d.exec(t, "UPDATE polyfault_log SET attributes = '"+attributes+"'")
			for _, e := range a.logs("/logs/").Results {
				assert.Equal(t, map[string]any{}, e.Attributes, attributes)
			}
		}
	})
}
