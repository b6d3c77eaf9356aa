package recipes

import (
	"log/slog"

	"github.com/gin-gonic/gin"
)

// IdentifyGin tells the log who asks. What c.Set keeps is not in the context of the request.
func IdentifyGin(c *gin.Context) {
	c.Request = c.Request.WithContext(WithLog(c.Request.Context(), slog.String("request_id", c.GetHeader("X-Request-ID")),
		slog.String("user_id", c.GetHeader("X-Forwarded-User"))))
}
