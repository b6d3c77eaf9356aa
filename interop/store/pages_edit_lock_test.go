package store_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/interop/pagetest"
	"github.com/polyfault/polyfault/store"
)

// conflict presses the button of a form that is too old, and returns the page with both versions.
func (s *pageServer) conflict(f *editForm, button string) (*pagetest.Page, [][]string) {
	s.t.Helper()
	before := s.everything()
	resp, body := s.press(f, button)
	require.Equal(s.t, http.StatusConflict, resp.StatusCode, body)
	assert.Equal(s.t, before, s.everything(), "nothing is saved")
	p := s.checked(resp, body)
	assert.Len(s.t, p.All("tbody"), 1)
	return p, pageRows(p, pagetest.Text(p.All("h1")[0]))
}

// A form that is older than what it shows saves nothing, and shows both. Its reader may then save nevertheless.
func TestPagesEditConflicts(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s, other := newPageServer(t, d), d.other(t)
		path := "/errors/" + pageID(t, s.store, "", "task_locked")
		id := named(t, s.store, "", "task_locked").ID

		f := s.form(path+"?edit=de&language=de", "texts")
		update(t, other, id, 0, in("de", "Ihrer <b>", "-"))
		p, rows := s.conflict(f.with(t, "title", "Meiner <i>", "description", "Zwei\r\nZeilen"), "Speichern")
		assert.Equal(t, [][]string{
			{"Titel", "Meiner <i>", "Ihrer <b>"},
			{"Beschreibung", "Zwei\nZeilen", "Dies ist nicht möglich, weil die Aufgabe gesperrt ist."},
		}, rows)
		assert.Equal(t, "de", pagetest.Attr(p.All("html")[0], "lang"))
		again := editForms(p, f.target(t))["texts"]
		assert.Equal(t, []string{"Meiner <i>", "Zwei\r\nZeilen"}, []string{again.fields.Get("title"), again.fields.Get("description")})
		assert.Equal(t, "/errors/"+pageLink(t, p, "Abbrechen"), path+"?language=de")
		update(t, other, id, 0, in("en", "And once more", "-"))
		p, _ = s.conflict(again, "Speichern")
		s.saved(editForms(p, f.target(t))["texts"], "Speichern")
		assert.Equal(t, []string{"de: Meiner <i>, Zwei\nZeilen", "en: And once more, -"}, texts(t, s.store, id))

		f = s.form(path, "retry").with(t, "should_be_retried", "true")
		update(t, other, id, 0, store.Entry{Status: new(423)})
		p, rows = s.conflict(f, "Save")
		assert.Equal(t, [][]string{{"Can be retried", "Yes", "No"}}, rows)
		s.saved(editForms(p, path)["retry"], "Save")
		assert.True(t, named(t, other, "", "task_locked").Retryable || get(t, d.other(t), id).Retryable)

		path = s.entry(store.LogRecord{Message: "m"})
		number, err := strconv.ParseInt(path[len("/logs/"):], 10, 64)
		require.NoError(t, err)
		f = s.form(path, "state")
		_, err = other.SetLogState(t.Context(), number, 0, store.LogIgnored)
		require.NoError(t, err)
		p, rows = s.conflict(f, "Mark as resolved")
		assert.Equal(t, [][]string{{"State", "Resolved", "Ignored"}}, rows)
		s.saved(editForms(p, path)["state"], "Save")
		l, err := other.Log(t.Context(), number)
		require.NoError(t, err)
		assert.Equal(t, store.LogResolved, l.State)
	})
}

// Without the version of what it shows, no form saves anything.
func TestPagesEditNeedAVersion(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	path, entry := "/errors/"+pageID(t, s.store, "", "task_locked"), s.entry(store.LogRecord{Message: "m"})
	before := s.everything()
	for _, f := range []*editForm{s.form(path+"?edit=de", "texts"), s.form(path, "retry"), s.form(entry, "state")} {
		f.fields.Set("state", "resolved")
		for _, version := range []string{"", "0", "-1", "one", "1.0", "1e3", "0x1", " 1", "99999999999999999999", "9223372036854775808"} {
			g := f.with(t, "version", version)
			resp, body := s.post(g.target(t), editMedia, g.fields.Encode(), "Accept-Language", "de")
			assert.Equal(t, 400, resp.StatusCode, version)
			editFailure(t, s, resp, body, "de")
		}
		delete(f.fields, "version")
		resp, body := s.post(f.target(t), editMedia, f.fields.Encode(), "Accept-Language", "de")
		assert.Equal(t, 400, resp.StatusCode)
		editFailure(t, s, resp, body, "de")
		f.fields.Set("version", "9223372036854775807")
		resp, _ = s.post(f.target(t), editMedia, f.fields.Encode())
		assert.Equal(t, 409, resp.StatusCode, "one that was not yet")
	}
	assert.Equal(t, before, s.everything())
}

// editFailure holds a page about a mistake to the rules: it is in the language, says something, and leads on.
func editFailure(t *testing.T, s *pageServer, resp *http.Response, body, language string) *pagetest.Page {
	t.Helper()
	p := s.checked(resp, body)
	assert.Equal(t, language, pagetest.Attr(p.All("html")[0], "lang"))
	assert.Equal(t, language, resp.Header.Get("Content-Language"))
	assert.NotEmpty(t, pagetest.Text(p.All("h1")[0]))
	require.Len(t, p.Class("lead"), 1)
	assert.NotEmpty(t, pagetest.Text(p.Class("lead")[0]))
	assert.NotContains(t, pagetest.Text(p.Root), "{")
	return p
}

// Of twenty readers who save the same version, one does.
func TestPagesEditAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		path, entry := "/errors/"+pageID(t, s.store, "", "task_locked"), s.entry(store.LogRecord{Message: "m"})
		for _, c := range []struct {
			path, change, button string
			vary                 func(f *editForm, i int) *editForm
		}{
			{path + "?edit=de", "texts", "Save", func(f *editForm, i int) *editForm { return f.with(t, "title", strconv.Itoa(i)) }},
			{path, "retry", "Save", func(f *editForm, i int) *editForm {
				return f.with(t, "should_be_retried", strconv.FormatBool(i%2 == 0))
			}},
			{entry, "state", "Mark as resolved", func(f *editForm, _ int) *editForm { return f }},
			{entry, "state", "Mark as new", func(f *editForm, _ int) *editForm { return f }},
		} {
			for round := range 3 {
				if round > 0 && c.change == "state" {
					break // once is all it takes
				}
				f := s.form(c.path, c.change)
				var saved, conflicts atomic.Int32
				var clients sync.WaitGroup
				for i := range 20 {
					g := c.vary(f, i)
					clients.Go(func() {
						resp, body := s.press(g, c.button)
						switch resp.StatusCode {
						case http.StatusSeeOther:
							saved.Add(1)
						case http.StatusConflict:
							conflicts.Add(1)
						default:
							t.Errorf("%d: %s", resp.StatusCode, body)
						}
					})
				}
				clients.Wait()
				assert.Equal(t, []int32{1, 19}, []int32{saved.Load(), conflicts.Load()}, c.change)
			}
		}
	})
}

// What was deleted while the page was open is not there, and nothing comes back.
func TestPagesEditWhatIsGone(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		s.save("invoices", store.Entry{Name: "import_failed"})
		path, entry := "/errors/"+pageID(t, s.store, "invoices", "import_failed"), s.entry(store.LogRecord{Message: "m"})
		forms := []*editForm{s.form(path+"?edit=de", "texts"), s.form(path, "retry"), s.form(entry, "state")}
		d.exec(t, "DELETE FROM polyfault_errors WHERE name = 'import_failed'")
		d.exec(t, "DELETE FROM polyfault_log")
		before := s.everything()
		for _, f := range forms {
			f.fields.Set("state", "resolved")
			resp, body := s.post(f.target(t), editMedia, f.fields.Encode(), "Accept-Language", "de")
			assert.Equal(t, 404, resp.StatusCode, f.page)
			editFailure(t, s, resp, body, "de")
			f.fields.Set("version", "1")
			resp, _ = s.post(f.target(t), editMedia, f.fields.Encode())
			assert.Equal(t, 404, resp.StatusCode, "and not 409")
		}
		assert.Equal(t, before, s.everything())
		resp, body := s.ask("GET", path, "Accept-Language", "de")
		assert.Equal(t, 404, resp.StatusCode)
		editFailure(t, s, resp, body, "de")
	})
}

// The texts of SYSTEM errors belong to the program; whether repeating helps does not.
func TestPagesEditSystemErrors(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	path := "/errors/" + pageID(t, s.store, "", "unhandled")
	for _, edit := range []string{"", "?edit=de", "?edit=en&language=de"} {
		p := s.page(path + edit)
		forms := editForms(p, path)
		assert.NotContains(t, forms, "texts")
		assert.Contains(t, forms, "retry")
		for _, a := range p.All("a") {
			assert.NotContains(t, pagetest.Attr(a, "href"), "edit=de#", "nothing leads to the form")
		}
	}
	before := s.everything()
	version := strconv.FormatInt(named(t, s.store, "", "unhandled").Version, 10)
	fields := url.Values{"change": {"texts"}, "version": {version}, "tag": {"de"}, "title": {"Meiner"}, "description": {""}}
	resp, body := s.post(path, editMedia, fields.Encode(), "Accept-Language", "de")
	assert.GreaterOrEqual(t, resp.StatusCode, 400)
	assert.Less(t, resp.StatusCode, 500)
	editFailure(t, s, resp, body, "de")
	assert.Contains(t, strings.ToLower(body), "field_is_readonly")
	assert.Equal(t, before, s.everything())
	s.saved(s.form(path, "retry").with(t, "should_be_retried", "true"), "Save")
	assert.True(t, named(t, s.store, "", "unhandled").Retryable)
}
