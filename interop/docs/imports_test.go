package docs_test

// What programs on the pages import and no test of this module does: go mod tidy does not read Markdown.
import (
	_ "github.com/rs/zerolog"
	_ "go.uber.org/zap"
	_ "go.uber.org/zap/exp/zapslog"
	_ "golang.org/x/time/rate"
)
