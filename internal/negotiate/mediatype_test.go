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

// What browsers, programs and hostile clients ask of pages that are there in three types.
func TestMediaTypeOfPages(t *testing.T) {
	const html, json, markdown = "text/html", "application/json", "text/markdown"
	offered := []string{html, json, markdown}
	for _, c := range []struct{ accept, want string }{
		{"", html},
		{"*/*", html},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", html},
		{"application/json", json},
		{"Application/JSON", json},
		{"application/*", json},
		{"text/markdown", markdown},
		{"text/*", html},
		{"text/html;q=0.5, text/markdown", markdown},
		{"text/html;q=0, text/*", markdown},
		{"text/*;q=0.5, application/json;q=0.4", html},
		{"*/*;q=0.9, application/json;q=0.9", json},
		{"application/json;q=0.001, text/html;q=0", json},
		{"application/json;q=x, text/markdown;q=0.1", markdown},
		{`application/json;x="a,text/markdown;q=0.9";q=0.2, text/markdown;q=0.1`, json},
		{"image/png", html},
		{"text/html;q=0", html},
		{"text/html;q=2, application/json;q=1.0000", html},
		{"application/json;q=-1, text/markdown;q=.5", markdown},
		{"application/json;q=0.0009", html},
		{strings.Repeat("a/b,", 300) + "application/json", html},
		{strings.Repeat("a/b,", 32) + "application/json", html},
		{strings.Repeat("a/b,", 31) + "application/json", json},
		{",,;;,application/json", json},
		{"application/json;q=0.9, application/json;q=0.3, text/html;q=0.5", json},
		{"application/json;q=0.3, application/json;q=0.9, text/html;q=0.5", json},
		{strings.Repeat("x", 1024-len(",application/json")) + ",application/json-seq", html},
		{`a/b;x="\",application/json", text/markdown`, markdown},
		{"text/markdown;q=5, text/html", html},
		{"/*", html}, {"text/", html},
	} {
		assert.Equal(t, c.want, offered[MediaType(c.accept, offered)], c.accept)
	}
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
