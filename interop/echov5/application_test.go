package echov5_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
	"github.com/polyfault/polyfault/interop/compose"
)

// shed is an application that knows nothing of polyfault, but for what is done to it before its middleware or after, and for
// three handlers when they are converted.
func shed(first, last func(*echo.Echo), converted bool) *echo.Echo {
	e := echo.New()
	first(e)
	e.Logger = slog.New(slog.DiscardHandler)
	e.Use(middleware.RequestIDWithConfig(middleware.RequestIDConfig{Generator: func() string { return "r-1" }}))
	e.Use(middleware.Recover(), cors(), middleware.Gzip())
	last(e)
	e.GET("/", func(c *echo.Context) error { return c.Redirect(http.StatusFound, "/tools") })
	e.GET("/shed.php", func(c *echo.Context) error { return c.Redirect(http.StatusMovedPermanently, "/") })
	e.GET("/tools", listTools)
	e.GET("/tools/:id", oneTool(converted))
	e.POST("/tools", newTool)
	e.PUT("/tools/:id", func(c *echo.Context) error { return c.NoContent(http.StatusNoContent) })
	e.DELETE("/tools/:id", lendTool(converted))
	e.OPTIONS("/*", func(c *echo.Context) error {
		c.Response().Header().Set("Allow", "GET, POST, PUT, DELETE")
		return c.NoContent(http.StatusNoContent)
	})
	e.Static("/assets", "testdata")
	e.RouteNotFound("/*", func(c *echo.Context) error { // the browser's own pages
		if c.Request().Method != http.MethodGet {
			return echo.ErrNotFound
		}
		return c.File("testdata/index.html")
	})
	e.GET("/export.csv", func(c *echo.Context) error { return c.Attachment("testdata/index.html", "tools.csv") })
	e.GET("/events", func(c *echo.Context) error {
		for range 3 {
			_, _ = io.WriteString(c.Response(), "data: tick\n\n")
			_ = http.NewResponseController(c.Response()).Flush()
		}
		return nil
	})
	e.GET("/crash", func(*echo.Context) error { panic(compose.Canary) })
	e.GET("/health", func(c *echo.Context) error { return c.String(http.StatusOK, "ok") })
	return e
}

func listTools(c *echo.Context) error {
	limit := 10
	if err := echo.QueryParamsBinder(c).Int("limit", &limit).BindError(); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, []string{"spade", "saw"})
}

func oneTool(converted bool) echo.HandlerFunc {
	return func(c *echo.Context) error {
		id, err := strconv.Atoi(c.Param("id"))
		switch {
		case err != nil && converted:
			return fault.BadParamValue.Wrap(err, fault.Detail("id", "number"))
		case err != nil:
			return echo.NewHTTPError(http.StatusBadRequest, "a number, please")
		case id == 13 && converted:
			return fault.IOFailure.Wrap(errors.New(compose.Canary))
		case id == 13:
			return errors.New(compose.Canary)
		case id == 9:
			return c.JSON(http.StatusNotFound, map[string]string{"reason": "no such tool"})
		}
		return c.JSON(http.StatusOK, map[string]int{"id": id})
	}
}

func newTool(c *echo.Context) error {
	var tool struct{ Name string }
	if err := c.Bind(&tool); err != nil {
		return err
	}
	if tool.Name == "" {
		return c.JSON(http.StatusUnprocessableEntity, map[string]any{"fields": map[string]string{"name": "is missing"}})
	}
	c.Response().Header().Set("Location", "/tools/8")
	return c.JSON(http.StatusCreated, tool)
}

func lendTool(converted bool) echo.HandlerFunc {
	return func(c *echo.Context) error {
		switch {
		case c.Param("id") != "1":
			return c.NoContent(http.StatusNoContent)
		case converted:
			return fault.Conflict.New(fault.Detail("tool", 1))
		}
		return echo.NewHTTPError(http.StatusConflict, "it is lent")
	}
}

// failing are the visits that fail, and how.
var failing = map[string]int{
	"list, a number that is none": 400, "one whose number is none": 400, "one that cannot be read": 500, "new, broken JSON": 400,
	"new, of no known media type": 415, "lend what is lent": 409, "no such method": 404, "a page that is posted to": 404,
	"a file that is not there": 404, "a crash": 500,
}

// One line, before the application's middleware or after it, changes the answers to failures, and nothing else; three handlers
// that are converted change their three.
func TestApplication(t *testing.T) {
	type install = func(*echo.Echo, *compose.Service)
	visited := func(first, last install, converted bool, opts ...fault.Option) map[string]compose.Answer {
		s := compose.New(t, opts...)
		s.Serve(t, shed(func(e *echo.Echo) { first(e, s) }, func(e *echo.Echo) { last(e, s) }, converted))
		return s.Visited(t, compose.Shed)
	}
	line := func(e *echo.Echo, s *compose.Service) { faultecho.Install(e, s.Responder) }
	none := func(*echo.Echo, *compose.Service) {}
	before := visited(none, none, false)
	for name, place := range map[string][2]install{"first": {line, none}, "last": {none, line}} {
		t.Run(name, func(t *testing.T) {
			adopted := visited(place[0], place[1], false)
			compose.Adopted(t, before, adopted, failing)
			assert.Equal(t, []string{"lend what is lent", "one that cannot be read", "one whose number is none"},
				compose.Differences(adopted, visited(place[0], place[1], true)))
			compose.Foreign(t, visited(place[0], place[1], false, fault.WithForeignMessages()), adopted)
		})
	}
}
