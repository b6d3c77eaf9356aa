package faultecho

import (
	"cmp"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/labstack/echo/v5"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
)

// A failure is an error that holds one of echo's, with the facts that core cannot read from that by itself.
type failure struct {
	error
	status  int
	message string // in echo's words or the application's; core decides who sees it
}

func (f *failure) Unwrap() error         { return f.error }
func (f *failure) StatusCode() int       { return f.status }
func (f *failure) StatusMessage() string { return f.message }

// translate turns an error that holds one of echo's into one that core understands. An error that holds one of ours, at
// any depth, is returned unchanged.
func translate(c *echo.Context, err error) (translated error) {
	defer func() {
		if recover() != nil { // a foreign Unwrap
			translated = err
		}
	}()
	if _, ours := fault.From(err); ours {
		return err
	}
	f := find(err)
	switch {
	case len(f.bindings) > 0 && f.status == http.StatusBadRequest:
		return badParams(c, err, f.bindings)
	case f.own == nil:
		return err
	}
	f.own.error = err
	return f.own
}

// badParams makes a field error of each binding error. The values are the client's and are not repeated.
func badParams(c *echo.Context, err error, bindings []*echo.BindingError) error {
	var d fault.Details
	for _, b := range bindings {
		code := "invalid"
		if b.Unwrap() == nil && strings.Join(b.Values, "") == "" {
			code = "required"
		}
		d.AddField(locate(c, b.Field), code)
	}
	return fault.BadParamValue.Wrap(err, fault.DetailsOf(&d))
}

// locate returns the place of a parameter, which a BindingError does not have: the path or the query if the parameter
// is there, else the form if the body is one.
func locate(c *echo.Context, name string) fault.Location {
	switch {
	case slices.ContainsFunc(c.PathValues(), func(v echo.PathValue) bool { return v.Name == name }):
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
	status   int      // of the outermost error that has one; BodyLimit's before all others
	own      *failure // the error with that status, where core cannot read all of it
	bindings []*echo.BindingError
}

// find walks the whole tree: [errors.As] would find the first field only.
func find(err error) (f finding) {
	said := false
	for e := range errtree.All(err) {
		if e == error(echo.ErrStatusRequestEntityTooLarge) { // Bind of older versions hides it in a 400
			return finding{own: &failure{status: http.StatusRequestEntityTooLarge}}
		}
		if b, ok := e.(*echo.BindingError); ok {
			f.bindings = append(f.bindings, b)
		}
		if !said {
			f.status, f.own, said = read(e)
		}
	}
	return f
}

// read returns the status of one error, without its causes; said is false if it has none.
func read(e error) (status int, own *failure, said bool) {
	switch e := e.(type) {
	case *echo.HTTPError:
		return e.Code, &failure{status: e.Code, message: e.Message}, true
	case *echo.BindingError:
		return e.Code, &failure{status: e.Code, message: e.Message}, true
	}
	own = problem(e)
	coder, said := e.(echo.HTTPStatusCoder)
	switch {
	case said && own != nil:
		own.status = coder.StatusCode()
		return own.status, own, true
	case said:
		return coder.StatusCode(), nil, true
	case own != nil:
		return own.status, own, true
	}
	return 0, nil, false
}

// problem reads an echo.ProblemError, or the one that a ProblemErrorer returns; it returns nil for any other error. It
// finds them by name, since echo has these types from v5.4.0 on and the adapter also builds with older versions.
func problem(e error) *failure {
	v := reflect.ValueOf(e)
	if m := v.MethodByName("ProblemError"); m.IsValid() && m.Type().NumIn() == 0 && m.Type().NumOut() == 1 && isProblem(m.Type().Out(0)) {
		v = m.Call(nil)[0]
	}
	if !isProblem(v.Type()) {
		return nil
	}
	if v.IsNil() { // echo reads it as an empty one
		return &failure{}
	}
	p := v.Elem()
	return &failure{
		status:  int(p.FieldByName("Status").Int()),
		message: cmp.Or(p.FieldByName("Detail").String(), p.FieldByName("Title").String()),
	}
}

func isProblem(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Name() == "ProblemError" && t.Elem().PkgPath() == "github.com/labstack/echo/v5"
}
