package fault

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/locales"
)

// The short cut reads every shipped file, and reads what the decoder reads.
func TestCanonicalFilesAsTheDecoder(t *testing.T) {
	names, err := fs.Glob(locales.FS, "*")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		content, err := fs.ReadFile(locales.FS, name)
		require.NoError(t, err)
		tag, rule := tagOfFile(name)
		require.Empty(t, rule)
		want, err := parseLocale(name, tag, content)
		require.NoError(t, err)
		got, ok := readCanonical(string(content))
		require.True(t, ok, "%s is not in the layout of polyfault locales fmt", name)
		assert.Equal(t, want.texts, got, name)
	}
}

// It leaves to the decoder whatever is not plain.
func TestOtherFilesAreTheDecoders(t *testing.T) {
	fine := "# head\n\n[a]\ndescription = \"d\"\nhash = \"h\"\none = \"b\"\nother = \"c {{.X}}\"\n\n[\"d.e\"]\nother = \"f\"\n"
	texts, ok := readCanonical(fine)
	require.True(t, ok)
	assert.Len(t, texts, 2)
	file, err := parseLocale("active.en.toml", language.English, []byte(fine))
	require.NoError(t, err)
	assert.Equal(t, file.texts, texts)
	for _, content := range []string{
		"a = \"b\"\n", "[a]\nother = 'b'\n", "[a]\nother = \"b\" # c\n", "[a] # c\nother = \"b\"\n",
		"[a]\nother = \"b\\n\"\n", "[a]\nother = \"b\"\"\n",
		"[a]\nother = \"\"\"\nb\"\"\"\n", "[a]\nother=\"b\"\n", "[a.b]\nother = \"c\"\n",
		"[\"a\\u0062\"]\nother = \"c\"\n", "['a']\nother = \"c\"\n", "[ a ]\nother = \"c\"\n", "[[a]]\nother = \"c\"\n",
		"[a]\nothers = \"b\"\n", "[a]\none = \"b\"\n", "[a]\n", "[a]\nother = \"\"\n",
		"[a]\nother = \"b\"\nother = \"c\"\n", "[a]\nother = \"b\"\n[a]\nother = \"c\"\n",
		"[a]\nother = \"{{range .X}}\"\n", "[a\nother = \"b\"\n", "[]\nother = \"b\"\n", "[\"\"]\nother = \"b\"\n",
		"[a]\r\nother = \"b\"\r\n", "\ufeff[a]\nother = \"b\"\n", "other = \"b\"\n[a]\nother = \"c\"\n",
	} {
		_, ok := readCanonical(content)
		assert.False(t, ok, content)
	}
	texts, ok = readCanonical("")
	assert.True(t, ok)
	assert.Empty(t, texts)
}
