package fault_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	fault "github.com/polyfault/polyfault/core"
)

// What go-i18n loads and renders, we render the same.
func TestAsUpstream(t *testing.T) {
	rendered := 0
	for seed := range 200 {
		g := &generator{rand.New(rand.NewPCG(uint64(seed), 16))}
		tag := g.pick("en", "de", "fr", "pl", "ru", "ja", "ar", "pt", "cs", "pt-PT", "es-MX", "zh-Hant", "no", "cy", "lv")
		name, content := g.file(tag)
		bundle := i18n.NewBundle(language.MustParse(tag))
		bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
		loaded, err := bundle.ParseMessageFileBytes(content, name)
		require.NoError(t, err, "%s:\n%s", name, content)
		r := responder(t, fault.WithLocales(files(name, string(content))), fault.WithLanguages(tag))
		localizer := i18n.NewLocalizer(bundle, tag)
		for _, m := range loaded.Messages {
			for _, n := range []int{0, 1, 2, 5, 21} {
				want, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: m.ID, PluralCount: n,
					TemplateData: map[string]any{"Name": "Ada & <b>", "PluralCount": n}})
				got, there := r.Catalogue().Text(m.ID, tag, fault.Count(n), fault.Arg("Name", "Ada & <b>"))
				if err != nil || m.Other == "" && !there {
					continue // go-i18n has no such text, or it is not translated yet
				}
				rendered++
				if tag == "ar" {
					got = strings.NewReplacer("\u2068", "", "\u2069", "").Replace(got) // values stand apart in a text from right to left
				}
				assert.Equal(t, want, got, "%s, %d of %s:\n%s", m.ID, n, name, content)
			}
		}
	}
	assert.Greater(t, rendered, 3_000)
}

// A generator writes locale files as people have them.
type generator struct{ *rand.Rand }

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) file(tag string) (name string, content []byte) {
	tree := map[string]any{}
	for n := range 3 + g.IntN(8) {
		at := tree
		for g.chance(30) {
			step := g.pick("orders", "users", "description", "hash", "plugin", "a.b")
			next, ok := at[step].(map[string]any)
			if _, taken := at[step]; taken && !ok {
				break
			}
			if !ok {
				next = map[string]any{}
				at[step] = next
			}
			at = next
		}
		at[fmt.Sprintf("text_%d", n)] = g.message()
	}
	name = g.pick("active.", "") + tag
	if g.chance(50) {
		content, _ = json.MarshalIndent(tree, "", g.pick("", "  ", "\t"))
		return name + ".json", content
	}
	content, _ = toml.Marshal(tree)
	return name + ".toml", content
}

// message is a text, or a table of forms, some of which the language does not have.
func (g *generator) message() any {
	if g.chance(40) {
		return g.text()
	}
	table := map[string]any{"other": g.text()}
	for _, form := range []string{"zero", "one", "two", "few", "many"} {
		if g.chance(60) {
			table[form] = g.text()
		}
	}
	for _, form := range []string{"zero", "one", "two", "few", "many", "other"} {
		if g.chance(8) {
			table[form] = ""
		}
	}
	if g.chance(30) {
		table["description"] = "for {{.Whom}}"
	}
	if g.chance(10) {
		table["hash"] = "sha1-0"
	}
	if text, ok := table["other"]; ok && g.chance(15) {
		delete(table, "other")
		table[g.pick("Other", "OTHER", "translation")] = text
	}
	return table
}

func (g *generator) text() string {
	var b strings.Builder
	for range g.IntN(6) {
		b.WriteString(g.pick("{{.Name}}", "{{ .Name }}", "{{.PluralCount}}", "{{ .PluralCount}}", " days ", "Ünïcödé ", "\"q\" ", "日本 ", "a\nb ",
			"<b>&amp; ", "} { ", "\\ "))
	}
	return b.String()
}
