package compose

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Place is where middleware may stand, beside the adapter's own.
type Place string

// The places, as the tables of docs/middleware.md say them.
const (
	AnyOrder Place = "any order"
	Outside  Place = "outside"
	Inside   Place = "inside"
	Not      Place = "not"
	Missing  Place = "–" // there is none for this framework, or the registries do not serve it
)

// Has reports whether the middleware may stand at the place.
func (p Place) Has(at Place) bool { return p == at || p == AnyOrder }

// Documented are the places that the first table below a heading of docs/middleware.md gives to middleware, by its name in the
// first column; column counts from the one after that.
func Documented(t testing.TB, heading string, column int) map[string]Place {
	t.Helper()
	text, err := os.ReadFile("../../docs/middleware.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	require.True(t, found, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	_, table, _ := strings.Cut(section, "\n|--")
	places := map[string]Place{}
	for line := range strings.Lines(table) {
		switch cells := strings.Split(line, "|"); {
		case strings.HasPrefix(line, "|"):
			places[strings.TrimSpace(cells[1])] = Place(strings.TrimSpace(cells[column+1]))
		case len(places) > 0:
			return places
		}
	}
	return places
}
