package store_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/pagetest"
	"github.com/polyfault/polyfault/store"
)

const editMedia = "application/x-www-form-urlencoded"

// An editForm is a form as it stands on a page, read as a browser does.
type editForm struct {
	page    string // the path of the page
	action  string
	fields  url.Values
	buttons map[string]url.Values // what each button adds, by its text
}

// editForms are the page's forms that change something, by the value of their field "change".
func editForms(p *pagetest.Page, path string) map[string]*editForm {
	forms := map[string]*editForm{}
	for _, n := range p.All("form") {
		if pagetest.Attr(n, "method") != "post" {
			continue
		}
		f := &editForm{page: path, action: pagetest.Attr(n, "action"), fields: url.Values{}, buttons: map[string]url.Values{}}
		for field := range n.Descendants() {
			f.add(field)
		}
		forms[f.fields.Get("change")] = f
	}
	return forms
}

func (f *editForm) add(n *html.Node) {
	name := pagetest.Attr(n, "name")
	switch n.Data {
	case "input":
		f.fields.Add(name, pagetest.Attr(n, "value"))
	case "textarea":
		text := ""
		if n.FirstChild != nil {
			text = n.FirstChild.Data
		}
		f.fields.Add(name, strings.ReplaceAll(text, "\n", "\r\n")) // as browsers do
	case "select":
		for option := range n.ChildNodes() {
			for _, a := range option.Attr {
				if a.Key == "selected" {
					f.fields.Add(name, pagetest.Attr(option, "value"))
				}
			}
		}
	case "button":
		f.buttons[pagetest.Text(n)] = url.Values{}
		if name != "" {
			f.buttons[pagetest.Text(n)].Set(name, pagetest.Attr(n, "value"))
		}
	}
}

// with is the form with other values in fields that it has: names and values in turn.
func (f *editForm) with(t *testing.T, pairs ...string) *editForm {
	t.Helper()
	other := &editForm{page: f.page, action: f.action, fields: url.Values{}, buttons: f.buttons}
	maps.Copy(other.fields, f.fields)
	for i := 0; i+1 < len(pairs); i += 2 {
		require.Contains(t, f.fields, pairs[i])
		other.fields.Set(pairs[i], pairs[i+1])
	}
	return other
}

// target is the path that the form is sent to.
func (f *editForm) target(t *testing.T) string {
	t.Helper()
	base, err := url.Parse(f.page)
	require.NoError(t, err)
	u, err := base.Parse(f.action)
	require.NoError(t, err)
	return u.String()
}

// form is the form of a page with that change; the test ends without one.
func (s *pageServer) form(path, change string) *editForm {
	s.t.Helper()
	f := editForms(s.page(path), path)[change]
	require.NotNil(s.t, f, "%s has no form for %s", path, change)
	return f
}

// press sends the form by the button with the text, with the headers of a browser.
func (s *pageServer) press(f *editForm, button string) (*http.Response, string) {
	s.t.Helper()
	added, ok := f.buttons[button]
	require.True(s.t, ok, "%q is none of %v", button, f.buttons)
	fields := url.Values{}
	for _, values := range []url.Values{f.fields, added} {
		for name, list := range values {
			fields[name] = append(fields[name], list...)
		}
	}
	return s.post(f.target(s.t), editMedia, fields.Encode(), "Origin", s.url, "Sec-Fetch-Site", "same-origin", "Accept", "text/html,*/*;q=0.8")
}

func (s *pageServer) post(path, mediaType, body string, header ...string) (*http.Response, string) {
	s.t.Helper()
	if mediaType != "" {
		header = append(slices.Clip(header), "Content-Type", mediaType)
	}
	return s.send(http.MethodPost, path, strings.NewReader(body), header)
}

// saved presses the button, follows to the page, and returns it.
func (s *pageServer) saved(f *editForm, button string) (*pagetest.Page, string) {
	s.t.Helper()
	resp, body := s.press(f, button)
	require.Equal(s.t, http.StatusSeeOther, resp.StatusCode, body)
	assert.Empty(s.t, body)
	assert.Equal(s.t, "no-store", resp.Header.Get("Cache-Control"))
	base, err := url.Parse(f.target(s.t))
	require.NoError(s.t, err)
	to, err := base.Parse(resp.Header.Get("Location"))
	require.NoError(s.t, err)
	assert.Equal(s.t, base.Path, to.Path, "it leads back to the page")
	return s.page(to.String()), to.String()
}

// entry puts an entry into the log and returns the path of its page.
func (s *pageServer) entry(l store.LogRecord) string {
	s.t.Helper()
	l.Created = pagesNow
	s.logged(l)
	entries := logged(s.t, s.store, store.LogFilter{})
	newest := int64(0)
	for i := range entries {
		newest = max(newest, entries[i].ID)
	}
	return "/logs/" + strconv.FormatInt(newest, 10)
}

// everything is all that forms can change, to see that a request has changed nothing.
func (s *pageServer) everything() []string {
	s.t.Helper()
	var lines []string
	for _, query := range []string{
		"SELECT id, title, description, should_be_retried, version, edited FROM polyfault_errors ORDER BY id",
		"SELECT error_id, title, description, language, 0, 0 FROM polyfault_error_texts ORDER BY error_id, language",
		"SELECT id, state, triaged, regressions, version, repeats FROM polyfault_log ORDER BY id",
	} {
		lines = append(lines, s.rows(query)...)
	}
	return lines
}

// rows are those of a query with six columns.
func (s *pageServer) rows(query string) (lines []string) {
	s.t.Helper()
	rows, err := s.DB.QueryContext(s.t.Context(), query)
	require.NoError(s.t, err)
	defer rows.Close()
	for rows.Next() {
		var values [6]any
		require.NoError(s.t, rows.Scan(&values[0], &values[1], &values[2], &values[3], &values[4], &values[5]))
		lines = append(lines, fmt.Sprint(values))
	}
	require.NoError(s.t, rows.Err())
	return lines
}

// editLinks is how many links of the page lead to a form for texts.
func editLinks(p *pagetest.Page) (n int) {
	for _, a := range p.All("a") {
		if text := pagetest.Text(a); text == "Edit" || text == "Bearbeiten" {
			n++
		}
	}
	return n
}

// editSaved is what the page says after a change.
func editSaved(p *pagetest.Page) string {
	var list []string
	for _, n := range p.Class("saved") {
		list = append(list, pagetest.Text(n)+"/"+pagetest.Attr(n, "role"))
	}
	return strings.Join(list, "|")
}

// Titles and descriptions are written per language; an empty field gives the program's text back.
func TestPagesEditTexts(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		api := httptest.NewServer(store.Handler(s.store, nil))
		t.Cleanup(api.Close)
		path := "/errors/" + pageID(t, s.store, "", "task_locked")
		before := named(t, s.store, "", "task_locked")

		p := s.page(path + "?language=de&zone=Europe/Berlin")
		assert.Empty(t, editSaved(p))
		edit := pageLink(t, p, "Bearbeiten")
		assert.Equal(t, strings.TrimPrefix(path, "/errors/")+"?edit=de&language=de&zone=Europe%2FBerlin", edit)
		f := s.form("/errors/"+edit, "texts")
		assert.Equal(t, url.Values{
			"change": {"texts"}, "version": {strconv.FormatInt(before.Version, 10)}, "tag": {"de"}, "title": {""}, "description": {""},
		}, f.fields)
		p, at := s.saved(f.with(t, "title", "Gesperrt!", "description", "Ruf Änne:\r\n+49 30 1234\r\n"), "Speichern")
		assert.Contains(t, editSaved(p), "/status")
		assert.NotContains(t, editSaved(p), "page.")
		assert.Contains(t, at, "language=de")
		assert.Contains(t, at, "zone=Europe%2FBerlin", "the page stays as the reader has it")
		assert.Equal(t, "Gesperrt!", pagetest.Text(p.All("h1")[0]))
		assert.Contains(t, pageRows(p, "texts"), []string{
			"Deutsch de Bearbeiten", "Gesperrt!", "Dies ist nicht möglich, weil die Aufgabe gesperrt ist.", "Ruf Änne:\n+49 30 1234",
		})
		assert.Contains(t, pageRows(p, "texts"), []string{
			"English en Bearbeiten", "Task locked", "This is not possible because the task is locked.", "",
		})
		assert.Equal(t, []string{"de: Gesperrt!, Ruf Änne:\n+49 30 1234\n"}, texts(t, s.store, before.ID))
		assert.Equal(t, before.Title, named(t, s.store, "", "task_locked").Title, "the record has the text of the default language")
		assert.Equal(t, "Task locked", pagetest.Text(s.page(path).All("h1")[0]), "the other language keeps its own")

		f = s.form(path+"?edit=en", "texts")
		s.saved(f.with(t, "title", "Locked <now>", "description", "Call Ann."), "Save")
		record := named(t, s.store, "", "task_locked")
		assert.Equal(t, []string{"Locked <now>", "Call Ann."}, []string{record.Title, record.Description})
		assert.Equal(t, []string{"Locked <now>", "Call Ann."}, editWire(t, api.URL+path+"/", "title", "description"))
		both := []string{"de: Gesperrt!, Ruf Änne:\n+49 30 1234\n", "en: Locked <now>, Call Ann."}
		assert.Equal(t, both, texts(t, d.other(t), before.ID), "another instance")

		f = s.form(path+"?edit=de&language=de", "texts")
		assert.Equal(t, []string{"Gesperrt!", "Ruf Änne:\r\n+49 30 1234\r\n"}, []string{f.fields.Get("title"), f.fields.Get("description")})
		s.saved(f, "Speichern")
		assert.Equal(t, "de: Gesperrt!, Ruf Änne:\n+49 30 1234\n", texts(t, s.store, before.ID)[0], "sent as it stands, it changes no character")

		p, _ = s.saved(s.form(path+"?edit=de&language=de", "texts").with(t, "title", "", "description", ""), "Speichern")
		assert.Equal(t, "Aufgabe gesperrt", pagetest.Text(p.All("h1")[0]))
		s.saved(s.form(path+"?edit=en", "texts").with(t, "title", "", "description", ""), "Save")
		assert.Empty(t, texts(t, s.store, before.ID))
		after := named(t, s.store, "", "task_locked")
		assert.Equal(t, []string{before.Title, before.Description}, []string{after.Title, after.Description})
	})
}

// editWire are members of a resource of the REST API, as text.
func editWire(t *testing.T, address string, members ...string) (list []string) {
	t.Helper()
	resp, err := http.Get(address)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	var object map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&object))
	for _, name := range members {
		list = append(list, fmt.Sprint(object[name]))
	}
	return list
}

// The language of a form is the form's, and not that of its reader.
func TestPagesEditTextsOfARecordOfOperators(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	s.save("invoices", store.Entry{Name: "import_failed", Title: new("Import failed"), Description: new("\nTry again.")})
	path := "/errors/" + pageID(t, s.store, "invoices", "import_failed")
	f := s.form(path+"?edit=DE&language=en", "texts")
	assert.Equal(t, "de", f.fields.Get("tag"))
	s.saved(f.with(t, "title", "Import missglückt"), "Save")
	f = s.form(path+"?edit=en", "texts")
	shown := []string{f.fields.Get("title"), f.fields.Get("description")}
	assert.Equal(t, []string{"Import failed", "\r\nTry again."}, shown, "also a line end at the beginning")
	s.saved(f.with(t, "title", ""), "Save")
	r := named(t, s.store, "invoices", "import_failed")
	assert.Equal(t, []string{"", "\nTry again."}, []string{r.Title, r.Description})
	assert.Equal(t, "Import missglückt", pagetest.Text(s.page(path + "?language=de").All("h1")[0]))
}

func TestPagesEditRetrying(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		path := "/errors/" + pageID(t, s.store, "", "task_locked")
		assert.False(t, s.store.Retryable(fault.TaskLocked))
		f := s.form(path, "retry")
		assert.Equal(t, "false", f.fields.Get("should_be_retried"))
		p, _ := s.saved(f.with(t, "should_be_retried", "true"), "Save")
		assert.NotEmpty(t, editSaved(p))
		assert.True(t, s.store.Retryable(fault.TaskLocked))
		assert.True(t, named(t, d.other(t), "", "task_locked").Retryable)
		f = editForms(p, path)["retry"]
		assert.Equal(t, "true", f.fields.Get("should_be_retried"))
		s.saved(f.with(t, "should_be_retried", "false"), "Save")
		assert.False(t, s.store.Retryable(fault.TaskLocked))
		assert.Empty(t, texts(t, s.store, named(t, s.store, "", "task_locked").ID), "the texts stay the program's")
	})
}

func TestPagesEditTheState(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		path := s.entry(store.LogRecord{Message: "m", Code: "task_locked"})
		id, err := strconv.ParseInt(strings.TrimPrefix(path, "/logs/"), 10, 64)
		require.NoError(t, err)
		for _, c := range []struct {
			button  string
			state   store.LogState
			buttons []string
		}{
			{"Mark as resolved", store.LogResolved, []string{"Ignore", "Mark as new"}},
			{"Ignore", store.LogIgnored, []string{"Mark as resolved", "Mark as new"}},
			{"Mark as new", store.LogNew, []string{"Mark as resolved", "Ignore"}},
		} {
			p, _ := s.saved(s.form(path, "state"), c.button)
			assert.NotEmpty(t, editSaved(p))
			assert.True(t, strings.HasPrefix(pageFacts(p)["State"], pageStateName(c.state)), pageFacts(p)["State"])
			var buttons []string
			for _, name := range c.buttons {
				if _, ok := editForms(p, path)["state"].buttons[name]; ok {
					buttons = append(buttons, name)
				}
			}
			assert.Equal(t, c.buttons, buttons)
			l, err := d.other(t).Log(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, c.state, l.State)
		}
	})
}

func pageStateName(state store.LogState) string {
	return map[store.LogState]string{store.LogNew: "New", store.LogResolved: "Resolved", store.LogIgnored: "Ignored"}[state]
}
