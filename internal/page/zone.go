package page

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// A zone is the time zone in which the reader wants to see times. The zero zone is UTC.
type zone struct {
	location *time.Location
	name     string // as the URL names it; "" for UTC and for what is no zone
	wrong    string // what the URL names and is no zone
}

// zoneParameter is the parameter of URLs that names the time zone.
const zoneParameter = "zone"

// maxZone is how long the name of a time zone may be.
const maxZone = 64

// offset is a difference from UTC, such as "+05:30", "-3" and "UTC+1". Without a sign it is "+".
var offset = regexp.MustCompile(`^(?i:UTC|GMT)?([+\-−]?)(\d{1,2})(?::?([0-5]\d))?$`)

// ReadZone takes the time zone that the parameter "zone" of the URL names: a name of the IANA database, or a difference from
// UTC. Pages without it show UTC. It reports whether the parameter is missing, or names a zone.
func (v *Visit) ReadZone() bool {
	name := v.Query(zoneParameter)
	location, ok := locationOf(name)
	switch {
	case !ok:
		v.zone.wrong = name
	case location != time.UTC:
		v.zone = zone{location: location, name: location.String()}
	}
	return ok
}

func locationOf(name string) (*time.Location, bool) {
	if name == "" || strings.EqualFold(name, "UTC") {
		return time.UTC, true
	}
	if parts := offset.FindStringSubmatch(name); parts != nil { // in a query "+" is a space, and lost
		return offsetOf(parts)
	}
	if len(name) > maxZone || strings.EqualFold(name, "Local") { // that would be the server's
		return nil, false
	}
	location, err := time.LoadLocation(name)
	return location, err == nil
}

// offsetOf returns the zone of a difference from UTC, which is below 15 hours everywhere.
func offsetOf(parts []string) (*time.Location, bool) {
	hours, _ := strconv.Atoi(parts[2])
	minutes, _ := strconv.Atoi(parts[3])
	seconds := (hours*60 + minutes) * 60
	if seconds > 14*60*60 {
		return nil, false
	}
	sign := "+"
	if parts[1] != "+" && parts[1] != "" {
		sign, seconds = "-", -seconds
	}
	if seconds == 0 {
		return time.UTC, true
	}
	return time.FixedZone(sign+twoDigits(hours)+":"+twoDigits(minutes), seconds), true
}

func twoDigits(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

// Location returns the reader's time zone.
func (v *Visit) Location() *time.Location {
	if v.zone.location == nil {
		return time.UTC
	}
	return v.zone.location
}

// ChosenZone returns the name of the time zone that the URL names; "" for UTC.
func (v *Visit) ChosenZone() string { return v.zone.name }

// A ZoneForm is what the template "zone" shows: the choice of the time zone.
type ZoneForm struct {
	Words  Words
	Name   string // of the zone in use
	Value  string // of the field
	Wrong  string // what is wrong with the value
	Others []Parameter
	Zones  []string
}

// A Parameter is one of the URL.
type Parameter struct{ Name, Value string }

// Zone returns the form that chooses the time zone and leaves the rest of the page as it is.
func (v *Visit) Zone() ZoneForm {
	f := ZoneForm{Words: v.Words, Name: v.Location().String(), Zones: commonZones}
	f.Value = f.Name
	if v.zone.wrong != "" {
		f.Value = Line(v.zone.wrong)
		f.Wrong = v.text("rule.timezone", fault.Arg("Field", v.T("zone")))
	}
	for _, name := range slices.Sorted(maps.Keys(v.query)) {
		if name == zoneParameter {
			continue
		}
		for _, value := range v.query[name] {
			f.Others = append(f.Others, Parameter{name, value})
		}
	}
	return f
}

// Times returns the sentence that tells the time zone.
func (v *Visit) Times() string {
	if v.zone.name == "" {
		return v.T("utc")
	}
	return v.Say("times", fault.Arg("Zone", v.zone.name))
}

// commonZones are suggestions: one or two of each difference from UTC, by the names of the IANA database.
var commonZones = []string{
	"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Anchorage", "America/Bogota",
	"America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
	"America/Sao_Paulo", "America/St_Johns", "Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta",
	"Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai",
	"Asia/Singapore", "Asia/Tashkent", "Asia/Tehran", "Asia/Tokyo", "Atlantic/Azores", "Australia/Adelaide", "Australia/Perth",
	"Australia/Sydney", "Europe/Athens", "Europe/Berlin", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London",
	"Europe/Madrid", "Europe/Moscow", "Europe/Paris", "Europe/Warsaw", "Pacific/Auckland", "Pacific/Honolulu",
}

// A Time is a moment as the template "time" shows it.
type Time struct{ Machine, Date, Clock, Zone string }

// Time returns t in the reader's time zone, to the second; nil for the zero time.
func (v *Visit) Time(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	local, name := t.In(v.Location()), "UTC"
	if v.zone.name != "" {
		name = local.Format("-07:00")
	}
	return &Time{t.UTC().Format(time.RFC3339), local.Format(time.DateOnly), local.Format(time.TimeOnly), name}
}

// Hour returns the time of day of t in the reader's time zone: "14:00".
func (v *Visit) Hour(t time.Time) string { return t.In(v.Location()).Format("15:04") }
