package coretest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// A Route is a handler of the suite, to be registered on the framework.
type Route struct {
	Method string
	Path   string // without parameters
	// Handle is the handler. The framework's handler calls it, and returns its error or gives it to the
	// adapter. It lets panics pass.
	Handle func(Exchange) error
}

// An Exchange is a request and its response as the suite's handlers use them. The adapter's test implements it with a few
// lines over the framework's context.
type Exchange interface {
	// Context is the context that handlers of the framework are meant to use.
	Context() context.Context
	// Body is the request's body.
	Body() io.Reader
	// SetHeader sets a response header.
	SetHeader(name, value string)
	// Status sends the status, or sets it if the framework sends later. The suite calls it with an
	// informational status only if Features has Informational.
	Status(status int)
	// Write sends a part of the body, or buffers it where the framework does.
	Write(p []byte) (int, error)
	// Flush sends what was written, if the framework can.
	Flush()
	// Hijack takes over the connection. The suite calls it only if Features has Hijack.
	Hijack() (net.Conn, error)
}

// canary is in every text that no client may see.
const canary = "canary-7f3a"

var errCanary = errors.New("dial tcp 10.0.0.1:5432: " + canary)

type panicking struct{}

func (panicking) Error() string                { panic("Error of " + canary) }
func (panicking) MarshalJSON() ([]byte, error) { panic("MarshalJSON of " + canary) }

type statusError int

func (statusError) Error() string     { return canary }
func (e statusError) StatusCode() int { return int(e) }

type ownBody struct {
	*fault.Fault
	User string
}

func (e *ownBody) ErrorBody(fault.Localizer) any {
	return map[string]any{"error": "user-not-synced", "user": e.User}
}

type booking struct {
	Hours int `json:"hours"`
}

// stale are headers of a handler whose body is never sent.
var stale = map[string]string{
	"Content-Type": "text/csv", "Content-Encoding": "gzip", "Etag": `"x"`, "Last-Modified": "Mon, 02 Jan 2006 15:04:05 GMT",
	"Content-Disposition": "attachment", "Content-Range": "bytes 0-1/2", "Accept-Ranges": "bytes", "Content-Location": "/x",
	"Cache-Control": "public, max-age=86400", "Expires": "Mon, 02 Jan 2035 15:04:05 GMT",
	"Cdn-Cache-Control": "max-age=9", "Surrogate-Control": "max-age=9",
	"Repr-Digest": "sha-256=:x:",
	// Headers that make a proxy, a browser or a front end act instead of reading the body.
	"X-Accel-Redirect": "/secret", "X-Accel-Expires": "60", "X-Sendfile": "/secret", "X-Lighttpd-Send-File": "/secret",
	"Location": "/elsewhere", "Refresh": "0; url=/elsewhere", "Hx-Redirect": "/elsewhere", "Hx-Location": "/elsewhere", "Hx-Refresh": "true",
	"Hx-Push-Url": "/elsewhere", "Hx-Replace-Url": "/elsewhere", "Edge-Control": "cache-maxage=9", "Surrogate-Key": "x",
	"Cloudflare-Cdn-Cache-Control": "max-age=9",
	// Trailers: the declaration, the declared one, and an undeclared one.
	"Trailer": "X-Checksum", "X-Checksum": "x", "Trailer:X-Late": "x",
}

// kept are headers that belong to the exchange, not to the body.
var kept = map[string]string{
	"Access-Control-Allow-Origin": "*", "Set-Cookie": "a=b", "X-Request-Id": "kept", "Ratelimit-Limit": "5",
	"Strict-Transport-Security": "max-age=1", "Content-Security-Policy": "default-src 'none'",
	"Hx-Retarget": "#errors", "Server-Timing": "db;dur=1", "Link": "</a.css>; rel=preload",
}

// returning makes a handler that returns err.
func returning(err error) func(Exchange) error { return func(Exchange) error { return err } }

// panickingWith makes a handler that panics.
func panickingWith(value any) func(Exchange) error { return func(Exchange) error { panic(value) } }

// manyDetails makes an error whose body exceeds any buffer of a framework.
func manyDetails() error {
	var d fault.Details
	for i := range 200 {
		d.Add(fmt.Sprintf("attribute-%03d", i), strings.Repeat("x", 40))
	}
	return d.Err(fault.Transformation)
}

func someDetails() error {
	var d fault.Details
	d.AddText("date", `use the form "2026-12-31"`).AddError("user", fault.EntityNotFound).Add("limit", 5)
	return d.Err(fault.Transformation, fault.Arg("Attempts", 2), fault.Header("X-Own", "1"),
		fault.AddHeader("X-Own", "2"), fault.RetryAfter(1500*time.Millisecond))
}

// allRoutes returns the suite's routes.
func allRoutes() []Route {
	get := func(path string, h func(Exchange) error) Route { return Route{http.MethodGet, "/coretest/" + path, h} }
	post := func(path string, h func(Exchange) error) Route { return Route{http.MethodPost, "/coretest/" + path, h} }
	return []Route{
		get("success", func(x Exchange) error {
			x.SetHeader("Content-Type", "text/plain")
			x.Status(http.StatusOK)
			_, err := x.Write([]byte("fine"))
			return err
		}),
		get("typed-nil", func(x Exchange) error {
			x.SetHeader("Content-Type", "text/plain")
			x.Status(http.StatusAccepted)
			_, _ = x.Write([]byte("fine"))
			return (*fault.Fault)(nil)
		}),
		get("own-404", func(x Exchange) error {
			x.SetHeader("Content-Type", "text/plain")
			x.Status(http.StatusNotFound)
			_, err := x.Write([]byte("my own words"))
			return err
		}),
		get("kind", returning(fault.TaskLocked)),
		get("fault", returning(fault.TaskLocked.New())),
		get("wrapped", returning(fmt.Errorf("%s: %w", canary, fault.TaskLocked.New(fault.Cause(errCanary))))),
		get("joined", returning(errors.Join(errCanary, fault.TaskLocked))),
		get("details", returning(someDetails())),
		get("large", returning(manyDetails())),
		get("server-fault", returning(fault.Database.Wrap(errCanary))),
		get("unknown", returning(errCanary)),
		get("own-body", returning(&ownBody{fault.BadRequest.New(), "R41"})),
		get("status-404", returning(statusError(404))),
		get("status-418", returning(statusError(418))),
		get("status-600", returning(statusError(600))),
		get("deadline", returning(fmt.Errorf("%s: %w", canary, context.DeadlineExceeded))),
		get("downstream-cancel", returning(fmt.Errorf("%s: %w", canary, context.Canceled))),
		get("panic-kind", panickingWith(fault.TaskLocked)),
		get("panic-fault", panickingWith(fault.TaskLocked.New())),
		get("panic-text", panickingWith(canary)),
		get("panic-error", panickingWith(errCanary)),
		get("panic-runtime", func(Exchange) error {
			list := []string{canary}
			return errors.New(list[len(list)])
		}),
		get("panic-wrapped-abort", panickingWith(fmt.Errorf("%s: %w", canary, http.ErrAbortHandler))),
		get("abort", panickingWith(http.ErrAbortHandler)),
		get("broken-error", returning(panicking{})),
		get("broken-detail", returning(fault.TaskLocked.New(fault.Detail("a", panicking{}), fault.Detail("b", make(chan int))))),
		get("broken-header-function", returning(fault.TaskLocked.New(fault.HeadersFunc(func(fault.Request) http.Header { panic(canary) })))),
		get("injected-header", returning(fault.TaskLocked.New(fault.Header("X-Own", "a\r\nX-Injected: b"),
			fault.Header("X-Nul", "a\x00b"), fault.Header("X-Fine", "c")))),
		get("request-header", returning(fault.Unauthorized.New(fault.HeadersFunc(func(r fault.Request) http.Header {
			return http.Header{"Www-Authenticate": {`Basic realm="` + r.Method() + r.Path() + r.Header("X-Realm") + `"`}}
		})))),
		get("stale", func(x Exchange) error {
			for name, value := range stale {
				x.SetHeader(name, value)
			}
			for name, value := range kept {
				x.SetHeader(name, value)
			}
			x.SetHeader("Vary", "Origin")
			return fault.TaskLocked
		}),
		get("given-id", func(x Exchange) error {
			x.SetHeader("X-Request-Id", givenID) // as the framework's request-id middleware does
			return fault.TaskLocked
		}),
		get("stale-length", func(x Exchange) error {
			x.SetHeader("Content-Length", "5")
			return fault.TaskLocked
		}),
		get("stale-panic", func(x Exchange) error {
			for name, value := range stale {
				x.SetHeader(name, value)
			}
			panic(fault.TaskLocked)
		}),
		get("status-then-error", func(x Exchange) error {
			x.SetHeader("Content-Type", "text/plain")
			x.Status(http.StatusOK)
			_, _ = x.Write([]byte("half of the "))
			x.Flush()
			return errCanary
		}),
		get("bytes-then-panic", func(x Exchange) error {
			x.SetHeader("Content-Type", "text/plain")
			_, _ = x.Write([]byte("half of the "))
			x.Flush()
			panic(canary)
		}),
		get("bytes-then-abort", func(x Exchange) error {
			_, _ = x.Write([]byte("half of the "))
			x.Flush()
			panic(http.ErrAbortHandler)
		}),
		get("hints", func(x Exchange) error {
			x.SetHeader("Link", "</a.css>; rel=preload")
			x.Status(http.StatusEarlyHints)
			return fault.TaskLocked
		}),
		get("hints-panic", func(x Exchange) error {
			x.Status(http.StatusEarlyHints)
			panic(fault.TaskLocked)
		}),
		get("hijack-error", func(x Exchange) error {
			conn, err := x.Hijack()
			if err != nil {
				return err
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, hijacked)
			return errCanary
		}),
		get("hijack-panic", func(x Exchange) error {
			conn, err := x.Hijack()
			if err != nil {
				return err
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, hijacked)
			panic(canary)
		}),
		get("wait", func(x Exchange) error {
			select {
			case <-x.Context().Done():
				return x.Context().Err()
			case <-time.After(10 * time.Second):
				return errors.New("the request's context never ended")
			}
		}),
		post("unread", returning(fault.TaskLocked)),
		post("booking", func(x Exchange) error {
			decoder := json.NewDecoder(x.Body())
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&booking{}); err != nil {
				return fault.BindingTo(booking{}, err)
			}
			x.Status(http.StatusCreated)
			_, err := x.Write([]byte("{}"))
			return err
		}),
	}
}

// frameworkRoutes returns routes that fail with the framework's own errors, and none if own is nil.
func frameworkRoutes(own func(status int, message string) error) []Route {
	if own == nil {
		return nil
	}
	get := func(path string, handle func(Exchange) error) Route {
		return Route{http.MethodGet, "/coretest/" + path, handle}
	}
	return []Route{
		get("framework-error", func(Exchange) error { return fmt.Errorf("wrapped: %w", own(http.StatusConflict, frameworkMessage)) }),
		get("framework-name", func(Exchange) error { return own(http.StatusConflict, http.StatusText(http.StatusConflict)) }),
		get("framework-redirect", func(x Exchange) error {
			x.SetHeader("Location", "/there")
			x.SetHeader("Set-Cookie", "a=b")
			return own(http.StatusSeeOther, frameworkMessage)
		}),
	}
}

// frameworkMessage is the message of the framework's own errors.
const frameworkMessage = "paid already"

// givenID is the id that middleware has given a request.
const givenID = "given-by-middleware"

const hijacked = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: Upgrade\r\n\r\nmine"
