package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Times and durations that are counted back from now.
func TestHandlerMoments(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 3, 1, 12, 0, 0, 500_000_000, time.FixedZone("", 7200)) // 10:00 UTC
	for text, want := range map[string]string{
		"2017-01-01T00:00:00Z":                 "2017-01-01T00:00:00Z",
		"2017-01-01t01:00:00.1234567891+01:00": "2017-01-01T00:00:00.123456789Z",
		"2017-01-01T00:00:00 05:30":            "2016-12-31T18:30:00Z",
		"2017-01-01T00:00:00-05:30":            "2017-01-01T05:30:00Z",
		"PT0S":                                 "2024-03-01T10:00:00.5Z",
		"PT0.25S":                              "2024-03-01T10:00:00.25Z",
		"PT0,5S":                               "2024-03-01T10:00:00Z",
		"PT1M":                                 "2024-03-01T09:59:00.5Z",
		"PT36H":                                "2024-02-28T22:00:00.5Z",
		"P1D":                                  "2024-02-29T10:00:00.5Z",
		"P1W":                                  "2024-02-23T10:00:00.5Z",
		"P1M":                                  "2024-02-01T10:00:00.5Z",
		"P1Y":                                  "2023-03-01T10:00:00.5Z",
		"P1Y1M1W1DT1H1M1.5S":                   "2023-01-24T08:58:59Z",
	} {
		got, p := parseMoment(text, now)
		require.Nil(t, p, text)
		assert.Equal(t, want, got.UTC().Format(time.RFC3339Nano), text)
	}
}

// S-23.
func TestISODuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                       "PT0S",
		400 * time.Millisecond:  "PT0S",
		500 * time.Millisecond:  "PT1S",
		1499 * time.Millisecond: "PT1S",
		time.Minute:             "PT1M",
		time.Hour + time.Second: "PT1H1S",
		24 * time.Hour:          "P1D",
		(4*24+16)*time.Hour + 13*time.Minute + 46*time.Second:                        "P4DT16H13M46S",
		(4*24+16)*time.Hour + 13*time.Minute + 46*time.Second + 400*time.Millisecond: "P4DT16H13M46S",
		-36 * time.Hour: "-P1DT12H",
	} {
		assert.Equal(t, want, isoDuration(d), d)
	}
}
