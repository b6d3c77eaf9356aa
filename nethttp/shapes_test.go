package faulthttp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// A sent is what a server of somebody else sends, and what is to be understood of it.
type sent struct {
	name        string
	status      int
	contentType string
	body        string
	code        string
	text        string
	fields      []string // place, code and text
	details     []string // names
}

const (
	asJSON    = "application/json"
	asProblem = "application/problem+json"
)

var sentElsewhere = []sent{
	{"ASP.NET Core", 400, asProblem + "; charset=utf-8", `{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1",
		"title":"One or more validation errors occurred.","status":400,
		"errors":{"Id":["The Id field is required.","Too short."],"Items[2].Qty":["Too few."],"$.when":["No date."],"":["Nothing given."]},
		"traceId":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}`,
		"", "One or more validation errors occurred.",
		[]string{"#/Id  The Id field is required.", "#/Id  Too short.", "#/Items/2/Qty  Too few.", "#/when  No date.", "#  Nothing given."}, nil},
	{"ASP.NET Web API 2", 400, asJSON, `{"Message":"The request is invalid.","ModelState":{"order.Qty":["Too few."]}}`,
		"", "The request is invalid.", []string{"#/order/Qty  Too few."}, nil},
	{"Spring Boot", 400, asJSON, `{"timestamp":"2026-11-26T05:00:00.000+00:00","status":400,"error":"Bad Request",
		"message":"Validation failed",
		"errors":[{"codes":["NotNull.order.qty"],"arguments":[],"defaultMessage":"must not be null","objectName":"order","field":"items[0].qty",
		"rejectedValue":null,"bindingFailure":false,"code":"NotNull"}],"path":"/orders","trace":"java.lang.X at y"}`,
		"", "Validation failed", []string{"#/items/0/qty NotNull must not be null"}, []string{"timestamp", "path", "trace"}},
	{"Spring Boot without a message", 404, asJSON, `{"timestamp":"x","status":404,"error":"Not Found","path":"/orders"}`,
		"", "Not Found", nil, []string{"timestamp", "path"}},
	{"Spring's problem details", 400, asProblem,
		`{"type":"about:blank","title":"Bad Request","status":400,"detail":"Invalid request content.","instance":"/orders"}`,
		"", "Invalid request content.", nil, nil},
	{"Zalando", 400, asProblem, `{"type":"https://zalando.github.io/problem/constraint-violation","status":400,
		"violations":[{"field":"qty","message":"too few"}],
		"title":"Constraint Violation"}`, "", "Constraint Violation", []string{"#/qty  too few"}, nil},
	{"Quarkus", 400, asProblem, `{"status":400,"title":"Constraint violation","violations":[{"field":"x","in":"query","message":"too few"},
		{"field":"a.b","in":"body","message":"no"}]}`, "", "Constraint violation", []string{"query x  too few", "#/a/b  no"}, nil},
	{"Symfony", 422, asProblem, `{"type":"https://symfony.com/errors/validation","title":"Validation Failed","detail":"qty: too few",
		"violations":[{"propertyPath":"items[0].qty","message":"too few","code":"c1051bb4-d103-4f74-8988-acbcafc7fdc3"}]}`,
		"", "qty: too few", []string{"#/items/0/qty c1051bb4-d103-4f74-8988-acbcafc7fdc3 too few"}, nil},
	{"huma", 422, asProblem, `{"$schema":"https://x.example/schemas/ErrorModel.json","title":"Unprocessable Entity","status":422,
		"detail":"validation failed",
		"errors":[{"message":"expected number","location":"body.items[3].qty","value":"x"},{"message":"required","location":"query.page",
		"value":{}},
		{"message":"no","location":"header.X-A"},{"message":"all","location":"body"}]}`, "", "validation failed",
		[]string{"#/items/3/qty  expected number", "query page  required", "header X-A  no", "#  all"}, []string{"$schema"}},
	{"FastAPI", 422, asJSON, `{"detail":[{"type":"missing","loc":["body","items",0,"qty"],"msg":"Field required","input":{"secret":1},
		"url":"https://errors.pydantic.dev"},
		{"type":"int_parsing","loc":["query","page"],"msg":"no integer","input":"x","ctx":{"limit":3}},{"type":"json_invalid",
		"loc":["body",17],"msg":"JSON decode error"}]}`,
		"", "", []string{"#/items/0/qty missing Field required", "query page int_parsing no integer", "# json_invalid JSON decode error"}, nil},
	{"FastAPI, a text", 404, asJSON, `{"detail":"Item not found"}`, "", "Item not found", nil, nil},
	{"FastAPI, an object", 409, asJSON, `{"detail":{"code":"sold_out","message":"Sold out.","left":0}}`, "sold_out", "Sold out.", nil,
		[]string{"left"}},
	{"Django REST framework", 400, asJSON, `{"name":["This field is required."],"items":[{},{"qty":["Too few.","No."]}],
		"profile":{"age":["No number."],"non_field_errors":["Half."]},
		"non_field_errors":["Nothing."]}`, "", "", []string{"#/name  This field is required.", "#/items/1/qty  Too few.", "#/items/1/qty  No.",
		"#/profile/age  No number.", "#/profile  Half.", "#  Nothing."}, nil},
	{"Django REST framework, a detail", 403, asJSON, `{"detail":"Not allowed.","code":"token_not_valid"}`, "token_not_valid",
		"Not allowed.", nil, nil},
	{"drf-standardized-errors", 400, asJSON,
		`{"type":"validation_error","errors":[{"code":"required","detail":"Needed.","attr":"recipients.0.name"},
		{"code":"invalid","detail":"All wrong.","attr":null}]}`, "validation_error", "", []string{"#/recipients/0/name required Needed.",
			"# invalid All wrong."}, nil},
	{"JSON:API", 422, "application/vnd.api+json",
		`{"jsonapi":{"version":"1.1"},"errors":[{"id":"1","status":"422","code":"TOO_SHORT","title":"Too short",
		"source":{"pointer":"/data/attributes/title"}},
		{"status":"422","title":"Bad page","detail":"No number.","source":{"parameter":"page[size]"}},{"title":"No tenant",
		"source":{"header":"X-Tenant"}}]}`,
		"", "", []string{"#/data/attributes/title TOO_SHORT Too short", "query page[size]  No number.", "header X-Tenant  No tenant"}, nil},
	{"JSON:API, a title alone", 409, "application/vnd.api+json; ext=\"https://x.example\"",
		`{"errors":[{"status":"409","code":"SoldOut","title":"Sold out"}],"meta":{"left":0}}`,
		"sold_out", "Sold out", nil, []string{"left"}},
	{"Google", 400, asJSON, `{"error":{"code":400,"message":"Bad.","status":"INVALID_ARGUMENT","details":[
		{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"x"}},
		{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"order.items[0].qty","description":"Too few."}]},
		{"@type":"type.googleapis.com/google.rpc.Help","links":[{"url":"https://x.example"}]}]}}`, "api_key_invalid", "Bad.",
		[]string{"#/order/items/0/qty  Too few."}, []string{"google.rpc.Help"}},
	{"Google, older", 403, asJSON, `{"error":{"errors":[{"domain":"usageLimits","reason":"dailyLimitExceeded","message":"Daily limit."},
		{"domain":"global","reason":"required","message":"Needed.","locationType":"parameter","location":"max"}],"code":403,
		"message":"Daily limit."}}`,
		"daily_limit_exceeded", "Daily limit.", []string{"query max required Needed."}, []string{"domain"}},
	{"a gRPC gateway", 404, asJSON, `{"code":5,"message":"not here","details":[]}`, "", "not here", nil, nil},
	{"connect", 404, asJSON, `{"code":"not_found","message":"not here"}`, "not_found", "not here", nil, nil},
	{"Azure", 400, asJSON, `{"error":{"code":"BadArgument","message":"Several errors.","target":"ContactInfo","details":[
		{"code":"NullValue","target":"PhoneNumber","message":"Must not be null."}],"innererror":{"code":"X","innererror":{"code":"Y"}}}}`,
		"bad_argument", "Several errors.", []string{"#/PhoneNumber NullValue Must not be null.",
			"#/ContactInfo bad_argument Several errors."}, []string{"target", "innererror"}},
	{"Stripe", 402, asJSON, `{"error":{"type":"card_error","code":"card_declined","decline_code":"stolen_card",
		"message":"Your card was declined.","param":"card[number]",
		"doc_url":"https://stripe.com/docs"}}`, "card_declined", "Your card was declined.",
		[]string{"#/card/number card_declined Your card was declined."},
		[]string{"type", "decline_code", "param", "doc_url"}},
	{"OpenAI", 401, asJSON, `{"error":{"message":"Wrong key.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`,
		"invalid_api_key", "Wrong key.", nil, []string{"type", "param"}},
	{"ABP", 403, asJSON, `{"error":{"code":"App:010042","message":"Not valid.","details":"More.",
		"validationErrors":[{"message":"Needed.","members":["userName"]}]}}`,
		"app:010042", "Not valid.", []string{"#/userName  Needed."}, []string{"details"}},
	{"GitHub", 422, asJSON + "; charset=utf-8",
		`{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field"}],
		"documentation_url":"https://docs.github.com","status":"422"}`, "", "Validation Failed", []string{"#/title missing_field "},
		[]string{"documentation_url"}},
	{"GitHub, a text", 404, asJSON, `{"message":"Not Found","documentation_url":"https://docs.github.com","status":"404"}`, "",
		"Not Found", nil, []string{"documentation_url"}},
	{"Rails", 422, asJSON, `{"errors":{"name":["can't be blank"],"items.qty":["too few"],"base":["all wrong"]}}`,
		"", "", []string{"#/name  can't be blank", "#/items/qty  too few", "#  all wrong"}, nil},
	{"Rails, a list", 422, asJSON, `{"errors":["Name can't be blank","Qty is too few"]}`, "", "", []string{"#  Name can't be blank",
		"#  Qty is too few"}, nil},
	{"Rails, names alone", 422, asJSON, `{"name":["can't be blank"]}`, "", "", []string{"#/name  can't be blank"}, nil},
	{"Rails, the framework's", 404, asJSON, `{"status":404,"error":"Not Found"}`, "", "Not Found", nil, nil},
	{"Laravel", 422, asJSON, `{"message":"The name is required.","errors":{"name":["The name is required."],"items.0.qty":["Too few."]}}`,
		"", "The name is required.", []string{"#/name  The name is required.", "#/items/0/qty  Too few."}, nil},
	{"NestJS", 400, asJSON, `{"statusCode":400,"message":["qty must be positive"],"error":"Bad Request"}`, "", "Bad Request",
		[]string{"#  qty must be positive"}, nil},
	{"OAuth", 400, asJSON, `{"error":"invalid_grant","error_description":"The code is used."}`, "invalid_grant", "The code is used.", nil,
		nil},
	{"echo", 404, asJSON, `{"message":"Not here"}`, "", "Not here", nil, nil},
	{"AWS", 400, "application/x-amz-json-1.1", `{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"No table."}`,
		"validation_exception", "No table.", nil, nil},
	{"a number", 400, asJSON, `{"code":1001,"message":"No."}`, "1001", "No.", nil, nil},
	{"a list of errors", 400, asJSON, `{"errors":[{"code":34,"message":"No such page."}]}`, "34", "No such page.", nil, nil},
	{"djblets by number alone", 404, asJSON, `{"stat":"fail","err":{"code":100,"msg":"Object does not exist"}}`, "entity_not_found",
		"Object does not exist", nil, nil},
	{"djblets, another number", 404, asJSON, `{"stat":"fail","err":{"code":210,"msg":"No."}}`, "", "No.", nil, []string{"code"}},
	{"djblets, another type", 404, asJSON, `{"stat":"fail","err":{"code":210,"msg":"No.","type":"diff-empty"},"fields":{"path":["Gone."]}}`,
		"diff-empty", "No.", []string{"#/path  Gone."}, []string{"code"}},
	{"RFC 9457, section 3", 403, asProblem, `{"type":"https://example.com/probs/out-of-credit","title":"You do not have enough credit.",
		"detail":"Your current balance is 30, but that costs 50.","instance":"/account/12345/msgs/abc","balance":30,
		"accounts":["/account/12345","/account/67890"]}`,
		"", "Your current balance is 30, but that costs 50.", nil, []string{"balance", "accounts"}},
	{"RFC 9457, validation", 422, asProblem, `{"type":"https://example.net/validation-error","title":"Your request is not valid.","errors":[
		{"detail":"must be a positive integer","pointer":"#/age"},{"detail":"must be 'green', 'red' or 'blue'","pointer":"#/profile/color"}]}`,
		"", "Your request is not valid.", []string{"#/age  must be a positive integer", "#/profile/color  must be 'green', 'red' or 'blue'"},
		nil},
	{"RFC 7807, validation", 400, asProblem,
		`{"type":"https://example.net/validation-error","title":"Your request parameters didn't validate.",
		"invalid-params":[{"name":"age","reason":"must be a positive integer"},{"name":"color","reason":"no colour"}]}`,
		"", "Your request parameters didn't validate.", []string{"#/age  must be a positive integer", "#/color  no colour"}, nil},
	{"the registry of problem types", 400, asProblem,
		`{"type":"https://problems-registry.smartbear.com/validation-error","title":"Validation Error","detail":"Not valid.","code":"400-03",
		"errors":[{"detail":"No.","parameter":"page","code":"400-09"},{"detail":"Needed.","header":"X-A"}]}`,
		"400-03", "Not valid.", []string{"query page 400-09 No.", "header X-A  Needed."}, nil},
}

func TestShapesOfOtherServers(t *testing.T) {
	for _, c := range sentElsewhere {
		t.Run(c.name, func(t *testing.T) {
			remote := decoded(t, c)
			assert.Empty(t, remote.Problem)
			assert.Equal(t, c.code, remote.Code)
			assert.Equal(t, c.text, remote.Text("en"))
			assert.Equal(t, c.fields, told(remote.Fields))
			assert.Equal(t, c.details, namesOf(remote.Details))
			if strings.HasPrefix(c.contentType, asProblem) && strings.Contains(c.body, `"type":`) {
				assert.Contains(t, c.body, `"type":"`+remote.Type+`"`)
				assert.NotEmpty(t, remote.Type)
			}
			if strings.Contains(c.body, `"instance":`) {
				assert.Contains(t, c.body, `"instance":"`+remote.Instance+`"`)
				assert.NotEmpty(t, remote.Instance)
			}
		})
	}
}

// Nothing that a server sends is lost: what is no part of the error itself is in the details, or in the rest of a field.
func TestNothingReceivedIsLost(t *testing.T) {
	for i, what := range []string{
		`{"type":"https://x.example/p","title":"T","extra":{"a":[1,"kept"]}}`,
		`{"error":{"code":"X","message":"m","more":"kept"}}`,
		`{"error":{"code":"X","message":"m"},"more":"kept"}`,
		`{"error":{"code":"X","details":{"a":1}},"more":"kept"}`,
		`{"error":{"code":"X","details":{"a":1},"more":"kept"}}`,
		`{"message":"m","errors":[{"field":"a","code":"b","more":"kept"}]}`,
		`{"message":"m","errors":{"a":[{"message":"x","more":"kept"}]}}`,
		`{"EN":"m","code":"x","more":"kept"}`,
		`{"message":"m","params":["kept"]}`, `{"message":"m","input":"kept"}`, `{"message":"m","lang":["kept"]}`,
		`{"message":"m","retryable":"kept"}`,
		`{"message":"m","errors":[{"field":"a","code":"b","details":{"more":"kept"}}]}`,
		`{"stat":"fail","err":{"code":1,"msg":"m","type":"x"},"more":"kept"}`,
		`{"errors":[{"status":"400","title":"x","links":{"about":"kept"}}]}`,
		`{"errors":[{"status":"400","title":"x","source":{"pointer":"/a"},"id":"kept"}]}`,
		`{"errors":[{"status":"400","title":"x","meta":{"a":"kept"}}]}`,
		`{"error":{"code":400,"status":"X","message":"m","details":[{"@type":"type.example/x","a":"kept"}]}}`,
		`{"nobody":"knows","this":["kept"]}`,
	} {
		remote := decoded(t, sent{status: 400, contentType: asJSON, body: what})
		all := fmt.Sprint(remote.Details)
		for _, f := range remote.Fields {
			all += fmt.Sprint(f.Rest, f.Details)
		}
		assert.Contains(t, all, "kept", what)
		assert.Equal(t, strings.Contains(what, "nobody"), remote.Problem != "", "%d", i)
	}
}

// Unknown bodies are distinguished from understood ones, and are not passed on.
func TestUnknownBodies(t *testing.T) {
	for _, body := range []string{
		`{"foo":1}`, `{"ID":"7","state":"x"}`, `{"status":404}`, `{"ok":false}`, `{"data":{"id":"canary"}}`, `{"name":"canary","size":3}`,
		`{}`, `{"errors":[]}`, `{"errors":{}}`,
		`{"error":null}`, `{"error":{}}`, `{"error":{"canary":1}}`, `{"errors":[{"canary":1}]}`, `{"OK":"canary","GET":"x"}`,
		`{"foo":["canary"]}`,
		`["canary"]`, `"canary"`, `17`, `null`, `true`,
	} {
		remote := decoded(t, sent{status: 404, contentType: asJSON, body: body})
		assert.NotEmpty(t, remote.Problem, body)
		assert.Empty(t, remote.Texts, body)
		assert.Empty(t, remote.Code, body)
		assert.Empty(t, remote.Fields, body)
		err := faulthttp.Decode(reply(404, asJSON, body))
		require.ErrorIs(t, err, fault.NotFound)
		assert.NotContains(t, string(quietly(t).Respond(nil, err).Body), "canary")
	}
	for body, tags := range map[string]int{ // the rule of bodies of all languages
		`{"DE":"x","EN":"y"}`: 2, `{"EN":"y"}`: 1, `{"EN":"y","code":"z","TLH":"q"}`: 2, `{"PT-BR":"x"}`: 1, `{"XH":"x","code":"y"}`: 1,
		`{"EN":"x","trace_id":"y"}`: 1,
	} {
		assert.Len(t, decoded(t, sent{status: 404, contentType: asJSON, body: body}).Texts, tags, body)
	}
}

// What servers tell their own developers goes no further.
func TestInternalsAreNotPassedOn(t *testing.T) {
	r := quietly(t, fault.WithFormats(fault.Problem{}))
	for _, c := range sentElsewhere {
		body := string(r.Respond(nil, faulthttp.Decode(reply(c.status, c.contentType, c.body))).Body)
		for _, internal := range []string{"java.lang", "innererror", "secret", "rejectedValue"} {
			assert.NotContains(t, body, internal, c.name)
		}
	}
}

// Texts of unknown language are passed on, too, in every format.
func TestForeignTextsArePassedOn(t *testing.T) {
	ours := responders(t)
	for _, c := range sentElsewhere {
		for name, r := range ours {
			if name == "html" {
				continue // which shows no details
			}
			body := string(r.Respond(nil, faulthttp.Decode(reply(c.status, c.contentType, c.body))).Body)
			body = strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(body)
			if c.text != "Not Found" && c.text != "Bad Request" {
				assert.Contains(t, body, c.text, "%s, %s", c.name, name)
			}
			again := map[string]bool{}
			for _, f := range decoded(t, c).Fields {
				if place := f.At.Pointer() + f.At.Name(); !again[place] || name != "multilingual" && name != "envelope" {
					assert.Contains(t, body, f.Text(), "%s, %s", c.name, name)
					again[place] = true
				}
			}
		}
	}
}

func decoded(t testing.TB, c sent) *faulthttp.RemoteError {
	t.Helper()
	err := faulthttp.Decode(reply(c.status, c.contentType, c.body))
	var remote *faulthttp.RemoteError
	require.ErrorAs(t, err, &remote)
	return remote
}

func told(fields []faulthttp.RemoteField) (list []string) {
	for _, f := range fields {
		list = append(list, placeOf(f.At)+" "+f.Code+" "+f.Text())
	}
	return list
}

func placeOf(at fault.Location) string {
	if at.In() != "body" {
		return at.In() + " " + at.Name()
	}
	return "#" + at.Pointer()
}

func namesOf(members []faulthttp.RemoteMember) (names []string) {
	for _, m := range members {
		names = append(names, m.Name)
	}
	return names
}
