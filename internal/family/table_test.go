package family

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
)

var update = flag.Bool("update", false, "write cldr.txt")

// grandfathered are the tags of that name in the registry of BCP 47 (RFC 5646, section 2.2.8) that have another one
// today, and two that .NET had before there were any.
var grandfathered = map[string]string{
	"art-lojban": "", "cel-gaulish": "", "i-ami": "", "i-bnn": "", "i-hak": "", "i-klingon": "", "i-lux": "", "i-navajo": "",
	"i-pwn": "", "i-tao": "", "i-tay": "", "i-tsu": "", "no-bok": "", "no-nyn": "", "sgn-be-fr": "", "sgn-be-nl": "", "sgn-ch-de": "",
	"zh-guoyu": "", "zh-hakka": "", "zh-min-nan": "", "zh-xiang": "", "zh-gan": "", "zh-wuu": "",
	"zh-chs": "zh-Hans", "zh-cht": "zh-Hant",
}

// The table is what x/text says.
func TestTable(t *testing.T) {
	want := "# What golang.org/x/text says of tags: written by go test ./internal/family -run TestTable -update\n" +
		strings.Join(slices.Concat(aliasLines(t), regionLines()), "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile("cldr.txt", []byte(want), 0o600))
		return
	}
	assert.Equal(t, want, cldr)
}

// loadable reports whether go-i18n can load the language: no other is ever there.
func loadable(base string) bool { return rules.AddMessages(language.Make(base)) == nil }

var rules = i18n.NewBundle(language.English)

func bases() (list []string) {
	for n := range 26 * 26 * 27 {
		code := []byte{byte('a' + n%26), byte('a' + n/26%26)}
		if third := n / 676; third > 0 {
			code = append(code, byte('a'+third-1))
		}
		if _, err := language.ParseBase(string(code)); err == nil {
			list = append(list, string(code))
		}
	}
	return list
}

func aliasLines(t *testing.T) (lines []string) {
	known := map[string]bool{}
	for _, code := range bases() {
		tag, err := language.Parse(code)
		if err != nil {
			continue
		}
		now, ok := plain(tag)
		if !ok || now.String() == code {
			continue
		}
		base, _, _ := now.Raw()
		if _, asked := known[base.String()]; !asked {
			known[base.String()] = loadable(base.String())
		}
		if known[base.String()] {
			lines = append(lines, fmt.Sprintf("alias %s %s", code, now))
		}
	}
	for _, code := range slices.Sorted(maps.Keys(grandfathered)) {
		now, ok := plain(language.Make(code))
		if ours := grandfathered[code]; ours != "" {
			now, ok = plain(language.Make(ours))
		}
		if ok {
			lines = append(lines, fmt.Sprintf("alias %s %s", code, now))
		}
	}
	require.NotEmpty(t, lines)
	return lines
}

func regions() (list []string) {
	for n := range 26 * 26 {
		code := string([]byte{byte('A' + n/26), byte('A' + n%26)})
		if _, err := language.ParseRegion(code); err == nil {
			list = append(list, code)
		}
	}
	for n := range 1000 {
		code := fmt.Sprintf("%03d", n)
		if r, err := language.ParseRegion(code); err == nil && r.String() == code {
			list = append(list, code)
		}
	}
	return list
}

func regionLines() (lines []string) {
	all := regions()
	for _, base := range bases() {
		if now, ok := plain(language.Make(base)); !ok || now.String() != base || !loadable(base) {
			continue
		}
		scripts, parents := map[string][]string{}, map[string][]string{}
		usual := KeyOf(language.Make(base)).Script
		for _, region := range all {
			tag := language.Make(base + "-" + region)
			key := KeyOf(tag)
			if key.Script != usual {
				scripts[key.Script] = append(scripts[key.Script], region)
			}
			if list := Parents(tag); len(list) > 0 {
				if _, _, r := list[0].Raw(); r.String() != "ZZ" {
					parents[list[0].String()] = append(parents[list[0].String()], region)
				}
			}
		}
		for _, script := range slices.Sorted(maps.Keys(scripts)) {
			lines = append(lines, fmt.Sprintf("script %s %s %s", base, script, strings.Join(scripts[script], " ")))
		}
		for _, parent := range slices.Sorted(maps.Keys(parents)) {
			lines = append(lines, fmt.Sprintf("parent %s %s %s", base, parent, strings.Join(parents[parent], " ")))
		}
	}
	return lines
}
