// Command echo is the smallest program for echo.
package main

import (
	"log"

	"github.com/labstack/echo/v4"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
)

func main() {
	e := echo.New()
	faultecho.Install(e, nil)
	e.GET("/orders/:id", func(c echo.Context) error {
		return fault.EntityNotFound.New(fault.Detail("order", c.Param("id")))
	})
	log.Fatal(e.Start("127.0.0.1:8080"))
}
