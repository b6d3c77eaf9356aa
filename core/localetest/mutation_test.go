package localetest_test

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/locales"
)

// A mutation damages one text of a file as people and tools do. It returns the damaged block, or what it
// was given when there is nothing to damage.
type mutation struct {
	name   string
	rule   string // the rule that has to notice, as a regular expression
	damage func(block, english, tag string) string
}

var (
	formLine    = regexp.MustCompile(`(?m)^(zero|one|two|few|many|other) = "(.*)"$`)
	tableEnd    = regexp.MustCompile(`"?\]\n`)
	placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)
)

// inText changes the text of the last form, "other".
func inText(change func(text string) string) func(block, english, tag string) string {
	return func(block, _, _ string) string {
		at := formLine.FindAllStringSubmatchIndex(block, -1)
		last := at[len(at)-1]
		return block[:last[4]] + change(block[last[4]:last[5]]) + block[last[5]:]
	}
}

// foreign is a letter of another script that looks like one, or is common beside it.
func foreign(r rune) rune {
	switch {
	case unicode.Is(unicode.Latin, r):
		return 'а' // Cyrillic
	case unicode.In(r, unicode.Cyrillic, unicode.Greek):
		return 'a' // Latin
	default:
		return 'я'
	}
}

func swapScript(text string) string {
	inside := false
	done := false
	runes := []rune(text)
	for i, r := range runes {
		switch {
		case r == '{' || r == '}':
			inside = r == '{'
		case !inside && !done && unicode.IsLetter(r) && wordLetters(runes, i):
			runes[i], done = foreign(r), true
		}
	}
	return string(runes)
}

// wordLetters: inside of a word a look-alike can be told; a single letter, such as A–Z, can be anything.
func wordLetters(runes []rune, i int) bool {
	return i+1 < len(runes) && unicode.IsLetter(runes[i+1]) && !isASCIIWord(runes, i)
}

// isASCIIWord: JSON and the like stand in many languages; Latin letters in them are no mutation's matter
// where the script is another one.
func isASCIIWord(runes []rune, i int) bool {
	return unicode.In(runes[i], unicode.Latin) &&
		slices.ContainsFunc(runes, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) })
}

var mutations = []mutation{
	{"delete the id", "E008", func(string, string, string) string { return "" }},
	{"rename the id", "E008|E007", func(block, _, _ string) string { return tableEnd.ReplaceAllString(block, "s$0") }},
	{"rename a placeholder", "E01[12]", func(block, _, _ string) string { return placeholder.ReplaceAllString(block, "{{.${1}s}}") }},
	{"translate a placeholder", "E010", func(block, _, _ string) string { return placeholder.ReplaceAllString(block, "{{.Ñame}}") }},
	{"delete a placeholder", "E012", inText(func(text string) string {
		if at := placeholder.FindStringIndex(text); at != nil {
			return text[:at[0]] + "X" + text[at[1]:]
		}
		return text
	})},
	{"add a placeholder", "E011", inText(func(text string) string { return "{{.Extra}}" + text })},
	{"break a brace", "E010", inText(func(text string) string { return strings.Replace(text, "}}", "}", 1) })},
	{"put in a loop", "E010", inText(func(text string) string { return "{{range .X}}x{{end}}" + text })},
	{"drop a plural form", "E014", func(block, _, _ string) string {
		if at := formLine.FindAllStringIndex(block, -1); len(at) > 1 {
			return block[:at[0][0]] + block[at[0][1]+1:]
		}
		return block
	}},
	{"drop the form other", "E014|E004|E008", func(block, _, _ string) string {
		at := formLine.FindAllStringIndex(block, -1)
		return block[:at[len(at)-1][0]] + block[at[len(at)-1][1]:]
	}},
	{"add a plural form", "E015|E007", func(block, _, tag string) string {
		form := "two" // which only Arabic and Hebrew have, of the shipped ones
		if tag == "ar" || tag == "he" {
			return block
		}
		at := formLine.FindStringSubmatchIndex(block)
		return block[:at[0]] + form + ` = "` + block[at[4]:at[5]] + "\"\n" + block[at[0]:]
	}},
	{"rename a plural form", "E004|E008", func(block, _, _ string) string { return strings.Replace(block, "other = ", "ohter = ", 1) }},
	{"swap the script of a letter", "E018", inText(swapScript)},
	{"leading space", "E016", inText(func(text string) string { return " " + text })},
	{"trailing space", "E016", inText(func(text string) string { return text + " " })},
	{"doubled space", "E016", inText(func(text string) string { return strings.Replace(text, " ", "  ", 1) })},
	{"line break", "E016", inText(func(text string) string {
		return text[:len(text)/2-offset(text)] + `\n` + text[len(text)/2-offset(text):]
	})},
	{"override character", "E017", inText(func(text string) string { return "\u202e" + text })},
	{"isolate", "E017", inText(func(text string) string { return "\u2068" + text + "\u2069" })},
	{"zero-width space", "E017", inText(func(text string) string { return text + "\u200b" })},
	{"full-width letter", "E017", inText(func(text string) string {
		return text[:len(text)/2-offset(text)] + "ｅ" + text[len(text)/2-offset(text):]
	})},
	{"mathematical letter", "E017", inText(func(text string) string { return "𝐀" + text })},
	{"variation selector", "E017", inText(func(text string) string { return text + "\ufe0f" })},
	{"letter that shows nothing", "E017", inText(func(text string) string { return text + "\u3164" })},
	{"control character", "E017", inText(func(text string) string { return `\u0007` + text })},
	{"copy of the English text", "W005", func(_, english, _ string) string { return english }},
	{"full stop", "W003", func(block, english, tag string) string {
		return inText(func(text string) string {
			for _, stop := range []string{".", "。", "।"} {
				if rest, ok := strings.CutSuffix(text, stop); ok {
					return rest
				}
			}
			return text + "!"
		})(block, english, tag)
	}},
	{"markup", "E019", inText(func(text string) string { return "<b>" + text + "</b>" })},
	{"address", "E019", inText(func(text string) string { return "https://example.org " + text })},
	{"number in place of the text", "E004", func(block, _, _ string) string { return formLine.ReplaceAllString(block, "$1 = 5") }},
	{"open quotation mark", "E004", inText(func(text string) string { return text + `"` })},
}

// offset keeps the cut at a character's begin.
func offset(text string) (n int) {
	for half := len(text) / 2; half-n > 0 && text[half-n]&0xC0 == 0x80; {
		n++
	}
	return n
}

// perMutation is how many texts of a file each mutation damages.
const perMutation = 3

// Each shipped file is damaged in every way, one text at a time, and the lint has to catch every mutant.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine, much to compute: not for the race detector")
	}
	names, err := fs.Glob(locales.FS, "active.*.toml")
	require.NoError(t, err)
	english := blocks(t, "active.en.toml")
	var tried, caught atomic.Int64
	t.Run("files", func(t *testing.T) {
		for n, name := range names {
			if name == "active.en.toml" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := mutantFile{t, name, blocks(t, name), english}
				for m, mutation := range mutations {
					for i := range perMutation {
						id, damaged := f.damage(mutation, (n*len(mutations)+m)*perMutation+i)
						if id == "" {
							break
						}
						tried.Add(1)
						if f.caught(mutation, id, damaged) {
							caught.Add(1)
						}
					}
				}
			})
		}
	})
	fmt.Printf("locale mutants: %d, caught: %d (%d %%)\n", tried.Load(), caught.Load(), 100*caught.Load()/max(1, tried.Load()))
	assert.Equal(t, tried.Load(), caught.Load())
	assert.Greater(t, tried.Load(), int64(20*perMutation*(len(names)-1)), "nearly every mutation has something to damage in every file")
}

// A mutantFile is a shipped file in its tables, by id, with English.
type mutantFile struct {
	t            *testing.T
	name         string
	own, english map[string]string
}

func (f mutantFile) tag() string {
	return strings.TrimSuffix(strings.TrimPrefix(f.name, "active."), ".toml")
}

// damage goes through the texts from a place that differs for every file and mutation, until the mutation
// changes one.
func (f mutantFile) damage(m mutation, start int) (id, damaged string) {
	all := slices.Sorted(maps.Keys(f.own))
	for i := range all {
		id = all[(start*17+i)%len(all)]
		damaged = m.damage(f.own[id], f.english[id], f.tag())
		if damaged != f.own[id] {
			return id, damaged
		}
	}
	return "", ""
}

// caught lints the damaged text among some of its neighbours: all would take minutes.
func (f mutantFile) caught(m mutation, id, damaged string) bool {
	all := slices.Sorted(maps.Keys(f.own))
	at := slices.Index(all, id)
	var own, english strings.Builder
	for _, other := range all[max(0, at-5):min(len(all), at+5)] {
		english.WriteString(f.english[other] + "\n\n")
		if other == id {
			own.WriteString(damaged + "\n\n")
			continue
		}
		own.WriteString(f.own[other] + "\n\n")
	}
	found, err := localetest.Lint(files("active.en.toml", english.String(), f.name, own.String()),
		localetest.Options{Required: []string{f.tag()}})
	require.NoError(f.t, err)
	found = slices.DeleteFunc(found, func(m checks.Message) bool { return m.Level < checks.Warning })
	if slices.ContainsFunc(found, func(found checks.Message) bool { return regexp.MustCompile(m.rule).MatchString(found.ID) }) {
		return true
	}
	f.t.Errorf("%s of %s: not caught by %s: %v\n%s", m.name, id, m.rule, ids(found), damaged)
	return false
}

// blocks are the tables of a shipped file, by id.
func blocks(t *testing.T, name string) map[string]string {
	t.Helper()
	content, err := fs.ReadFile(locales.FS, name)
	require.NoError(t, err)
	list := map[string]string{}
	for block := range strings.SplitSeq(string(content), "\n\n") {
		block = strings.TrimSpace(block)
		if !strings.HasPrefix(block, "[") {
			continue
		}
		id := strings.Trim(block[1:strings.Index(block, "]\n")], `"`)
		list[id] = block
	}
	require.Greater(t, len(list), 300)
	return list
}
