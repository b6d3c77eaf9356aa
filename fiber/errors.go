package faultfiber

import (
	"errors"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
)

// understood wraps err in what only fiber knows of it. Errors of ours need no explanation.
func understood(c *fiber.Ctx, err error) (explained error) {
	defer func() {
		if recover() != nil { // a method of a foreign error: the responder gets it as it is
			explained = err
		}
	}()
	if _, ours := fault.From(err); ours {
		return err
	}
	if reason := refusal(c, err); reason != nil {
		return reason
	}
	if f, ok := errtree.As[*fiber.Error](err); ok {
		return &statusError{error: err, status: f.Code, message: message(c, f)}
	}
	for e := range errtree.All(err) {
		switch {
		case isGone(c, e):
			return fault.ClientClosedRequest.Wrap(err)
		case e == fiber.ErrRangeUnsatisfiable:
			return &statusError{error: err, status: http.StatusRequestedRangeNotSatisfiable}
		case e == fasthttp.ErrMissingFile:
			return &missingFile{err}
		case aboutInput(c, e):
			return fault.Binding(err)
		}
	}
	return err
}

// refusal is the reason of fiber's server for a request that it could not read, nil for other errors. It comes before the first
// route has run.
// Its text may hold the raw request, credentials among it: neither logs nor observers get that. A client that has gone is
// no incident.
func refusal(c *fiber.Ctx, err error) error {
	f, ok := err.(*fiber.Error)
	if !ok || len(c.Route().Handlers) > 0 {
		return nil
	}
	switch f.Code {
	case http.StatusBadGateway: // its word for a connection that broke
		return fault.ClientClosedRequest.New()
	case http.StatusNotFound, http.StatusMethodNotAllowed: // the router's
		return nil
	}
	return &statusError{error: fiber.NewError(f.Code, "the server refused the request"), status: f.Code}
}

// isGone reports whether err is that of the client's own connection.
func isGone(c *fiber.Ctx, err error) bool {
	broken, ok := err.(*net.OpError)
	return ok && !broken.Timeout() && sameAddr(broken.Addr, c.Context().RemoteAddr()) && sameAddr(broken.Source, c.Context().LocalAddr())
}

func sameAddr(a, b net.Addr) bool { return a != nil && b != nil && a.String() == b.String() }

// statusError is an error with the status that fiber has for it.
type statusError struct {
	error
	status  int
	message string
}

func (e *statusError) Unwrap() error         { return e.error }
func (e *statusError) StatusCode() int       { return e.status }
func (e *statusError) StatusMessage() string { return e.message }

// Error copies: the message may be a string of the request's buffer, and logs keep it.
func (e *statusError) Error() string { return strings.Clone(e.error.Error()) }

// missingFile is fasthttp's error to FormFile as that of net/http.
type missingFile struct{ error }

func (e *missingFile) Unwrap() []error { return []error{http.ErrMissingFile, e.error} }

// message is that of an error which the application has made. Before the first route has run there
// is none: then it is fasthttp's, and may hold the raw request.
func message(c *fiber.Ctx, f *fiber.Error) string {
	if len(c.Route().Handlers) == 0 {
		return ""
	}
	return f.Message
}

// aboutInput reports whether err, by itself, proves that the input of the request is wrong. fiber
// has no type for most of these errors, and answers them with 500. Those without one are for core, which knows their texts.
func aboutInput(c *fiber.Ctx, err error) bool {
	if err == fiber.ErrRangeMalformed || isDecoding(err) {
		return true
	}
	number, ok := errors.Unwrap(err).(*strconv.NumError)
	return ok && strings.HasPrefix(err.Error(), "failed to convert: ") && isParam(c, number.Num)
}

// isDecoding recognises what QueryParser and the like return for values that do not fit. The type is
// internal; misuse of the decoder has another one.
func isDecoding(err error) bool {
	t := reflect.TypeOf(err)
	return t.Name() == "MultiError" && strings.HasSuffix(t.PkgPath(), "gofiber/fiber/v2/internal/schema")
}

// isParam reports whether text is a parameter of the route: a number that ParamsInt refused.
func isParam(c *fiber.Ctx, text string) bool {
	return slices.ContainsFunc(c.Route().Params, func(name string) bool { return c.Params(name) == text })
}
