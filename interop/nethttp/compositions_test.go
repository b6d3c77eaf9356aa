package nethttp_test

import (
	"maps"
	"net/http"
	"testing"

	sentryhttp "github.com/getsentry/sentry-go/http"
	"github.com/go-chi/cors"
	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/interop/compose"
)

// elsewhere is what may not stand everywhere: each has a test of its own.
var elsewhere = map[string]compose.Place{
	"otelhttp": compose.Outside, "sentryhttp": compose.Outside, "http.TimeoutHandler": compose.Outside,
	"gorilla/websocket": compose.Inside, "server-sent events": compose.Inside,
}

// anyOrder is what may stand on either side of Middleware, by its names in the table.
func anyOrder(t *testing.T) map[string]composition {
	compressed, err := gzhttp.NewWrapper(gzhttp.MinSize(100), gzhttp.EnableZstd(false))
	require.NoError(t, err)
	crossOrigin := cors.Handler(cors.Options{AllowedOrigins: []string{compose.Origin}, AllowedMethods: []string{"GET", "DELETE"},
		AllowCredentials: true})
	repanics, _ := reporting(t, sentryhttp.Options{Repanic: true})
	return map[string]composition{
		"gzhttp": {outside: []middleware{func(h http.Handler) http.Handler { return compressed(h) }},
			ask: []string{"Accept-Encoding", "gzip"}},
		"cors": {outside: []middleware{crossOrigin}, kept: map[string]string{"Vary": "Origin",
			"Access-Control-Allow-Origin": compose.Origin, "Access-Control-Allow-Credentials": "true"}},
		"sentryhttp with Repanic": {outside: []middleware{repanics}},
		"MaxBytesHandler":         {outside: []middleware{func(h http.Handler) http.Handler { return http.MaxBytesHandler(h, 1000) }}},
		"StripPrefix":             {outside: []middleware{func(h http.Handler) http.Handler { return http.StripPrefix("", h) }}},
	}
}

func TestAnyOrder(t *testing.T) {
	all := anyOrder(t)
	all["nothing"] = composition{}
	for name, c := range all {
		t.Run(name+" outside", func(t *testing.T) { c.check(t) })
		c.outside, c.between = nil, c.outside
		t.Run(name+" between", func(t *testing.T) { c.check(t) })
		c.between, c.inside = nil, c.between
		t.Run(name+" inside", func(t *testing.T) { c.check(t) })
	}
}

// The table says what is tested.
func TestDocumented(t *testing.T) {
	tested := maps.Clone(elsewhere)
	for name := range anyOrder(t) {
		tested[name] = compose.AnyOrder
	}
	documented := compose.Documented(t, "## net/http and chi", 1)
	maps.DeleteFunc(documented, func(_ string, p compose.Place) bool { return p == compose.Missing })
	assert.Equal(t, tested, documented)
}
