package store

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// moments have the form of RFC 3339, section 5.6, or of an ISO 8601 duration.
var (
	dateTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)
	duration = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?)?$`)

	// spacedSign is an offset whose "+" was not escaped: in a query that is a space.
	spacedSign = regexp.MustCompile(` (\d\d:\d\d)$`)
)

// maxMoment is how long a text for a moment may be.
const maxMoment = 64

// parseMoment reads a time, or a duration that is counted back from now.
func parseMoment(text string, now time.Time) (time.Time, *problem) {
	t, ok := time.Time{}, false
	switch {
	case len(text) > maxMoment:
	case strings.HasPrefix(text, "P"):
		t, ok = countedBack(text, now)
	default:
		t, ok = parseDateTime(text)
	}
	if year := t.UTC().Year(); !ok || year < 0 || year > 9999 {
		return time.Time{}, &problem{ruleDateTime, []fault.Attr{fault.Arg("Example", "2025-12-31T23:59:59Z")}, "it is no time of RFC 3339"}
	}
	if t.IsZero() {
		return t.Add(time.Microsecond), nil // filters take the zero time for none; nothing is between
	}
	return t, nil
}

func parseDateTime(text string) (time.Time, bool) {
	text = spacedSign.ReplaceAllString(strings.ToUpper(text), "+$1") // "t" and "z" are allowed
	if !dateTime.MatchString(text) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}

// countedBack is now less the ISO 8601 duration. Years and months are those of the calendar.
func countedBack(text string, now time.Time) (time.Time, bool) {
	parts := duration.FindStringSubmatch(text)
	if parts == nil || strings.HasSuffix(text, "P") || strings.HasSuffix(text, "T") {
		return time.Time{}, false
	}
	var n [7]int // years, months, weeks, days, hours, minutes, seconds
	for i := range n {
		if parts[i+1] == "" {
			continue
		}
		number, err := strconv.Atoi(parts[i+1])
		if err != nil || number > 1_000_000_000 { // far below where any sum overflows
			return time.Time{}, false
		}
		n[i] = number
	}
	t := now.UTC().AddDate(-n[0], -n[1], -7*n[2]-n[3])
	seconds := int64(n[4])*3600 + int64(n[5])*60 + int64(n[6])
	return time.Unix(t.Unix()-seconds, int64(t.Nanosecond())-nanoseconds(parts[8])).UTC(), true
}

// nanoseconds returns the fraction of a second that the digits behind the point are.
func nanoseconds(digits string) int64 {
	n, _ := strconv.ParseInt((digits + "000000000")[:9], 10, 64)
	return n
}

// isoDuration writes a duration as ISO 8601 has it, rounded to seconds: "P4DT16H13M46S"; "PT0S" for
// none. A negative one begins with "-".
func isoDuration(d time.Duration) string {
	sign, seconds := "", int64(d.Round(time.Second)/time.Second)
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	if seconds == 0 {
		return "PT0S"
	}
	text := sign + "P"
	for _, unit := range []struct {
		before, behind string
		seconds        int64
	}{{"", "D", 86400}, {"T", "H", 3600}, {"T", "M", 60}, {"T", "S", 1}} {
		n := seconds / unit.seconds
		if n == 0 {
			continue
		}
		seconds -= n * unit.seconds
		if unit.before != "" && !strings.Contains(text, unit.before) {
			text += unit.before
		}
		text += strconv.FormatInt(n, 10) + unit.behind
	}
	return text
}

// wireTime is how answers write a time: RFC 3339 in UTC, with microseconds.
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
