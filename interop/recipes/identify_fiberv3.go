package recipes

import (
	"log/slog"
	"strings"

	"github.com/gofiber/fiber/v3"
)

// IdentifyFiberV3 tells the log who asks. Locals are not in the context; strings of fiber are copied, as it uses them again.
func IdentifyFiberV3(c fiber.Ctx) error {
	c.SetContext(WithLog(c.Context(), slog.String("request_id", strings.Clone(c.Get("X-Request-ID"))),
		slog.String("user_id", strings.Clone(c.Get("X-Forwarded-User")))))
	return c.Next()
}
