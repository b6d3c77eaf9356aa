package fault_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

// With the type about:blank a title is that of the status that is sent (RFC 9457, section 4.2.1), unless the application
// has one; with another type it is the kind's.
func TestTitlesOfProblems(t *testing.T) {
	own := fault.WithLocales(files("active.en.toml", "x = \"x\"\n\"task_locked.title\" = \"Hands off\"\n\"test_titled.title\" = \"Paid\"",
		"active.de.toml", `x = "x"`))
	titled := derived(fault.Conflict, fault.Spec{Code: "test_titled", Text: "x"})
	_ = derived(titled, fault.Spec{Code: "test_titled_child", Text: "test_titled"})
	child, _ := fault.KindByCode("test_titled_child")
	typed := fault.WithFormats(fault.Problem{TypeBase: "https://errors.example/"})
	for _, c := range []struct {
		name   string
		opts   []fault.Option
		err    error
		accept string
		want   string
	}{
		{"of the status", nil, fault.TaskLocked, "en", "Locked"},
		{"in another language", nil, fault.TaskLocked, "de", "Gesperrt"},
		{"in English of a country", nil, fault.TaskLocked, "en-GB", "Locked"},
		{"of the status that is sent", []fault.Option{fault.WithStatus(fault.Locked, 409)}, fault.TaskLocked, "en", "Conflict"},
		{"of a foreign status", nil, statusError(451), "en", "Unavailable For Legal Reasons"},
		{"of a status beside", nil, statused{fault.Binding(violations{{"a"}}), 422}, "en", "Unprocessable Content"},
		{"an older phrase", nil, fault.ContentTooLarge, "en", "Content Too Large"},
		{"another one", nil, fault.URITooLong, "en", "URI Too Long"},
		{"and another", nil, fault.RangeNotSatisfiable, "en", "Range Not Satisfiable"},
		{"the application's", []fault.Option{own}, fault.TaskLocked, "en", "Hands off"},
		{"the application's, in another language", []fault.Option{own}, fault.TaskLocked, "de", "Gesperrt"},
		{"the kind's type", []fault.Option{typed}, fault.TaskLocked, "en", "Task locked"},
		{"the kind's type, the status moved", []fault.Option{typed, fault.WithStatus(fault.Locked, 409)}, fault.TaskLocked, "en", "Task locked"},
		{"an application's kind without one", nil, derived(fault.Locked, fault.Spec{Code: "test_untitled", Status: 409}), "en", "Conflict"},
		{"an own kind's", []fault.Option{own}, child, "en", "Paid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problem := decode(t, responder(t, c.opts...).Respond(with("Accept", problemJSON, "Accept-Language", c.accept), c.err))
			assert.Equal(t, c.want, problem["title"])
		})
	}
	r := responder(t)
	seen := 0
	for status := 400; status < 600; status++ {
		title := decode(t, r.Respond(with("Accept", problemJSON, "Accept-Language", "en"), statusError(status)))["title"]
		assert.NotEmpty(t, title, status)
		if k := fault.KindByStatus(status); k.Status() != status {
			assert.Contains(t, []any{"Request error", "Server error", "Not Extended"}, title, status)
		} else if phrase := http.StatusText(status); phrase != "" && status != 413 && status != 414 && status != 416 && status != 422 {
			seen++
			assert.Equal(t, phrase, title)
		}
	}
	assert.Greater(t, seen, 30)
	gone := decode(t, r.Respond(with("Accept", problemJSON, "Accept-Language", "en"), statusError(499)))
	assert.Equal(t, "Request cancelled", gone["title"], "a status without a phrase has a neutral one")
}
