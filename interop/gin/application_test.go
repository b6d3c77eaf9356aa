package gin_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"

	"github.com/gin-contrib/cors"
	"github.com/gin-contrib/gzip"
	"github.com/gin-contrib/requestid"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
	"github.com/polyfault/polyfault/interop/compose"
)

// shed is an application that knows nothing of polyfault, but for what adopt does to it, and for three handlers when they are
// converted.
func shed(adopt func(*gin.Engine), converted bool) *gin.Engine {
	e := gin.New()
	e.Use(requestid.New(requestid.WithGenerator(func() string { return "r-1" })), gin.RecoveryWithWriter(nowhere{}))
	e.Use(cors.New(cors.Config{AllowOrigins: []string{compose.Origin}, AllowMethods: []string{"GET", "POST"}}), gzip.Gzip(gzip.BestSpeed))
	adopt(e)
	e.GET("/", func(c *gin.Context) { c.Redirect(http.StatusFound, "/tools") })
	e.GET("/shed.php", func(c *gin.Context) { c.Redirect(http.StatusMovedPermanently, "/") })
	e.GET("/tools", listTools)
	e.GET("/tools/:id", oneTool(converted))
	e.POST("/tools", newTool)
	e.PUT("/tools/:id", func(c *gin.Context) {
		_ = c.Error(errors.New("a note for the log: " + compose.Canary))
		c.Status(http.StatusNoContent)
	})
	e.DELETE("/tools/:id", lendTool(converted))
	e.OPTIONS("/*any", func(c *gin.Context) {
		c.Header("Allow", "GET, POST, PUT, DELETE")
		c.Status(http.StatusNoContent)
	})
	e.Static("/assets", "testdata")
	e.NoRoute(func(c *gin.Context) { // the browser's own pages
		if c.Request.Method == http.MethodGet {
			c.File("testdata/index.html")
		}
	})
	e.GET("/export.csv", func(c *gin.Context) { c.FileAttachment("testdata/index.html", "tools.csv") })
	e.GET("/events", func(c *gin.Context) {
		for range 3 {
			c.SSEvent("tick", "tock")
			c.Writer.Flush()
		}
	})
	e.GET("/crash", func(*gin.Context) { panic(compose.Canary) })
	e.GET("/health", func(c *gin.Context) { c.String(http.StatusOK, "ok") })
	return e
}

func listTools(c *gin.Context) {
	if _, err := strconv.Atoi(c.DefaultQuery("limit", "10")); err != nil {
		_ = c.AbortWithError(http.StatusBadRequest, err)
		return
	}
	c.JSON(http.StatusOK, []string{"spade", "saw"})
}

func oneTool(converted bool) gin.HandlerFunc {
	return faultOr(converted, func(c *gin.Context) error {
		id, err := strconv.Atoi(c.Param("id"))
		switch {
		case err != nil && converted:
			return fault.BadParamValue.Wrap(err, fault.Detail("id", "number"))
		case err != nil:
			_ = c.AbortWithError(http.StatusBadRequest, errors.New("a number, please")).SetType(gin.ErrorTypePublic)
		case id == 13 && converted:
			return fault.IOFailure.Wrap(errCanary)
		case id == 13:
			_ = c.AbortWithError(http.StatusInternalServerError, errCanary)
		case id == 9:
			c.JSON(http.StatusNotFound, gin.H{"reason": "no such tool"})
		default:
			c.JSON(http.StatusOK, gin.H{"id": id})
		}
		return nil
	})
}

func newTool(c *gin.Context) {
	var tool struct {
		Name string `binding:"max=20"`
	}
	if c.Bind(&tool) != nil {
		return // Bind has aborted
	}
	if tool.Name == "" {
		c.JSON(http.StatusUnprocessableEntity, gin.H{"fields": gin.H{"name": "is missing"}})
		return
	}
	c.Header("Location", "/tools/8")
	c.JSON(http.StatusCreated, tool)
}

func lendTool(converted bool) gin.HandlerFunc {
	return faultOr(converted, func(c *gin.Context) error {
		switch {
		case c.Param("id") != "1":
			c.Status(http.StatusNoContent)
		case converted:
			return fault.Conflict.New(fault.Detail("tool", 1))
		default:
			_ = c.AbortWithError(http.StatusConflict, errors.New("it is lent")).SetType(gin.ErrorTypePublic)
		}
		return nil
	})
}

// faultOr is a handler of gin, before and after its conversion.
func faultOr(converted bool, h func(*gin.Context) error) gin.HandlerFunc {
	if converted {
		return faultgin.Handler(h)
	}
	return func(c *gin.Context) { _ = h(c) }
}

// One line changes the answers to failures, and nothing else; three handlers that are converted change their three.
func TestApplication(t *testing.T) {
	visited := func(adopt func(*gin.Engine, *compose.Service), converted bool, opts ...fault.Option) map[string]compose.Answer {
		s := compose.New(t, opts...)
		s.Serve(t, shed(func(e *gin.Engine) { adopt(e, s) }, converted))
		return s.Visited(t, compose.Shed)
	}
	install := func(e *gin.Engine, s *compose.Service) { faultgin.Install(e, s.Responder) }
	before := visited(func(*gin.Engine, *compose.Service) {}, false)
	adopted := visited(install, false)
	compose.Adopted(t, before, adopted, map[string]int{
		"list, a number that is none": 400, "one whose number is none": 400, "one that cannot be read": 500, "new, broken JSON": 400,
		"lend what is lent": 409, "no such method": 404, "a page that is posted to": 404, "a crash": 500,
	})
	assert.Equal(t, []string{"lend what is lent", "one that cannot be read", "one whose number is none"},
		compose.Differences(adopted, visited(install, true)))
	compose.Foreign(t, visited(install, false, fault.WithForeignMessages()), adopted)
}
