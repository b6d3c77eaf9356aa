package faultfiber_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

// The route of a failure is one that the application has, or none: never a path that a client has made up, nor the prefix of a
// middleware that tells less than the path.
func TestRoutes(t *testing.T) {
	var mu sync.Mutex
	var got []string
	r, _ := logging(t, fault.WithObserver(func(_ context.Context, o *fault.Occurrence) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, o.Route())
	}))
	fail := func(fiber.Ctx) error { return fault.Gone }
	for name, use := range map[string]func(app *fiber.App){
		"without middleware": func(*fiber.App) {},
		"with middleware":    func(app *fiber.App) { app.Use(faultfiber.Recover(r)) },
	} {
		t.Run(name, func(t *testing.T) {
			app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r), ReadBufferSize: 1024})
			use(app)
			app.Get("/orders", fail)
			app.Get("/orders/:id", fail)
			url := "http://" + serve(t, app)
			for _, c := range []struct{ path, header, want string }{
				{"/orders", "", "/orders"}, {"/orders/7", "", "/orders/:id"}, {"/nowhere", "", ""}, {"/orders/7/lines", "", ""},
				{"/orders", strings.Repeat("x", 2048), ""}, // before any route is looked for
			} {
				got = nil
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+c.path, http.NoBody)
				require.NoError(t, err)
				req.Header.Set("X-Long", c.header)
				resp, err := http.DefaultClient.Do(req)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				mu.Lock()
				require.Len(t, got, 1)
				if c.header != "" { // the middleware's prefix is all of the path that fiber knows then
					got[0] = strings.TrimSuffix(got[0], "/")
				}
				assert.Equal(t, c.want, got[0], "%s, %d", c.path, resp.StatusCode)
				mu.Unlock()
			}
			http.DefaultClient.CloseIdleConnections()
		})
	}
}
