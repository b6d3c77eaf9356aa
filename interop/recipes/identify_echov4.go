package recipes

import (
	"log/slog"

	"github.com/labstack/echo/v4"
)

// IdentifyEchoV4 tells the log who asks. What c.Set keeps is not in the context of the request.
func IdentifyEchoV4(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		c.SetRequest(r.WithContext(WithLog(r.Context(), slog.String("request_id", r.Header.Get("X-Request-ID")),
			slog.String("user_id", r.Header.Get("X-Forwarded-User")))))
		return next(c)
	}
}
