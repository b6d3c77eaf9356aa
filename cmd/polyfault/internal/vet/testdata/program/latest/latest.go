// Package latest gives errors arguments that nobody sees.
package latest

import fault "github.com/polyfault/polyfault/core"

func fails() error { return fault.Conflict.New(fault.Text("both")) }

func adds(f *fault.Fault, attrs []fault.Attr) error { return f.With(attrs...) }
