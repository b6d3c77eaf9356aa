module github.com/polyfault/polyfault/fiberv3

go 1.26.0

require (
	github.com/gofiber/fiber/v3 v3.0.0
	github.com/gofiber/utils/v2 v2.0.0
	github.com/polyfault/polyfault v0.0.0
	github.com/stretchr/testify v1.12.1
	github.com/valyala/fasthttp v1.76.0
)

require (
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/gofiber/schema v1.6.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/molecule-man/go-brrr v1.3.0 // indirect
	github.com/nicksnyder/go-i18n/v2 v2.7.0 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/tinylib/msgp v1.6.3 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.61.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/polyfault/polyfault => ..
