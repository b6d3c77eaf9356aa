package checks_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
)

// What the checks of languages say of files, word by word.
func TestLanguageChecks(t *testing.T) {
	none := func(*fault.Kind) bool { return false }
	for _, c := range []struct {
		name  string
		files fs.FS
		opts  []fault.Option
		want  []string
	}{
		{"the default language is the first by the alphabet", files("active.de.toml", `own = "a"`, "active.fr.toml", `own = "a"`), nil,
			[]string{"de: (polyfault.W007) de is the default language because it is the first of de, fr"}},
		{"it is chosen", files("active.de.toml", `own = "a"`, "active.fr.toml", `own = "a"`),
			[]fault.Option{fault.WithDefaultLanguage("fr")}, nil},
		{"it is English of some country", files("active.de.toml", `own = "a"`, "active.en-GB.toml", `own = "a"`), nil, nil},
		{"there is one language only", files("active.de.toml", `own = "a"`), nil, nil},
		{"the files do not choose", files("active.de.toml", "", "active.en.toml", ""), nil, nil},
		{"a slip", files("active.en.toml", "not_fuond = \"a\"\nNotFound = \"b\"\ngoen = \"c\"\n\"rule.requird\" = \"d\""), nil, []string{
			`NotFound: (polyfault.W008) the id is nearly that of the built-in text "not_found"`,
			`not_fuond: (polyfault.W008) the id is nearly that of the built-in text "not_found"`,
			`rule.requird: (polyfault.W008) the id is nearly that of the built-in text "rule.required"`,
		}},
		{"words of their own", files("active.en.toml", "order_not_found = \"a\"\nfound = \"b\"\ntask_lock_lost = \"c\""), nil, nil},
		{"a language is left behind", files("active.en.toml", `gone = "Off."`), nil, []string{
			"de: (polyfault.W009) own files word built-in texts in another way, but not in de, which is in the body: gone",
			"fr: (polyfault.W009) own files word built-in texts in another way, but not in fr, which is in the body: gone",
			"pt: (polyfault.W009) own files word built-in texts in another way, but not in pt, which is in the body: gone",
		}},
		{"six texts are", files("active.en.toml",
			"gone = \"a\"\nconflict = \"a\"\nlocked = \"a\"\nnot_found = \"a\"\nforbidden = \"a\"\ndeadline = \"a\""),
			[]fault.Option{fault.WithLanguages("en", "de")}, []string{"de: (polyfault.W009) own files word built-in texts in another way, " +
				"but not in de, which is in the body: conflict, deadline, forbidden, gone, locked and 1 more"}},
		{"none is, by a relative", files("active.en.toml", `gone = "Off."`, "active.en-GB.toml", `own = "a"`),
			[]fault.Option{fault.WithLanguages("en-GB")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := responder(t, append(c.opts, fault.WithLocales(c.files))...)
			s := checks.SubjectOf(r, none)
			s.Texts = keepOwn(s.Texts)
			assert.ElementsMatch(t, c.want, found(t, s))
		})
	}
}

// keepOwn leaves out texts that lack languages on purpose: W001 is not asked here.
func keepOwn(texts []checks.Text) (list []checks.Text) {
	for _, text := range texts {
		if !text.Builtin {
			for _, tag := range []string{"de", "en", "en-GB", "fr", "pt"} {
				text.Forms = append(text.Forms, checks.Form{Language: tag})
			}
		}
		list = append(list, text)
	}
	return list
}

// A kind's own text is deliberate.
func TestATextOfAKindIsNoSlip(t *testing.T) {
	s := &checks.Subject{
		Kinds: []checks.Kind{{Code: "not_founds", Text: "not_founds"}},
		Texts: []checks.Text{{ID: "not_found", Builtin: true}, {ID: "not_founds"}, {ID: "not_founds.title"}},
	}
	for _, m := range found(t, s) {
		assert.NotContains(t, m, "W008")
	}
}
