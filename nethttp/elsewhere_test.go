package faulthttp_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Bodies whose place, text or code stand elsewhere than most servers have them.
var sentOddly = []sent{
	{"FluentValidation", 400, asJSON,
		`[{"propertyName":"Lines[0].Qty","errorMessage":"Too few.","severity":0,"errorCode":"NotNullValidator"}]`,
		"", "", []string{"#/Lines/0/Qty NotNullValidator Too few."}, nil},
	{"a serializer of a list", 400, asJSON, `[{},{"qty":["Too many."],"to":{"zip":["No."]}}]`,
		"", "", []string{"#/1/qty  Too many.", "#/1/to/zip  No."}, nil},
	{"Salesforce", 400, asJSON, `[{"message":"Needed.","errorCode":"REQUIRED_FIELD_MISSING","fields":["Name"]}]`,
		"", "", []string{"#/Name REQUIRED_FIELD_MISSING Needed."}, nil},
	{"Google, in a list", 400, asJSON, `[{"error":{"code":400,"message":"No key.","status":"INVALID_ARGUMENT"}}]`,
		"", "No key.", nil, []string{"status"}},
	{"one error in a list", 409, asJSON, `[{"error":{"code":"taken","message":"Taken."}}]`, "taken", "Taken.", nil, nil},
	{"a gRPC gateway, aborted or there already", 409, asJSON,
		`{"code":6,"message":"There.","details":[]}`, "", "There.", nil, []string{"code"}},
	{"OData 3", 404, asJSON, `{"odata.error":{"code":"ResourceNotFound","message":{"lang":"en-US","value":"None."}}}`,
		"resource_not_found", "None.", nil, nil},
	{"OData 2", 404, asJSON, `{"error":{"code":"X","message":{"lang":"de","value":"Nichts."},"innererror":{"a":1}}}`,
		"x", "Nichts.", nil, []string{"innererror"}},
	{"express-validator", 400, asJSON,
		`{"errors":[{"msg":"a","path":"items[0].qty","location":"body"},{"msg":"b","path":"q","location":"query"},
		{"msg":"c","path":"x-h","location":"headers"},{"msg":"d","param":"s","location":"cookies"},{"msg":"e","path":"id","location":"params"},
		{"msg":"f","path":"","location":"body"}]}`, "", "",
		[]string{"#/items/0/qty  a", "query q  b", "header x-h  c", "cookie s  d", "path id  e", "#  f"}, nil},
	{"PayPal", 422, asJSON,
		`{"name":"X","message":"m","details":[{"field":"/units/0/amount","location":"body","issue":"DUP","description":"Twice."}]}`,
		"", "m", []string{"#/units/0/amount DUP Twice."}, []string{"name"}},
	{"Zod", 400, asJSON,
		`{"success":false,"error":{"name":"ZodError","issues":[{"code":"too_small","path":["tags",0,"a.b"],"message":"No."}]}}`,
		"", "", []string{"#/tags/0/a.b too_small No."}, []string{"name", "success"}},
	{"GraphQL's path is none of the request", 400, asJSON, `{"errors":[{"message":"a"},{"message":"b","path":["hero",1]},
		{"message":"c","path":["hero"],"extensions":{"code":"X"},"code":"Y"}]}`, "", "a", []string{"#  b", "# Y c"}, nil},
	{"Ajv", 400, asJSON, `{"errors":[{"instancePath":"/user/a~1b","keyword":"type","message":"must be integer"}]}`,
		"", "", []string{"#/user/a~1b type must be integer"}, nil},
	{"AWS", 400, asJSON, `{"__type":"com.amazon#ValidationException:http://internal.amazon.com/x/","message":"bad",
		"fieldList":[{"path":"/a","message":"no"}]}`, "validation_exception", "bad", []string{"#/a  no"}, nil},
	{"Kubernetes", 422, asJSON,
		`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Invalid pod.","reason":"Invalid",
		"details":{"name":"p","kind":"Pod","causes":[{"reason":"FieldValueRequired","message":"Needed.","field":"spec.containers[0].image"}]},
		"code":422}`, "invalid", "Invalid pod.", []string{"#/spec/containers/0/image FieldValueRequired Needed."}, []string{"name", "kind"}},
	{"Kratos", 404, asJSON, `{"code":404,"reason":"USER_NOT_FOUND","message":"No user.","metadata":{}}`,
		"user_not_found", "No user.", nil, []string{"metadata"}},
	{"CouchDB", 409, asJSON,
		`{"error":"doc_conflict","reason":"Document update conflict."}`, "doc_conflict", "Document update conflict.", nil, nil},
	{"Connect", 404, asJSON, `{"code":"not_found","message":"None.","details":[{"type":"google.rpc.ErrorInfo","value":"CgI"}]}`,
		"not_found", "None.", nil, []string{"details"}},
	{"GitLab", 400, asJSON, `{"message":{"name":["taken"],"base":["no"]}}`, "", "", []string{"#/name  taken", "#  no"}, nil},
	{"Phoenix", 404, asJSON, `{"errors":{"detail":"No such order."}}`, "", "No such order.", nil, nil},
	{"Phoenix, a field named detail", 422, asJSON, `{"errors":{"detail":["No."]}}`, "", "", []string{"#/detail  No."}, nil},
	{"Shopify", 404, asJSON, `{"errors":"No such order."}`, "", "No such order.", nil, nil},
	{"Jira", 400, asJSON,
		`{"errorMessages":["Not now."],"errors":{"summary":"Needed."}}`, "", "", []string{"#  Not now.", "#/summary  Needed."}, nil},
	{"JSON:API without a place", 403, "application/vnd.api+json",
		`{"errors":[{"status":"403","title":"a"},{"status":"403","code":"b","title":"c"},
		{"source":{},"title":"d"}]}`, "", "a", []string{"# b c", "#  d"}, nil},
}

func TestShapesThatAreOdd(t *testing.T) {
	for _, c := range sentOddly {
		t.Run(c.name, func(t *testing.T) {
			remote := decoded(t, c)
			assert.Empty(t, remote.Problem)
			assert.Equal(t, c.code, remote.Code)
			assert.Equal(t, c.text, remote.Text("en"))
			assert.Equal(t, c.fields, told(remote.Fields))
			assert.Equal(t, c.details, namesOf(remote.Details))
		})
	}
}

func TestTheWaitOfKubernetes(t *testing.T) {
	body := `{"kind":"Status","status":"Failure","reason":"TooManyRequests","details":{"retryAfterSeconds":%s}}`
	for sent, want := range map[string]string{"3": "3s", "9000000000000000000": "8760h0m0s", "-1": "-1ns", `"x"`: "-1ns"} {
		remote := decoded(t, sent429(fmt.Sprintf(body, sent)))
		assert.Equal(t, want, remote.RetryAfter.String(), sent)
		assert.Equal(t, "too_many_requests", remote.Code)
	}
}

func sent429(body string) sent { return sent{status: 429, contentType: asJSON, body: body} }

func TestNothingOfAnEntryIsLost(t *testing.T) {
	for _, body := range []string{
		`{"errors":[{"source":{"pointer":"/a"},"title":"kept","detail":"d"}]}`,
		`{"errors":[{"source":{"pointer":"/a"},"title":"t","meta":{"min":"kept"}}]}`,
		`{"errors":[{"message":"m","members":["a","kept"]}]}`,
		`[{"message":"m","fields":["a","kept"]}]`,
	} {
		remote := decoded(t, sent{status: 400, contentType: asJSON, body: body})
		require.Len(t, remote.Fields, 1, body)
		assert.Contains(t, fmt.Sprint(remote.Fields[0].Rest), "kept", body)
	}
	remote := decoded(t, sent{status: 400, contentType: asJSON, body: `{"error":{"code":400,"message":"m","status":"X",
		"details":[{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"r","servingData":"kept"}]}}`})
	assert.Contains(t, fmt.Sprint(remote.Details), "kept")
}

// What servers tell their own developers is not passed on, however it is spelled and wherever it stands.
func TestNoInternalsArePassedOn(t *testing.T) {
	for _, body := range []string{
		`{"message":"m","StackTrace":"canary"}`, `{"message":"m","ExceptionMessage":"canary","ExceptionType":"canary"}`,
		`{"message":"m","InnerException":{"Message":"canary"}}`, `{"message":"m","debug_info":"canary"}`,
		`{"errors":[{"message":"m","extensions":{"code":"X","exception":{"stacktrace":["canary"]}}}]}`,
		`{"error":{"code":"X","message":"m","data":[{"a":{"stack":"canary"}}]}}`,
		`{"EN":"m","code":"x","details":{"a":{"trace":"canary"}}}`,
		`{"EN":"m","code":"x","details":{"a":{"code":"bad_field_value","EN":"m","details":{"stack-trace":"canary"}}}}`,
	} {
		err := faulthttp.Decode(reply(400, asJSON, body))
		for _, format := range []fault.Format{fault.Multilingual{}, fault.Problem{}} {
			r := quietly(t, fault.WithFormats(format))
			assert.NotContains(t, string(r.Respond(nil, err).Body), "canary", body)
		}
		var remote *faulthttp.RemoteError
		require.ErrorAs(t, err, &remote)
		assert.Contains(t, fmt.Sprint(remote.Details, remote.Fields), "canary", "it stays readable")
	}
}

// Names that bodies write as pointers, as "__proto__", are the names again, however often the error is passed on.
func TestGuardedNamesStayThemselves(t *testing.T) {
	names := []string{"__proto__", "constructor", "prototype", "#/__proto__", "#/a", "#/#~1a", "a/b", "~1"}
	details := (*fault.Details)(nil)
	var attrs []fault.Attr
	for _, name := range names {
		details = details.Add(name, 1)
		attrs = append(attrs, fault.Arg(name, "x"))
	}
	for _, format := range []fault.Format{
		fault.Multilingual{}, fault.Problem{}, formats.Envelope{}, formats.JSONAPI{}, formats.WebAPI{}, formats.RPCStatus{},
	} {
		r := quietly(t, fault.WithFormats(format), fault.WithMembers(fault.MemberCode, fault.MemberParams))
		err := error(fault.TaskLocked.New(append(attrs, fault.DetailsOf(details))...))
		for range 3 {
			resp := r.Respond(nil, err)
			err = faulthttp.Decode(reply(423, resp.Header().Get("Content-Type"), string(resp.Body)))
			var remote *faulthttp.RemoteError
			require.ErrorAs(t, err, &remote)
			assert.Subset(t, namesOf(remote.Details), names, "%T", format)
			switch format.(type) {
			case fault.Multilingual, fault.Problem, formats.JSONAPI:
				assert.Equal(t, names, namesOf(remote.Params), "%T", format)
			}
		}
	}
	remote := decoded(t, sent{status: 400, contentType: asJSON, body: `{"message":"m","#/a":1,"#":2,"#/a/b":3}`})
	assert.Equal(t, []string{"#/a", "#", "#/a/b"}, namesOf(remote.Details), "names of others stay as they are")
}

// Nothing is read again at each of thousands of levels.
func TestDeepBodiesAreReadOnce(t *testing.T) {
	for before, after := range map[string]string{
		`{"message":"x","detail":`: `}`, `{"base":`: `}`, `{"":`: `}`, `{"a":`: `}`, `{"a":[`: `]}`, `[{"non_field_errors":`: `}]`,
		`{"error":`:            `}`,
		`{"errors":{"detail":`: `}}`, `[`: `]`,
	} {
		for _, start := range []string{"%s", `{"errors":%s}`, `{"message":%s}`} {
			body := fmt.Sprintf(start, strings.Repeat(before, 2000)+`["x"]`+strings.Repeat(after, 2000))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_ = faulthttp.Decode(reply(400, asJSON, body))
			runtime.ReadMemStats(&after)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1500*len(body)), "%.40s", body)
		}
	}
}
