package formats_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
)

const trace = "4bf92f3577b34da6a3ce929d0e0e4736"

// asked is a request with headers: name, value, …
type asked map[string]string

func ask(headers ...string) asked {
	a := asked{"Traceparent": "00-" + trace + "-00f067aa0ba902b7-01"}
	for i := 0; i+1 < len(headers); i += 2 {
		a[headers[i]] = headers[i+1]
	}
	return a
}

func (asked) Context() context.Context    { return context.Background() }
func (asked) Method() string              { return "GET" }
func (asked) Path() string                { return "/orders/7" }
func (a asked) Header(name string) string { return a[http.CanonicalHeaderKey(name)] }

// own are texts of an application, so that the built-in ones may change their wording.
var own = fstest.MapFS{
	"active.en.toml": {Data: []byte(`
"order_refused" = "Order {{.ID}} is refused."
"rule.invalid" = "wrong"
"rule.min" = "at least {{.Limit}}"
"rule.required" = "required"
"conflict" = "A conflict."
"conflict.title" = "Conflict"
"validation_failed" = "Not valid."
"validation_failed.title" = "Validation"
`)},
	"active.fr.toml": {Data: []byte(`
"order_refused" = "La commande {{.ID}} est refusée."
"rule.invalid" = "faux"
"rule.min" = "au moins {{.Limit}}"
"rule.required" = "requis"
"conflict" = "Un conflit."
"conflict.title" = "Conflit"
"validation_failed" = "Non valide."
"validation_failed.title" = "Validation"
`)},
}

func answer(t testing.TB, format fault.Format, err error, headers ...string) *fault.Response {
	t.Helper()
	r, failure := fault.NewResponder(fault.WithFormats(format), fault.WithLocales(own), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, failure)
	return r.Respond(ask(append([]string{"Accept-Language", "fr"}, headers...)...), err)
}

// fields are field errors of every place.
func fields() []fault.Attr {
	return []fault.Attr{
		fault.Field(fault.InBody("/items/0/qty"), "min", fault.Arg("Limit", 1)),
		fault.Field(fault.InBody("/items/0/qty"), "second"),
		fault.Field(fault.InBody("/items/1/na~1me"), "required"),
		fault.Field(fault.InQuery("page"), "second"),
		fault.Field(fault.InHeader("X-A"), "required"),
		fault.Field(fault.InCookie("sid"), "second"),
		fault.Field(fault.InBody(""), "required"),
	}
}

func everything() error {
	attrs := append(fields(), fault.Text("order_refused"), fault.Arg("ID", "<A&7>"), fault.Count(2),
		fault.Arg("UserID", 9), fault.Arg("Xs", []int{1}),
		fault.Subtype("x-late"), fault.RetryAfter(1500*time.Millisecond),
		fault.Detail("order", map[string]any{"b": 1, "a": nil}), fault.Detail("detail", "more"),
		fault.DetailsOf((*fault.Details)(nil).AddText("date", "no \"date\"").
			AddError("task", fault.Conflict.New(fault.Detail("id", 1)))))
	return fault.ValidationFailed.Wrap(errors.New("canary"), attrs...)
}

func TestWireShapes(t *testing.T) {
	for _, c := range []struct {
		name   string
		format fault.Format
		err    error
		want   string
	}{
		{"envelope, bare", formats.Envelope{}, fault.TaskLocked, `{"error":{"code":"TASK_LOCKED","details":{}}}`},
		{"envelope, the reference's spellings", formats.Envelope{},
			fault.EntityNotFound.New(fault.Detail("object_name", "jar"), fault.Detail("object_id", 3)),
			`{"error":{"code":"OBJECT_DOES_NOT_EXIST","details":{"object_name":"jar","object_id":3}}}`},
		{"envelope, another", formats.Envelope{}, fault.FieldDoesNotExist, `{"error":{"code":"FIELD_DOES_NOT_EXISTS","details":{}}}`},
		{"envelope, the third", formats.Envelope{}, fault.UnprocessableContent, `{"error":{"code":"UNPROCESSABLE_ENTITY","details":{}}}`},
		{"envelope, own text", formats.Envelope{}, fault.Unauthorized.New(fault.Text("order_refused"), fault.Arg("ID", 7)),
			`{"error":{"code":"UNAUTHORIZED","details":{"msg":"La commande 7 est refusée."}}}`},
		{"envelope, own msg", formats.Envelope{}, fault.Unauthorized.New(fault.Text("order_refused"), fault.Detail("msg", "mine")),
			`{"error":{"code":"UNAUTHORIZED","details":{"msg":"mine"}}}`},
		{"envelope, a field called msg", formats.Envelope{}, fault.Conflict.New(fault.Text("order_refused"),
			fault.Field(fault.InBody("msg"), "required")),
			`{"error":{"code":"CONFLICT","details":{"msg":{"code":"REQUIRED","msg":"requis"}}}}`},
		{"envelope, unknown", formats.Envelope{}, errors.New("canary"), `{"error":{"code":"UNHANDLED","details":{"trace_id":"` + trace + `"}}}`},
		{"envelope, everything", formats.Envelope{}, everything(),
			`{"error":{"code":"VALIDATION_FAILED","details":{"order":{"a":null,"b":1},"detail":"more",` +
				`"items.0.qty":{"code":"MIN","msg":"au moins 1","params":{"Limit":1}},"items.1.na/me":{"code":"REQUIRED","msg":"requis"},` +
				`"page":{"code":"SECOND","msg":"faux","in":"query"},"X-A":{"code":"REQUIRED","msg":"requis","in":"header"},` +
				`"sid":{"code":"SECOND","msg":"faux","in":"cookie"},` +
				`"#":{"code":"REQUIRED","msg":"requis","pointer":"#"},"date":{"msg":"no \"date\""},` +
				`"task":{"code":"CONFLICT","msg":"Un conflit.","details":{"id":1}},` +
				`"msg":"La commande \u003cA\u00267\u003e est refusée."}}}`},

		{"web API, bare", formats.WebAPI{}, fault.NotLoggedIn, `{"err":{"code":103,"msg":"Accès réservé.","trace_id":"` +
			trace + `","type":"auth-not-logged-in"},"stat":"fail"}`},
		{"web API, a kind without a number", formats.WebAPI{}, fault.Conflict,
			`{"err":{"code":409,"msg":"Un conflit.","trace_id":"` + trace + `","type":"conflict"},"stat":"fail"}`},
		{"web API, extra members", formats.WebAPI{}, fault.Conflict.New(fault.Subtype("x-a"),
			fault.Detail("extra1", "value1"), fault.Detail("a", 1), fault.Detail("detail", 2)),
			`{"a":1,"err":{"code":409,"detail":2,"msg":"Un conflit.","subtype":"x-a","trace_id":"` + trace +
				`","type":"conflict"},"extra1":"value1","stat":"fail"}`},
		{"web API, members that are taken", formats.WebAPI{}, fault.Conflict.New(fault.Detail("stat", "ok"),
			fault.Detail("err", 1), fault.Detail("fields", 2), fault.Detail("details", 3)),
			`{"details":{"details":3,"err":1,"fields":2,"stat":"ok"},"err":{"code":409,"msg":"Un conflit.","trace_id":"` +
				trace + `","type":"conflict"},"stat":"fail"}`},
		{"web API, everything", formats.WebAPI{Vendor: "acme"}, everything(),
			`{"err":{"code":400,"detail":"more","msg":"La commande \u003cA\u00267\u003e est refusée.","subtype":"x-late","trace_id":"` + trace + `","type":"validation-failed"},` +
				`"fields":{"#":["requis"],"X-A":["requis"],"date":["no \"date\""],"items.0.qty":["au moins 1","faux"],` +
				`"items.1.na/me":["requis"],"page":["faux"],"sid":["faux"],"task":["Un conflit."]},` +
				`"order":{"a":null,"b":1},"places":{"#":["#"],"X-A":["header X-A"],"page":["query page"],"sid":["cookie sid"]},"stat":"fail"}`},
		{"web API, unknown", formats.WebAPI{}, errors.New("canary"),
			`{"err":{"code":500,"msg":"Inattendu.","trace_id":"` + trace + `","type":"unhandled"},"stat":"fail"}`},

		{"rpc, bare", formats.RPCStatus{}, fault.Conflict, `{"error":{"code":409,"message":"A conflict.","status":"ABORTED","details":[` +
			`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"CONFLICT","domain":"local","metadata":{}},` +
			`{"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"fr","message":"Un conflit."},` +
			`{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"` + trace + `"}]}}`},
		{"rpc, everything", formats.RPCStatus{Domain: "booking.example.com"}, everything(),
			`{"error":{"code":400,"message":"Order \u003cA\u00267\u003e is refused.","status":"INVALID_ARGUMENT","details":[` +
				`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"VALIDATION_FAILED","domain":"booking.example.com",` +
				`"metadata":{"fieldViolation2":"#/items/1/na~1me","fieldViolation3":"query page","fieldViolation4":"header X-A","fieldViolation5":"cookie sid","id":"\u003cA\u00267\u003e","count":"2","userID":"9","xs":"[1]"}},` +
				`{"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"fr","message":"La commande \u003cA\u00267\u003e est refusée."},` +
				`{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[` +
				`{"field":"items[0].qty","description":"at least 1","reason":"MIN","localizedMessage":{"locale":"fr","message":"au moins 1"}},` +
				`{"field":"items[0].qty","description":"wrong","reason":"SECOND","localizedMessage":{"locale":"fr","message":"faux"}},` +
				`{"field":"items[1].na/me","description":"required","reason":"REQUIRED","localizedMessage":{"locale":"fr","message":"requis"}},` +
				`{"field":"page","description":"wrong","reason":"SECOND","localizedMessage":{"locale":"fr","message":"faux"}},` +
				`{"field":"X-A","description":"required","reason":"REQUIRED","localizedMessage":{"locale":"fr","message":"requis"}},` +
				`{"field":"sid","description":"wrong","reason":"SECOND","localizedMessage":{"locale":"fr","message":"faux"}},` +
				`{"field":"","description":"required","reason":"REQUIRED","localizedMessage":{"locale":"fr","message":"requis"}},` +
				`{"field":"date","description":"no \"date\"","localizedMessage":{"locale":"fr","message":"no \"date\""}},` +
				`{"field":"task","description":"A conflict.","reason":"CONFLICT","localizedMessage":{"locale":"fr","message":"Un conflit."}}]},` +
				`{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"},` +
				`{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"` + trace + `"},` +
				`{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"order":{"a":null,"b":1},"detail":"more"}}]}}`},

		{"JSON:API, bare", formats.JSONAPI{}, fault.Conflict, `{"errors":[{"id":"` + trace +
			`","status":"409","code":"conflict","title":"Conflit","detail":"Un conflit.","meta":{"retryable":false}}],"meta":{"lang":"fr","dir":"ltr"}}`},
		{"JSON:API, everything", formats.JSONAPI{TypeBase: "https://errors.example/"}, everything(), `{"errors":[` +
			`{"id":"` + trace + `","links":{"type":"https://errors.example/validation-failed"},"status":"400","code":"validation_failed","title":"Validation","detail":"La commande \u003cA\u00267\u003e est refusée.",` +
			`"meta":{"retryable":true,"params":{"ID":"\u003cA\u00267\u003e","Count":2,"UserID":9,"Xs":[1]},"details":{"order":{"a":null,"b":1},"detail":"more"}}},` +
			`{"status":"400","code":"min","title":"Validation","detail":"au moins 1","source":{"pointer":"/items/0/qty"},"meta":{"params":{"Limit":1}}},` +
			`{"status":"400","code":"second","title":"Validation","detail":"faux","source":{"pointer":"/items/0/qty"}},` +
			`{"status":"400","code":"required","title":"Validation","detail":"requis","source":{"pointer":"/items/1"},"meta":{"member":"na/me"}},` +
			`{"status":"400","code":"second","title":"Validation","detail":"faux","source":{"parameter":"page"}},` +
			`{"status":"400","code":"required","title":"Validation","detail":"requis","source":{"header":"X-A"}},` +
			`{"status":"400","code":"second","title":"Validation","detail":"faux","meta":{"in":"cookie","name":"sid"}},` +
			`{"status":"400","code":"required","title":"Validation","detail":"requis","source":{"pointer":""}},` +
			`{"status":"400","title":"Validation","detail":"no \"date\"","source":{"pointer":"/date"}},` +
			`{"status":"400","code":"conflict","title":"Validation","detail":"Un conflit.","source":{"pointer":"/task"},"meta":{"details":{"id":1}}}],` +
			`"meta":{"lang":"fr","dir":"ltr"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := answer(t, c.format, c.err)
			body := string(resp.Body)
			if strings.Contains(c.want, "Accès réservé.") || strings.Contains(c.want, "Inattendu.") { // a built-in text
				var got struct{ Err struct{ Msg string } }
				require.NoError(t, json.Unmarshal(resp.Body, &got))
				require.NotEmpty(t, got.Err.Msg)
				encoded, err := json.Marshal(got.Err.Msg)
				require.NoError(t, err)
				c.want = strings.NewReplacer(`"Accès réservé."`, string(encoded), `"Inattendu."`, string(encoded)).Replace(c.want)
			}
			assert.Equal(t, c.want, body)
			assert.True(t, json.Valid(resp.Body))
			assert.NotContains(t, body, "canary")
			assert.Equal(t, "fr", resp.Header().Get("Content-Language"))
			assert.Equal(t, c.format.ContentType(), resp.Header().Get("Content-Type"))
			assert.Equal(t, "Accept-Language", resp.Header().Get("Vary"))
		})
	}
}

// Values that JSON cannot express cost their place, not the body.
func TestHostileDetails(t *testing.T) {
	type cyclic struct{ Next *cyclic }
	loop := &cyclic{}
	loop.Next = loop
	err := fault.Conflict.New(fault.Detail("channel", make(chan int)), fault.Detail("nan", math.NaN()),
		fault.Detail("loop", loop), fault.Arg("F", func() {}),
		fault.Detail("bytes", "\xff\u2028"), fault.Detail("secret", fault.Secret("canary")),
		fault.Field(fault.InBody("x"), "\"<", fault.Arg("C", make(chan int))))
	for _, f := range []fault.Format{formats.Envelope{}, formats.WebAPI{}, formats.RPCStatus{}, formats.JSONAPI{}} {
		resp := answer(t, f, err)
		assert.Equal(t, 409, resp.Status)
		assert.True(t, json.Valid(resp.Body), "%T: %s", f, resp.Body)
		assert.Contains(t, string(resp.Body), "(not encodable)")
		assert.NotContains(t, string(resp.Body), "canary")
		assert.Contains(t, string(resp.Body), "***")
		assert.NotContains(t, string(resp.Body), "\u2028")
	}
}

func TestTheNumberOfErrorsIsTold(t *testing.T) {
	var d fault.Details
	for i := range 5000 {
		d.AddField(fault.InBody("/items/"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String()), "second")
	}
	for _, c := range []struct {
		format fault.Format
		total  string
	}{
		{formats.Envelope{}, `,"errors_total":5000}}`},
		{formats.WebAPI{}, `,"errors_total":5000,"fields":`},
		{formats.RPCStatus{}, `{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"errors_total":5000}}`},
		{formats.JSONAPI{}, `,"errors_total":5000}}`},
	} {
		body := string(answer(t, c.format, d.Err(fault.ValidationFailed)).Body)
		assert.Contains(t, body, c.total)
		assert.Less(t, len(body), 40_000)
		few := string(answer(t, c.format, fault.ValidationFailed.New(fields()...)).Body)
		assert.NotContains(t, few, "errors_total")
	}
}

func TestStatusesOfRPC(t *testing.T) {
	want := map[*fault.Kind]string{
		fault.BadRequest: "INVALID_ARGUMENT", fault.Unauthorized: "UNAUTHENTICATED", fault.Forbidden: "PERMISSION_DENIED",
		fault.NotFound:       "NOT_FOUND",
		fault.EntityNotFound: "NOT_FOUND", fault.Conflict: "ABORTED", fault.DuplicateItem: "ALREADY_EXISTS",
		fault.ExtensionInstalled: "ALREADY_EXISTS",
		fault.PreconditionFailed: "FAILED_PRECONDITION", fault.TaskLocked: "FAILED_PRECONDITION", fault.RangeNotSatisfiable: "OUT_OF_RANGE",
		fault.TooManyRequests: "RESOURCE_EXHAUSTED", fault.ClientClosedRequest: "CANCELLED",
		fault.InternalServerError: "INTERNAL", fault.Database: "INTERNAL",
		fault.NotImplemented: "UNIMPLEMENTED", fault.ServiceUnavailable: "UNAVAILABLE", fault.GatewayTimeout: "DEADLINE_EXCEEDED",
	}
	for k, name := range want {
		var body struct{ Error struct{ Status string } }
		require.NoError(t, json.Unmarshal(answer(t, formats.RPCStatus{}, k).Body, &body))
		assert.Equal(t, name, body.Error.Status, k.Code())
	}
	codes := []string{"CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"}
	for k := range fault.Kinds() {
		var body struct{ Error struct{ Status string } }
		require.NoError(t, json.Unmarshal(answer(t, formats.RPCStatus{}, k).Body, &body))
		assert.Contains(t, codes, body.Error.Status, k.Code())
	}
}

// A default wait of the kind is told as that of an error.
func TestRetryInfo(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fault.TransactionConflict, `"retryDelay":"1s"`},
		{fault.Conflict.New(fault.RetryAfter(0)), `"retryDelay":"0s"`},
		{fault.TransactionConflict.New(fault.RetryAfter(-1)), ""},
		{fault.Conflict, ""},
	} {
		body := string(answer(t, formats.RPCStatus{}, c.err).Body)
		if c.want == "" {
			assert.NotContains(t, body, "RetryInfo")
		} else {
			assert.Contains(t, body, c.want)
		}
	}
}

func TestFormatsAreNegotiated(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)), fault.WithFormats(
		fault.Multilingual{}, fault.Problem{}, formats.WebAPI{Vendor: "acme"}, formats.JSONAPI{}, formats.HTML{}, formats.Text{},
		formats.Envelope{MediaType: "application/vnd.acme.envelope+json"}, formats.RPCStatus{MediaType: "application/vnd.acme.status+json"}))
	require.NoError(t, err)
	for _, c := range []struct{ accept, want string }{
		{"", "application/json"},
		{"*/*", "application/json"},
		{"image/png", "application/json"},
		{"application/vnd.acme.error+json", "application/vnd.acme.error+json"},
		{"application/vnd.api+json", "application/vnd.api+json"},
		{"application/vnd.acme.envelope+json", "application/vnd.acme.envelope+json"},
		{"application/vnd.acme.status+json", "application/vnd.acme.status+json"},
		{"text/*;q=0.5, application/problem+json;q=0.4", "text/html; charset=utf-8"},
		{"text/plain, text/html;q=0.9", "text/plain; charset=utf-8"},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"},
		{"application/json;q=0, application/problem+json;q=0.1", "application/problem+json"},
		{";;;", "application/json"},
	} {
		resp := r.Respond(ask("Accept", c.accept), fault.TaskLocked)
		assert.Equal(t, c.want, resp.Header().Get("Content-Type"), c.accept)
		assert.Contains(t, resp.Header().Get("Vary"), "Accept")
	}
}

func TestFormatsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		formats []fault.Format
		want    string
	}{
		"vendor":          {[]fault.Format{formats.WebAPI{Vendor: "a b"}}, `the vendor "a b"`},
		"vendor's header": {[]fault.Format{formats.WebAPI{Vendor: "a\r\nb"}}, "the vendor"},
		"media type":      {[]fault.Format{formats.Envelope{MediaType: "json"}}, "media type"},
		"the same twice":  {[]fault.Format{fault.Multilingual{}, formats.Envelope{}}, "two formats have the media type application/json"},
	} {
		_, err := fault.NewResponder(fault.WithFormats(c.formats...))
		assert.ErrorContains(t, err, c.want, name)
	}
}

func ExampleEnvelope() {
	show(formats.Envelope{}, fault.TaskLocked.New(fault.Detail("task", "T1")))
	// Output: {"error":{"code":"TASK_LOCKED","details":{"task":"T1"}}}
}

func ExampleWebAPI() {
	show(formats.WebAPI{}, fault.EntityNotFound.New(fault.TraceID("t-1")))
	// Output: {"err":{"code":100,"msg":"The requested object does not exist.","trace_id":"t-1","type":"resource-does-not-exist"},"stat":"fail"}
}

func ExampleJSONAPI() {
	show(formats.JSONAPI{}, fault.TaskLocked.New(fault.TraceID("t-1")))
	// Output: {"errors":[{"id":"t-1","status":"423","code":"task_locked","title":"Task locked","detail":"This is not possible because the task is locked.","meta":{"retryable":false}}],"meta":{"lang":"en","dir":"ltr"}}
}

func ExampleRPCStatus() {
	show(formats.RPCStatus{Domain: "booking.example.com"}, fault.NotFound.New(fault.TraceID("t-1")))
	// Output: {"error":{"code":404,"message":"The requested page or resource was not found.","status":"NOT_FOUND","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"NOT_FOUND","domain":"booking.example.com","metadata":{}},{"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"en","message":"The requested page or resource was not found."},{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"t-1"}]}}
}

func show(f fault.Format, err error) {
	r, failure := fault.NewResponder(fault.WithFormats(f))
	if failure != nil {
		panic(failure)
	}

	fmt.Println(string(r.Respond(nil, err).Body))
}
