module github.com/polyfault/polyfault/bench

go 1.26.0

require (
	github.com/BurntSushi/toml v1.6.0
	github.com/go-chi/chi/v5 v5.5.0
	github.com/nicksnyder/go-i18n/v2 v2.7.0
	github.com/polyfault/polyfault v0.0.0
	golang.org/x/text v0.43.0
)

replace github.com/polyfault/polyfault => ../
