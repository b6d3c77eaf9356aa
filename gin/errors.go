package faultgin

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
)

// reported returns what has gone wrong: the last error, if there is one, and those in c.Errors, the
// last first. Core takes the one that says most, and of equals the first. A single error is handed
// over as it is; so is [http.ErrAbortHandler], which is not for core. It returns nil if there is no error.
func reported(c *gin.Context, last error) error {
	if last != nil && len(c.Errors) == 0 {
		return marked(last)
	}
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

// marked returns the error inside of gin's. It marks an error of Bind as one of binding, and adds the type that the
// validator's errors in it are about.
func marked(err error) (result error) {
	if isOurs(err) {
		return err
	}
	defer func() {
		if recover() != nil { // a foreign Unwrap
			result = err
		}
	}()
	e, ok := err.(*gin.Error)
	switch {
	case !ok || fault.IsNil(e.Err):
		return recalled(err)
	case e.IsType(gin.ErrorTypeBind):
		return fault.Binding(recalled(e.Err))
	case e.IsType(gin.ErrorTypePublic):
		return &publicError{recalled(e.Err)}
	}
	return recalled(e.Err)
}

// A publicError is one whose text the application has marked as fit for clients. Core decides what becomes of it.
type publicError struct{ error }

func (e *publicError) Unwrap() error         { return e.error }
func (e *publicError) StatusMessage() string { return e.Error() }

// tell appends an answered error to gin's own channel, c.Errors, for loggers and tracing outside. It does nothing if an
// entry there is the error or wraps it.
func tell(c *gin.Context, err error) {
	for _, e := range c.Errors {
		if e != nil && !fault.IsNil(e.Err) && holds(e.Err, err) {
			return
		}
	}
	if !isOurs(err) {
		err = errtree.Quiet(err) // gin's loggers ask for the text, and nobody would catch a panic there
	}
	c.Errors = append(c.Errors, &gin.Error{Err: err, Type: gin.ErrorTypePrivate}) // c.Error, without its search for another
}

func isOurs(err error) bool {
	switch err.(type) {
	case *fault.Fault, *fault.Kind:
		return true
	}
	return false
}

// holds reports whether one of the errors is the other, or wraps it.
func holds(a, b error) (yes bool) {
	defer func() {
		if recover() != nil { // a foreign method
			yes = false
		}
	}()
	return sameError(a, b) || errtree.Is(a, b) || errtree.Is(b, a)
}

// same reports whether err is e or what e holds. The errors of validators are slices, which == does
// not compare.
func same(err error, e *gin.Error) bool {
	if _, gins := err.(*gin.Error); gins {
		return err == e
	}
	return sameError(err, e.Err)
}

func sameError(err, other error) bool {
	a, b := reflect.ValueOf(err), reflect.ValueOf(other)
	switch {
	case a.Type() != b.Type():
		return false
	case a.Comparable():
		return err == other
	}
	return a.Kind() == reflect.Slice && a.Len() == b.Len() && a.UnsafePointer() == b.UnsafePointer()
}

// A statusError gives an error the status that a handler chose. Errors with a status of their own keep theirs in core.
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
