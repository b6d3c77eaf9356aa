package store_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// A database that does not answer is a failure of the service, of which no client sees more.
func TestHandlerWithoutDatabase(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := fillThree(t, d)
		for _, c := range []struct {
			name   string
			breaks func(t *testing.T, d *database)
		}{
			{"no table", func(t *testing.T, d *database) {
				d.exec(t, "ALTER TABLE polyfault_errors RENAME TO polyfault_secret")
				d.exec(t, "ALTER TABLE polyfault_log RENAME TO polyfault_secret_log")
			}},
		} {
			c.breaks(t, d)
			h := store.Handler(s, quietResponder(t), store.WithAuthorize(func(*http.Request, store.Action) error { return nil }))
			for _, request := range []string{"GET /errors/", "POST /errors/", "PATCH /errors/1/", "GET /errors/99/", "GET /logs/", "GET /logs/1/"} {
				method, target, _ := strings.Cut(request, " ")
				w := httptest.NewRecorder()
				req := httptest.NewRequest(method, target, strings.NewReader(newError))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Accept", "application/problem+json")
				h.ServeHTTP(w, req)
				assert.Equal(t, 500, w.Code, request)
				assert.Contains(t, w.Body.String(), `"code":"database"`, request)
				for _, secret := range []string{"polyfault_", "SQL", "relation", "table"} {
					assert.NotContains(t, w.Body.String(), secret, request)
				}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/errors/1/", nil))
			assert.Equal(t, 200, w.Code, "what is in memory is told")
		}
	})
}

// A connection that is lost can be had again: the client is told when to come back.
func TestHandlerWithoutConnection(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		db := d.connect(t)
		s := openStore(t, db, d.Dialect, store.WithPollInterval(time.Hour))
		require.NoError(t, db.Close())
		w := httptest.NewRecorder()
		req := httptest.NewRequest("GET", "/errors/", nil)
		req.Header.Set("Accept", "application/problem+json")
		store.Handler(s, quietResponder(t)).ServeHTTP(w, req)
		assert.Equal(t, 500, w.Code)
		assert.NotContains(t, w.Body.String(), "closed")
	})
}
