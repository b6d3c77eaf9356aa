package faultfiber

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
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
	for e := range errtree.All(err) {
		if f := fiberError(e); f != nil {
			return &statusError{error: err, status: f.Code, message: message(c, f)}
		}
	}
	for e := range errtree.All(err) {
		switch {
		case e == fiber.ErrRangeUnsatisfiable:
			return &statusError{error: err, status: http.StatusRequestedRangeNotSatisfiable}
		case e == fasthttp.ErrMissingFile:
			return &missingFile{err}
		case aboutForm(e.Error()) && errors.Is(e, fasthttp.ErrBodyTooLarge):
			return &statusError{error: err, status: http.StatusRequestEntityTooLarge}
		case aboutForm(e.Error()), aboutInput(c, e):
			return fault.Binding(err)
		}
	}
	return err
}

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

func fiberError(err error) (f *fiber.Error) {
	if f, ok := err.(*fiber.Error); ok {
		return f
	}
	if x, ok := err.(interface{ As(any) bool }); ok && x.As(&f) {
		return f
	}
	return nil
}

// message is that of an error which the application has made. Before the first route has run there
// is none: then it is fasthttp's, and may hold the raw request.
func message(c *fiber.Ctx, f *fiber.Error) string {
	if len(c.Route().Handlers) == 0 {
		return ""
	}
	return f.Message
}

// aboutForm reports whether the text is fasthttp's of a form that it cannot read.
func aboutForm(text string) bool {
	for _, prefix := range []string{
		"cannot read multipart/form-data body: ", "cannot gunzip request body: ", "form size must be greater than 0",
		"unsupported content-encoding: ", "unsupported Content-Encoding: ",
	} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// aboutInput reports whether err, by itself, proves that the input of the request is wrong. fiber
// has no type for most of these errors, and answers them with 500.
func aboutInput(c *fiber.Ctx, err error) bool {
	if err == fiber.ErrRangeMalformed || err == fasthttp.ErrNoMultipartForm || isDecoding(err) {
		return true
	}
	text := err.Error()
	switch {
	case text == "unmatched brackets": // QueryParser and BodyParser, of a key
		return true
	case text == "invalid idempotency key": // of middleware/idempotency
		return true
	case strings.HasPrefix(text, "failed to unmarshal: "): // words that others use, too
		return isXML(c)
	case strings.HasPrefix(text, "failed to convert: "):
		number, ok := errors.Unwrap(err).(*strconv.NumError)
		return ok && isParam(c, number.Num)
	}
	return false
}

// isDecoding recognises what QueryParser and the like return for values that do not fit. The type is
// internal; misuse of the decoder has another one.
func isDecoding(err error) bool {
	t := reflect.TypeOf(err)
	return t.Name() == "MultiError" && strings.HasSuffix(t.PkgPath(), "gofiber/fiber/v2/internal/schema")
}

// isXML reports whether BodyParser reads the body as XML.
func isXML(c *fiber.Ctx) bool {
	mediaType, _, _ := strings.Cut(string(c.Request().Header.ContentType()), ";")
	mediaType = utils.ParseVendorSpecificContentType(strings.ToLower(mediaType))
	return mediaType == fiber.MIMETextXML || mediaType == fiber.MIMEApplicationXML
}

// isParam reports whether text is a parameter of the route: a number that ParamsInt refused.
func isParam(c *fiber.Ctx, text string) bool {
	return slices.ContainsFunc(c.Route().Params, func(name string) bool { return c.Params(name) == text })
}
