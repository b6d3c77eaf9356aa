package booking

import (
	"embed"
	"io/fs"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking/texts"
)

//go:generate go run github.com/polyfault/polyfault/cmd/polyfault texts -in locales -out texts/texts.go

//go:embed locales/*.toml
var files embed.FS

// Locales returns the service's own texts, in five languages, for [fault.WithLocales].
func Locales() fs.FS {
	own, err := fs.Sub(files, "locales")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return own
}

// Document is the service's OpenAPI document as people wrote it: without errors, which openapi.Operations adds.
//
//go:embed openapi.json
var Document []byte

// The service's own kinds, below polyfault's.
var (
	NotFound        = fault.EntityNotFound.Derive(fault.Spec{Code: "booking_not_found"})
	UnknownTask     = fault.EntityNotFound.Derive(fault.Spec{Code: "unknown_task"})
	UnknownResource = fault.EntityNotFound.Derive(fault.Spec{Code: "unknown_resource"})
	BadDate         = fault.BadFieldValue.Derive(fault.Spec{Code: "bad_date"})
	HoursLeft       = fault.MaxHoursReached.Derive(fault.Spec{Code: "hours_left"})
	notSynced       = fault.BadRequest.Derive(fault.Spec{Code: "user_not_synced"})
)

// UserNotSynced is an error with a body of its own: the service's first clients know that shape.
// Those that ask for problem details get the text instead.
type UserNotSynced struct {
	*fault.Fault
	User string
}

// The kinds that the operations give, for the OpenAPI document: see openapi.Operations. Each framework names them
// beside its handlers.
var (
	CreateGives = []*fault.Kind{
		fault.InvalidJSON, fault.ContentTooLarge, // Read
		fault.MandatoryAttributesMissing, fault.Transformation, fault.NegativeLoad, fault.TaskLocked, fault.ProjectFinished,
		fault.ServiceUnavailable, fault.MaxHoursReached, HoursLeft, notSynced,
	}
	FindGives   = []*fault.Kind{NotFound}
	DeleteGives = []*fault.Kind{NotFound, fault.TaskLocked, fault.ProjectFinished, fault.ServiceUnavailable}
)

func newUserNotSynced(user string) error {
	return &UserNotSynced{notSynced.New(texts.UserNotSynced(user)...), user}
}

// ErrorBody returns the whole body of the response in the default format.
func (e *UserNotSynced) ErrorBody(fault.Localizer) any {
	return struct {
		Error string `json:"error"`
		User  string `json:"user"`
	}{"user-not-synced", e.User}
}
