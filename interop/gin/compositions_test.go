package gin_test

import (
	"maps"
	"slices"
	"testing"

	sentrygin "github.com/getsentry/sentry-go/gin"
	"github.com/gin-contrib/cors"
	"github.com/gin-contrib/gzip"
	"github.com/gin-contrib/requestid"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/polyfault/polyfault/interop/compose"
)

// elsewhere is what may not stand on either side: each has a test of its own.
var elsewhere = map[string]compose.Place{
	"a timeout that buffers, on `c.Copy()`": compose.Inside, "otelgin": compose.Outside, "sentry-go/gin": compose.Outside,
	"Recovery": compose.Outside, "http.TimeoutHandler around the engine": compose.Outside, "gzhttp around the engine": compose.Outside,
	"otelhttp around the engine": compose.Outside, "gorilla/websocket": compose.Inside, "server-sent events": compose.Inside,
}

// anyOrder is what may stand on either side of Install, by its names in the table.
func anyOrder(t *testing.T) map[string]composition {
	repanics, _ := reporting(t, sentrygin.Options{Repanic: true})
	crossOrigin := cors.New(cors.Config{AllowOrigins: []string{compose.Origin}, AllowMethods: []string{"GET"}, AllowCredentials: true,
		ExposeHeaders: []string{"X-Request-Id"}})
	return map[string]composition{
		"gzip": {outside: []gin.HandlerFunc{gzip.Gzip(gzip.BestSpeed)}, ask: []string{"Accept-Encoding", "gzip"}},
		"cors": {outside: []gin.HandlerFunc{crossOrigin}, kept: map[string]string{"Vary": "Origin",
			"Access-Control-Allow-Origin": compose.Origin, "Access-Control-Allow-Credentials": "true",
			"Access-Control-Expose-Headers": "X-Request-Id"}},
		"requestid": {outside: []gin.HandlerFunc{requestid.New()}, ask: []string{"X-Request-Id", "r-7"},
			kept: map[string]string{"X-Request-Id": "r-7"}},
		"Logger": {outside: []gin.HandlerFunc{gin.LoggerWithWriter(nowhere{})}},
		"a timeout that buffers, on the same context": {outside: []gin.HandlerFunc{limit(t)}},
		"sentry-go/gin with Repanic":                  {outside: []gin.HandlerFunc{repanics}},
	}
}

func TestAnyOrder(t *testing.T) {
	all := anyOrder(t)
	all["nothing"] = composition{}
	all["gzip, for a client that wants none"] = composition{outside: all["gzip"].outside}
	all["cors, then gzip"] = composition{outside: slices.Concat(all["cors"].outside, all["gzip"].outside), ask: all["gzip"].ask,
		kept: all["cors"].kept}
	for name, c := range all {
		t.Run(name+" outside", func(t *testing.T) { c.check(t) })
		c.outside, c.inside = nil, c.outside
		t.Run(name+" inside", func(t *testing.T) { c.check(t) })
	}
}

// The table says what is tested.
func TestDocumented(t *testing.T) {
	tested := maps.Clone(elsewhere)
	for name := range anyOrder(t) {
		tested[name] = compose.AnyOrder
	}
	assert.Equal(t, tested, compose.Documented(t, "## gin", 1))
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
