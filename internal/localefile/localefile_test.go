package localefile

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTagOf(t *testing.T) {
	for base, want := range map[string]struct {
		tag, written string
		fault        NameFault
	}{
		"active.en.toml":      {"en", "en", Fine},
		"active.zh-Hant.toml": {"zh-Hant", "zh-Hant", Fine},
		"active.pt-br.toml":   {"pt-BR", "pt-br", NotCanonical},
		"active.iw.toml":      {"he", "iw", NotCanonical},
		"active.und.toml":     {"und", "und", UnknownTag},
		"active.tolkien.toml": {"und", "tolkien", UnknownTag},
		"active.xx-y!.toml":   {"und", "xx-y!", UnknownTag},
		"active..toml":        {"und", "", NoLocaleFile},
		"active.toml":         {"und", "active", NoLocaleFile},
		"en.toml":             {"und", "en", NoLocaleFile},
		"translate.en.toml":   {"und", "translate.en", NoLocaleFile},
	} {
		tag, written, fault := TagOf(base)
		if want.fault == NoLocaleFile {
			written = want.written // of no use then
		}
		assert.Equal(t, want.tag, tag.String(), base)
		assert.Equal(t, want.written, written, base)
		assert.Equal(t, want.fault, fault, base)
	}
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
