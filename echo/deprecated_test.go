package faultecho_test

//lint:file-ignore SA1019 applications still use what echo has deprecated

import (
	"io"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// logger is echo's Logger without ${error}: it dies of an Error method that panics.
func logger() echo.MiddlewareFunc {
	return middleware.LoggerWithConfig(middleware.LoggerConfig{Output: io.Discard, Format: "${status} ${uri}"})
}

// timeout is echo's Timeout, with late told the errors of handlers that were too late.
func timeout(d time.Duration, late func(error)) echo.MiddlewareFunc {
	return middleware.TimeoutWithConfig(middleware.TimeoutConfig{
		Timeout:                    d,
		ErrorMessage:               "too late",
		OnTimeoutRouteErrorHandler: func(err error, _ echo.Context) { late(err) },
	})
}
