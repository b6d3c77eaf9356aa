package store_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/polyfault/polyfault/interop/pagetest"
	"github.com/polyfault/polyfault/store"
)

// Bodies that are no form are refused before anything happens, in the reader's language.
func TestPagesEditNeedAForm(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	for _, f := range s.editAll() {
		before := s.everything()
		var parts bytes.Buffer
		w := multipart.NewWriter(&parts)
		for name := range f.fields {
			require.NoError(t, w.WriteField(name, f.fields.Get(name)))
		}
		require.NoError(t, w.Close())
		fields := f.fields.Encode()
		for _, c := range []struct {
			status          int
			mediaType, body string
			header          []string
		}{
			{415, "application/json", `{"change":"retry","should_be_retried":true,"version":1}`, nil},
			{415, w.FormDataContentType(), parts.String(), nil},
			{415, "text/plain", fields, nil},
			{415, "", fields, nil},
			{415, "application/x-www-form-urlencoded; charset", fields, nil},
			{415, editMedia + "; charset=iso-8859-1", fields, nil},
			{415, editMedia, fields, []string{"Content-Encoding", "gzip"}},
			{413, editMedia, fields + "&more=" + strings.Repeat("x", 1<<20), nil},
			{400, editMedia, fields + "&more=%zz", nil},
			{400, editMedia, fields + "&%", nil},
			{400, editMedia, fields + ";more=1", nil},
			{400, editMedia, "", nil},
		} {
			resp, body := s.post(f.target(t), c.mediaType, c.body, append(c.header, "Accept-Language", "de")...)
			assert.Equal(t, c.status, resp.StatusCode, "%s %.40s", c.mediaType, c.body)
			editFailure(t, s, resp, body, "de")
			if c.header == nil {
				assert.Equal(t, c.status == 415, resp.Header.Get("Accept-Post") == editMedia, c.mediaType)
			}
		}
		assert.Equal(t, before, s.everything())
		for _, mediaType := range []string{"Application/X-WWW-Form-Urlencoded", editMedia + "; charset=UTF-8", editMedia + ";charset=\"utf-8\""} {
			g := s.form(f.page, f.fields.Get("change"))
			g.fields.Set("state", "ignored")
			resp, body := s.post(g.target(t), mediaType, g.fields.Encode())
			assert.Equal(t, 303, resp.StatusCode, "%s: %s", mediaType, body)
		}
	}
}

// Fields count only in the body, and only once.
func TestPagesEditReadTheBodyOnly(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	for _, f := range s.editAll() {
		before := s.everything()
		separator := "?"
		if strings.Contains(f.target(t), "?") {
			separator = "&"
		}
		resp, _ := s.post(f.target(t)+separator+f.fields.Encode(), editMedia, "")
		assert.Equal(t, 400, resp.StatusCode)
		for name := range f.fields {
			if name == "state" && f.fields.Get("change") != "state" {
				continue
			}
			less := url.Values{}
			for other, values := range f.fields {
				if other != name {
					less[other] = values
				}
			}
			resp, _ = s.post(f.target(t)+separator+f.fields.Encode(), editMedia, less.Encode())
			assert.Equal(t, 400, resp.StatusCode, "%s is missing", name)
			doubled := url.Values{name: {"other"}}
			for _, body := range []string{f.fields.Encode() + "&" + doubled.Encode(), doubled.Encode() + "&" + f.fields.Encode()} {
				resp, page := s.post(f.target(t), editMedia, body, "Accept-Language", "de")
				assert.Equal(t, 400, resp.StatusCode, "%s stands twice", name)
				s.checked(resp, page)
			}
		}
		assert.Equal(t, before, s.everything())
	}
}

// editField is a field of the form, and what is said to be wrong with it.
func editField(t *testing.T, p *pagetest.Page, name string) (n *html.Node, wrong string) {
	t.Helper()
	n = p.ByID(name)
	if by := pagetest.Attr(n, "aria-describedby"); by != "" {
		assert.Equal(t, "true", pagetest.Attr(n, "aria-invalid"))
		wrong = pagetest.Text(p.ByID(by))
	}
	return n, wrong
}

// What is wrong stands beside its field, and the form keeps what was written.
func TestPagesEditSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	path := "/errors/" + pageID(t, s.store, "", "task_locked")
	f := s.form(path+"?edit=en&language=de&zone=%2B01:00", "texts")
	before := s.everything()
	long := strings.Repeat
	const tooLong = "Das Feld „%s“ darf höchstens %d Zeichen"
	for _, c := range []struct{ title, description, wrong, says string }{
		{long("ä", 51), "d", "title", fmt.Sprintf(tooLong, "Titel", 50)},
		{"t", long("ä", 251), "description", fmt.Sprintf(tooLong, "Beschreibung", 250)},
		{"t", long("a\r\n", 125) + "b", "description", fmt.Sprintf(tooLong, "Beschreibung", 250)},
		{"a\x00b", "d", "title", "Das Feld „Titel“ hat einen ungültigen Wert."},
		{"t", "a\x00b", "description", "Das Feld „Beschreibung“ hat einen ungültigen Wert."},
		{"a\x1b[31mb", "d", "title", "Das Feld „Titel“ hat einen ungültigen Wert."},
		{"two\r\nlines", "d", "title", "Das Feld „Titel“ hat einen ungültigen Wert."},
		{"t", "a\u0085b", "description", "Das Feld „Beschreibung“ hat einen ungültigen Wert."},
		{"a\xffb", "d", "title", "Das Feld „Titel“ hat einen ungültigen Wert."},
		{"t", "a\xc3", "description", "Das Feld „Beschreibung“ hat einen ungültigen Wert."},
		{hostilePage + longPageWord, hostilePage, "title", fmt.Sprintf(tooLong, "Titel", 50)},
		{"<b>\"t'", hostilePage + longPageWord, "description", fmt.Sprintf(tooLong, "Beschreibung", 250)},
	} {
		resp, body := s.press(f.with(t, "title", c.title, "description", c.description), "Speichern")
		require.Equal(t, 400, resp.StatusCode, "%.20q %.20q", c.title, c.description)
		p := s.checked(resp, body)
		assert.Equal(t, "de", pagetest.Attr(p.All("html")[0], "lang"))
		_, wrongTitle := editField(t, p, "title")
		_, wrongDescription := editField(t, p, "description")
		says, silent := wrongTitle, wrongDescription
		if c.wrong == "description" {
			says, silent = silent, says
		}
		assert.True(t, strings.HasPrefix(says, c.says), says)
		assert.Empty(t, silent)
		again := editForms(p, f.target(t))["texts"]
		assert.Equal(t, f.fields.Get("version"), again.fields.Get("version"))
		assert.Equal(t, "en", again.fields.Get("tag"))
		assert.Equal(t, strings.ReplaceAll(editShown(c.title), "\r\n", " "), again.fields.Get("title"), "the input stays")
		assert.Equal(t, editShown(c.description), again.fields.Get("description"), "the input stays")
		assert.Empty(t, editSaved(p))
		assert.Contains(t, again.target(t), "zone=%2B01%3A00")
	}
	assert.Equal(t, before, s.everything())
	s.saved(f.with(t, "title", long("😀", 50), "description", long("a\r\n", 124)+"bc"), "Speichern")
	saved := named(t, s.store, "", "task_locked").Description
	assert.Equal(t, strings.Repeat("a\n", 124)+"bc", saved, "a line end is one character, as browsers count")
}

// editShown is a text as a page shows it: nothing in it turns or breaks other text.
func editShown(text string) string {
	return strings.NewReplacer("\x00", "\ufffd", "\x1b", "\ufffd", "\u202e", "\ufffd", "\u202c", "\ufffd", "\u0085", " ").
		Replace(strings.ToValidUTF8(text, "\ufffd"))
}

// What no form of a page has is a page of its own.
func TestPagesEditOfCraftedForms(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	path, entry := "/errors/"+pageID(t, s.store, "", "task_locked"), s.entry(store.LogRecord{Message: "m"})
	version := strconv.FormatInt(named(t, s.store, "", "task_locked").Version, 10)
	before := s.everything()
	for _, c := range []struct {
		path   string
		fields string
	}{
		{path, "change=&should_be_retried=true"},
		{path, "change=other&should_be_retried=true"},
		{path, "change=state&state=resolved"},
		{path, "change=retry"},
		{path, "change=retry&should_be_retried="},
		{path, "change=retry&should_be_retried=TRUE"},
		{path, "change=retry&should_be_retried=1"},
		{path, "change=texts&title=a&description=b"},
		{path, "change=texts&title=a&description=b&tag="},
		{path, "change=texts&title=a&description=b&tag=tlh"},
		{path, "change=texts&title=a&description=b&tag=" + url.QueryEscape(hostilePage)},
		{path, "change=texts&title=a&description=b&tag=" + longPageWord},
		{entry, "change=retry&should_be_retried=true"},
		{entry, "change=state"},
		{entry, "change=state&state="},
		{entry, "change=state&state=Resolved"},
		{entry, "change=state&state=" + url.QueryEscape(hostilePage)},
	} {
		v := version
		if c.path == entry {
			v = "1"
		}
		resp, body := s.post(c.path, editMedia, c.fields+"&version="+v, "Accept-Language", "de")
		assert.Equal(t, 400, resp.StatusCode, c.fields)
		editFailure(t, s, resp, body, "de")
	}
	assert.Equal(t, before, s.everything())
	resp, body := s.ask("GET", path+"?edit=tlh", "Accept-Language", "de")
	assert.Equal(t, 400, resp.StatusCode)
	editFailure(t, s, resp, body, "de")
}

// Whatever operators write is text, wherever it comes back.
func TestPagesEditHostileValues(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := newPageServer(t, d)
		s.save("invoices", store.Entry{Name: "import_failed"})
		path := "/errors/" + pageID(t, s.store, "invoices", "import_failed")
		for _, title := range []string{
			"<script>alert(1)</script>", "\"onfocus=alert(1) x=\"", "'><img src=x onerror=alert(1)>", "{{.Name}} {{template \"main\"}}",
			"&lt;b&gt; &amp;", "</title><h1>x</h1>", strings.Repeat("W", 50), "עברית", "-->", "javascript:alert(1)",
		} {
			description := "</textarea>" + title + "\r\n" + strings.Repeat("x", 150)
			p, _ := s.saved(s.form(path+"?edit=en", "texts").with(t, "title", title, "description", description), "Save")
			assert.Equal(t, title, pagetest.Text(p.All("h1")[0]))
			r := named(t, s.store, "invoices", "import_failed")
			assert.Equal(t, []string{title, strings.ReplaceAll(description, "\r\n", "\n")}, []string{r.Title, r.Description})
			f := s.form(path+"?edit=en", "texts")
			assert.Equal(t, []string{title, description}, []string{f.fields.Get("title"), f.fields.Get("description")})
			assert.Contains(t, pagetest.Text(s.page("/errors/?scope=invoices").Root), title)
			f.fields.Set("version", "1")
			resp, body := s.press(f, "Save")
			assert.Equal(t, 409, resp.StatusCode)
			assert.Contains(t, pagetest.Text(s.checked(resp, body).Root), title)
		}
		f := s.form(path+"?edit=en", "texts")
		s.saved(f.with(t, "title", "a\u202eb\u2067c\u2069"), "Save")
		assert.Equal(t, "a\u202eb\u2067c\u2069", named(t, s.store, "invoices", "import_failed").Title)
		for _, p := range []string{path, path + "?edit=en", "/errors/?scope=invoices"} {
			s.page(p)
		}
		// The page hides what turns text; its form must not write that back.
		resp, _ := s.press(s.form(path+"?edit=en", "texts"), "Save")
		assert.Equal(t, http.StatusSeeOther, resp.StatusCode)
		assert.Equal(t, "a\u202eb\u2067c\u2069", named(t, s.store, "invoices", "import_failed").Title)
	})
}

// Middleware that has read the form before, to look for a token of its own say, does not keep the pages from it.
func TestPagesEditBehindMiddlewareThatReadsForms(t *testing.T) {
	t.Parallel()
	s := newPageServer(t, newSQLite(t))
	pages := store.Pages(s.store, nil, everybody)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && req.FormValue("version") == "" {
			t.Error("the middleware finds no form")
		}
		pages.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	for i, button := range []string{"Save", "Save", "Mark as resolved"} {
		f := s.editAll()[i]
		delete(f.fields, "state")
		p, _ := s.saved(f, button)
		assert.NotEmpty(t, editSaved(p))
	}
}
