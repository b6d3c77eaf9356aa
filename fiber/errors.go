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

// understood adds to err what only fiber knows about it. Errors of ours are returned unchanged.
func understood(c *fiber.Ctx, err error) (explained error) {
	defer func() {
		if recover() != nil { // a method of a foreign error has panicked
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

// refusal returns the reason for which fiber's server could not read a request, or nil for other errors. It comes before
// the first route has run. Its text may hold the raw request with its credentials, so neither logs nor observers get it.
// A client that has gone is no incident.
func refusal(c *fiber.Ctx, err error) error {
	f, ok := err.(*fiber.Error)
	if !ok || len(c.Route().Handlers) > 0 {
		return nil
	}
	switch f.Code {
	case http.StatusBadGateway: // fiber's status for a broken connection
		return fault.ClientClosedRequest.New()
	case http.StatusNotFound, http.StatusMethodNotAllowed: // the router's
		return nil
	}
	return &statusError{error: fiber.NewError(f.Code, "the server refused the request"), status: f.Code}
}

// isGone reports whether err comes from the client's own connection.
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

// Error returns a copy: the message may lie in the request's buffer, and logs keep it.
func (e *statusError) Error() string { return strings.Clone(e.error.Error()) }

// missingFile turns fasthttp's error of FormFile into net/http's.
type missingFile struct{ error }

func (e *missingFile) Unwrap() []error { return []error{http.ErrMissingFile, e.error} }

// message returns the message of an error that the application has made. Before the first route has run the message is
// fasthttp's and may hold the raw request: then it returns "".
func message(c *fiber.Ctx, f *fiber.Error) string {
	if len(c.Route().Handlers) == 0 {
		return ""
	}
	return f.Message
}

// aboutInput reports whether err alone proves that the input of the request is wrong. fiber answers these errors with
// 500. Core recognises those without a type by their texts.
func aboutInput(c *fiber.Ctx, err error) bool {
	if err == fiber.ErrRangeMalformed || isDecoding(err) {
		return true
	}
	number, ok := errors.Unwrap(err).(*strconv.NumError)
	return ok && strings.HasPrefix(err.Error(), "failed to convert: ") && isParam(c, number.Num)
}

// isDecoding reports whether err is what QueryParser and the like return for values that do not fit. Its type is
// internal to fiber; an error about misuse of the decoder has another type.
func isDecoding(err error) bool {
	t := reflect.TypeOf(err)
	return t.Name() == "MultiError" && strings.HasSuffix(t.PkgPath(), "gofiber/fiber/v2/internal/schema")
}

// isParam reports whether text is the value of a route parameter: ParamsInt has refused it.
func isParam(c *fiber.Ctx, text string) bool {
	return slices.ContainsFunc(c.Route().Params, func(name string) bool { return c.Params(name) == text })
}
