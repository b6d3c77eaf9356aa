package store

import (
	"context"
	"errors"

	fault "github.com/polyfault/polyfault/core"
)

// sqlMappers classify failures of the database, independent of the responder's mappers.
var sqlMappers = fault.SQLMappers()

// forClient returns the error that the client should see: with its field, and of a kind.
func forClient(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*FieldError](err); ok && e.Rule == ruleReadOnly {
		return fault.FieldIsReadonly.New(fault.Field(fault.InBody(e.Field), e.Rule, e.Attrs...), fault.Cause(err))
	}
	if errors.Is(err, ErrExists) {
		return fault.DuplicateItem.New(fault.Field(fault.InBody("name"), ruleDuplicate), fault.Cause(err))
	}
	if _, ok := errors.AsType[*databaseError](err); ok {
		return ofDatabase(err)
	}
	return err
}

// ofDatabase classifies failures of the database. It leaves ended contexts to the responder, which knows whose they are.
func ofDatabase(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for _, m := range sqlMappers {
		if f := m(err); f != nil {
			return f.With(fault.Cause(err))
		}
	}
	return fault.Database.Wrap(err)
}
