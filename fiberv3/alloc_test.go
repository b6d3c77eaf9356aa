//go:build !race

package faultfiber_test

import (
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/assert"
	"github.com/valyala/fasthttp"

	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

func TestRecoverAllocatesNothing(t *testing.T) {
	measure := func(before ...fiber.Handler) float64 {
		app := fiber.New(config(nil))
		for _, h := range before {
			app.Use(h)
		}
		app.Get("/", func(c fiber.Ctx) error { c.Status(fiber.StatusNoContent); return nil })
		h := app.Handler()
		var fctx fasthttp.RequestCtx
		fctx.Init(&fasthttp.Request{}, nil, nil)
		return testing.AllocsPerRun(500, func() { h(&fctx) })
	}
	assert.Equal(t, measure(func(c fiber.Ctx) error { return c.Next() }), measure(faultfiber.Recover(nil)))
}
