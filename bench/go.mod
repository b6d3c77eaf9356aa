module github.com/polyfault/polyfault/bench

go 1.26.0

require github.com/polyfault/polyfault v0.0.0

require (
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/nicksnyder/go-i18n/v2 v2.7.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/polyfault/polyfault => ../
