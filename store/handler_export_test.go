package store

import (
	"errors"
	"time"
)

// ForClient is what the handler makes of an error, and DatabaseError how the store wraps what a driver
// says.
var (
	ForClient     = forClient
	DatabaseError = failed
)

var errMoment = errors.New("no moment")

// ParseMoment is how the handler reads a time.
func ParseMoment(text string, now time.Time) (time.Time, error) {
	t, p := parseMoment(text, now)
	if p != nil {
		return time.Time{}, errMoment
	}
	return t, nil
}

// ISODuration is how the handler writes a duration.
var ISODuration = isoDuration
