// Package fiber_test composes faultfiber with middleware of others for fiber v2, the real ones, on a real listener. Where each
// may stand is a table of docs/middleware.md, which the tests read.
package fiber_test

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiber"
	"github.com/polyfault/polyfault/interop/compose"
)

// watching notes the status outside of all others, as such middleware reads it: that of the error, or else of the response.
func watching(seen *compose.Seen) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := c.Next()
		status := c.Response().StatusCode()
		if f, ok := err.(*fiber.Error); ok {
			status = f.Code
		} else if err != nil {
			status = http.StatusInternalServerError
		}
		seen.Note(status)
		return err
	}
}

func allowing() fiber.Handler { return cors.New(cors.Config{AllowOrigins: compose.Origin}) }

// corsKept are the headers of that.
func corsKept(more map[string]string) map[string]string {
	kept := map[string]string{"Access-Control-Allow-Origin": compose.Origin, "Vary": "Origin"}
	maps.Copy(kept, more)
	return kept
}

// composed serves an application with middleware outside of ours and inside, CORS first.
func composed(t *testing.T, outside, inside []fiber.Handler, opts ...fault.Option) *compose.Service {
	t.Helper()
	s := compose.New(t, opts...)
	app := fiber.New(config(s))
	app.Use(watching(&s.Seen), allowing())
	use(app, outside)
	app.Use(faultfiber.Recover(s.Responder))
	use(app, inside)
	route(app)
	serve(t, s, app)
	return s
}

func config(s *compose.Service) fiber.Config {
	return fiber.Config{ErrorHandler: faultfiber.ErrorHandler(s.Responder), DisableStartupMessage: true}
}

func use(app *fiber.App, handlers []fiber.Handler) {
	for _, h := range handlers {
		app.Use(h)
	}
}

func serve(t *testing.T, s *compose.Service, app *fiber.App) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.Addr = listener.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = app.Listener(listener)
	}()
	t.Cleanup(func() {
		_ = app.ShutdownWithTimeout(time.Second)
		_ = listener.Close()
		<-done
	})
}

var (
	locked     = fault.TaskLocked.New(fault.Detail("task", "R41"), fault.RetryAfter(1))
	errLeaking = fmt.Errorf("%s: %w", compose.Canary, locked)
)

// route adds handlers that fail in each way there is, and some that do not.
func route(app fiber.Router) {
	app.Get("/returned", func(*fiber.Ctx) error { return errLeaking })
	app.Get("/panicked", func(*fiber.Ctx) error { panic(errLeaking) })
	app.Get("/unknown", func(*fiber.Ctx) error { return errors.New(compose.Canary) })
	app.Get("/crashed", func(*fiber.Ctx) error { panic(compose.Canary) })
	app.Get("/fibers", func(*fiber.Ctx) error { return fiber.NewError(http.StatusConflict, compose.Canary) })
	app.Get("/spoiled", func(c *fiber.Ctx) error {
		for name, value := range map[string]string{"Content-Type": "text/csv", "Content-Length": "5", "Etag": `"` + compose.Canary + `"`,
			"Cache-Control": "public, max-age=60", "Last-Modified": "Mon, 02 Jan 2006 15:04:05 GMT", "Content-Encoding": "br",
			"Content-Disposition": "attachment"} {
			c.Set(name, value)
		}
		_ = c.SendString(compose.Canary)
		return errLeaking
	})
	app.Get("/handled", func(c *fiber.Ctx) error {
		_ = c.App().ErrorHandler(c, errLeaking)
		_, _ = c.Status(http.StatusTeapot).WriteString(compose.Canary)
		return errLeaking
	})
	app.Get("/fine", func(c *fiber.Ctx) error { return c.SendString("fine") })
	app.Post("/echo", func(c *fiber.Ctx) error { return c.Send(c.Body()) })
	app.Get("/empty", func(c *fiber.Ctx) error { return c.SendStatus(http.StatusNoContent) })
}

var unhandled = compose.Failure{Err: errors.New(""), Status: 500, Code: "unhandled"}

// refused is the answer to a kind.
func refused(kind *fault.Kind) compose.Failure {
	return compose.Failure{Err: kind, Status: kind.Status(), Code: kind.Code()}
}

// keeping has the headers of CORS.
func keeping(f compose.Failure) compose.Failure {
	f.Kept = corsKept(f.Kept)
	return f
}

// A request, and what must come of it.
type request struct {
	method, path, body string
	headers            []string
	want               compose.Failure
}

// failures are those of the handlers and of the router.
var failures = []request{
	{"GET", "/returned", "", nil, compose.Failure{Err: locked, Status: 423, Code: "task_locked", Kept: map[string]string{"Retry-After": "1"}}},
	{"GET", "/panicked", "", nil, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{"GET", "/unknown", "", nil, unhandled},
	{"GET", "/crashed", "", nil, unhandled},
	{"GET", "/fibers", "", nil, refused(fault.Conflict)},
	{"GET", "/spoiled", "", nil, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{"GET", "/handled", "", nil, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{"GET", "/nowhere", "", nil, refused(fault.NotFound)},
	{"PUT", "/fine", "", nil, compose.Failure{Err: fault.MethodNotAllowed, Status: 405, Code: "method_not_allowed",
		Kept: map[string]string{"Allow": "GET, HEAD"}}},
}

// A composition is middleware of others and its place.
type composition struct {
	name     string // in the table
	place    compose.Place
	use      func(seen *compose.Seen) []fiber.Handler // which notes what it reads of statuses
	headers  []string                                 // without which it refuses
	kept     map[string]string                        // its own headers
	refusals []request                                // its own
	loses    string                                   // the path at which it drops headers of others, in successes as well
}

func using(h ...fiber.Handler) func(*compose.Seen) []fiber.Handler {
	return func(*compose.Seen) []fiber.Handler { return h }
}

// Each composition, in each order that its place allows: the failures of handlers and of the router, the middleware's own
// refusals, and successes.
func TestCompositions(t *testing.T) {
	for _, c := range compositions {
		for _, at := range []compose.Place{compose.Outside, compose.Inside} {
			if c.place.Has(at) {
				t.Run(c.name+", "+string(at), func(t *testing.T) { c.check(t, at) })
			}
		}
	}
}

func (c composition) check(t *testing.T, at compose.Place) {
	var read compose.Seen
	var outside, inside []fiber.Handler
	if at == compose.Outside {
		outside = c.use(&read)
	} else {
		inside = c.use(&read)
	}
	s := composed(t, outside, inside)
	for _, r := range slices.Concat(failures, c.refusals) {
		answer := s.Ask(t, r.method, r.path, r.body, slices.Concat(c.headers, r.headers)...)
		if r.path != c.loses {
			r.want.Kept = corsKept(r.want.Kept)
		}
		s.Failed(t, answer, r.want)
		if c.kept != nil {
			assert.Subset(t, items(answer.Header), items(header(c.kept)), r.path)
		}
		c.reads(t, &read, r.path, r.want.Status)
	}
	s.Passed(t, s.Ask(t, "GET", "/fine", "", c.headers...), 200, "fine")
	c.reads(t, &read, "/fine", 200)
	s.Passed(t, s.Ask(t, "GET", "/empty", "", c.headers...), 204, "")
	c.reads(t, &read, "/empty", 204)
}

// reads checks the status that the middleware itself has read, when it is one that reads it.
func (c composition) reads(t *testing.T, read *compose.Seen, path string, status int) {
	t.Helper()
	if c.name == "fiberprometheus" && (path == "/nowhere" || status == http.StatusMethodNotAllowed) {
		return // it counts routes only
	}
	if read.Used() {
		assert.Equal(t, []int{status}, read.Take(), "read by %s at %s", c.name, path)
	}
}

func header(values map[string]string) http.Header {
	h := http.Header{}
	for name, value := range values {
		h.Set(name, value)
	}
	return h
}

// items has a line for each value of a header, and for each item of a list.
func items(h http.Header) (lines []string) {
	for name, values := range h {
		for _, value := range values {
			lines = append(lines, name+": "+value)
			for item := range strings.SplitSeq(value, ",") {
				lines = append(lines, name+": "+strings.TrimSpace(item))
			}
		}
	}
	return lines
}

// The table says of each composition what the tests say.
func TestTable(t *testing.T) {
	documented := compose.Documented(t, "## fiber", 1)
	tested := map[string]compose.Place{}
	for _, c := range compositions {
		tested[c.name] = c.place
	}
	maps.DeleteFunc(documented, func(_ string, p compose.Place) bool { return p == compose.Missing || p == compose.Not })
	assert.Equal(t, tested, documented)
}
