package fault_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

// A file cannot end the process nor keep it: it is counted before it is decoded. Each is filled up to the limit.
func TestHostileLocaleFiles(t *testing.T) {
	const limit = 1 << 20
	many := func(format string) string {
		var b strings.Builder
		for n := 0; b.Len() < limit-200; n++ {
			fmt.Fprintf(&b, format, n)
		}
		return b.String()
	}
	fill := func(s string) string { return strings.Repeat(s, (limit-200)/len(s)) }
	for name, content := range map[string]string{
		"a.toml":         "a = " + fill("["),
		"inline.toml":    "a = " + fill("{a="),
		"both.toml":      "a = " + fill("[{a="),
		"dotted.toml":    fill("a.") + "a = \"b\"",
		"header.toml":    "[" + fill("a.") + "a]",
		"quoted.toml":    fill("\"a\".") + "a = \"b\"",
		"lines.toml":     many("a%d = \"b\"\n"),
		"tables.toml":    many("[a%d]\nother = \"b\"\n"),
		"sub.toml":       many("[a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.b%d]\nother = \"b\"\n"),
		"arrays.toml":    fill("[[a]]\n"),
		"subarrays.toml": "[[a]]\n" + fill("[[a.b]]\n"),
		"list.toml":      "a = [" + fill("1,"),
		"strings.toml":   "a = [" + fill("\"\","),
		"tabs.toml":      "a = {" + many("a%d=1,"),
		"dots.toml":      "a = " + fill("1."),
		"long.toml":      "a = \"\"\"" + fill("\"\"\\\n"),
		"literal.toml":   "a = '''" + fill("''x"),
		"open.toml":      "a = \"" + fill("\\\""),
		"escapes.toml":   "a = \"" + fill("\\u0041") + "\"",
		"comments.toml":  fill("#[{.=\n"),
		"spaces.toml":    fill(" ") + "a",
		"equal.toml":     fill("="),
		"crs.toml":       fill("\r\n"),
		"key.toml":       fill("a") + " = \"b\"",
		"places.toml":    "a = \"" + fill("{{.A}}") + "\"",
		"openings.toml":  "a = \"" + fill("{{") + "\"",
		"action.toml":    "a = \"{{" + fill("x") + "}}\"",
		"texts.toml":     many("a%d = \"" + strings.Repeat("{{.A}}", 100) + "\"\n"),
		"steps.toml":     many("a%d.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c = \"b\"\n"),
		"a.json":         fill("["),
		"objects.json":   fill("{\"a\":"),
		"both.json":      fill("[{\"a\":"),
		"keys.json":      "{" + many("\"a%d\":\"b\",") + "\"b\":\"\"}",
		"entries.json":   "[" + many("{\"id\":\"a%d\",\"translation\":\"b\"},") + "{\"id\":\"b\",\"translation\":\"\"}]",
		"twice.json":     "{" + fill("\"a\":\"b\",") + "\"b\":\"\"}",
		"number.json":    "{\"a\":" + fill("1") + "}",
		"string.json":    "{\"a\":\"" + fill("\\u0041") + "\"}",
		"blank.json":     fill(" "),
	} {
		t.Run(name, func(t *testing.T) {
			_, ext, _ := strings.Cut(name, ".")
			for _, size := range []int{64 << 10, len(content)} {
				start := time.Now()
				fsys := files("active.de."+ext, content[:min(size, len(content))])
				_, err := fault.NewResponder(fault.WithLocales(fsys))
				assert.Less(t, time.Since(start), 8*time.Second)
				if err != nil {
					assert.Less(t, len(err.Error()), 3<<10, "an error can be read")
				}
				t.Log(size, time.Since(start), shortError(err))
			}
		})
	}
}

func shortError(err error) string {
	s := fmt.Sprint(err)
	return s[:min(len(s), 160)]
}
