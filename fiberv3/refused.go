package faultfiber

import (
	"net/http"
	"reflect"

	"github.com/gofiber/fiber/v3"

	"github.com/polyfault/polyfault/internal/errtree"
)

// isRefused reports whether fiber's server has refused the request: too large, too slow, malformed. fiber then runs the
// middleware of Use without the routes, and calls the error handler with the reason afterwards. It has no method that
// tells so; isRefused reads its private mark.
func isRefused(c fiber.Ctx) bool { return isMarked(reflect.ValueOf(c)) }

// isMarked also looks into the contexts that an application's own context embeds.
func isMarked(ctx reflect.Value) bool {
	for ctx.Kind() == reflect.Pointer || ctx.Kind() == reflect.Interface {
		ctx = ctx.Elem()
	}
	if ctx.Kind() != reflect.Struct {
		return false
	}
	if mark := ctx.FieldByName("skipNonUseRoutes"); mark.Kind() == reflect.Bool {
		return mark.Bool()
	}
	for i := range ctx.NumField() { // FieldByName stops at interfaces
		if ctx.Type().Field(i).Anonymous && isMarked(ctx.Field(i)) {
			return true
		}
	}
	return false
}

// hold leaves the answer to the reason that is still to come. Until then middleware reads the status that fiber itself
// would give the error, because the right one is not known.
func hold(c fiber.Ctx, err error) {
	if f, ok := errtree.As[*fiber.Error](err); ok {
		c.Status(f.Code)
	}
}

// mayAnswer reports whether the error is the first of its request, or the reason why the server refused it.
func mayAnswer(c fiber.Ctx, err error) bool {
	if !isRefused(c) {
		return !isAnswered(c)
	}
	if !isReason(c, err) {
		hold(c, err)
		return false
	}
	c.Response().Header.Del(fiber.HeaderAllow) // the router has set it without its routes
	return true
}

// isReason reports whether fiber makes this error of one of its server.
func isReason(c fiber.Ctx, err error) bool {
	f, ok := err.(*fiber.Error)
	if !ok {
		return false
	}
	switch f.Code {
	case http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
		http.StatusRequestHeaderFieldsTooLarge, http.StatusNotImplemented, http.StatusBadGateway:
		return true
	case http.StatusMethodNotAllowed:
		return c.App().Config().GETOnly && !isAnswered(c) // which may be the router's
	}
	return false
}
