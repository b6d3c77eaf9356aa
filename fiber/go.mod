module github.com/polyfault/polyfault/fiber

go 1.26.0

require (
	github.com/gofiber/fiber/v2 v2.50.0
	github.com/polyfault/polyfault v0.0.0
	github.com/stretchr/testify v1.12.1
	github.com/valyala/fasthttp v1.50.0
)

require (
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/andybalholm/brotli v1.0.5 // indirect
	github.com/google/uuid v1.3.1 // indirect
	github.com/klauspost/compress v1.16.7 // indirect
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.19 // indirect
	github.com/mattn/go-runewidth v0.0.15 // indirect
	github.com/nicksnyder/go-i18n/v2 v2.7.0 // indirect
	github.com/rivo/uniseg v0.2.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/tcplisten v1.0.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.13.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/polyfault/polyfault => ..
