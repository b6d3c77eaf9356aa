package gin_test

import (
	"testing"

	"github.com/gin-contrib/cors"
	"github.com/gin-contrib/gzip"
	"github.com/gin-contrib/requestid"
	"github.com/gin-gonic/gin"

	"github.com/polyfault/polyfault/interop/compose"
)

// What may stand on either side of Install.
func TestAnyOrder(t *testing.T) {
	crossOrigin := cors.New(cors.Config{AllowOrigins: []string{compose.Origin}, AllowMethods: []string{"GET"}, AllowCredentials: true,
		ExposeHeaders: []string{"X-Request-Id"}})
	corsKept := map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": compose.Origin, "Access-Control-Allow-Credentials": "true",
		"Access-Control-Expose-Headers": "X-Request-Id"}
	for name, c := range map[string]composition{
		"nothing":                            {},
		"gzip":                               {outside: []gin.HandlerFunc{gzip.Gzip(gzip.BestSpeed)}, ask: []string{"Accept-Encoding", "gzip"}},
		"gzip, for a client that wants none": {outside: []gin.HandlerFunc{gzip.Gzip(gzip.BestSpeed)}},
		"cors":                               {outside: []gin.HandlerFunc{crossOrigin}, kept: corsKept},
		"requestid":                          {outside: []gin.HandlerFunc{requestid.New()}, ask: []string{"X-Request-Id", "r-7"}, kept: map[string]string{"X-Request-Id": "r-7"}},
		"gin's Logger":                       {outside: []gin.HandlerFunc{gin.LoggerWithWriter(nowhere{})}},
		"cors, gzip":                         {outside: []gin.HandlerFunc{crossOrigin, gzip.Gzip(gzip.BestSpeed)}, ask: []string{"Accept-Encoding", "gzip"}, kept: corsKept},
	} {
		t.Run(name+" outside", func(t *testing.T) { c.check(t) })
		c.outside, c.inside = nil, c.outside
		t.Run(name+" inside", func(t *testing.T) { c.check(t) })
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
