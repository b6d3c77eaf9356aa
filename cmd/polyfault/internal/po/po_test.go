package po

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/plural"
)

// indexOf numbers the forms that the language has, in CLDR's order.
func indexOf(rules *plural.Rules) (forms int, formOf func(int) int) {
	index := map[plural.Form]int{}
	for form := range plural.Form(plural.Forms) {
		if rules.Has(form) {
			index[form] = forms
			forms++
		}
	}
	return forms, func(n int) int { return index[rules.Form(n)] }
}

// The expressions are those of CLDR for every language that go-i18n knows; Cornish is the only one without.
func TestExpressions(t *testing.T) {
	tried := 0
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			tag, err := language.Parse(string(a) + string(b))
			if err != nil {
				continue
			}
			rules, err := plural.For(tag)
			if err != nil {
				continue
			}
			tried++
			forms, formOf := indexOf(rules)
			header, err := Expression(forms, formOf)
			if tag.String() == "kw" {
				assert.Error(t, err)
				continue
			}
			if !assert.NoError(t, err, tag) {
				continue
			}
			p, err := ParsePlural(header)
			require.NoError(t, err)
			for n := range 5000 {
				got, err := p.Form(n * 7)
				if err != nil || got != formOf(n*7) {
					t.Fatalf("%s: %s: %d: %d, %v", tag, header, n*7, got, err)
				}
			}
		}
	}
	assert.Greater(t, tried, 100)
	for tag, want := range map[string]string{
		"en": "nplurals=2; plural=(n == 1 ? 0 : 1);",
		"ja": "nplurals=1; plural=0;",
		"pl": "nplurals=4; plural=(n == 1 ? 0 : (((n%10 >= 2 && n%10 <= 4)) && !((n%100 >= 12 && n%100 <= 14))) ? 1 : 2);",
	} {
		rules, err := plural.For(language.MustParse(tag))
		require.NoError(t, err)
		header, err := Expression(indexOf(rules))
		require.NoError(t, err)
		assert.Equal(t, want, header)
	}
}

func TestPluralForms(t *testing.T) {
	for header, want := range map[string]string{ // the forms of 0 1 2 3 5 11 21 101
		"nplurals=2; plural=(n != 1);":  "1 0 1 1 1 1 1 1",
		"nplurals=2; plural=n>1;":       "0 0 1 1 1 1 1 1",
		" nplurals = 1 ; plural = 0 ; ": "0 0 0 0 0 0 0 0",
		"nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);": "2 0 1 1 2 2 0 0",
		"nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;":     "0 1 2 3 3 4 4 5",
		"nplurals=9; plural=!(n) + 2*3 - 12/6 - 1 + (1<=1) - (2<1)":                                              "5 4 4 4 4 4 4 4",
	} {
		p, err := ParsePlural(header)
		require.NoError(t, err, header)
		var got []string
		for _, n := range []int{0, 1, 2, 3, 5, 11, 21, 101} {
			form, err := p.Form(n)
			require.NoError(t, err)
			got = append(got, fmt.Sprint(form))
		}
		assert.Equal(t, want, strings.Join(got, " "), header)
	}
	for _, header := range []string{"", "nplurals=INTEGER; plural=EXPRESSION;", "nplurals=2", "nplurals=0; plural=0;",
		"nplurals=99; plural=0;", "nplurals=2; plural=(n", "nplurals=2; plural=n n;", "nplurals=2; plural=n ? 1;",
		"nplurals=2; plural=x;", "nplurals=2; plural=;", "plural=0; nplurals=2;",
		"nplurals=2; plural=" + strings.Repeat("(", 9999), "nplurals=2; plural=" + strings.Repeat("!", 9999) + "n",
		"nplurals=2; plural=" + strings.Repeat("n?", 9999), "nplurals=2; plural=999999999999999999999999"} {
		_, err := ParsePlural(header)
		assert.Error(t, err, shown(header))
	}
	for _, header := range []string{"nplurals=2; plural=n;", "nplurals=2; plural=n/0;",
		"nplurals=2; plural=5%(n-7) ? n%0 : 3;", "nplurals=2; plural=0-1;"} {
		p, err := ParsePlural(header)
		require.NoError(t, err)
		_, err = p.Form(7)
		assert.Error(t, err, header)
	}
}

const whole = `# Head.
#
# More.
msgid ""
msgstr ""
"Language: pl\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : 1);\n"

# a note
#. for translators
#: main.go:5
#, fuzzy, no-wrap
#| msgid "old"
msgctxt "items"
msgid "{{.Count}} item"
msgid_plural "{{.Count}} items"
msgstr[0] "a \"b\" \\ c"
msgstr[1] ""
"first\n"
"second"
msgstr[2] "x\ty\r"

msgid "plain"
msgstr ""

#~ msgctxt "gone"
#~ msgid "Gone"
#~ msgstr "Nie ma"
`

func TestParse(t *testing.T) {
	f, err := Parse([]byte(whole))
	require.NoError(t, err)
	assert.Equal(t, whole, f.String())
	assert.Equal(t, "pl", f.Get("language"))
	assert.Empty(t, f.Get("X"))
	require.Len(t, f.Entries, 3)
	e := f.Entries[0]
	assert.Equal(t, []string{"a \"b\" \\ c", "first\nsecond", "x\ty\r"}, e.Strings)
	assert.True(t, e.Has("fuzzy"))
	assert.Equal(t, 14, e.Line)
	assert.True(t, f.Entries[2].Obsolete)

	loose, err := Parse([]byte("\ufeffmsgid\t\"\"\r\nmsgstr\"Language: de\\n\"\r\n" +
		"\"Broken\"\r\nmsgctxt \"a\"\r\nmsgid \"x\"\r\nmsgstr \"y\"\r\nmsgid \"z\"\r\nmsgstr \"\"\r\n#~| msgid \"o\"\r\n#\r\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", ""}, []string{loose.Entries[0].Context, loose.Entries[1].Context})
	empty, err := Parse(nil)
	require.NoError(t, err)
	assert.Empty(t, empty.Entries)
}

func TestParseRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"msgid \"a\"\nmsgstr \"b": "line 2: a string does not stand between",
		"\"a\"":                   "line 1: a string stands behind no keyword",
		"msgid \"a\"\n\nmsgid \"b\"\nmsgstr \"c\"": "line 1: an entry has no msgid, or no msgstr",
		"msgstr \"a\"":                                      `line 1: "msgstr" cannot stand here`,
		"msgid \"a\"\nmsgstr[0] \"b\"":                      `"msgstr[0]" cannot stand here`,
		"msgid \"a\"\nmsgid_plural \"as\"\nmsgstr[1] \"b\"": `"msgstr[1]" cannot stand here`,
		"msgid \"a\"\nmsgid_plural \"as\"\nmsgstr \"b\"":    `"msgstr" cannot stand here`,
		"msgid \"a\"\nmsgstr \"b\"\nmsgstr \"c\"":           "line 3",
		"domain \"a\"":                                      `"domain" cannot stand here`,
		"msgid \"a\\q\"":                                    `\q is no escape`,
		"msgid \"a\"b\"":                                    "without \\",
		"msgid \"a\\\"":                                     "ends with \\",
		"msgid \"a\"\nmsgstr \"\"\n\nmsgid \"\"\nmsgstr \"X: y\\n\"": "line 4: the header does not stand first",
		"#~ msgid \"a\"\nmsgstr \"b\"":                               "obsolete in part",
		"msgid \"\xff\"":                                             "is not UTF-8",
	} {
		_, err := Parse([]byte(content))
		assert.ErrorContains(t, err, want, content)
	}
}

// What is read and written is the same when it is read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("msgid \"a\"\nmsgstr \"b\"\n#~ msgid \"c\"\n#~ msgid_plural \"d\"\n#~ msgstr[0] \"\\a\\v\"\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := Parse(content)
		if err != nil {
			var syntax *SyntaxError
			assert.ErrorAs(t, err, &syntax)
			return
		}
		written := file.String()
		again, err := Parse([]byte(written))
		require.NoError(t, err, written)
		assert.Equal(t, written, again.String())
		assert.Len(t, again.Entries, len(file.Entries))
	})
}

func FuzzPlural(f *testing.F) {
	f.Add("nplurals=3; plural=(n==1 ? 0 : n%10>=2 && !n ? 1 : 2);")
	f.Fuzz(func(_ *testing.T, header string) {
		if p, err := ParsePlural(header); err == nil {
			for _, n := range Samples()[:20] {
				_, _ = p.Form(n)
			}
		}
	})
}

// gettext reads what is written.
func TestMsgfmt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pl.po")
	content := strings.Replace(whole, `n==1 ? 0 : 1`, `n==1 ? 0 : n==2 ? 1 : 2`, 1)
	content = strings.Replace(content, "Language: pl", `Content-Type: text/plain; charset=UTF-8\n"`+"\n\"Language: pl", 1)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	tool, err := exec.LookPath("msgfmt")
	if err != nil {
		require.True(t, os.Getenv("CI") == "" || runtime.GOOS != "linux", "msgfmt, of the Debian package gettext, is missing")
		t.Skip("msgfmt is not here")
	}
	compiled := "--output-file=" + filepath.Join(t.TempDir(), "x.mo")
	out, err := exec.CommandContext(t.Context(), tool, "--check-format", compiled, path).CombinedOutput()
	assert.NoError(t, err, string(out))
}
