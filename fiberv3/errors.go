package faultfiber

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/utils/v2"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
)

// understood adds to err what only fiber knows about it. Errors of ours are returned unchanged.
func understood(c fiber.Ctx, err error) (explained error) {
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
		case aboutInput(e):
			return fault.Binding(err)
		}
	}
	return err
}

// refusal returns the reason for which fiber's server could not read a request, or nil for other errors. Its text may
// hold the raw request with its credentials, so neither logs nor observers get it. A client that has gone is no incident.
func refusal(c fiber.Ctx, err error) error {
	f, ok := err.(*fiber.Error)
	switch {
	case !ok || !isRefused(c):
		return nil
	case f.Code == http.StatusBadGateway: // fiber's status for a broken connection
		return fault.ClientClosedRequest.New()
	}
	return &statusError{error: fiber.NewError(f.Code, "the server refused the request"), status: f.Code}
}

// isGone reports whether err comes from the client's own connection.
func isGone(c fiber.Ctx, err error) bool {
	broken, ok := err.(*net.OpError)
	return ok && !broken.Timeout() && sameAddr(broken.Addr, c.RequestCtx().RemoteAddr()) && sameAddr(broken.Source, c.RequestCtx().LocalAddr())
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

// message returns the message of an error that the application has made, and "" for an error of the server, which may hold
// the raw request. The server's errors come before the first route has run, or when it has refused the request.
func message(c fiber.Ctx, f *fiber.Error) string {
	if c.IsAbandoned() || isUnknownMethod(c) || isRefused(c) || len(c.Route().Handlers) == 0 {
		return ""
	}
	return f.Message
}

// aboutInput reports whether err alone proves that the input of the request is wrong. fiber answers these errors with
// 500. Core recognises those without a type by their texts.
func aboutInput(err error) bool {
	_, decoding := err.(fiber.MultiError) // values that do not fit; an error about misuse of Bind has another type
	return decoding || err == fiber.ErrRangeMalformed
}

// isUnreadable reports whether Bind has panicked because the app has no decoder for the format of the body. Any client can
// send such a body.
func isUnreadable(c fiber.Ctx, v any) bool {
	text, _ := v.(string)
	return strings.HasPrefix(text, "Must explicit") &&
		slices.Contains([]string{fiber.MIMEApplicationCBOR, fiber.MIMEApplicationMsgPack}, mediaType(c))
}

// mediaType returns the media type of the body as Bind reads it.
func mediaType(c fiber.Ctx) string {
	mediaType, _, _ := strings.Cut(string(c.Request().Header.ContentType()), ";")
	return utils.ParseVendorSpecificContentType(strings.ToLower(mediaType))
}
