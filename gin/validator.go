package faultgin

import (
	"github.com/gin-gonic/gin/binding"
	"github.com/go-playground/validator/v10"

	fault "github.com/polyfault/polyfault/core"
)

// gin's validator has to call fields what clients call them, by their tags json, form and so on, not by
// their Go names. It takes that once, before it sees the first structure, and without a lock: hence
// when this package is loaded. A name function that the application registers later replaces it.
func init() {
	if v, ok := binding.Validator.Engine().(*validator.Validate); ok {
		v.RegisterTagNameFunc(fault.FieldName)
	}
}
