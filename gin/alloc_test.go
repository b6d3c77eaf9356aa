//go:build !race

package faultgin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	faultgin "github.com/polyfault/polyfault/gin"
)

// discard is a writer that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// The race detector makes pools drop at random.
func TestSuccessAllocatesNothing(t *testing.T) {
	fine := []byte("fine")
	write := func(c *gin.Context) { _, _ = c.Writer.Write(fine) }
	measure := func(handlers ...gin.HandlerFunc) float64 {
		e := gin.New()
		e.Use(handlers[:len(handlers)-1]...)
		e.GET("/", handlers[len(handlers)-1])
		w, req := discard{http.Header{}}, httptest.NewRequest(http.MethodGet, "/", nil)
		return testing.AllocsPerRun(1000, func() { e.ServeHTTP(w, req) })
	}
	handler := faultgin.Handler(func(c *gin.Context) error { write(c); return nil })
	assert.Equal(t, measure(write), measure(faultgin.Middleware(nil), handler))
	assert.Equal(t, measure(write), measure(faultgin.Middleware(nil), faultgin.Middleware(nil), handler))
}
