package localetest_test

import (
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/localetest"
)

func TestPseudo(t *testing.T) {
	own := files("active.en.toml", source, "active.de.toml", "greeting = \"Guten Tag {{.Name}}.\"")
	pseudo, err := localetest.Pseudo(own)
	require.NoError(t, err)
	r, err := fault.NewResponder(fault.WithLocales(own), fault.WithLocales(pseudo), fault.WithLanguages("en", "en-XA", "ar-XB"))
	require.NoError(t, err, "the loader takes them")
	c := r.Catalogue()
	assert.Equal(t, "rtl", c.Negotiate("ar-XB").Dir)
	text := func(id, tag string, attrs ...fault.Attr) string {
		text, ok := c.Text(id, tag, attrs...)
		require.True(t, ok, "%s in %s", id, tag)
		return text
	}
	assert.Equal(t, "[Ĥéļļö Ann. ~~~]", text("greeting", "en-XA", fault.Arg("Name", "Ann")))
	assert.Equal(t, "\u200f\u202eHello \u2068Ann\u2069.\u202c\u200f", text("greeting", "ar-XB", fault.Arg("Name", "Ann")))
	assert.Equal(t, "[1 öŕðéŕ. ~~~]", text("order.count", "en-XA", fault.Count(1)))
	assert.Equal(t, "[2 öŕðéŕš. ~~~~]", text("order.count", "en-XA", fault.Count(2)))
	for _, count := range counts {
		assert.Contains(t, text("order.count", "ar-XB", fault.Count(count)), "order", "every Arabic form is there")
	}
	for id := range c.IDs() {
		if strings.HasPrefix(id, "test_") {
			continue
		}
		english, accented := text(id, "en"), text(id, "en-XA")
		assert.NotEqual(t, english, accented, id)
		assert.GreaterOrEqual(t, utf8.RuneCountInString(accented), utf8.RuneCountInString(english)*13/10, id)
		want, _ := c.Placeholders(id, "en")
		for _, tag := range []string{"en-XA", "ar-XB"} {
			got, _ := c.Placeholders(id, tag)
			assert.Equal(t, want, got, "%s in %s", id, tag)
		}
	}
}

func TestPseudoOfTheBuiltInTextsAlone(t *testing.T) {
	pseudo, err := localetest.Pseudo(nil)
	require.NoError(t, err)
	content, err := fs.ReadFile(pseudo, "active.en-XA.toml")
	require.NoError(t, err)
	assert.Contains(t, string(content), "[gone]\nother = \"[Ţĥé ŕéǫûéšţéð")
	_, err = localetest.Pseudo(files("active.en.toml", "x = 5"))
	assert.ErrorContains(t, err, "active.en.toml")
	_, err = localetest.Pseudo(files("README.md", ""))
	assert.ErrorContains(t, err, "no locale file")
	_, err = localetest.Pseudo(files("active.en.toml", `a = "{{range .X}}"`))
	assert.ErrorContains(t, err, `text "a"`)
}
