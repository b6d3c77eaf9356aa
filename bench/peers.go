package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"connectrpc.com/connect"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/gin-gonic/gin"
	"github.com/go-fuego/fuego"
	echov5 "github.com/labstack/echo/v5"
	"github.com/moogar0880/problems"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	fault "github.com/polyfault/polyfault/core"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultgin "github.com/polyfault/polyfault/gin"
)

const prodPeers = "production: problem details beside peers"

// peers are libraries and frameworks that answer a locked task with problem details, or with a format of their own, each
// as its documentation shows it. All count the failure. None of them, but for gin with go-i18n, knows languages; what
// else an answer lacks stands beside it.
func peers() []*scenario {
	return []*scenario{{name: prodPeers, request: browse("application/problem+json"), contestants: []contestant{
		polyfault("polyfault, net/http", inFour(), lockedFault),
		ginByPolyfault(),
		echov5ByPolyfault(),
		ginByGoI18n(),
		{name: "moogar0880/problems, net/http", handler: http.HandlerFunc(byProblems),
			differs: "English alone; no code, no trace id"},
		{name: "echo v5, ProblemDetailsHTTPErrorHandler", handler: byEchov5(),
			differs: "English alone; no code, no trace id, no log"},
		{name: "huma, humago", handler: byHuma(),
			differs: "English alone; no code, no trace id, no log"},
		{name: "fuego", handler: byFuego(),
			differs: "English alone; no code, no trace id; logs each 4xx at level Error"},
		{name: "connect-go, ErrorWriter", handler: http.HandlerFunc(byConnect),
			differs: "English alone; Connect's JSON and its 16 codes, no trace id, no log"},
	}}}
}

func lockedFault() error { return fault.TaskLocked.New() }

const lockedTitle = "Task locked"

func ginByPolyfault() contestant {
	e := gin.New()
	faultgin.Install(e, inFour())
	e.GET(orders, faultgin.Handler(func(*gin.Context) error { return lockedFault() }))
	return contestant{name: "polyfault, gin", handler: e}
}

func echov5ByPolyfault() contestant {
	e := echov5.New()
	faultechov5.Install(e, inFour())
	e.GET(orders, func(*echov5.Context) error { return lockedFault() })
	return contestant{name: "polyfault, echo v5", handler: e}
}

// ginByGoI18n is what one writes to get the same answer out of gin and go-i18n.
func ginByGoI18n() contestant {
	bundle := bundle(files(four))
	e := gin.New()
	e.GET(orders, func(c *gin.Context) {
		failures.Add(1)
		localizer := i18n.NewLocalizer(bundle, c.GetHeader("Accept-Language"))
		text, tag, err := localizer.LocalizeWithTag(&i18n.LocalizeConfig{MessageID: "task_locked"})
		check(err)
		id := traceOf(c.GetHeader("Traceparent"))
		body := must(json.Marshal(problemBody{"about:blank", localizer.MustLocalize(&i18n.LocalizeConfig{MessageID: "locked.title"}),
			http.StatusLocked, text, "urn:uuid:" + uuid(id), "task_locked", tag.String(), "ltr", false, id}))
		c.Header("X-Content-Type-Options", "nosniff")
		c.Header("Cache-Control", "no-store")
		c.Header("Content-Language", tag.String())
		c.Header("Vary", "Accept, Accept-Language")
		c.Header("Content-Length", strconv.Itoa(len(body)))
		c.Data(http.StatusLocked, "application/problem+json", body)
	})
	return contestant{name: "gin, go-i18n, encoding/json", role: usual, handler: e}
}

func byProblems(w http.ResponseWriter, _ *http.Request) {
	failures.Add(1)
	body, err := json.Marshal(problems.NewDetailedProblem(http.StatusLocked, lockedText).WithTitle(lockedTitle))
	check(err)
	h := w.Header()
	h.Set("Content-Type", problems.ProblemMediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusLocked)
	_, _ = w.Write(body)
}

func byEchov5() http.Handler {
	e := echov5.New()
	e.HTTPErrorHandler = echov5.ProblemDetailsHTTPErrorHandler(false)
	e.GET(orders, func(*echov5.Context) error {
		failures.Add(1)
		return echov5.NewHTTPError(http.StatusLocked, lockedText)
	})
	return e
}

func byHuma() http.Handler {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("orders", "1"))
	huma.Get(api, "/orders/{id}", func(context.Context, *struct {
		ID string `path:"id"`
	}) (*struct{}, error) {
		failures.Add(1)
		return nil, huma.NewError(http.StatusLocked, lockedText)
	})
	return mux
}

func byFuego() http.Handler {
	s := fuego.NewServer(fuego.WithLogHandler(jsonLogger.Handler()), fuego.WithoutStartupMessages(),
		fuego.WithLoggingMiddleware(fuego.LoggingConfig{DisableRequest: true, DisableResponse: true}))
	fuego.Get(s, "/orders/{id}", func(fuego.ContextNoBody) (string, error) {
		failures.Add(1)
		return "", fuego.HTTPError{Status: http.StatusLocked, Title: lockedTitle, Detail: lockedText}
	})
	return s.Mux
}

var errLockedText = errors.New(lockedText) //nolint:staticcheck // a sentence for clients

var connectErrors = connect.NewErrorWriter()

// byConnect answers with the code that is nearest to a lock: failed_precondition, which is a 400.
func byConnect(w http.ResponseWriter, req *http.Request) {
	failures.Add(1)
	check(connectErrors.Write(w, req, connect.NewError(connect.CodeFailedPrecondition, errLockedText)))
}
