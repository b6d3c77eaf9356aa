package negotiate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMediaType(t *testing.T) {
	offered := []string{"application/json", "application/problem+json", "text/html", "application/x.problem+json"}
	for _, c := range []struct{ rule, header, want string }{
		{"absent", "", "application/json"},
		{"anything", "*/*", "application/json"},
		{"exact", "application/problem+json", "application/problem+json"},
		{"letter case", "Application/Problem+JSON", "application/problem+json"},
		{"parameters of the type", "application/problem+json; charset=utf-8", "application/problem+json"},
		{"weights", "application/json;q=0.1, application/problem+json;q=0.2", "application/problem+json"},
		{"equal weights, offered order", "application/problem+json, application/json", "application/json"},
		{"specificity wins", "application/*, application/x.problem+json", "application/x.problem+json"},
		{"type range", "text/*", "text/html"},
		{"specific weight beats the range's", "application/*;q=0.9, application/json;q=0.1", "application/problem+json"},
		{"weight 0 refuses", "application/json;q=0, */*", "application/problem+json"},
		{"everything refused", "*/*;q=0", "application/json"},
		{"nothing known", "image/png, application/csv", "application/json"},
		{"vendor type", "application/vnd.x+json", "application/json"},
		{"suffix wildcard is no range", "application/*+json", "application/json"},
		{"browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"},
		{"junk", ";;;,,,/,*,=;q=,\x00", "application/json"},
		{"malformed weight drops the member", "text/html;q=x, application/problem+json;q=0.1", "application/problem+json"},
		{"comma in quotes", `text/plain;p="a, text/html", application/problem+json`, "application/problem+json"},
		{"quote without end", `text/plain;p="a, text/html`, "application/json"},
		{"oversized", strings.Repeat("a", 2000) + ",text/html", "application/json"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			assert.Equal(t, c.want, offered[MediaType(c.header, offered)], "Accept: %s", c.header)
		})
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() { MediaType("text/html,application/xml;q=0.9,*/*;q=0.8", offered) }))
}

func FuzzMediaType(f *testing.F) {
	offered := []string{"application/json", "application/problem+json"}
	for _, seed := range []string{"", "*/*", "application/*;q=0.5", `a/b;c="\`, ",;=\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if i := MediaType(header, offered); i < 0 || i >= len(offered) {
			t.Fatalf("%q: index %d", header, i)
		}
	})
}
