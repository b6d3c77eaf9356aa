package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	"github.com/polyfault/polyfault/interop/pagetest"
	"github.com/polyfault/polyfault/store"
)

// pagesNow is the time of the stores behind the pages.
var pagesNow = time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC)

// pagesTextless has no text of its own: clients read its parent's.
var pagesTextless = fault.Locked.Derive(fault.Spec{Code: "pages_textless"})

const hostilePage = "<script>alert(1)</script> & \"a\" 'b' \u202eevil\u202c {{.Name}} "

var longPageWord = strings.Repeat("Donaudampfschiff", 40)

// everybody may read.
var everybody = store.PagesAuthorize(func(*http.Request) error { return nil })

// A pageServer is a store with its pages, on a listener.
type pageServer struct {
	*database
	t      *testing.T
	store  *store.Store
	url    string
	client *http.Client
}

func newPageServer(t *testing.T, d *database, opts ...store.PagesOption) *pageServer {
	t.Helper()
	s := &pageServer{database: d, t: t, store: d.open(t, store.WithClock(func() time.Time { return pagesNow }))}
	require.NoError(t, s.store.SyncKinds(t.Context()))
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)), fault.WithFormats(fault.Multilingual{}, formats.HTML{}),
		fault.WithMembers(fault.MemberCode), fault.WithLanguages("de", "en"), fault.WithLocales(fstest.MapFS{
			"active.ur.toml": {Data: []byte("\"page.own_name\" = \"اردو\"\n\"page.errors\" = \"غلطیاں\"\n")},
			"active.en.toml": {Data: []byte(`import_failed = "The import {{.Name}} failed."`)},
		}))
	require.NoError(t, err)
	server := httptest.NewServer(store.Pages(s.store, r, append([]store.PagesOption{everybody}, opts...)...))
	t.Cleanup(server.Close)
	s.url, s.client = server.URL, server.Client()
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

// logged puts an entry into the log.
func (s *pageServer) logged(l store.LogRecord) {
	s.t.Helper()
	if l.Attributes == nil {
		l.Attributes = []byte("{}")
	}
	if l.LastSeen.IsZero() {
		l.LastSeen = l.Created
	}
	statement := "INSERT INTO polyfault_log (host, level, message, code, scope, trace_id, attributes, stacktrace, created, repeats, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	s.exec(s.t, s.q(statement), l.Host, int(l.Level), l.Message, l.Code, l.Scope, l.TraceID, string(l.Attributes), l.Stacktrace,
		l.Created.UnixMicro(), max(l.Repeats, 1), l.LastSeen.UnixMicro())
}

// occurred counts occurrences so many hours ago.
func (s *pageServer) occurred(code, scope string, hours int, count int64) {
	s.t.Helper()
	at := pagesNow.Add(-time.Duration(hours) * time.Hour)
	s.exec(s.t, s.q("INSERT INTO polyfault_occurrences (code, scope, hour, count, last_seen) VALUES (?, ?, ?, ?, ?)"),
		code, scope, at.Truncate(time.Hour).UnixMicro(), count, at.UnixMicro())
}

func (s *pageServer) ask(method, path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	return s.send(method, path, nil, header)
}

func (s *pageServer) send(method, path string, content io.Reader, header []string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, content)
	require.NoError(s.t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp, string(body)
}

// page reads a page and holds it to the rules of all pages.
func (s *pageServer) page(path string) *pagetest.Page {
	s.t.Helper()
	resp, body := s.ask(http.MethodGet, path)
	require.Equal(s.t, 200, resp.StatusCode, "%s: %s", path, body)
	return s.checked(resp, body)
}

func (s *pageServer) checked(resp *http.Response, body string) *pagetest.Page {
	s.t.Helper()
	assert.Equal(s.t, "no-store", resp.Header.Get("Cache-Control"))
	assert.Empty(s.t, resp.Header.Get("ETag"))
	assert.Contains(s.t, body, `<meta name="robots" content="noindex">`)
	return pagetest.Check(s.t, resp.Header, body)
}

// pageRows are the texts of the cells of the page's table with the name.
func pageRows(p *pagetest.Page, name string) (table [][]string) {
	for _, t := range p.All("table") {
		if pagetest.Attr(t, "aria-label") != name && pagetest.Attr(t, "aria-labelledby") != name {
			continue
		}
		for tr := range t.Descendants() {
			if tr.Data != "tr" || tr.Parent.Data != "tbody" {
				continue
			}
			var cells []string
			for cell := range tr.ChildNodes() {
				if cell.Type == html.ElementNode {
					cells = append(cells, pagetest.Text(cell))
				}
			}
			table = append(table, cells)
		}
	}
	return table
}

// pageFacts are the terms of the page's first list and what is said of them.
func pageFacts(p *pagetest.Page) map[string]string {
	list, name := map[string]string{}, ""
	for _, n := range p.All("dt", "dd") {
		if n.Data == "dt" {
			name = pagetest.Text(n)
			continue
		}
		list[name] = pagetest.Text(n)
	}
	return list
}

func pageID(t *testing.T, s *store.Store, scope, name string) string {
	t.Helper()
	r, err := s.GetNamed(t.Context(), scope, name)
	require.NoError(t, err)
	return strconv.FormatInt(r.ID, 10)
}

func (s *pageServer) save(scope string, entries ...store.Entry) {
	s.t.Helper()
	_, err := s.store.Save(s.t.Context(), scope, entries)
	require.NoError(s.t, err)
}

func TestPagesListErrors(t *testing.T) {
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		s.save("invoices", store.Entry{Name: "Import_Failed", Title: new(hostilePage[:20]), Status: new(422)}, store.Entry{Name: "task_locked"}, store.Entry{Name: "conflict"})
		s.occurred("unhandled", "", 0, 3)
		s.occurred("unhandled", "any other scope", 23, 2)
		s.occurred("unhandled", "", 24, 1000)         // not in these hours
		s.occurred("unhandled", "", -5, 1)            // by a clock that is ahead
		s.occurred("import_FAILED", "invoices", 1, 9) // in another letter case
		s.occurred("task_locked", "invoices", 2, 4)
		s.occurred("task_locked", "", 3, 4)
		s.occurred("gone", "", 24*90, 7)
		s.occurred("gone", "any other scope", 24*91, 7)
		s.occurred("conflict", "", 24*10, 7)
		s.occurred("conflict", "invoices", 24*20, 7)
		s.occurred("code_without_record", "", 1, 99)
		p := s.page("/errors/")
		assert.Equal(t, [][]string{
			{"Import_Failed invoices", hostilePage[:20], "422", "", "No", "9", "2026-11-21 09:30:00 UTC"},
			{"unhandled", "Unexpected error", "500", "ERROR", "No", "6", "2026-11-21 15:30:00 UTC"},
			{"task_locked invoices", "", "", "DEBUG", "No", "4", "2026-11-21 08:30:00 UTC"},
			{"task_locked", "Task locked", "423", "DEBUG", "No", "4", "2026-11-21 07:30:00 UTC"},
			{"conflict", "Conflict", "409", "DEBUG", "No", "0", "2026-11-11 10:30:00 UTC"},
			{"conflict invoices", "", "", "DEBUG", "No", "0", "2026-11-01 10:30:00 UTC"},
			{"gone", "Gone", "410", "DEBUG", "No", "0", "2026-08-23 10:30:00 UTC"},
		}, pageRows(p, "Errors"), "what occurred first, by number and time")
		sparks := p.All("svg")
		require.Len(t, sparks, 4)
		assert.Equal(t, "6 occurrences in the last 24 hours", pagetest.Attr(sparks[1], "aria-label"))
		assert.Equal(t, []string{"0 24", "88 0 24"}, pageBars(sparks[0]), "the axis, and the highest hour of all")
		assert.Equal(t, []string{"0 24", "0 19 5", "92 14 10"}, pageBars(sparks[1]), "the oldest hour, the current one: on the same scale")
		assert.Contains(t, pagetest.Text(p.Root), "7 entries · All times are in UTC. The charts show the hours from 11:00 to 10:00, all on the same scale.")

		never := len(slices.Collect(fault.Kinds())) + 3 - 7
		folded := p.Class("never")[0]
		assert.Equal(t, []string{"details", ""}, []string{folded.Data, pagetest.Attr(folded, "open")})
		assert.Contains(t, pagetest.Text(folded), fmt.Sprint(never, " errors that have never occurred"))
		assert.Contains(t, pagetest.Text(folded), "bad_field_value Invalid field value 400")
		assert.NotContains(t, pagetest.Text(folded), "Show all", "these are all")

		p = s.page("/errors/?never=true")
		assert.Contains(t, pagetest.Text(p.Root), "Page 1 of 2")
		assert.Equal(t, []string{"No", "0", "Never"}, pageRows(p, "Errors")[0][4:])
		assert.Empty(t, p.Class("never"))
		second := s.page("/errors/?never=true&page=2")
		assert.Len(t, pageRows(second, "Errors"), never-50)
		assert.NotContains(t, pagetest.Text(second.Root), "Next page")
		assert.Equal(t, pageRows(second, "Errors"), pageRows(s.page("/errors/?never=true&page=999999"), "Errors"), "the last one stands in")
	})
}

// In pages from right to left time runs to the left, too.
func TestSparklinesAreMirrored(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.occurred("gone", "", 23, 2)
	s.occurred("gone", "", 1, 4)
	assert.Equal(t, []string{"0 24", "0 12 12", "88 0 24"}, pageBars(s.page("/errors/?language=de").All("svg")[0]))
	assert.Equal(t, []string{"0 24", "93 12 12", "5 0 24"}, pageBars(s.page("/errors/?language=ur").All("svg")[0]))
}

func pageBars(svg *html.Node) (list []string) {
	for n := range svg.Descendants() {
		if pagetest.Attr(n, "class") == "axis" {
			list = append(list, pagetest.Attr(n, "x")+" "+pagetest.Attr(n, "y"))
		} else {
			list = append(list, pagetest.Attr(n, "x")+" "+pagetest.Attr(n, "y")+" "+pagetest.Attr(n, "height"))
		}
	}
	return list
}

// Any occurrence is seen, and large numbers do not overflow.
func TestSparkline(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.occurred("gone", "", 0, 1<<62)
	s.occurred("gone", "", 2, 1)
	p := s.page("/errors/?name=GONE")
	assert.Equal(t, []string{"0 24", "84 22 2", "92 0 24"}, pageBars(p.All("svg")[0]))
}

func TestPagesFilterErrors(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.save("a&b", store.Entry{Name: "own"}, store.Entry{Name: "unhandled"})
	var many []store.Entry
	for i := range 1005 {
		many = append(many, store.Entry{Name: fmt.Sprintf("n%04d", i)})
	}
	s.save("many", many...)
	for query, count := range map[string]int{
		"name=UNHANDLED": 2, "scope=a%26b": 2, "name=unhandled&scope=a%26b": 1, "category=SYSTEM&is_builtin=true&name=unhandled": 1,
		"is_builtin=false": 1007, "category=ALGORITHM&is_builtin=false": 1007, "name=nothing": 0, "scope=%27+OR+1%3D1+--": 0,
		"name=%27%3B+DROP+TABLE+polyfault_errors%3B+--": 0,
	} {
		p := s.page("/errors/?never=true&language=de&" + query)
		list := pageRows(p, "Fehler")
		assert.Len(t, list, min(count, 50), query)
		assert.Equal(t, count > 0, strings.Contains(pagetest.Text(p.Root), pageCount(count, "Eintrag", "Einträge")+" · "), query)
		assert.Equal(t, count == 0, strings.Contains(pagetest.Text(p.Root), "Es gibt keine Einträge."), query)
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		for name, value := range values {
			assert.Equal(t, value[0], pageInput(p, name), "the form keeps what was pageInput")
		}
		assert.Equal(t, "de", pageInput(p, "language"))
		folded := s.page("/errors/?language=de&" + query)
		assert.Empty(t, pageRows(folded, "Fehler"), "nothing has occurred")
		if count > 0 {
			items := 0
			for n := range folded.Class("never")[0].Descendants() {
				if n.Data == "li" {
					items++
				}
			}
			assert.Equal(t, min(count, 100), items, query)
			assert.Equal(t, count > 100, strings.Contains(pagetest.Text(folded.Root), "Alle anzeigen"), query)
		}
	}
	assert.Equal(t, "./?language=de&never=true&scope=many", pageLink(t, s.page("/errors/?language=de&scope=many"), "Alle anzeigen"))
	p := s.page("/errors/?language=de&never=true&scope=many")
	next := pageLink(t, p, "Nächste Seite")
	assert.Equal(t, "./?language=de&never=true&page=2&scope=many", next)
	p = s.page("/errors" + next[1:])
	assert.Equal(t, "n0050 many", pageRows(p, "Fehler")[0][0])
	assert.Contains(t, pagetest.Text(p.Root), "Seite 2 von 21")
	p = s.page("/errors/?language=de&never=true&scope=many&page=21")
	assert.Equal(t, "n1000 many", pageRows(p, "Fehler")[0][0], "beyond what one query reads")
	assert.Equal(t, "./?language=de&never=true&page=20&scope=many", pageLink(t, p, "Vorherige Seite"))
	assert.Equal(t, "./?language=de", pageLink(t, p, "Zurücksetzen"))
	assert.NotContains(t, pagetest.Text(s.page("/errors/").Root), "Reset")
	assert.NotContains(t, pagetest.Text(s.page("/errors/?name=unhandled").Root), "Page 1 of 1")
}

func pageCount(n int, one, other string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", other)
}

// pageInput is what the field of the form holds: the last of the name, as the choice of the time zone has all of them, hidden.
func pageInput(p *pagetest.Page, name string) string {
	found := "(nothing)"
	for _, n := range p.All("input", "select") {
		if pagetest.Attr(n, "name") != name {
			continue
		}
		if n.Data == "input" {
			found = pagetest.Attr(n, "value")
			continue
		}
		for option := range n.Descendants() {
			for _, a := range option.Attr {
				if a.Key == "selected" {
					found = pagetest.Attr(option, "value")
				}
			}
		}
	}
	return found
}

func pageLink(t *testing.T, p *pagetest.Page, text string) string {
	t.Helper()
	for _, a := range p.All("a") {
		if pagetest.Text(a) == text {
			return pagetest.Attr(a, "href")
		}
	}
	require.Fail(t, "no link is called "+text)
	return ""
}

func TestPageOfOneError(t *testing.T) {
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		s.occurred("task_locked", "", 1, 4)
		for i := range 25 {
			s.logged(store.LogRecord{
				Message: fmt.Sprint("m", i), Code: "task_locked", TraceID: fmt.Sprint("t", i),
				Created: pagesNow.Add(time.Duration(-i) * time.Minute),
			})
		}
		s.logged(store.LogRecord{
			Message: "with a stack", Code: "task_locked", Stacktrace: "main.main\n\n\t/srv/main.go:7\n \t\n" + hostilePage,
			Level: slog.LevelError, Created: pagesNow.Add(time.Second), Repeats: 41,
		})
		s.logged(store.LogRecord{Message: "an older stack", Code: "task_locked", Stacktrace: "old", Created: pagesNow.Add(-time.Second)})
		s.logged(store.LogRecord{Message: "of another one", Code: "not_found", Created: pagesNow})
		p := s.page("/errors/" + pageID(t, s.store, "", "task_locked") + "?language=de")
		assert.Equal(t, "Aufgabe gesperrt", pagetest.Text(p.All("h1")[0]))
		assert.Equal(t, "Dies ist nicht möglich, weil die Aufgabe gesperrt ist.", pagetest.Text(p.Class("lead")[0]))
		var headings []string
		for _, h := range p.All("h2") {
			headings = append(headings, pagetest.Text(h))
		}
		assert.Equal(t, []string{"Neueste Vorkommen", "Stacktrace", "Neueste Traces", "Texte in allen Sprachen"}, headings)
		folded := p.Class("languages-of")[0]
		assert.Equal(t, []string{"details", ""}, []string{folded.Data, pagetest.Attr(folded, "open")})
		f := pageFacts(p)
		for name, value := range map[string]string{
			"Code": "task_locked", "Status": "423", "Kategorie": "Daten", "Stufe": "DEBUG", "Integriert": "Ja",
			"Zuletzt aufgetreten": "2026-11-21 09:30:00 UTC", "Erstellt": "2026-11-21 10:30:00 UTC",
			"Zuletzt geändert": "2026-11-21 10:30:00 UTC",
		} {
			assert.Equal(t, value, f[name], name)
		}
		assert.NotContains(t, f, "Bereich")
		assert.Regexp(t, "^4 Vorkommen", f["Letzte 24 Stunden"])
		assert.Equal(t, "false", pageInput(p, "should_be_retried"))
		texts := pageRows(p, "texts")
		assert.Contains(t, texts, []string{"English en Bearbeiten", "Task locked", "This is not possible because the task is locked.", ""})
		assert.Contains(t, texts, []string{"Deutsch de Bearbeiten", "Aufgabe gesperrt",
			"Dies ist nicht möglich, weil die Aufgabe gesperrt ist.", ""})
		recent := pageRows(p, "Neueste Vorkommen")
		require.Len(t, recent, 20)
		assert.Equal(t, []string{"2026-11-21 10:30:01 UTC", "2026-11-21 10:30:01 UTC", "41", "ERROR", "", "",
			"task_locked with a stack", "", "Neu"}, recent[0])
		assert.Equal(t, []string{"2026-11-21 10:30:00 UTC", "2026-11-21 10:30:00 UTC", "1", "INFO", "", "",
			"task_locked m0", "", "Neu"}, recent[1])
		traces := pageRows(p, "traces")
		require.Len(t, traces, 18, "of the rows that are shown, those with a trace id")
		assert.Equal(t, []string{"2026-11-21 10:30:00 UTC", "t0", "", ""}, traces[0])
		assert.Equal(t, "../logs/?language=de&trace_id=t0", pageLink(t, p, "t0"))
		assert.Equal(t, "../logs/?code=task_locked&language=de", pageLink(t, p, "Protokoll: task_locked"))
		stack := pagetest.Text(p.All("pre")[0])
		assert.True(t, strings.HasPrefix(stack, "main.main\n /srv/main.go:7\n<script>"), stack)
		assert.Equal(t, "./?language=de", pageLink(t, p, "Zurück zur Fehlerliste"))
	})
}

// What an operator wrote stands beside what clients read.
func TestPageOfAnEditedError(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	_, err := s.store.Save(t.Context(), "", []store.Entry{{
		Name: "task_locked", Title: new("Gesperrt!"), Description: new("Call Ann:\n<b>" + hostilePage[:20]), Retryable: new(true),
	}})
	require.NoError(t, err)
	s.save("invoices", store.Entry{Name: "import_failed", Status: new(422), ExitCode: new(9)},
		store.Entry{Name: "A/b?c=1&d\"e", Title: new("")})
	p := s.page("/errors/" + pageID(t, s.store, "", "task_locked"))
	assert.Equal(t, "Gesperrt!", pagetest.Text(p.All("h1")[0]))
	assert.Equal(t, "en", pagetest.Attr(p.All("h1")[0], "lang"), "who names no language means the default one")
	assert.Equal(t, "This is not possible because the task is locked.", pagetest.Text(p.Class("lead")[0]))
	assert.Equal(t, "Call Ann:\n<b>"+hostilePage[:20], pagetest.Text(p.Class("value")[0]))
	assert.Equal(t, "true", pageInput(p, "should_be_retried"))
	german := s.page("/errors/" + pageID(t, s.store, "", "task_locked") + "?language=de")
	assert.Equal(t, "Aufgabe gesperrt", pagetest.Text(german.All("h1")[0]), "an edited title replaces that of one language")
	for _, n := range german.Class("value") {
		assert.NotEqual(t, "p", n.Data, "nobody described it in German")
	}
	assert.Contains(t, pageRows(german, "texts"), []string{"English en Bearbeiten", "Gesperrt!",
		"This is not possible because the task is locked.", "Call Ann:\n<b>" + hostilePage[:20]})
	assert.Contains(t, pagetest.Text(p.Root), "There are no entries.", "it has not occurred")

	s.logged(store.LogRecord{Message: "ours", Code: "import_failed", Scope: "invoices", Created: pagesNow})
	s.logged(store.LogRecord{Message: "theirs", Code: "import_failed", Scope: "other", Created: pagesNow})
	p = s.page("/errors/" + pageID(t, s.store, "invoices", "import_failed"))
	assert.Equal(t, "import_failed", pagetest.Text(p.All("h1")[0]), "without a title")
	assert.Contains(t, pageRows(p, "texts"), []string{"English en Edit", "The import {Name} failed.", "The import {Name} failed.", ""},
		"the name is the id of a text")
	assert.Equal(t, []string{"invoices", "422", "9", "No", "Never"},
		[]string{pageFacts(p)["Scope"], pageFacts(p)["Status"], pageFacts(p)["exit_code"], pageFacts(p)["Built-in"], pageFacts(p)["Last seen"]})
	assert.Len(t, pageRows(p, "Recent occurrences"), 1)
	assert.Equal(t, "../logs/?code=import_failed&scope=invoices", pageLink(t, p, "Log: import_failed"))

	p = s.page("/errors/" + pageID(t, s.store, "", pagesTextless.Code()))
	assert.Equal(t, "Locked", pagetest.Text(p.All("h1")[0]))
	assert.Contains(t, pageRows(p, "texts"), []string{"English en Edit", "Locked", "The resource is locked.", ""})

	p = s.page("/errors/" + pageID(t, s.store, "invoices", "A/b?c=1&d\"e") + "?language=ur")
	assert.Contains(t, pageRows(p, "texts"), []string{"English en Edit", "", "", ""}, "whatever language it is in")
	assert.Equal(t, "A/b?c=1&d\"e", pagetest.Text(p.All("h1")[0]))
}

func TestPagesListTheLog(t *testing.T) {
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		s.save("invoices", store.Entry{Name: "import_failed"})
		for i := range 120 {
			s.logged(store.LogRecord{Message: fmt.Sprintf("message %03d", i), Level: slog.Level(4 * (i%4 - 1)), TraceID: fmt.Sprint("trace-", i/2), Created: pagesNow.Add(time.Duration(-i) * time.Hour)})
		}
		s.logged(store.LogRecord{
			Message: hostilePage + longPageWord, Code: "import_failed", Scope: "invoices", TraceID: "x&y",
			Level: slog.LevelError + 2, Created: pagesNow.Add(time.Minute), Repeats: 3, LastSeen: pagesNow.Add(2 * time.Minute),
		})
		p := s.page("/logs/")
		list := pageRows(p, "Log")
		require.Len(t, list, 50)
		shown := strings.NewReplacer("\u202e", "\ufffd", "\u202c", "\ufffd").Replace(hostilePage + longPageWord)
		assert.Equal(t, [][]string{
			{"2026-11-21 10:32:00 UTC", "2026-11-21 10:31:00 UTC", "3", "ERROR+2", "", "",
				"import_failed " + string([]rune(shown)[:159]) + "…", "", "New"},
			{"2026-11-21 10:30:00 UTC", "2026-11-21 10:30:00 UTC", "1", "DEBUG", "", "", "message 000", "", "New"},
		}, list[:2])
		assert.Equal(t, "../errors/"+pageID(t, s.store, "invoices", "import_failed"), pageLink(t, p, "import_failed"))
		for _, n := range p.Class("severe") {
			assert.Contains(t, pagetest.Text(n), "ERROR")
		}
		assert.Len(t, p.Class("severe"), 1+12, "of 50 entries each fourth, and the newest")
		var seen []string
		for path := "/logs/"; ; {
			p := s.page(path)
			for _, row := range pageRows(p, "Log") {
				seen = append(seen, row[6])
			}
			if !strings.Contains(pagetest.Text(p.Root), "Next page") {
				break
			}
			path = "/logs" + pageLink(t, p, "Next page")[1:]
		}
		require.Len(t, seen, 121)
		assert.Equal(t, "message 119", seen[120])

		for query, count := range map[string]int{
			"level=WARN": 60 + 1, "level=ERROR": 30 + 1, "code=import_failed": 1, "scope=invoices": 1,
			"trace_id=trace-7": 2, "search=MESSAGE+01": 10,
			"started=2026-11-21T09:00": 3, "started=2026-11-21T09:00:00Z&ended=2026-11-21T11:30:00%2B01:00": 2, "ended=2026-11-17": 13, "started=2026-11-21+10:29:59": 2,
			"code_prefix=import_": 1, "code_prefix=mport": 0, "family=locked": 0, "family=task_locked": 0, "family=any_code": -1,
			"state=new": 121, "state=resolved": 0, "status=4xx": 0,
			"range=PT1H": 3, "range=P7D": 121, "range=PT24H&started=2026-11-21T10:00": 2, "range=PT1H&ended=2026-11-21T10:00": 1,
			"started=2026-11-21T10:00&zone=%2B01:00": 3, "started=2026-11-21T10:00:00%2B01:00&zone=Asia/Tokyo": 3,
			"code=nothing": 0, "search=%25": 0, "trace_id=%27+OR+1%3D1": 0,
		} {
			if count < 0 {
				resp, _ := s.ask(http.MethodGet, "/logs/?"+query)
				assert.Equal(t, 400, resp.StatusCode, query)
				continue
			}
			p := s.page("/logs/?" + query)
			total, next := len(pageRows(p, "Log")), p
			for strings.Contains(pagetest.Text(next.Root), "Next page") {
				next = s.page("/logs" + pageLink(t, next, "Next page")[1:])
				total += len(pageRows(next, "Log"))
			}
			assert.Equal(t, count, total, query)
			assert.Equal(t, count == 0, strings.Contains(pagetest.Text(p.Root), "There are no entries."), query)
		}
	})
}

// Each heading sorts the list, a second time the other way round, and the next pages go on in that order.
func TestPagesSortTheLog(t *testing.T) {
	sequential(t)
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		h, err := store.NewLogHandler(s.store, store.LogOptions{Host: "web-1"})
		require.NoError(t, err)
		for i := range 61 {
			r := slog.NewRecord(pagesNow.Add(time.Duration(-i)*time.Minute), slog.Level(4*(i%3)), "m", 0)
			r.AddAttrs(slog.Int("status", 400+i%7), slog.String("method", []string{"GET", "POST"}[i%2]), slog.String("route", fmt.Sprint("/r", i%5)),
				slog.String("code", fmt.Sprint("code_", i%11)), slog.String("cause", fmt.Sprint("cause ", i%13)))
			require.NoError(t, h.Handle(t.Context(), r))
		}
		require.NoError(t, h.Close(t.Context()))
		for heading, c := range map[string]struct {
			cell      int
			of        func(string) string
			ascending bool // at first
		}{
			"Last seen": {0, asShown, true}, "First seen": {1, asShown, false}, "Level": {3, levelRank, false},
			"Status": {4, asShown, false}, "Method": {5, func(c string) string { return strings.Fields(c)[0] }, true},
			"Route": {5, func(c string) string { return strings.Fields(c)[1] }, true},
			"Code":  {6, func(c string) string { return strings.Fields(c)[0] }, true},
			"Cause": {6, func(c string) string { _, cause, _ := strings.Cut(c, " "); return cause }, true},
			"Host":  {7, asShown, true}, "State": {8, asShown, true}, "Count": {2, asShown, false},
		} {
			p := s.page("/logs/?zone=Asia/Tokyo")
			for _, ascending := range []bool{c.ascending, !c.ascending} {
				p = s.page("/logs" + pageLinkWith(t, p, heading)[1:])
				assert.Equal(t, map[bool]string{true: "ascending", false: "descending"}[ascending], pageSorted(p, heading), heading)
				var values []string
				for next := p; ; next = s.page("/logs" + pageLink(t, next, "Next page")[1:]) {
					for _, row := range pageRows(next, "Log") {
						assert.Contains(t, row[0], "+09:00", "the links keep the time zone")
						values = append(values, c.of(row[c.cell]))
					}
					if !strings.Contains(pagetest.Text(next.Root), "Next page") {
						break
					}
				}
				require.Len(t, values, 61, heading)
				if !ascending {
					slices.Reverse(values)
				}
				assert.True(t, slices.IsSorted(values), "%s: %v", heading, values)
			}
		}
	})
}

func asShown(cell string) string { return cell }

func levelRank(cell string) string {
	return map[string]string{"INFO": "0", "WARN": "1", "ERROR": "2"}[cell]
}

// pageLinkWith is the address of the link that begins with the text: behind that of the sorted column stands an arrow.
func pageLinkWith(t *testing.T, p *pagetest.Page, text string) string {
	t.Helper()
	for _, a := range p.All("a") {
		if shown := pagetest.Text(a); shown == text || strings.HasPrefix(shown, text+" ▲") || strings.HasPrefix(shown, text+" ▼") {
			return pagetest.Attr(a, "href")
		}
	}
	require.Fail(t, "no link is called "+text)
	return ""
}

// pageSorted is the aria-sort of the column of the heading.
func pageSorted(p *pagetest.Page, heading string) string {
	for _, th := range p.All("th") {
		if strings.Contains(pagetest.Text(th), heading) && pagetest.Attr(th, "aria-sort") != "" {
			return pagetest.Attr(th, "aria-sort")
		}
	}
	return ""
}

// A search that has not looked at everything yet says so by a next page.
func TestPagesGoOnWithASearch(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.logged(store.LogRecord{Message: "needle", Created: pagesNow.Add(-time.Hour)})
	s.exec(t, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "+
		"INSERT INTO polyfault_log (host, level, message, code, scope, trace_id, attributes, stacktrace, created, last_seen) SELECT '', 0, 'hay', '', '', '', '{}', '', ?, ? FROM n",
		store.SearchDepth+1, pagesNow.UnixMicro(), pagesNow.UnixMicro())
	p := s.page("/logs/?search=needle")
	assert.NotContains(t, pagetest.Text(p.Root), "There are no entries.")
	assert.Empty(t, p.All("table"))
	p = s.page("/logs" + pageLink(t, p, "Next page")[1:])
	assert.Len(t, pageRows(p, "Log"), 1)
}

// Fields of browsers show one form of a time only, and drop others in silence.
func TestPagesShowTimesAsFieldsHaveThem(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	for value, field := range map[string]string{
		"2026-11-21": "2026-11-21T00:00:00", "2026-11-21T09:00": "2026-11-21T09:00:00", "2026-11-21T09:00:07.25": "2026-11-21T09:00:07.25",
		"2026-11-21T01:00:00.123456+02:00": "2026-11-20T23:00:00.123", "2026-11-21 09:00": "2026-11-21T09:00:00",
	} {
		p := s.page("/logs/?started=" + url.QueryEscape(value))
		assert.Equal(t, field, pageInput(p, "started"), value)
		assert.Equal(t, "datetime-local", pagetest.Attr(p.ByID("started"), "type"))
		assert.Equal(t, "any", pagetest.Attr(p.ByID("started"), "step"), "seconds are allowed")
	}
	p := s.page("/logs/?zone=Asia/Kolkata&started=2026-11-21T09:00:00Z&ended=2026-11-21T20:00")
	assert.Equal(t, []string{"2026-11-21T14:30:00", "2026-11-21T20:00:00"}, []string{pageInput(p, "started"), pageInput(p, "ended")})
	assert.Equal(t, "Asia/Kolkata", pageInput(p, "zone"), "the form keeps the zone")
}

func TestPageOfOneEntry(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.logged(store.LogRecord{
		Message: hostilePage, Code: "task_locked", Scope: "a&b", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736",
		Host: "web-1", Level: slog.LevelWarn,
		Created: pagesNow, Repeats: 5, LastSeen: pagesNow.Add(time.Hour), Stacktrace: "main.main\n\t/srv/main.go:7\u202e",
		Attributes: []byte(`{"method":"GET","a":{"b":[1,"<b>"]},"text":"two\nlines \u202e","empty":"","number":1.50,"null":null,"route":"/tasks/{id}","path":"/tasks/7","cause":"it is locked\nby Ann","status":423}`),
	})
	s.logged(store.LogRecord{Message: "", Created: pagesNow.Add(-time.Hour), LastSeen: pagesNow, Attributes: []byte(`[]`)})
	p := s.page("/logs/1?language=de")
	assert.Equal(t, strings.TrimSpace(strings.NewReplacer("\u202e", "\ufffd", "\u202c", "\ufffd").Replace(hostilePage)),
		pagetest.Text(p.All("h1")[0]))
	f := pageFacts(p)
	assert.Regexp(t, "^Neu", f["Zustand"])
	delete(f, "Zustand")
	assert.Equal(t, map[string]string{
		"Erstmals aufgetreten": "2026-11-21 10:30:00 UTC", "Zuletzt aufgetreten": "2026-11-21 11:30:00 UTC", "Anzahl": "5",
		"Stufe": "WARN", "Code": "task_locked", "Status": "423", "Methode": "GET", "Route": "/tasks/{id}", "Pfad": "/tasks/7",
		"Ursache": "it is locked\nby Ann",
		"Bereich": "a&b", "Host": "web-1",
		"method": "GET", "a": "{\n  \"b\": [\n    1,\n    \"<b>\"\n  ]\n}", "text": "two\nlines \ufffd",
		"route": "/tasks/{id}", "path": "/tasks/7", "cause": "it is locked\nby Ann", "status": "423",
		"empty": "", "number": "1.50", "null": "null",
	}, f)
	assert.Equal(t, [][]string{{"2026-11-21 10:30:00 UTC", "4bf92f3577b34da6a3ce929d0e0e4736", "/tasks/7", "web-1"}}, pageRows(p, "traces"))
	assert.Equal(t, "main.main\n /srv/main.go:7\ufffd", pagetest.Text(p.All("pre")[0]))
	assert.Equal(t, "../errors/"+pageID(t, s.store, "", "task_locked")+"?language=de", pageLink(t, p, "task_locked"))
	p = s.page("/logs/2")
	assert.Equal(t, "Log · 2", pagetest.Text(p.All("h1")[0]), "without a message")
	f = pageFacts(p)
	assert.Regexp(t, "^New", f["State"])
	delete(f, "State")
	assert.Equal(t, map[string]string{
		"First seen": "2026-11-21 09:30:00 UTC", "Last seen": "2026-11-21 10:30:00 UTC", "Count": "1", "Level": "INFO",
	}, f)
}

func TestPagesLeadOn(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	for path, target := range map[string]string{
		"/errors": "errors/", "/admin/logs?level=ERROR": "logs/?level=ERROR", "/errors/7/": "../7", "/errors/7/?language=de": "../7?language=de",
		"/": "errors/", "/?language=de": "errors/?language=de", "/deep/down/": "errors/",
		"/logs/4bf92f3577b34da6a3ce929d0e0e4736":       "./?trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
		"/logs/00000000000000000000000000000007":       "./?trace_id=00000000000000000000000000000007",
		"/logs/%3Cscript%3E%0d%0aX-A:%20b?language=de": "./?language=de&trace_id=%3Cscript%3E%0D%0AX-A%3A+b",
	} {
		resp, _ := s.ask(http.MethodGet, path)
		assert.Equal(t, http.StatusSeeOther, resp.StatusCode, path)
		assert.Equal(t, []string{target}, resp.Header.Values("Location"), path)
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	}
}

// What makes no sense is said beside its field.
func TestPagesSayWhatIsWrong(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.logged(store.LogRecord{Message: "m", Created: pagesNow})
	for _, c := range []struct{ path, field, wrong string }{
		{"/errors/?category=X", "category", "Category must be one of these values: SYSTEM, ALGORITHM, DATA."},
		{"/errors/?is_builtin=perhaps", "is_builtin", "Built-in must be one of these values: true, false."},
		{"/errors/?scope=" + strings.Repeat("x", 251), "scope", "Scope must be at most 250 characters long."},
		{"/errors/?name=a%00b", "name", "Code is not valid."},
		{"/errors/?name=%ff", "name", "Code is not valid."},
		{"/logs/?level=LOUD", "level", "Level must be one of these values: DEBUG, INFO, WARN, ERROR."},
		{"/logs/?started=%3Cscript%3E", "started", "From must be a date or time in this form: 2025-12-31T23:59."},
		{"/logs/?ended=2025-02-30", "ended", "To must be a date or time in this form: 2025-12-31T23:59."},
		{"/logs/?started=2026-01-02&ended=2026-01-01", "ended", "The date or time of To must be later than that of From."},
		{"/logs/?search=" + strings.Repeat("x", 5000), "search", "Search must be at most 250 characters long."},
		{"/errors/?never=perhaps", "never", "Last seen must be one of these values: true."},
		{"/logs/?status=9xx", "status", "Status is not valid."},
		{"/logs/?state=done", "state", "State must be one of these values: new, resolved, ignored."},
		{"/logs/?range=P9D", "range", "Period must be one of these values: PT1H, PT24H, P7D, P30D."},
		{"/logs/?code_prefix=%00", "code_prefix", "Code begins with is not valid."},
		{"/errors/?zone=Nowhere", "zone", "Time zone must be a time zone such as Europe/Berlin."},
		{"/logs/?trace_id=%00", "trace_id", "Trace ID is not valid."},
	} {
		resp, body := s.ask(http.MethodGet, c.path)
		assert.Equal(t, 400, resp.StatusCode, c.path)
		p := s.checked(resp, body)
		wrong := p.Class("wrong")
		require.Len(t, wrong, 1, c.path)
		assert.Equal(t, c.wrong, pagetest.Text(wrong[0]))
		field := p.ByID(c.field)
		assert.Equal(t, "true", pagetest.Attr(field, "aria-invalid"))
		assert.Equal(t, pagetest.Attr(wrong[0], "id"), pagetest.Attr(field, "aria-describedby"))
		if c.field == "zone" {
			continue // UTC stands in
		}
		assert.Empty(t, p.All("table"), "there is no list")
		assert.NotContains(t, pagetest.Text(p.Root), "There are no entries.")
		if field.Data == "input" {
			assert.Equal(t, "text", pagetest.Attr(field, "type"), "other types would not show what was pageInput")
		}
	}
	resp, body := s.ask(http.MethodGet, "/logs/?level=LOUD&started=x&ended=y")
	assert.Len(t, s.checked(resp, body).Class("wrong"), 3, "all at once")
	resp, body = s.ask(http.MethodGet, "/logs/?level=LOUD&language=ur")
	assert.Equal(t, "Level must be one of these values: DEBUG, INFO, WARN, ERROR.", pagetest.Text(s.checked(resp, body).Class("wrong")[0]), "English stands in")
	for _, path := range []string{
		"/errors/?page=0", "/errors/?page=-1", "/errors/?page=x", "/logs/?before=-1", "/logs/?before=99999999999999999999",
		"/logs/?before=1&before_value=x", "/logs/?before=1&before_value=x&order=code",
		"/errors/" + pageID(t, s.store, "", "task_locked") + "?edit=tlh",
	} {
		resp, body := s.ask(http.MethodGet, path) // nobody enters these
		assert.Equal(t, 400, resp.StatusCode, path)
		assert.Contains(t, pagetest.Text(s.checked(resp, body).All("main")[0]), "bad_param_value", path)
		resp, body = s.ask(http.MethodGet, path, "Accept", "application/json")
		assert.Equal(t, 400, resp.StatusCode, path)
		assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
		assert.Contains(t, body, "bad_param_value")
	}
}

func TestPagesRefuse(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	for _, c := range []struct {
		method, path, code string
		status             int
	}{
		{"GET", "/errors/999999", "entity_not_found", 404},
		{"GET", "/errors/0", "entity_not_found", 404},
		{"GET", "/errors/-1", "entity_not_found", 404},
		{"GET", "/errors/+1", "entity_not_found", 404},
		{"GET", "/errors/task_locked", "entity_not_found", 404},
		{"GET", "/errors/99999999999999999999", "entity_not_found", 404},
		{"GET", "/logs/999999", "entity_not_found", 404},
		{"GET", "/other", "entity_not_found", 404},
		{"GET", "/other/1", "entity_not_found", 404},
		{"POST", "/errors/", "method_not_allowed", 405},
		{"PATCH", "/errors/1", "method_not_allowed", 405},
		{"OPTIONS", "/logs/", "method_not_allowed", 405},
	} {
		resp, body := s.ask(c.method, c.path)
		assert.Equal(t, c.status, resp.StatusCode, c.path)
		assert.Contains(t, body, c.code)
		assert.Equal(t, c.status == 405, strings.HasPrefix(resp.Header.Get("Allow"), "GET, HEAD"), c.path)
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	}
	resp, body := s.ask("GET", "/errors/999999", "Accept", "text/html")
	assert.Equal(t, 404, resp.StatusCode)
	assert.Contains(t, body, "<!doctype html>")
}

func TestPagesAuthorize(t *testing.T) {
	s := newPageServer(t, newSQLite(t), store.PagesAuthorize(func(req *http.Request) error {
		switch req.Header.Get("X-Who") {
		case "ann":
			return nil
		case "typed nil":
			var none *fault.Fault
			return none
		}
		return fault.Forbidden
	}))
	for _, path := range []string{"/", "/errors/", "/errors/1", "/logs/", "/logs/1", "/logs/x", "/nowhere"} {
		resp, body := s.ask("GET", path)
		assert.Equal(t, 403, resp.StatusCode, path)
		assert.Contains(t, body, `"forbidden"`)
		resp, body = s.ask("GET", path, "X-Who", "typed nil")
		assert.Equal(t, 403, resp.StatusCode, path)
		assert.Contains(t, body, `"permission_denied"`)
		resp, _ = s.ask("GET", path, "X-Who", "ann")
		assert.NotEqual(t, 403, resp.StatusCode, path)
	}
}

func TestPagesAnswerHEAD(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	for _, path := range []string{"/errors/", "/errors/1", "/logs/"} {
		get, _ := s.ask("GET", path)
		head, body := s.ask("HEAD", path)
		assert.Empty(t, body)
		get.Header.Del("Date")
		head.Header.Del("Date")
		assert.Equal(t, get.Header, head.Header)
	}
}

// What the database says stays inside.
func TestPagesWithoutADatabase(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	require.NoError(t, s.DB.Close())
	for _, path := range []string{"/errors/", "/errors/1", "/logs/", "/logs/1"} {
		resp, body := s.ask("GET", path)
		assert.GreaterOrEqual(t, resp.StatusCode, 500, path)
		assert.Contains(t, body, `"code":"database`, path)
		assert.NotContains(t, strings.ToLower(body), "sql", path)
		assert.NotContains(t, body, "closed")
	}
}

// Every link of every page leads to a page, below any path and in both directions of writing.
func TestPagesStandBelowAnyPath(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.save("invoices", store.Entry{Name: hostilePage[:30]})
	for i := range 60 {
		s.logged(store.LogRecord{Message: hostilePage, Code: "task_locked", TraceID: fmt.Sprint("t", i/20), Scope: "<b>", Created: pagesNow})
	}
	pages := store.Pages(s.store, nil, everybody)
	mux := http.NewServeMux()
	mux.Handle("/admin/", pages)
	mux.Handle("/deep/{tenant}/down/", pages)
	mux.Handle("/errors/", http.StripPrefix("/errors", pages))
	mux.Handle("/logs/", http.StripPrefix("/logs/", pages))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for _, start := range []string{"/admin/", "/deep/acme/down/?language=de", "/errors/?language=pt-PT", "/logs/"} {
		seen := map[string]bool{}
		crawlPages(t, server.Client(), server.URL+start, seen)
		assert.Greater(t, len(seen), 15, start)
	}
}

// crawlPages follows links, of each form of link a few.
func crawlPages(t *testing.T, client *http.Client, start string, seen map[string]bool) {
	t.Helper()
	budget := map[string]int{}
	for todo := []string{start}; len(todo) > 0; todo = todo[1:] {
		if seen[todo[0]] {
			continue
		}
		seen[todo[0]] = true
		resp, err := client.Get(todo[0])
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		_ = resp.Body.Close()
		require.Equal(t, 200, resp.StatusCode, todo[0])
		for _, a := range pagetest.Check(t, resp.Header, string(body)).All("a") {
			target, err := resp.Request.URL.Parse(pagetest.Attr(a, "href"))
			require.NoError(t, err)
			form := pageDigits.ReplaceAllString(target.Path, "") + pagetest.Attr(a, "class") + fmt.Sprint(pageParameters(target.Query()), pagetest.Attr(a, "hreflang") != "")
			if budget[form]++; target.Fragment == "" && budget[form] < 5 {
				todo = append(todo, target.String())
			}
		}
	}
}

var pageDigits = regexp.MustCompile(`\d+`)

// pageParameters are the names, without that of the language, which all links have when one has.
func pageParameters(values url.Values) []string {
	values.Del("language")
	return slices.Sorted(maps.Keys(values))
}

func TestPagesAreInTheReadersLanguage(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.logged(store.LogRecord{Message: "m", Code: "task_locked", Created: pagesNow})
	for _, path := range []string{"/errors/", "/errors/1", "/logs/", "/logs/1"} {
		for tag, dir := range map[string]string{"en": "ltr", "de": "ltr", "ur": "rtl"} {
			p := s.page(path + "?language=" + tag)
			assert.Equal(t, []string{tag, dir}, []string{pagetest.Attr(p.All("html")[0], "lang"), pagetest.Attr(p.All("html")[0], "dir")})
			assert.Contains(t, p.Names(), "اردو")
		}
		resp, _ := s.ask("GET", path, "Accept-Language", "de-CH, en;q=0.3")
		assert.Equal(t, "de", resp.Header.Get("Content-Language"))
	}
}

func TestPagesSayWhereTheReaderIs(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	s.logged(store.LogRecord{Message: "m", Created: pagesNow})
	for path, current := range map[string]string{
		"/errors/": "Errors page", "/errors/1": "Errors true", "/logs/": "Log page", "/logs/1": "Log true",
	} {
		var found []string
		for n := range s.page(path).All("nav")[0].Descendants() {
			if is := pagetest.Attr(n, "aria-current"); is != "" {
				found = append(found, pagetest.Text(n)+" "+is)
			}
		}
		assert.Equal(t, []string{current}, found, path)
	}
}

func TestPagesNeedAStore(t *testing.T) {
	assert.PanicsWithValue(t, "store: Pages: the store is nil; Open makes one", func() { store.Pages(nil, nil) })
}

func TestPagesStopWithTheRequest(t *testing.T) {
	s := newPageServer(t, newSQLite(t))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("gone"))
	w := httptest.NewRecorder()
	store.Pages(s.store, nil, everybody).ServeHTTP(w, httptest.NewRequest("GET", "/logs/", nil).WithContext(ctx))
	assert.NotEqual(t, 200, w.Code)
}

// What a service answers with is what its pages show.
func TestPagesShowWhatAServiceLogged(t *testing.T) {
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		h, err := store.NewLogHandler(s.store, store.LogOptions{Host: "web-1", Deduplicate: true})
		require.NoError(t, err)
		defer func() { require.NoError(t, h.Close(context.WithoutCancel(t.Context()))) }()
		r, err := fault.NewResponder(fault.WithLogger(slog.New(h)))
		require.NoError(t, err)
		for range 3 {
			r.Respond(nil, fault.Database.Wrap(errors.New("canary: connection refused"), fault.TraceID("trace-of-this-request")))
		}
		require.NoError(t, h.Flush(t.Context()))
		p := s.page("/logs/?trace_id=trace-of-this-request")
		list := pageRows(p, "Log")
		require.NotEmpty(t, list)
		assert.Equal(t, []string{"3", "ERROR", "500", "", "database An error occurred in the database.: canary: connection refused", "web-1", "New"}, list[0][2:])
		assert.Equal(t, "../errors/"+pageID(t, s.store, "", "database"), pageLink(t, p, "database"))
		p = s.page("/errors/" + pageID(t, s.store, "", "database"))
		assert.Contains(t, pagetest.Text(p.All("pre")[0]), "TestPagesShowWhatAServiceLogged")
		assert.NotEqual(t, "Never", pageFacts(p)["Last seen"])
		p = s.page("/logs/" + strconv.FormatInt(logged(t, s.store, store.LogFilter{Code: "database"})[0].ID, 10))
		assert.Equal(t, []string{"web-1", "500"}, []string{pageFacts(p)["Host"], pageFacts(p)["status"]})
		assert.Contains(t, pageFacts(p)["cause"], "canary")
	})
}
