package recipes

import (
	"log/slog"
	"net/http"
)

// IdentifyHTTP tells the log who asks: on net/http and chi.
func IdentifyHTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(WithLog(r.Context(), slog.String("request_id", r.Header.Get("X-Request-ID")),
			slog.String("user_id", r.Header.Get("X-Forwarded-User")))))
	})
}
