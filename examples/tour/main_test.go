package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden tour")

const golden = "testdata/tour.txt"

func TestTour(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, false))
	if *update {
		require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o600))
		t.Skip("rewritten")
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), out.String())
	for _, s := range steps {
		assert.Contains(t, out.String(), s.headline)
	}
}

func TestTheTourNoticesAWrongAnswer(t *testing.T) {
	old := steps
	defer func() { steps = old }()
	steps = []step{{headline: "impossible", method: "GET", path: "/bookings", status: 418}}
	assert.ErrorContains(t, run(&bytes.Buffer{}, false), "instead of 418")
	steps = []step{{headline: "impossible", method: "GET", path: "/bookings", status: 200, says: "no such text"}}
	assert.ErrorContains(t, run(&bytes.Buffer{}, false), `without "no such text"`)
}

func TestColours(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, true))
	assert.Equal(t, len(steps), strings.Count(out.String(), "\x1b[1m"))
}
