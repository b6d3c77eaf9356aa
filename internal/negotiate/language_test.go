package negotiate

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/family"
)

// build loads the tags, a "+" before those of the application. The wildcard stands for en, then for all in order.
func build(t testing.TB, tags string) (*Languages, []string) {
	names := strings.Fields(tags)
	var members []family.Member
	var others []int
	for i, n := range names {
		own := strings.HasPrefix(n, "+")
		names[i] = strings.TrimPrefix(n, "+")
		tag, err := language.Parse(names[i])
		require.NoError(t, err)
		members = append(members, family.Member{Tag: tag, Own: own})
		others = append(others, i)
	}
	if en := slices.Index(names, "en"); en >= 0 {
		others = slices.Insert(slices.Delete(others, en, en+1), 0, en)
	}
	return NewLanguages(members, others), names
}

// flat is the preference without what is excluded and what stands there before.
func flat(p *Preference, names []string) string {
	var list []string
	for i := range p.Len() {
		for _, k := range p.Range(i) {
			if !p.Excludes(int(k)) && !slices.Contains(list, names[k]) {
				list = append(list, names[k])
			}
		}
	}
	return strings.Join(list, " ")
}

func TestPrefer(t *testing.T) {
	const four = "de en fr pt" // the default language is en
	for _, c := range []struct {
		rule, loaded, header, want string
	}{
		{"absent", four, "", ""},
		{"browser", four, "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de en"},
		{"single", four, "fr", "fr"},
		{"upper case", four, "FR", "fr"},
		{"region is cut", four, "pt-BR,pt;q=0.9", "pt"},
		{"weights decide", four, "fr;q=0.2,de;q=0.8,*;q=0.1", "de fr en pt"},
		{"equal weights by position", four, "pt,fr", "pt fr"},
		{"the wildcard is the default, then the body", four, "*", "en de fr pt"},
		{"wildcard when the default is refused", four, "en;q=0,*", "de fr pt"},
		{"wildcard refused", four, "fr,*;q=0", "fr"},
		{"weight 0 excludes", four, "de;q=0,fr", "fr"},
		{"weight 0 excludes through cutting", four, "de-CH,de;q=0", ""},
		{"weight 0 of a region leaves the base", four, "en-US;q=0,en;q=0.5", "en"},
		{"weight 0 beside a positive weight", four, "de,de;q=0", ""},
		{"underscore", four, "pt_BR", "pt"},
		{"capital Q and spaces", four, " de ; Q=0.3 , fr ; q = 0.9 ", "fr de"},
		{"extension subtags", four, "de-CH-u-co-phonebk-x-a-b", "de"},
		{"private use", four, "de-x-nothing", "de"},
		{"UN M.49 region", four, "en-001", "en"},
		{"variant", four, "de-1996", "de"},
		{"malformed member is dropped alone", four, "d!e,de--at,-de,fr", "fr"},
		{"malformed weight drops the member", four, "de;q=abc,fr;q=0.1", "fr"},
		{"not a number", four, "de;q=nan,fr;q=inf,pt;q=1e3,en", "en"},
		{"weight above one is one", four, "fr,de;q=7.5", "fr de"},
		{"negative weight is zero", four, "de;q=-1,de,fr", "fr"},
		{"three decimals", four, "fr;q=0.8011,de;q=0.802", "de fr"},
		{"other parameters are ignored", four, "de;level=1;q=0.2,fr;q=0.3", "fr de"},
		{"unknown languages are skipped", four, "tlh,xx-YY,fr", "fr"},
		{"invalid UTF-8", four, "\xff\xfe,fr", "fr"},
		{"tag too long", four, "de-" + strings.Repeat("a", 40) + ",fr", "fr"},
		{"regional file before its base", "pt pt-PT en", "pt-PT", "pt-PT pt"},
		{"Angolan Portuguese", "pt pt-PT en", "pt-AO", "pt-PT pt"},
		{"Brazilian Portuguese", "pt pt-PT en", "pt-BR", "pt pt-PT"},
		{"base means its only variant", "en pt-BR", "pt", "pt-BR"},
		{"Taiwan", "en zh-Hans zh-Hant", "zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant zh-Hans en"},
		{"Hong Kong", "en zh-Hans zh-Hant", "zh-HK", "zh-Hant"},
		{"mainland", "en zh-Hans zh-Hant", "zh-CN", "zh-Hans"},
		{"bare Chinese", "en zh-Hans zh-Hant", "zh", "zh-Hans"},
		{"named script is binding", "en zh-Hans", "zh-Hant-HK,en;q=0.1", "en"},
		{"an implied script is as binding", "en fr zh-Hans", "zh-TW,fr;q=0.1", "fr"},
		{"extended language subtag", "en zh-Hans zh-Hant", "zh-cmn-Hant-TW", "zh-Hant"},
		{"Latin Serbian", "en sr sr-Latn", "sr-Latn-RS", "sr-Latn"},
		{"Serbian", "en sr sr-Latn", "sr-RS", "sr"},
		{"Latin Serbian never gets Cyrillic", "en sr", "sr-Latn", ""},
		{"Norwegian", "en nb", "no", "nb"},
		{"Nynorsk", "en nb", "nn-NO", "nb"},
		{"old Hebrew", "en he", "iw-IL", "he"},
		{"old Indonesian", "en id", "in", "id"},
		{"Tagalog", "en fil", "tl", "fil"},
		{"Mexican Spanish", "en es es-419", "es-MX", "es-419 es"},
		{"European Spanish", "en es es-419", "es-ES", "es es-419"},
		{"no guesses between languages", four, "gsw,ca", ""},
		{"own variant before built-in ones", "en es-AR +es-MX", "es-ES", "es-MX es-AR"},
		{"weight 0 is for equals, too", "en pt", "pt-BR;q=0,pt-PT", ""},
		{"weight 0 is not for parents", "en", "en-GB;q=0,en", "en"},
		{"weight 0 of the region, the other by name", "en", "en-US;q=0,en", "en"},
		{"weight 0 of a region that nobody has", four, "de-CH;q=0,de-AT", "de"},
		{"a relative does not bring back what is refused", "en pt", "pt-AO,pt;q=0", ""},
		{"wildcard refused, a relative wanted", four, "pt-AO,*;q=0", "pt"},
		{"a refused script", "en zh-Hans zh-Hant", "zh,zh-TW;q=0,zh-HK", "zh-Hans"},
		{"misplaced script", "en uz uz-Cyrl", "uz-UZ-Cyrl", "uz-Cyrl"},
		{"variant that is there", "en sl sl-rozaj", "sl-rozaj-biske,en", "sl-rozaj sl en"},
		{"more than sixteen members", four, strings.Repeat("tlh,", 16) + "fr", ""},
		{"cut at the last comma within the limit", four, "fr," + strings.Repeat("x", 505) + ",de-" + strings.Repeat("a", 600), "fr"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			languages, names := build(t, c.loaded)
			p := languages.Prefer(c.header)
			assert.Equal(t, c.want, flat(&p, names), "Accept-Language: %s", c.header)
		})
	}
}

func TestPreferAllocatesNothing(t *testing.T) {
	languages, _ := build(t, "ar de en es fr pt pt-PT zh-Hans zh-Hant sr sr-Latn")
	for _, header := range []string{"de", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "zh-TW,zh;q=0", "*;q=0", strings.Repeat("de-a-", 30_000)} {
		allocs := testing.AllocsPerRun(100, func() { languages.Prefer(header) })
		assert.Zero(t, allocs, header[:min(len(header), 40)])
	}
}

func FuzzPrefer(f *testing.F) {
	languages, names := build(f, "de en es-419 fr pt-BR sr sr-Latn zh-Hans zh-Hant")
	for _, seed := range []string{"", "de-DE,de;q=0.9", "*;q=0", "zh-TW,zh", ",,;;==", "a-b-c-d-e-f", "\x00\xff", "sr_Latn;q=0.5;q=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		p := languages.Prefer(header)
		for i := range p.Len() {
			for _, index := range p.Range(i) {
				if int(index) >= len(names) {
					t.Fatalf("range %d of %q has a language out of range", i, header)
				}
			}
		}
	})
}
