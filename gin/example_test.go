package faultgin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
)

// responder answers in one language, to keep the output short.
var responder = func() *fault.Responder {
	r, err := fault.NewResponder(fault.WithLanguages("en"))
	if err != nil {
		panic(err)
	}
	return r
}()

func show(e *gin.Engine, method, path, body string) {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	fmt.Println(w.Code, w.Body)
}

func ExampleInstall() {
	e := gin.New()
	e.HandleMethodNotAllowed = true // without it gin calls a wrong method 404
	faultgin.Install(e, responder)
	e.GET("/orders/:id", func(c *gin.Context) { c.AbortWithStatus(http.StatusForbidden) })
	show(e, "GET", "/orders/7", "")
	show(e, "DELETE", "/orders/7", "")
	show(e, "GET", "/invoices", "")
	// Output:
	// 403 {"EN":"You are not allowed to do this.","code":"forbidden"}
	// 405 {"EN":"This method is not allowed for the requested resource.","code":"method_not_allowed"}
	// 404 {"EN":"The requested page or resource was not found.","code":"not_found"}
}

func ExampleMiddleware() {
	e := gin.Default()
	api := e.Group("/api", faultgin.Middleware(responder)) // this group only
	api.GET("/locked", func(c *gin.Context) { _ = c.Error(fault.TaskLocked) })
	show(e, "GET", "/api/locked", "")
	show(e, "GET", "/locked", "")
	// Output:
	// 423 {"EN":"This is not possible because the task is locked.","code":"task_locked"}
	// 404 404 page not found
}

func ExampleHandler() {
	type order struct {
		Amount int `json:"amount" binding:"required"`
	}
	create := func(c *gin.Context) error {
		if err := c.ShouldBindJSON(&order{}); err != nil {
			return fault.Binding(err)
		}
		return fault.TaskLocked
	}
	e := gin.New()
	faultgin.Install(e, responder)
	e.POST("/orders", faultgin.Handler(create))
	show(e, "POST", "/orders", `{"amount":1}`)
	show(e, "POST", "/orders", `{}`)
	// Output:
	// 423 {"EN":"This is not possible because the task is locked.","code":"task_locked"}
	// 400 {"EN":"Some of the submitted values are not valid.","code":"validation_failed","details":{"amount":{"code":"required","EN":"amount is required."}}}
}

func ExampleAbort() {
	e := gin.New()
	faultgin.Install(e, responder)
	e.Use(func(c *gin.Context) {
		if c.GetHeader("Authorization") == "" {
			faultgin.Abort(c, fault.Unauthorized)
		}
	})
	e.GET("/orders", func(c *gin.Context) { c.String(http.StatusOK, "no orders") })
	show(e, "GET", "/orders", "")
	// Output: 401 {"EN":"You need to sign in to do this.","code":"unauthorized"}
}
