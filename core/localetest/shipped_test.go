package localetest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/formats"
	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/locales"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// shippedFiles are the files as they stand in the repository, with translations.lock.
func shippedFiles(t *testing.T) fs.FS {
	t.Helper()
	return os.DirFS("../../locales")
}

// The gate: nothing to find in what polyfault ships, in any language, down to the layout.
func TestShippedLocales(t *testing.T) {
	names, err := fs.Glob(locales.FS, "active.*.toml")
	require.NoError(t, err)
	var tags []string
	for _, name := range names {
		tags = append(tags, strings.TrimSuffix(strings.TrimPrefix(name, "active."), ".toml"))
	}
	localetest.Test(t, shippedFiles(t), localetest.Options{Required: tags, Silenced: []string{"locales.I002"}}, checks.Info)
}

// languages that polyfault promises.
const promised = "ar bg cs da de el en es fa fi fr he hi hu id it ja ko nb nl pl pt pt-PT ro ru sk sv th tr uk vi zh-Hans zh-Hant"

func TestEveryLanguageIsThere(t *testing.T) {
	var tags []string
	for _, l := range fault.Default().Catalogue().Languages() {
		tags = append(tags, l.Tag)
	}
	assert.Equal(t, strings.Fields(promised), tags)
	list, err := localetest.Status(shippedFiles(t), localetest.Options{})
	require.NoError(t, err)
	require.Len(t, list, len(tags))
	for _, s := range list {
		assert.Equal(t, 100, s.Percent(), s.Tag)
		assert.Zero(t, s.Stale+s.Unknown, s.Tag)
		if !s.Source {
			assert.Regexp(t, "^(machine|reviewed by .+)$", s.Review, "the review state of %s is on record", s.Tag)
		}
	}
}

// counts reach every category that whole numbers have in the shipped languages.
var counts = []int{0, 1, 2, 3, 5, 11, 21, 100, 101, 1_000_000}

// The categories of CLDR 48 for those counts, written down by hand: 0 1 2 3 5 11 21 100 101 1000000.
var categories = map[string]string{
	"da de el en fi hu nb nl sv tr bg": "other one other other other other other other other other",
	"fa hi vi":                         "one one other other other other other other other other",
	"es it pt-PT":                      "other one other other other other other other other many",
	"fr pt":                            "one one other other other other other other other many",
	"ru uk":                            "many one few few many many one many one many",
	"pl":                               "many one few few many many many many many many",
	"cs sk":                            "other one few few other other other other other other",
	"ro":                               "few one few few few few other other few other",
	"ar":                               "zero one two few few many many other other other",
	"he":                               "other one two other other other other other other other",
	"id ja ko th zh-Hans zh-Hant":      "other other other other other other other other other other",
}

// Every plural text, in every language, for every count: what go-i18n makes of the same file, and the
// form that CLDR says.
func TestPlurals(t *testing.T) {
	c := fault.Default().Catalogue()
	seen := 0
	for tags, forms := range categories {
		for tag := range strings.FieldsSeq(tags) {
			seen++
			t.Run(tag, func(t *testing.T) {
				content, err := fs.ReadFile(locales.FS, "active."+tag+".toml")
				require.NoError(t, err)
				bundle := i18n.NewBundle(language.Make(tag))
				bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
				file, err := bundle.ParseMessageFileBytes(content, "active."+tag+".toml")
				require.NoError(t, err)
				localizer := i18n.NewLocalizer(bundle, tag)
				plurals := 0
				for _, m := range file.Messages {
					if !c.Plural(m.ID, "en") {
						continue
					}
					plurals++
					for i, count := range counts {
						want, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: m.ID, PluralCount: count,
							TemplateData: map[string]any{"Count": count, "Field": "qty"}})
						require.NoError(t, err)
						got, ok := c.Text(m.ID, tag, fault.Count(count), fault.Arg("Field", "qty"))
						require.True(t, ok)
						assert.Equal(t, want, isolates.Replace(got), "%s with %d", m.ID, count)
						form := strings.Fields(forms)[i]
						assert.Equal(t, filled(formOf(m, form), count), isolates.Replace(got), "%s with %d is %q", m.ID, count, form)
					}
				}
				assert.Greater(t, plurals, 11)
			})
		}
	}
	assert.Len(t, strings.Fields(promised), seen)
}

var isolates = strings.NewReplacer("\u2068", "", "\u2069", "")

func formOf(m *i18n.Message, form string) string {
	return map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other}[form]
}

func filled(text string, count int) string {
	return strings.NewReplacer("{{.Count}}", fmt.Sprint(count), "{{.Field}}", "qty").Replace(text)
}

// Right to left, over a real server and in every format of one language: the direction is said, and values
// stand between U+2068 and U+2069, so that they do not turn the sentence around.
func TestRightToLeft(t *testing.T) {
	r, err := fault.NewResponder(fault.WithFormats(fault.Problem{}, formats.WebAPI{},
		formats.RPCStatus{MediaType: "application/rpc+json"}, formats.JSONAPI{}, formats.HTML{}, formats.Text{}))
	require.NoError(t, err)
	server := httptest.NewServer(faulthttp.Middleware(r)(faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error {
		return fault.ValidationFailed.New(fault.Field(fault.InBody("phone[0]"), "min.string", fault.Count(3)))
	})))
	defer server.Close()
	for _, tag := range []string{"ar", "fa", "he", "de"} {
		rtl := tag != "de"
		for _, accept := range []string{"application/problem+json", "application/json", "application/rpc+json",
			"application/vnd.api+json", "text/html", "text/plain"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			require.NoError(t, err)
			req.Header.Set("Accept", accept)
			req.Header.Set("Accept-Language", tag)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			body := readAll(t, resp)
			name := tag + " " + accept
			assert.Contains(t, strings.Split(resp.Header.Get("Content-Language"), ", "), tag, name)
			want := "phone[0]"
			if rtl {
				want = "\u2068phone[0]\u2069"
				assert.Contains(t, body, "\u20683\u2069", name)
			}
			assert.Contains(t, body, want, name)
			assert.Equal(t, strings.Count(body, "\u2068"), strings.Count(body, "\u2069"), name)
			assert.Equal(t, rtl, strings.Contains(body, "\u2068"), name)
			switch accept {
			case "application/problem+json":
				var problem struct{ Dir, Lang string }
				require.NoError(t, json.Unmarshal([]byte(body), &problem))
				assert.Equal(t, map[bool]string{true: "rtl", false: "ltr"}[rtl], problem.Dir, name)
				assert.Equal(t, tag, problem.Lang)
			case "text/html":
				assert.Regexp(t, `<html[^>]* dir="?`+map[bool]string{true: "rtl", false: "ltr"}[rtl], body, name)
			}
		}
	}
}

func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// No two kinds say the same where English tells them apart: clients' users could not either.
func TestTextsOfKindsDiffer(t *testing.T) {
	c := fault.Default().Catalogue()
	for _, l := range c.Languages() {
		english := map[string]string{}
		for id := range c.IDs() {
			if strings.HasPrefix(id, "page.") || strings.HasSuffix(id, ".title") {
				continue
			}
			text, _ := c.Text(id, l.Tag)
			source, _ := c.Text(id, "en")
			if before, twice := english[text]; twice && before != source && !slices.Contains(sameOnPurpose[l.Tag], id) {
				t.Errorf("%s: %q stands for %q and for %q (%s)", l.Tag, text, before, source, id)
			}
			english[text] = source
		}
	}
}

// sameOnPurpose are texts that a language does not tell apart.
var sameOnPurpose = map[string][]string{}

// Every locale file has a reviewer of changes.
func TestEveryLanguageHasAnOwner(t *testing.T) {
	owners, err := os.ReadFile("../../.github/CODEOWNERS")
	require.NoError(t, err)
	for tag := range strings.FieldsSeq(promised) {
		assert.Regexp(t, `(?m)^/locales/active\.`+tag+`\.toml @\S+$`, string(owners))
	}
}
