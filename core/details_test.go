package fault_test

import (
	"errors"
	"fmt"
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
	d.AddError("date", errors.New(`Unparseable date: "19.09.1991"`)).
		AddError("taskUUID", errors.New(`No task exists with uuid "bad-uuid"`)).
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
