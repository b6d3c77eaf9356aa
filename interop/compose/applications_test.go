package compose_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/polyfault/polyfault/interop/compose"
)

// Each part of an answer is compared, but for its date.
func TestDifferences(t *testing.T) {
	whole := func(edit func(a *compose.Answer)) compose.Answer {
		a := compose.Answer{Status: 200, Header: http.Header{"Allow": {"GET"}, "Date": {"today"}}, Body: "b"}
		edit(&a)
		return a
	}
	before, after := map[string]compose.Answer{}, map[string]compose.Answer{}
	for name, edit := range map[string]func(a *compose.Answer){
		"same": func(*compose.Answer) {}, "dated": func(a *compose.Answer) { a.Header.Set("Date", "tomorrow") },
		"status": func(a *compose.Answer) { a.Status = 201 }, "body": func(a *compose.Answer) { a.Body = "c" },
		"header": func(a *compose.Answer) { a.Header.Add("Allow", "PUT") }, "new header": func(a *compose.Answer) { a.Header.Set("Etag", "1") },
		"broken": func(a *compose.Answer) { a.Broken = http.ErrAbortHandler }, "twice": func(a *compose.Answer) { a.Rest = "x" },
	} {
		before[name], after[name] = whole(func(*compose.Answer) {}), whole(edit)
	}
	assert.Equal(t, []string{"body", "broken", "header", "new header", "status", "twice"}, compose.Differences(before, after))
}

// What is said of an application that has adopted us must hold.
func TestAdoptedSeesWhatIsWrong(t *testing.T) {
	ours := func() compose.Answer {
		return compose.Answer{Status: 409, Body: `{"DE":""}`, Header: http.Header{"Cache-Control": {"no-store"}, "Allow": {"GET"}}}
	}
	before := map[string]compose.Answer{"a": {Status: 409, Header: http.Header{"Allow": {"GET"}}}, "b": {Status: 200}}
	for name, c := range map[string]struct {
		edit  func(after map[string]compose.Answer)
		right bool
	}{
		"right":             {func(map[string]compose.Answer) {}, true},
		"a success changed": {func(after map[string]compose.Answer) { after["b"] = ours() }, false},
		"another status":    {func(after map[string]compose.Answer) { a := after["a"]; a.Status = 410; after["a"] = a }, false},
		"a header lost":     {func(after map[string]compose.Answer) { after["a"].Header.Del("Allow") }, false},
		"a leak":            {func(after map[string]compose.Answer) { a := after["a"]; a.Raw = compose.Canary; after["a"] = a }, false},
		"cached":            {func(after map[string]compose.Answer) { after["a"].Header.Set("Cache-Control", "public") }, false},
		"unchanged":         {func(after map[string]compose.Answer) { after["a"] = before["a"] }, false},
	} {
		after := map[string]compose.Answer{"a": ours(), "b": {Status: 200}}
		c.edit(after)
		complaints := failures(t, func(t testing.TB) { compose.Adopted(t, before, after, map[string]int{"a": 409}) })
		assert.Equal(t, c.right, len(complaints) == 0, name)
	}
}
