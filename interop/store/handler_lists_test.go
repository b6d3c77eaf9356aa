package store_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// fillThree saves the three records of the reference's tests, a minute apart. The third is built-in.
func fillThree(t *testing.T, d *database, opts ...store.Option) *store.Store {
	t.Helper()
	c := newClock()
	s := d.open(t, append(opts, store.WithClock(c.now))...)
	save(t, s, "type-1", store.Entry{
		Name: "own", Title: new("Own"), Category: new(fault.CategoryAlgorithm), Status: new(404), ExitCode: new(7),
	})
	c.move(time.Minute)
	save(t, s, "", store.Entry{
		Name: "data", Title: new("Data"), Description: new("bad data"), Category: new(fault.CategoryData), Retryable: new(true),
	})
	c.move(time.Minute)
	save(t, s, "", store.Entry{Name: "system", Title: new("System"), Category: new(fault.CategorySystem)})
	d.exec(t, "UPDATE polyfault_errors SET is_builtin = (id = 3)")
	d.exec(t, "UPDATE polyfault_changes SET counter = counter + 1")
	return d.other(t, append(opts, store.WithClock(c.now))...) // knows what was written past the first
}

// S-01 to S-04, S-19, S-20, and every filter.
func TestHandlerLists(t *testing.T) {
	t.Parallel()
	start := newClock().now().UTC()
	at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339Nano) }
	cases := []struct {
		name, query string
		want        []string
	}{
		{"all", "", []string{"own", "data", "system"}},
		{"long ago", "started=2017-01-01T00:00:00Z&ended=2017-01-02T00:00:00Z", nil},
		{"until far away", "started=2017-01-01T00:00:00Z&ended=2117-01-02T00:00:00Z", []string{"own", "data", "system"}},
		{"from", "started=" + at(time.Minute), []string{"data", "system"}},
		{"until", "ended=" + at(time.Minute), []string{"own", "data"}},
		{"the year 1", "ended=0001-01-01T00:00:00Z", nil},
		{"the year 0", "started=0000-01-01T00:00:00Z", []string{"own", "data", "system"}},
		{"a duration", "started=PT90S", []string{"data", "system"}},
		{"a duration, both", "started=PT2M&ended=PT1M", []string{"own", "data"}},
		{"zero duration", "started=PT0S", []string{"system"}},
		{"a long one", "started=P1Y2M3W4DT5H6M7.5S", []string{"own", "data", "system"}},
		{"built-in", "is_builtin=true", []string{"system"}},
		{"not built-in", "is_builtin=false", []string{"own", "data"}},
		{"scope", "scope=type-1", []string{"own"}},
		{"no scope", "scope=", []string{"data", "system"}},
		{"unknown scope", "scope=type-2", nil},
		{"name", "name=DATA", []string{"data"}},
		{"category", "category=SYSTEM", []string{"system"}},
		{"down", "order=-last_modified", []string{"system", "data", "own"}},
		{"two orders", "order=scope&order=-name", []string{"system", "data", "own"}},
		{"page", "page=2&page_size=1", []string{"data"}},
		{"behind", "page=1000000000&page_size=1000", nil},
		{"all at once", "started=P1D&ended=PT0S&is_builtin=0&scope=&name=data&category=DATA&order=id&page=1&page_size=1000", []string{"data"}},
		{"escaped name", "%6eame=data", []string{"data"}},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		a := newAPI(t, store.Handler(fillThree(t, d), nil))
		for _, c := range cases {
			page := a.list("/errors/?" + c.query)
			assert.Equal(t, c.want, wireNames(page), c.name)
			if !strings.Contains(c.query, "page=") {
				assert.Equal(t, len(c.want), *page.Count, c.name)
			}
		}
		for _, word := range []string{"TRUE", "True", "true", "t", "1", "%20T%20"} {
			assert.Equal(t, []string{"system"}, wireNames(a.list("/errors/?is_builtin="+word)), word)
		}
		for _, word := range []string{"FALSE", "False", "false", "f", "0"} {
			assert.Equal(t, []string{"own", "data"}, wireNames(a.list("/errors/?is_builtin="+word)), word)
		}
	})
}

// Any offset is understood, also one whose "+" was not escaped.
func TestHandlerReadsOffsets(t *testing.T) {
	t.Parallel()
	s := fillThree(t, newSQLite(t))
	a := newAPI(t, store.Handler(s, nil))
	moment := newClock().now().Add(time.Minute)
	for _, offset := range []int{0, 2 * 3600, -(5*3600 + 1800), 14 * 3600, -12 * 3600, 23*3600 + 59*60} {
		text := moment.In(time.FixedZone("", offset)).Format("2006-01-02T15:04:05.999999999-07:00")
		for _, form := range []string{text, strings.ReplaceAll(text, "+", "%2B"), strings.ReplaceAll(text, "+", "%20"), strings.ToLower(text)} {
			assert.Equal(t, []string{"data", "system"}, wireNames(a.list("/errors/?started="+form)), form)
		}
	}
}

// What one record looks like, S-06.
func TestHandlerShowsRecords(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := fillThree(t, d)
		a := newAPI(t, store.Handler(s, nil))
		r := a.get("/errors/1/")
		require.Equal(t, 200, r.Status)
		start := newClock().now().UTC().Format("2006-01-02T15:04:05.000000Z")
		assert.Equal(t, `{"id":1,"name":"own","scope":"type-1","title":"Own","description":"","category":"ALGORITHM","is_builtin":false,`+
			`"should_be_retried":false,"status":404,"exit_code":7,"created":"`+start+`","last_modified":"`+start+`",`+
			`"links":{"self":"/errors/1/","logs":"/logs/?code=own\u0026scope=type-1"}}`, r.Body)
		assert.Equal(t, "private, no-cache", r.Header.Get("Cache-Control"))
		assert.Equal(t, r.Body, a.get("/errors/1").Body, "the last slash may be missing")
		data := decode[wireError](t, a.get("/errors/2/"))
		assert.Equal(t, "bad data", data.Description)
		assert.True(t, data.Retryable)
		assert.Equal(t, "/logs/?code=data", *data.Links.Logs)
		assert.True(t, decode[wireError](t, a.get("/errors/3/")).Builtin)
		assert.Equal(t, data, a.list("/errors").Results[1], "lists have whole records")
		missing := a.get("/errors/9999/")
		code, _ := refused(t, missing)
		assert.Equal(t, "404 entity_not_found", fmt.Sprint(missing.Status, " ", code))
	})
}

// Following next visits every record once, previous goes back, and both keep the filter.
func TestHandlerPages(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		for i := range 7 {
			save(t, s, "job & co", store.Entry{Name: fmt.Sprintf("error %d", i)})
		}
		save(t, s, "", store.Entry{Name: "other"})
		a := newAPI(t, store.Handler(s, nil))
		target := "/errors/?scope=job+%26+co&page_size=3&order=-scope&order=-name&started=P1D"
		var visited []string
		var back *string
		for next := &target; next != nil; {
			page := a.list(*next)
			assert.Equal(t, 7, *page.Count)
			visited = append(visited, wireNames(page)...)
			next, back = page.Next, page.Previous
		}
		assert.Equal(t, []string{"error 6", "error 5", "error 4", "error 3", "error 2", "error 1", "error 0"}, visited)
		require.NotNil(t, back)
		assert.NotContains(t, *back, "P1D", "the pages of the last day are those of one day")
		middle := a.list(*back)
		assert.Equal(t, []string{"error 3", "error 2", "error 1"}, wireNames(middle))
		first := a.list(*middle.Previous)
		assert.Equal(t, []string{"error 6", "error 5", "error 4"}, wireNames(first))
		assert.Nil(t, first.Previous)
		behind := a.list("/errors/?page_size=3&page=9")
		assert.Nil(t, behind.Next)
		assert.Equal(t, "/errors/?page=3&page_size=3", *behind.Previous, "the last page")
		exact := a.list("/errors/?page_size=4&page=2")
		assert.Nil(t, exact.Next)
		nothing := a.list("/errors/?scope=none&page=2")
		assert.Equal(t, "/errors/?page=1&scope=none", *nothing.Previous)
	})
}

// The default size of a page is 100 and the largest 1000.
func TestHandlerPageSizes(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	entries := make([]store.Entry, 1001)
	for i := range entries {
		entries[i].Name = strconv.Itoa(i)
	}
	_, err := s.Save(t.Context(), "", entries)
	require.NoError(t, err)
	a := newAPI(t, store.Handler(s, nil))
	page := a.list("/errors/")
	assert.Len(t, page.Results, 100)
	assert.Equal(t, "/errors/?page=2", *page.Next)
	assert.Len(t, a.list("/errors/?page_size=1000").Results, 1000)
}

// The widest range, S-19: it is told when it is too wide, and there is none when a side is missing.
func TestHandlerMaxRange(t *testing.T) {
	t.Parallel()
	s := fillThree(t, newSQLite(t))
	a := newAPI(t, writing(s, store.WithMaxRange(24*time.Hour)))
	for query, want := range map[string]int{
		"started=2017-01-01T00:00:00Z&ended=2017-01-02T00:00:00Z":        200,
		"started=2017-01-01T00:00:00Z&ended=2017-01-02T00:00:00.000001Z": 400,
		"started=2017-01-01T00:00:00Z":                                   200,
		"ended=2017-01-01T00:00:00Z":                                     200,
		"started=P1D&ended=PT0S":                                         200,
		"started=P1DT1S&ended=PT0S":                                      400,
	} {
		for _, list := range []string{"/errors/?", "/logs/?"} {
			r := a.get(list + query)
			assert.Equal(t, want, r.Status, list+query)
			if want == 400 {
				_, fields := refused(t, r)
				assert.Equal(t, []string{"query started min"}, fields)
				assert.Contains(t, r.Body, `"Range":"P1D"`)
			}
		}
	}
	assert.Contains(t, a.get("/errors/?started=2017-01-01T00:00:00Z&ended=2017-01-03T00:00:00Z").Body, `"Limit":"2017-01-02T00:00:00.000000Z"`)
	unlimited := newAPI(t, store.Handler(s, nil, store.WithMaxRange(-1)))
	assert.Equal(t, 200, unlimited.get("/errors/?started=2001-01-01T00:00:00Z&ended=2017-01-03T00:00:00Z").Status)
}
