package store_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

const newError = `{"name":"fresh","title":"Fresh","description":"It is new.","category":"DATA"}`

// S-07, and what is created is there at once, for another instance, too.
func TestHandlerCreates(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		a := newAPI(t, http.StripPrefix("/admin", writing(s)))
		r := a.do("POST", "/admin/errors/", newError)
		require.Equal(t, 201, r.Status, r.Body)
		e := decode[wireError](t, r)
		assert.Positive(t, e.ID)
		assert.Equal(t, []any{"fresh", "", "Fresh", "It is new.", "DATA", false, false, 0, 0},
			[]any{e.Name, e.Scope, e.Title, e.Description, e.Category, e.Builtin, e.Retryable, e.Status, e.ExitCode})
		assert.Equal(t, "/admin/errors/"+strconv.FormatInt(e.ID, 10)+"/", r.Header.Get("Location"))
		assert.Equal(t, r.Header.Get("Location"), e.Links.Self)
		item := a.get(r.Header.Get("Location"))
		assert.Equal(t, r.Body, item.Body)
		assert.Equal(t, item.Header.Get("ETag"), r.Header.Get("ETag"))
		assert.Equal(t, r.Body, newAPI(t, http.StripPrefix("/admin", store.Handler(d.other(t), nil))).get(e.Links.Self).Body)

		full := a.do("POST", "/admin/errors", `{"name":"Fu\u0308r","scope":"job <&>","title":"T","description":"a\nb","category":"ALGORITHM",`+
			`"should_be_retried":true,"status":503,"exit_code":9}`, "Content-Type", "Application/JSON; charset=UTF-8")
		require.Equal(t, 201, full.Status, full.Body)
		e = decode[wireError](t, full)
		assert.Equal(t, []any{"F\u00fcr", "job <&>", "T", "a\nb", "ALGORITHM", false, true, 503, 9},
			[]any{e.Name, e.Scope, e.Title, e.Description, e.Category, e.Builtin, e.Retryable, e.Status, e.ExitCode})
		assert.Equal(t, []string{e.Name}, wireNames(a.list("/admin/errors/?scope=job+%3C%26%3E&name=f%C3%9Cr")))
		assert.NotContains(t, full.Body, "<")
	})
}

// A name that differs by letter case or normalisation only is the same name.
func TestHandlerKeepsNamesUnique(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		require.NoError(t, s.SyncKinds(t.Context()))
		a := newAPI(t, writing(s))
		body := func(scope, name string) string {
			return fmt.Sprintf(`{"scope":%q,"name":%q,"title":"t","description":"d","category":"DATA"}`, scope, name)
		}
		assert.Equal(t, 201, a.do("POST", "/errors/", body("job", "Straße")).Status)
		for _, other := range [][2]string{{"job", "Straße"}, {"job", "STRASSE"}, {"job", "straße"}, {"", "not_found"}, {"", "NOT_FOUND"}} {
			r := a.do("POST", "/errors/", body(other[0], other[1]))
			code, fields := refused(t, r)
			assert.Equal(t, 409, r.Status, other)
			assert.Equal(t, "duplicate_item", code)
			assert.Equal(t, []string{"#/name duplicate"}, fields)
		}
		assert.Equal(t, 201, a.do("POST", "/errors/", body("other job", "straße")).Status)
		assert.Equal(t, 201, a.do("POST", "/errors/", body("job", "Caf\u00e9")).Status)
		assert.Equal(t, 409, a.do("POST", "/errors/", body("job", "CAFE\u0301")).Status)
	})
}

// S-09, and what else PATCH does: it changes what it names, of each kind of record what may change.
func TestHandlerUpdates(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		id     int // 1 own, 2 built-in, 3 built-in of the category SYSTEM, 4 own of that category
		body   string
		status int
		fields []string
	}{
		{"title", 1, `{"title":"New"}`, 200, nil},
		{"all", 1, `{"title":"T","description":"D","category":"DATA","should_be_retried":true,"status":500,"exit_code":8}`, 200, nil},
		{"zero values", 1, `{"title":"","description":"","should_be_retried":false,"status":0,"exit_code":0}`, 200, nil},
		{"nothing", 1, `{}`, 200, nil},
		{"unknown id", 99, `{"title":"New"}`, 404, nil},
		{"unknown category", 1, `{"category":"OTHER"}`, 400, []string{"#/category oneof"}},
		{"to SYSTEM", 1, `{"category":"SYSTEM"}`, 400, []string{"#/category oneof"}},
		{"a system record", 3, `{"title":"x","description":"y"}`, 400, []string{"#/title readonly", "#/description readonly"}},
		{"a system record's category", 3, `{"category":"DATA"}`, 400, []string{"#/category readonly"}},
		{"a system record's own values", 3, `{"category":"SYSTEM","title":"System","status":0}`, 200, nil},
		{"whether to retry a system record", 3, `{"should_be_retried":true}`, 200, nil},
		{"a built-in's category", 2, `{"category":"ALGORITHM"}`, 400, []string{"#/category readonly"}},
		{"a built-in's status and exit code", 2, `{"status":500,"exit_code":1}`, 400, []string{"#/status readonly", "#/exit_code readonly"}},
		{"a built-in's texts", 2, `{"title":"T","description":"D","category":"DATA","should_be_retried":false}`, 200, nil},
		{"a built-in's, mixed", 2, `{"category":"ALGORITHM","title":"\u0000"}`, 400, []string{"#/category readonly", "#/title invalid"}},
		{"an own system record", 4, `{"title":"x","description":"y","category":"DATA","status":400,"exit_code":1}`, 400,
			[]string{"#/category readonly", "#/status readonly", "#/exit_code readonly", "#/title readonly", "#/description readonly"}},
		{"read-only members", 1, `{"id":1,"name":"x","scope":"y","is_builtin":true,"created":"z","last_modified":1,"links":null}`, 400,
			[]string{"#/id readonly", "#/name readonly", "#/scope readonly", "#/is_builtin readonly", "#/created readonly",
				"#/last_modified readonly", "#/links readonly"}},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		for _, c := range cases {
			s := d.open(t)
			records, err := s.Save(t.Context(), c.name, []store.Entry{
				{Name: "own", Title: new("Own"), ExitCode: new(3)},
				{Name: "data", Category: new(fault.CategoryData)},
				{Name: "system", Title: new("System"), Category: new(fault.CategorySystem)},
				{Name: "own system", Category: new(fault.CategorySystem)},
			})
			require.NoError(t, err)
			id := int64(c.id)
			if c.id <= len(records) {
				id = records[c.id-1].ID
			}
			d.exec(t, "UPDATE polyfault_errors SET is_builtin = (name NOT LIKE 'own%'), version = version + 1")
			d.exec(t, "UPDATE polyfault_changes SET counter = counter + 1")
			a := newAPI(t, writing(d.other(t)))
			target := fmt.Sprintf("/errors/%d/", id)
			before := a.get(target)
			r := a.do("PATCH", target, c.body)
			assert.Equal(t, c.status, r.Status, "%s: %s", c.name, r.Body)
			after := a.get(target)
			if c.status == 200 {
				assert.Equal(t, r.Body, after.Body, c.name)
				assert.Equal(t, r.Header.Get("ETag"), after.Header.Get("ETag"), c.name)
				assertMerged(t, before.Body, c.body, after.Body)
				continue
			}
			_, fields := refused(t, r)
			assert.Equal(t, c.fields, fields, c.name)
			assert.Equal(t, before.Header.Get("ETag"), after.Header.Get("ETag"), c.name)
		}
	})
}

// assertMerged compares with RFC 7396; last_modified may grow.
func assertMerged(t *testing.T, before, patch, after string) {
	t.Helper()
	var want, got map[string]any
	require.NoError(t, json.Unmarshal([]byte(before), &want))
	require.NoError(t, json.Unmarshal([]byte(patch), &want)) // members at the top are put over the old ones
	require.NoError(t, json.Unmarshal([]byte(after), &got))
	assert.GreaterOrEqual(t, got["last_modified"], want["last_modified"])
	delete(want, "last_modified")
	delete(got, "last_modified")
	assert.Equal(t, want, got)
}
