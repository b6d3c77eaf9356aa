package faultecho_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/labstack/echo/v5"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
)

// ask sends a request and prints status and Content-Language.
func ask(e *echo.Echo, method, path string) {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	fmt.Println(w.Code, w.Header().Get("Content-Language"))
}

func ExampleInstall() {
	e := echo.New()
	faultecho.Install(e, nil)
	e.GET("/orders/:id", func(c *echo.Context) error {
		return fault.EntityNotFound.New(fault.Detail("order", c.Param("id")))
	})
	ask(e, http.MethodGet, "/orders/7")
	ask(e, http.MethodPost, "/orders/7")
	ask(e, http.MethodGet, "/nowhere")
	// Output:
	// 404 de, en, fr, pt
	// 405 de, en, fr, pt
	// 404 de, en, fr, pt
}

func ExampleErrorHandler() {
	r, _ := fault.NewResponder(fault.WithLanguages("en", "fr"))
	e := echo.New()
	e.HTTPErrorHandler = faultecho.ErrorHandler(r)
	e.GET("/", func(*echo.Context) error {
		return echo.NewHTTPError(http.StatusConflict, "the message of the error is for the log")
	})
	ask(e, http.MethodGet, "/")
	// Output: 409 en, fr
}

func ExampleRecover() {
	r, _ := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	e := echo.New()
	e.Pre(faultecho.Recover(r)) // around the router, for what e.Pre installs after it
	faultecho.Install(e, r)
	e.GET("/", func(*echo.Context) error { panic("the text of the panic stays inside") })
	ask(e, http.MethodGet, "/")
	// Output: 500 de, en, fr, pt
}
