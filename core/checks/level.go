package checks

import (
	"fmt"
	"strings"
)

// A Level tells how serious a [Message] is: [Debug], [Info], [Warning], [Error] or [Critical]. The values are those of
// Django and grow with the severity. The zero Level, like every value without a constant, is unknown: functions refuse it
// unless they document what zero means.
type Level int

// The levels.
const (
	Debug    Level = 10
	Info     Level = 20
	Warning  Level = 30
	Error    Level = 40
	Critical Level = 50
)

// levels are the known levels, the most serious first: the order in which a [Result] is printed.
var levels = [...]Level{Critical, Error, Warning, Info, Debug}

// String returns the name of the constant, or Level(7) for an unknown level.
func (l Level) String() string {
	switch l {
	case Debug:
		return "Debug"
	case Info:
		return "Info"
	case Warning:
		return "Warning"
	case Error:
		return "Error"
	case Critical:
		return "Critical"
	}
	return fmt.Sprintf("Level(%d)", int(l))
}

// Letter returns the level's letter in ids: D, I, W, E or C, and "" for an unknown level.
func (l Level) Letter() string {
	if !l.known() {
		return ""
	}
	return l.String()[:1]
}

func (l Level) known() bool {
	for _, other := range levels {
		if l == other {
			return true
		}
	}
	return false
}

// ParseLevel returns the level with the name or letter, in upper or lower case. Its error is an [ErrLevel].
func ParseLevel(s string) (Level, error) {
	for _, l := range levels {
		if strings.EqualFold(s, l.String()) || strings.EqualFold(s, l.Letter()) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("checks: %w: %q; use debug, info, warning, error or critical", ErrLevel, s)
}
