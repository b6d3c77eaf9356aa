package main

import (
	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	xlanguage "golang.org/x/text/language"

	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/locales"
)

const lint = "lint, 33 languages"

// lintScenarios compare the lint of what polyfault ships with go-i18n, which only loads it.
func lintScenarios() []*scenario {
	return []*scenario{{name: lint, contestants: []contestant{
		{name: ours, op: func() { must(localetest.Lint(locales.FS, localetest.Options{})) }},
		{name: "go-i18n loads the same files", role: usual, op: loadShipped},
	}}}
}

func loadShipped() {
	bundle := i18n.NewBundle(xlanguage.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, entry := range must(locales.FS.ReadDir(".")) {
		must(bundle.LoadMessageFileFS(locales.FS, entry.Name()))
	}
}
