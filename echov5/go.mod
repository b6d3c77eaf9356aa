module github.com/polyfault/polyfault/echov5

go 1.26.0

require (
	github.com/labstack/echo/v5 v5.0.1
	github.com/polyfault/polyfault v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/nicksnyder/go-i18n/v2 v2.7.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/time v0.14.0 // indirect
)

replace github.com/polyfault/polyfault => ..
