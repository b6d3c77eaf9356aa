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
