package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

func TestDetailsErrIsNilWhileEmpty(t *testing.T) {
	var d fault.Details
	assert.True(t, d.Err(fault.Transformation) == nil, "a plain nil, no typed one")
	assert.NoError(t, (*fault.Details)(nil).Err(fault.Transformation))
	assert.NoError(t, d.AddError("x", nil).Err(fault.Transformation))
	assert.NoError(t, d.AddError("x", (*fault.Fault)(nil)).Err(fault.Transformation))
	assert.Error(t, d.Add("x", nil).Err(fault.Transformation))
}

func TestAllFailingAttributesAreAnsweredAtOnce(t *testing.T) {
	var d fault.Details
	d.AddText("date", `Unparseable date: "19.09.1991"`).
		AddText("taskUUID", `No task exists with uuid "bad-uuid"`).
		AddError("userID", fault.EntityNotFound)
	resp := responder(t).Respond(with(), d.Err(fault.Transformation))
	assert.Equal(t, 400, resp.Status)
	assert.Equal(t, []string{"DE", "EN", "FR", "PT", "code", "details"}, keys(t, resp.Body))
	details := decode(t, resp)["details"].(map[string]any)
	assert.Equal(t, map[string]any{"error": `Unparseable date: "19.09.1991"`}, details["date"])
	assert.Equal(t, map[string]any{"error": `No task exists with uuid "bad-uuid"`}, details["taskUUID"])
	assert.Equal(t, map[string]any{"error": map[string]any{
		"DE": "Das angeforderte Objekt existiert nicht.", "EN": "The requested object does not exist.",
		"FR": "L’objet demandé n’existe pas.", "PT": "O objeto solicitado não existe.",
	}}, details["userID"], "an error of ours is localized")
	assert.Less(t, strings.Index(string(resp.Body), `"date"`), strings.Index(string(resp.Body), `"taskUUID"`), "in order")
}

func TestErrTakesASnapshot(t *testing.T) {
	d := (&fault.Details{}).Add("a", 1)
	d.Add("b", 2)
	err := d.Err(fault.BadRequest)
	attr := fault.DetailsOf(d)
	d.Add("a", 9).Add("c", 3)
	assert.Equal(t, `{"a":1,"b":2}`, detailsOf(t, err))
	assert.Equal(t, `{"a":1,"b":2}`, detailsOf(t, fault.BadRequest.New(attr)))
	assert.Equal(t, `{"a":9,"b":2,"c":3}`, detailsOf(t, d.Err(fault.BadRequest)))
	assert.Equal(t, `{"x":0,"a":9,"b":2,"c":3}`,
		detailsOf(t, fault.BadRequest.New(fault.Detail("x", 0), fault.DetailsOf(d), fault.DetailsOf(nil))))
}

func TestANameAddedAgainReplacesTheValueInPlace(t *testing.T) {
	var d fault.Details
	want := make([]string, 0, 40)
	for i := range 40 { // beyond the size that is searched one by one
		d.Add(fmt.Sprintf("n%02d", i), "old")
	}
	for i := range 40 {
		d.Add(fmt.Sprintf("n%02d", i), i)
		want = append(want, fmt.Sprintf(`"n%02d":%d`, i, i))
	}
	assert.Equal(t, "{"+strings.Join(want, ",")+"}", detailsOf(t, d.Err(fault.BadRequest)))
	assert.Equal(t, `{"a":2}`, detailsOf(t, fault.BadRequest.New(fault.Detail("a", 1), fault.Detail("a", 2))))
}

func TestNilDetailsStartsAnew(t *testing.T) {
	var d *fault.Details
	assert.Equal(t, `{"a":1}`, detailsOf(t, d.Add("a", 1).Err(fault.BadRequest)))
}

func TestLocalizedEntries(t *testing.T) {
	r := responder(t,
		fault.WithLocales(files(
			"active.en.toml", "too_late = \"{{.Day}} is too late.\"\nmain = \"Main.\"",
			"active.de.toml", "main = \"Haupt.\"")),
		fault.WithMembers(fault.MemberCode, fault.MemberParams))
	err := fault.BadRequest.New(fault.Text("main"),
		fault.Detail("day", fault.Deadline.New(fault.Text("too_late"), fault.Arg("Day", "Monday"), fault.Detail("limit", 5))),
		fault.Detail("kind", fault.Gone),
		fault.Detail("wrapped", fmt.Errorf("w: %w", fault.Gone)),
		fault.Detail("bare", errors.New("never shown")))
	resp := r.Respond(with(), err)
	body := string(resp.Body)
	assert.Contains(t, body, `"day":{"error":{"EN":"Monday is too late."},"code":"deadline","params":{"Day":"Monday"},"details":{"limit":5}}`)
	assert.Contains(t, body,
		`"kind":{"error":{"DE":"Die angeforderte Ressource ist nicht mehr verfügbar.","EN":"The requested resource is no longer available."},"code":"gone"}`)
	assert.Contains(t, body, `"wrapped":{"error":{"DE":`)
	assert.Contains(t, body, `"bare":"(not encodable)"`)
	assertHeader(t, resp, "Content-Language", "de, en")

	resp = r.Respond(with("Accept", problemJSON, "Accept-Language", "de"), err)
	problem := decode(t, resp)
	assert.Equal(t, "en", problem["lang"], "German lacks one of the texts, so the whole response moves")
	assert.Equal(t, "Main.", problem["detail"])
	first := problem["errors"].([]any)[0].(map[string]any)
	assert.Equal(t, map[string]any{"detail": "Monday is too late.", "pointer": "#/day", "code": "deadline",
		"params": map[string]any{"Day": "Monday"}, "details": map[string]any{"limit": 5.0}}, first)
	assert.Equal(t, map[string]any{"bare": "(not encodable)"}, problem["details"])
	assertHeader(t, resp, "Content-Language", "en")

	require.NotContains(t, body, "never shown")
}

func TestEntriesOfEntriesEnd(t *testing.T) {
	err := fault.Gone.New(fault.Detail("x", 1))
	for range 50 {
		err = fault.Gone.New(fault.Detail("deeper", err))
	}
	body := decode(t, responder(t).Respond(with(), err))
	assert.NotEmpty(t, body["details"])
}

func TestPointersAreEscaped(t *testing.T) {
	err := fault.BadRequest.New(fault.Detail("a/b~c", fault.Gone), fault.Detail("", fault.Gone))
	errs := decode(t, responder(t).Respond(with("Accept", problemJSON), err))["errors"].([]any)
	assert.Equal(t, "#/a~1b~0c", errs[0].(map[string]any)["pointer"])
	assert.Equal(t, "#/", errs[1].(map[string]any)["pointer"])
}

// What an error among the details is, is asked when the response is made, and its own text stays inside.
func TestErrorsAmongDetailsAreClassified(t *testing.T) {
	known := errors.New("known canary")
	calls := 0
	mapper := func(err error) *fault.Fault {
		if calls++; errors.Is(err, known) {
			return fault.DuplicateItem.New(fault.Arg("ID", 7))
		}
		return nil
	}
	var target struct{ Qty int }
	typed := json.Unmarshal([]byte(`{"Qty":"canary"}`), &target)
	var d fault.Details
	d.AddError("pq", errors.New("pq: canary")).AddError("known", fmt.Errorf("w canary: %w", known)).
		AddError("late", context.DeadlineExceeded).AddError("status", statusError(409)).AddError("ours",
		fault.Gone.Wrap(errors.New("below canary"))).
		AddError("kind", fault.TaskLocked).AddError("json", typed).AddError("reading", fault.Binding(io.EOF)).
		AddError("redirect", framework{status: 302, message: "canary"}).AddText("said", "as declared\r\nand \x00more")
	err := d.Err(fault.Transformation)
	r, log := logged(t, fault.WithMapper(mapper), fault.WithMembers(fault.MemberCode), fault.WithForeignMessages())
	resp := r.Respond(with(), err)
	details := decode(t, resp)["details"].(map[string]any)
	for name, code := range map[string]string{"pq": "bad_field_value", "known": "duplicate_item", "late": "gateway_timeout",
		"status": "conflict", "ours": "gone", "kind": "task_locked", "json": "invalid_json", "reading": "bad_field_value",
		"redirect": "bad_field_value"} {
		entry := details[name].(map[string]any)
		assert.Equal(t, code, entry["code"], name)
		assert.Len(t, entry["error"], 4, "in all languages: %s", name)
	}
	assert.Equal(t, map[string]any{"error": "as declared and \ufffdmore"}, details["said"])
	assert.NotContains(t, string(resp.Body), "canary")
	assert.Equal(t, 7, calls, "once for each error that is not ours")
	var causes map[string]string
	require.NoError(t, json.Unmarshal([]byte(log.only(t)["detail_causes"].(string)), &causes))
	assert.Equal(t, "pq: canary", causes["pq"])
	assert.Equal(t, "w canary: known canary", causes["known"])
	assert.Equal(t, "below canary", causes["ours"])
	assert.NotContains(t, causes, "kind")
	assert.NotContains(t, causes, "said")

	problem := r.Respond(with("Accept", problemJSON, "Accept-Language", "fr"), err)
	assert.NotContains(t, string(problem.Body), "canary")
	for _, e := range decode(t, problem)["errors"].([]any) {
		assert.NotEmpty(t, e.(map[string]any)["detail"])
	}
	assertHeader(t, problem, "Content-Language", "fr")
	inside := fault.Gone.New(fault.DetailsOf((&fault.Details{}).AddError("deep", errors.New("canary"))))
	assert.NotContains(t, string(r.Respond(with(), fault.Conflict.New(fault.Detail("outer", inside))).Body), "canary")
	mute := decode(t, r.Respond(with(), (&fault.Details{}).AddError("x", panickingError{}).AddError("file",
		http.ErrMissingFile).Err(fault.Gone)))
	assert.Equal(t, "gone", mute["code"])
	entries := mute["details"].(map[string]any)
	assert.Equal(t, "bad_field_value", entries["x"].(map[string]any)["code"])
	assert.Equal(t, "missing_attribute", entries["file"].(map[string]any)["code"], "what always means the request means it here, too")
}

func TestDetailCausesAreBounded(t *testing.T) {
	var d fault.Details
	for i := range 5000 {
		d.AddError(fmt.Sprint("n", i), errors.New(strings.Repeat("long ", 1000)))
	}
	r, log := logged(t)
	r.Respond(with(), d.Err(fault.Transformation))
	assert.Less(t, len(log.text()), 64<<10)
}

// holder and wrapper hold errors in their fields; described says itself how it reads.
type holder struct {
	Name  string
	Err   error
	Inner *holder `json:",omitempty"`
	Any   any
	skip  error
}

type exported struct{ Secret string }

func (*exported) Error() string { return "canary" }

type concrete struct {
	A int
	E *exported
}

type described struct{}

func (described) Error() string                { return "canary" }
func (described) MarshalText() ([]byte, error) { return []byte("as it says"), nil }

// An error anywhere inside of a value shows as a stand-in: neither its text nor its fields.
func TestErrorsInsideOfValues(t *testing.T) {
	boom := &exported{"canary"}
	const none = `"(not encodable)"`
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"error":               {boom, none},
		"in a map":            {map[string]any{"a": 1, "e": boom}, `{"a":1,"e":` + none + `}`},
		"in a map of errors":  {map[string]error{"e": boom, "f": nil}, `{"e":` + none + `,"f":null}`},
		"in a list":           {[]any{1, boom, []any{boom}}, `[1,` + none + `,[` + none + `]]`},
		"in a list of errors": {[]error{boom, nil, fault.Gone}, `[` + none + `,null,` + none + `]`},
		"in a field":          {holder{Name: "n", Err: boom, skip: boom}, `{"Name":"n","Err":` + none + `,"Any":null}`},
		"behind pointers": {&holder{Inner: &holder{Any: boom}},
			`{"Name":"","Err":null,"Inner":{"Name":"","Err":null,"Any":` + none + `},"Any":null}`},
		"in a list of structures": {[]holder{{Any: []error{boom}}}, `[{"Name":"","Err":null,"Any":[` + none + `]}]`},
		"in a map of structures": {map[int]holder{1: {Any: map[string]any{"x": boom}}},
			`{"1":{"Name":"","Err":null,"Any":{"x":` + none + `}}}`},
		"of its own type":            {concrete{1, boom}, none},
		"no error there":             {holder{Name: "n"}, `{"Name":"n","Err":null,"Any":null}`},
		"nil of its type":            {concrete{1, nil}, `{"A":1,"E":null}`},
		"one that says how it reads": {[]any{described{}}, `[` + none + `]`},
		"a key":                      {map[described]int{{}: 1}, none},
		"a kind":                     {map[string]any{"k": fault.TaskLocked}, `{"k":` + none + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, attr := range []fault.Attr{fault.Detail("x", c.value), fault.Arg("x", c.value)} {
				resp := responder(t, fault.WithMembers(fault.MemberParams)).Respond(with(), fault.Conflict.New(attr))
				var body struct{ Details, Params struct{ X json.RawMessage } }
				require.NoError(t, json.Unmarshal(resp.Body, &body))
				assert.JSONEq(t, c.want, string(append(body.Details.X, body.Params.X...)))
				assert.NotContains(t, string(resp.Body), "canary")
			}
		})
	}
	resp := responder(t, fault.WithLocales(files("active.en.toml", `x = "[{{.A}}]"`))).Respond(with(),
		fault.Gone.New(fault.Text("x"), fault.Arg("A", []any{"b", boom, bothStringAndError{}})))
	assert.Equal(t, "[b, , ]", decode(t, resp)["EN"])
}

type bothStringAndError struct{}

func (bothStringAndError) Error() string  { return "canary" }
func (bothStringAndError) String() string { return "canary" }
