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

// A memory stands before gin's validator and remembers, of each error, the type of what was validated: the error itself
// tells Go names only, and clients know those of the tags. Results pass on as they are. What is remembered is
// found by a weak pointer to the error, and goes with it.
type memory struct {
	binding.StructValidator
	types sync.Map // weak.Pointer[validator.FieldError] → reflect.Type
}

var installing sync.Mutex

// remember puts a memory before gin's validator, unless one is there.
func remember() {
	installing.Lock()
	defer installing.Unlock()
	if _, there := binding.Validator.(*memory); !there && binding.Validator != nil {
		binding.Validator = &memory{StructValidator: binding.Validator}
	}
}

// ValidateStruct validates, and remembers what an error is about.
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

// recalled marks the error with what the validator's errors in it are about, when a memory knows.
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
