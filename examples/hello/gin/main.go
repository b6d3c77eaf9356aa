// Command gin is the smallest program for gin.
package main

import (
	"log"

	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
)

func main() {
	e := gin.Default()
	e.HandleMethodNotAllowed = true // else gin calls a wrong method 404
	faultgin.Install(e, nil)        // before the routes
	e.GET("/orders/:id", faultgin.Handler(func(c *gin.Context) error {
		return fault.EntityNotFound.New(fault.Detail("order", c.Param("id")))
	}))
	log.Fatal(e.Run("127.0.0.1:8080"))
}
