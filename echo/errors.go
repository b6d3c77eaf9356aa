package faultecho

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
)

// A failure is an error that holds one of echo's, with the facts that core cannot read from that by itself.
type failure struct {
	error
	http *echo.HTTPError
}

func (f *failure) Unwrap() error   { return f.error }
func (f *failure) StatusCode() int { return f.http.Code }

// StatusMessage returns the message if the application wrote it for clients. It returns "" for the name of the status,
// which is echo's default, and for a message that quotes the internal error, as Bind's does.
func (f *failure) StatusMessage() (message string) {
	message, _ = f.http.Message.(string)
	if message == http.StatusText(f.http.Code) {
		return ""
	}
	if internal := f.http.Internal; !fault.IsNil(internal) && quotes(message, internal) {
		return ""
	}
	return message
}

func quotes(message string, err error) (yes bool) {
	defer func() {
		if recover() != nil { // a foreign Error method
			yes = false
		}
	}()
	text := err.Error()
	return text != "" && strings.Contains(message, text)
}

// translate turns an error that holds one of echo's into one that core understands. An error that holds one of ours, at
// any depth, is returned unchanged.
func translate(c echo.Context, err error) (translated error) {
	defer func() {
		if recover() != nil { // a foreign Unwrap
			translated = err
		}
	}()
	if _, ours := fault.From(err); ours {
		return err
	}
	f := find(err)
	he := f.http
	if he == nil {
		return err
	}
	if inner, ok := he.Internal.(*echo.HTTPError); ok && inner != nil {
		he = inner // one level, as echo does
	}
	if len(f.bindings) > 0 && he.Code == http.StatusBadRequest {
		return badParams(c, err, f.bindings)
	}
	return &failure{err, he}
}

// badParams makes a field error of each binding error. The values are the client's and are not repeated.
func badParams(c echo.Context, err error, bindings []*echo.BindingError) error {
	var d fault.Details
	for _, b := range bindings {
		code := "invalid"
		if b.Internal == nil && len(b.Values) == 0 {
			code = "required"
		}
		d.AddField(locate(c, b.Field), code)
	}
	return fault.BadParamValue.Wrap(err, fault.DetailsOf(&d))
}

// locate returns the place of a parameter, which a BindingError does not have: the path or the query if the parameter
// is there, else the form if the body is one.
func locate(c echo.Context, name string) fault.Location {
	switch {
	case slices.Contains(c.ParamNames(), name):
		return fault.InPath(name)
	case c.QueryParams().Has(name):
		return fault.InQuery(name)
	case strings.Contains(c.Request().Header.Get(echo.HeaderContentType), "form"):
		return fault.InBody(name)
	}
	return fault.InQuery(name)
}

// A finding is what find has met of echo's in an error tree.
type finding struct {
	http     *echo.HTTPError // the outermost; BodyLimit's own before all others
	bindings []*echo.BindingError
}

// find walks the whole tree: [errors.As] would find the first field only, and no HTTPError in a BindingError.
func find(err error) (f finding) {
	for err := range errtree.All(err) {
		switch e := err.(type) {
		case *echo.HTTPError:
			f.found(e)
		case *echo.BindingError:
			f.found(e.HTTPError)
			f.bindings = append(f.bindings, e)
		}
	}
	return f
}

func (f *finding) found(he *echo.HTTPError) {
	if f.http == nil || he == echo.ErrStatusRequestEntityTooLarge {
		f.http = he
	}
}
