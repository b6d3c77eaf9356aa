package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Files of the machinery are known in a checkout, in the module cache and with -trimpath; tests, examples and applications
// are no machinery.
func TestOurFiles(t *testing.T) {
	here := home
	t.Cleanup(func() { home = here })
	for _, root := range []string{here, "/go/pkg/mod/github.com/polyfault/polyfault", "github.com/polyfault/polyfault"} {
		home = root
		for file, ours := range map[string]bool{
			"/core/log.go": true, "/core/formats/text.go": true, "/nethttp/middleware.go": true, "/internal/errtree/errtree.go": true,
			"/gin/gin.go": true, "/otel/otel.go": true, "@v1.2.3/core/log.go": true, "@v1.2.3/internal/page/page.go": true,
			"/gin@v1.2.3/gin.go": true, "/store@v1.2.3/pages/x.go": false, "@v1.2.3-0.20260101000000-abcdef/nethttp/mux.go": true,
			"/core/log_test.go": false, "/core/coretest/suite.go": false, "/examples/gin/main.go": false, "@v1.2.3/locales/x.go": false,
			"-others/core/log.go": false, "/main.go": false,
		} {
			assert.Equal(t, ours, isOurFile(root+file), root+file)
		}
		assert.False(t, isOurFile("/home/me/service/core/log.go"))
	}
}
