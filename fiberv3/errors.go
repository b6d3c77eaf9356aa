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

// understood wraps err in what only fiber knows of it. Errors of ours need no explanation.
func understood(c fiber.Ctx, err error) (explained error) {
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
		case aboutInput(e):
			return fault.Binding(err)
		}
	}
	return err
}

// refusal is the reason of fiber's server for a request that it could not read, nil for other errors.
// Its text may hold the raw request, credentials among it: neither logs nor observers get that. A client that has gone is
// no incident.
func refusal(c fiber.Ctx, err error) error {
	f, ok := err.(*fiber.Error)
	switch {
	case !ok || !isRefused(c):
		return nil
	case f.Code == http.StatusBadGateway: // its word for a connection that broke
		return fault.ClientClosedRequest.New()
	}
	return &statusError{error: fiber.NewError(f.Code, "the server refused the request"), status: f.Code}
}

// isGone reports whether err is that of the client's own connection.
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

// Error copies: the message may be a string of the request's buffer, and logs keep it.
func (e *statusError) Error() string { return strings.Clone(e.error.Error()) }

// missingFile is fasthttp's error to FormFile as that of net/http.
type missingFile struct{ error }

func (e *missingFile) Unwrap() []error { return []error{http.ErrMissingFile, e.error} }

// message is that of an error which the application has made. The server's may hold the raw request: it comes before the
// first route has run, or when the server has refused the request.
func message(c fiber.Ctx, f *fiber.Error) string {
	if c.IsAbandoned() || isUnknownMethod(c) || isRefused(c) || len(c.Route().Handlers) == 0 {
		return ""
	}
	return f.Message
}

// aboutInput reports whether err, by itself, proves that the input of the request is wrong. fiber has no status for
// these errors, and answers them with 500. Those without a type are for core, which knows their texts.
func aboutInput(err error) bool {
	_, decoding := err.(fiber.MultiError) // values that do not fit; misuse of Bind has another type
	return decoding || err == fiber.ErrRangeMalformed
}

// isUnreadable reports whether Bind has panicked for a body in a format that the app has no decoder for, which any client
// can send.
func isUnreadable(c fiber.Ctx, v any) bool {
	text, _ := v.(string)
	return strings.HasPrefix(text, "Must explicit") &&
		slices.Contains([]string{fiber.MIMEApplicationCBOR, fiber.MIMEApplicationMsgPack}, mediaType(c))
}

// mediaType is that of the body as Bind reads it.
func mediaType(c fiber.Ctx) string {
	mediaType, _, _ := strings.Cut(string(c.Request().Header.ContentType()), ";")
	return utils.ParseVendorSpecificContentType(strings.ToLower(mediaType))
}
