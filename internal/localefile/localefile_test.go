package localefile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNameOf(t *testing.T) {
	for base, want := range map[string]struct {
		tag, written string
		fault        NameFault
	}{
		"active.en.toml":        {"en", "en", Fine},
		"active.zh-Hant.toml":   {"zh-Hant", "zh-Hant", Fine},
		"active.es-419.json":    {"es-419", "es-419", Fine},
		"en.toml":               {"en", "en", Fine},
		"pt-BR.json":            {"pt-BR", "pt-BR", Fine},
		"pt_BR.json":            {"pt-BR", "pt_BR", NotCanonical},
		"active.pt-br.toml":     {"pt-BR", "pt-br", NotCanonical},
		"active.iw.toml":        {"he", "iw", NotCanonical},
		"active.und.toml":       {"und", "und", UnknownTag},
		"active.mul.toml":       {"und", "mul", UnknownTag},
		"active.x-a.toml":       {"und", "x-a", UnknownTag},
		"active.tolkien.toml":   {"und", "tolkien", UnknownTag},
		"active.xx-y!.toml":     {"und", "xx-y!", UnknownTag},
		"active..toml":          {"und", "", NoLocaleFile},
		"active.toml":           {"und", "active", NoLocaleFile},
		"messages.en.toml":      {"und", "messages.en", NoLocaleFile},
		"package.json":          {"und", "package", NoLocaleFile},
		"translate.en.toml":     {"und", "", Foreign},
		"translate.de.json":     {"und", "", Foreign},
		"README.md":             {"und", "README", Foreign},
		"LICENSE":               {"und", "", Foreign},
		"de.go":                 {"und", "de", Foreign},
		"translations.lock":     {"und", "translations", Foreign},
		"docker-compose.yaml":   {"und", "docker-compose", Foreign},
		"active.de.toml~":       {"und", "de", Foreign},
		"active.de.toml.bak":    {"und", "de.toml", Foreign},
		"active.de.yaml":        {"und", "de", OtherFormat},
		"de.yml":                {"und", "de", OtherFormat},
		"messages.zh-Hant.yaml": {"und", "messages.zh-Hant", OtherFormat},
		"pt-BR.po":              {"und", "pt-BR", OtherFormat},
		"active.de.TOML":        {"und", "de", OtherFormat},
		"active.de.txt":         {"und", "de", OtherFormat},
	} {
		n := NameOf(base)
		assert.Equal(t, want.tag, n.Tag.String(), base)
		assert.Equal(t, want.written, n.Written, base)
		assert.Equal(t, want.fault, n.Fault, base)
	}
	n := NameOf("active." + strings.Repeat("de-", 100) + "de.toml")
	assert.Equal(t, UnknownTag, n.Fault)
}

func TestReserved(t *testing.T) {
	for _, name := range []string{"id", "ID", "Description", "other", "LeftDelim", "hash"} {
		assert.True(t, IsReserved(name), name)
	}
	for _, name := range []string{"", "order", "ones", "title"} {
		assert.False(t, IsReserved(name), name)
	}
	assert.Equal(t, "zero", Keys[FirstForm])
}
