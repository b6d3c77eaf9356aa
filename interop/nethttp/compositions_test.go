package nethttp_test

import (
	"net/http"
	"testing"

	sentryhttp "github.com/getsentry/sentry-go/http"
	"github.com/go-chi/cors"
	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/polyfault/polyfault/interop/compose"
)

// What may stand on either side of Middleware.
func TestAnyOrder(t *testing.T) {
	compressed, err := gzhttp.NewWrapper(gzhttp.MinSize(100), gzhttp.EnableZstd(false))
	require.NoError(t, err)
	for name, c := range map[string]composition{
		"nothing": {},
		"gzhttp":  {outside: []middleware{func(h http.Handler) http.Handler { return compressed(h) }}, ask: []string{"Accept-Encoding", "gzip"}},
		"cors": {outside: []middleware{cors.Handler(cors.Options{AllowedOrigins: []string{compose.Origin}, AllowedMethods: []string{"GET", "DELETE"},
			AllowCredentials: true})},
			kept: map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": compose.Origin, "Access-Control-Allow-Credentials": "true"}},
		"sentry":      {outside: []middleware{sentryhttp.New(sentryhttp.Options{Repanic: true}).Handle}},
		"otelhttp":    {outside: []middleware{otelhttp.NewMiddleware("service")}},
		"MaxBytes":    {outside: []middleware{func(h http.Handler) http.Handler { return http.MaxBytesHandler(h, 1000) }}},
		"StripPrefix": {outside: []middleware{func(h http.Handler) http.Handler { return http.StripPrefix("", h) }}},
	} {
		t.Run(name+" outside", func(t *testing.T) { c.check(t) })
		c.outside, c.between = nil, c.outside
		t.Run(name+" between", func(t *testing.T) { c.check(t) })
		c.between, c.inside = nil, c.between
		t.Run(name+" inside", func(t *testing.T) { c.check(t) })
	}
}
