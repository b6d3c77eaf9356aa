package faultgin

import (
	"reflect"
	"runtime"
	"sync"
	"weak"

	"github.com/gin-gonic/gin/binding"
	"github.com/go-playground/validator/v10"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/errtree"
)

// A memory wraps gin's validator and remembers the validated type of each error: the error itself has Go names only,
// and clients know the names of the tags. Results pass on unchanged. The type is found by a weak pointer to the error,
// and is forgotten when the error is collected.
type memory struct {
	binding.StructValidator
	types sync.Map // weak.Pointer[validator.FieldError] → reflect.Type
}

var installing sync.Mutex

// remember wraps gin's validator in a memory, unless it is wrapped already.
func remember() {
	installing.Lock()
	defer installing.Unlock()
	if _, there := binding.Validator.(*memory); !there && binding.Validator != nil {
		binding.Validator = &memory{StructValidator: binding.Validator}
	}
}

// ValidateStruct validates value, and remembers its type if there is an error.
func (m *memory) ValidateStruct(value any) error {
	err := m.StructValidator.ValidateStruct(value)
	if err != nil {
		m.enter(err, reflect.TypeOf(value))
	}
	return err
}

func (m *memory) enter(err error, t reflect.Type) {
	switch list := err.(type) {
	case validator.ValidationErrors:
		if len(list) == 0 {
			return
		}
		key := weak.Make(&list[0])
		m.types.Store(key, t)
		runtime.AddCleanup(&list[0], func(key weak.Pointer[validator.FieldError]) { m.types.Delete(key) }, key)
	case binding.SliceValidationError:
		for _, err := range list {
			m.enter(err, t)
		}
	}
}

// recalled adds to err the type that the validator's errors in it are about, if a memory knows it.
func recalled(err error) error {
	m, ok := binding.Validator.(*memory)
	if !ok {
		return err
	}
	for e := range errtree.All(err) {
		if t, known := m.about(e); known {
			return fault.BindingTo(t, err)
		}
	}
	return err
}

func (m *memory) about(err error) (t any, known bool) {
	if lists, ok := err.(binding.SliceValidationError); ok && len(lists) > 0 {
		err = lists[0]
	}
	if list, ok := err.(validator.ValidationErrors); ok && len(list) > 0 {
		return m.types.Load(weak.Make(&list[0]))
	}
	return nil, false
}
