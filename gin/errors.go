package faultgin

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
)

// reported is what has gone wrong: the last error, when there is one, and those in c.Errors, the
// last first. Core takes the one that says most, and of equals the first. A single error is handed
// over as it is, and [http.ErrAbortHandler], which is not for core. Nil when there is none.
func reported(c *gin.Context, last error) error {
	var list []error
	if last != nil {
		list = append(list, marked(last))
	}
	for _, e := range slices.Backward(c.Errors) {
		switch {
		case e == nil || fault.IsNil(e.Err):
		case last != nil && same(last, e): // returned as well
			list[0] = marked(e)
		default:
			list = append(list, marked(e))
		}
	}
	for _, err := range list {
		if len(list) == 1 || err == http.ErrAbortHandler {
			return err
		}
	}
	return errors.Join(list...)
}

// marked is the error inside of gin's, with the mark of one that Bind has met.
func marked(err error) error {
	e, ok := err.(*gin.Error)
	switch {
	case !ok || fault.IsNil(e.Err):
		return err
	case e.IsType(gin.ErrorTypeBind):
		return fault.Binding(e.Err)
	}
	return e.Err
}

// same reports whether err is e or what e holds. The errors of validators are slices, which == does
// not compare.
func same(err error, e *gin.Error) bool {
	a, b := reflect.ValueOf(err), reflect.ValueOf(e.Err)
	switch {
	case a.Type() == reflect.TypeFor[*gin.Error]():
		return err == e
	case a.Type() != b.Type():
		return false
	case a.Comparable():
		return err == e.Err
	}
	return a.Kind() == reflect.Slice && a.Len() == b.Len() && a.UnsafePointer() == b.UnsafePointer()
}

// A statusError gives an error the status that a handler chose for it. Core lets errors that bring
// their own keep it.
type statusError struct {
	error  // nil when there is the status only
	status int
}

func (e *statusError) Error() string {
	if e.error == nil {
		return "gin: ended with status " + strconv.Itoa(e.status) + " and without a body"
	}
	return e.error.Error()
}

func (e *statusError) StatusCode() int { return e.status }
func (e *statusError) Unwrap() error   { return e.error }
