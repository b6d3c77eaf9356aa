package fault

import "github.com/polyfault/polyfault/internal/errtree"

// IsNil reports whether err is nil or a typed nil: a nil pointer, map, slice, function or channel in an error
// interface. Adapters treat such a value as no error, and leave the handler's own response alone.
func IsNil(err error) bool {
	switch err := err.(type) {
	case nil:
		return true
	case *Fault:
		return err == nil
	case *Kind:
		return err == nil
	}
	return errtree.IsNil(err)
}
