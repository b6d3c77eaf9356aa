package page_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

func visiting(t testing.TB, r *fault.Responder, target, acceptLanguage string) *page.Visit {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, target, nil)
	req.Header.Set("Accept-Language", acceptLanguage)
	return page.NewVisit(r.Catalogue(), req)
}

// ownTexts has a language with words for pages, from right to left, and one without.
func ownTexts(t testing.TB) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(fault.WithLanguages("de", "en"), fault.WithLocales(fstest.MapFS{
		"active.ur.toml": {Data: []byte("\"page.own_name\" = \"اردو\"\n\"page.errors\" = \"غلطیاں\"\n\"page.yes\" = \"ہاں\"\n\"page.back\" = \"a\u202eb\"\n")},
		"active.cy.toml": {Data: []byte(`not_found = "Heb ei ganfod."`)},
	}))
	require.NoError(t, err)
	return r
}

func TestLanguageOfAVisit(t *testing.T) {
	r := ownTexts(t)
	for _, c := range []struct{ name, target, accept, words, reader, chosen string }{
		{"negotiated", "/", "de-AT, en;q=0.5", "de", "de", ""},
		{"nothing known", "/", "tlh", "en", "en", ""},
		{"chosen", "/?language=pt-PT", "de", "pt-PT", "pt-PT", "pt-PT"},
		{"in any letter case", "/?language=PT-pt", "de", "pt-PT", "pt-PT", "pt-PT"},
		{"the first known of several", "/?language=xx&language=ur&language=de", "", "ur", "ur", "ur"},
		{"a relative", "/?language=pt-AO", "de", "pt-PT", "pt-PT", "pt-PT"},
		{"unknown", "/?language=tlh", "de", "de", "de", ""},
		{"hostile", "/?language=%00%22%3E%3Cscript%3E&language=" + strings.Repeat("x", 5000), "de", "de", "de", ""},
		{"without words", "/?language=cy", "de", "en", "cy", "cy"},
	} {
		v := visiting(t, r, c.target, c.accept)
		assert.Equal(t, []string{c.words, c.reader, c.chosen}, []string{v.Words.Language.Tag, v.Reader.Tag, v.Chosen()}, c.name)
	}
	german, err := fault.NewResponder(fault.WithDefaultLanguage("de"), fault.WithLocales(fstest.MapFS{
		"active.cy.toml": {Data: []byte(`not_found = "Heb ei ganfod."`)},
	}))
	require.NoError(t, err)
	assert.Equal(t, "de", visiting(t, german, "/?language=cy", "").Words.Language.Tag, "the words are in the default language")
}

func TestWords(t *testing.T) {
	r := ownTexts(t)
	urdu := visiting(t, r, "/?language=ur", "")
	assert.Equal(t, "ہاں", urdu.YesNo(true))
	assert.Equal(t, "No", urdu.YesNo(false), "English stands in")
	assert.Equal(t, "page.nonsense", urdu.T("nonsense"))
	assert.Equal(t, "a\ufffdb", urdu.T("back"))
	german := visiting(t, r, "/?language=de", "")
	assert.Equal(t, "1 Eintrag", german.N("found", 1))
	assert.Equal(t, "7 Einträge", german.N("found", 7))
	assert.Equal(t, "Seite 2 von 7", german.Position(2, 7))
	words := map[fault.Category]string{
		fault.CategorySystem: "System", fault.CategoryAlgorithm: "Algorithmus", fault.CategoryData: "Daten", "X\u202e": "X\ufffd",
	}
	for category, word := range words {
		assert.Equal(t, word, german.Category(category))
	}
}

func TestURL(t *testing.T) {
	r := ownTexts(t)
	v := visiting(t, r, "/?language=de&code=a%26b&q=%20x%20", "")
	assert.Equal(t, "../logs/?code=a%26b&language=de", v.URL("../logs/", "code", "a&b", "page", ""))
	assert.Equal(t, "x", v.Query("q"))
	assert.Equal(t, "../", visiting(t, r, "/?code=a", "de").URL("../"))
	choices := v.Languages()
	german := page.Choice{Tag: "de", Dir: "ltr", Name: "Deutsch", URL: "?code=a%26b&language=de&q=+x+", Chosen: true}
	assert.Contains(t, choices, german)
	assert.Equal(t, german, v.Current())
	assert.True(t, slices.IsSortedFunc(choices,
		func(a, b page.Choice) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }))
	var tags []string
	for _, c := range choices {
		tags = append(tags, c.Tag)
		assert.Equal(t, c.Tag == "de", c.Chosen)
		assert.Equal(t, c.Tag == "ur" || c.Tag == "ar" || c.Tag == "he" || c.Tag == "fa", c.Dir == "rtl", c.Tag)
	}
	assert.Contains(t, tags, "ur")
	assert.NotContains(t, tags, "cy", "has no words")
}

func TestNameOfALanguage(t *testing.T) {
	c := ownTexts(t).Catalogue()
	for tag, name := range map[string]string{
		"de": "Deutsch", "ar": "العربية", "zh-Hant": "繁體中文", "pt": "português (Brasil)", "pt-PT": "português (Portugal)",
		"cy": "cy", "not a tag": "not a tag",
	} {
		assert.Equal(t, name, page.Name(c, tag))
	}
}

// What a page shows of one value is bounded.
func TestForeignValues(t *testing.T) {
	assert.Equal(t, "a b\ufffdc", page.Line("a\nb\u202ec"))
	assert.Equal(t, "a\nb\ufffdc", page.Block("a\nb\u202ec"))
	long := strings.Repeat("ü", 100_000)
	assert.Equal(t, strings.Repeat("ü", 2046)+"…", page.Line(long))
	assert.Equal(t, strings.Repeat("ü", 32<<10-2)+"…", page.Block(long))
}

// Times are in the zone that the URL names, and say which one that is.
func TestTimes(t *testing.T) {
	at := time.Date(2026, 11, 21, 23, 4, 5, 678, time.FixedZone("", -3*3600))
	for _, c := range []struct{ zone, shown, hour, url string }{
		{"", "2026-11-22 02:04:05 UTC", "02:04", "./"},
		{"utc", "2026-11-22 02:04:05 UTC", "02:04", "./"},
		{"Etc/UTC", "2026-11-22 02:04:05 +00:00", "02:04", "./?zone=Etc%2FUTC"},
		{"Europe/Berlin", "2026-11-22 03:04:05 +01:00", "03:04", "./?zone=Europe%2FBerlin"},
		{"America/New_York", "2026-11-21 21:04:05 -05:00", "21:04", "./?zone=America%2FNew_York"},
		{"+05:30", "2026-11-22 07:34:05 +05:30", "07:34", "./?zone=%2B05%3A30"},
		{" 0530", "2026-11-22 07:34:05 +05:30", "07:34", "./?zone=%2B05%3A30"},
		{"utc-3", "2026-11-21 23:04:05 -03:00", "23:04", "./?zone=-03%3A00"},
		{"GMT−9:30", "2026-11-21 16:34:05 -09:30", "16:34", "./?zone=-09%3A30"},
		{"+0", "2026-11-22 02:04:05 UTC", "02:04", "./"},
	} {
		v := visiting(t, fault.Default(), "/?zone="+url.QueryEscape(c.zone), "")
		assert.True(t, v.ReadZone(), c.zone)
		shown := v.Time(at)
		assert.Equal(t, c.shown, shown.Date+" "+shown.Clock+" "+shown.Zone, c.zone)
		assert.Equal(t, "2026-11-22T02:04:05Z", shown.Machine, "machines read UTC")
		assert.Equal(t, c.hour, v.Hour(at), c.zone)
		assert.Equal(t, c.url, v.URL("./"), "links keep it")
		assert.Empty(t, v.Zone().Wrong)
		assert.Nil(t, v.Time(time.Time{}))
	}
	assert.Equal(t, "All times are in the time zone +05:30.", func() string {
		v := visiting(t, fault.Default(), "/?zone=%2B05:30", "")
		v.ReadZone()
		return v.Times()
	}())
	for _, wrong := range []string{"Local", "local", "Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "+15", "+05:60", "<script>",
		strings.Repeat("x", 5000), "\x00"} {
		v := visiting(t, fault.Default(), "/?a=b&language=en&zone="+url.QueryEscape(wrong), "")
		assert.False(t, v.ReadZone(), wrong)
		assert.Equal(t, "2026-11-22", v.Time(at).Date, "UTC stands in")
		assert.Equal(t, "./?language=en", v.URL("./"))
		form := v.Zone()
		assert.Equal(t, "Time zone must be a time zone such as Europe/Berlin.", form.Wrong)
		assert.Equal(t, page.Line(wrong), form.Value, "what was entered")
		assert.Equal(t, []page.Parameter{{Name: "a", Value: "b"}, {Name: "language", Value: "en"}}, form.Others)
	}
}

// The zones that pages suggest are in the database of this machine.
func TestCommonZones(t *testing.T) {
	v := visiting(t, fault.Default(), "/", "")
	for _, name := range v.Zone().Zones {
		_, err := time.LoadLocation(name)
		assert.NoError(t, err, name)
	}
}

func TestSend(t *testing.T) {
	body := page.Body{ContentType: page.JSON, Content: []byte("{}"), Language: "de"}
	send := func(method, match string, c page.Caching) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		w.Header().Set("Vary", "Origin")
		req := httptest.NewRequest(method, "/", nil)
		if match != "" {
			req.Header.Set("If-None-Match", match)
		}
		body.Send(w, req, http.StatusOK, c)
		return w
	}
	fresh := send("GET", "", page.Revalidated)
	tag := fresh.Header().Get("ETag")
	assert.Regexp(t, `^W/"[\w-]{20}"$`, tag)
	assert.Equal(t, http.Header{
		"Content-Type": {page.JSON}, "Content-Length": {"2"}, "Content-Language": {"de"}, "Etag": {tag}, "Cache-Control": {"no-cache"},
		"Vary": {"Origin", "Accept, Accept-Language"}, "X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"no-referrer"},
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
	}, fresh.Header())
	for match, status := range map[string]int{
		tag: 304, strings.TrimPrefix(tag, "W/"): 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200, tag[:10]: 200,
	} {
		w := send("GET", match, page.Revalidated)
		assert.Equal(t, status, w.Code, match)
		assert.Equal(t, status == 200, w.Body.Len() > 0, match)
		assert.Equal(t, tag, w.Header().Get("ETag"))
		assert.Equal(t, status == 200, w.Header().Get("Content-Type") != "", match)
	}
	head := send("HEAD", "", page.Revalidated)
	assert.Equal(t, fresh.Header(), head.Header())
	assert.Zero(t, head.Body.Len())
	secret := send("GET", "*", page.Unstored)
	assert.Equal(t, 200, secret.Code)
	assert.Equal(t, "no-store", secret.Header().Get("Cache-Control"))
	assert.Empty(t, secret.Header().Get("ETag"))
}

func TestTemplatesThatAreWrongPanic(t *testing.T) {
	assert.Panics(t, func() { page.New(`{{define "main"}}{{`) })
	_, err := page.New(`{{define "main"}}{{.Nonsense}}{{end}}`).Render(&page.View{Visit: visiting(t, fault.Default(), "/", "")})
	assert.Error(t, err)
}

// Every pair of a text's colour and a background has a contrast of 4.5 at least, in light, dark and on
// paper, and 3 for the borders of fields ([WCAG 2.2], 1.4.3 and 1.4.11). Rules use no other colours.
//
// [WCAG 2.2]: https://www.w3.org/TR/WCAG22/
func TestContrast(t *testing.T) {
	content, err := os.ReadFile("style.css")
	require.NoError(t, err)
	sheet := string(content)
	front, back := []string{"text", "muted", "accent", "link"}, []string{"page", "card", "chip"}
	for _, m := range regexp.MustCompile(`[{; ](color|background|border-color): ([^;}]+)`).FindAllStringSubmatch(sheet, -1) {
		allowed := front
		if m[1] == "background" {
			allowed = back
		}
		name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(m[2]), "var(--"), ")")
		assert.Contains(t, allowed, name, m[0])
	}
	roots := regexp.MustCompile(`:root \{([^}]+)\}`).FindAllStringSubmatch(sheet, -1)
	require.Len(t, roots, 3, "light, dark, print")
	for _, root := range roots {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--(\w+): #([0-9a-f]{6})`).FindAllStringSubmatch(root[1], -1) {
			colours[m[1]] = m[2]
		}
		for _, f := range front {
			for _, b := range back {
				assert.GreaterOrEqual(t, contrast(t, colours[f], colours[b]), 4.5, "%s on %s: %s", f, b, root[1])
			}
		}
	}
	assert.Contains(t, sheet, "border: 1px solid var(--muted)", "fields have a border that is seen")
	for _, physical := range []string{"-left", "-right", "left:", "right:", "text-align: left", "text-align: right"} {
		assert.NotContains(t, sheet, physical, "rules say start and end")
	}
}

func contrast(t testing.TB, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t testing.TB, colour string) (sum float64) {
	t.Helper()
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		require.Len(t, colour, 6)
		n, err := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
			continue
		}
		sum += weight * math.Pow((c+0.055)/1.055, 2.4)
	}
	return sum
}

func Example() {
	t := page.New(`{{define "main"}}<h1>{{.Title}}</h1>{{end}}`)
	v := page.NewVisit(fault.Default().Catalogue(), httptest.NewRequest(http.MethodGet, "/?language=de", nil))
	body, err := t.Render(&page.View{Visit: v, Title: v.T("errors")})
	fmt.Println(strings.Contains(string(body.Content), "<h1>Fehler</h1>"), body.Language, err)
	// Output: true de <nil>
}
