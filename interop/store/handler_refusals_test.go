package store_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// Every wrong parameter is named, all at once.
func TestHandlerRefusesParameters(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 251)
	cases := []struct {
		query string
		want  []string
	}{
		{"order=password", []string{"query order oneof"}},
		{"order=", []string{"query order oneof"}},
		{"order=--name", []string{"query order oneof"}},
		{"order=name,id", []string{"query order oneof"}},
		{"order=name&order=-name", []string{"query order unique"}},
		{"order=name;DROP TABLE polyfault_errors", []string{"query order oneof"}},
		{"category=data", []string{"query category oneof"}},
		{"category=", []string{"query category oneof"}},
		{"is_builtin=yes", []string{"query is_builtin boolean"}},
		{"is_builtin=", []string{"query is_builtin boolean"}},
		{"page=0", []string{"query page min"}},
		{"page=-1", []string{"query page min"}},
		{"page=1000000001", []string{"query page max"}},
		{"page=99999999999999999999", []string{"query page max"}},
		{"page=-99999999999999999999", []string{"query page min"}},
		{"page=1.5", []string{"query page integer"}},
		{"page=", []string{"query page integer"}},
		{"page=-", []string{"query page integer"}},
		{"page=1_0", []string{"query page integer"}},
		{"page=%D9%A3", []string{"query page integer"}},
		{"page_size=0", []string{"query page_size min"}},
		{"page_size=1001", []string{"query page_size max"}},
		{"page_size=1000000000", []string{"query page_size max"}},
		{"page_size=abc", []string{"query page_size integer"}},
		{"page=1&page=1", []string{"query page unique"}},
		{"name=", []string{"query name required"}},
		{"name=a%00b", []string{"query name invalid"}},
		{"name=%ff", []string{"query name invalid"}},
		{"name=" + long, []string{"query name max.string"}},
		{"scope=%00", []string{"query scope invalid"}},
		{"scope=%ff", []string{"query scope invalid"}},
		{"scope=" + long, []string{"query scope max.string"}},
		{"scope=%zz", []string{"query scope invalid"}},
		{"%zz=1", []string{"query %zz invalid"}},
		{"nonsense=1", []string{"query nonsense unknown_field"}},
		{"Name=data", []string{"query Name unknown_field"}},
		{"=x", []string{"query  unknown_field"}},
		{"started=2017-01-01T00:00:00", []string{"query started datetime"}},
		{"started=2017-01-01", []string{"query started datetime"}},
		{"started=20170101T000000Z", []string{"query started datetime"}},
		{"started=2017-01-01T00:00:00+0200", []string{"query started datetime"}},
		{"started=2017-01-01T00:00:00%2B24:00", []string{"query started datetime"}},
		{"started=2017-02-30T00:00:00Z", []string{"query started datetime"}},
		{"started=2017-01-01T25:00:00Z", []string{"query started datetime"}},
		{"started=2017-01-01T0:00:00Z", []string{"query started datetime"}},
		{"started=2017-01-01T00:00:00,5Z", []string{"query started datetime"}},
		{"started=1483228800", []string{"query started datetime"}},
		{"started=", []string{"query started datetime"}},
		{"started=0000-01-01T00:00:00%2B01:00", []string{"query started datetime"}},
		{"ended=9999-12-31T23:59:59-01:00", []string{"query ended datetime"}},
		{"ended=2017-01-01T00:00:00." + strings.Repeat("0", 60) + "Z", []string{"query ended datetime"}},
		{"ended=P", []string{"query ended datetime"}},
		{"ended=P1DT", []string{"query ended datetime"}},
		{"ended=1D", []string{"query ended datetime"}},
		{"ended=-P1D", []string{"query ended datetime"}},
		{"ended=P-1D", []string{"query ended datetime"}},
		{"ended=P1.5D", []string{"query ended datetime"}},
		{"ended=P1D2Y", []string{"query ended datetime"}},
		{"ended=p1d", []string{"query ended datetime"}},
		{"ended=P3000Y", []string{"query ended datetime"}},
		{"ended=P99999999999999999999Y", []string{"query ended datetime"}},
		{"ended=PT999999999H", []string{"query ended datetime"}},
		{"ended=PT5124095576030432H", []string{"query ended datetime"}}, // 2^64 seconds and an hour
		{"ended=P9999999W", []string{"query ended datetime"}},
		{"ended=P9999999D", []string{"query ended datetime"}},
		{"ended=P9999999M", []string{"query ended datetime"}},
		{"ended=1h", []string{"query ended datetime"}},
		{"started=2017-01-01T00:00:00Z&ended=2017-01-01T00:00:00Z", []string{"query ended gtfield.time"}},
		{"started=2017-01-01T01:00:00%2B01:00&ended=2017-01-01T00:00:00Z", []string{"query ended gtfield.time"}},
		{"started=2017-01-02T00:00:00Z&ended=2017-01-01T00:00:00Z", []string{"query ended gtfield.time"}},
		{"started=PT0S&ended=PT0S", []string{"query ended gtfield.time"}},
		{"started=PT1H&ended=PT1H&page=1000000001&page_size=1001", []string{"query page max", "query page_size max", "query ended gtfield.time"}},
		{"page=x&page_size=0&order=a&order=name&is_builtin=2&category=c&scope=%00&name=%00&started=a&ended=b&x=y&x=z", []string{
			"query page integer", "query page_size min", "query order oneof", "query is_builtin boolean", "query category oneof",
			"query scope invalid", "query name invalid", "query started datetime", "query ended datetime", "query x unknown_field",
		}},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		a := newAPI(t, store.Handler(fillThree(t, d), nil))
		for _, c := range cases {
			target := "/errors/?" + strings.ReplaceAll(c.query, " ", "%20")
			r := a.get(target)
			code, fields := refused(t, r)
			assert.Equal(t, 400, r.Status, target)
			assert.Equal(t, "bad_param_value", code, target)
			assert.Equal(t, c.want, fields, target)
			assert.Equal(t, r.Status, a.do(http.MethodHead, target, "").Status, target)
		}
	})
	a := newAPI(t, writing(fillThree(t, newSQLite(t))))
	for _, r := range []reply{
		a.get("/errors/1/?page=1"), a.get("/logs/1/?code=a"),
		a.do("POST", "/errors/?page=1", newError), a.do("PATCH", "/errors/1/?page=1", "{}"),
	} {
		_, fields := refused(t, r)
		assert.Equal(t, 400, r.Status)
		assert.Subset(t, []string{"query page unknown_field", "query code unknown_field"}, fields)
	}
}

// A thousand wrong parameters are one answer of bounded size.
func TestHandlerBoundsRefusals(t *testing.T) {
	t.Parallel()
	a := newAPI(t, store.Handler(newSQLite(t).open(t), nil))
	r := a.get("/errors/?order=name" + strings.Repeat("&order=x", 10_000))
	assert.Equal(t, 400, r.Status)
	var query strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&query, "&p%d=1", i)
	}
	r = a.get("/errors/?" + query.String())
	assert.Equal(t, 400, r.Status)
	assert.Less(t, len(r.Body), 64<<10)
}

// Bodies that say nothing sensible: each wrong member is named, by POST and, where it differs, by PATCH.
func TestHandlerRefusesBodies(t *testing.T) {
	t.Parallel()
	with := func(member string) string { return strings.TrimSuffix(newError, "}") + "," + member + "}" }
	cases := []struct {
		name, method, body string
		code               string
		fields             []string
	}{
		{"nothing", "POST", ` `, "invalid_json", nil},
		{"no JSON", "POST", `{"name":`, "invalid_json", nil},
		{"two values", "POST", newError + `{}`, "invalid_json", nil},
		{"a comment", "POST", newError + `// x`, "invalid_json", nil},
		{"null", "PATCH", `null`, "invalid_json", []string{"# type"}},
		{"a list", "PATCH", `[]`, "invalid_json", []string{"# type"}},
		{"a text", "PATCH", `"x"`, "invalid_json", []string{"# type"}},
		{"deep", "PATCH", strings.Repeat("[", 20_000), "invalid_json", nil},
		{"deep, closed", "PATCH", `{"title":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `}`, "invalid_json", []string{"#/title type"}},
		{"no members", "POST", `{}`, "mandatory_attributes_missing",
			[]string{"#/name required", "#/title required", "#/description required", "#/category required"}},
		{"nulls", "POST", `{"name":null,"title":"t","description":null,"category":"DATA"}`, "mandatory_attributes_missing",
			[]string{"#/name required", "#/description required"}},
		{"nulls, optional", "POST", with(`"scope":null,"status":null,"should_be_retried":null`), "validation_failed",
			[]string{"#/scope type", "#/status type", "#/should_be_retried type"}},
		{"null for a title", "PATCH", `{"title":null}`, "validation_failed", []string{"#/title type"}},
		{"unknown members", "POST", with(`"a":1,"b/~":2`), "superfluous_attributes_in_request", []string{"#/a unknown_field", "#/b~1~0 unknown_field"}},
		{"another letter case", "POST", with(`"Status":400`), "superfluous_attributes_in_request", []string{"#/Status unknown_field"}},
		{"wrong types", "POST", `{"name":1,"title":true,"description":{},"category":[],"scope":2.5,"should_be_retried":"true","status":"400","exit_code":1.5}`, "invalid_json",
			[]string{"#/name type", "#/title type", "#/description type", "#/category type", "#/scope type", "#/should_be_retried type",
				"#/status type", "#/exit_code type"}},
		{"twice", "PATCH", `{"title":"a","title":"a"}`, "validation_failed", []string{"#/title unique"}},
		{"twice, in two cases", "PATCH", `{"title":"a","TITLE":"b"}`, "superfluous_attributes_in_request", []string{"#/TITLE unknown_field"}},
		{"three times", "PATCH", `{"title":"a","title":"a","title":"a"}`, "validation_failed", []string{"#/title unique"}},
		{"wrong UTF-8", "PATCH", "{\"title\":\"\xff\"}", "invalid_json", []string{"# invalid"}},
		{"NUL", "PATCH", "{\"title\":\"\x00\"}", "invalid_json", nil},
		{"values", "POST", `{"name":"a\u0000","scope":"\u0007","title":"` + strings.Repeat("ä", 51) +
			`","description":"` + strings.Repeat("x", 251) +
			`","category":"SYSTEM","status":399,"exit_code":256}`, "validation_failed",
			[]string{"#/name invalid", "#/scope invalid", "#/category not_allowed", "#/title max.string", "#/description max.string", "#/status min",
				"#/exit_code max"}},
		{"more values", "POST", `{"name":"","scope":"` + strings.Repeat("x", 251) + `","title":"\n","description":"\u0000","category":"","status":600,"exit_code":-1}`,
			"validation_failed",
			[]string{"#/name required", "#/scope max.string", "#/category oneof", "#/title invalid", "#/description invalid", "#/status max",
				"#/exit_code min"}},
		{"a long name", "POST", strings.ReplaceAll(newError, "fresh", strings.Repeat("n", 51)), "validation_failed",
			[]string{"#/name max.string"}},
		{"a spaced name", "POST", strings.ReplaceAll(newError, "fresh", " fresh"), "validation_failed", []string{"#/name invalid"}},
		{"built-in", "POST", with(`"is_builtin":true,"id":5`), "field_is_readonly", []string{"#/is_builtin readonly", "#/id readonly"}},
		{"built-in, and more", "POST", with(`"is_builtin":false,"status":1`), "validation_failed", []string{"#/is_builtin readonly", "#/status min"}},
		{"an exit code that is taken", "POST", with(`"scope":"type-1","exit_code":7`), "validation_failed", []string{"#/exit_code duplicate"}},
		{"a system error", "POST", strings.ReplaceAll(newError, `"DATA"`, `"SYSTEM"`), "validation_failed", []string{"#/category not_allowed"}},
		{"of each sort", "POST", `{"name":"\ud800","title":7,"category":"SYSTEM","status":399,"exit_code":null,"id":1,"x":2,"scope":"a","scope":"b"}`,
			"validation_failed", []string{"#/name invalid", "#/title type", "#/exit_code type", "#/id readonly", "#/x unknown_field",
				"#/scope unique", "#/description required", "#/category not_allowed", "#/status min"}},
		{"halves of characters", "PATCH", `{"title":"\uD83D","description":"\uDE00\uD83D"}`, "validation_failed",
			[]string{"#/title invalid", "#/description invalid"}},
		{"a half before an escape", "PATCH", `{"title":"\ud83d\n"}`, "validation_failed", []string{"#/title invalid"}},
		{"a large number", "PATCH", `{"status":1e400}`, "invalid_json", []string{"#/status type"}},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		a := newAPI(t, writing(fillThree(t, d)))
		for _, c := range cases {
			target := map[string]string{"POST": "/errors/", "PATCH": "/errors/1/"}[c.method]
			r := a.do(c.method, target, c.body)
			assert.Equal(t, 400, r.Status, c.name)
			code, fields := refused(t, r)
			assert.Equal(t, c.code, code, c.name)
			assert.Equal(t, c.fields, fields, c.name)
			assert.NotContains(t, r.Body, strings.Repeat("x", 251), c.name)
		}
		assert.Equal(t, 3, *a.list("/errors/").Count, "nothing was written")
	})
}

// Media types, sizes and codings.
func TestHandlerRefusesMedia(t *testing.T) {
	t.Parallel()
	a := newAPI(t, writing(fillThree(t, newSQLite(t))))
	for _, c := range []struct {
		method, mediaType, coding string
		status                    int
	}{
		{"POST", "", "", 415}, {"POST", "text/plain", "", 415}, {"POST", "application/x-www-form-urlencoded", "", 415},
		{"POST", "application/json;", "", 201}, {"POST", "application/json; charset=utf-16", "", 415},
		{"POST", "application/merge-patch+json", "", 415},
		{"POST", "application/json, text/plain", "", 415}, {"POST", "nonsense", "", 415}, {"POST", "application/json", "gzip", 415},
		{"PATCH", "application/merge-patch+json", "", 200}, {"PATCH", "application/json-patch+json", "", 415},
		{"PATCH", "application/json", "identity", 200},
	} {
		target, body := "/errors/", newError
		if c.method == "PATCH" {
			target, body = "/errors/1/", `{"title":"x"}`
		}
		r := a.do(c.method, target, body, "Content-Type", c.mediaType, "Content-Encoding", c.coding)
		assert.Equal(t, c.status, r.Status, c)
		if c.status != 415 {
			continue
		}
		if c.coding != "" {
			assert.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
			continue
		}
		accepted := map[string]string{"POST": "application/json", "PATCH": "application/json, application/merge-patch+json"}[c.method]
		assert.Equal(t, accepted, r.Header.Get("Accept"), c)
		assert.Equal(t, accepted, r.Header.Get("Accept-"+c.method[:1]+strings.ToLower(c.method[1:])), c)
	}
	for size, want := range map[int]int{64 << 10: 400, 64<<10 + 1: 413, 10 << 20: 413} {
		body := `{"title":"` + strings.Repeat("x", size-len(`{"title":""}`)) + `"}`
		r := a.do("PATCH", "/errors/1/", body)
		assert.Equal(t, want, r.Status, size)
	}
}

// What a client sends stays a value, in every filter and every member.
func TestHandlerInjection(t *testing.T) {
	t.Parallel()
	attacks := []string{
		`' OR '1'='1`, `'; DROP TABLE polyfault_errors; --`, `" OR ""="`, `1; DELETE FROM polyfault_errors`, `\'; --`, `%' OR 1=1 --`, `_`, `%`,
		`name) UNION SELECT 1,2,3 --`, `?`, `$1`, `${jndi:ldap://x}`, `x'||(SELECT sqlite_version())||'`, `') OR pg_sleep(9) --`, "a\\",
		`{{.}}`, `<script>`,
	}
	filters := []string{"started", "ended", "order", "is_builtin", "scope", "name", "category", "page", "page_size"}
	logFilters := []string{"started", "ended", "level", "code", "scope", "trace_id", "search", "before", "page_size"}
	eachDatabase(t, func(t *testing.T, d *database) {
		s := fillThree(t, d)
		a := newAPI(t, writing(s))
		try := func(list, filter, attack string) {
			r := a.get(list + "?" + filter + "=" + strings.NewReplacer(
				"%", "%25", " ", "%20", "&", "%26", "+", "%2B", "#", "%23", "\"", "%22",
				"\\", "%5C", "<", "%3C", ">", "%3E", "{", "%7B", "}", "%7D", "|", "%7C",
			).Replace(attack))
			switch filter {
			case "scope", "name", "code", "trace_id", "search":
				assert.Equal(t, 200, r.Status, "%s=%s", filter, attack)
				assert.Contains(t, r.Body, `"results":[]`, "%s=%s", filter, attack)
			default:
				_, fields := refused(t, r)
				assert.Len(t, fields, 1, "%s=%s", filter, attack)
				assert.Equal(t, 400, r.Status, "%s=%s", filter, attack)
			}
		}
		for _, attack := range attacks {
			for _, filter := range filters {
				try("/errors/", filter, attack)
			}
			for _, filter := range logFilters {
				try("/logs/", filter, attack)
			}
			quoted, err := json.Marshal(attack)
			require.NoError(t, err)
			body := fmt.Sprintf(`{"name":%s,"scope":%s,"title":%s,"description":%s,"category":"DATA"}`, quoted, quoted, quoted, quoted)
			r := a.do("POST", "/errors/", body)
			require.Equal(t, 201, r.Status, r.Body)
			e := decode[wireError](t, a.get(r.Header.Get("Location")))
			assert.Equal(t, []string{attack, attack, attack, attack}, []string{e.Name, e.Scope, e.Title, e.Description})
			assert.Equal(t, 200, a.get(*e.Links.Logs).Status, "the link leads somewhere")
		}
		assert.Equal(t, 3+len(attacks), *a.list("/errors/").Count)
	})
}

// Nobody can be handed a handler that fails later.
func TestHandlerRefusesWrongConfiguration(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "store: Handler: the store is nil; Open makes one", func() { store.Handler(nil, nil) })
	for _, base := range []string{
		"", "admin", "//host/admin", "ftp://host/", "https:///x", "/a?b", "/a#b", "https://h/%zz", "javascript:alert(1)",
	} {
		assert.Panics(t, func() { store.WithBaseURL(base) }, base)
	}
}
