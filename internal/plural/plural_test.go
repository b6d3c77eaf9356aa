package plural

import (
	"math"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
)

// The table answers as go-i18n does, in every kind of plural rule there is among languages.
func TestFormAsGoI18n(t *testing.T) {
	for _, name := range []string{"ar", "br", "cs", "cy", "da", "de", "en", "es", "fr", "ga", "gv", "he", "is", "ja",
		"kw", "lt", "lv", "mk", "mt", "pl", "pt", "pt-PT", "ro", "ru", "sl", "sr-Latn", "tr", "uk", "vi", "zh-Hant"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tag := language.MustParse(name)
			rules, err := For(tag)
			require.NoError(t, err)
			bundle := i18n.NewBundle(tag)
			require.NoError(t, bundle.AddMessages(tag, probe))
			localizer := i18n.NewLocalizer(bundle, name)
			numbers := []int{-1, -2, -21, 1_000_000, 2_000_000, 1_000_001, 5_000_000, 21_000_000, 1_000_000_000, 2_100_000, 100_000, 1_000_100}
			for n := range 1300 {
				numbers = append(numbers, n, n*37+10_000)
			}
			for _, n := range numbers {
				want, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: "probe", PluralCount: n})
				require.NoError(t, err)
				if got := rules.Form(n); got.String() != want {
					t.Fatalf("%d: got %s, want %s", n, got, want)
				}
				assert.True(t, rules.Has(rules.Form(n)))
			}
			assert.NotPanics(t, func() { rules.Form(math.MinInt) })
		})
	}
}

func TestHasKnowsTheFormsOfFractions(t *testing.T) {
	for name, want := range map[string]string{"de": "one other", "cs": "one few many other", "ru": "one few many other",
		"ja": "other", "ar": "zero one two few many other", "fr": "one many other", "lt": "one few many other"} {
		rules, err := For(language.MustParse(name))
		require.NoError(t, err)
		var got string
		for form := range Form(Forms) {
			if rules.Has(form) {
				got += " " + form.String()
			}
		}
		assert.Equal(t, " "+want, got, name)
	}
}

func TestUnknown(t *testing.T) {
	latin := language.MustParse("la")
	tag, found := Unknown([]language.Tag{language.German, latin, language.French})
	assert.True(t, found)
	assert.Equal(t, latin, tag)
	_, found = Unknown([]language.Tag{language.German})
	assert.False(t, found)
	_, err := For(latin)
	assert.ErrorContains(t, err, "la has no plural rules")
}
