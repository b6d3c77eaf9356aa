package formats_test

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
)

// placeNames are names that JSON allows and that notations of paths have a use for.
var placeNames = []string{
	"qty", "", "a.b", "a/b", "~", "~1", "~0", "[0]", "0", "-", "ü", "日本", "a b", "%41", "#", "?", "&", "<", "\"", "\\", "\x00", "\n",
	"\u2028", "\ufffd", "$ref", "^", "{}", "a|b", "items[0].qty", "+", "'", "`",
}

// A pointer that a format writes leads, read by the rules of RFC 6901, to the member that was meant and to no other.
func TestPointersOfAnyName(t *testing.T) {
	inProblem, inAPI := placeResponder(t, fault.Problem{}), placeResponder(t, formats.JSONAPI{})
	for _, name := range placeNames {
		for _, other := range placeNames {
			want := []string{name, "0", other}
			pointer := ""
			for _, step := range want {
				pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
			}
			err := fault.ValidationFailed.New(fault.Field(fault.InBody(pointer), "min", fault.Arg("Limit", 1)))

			var problem struct{ Errors []struct{ Pointer string } }
			bodyAs(t, inProblem, err, &problem)
			fragment := problem.Errors[0].Pointer
			u, invalid := url.Parse("http://x/" + fragment)
			require.NoError(t, invalid, fragment)
			assert.Equal(t, want, stepsOf(u.Fragment), fragment)
			assert.Equal(t, -1, strings.IndexFunc(fragment,
				func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"\\^`{|}", r) }), fragment)

			var api struct {
				Errors []struct{ Source struct{ Pointer string } }
			}
			bodyAs(t, inAPI, err, &api)
			assert.Equal(t, want, stepsOf(api.Errors[1].Source.Pointer))
		}
	}
}

// Two places of one notation stay two errors, in every format.
func TestPlacesOfOneNotation(t *testing.T) {
	err := fault.ValidationFailed.New(
		fault.Field(fault.InBody("/a/b"), "min", fault.Arg("Limit", 1)), fault.Field(fault.InBody("/a.b"), "min", fault.Arg("Limit", 2)))
	for _, format := range []fault.Format{fault.Multilingual{}, fault.Problem{}, formats.Envelope{}, formats.WebAPI{},
		formats.RPCStatus{}, formats.JSONAPI{}, formats.Text{}, formats.HTML{}} {
		body := string(placeResponder(t, format).Respond(ask(), err).Body)
		assert.Contains(t, body, "at least 1", "%T", format)
		assert.Contains(t, body, "at least 2", "%T", format)
	}
}

func placeResponder(t *testing.T, format fault.Format) *fault.Responder {
	t.Helper()
	r, invalid := fault.NewResponder(fault.WithLocales(own), fault.WithFormats(format), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, invalid)
	return r
}

func bodyAs(t *testing.T, r *fault.Responder, err error, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(r.Respond(ask(), err).Body, v))
}

// stepsOf reads a JSON Pointer as RFC 6901, section 4, says.
func stepsOf(pointer string) []string {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, step := range steps {
		steps[i] = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
	}
	return steps
}
