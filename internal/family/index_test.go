package family

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/text/language"
)

// loaded are languages that an application may bring, and built-in ones.
var loaded = strings.Fields("de de-AT en en-US en-GB en-001 en-150 es es-419 es-MX fr pt pt-BR pt-PT pt-AO zh zh-Hans zh-CN zh-SG " +
	"zh-Hant zh-TW zh-HK zh-MO yue yue-Hans no nb nn sr sr-Latn sr-ME bs ro ro-MD he id uz uz-Cyrl uz-Arab az pa pa-Arab ku ms ja sl-rozaj sl")

func members(random *rand.Rand) (list []Member) {
	for _, i := range random.Perm(len(loaded))[:1+random.IntN(12)] {
		list = append(list, Member{language.MustParse(loaded[i]), random.IntN(2) == 0})
	}
	return list
}

// The index says of whatever a client writes what the set says of its tag.
func TestIndexAsSet(t *testing.T) {
	regions := append(regions(), "")
	for seed := range 60 {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		list := members(random)
		set, index := NewSet(list), NewIndex(list)
		for range 400 {
			base, _, _ := strings.Cut(loaded[random.IntN(len(loaded))], "-")
			name := base
			if random.IntN(3) == 0 {
				name += "-" + []string{"Latn", "Cyrl", "Arab", "Hans", "Hant", "Jpan"}[random.IntN(6)]
			}
			if region := regions[random.IntN(len(regions))]; region != "" {
				name += "-" + region
			}
			if random.IntN(3) == 0 {
				name = loaded[random.IntN(len(loaded))]
			}
			tag, err := language.Parse(name)
			if err != nil {
				continue
			}
			want, equal := set.Order(tag)
			var got []int
			m, same := index.Find([]byte(strings.ToLower(name)))
			if m != nil {
				for _, i := range m.List {
					got = append(got, int(i))
				}
			}
			if !assert.Equal(t, want, got, "%s among %v", name, list) {
				return
			}
			if _, _, region := tag.Raw(); strings.Contains(name, region.String()) || region.String() == "ZZ" { // en-UK is en-GB
				assert.Equal(t, equal, same, "%s among %v", name, list)
			}
		}
	}
}

func TestIndexAllocatesNothing(t *testing.T) {
	index := NewIndex(members(rand.New(rand.NewPCG(1, 1))))
	for _, tag := range []string{"de", "zh-hk", "zh-yue-hant-hk", "sl-rozaj-biske-1994", "x-a", strings.Repeat("a-", 1000), ""} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { index.Find([]byte(tag)) }), tag)
	}
}

func TestParents(t *testing.T) {
	for tag, want := range map[string]string{
		"de": "", "es-MX": "es-419 es", "en-AU": "en-001 en", "pt-AO": "pt-PT pt", "nn": "no", "nn-NO": "nn no", "nb": "",
		"zh-HK": "zh-Hant", "zh-MO": "zh-Hant-HK zh-Hant",
		"zh-SG": "zh", "zh-Hans-HK": "zh", "zh-Hant": "", "sr-Latn": "", "sr-ME": "sr-Latn",
		"yue": "", "yue-CN": "yue-Hans", "und": "", "mul": "", "x-a": "", "ca-valencia": "", "de-DE-1996": "de", "en-GB-oed": "en-001 en",
		"iw-IL": "he", "uz-AF": "uz-Arab", "i-klingon": "", "sh": "",
	} {
		parsed, _ := language.Parse(tag)
		var got []string
		for _, parent := range Parents(parsed) {
			got = append(got, parent.String())
		}
		assert.Equal(t, want, strings.Join(got, " "), tag)
	}
}

// Parents that go in a circle end.
func TestACircleOfParents(t *testing.T) {
	inherits["no"], inherits["da"] = "nn", "da"
	defer func() { delete(inherits, "no"); delete(inherits, "da") }()
	assert.Len(t, Parents(language.MustParse("nn")), 2)
	assert.Len(t, Parents(language.MustParse("da")), 1)
	set := NewSet([]Member{{Tag: language.MustParse("nb")}, {Tag: language.MustParse("nn")}})
	order, _ := set.Order(language.MustParse("nn-NO"))
	assert.Equal(t, []int{1, 0}, order)
	NewIndex(set.members)
}

// A parent in another script is none.
func TestNothingIsInheritedAcrossScripts(t *testing.T) {
	inherits["sr-Latn"] = "sr"
	defer delete(inherits, "sr-Latn")
	assert.Empty(t, Parents(language.MustParse("sr-Latn")))
	order, _ := NewSet([]Member{{Tag: language.MustParse("sr")}, {Tag: language.MustParse("zh-Hant")}}).Order(language.MustParse("sr-Latn-RS"))
	assert.Empty(t, order)
}

func TestParse(t *testing.T) {
	for _, name := range []string{
		"", "und", "mul", "mis", "zxx", "root", "x-a", "x-" + strings.Repeat("a-", 10) + "a", "d!e", "de--at", "english",
		"de" + strings.Repeat("-abcdefgh", 32), "C", "und-Latn", "\x00", "zz",
	} {
		_, known := Parse(name)
		assert.False(t, known, name)
	}
	for name, want := range map[string]string{
		"de": "de", "PT_br": "pt-BR", "iw": "he", "i-klingon": "tlh", "zh-min-nan": "nan", "en-GB-oed": "en-GB-oxendict",
	} {
		tag, known := Parse(name)
		assert.True(t, known, name)
		assert.Equal(t, want, tag.String())
	}
}
